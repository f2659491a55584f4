//! What the frame must do to get from the state on screen to another one.
//!
//! The trap: the frame does not hold the recorded tree but its safe projection. A patch compares two
//! recorded trees and speaks only of what the projection shows, so everything that the sanitiser says about
//! a node is asked of `safe`, here and in the serialiser alike, and nowhere decided again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::canonical::quote;
use super::safe::{self, Assets, Context, Fate, Shown};
use super::shared::{FastMap, FastSet};
use super::{Node, Tree};
use crate::event::{Attr, MediaState, Namespace, NodeId, NodeKind, OpenState, Str};

/// One step of a patch. Printed as a JSON array whose first item is the code; the frame applies them in
/// order. A node is created before it is inserted.
#[derive(Debug, Clone, PartialEq)]
pub enum PatchOp {
    /// `D`: the top document, emptied. Without a doctype when in quirks mode.
    Document { id: NodeId, quirks: bool, doctype: Option<[Str; 3]> },
    /// `F`: the document inside an iframe that is in place.
    Frame { id: NodeId, iframe: NodeId, quirks: bool, doctype: Option<[Str; 3]> },
    /// `S`
    Shadow { id: NodeId, host: NodeId, open: bool },
    /// `E`
    Element { id: NodeId, ns: Namespace, tag: Str, attrs: Vec<Attr> },
    /// `X`
    Text { id: NodeId, text: Str },
    /// `I`: before that sibling, at the end without one.
    Insert { id: NodeId, parent: NodeId, before: Option<NodeId> },
    /// `R`: out with everything under it, but for what a later `I` of the same patch moves elsewhere.
    Remove { id: NodeId },
    /// `A`
    Attr { id: NodeId, name: Str, value: Option<Str> },
    /// `T`
    SetText { id: NodeId, text: Str },
    /// `CSS`: whole text of a style element.
    Css { id: NodeId, text: Str },
    /// `C`: whole text of a constructed sheet.
    Sheet { name: Str, text: Str },
    /// `AD`
    Adopt { root: NodeId, sheets: Vec<Str> },
    /// `V`
    Value { id: NodeId, value: Str },
    /// `K`
    Checked { id: NodeId, checked: bool },
    /// `O`
    Selected { id: NodeId, selected: bool },
    /// `@`
    Scroll { id: NodeId, x: f64, y: f64 },
    /// `OP`
    Open { id: NodeId, open: OpenState },
    /// `M`
    Media { id: NodeId, media: MediaState },
    /// `IMG`
    Image { id: NodeId, url: Str },
    /// `H`
    Hover { id: Option<NodeId> },
    /// `FO`
    Focus { id: Option<NodeId> },
}

/// How recorded trees are shown: where pictures and sheets come from.
pub struct Projection<'a> {
    pub assets: &'a dyn Assets,
}

/// One side of a comparison: a tree and the base URL of each of its documents.
struct Side<'a, 'v> {
    tree: &'a Tree,
    view: &'v Projection<'v>,
    url: Option<url::Url>,
    bases: RefCell<FastMap<Option<url::Url>>>,
    /// By slot, what was found out about the node: a number of [`Fate`] from 1, and [`SHOWN`] or [`NOT_SHOWN`].
    known: RefCell<Vec<u8>>,
}

const FATE: u8 = 3;
const SHOWN: u8 = 4;
const NOT_SHOWN: u8 = 8;

impl<'a, 'v> Side<'a, 'v> {
    fn new(tree: &'a Tree, url: &str, view: &'v Projection<'v>) -> Self {
        let known = RefCell::new(Vec::new());
        Side { tree, view, url: url::Url::parse(url).ok(), bases: RefCell::default(), known }
    }

