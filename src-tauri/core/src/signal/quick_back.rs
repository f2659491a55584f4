//! A page that was left at once for the page before it.
//!
//! The trap: "the same page" is an address without its fragment, unless the fragment is the route; and a page
//! view that began because the recorder started anew is not a page that somebody went to. Back and forward again is
//! the same sequence of addresses, and no quick back.

use serde::Serialize;

use super::target::Exemption;
use super::walk::Seen;
use super::{Evidence, Signal, SignalKind};
use crate::event::{Millis, Page};

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rule {
    /// Longest stay on the page.
    pub within_ms: Millis,
    /// A click so short before the page was left is the one that left it.
    pub leaving_click_ms: Millis,
    /// A click on anything but a link so short before the page came up is the one that led to it.
    pub routing_click_ms: Millis,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule { within_ms: 7_000, leaving_click_ms: 2_000, routing_click_ms: 500 }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuickBack {
    pub version: u32,
    /// The page that was left, and come back to.
    pub from: String,
    /// The page that was left at once.
    pub to: String,
    /// Page views: before, between, after.
    pub pages: [u32; 3],
    pub arrived: Millis,
    pub left: Millis,
    pub stayed_ms: Millis,
    /// Clicks on it, none or the one that left it.
    pub clicks: Vec<Millis>,
    /// The click that led to the page, when there was one.
    pub led_by: Option<Millis>,
    /// The recorder tells no change of address: that the page was another one, and the same again, stands on what was
    /// shown.
    pub inferred: bool,
    pub thresholds: Rule,
}

fn address(url: &str) -> &str {
    match url.split_once('#') {
        Some((_, route)) if route.starts_with('/') || route.starts_with('!') => url,
        Some((page, _)) => page,
        None => url,
    }
}

/// A new page view of the same address is the same stay.
fn stays(pages: &[Page]) -> Vec<(&Page, &Page)> {
    let mut stays: Vec<(&Page, &Page)> = Vec::new();
    for page in pages {
        match stays.last_mut() {
            Some((first, last)) if address(&first.url) == address(&page.url) => *last = page,
            _ => stays.push((page, page)),
        }
    }
    stays
}

pub(super) fn detect(seen: &Seen<'_>, rule: &Rule) -> Vec<Signal> {
    let stays = stays(seen.pages);
    let mut signals = Vec::new();
    for (i, window) in stays.windows(3).enumerate() {
        let [(before, before_last), (first, last), (after, _)] = *window else { continue };
        if before.url.is_empty() || address(&before.url) != address(&after.url) {
            continue;
        }
        let arrived = first.started_at;
        let unloaded = seen.unloads.get(&last.number).copied().filter(|t| *t >= arrived);
        let left = unloaded.unwrap_or(after.started_at).min(after.started_at);
        let stayed = left.saturating_sub(arrived);
        let here = |page: u32| (first.number..=last.number).contains(&page);
        let clicks: Vec<Millis> = seen.clicks.iter().filter(|c| here(c.page)).map(|c| c.time).collect();
        let leaving = match clicks[..] {
            [] => true,
            [click] => left.saturating_sub(click) <= rule.leaving_click_ms,
            _ => false,
        };
        let input = seen.inputs.iter().any(|(_, page)| here(*page));
        if stayed > rule.within_ms || !leaving || input {
            continue;
        }
        // The click on the page before that led here, when there was one.
        let led = seen.clicks.iter().rev().find(|c| {
            let wait = arrived.saturating_sub(c.time);
            let longest = if c.target.is(Exemption::Link) { rule.leaving_click_ms } else { rule.routing_click_ms };
            (before.number..=before_last.number).contains(&c.page) && (0..=longest).contains(&wait)
        });
        // Back to where the visitor had come from and forward again: the page between is no disappointment.
        let from_there = i > 0 && address(&stays[i - 1].0.url) == address(&first.url);
        if led.is_none() && from_there {
            continue;
        }
        signals.push(Signal {
            kind: SignalKind::QuickBack,
            page: first.number,
            at_ms: 0,
            until_ms: stayed.max(0),
            time: arrived,
            selector: led.and_then(|c| c.target.anchor_selector.clone()),
            text: led.and_then(|c| c.target.text.clone()),
            evidence: Evidence::QuickBack(QuickBack {
                version: super::VERSION,
                from: before.url.clone(),
                to: first.url.clone(),
                pages: [before_last.number, first.number, after.number],
                arrived,
                left,
                stayed_ms: stayed,
                clicks,
                led_by: led.map(|c| c.time),
                inferred: false,
                thresholds: *rule,
            }),
        });
    }
    signals.extend(unsaid(seen, rule));
    signals
}

/// Within one document, for recorders that tell no change of address.
fn unsaid(seen: &Seen<'_>, rule: &Rule) -> Vec<Signal> {
    let mut signals = Vec::new();
    for visit in &seen.unsaid {
        let stayed = visit.left - visit.arrived;
        let leaving = visit.clicks.iter().all(|click| visit.left - click <= rule.leaving_click_ms);
        if stayed > rule.within_ms || visit.typed || !leaving {
            continue;
        }
        let led = seen.clicks.iter().find(|c| c.time == visit.led_by && c.page == visit.page);
        signals.push(Signal {
            kind: SignalKind::QuickBack,
            page: visit.page,
            at_ms: seen.on_page(visit.page, visit.arrived),
            until_ms: seen.on_page(visit.page, visit.left),
            time: visit.arrived,
            selector: led.and_then(|c| c.target.anchor_selector.clone()),
            text: led.and_then(|c| c.target.text.clone()),
            evidence: Evidence::QuickBack(QuickBack {
                version: super::VERSION,
                from: visit.from.clone(),
                to: visit.to.clone(),
                pages: [visit.page; 3],
                arrived: visit.arrived,
                left: visit.left,
                stayed_ms: stayed,
                clicks: visit.clicks.clone(),
                led_by: Some(visit.led_by),
                inferred: true,
                thresholds: *rule,
            }),
        });
    }
    signals
}
