use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use url::Url;

use super::css;
use super::shared::{Ids, Nodes};
use crate::event::{Attr, Event, Kind, MediaState, Namespace, NodeId, NodeKind, Op, OpenState, Place, SheetRef, Str};

/// Index into the arena. `u32::MAX` is "none", so that links stay four bytes wide.
pub(super) type Slot = u32;
pub(super) const NONE: Slot = u32::MAX;
/// What an empty slot holds.
static NOTHING: LazyLock<Arc<NodeKind>> = LazyLock::new(|| Arc::new(NodeKind::Text(Str::from(""))));

/// Rules of a sheet that was edited, or whose text came apart from its element.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// Top-level rules in order, as text.
    pub rules: Vec<Str>,
}

impl Sheet {
    pub fn parse(text: &str) -> Sheet {
        Sheet { rules: css::split_rules(text).into_iter().map(Str::from).collect() }
    }
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(self.rules.iter().map(|r| r.len() + 1).sum());
        for rule in &self.rules {
            out.push_str(rule);
            out.push('\n');
        }
        out
    }
}

/// State that lives outside attributes and text. Everything absent is at its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// Value of an input or textarea as the visitor saw it (masked values stay masked).
    pub value: Option<Str>,
    pub checked: Option<bool>,
    /// On `<option>`.
    pub selected: Option<bool>,
    /// Scroll offsets in CSS px; on a document, the window's.
    pub scroll: Option<(f64, f64)>,
    pub open: Option<OpenState>,
    pub media: Option<MediaState>,
    /// What a canvas shows.
    pub image: Option<Str>,
    /// Sheet of a style or link element, when it is not simply the element's text.
    pub sheet: Option<Arc<Sheet>>,
    /// Constructed sheets adopted by this document or shadow root.
    pub adopted: Vec<Str>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub id: NodeId,
    /// Shared by all states in which it is the same.
    pub kind: Arc<NodeKind>,
    pub(super) live: Option<Box<Live>>,
    parent: Slot,
    prev: Slot,
    next: Slot,
    first: Slot,
    last: Slot,
    shadow: Slot,
    content: Slot,
    /// Taken out in the running batch; gone at its end unless it is put back.
    limbo: bool,
}

impl Node {
    pub(super) fn nothing() -> Node {
        Node::alone(NodeId(0), NOTHING.clone())
    }
    fn alone(id: NodeId, kind: Arc<NodeKind>) -> Node {
        Node {
            id,
            kind,
            live: None,
            parent: NONE,
            prev: NONE,
            next: NONE,
            first: NONE,
            last: NONE,
            shadow: NONE,
            content: NONE,
            limbo: false,
        }
    }
    pub fn live(&self) -> Option<&Live> {
        self.live.as_deref()
    }
    pub fn attr(&self, name: &str) -> Option<&Str> {
        match &*self.kind {
            NodeKind::Element { attrs, .. } => attrs.iter().find(|a| &*a.name == name).map(|a| &a.value),
            _ => None,
        }
    }
    /// Local name in HTML; `None` for other namespaces and other nodes.
    pub fn html_tag(&self) -> Option<&str> {
        match &*self.kind {
            NodeKind::Element { ns: Namespace::Html, tag, .. } => Some(tag),
            _ => None,
        }
    }
    pub fn text(&self) -> Option<&Str> {
        match &*self.kind {
            NodeKind::Text(text) => Some(text),
            _ => None,
        }
    }
    pub fn is_element(&self) -> bool {
        matches!(*self.kind, NodeKind::Element { .. })
    }
}

/// The DOM of one document line, with the frames and shadow roots inside it.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: Nodes,
    free: Vec<Slot>,
    index: Ids,
    top: Option<NodeId>,
    /// Nodes whose parent has not arrived, by that parent, in order of arrival.
    orphans: BTreeMap<NodeId, Vec<(NodeId, Place)>>,
    /// Adoptions that wait for the shadow root of a host, or for a root that has not arrived.
    waiting_adoptions: BTreeMap<NodeId, Vec<Str>>,
    sheets: BTreeMap<Str, Arc<Sheet>>,
    defined: BTreeSet<Str>,
    focus: Option<NodeId>,
    hover: Option<NodeId>,
    limbo: Vec<NodeId>,
    /// Elements whose sheet text came in the running batch: text children of the same batch are the recorded
    /// source of that sheet, not an edit that discards it.
    fresh_sheets: BTreeSet<NodeId>,
    changed: Option<Vec<NodeId>>,
}

impl Tree {
    pub fn new() -> Tree {
        Tree::default()
    }

    // ---- reading -------------------------------------------------------------------------------------------

