//! A click on something that does nothing.
//!
//! The trap: "nothing followed" is also what a recording shows that ended there. A click counts as dead only when
//! the recording goes on past the time in which an answer was due, and no other page came up soon after. rrweb is the
//! exception: it has no heartbeat and no word at the end, so that its silence is a visitor's who does nothing more.

use serde::Serialize;

use super::target::Exemption;
use super::walk::{Effect, Press, Seen};
use super::{Evidence, Signal, SignalKind};
use crate::event::{Millis, Source};

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rule {
    /// Time for an answer.
    pub within_ms: Millis,
    /// When the document's events end before `within_ms` is over: a page that comes up within this time after the
    /// click is taken for its answer.
    pub next_page_within_ms: Millis,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule { within_ms: 500, next_page_within_ms: 5_000 }
    }
}

/// Clicks there need no answer that a recording shows.
const EXEMPT: &[Exemption] = &[
    Exemption::Control,
    Exemption::Link,
    Exemption::NewTab,
    Exemption::Download,
    Exemption::Input,
    Exemption::TextInput,
    Exemption::Canvas,
    Exemption::Media,
    Exemption::Stepper,
    Exemption::Carousel,
    Exemption::DatePicker,
    Exemption::ModalBackdrop,
];
/// The same with what the click's surroundings in time tell.
const CHECKED: &[Exemption] = &[
    Exemption::Control,
    Exemption::Link,
    Exemption::NewTab,
    Exemption::Download,
    Exemption::Input,
    Exemption::TextInput,
    Exemption::Canvas,
    Exemption::Media,
    Exemption::TextSelection,
    Exemption::Stepper,
    Exemption::Carousel,
    Exemption::DatePicker,
    Exemption::ModalBackdrop,
];

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadClick {
    pub version: u32,
    pub click: Millis,
    /// Document px.
    pub point: (f64, f64),
    /// Until when an answer was looked for.
    pub watched_until: Millis,
    /// Kinds of answer that were looked for.
    /// Nothing at all was recorded after that time: the visitor did nothing more, or had left.
    pub recording_ends: bool,
    pub answers_checked: &'static [&'static str],
    pub thresholds: Rule,
    /// Looked for, and none found.
    pub exemptions_checked: &'static [Exemption],
}

const ANSWERS: &[&str] =
    &["mutation", "navigation", "scroll", "input", "focus", "selection", "media", "open", "clipboard", "away"];

fn selects(seen: &Seen<'_>, click: &Press, until: Millis) -> bool {
    let late = until.saturating_add(seen.selection_delay());
    let double = seen.double_clicks.iter().any(|&(t, d)| d == click.document && t >= click.time && t <= until);
    click.dragged || double || seen.selected(click.document, click.down, late)
}

/// The page did something that a visitor can notice.
pub(super) fn answered(seen: &Seen<'_>, within_ms: Millis, click: &Press) -> bool {
    let until = click.time.saturating_add(within_ms);
    let effect = seen.effects_between(click.down, until).any(|e| {
        e.document == click.document
            // What already the press changed is an answer too; a page scrolls and focuses by itself before it.
            && (e.time >= click.time || e.effect == Effect::Mutation)
    });
    let page = seen.pages.iter().any(|p| p.started_at > click.time && p.started_at <= until);
    effect || page
}

/// The session's last event came before `until`.
fn ends_silent(seen: &Seen<'_>, until: Millis) -> bool {
    seen.end < until
}

/// The recording tells whether something happened.
fn observed(seen: &Seen<'_>, rule: &Rule, click: &Press) -> bool {
    let until = click.time.saturating_add(rule.within_ms);
    if ends_silent(seen, until) && seen.source != Source::Rrweb || seen.has_gap(click.document, click.time, until) {
        return false;
    }
    let soon = click.time.saturating_add(rule.next_page_within_ms);
    seen.end_of(click.document) >= until
        || !seen.pages.iter().any(|p| p.started_at > click.time && p.started_at <= soon)
}

pub(super) fn detect(seen: &Seen<'_>, rule: &Rule) -> Vec<Signal> {
    let mut signals = Vec::new();
    for click in &seen.clicks {
        let until = click.time.saturating_add(rule.within_ms);
        let exempt = !click.target.known || EXEMPT.iter().any(|e| click.target.is(*e));
        if exempt
            || selects(seen, click, until)
            || answered(seen, rule.within_ms, click)
            || !observed(seen, rule, click)
        {
            continue;
        }
        let at_ms = seen.on_page(click.page, click.time);
        signals.push(Signal {
            kind: SignalKind::DeadClick,
            page: click.page,
            at_ms,
            until_ms: at_ms,
            time: click.time,
            selector: click.target.selector.clone(),
            text: click.target.text.clone(),
            evidence: Evidence::DeadClick(DeadClick {
                version: super::VERSION,
                click: click.time,
                point: (click.at.x, click.at.y),
                watched_until: until,
                recording_ends: ends_silent(seen, until),
                answers_checked: ANSWERS,
                thresholds: *rule,
                exemptions_checked: CHECKED,
            }),
        });
    }
    signals
}
