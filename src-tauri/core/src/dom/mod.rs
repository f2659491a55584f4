//! The recorded DOM at one moment, and how it changes.
//!
//! The trap: there are many ways to reach a moment (playing, one seek, seeks back and forth, analysis), and
//! every second way to apply a change is a way to show a page that never was. [`Tree::apply`] is the only
//! one; everything else in this room reads trees.

mod canonical;
pub mod css;
mod form;
pub mod html;
mod keyframe;
mod patch;
pub mod safe;
mod selector;
mod shared;
mod tree;
pub mod wants;

pub use patch::{PatchOp, Projection, patch, print as print_ops};
pub use tree::{Children, Live, Node, Sheet, Tree};
