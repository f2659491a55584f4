//! From recorded bodies to everything that is stored of a session.
//!
//! The trap: import, completion of a session by a later capture, and `verify` must get the same rows from the
//! same bodies, so all three come here, with the bodies in the same order.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value};

use crate::archive::Said;
use crate::event::{Gap, Session, SessionMeta, Source};
use crate::facts::{PageFacts, activity_bins, of_session, page_starts};
use crate::findings::{Finding, Findings};
use crate::format::{clarity, rrweb};
use crate::replay::Replay;
use crate::signal::{self, Counts, Detected, Evidence, Signal, Thresholds};
use crate::store::{Identity, Keyframe, SignalRow, Sketch};

/// Bars of the activity strip in the session list.
const ACTIVITY_BINS: usize = 58;
/// Most different messages of errors after clicks that a row keeps.
const MESSAGES: usize = 100;

/// A recorded body of one session.
pub(crate) struct Body<'a> {
    pub(crate) path: &'a str,
    /// Its number, where the parts of an rrweb recording have numbers; 0 where they have none.
    pub(crate) position: u64,
    pub(crate) bytes: &'a [u8],
}

/// What one set of bodies comes to.
#[derive(Debug)]
pub(crate) struct Derived {
    /// Its `id` is the recorder's, not yet the cache's.
    pub(crate) session: Session,
    pub(crate) findings: Findings,
}

