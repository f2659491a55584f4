//! JSON texts: which of them are recordings, one by one or line by line.
//!
//! The trap: one Clarity body, a thousand of them in lines, and one rrweb recording with an event a line all
//! start with `{`. The first line decides: when it is a whole value and more follows, the text is read line
//! by line and never held as a whole.

use std::io::BufRead;
use std::ops::Range;

use serde_json::Value;

use super::limits::{End, MAX_BODY, MAX_JSON_DEPTH, MAX_META, MAX_STRING, read_line, read_up_to};
use super::read::{Place, Reader};
use super::{Item, Part};
use super::{about, bundle};
use crate::error::Result;
use crate::event::Source;
use crate::findings::{Finding, Severity};
use crate::format::json::{Problem, Why, field, items, mended, skip_space, squeeze, unescape, value_end};
use crate::format::wrap::{Wrapper, wrapper};
use crate::format::{clarity, rrweb};

/// Keys of an object that are looked at; payloads have three, session lines as many.
const KEYS: usize = 64;

#[derive(Debug, PartialEq)]
enum Form {
    Clarity,
    /// Ranges of the values of `meta`, `clarity`, `rrweb`.
    Session {
        meta: Option<Range<usize>>,
        clarity: Option<Range<usize>>,
        rrweb: Option<Range<usize>>,
    },
    /// Metadata of a session, in a file of its own.
    About,
    Har,
    /// What `clarity-decode` prints.
    Decoded,
    /// A JSON string: a payload or event in a string.
    Text,
    Unknown,
}

fn keys(value: &[u8]) -> Vec<(&[u8], Range<usize>)> {
    items(value, 0).take(KEYS).map_while(|item| item.ok()).map(|(key, at)| (&value[key], at)).collect()
}

fn form(value: &[u8]) -> Form {
    match value.first() {
        Some(b'{') => {}
        Some(b'"') => return Form::Text,
        _ => return Form::Unknown,
    }
    let keys = keys(value);
    let get = |name: &str| keys.iter().find(|(key, _)| *key == name.as_bytes()).map(|(_, at)| at.clone());
    let starts = |at: &Range<usize>, with: &[u8]| value[at.start..].starts_with(with);
    if let Some(envelope) = get("e")
        && starts(&envelope, b"[")
        && ["a", "p", "d"].iter().any(|key| get(key).is_some())
    {
        return Form::Clarity;
    }
    let (clarity, rrweb) = (get("clarity"), get("rrweb"));
    let listed = |at: &Option<Range<usize>>| {
        at.as_ref().is_some_and(|at| starts(at, b"[") || starts(at, b"\"") || starts(at, b"{"))
    };
    if listed(&clarity) || listed(&rrweb) {
        return Form::Session { meta: get("meta"), clarity, rrweb };
    }
    if let Some(log) = get("log")
        && items(value, log.start).take(KEYS).map_while(|i| i.ok()).any(|(key, _)| &value[key] == b"entries")
    {
        return Form::Har;
    }
    if let Some(envelope) = get("envelope")
        && field(value, envelope.start, "sessionId").is_some()
    {
        return Form::Decoded;
    }
    if get("sessionId").or_else(|| get("session_id")).is_some() && get("events").is_none() && get("data").is_none() {
        return Form::About;
    }
    Form::Unknown
}

/// Whether one of Clarity's payloads starts here.
pub(crate) fn is_clarity(text: &[u8]) -> bool {
    form(text) == Form::Clarity
}

/// Whether Clarity's payloads are listed here, as they are or in strings.
fn lists_clarity(text: &[u8]) -> bool {
    let first = items(text, 0).next().and_then(|item| item.ok());
    text.first() == Some(&b'[')
        && first.is_some_and(|(_, at)| match form(&text[at.clone()]) {
            Form::Clarity | Form::Decoded => true,
            Form::Text => {
                let inner = unescape(&text[at]);
                is_clarity(trimmed(&inner))
            }
            _ => false,
        })
}

/// Without the byte order mark and the space around: the same recording has one hash, file or line.
fn trimmed(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii()
}