    fn context(&self, id: NodeId) -> Context<'v> {
        let document = self.tree.document_of(id);
        let mut bases = self.bases.borrow_mut();
        let base = bases.entry(document).or_insert_with(|| self.tree.base_url(document, self.url.as_ref())).clone();
        Context { base, assets: self.view.assets }
    }

    /// The node as the frame gets it, its place in the tree not considered.
    fn project(&self, node: &Node) -> Shown {
        let NodeKind::Element { ns, tag, attrs } = &*node.kind else { return Shown::Hidden };
        let cx = self.context(node.id);
        let own = self.tree.css_of(node.id);
        let mut shown = safe::element(*ns, tag, attrs, own.as_deref().filter(|css| !css.is_empty()), &cx);
        if let Shown::Element { attrs, .. } = &mut shown {
            // A recording that never says what was defined must not hide every custom element.
            let defined = self.tree.defined();
            if *ns == Namespace::Html && tag.contains('-') && !defined.is_empty() && !defined.contains(tag) {
                attrs.push(Attr { name: Str::from("dwell-undefined"), value: Str::from("") });
            }
            if matches!(&**tag, "iframe") && self.tree.content(node.id).is_none() {
                attrs.push(Attr { name: Str::from("dwell-empty-frame"), value: Str::from("") });
            }
        }
        shown
    }

    fn note(&self, slot: usize, what: u8) {
        let mut known = self.known.borrow_mut();
        if known.is_empty() {
            known.resize(self.tree.slots(), 0);
        }
        if let Some(place) = known.get_mut(slot) {
            *place |= what;
        }
    }

    fn known(&self, slot: usize) -> u8 {
        self.known.borrow().get(slot).copied().unwrap_or(0)
    }

    /// [`fate`], asked once for each node.
    fn fate(&self, slot: usize, node: &Node) -> Fate {
        match self.known(slot) & FATE {
            1 => Fate::Hidden,
            2 => Fate::Leaf,
            3 => Fate::Whole,
            _ => {
                let fate = fate(node);
                self.note(
                    slot,
                    match fate {
                        Fate::Hidden => 1,
                        Fate::Leaf => 2,
                        Fate::Whole => 3,
                    },
                );
                fate
            }
        }
    }

    /// Children that the frame gets, in order.
    fn kids(&self, id: NodeId) -> Vec<NodeId> {
        let Some(slot) = self.tree.slot_of(id) else { return Vec::new() };
        if self.fate(slot, self.tree.in_slot(slot)) != Fate::Whole {
            return Vec::new();
        }
        self.tree
            .children_in_slots(slot)
            .filter(|(slot, node)| self.fate(*slot, node) != Fate::Hidden)
            .map(|(_, n)| n.id)
            .collect()
    }

    /// True when the frame gets this node: it hangs on the top document and nothing above hides it.
    fn is_shown(&self, id: NodeId) -> bool {
        let Some(mut slot) = self.tree.slot_of(id) else { return false };
        let mut way = Vec::new();
        let shown = loop {
            match self.known(slot) & (SHOWN | NOT_SHOWN) {
                0 => {}
                known => break known == SHOWN,
            }
            // A way up cannot be longer than there are nodes; the bound guards against a damaged tree.
            if way.len() > self.tree.slots() {
                break false;
            }
            way.push(slot);
            let node = self.tree.in_slot(slot);
            if self.fate(slot, node) == Fate::Hidden {
                break false;
            }
            let Some(above) = self.tree.slot_above(slot) else { break self.tree.top() == Some(node.id) };
            let by_child_link = !matches!(*node.kind, NodeKind::Document { .. } | NodeKind::ShadowRoot { .. });
            if by_child_link && self.fate(above, self.tree.in_slot(above)) != Fate::Whole {
                break false;
            }
            slot = above;
        };
        for slot in way {
            self.note(slot, if shown { SHOWN } else { NOT_SHOWN });
        }
        shown
    }

    fn doctype(&self, document: NodeId) -> Option<[Str; 3]> {
        self.tree.children(document).find_map(|n| match &*n.kind {
            NodeKind::Doctype { name, public_id, system_id } => {
                Some([name.clone(), public_id.clone(), system_id.clone()])
            }
            _ => None,
        })
    }

    fn depth(&self, id: NodeId) -> usize {
        let mut depth = 0;
        let mut at = id;
        while let Some(parent) = self.tree.parent(at) {
            at = parent.id;
            depth += 1;
            if depth > self.tree.len() {
                break;
            }
        }
        depth
    }

    /// The node and all that the frame gets under it, parents first.
    fn shown_subtree(&self, id: NodeId) -> Vec<NodeId> {
        let mut out = Vec::new();
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let Some(node) = self.tree.get(id) else { continue };
            if !is_sent(node) {
                continue;
            }
            out.push(id);
            let kids = self.kids(id);
            stack.extend(kids.into_iter().rev());
            if let Some(content) = self.tree.content(id) {
                stack.push(content.id);
            }
            if let Some(shadow) = self.tree.shadow(id) {
                stack.push(shadow.id);
            }
        }
        out
    }
}

fn fate(node: &Node) -> Fate {
    match &*node.kind {
        NodeKind::Element { ns, tag, attrs } => safe::fate(*ns, tag, attrs),
        NodeKind::Comment(_) | NodeKind::Doctype { .. } => Fate::Hidden,
        NodeKind::Text(_) | NodeKind::Document { .. } | NodeKind::ShadowRoot { .. } => Fate::Whole,
    }
}

