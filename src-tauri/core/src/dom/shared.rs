//! The two tables of a tree, in blocks that copies of the tree share until one of them writes.
//!
//! The trap: a session keeps hundreds of states of a page that may have hundreds of thousands of nodes. A copy costs
//! a pointer for each block here, a write copies one block when it is shared, and where two states hold the very same
//! block nothing in it differs, which a patch need not look into.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::tree::{NONE, Node, Slot};
use crate::event::NodeId;

/// Nodes in a block: a block is copied when one of them changes.
const BLOCK: usize = 32;
/// Places in a page of the table of ids.
const PAGE: usize = 128;
/// Ids below have a place of their own. Recorders count from one; roots without a name, and what was written to
/// annoy, lie beyond.
const DENSE: u64 = 1 << 20;

/// Spreads node ids over a table; the usual hash takes a tenth of building a tree. Ids that a recording chooses to
/// collide cost time that grows with their number squared, which the size of a recording bounds to seconds.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(u64::from(*b)));
    }
    fn write_u64(&mut self, n: u64) {
        let wide =
            u128::from(self.0 ^ n ^ 0x2545_f491_4f6c_dd1d).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (wide as u64) ^ ((wide >> 64) as u64);
    }
}

pub(super) type FastMap<T> = HashMap<NodeId, T, BuildHasherDefault<Spread>>;
pub(super) type FastSet = HashSet<NodeId, BuildHasherDefault<Spread>>;

/// Nodes by slot. A slot that was given out stays.
#[derive(Debug, Clone, Default)]
pub(super) struct Nodes {
    blocks: Vec<Arc<[Node; BLOCK]>>,
    len: usize,
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.len
    }
    pub(super) fn push(&mut self, node: Node) {
        if self.len.is_multiple_of(BLOCK) {
            let none = Node::nothing();
            self.blocks.push(Arc::new(std::array::from_fn(|_| none.clone())));
        }
        let at = self.len;
        self.len += 1;
        self[at] = node;
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.blocks.iter().flat_map(|block| block.iter()).take(self.len)
    }
    /// Blocks that are not the very same in `other`, side by side.
    pub(super) fn unlike<'a>(&'a self, other: &'a Nodes) -> impl Iterator<Item = (&'a [Node], &'a [Node])> {
        let most = self.blocks.len().max(other.blocks.len());
        (0..most).filter_map(|at| match (self.blocks.get(at), other.blocks.get(at)) {
            (Some(a), Some(b)) if Arc::ptr_eq(a, b) => None,
            (a, b) => Some((a.map_or(&[][..], |a| &a[..]), b.map_or(&[][..], |b| &b[..]))),
        })
    }
    /// Nodes that this table holds apart from `other`.
    pub(super) fn apart(&self, other: &Nodes) -> usize {
        let same = self.blocks.iter().zip(&other.blocks).filter(|(a, b)| Arc::ptr_eq(a, b)).count();
        (self.blocks.len() - same) * BLOCK
    }
}

impl Index<usize> for Nodes {
    type Output = Node;
    fn index(&self, slot: usize) -> &Node {
        &self.blocks[slot / BLOCK][slot % BLOCK]
    }
}

impl IndexMut<usize> for Nodes {
    fn index_mut(&mut self, slot: usize) -> &mut Node {
        &mut Arc::make_mut(&mut self.blocks[slot / BLOCK])[slot % BLOCK]
    }
}

/// Slots by node id.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids {
    pages: Vec<Option<Arc<[Slot; PAGE]>>>,
    others: Arc<FastMap<Slot>>,
    len: usize,
}

impl Ids {
    pub(super) fn len(&self) -> usize {
        self.len
    }
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }
    pub(super) fn get(&self, id: NodeId) -> Option<Slot> {
        if id.0 >= DENSE {
            return self.others.get(&id).copied();
        }
        let at = id.0 as usize;
        let slot = self.pages.get(at / PAGE)?.as_ref()?[at % PAGE];
        (slot != NONE).then_some(slot)
    }
    pub(super) fn contains(&self, id: NodeId) -> bool {
        self.get(id).is_some()
    }
    pub(super) fn insert(&mut self, id: NodeId, slot: Slot) {
        if id.0 >= DENSE {
            self.len += usize::from(Arc::make_mut(&mut self.others).insert(id, slot).is_none());
            return;
        }
        let at = id.0 as usize;
        if self.pages.len() <= at / PAGE {
            self.pages.resize(at / PAGE + 1, None);
        }
        let page = self.pages[at / PAGE].get_or_insert_with(|| Arc::new([NONE; PAGE]));
        let place = &mut Arc::make_mut(page)[at % PAGE];
        self.len += usize::from(*place == NONE);
        *place = slot;
    }
    pub(super) fn remove(&mut self, id: NodeId) {
        if !self.contains(id) {
            return;
        }
        self.len -= 1;
        if id.0 >= DENSE {
            Arc::make_mut(&mut self.others).remove(&id);
        } else if let Some(Some(page)) = self.pages.get_mut(id.0 as usize / PAGE) {
            Arc::make_mut(page)[id.0 as usize % PAGE] = NONE;
        }
    }
    /// In order.
    pub(super) fn sorted(&self) -> Vec<NodeId> {
        let mut ids = Vec::with_capacity(self.len);
        for (number, page) in self.pages.iter().enumerate() {
            let Some(page) = page else { continue };
            let first = (number * PAGE) as u64;
            ids.extend((first..).zip(page.iter()).filter(|(_, slot)| **slot != NONE).map(|(id, _)| NodeId(id)));
        }
        let dense = ids.len();
        ids.extend(self.others.keys().copied());
        ids[dense..].sort_unstable();
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_near_and_far() {
        let mut ids = Ids::default();
        let all = [0, 1, 127, 128, DENSE - 1, DENSE, 1 << 40, (1 << 53) - 1].map(NodeId);
        for (slot, id) in (0..).zip(all) {
            assert_eq!(ids.get(id), None);
            ids.insert(id, slot);
            ids.insert(id, slot);
        }
        let copy = ids.clone();
        assert_eq!((ids.len(), ids.sorted()), (all.len(), all.to_vec()));
        for id in all {
            ids.remove(id);
            ids.remove(id);
            assert!(!ids.contains(id));
        }
        assert!(ids.is_empty() && ids.sorted().is_empty());
        assert_eq!((copy.len(), copy.get(NodeId(1 << 40))), (all.len(), Some(6)));
    }

    #[test]
    fn a_write_leaves_copies_alone_and_parts_one_block() {
        let mut nodes = Nodes::default();
        for n in 0..100 {
            let mut node = Node::nothing();
            node.id = NodeId(n);
            nodes.push(node);
        }
        let before = nodes.clone();
        assert_eq!((nodes.unlike(&before).count(), nodes.apart(&before)), (0, 0));
        nodes[40].id = NodeId(7);
        assert_eq!((before[40].id, nodes[40].id), (NodeId(40), NodeId(7)));
        assert_eq!((nodes.unlike(&before).count(), nodes.apart(&before)), (1, BLOCK));
        assert_eq!((nodes.iter().count(), nodes.len()), (100, 100));
        assert_eq!(nodes.unlike(&Nodes::default()).count(), 4);
    }
}