impl Reader<'_, '_> {
    pub(crate) fn json(&mut self, input: &mut dyn BufRead, place: &Place) -> Result<()> {
        let mut first = Vec::new();
        let (newline, end) = read_line(input, &mut first, MAX_BODY);
        let mut read = first.len() as u64;
        match end {
            End::Full => {
                self.too_large(place);
                return Ok(());
            }
            End::Error(e) => {
                if self.broken(&e, read, place)? {
                    self.document(first, place)?;
                }
                return Ok(());
            }
            End::Eof => {}
        }
        let line = trimmed(&first);
        let whole = value_end(line, 0) == Ok(line.len());
        if whole && newline && wrapper(line) == Some(Wrapper::SentryHeader) {
            return match read_up_to(input, &mut first, MAX_BODY - read) {
                End::Eof => self.sentry(&first, place),
                End::Full => {
                    self.too_large(place);
                    Ok(())
                }
                End::Error(e) => {
                    self.broken(&e, first.len() as u64, place)?;
                    self.sentry(&first, place)
                }
            };
        }
        if !newline || !whole {
            // An event a line may begin with a broken line; a pretty-printed document always does.
            match read_up_to(input, &mut first, MAX_BODY - read) {
                End::Eof => self.document(first, place),
                End::Full => {
                    self.too_large(place);
                    Ok(())
                }
                End::Error(e) => {
                    read = first.len() as u64;
                    if self.broken(&e, read, place)? { self.document(first, place) } else { Ok(()) }
                }
            }
        } else {
            self.lines(first, input, place)
        }
    }

