//! Any nesting of lists, objects and strings around rrweb events, to one list of events.
//!
//! The trap: a container is known by what is in it, and hostile input nests containers in containers. Each step into
//! one is counted, and a step too deep is left out like any other thing that is no event.

use std::ops::Range;

use super::super::json::{self, field, items, squeeze, unescape, value_end};
use super::unpack::{Allowance, from_base64, from_latin1};

/// Containers, lists and strings around an event.
const MAX_STEPS: u32 = 10;
/// Longest id of a window.
const MAX_WINDOW: usize = 100;

/// What [`collect`] found.
#[derive(Debug, Default)]
pub struct Collected {
    /// `[event,event,…]` without white space between tokens; each event as recorded, unpacked, and with the
    /// `windowId` that a container around it gave.
    pub body: Vec<u8>,
    pub events: u64,
    /// Entries that were no events, and where the first of them stood.
    pub skipped: u64,
    pub skipped_at: Option<usize>,
    /// Packed entries that could not be unpacked.
    pub damaged: u64,
}

/// Takes every event out of `text`, which is one JSON value or one a line (or separated by nothing at all).
pub fn collect(text: &[u8], allowance: &mut Allowance) -> Collected {
    let mut collector = Collector { found: Collected { body: vec![b'['], ..Collected::default() }, allowance, at: 0 };
    let mut at = json::skip_space(text, 0);
    while at < text.len() {
        let Ok(end) = value_end(text, at) else {
            collector.skip(at);
            break;
        };
        collector.at = at;
        collector.value(&text[at..end], None, 0);
        at = json::skip_space(text, end);
        if text.get(at) == Some(&b',') {
            at = json::skip_space(text, at + 1);
        }
    }
    collector.found.body.push(b']');
    collector.found
}

struct Collector<'u> {
    found: Collected,
    allowance: &'u mut Allowance,
    /// Place in the text of what is being read.
    at: usize,
}

/// The JSON of an id, when it is one.
fn window_of(value: &[u8]) -> Option<&[u8]> {
    let usable = value.len() <= MAX_WINDOW && value != b"\"\"" && matches!(value[0], b'"' | b'0'..=b'9');
    usable.then_some(value)
}

fn number(value: &[u8]) -> bool {
    matches!(value.first(), Some(b'0'..=b'9' | b'-'))
}

