//! A tree as bytes, so that a seek need not start at the beginning.
//!
//! The trap: a keyframe that forgets anything (a parked orphan, a sheet nobody adopts yet) makes the state
//! depend on how it was reached. Everything that `apply` can read is in here, in a fixed order.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Live, Sheet, Tree};
use crate::event::{NodeId, NodeKind, Op, Place, Str};

/// Version of the layout below; older ones are thrown away and built anew, they are derived data.
const VERSION: u8 = 1;

/// A node, its parent, what it is, its live state.
type Placed = (NodeId, Option<NodeId>, Arc<NodeKind>, Option<Box<Live>>);

#[derive(Serialize, Deserialize)]
struct Keyframe {
    version: u8,
    /// Parents before children, siblings in order.
    nodes: Vec<Placed>,
    /// Subtrees that wait for a parent: who, for whom, where to.
    orphans: Vec<(NodeId, NodeId, Place)>,
    waiting_adoptions: Vec<(NodeId, Vec<Str>)>,
    sheets: Vec<(Str, Sheet)>,
    defined: Vec<Str>,
    focus: Option<NodeId>,
    hover: Option<NodeId>,
}

impl Tree {
    /// The whole state. [`Tree::decode`] gives an equal tree back.
    pub fn encode(&self) -> Vec<u8> {
        let mut nodes = Vec::with_capacity(self.len());
        let orphans: Vec<(NodeId, NodeId, Place)> = self
            .waiting_nodes()
            .iter()
            .flat_map(|(parent, list)| list.iter().map(|(child, place)| (*child, *parent, *place)))
            .collect();
        for root in self.top().into_iter().chain(orphans.iter().map(|(child, ..)| *child)) {
            for id in self.subtree(root) {
                let Some(node) = self.get(id) else { continue };
                let parent = self.parent(id).map(|p| p.id).filter(|_| id != root);
                nodes.push((id, parent, node.kind.clone(), node.live.clone()));
            }
        }
        let keyframe = Keyframe {
            version: VERSION,
            nodes,
            orphans,
            waiting_adoptions: self.waiting_adoptions().iter().map(|(k, v)| (*k, v.clone())).collect(),
            sheets: self.sheets().map(|(k, v)| (k.clone(), v.clone())).collect(),
            defined: self.defined().iter().cloned().collect(),
            focus: self.focus(),
            hover: self.hover(),
        };
        // Writing plain data into memory has no way to fail.
        postcard::to_stdvec(&keyframe).unwrap_or_default()
    }

    /// `None` for bytes that are no keyframe of this version.
    pub fn decode(bytes: &[u8]) -> Option<Tree> {
        let keyframe: Keyframe = postcard::from_bytes(bytes).ok()?;
        if keyframe.version != VERSION {
            return None;
        }
        let mut tree = Tree::new();
        let waits: std::collections::BTreeMap<NodeId, (NodeId, Place)> =
            keyframe.orphans.iter().map(|(child, parent, place)| (*child, (*parent, *place))).collect();
        for (node, parent, kind, _) in &keyframe.nodes {
            let (parent, place) = match waits.get(node) {
                Some((parent, place)) => (Some(*parent), *place),
                None => (*parent, Place::Last),
            };
            tree.apply(&Op::Put { node: *node, parent, place, kind: (**kind).clone() });
        }
        tree.end_batch();
        for (node, _, _, live) in keyframe.nodes {
            tree.restore_live(node, live);
        }
        for (root, sheets) in keyframe.waiting_adoptions {
            tree.apply(&Op::Adopt { root, sheets });
        }
        for name in keyframe.defined {
            tree.apply(&Op::DefineElement { name });
        }
        tree.restore(keyframe.sheets, keyframe.focus, keyframe.hover);
        Some(tree)
    }
}
