//! When a visitor did something, when not, and when the page was out of sight.
//!
//! The trap: a recording is full of events that no visitor caused. Mutations, timers and the recorder's own
//! records must not make an abandoned tab look busy, so activity counts only the kinds of [`weight`].

use std::collections::BTreeMap;

use super::spans::{Span, minus, union, within};
use crate::event::{Kind, Millis, Page, Session};

/// How active time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityRule {
    /// An interaction makes the time up to the next one active, but no more than this, in ms.
    pub gap_ms: Millis,
    /// The start of a page view counts as an interaction: the visitor went there.
    pub page_start_counts: bool,
    /// Time in which the page was hidden is never active.
    pub without_hidden: bool,
}

/// The rule behind `active_duration`.
pub const ACTIVITY: ActivityRule = ActivityRule { gap_ms: 5_000, page_start_counts: true, without_hidden: true };

/// Most bins that [`activity_bins`] makes.
const BINS: usize = 4_096;

/// How much an event says that the visitor is there; 0 for what a page or recorder does by itself.
pub fn weight(kind: &Kind) -> u32 {
    match kind {
        Kind::Click(click) | Kind::ContextMenu(click) if !click.trusted => 0,
        Kind::Input { trusted: Some(false), .. } => 0,
        Kind::Click(_) | Kind::ContextMenu(_) => 10,
        Kind::Input { .. }
        | Kind::DoubleClick(_)
        | Kind::Change { .. }
        | Kind::Submit { .. }
        | Kind::Clipboard { .. } => 6,
        Kind::MouseDown(_) | Kind::TouchStart(_) | Kind::Drag(_) | Kind::Selection { .. } => 3,
        Kind::Scroll { .. } | Kind::Wheel(_) | Kind::TouchMove(_) => 2,
        Kind::Move(_) | Kind::MouseUp(_) | Kind::TouchEnd(_) | Kind::TouchCancel(_) => 1,
        _ => 0,
    }
}

/// From the first to the last event; of a session without events, from its first to its last page view.
pub(super) fn extent(session: &Session) -> Option<Span> {
    let (from, until) = if session.events.is_empty() {
        (session.pages.iter().map(|p| p.started_at).min()?, session.pages.iter().map(|p| p.ended_at).max()?)
    } else {
        (session.events.iter().map(|e| e.time).min()?, session.events.iter().map(|e| e.time).max()?)
    };
    Some(Span::new(from, until))
}

/// Times of interactions and page starts, sorted.
fn marks(session: &Session) -> Vec<Millis> {
    let mut marks: Vec<Millis> = session.events.iter().filter(|e| weight(&e.kind) > 0).map(|e| e.time).collect();
    if ACTIVITY.page_start_counts {
        marks.extend(session.pages.iter().map(|p| p.started_at));
    }
    marks.sort_unstable();
    marks
}

/// Active time by [`ACTIVITY`], hidden time not yet taken out. `marks` sorted.
fn active(marks: &[Millis], end: Millis) -> Vec<Span> {
    let spans = marks.iter().enumerate().map(|(i, &from)| {
        let next = marks.get(i + 1).copied().unwrap_or(end).min(end);
        Span::new(from, next.min(from.saturating_add(ACTIVITY.gap_ms)))
    });
    union(spans.collect())
}

pub(super) fn active_spans(session: &Session, hidden: &[Span]) -> Vec<Span> {
    let Some(extent) = extent(session) else { return Vec::new() };
    minus(&active(&marks(session), extent.until), if ACTIVITY.without_hidden { hidden } else { &[] })
}

