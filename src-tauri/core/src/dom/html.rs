//! The tree of a moment as one HTML document that is safe wherever it is opened.
//!
//! The trap is that it will be parsed, and parsing is not printing backwards: parsers move what stands in the
//! wrong place, change namespaces by position and read the inside of some elements as text. Printing defends
//! itself by what it never writes: `<` and `>` only as parts of its own tags (values and text have none), no
//! comment, no element whose inside is text except `style`, `textarea`, `title` and an empty `iframe`, and SVG
//! and MathML only where a parser would put them too. Elements and attributes themselves come from
//! [`super::safe`] and are harmless in every place they might be moved to.

use std::collections::HashSet;

use url::Url;

use super::safe::{self, Assets, Context, Shown};
use super::{Node, Tree};
use crate::event::{Attr, Namespace, NodeId, NodeKind, OpenState, Str};

/// Documents inside documents beyond this are left out: each level escapes the text once more.
const MAX_FRAMES: usize = 8;

/// What the parser will be in when it reads a node.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Html,
    Head,
    /// Inside `<title>` and its like: text only.
    Text,
    Svg,
    MathMl,
}

enum Work {
    Node(NodeId, Place),
    Close(Str),
    /// Adopted sheets of a document or shadow root.
    Adopted(NodeId),
    EndFrame,
}

struct Document<'a> {
    out: String,
    cx: Context<'a>,
    /// Adopted sheets of the document are still to be written at the end of its head.
    adopted_in_head: Option<NodeId>,
}

struct Printer<'a> {
    tree: &'a Tree,
    assets: &'a dyn Assets,
    /// The document at hand last, those around it before.
    open: Vec<Document<'a>>,
    work: Vec<Work>,
    hover: HashSet<NodeId>,
    focus_within: HashSet<NodeId>,
    /// Options of selects that were printed, and those of them that are chosen.
    governed: HashSet<NodeId>,
    chosen: HashSet<NodeId>,
}

/// The safe HTML of `dwell dom --html`: what the frame gets, with live state written as attributes.
///
/// `url` is the page's address; a base that the recording knows goes before it. Scroll offsets stand in
/// `data-dwell-scroll="X Y"` (CSS px; the window's on `<html>`), modal dialogs carry `dwell-modal`, open
/// popovers `dwell-popover-open`. An empty string when there is no snapshot.
pub fn print(tree: &Tree, url: Option<&Url>, assets: &dyn Assets) -> String {
    let Some(top) = tree.top() else { return String::new() };
    let mut printer = Printer {
        tree,
        assets,
        open: Vec::new(),
        work: Vec::new(),
        hover: chain(tree, tree.hover()),
        focus_within: chain(tree, tree.focus()),
        governed: HashSet::new(),
        chosen: HashSet::new(),
    };
    printer.open_document(top, base(tree, top, url));
    while let Some(work) = printer.work.pop() {
        printer.step(work);
    }
    printer.open.pop().map(|s| s.out).unwrap_or_default()
}

/// What relative addresses of a document are relative to: what the recorder noted, else its `<base>`, else
/// `url`.
pub fn base(tree: &Tree, document: NodeId, url: Option<&Url>) -> Option<Url> {
    let html = tree.children(document).find(|n| n.html_tag() == Some("html"));
    let head = html.and_then(|h| tree.children(h.id).find(|n| n.html_tag() == Some("head")));
    let noted = head.and_then(|h| {
        h.attr("dwell:base")
            .or_else(|| tree.children(h.id).filter(|n| n.html_tag() == Some("base")).find_map(|n| n.attr("href")))
    });
    let resolved = noted.and_then(|b| Url::options().base_url(url).parse(b.trim()).ok());
    resolved.filter(|u| matches!(u.scheme(), "http" | "https" | "file")).or_else(|| url.cloned())
}

/// A node and everything it is in.
fn chain(tree: &Tree, node: Option<NodeId>) -> HashSet<NodeId> {
    let mut out = HashSet::new();
    let mut at = node;
    while let Some(id) = at {
        if !out.insert(id) {
            break;
        }
        at = tree.parent(id).map(|n| n.id);
    }
    out
}

