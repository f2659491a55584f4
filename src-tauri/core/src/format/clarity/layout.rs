//! DOM records of one page, turned into ops.
//!
//! Three traps. Records of one event state each node's **final** previous sibling, so carried out in list order they
//! put reordered lists wrong: a record's `previous` goes first when it is placed in the same event. A node that
//! comes back after it was removed comes back alone: the recorder keeps what is under it and does not send it again,
//! so what was removed is remembered here. And ids of roots are missing or differ by version.

use super::intern::{Interner, Map};
use super::mask;
use super::payload::{Layout, Node, Payload};
use crate::event::{Attr, Namespace, NodeId, NodeKind, Op, OpenState, Place, SheetRef, Str};
use crate::format::MAX_NODES;

/// Attribute of HEAD with the base address of the page.
pub const BASE: &str = "dwell:base";
/// Attributes of IMG with the box of a masked image, px.
pub const WIDTH: &str = "dwell:width";
pub const HEIGHT: &str = "dwell:height";

/// Steps that a page may spend on subtrees that leave and come back. Beyond it, what leaves is forgotten.
const REVIVAL_STEPS: usize = 4_000_000;
const NIL: u32 = u32::MAX;
const TOP: u32 = 0;
/// Ids below this are found by index.
const DENSE: u32 = 1 << 20;

/// What happened that a reader should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// Removal of, or update without a parent for, a node that is not known.
    Unknown,
    /// A node would have become its own ancestor.
    Cycle,
    /// Children of a node that has none (text, doctype, iframe).
    Misplaced,
    /// Removed subtrees were forgotten.
    Forgotten,
}

#[derive(Debug, Clone)]
struct Entry {
    id: NodeId,
    /// Tree links; a shadow root and a frame's document have a parent but are in no child list.
    parent: u32,
    first: u32,
    last: u32,
    prev: u32,
    next: u32,
    /// Shadow root of a host, document of an iframe.
    inner: u32,
    kind: Kind,
    /// `parent` and `previous` of the last record.
    record: (Option<u32>, Option<u32>),
    /// It is in the tree that the ops build.
    live: bool,
    /// Event that named it last, and its record there.
    stamp: u32,
    named: u32,
    order: Order,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Named by others, not recorded yet.
    Unknown,
    /// A polyfilled shadow root: stands for its host.
    Alias(u32),
    Node(NodeKind),
    /// A STYLE with the text of its sheet.
    Style(NodeKind, Str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Waiting,
    Begun,
    Done,
}

#[derive(Debug, Clone, Default)]
struct Form {
    value: Option<Str>,
    checked: Option<bool>,
}

pub(super) struct Page {
    entries: Vec<Entry>,
    /// Nodes beyond [`MAX_NODES`], which were left out.
    pub(super) over: usize,
    dense: Vec<u32>,
    sparse: Map<u32, u32>,
    /// The recorder gave id 1 to an ordinary node.
    one_is_a_node: bool,
    /// Current root element of the top document.
    root: u32,
    has_snapshot: bool,
    forms: Map<u32, Form>,
    sheets: std::collections::BTreeMap<Str, Str>,
    adopted: std::collections::BTreeMap<NodeId, Vec<Str>>,
    defined: Vec<Str>,
    steps: usize,
    stamp: u32,
    /// Scratch: slots of the records that place nodes, in their order.
    wanted: Vec<u32>,
    /// Scratch: record of each of them.
    sorted: Vec<u32>,
    stack: Vec<u32>,
    pub(super) oddities: Vec<Oddity>,
    words: Words,
}

/// Names that are needed all the time.
struct Words {
    empty: Str,
    base: Str,
    width: Str,
    height: Str,
    html: Str,
    tags: Map<Str, (Namespace, Str)>,
}

/// A payload with its number within the page.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'p, 'a> {
    pub(super) number: u32,
    pub(super) payload: &'p Payload<'a>,
}

impl Page {
    /// `one_is_a_node`: some record of the page has the id 1.
    pub(super) fn new(one_is_a_node: bool, interner: &mut Interner) -> Page {
        let mut page = Page {
            entries: Vec::new(),
            over: 0,
            dense: Vec::new(),
            sparse: Map::default(),
            one_is_a_node,
            root: NIL,
            has_snapshot: false,
            forms: Map::default(),
            sheets: Default::default(),
            adopted: Default::default(),
            defined: Vec::new(),
            steps: 0,
            stamp: 0,
            wanted: Vec::new(),
            sorted: Vec::new(),
            stack: Vec::new(),
            oddities: Vec::new(),
            words: Words {
                empty: interner.get(""),
                base: interner.get(BASE),
                width: interner.get(WIDTH),
                height: interner.get(HEIGHT),
                html: interner.get("html"),
                tags: Map::default(),
            },
        };
        page.reset();
        page
    }

    fn reset(&mut self) {
        self.entries.clear();
        self.dense.clear();
        self.sparse.clear();
        self.forms.clear();
        self.root = NIL;
        let top = self.entry(NodeId::DOCUMENT);
        self.entries[top as usize].kind = Kind::Node(NodeKind::Document { quirks: false });
        if !self.one_is_a_node {
            self.dense.resize(2, NIL);
            self.dense[1] = TOP;
        }
    }

