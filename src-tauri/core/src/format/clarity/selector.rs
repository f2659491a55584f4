//! The recorder's own selectors of elements, and the `alpha.beta` hashes that its clicks carry (facts §3.7 to §3.9).
//!
//! The trap: they describe the order in which the recorder met the nodes, not the page. A new node counts as the last
//! child of its parent wherever it stands, what was removed still counts, and nothing is renumbered. A tree of the
//! page gives other positions, and with them other hashes.

use super::intern::Map;
use crate::event::{Attr, Namespace, NodeId, NodeKind, Op, Place};

/// Longest selector that is built; only a hostile page nests deeper.
const LONGEST: usize = 16 << 10;
const NIL: u32 = u32::MAX;

/// The recorder's hash of a text, in base 36.
pub fn hash(text: &str) -> String {
    base36(hash_value(text))
}

/// The hash cut to so many bits, as checksums of form values are (28).
pub fn hash_bits(text: &str, bits: u32) -> String {
    base36(hash_value(text) % (1u64 << bits.min(63)))
}

fn hash_value(text: &str) -> u64 {
    let (mut a, mut b) = (5381i32, 5381i32);
    let mix = |h: i32, unit: u16| ((i64::from(h.wrapping_shl(5)) + i64::from(h)) as i32) ^ i32::from(unit);
    for (i, unit) in text.encode_utf16().enumerate() {
        if i % 2 == 0 { a = mix(a, unit) } else { b = mix(b, unit) }
    }
    (i64::from(a) + i64::from(b) * 11579).unsigned_abs()
}

fn base36(mut n: u64) -> String {
    let mut digits = [0u8; 13];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdefghijklmnopqrstuvwxyz"[(n % 36) as usize];
        n /= 36;
        if n == 0 {
            return digits[at..].iter().map(|b| *b as char).collect();
        }
    }
}

/// A node as a record of it says.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'t> {
    pub node: NodeId,
    /// `None` for a root, or when the record does not say.
    pub parent: Option<NodeId>,
    pub previous: Option<NodeId>,
    /// As recorded: `DIV`, `svg:path`, `*S`, `iframe:HTML`.
    pub tag: &'t str,
    pub class: Option<&'t str>,
    pub element_id: Option<&'t str>,
}

#[derive(Debug, Clone)]
struct Entry {
    node: NodeId,
    tag: String,
    class: Option<String>,
    element_id: Option<String>,
    parent: u32,
    prev: u32,
    next: u32,
    last: u32,
    first: u32,
    position: u32,
    alpha: Option<String>,
    beta: Option<String>,
}

/// Selectors of all nodes of one page view, kept as the recorder keeps them.
#[derive(Debug, Clone, Default)]
pub struct Selectors {
    entries: Vec<Entry>,
    slots: Map<NodeId, u32>,
    /// Nodes registered under a class key, with their ordinal.
    registry: Map<String, Map<NodeId, u32>>,
}

impl Selectors {
    pub fn new() -> Selectors {
        Selectors::default()
    }

    /// The alpha and beta selector of a node; `None` for text, for elements that the recorder leaves out, and for
    /// what is under them.
    pub fn selectors_of(&self, node: NodeId) -> Option<(&str, &str)> {
        let entry = &self.entries[*self.slots.get(&node)? as usize];
        Some((entry.alpha.as_deref()?, entry.beta.as_deref()?))
    }

    /// The alpha and beta hash of a node, as in a click's `alpha.beta`.
    pub fn hash_of(&self, node: NodeId) -> Option<(String, String)> {
        let (alpha, beta) = self.selectors_of(node)?;
        Some((hash(alpha), hash(beta)))
    }