fn is_sent(node: &Node) -> bool {
    fate(node) != Fate::Hidden
}

fn sends_children(node: &Node) -> bool {
    fate(node) == Fate::Whole
}

/// What the frame must do to get from `from` to `to`. `changed` are the nodes touched in between
/// ([`Tree::take_changed`]); without it the whole trees are compared. `url` is the page's address, against
/// which relative addresses are resolved. An empty `from` yields the whole page.
pub fn patch(from: &Tree, to: &Tree, changed: Option<&[NodeId]>, url: &str, view: &Projection) -> Vec<PatchOp> {
    let (a, b) = (Side::new(from, url, view), Side::new(to, url, view));
    let same_document = from.top() == to.top()
        && match (from.top(), to.top()) {
            (Some(x), Some(y)) => {
                from.get(x).map(|n| &*n.kind) == to.get(y).map(|n| &*n.kind) && a.doctype(x) == b.doctype(y)
            }
            _ => false,
        };
    let mut out = Vec::new();
    let nothing = Tree::new();
    if !same_document {
        let Some(top) = to.top() else { return out };
        let quirks = matches!(to.get(top).map(|n| &*n.kind), Some(NodeKind::Document { quirks: true }));
        out.push(PatchOp::Document { id: top, quirks, doctype: b.doctype(top) });
        Comparison::new(Side::new(&nothing, url, view), b).whole(top, &mut out);
    } else {
        Comparison::new(a, b).run(changed, &mut out);
    }
    out
}

/// A node and the sibling that it goes before.
type Placement = (NodeId, Option<NodeId>);

struct Comparison<'a, 'v> {
    a: Side<'a, 'v>,
    b: Side<'a, 'v>,
    /// Nodes that the frame must make, in the order parents first.
    created: Vec<NodeId>,
    is_created: FastSet,
    /// Nodes that stay in the frame but are put elsewhere.
    moved: BTreeSet<NodeId>,
}

impl<'a, 'v> Comparison<'a, 'v> {
    fn new(a: Side<'a, 'v>, b: Side<'a, 'v>) -> Self {
        Comparison { a, b, created: Vec::new(), is_created: FastSet::default(), moved: BTreeSet::new() }
    }

    /// Notes that the frame must make the node and what is under it, but for nodes that the frame has already:
    /// those only move here. Roots cannot move, and what was in a frame that moved is lost (`anew`).
    fn create(&mut self, top: NodeId, anew: bool) {
        let mut stack = vec![top];
        while let Some(id) = stack.pop() {
            let Some(node) = self.b.tree.get(id) else { continue };
            if !is_sent(node) {
                continue;
            }
            let is_root = matches!(*node.kind, NodeKind::Document { .. } | NodeKind::ShadowRoot { .. });
            let moves = id != top && !anew && !is_root && self.a.is_shown(id) && !self.shape_changed(id);
            if moves && self.a.tree.document_of(id) == self.b.tree.document_of(id) {
                continue;
            }
            if self.is_created.insert(id) {
                self.created.push(id);
            }
            stack.extend(self.b.kids(id).into_iter().rev());
            stack.extend(self.b.tree.content(id).map(|n| n.id));
            stack.extend(self.b.tree.shadow(id).map(|n| n.id));
        }
    }

    /// The whole page for an empty frame: sheets first, then node by node as a parser would put them, so that a frame
    /// may stop for a while after any op.
    fn whole(mut self, top: NodeId, out: &mut Vec<PatchOp>) {
        self.created = self.b.shown_subtree(top);
        self.is_created = self.created.iter().copied().collect();
        let mut adoptions = FastMap::default();
        let mut sheets = Vec::new();
        self.emit_sheets(&[], &mut sheets);
        for op in sheets {
            match op {
                PatchOp::Adopt { root, .. } => drop(adoptions.insert(root, op)),
                op => out.push(op),
            }
        }
        for at in 0..self.created.len() {
            let id = self.created[at];
            let Some(node) = self.b.tree.get(id) else { continue };
            if matches!(*node.kind, NodeKind::Document { .. }) {
                if id != top {
                    self.emit_frame(id, out);
                }
            } else {
                let before = out.len();
                self.emit_node(id, out, &mut BTreeMap::new());
                let is_root = matches!(*node.kind, NodeKind::ShadowRoot { .. });
                if let Some(parent) = self.b.tree.parent(id).filter(|_| out.len() > before && !is_root) {
                    out.insert(before + 1, PatchOp::Insert { id, parent: parent.id, before: None });
                }
            }
            out.extend(adoptions.remove(&id));
        }
        self.emit_live(&[], out);
    }