    fn entry(&mut self, id: NodeId) -> u32 {
        self.entries.push(Entry {
            id,
            parent: NIL,
            first: NIL,
            last: NIL,
            prev: NIL,
            next: NIL,
            inner: NIL,
            kind: Kind::Unknown,
            record: (None, None),
            live: false,
            stamp: 0,
            named: NIL,
            order: Order::Waiting,
        });
        (self.entries.len() - 1) as u32
    }

    /// The id that the model uses for a recorded one.
    pub(super) fn node_id(&self, recorded: u32) -> NodeId {
        match recorded {
            1 if self.one_is_a_node => NodeId(1 << 44 | 1),
            _ => NodeId(recorded.into()),
        }
    }

    fn find(&self, recorded: u32) -> Option<u32> {
        let slot = if recorded < DENSE {
            self.dense.get(recorded as usize).copied().unwrap_or(NIL)
        } else {
            self.sparse.get(&recorded).copied().unwrap_or(NIL)
        };
        (slot != NIL).then_some(slot)
    }

    fn find_or_make(&mut self, recorded: u32) -> u32 {
        if let Some(slot) = self.find(recorded) {
            return slot;
        }
        let slot = self.entry(self.node_id(recorded));
        if recorded < DENSE {
            let index = recorded as usize;
            if self.dense.len() <= index {
                self.dense.resize(index + 1, NIL);
            }
            self.dense[index] = slot;
        } else {
            self.sparse.insert(recorded, slot);
        }
        slot
    }

    /// The document whose window scrolls when this node does: only for root elements.
    pub(super) fn document_of(&self, recorded: u32) -> Option<NodeId> {
        let Some(slot) = self.find(recorded) else {
            // Without any DOM the low ids are all there is: doctype 2, root element 3 at the latest.
            return (!self.has_snapshot && recorded <= 3).then_some(NodeId::DOCUMENT);
        };
        if slot == TOP {
            return Some(NodeId::DOCUMENT);
        }
        if matches!(self.entries[slot as usize].kind, Kind::Unknown) {
            return (!self.has_snapshot && recorded <= 3).then_some(NodeId::DOCUMENT);
        }
        let parent = self.entries.get(self.entries[slot as usize].parent as usize)?;
        match (&parent.kind, &self.entries[slot as usize].kind) {
            (Kind::Node(NodeKind::Document { .. }), Kind::Node(NodeKind::Element { .. })) => Some(parent.id),
            _ => None,
        }
    }

    /// Whether the node stands in the document of a frame.
    pub(super) fn is_embedded(&self, recorded: i64) -> bool {
        let mut at = u32::try_from(recorded).ok().and_then(|id| self.find(id)).unwrap_or(NIL);
        // Bounded by the number of nodes, should a damaged tree have a ring.
        for _ in 0..self.entries.len() {
            let Some(entry) = self.entries.get(at as usize) else { return false };
            if at != TOP && matches!(entry.kind, Kind::Node(NodeKind::Document { .. })) {
                return true;
            }
            at = entry.parent;
        }
        false
    }

    fn attr(&self, slot: u32, name: &str) -> Option<&Str> {
        match &self.entries.get(slot as usize)?.kind {
            Kind::Node(NodeKind::Element { attrs, .. }) | Kind::Style(NodeKind::Element { attrs, .. }, _) => {
                attrs.iter().find(|a| *a.name == *name).map(|a| &a.value)
            }
            _ => None,
        }
    }
    fn tag(&self, slot: u32) -> Option<&str> {
        match &self.entries.get(slot as usize)?.kind {
            Kind::Node(NodeKind::Element { tag, ns: Namespace::Html, .. }) => Some(tag),
            _ => None,
        }
    }

