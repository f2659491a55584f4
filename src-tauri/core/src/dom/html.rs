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
    /// The one element that may be called `body`.
    body: Option<NodeId>,
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
    printer.open_document(top, tree.base_url(top, url));
    while let Some(work) = printer.work.pop() {
        printer.step(work);
    }
    printer.open.pop().map(|s| s.out).unwrap_or_default()
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
                match &*node.kind {
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
        self.open.push(Document {
            out: String::new(),
            cx: Context { base, assets },
            adopted_in_head: None,
            body: None,
        });
        let Some(document) = self.tree.get(id) else { return };
        if !matches!(*document.kind, NodeKind::Document { quirks: true }) {
            let doctype = self.tree.children(id).find_map(|n| match &*n.kind {
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
            self.work.push(Work::Close("html".into()));
            self.work.push(Work::Close("body".into()));
            self.work.push(Work::Node(root.id, Place::Html));
        }
    }

    /// Whether style sheets stand outside the head, so that adopted sheets have to come after them.
    fn has_late_sheets(&self, html: &Node) -> bool {
        let head = self.tree.children(html.id).find(|n| n.html_tag() == Some("head")).map(|n| n.id);
        let mut stack: Vec<NodeId> = self.tree.children(html.id).map(|n| n.id).filter(|id| Some(*id) != head).collect();
        while let Some(id) = stack.pop() {
            if matches!(self.tree.get(id).map(|n| &*n.kind),
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
            let in_document = self.tree.parent(node.id).is_some_and(|p| matches!(*p.kind, NodeKind::Document { .. }));
            match &*tag {
                "html" if in_document => return self.html(node, attrs),
                "body" if self.open.last().is_some_and(|d| d.body == Some(node.id)) => {}
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
                    let base = self.tree.base_url(document.id, self.cx().base.as_ref());
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
        let child = |name| tree.children(node.id).find(|n| n.html_tag() == Some(name));
        let head = child("head");
        let last = self.open.len() - 1;
        self.open[last].body = child("body").map(|n| n.id);
        self.work.push(Work::Close("html".into()));
        let rest = tree.children_back(node.id).filter(|n| n.is_element() && Some(n.id) != head.map(|h| h.id));
        self.work.extend(rest.map(|n| Work::Node(n.id, Place::Html)));

        let mut head_attrs = Vec::new();
        if let Some(head) = head
            && let NodeKind::Element { ns, tag, attrs } = &*head.kind
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dom::safe::NoAssets;
    use crate::event::{Op, Place as At, SheetRef};

    struct Build {
        tree: Tree,
        next: u64,
    }

    impl Build {
        fn new() -> Self {
            Build { tree: Tree::new(), next: 1 }
        }
        fn put(&mut self, parent: Option<NodeId>, kind: NodeKind) -> NodeId {
            let node = NodeId(self.next);
            self.next += 1;
            self.tree.apply(&Op::Put { node, parent, place: At::Last, kind });
            node
        }
        fn element(&mut self, parent: NodeId, name: &str, attrs: &[(&str, &str)]) -> NodeId {
            let (ns, tag) = match name.split_once(':') {
                Some(("svg", tag)) => (Namespace::Svg, tag),
                Some(("math", tag)) => (Namespace::MathMl, tag),
                _ => (Namespace::Html, name),
            };
            let attrs = attrs.iter().map(|(n, v)| Attr { name: (*n).into(), value: (*v).into() }).collect();
            self.put(Some(parent), NodeKind::Element { ns, tag: tag.into(), attrs })
        }
        fn text(&mut self, parent: NodeId, text: &str) -> NodeId {
            self.put(Some(parent), NodeKind::Text(text.into()))
        }
        /// A page with a doctype; answers with document, head and body.
        fn page(&mut self) -> (NodeId, NodeId, NodeId) {
            let document = self.put(None, NodeKind::Document { quirks: false });
            let doctype = NodeKind::Doctype { name: "html".into(), public_id: "".into(), system_id: "".into() };
            self.put(Some(document), doctype);
            let html = self.element(document, "html", &[]);
            let head = self.element(html, "head", &[]);
            let body = self.element(html, "body", &[]);
            (document, head, body)
        }
        fn print(&self) -> String {
            print(&self.tree, Url::parse("https://shop.test/").ok().as_ref(), &NoAssets)
        }
        fn body(&self) -> String {
            let html = self.print();
            let from = html.find("<body>").map_or(0, |i| i + 6);
            html[from..].trim_end_matches("</html>").trim_end_matches("</body>").to_owned()
        }
    }

    #[test]
    fn text_and_values_hold_no_markup() {
        let mut b = Build::new();
        let (.., body) = b.page();
        let p = b.element(body, "p", &[("title", "\"><img src=x onerror=1>&amp;\r\0")]);
        b.text(p, "</p><script>1</script>&lt;\u{a0}");
        let t = b.element(body, "textarea", &[]);
        b.text(t, "\n</textarea><b>");
        b.put(Some(body), NodeKind::Comment("--><img>".into()));
        assert_eq!(
            b.body(),
            "<p title=\"&quot;&gt;&lt;img src=x onerror=1&gt;&amp;amp;&#13;\u{fffd}\">\
             &lt;/p&gt;&lt;script&gt;1&lt;/script&gt;&amp;lt;\u{a0}</p>\
             <textarea>\n\n&lt;/textarea&gt;&lt;b&gt;</textarea>"
        );
    }

    #[test]
    fn foreign_elements_only_where_a_parser_puts_them() {
        let mut b = Build::new();
        let (.., body) = b.page();
        let svg = b.element(body, "svg:svg", &[("viewBox", "0 0 1 1")]);
        b.element(svg, "div", &[]);
        b.element(svg, "math:mi", &[]);
        let style = b.element(svg, "svg:style", &[]);
        b.text(style, "a{b:'</style>'}");
        let title = b.element(svg, "svg:title", &[]);
        b.element(title, "style", &[]);
        b.text(title, "t");
        let foreign = b.element(svg, "svg:foreignObject", &[]);
        let inside = b.element(foreign, "div", &[]);
        b.element(inside, "svg:rect", &[]);
        b.element(body, "svg:path", &[]);
        let math = b.element(body, "math:math", &[]);
        let mtext = b.element(math, "math:mtext", &[]);
        b.element(mtext, "b", &[]);
        b.element(mtext, "mglyph", &[]);
        b.element(math, "math:annotation-xml", &[("encoding", "text/html")]);
        assert_eq!(
            b.body(),
            "<svg viewBox=\"0 0 1 1\"><style>a{b:\"\\3c /style>\"}</style><title>t</title>\
             <foreignObject><div></div></foreignObject></svg>\
             <math><mtext><b></b><dwell-unknown></dwell-unknown></mtext></math>"
        );
    }

    #[test]
    fn live_state_is_written_down() {
        let mut b = Build::new();
        let (document, _, body) = b.page();
        let text = b.element(body, "input", &[("value", "old")]);
        b.tree.apply(&Op::Value { node: text, value: "new".into() });
        let check = b.element(body, "input", &[("type", "checkbox"), ("checked", "")]);
        b.tree.apply(&Op::Checked { node: check, checked: false });
        b.element(body, "input", &[("type", "submit")]);
        let area = b.element(body, "textarea", &[]);
        b.text(area, "old");
        b.tree.apply(&Op::Value { node: area, value: "typed".into() });
        let select = b.element(body, "select", &[]);
        let first = b.element(select, "option", &[("selected", "")]);
        let second = b.element(select, "option", &[]);
        b.tree.apply(&Op::Selected { node: first, selected: false });
        b.tree.apply(&Op::Selected { node: second, selected: true });
        b.tree.apply(&Op::Scroll { node: body, x: 0.0, y: 12.5 });
        b.tree.apply(&Op::Scroll { node: document, x: 3.0, y: 0.0 });
        let dialog = b.element(body, "dialog", &[("open", ""), ("style", "color:red")]);
        b.tree.apply(&Op::Open { node: dialog, open: OpenState::Modal });
        let canvas = b.element(body, "canvas", &[]);
        b.text(canvas, "fallback");
        b.tree.apply(&Op::CanvasImage { node: canvas, image: "data:image/png;base64,AA".into() });
        b.tree.end_batch();
        let html = b.print();
        for part in [
            "<input value=\"new\">",
            "<input type=\"checkbox\">",
            "<input type=\"submit\">",
            "<textarea>\ntyped</textarea>",
            "<option></option><option selected=\"\"></option>",
            "<html data-dwell-scroll=\"3 0\">",
            "<body data-dwell-scroll=\"0 12.5\">",
            "<dialog style=\"position:fixed;inset-block:0;z-index:2147483647;color:red\" open=\"\" dwell-modal=\"\">",
            "<canvas style=\"background:url(&quot;data:image/png;base64,AA&quot;) 0 0/100% 100% no-repeat \
             content-box;\"></canvas>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn shadow_roots_frames_and_adopted_sheets() {
        let mut b = Build::new();
        let (document, head, body) = b.page();
        let style = b.element(head, "style", &[]);
        b.text(style, "a:hover{}");
        let host = b.element(body, "div", &[]);
        b.text(host, "light");
        let root = b.put(Some(host), NodeKind::ShadowRoot { open: false });
        b.element(root, "slot", &[]);
        for (name, text) in [("s1", "b{background:url(x)}"), ("s2", "c{}")] {
            b.tree.apply(&Op::SheetText { sheet: SheetRef::Constructed(name.into()), text: text.into() });
        }
        b.tree.apply(&Op::Adopt { root: document, sheets: vec!["s1".into()] });
        b.tree.apply(&Op::Adopt { root, sheets: vec!["s2".into()] });
        let frame = b.element(body, "iframe", &[("src", "javascript:1")]);
        let inner = b.put(Some(frame), NodeKind::Document { quirks: false });
        let inner_html = b.element(inner, "html", &[]);
        let inner_body = b.element(inner_html, "body", &[("onload", "x")]);
        b.text(inner_body, "\"<");
        b.element(body, "iframe", &[]);
        b.tree.end_batch();
        assert_eq!(
            b.print(),
            "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><style>a[dwell-hover]{}</style>\
             <style dwell-adopted=\"\">b{background:url(\"about:invalid\")}\n</style></head><body>\
             <div><template shadowrootmode=\"open\"><slot></slot><style dwell-adopted=\"\">c{}\n</style></template>\
             light</div>\
             <iframe data-dwell-src=\"javascript:1\" sandbox=\"allow-same-origin\" srcdoc=\"&lt;!DOCTYPE html&gt;\n\
             &lt;html&gt;&lt;head&gt;&lt;meta charset=&quot;utf-8&quot;&gt;&lt;/head&gt;&lt;body&gt;&quot;&amp;lt;\
             &lt;/body&gt;&lt;/html&gt;\"></iframe>\
             <iframe sandbox=\"allow-same-origin\" dwell-missing=\"\"></iframe></body></html>"
        );
    }

    #[test]
    fn quirks_and_doctypes() {
        for (quirks, public, system, first) in [
            (true, "", "", "<html>"),
            (false, "", "", "<!DOCTYPE html>\n"),
            (false, "-//W3C//DTD XHTML 1.0 Transitional//EN", "http://x/\"><img>", "<!DOCTYPE html>\n"),
            (
                false,
                "-//W3C//DTD XHTML 1.0 Transitional//EN",
                "http://www.w3.org/x.dtd",
                "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"http://www.w3.org/x.dtd\">\n",
            ),
        ] {
            let mut b = Build::new();
            let document = b.put(None, NodeKind::Document { quirks });
            let doctype = NodeKind::Doctype { name: "html".into(), public_id: public.into(), system_id: system.into() };
            b.put(Some(document), doctype);
            b.element(document, "html", &[]);
            assert!(b.print().starts_with(first), "{}", b.print());
        }
        assert_eq!(print(&Tree::new(), None, &NoAssets), "");
    }

    #[test]
    fn deep_trees() {
        let mut b = Build::new();
        let (.., body) = b.page();
        let mut at = body;
        for _ in 0..200_000 {
            at = b.element(at, "div", &[]);
        }
        assert!(b.print().len() > 2_000_000);
        let mut b = Build::new();
        let (.., mut at) = b.page();
        for _ in 0..40 {
            let frame = b.element(at, "iframe", &[]);
            let document = b.put(Some(frame), NodeKind::Document { quirks: false });
            let html = b.element(document, "html", &[]);
            at = b.element(html, "body", &[("title", "\"")]);
        }
        assert!(b.print().len() < 100_000);
    }

    /// Cuts a text into tags, as simple as that is when no value holds `<` or `>`.
    fn tags(html: &str) -> Vec<&str> {
        html.split('<')
            .skip(1)
            .filter(|t| !t.starts_with([' ', '=']))
            .map(|t| t.split('>').next().unwrap_or(t))
            .collect()
    }

    fn attributes_of(tag: &str) -> Vec<(&str, &str)> {
        let mut out = Vec::new();
        let mut rest = tag;
        while let Some((name, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"').unwrap_or((after, ""));
            out.push((name.rsplit(' ').next().unwrap_or(name), value));
            rest = after;
        }
        out
    }

    const TAGS: &[&str] = &[
        "div",
        "a",
        "form",
        "style",
        "script",
        "title",
        "textarea",
        "noscript",
        "xmp",
        "plaintext",
        "iframe",
        "img",
        "svg",
        "math",
        "link",
        "meta",
        "base",
        "object",
        "embed",
        "template",
        "body",
        "html",
        "head",
        "select",
        "table",
        "svg:svg",
        "svg:style",
        "svg:script",
        "svg:title",
        "svg:foreignObject",
        "svg:image",
        "svg:set",
        "svg:a",
        "svg:iframe",
        "math:math",
        "math:mtext",
        "math:style",
        "math:annotation-xml",
        "math:mglyph",
        "x<y",
        "p onclick=1",
        "!--",
        "image",
        "frameset",
        "input",
        "video",
        "dialog",
        "canvas",
    ];
    const NAMES: &[&str] = &[
        "href",
        "xlink:href",
        "src",
        "srcset",
        "style",
        "onclick",
        "ONERROR",
        "srcdoc",
        "action",
        "formaction",
        "data",
        "poster",
        "background",
        "title",
        "http-equiv",
        "content",
        "rel",
        "type",
        "target",
        "ping",
        "fill",
        "to",
        "attributeName",
        "shadowrootmode",
        "x\"y",
        "a><b",
        "dwell-hover",
        "dwell:src",
        "dwell:width",
        "media",
        "name",
        "is",
        "value",
        "class",
    ];
    const VALUES: &[&str] = &[
        "http://leak.test/a",
        "//leak.test/b",
        "javascript:alert(1)",
        "\u{1}java\tscript:alert(1)",
        "data:text/html,<script>",
        "</style><img src=http://leak.test/>",
        "\"><img src=http://leak.test/>",
        "background:url(http://leak.test/c)",
        "a{b:url(http://leak.test/d)}",
        "@import 'http://leak.test/e';",
        "stylesheet",
        "refresh",
        "href",
        "image",
        "*{b:image-set('http://leak.test' 1x)}",
        "<!--",
        "]]>",
        "&quot;",
        "\\75rl(http://leak.test/f)",
        "'",
        "/*",
        "}",
        "http://leak.test/ 1x",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        /// Whatever the tree, the print holds no tag and no attribute that could do anything.
        #[test]
        fn nothing_active_is_ever_printed(
            steps in proptest::collection::vec(
                (0..100_usize, 0..TAGS.len() + 12,
                 proptest::collection::vec((0..NAMES.len(), 0..VALUES.len()), 0..4), 0..VALUES.len()),
                1..60,
            ),
        ) {
            let mut b = Build::new();
            let (_, head, body) = b.page();
            let mut places = vec![head, body];
            for (place, what, attrs, text) in steps {
                let parent = places[place % places.len()];
                match TAGS.get(what) {
                    Some(tag) => {
                        let attrs: Vec<_> = attrs.iter().map(|(n, v)| (NAMES[*n], VALUES[*v])).collect();
                        places.push(b.element(parent, tag, &attrs));
                    }
                    None if what == TAGS.len() => {
                        places.push(b.put(Some(parent), NodeKind::ShadowRoot { open: true }));
                    }
                    None if what == TAGS.len() + 1 => {
                        places.push(b.put(Some(parent), NodeKind::Document { quirks: false }));
                    }
                    None => {
                        b.text(parent, VALUES[text]);
                    }
                }
            }
            b.tree.end_batch();
            let html = b.print();
            let mut documents = vec![html];
            while let Some(html) = documents.pop() {
                for tag in tags(&html) {
                    let name = tag.split([' ', '/']).find(|n| !n.is_empty()).unwrap_or("");
                    let active = [
                        "script", "base", "object", "embed", "frame", "frameset", "noscript", "xmp", "plaintext",
                    ];
                    prop_assert!(!active.contains(&&*name.to_ascii_lowercase()), "{tag} in {html}");
                    for (name, value) in attributes_of(tag) {
                        prop_assert!(!name.to_ascii_lowercase().starts_with("on"), "{name} in {html}");
                        if name == "srcdoc" {
                            let inner = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
                            documents.push(inner.replace("&#13;", "\r").replace("&amp;", "&"));
                            continue;
                        }
                        let kept = name.starts_with("data-dwell-") || name.starts_with("dwell-missing-")
                            || matches!(name, "title" | "value" | "class" | "name" | "rel" | "type" | "to"
                                | "attributeName" | "attributename" | "style" | "media" | "fill" | "content");
                        let active = ["leak.test", "script:", "text/html"].iter().any(|bad| value.contains(bad));
                        prop_assert!(kept || !active, "{name}={value} in {html}");
                        if matches!(name, "fill" | "to" | "style") {
                            prop_assert!(!value.contains("url(h"), "{name}={value}");
                        }
                        if name == "href" && value != "blob:null" {
                            prop_assert!(value.starts_with('#'), "{value}");
                        }
                        prop_assert!(!matches!(name, "action" | "formaction" | "ping" | "target" | "http-equiv" | "is"));
                    }
                }
                for sheet in html.split("<style").skip(1) {
                    let sheet = sheet.split("</style").next().and_then(|s| s.split_once('>')).map_or("", |(_, text)| text);
                    // What stands in a string of the printed sheet is text: a quote that was never closed takes the rest.
                    let sheet: String = sheet.split('"').step_by(2).collect();
                    prop_assert!(!sheet.contains("@import"), "{sheet}");
                    prop_assert!(!sheet.replace(' ', "").contains("url(h"), "{sheet}");
                    prop_assert!(!sheet.contains("set('"), "{sheet}");
                }
            }
        }
    }
}