    /// The top document; `None` before the first snapshot.
    pub fn top(&self) -> Option<NodeId> {
        self.top
    }
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.index.get(id).map(|s| &self.nodes[s as usize])
    }
    /// Number of nodes, parked orphans included.
    pub fn len(&self) -> usize {
        self.index.len()
    }
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }
    /// Parent in the sense of the DOM; of a shadow root its host, of a frame's document its iframe.
    pub fn parent(&self, id: NodeId) -> Option<&Node> {
        self.get(id).and_then(|n| self.at(n.parent))
    }
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children { tree: self, at: self.get(id).map_or(NONE, |n| n.first), back: false }
    }
    /// Children from the last to the first.
    pub fn children_back(&self, id: NodeId) -> Children<'_> {
        Children { tree: self, at: self.get(id).map_or(NONE, |n| n.last), back: true }
    }
    pub fn shadow(&self, id: NodeId) -> Option<&Node> {
        self.get(id).and_then(|n| self.at(n.shadow))
    }
    /// Document inside an iframe.
    pub fn content(&self, id: NodeId) -> Option<&Node> {
        self.get(id).and_then(|n| self.at(n.content))
    }
    pub fn previous(&self, id: NodeId) -> Option<&Node> {
        self.get(id).and_then(|n| self.at(n.prev))
    }
    pub fn next(&self, id: NodeId) -> Option<&Node> {
        self.get(id).and_then(|n| self.at(n.next))
    }
    /// Every node in no particular but reproducible order.
    pub fn ids(&self) -> Vec<NodeId> {
        self.index.sorted()
    }
    pub fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets.get(name).map(|sheet| &**sheet)
    }
    pub fn sheets(&self) -> impl Iterator<Item = (&Str, &Sheet)> {
        self.sheets.iter().map(|(name, sheet)| (name, &**sheet))
    }
    /// Names of custom elements that the page had defined.
    pub fn defined(&self) -> &BTreeSet<Str> {
        &self.defined
    }
    pub fn focus(&self) -> Option<NodeId> {
        self.focus
    }
    /// The element under the pointer, as far as the recording says.
    pub fn hover(&self) -> Option<NodeId> {
        self.hover
    }
    /// Elements with a `popover` attribute that are open.
    pub(super) fn open_popovers(&self) -> Vec<NodeId> {
        // An element that was opened has live state; few have.
        self.nodes
            .iter()
            .filter(|n| n.live.as_ref().is_some_and(|l| matches!(l.open, Some(OpenState::Open | OpenState::Modal))))
            .filter(|n| n.attr("popover").is_some() && self.index.contains(n.id))
            .map(|n| n.id)
            .collect()
    }
    /// True when the node hangs, through parents, hosts and iframes, on the top document.
    pub fn is_connected(&self, id: NodeId) -> bool {
        let mut at = id;
        // A parent chain cannot be longer than the number of nodes; the bound guards against a damaged tree.
        for _ in 0..=self.nodes.len() {
            if Some(at) == self.top {
                return true;
            }
            match self.parent(at) {
                Some(p) => at = p.id,
                None => return false,
            }
        }
        false
    }
    /// The document or shadow root that the node is in.
    pub fn root_of(&self, id: NodeId) -> NodeId {
        let Some(mut slot) = self.index.get(id) else { return id };
        for _ in 0..=self.nodes.len() {
            let node = &self.nodes[slot as usize];
            if matches!(*node.kind, NodeKind::Document { .. } | NodeKind::ShadowRoot { .. }) || node.parent == NONE {
                return node.id;
            }
            slot = node.parent;
        }
        id
    }
    /// The document that the node is in, through shadow roots.
    pub fn document_of(&self, id: NodeId) -> NodeId {
        let mut at = self.root_of(id);
        for _ in 0..=self.nodes.len() {
            match self.get(at) {
                Some(n) if matches!(*n.kind, NodeKind::ShadowRoot { .. }) && n.parent != NONE => {
                    at = self.root_of(self.nodes[n.parent as usize].id);
                }
                _ => return at,
            }
        }
        at
    }
    /// Pre-order over the node and everything under it: shadow root first, then content document, then
    /// children.
    pub fn subtree(&self, id: NodeId) -> Vec<NodeId> {
        let Some(start) = self.index.get(id) else { return Vec::new() };
        let mut out = Vec::new();
        let mut stack = vec![start];
        while let Some(slot) = stack.pop() {
            let node = &self.nodes[slot as usize];
            out.push(node.id);
            let mut kid = node.last;
            while kid != NONE {
                stack.push(kid);
                kid = self.nodes[kid as usize].prev;
            }
            if node.content != NONE {
                stack.push(node.content);
            }
            if node.shadow != NONE {
                stack.push(node.shadow);
            }
        }
        out
    }
    /// Concatenated text of the node's descendants, shadow roots and frames left out.
    pub fn text_content(&self, id: NodeId) -> String {
        let mut out = String::new();
        let Some(start) = self.index.get(id) else { return out };
        let mut stack = vec![start];
        while let Some(slot) = stack.pop() {
            let node = &self.nodes[slot as usize];
            if let NodeKind::Text(t) = &*node.kind {
                out.push_str(t);
            }
            let mut kid = node.last;
            while kid != NONE {
                stack.push(kid);
                kid = self.nodes[kid as usize].prev;
            }
        }
        out
    }
    /// Text of the node's own text children, that of elements inside it left out.
    pub fn own_text(&self, id: NodeId) -> String {
        self.children(id).filter_map(|n| n.text()).map(|t| &**t).collect()
    }
    /// CSS text of a style or link element as the recording has it; `None` when it has none.
    pub fn css_of(&self, id: NodeId) -> Option<String> {
        let node = self.get(id)?;
        if !matches!(&*node.kind, NodeKind::Element { tag, .. } if matches!(&**tag, "style" | "link")) {
            return None;
        }
        if let Some(sheet) = node.live().and_then(|l| l.sheet.as_ref()) {
            return Some(sheet.text());
        }
        matches!(&*node.kind, NodeKind::Element { tag, .. } if &**tag == "style").then(|| self.own_text(id))
    }

    /// What relative addresses of a document are relative to: what the recorder noted, else its `<base>`, else
    /// `page`, the page's address.
    pub fn base_url(&self, document: NodeId, page: Option<&Url>) -> Option<Url> {
        let html = self.children(document).find(|n| n.html_tag() == Some("html"));
        let head = html.and_then(|h| self.children(h.id).find(|n| n.html_tag() == Some("head")));
        let noted = head.and_then(|h| {
            h.attr("dwell:base")
                .or_else(|| self.children(h.id).filter(|n| n.html_tag() == Some("base")).find_map(|n| n.attr("href")))
        });
        let resolved = noted.and_then(|b| Url::options().base_url(page).parse(b.trim()).ok());
        resolved.filter(|u| matches!(u.scheme(), "http" | "https" | "file")).or_else(|| page.cloned())
    }

    /// Every node of this tree or `to` that a patch between them may have to speak of: those that differ or hang
    /// elsewhere, their parents, and those that look different because of a sheet or of a name's definition. Sorted.
    /// Quick when one tree, or both, came from a copy of the other.
    pub(super) fn unlike(&self, to: &Tree) -> Vec<NodeId> {
        let mut ids = Vec::new();
        let mut note = |tree: &Tree, node: &Node| {
            if tree.index.contains(node.id) {
                ids.push(node.id);
                ids.extend(tree.at(node.parent).map(|p| p.id));
            }
        };
        for (ours, theirs) in self.nodes.unlike(&to.nodes) {
            for at in 0..ours.len().max(theirs.len()) {
                let (a, b) = (ours.get(at), theirs.get(at));
                if a != b {
                    a.into_iter().for_each(|node| note(self, node));
                    b.into_iter().for_each(|node| note(to, node));
                }
            }
        }
        if self.defined != to.defined {
            let named = |n: &&Node| n.html_tag().is_some_and(|tag| tag.contains('-'));
            to.nodes.iter().filter(named).for_each(|node| note(to, node));
        }
        let edited: Vec<&Str> = to
            .sheets
            .iter()
            .filter(|(name, sheet)| self.sheets.get(*name) != Some(sheet))
            .map(|(name, _)| name)
            .collect();
        let dropped = self.sheets.keys().filter(|name| !to.sheets.contains_key(*name));
        let edited: BTreeSet<&Str> = edited.into_iter().chain(dropped).collect();
        if !edited.is_empty() {
            let adopts =
                |n: &&Node| n.live.as_ref().is_some_and(|l| l.adopted.iter().any(|name| edited.contains(name)));
            to.nodes.iter().filter(adopts).for_each(|node| note(to, node));
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    // Slots, for who asks much about many nodes: an id has to be looked up first.
    pub(super) fn slots(&self) -> usize {
        self.nodes.len()
    }
    pub(super) fn slot_of(&self, id: NodeId) -> Option<usize> {
        self.index.get(id).map(|slot| slot as usize)
    }
    pub(super) fn in_slot(&self, slot: usize) -> &Node {
        &self.nodes[slot]
    }
    pub(super) fn slot_above(&self, slot: usize) -> Option<usize> {
        let above = self.nodes[slot].parent;
        (above != NONE).then_some(above as usize)
    }
    pub(super) fn children_in_slots(&self, slot: usize) -> impl Iterator<Item = (usize, &Node)> {
        let mut at = self.nodes[slot].first;
        std::iter::from_fn(move || {
            let slot = at;
            let node = self.at(slot)?;
            at = node.next;
            Some((slot as usize, node))
        })
    }

    /// Nodes that are held for this tree beside those held for `other` anyway.
    pub fn apart(&self, other: &Tree) -> usize {
        self.nodes.apart(&other.nodes)
    }

    fn at(&self, slot: Slot) -> Option<&Node> {
        (slot != NONE).then(|| &self.nodes[slot as usize])
    }

    // ---- changing ------------------------------------------------------------------------------------------

    /// Starts noting which nodes change, for patches that need not look at the whole tree.
    pub fn watch(&mut self) {
        self.changed = Some(Vec::new());
    }
    /// Stops noting.
    pub fn unwatch(&mut self) {
        self.changed = None;
    }
    /// The nodes touched since the last call, each once, sorted; `None` when nothing short of the whole tree
    /// can be trusted (a reset happened, or nobody watched).
    pub fn take_changed(&mut self) -> Option<Vec<NodeId>> {
        let taken = self.changed.take();
        self.changed = Some(Vec::new());
        taken.map(|mut ids| {
            ids.sort_unstable();
            ids.dedup();
            ids
        })
    }

    /// Applies one event: a batch of ops, or the live state that an interaction changes.
    pub fn apply_event(&mut self, event: &Event) {
        match &event.kind {
            Kind::Snapshot { ops } | Kind::Mutation { ops } | Kind::Style { ops } => {
                for op in ops {
                    self.apply(op);
                }
                self.end_batch();
            }
            Kind::Scroll { node, x, y } => self.set_scroll(*node, *x, *y),
            Kind::Input { node, value, checked, .. } => {
                if let Some(checked) = checked {
                    self.set_checked(*node, *checked);
                }
                if let Some(value) = value {
                    self.set_value(*node, value);
                }
            }
            Kind::Change { node, value: Some(value), input_type, .. }
                if !matches!(&**input_type, "checkbox" | "radio" | "file") =>
            {
                // A select says the same once as input and once as change.
                let known = self.get(*node).and_then(Node::live).and_then(|l| l.value.as_ref()) == Some(value);
                if !known {
                    self.set_value(*node, value);
                }
            }
            Kind::Open { node, open } => self.set_open(*node, *open),
            Kind::Media { node, media, .. } => self.set_media(*node, media),
            Kind::Move(p) | Kind::MouseDown(p) | Kind::MouseUp(p) | Kind::DoubleClick(p) | Kind::Drag(p) => {
                self.set_hover(p.node)
            }
            Kind::Click(c) => {
                self.set_hover(c.at.node);
                if c.trusted {
                    self.click_popovers(c.at.node);
                }
            }
            Kind::FocusIn { node } => self.set_focus(Some(*node)),
            Kind::FocusOut { node } if self.focus == Some(*node) => self.set_focus(None),
            _ => {}
        }
    }

    /// Applies one op of a batch. Unknown nodes are left alone: recordings refer to what they never showed.
    pub fn apply(&mut self, op: &Op) {
        match op {
            Op::Reset => {
                let watching = self.changed.is_some();
                let mut fresh = Tree { defined: std::mem::take(&mut self.defined), ..Tree::default() };
                if self.top.is_none() {
                    // Clarity sends sheets and adoptions just ahead of the snapshot that needs them.
                    fresh.sheets = std::mem::take(&mut self.sheets);
                    fresh.waiting_adoptions = std::mem::take(&mut self.waiting_adoptions);
                }
                *self = fresh;
                // What changed is "everything": without a list the next patch compares whole trees.
                if watching {
                    self.changed = None;
                }
            }
            Op::Put { node, parent, place, kind } => self.put(*node, *parent, *place, kind),
            Op::Remove { node } => self.remove(*node),
            Op::Attr { node, name, value } => self.set_attr(*node, name, value.as_ref()),
            Op::StyleProperty { node, property, value, important } => {
                let Some(slot) = self.slot(*node) else { return };
                let old = self.nodes[slot as usize].attr("style").cloned();
                let new = css::set_declaration(old.as_deref().unwrap_or(""), property, value.as_deref(), *important);
                if new.is_empty() && old.is_none() {
                    return;
                }
                self.set_attr(*node, &Str::from("style"), Some(&Str::from(new)));
            }
            Op::Text { node, text } => {
                let Some(slot) = self.slot(*node) else { return };
                match Arc::make_mut(&mut self.nodes[slot as usize].kind) {
                    NodeKind::Text(t) | NodeKind::Comment(t) => *t = text.clone(),
                    _ => return,
                }
                self.touch(*node);
                self.text_under_parent_changed(slot);
            }
            Op::Value { node, value } => self.set_value(*node, value),
            Op::Checked { node, checked } => self.set_checked(*node, *checked),
            Op::Selected { node, selected } => {
                let selected = *selected;
                self.with_live(*node, |l| l.selected = Some(selected));
            }
            Op::Scroll { node, x, y } => self.set_scroll(*node, *x, *y),
            Op::Open { node, open } => self.set_open(*node, *open),
            Op::Media { node, media } => self.set_media(*node, media),
            Op::SheetText { sheet, text } => match sheet {
                SheetRef::Owner(id) => {
                    let parsed = Sheet::parse(text);
                    self.fresh_sheets.insert(*id);
                    self.with_live(*id, |l| l.sheet = Some(Arc::new(parsed)));
                }
                SheetRef::Constructed(name) => {
                    self.sheets.insert(name.clone(), Arc::new(Sheet::parse(text)));
                    self.touch_adopters(name);
                }
            },
            Op::SheetInsert { sheet, path, rule } => {
                self.edit_sheet(sheet, |rules| css::insert_rule(rules, path, rule));
            }
            Op::SheetDelete { sheet, path } => self.edit_sheet(sheet, |rules| css::delete_rule(rules, path)),
            Op::SheetDeclare { sheet, path, property, value, important } => {
                self.edit_sheet(sheet, |rules| css::declare(rules, path, property, value.as_deref(), *important));
            }
            Op::Adopt { root, sheets } => {
                let target = match self.get(*root).map(|n| (&*n.kind, n.shadow)) {
                    Some((NodeKind::Document { .. } | NodeKind::ShadowRoot { .. }, _)) => Some(*root),
                    Some((_, shadow)) => self.at(shadow).map(|n| n.id),
                    None => None,
                };
                match target {
                    Some(id) => {
                        let sheets = sheets.clone();
                        self.with_live(id, |l| l.adopted = sheets);
                    }
                    None => {
                        self.waiting_adoptions.insert(*root, sheets.clone());
                    }
                }
            }
            Op::CanvasImage { node, image } => {
                let image = image.clone();
                self.with_live(*node, |l| l.image = Some(image));
            }
            Op::DefineElement { name } => {
                // The first definition decides for all custom elements, see `Projection`.
                let first = self.defined.is_empty();
                if self.defined.insert(name.clone()) && self.changed.is_some() {
                    let named: Vec<NodeId> = self
                        .nodes
                        .iter()
                        .filter(|n| self.index.contains(n.id))
                        .filter(|n| n.html_tag().is_some_and(|tag| tag == &**name || (first && tag.contains('-'))))
                        .map(|n| n.id)
                        .collect();
                    for id in named {
                        self.touch(id);
                    }
                }
            }
        }
    }

    /// Ends a batch of ops: what was removed in it and not put back is gone.
    pub fn end_batch(&mut self) {
        self.fresh_sheets.clear();
        for id in std::mem::take(&mut self.limbo) {
            let Some(slot) = self.index.get(id) else { continue };
            let node = &self.nodes[slot as usize];
            if !node.limbo {
                continue;
            }
            let host = self.at(node.parent);
            if matches!(*node.kind, NodeKind::ShadowRoot { .. }) && host.is_some_and(|h| !h.limbo) {
                // A host that was moved keeps its shadow root, even an empty one, and the sheets it adopted.
                self.nodes[slot as usize].limbo = false;
                continue;
            }
            self.release(slot);
        }
    }

    pub(super) fn waiting_nodes(&self) -> &BTreeMap<NodeId, Vec<(NodeId, Place)>> {
        &self.orphans
    }
    pub(super) fn waiting_adoptions(&self) -> &BTreeMap<NodeId, Vec<Str>> {
        &self.waiting_adoptions
    }
    pub(super) fn restore_live(&mut self, id: NodeId, live: Option<Box<Live>>) {
        if let Some(slot) = self.slot(id) {
            self.nodes[slot as usize].live = live;
        }
    }
    pub(super) fn restore(&mut self, sheets: Vec<(Str, Sheet)>, focus: Option<NodeId>, hover: Option<NodeId>) {
        self.sheets = sheets.into_iter().map(|(name, sheet)| (name, Arc::new(sheet))).collect();
        self.focus = focus;
        self.hover = hover;
    }

    fn slot(&self, id: NodeId) -> Option<Slot> {
        self.index.get(id)
    }

    fn touch(&mut self, id: NodeId) {
        if let Some(changed) = &mut self.changed {
            changed.push(id);
        }
    }

    fn touch_adopters(&mut self, name: &Str) {
        if self.changed.is_none() {
            return;
        }
        let adopters: Vec<NodeId> = self
            .nodes
            .iter()
            .filter(|n| n.live.as_ref().is_some_and(|l| l.adopted.contains(name)) && self.index.contains(n.id))
            .map(|n| n.id)
            .collect();
        for id in adopters {
            self.touch(id);
        }
    }

    fn with_live(&mut self, id: NodeId, change: impl FnOnce(&mut Live)) {
        let Some(slot) = self.slot(id) else { return };
        change(self.nodes[slot as usize].live.get_or_insert_default());
        self.touch(id);
    }

    fn set_scroll(&mut self, id: NodeId, x: f64, y: f64) {
        if !x.is_finite() || !y.is_finite() {
            return;
        }
        // Scrolling a root element is scrolling its window; Clarity names the HTML element, rrweb the document.
        let target = match self.get(id) {
            Some(n) if n.html_tag() == Some("html") => match self.at(n.parent) {
                Some(p) if matches!(*p.kind, NodeKind::Document { .. }) => p.id,
                _ => id,
            },
            _ => id,
        };
        self.with_live(target, |l| l.scroll = Some((x, y)));
    }

    fn set_open(&mut self, id: NodeId, open: OpenState) {
        self.with_live(id, |l| l.open = Some(open));
    }

    fn set_media(&mut self, id: NodeId, media: &MediaState) {
        self.with_live(id, |l| {
            let m = l.media.get_or_insert_default();
            m.playing = media.playing.or(m.playing);
            m.position = media.position.or(m.position);
            m.rate = media.rate.or(m.rate);
            m.volume = media.volume.or(m.volume);
            m.muted = media.muted.or(m.muted);
            m.looping = media.looping.or(m.looping);
        });
    }

    fn set_hover(&mut self, node: Option<NodeId>) {
        if let Some(id) = node
            && self.index.contains(id)
        {
            self.hover = Some(id);
        }
    }

    fn set_focus(&mut self, node: Option<NodeId>) {
        self.focus = node;
    }

    fn set_attr(&mut self, id: NodeId, name: &Str, value: Option<&Str>) {
        let Some(slot) = self.slot(id) else { return };
        let NodeKind::Element { attrs, .. } = Arc::make_mut(&mut self.nodes[slot as usize].kind) else { return };
        let at = attrs.iter().position(|a| a.name == *name);
        match (at, value) {
            (Some(i), Some(v)) => attrs[i].value = v.clone(),
            (None, Some(v)) => attrs.push(Attr { name: name.clone(), value: v.clone() }),
            (Some(i), None) => {
                attrs.remove(i);
            }
            (None, None) => return,
        }
        self.touch(id);
    }

    /// Text under a style element replaces its sheet; text under a textarea is its value until one is typed.
    fn text_under_parent_changed(&mut self, slot: Slot) {
        let parent = self.nodes[slot as usize].parent;
        if parent == NONE {
            return;
        }
        let node = &mut self.nodes[parent as usize];
        let NodeKind::Element { tag, .. } = &*node.kind else { return };
        let is_style = &**tag == "style";
        if is_style
            && !self.fresh_sheets.contains(&node.id)
            && let Some(live) = &mut node.live
        {
            live.sheet = None;
        }
        if is_style || &**tag == "textarea" {
            let id = node.id;
            self.touch(id);
        }
    }

    fn edit_sheet(&mut self, sheet: &SheetRef, edit: impl FnOnce(&mut Vec<Str>)) {
        match sheet {
            SheetRef::Owner(id) => {
                let Some(text) = self.css_of(*id).or_else(|| self.get(*id).map(|_| String::new())) else { return };
                self.with_live(*id, |l| {
                    let sheet = l.sheet.get_or_insert_with(|| Arc::new(Sheet::parse(&text)));
                    edit(&mut Arc::make_mut(sheet).rules);
                });
            }
            SheetRef::Constructed(name) => {
                edit(&mut Arc::make_mut(self.sheets.entry(name.clone()).or_default()).rules);
                self.touch_adopters(name);
            }
        }
    }

    // ---- form state ------------------------------------------------------------------------------------------

    fn set_value(&mut self, id: NodeId, value: &Str) {
        if self.get(id).and_then(Node::html_tag) == Some("select") {
            self.choose_option(id, value);
        }
        let value = value.clone();
        self.with_live(id, |l| l.value = Some(value));
    }

    fn set_checked(&mut self, id: NodeId, checked: bool) {
        if self.get(id).is_none() {
            return;
        }
        if checked {
            for other in self.radio_group(id) {
                self.with_live(other, |l| l.checked = Some(false));
            }
        }
        self.with_live(id, |l| l.checked = Some(checked));
    }

    // ---- structure -------------------------------------------------------------------------------------------

    fn put(&mut self, id: NodeId, parent: Option<NodeId>, place: Place, kind: &NodeKind) {
        if parent == Some(id) {
            return;
        }
        let slot = match self.slot(id) {
            Some(slot) => {
                let same_sort =
                    std::mem::discriminant(&*self.nodes[slot as usize].kind) == std::mem::discriminant(kind);
                let same_tag = match (&*self.nodes[slot as usize].kind, kind) {
                    (NodeKind::Element { ns: a, tag: x, .. }, NodeKind::Element { ns: b, tag: y, .. }) => {
                        a == b && x == y
                    }
                    _ => true,
                };
                if same_sort && same_tag {
                    let node = &mut self.nodes[slot as usize];
                    if *node.kind != *kind {
                        let text_changed = matches!(kind, NodeKind::Text(_));
                        node.kind = Arc::new(kind.clone());
                        if text_changed {
                            self.text_under_parent_changed(slot);
                        }
                    }
                    self.nodes[slot as usize].limbo = false;
                    slot
                } else {
                    // The id was given to another node: nothing of the old one may shine through.
                    self.remove(id);
                    if let Some(old) = self.slot(id) {
                        self.release(old);
                    }
                    self.allocate(id, kind.clone())
                }
            }
            None => self.allocate(id, kind.clone()),
        };
        self.touch(id);
        self.drop_orphan(id);

        match parent {
            None if matches!(kind, NodeKind::Document { .. }) => {
                if let Some(old) = self.top.filter(|&old| old != id) {
                    self.remove(old);
                }
                self.top = Some(id);
            }
            // Only a document may hang on nothing.
            None => self.remove(id),
            Some(parent_id) => match self.slot(parent_id).filter(|&p| !self.nodes[p as usize].limbo) {
                Some(parent_slot) => self.attach_or_drop(slot, parent_slot, place),
                None => {
                    self.text_under_parent_changed(slot);
                    self.unlink(slot);
                    self.orphans.entry(parent_id).or_default().push((id, place));
                }
            },
        }
        if let Some(waiting) = self.orphans.remove(&id) {
            for (child, place) in waiting {
                let Some(child_slot) = self.slot(child) else { continue };
                if self.nodes[slot as usize].limbo {
                    // One of the waiting nodes was what this one hangs on: both went.
                    self.remove(child);
                } else if self.nodes[child_slot as usize].parent == NONE {
                    self.attach_or_drop(child_slot, slot, place);
                }
            }
        }
        let adopter = match kind {
            NodeKind::ShadowRoot { .. } | NodeKind::Document { .. } => {
                self.waiting_adoptions.remove(&id).or_else(|| match (kind, parent) {
                    (NodeKind::ShadowRoot { .. }, Some(host)) => self.waiting_adoptions.remove(&host),
                    _ => None,
                })
            }
            _ => None,
        };
        if let Some(sheets) = adopter {
            self.with_live(id, |l| l.adopted = sheets);
        }
        // A shadow root that waited for this host, and an adoption that came for the host meanwhile.
        let shadow = self.at(self.nodes[slot as usize].shadow).map(|root| root.id);
        if let Some(shadow) = shadow
            && let Some(sheets) = self.waiting_adoptions.remove(&id)
        {
            self.with_live(shadow, |l| l.adopted = sheets);
        }
    }

    /// Attaches the node, unless that would put it under itself: then it stays where it was, and goes when it
    /// was nowhere.
    fn attach_or_drop(&mut self, slot: Slot, parent: Slot, place: Place) {
        if !self.is_ancestor(slot, parent) {
            self.attach(slot, parent, place);
        } else if self.nodes[slot as usize].parent == NONE && self.top != Some(self.nodes[slot as usize].id) {
            let id = self.nodes[slot as usize].id;
            self.remove(id);
        }
    }

    fn attach(&mut self, slot: Slot, parent: Slot, place: Place) {
        let id = self.nodes[slot as usize].id;
        let parent_id = self.nodes[parent as usize].id;
        let is_document = matches!(*self.nodes[slot as usize].kind, NodeKind::Document { .. });
        let is_shadow = matches!(*self.nodes[slot as usize].kind, NodeKind::ShadowRoot { .. });
        if is_document || is_shadow {
            let held =
                if is_document { self.nodes[parent as usize].content } else { self.nodes[parent as usize].shadow };
            if held != NONE && held != slot {
                let held_id = self.nodes[held as usize].id;
                self.remove(held_id);
            }
            self.unlink(slot);
            self.nodes[slot as usize].parent = parent;
            let holder = &mut self.nodes[parent as usize];
            if is_document {
                holder.content = slot;
            } else {
                holder.shadow = slot;
            }
            self.touch(parent_id);
            return;
        }
        if matches!(*self.nodes[parent as usize].kind, NodeKind::Document { .. }) {
            self.make_room_in_document(slot, parent);
        }
        let before = match place {
            Place::First => {
                let first = self.nodes[parent as usize].first;
                if first == slot { self.nodes[slot as usize].next } else { first }
            }
            Place::Last => NONE,
            Place::Keep => {
                if self.nodes[slot as usize].parent == parent {
                    return;
                }
                NONE
            }
            Place::Before(next) => match self.slot(next) {
                Some(n) if n != slot && self.nodes[n as usize].parent == parent && !self.nodes[n as usize].limbo => n,
                Some(n) if n == slot && self.nodes[slot as usize].parent == parent => return,
                _ => NONE,
            },
            Place::After(prev) => match self.slot(prev) {
                Some(p) if p == slot => {
                    if self.nodes[slot as usize].parent == parent {
                        return;
                    }
                    NONE
                }
                Some(p) if self.nodes[p as usize].parent == parent && !self.nodes[p as usize].limbo => {
                    let next = self.nodes[p as usize].next;
                    if next == slot { self.nodes[slot as usize].next } else { next }
                }
                Some(_) => NONE,
                None => {
                    let first = self.nodes[parent as usize].first;
                    if first == slot { self.nodes[slot as usize].next } else { first }
                }
            },
        };
        let node = &self.nodes[slot as usize];
        if node.parent == parent && node.next == before && (before != NONE || self.nodes[parent as usize].last == slot)
        {
            return;
        }
        self.text_under_parent_changed(slot);
        self.unlink(slot);
        let prev = if before == NONE { self.nodes[parent as usize].last } else { self.nodes[before as usize].prev };
        {
            let node = &mut self.nodes[slot as usize];
            node.parent = parent;
            node.prev = prev;
            node.next = before;
        }
        if prev == NONE {
            self.nodes[parent as usize].first = slot;
        } else {
            self.nodes[prev as usize].next = slot;
        }
        if before == NONE {
            self.nodes[parent as usize].last = slot;
        } else {
            self.nodes[before as usize].prev = slot;
        }
        self.touch(id);
        self.touch(parent_id);
        self.text_under_parent_changed(slot);
    }

    /// A document has one doctype and one root element; the newcomer wins (facts RRWEB §3.2).
    fn make_room_in_document(&mut self, slot: Slot, parent: Slot) {
        let newcomer = std::mem::discriminant(&*self.nodes[slot as usize].kind);
        if matches!(*self.nodes[slot as usize].kind, NodeKind::Text(_) | NodeKind::Comment(_)) {
            return;
        }
        let mut kid = self.nodes[parent as usize].first;
        while kid != NONE {
            let next = self.nodes[kid as usize].next;
            if kid != slot && std::mem::discriminant(&*self.nodes[kid as usize].kind) == newcomer {
                let id = self.nodes[kid as usize].id;
                self.remove(id);
            }
            kid = next;
        }
    }

    fn is_ancestor(&self, candidate: Slot, of: Slot) -> bool {
        let node = &self.nodes[candidate as usize];
        if node.first == NONE && node.shadow == NONE && node.content == NONE {
            return candidate == of;
        }
        let mut at = of;
        let mut steps = 0;
        while at != NONE && steps <= self.nodes.len() {
            if at == candidate {
                return true;
            }
            at = self.nodes[at as usize].parent;
            steps += 1;
        }
        false
    }

    /// Takes the node and its subtree out; they are released at the end of the batch.
    fn remove(&mut self, id: NodeId) {
        let Some(slot) = self.slot(id) else { return };
        self.text_under_parent_changed(slot);
        self.drop_orphan(id);
        let parent = self.nodes[slot as usize].parent;
        if parent != NONE {
            let parent_id = self.nodes[parent as usize].id;
            self.touch(parent_id);
        }
        self.unlink(slot);
        if self.top == Some(id) {
            self.top = None;
        }
        for gone in self.subtree(id) {
            let Some(s) = self.slot(gone) else { continue };
            // Children come apart, so that each can be put back on its own; a shadow root stays with its host.
            let is_shadow = matches!(*self.nodes[s as usize].kind, NodeKind::ShadowRoot { .. });
            let node = &mut self.nodes[s as usize];
            node.first = NONE;
            node.last = NONE;
            node.content = NONE;
            node.prev = NONE;
            node.next = NONE;
            if !is_shadow {
                node.parent = NONE;
            }
            node.limbo = true;
            self.limbo.push(gone);
            self.touch(gone);
        }
    }

    /// Removes the links between the node and its parent and siblings.
    fn unlink(&mut self, slot: Slot) {
        let Node { parent, prev, next, .. } = self.nodes[slot as usize];
        if parent != NONE {
            let holder = &mut self.nodes[parent as usize];
            if holder.content == slot {
                holder.content = NONE;
            } else if holder.shadow == slot {
                holder.shadow = NONE;
            } else {
                if holder.first == slot {
                    holder.first = next;
                }
                if holder.last == slot {
                    holder.last = prev;
                }
            }
        }
        if prev != NONE {
            self.nodes[prev as usize].next = next;
        }
        if next != NONE {
            self.nodes[next as usize].prev = prev;
        }
        let node = &mut self.nodes[slot as usize];
        node.parent = NONE;
        node.prev = NONE;
        node.next = NONE;
    }

    fn drop_orphan(&mut self, id: NodeId) {
        if self.orphans.is_empty() {
            return;
        }
        self.orphans.retain(|_, list| {
            list.retain(|(child, _)| *child != id);
            !list.is_empty()
        });
    }

    fn allocate(&mut self, id: NodeId, kind: NodeKind) -> Slot {
        let node = Node::alone(id, Arc::new(kind));
        let slot = match self.free.pop() {
            Some(slot) => {
                self.nodes[slot as usize] = node;
                slot
            }
            None => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as Slot
            }
        };
        self.index.insert(id, slot);
        slot
    }

    fn release(&mut self, slot: Slot) {
        let id = self.nodes[slot as usize].id;
        let shadow = self.nodes[slot as usize].shadow;
        self.unlink(slot);
        self.index.remove(id);
        if self.focus == Some(id) {
            self.focus = None;
        }
        if self.hover == Some(id) {
            self.hover = None;
        }
        let node = &mut self.nodes[slot as usize];
        node.kind = NOTHING.clone();
        node.live = None;
        node.shadow = NONE;
        self.free.push(slot);
        if shadow != NONE {
            self.nodes[shadow as usize].parent = NONE;
        }
    }
}

/// Children of a node, first to last or last to first.
pub struct Children<'a> {
    tree: &'a Tree,
    at: Slot,
    back: bool,
}

impl<'a> Iterator for Children<'a> {
    type Item = &'a Node;
    fn next(&mut self) -> Option<&'a Node> {
        let node = self.tree.at(self.at)?;
        self.at = if self.back { node.prev } else { node.next };
        Some(node)
    }
}
