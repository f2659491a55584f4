//! A frame that is only a model: it does with patches what the window's frame does, strictly.

use std::collections::BTreeMap;

use dwell_core::dom::PatchOp;

/// What the frame holds, as far as patches say.
#[derive(Debug, Default, Clone)]
pub(crate) struct Frame {
    nodes: BTreeMap<u64, Part>,
    top: Option<u64>,
    sheets: BTreeMap<String, String>,
}

#[derive(Debug, Default, Clone)]
struct Part {
    what: String,
    attrs: BTreeMap<String, String>,
    css: Option<String>,
    kids: Vec<u64>,
    parent: Option<u64>,
    shadow: Option<u64>,
    content: Option<u64>,
    adopted: Vec<String>,
    value: Option<String>,
    scroll: (f64, f64),
}

impl Frame {
    fn detach(&mut self, id: u64) {
        if let Some(parent) = self.nodes.get_mut(&id).expect("known").parent.take() {
            self.nodes.get_mut(&parent).expect("known").kids.retain(|k| *k != id);
        }
    }
    fn is_connected(&self, id: u64) -> bool {
        let mut at = Some(id);
        while let Some(x) = at {
            if Some(x) == self.top {
                return true;
            }
            at = self.nodes[&x].parent;
        }
        false
    }
    fn subtree(&self, id: u64) -> Vec<u64> {
        let mut out = vec![];
        let mut stack = vec![id];
        while let Some(x) = stack.pop() {
            out.push(x);
            let part = &self.nodes[&x];
            stack.extend(part.kids.iter().chain(&part.shadow).chain(&part.content));
        }
        out
    }
    pub(crate) fn apply(&mut self, ops: &[PatchOp]) {
        let mut removed = vec![];
        for op in ops {
            match op {
                PatchOp::Document { id, quirks, doctype } => {
                    *self = Frame::default();
                    self.top = Some(id.0);
                    let what = format!("document {quirks} {doctype:?}");
                    self.nodes.insert(id.0, Part { what, ..Part::default() });
                }
                PatchOp::Frame { id, iframe, quirks, doctype } => {
                    assert!(self.is_connected(iframe.0), "a frame is filled before it is in place");
                    let what = format!("document {quirks} {doctype:?}");
                    self.nodes.insert(id.0, Part { what, parent: Some(iframe.0), ..Part::default() });
                    self.nodes.get_mut(&iframe.0).expect("iframe").content = Some(id.0);
                }
                PatchOp::Shadow { id, host, .. } => {
                    self.nodes.insert(id.0, Part { what: "shadow".into(), parent: Some(host.0), ..Part::default() });
                    self.nodes.get_mut(&host.0).expect("host").shadow = Some(id.0);
                }
                PatchOp::Element { id, tag, attrs, .. } => {
                    let attrs = attrs.iter().map(|a| (a.name.to_string(), a.value.to_string())).collect();
                    self.nodes.insert(id.0, Part { what: tag.to_string(), attrs, ..Part::default() });
                }
                PatchOp::Text { id, text } => {
                    self.nodes.insert(id.0, Part { what: format!("\"{text}\""), ..Part::default() });
                }
                PatchOp::Insert { id, parent, before } => {
                    let was_in = self.nodes[&id.0].parent.is_some();
                    self.detach(id.0);
                    if was_in {
                        // A moved frame loads anew.
                        for x in self.subtree(id.0) {
                            self.nodes.get_mut(&x).expect("known").content = None;
                            self.nodes.get_mut(&x).expect("known").scroll = (0.0, 0.0);
                        }
                    }
                    let kids = &mut self.nodes.get_mut(&parent.0).expect("parent").kids;
                    let at = match before {
                        Some(b) => kids.iter().position(|k| *k == b.0).expect("the sibling is in place"),
                        None => kids.len(),
                    };
                    kids.insert(at, id.0);
                    self.nodes.get_mut(&id.0).expect("known").parent = Some(parent.0);
                }
                PatchOp::Remove { id } => {
                    self.detach(id.0);
                    removed.push(id.0);
                }
                PatchOp::Attr { id, name, value } => {
                    let attrs = &mut self.nodes.get_mut(&id.0).expect("known").attrs;
                    match value {
                        Some(v) => attrs.insert(name.to_string(), v.to_string()),
                        None => attrs.remove(&**name),
                    };
                }
                PatchOp::SetText { id, text } => self.nodes.get_mut(&id.0).expect("known").what = format!("\"{text}\""),
                PatchOp::Css { id, text } => self.nodes.get_mut(&id.0).expect("known").css = Some(text.to_string()),
                PatchOp::Sheet { name, text } => {
                    self.sheets.insert(name.to_string(), text.to_string());
                }
                PatchOp::Adopt { root, sheets } => {
                    self.nodes.get_mut(&root.0).expect("known").adopted =
                        sheets.iter().map(|s| s.to_string()).collect();
                }
                PatchOp::Value { id, value } => {
                    self.nodes.get_mut(&id.0).expect("known").value = Some(value.to_string())
                }
                PatchOp::Scroll { id, x, y } => self.nodes.get_mut(&id.0).expect("known").scroll = (*x, *y),
                _ => {}
            }
        }
    }
    pub(crate) fn print(&self) -> String {
        let mut out = String::new();
        let mut stack: Vec<(u64, usize)> = self.top.iter().map(|t| (*t, 0)).collect();
        while let Some((id, depth)) = stack.pop() {
            let p = &self.nodes[&id];
            let adopted: Vec<_> = p.adopted.iter().map(|s| (s, &self.sheets[s])).collect();
            let value = p.value.clone().unwrap_or_default();
            out += &format!(
                "{}{id} {} {:?} {:?} {adopted:?} {value:?} {:?}\n",
                "  ".repeat(depth),
                p.what,
                p.attrs,
                p.css,
                p.scroll
            );
            stack.extend(p.kids.iter().rev().chain(&p.content).chain(&p.shadow).map(|k| (*k, depth + 1)));
        }
        out
    }
}
