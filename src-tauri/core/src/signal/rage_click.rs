//! Three or more fast clicks on one element.
//!
//! The trap: fast clicking is also how people select text, count up a number and turn the pages of a carousel.
//! And a page that draws itself anew gives the same button another node: an element is the same by identity or
//! by selector.

use serde::Serialize;

use super::dead_click::answered;
use super::target::Exemption;
use super::walk::{Press, Seen};
use super::{Evidence, Signal, SignalKind};
use crate::event::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rule {
    /// Fewest clicks.
    pub clicks: usize,
    /// Longest time from one click to the next.
    pub within_ms: Millis,
    /// Farthest from one click to the next, CSS px of the document.
    pub within_px: f64,
    /// Clicks that each come later after the one before, each of them answered within this time, are no rage.
    pub unhurried_ms: Millis,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule { clicks: 3, within_ms: 1_000, within_px: 30.0, unhurried_ms: 500 }
    }
}

/// Made for fast clicks, or clicked fast for another reason.
const EXEMPT: &[Exemption] = &[
    Exemption::TextInput,
    Exemption::Canvas,
    Exemption::Media,
    Exemption::TextSelection,
    Exemption::Stepper,
    Exemption::CarouselControl,
    Exemption::DatePicker,
    Exemption::Pagination,
    Exemption::Answered,
];

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RageClick {
    pub version: u32,
    /// When each click happened.
    pub times: Vec<Millis>,
    /// Where, document px.
    pub points: Vec<(f64, f64)>,
    pub clicks: usize,
    pub thresholds: Rule,
    /// Looked for, and none found.
    pub exemptions_checked: &'static [Exemption],
}

/// `next` goes on where `last` was.
fn follows(seen: &Seen<'_>, rule: &Rule, last: &Press, next: &Press) -> bool {
    let same = last.target.anchor.is_some() && last.target.anchor == next.target.anchor
        || last.target.anchor_selector.is_some() && last.target.anchor_selector == next.target.anchor_selector;
    let far = (last.at.x - next.at.x).hypot(last.at.y - next.at.y);
    same && last.document == next.document
        && last.at.frame == next.at.frame
        && next.time.saturating_sub(last.time) <= rule.within_ms
        && far <= rule.within_px
        // A selection that the first press made is told before the second.
        && !seen.selected(last.document, last.down, next.time)
}

/// Somebody works with a control that does what it should, one click after the other's answer.
fn at_work(seen: &Seen<'_>, rule: &Rule, chain: &[Press]) -> bool {
    chain.windows(2).all(|pair| pair[1].time.saturating_sub(pair[0].time) > rule.unhurried_ms)
        && chain.iter().all(|click| answered(seen, rule.unhurried_ms, click))
}

pub(super) fn detect(seen: &Seen<'_>, rule: &Rule) -> Vec<Signal> {
    let mut signals = Vec::new();
    let mut from = 0;
    for i in 1..=seen.clicks.len() {
        if i < seen.clicks.len() && follows(seen, rule, &seen.clicks[i - 1], &seen.clicks[i]) {
            continue;
        }
        let chain = &seen.clicks[from..i];
        from = i;
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { continue };
        let exempt = EXEMPT.iter().any(|e| chain.iter().any(|c| c.target.is(*e)))
            || at_work(seen, rule, chain)
            || seen.selected(first.document, first.down, last.time.saturating_add(seen.selection_delay()));
        if chain.len() < rule.clicks.max(2) || exempt {
            continue;
        }
        signals.push(Signal {
            kind: SignalKind::RageClick,
            page: first.page,
            at_ms: seen.on_page(first.page, first.time),
            until_ms: seen.on_page(first.page, last.time),
            time: first.time,
            selector: first.target.anchor_selector.clone(),
            text: first.target.text.clone(),
            evidence: Evidence::RageClick(RageClick {
                version: super::VERSION,
                times: chain.iter().map(|c| c.time).collect(),
                points: chain.iter().map(|c| (c.at.x, c.at.y)).collect(),
                clicks: chain.len(),
                thresholds: *rule,
                exemptions_checked: EXEMPT,
            }),
        });
    }
    signals
}
