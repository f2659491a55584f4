//! Scrolling up and down in haste.
//!
//! The trap: a wheel, a finger and momentum all tremble. A turn counts only when the way to it and the way from it
//! are both long, measured from turning point to turning point and not from event to event.

use std::collections::BTreeMap;

use serde::Serialize;

use super::walk::{Scrolled, Seen};
use super::{Evidence, Signal, SignalKind};
use crate::event::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rule {
    /// Fewest turns.
    pub turns: usize,
    /// Share of the viewport's height that each way must exceed.
    pub viewport_share: f64,
    /// From the first of them to the last.
    pub within_ms: Millis,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule { turns: 4, viewport_share: 0.25, within_ms: 10_000 }
    }
}

/// A place where scrolling changed its direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Turn {
    pub time: Millis,
    /// Scroll offset, CSS px.
    pub y: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExcessiveScroll {
    pub version: u32,
    pub turns: Vec<Turn>,
    /// Height of the viewport, CSS px.
    pub viewport: f64,
    /// What each way exceeded, CSS px.
    pub least_px: f64,
    pub thresholds: Rule,
}

/// Height that is assumed when the recording does not tell, CSS px.
const VIEWPORT: f64 = 800.0;

/// Turning points between ways longer than `least`.
fn turns(scrolls: &[&Scrolled], least: f64) -> Vec<Turn> {
    let mut turns = Vec::new();
    let Some(first) = scrolls.first().map(|s| Turn { time: s.time, y: s.y }) else { return turns };
    let (mut low, mut high) = (first, first);
    // True while scrolling down; `None` before the first long way.
    let mut down: Option<bool> = None;
    for scroll in &scrolls[1..] {
        let here = Turn { time: scroll.time, y: scroll.y };
        if here.y >= high.y {
            high = here;
        }
        if here.y <= low.y {
            low = here;
        }
        if down != Some(true) && here.y - low.y > least {
            turns.extend(down.map(|_| low));
            (down, high) = (Some(true), here);
        } else if down != Some(false) && high.y - here.y > least {
            turns.extend(down.map(|_| high));
            (down, low) = (Some(false), here);
        }
    }
    turns
}

pub(super) fn detect(seen: &Seen<'_>, rule: &Rule) -> Vec<Signal> {
    // A page view, not a document: a route change jumps to the top by itself.
    let mut by_scroller: BTreeMap<(u32, u64), Vec<&Scrolled>> = BTreeMap::new();
    for scroll in seen.scrolls.iter().filter(|s| s.y.is_finite()) {
        by_scroller.entry((scroll.page, scroll.node.0)).or_default().push(scroll);
    }
    let mut signals = Vec::new();
    for ((page, _), scrolls) in by_scroller {
        let Some(first) = scrolls.first() else { continue };
        let viewport = first.viewport.filter(|h| *h > 0.0).unwrap_or(VIEWPORT);
        let least = viewport * rule.viewport_share;
        let turns = turns(&scrolls, least);
        let need = rule.turns.max(1);
        let mut i = 0;
        while i + need <= turns.len() {
            let close = |last: usize| turns[last].time.saturating_sub(turns[last + 1 - need].time) <= rule.within_ms;
            if !close(i + need - 1) {
                i += 1;
                continue;
            }
            let mut end = i + need - 1;
            while end + 1 < turns.len() && close(end + 1) {
                end += 1;
            }
            let next = end + 1;
            // A slow turn before the haste or after it is no part of it, as long as enough remain.
            let pace = rule.within_ms / (need as Millis).max(1);
            while end - i + 1 > need && turns[i + 1].time.saturating_sub(turns[i].time) > pace {
                i += 1;
            }
            while end - i + 1 > need && turns[end].time.saturating_sub(turns[end - 1].time) > pace {
                end -= 1;
            }
            let (from, until) = (turns[i].time, turns[end].time);
            signals.push(Signal {
                kind: SignalKind::ExcessiveScroll,
                page,
                at_ms: seen.on_page(page, from),
                until_ms: seen.on_page(page, until),
                time: from,
                selector: first.selector.clone(),
                text: None,
                evidence: Evidence::ExcessiveScroll(ExcessiveScroll {
                    version: super::VERSION,
                    turns: turns[i..=end].to_vec(),
                    viewport,
                    least_px: least,
                    thresholds: *rule,
                }),
            });
            i = next;
        }
    }
    signals
}