    fn run(mut self, changed: Option<&[NodeId]>, out: &mut Vec<PatchOp>) {
        let candidates: Vec<NodeId> = match changed {
            Some(ids) => ids.to_vec(),
            None => self.a.tree.unlike(self.b.tree),
        };
        let candidates = self.with_unveiled(candidates);

        // 1. Who goes, who comes, who stays with another shape.
        let mut gone = Vec::new();
        let mut kept = Vec::new();
        for &id in &candidates {
            let was = self.a.is_shown(id);
            let is = self.b.is_shown(id);
            match (was, is) {
                (true, false) => gone.push(id),
                (false, true) => self.create(id, false),
                (true, true) => {
                    if self.shape_changed(id) {
                        gone.push(id);
                        self.create(id, false);
                    } else {
                        kept.push(id);
                    }
                }
                (false, false) => {}
            }
        }
        kept.retain(|id| !self.is_created.contains(id));
        let is_gone: FastSet = gone.iter().copied().collect();
        for &id in &gone {
            let under_gone = self.a.tree.parent(id).is_some_and(|p| is_gone.contains(&p.id));
            // Roots go with what carries them, or are replaced by a root of their own kind.
            let is_root = self
                .a
                .tree
                .get(id)
                .is_some_and(|n| matches!(*n.kind, NodeKind::ShadowRoot { .. } | NodeKind::Document { .. }));
            if !under_gone && !is_root {
                out.push(PatchOp::Remove { id });
            }
        }

        // 2. Which lists of children differ, and who moves in them.
        let mut parents: Vec<NodeId> = Vec::new();
        for &id in self.created.iter().chain(&kept) {
            parents.push(id);
            if let Some(parent) = self.b.tree.parent(id) {
                parents.push(parent.id);
            }
        }
        for &id in &gone {
            if let Some(parent) = self.a.tree.parent(id) {
                parents.push(parent.id);
            }
        }
        parents.sort_unstable();
        parents.dedup();
        let mut plans: Vec<(usize, NodeId, Vec<Placement>)> = Vec::new();
        for parent in parents {
            if !self.b.is_shown(parent) {
                continue;
            }
            let plan = self.place_children(parent, false);
            if !plan.is_empty() {
                plans.push((self.b.depth(parent), parent, plan));
            }
        }
        // A frame that is moved loads anew: its document has to be filled again.
        let refill: Vec<NodeId> = self
            .moved
            .iter()
            .flat_map(|&id| self.b.shown_subtree(id))
            .filter_map(|id| self.b.tree.content(id).map(|c| c.id))
            .filter(|id| !self.is_created.contains(id))
            .collect();
        for document in refill {
            let before = self.created.len();
            self.create(document, true);
            for at in before..self.created.len() {
                let parent = self.created[at];
                let plan = self.place_children(parent, true);
                plans.retain(|(_, p, _)| *p != parent);
                if !plan.is_empty() {
                    plans.push((self.b.depth(parent), parent, plan));
                }
            }
        }
        kept.retain(|id| !self.is_created.contains(id));
        plans.sort_by_key(|(depth, parent, _)| (*depth, *parent));

        // 3. Make, then place from the top down: a frame's document exists only once the frame is in place.
        let mut frames: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        for i in 0..self.created.len() {
            let id = self.created[i];
            self.emit_node(id, out, &mut frames);
        }
        for (depth, parent, plan) in plans {
            while let Some(entry) = frames.first_entry().filter(|e| *e.key() <= depth) {
                for document in entry.remove() {
                    self.emit_frame(document, out);
                }
            }
            for (id, before) in plan {
                out.push(PatchOp::Insert { id, parent, before });
            }
        }
        for document in frames.into_values().flatten() {
            self.emit_frame(document, out);
        }

        // 4. What changed in nodes that stay.
        for &id in &kept {
            self.emit_changes(id, out);
        }
        self.emit_sheets(&kept, out);
        self.emit_live(&kept, out);
    }

    /// Adds the children of nodes that stay and lose them, or get them, because their own attributes say so.
    fn with_unveiled(&self, mut ids: Vec<NodeId>) -> Vec<NodeId> {
        let mut more = Vec::new();
        for &id in &ids {
            if let (Some(x), Some(y)) = (self.a.tree.get(id), self.b.tree.get(id))
                && x.kind != y.kind
                && sends_children(x) != sends_children(y)
            {
                more.extend(self.a.tree.children(id).chain(self.b.tree.children(id)).map(|n| n.id));
            }
        }
        if !more.is_empty() {
            ids.extend(more);
            ids.sort_unstable();
            ids.dedup();
        }
        ids
    }