/// Hidden spans of every document that told its visibility. One that never did is missing: whether it was
/// hidden is unknown. rrweb does not record visibility.
pub(super) fn hidden_by_document(session: &Session) -> BTreeMap<u32, Vec<Span>> {
    let document_of: BTreeMap<u32, u32> = session.pages.iter().map(|p| (p.number, p.document)).collect();
    let mut end_of: BTreeMap<u32, Millis> = BTreeMap::new();
    for page in &session.pages {
        let end = end_of.entry(page.document).or_insert(page.ended_at);
        *end = page.ended_at.max(*end);
    }
    let mut since: BTreeMap<u32, Option<Millis>> = BTreeMap::new();
    let mut spans: BTreeMap<u32, Vec<Span>> = BTreeMap::new();
    for event in &session.events {
        let Kind::Visibility { visible } = event.kind else { continue };
        let Some(&document) = document_of.get(&event.page) else { continue };
        let state = since.entry(document).or_default();
        match (visible, *state) {
            (true, Some(from)) => {
                spans.entry(document).or_default().push(Span::new(from, event.time));
                *state = None;
            }
            (false, None) => *state = Some(event.time),
            _ => {}
        }
    }
    since
        .into_iter()
        .map(|(document, open)| {
            let mut list = spans.remove(&document).unwrap_or_default();
            if let (Some(from), Some(&end)) = (open, end_of.get(&document)) {
                list.push(Span::new(from, end));
            }
            (document, union(list))
        })
        .collect()
}

/// Hidden time of one page view; `None` when the recording does not tell.
pub(super) fn hidden_of_page(page: &Page, by_document: &BTreeMap<u32, Vec<Span>>) -> Option<Vec<Span>> {
    by_document.get(&page.document).map(|spans| within(spans, Span::new(page.started_at, page.ended_at)))
}

/// When no page of the session was in sight, as far as the recording tells. Epoch ms.
pub fn hidden_spans(session: &Session) -> Vec<Span> {
    let by_document = hidden_by_document(session);
    let mut hidden = Vec::new();
    let mut seen = Vec::new();
    for page in &session.pages {
        if let Some(spans) = hidden_of_page(page, &by_document) {
            seen.extend(minus(&[Span::new(page.started_at, page.ended_at)], &spans));
            hidden.extend(spans);
        }
    }
    minus(&union(hidden), &union(seen))
}

/// Times without any interaction or page start, each longer than `threshold_ms`. Epoch ms. Time of which data is
/// missing is not among them: nobody knows whether it was idle.
pub fn idle_spans(session: &Session, threshold_ms: Millis) -> Vec<Span> {
    let Some(extent) = extent(session) else { return Vec::new() };
    let mut idle = Vec::new();
    let mut last = extent.from;
    for mark in marks(session).into_iter().chain([extent.until]) {
        let span = Span::new(last, mark);
        if span.length() > threshold_ms.max(0) {
            idle.push(span);
        }
        last = last.max(mark);
    }
    let lost = session.pages.iter().flat_map(|p| &p.gaps).map(|gap| Span::new(gap.from, gap.until)).collect();
    minus(&idle, &union(lost))
}

/// How busy the visitor was over the session: `n` bins of equal time (at most 4,096) from the first to the last
/// event. 0 is nothing at all, 255 the busiest bin; in between the square root of the weights, so that reading
/// still shows beside a burst of clicks.
pub fn activity_bins(session: &Session, n: usize) -> Vec<u8> {
    let mut sums = vec![0u64; n.min(BINS)];
    let Some(extent) = extent(session).filter(|_| !sums.is_empty()) else { return vec![0; sums.len()] };
    let length = extent.length().unsigned_abs() as u128 + 1;
    for event in &session.events {
        let at = event.time.saturating_sub(extent.from).max(0).unsigned_abs() as u128;
        let bin = ((at * sums.len() as u128) / length) as usize;
        let last = sums.len() - 1;
        sums[bin.min(last)] += u64::from(weight(&event.kind));
    }
    let most = sums.iter().copied().max().unwrap_or(0);
    sums.iter()
        .map(
            |&sum| {
                if sum == 0 { 0 } else { ((sum as f64 / most as f64).sqrt() * 255.0).round().clamp(1.0, 255.0) as u8 }
            },
        )
        .collect()
}

/// Where each page view starts, as a fraction 0–1 of the session.
pub fn page_starts(session: &Session) -> Vec<f64> {
    let Some(extent) = extent(session) else { return Vec::new() };
    let length = extent.length().max(1) as f64;
    session.pages.iter().map(|p| (p.started_at.saturating_sub(extent.from) as f64 / length).clamp(0.0, 1.0)).collect()
}