impl Collector<'_> {
    fn skip(&mut self, at: usize) {
        self.found.skipped += 1;
        self.found.skipped_at.get_or_insert(at);
    }

    fn value(&mut self, value: &[u8], window: Option<&[u8]>, steps: u32) {
        if self.allowance.stopped.is_some() {
            return;
        }
        if steps > MAX_STEPS {
            return self.skip(self.at);
        }
        match value.first() {
            Some(b'[') => self.list(value, window, steps),
            Some(b'{') => self.object(value, window, steps, false),
            Some(b'"') => self.string(value, window, steps),
            _ => self.skip(self.at),
        }
    }

    fn list(&mut self, value: &[u8], window: Option<&[u8]>, steps: u32) {
        let mut head = items(value, 0).map_while(|item| item.ok()).map(|(_, at)| at);
        if let (Some(id), Some(event), None) = (head.next(), head.next(), head.next())
            && let Some(id) = window_of(&value[id])
            && value[event.start] == b'{'
        {
            return self.value(&value[event], Some(id), steps + 1);
        }
        let from = self.at;
        for (_, at) in items(value, 0).map_while(|item| item.ok()) {
            if steps == 0 {
                self.at = from + at.start;
            }
            self.value(&value[at], window, steps + 1);
        }
    }

    /// `packed`: the event comes out of rrweb's packer, which adds `"v":"v1"`.
    fn object(&mut self, value: &[u8], window: Option<&[u8]>, steps: u32, packed: bool) {
        let (mut kind, mut time, mut own, mut fields_packed) = (false, false, None, false);
        for (key, at) in items(value, 0).map_while(|item| item.ok()) {
            match &value[key] {
                b"type" => kind = number(&value[at]),
                b"timestamp" => time = number(&value[at.clone()]) || value[at.start] == b'"',
                b"windowId" | b"window_id" => own = window_of(&value[at]).or(own),
                b"cv" => fields_packed = true,
                _ => {}
            }
        }
        if kind && time {
            return self.event(value, window.filter(|_| own.is_none()), packed, fields_packed);
        }
        let window = own.or(window);
        let before = (self.found.events, self.found.damaged);
        for (key, at) in items(value, 0).map_while(|item| item.ok()) {
            let inner = &value[at.clone()];
            match &value[key] {
                b"events" | b"snapshots" | b"$snapshot_data" | b"rrweb" => self.value(inner, window, steps + 1),
                b"data" | b"properties" | b"variables" | b"attributes" | b"payload" | b"event" | b"result"
                    if inner[0] == b'{' && steps < MAX_STEPS =>
                {
                    self.container(inner, window, steps + 1);
                }
                b"data" if inner[0] == b'[' => self.value(inner, window, steps + 1),
                b"snapshotsByWindowId" | b"snapshot_data_by_window_id" => {
                    for (id, list) in items(inner, 0).map_while(|item| item.ok()) {
                        let id = &inner[id.start.saturating_sub(1)..id.end + 1];
                        self.value(&inner[list], window_of(id), steps + 1);
                    }
                }
                // Highlight's compressed push, Faro's event attribute under the names that stores give it.
                b"data" | b"event" | b"line" | b"body" | b"message" if inner[0] == b'"' => {
                    self.hopeful(inner, window, steps)
                }
                key if inner[0] == b'"' && (key.ends_with(b"_event") || key.ends_with(b".event")) => {
                    self.hopeful(inner, window, steps);
                }
                _ => {}
            }
        }
        if before == (self.found.events, self.found.damaged) && steps <= 2 {
            self.skip(self.at);
        }
    }

    /// An object that is looked into without being an event or a complaint of its own.
    fn container(&mut self, value: &[u8], window: Option<&[u8]>, steps: u32) {
        let skipped = (self.found.skipped, self.found.skipped_at);
        self.object(value, window, steps, false);
        if self.found.skipped == skipped.0 + 1 && steps <= 2 {
            (self.found.skipped, self.found.skipped_at) = skipped;
        }
    }

    /// A string under a key that may hold an event or any other text.
    fn hopeful(&mut self, quoted: &[u8], window: Option<&[u8]>, steps: u32) {
        let text = quoted.get(1..).unwrap_or_default();
        let begins = |mark: &str| text.starts_with(mark.as_bytes());
        if begins("{") || begins("[") || begins("H4sI") || begins("\u{1f}\u{8b}") || begins("\\u001f") || begins("\\\"")
        {
            self.string(quoted, window, steps);
        }
    }

    /// A string: the JSON of something, or packed bytes written as text.
    fn string(&mut self, quoted: &[u8], window: Option<&[u8]>, steps: u32) {
        let text = unescape(quoted);
        let text = text.trim_ascii();
        if matches!(text.first(), Some(b'{' | b'[' | b'"')) {
            return match value_end(text, 0) {
                Ok(end) if end == text.len() => self.value(text, window, steps + 1),
                _ => self.skip(self.at),
            };
        }
        let bytes = match text.first() {
            Some(b'H') if text.starts_with(b"H4sI") => from_base64(text),
            Some(0x1f | b'x' | b'(') => from_latin1(text),
            _ => None,
        };
        let Some(bytes) = bytes else { return self.skip(self.at) };
        let Some(inner) = self.allowance.unpack(&bytes) else {
            self.found.damaged += u64::from(self.allowance.stopped.is_none());
            return;
        };
        let inner = inner.trim_ascii();
        match value_end(inner, 0) {
            Ok(end) if end == inner.len() && inner[0] == b'{' => self.object(inner, window, steps + 1, true),
            Ok(end) if end == inner.len() => self.value(inner, window, steps + 1),
            _ => self.found.damaged += 1,
        }
    }

    fn event(&mut self, value: &[u8], window: Option<&[u8]>, packed: bool, fields_packed: bool) {
        let start = self.found.body.len();
        if start > 1 {
            self.found.body.push(b',');
        }
        self.found.body.push(b'{');
        if let Some(window) = window {
            self.found.body.extend_from_slice(b"\"windowId\":");
            self.found.body.extend_from_slice(window);
        }
        for (key, at) in items(value, 0).map_while(|item| item.ok()) {
            let inner = &value[at];
            match &value[key.clone()] {
                b"v" if packed && inner == b"\"v1\"" => continue,
                b"cv" => continue,
                _ => {}
            }
            self.key(&value[key.clone()]);
            let whole = if fields_packed && &value[key] == b"data" {
                self.data(inner)
            } else {
                squeeze(inner, &mut self.found.body);
                true
            };
            if !whole {
                self.found.body.truncate(start);
                self.found.damaged += u64::from(self.allowance.stopped.is_none());
                return;
            }
        }
        self.found.body.push(b'}');
        if self.allowance.fits(self.found.body.len() as u64) {
            self.found.events += 1;
        } else {
            self.found.body.truncate(start);
        }
    }

    fn key(&mut self, key: &[u8]) {
        if self.found.body.last() != Some(&b'{') {
            self.found.body.push(b',');
        }
        self.found.body.push(b'"');
        self.found.body.extend_from_slice(key);
        self.found.body.extend_from_slice(b"\":");
    }

    /// PostHog's `cv` events: the data, or fields of it, as packed text.
    fn data(&mut self, data: &[u8]) -> bool {
        if data.first() != Some(&b'{') {
            return self.packed_field(data);
        }
        self.found.body.push(b'{');
        for (key, at) in items(data, 0).map_while(|item| item.ok()) {
            self.key(&data[key]);
            if !self.packed_field(&data[at]) {
                return false;
            }
        }
        self.found.body.push(b'}');
        true
    }

    /// Writes a value, unpacked when it is a packed text. False when it cannot be unpacked.
    fn packed_field(&mut self, value: &[u8]) -> bool {
        let text = value.get(1..).unwrap_or_default();
        let marked = value.first() == Some(&b'"')
            && ["\\u001f", "\\u001F", "\u{1f}", "(\u{b5}/\u{fd}", "(\\u00b5"]
                .iter()
                .any(|m| text.starts_with(m.as_bytes()));
        if !marked {
            squeeze(value, &mut self.found.body);
            return true;
        }
        let Some(bytes) = from_latin1(&unescape(value)) else { return false };
        let Some(inner) = self.allowance.unpack(&bytes) else { return false };
        let inner = inner.trim_ascii();
        let whole = value_end(inner, 0) == Ok(inner.len());
        if whole {
            squeeze(inner, &mut self.found.body);
        }
        whole
    }
}