    /// A node that the frame would have to make anew: another kind, tag or name space.
    fn shape_changed(&self, id: NodeId) -> bool {
        let (Some(x), Some(y)) = (self.a.tree.get(id), self.b.tree.get(id)) else { return false };
        // A shadow root cannot be taken off its host again.
        if let Some(root) = self.a.tree.shadow(id)
            && self.b.tree.shadow(id).map(|r| (r.id, &*r.kind)) != Some((root.id, &*root.kind))
        {
            return true;
        }
        // Nor can a frame that was filled become one that never was.
        if self.a.tree.content(id).is_some() && self.b.tree.content(id).is_none() {
            return true;
        }
        if x.kind == y.kind && x.live() == y.live() {
            return false;
        }
        match (&*x.kind, &*y.kind) {
            (NodeKind::Element { .. }, NodeKind::Element { .. }) => match (self.a.project(x), self.b.project(y)) {
                (Shown::Element { ns: n1, tag: t1, .. }, Shown::Element { ns: n2, tag: t2, .. }) => {
                    n1 != n2 || t1 != t2
                }
                _ => true,
            },
            (NodeKind::Document { .. }, NodeKind::Document { .. }) => {
                x.kind != y.kind || self.a.doctype(id) != self.b.doctype(id)
            }
            (p, q) => std::mem::discriminant(p) != std::mem::discriminant(q),
        }
    }

    /// Inserts that turn the parent's children in the frame into those of `b`, last child first, so that the
    /// sibling named in each is already in its place.
    fn place_children(&mut self, parent: NodeId, fresh: bool) -> Vec<Placement> {
        let new = self.b.kids(parent);
        let old: Vec<NodeId> =
            if fresh || self.is_created.contains(&parent) { Vec::new() } else { self.a.kids(parent) };
        if old == new && !new.iter().any(|id| self.is_created.contains(id)) {
            return Vec::new();
        }
        let position: FastMap<usize> =
            old.iter().enumerate().filter(|(_, id)| !self.is_created.contains(id)).map(|(i, id)| (*id, i)).collect();
        let staying = longest_run(&new.iter().map(|id| position.get(id).copied()).collect::<Vec<_>>());
        let mut plan = Vec::new();
        let mut before = None;
        for (i, &id) in new.iter().enumerate().rev() {
            if !staying[i] {
                plan.push((id, before));
                if !self.is_created.contains(&id) {
                    self.moved.insert(id);
                }
            }
            before = Some(id);
        }
        plan
    }

    fn emit_node(&self, id: NodeId, out: &mut Vec<PatchOp>, frames: &mut BTreeMap<usize, Vec<NodeId>>) {
        let Some(node) = self.b.tree.get(id) else { return };
        match &*node.kind {
            NodeKind::Text(text) => out.push(PatchOp::Text { id, text: text.clone() }),
            NodeKind::Element { .. } => {
                if let Shown::Element { ns, tag, attrs, sheet, .. } = self.b.project(node) {
                    out.push(PatchOp::Element { id, ns, tag, attrs });
                    if let Some(text) = sheet {
                        out.push(PatchOp::Css { id, text });
                    }
                }
            }
            NodeKind::ShadowRoot { open } => {
                if let Some(host) = self.b.tree.parent(id) {
                    out.push(PatchOp::Shadow { id, host: host.id, open: *open });
                }
            }
            NodeKind::Document { .. } => {
                if self.b.tree.parent(id).is_some() {
                    frames.entry(self.b.depth(id)).or_default().push(id);
                }
            }
            NodeKind::Comment(_) | NodeKind::Doctype { .. } => {}
        }
    }

    fn emit_frame(&self, id: NodeId, out: &mut Vec<PatchOp>) {
        let (Some(node), Some(iframe)) = (self.b.tree.get(id), self.b.tree.parent(id)) else { return };
        let quirks = matches!(*node.kind, NodeKind::Document { quirks: true });
        out.push(PatchOp::Frame { id, iframe: iframe.id, quirks, doctype: self.b.doctype(id) });
    }

