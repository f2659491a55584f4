//! Use cases, one file per verb. What the command line and the window do, they do here.
//!
//! The trap: this room alone may look at the clock, the file system and the environment. What it learns
//! there goes down as an argument, so that everything below gives the same answer twice.

pub mod assets;
pub mod browse;
mod cached;
pub mod chosen;
mod derive;
pub mod events;
pub mod export;
mod gather;
pub mod import;
mod insight;
pub mod list;
mod moment;
pub mod notes;
pub mod overview;
mod pick;
mod records;
pub mod review;
mod reviewed;
mod rows;
mod sample;
pub mod session;
pub mod signals;
pub mod summary;
pub mod tables;
pub mod verify;
mod visits;
mod window;

pub use crate::archive::Columns;
pub use crate::store::Asset;
pub use browse::keep_index;
pub use cached::CachedAssets;
pub use import::{ImportSummary, Options, Progress, import};
pub use pick::Which;
pub use reviewed::goals;
pub use rows::filter_rows;
pub use window::{Desk, Marked, SessionsQuery};
