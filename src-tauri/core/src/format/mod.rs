//! Bytes to events. Pure: no clock, no files, no network.

/// Nodes that one page view may name between two full snapshots, those that went away since included. Pages are called
/// heavy at 5,000; beyond this there is no window that could show one.
pub const MAX_NODES: usize = 2_000_000;

pub mod clarity;
pub mod json;
pub mod rrweb;
pub mod wrap;

/// What a person reads when a page view goes over [`MAX_NODES`].
fn too_many_nodes(left_out: usize) -> String {
    format!("The page view has more than {MAX_NODES} nodes, as no page that people visit; {left_out} were left out.")
}