    fn emit_changes(&self, id: NodeId, out: &mut Vec<PatchOp>) {
        let (Some(x), Some(y)) = (self.a.tree.get(id), self.b.tree.get(id)) else { return };
        match (&*x.kind, &*y.kind) {
            (NodeKind::Text(before), NodeKind::Text(after)) if before != after => {
                out.push(PatchOp::SetText { id, text: after.clone() });
            }
            (NodeKind::Element { .. }, NodeKind::Element { .. }) => {
                let NodeKind::Element { tag, .. } = &*y.kind else { return };
                // Beside its own attributes, a sheet's text, a name's definition and a frame's content show.
                let same = x.kind == y.kind
                    && match &**tag {
                        "style" | "link" => self.a.tree.css_of(id) == self.b.tree.css_of(id),
                        "iframe" => self.a.tree.content(id).is_some() == self.b.tree.content(id).is_some(),
                        tag if tag.contains('-') => self.a.tree.defined() == self.b.tree.defined(),
                        _ => true,
                    };
                if same {
                    return;
                }
                let (
                    Shown::Element { attrs: old, sheet: old_sheet, .. },
                    Shown::Element { attrs: new, sheet: new_sheet, .. },
                ) = (self.a.project(x), self.b.project(y))
                else {
                    return;
                };
                for attr in &old {
                    if !new.iter().any(|n| n.name == attr.name) {
                        out.push(PatchOp::Attr { id, name: attr.name.clone(), value: None });
                    }
                }
                for attr in &new {
                    if !old.contains(attr) {
                        out.push(PatchOp::Attr { id, name: attr.name.clone(), value: Some(attr.value.clone()) });
                    }
                }
                if let Some(text) = new_sheet.filter(|text| Some(text) != old_sheet.as_ref()) {
                    out.push(PatchOp::Css { id, text });
                }
            }
            _ => {}
        }
    }

    fn emit_sheets(&self, kept: &[NodeId], out: &mut Vec<PatchOp>) {
        let mut texts: BTreeMap<Str, Str> = BTreeMap::new();
        let mut adoptions = Vec::new();
        let empty: Vec<Str> = Vec::new();
        for &id in self.created.iter().chain(kept) {
            let Some(node) = self.b.tree.get(id) else { continue };
            if !matches!(*node.kind, NodeKind::Document { .. } | NodeKind::ShadowRoot { .. }) {
                continue;
            }
            let fresh = self.is_created.contains(&id);
            let now = node.live().map_or(&empty, |l| &l.adopted);
            let before =
                if fresh { &empty } else { self.a.tree.get(id).and_then(Node::live).map_or(&empty, |l| &l.adopted) };
            let mut changed = now != before;
            for name in now {
                let sheet = self.b.tree.sheet(name);
                if fresh || !before.contains(name) || sheet != self.a.tree.sheet(name) {
                    let text = sheet.map(|s| s.text()).unwrap_or_default();
                    texts.entry(name.clone()).or_insert_with(|| Str::from(safe::css(&text, None, &self.b.context(id))));
                    changed |= fresh;
                }
            }
            if changed {
                adoptions.push(PatchOp::Adopt { root: id, sheets: now.clone() });
            }
        }
        out.extend(texts.into_iter().map(|(name, text)| PatchOp::Sheet { name, text }));
        out.extend(adoptions);
    }