    /// Hashes of all nodes in the order in which they were met. The first node of a hash owns it.
    pub fn hashes(&self) -> impl Iterator<Item = (NodeId, String, String)> + '_ {
        self.entries
            .iter()
            .filter_map(|entry| Some((entry.node, hash(entry.alpha.as_deref()?), hash(entry.beta.as_deref()?))))
    }

    /// Takes the ops of one event in.
    pub fn apply(&mut self, ops: &[Op]) {
        // Within one event the recorder mostly met removals first, while ops name them last.
        for op in ops {
            if let Op::Remove { node } = op {
                self.removed(*node);
            }
        }
        for op in ops {
            match op {
                Op::Reset => *self = Selectors::default(),
                Op::Put { node, parent, place, kind } => self.put(*node, *parent, *place, kind),
                Op::Attr { node, name, value } if matches!(&**name, "class" | "id") => {
                    let Some(slot) = self.slots.get(node).copied() else { continue };
                    let entry = &mut self.entries[slot as usize];
                    let value = value.as_ref().map(|v| v.to_string());
                    if &**name == "class" {
                        entry.class = value
                    } else {
                        entry.element_id = value
                    }
                    self.name(slot);
                }
                _ => {}
            }
        }
    }

    fn put(&mut self, node: NodeId, parent: Option<NodeId>, place: Place, kind: &NodeKind) {
        let previous = match place {
            Place::After(previous) => Some(previous),
            _ => None,
        };
        match kind {
            NodeKind::ShadowRoot { .. } => {
                self.see(Seen { node, parent, previous, tag: "*S", class: None, element_id: None });
            }
            NodeKind::Element { ns, tag, attrs } => {
                let frame = parent.and_then(frame_host);
                let tag = match ns {
                    Namespace::Html if frame.is_some() => "iframe:HTML".to_owned(),
                    Namespace::Html => tag.to_ascii_uppercase(),
                    Namespace::Svg => format!("svg:{tag}"),
                    Namespace::MathMl => tag.to_string(),
                };
                let attr = |name: &str| attrs.iter().find(|a: &&Attr| &*a.name == name).map(|a| &*a.value);
                let (class, element_id) = (attr("class"), attr("id"));
                self.see(Seen { node, parent: frame.or(parent), previous, tag: &tag, class, element_id });
            }
            _ => {}
        }
    }

    /// Takes one record in.
    pub fn see(&mut self, seen: Seen<'_>) {
        let known = self.slots.get(&seen.node).copied();
        let parent = match seen.parent.filter(|p| *p != seen.node) {
            Some(parent) => self.slots.get(&parent).copied().unwrap_or(NIL),
            None => known.map_or(NIL, |slot| self.entries[slot as usize].parent),
        };
        let slot = match known {
            None => {
                let slot = self.entries.len() as u32;
                self.entries.push(Entry {
                    node: seen.node,
                    tag: String::new(),
                    class: None,
                    element_id: None,
                    parent: NIL,
                    prev: NIL,
                    next: NIL,
                    last: NIL,
                    first: NIL,
                    position: 1,
                    alpha: None,
                    beta: None,
                });
                self.slots.insert(seen.node, slot);
                if parent != NIL {
                    let last = self.entries[parent as usize].last;
                    self.link(slot, parent, last);
                }
                slot
            }
            Some(slot) => {
                if parent != NIL && parent != self.entries[slot as usize].parent {
                    self.unlink(slot);
                    let after = seen.previous.and_then(|p| self.slots.get(&p).copied());
                    let after = after.filter(|p| self.entries[*p as usize].parent == parent && *p != slot);
                    self.link(slot, parent, after.unwrap_or(NIL));
                }
                slot
            }
        };
        let entry = &mut self.entries[slot as usize];
        entry.tag = seen.tag.to_owned();
        entry.class = seen.class.map(str::to_owned);
        entry.element_id = seen.element_id.map(str::to_owned);
        self.name(slot);
    }

    /// Takes the removal of a node in: it counts among its siblings no more.
    pub fn removed(&mut self, node: NodeId) {
        if let Some(slot) = self.slots.get(&node).copied() {
            self.unlink(slot);
        }
    }

    fn unlink(&mut self, slot: u32) {
        let entry = &mut self.entries[slot as usize];
        let (parent, prev, next) = (entry.parent, entry.prev, entry.next);
        (entry.parent, entry.prev, entry.next) = (NIL, NIL, NIL);
        if parent == NIL {
            return;
        }
        match prev {
            NIL => self.entries[parent as usize].first = next,
            prev => self.entries[prev as usize].next = next,
        }
        match next {
            NIL => self.entries[parent as usize].last = prev,
            next => self.entries[next as usize].prev = prev,
        }
    }

    fn link(&mut self, slot: u32, parent: u32, after: u32) {
        let next = match after {
            NIL => std::mem::replace(&mut self.entries[parent as usize].first, slot),
            after => std::mem::replace(&mut self.entries[after as usize].next, slot),
        };
        match next {
            NIL => self.entries[parent as usize].last = slot,
            next => self.entries[next as usize].prev = slot,
        }
        let entry = &mut self.entries[slot as usize];
        (entry.parent, entry.prev, entry.next) = (parent, after, next);
    }

    /// Computes position and selectors of one node; what is under it keeps its own until it is seen again.
    fn name(&mut self, slot: u32) {
        let position = {
            let mut at = self.entries[slot as usize].prev;
            loop {
                if at == NIL {
                    break 1;
                }
                let other = &self.entries[at as usize];
                if other.tag == self.entries[slot as usize].tag {
                    break other.position.saturating_add(1);
                }
                at = other.prev;
            }
        };
        self.entries[slot as usize].position = position;
        let (alpha, beta) = self.selectors(slot, position);
        let entry = &mut self.entries[slot as usize];
        entry.alpha = alpha.filter(|s| s.len() <= LONGEST);
        entry.beta = beta.filter(|s| s.len() <= LONGEST);
    }

    fn selectors(&mut self, slot: u32, position: u32) -> (Option<String>, Option<String>) {
        let entry = &self.entries[slot as usize];
        match entry.tag.as_str() {
            "STYLE" | "TITLE" | "LINK" | "META" | "*T" | "*D" | "iframe:*D" => return (None, None),
            "HTML" => return (Some("HTML".to_owned()), Some("HTML".to_owned())),
            _ => {}
        }
        let Some(parent) = self.entries.get(entry.parent as usize) else { return (None, None) };
        let (Some(above_alpha), Some(above_beta)) = (&parent.alpha, &parent.beta) else { return (None, None) };
        let (alpha_prefix, beta_prefix) = (format!("{above_alpha}>"), format!("{above_beta}>"));
        let tag = entry.tag.strip_prefix("svg:").unwrap_or(&entry.tag);
        if let Some(id) = entry.element_id.as_deref().filter(|id| is_telling(id)) {
            return (Some(format!("{}#{id}", scope(&alpha_prefix))), Some(format!("{}#{id}", scope(&beta_prefix))));
        }
        let classes = match &entry.class {
            Some(class) if tag != "BODY" => {
                class.split(super::mask::is_space).filter(|c| is_telling(c)).collect::<Vec<_>>().join(".")
            }
            _ => String::new(),
        };
        if classes.is_empty() {
            let alpha = format!("{alpha_prefix}{tag}~{}", position - 1);
            return (Some(alpha), Some(format!("{beta_prefix}{tag}:nth-of-type({position})")));
        }
        let mut key = String::with_capacity(alpha_prefix.len() + tag.len() + classes.len() + 1);
        for part in above_alpha.split('>') {
            let cut = part.find('.').or_else(|| part.find('~')).unwrap_or(part.len());
            key.push_str(&part[..cut]);
            key.push('>');
        }
        key.push_str(tag);
        key.push('.');
        key.push_str(&classes);
        let beta = format!("{beta_prefix}{tag}.{classes}:nth-of-type({position})");
        let node = entry.node;
        let registered = self.registry.entry(key.clone()).or_default();
        let next = registered.len() as u32;
        let index = *registered.entry(node).or_insert(next);
        (Some(format!("{key}~{index}")), Some(beta))
    }
}