    /// The node is a checkbox or radio, as far as it is known.
    pub(super) fn is_box(&self, recorded: u32) -> Option<bool> {
        let slot = self.find(recorded)?;
        self.tag(slot)?;
        Some(self.box_type(slot).is_some())
    }
    fn box_type(&self, slot: u32) -> Option<&'static str> {
        if self.tag(slot)? != "input" {
            return None;
        }
        let kind = self.attr(slot, "type")?;
        ["checkbox", "radio"].into_iter().find(|t| kind.eq_ignore_ascii_case(t))
    }

    pub(super) fn set_value(&mut self, recorded: u32, value: Str) {
        if let Some(slot) = self.find(recorded) {
            self.forms.entry(slot).or_default().value = Some(value);
        }
    }

    /// Notes that a box was checked or not, as the tree does: a checked radio unchecks its group.
    pub(super) fn set_checked(&mut self, recorded: u32, checked: bool) {
        let Some(slot) = self.find(recorded) else { return };
        self.forms.entry(slot).or_default().checked = Some(checked);
        if !checked || self.box_type(slot) != Some("radio") {
            return;
        }
        let Some(name) = self.attr(slot, "name").filter(|n| !n.is_empty()).cloned() else { return };
        let owner = self.form_owner(slot);
        let mut others: Vec<u32> = self.forms.keys().copied().filter(|other| *other != slot).collect();
        others.retain(|other| {
            self.box_type(*other) == Some("radio")
                && self.attr(*other, "name") == Some(&name)
                && self.form_owner(*other) == owner
        });
        for other in others {
            self.forms.entry(other).or_default().checked = Some(false);
        }
    }
    /// The form around a control, else the root of its tree.
    fn form_owner(&self, slot: u32) -> u32 {
        let mut at = slot;
        for _ in 0..10_000 {
            let Some(entry) = self.entries.get(at as usize) else { break };
            if entry.parent == NIL || self.tag(at) == Some("form") {
                break;
            }
            if matches!(entry.kind, Kind::Node(NodeKind::Document { .. } | NodeKind::ShadowRoot { .. })) {
                break;
            }
            at = entry.parent;
        }
        at
    }

    /// Ops of one layout event. Answers whether it is a full picture of the DOM.
    pub(super) fn records(
        &mut self,
        source: Numbered<'_, '_>,
        layout: Layout,
        code: u32,
        interner: &mut Interner,
        ops: &mut Vec<Op>,
    ) -> bool {
        let nodes = source.payload.nodes(layout);
        if nodes.is_empty() {
            return false;
        }
        let is_root = |node: &Node| source.payload.str(node.tag) == "HTML" && !matches!(node.parent, Some(p) if p > 1);
        let picture = code != 6 && (!self.has_snapshot || nodes.iter().any(is_root));
        if picture {
            self.picture(source, nodes, ops);
        }
        self.stamp += 1;
        self.wanted.clear();
        for (index, node) in nodes.iter().enumerate() {
            if self.entries.len() >= MAX_NODES && self.find(node.id).is_none() {
                self.over += 1;
                continue;
            }
            let slot = self.find_or_make(node.id);
            let entry = &mut self.entries[slot as usize];
            if entry.stamp != self.stamp {
                entry.stamp = self.stamp;
                entry.order = Order::Waiting;
                self.wanted.push(slot);
            }
            // The last record of an id is the one that holds.
            self.entries[slot as usize].named = index as u32;
        }
        let mut removals: Vec<u32> = Vec::new();
        self.sort(source, nodes, &mut removals);
        let sorted = std::mem::take(&mut self.sorted);
        for slot in &sorted {
            let node = &nodes[self.entries[*slot as usize].named as usize];
            self.put(source, node, *slot, code == 43, interner, ops);
        }
        self.sorted = sorted;
        for slot in removals {
            self.remove(slot, ops);
        }
        if picture {
            self.has_snapshot = true;
            for name in &self.defined {
                ops.push(Op::DefineElement { name: name.clone() });
            }
            if let Some(sheets) = self.adopted.get(&NodeId::DOCUMENT) {
                ops.push(Op::Adopt { root: NodeId::DOCUMENT, sheets: sheets.clone() });
            }
        }
        picture
    }

    fn picture(&mut self, source: Numbered<'_, '_>, nodes: &[Node], ops: &mut Vec<Op>) {
        self.reset();
        ops.push(Op::Reset);
        // What style events said before belongs to the new picture, too: they precede it in the stream.
        for (id, text) in &self.sheets {
            ops.push(Op::SheetText { sheet: SheetRef::Constructed(id.clone()), text: text.clone() });
        }
        let doctype = nodes.iter().find(|node| source.payload.str(node.tag) == "*D");
        let quirks = match doctype {
            None => true,
            Some(node) => {
                let part = |name: &str| {
                    let attrs = source.payload.attrs(node).iter();
                    attrs.clone().find(|a| source.payload.str(a.0) == name).map_or("", |a| source.payload.str(a.1))
                };
                is_quirky(part("name"), part("publicId"), part("systemId"))
            }
        };
        let kind = NodeKind::Document { quirks };
        self.entries[TOP as usize].kind = Kind::Node(kind.clone());
        self.entries[TOP as usize].live = true;
        ops.push(Op::Put { node: NodeId::DOCUMENT, parent: None, place: Place::Last, kind });
    }

    /// Fills `sorted`: parents before children, a record's `previous` before itself. Removals are set apart.
    fn sort(&mut self, source: Numbered<'_, '_>, nodes: &[Node], removals: &mut Vec<u32>) {
        self.sorted.clear();
        let wanted = std::mem::take(&mut self.wanted);
        for slot in &wanted {
            let node = &nodes[self.entries[*slot as usize].named as usize];
            if self.is_removal(source, node, *slot) {
                self.entries[*slot as usize].order = Order::Done;
                removals.push(*slot);
            }
        }
        for slot in &wanted {
            self.stack.push(*slot);
            while let Some(slot) = self.stack.last().copied() {
                let entry = &mut self.entries[slot as usize];
                if entry.order == Order::Done {
                    self.stack.pop();
                    continue;
                }
                if entry.order == Order::Begun {
                    entry.order = Order::Done;
                    self.sorted.push(slot);
                    self.stack.pop();
                    continue;
                }
                entry.order = Order::Begun;
                let node = &nodes[entry.named as usize];
                for recorded in [node.previous, node.parent].into_iter().flatten() {
                    if let Some(first) = self.find(recorded) {
                        let other = &self.entries[first as usize];
                        if other.stamp == self.stamp && other.order == Order::Waiting {
                            // A previous sibling that is on its way to another parent says nothing about this place.
                            let sibling =
                                Some(recorded) != node.previous || nodes[other.named as usize].parent == node.parent;
                            if sibling {
                                self.stack.push(first);
                            }
                        }
                    }
                }
            }
        }
        self.wanted = wanted;
    }

    fn is_removal(&self, source: Numbered<'_, '_>, node: &Node, slot: u32) -> bool {
        if node.numbers != 1 || node.value.is_some() || node.size.is_some() || !source.payload.attrs(node).is_empty() {
            return false;
        }
        let entry = &self.entries[slot as usize];
        match source.payload.str(node.tag) {
            "HTML" | "iframe:HTML" => !matches!(entry.kind, Kind::Unknown) && entry.record.0.is_some(),
            _ => true,
        }
    }

    fn remove(&mut self, slot: u32, ops: &mut Vec<Op>) {
        let entry = &self.entries[slot as usize];
        if matches!(entry.kind, Kind::Unknown) || slot == TOP {
            self.oddities.push(Oddity::Unknown);
            return;
        }
        if entry.live {
            ops.push(Op::Remove { node: entry.id });
        }
        self.unlink(slot);
        self.entries[slot as usize].record = (None, None);
        self.die(slot);
    }

    /// Marks a subtree as not in the tree any more.
    fn die(&mut self, slot: u32) {
        let forget = self.steps > REVIVAL_STEPS;
        if forget {
            self.oddities.push(Oddity::Forgotten);
        }
        self.stack.clear();
        self.stack.push(slot);
        while let Some(at) = self.stack.pop() {
            self.steps += 1;
            let entry = &mut self.entries[at as usize];
            if !entry.live && at != slot {
                continue;
            }
            entry.live = false;
            if self.root == at {
                self.root = NIL;
            }
            if entry.inner != NIL {
                self.stack.push(entry.inner);
            }
            let mut child = entry.first;
            if forget && at != slot {
                entry.kind = Kind::Unknown;
                entry.record = (None, None);
            }
            while child != NIL {
                self.stack.push(child);
                child = self.entries[child as usize].next;
            }
            if forget {
                let mut child = std::mem::replace(&mut self.entries[at as usize].first, NIL);
                self.entries[at as usize].last = NIL;
                self.entries[at as usize].inner = NIL;
                while child != NIL {
                    let entry = &mut self.entries[child as usize];
                    child = std::mem::replace(&mut entry.next, NIL);
                    entry.prev = NIL;
                    entry.parent = NIL;
                }
            }
        }
    }

    fn unlink(&mut self, slot: u32) {
        let (parent, prev, next) = {
            let entry = &mut self.entries[slot as usize];
            let links = (entry.parent, entry.prev, entry.next);
            (entry.parent, entry.prev, entry.next) = (NIL, NIL, NIL);
            links
        };
        if parent == NIL {
            return;
        }
        if self.entries[parent as usize].inner == slot {
            self.entries[parent as usize].inner = NIL;
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

    /// Links a node without a place under `parent`, right after `after` (first when it is `NIL`).
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

    fn put(
        &mut self,
        source: Numbered<'_, '_>,
        node: &Node,
        slot: u32,
        bare_tags: bool,
        interner: &mut Interner,
        ops: &mut Vec<Op>,
    ) {
        let tag = source.payload.str(node.tag);
        let known = !matches!(self.entries[slot as usize].kind, Kind::Unknown);
        if slot == TOP || tag == "*M" {
            return;
        }
        let before = self.entries[slot as usize].parent;
        let parent = match tag {
            "*D" => TOP,
            "HTML" => match node.parent.and_then(|p| self.find(p)) {
                Some(p) if p != slot && p != TOP && !matches!(self.entries[p as usize].kind, Kind::Unknown) => p,
                _ => TOP,
            },
            "iframe:*D" | "iframe:HTML" => match node.parent {
                Some(p) => {
                    let host = self.find_or_make(p);
                    let is_frame = match &self.entries[host as usize].kind {
                        Kind::Unknown => host != slot,
                        _ => self.tag(host) == Some("iframe"),
                    };
                    if !is_frame {
                        self.oddities.push(Oddity::Misplaced);
                        return;
                    }
                    self.frame(host, slot, tag == "iframe:*D", ops)
                }
                None if known && before != NIL => before,
                None => {
                    self.oddities.push(Oddity::Unknown);
                    return;
                }
            },
            _ => match node.parent {
                Some(p) => self.find_or_make(p),
                None if known && before != NIL => before,
                None => {
                    self.oddities.push(Oddity::Unknown);
                    return;
                }
            },
        };
        let parent = match self.entries[parent as usize].kind {
            Kind::Alias(host) => host,
            _ => parent,
        };
        let inner = tag == "*S";
        match &self.entries[parent as usize].kind {
            Kind::Node(NodeKind::Text(_) | NodeKind::Doctype { .. } | NodeKind::Comment(_)) | Kind::Style(..) => {
                self.oddities.push(Oddity::Misplaced);
                return;
            }
            Kind::Node(NodeKind::Element { ns: Namespace::Html, tag, .. }) if &**tag == "iframe" => {
                self.oddities.push(Oddity::Misplaced);
                return;
            }
            _ => {}
        }
        if tag == "*P" {
            self.entries[slot as usize].kind = Kind::Alias(parent);
            self.entries[slot as usize].record = (node.parent, node.previous);
            return;
        }
        if parent == TOP && tag == "HTML" && self.root != slot {
            let old = std::mem::replace(&mut self.root, slot);
            // A document has one root element. One that is named in the same event keeps its own fate.
            if old != NIL && self.entries[old as usize].stamp != self.stamp {
                self.remove(old, ops);
                self.root = slot;
            }
        }
        let kind = self.kind(source, node, tag, parent, bare_tags, interner);
        let moved = self.place(slot, parent, node, inner, known);
        let Ok(moved) = moved else {
            self.oddities.push(Oddity::Cycle);
            return;
        };
        let entry = &mut self.entries[slot as usize];
        entry.record = (node.parent, node.previous);
        let old = std::mem::replace(&mut entry.kind, kind);
        let (live, parent_live) = (entry.live, self.entries[parent as usize].live);
        match (live, parent_live) {
            (true, true) => {
                if !moved && self.differences(slot, &old, ops) {
                    self.form_of(slot, Some(&old), ops);
                    return self.content_of_frame(source, node, slot, ops);
                }
                self.push_put(slot, moved, ops);
                if let (Kind::Style(_, was), Kind::Style(_, is)) = (&old, &self.entries[slot as usize].kind)
                    && is.is_empty()
                    && !was.is_empty()
                {
                    let node = NodeId::text_of(self.entries[slot as usize].id);
                    ops.push(Op::Text { node, text: is.clone() });
                }
                self.form_of(slot, Some(&old), ops);
            }
            (false, true) => self.revive(slot, ops),
            (true, false) => {
                ops.push(Op::Remove { node: self.entries[slot as usize].id });
                self.die(slot);
            }
            (false, false) => {}
        }
        self.content_of_frame(source, node, slot, ops);
    }

    /// An iframe that is sent again without `*O` has lost its readable content.
    fn content_of_frame(&mut self, source: Numbered<'_, '_>, node: &Node, slot: u32, ops: &mut Vec<Op>) {
        let inner = self.entries[slot as usize].inner;
        if inner == NIL || self.tag(slot) != Some("iframe") {
            return;
        }
        // The content of this very event came with the frame.
        let first = self.entries[inner as usize].first;
        if first != NIL && self.entries[first as usize].stamp == self.stamp {
            return;
        }
        if !source.payload.attrs(node).iter().any(|(name, _)| source.payload.str(*name) == "*O") {
            self.drop_frame(slot, ops);
        }
    }

    fn drop_frame(&mut self, host: u32, ops: &mut Vec<Op>) {
        let inner = self.entries[host as usize].inner;
        if inner == NIL {
            return;
        }
        if self.entries[inner as usize].live {
            ops.push(Op::Remove { node: self.entries[inner as usize].id });
        }
        self.unlink(inner);
        self.die(inner);
    }

    /// The document of an iframe, a new one when `slot` starts another tree there.
    fn frame(&mut self, host: u32, slot: u32, is_doctype: bool, ops: &mut Vec<Op>) -> u32 {
        let inner = self.entries[host as usize].inner;
        if inner != NIL && matches!(self.entries[inner as usize].kind, Kind::Node(NodeKind::Document { .. })) {
            if self.entries[slot as usize].parent == inner {
                return inner;
            }
            let mut child = self.entries[inner as usize].first;
            let (mut doctype, mut root) = (false, false);
            while child != NIL {
                match self.entries[child as usize].kind {
                    Kind::Node(NodeKind::Doctype { .. }) => doctype = true,
                    _ => root = true,
                }
                child = self.entries[child as usize].next;
            }
            if !(root || is_doctype && doctype) {
                return inner;
            }
            self.drop_frame(host, ops);
        }
        let id = NodeId::frame_of(self.entries[host as usize].id);
        let document = self.entry(id);
        let kind = NodeKind::Document { quirks: !is_doctype };
        let live = self.entries[host as usize].live;
        let entry = &mut self.entries[document as usize];
        entry.kind = Kind::Node(kind.clone());
        entry.parent = host;
        entry.live = live;
        self.entries[host as usize].inner = document;
        if live {
            let parent = Some(self.entries[host as usize].id);
            ops.push(Op::Put { node: id, parent, place: Place::Last, kind });
        }
        document
    }

    /// Puts the entry where the record says. `Ok(true)` when it moved, `Err` when it would be its own ancestor.
    fn place(&mut self, slot: u32, parent: u32, node: &Node, inner: bool, known: bool) -> Result<bool, ()> {
        let entry = &self.entries[slot as usize];
        let before = (entry.parent, entry.prev);
        if before.0 != parent && (entry.first != NIL || entry.inner != NIL) {
            let mut at = parent;
            while at != NIL {
                if at == slot {
                    return Err(());
                }
                self.steps += 1;
                if self.steps > REVIVAL_STEPS * 16 {
                    return Err(());
                }
                at = self.entries[at as usize].parent;
            }
        } else if parent == slot {
            return Err(());
        }
        if inner {
            if self.entries[parent as usize].inner == slot {
                return Ok(false);
            }
            self.unlink(slot);
            let old = std::mem::replace(&mut self.entries[parent as usize].inner, slot);
            if old != NIL {
                self.entries[old as usize].parent = NIL;
            }
            self.entries[slot as usize].parent = parent;
            return Ok(true);
        }
        // An update that only repeats the parent leaves the place alone when the sibling means nothing here.
        let same = known && before.0 == parent && (entry.record == (node.parent, node.previous) || node.numbers == 1);
        let after = match node.previous {
            None if node.numbers == 1 && known => before.1,
            None => NIL,
            Some(previous) => match self.find(previous) {
                Some(previous) if previous == slot => before.1,
                Some(previous) if self.entries[previous as usize].parent == parent => previous,
                Some(previous) if matches!(self.entries[previous as usize].kind, Kind::Unknown) => {
                    if same {
                        before.1
                    } else {
                        NIL
                    }
                }
                // The document itself, or an alias: nothing comes before.
                Some(TOP) => NIL,
                Some(_) if same => before.1,
                Some(_) => self.entries[parent as usize].last,
                None if same => before.1,
                None => NIL,
            },
        };
        let after = if after == slot { before.1 } else { after };
        if before.0 == parent && before.1 == after && self.entries[parent as usize].inner != slot {
            return Ok(false);
        }
        self.unlink(slot);
        self.link(slot, parent, after);
        Ok(true)
    }

    fn place_of(&self, slot: u32) -> Place {
        match self.entries[slot as usize].prev {
            NIL => Place::First,
            prev => Place::After(self.entries[prev as usize].id),
        }
    }

    fn push_put(&mut self, slot: u32, moved: bool, ops: &mut Vec<Op>) {
        let entry = &self.entries[slot as usize];
        let (kind, css) = match &entry.kind {
            Kind::Node(kind) => (kind.clone(), None),
            Kind::Style(kind, css) => (kind.clone(), Some(css.clone())),
            Kind::Unknown | Kind::Alias(_) => return,
        };
        let node = entry.id;
        let shadow = matches!(kind, NodeKind::ShadowRoot { .. });
        let place = match &kind {
            NodeKind::ShadowRoot { .. } | NodeKind::Document { .. } => Place::Last,
            _ if moved => self.place_of(slot),
            _ => Place::Keep,
        };
        let parent = Some(self.entries[entry.parent as usize].id);
        ops.push(Op::Put { node, parent, place, kind });
        if let Some(css) = css.filter(|css| !css.is_empty()) {
            let kind = NodeKind::Text(css);
            ops.push(Op::Put { node: NodeId::text_of(node), parent: Some(node), place: Place::First, kind });
        }
        if shadow && let Some(sheets) = self.adopted.get(&node) {
            ops.push(Op::Adopt { root: node, sheets: sheets.clone() });
        }
    }

    /// Puts a node that was not in the tree, with all that is known to be under it.
    fn revive(&mut self, slot: u32, ops: &mut Vec<Op>) {
        let mut stack = vec![slot];
        while let Some(at) = stack.pop() {
            let entry = &mut self.entries[at as usize];
            if matches!(entry.kind, Kind::Unknown | Kind::Alias(_)) {
                continue;
            }
            if at != slot {
                self.steps += 1;
            }
            entry.live = true;
            self.push_put(at, true, ops);
            self.form_of(at, None, ops);
            // Siblings in order: each is put right after the one before it.
            let entry = &self.entries[at as usize];
            let mut child = entry.last;
            while child != NIL {
                stack.push(child);
                child = self.entries[child as usize].prev;
            }
            if self.entries[at as usize].inner != NIL {
                stack.push(self.entries[at as usize].inner);
            }
        }
    }

    /// Writes what changed about a node that stays where it is as single changes. False when it became another node.
    fn differences(&self, slot: u32, old: &Kind, ops: &mut Vec<Op>) -> bool {
        let entry = &self.entries[slot as usize];
        let node = entry.id;
        let (old, old_css, new, css) = match (old, &entry.kind) {
            (Kind::Node(old), Kind::Node(new)) => (old, None, new, None),
            (Kind::Style(old, old_css), Kind::Style(new, css)) => (old, Some(old_css), new, Some(css)),
            _ => return false,
        };
        match (old, new) {
            (NodeKind::Text(a), NodeKind::Text(b)) => {
                if a != b {
                    ops.push(Op::Text { node, text: b.clone() });
                }
            }
            (NodeKind::ShadowRoot { .. }, NodeKind::ShadowRoot { .. }) => {}
            (NodeKind::Element { ns, tag, attrs }, NodeKind::Element { ns: ns2, tag: tag2, attrs: attrs2 })
                if ns == ns2 && tag == tag2 =>
            {
                if attrs.len() > 64 || attrs2.len() > 64 {
                    return false;
                }
                for a in attrs {
                    if !attrs2.iter().any(|b| b.name == a.name) {
                        ops.push(Op::Attr { node, name: a.name.clone(), value: None });
                    }
                }
                for b in attrs2 {
                    if !attrs.contains(b) {
                        ops.push(Op::Attr { node, name: b.name.clone(), value: Some(b.value.clone()) });
                    }
                }
                if *ns == Namespace::Html && &**tag == "dialog" {
                    let open = |attrs: &[Attr]| attrs.iter().any(|a| &*a.name == "open");
                    // How it was opened is not recorded; scripts nearly always open dialogs as modal ones.
                    match (open(attrs), open(attrs2)) {
                        (false, true) => ops.push(Op::Open { node, open: OpenState::Modal }),
                        (true, false) => ops.push(Op::Open { node, open: OpenState::Closed }),
                        _ => {}
                    }
                }
            }
            _ => return false,
        }
        if let (Some(old_css), Some(css)) = (old_css, css)
            && old_css != css
        {
            let text = NodeId::text_of(node);
            if old_css.is_empty() {
                let kind = NodeKind::Text(css.clone());
                ops.push(Op::Put { node: text, parent: Some(node), place: Place::First, kind });
            } else {
                ops.push(Op::Text { node: text, text: css.clone() });
            }
        }
        true
    }

    /// Live state of a form control that its record tells, or that was known before it was put again.
    fn form_of(&mut self, slot: u32, old: Option<&Kind>, ops: &mut Vec<Op>) {
        if self.tag(slot) != Some("input") {
            // The value of a text area or select is known from its input events alone.
            if old.is_none() && matches!(self.tag(slot), Some("textarea" | "select")) {
                let node = self.entries[slot as usize].id;
                if let Some(value) = self.forms.get(&slot).and_then(|f| f.value.clone()) {
                    ops.push(Op::Value { node, value });
                }
            }
            return;
        }
        let node = self.entries[slot as usize].id;
        let old_attr = |name: &str| match old {
            Some(Kind::Node(NodeKind::Element { attrs, .. })) => {
                attrs.iter().find(|a| &*a.name == name).map(|a| &a.value)
            }
            _ => None,
        };
        if self.box_type(slot).is_some() {
            let checked = self.attr(slot, "checked").is_some();
            let form = self.forms.get(&slot);
            let state = match (form.and_then(|f| f.checked), old) {
                (Some(known), None) => Some(known),
                (None, None) => checked.then_some(true),
                // The attribute speaks only when it changes.
                (_, Some(_)) => (old_attr("checked").is_some() != checked).then_some(checked),
            };
            if let Some(checked) = state {
                self.forms.entry(slot).or_default().checked = Some(checked);
                ops.push(Op::Checked { node, checked });
            }
            return;
        }
        if self.attr(slot, "type").is_some_and(|t| t.eq_ignore_ascii_case("file")) {
            return;
        }
        let value = self.attr(slot, "value").cloned();
        let known = self.forms.get(&slot).and_then(|f| f.value.clone());
        let state = match (known, old) {
            (Some(known), None) => Some(known),
            (None, None) => value,
            (_, Some(_)) => value.filter(|v| old_attr("value") != Some(v)),
        };
        if let Some(value) = state {
            self.forms.entry(slot).or_default().value = Some(value.clone());
            ops.push(Op::Value { node, value });
        }
    }

    fn kind(
        &mut self,
        source: Numbered<'_, '_>,
        node: &Node,
        tag: &str,
        parent: u32,
        bare_tags: bool,
        interner: &mut Interner,
    ) -> Kind {
        let Numbered { number, payload } = source;
        match tag {
            "*T" => {
                let value = node.value.map_or("", |v| payload.str(v));
                let masked = if node.masked { mask::from_length_form(value) } else { None };
                let text = match (masked, node.value) {
                    (Some(text), _) => Str::from(text),
                    (None, Some(v)) => interner.at(number, payload, v),
                    (None, None) => self.words.empty.clone(),
                };
                return Kind::Node(NodeKind::Text(text));
            }
            "*D" | "iframe:*D" => {
                let attrs = payload.attrs(node);
                let mut part = |name: &str| match attrs.iter().find(|a| payload.str(a.0) == name) {
                    Some(a) => interner.at(number, payload, a.1),
                    None => interner.get(""),
                };
                return Kind::Node(NodeKind::Doctype {
                    name: part("name"),
                    public_id: part("publicId"),
                    system_id: part("systemId"),
                });
            }
            "*S" => return Kind::Node(NodeKind::ShadowRoot { open: true }),
            _ => {}
        }
        let (ns, local) = self.name(tag, parent, bare_tags, interner);
        let recorded = payload.attrs(node);
        let mut attrs = Vec::with_capacity(recorded.len() + if node.size.is_some() { 2 } else { 0 });
        for (name, value) in recorded {
            let raw = payload.str(*name);
            let name = if raw.starts_with('*') {
                if raw != "*B" {
                    continue;
                }
                self.words.base.clone()
            } else if raw.starts_with("dwell:") {
                continue;
            } else {
                interner.get(raw)
            };
            attrs.push(Attr { name, value: interner.at(number, payload, *value) });
        }
        if let Some((width, height)) = node.size {
            attrs.push(Attr { name: self.words.width.clone(), value: Str::from(width.to_string()) });
            attrs.push(Attr { name: self.words.height.clone(), value: Str::from(height.to_string()) });
        }
        let element = NodeKind::Element { ns, tag: local, attrs };
        if tag == "STYLE" {
            let css = node.value.map_or_else(|| self.words.empty.clone(), |v| interner.at(number, payload, v));
            return Kind::Style(element, css);
        }
        Kind::Node(element)
    }

    fn name(&mut self, tag: &str, parent: u32, bare_tags: bool, interner: &mut Interner) -> (Namespace, Str) {
        if let Some((ns, local)) = self.words.tags.get(tag) {
            return (*ns, local.clone());
        }
        let named = if tag == "iframe:HTML" {
            (Namespace::Html, self.words.html.clone())
        } else if let Some(local) = tag.strip_prefix("svg:") {
            (Namespace::Svg, interner.get(local))
        } else if !tag.bytes().any(|b| b.is_ascii_lowercase()) {
            (Namespace::Html, interner.get(&tag.to_ascii_lowercase()))
        } else {
            // Lower case is another namespace, or a document written as XHTML; who stands above decides.
            let above = match &self.entries[parent as usize].kind {
                Kind::Node(NodeKind::Element { ns, tag, .. }) => (*ns, &**tag),
                _ => (Namespace::Html, ""),
            };
            let ns = match above {
                _ if tag == "math" => Namespace::MathMl,
                (Namespace::MathMl, "annotation-xml") if !is_math(tag) => Namespace::Html,
                (Namespace::MathMl, _) if is_math(tag) => Namespace::MathMl,
                _ if bare_tags && tag == "svg" => Namespace::Svg,
                (Namespace::Svg, "foreignObject" | "desc" | "title") => Namespace::Html,
                (Namespace::Svg, _) if bare_tags => Namespace::Svg,
                _ => Namespace::Html,
            };
            return match ns {
                Namespace::Html => (ns, interner.get(&tag.to_ascii_lowercase())),
                _ => (ns, interner.get(tag)),
            };
        };
        self.words.tags.insert(interner.get(tag), named.clone());
        named
    }

    pub(super) fn sheet(&mut self, sheet: Str, operation: i64, css: Option<Str>) -> Vec<Op> {
        let text = match (operation, css) {
            (0, _) | (_, None) => {
                if self.sheets.contains_key(&sheet) {
                    return Vec::new();
                }
                self.words.empty.clone()
            }
            (_, Some(css)) => css,
        };
        self.sheets.insert(sheet.clone(), text.clone());
        vec![Op::SheetText { sheet: SheetRef::Constructed(sheet), text }]
    }

    /// `owner` −1 is the top document.
    pub(super) fn adopt(&mut self, owner: i64, sheets: Vec<Str>) -> Vec<Op> {
        let root = match u32::try_from(owner) {
            Ok(owner) if owner > 0 => self.node_id(owner),
            _ => NodeId::DOCUMENT,
        };
        self.adopted.insert(root, sheets.clone());
        vec![Op::Adopt { root, sheets }]
    }

    pub(super) fn define(&mut self, name: Str) -> Vec<Op> {
        if !self.defined.contains(&name) {
            self.defined.push(name.clone());
        }
        vec![Op::DefineElement { name }]
    }
}

/// Elements of MathML: the recorder leaves their namespace out.
fn is_math(tag: &str) -> bool {
    matches!(
        tag,
        "math"
            | "maction"
            | "annotation"
            | "annotation-xml"
            | "menclose"
            | "merror"
            | "mfenced"
            | "mfrac"
            | "mi"
            | "mmultiscripts"
            | "mn"
            | "mo"
            | "mover"
            | "mpadded"
            | "mphantom"
            | "mprescripts"
            | "mroot"
            | "mrow"
            | "ms"
            | "mspace"
            | "msqrt"
            | "mstyle"
            | "msub"
            | "msubsup"
            | "msup"
            | "mtable"
            | "mtd"
            | "mtext"
            | "mtr"
            | "munder"
            | "munderover"
            | "none"
            | "semantics"
    )
}

/// Whether a doctype makes a browser lay the page out in quirks mode (HTML standard, tree construction).
fn is_quirky(name: &str, public_id: &str, system_id: &str) -> bool {
    const PREFIXES: [&str; 12] = [
        "+//silmaril//",
        "-//as//dtd html 3.0",
        "-//advasoft ltd//",
        "-//ietf//dtd html",
        "-//metrius//",
        "-//microsoft//dtd internet explorer",
        "-//netscape comm. corp.//",
        "-//o'reilly and associates//dtd html",
        "-//sq//dtd html",
        "-//softquad",
        "-//w3c//dtd html 3",
        "-//webtechs//dtd mozilla html",
    ];
    const EARLY: [&str; 4] = [
        "-//w3c//dtd html 4.0 frameset//",
        "-//w3c//dtd html 4.0 transitional//",
        "-//w3c//dtd w3 html//",
        "-//w3o//dtd w3 html",
    ];
    const WITHOUT_SYSTEM: [&str; 2] = ["-//w3c//dtd html 4.01 frameset//", "-//w3c//dtd html 4.01 transitional//"];
    let public = public_id.to_ascii_lowercase();
    let starts = |list: &[&str]| list.iter().any(|p| public.starts_with(p));
    !name.eq_ignore_ascii_case("html")
        || public == "html"
        || system_id.eq_ignore_ascii_case("http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd")
        || starts(&PREFIXES)
        || starts(&EARLY)
        || (system_id.is_empty() && starts(&WITHOUT_SYSTEM))
}