    fn emit_live(&self, kept: &[NodeId], out: &mut Vec<PatchOp>) {
        let mut scrolls = Vec::new();
        let mut moved: Vec<NodeId> = self.moved.iter().flat_map(|&id| self.b.shown_subtree(id)).collect();
        moved.sort_unstable();
        moved.dedup();
        let resettled: FastSet = moved.iter().copied().collect();
        let mut ids: Vec<NodeId> = self.created.iter().chain(kept).chain(&moved).copied().collect();
        let mut seen = FastSet::default();
        ids.retain(|id| seen.insert(*id));
        for id in ids {
            let Some(node) = self.b.tree.get(id) else { continue };
            let live = node.live();
            let fresh = self.is_created.contains(&id);
            let old = if fresh { None } else { self.a.tree.get(id) };
            let old_live = old.and_then(Node::live);
            let has_text_value = node.html_tag() == Some("textarea");
            if live == old_live && live.is_none() && old.is_some_and(|o| o.kind == node.kind) && !has_text_value {
                continue;
            }
            match node.html_tag() {
                Some("input" | "textarea") => {
                    if let Some(value) = self.b.tree.value_of(id) {
                        let before = if fresh { None } else { self.a.tree.value_of(id) };
                        if before.as_ref() != Some(&value) && !(fresh && value.is_empty()) {
                            out.push(PatchOp::Value { id, value: Str::from(value) });
                        }
                    } else {
                        let checked = self.b.tree.is_checked(id);
                        if checked != (!fresh && self.a.tree.is_checked(id)) {
                            out.push(PatchOp::Checked { id, checked });
                        }
                    }
                }
                Some("option") => {
                    let now = live.and_then(|l| l.selected);
                    if let Some(selected) = now.filter(|_| now != old_live.and_then(|l| l.selected)) {
                        out.push(PatchOp::Selected { id, selected });
                    }
                }
                _ => {}
            }
            let open = self.b.tree.open_of(id);
            let was_open = if fresh { None } else { self.a.tree.open_of(id) };
            if open != was_open || (resettled.contains(&id) && open.is_some()) {
                out.push(PatchOp::Open { id, open: open.unwrap_or(OpenState::Closed) });
            }
            let Some(live) = live else {
                if let Some((x, y)) = old_live.and_then(|l| l.scroll).filter(|s| *s != (0.0, 0.0)) {
                    let _ = (x, y);
                    scrolls.push(PatchOp::Scroll { id, x: 0.0, y: 0.0 });
                }
                continue;
            };
            if live.media != old_live.and_then(|l| l.media.clone())
                && let Some(media) = &live.media
            {
                out.push(PatchOp::Media { id, media: media.clone() });
            }
            if live.image != old_live.and_then(|l| l.image.clone())
                && let Some(url) = live.image.as_ref().and_then(|u| safe::picture(u, &self.b.context(id)))
            {
                out.push(PatchOp::Image { id, url: Str::from(url) });
            }
            let scroll = live.scroll.unwrap_or_default();
            let before = old_live.and_then(|l| l.scroll).unwrap_or_default();
            if scroll != before || (resettled.contains(&id) && scroll != (0.0, 0.0)) {
                scrolls.push(PatchOp::Scroll { id, x: scroll.0, y: scroll.1 });
            }
        }
        out.append(&mut scrolls);
        let shown = |side: &Side, id: Option<NodeId>| id.filter(|&id| side.is_shown(id));
        let hover = shown(&self.b, self.b.tree.hover());
        if hover != shown(&self.a, self.a.tree.hover()) {
            out.push(PatchOp::Hover { id: hover });
        }
        let focus = shown(&self.b, self.b.tree.focus());
        if focus != shown(&self.a, self.a.tree.focus()) {
            out.push(PatchOp::Focus { id: focus });
        }
    }
}

/// Indexes of the longest rising run among the known positions: those nodes need not move.
fn longest_run(positions: &[Option<usize>]) -> Vec<bool> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; positions.len()];
    for (i, position) in positions.iter().enumerate() {
        let Some(p) = position else { continue };
        let at = tails.partition_point(|&t| positions[t] < Some(*p));
        before[i] = at.checked_sub(1).map(|k| tails[k]);
        if at == tails.len() {
            tails.push(i);
        } else {
            tails[at] = i;
        }
    }
    let mut run = vec![false; positions.len()];
    let mut at = tails.last().copied();
    while let Some(i) = at {
        run[i] = true;
        at = before[i];
    }
    run
}

/// Appends ops as JSON arrays, parted by commas. A node that is put at the end of its parent as soon as it is made
/// takes the parent along instead of an op of its own.
pub fn print(ops: &[PatchOp], out: &mut String) {
    let mut rest = ops.iter().peekable();
    let mut first = true;
    while let Some(op) = rest.next() {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        op.print(out);
        if let PatchOp::Element { id, .. } | PatchOp::Text { id, .. } = op
            && let Some(PatchOp::Insert { id: put, parent, before: None }) = rest.peek()
            && put == id
        {
            let parent = parent.0.to_string();
            out.pop();
            out.push(',');
            out.push_str(&parent);
            out.push(']');
            rest.next();
        }
    }
}

impl PatchOp {
    /// About as many characters as [`print()`] writes.
    pub fn weight(&self) -> usize {
        24 + match self {
            PatchOp::Element { attrs, .. } => attrs.iter().map(|a| a.name.len() + a.value.len() + 6).sum(),
            PatchOp::Text { text, .. }
            | PatchOp::SetText { text, .. }
            | PatchOp::Css { text, .. }
            | PatchOp::Sheet { text, .. } => text.len(),
            PatchOp::Attr { name, value, .. } => name.len() + value.as_ref().map_or(0, |v| v.len()),
            PatchOp::Value { value, .. } => value.len(),
            PatchOp::Image { url, .. } => url.len(),
            PatchOp::Adopt { sheets, .. } => sheets.iter().map(|name| name.len() + 3).sum(),
            _ => 0,
        }
    }