/// The ids under `key` of all objects of a list, in order: what a container numbers its parts by.
pub(super) fn list_of(text: &[u8], at: Range<usize>, key: &str) -> Vec<String> {
    items(text, at.start)
        .map_while(|item| item.ok())
        .filter_map(|(_, entry)| match text[entry.start] {
            b'{' => json::word(&text[field(text, entry.start, key)?]),
            _ => json::word(&text[entry]),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const A: &str = r#"{"type":4,"data":{"href":"https://a.test/"},"timestamp":1}"#;
    const B: &str = r#"{"type":3,"data":{"source":0,"adds":[]},"timestamp":2}"#;

    fn free() -> Allowance {
        Allowance::new(1 << 30, 1 << 30, 400, 1 << 25)
    }

    fn body(text: &str) -> String {
        String::from_utf8(collect(text.as_bytes(), &mut free()).body).unwrap()
    }

    fn latin1(bytes: &[u8]) -> String {
        serde_json::to_string(&bytes.iter().map(|b| char::from(*b)).collect::<String>()).unwrap()
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn one_recording_has_one_spelling() {
        let want = format!("[{A},{B}]");
        let quoted = |t: &str| serde_json::to_string(t).unwrap();
        let zlib = |text: &str| {
            let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(text.replace(r#""timestamp""#, r#""v":"v1","timestamp""#).as_bytes()).unwrap();
            latin1(&out.finish().unwrap())
        };
        for text in [
            want.clone(),
            format!("{{\"events\" : [ {A} , {B} ] }}"),
            format!("{A}\n{B}\n"),
            format!("[[{A}],[{B}]]"),
            format!("[{},{}]", quoted(A), quoted(B)),
            format!("[{},{}]", zlib(A), zlib(B)),
            format!("{{\"version\":1,\"events\":[{},{}]}}", quoted(&zlib(A)), quoted(&zlib(B))),
            format!("{{\"variables\":{{\"session_secure_id\":\"s\",\"events\":{{\"events\":[{A},{B}]}}}}}}"),
            format!(
                "{{\"event_name\":\"x\",\"event_data_event\":{}}}\n{{\"event_data_event\":{}}}",
                quoted(A),
                quoted(B)
            ),
            format!(
                "{{\"type\":\"SESSION\",\"data\":{{\"events\":{}}}}}",
                latin1(&gzip(&format!("{{\"rrweb\":[{A},{B}],\"network\":[]}}")))
            ),
        ] {
            assert_eq!(body(&text), want, "{text}");
        }
    }

    #[test]
    fn windows_stay_with_their_events() {
        let want =
            format!("[{},{}]", A.replace('{', "{\"windowId\":\"w\",").replacen(":{\"windowId\":\"w\",", ":{", 1), B);
        let one = format!("{{\"windowId\":\"w\",{}", &A[1..]);
        assert_eq!(want, format!("[{one},{B}]"));
        for text in [
            format!("[\"w\",{A}]\n{B}"),
            format!("[[\"w\",{A}],{B}]"),
            format!("{{\"window_id\":\"w\",\"data\":[{A}]}}\n{{\"data\":[{B}]}}"),
            format!("{{\"data\":{{\"snapshotsByWindowId\":{{\"w\":[{A}]}}}}}}\n{B}"),
            format!("{{\"data\":{{\"snapshots\":[{one},{B}]}}}}"),
        ] {
            assert_eq!(body(&text), want, "{text}");
        }
    }

    #[test]
    fn packed_fields() {
        let cv = format!(
            "{{\"type\":3,\"data\":{{\"source\":0,\"adds\":{}}},\"timestamp\":2,\"cv\":\"2024-10\"}}",
            latin1(&gzip("[ ]"))
        );
        let whole = format!(
            "{{\"type\":4,\"data\":{},\"timestamp\":1,\"cv\":\"2024-10\"}}",
            latin1(&gzip("{\"href\":\"https://a.test/\"}"))
        );
        assert_eq!(body(&format!("[{whole},{cv}]")), format!("[{A},{B}]"));
        let broken =
            format!("{{\"type\":4,\"data\":{},\"timestamp\":1,\"cv\":\"2024-10\"}}", latin1(&gzip("{\"href\":")));
        let found = collect(format!("[{broken},{B}]").as_bytes(), &mut free());
        assert_eq!((found.events, found.damaged, found.skipped), (1, 1, 0));
        assert_eq!(found.body, format!("[{B}]").into_bytes());
    }

    #[test]
    fn what_is_no_event_is_counted_and_depth_is_no_danger() {
        let found = collect(format!("[{A},7,{{\"x\":1}},{B}]").as_bytes(), &mut free());
        assert_eq!((found.events, found.skipped), (2, 2));
        let deep = "[".repeat(9000) + A + &"]".repeat(9000);
        assert_eq!(collect(deep.as_bytes(), &mut free()).events, 0);
        let mut text = A.to_owned();
        for _ in 0..12 {
            text = serde_json::to_string(&text).unwrap();
        }
        assert_eq!(collect(text.as_bytes(), &mut free()).events, 0);
        assert_eq!(collect(b"{\"name\":\"dwell\",\"data\":{\"a\":1},\"events\":\"no\"}", &mut free()).events, 0);
    }
}
