//! Recordings out of what vendors wrap around them, to plain lists of rrweb events.
//!
//! The trap: the same 27 events come as an array, as strings in strings, as fields that are gzip written as text, by
//! window, by segment or as log lines; told apart by anything but their content, half of them would be lost. What is
//! kept of a recording is the list itself, in one spelling, so that one recording in two wrappings is one body.
//!
//! Nothing here opens files. Whatever has to be unpacked on the way is counted against an [`Allowance`].

mod events;
pub mod har;
pub mod html;
pub mod openreplay;
pub mod posthog;
pub mod requestly;
pub mod sentry;
pub mod snappy;
mod unpack;

pub use events::{Collected, collect};
pub use unpack::{Allowance, Stop, from_base64, from_latin1};

use super::json;
use crate::event::{Millis, SessionMeta};

/// What a wrapper says of its session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    pub session: Option<String>,
    /// The vendor's id of the visitor.
    pub user: Option<String>,
    pub project: Option<String>,
    pub meta: SessionMeta,
}

/// What an object is, by its outermost keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapper {
    /// A whole recording that may say whose it is.
    Whole,
    /// Part of one that other lines or files may go on with.
    Piece,
    /// What PostHog's or Sentry's interface says about a recording, without it.
    About,
    /// The line above a Sentry segment.
    SentryHeader,
    /// A list of records as Datadog's recorder sends it.
    Datadog,
}

/// What the object at the start of `text` is; `None` when it is nothing known here.
pub fn wrapper(text: &[u8]) -> Option<Wrapper> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let (mut kind, mut time, mut events, mut data, mut window, mut session) = (false, false, None, None, false, None);
    let (mut records, mut datadog, mut segment, mut keys, mut id, mut about) = (false, false, false, 0, false, false);
    let (mut secure, mut name, mut properties, mut variables, mut log, mut item) =
        (false, None, None, None, false, false);
    for (key, at) in json::items(text, 0).take(64).map_while(|item| item.ok()) {
        keys += 1;
        let value = &text[at.clone()];
        let first = value[0];
        match &text[key] {
            b"type" => {
                kind = first.is_ascii_digit();
                item = matches!(value, b"\"replay_event\"" | b"\"replay_recording\"");
            }
            b"timestamp" => time = true,
            b"events" => events = Some(first),
            b"data" => data = Some(at),
            b"windowId" | b"window_id" => window = true,
            b"session" => session = (first == b'{').then_some(at),
            b"records" => records = first == b'[',
            b"view" | b"application" | b"has_full_snapshot" | b"records_count" | b"creation_reason" => datadog = true,
            b"segment_id" => segment = first.is_ascii_digit(),
            b"session_secure_id" => secure = true,
            b"snapshots" | b"snapshot_data_by_window_id" if matches!(first, b'[' | b'{') => {
                return Some(Wrapper::Whole);
            }
            b"event" | b"event_name" => name = Some(at),
            b"properties" => properties = Some(at),
            b"variables" => variables = Some(at),
            b"id" => id = true,
            b"recording_duration" | b"count_segments" | b"replay_type" | b"start_url" => about = true,
            b"event_data_event" | b"attributes" | b"payload" => log = true,
            b"event_id" | b"dsn" | b"sent_at" if first == b'"' => item = true,
            _ => {}
        }
    }
    if kind && time {
        return Some(Wrapper::Piece);
    }
    if segment && keys == 1 || item && !kind && !time && events.is_none() && keys <= 8 && data.is_none() {
        return Some(Wrapper::SentryHeader);
    }
    if records && datadog {
        return Some(Wrapper::Datadog);
    }
    if matches!(events, Some(b'[' | b'"' | b'{')) {
        return Some(if session.is_some() || secure { Wrapper::Whole } else { Wrapper::Piece });
    }
    if secure && (data.is_some() || variables.is_some()) {
        return Some(Wrapper::Whole);
    }
    if let Some(variables) = variables
        && ["events", "data", "session_secure_id"].iter().any(|k| json::field(text, variables.start, k).is_some())
    {
        return Some(Wrapper::Whole);
    }
    if name.as_ref().is_some_and(|at| &text[at.clone()] == b"\"$snapshot\"")
        && properties.is_some_and(|at| json::field(text, at.start, "$snapshot_data").is_some())
    {
        return Some(Wrapper::Whole);
    }
    if let Some(data) = data {
        let has = |key: &str| json::field(text, data.start, key).is_some();
        if has("snapshots") || has("snapshotsByWindowId") || (has("events") && has("metadata")) {
            return Some(Wrapper::Whole);
        }
        if window && text[data.start] == b'[' {
            return Some(Wrapper::Piece);
        }
        if has("id") && (has("count_segments") || has("replay_type")) {
            return Some(Wrapper::About);
        }
    }
    if id && about {
        return Some(Wrapper::About);
    }
    // Log lines of Grafana Faro; the names around the event depend on the store.
    if log && name.is_some() || text_contains(text, b"faro.session_recording.event") {
        return Some(Wrapper::Piece);
    }
    None
}