    /// NDJSON. Sessions and payloads leave line by line; lines of one rrweb recording are collected.
    fn lines(&mut self, first: Vec<u8>, input: &mut dyn BufRead, place: &Place) -> Result<()> {
        let mut line = first;
        let (mut number, mut offset) = (1u64, 0u64);
        let mut events: Vec<u8> = Vec::new();
        let (mut unknown, mut unknown_at) = (0u64, 0u64);
        loop {
            let text = trimmed(&line);
            if !text.is_empty() {
                let at = Place { path: format!("{}#{number}", place.path), ..place.clone() };
                match value_end(text, 0) {
                    Ok(end) if end == text.len() => {
                        if !self.value(text, &at, offset, true)? {
                            if (events.len() + text.len()) as u64 > MAX_BODY {
                                self.too_large(place);
                                return Ok(());
                            }
                            if unknown == 0 {
                                unknown_at = offset;
                            }
                            unknown += 1;
                            events.extend_from_slice(text);
                            events.push(b'\n');
                        }
                    }
                    Ok(end) => {
                        let problem = Problem { offset: end, why: Why::Broken };
                        self.line_problem(problem, offset, number, place);
                    }
                    Err(problem) => self.line_problem(problem, offset, number, place),
                }
            }
            offset += line.len() as u64;
            number += 1;
            line.clear();
            let (newline, end) = read_line(input, &mut line, MAX_BODY);
            match end {
                End::Full => {
                    let message = format!(
                        "Line {number} of {} is longer than {} MB; it and what follows was left out.",
                        place.path,
                        MAX_BODY >> 20
                    );
                    self.find(Finding::error("limit_body", message).at_offset(offset), place);
                    break;
                }
                End::Error(e) => {
                    self.broken(&e, offset + line.len() as u64, place)?;
                    break;
                }
                End::Eof if !newline && line.is_empty() => break,
                End::Eof => {}
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        if self.rrweb(events.into(), place)? {
            Ok(())
        } else {
            let message = format!("{unknown} lines of {} are JSON but no recording.", place.path);
            let severity = if place.given { Severity::Warning } else { Severity::Note };
            *self.seen.others.entry("JSON without a recording".to_owned()).or_insert(0) += 1;
            self.find(Finding::new(severity, "not_a_recording", message).at_offset(unknown_at), place);
            Ok(())
        }
    }

    fn line_problem(&mut self, problem: Problem, offset: u64, number: u64, place: &Place) {
        let (code, why) = explain(problem);
        let message = format!("Line {number} of {} {why}; the line was left out.", place.path);
        self.find(Finding::warning(code, message).at_offset(offset + problem.offset as u64), place);
    }

    /// One JSON text.
    fn document(&mut self, bytes: Vec<u8>, place: &Place) -> Result<()> {
        let text = trimmed(&bytes);
        let problem = match value_end(text, 0) {
            Ok(end) if end == text.len() => None,
            Ok(end) => Some(Problem { offset: end, why: Why::Broken }),
            Err(problem) => Some(problem),
        };
        let Some(problem) = problem else {
            if self.value(text, place, 0, false)? {
                return Ok(());
            }
            self.other("not_a_recording", "JSON without a recording", place);
            return Ok(());
        };
        let (code, why) = explain(problem);
        let offset = problem.offset as u64;
        // The leading elements of a list are whole, and the formats' readers salvage their own.
        if matches!(problem.why, Why::Truncated | Why::Broken) {
            let first = items(text, 0).next().and_then(|item| item.ok());
            if text.first() == Some(&b'[')
                && let Some((_, at)) = first
                && matches!(form(&text[at]), Form::Clarity | Form::Decoded | Form::Session { .. } | Form::Text)
                && self.value(text, place, 0, false)?
            {
                let message = format!("{} {why}; what came before was read.", place.path);
                self.find(Finding::warning(code, message).at_offset(offset), place);
                return Ok(());
            }
            // Other wrappers are closed behind the last event that is whole.
            if problem.why == Why::Truncated
                && !text.starts_with(b"[{\"")
                && form(text) != Form::Clarity
                && let Some(mended) = mended(text)
                && self.value(&mended, place, 0, false)?
            {
                let message = format!("{} {why}; what came before was read.", place.path);
                self.find(Finding::warning(code, message).at_offset(offset), place);
                return Ok(());
            }
            let salvaged = match () {
                () if rrweb::looks_like(text) => Some(Source::Rrweb),
                () if clarity::payload::peek(text).is_ok() => Some(Source::Clarity),
                () => None,
            };
            if let Some(format) = salvaged {
                let message = format!("{} {why}; what came before was read.", place.path);
                self.find(Finding::warning(code, message).at_offset(offset), place);
                return self.part(text.to_vec(), format, place);
            }
        }
        let message = format!("{} {why}.", place.path);
        *self.seen.others.entry("broken JSON".to_owned()).or_insert(0) += 1;
        self.find(Finding::error(code, message).at_offset(offset), place);
        Ok(())
    }

    /// Hands on the recordings of one whole JSON value. False when it is nothing known, or (in a line) an
    /// event of a recording that other lines go on with.
    fn value(&mut self, text: &[u8], place: &Place, offset: u64, line: bool) -> Result<bool> {
        match form(text) {
            Form::Clarity => self.part(text.to_vec(), Source::Clarity, place)?,
            Form::Session { meta, clarity, rrweb } => {
                self.session(text, meta, clarity, rrweb, place, offset)?;
            }
            Form::About if text.len() as u64 <= MAX_META => {
                let Ok(Value::Object(map)) = serde_json::from_slice(text) else { return Ok(false) };
                if self.document_about(text, place)? {
                    return Ok(true);
                }
                let said = Box::new(bundle::said(&map, 2));
                self.take(Item::Said { scope: place.scope.clone(), said })?;
            }
            Form::Har => self.har(text, place)?,
            Form::Decoded => {
                let mut body = Vec::with_capacity(text.len());
                squeeze(text, &mut body);
                self.part(body, Source::Clarity, place)?;
            }
            Form::Text => {
                let inner = unescape(text);
                let inner = trimmed(&inner);
                if inner.first() == Some(&b'{') && form(inner) == Form::Clarity {
                    self.part(inner.to_vec(), Source::Clarity, place)?;
                } else {
                    return if line { Ok(false) } else { self.rrweb(text.into(), place) };
                }
            }
            Form::About | Form::Unknown => {
                if text.first() == Some(&b'[') {
                    return Ok(self.list(text, place, offset, line)? || self.document_about(text, place)?);
                }
                return match wrapper(text) {
                    Some(Wrapper::Whole) => self.whole(text, place),
                    Some(Wrapper::About) => Ok(self.document_about(text, place)? | self.about(text, place)?),
                    Some(Wrapper::Datadog) => {
                        let message = format!(
                            "{} is a recording by Datadog, whose own format is not read; nothing of it was imported.",
                            place.path
                        );
                        self.foreign(
                            "datadog_unsupported",
                            "a recording by Datadog, which is not read",
                            message,
                            place,
                        );
                        Ok(true)
                    }
                    Some(Wrapper::Piece) if !line => self.rrweb(text.into(), place),
                    None => self.document_about(text, place),
                    _ => Ok(false),
                };
            }
        }
        Ok(true)
    }

    /// Hands on what a vendor's document says of a recording or a visitor. False when it is none that is known.
    fn document_about(&mut self, text: &[u8], place: &Place) -> Result<bool> {
        // An event of rrweb is none; there may be very many of them.
        let event = || keys(text).iter().any(|(key, _)| *key == b"timestamp");
        if text.len() as u64 > MAX_META || event() {
            return Ok(false);
        }
        let found = serde_json::from_slice(text).ok().and_then(|value| about::read(&value));
        for (source, said) in found.iter().flatten() {
            let item = Item::Record { scope: place.scope.clone(), source: *source, said: Box::new(said.clone()) };
            self.take(item)?;
        }
        Ok(found.is_some())
    }

    /// A list of payloads or sessions, or one rrweb recording.
    fn list(&mut self, text: &[u8], place: &Place, offset: u64, line: bool) -> Result<bool> {
        let first = items(text, 0).next().and_then(|item| item.ok());
        // A list for each page, as the developer tools' extension saves it.
        let pages = first.clone().is_some_and(|(_, at)| lists_clarity(&text[at]));
        let each = pages
            || lists_clarity(text)
            || first.is_some_and(|(_, at)| match form(&text[at.clone()]) {
                Form::Session { .. } | Form::Har => true,
                Form::About | Form::Unknown => {
                    matches!(wrapper(&text[at]), Some(Wrapper::Whole | Wrapper::Datadog))
                }
                _ => false,
            });
        if !each {
            return if line { Ok(false) } else { self.rrweb(text.into(), place) };
        }
        let mut unknown = 0u64;
        for (index, item) in items(text, 0).enumerate() {
            // The caller reports where the text breaks off.
            let Ok((_, at)) = item else { break };
            let entry = Place { path: format!("{}#{}", place.path, index + 1), ..place.clone() };
            let value = &text[at.clone()];
            if pages && value.first() == Some(&b'[') {
                for (number, (_, inner)) in (1..).zip(items(value, 0).map_while(|item| item.ok())) {
                    let entry = Place { path: format!("{}/{number}", entry.path), ..entry.clone() };
                    let place_in_file = offset + (at.start + inner.start) as u64;
                    let payload = &value[inner];
                    if payload.first() == Some(&b'[') || !self.value(payload, &entry, place_in_file, true)? {
                        unknown += 1;
                    }
                }
                continue;
            }
            // A list in the list is no payload; going into it would be recursion on input.
            if value.first() == Some(&b'[') || !self.value(value, &entry, offset + at.start as u64, true)? {
                unknown += 1;
            }
        }
        if unknown > 0 {
            let message = format!("{unknown} entries of {} are no recordings.", place.path);
            self.find(Finding::warning("not_a_recording", message), place);
        }
        Ok(true)
    }

    /// A session line: metadata and the bodies of one or both recorders.
    fn session(
        &mut self,
        text: &[u8],
        meta: Option<Range<usize>>,
        clarity: Option<Range<usize>>,
        rrweb: Option<Range<usize>>,
        place: &Place,
        offset: u64,
    ) -> Result<()> {
        let scope = place.path.clone();
        if let Some(at) = meta.filter(|at| at.len() as u64 <= MAX_META) {
            match serde_json::from_slice(&text[at.clone()]) {
                Ok(Value::Object(map)) => {
                    self.take(Item::Said { scope: scope.clone(), said: Box::new(bundle::said(&map, 1)) })?;
                }
                Ok(Value::Null) => {}
                Ok(_) | Err(_) => {
                    let message = format!("The metadata of {} cannot be read; its recordings were.", place.path);
                    let at = offset + at.start as u64;
                    self.find(Finding::warning("session_meta", message).at_offset(at), place);
                }
            }
        }
        let within = |key: &str, position: u64| Place {
            path: format!("{}/{key}/{position}", place.path),
            scope: scope.clone(),
            group: (key == "rrweb").then(|| format!("{scope}/rrweb")),
            position,
            ..place.clone()
        };
        if let Some(at) = clarity {
            let list = &text[at];
            let one = !list.starts_with(b"[");
            let ranges: Vec<Range<usize>> = if one {
                std::iter::once(0..list.len()).collect()
            } else {
                items(list, 0).map_while(|item| item.ok()).map(|(_, at)| at).collect()
            };
            for (index, at) in ranges.into_iter().enumerate() {
                let place = within("clarity", index as u64 + 1);
                let body = unescape_value(&list[at]);
                let body = trimmed(&body);
                if body.first() == Some(&b'{') && form(body) == Form::Clarity {
                    self.part(body.to_vec(), Source::Clarity, &place)?;
                } else {
                    let message = format!("{} is no Clarity payload.", place.path);
                    self.find(Finding::warning("clarity_payload", message).at_offset(offset), &place);
                }
            }
        }
        if let Some(at) = rrweb {
            self.session_rrweb(&text[at], offset, &within)?;
        }
        self.take(Item::Leave { scope })
    }

    /// `[[event,…],[event,…]]` and `["[event,…]",…]` are several streams; events, plain or packed, are one.
    fn session_rrweb(&mut self, value: &[u8], offset: u64, within: &dyn Fn(&str, u64) -> Place) -> Result<()> {
        let stream = |body: &[u8]| body.first() == Some(&b'[');
        let mut bodies: Vec<Vec<u8>> = Vec::new();
        let mut single = !stream(value);
        if !single {
            for (_, at) in items(value, 0).map_while(|item| item.ok()) {
                let body = unescape_value(&value[at]);
                let body = trimmed(&body);
                if !stream(body) {
                    single = true;
                    break;
                }
                bodies.push(body.to_vec());
            }
        }
        if single {
            bodies = vec![trimmed(&unescape_value(value)).to_vec()];
        }
        for (index, body) in bodies.into_iter().enumerate() {
            let place = within("rrweb", index as u64 + 1);
            if skip_space(&body, 1) + 1 == body.len() && stream(&body) {
                continue;
            }
            if !self.rrweb(body.into(), &place)? {
                let message = format!("{} holds no rrweb events.", place.path);
                self.find(Finding::warning("rrweb_stream", message).at_offset(offset), &place);
            }
        }
        Ok(())
    }

    /// An upload that was captured on its way.
    pub(crate) fn upload(&mut self, text: &[u8], place: &Place) -> Result<bool> {
        if wrapper(text) == Some(Wrapper::SentryHeader) {
            self.sentry(text, place)?;
            return Ok(true);
        }
        match value_end(text, 0) {
            Ok(end) if end == text.len() => self.value(text, place, 0, false),
            _ => Ok(false),
        }
    }

    fn part(&mut self, bytes: Vec<u8>, format: Source, place: &Place) -> Result<()> {
        self.take(Item::Part(Part {
            path: place.path.clone(),
            format,
            bytes,
            scope: place.scope.clone(),
            group: place.group.clone().filter(|_| format == Source::Rrweb),
            position: place.position,
            said: None,
        }))
    }
}

/// The text of a string, any other value as it stands.
fn unescape_value(value: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if value.first() == Some(&b'"') { unescape(value) } else { value.into() }
}

fn explain(problem: Problem) -> (&'static str, String) {
    let at = problem.offset;
    match problem.why {
        Why::Truncated => ("json_truncated", format!("ends in the middle of its JSON text, at byte {at}")),
        Why::Broken => ("json_broken", format!("is broken JSON at byte {at}")),
        Why::Deep => ("limit_depth", format!("nests deeper than {MAX_JSON_DEPTH} levels at byte {at}")),
        Why::LongString => ("limit_string", format!("has a text longer than {} MB at byte {at}", MAX_STRING >> 20)),
    }
}