    /// Appends the op as a JSON array.
    fn print(&self, out: &mut String) {
        let mut row = Row::new(out);
        match self {
            PatchOp::Document { id, quirks, doctype } => row.code("D").id(*id).flag(*quirks).doctype(doctype),
            PatchOp::Frame { id, iframe, quirks, doctype } => {
                row.code("F").id(*id).id(*iframe).flag(*quirks).doctype(doctype)
            }
            PatchOp::Shadow { id, host, open } => row.code("S").id(*id).id(*host).flag(*open),
            PatchOp::Element { id, ns, tag, attrs } => {
                let ns = match ns {
                    Namespace::Html => "0",
                    Namespace::Svg => "1",
                    Namespace::MathMl => "2",
                };
                row.code("E").id(*id).raw(ns).text(tag).attrs(attrs)
            }
            PatchOp::Text { id, text } => row.code("X").id(*id).text(text),
            PatchOp::Insert { id, parent, before } => row.code("I").id(*id).id(*parent).id_or_0(*before),
            PatchOp::Remove { id } => row.code("R").id(*id),
            PatchOp::Attr { id, name, value } => row.code("A").id(*id).text(name).text_or_null(value.as_deref()),
            PatchOp::SetText { id, text } => row.code("T").id(*id).text(text),
            PatchOp::Css { id, text } => row.code("CSS").id(*id).text(text),
            PatchOp::Sheet { name, text } => row.code("C").text(name).text(text),
            PatchOp::Adopt { root, sheets } => row.code("AD").id(*root).texts(sheets),
            PatchOp::Value { id, value } => row.code("V").id(*id).text(value),
            PatchOp::Checked { id, checked } => row.code("K").id(*id).raw(if *checked { "true" } else { "false" }),
            PatchOp::Selected { id, selected } => row.code("O").id(*id).raw(if *selected { "true" } else { "false" }),
            PatchOp::Scroll { id, x, y } => row.code("@").id(*id).raw(&x.to_string()).raw(&y.to_string()),
            PatchOp::Open { id, open } => row.code("OP").id(*id).text(match open {
                OpenState::Closed => "closed",
                OpenState::Open => "open",
                OpenState::Modal => "modal",
            }),
            PatchOp::Media { id, media } => {
                let media = serde_json::to_string(media).unwrap_or_else(|_| "{}".to_owned());
                row.code("M").id(*id).raw(&media)
            }
            PatchOp::Image { id, url } => row.code("IMG").id(*id).text(url),
            PatchOp::Hover { id } => row.code("H").id_or_0(*id),
            PatchOp::Focus { id } => row.code("FO").id_or_0(*id),
        };
        out.push(']');
    }
}

/// Writes one array, item by item.
struct Row<'o> {
    out: &'o mut String,
}

impl<'o> Row<'o> {
    fn new(out: &'o mut String) -> Row<'o> {
        out.push('[');
        Row { out }
    }
    fn code(&mut self, code: &str) -> &mut Self {
        quote(code, self.out);
        self
    }
    fn raw(&mut self, text: &str) -> &mut Self {
        self.out.push(',');
        self.out.push_str(text);
        self
    }
    fn id(&mut self, id: NodeId) -> &mut Self {
        self.raw(&id.0.to_string())
    }
    fn id_or_0(&mut self, id: Option<NodeId>) -> &mut Self {
        self.id(id.unwrap_or(NodeId(0)))
    }
    fn flag(&mut self, flag: bool) -> &mut Self {
        self.raw(if flag { "1" } else { "0" })
    }
    fn text(&mut self, text: &str) -> &mut Self {
        self.out.push(',');
        quote(text, self.out);
        self
    }
    fn text_or_null(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }
    fn texts(&mut self, texts: &[Str]) -> &mut Self {
        self.out.push_str(",[");
        for (i, text) in texts.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            quote(text, self.out);
        }
        self.out.push(']');
        self
    }
    fn attrs(&mut self, attrs: &[Attr]) -> &mut Self {
        if attrs.is_empty() {
            return self.raw("0");
        }
        self.out.push_str(",{");
        for (i, attr) in attrs.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            quote(&attr.name, self.out);
            self.out.push(':');
            quote(&attr.value, self.out);
        }
        self.out.push('}');
        self
    }
    fn doctype(&mut self, doctype: &Option<[Str; 3]>) -> &mut Self {
        match doctype {
            Some([name, public_id, system_id]) => {
                self.out.push_str(",[");
                quote(name, self.out);
                self.out.push(',');
                quote(public_id, self.out);
                self.out.push(',');
                quote(system_id, self.out);
                self.out.push(']');
                self
            }
            None => self.raw("0"),
        }
    }
}