fn text_contains(text: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(&text[..text.len().min(4096)], what).is_some()
}

/// What an object of kind [`Wrapper::Whole`] or [`Wrapper::About`] says of its session.
pub fn about(text: &[u8]) -> Option<About> {
    let said = posthog::about(text)
        .or_else(|| sentry::about(text))
        .or_else(|| requestly::about(text))
        .or_else(|| extension(text))
        .or_else(|| highlight(text))?;
    (said != About::default()).then_some(said)
}

/// rrweb's own browser extension: `{session:{id,name,…},events:[…]}`.
fn extension(text: &[u8]) -> Option<About> {
    let session = json::field(text, 0, "session")?;
    let word = |key: &str| json::word(&text[json::field(text, session.start, key)?]);
    let mut about = About { session: word("id"), ..About::default() };
    if let Some(name) = word("name") {
        about.meta.tags.insert("name".to_owned(), vec![name]);
    }
    Some(about)
}

fn highlight(text: &[u8]) -> Option<About> {
    let at = json::field(text, 0, "session_secure_id")
        .or_else(|| json::path(text, 0, &["variables", "session_secure_id"]))?;
    Some(About { session: json::word(&text[at]), ..About::default() })
}

/// Epoch ms of a number of ms or of an ISO 8601 time; a time without zone is UTC.
pub fn moment(text: &str) -> Option<Millis> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n as Millis))
        .or_else(|| iso(text))
}

/// Epoch ms of an ISO 8601 time; without a zone it is UTC.
pub fn iso(s: &str) -> Option<Millis> {
    let digits = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = s.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    if s.as_bytes().get(4) != Some(&b'-') || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970-03-01 of the proleptic Gregorian calendar, years starting in March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day - 719_469;
    let mut ms = days * 86_400_000;
    let Some(rest) = s.get(10..).filter(|rest| !rest.is_empty()) else { return Some(ms) };
    if !rest.starts_with(['T', ' ']) {
        return None;
    }
    ms += digits(11..13)? * 3_600_000 + digits(14..16)? * 60_000;
    let mut at = 16;
    if s.as_bytes().get(at) == Some(&b':') {
        ms += digits(17..19)? * 1000;
        at = 19;
        if s.as_bytes().get(at) == Some(&b'.') {
            let fraction: String = s[at + 1..].chars().take_while(char::is_ascii_digit).collect();
            ms += format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
            at += 1 + fraction.len();
        }
    }
    let zone = s.get(at..)?;
    let sign = match zone.as_bytes().first() {
        None | Some(b'Z' | b'z') => return Some(ms),
        Some(b'+') => -1,
        Some(b'-') => 1,
        Some(_) => return None,
    };
    let offset: String = zone.chars().filter(char::is_ascii_digit).collect();
    let hours: i64 = offset.get(..2)?.parse().ok()?;
    let minutes: i64 = offset.get(2..4).and_then(|m| m.parse().ok()).unwrap_or(0);
    Some(ms + sign * (hours * 60 + minutes) * 60_000)
}