/// The iframe of a frame's document.
fn frame_host(document: NodeId) -> Option<NodeId> {
    let bit = NodeId::frame_of(NodeId(0)).0;
    (document.0 & bit != 0).then_some(NodeId(document.0 & !bit))
}

/// The part of a prefix that an id cannot see through: up to the last shadow root or frame.
fn scope(prefix: &str) -> &str {
    let mut end = 0;
    let mut at = 0;
    for part in prefix.split_inclusive('>') {
        at += part.len();
        if part.starts_with("*S") || part.starts_with("iframe:HTML") {
            end = at;
        }
    }
    &prefix[..end]
}

/// Names that change from load to load or with what the visitor does say nothing about the element.
fn is_telling(name: &str) -> bool {
    const FLEETING: [&str; 8] = ["load", "active", "fixed", "visible", "focus", "show", "collaps", "animat"];
    if name.is_empty() || name.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let lower = name.to_lowercase();
    !FLEETING.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_the_facts() {
        for (text, full) in [
            ("", "113k8c"),
            ("a", "11794b"),
            ("ab", "y0hzfl"),
            ("Hello", "v9ig1si"),
            ("HTML", "v6qkchb"),
            ("#dead", "v9i2n3b"),
            ("HTML>BODY>H1.title~0", "5lwudcfqo"),
            ("HTML>BODY:nth-of-type(1)>H1.title:nth-of-type(1)", "2dgx8hvnu"),
            ("🎉", "ub23lp"),
        ] {
            assert_eq!(hash(text), full, "{text}");
        }
        for (text, short) in
            [("a", "11794b"), ("ab", "2xrgkh"), ("#dead", "2bq9uv"), ("Jane Doe", "1x2dny"), ("🎉", "3o52v1")]
        {
            assert_eq!(hash_bits(text, 28), short, "{text}");
        }
    }

    fn see(selectors: &mut Selectors, node: u64, parent: u64, tag: &str, class: &str, id: &str) {
        let some = |t| if str::is_empty(t) { None } else { Some(t) };
        selectors.see(Seen {
            node: NodeId(node),
            parent: Some(NodeId(parent)).filter(|p| p.0 > 0),
            previous: None,
            tag,
            class: some(class),
            element_id: some(id),
        });
    }

    #[test]
    fn selectors_of_the_facts() {
        let mut s = Selectors::new();
        see(&mut s, 3, 1, "HTML", "", "");
        see(&mut s, 4, 3, "BODY", "home", "");
        see(&mut s, 5, 4, "H1", "title", "");
        see(&mut s, 6, 4, "DIV", "x1 loading", "host");
        see(&mut s, 7, 6, "*S", "", "");
        see(&mut s, 8, 7, "BUTTON", "", "sb");
        see(&mut s, 9, 4, "IFRAME", "", "same");
        see(&mut s, 10, 9, "iframe:HTML", "", "");
        see(&mut s, 11, 9, "iframe:HTML", "", "");
        see(&mut s, 12, 11, "P", "", "ib");
        see(&mut s, 13, 4, "STYLE", "", "");
        see(&mut s, 14, 4, "H1", "title", "t2");
        let of = |n| s.selectors_of(NodeId(n));
        assert_eq!(of(5), Some(("HTML>BODY>H1.title~0", "HTML>BODY:nth-of-type(1)>H1.title:nth-of-type(1)")));
        assert_eq!(of(8), Some(("#host>*S~0>#sb", "#host>*S:nth-of-type(1)>#sb")));
        assert_eq!(of(12).map(|p| p.0), Some("#same>iframe:HTML~1>#ib"));
        assert_eq!(of(13), None);
        assert_eq!(of(14), Some(("HTML>BODY>H1.title~1", "HTML>BODY:nth-of-type(1)>H1.title:nth-of-type(2)")));
    }
}
