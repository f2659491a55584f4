//! A tree out of any text, in a notation that looks like HTML, so that hostile markup found elsewhere is an input.
//!
//! It is no HTML parser: names and values go into the tree as they stand, however wrong, because recorders can be made
//! to say anything. What HTML has no words for is said by names that it has not: elements `<#shadow>`, `<#document>`,
//! `<#comment x>`, and attributes that begin with `!` (live state), `+` (set later) or `~` (one declaration).

use dwell_core::dom::Tree;
use dwell_core::event::{
    Attr, Event, Kind, MediaState, Namespace, NodeId, NodeKind, Op, OpenState, Place, SheetRef, Str,
};

const VOID: [&str; 9] = ["img", "input", "link", "meta", "br", "hr", "source", "base", "area"];

struct Builder {
    tree: Tree,
    last: u64,
    open: Vec<(NodeId, Namespace, String)>,
}

pub(crate) fn tree(text: &str) -> Tree {
    let mut b = Builder { tree: Tree::new(), last: 0, open: Vec::new() };
    let document = b.put(None, NodeKind::Document { quirks: false });
    let html = b.element(document, Namespace::Html, "html", Vec::new());
    let head = b.element(html, Namespace::Html, "head", Vec::new());
    let body = b.element(html, Namespace::Html, "body", Vec::new());
    b.open.push((body, Namespace::Html, "body".into()));
    let mut rest = text;
    while !rest.is_empty() {
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            let parent = b.top().0;
            b.put(Some(parent), NodeKind::Text(decoded(&rest[..end]).into()));
            rest = &rest[end..];
            continue;
        };
        if let Some(tag) = tag.strip_prefix('/') {
            let (name, after) = tag.split_once('>').unwrap_or((tag, ""));
            b.close(name.trim());
            rest = after;
            continue;
        }
        let (name, attrs, after) = start_tag(tag);
        rest = after;
        match name {
            "html" | "head" | "body" => {
                let node = match name {
                    "html" => html,
                    "head" => head,
                    _ => body,
                };
                for (name, value) in attrs {
                    b.state(node, name, &value);
                }
                b.open.push((node, Namespace::Html, name.to_owned()));
            }
            _ => b.start(name, attrs),
        }
    }
    b.tree.end_batch();
    b.tree
}

/// Name, attributes and what comes behind.
fn start_tag(tag: &str) -> (&str, Vec<(&str, String)>, &str) {
    let white = |c: char| c.is_ascii_whitespace();
    let end = tag.find(|c: char| white(c) || c == '>').unwrap_or(tag.len());
    let (name, mut rest) = tag.split_at(end);
    let mut attrs = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| white(c) || c == '/');
        if rest.is_empty() {
            return (name, attrs, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (name, attrs, after);
        }
        let end = rest.find(|c: char| white(c) || matches!(c, '=' | '>')).unwrap_or(rest.len());
        // A name may be empty; the `=` behind it is taken all the same, so that reading goes on.
        let (attr, after) = rest.split_at(end);
        let Some(value) = after.strip_prefix('=') else {
            attrs.push((attr, String::new()));
            rest = after;
            continue;
        };
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(|c: char| white(c) || c == '>').unwrap_or(value.len())),
        };
        attrs.push((attr, decoded(value)));
        rest = after;
    }
}

fn decoded(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&colon;", ":");
    text.replace("&#39;", "'").replace("&#117;", "u").replace("&#x6a;", "j").replace("&amp;", "&")
}

impl Builder {
    fn top(&self) -> (NodeId, Namespace) {
        self.open.last().map_or((NodeId::DOCUMENT, Namespace::Html), |(id, ns, _)| (*id, *ns))
    }

    fn put(&mut self, parent: Option<NodeId>, kind: NodeKind) -> NodeId {
        self.last += 1;
        let node = NodeId(self.last);
        self.tree.apply(&Op::Put { node, parent, place: Place::Last, kind });
        node
    }

    fn element(&mut self, parent: NodeId, ns: Namespace, tag: &str, attrs: Vec<Attr>) -> NodeId {
        self.put(Some(parent), NodeKind::Element { ns, tag: tag.into(), attrs })
    }

    fn close(&mut self, name: &str) {
        let from = self.open.iter().rposition(|(.., open)| open == name).unwrap_or(self.open.len());
        self.open.truncate(from.max(1));
    }