impl Printer<'_> {
    fn step(&mut self, work: Work) {
        match work {
            Work::Node(id, place) => {
                let Some(node) = self.tree.get(id) else { return };
                match &node.kind {
                    NodeKind::Text(text) if !matches!(place, Place::Head) => escape_text(text, self.out()),
                    NodeKind::Element { ns, tag, attrs } => self.element(node, *ns, tag, attrs, place),
                    _ => {}
                }
            }
            Work::Close(tag) => {
                let out = self.out();
                out.push_str("</");
                out.push_str(&tag);
                out.push('>');
            }
            Work::Adopted(root) => self.adopted(root),
            Work::EndFrame => {
                let Some(inner) = self.open.pop() else { return };
                let out = self.out();
                out.push_str(" srcdoc=\"");
                escape_attribute(&inner.out, out);
                out.push_str("\"></iframe>");
            }
        }
    }

    fn out(&mut self) -> &mut String {
        let last = self.open.len() - 1;
        &mut self.open[last].out
    }

    fn cx(&self) -> &Context<'_> {
        &self.open[self.open.len() - 1].cx
    }

    /// Starts a document. Its content is written step by step; what is pushed here runs from the last item.
    fn open_document(&mut self, id: NodeId, base: Option<Url>) {
        let assets = self.assets;
        self.open.push(Document { out: String::new(), cx: Context { base, assets }, adopted_in_head: None });
        let Some(document) = self.tree.get(id) else { return };
        if !matches!(document.kind, NodeKind::Document { quirks: true }) {
            let doctype = self.tree.children(id).find_map(|n| match &n.kind {
                NodeKind::Doctype { public_id, system_id, .. } => Some((public_id.clone(), system_id.clone())),
                _ => None,
            });
            let line = doctype.and_then(|(public, system)| limited_quirks(&public, &system));
            self.out().push_str(line.as_deref().unwrap_or("<!DOCTYPE html>"));
            self.out().push('\n');
        }
        let root = self.tree.children(id).find(|n| n.is_element());
        let Some(root) = root else {
            self.out().push_str("<html><head><meta charset=\"utf-8\"></head><body></body></html>");
            return;
        };
        if document.live().is_some_and(|l| !l.adopted.is_empty()) {
            if self.has_late_sheets(root) {
                self.work.push(Work::Adopted(id));
            } else {
                let last = self.open.len() - 1;
                self.open[last].adopted_in_head = Some(id);
            }
        }
        if root.html_tag() == Some("html") {
            self.work.push(Work::Node(root.id, Place::Html));
        } else {
            // A document of another kind (an SVG file in a frame) is shown inside a page.
            self.out().push_str("<html><head><meta charset=\"utf-8\">");
            self.adopted_in_head();
            self.out().push_str("</head><body>");
            self.work.push(Work::Node(root.id, Place::Html));
        }
    }

    /// Whether style sheets stand outside the head, so that adopted sheets have to come after them.
    fn has_late_sheets(&self, html: &Node) -> bool {
        let head = self.tree.children(html.id).find(|n| n.html_tag() == Some("head")).map(|n| n.id);
        let mut stack: Vec<NodeId> = self.tree.children(html.id).map(|n| n.id).filter(|id| Some(*id) != head).collect();
        while let Some(id) = stack.pop() {
            if matches!(self.tree.get(id).map(|n| &n.kind),
                Some(NodeKind::Element { tag, .. }) if matches!(&**tag, "style" | "link"))
            {
                return true;
            }
            stack.extend(self.tree.children(id).map(|n| n.id));
        }
        false
    }

    fn adopted_in_head(&mut self) {
        let last = self.open.len() - 1;
        if let Some(root) = self.open[last].adopted_in_head.take() {
            self.adopted(root);
        }
    }

    fn adopted(&mut self, root: NodeId) {
        let Some(live) = self.tree.get(root).and_then(Node::live) else { return };
        for name in &live.adopted {
            let Some(sheet) = self.tree.sheet(name) else { continue };
            let text = safe::css(&sheet.text(), None, self.cx());
            let out = self.out();
            out.push_str("<style dwell-adopted=\"\">");
            out.push_str(&text);
            out.push_str("</style>");
        }
    }

    fn children(&mut self, id: NodeId, place: Place) {
        let tree = self.tree;
        self.work.extend(tree.children_back(id).map(|n| Work::Node(n.id, place)));
    }

    fn element(&mut self, node: &Node, ns: Namespace, tag: &str, attrs: &[Attr], place: Place) {
        // Where a parser would read another element than the one meant, none is written.
        let inside = match (place, ns) {
            (Place::Html, Namespace::Html) => Place::Html,
            (Place::Html, Namespace::Svg) if tag.eq_ignore_ascii_case("svg") => Place::Svg,
            (Place::Html, Namespace::MathMl) if tag.eq_ignore_ascii_case("math") => Place::MathMl,
            (Place::Head, Namespace::Html) => Place::Head,
            (Place::Svg, Namespace::Svg) => Place::Svg,
            (Place::MathMl, Namespace::MathMl) => Place::MathMl,
            _ => return,
        };
        let own = self.tree.css_of(node.id);
        let Shown::Element { tag, attrs, sheet, children, .. } =
            safe::element(ns, tag, attrs, own.as_deref(), self.cx())
        else {
            return;
        };
        if place == Place::Head && !matches!(&*tag, "title" | "meta" | "link" | "style" | "template") {
            return;
        }
        let mut tag = tag;
        let mut attrs = attrs;
        if ns == Namespace::Html {
            let parent = self.tree.parent(node.id);
            let in_document = parent.is_some_and(|p| matches!(p.kind, NodeKind::Document { .. }));
            match &*tag {
                "html" if in_document => return self.html(node, attrs),
                "body" if parent.is_some_and(|p| p.html_tag() == Some("html")) && self.is_first_of_kind(node) => {}
                // In any other place the parser would give their attributes to the page's own.
                "html" | "head" | "body" => tag = format!("dwell-{tag}").into(),
                _ => {}
            }
        }
        self.live_state(node, ns, &tag, &mut attrs);
        let frame = ns == Namespace::Html && &*tag == "iframe";
        let content = if frame { self.tree.content(node.id) } else { None };
        if frame && content.is_none() {
            set(&mut attrs, "dwell-missing", Some(""));
        }
        self.open_tag(&tag, &attrs, !frame);
        if frame {
            match content {
                Some(document) if self.open.len() < MAX_FRAMES => {
                    self.work.push(Work::EndFrame);
                    let base = base(self.tree, document.id, self.cx().base.as_ref());
                    self.open_document(document.id, base);
                }
                _ => self.out().push_str("></iframe>"),
            }
            return;
        }
        if ns == Namespace::Html && is_void(&tag) {
            return;
        }
        self.work.push(Work::Close(tag.clone()));
        if let Some(sheet) = sheet {
            self.out().push_str(&sheet);
            return;
        }
        if !children {
            return;
        }
        if ns == Namespace::Html && &*tag == "textarea" {
            let value = self.tree.value_of(node.id).unwrap_or_default();
            // The first line break after the tag is not part of the text.
            self.out().push('\n');
            escape_text(&value, self.out());
            return;
        }
        if ns == Namespace::Html
            && &*tag == "pre"
            && self.tree.children(node.id).next().and_then(Node::text).is_some_and(|t| t.starts_with('\n'))
        {
            self.out().push('\n');
        }
        let kids = match (ns, &*tag) {
            (Namespace::Html, "title") | (Namespace::Svg, "title" | "desc" | "metadata") => Place::Text,
            (Namespace::Svg, "foreignObject") | (Namespace::MathMl, "mi" | "mn" | "mo" | "ms" | "mtext") => Place::Html,
            _ => inside,
        };
        if ns == Namespace::Html
            && let Some(root) = self.tree.shadow(node.id)
        {
            self.children(node.id, kids);
            self.out().push_str("<template shadowrootmode=\"open\">");
            self.work.push(Work::Close("template".into()));
            self.work.push(Work::Adopted(root.id));
            self.children(root.id, Place::Html);
            return;
        }
        self.children(node.id, kids);
    }

    /// The root element with its head, which is always written, and everything else after it.
    fn html(&mut self, node: &Node, mut attrs: Vec<Attr>) {
        let document = self.tree.parent(node.id);
        self.marks(node, "html", &mut attrs);
        if let Some(scroll) = document.and_then(|d| d.live()).and_then(|l| l.scroll) {
            set(&mut attrs, "data-dwell-scroll", scroll_text(scroll).as_deref());
        }
        self.open_tag("html", &attrs, true);
        let tree = self.tree;
        let head = tree.children(node.id).find(|n| n.html_tag() == Some("head"));
        self.work.push(Work::Close("html".into()));
        let rest = tree.children_back(node.id).filter(|n| n.is_element() && Some(n.id) != head.map(|h| h.id));
        self.work.extend(rest.map(|n| Work::Node(n.id, Place::Html)));

        let mut head_attrs = Vec::new();
        if let Some(head) = head
            && let NodeKind::Element { ns, tag, attrs } = &head.kind
            && let Shown::Element { attrs, .. } = safe::element(*ns, tag, attrs, None, self.cx())
        {
            head_attrs = attrs;
        }
        self.open_tag("head", &head_attrs, true);
        self.out().push_str("<meta charset=\"utf-8\">");
        // Elements in a head hold text or sheets only, so the head can be written at once.
        let outer = std::mem::take(&mut self.work);
        if let Some(head) = head {
            self.children(head.id, Place::Head);
        }
        while let Some(work) = self.work.pop() {
            self.step(work);
        }
        self.work = outer;
        self.adopted_in_head();
        self.out().push_str("</head>");
    }

    fn is_first_of_kind(&self, node: &Node) -> bool {
        let parent = self.tree.parent(node.id);
        parent.and_then(|p| self.tree.children(p.id).find(|n| n.html_tag() == node.html_tag())).map(|n| n.id)
            == Some(node.id)
    }

    fn open_tag(&mut self, tag: &str, attrs: &[Attr], end: bool) {
        let out = self.out();
        out.push('<');
        out.push_str(tag);
        for attr in attrs {
            out.push(' ');
            out.push_str(&attr.name);
            out.push_str("=\"");
            escape_attribute(&attr.value, out);
            out.push('"');
        }
        if end {
            out.push('>');
        }
    }

    /// Pointer, focus and definition: what the rewritten CSS asks for.
    fn marks(&self, node: &Node, tag: &str, attrs: &mut Vec<Attr>) {
        if self.hover.contains(&node.id) {
            set(attrs, "dwell-hover", Some(""));
        }
        if self.focus_within.contains(&node.id) {
            set(attrs, "dwell-focus-within", Some(""));
            if self.tree.focus() == Some(node.id) {
                set(attrs, "dwell-focus", Some(""));
            }
        }
        // Recordings that never mention definitions say nothing about them.
        let defined = self.tree.defined();
        if tag.contains('-')
            && !tag.starts_with("dwell-")
            && !defined.is_empty()
            && !defined.contains(tag)
            && self.tree.shadow(node.id).is_none()
        {
            set(attrs, "dwell-undefined", Some(""));
        }
    }

    fn live_state(&mut self, node: &Node, ns: Namespace, tag: &str, attrs: &mut Vec<Attr>) {
        if ns == Namespace::Html {
            self.marks(node, tag, attrs);
        }
        let live = node.live();
        if let Some(scroll) = live.and_then(|l| l.scroll) {
            set(attrs, "data-dwell-scroll", scroll_text(scroll).as_deref());
        }
        if ns != Namespace::Html {
            return;
        }
        let open = live.and_then(|l| l.open);
        match tag {
            "input" => {
                let kind = node.attr("type").map(|t| t.to_ascii_lowercase()).unwrap_or_default();
                if matches!(&*kind, "checkbox" | "radio") {
                    set(attrs, "checked", self.tree.is_checked(node.id).then_some(""));
                } else if let Some(value) = live.and_then(|l| l.value.as_ref())
                    && kind != "file"
                {
                    set(attrs, "value", Some(value));
                }
            }
            "select" => {
                let options = self.tree.options(node.id);
                for index in self.tree.selected_options(node.id) {
                    self.chosen.extend(options.get(index));
                }
                self.governed.extend(options);
            }
            "option" if self.governed.contains(&node.id) => {
                set(attrs, "selected", self.chosen.contains(&node.id).then_some(""));
            }
            "dialog" => {
                let was_open = node.attr("open").is_some();
                let open = open.unwrap_or(if was_open { OpenState::Open } else { OpenState::Closed });
                set(attrs, "open", (open != OpenState::Closed).then_some(""));
                if open == OpenState::Modal {
                    set(attrs, "dwell-modal", Some(""));
                    before_style(attrs, "position:fixed;inset-block:0;z-index:2147483647;");
                }
            }
            "details" => {
                if let Some(open) = open {
                    set(attrs, "open", (open != OpenState::Closed).then_some(""));
                }
            }
            "canvas" => {
                let image = live.and_then(|l| l.image.as_ref()).and_then(|i| safe::picture(i, self.cx()));
                if let Some(image) = image {
                    let url = safe::css_url(&image);
                    let declarations = format!("background:{url} 0 0/100% 100% no-repeat content-box;");
                    before_style(attrs, &declarations);
                }
            }
            _ => {}
        }
        if node.attr("popover").is_some() && matches!(open, Some(OpenState::Open | OpenState::Modal)) {
            set(attrs, "popover", None);
            set(attrs, "dwell-popover-open", Some(""));
            before_style(
                attrs,
                "position:fixed;inset:0;width:fit-content;height:fit-content;margin:auto;border:solid;padding:.25em;\
                 overflow:auto;color:CanvasText;background-color:Canvas;z-index:2147483647;",
            );
        }
    }
}

