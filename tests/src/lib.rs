//! What the journeys in `tests/` share: a display of their own, the real window driven from outside, recordings made
//! by hand, and a listener that nothing may touch.
//!
//! The trap: a driver or an app that outlives its test keeps the port, the display and the pipe it was started with.
//! Everything is therefore started through [`leash`], which ends with this process, however that ends.

pub mod demo;
pub mod display;
pub mod hostile;
pub mod leash;
pub mod listener;
pub mod markup;
pub mod picture;
pub mod recordings;
pub mod vectors;
pub mod window;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
