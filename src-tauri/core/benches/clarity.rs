//! Speed of the Clarity decoder on one thread, payload bodies in memory.
//!
//! `cargo bench -p dwell-core --bench clarity` measures all, over the visits of the corpus (`DWELL_CORPUS`). Beside it,
//! `node benches/clarity-decode.mjs PACKAGE` measures the recorder's own decoder on the same bodies.

use std::path::{Path, PathBuf};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use dwell_core::findings::Findings;
use dwell_core::format::clarity::{Body, decode_session, payload};

fn main() {
    if corpus().is_none() {
        eprintln!("skipped: no corpus; set DWELL_CORPUS");
        return;
    }
    divan::main();
}

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("DWELL_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    folder.join("visits").is_dir().then_some(folder)
}

/// Bodies of each visit, sorted by name.
fn visits() -> Vec<Vec<Vec<u8>>> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(corpus().expect("checked in main").join("visits"))
        .expect("listing")
        .map(|entry| entry.expect("listing").path().join("clarity"))
        .filter(|folder| folder.is_dir())
        .collect();
    folders.sort();
    folders.iter().map(|folder| bodies(folder)).collect()
}

fn bodies(folder: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("listing").map(|entry| entry.expect("listing").path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("readable")).collect()
}

fn total<'a>(bodies: impl IntoIterator<Item = &'a Vec<u8>>) -> BytesCount {
    BytesCount::new(bodies.into_iter().map(Vec::len).sum::<usize>())
}

/// Bytes of every body to typed events with their DOM records resolved.
#[divan::bench(sample_count = 60)]
fn typed_events(bencher: Bencher<'_, '_>) {
    let bodies: Vec<Vec<u8>> = visits().into_iter().flatten().collect();
    let mut parser = payload::Parser::default();
    bencher.counter(total(&bodies)).bench_local(|| {
        let mut events = 0;
        for body in &bodies {
            let (text, _) = payload::text(body);
            if let Ok(read) = parser.parse(&text) {
                events += black_box(&read).events.len();
                parser.recycle(read);
            }
        }
        events
    });
}

/// The same without keeping buffers from body to body.
#[divan::bench(sample_count = 60)]
fn typed_events_afresh(bencher: Bencher<'_, '_>) {
    let bodies: Vec<Vec<u8>> = visits().into_iter().flatten().collect();
    bencher.counter(total(&bodies)).bench_local(|| {
        for body in &bodies {
            let (text, _) = payload::text(body);
            let _ = black_box(payload::parse(&text));
        }
    });
}

/// The envelope alone, as the importer reads it to group bodies.
#[divan::bench(sample_count = 60)]
fn peek(bencher: Bencher<'_, '_>) {
    let bodies: Vec<Vec<u8>> = visits().into_iter().flatten().collect();
    bencher.counter(total(&bodies)).bench_local(|| {
        for body in &bodies {
            let _ = black_box(payload::peek(body));
        }
    });
}

/// Bodies of each visit to one session with ops.
#[divan::bench(sample_count = 40)]
fn sessions(bencher: Bencher<'_, '_>) {
    let visits = visits();
    bencher.counter(total(visits.iter().flatten())).bench_local(|| {
        for visit in &visits {
            let bodies: Vec<Body<'_>> = visit.iter().map(|bytes| Body { path: "", bytes }).collect();
            black_box(decode_session(&bodies, &mut Findings::new()));
        }
    });
}

/// One visit of 21 minutes with 132,000 mutations.
#[divan::bench(sample_count = 10)]
fn long_session(bencher: Bencher<'_, '_>) {
    let folder = corpus().expect("checked in main").join("stress/long/clarity");
    if !folder.is_dir() {
        eprintln!("long_session: {} is not there", folder.display());
        return;
    }
    let visit = bodies(&folder);
    bencher.counter(total(&visit)).bench_local(|| {
        let bodies: Vec<Body<'_>> = visit.iter().map(|bytes| Body { path: "", bytes }).collect();
        black_box(decode_session(&bodies, &mut Findings::new()))
    });
}
