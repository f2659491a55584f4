//! The viewport changed while a page was open.
//!
//! The trap: every page begins by telling its size, a dragged window tells of a hundred sizes, and a phone's
//! browser bars and keyboard change the height without anybody resizing anything. The first is no change, the
//! second is one, and the third is told apart.

use std::collections::BTreeMap;

use serde::Serialize;

use super::walk::{Seen, Size};
use super::{Evidence, Signal, SignalKind};
use crate::event::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rule {
    /// Changes that follow each other so closely are one.
    pub join_ms: Millis,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule { join_ms: 1_000 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Upright to lying, or back.
    Orientation,
    /// Only the height, by less than half: also what browser bars and on-screen keyboards do.
    Height,
    /// Anything else.
    Window,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resized {
    pub version: u32,
    /// Width and height, CSS px.
    pub from: (u32, u32),
    pub to: (u32, u32),
    pub change: Change,
    /// When each size was told.
    pub times: Vec<Millis>,
    pub thresholds: Rule,
}

fn change(from: (u32, u32), to: (u32, u32)) -> Change {
    // A turned device swaps its sides, give or take browser bars; a window that is dragged narrow does not.
    let near = |a: u32, b: u32| u64::from(a.abs_diff(b)) * 4 <= u64::from(a.max(b));
    if (from.0 > from.1) != (to.0 > to.1) && near(from.0, to.1) && near(from.1, to.0) {
        Change::Orientation
    } else if from.0 == to.0 && u64::from(from.1.abs_diff(to.1)) * 2 < u64::from(from.1.max(to.1)) {
        Change::Height
    } else {
        Change::Window
    }
}

pub(super) fn detect(seen: &Seen<'_>, rule: &Rule) -> Vec<Signal> {
    let mut by_document: BTreeMap<u32, Vec<&Size>> = BTreeMap::new();
    for size in &seen.sizes {
        by_document.entry(size.document).or_default().push(size);
    }
    let mut signals = Vec::new();
    for (document, sizes) in by_document {
        let first = seen.pages.iter().find(|p| p.document == document).and_then(|p| p.viewport);
        let Some(mut now) = first.or(sizes.first().map(|s| s.size)) else { continue };
        let mut at = 0;
        while let Some(start) = sizes.get(at) {
            if start.size == now {
                at += 1;
                continue;
            }
            let mut end = at;
            while sizes.get(end + 1).is_some_and(|s| s.time.saturating_sub(sizes[end].time) <= rule.join_ms) {
                end += 1;
            }
            let last = sizes[end];
            if last.size != now {
                signals.push(Signal {
                    kind: SignalKind::Resize,
                    page: start.page,
                    at_ms: seen.on_page(start.page, start.time),
                    until_ms: seen.on_page(start.page, last.time),
                    time: start.time,
                    selector: None,
                    text: None,
                    evidence: Evidence::Resize(Resized {
                        version: super::VERSION,
                        from: now,
                        to: last.size,
                        change: change(now, last.size),
                        times: sizes[at..=end].iter().map(|s| s.time).collect(),
                        thresholds: *rule,
                    }),
                });
            }
            now = last.size;
            at = end + 1;
        }
    }
    signals
}