    fn start(&mut self, name: &str, attrs: Vec<(&str, String)>) {
        let (parent, around) = self.top();
        match name {
            "#shadow" => {
                let root = self.put(Some(parent), NodeKind::ShadowRoot { open: true });
                return self.open.push((root, Namespace::Html, name.into()));
            }
            "#document" => {
                let root = self.put(Some(parent), NodeKind::Document { quirks: attrs.len() == 1 });
                let html = self.element(root, Namespace::Html, "html", Vec::new());
                let body = self.element(html, Namespace::Html, "body", Vec::new());
                return self.open.push((body, Namespace::Html, name.into()));
            }
            "#comment" => {
                let text = attrs.first().map(|(name, _)| *name).unwrap_or_default();
                self.put(Some(parent), NodeKind::Comment(text.into()));
                return;
            }
            _ => {}
        }
        let (ns, tag) = match name.split_once(':') {
            Some(("svg", tag)) => (Namespace::Svg, tag),
            Some(("math", tag)) => (Namespace::MathMl, tag),
            Some(("html", tag)) => (Namespace::Html, tag),
            _ if name == "svg" => (Namespace::Svg, name),
            _ if name == "math" => (Namespace::MathMl, name),
            _ => (around, name),
        };
        let (later, now): (Vec<_>, Vec<_>) = attrs.into_iter().partition(|(name, _)| name.starts_with(['!', '+', '~']));
        let now = now.into_iter().map(|(name, value)| Attr { name: name.into(), value: value.into() }).collect();
        let node = self.element(parent, ns, tag, now);
        for (name, value) in later {
            self.state(node, name, &value);
        }
        if VOID.contains(&tag) && ns == Namespace::Html {
            return;
        }
        // Points where HTML begins again.
        let inside = match tag {
            "foreignObject" | "desc" | "title" | "mi" | "mn" | "mo" | "ms" | "mtext" | "annotation-xml" => {
                Namespace::Html
            }
            _ => ns,
        };
        self.open.push((node, inside, tag.to_owned()));
    }

    fn state(&mut self, node: NodeId, name: &str, value: &str) {
        let text = || Str::from(value);
        let some = |kind| Event { time: 0, page: 1, kind };
        let op = match name {
            "!value" => Op::Value { node, value: text() },
            "!checked" => Op::Checked { node, checked: value != "no" },
            "!selected" => Op::Selected { node, selected: value != "no" },
            "!scroll" => Op::Scroll { node, x: value.parse().unwrap_or(f64::NAN), y: value.len() as f64 },
            "!open" => Op::Open { node, open: if value == "modal" { OpenState::Modal } else { OpenState::Open } },
            "!media" => Op::Media { node, media: MediaState { playing: Some(true), ..MediaState::default() } },
            "!sheet" => Op::SheetText { sheet: SheetRef::Owner(node), text: text() },
            "!rule" => Op::SheetInsert { sheet: SheetRef::Owner(node), path: vec![0], rule: text() },
            "!inner" => Op::SheetInsert { sheet: SheetRef::Owner(node), path: vec![0, 0], rule: text() },
            "!drop" => Op::SheetDelete { sheet: SheetRef::Owner(node), path: vec![value.len() as u32] },
            "!declare" => Op::SheetDeclare {
                sheet: SheetRef::Owner(node),
                path: vec![0],
                property: "background".into(),
                value: Some(text()),
                important: false,
            },
            "!constructed" => Op::SheetText { sheet: SheetRef::Constructed("s".into()), text: text() },
            "!adopt" => Op::Adopt { root: node, sheets: vec!["s".into()] },
            "!adopted" => Op::Adopt { root: NodeId::DOCUMENT, sheets: vec!["s".into()] },
            "!canvas" => Op::CanvasImage { node, image: text() },
            "!define" => Op::DefineElement { name: text() },
            "!focus" => return self.tree.apply_event(&some(Kind::FocusIn { node })),
            "!batch" => return self.tree.end_batch(),
            "!remove" => Op::Remove { node },
            // Moved to where a number says.
            "!move" => {
                let Some(kind) = self.tree.get(node).map(|n| (*n.kind).clone()) else { return };
                let parent = NodeId(value.parse().unwrap_or(4));
                Op::Put { node, parent: Some(parent), place: Place::First, kind }
            }
            "!deep" => {
                let mut parent = node;
                for _ in 0..value.parse().unwrap_or(0).min(2_000_u32) {
                    parent = self.element(parent, Namespace::Html, "div", Vec::new());
                }
                return;
            }
            _ if name.starts_with('~') => Op::StyleProperty {
                node,
                property: name[1..].into(),
                value: Some(text()),
                important: name.len().is_multiple_of(2),
            },
            _ if name.starts_with('+') => Op::Attr { node, name: name[1..].into(), value: Some(text()) },
            _ => Op::Attr { node, name: name.into(), value: Some(text()) },
        };
        self.tree.apply(&op);
    }
}