/// Decodes bodies that stand in the session's order. `None`, with the findings, when there is no event in
/// them.
pub(crate) fn decode(source: Source, identity: Option<&Identity>, bodies: &[Body<'_>]) -> (Option<Session>, Findings) {
    let mut findings = Findings::new();
    let said = identity.map(|i| i.session.as_str()).filter(|id| !id.is_empty());
    // Decoders promise not to panic on any input. Should one break the promise, one session is lost and not
    // the whole import.
    let decoded = catch_unwind(AssertUnwindSafe(|| match source {
        Source::Clarity => {
            let bodies: Vec<_> = bodies.iter().map(|b| clarity::Body { path: b.path, bytes: b.bytes }).collect();
            clarity::decode_session(&bodies, &mut findings)
        }
        Source::Rrweb => {
            let bodies: Vec<_> = bodies.iter().map(|b| rrweb::Body { path: b.path, bytes: b.bytes }).collect();
            rrweb::decode_session(&bodies, said, &mut findings)
        }
    }));
    let mut session = decoded.unwrap_or_else(|_| {
        let at = bodies.first().map(|b| b.path).unwrap_or_default();
        let message = format!("The recording {at} could not be decoded because of an error in this program.");
        findings.push(Finding::error("decoder_failed", message).at_path(at));
        None
    });
    if let Some(session) = session.as_mut().filter(|_| source == Source::Rrweb) {
        missing_parts(session, bodies, &mut findings);
    }
    (session, findings)
}

/// Parts of an rrweb recording that are numbered from 1 (or 0) and lack some numbers.
fn missing_parts(session: &mut Session, bodies: &[Body<'_>], findings: &mut Findings) {
    let mut parts: Vec<(u64, &[u8])> = bodies.iter().map(|b| (b.position, b.bytes)).collect();
    parts.sort_by_key(|(number, _)| *number);
    parts.dedup_by_key(|(number, _)| *number);
    let (Some((first, _)), Some((last, _))) = (parts.first().copied(), parts.last().copied()) else { return };
    let missing = last - first + 1 - parts.len() as u64;
    // Sentry's segments say their numbers themselves; the decoder has looked at them.
    if bodies.iter().any(|b| b.bytes.starts_with(b"{\"segment_id\"")) {
        return;
    }
    // Numbers with more holes than parts count something else.
    if parts.len() < 2 || missing >= parts.len() as u64 || first > parts.len() as u64 {
        return;
    }
    let mut gaps: Vec<Gap> = Vec::new();
    if first > 1 {
        let at = session.pages.first().map_or(0, |p| p.started_at);
        let reason = match first - 1 {
            1 => "Part 1 of this recording is missing.".to_owned(),
            n => format!("Parts 1 to {n} of this recording are missing."),
        };
        gaps.push(Gap { from: at, until: at, reason });
    }
    for pair in parts.windows(2) {
        let ((before, a), (after, b)) = (pair[0], pair[1]);
        if before + 1 == after {
            continue;
        }
        let (Some((_, from)), Some((until, _))) = (rrweb::span(a), rrweb::span(b)) else { continue };
        let reason = match after - before {
            2 => format!("Part {} of this recording is missing.", before + 1),
            _ => format!("Parts {} to {} of this recording are missing.", before + 1, after - 1),
        };
        gaps.push(Gap { from, until: until.max(from), reason });
    }
    for gap in gaps {
        let page = session.pages.iter_mut().rev().find(|p| p.started_at <= gap.from);
        let Some(page) = page else { continue };
        let finding = Finding::warning("rrweb-part-missing", gap.reason.clone());
        findings.push(finding.in_session(&session.id).on_page(page.number));
        page.gaps.push(gap);
        page.gaps.sort_by(|a, b| (a.from, a.until, &a.reason).cmp(&(b.from, b.until, &b.reason)));
    }
}

pub(crate) fn derive(identity: &Identity, bodies: &[Body<'_>]) -> (Option<Derived>, Findings) {
    let (session, findings) = decode(identity.source, Some(identity), bodies);
    match session {
        Some(session) => (Some(named(session, identity, findings)), Findings::new()),
        None => (None, findings),
    }
}

/// What archives said about a recording's project and visitor counts when the recording itself is silent.
pub(crate) fn named(mut session: Session, identity: &Identity, findings: Findings) -> Derived {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    session.project = said(&identity.project);
    session.user = said(&identity.user);
    Derived { session, findings }
}

/// What archives said, folded: a manifest wins over a session line, that over a `session.json`.
pub(crate) fn meta<'s>(said: impl Iterator<Item = &'s str>) -> SessionMeta {
    let mut all: Vec<(u8, &str, Said)> =
        said.filter_map(|text| serde_json::from_str::<Said>(text).ok().map(|said| (said.rank, text, said))).collect();
    all.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let mut meta = SessionMeta::default();
    for (_, _, said) in &all {
        meta.fill_from(&said.meta);
    }
    meta
}

/// The labels on a session by the definitions as they stand.
pub(crate) fn detected(session: &Session) -> Detected {
    signal::detect(session, &Thresholds::default())
}

/// The session's row of filterable fields, still without its place in the cache, see [`place`], and the facts of its
/// page views.
pub(crate) fn facts(
    session: &Session,
    detected: &Detected,
    meta: &SessionMeta,
) -> (Map<String, Value>, Vec<PageFacts>) {
    let facts = of_session(session, &detected.clicked, meta);
    let Value::Object(mut row) = facts.to_json() else { return (Map::new(), facts.pages) };
    // Of what was not recorded it is not known that nothing went wrong.
    if !session.pages.is_empty() || !session.events.is_empty() {
        count(&mut row, &detected.signals);
    }
    (row, facts.pages)
}

/// The labels as a cache keeps them, without their evidence.
pub(crate) fn signal_rows(signals: &[Signal]) -> Vec<SignalRow> {
    let row = |signal: &Signal| {
        let mut row = SignalRow {
            kind: signal.kind.name().to_owned(),
            page: signal.page,
            time: signal.time,
            until: signal.time.saturating_add(signal.until_ms.saturating_sub(signal.at_ms)),
            selector: signal.selector.clone(),
            text: signal.text.clone(),
            party: None,
            script: None,
        };
        if let Evidence::JsError(error) = &signal.evidence {
            // Whole, so that it finds its sessions among the facts.
            row.text = Some(error.message.clone());
            row.party = Some(error.party.name().to_owned());
            row.script = error.source.clone();
        }
        row
    };
    signals.iter().map(row).collect()
}

/// Writes a session's id in the cache and the client's project into its row.
pub(crate) fn place(row: &mut Map<String, Value>, id: &str, project: Option<&str>) {
    row.insert("id".to_owned(), id.into());
    if let Some(project) = project {
        row.insert("project".to_owned(), project.into());
    }
}

/// Adds the fields that the detectors make.
fn count(row: &mut Map<String, Value>, signals: &[Signal]) {
    let counts = Counts::of(signals);
    row.insert("rage_clicks".to_owned(), counts.rage_clicks.into());
    row.insert("dead_clicks".to_owned(), counts.dead_clicks.into());
    row.insert("quick_backs".to_owned(), counts.quick_backs.into());
    row.insert("excessive_scrolls".to_owned(), counts.excessive_scrolls.into());
    row.insert("frustration".to_owned(), counts.frustration().score.into());
    // Where errors are not recorded, none after a click is not known either.
    if row.contains_key("js_errors") {
        row.insert("error_clicks".to_owned(), counts.error_clicks.into());
        let mut messages: Vec<&str> = Vec::new();
        for signal in signals {
            if let Evidence::ErrorClick(evidence) = &signal.evidence {
                for (_, message) in &evidence.errors {
                    if !messages.contains(&message.as_str()) && messages.len() < MESSAGES {
                        messages.push(message);
                    }
                }
            }
        }
        if !messages.is_empty() {
            row.insert("click_error".to_owned(), messages.into());
        }
    }
}

/// States of long sessions that a seek can start from, ready to be stored.
pub(crate) fn keyframes(session: &Session) -> Vec<Keyframe> {
    Replay::keyframes(session)
        .into_iter()
        .map(|(document, event, tree)| Keyframe { document, event, data: tree.encode() })
        .collect()
}

/// What a row of the list draws of the session without reading its events.
pub(crate) fn sketch(session: &Session) -> Sketch {
    Sketch { activity: activity_bins(session, ACTIVITY_BINS), page_starts: page_starts(session) }
}
