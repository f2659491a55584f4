//! Inputs that fuzzing found or grew, run again: each once broke a promise, or went where no recording had gone.
//!
//! `make fuzz` says how to find more. An input that is mended is kept in `tests/fixtures/fuzzed/TARGET/`.

use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

#[allow(unreachable_pub, reason = "a library of its own for the fuzzers")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

/// What fuzzing allows one input to take, in a build that is much slower than the fuzzers'.
const LONGEST: Duration = Duration::from_secs(5);

#[track_caller]
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/fuzzed").join(target);
    let mut inputs: Vec<_> = std::fs::read_dir(&folder).expect("found inputs").flatten().map(|e| e.path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "no inputs in {}", folder.display());
    targets::ready();
    let mut broken = Vec::new();
    for input in inputs {
        let bytes = std::fs::read(&input).expect("a file of the repository");
        let started = Instant::now();
        let name = input.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if catch_unwind(|| run(&bytes)).is_err() {
            broken.push(format!("{name} breaks a promise"));
        } else if started.elapsed() > LONGEST {
            broken.push(format!("{name} takes {:?}", started.elapsed()));
        }
    }
    assert!(broken.is_empty(), "{target}: {}", broken.join("; "));
}

#[test]
fn payload() {
    replay("payload", targets::payload);
}

#[test]
fn rrweb() {
    replay("rrweb", targets::rrweb);
}

#[test]
fn har() {
    replay("har", targets::har);
}

#[test]
fn zip() {
    replay("zip", targets::zip);
}

#[test]
fn css() {
    replay("css", targets::css);
}

#[test]
fn sanitise() {
    replay("sanitise", targets::sanitise);
}