fn set(attrs: &mut Vec<Attr>, name: &str, value: Option<&str>) {
    let at = attrs.iter().position(|a| &*a.name == name);
    match (at, value) {
        (Some(i), Some(value)) => attrs[i].value = value.into(),
        (Some(i), None) => {
            attrs.remove(i);
        }
        (None, Some(value)) => attrs.push(Attr { name: name.into(), value: value.into() }),
        (None, None) => {}
    }
}

/// Declarations that the recorded ones may override.
fn before_style(attrs: &mut Vec<Attr>, declarations: &str) {
    let own = attrs.iter().find(|a| &*a.name == "style").map(|a| a.value.to_string()).unwrap_or_default();
    set(attrs, "style", Some(&format!("{declarations}{own}")));
}

/// Offsets as `X Y`; none for the place where everything starts.
fn scroll_text((x, y): (f64, f64)) -> Option<String> {
    let known = x.is_finite() && y.is_finite() && (x != 0.0 || y != 0.0);
    known.then(|| format!("{x} {y}"))
}

fn is_void(tag: &str) -> bool {
    matches!(
        tag,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

/// The doctype of a page in limited quirks mode, which is the only other mode that a doctype can ask for here.
fn limited_quirks(public: &str, system: &str) -> Option<String> {
    let known = public.to_ascii_lowercase();
    let html4 = ["-//w3c//dtd html 4.01 frameset//", "-//w3c//dtd html 4.01 transitional//"];
    let xhtml = ["-//w3c//dtd xhtml 1.0 frameset//", "-//w3c//dtd xhtml 1.0 transitional//"];
    let limited = xhtml.iter().any(|p| known.starts_with(p))
        || (!system.is_empty() && html4.iter().any(|p| known.starts_with(p)));
    let plain =
        |text: &str| text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') && !text.contains(['"', '<', '>', '&']);
    (limited && plain(public) && plain(system)).then(|| format!("<!DOCTYPE html PUBLIC \"{public}\" \"{system}\">"))
}

fn escape_text(text: &str, out: &mut String) {
    escape(text, out, false);
}

fn escape_attribute(text: &str, out: &mut String) {
    escape(text, out, true);
}

fn escape(text: &str, out: &mut String, quoted: bool) {
    let mut from = 0;
    for (i, b) in text.bytes().enumerate() {
        let entity = match b {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' if quoted => "&quot;",
            b'\r' => "&#13;",
            0 => "\u{fffd}",
            _ => continue,
        };
        out.push_str(&text[from..i]);
        out.push_str(entity);
        from = i + 1;
    }
    out.push_str(&text[from..]);
}
