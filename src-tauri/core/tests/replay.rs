//! A moment of a session is the same however it is reached. Checked on real recordings: ours, and the corpus when it
//! is there (`DWELL_CORPUS`, else `shared/corpus` beside the repository).

mod frame;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_core::dom::safe::NoAssets;
use dwell_core::dom::{Projection, Tree};
use dwell_core::event::Session;
use dwell_core::findings::Findings;
use dwell_core::format::{clarity, rrweb};
use dwell_core::replay::Replay;
use frame::Frame;

fn visits() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("DWELL_CORPUS").map_or_else(|| root.join("../../../shared/corpus"), PathBuf::from);
    let mut out = Vec::new();
    for folder in [root.join("../../tests/fixtures/visits"), corpus.join("visits")] {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            eprintln!("{} is not there: left out.", folder.display());
            continue;
        };
        out.extend(entries.flatten().map(|e| e.path()).filter(|p| p.join("clarity").is_dir()));
    }
    out.sort();
    assert!(out.len() >= 4, "the repository's own visits are always there");
    out
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = match folder.is_dir() {
        true => std::fs::read_dir(folder).expect("a folder of the repository").flatten().map(|e| e.path()).collect(),
        false => vec![folder.to_owned()],
    };
    paths.sort();
    paths.into_iter().map(|p| (p.display().to_string(), std::fs::read(&p).expect("a file of the repository"))).collect()
}

/// Both recordings of a visit.
fn sessions(visit: &Path) -> Vec<Session> {
    let mut findings = Findings::new();
    let bodies = files(&visit.join("clarity"));
    let bodies: Vec<_> = bodies.iter().map(|(path, bytes)| clarity::Body { path, bytes }).collect();
    let one = clarity::decode_session(&bodies, &mut findings);
    let single = visit.join("rrweb.json");
    let bodies = files(&if single.exists() { single } else { visit.join("rrweb") });
    let bodies: Vec<_> = bodies.iter().map(|(path, bytes)| rrweb::Body { path, bytes }).collect();
    let other = rrweb::decode_session(&bodies, None, &mut findings);
    let both: Vec<Session> = one.into_iter().chain(other).collect();
    assert_eq!(both.len(), 2, "{}", visit.display());
    both
}

/// Moments over the session, with the odd ones: before its start, after its end, at page turns.
fn moments(session: &Session) -> Vec<i64> {
    let (from, until) = (session.events[0].time, session.events[session.events.len() - 1].time);
    let mut out: Vec<i64> = (0..=12).map(|i| from + (until - from) * i / 12).collect();
    out.extend([from - 5_000, until + 5_000]);
    out.extend(session.pages.iter().flat_map(|p| [p.started_at - 1, p.started_at, p.started_at + 1]));
    out
}

/// Draws numbers that look random and are the same every time.
struct Dice(u64);
impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

#[test]
fn a_moment_does_not_depend_on_the_way_there() {
    let mut checked = 0;
    for visit in visits() {
        for session in sessions(&visit) {
            let session = Arc::new(session);
            let moments = moments(&session);
            // The plain way: every event from the start, nothing kept.
            let truth: Vec<String> = moments
                .iter()
                .map(|&t| {
                    let replay = Replay::new(session.clone());
                    let state = replay.state_at(t);
                    let Some(document) = replay.page_at(state).map(|p| p.document) else {
                        return Tree::new().canonical();
                    };
                    let pages: BTreeMap<u32, u32> = session.pages.iter().map(|p| (p.number, p.document)).collect();
                    let mut tree = Tree::new();
                    for event in session.events[..state].iter().filter(|e| pages.get(&e.page) == Some(&document)) {
                        tree.apply_event(event);
                    }
                    tree.canonical()
                })
                .collect();
            let mut dice = Dice(7 + checked as u64);
            let mut plain = Replay::new(session.clone());
            let mut seeded = Replay::new(session.clone());
            for (document, state, tree) in Replay::keyframes(&session) {
                seeded.seed(document, state, tree.encode());
            }
            for round in 0..40 {
                if round % 4 == 0 {
                    seeded.prepare();
                }
                let i = dice.roll(moments.len());
                assert!(plain.tree_at(moments[i]).canonical() == truth[i], "{} at {}", visit.display(), moments[i]);
                assert!(seeded.tree_at(moments[i]).canonical() == truth[i], "{} seeded", visit.display());
                checked += 1;
            }
        }
    }
    assert!(checked >= 320);
}

#[test]
fn playing_and_seeking_show_the_same_frame() {
    let view = Projection { assets: &NoAssets };
    let mut stepped = 0;
    for visit in visits().into_iter().step_by(3) {
        for session in sessions(&visit) {
            let session = Arc::new(session);
            let mut moments = moments(&session);
            moments.sort_unstable();
            let mut replay = Replay::new(session.clone());
            let mut screen = Frame::default();
            let first = replay.seek(None, moments[0], &view);
            screen.apply(&first.ops);
            let mut shown = first.state;
            for &moment in &moments {
                let steps = replay.steps(shown, moment, &view);
                for step in &steps.steps {
                    screen.apply(&step.ops);
                    shown = step.state;
                    stepped += 1;
                }
                let mut fresh = Frame::default();
                let seek = Replay::new(session.clone()).seek(None, moment, &view);
                // Between pages a seek shows the next page's first picture already; playing gets there later.
                if replay.page_at(shown).map(|p| p.number) != Some(seek.page)
                    || seek.state > session.events.partition_point(|e| e.time <= moment)
                {
                    continue;
                }
                fresh.apply(&seek.ops);
                assert_eq!(screen.print(), fresh.print(), "{} at {moment}", visit.display());
            }
            // And back, by one patch each.
            for &moment in moments.iter().rev().step_by(3) {
                let step = replay.seek(Some(shown), moment, &view);
                screen.apply(&step.ops);
                shown = step.state;
                let mut fresh = Frame::default();
                fresh.apply(&Replay::new(session.clone()).seek(None, moment, &view).ops);
                assert_eq!(screen.print(), fresh.print(), "{} back to {moment}", visit.display());
            }
        }
    }
    assert!(stepped > 400, "{stepped}");
}
