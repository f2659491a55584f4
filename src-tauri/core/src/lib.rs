//! Dwell's product: it knows recordings, pages and people who watch them, and no window.
//!
//! Rooms and the arrows between them are fixed; `tests/src/rooms.rs` reads the `use` lines of this
//! crate and fails on an arrow that goes up.

pub mod archive;
pub mod desk;
pub mod dom;
pub mod error;
pub mod event;
pub mod facts;
pub mod findings;
pub mod format;
pub mod replay;
pub mod report;
pub mod segment;
pub mod signal;
pub mod store;
pub mod wire;
