//! The canonical tree of `dwell dom` (DESIGN §6.1): the recorded DOM, nothing of a player's own in it.

use super::{Live, Node, Tree};
use crate::event::{Attr, Namespace, NodeId, NodeKind, OpenState};

enum Work {
    Node(NodeId),
    Kids(NodeId),
    Raw(&'static str),
    Text(String),
}

impl Tree {
    /// The whole tree as JSON text; a document without anything when there is no snapshot yet.
    pub fn canonical(&self) -> String {
        let Some(top) = self.top() else { return r##"["#document",0,0,{"sx":0,"sy":0}]"##.to_owned() };
        let mut out = String::with_capacity(self.len() * 48);
        let mut stack = vec![Work::Node(top)];
        while let Some(work) = stack.pop() {
            match work {
                Work::Raw(text) => out.push_str(text),
                Work::Text(text) => out.push_str(&text),
                Work::Kids(id) => {
                    out.push('[');
                    stack.push(Work::Raw("]"));
                    let kids: Vec<NodeId> = self.children_back(id).map(|n| n.id).collect();
                    let last = kids.len();
                    for (i, kid) in kids.into_iter().enumerate() {
                        stack.push(Work::Node(kid));
                        if i + 1 < last {
                            stack.push(Work::Raw(","));
                        }
                    }
                }
                Work::Node(id) => {
                    if let Some(node) = self.get(id) {
                        self.print_node(node, &mut out, &mut stack);
                    }
                }
            }
        }
        out
    }

    fn print_node(&self, node: &Node, out: &mut String, stack: &mut Vec<Work>) {
        match &*node.kind {
            NodeKind::Text(text) => quote(text, out),
            NodeKind::Comment(text) => {
                out.push_str("[\"!--\",");
                quote(text, out);
                out.push(']');
            }
            NodeKind::Doctype { name, public_id, system_id } => {
                out.push_str("[\"!doctype\",");
                quote(name, out);
                out.push(',');
                quote(public_id, out);
                out.push(',');
                quote(system_id, out);
                out.push(']');
            }
            NodeKind::Document { .. } => {
                out.push_str("[\"#document\",0,");
                let (sx, sy) = node.live().and_then(|l| l.scroll).unwrap_or_default();
                let mut extra = format!(",{{\"sx\":{},\"sy\":{}", round(sx), round(sy));
                if let Some(adopted) = self.adopted(node) {
                    extra.push_str(",\"ad\":");
                    extra.push_str(&adopted);
                }
                extra.push_str("}]");
                stack.push(Work::Text(extra));
                stack.push(Work::Kids(node.id));
            }
            // A shadow root is printed by its host.
            NodeKind::ShadowRoot { .. } => {}
            NodeKind::Element { ns, tag, attrs } => self.print_element(node, *ns, tag, attrs, out, stack),
        }
    }

    fn print_element(
        &self,
        node: &Node,
        ns: Namespace,
        tag: &str,
        attrs: &[Attr],
        out: &mut String,
        stack: &mut Vec<Work>,
    ) {
        out.push_str("[\"");
        out.push_str(match ns {
            Namespace::Html => "",
            Namespace::Svg => "svg:",
            Namespace::MathMl => "math:",
        });
        let mut name = String::new();
        quote(tag, &mut name);
        out.push_str(&name[1..]);

        let mut shown: Vec<&Attr> = attrs.iter().filter(|a| !a.name.starts_with("dwell:")).collect();
        shown.sort_by(|a, b| a.name.cmp(&b.name));
        let has_kids = self.children(node.id).next().is_some();
        let plain = self.plain_extra(node, ns, tag);
        let shadow = self.shadow(node.id);
        let content = self.content(node.id);
        let has_extra = !plain.is_empty() || shadow.is_some() || content.is_some();

        stack.push(Work::Raw("]"));
        if has_extra {
            stack.push(Work::Raw("}"));
            let mut first = plain.is_empty();
            if let Some(document) = content {
                stack.push(Work::Node(document.id));
                stack.push(Work::Raw(if first && shadow.is_none() { "\"if\":" } else { ",\"if\":" }));
            }
            if let Some(root) = shadow {
                let adopted = self.adopted(root).map_or_else(|| "]".to_owned(), |a| format!(",{a}]"));
                stack.push(Work::Text(adopted));
                stack.push(Work::Kids(root.id));
                let open = matches!(*root.kind, NodeKind::ShadowRoot { open: true });
                let mode = if open { "open" } else { "closed" };
                let comma = if std::mem::replace(&mut first, false) { "" } else { "," };
                stack.push(Work::Text(format!("{comma}\"sr\":[\"{mode}\",")));
            }
            stack.push(Work::Text(format!(",{{{plain}")));
        }
        if has_kids {
            stack.push(Work::Kids(node.id));
            stack.push(Work::Raw(","));
        } else if has_extra {
            stack.push(Work::Raw(",0"));
        }
        if !shown.is_empty() {
            out.push_str(",{");
            for (i, attr) in shown.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                quote(&attr.name, out);
                out.push(':');
                quote(&attr.value, out);
            }
            out.push('}');
        } else if has_kids || has_extra {
            out.push_str(",0");
        }
    }

    /// The extras of an element that are plain values, as JSON members without braces.
    fn plain_extra(&self, node: &Node, ns: Namespace, tag: &str) -> String {
        let mut parts: Vec<String> = Vec::new();
        let live: Option<&Live> = node.live();
        if ns == Namespace::Html {
            match tag {
                "input" | "textarea" => match self.value_of(node.id) {
                    Some(value) => {
                        let mut text = "\"v\":".to_owned();
                        quote(&value, &mut text);
                        parts.push(text);
                    }
                    None => {
                        if node.attr("type").is_some_and(|t| !t.eq_ignore_ascii_case("file")) {
                            parts.push(format!("\"ck\":{}", self.is_checked(node.id)));
                        }
                    }
                },
                "select" => parts.push(format!("\"si\":{:?}", self.selected_options(node.id))),
                "style" | "link" => {
                    if let Some(css) = self.css_of(node.id).filter(|c| !c.trim().is_empty()) {
                        parts.push(format!("\"css\":[{}]", super::css::split_rules(&css).len()));
                    }
                }
                _ => {}
            }
            let live_open = live.and_then(|l| l.open);
            let open = match tag {
                // `open` is reflected by the attribute, which recorders do keep.
                "dialog" | "details" => node.attr("open").is_some(),
                _ => matches!(live_open, Some(OpenState::Open | OpenState::Modal)) && node.attr("popover").is_some(),
            };
            if open {
                parts.push("\"op\":1".to_owned());
            }
        }
        let scroll = match tag {
            // The root element scrolls with its window.
            "html" if ns == Namespace::Html => self.parent(node.id).and_then(|d| d.live()).and_then(|l| l.scroll),
            _ => live.and_then(|l| l.scroll),
        };
        if let Some((x, y)) = scroll.filter(|(x, y)| round(*x) != 0 || round(*y) != 0) {
            parts.push(format!("\"sx\":{},\"sy\":{}", round(x), round(y)));
        }
        parts.join(",")
    }

    fn adopted(&self, root: &Node) -> Option<String> {
        let adopted = &root.live()?.adopted;
        if adopted.is_empty() {
            return None;
        }
        let entries: Vec<String> =
            adopted.iter().map(|name| format!("[{}]", self.sheet(name).map_or(0, |s| s.rules.len()))).collect();
        Some(format!("[{}]", entries.join(",")))
    }
}

fn round(v: f64) -> i64 {
    (v + 0.5).floor() as i64
}

/// Appends a JSON string.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (i, b) in text.bytes().enumerate() {
        let escape = match b {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[from..i]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{b:04x}"));
        } else {
            out.push_str(escape);
        }
        from = i + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}
