//! Text of a file to raw events, whatever it is wrapped in.
//!
//! The trap: exports are cut off, doubly encoded, packed or mixed line by line, and one bad byte must not
//! cost the events beside it. Values are delimited here by counting brackets and parsed later, one event at
//! a time, so that a file is never held as a tree.

use std::borrow::Cow;
use std::io::Read as _;

use super::json::{self, skip_space, skip_value, string_end};
use crate::event::Str;
use crate::findings::{Finding, Findings};

/// One event as it stood in a file.
#[derive(Debug, Clone)]
pub struct RawEvent<'a> {
    /// `timestamp` as recorded: mostly epoch ms, see `session` for what is done to outliers.
    pub time: f64,
    /// EventType (facts §1.1); -1 when it was no whole number.
    pub kind: i64,
    /// Sequence number by the sequential-id plugin.
    pub sid: Option<u64>,
    /// The window or tab, where a vendor says it.
    pub window: Option<Str>,
    /// File that it came from, for findings.
    pub path: Str,
    /// Byte offset in that file; of the string, when the event was inside one.
    pub offset: u64,
    /// The event's JSON text.
    pub json: Cow<'a, [u8]>,
}

/// What one file held.
#[derive(Debug, Default)]
pub struct Read<'a> {
    pub events: Vec<RawEvent<'a>>,
    /// Id that the container gave the session (web extension: `session.id`).
    pub session: Option<String>,
    /// Version of the recorder, where the container says it.
    pub recorder: Option<String>,
    /// Number of the segment in its session, where a vendor numbers them (Sentry, from 0).
    pub segment: Option<u64>,
}

/// Strings inside strings that are opened (Amplitude: JSON of a packed string in a list of strings).
const MAX_LAYERS: u32 = 4;
/// Most bytes that one packed event may inflate to.
const MAX_UNPACKED: u64 = 256 << 20;
/// Most bytes that all packed events of one file may inflate to.
const MAX_UNPACKED_FILE: u64 = 2 << 30;

/// Whether a file that starts like this may hold rrweb events. Looks at no more than it is given (4 KB are
/// plenty) and never says yes to a Clarity payload.
pub fn looks_like(prefix: &[u8]) -> bool {
    let src = prefix.strip_prefix(b"\xef\xbb\xbf").unwrap_or(prefix);
    let mut at = skip_space(src, 0);
    for _ in 0..3 {
        match src.get(at) {
            Some(b'[') => at = skip_space(src, at + 1),
            Some(b'"') => return looks_packed(&src[at + 1..]),
            Some(b'{') => return looks_like_object(src, at),
            _ => return false,
        }
    }
    false
}

fn looks_packed(content: &[u8]) -> bool {
    // A string in a string starts with an escaped quote.
    let content = content.strip_prefix(b"\\\"").unwrap_or(content);
    if content.starts_with(br#"{\"type\":"#) || content.starts_with(br#"{\"timestamp\":"#) {
        return true;
    }
    let Some(rest) = content.strip_prefix(b"x") else { return false };
    let rest = rest.strip_prefix(b"\\").unwrap_or(rest);
    [&b"\\u0001"[..], b"u0001", b"\x01", b"^", "\u{9c}".as_bytes(), "\u{da}".as_bytes()]
        .iter()
        .any(|m| rest.starts_with(m))
}

fn looks_like_object(src: &[u8], at: usize) -> bool {
    let (mut kind, mut data, mut time) = (false, false, false);
    let mut i = skip_space(src, at + 1);
    while src.get(i) == Some(&b'"') {
        let Some((end, _)) = string_end(src, i + 1) else { break };
        let key = &src[i + 1..end];
        let colon = skip_space(src, end + 1);
        if src.get(colon) != Some(&b':') {
            return false;
        }
        let value = skip_space(src, colon + 1);
        match key {
            b"type" => {
                let number = matches!(src.get(value), Some(b'0'..=b'9'));
                if !number {
                    return false;
                }
                kind = true;
            }
            b"data" => data = true,
            b"timestamp" => time = true,
            b"events" => return src.get(value) == Some(&b'['),
            _ => {}
        }
        if kind && (data || time) {
            return true;
        }
        let Some(end) = skip_value(src, value) else { break };
        i = skip_space(src, end);
        if src.get(i) == Some(&b',') {
            i = skip_space(src, i + 1);
        }
    }
    false
}

/// Reads the text of one file or member (already decompressed) in any of the forms the module names.
/// What cannot be read is a finding with its byte offset; the rest is returned in the order of the file.
pub fn read_events<'a>(bytes: &'a [u8], path: &str, findings: &mut Findings) -> Vec<RawEvent<'a>> {
    read(bytes, path, findings).events
}

/// Epoch ms of the first and the last event of a file; `None` when it holds none.
pub fn span(bytes: &[u8]) -> Option<(crate::event::Millis, crate::event::Millis)> {
    let events = read_events(bytes, "", &mut Findings::new());
    let fold = |pick: fn(f64, f64) -> f64| events.iter().map(|e| e.time).filter(|t| t.is_finite()).reduce(pick);
    Some((fold(f64::min)?.floor() as i64, fold(f64::max)?.floor() as i64))
}

/// As [`read_events`], with what the container says about the session.
pub fn read<'a>(bytes: &'a [u8], path: &str, findings: &mut Findings) -> Read<'a> {
    let mut budget = MAX_UNPACKED_FILE;
    let mut reader = Reader {
        src: bytes,
        path: path.into(),
        base: None,
        layer: 0,
        budget: &mut budget,
        findings,
        cut: None,
        out: Read::default(),
    };
    reader.run();
    let out = reader.out;
    if out.events.is_empty() {
        findings.push(Finding::error("rrweb-no-events", "This file holds no rrweb events.").at_path(path));
    }
    out
}

struct Reader<'a, 'f> {
    src: &'a [u8],
    path: Str,
    /// Offset to report, when `src` is the content of a string.
    base: Option<u64>,
    layer: u32,
    budget: &'f mut u64,
    findings: &'f mut Findings,
    /// Where the value being read breaks off, once that was said.
    cut: Option<usize>,
    out: Read<'a>,
}

/// What is known of an object after its outermost keys were read.
#[derive(Default)]
struct Head {
    kind: Option<i64>,
    time: Option<f64>,
    has_time: bool,
    sid: Option<u64>,
    window: Option<Str>,
    container: bool,
}

impl<'a> Reader<'a, '_> {
    fn offset(&self, at: usize) -> u64 {
        self.base.unwrap_or(at as u64)
    }
    fn warn(&mut self, code: &str, at: usize, message: String) {
        let offset = self.offset(at);
        self.findings.push(Finding::warning(code, message).at_path(&*self.path).at_offset(offset));
    }

    fn run(&mut self) {
        let src = self.src;
        let mut at = if src.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        // One value a line: then a bad line ends at its newline, whatever brackets it left open.
        let mut by_lines = false;
        let mut line_end = 0;
        loop {
            at = skip_space(src, at);
            while src.get(at) == Some(&b',') {
                at = skip_space(src, at + 1);
            }
            if at >= src.len() {
                return;
            }
            if at >= line_end {
                line_end = memchr::memchr(b'\n', &src[at..]).map_or(src.len(), |n| at + n);
            }
            if !by_lines && line_end < src.len() {
                by_lines = self.is_value(at, line_end);
            }
            self.cut = None;
            if let Some(end) = self.value(at, if by_lines { line_end } else { src.len() }) {
                at = end;
                continue;
            }
            let stop = match self.cut {
                Some(cut) => cut,
                None => {
                    self.warn("rrweb-bad-line", at, "This is no complete JSON value; it was skipped.".to_owned());
                    at
                }
            };
            // Go on where a line starts a value; the lines inside a cut value are indented or none.
            let Some(newline) = memchr::memchr(b'\n', &src[stop..]) else { return };
            at = stop + newline + 1;
            if !by_lines && !matches!(src.get(at), Some(b'{' | b'[' | b'"')) {
                return;
            }
            by_lines = true;
        }
    }

    /// Whether one value starts at `at` and fills the line.
    fn is_value(&self, at: usize, line_end: usize) -> bool {
        let line = &self.src[..line_end];
        skip_value(line, at).is_some_and(|end| skip_space(line, end) == line_end)
    }

    /// Reads the value at `at` that must end before `limit`. `None` when it does not; whole events that it
    /// held by then are kept.
    fn value(&mut self, at: usize, limit: usize) -> Option<usize> {
        match self.src[at] {
            b'[' => self.array(at, limit, 0),
            b'{' => self.object(at, limit, None, 0),
            b'"' => {
                let (end, _) = string_end(&self.src[..limit], at + 1)?;
                self.string(at + 1, end, None);
                Some(end + 1)
            }
            _ => None,
        }
    }

    fn array(&mut self, at: usize, limit: usize, depth: u32) -> Option<usize> {
        let src = &self.src[..limit];
        let mut window: Option<Str> = None;
        let mut i = at + 1;
        let first = skip_space(src, i);
        loop {
            i = skip_space(src, i);
            let cut = |me: &mut Self, from: usize| {
                if me.cut.is_some() {
                    return None;
                }
                me.cut = Some(from);
                let kept = me.out.events.len();
                me.warn(
                    "rrweb-truncated",
                    from,
                    format!("The list of events breaks off here; the {kept} complete events before it were read."),
                );
                None
            };
            match src.get(i) {
                Some(b',') => i += 1,
                Some(b']') => return Some(i + 1),
                Some(b'{') => match self.object(i, limit, window.clone(), depth + 1) {
                    Some(end) => i = end,
                    None => return cut(self, i),
                },
                // Segments of events, and [window, event] pairs inside a list.
                Some(b'[') if depth < 2 => i = self.array(i, limit, depth + 1)?,
                Some(b'"') => match string_end(src, i + 1) {
                    Some((end, _)) => {
                        let after = skip_space(src, end + 1);
                        let pair = src.get(after) == Some(&b',') && src.get(skip_space(src, after + 1)) == Some(&b'{');
                        if pair && i == first && end - i < 100 {
                            window = Some(json::unescape(&src[i + 1..end]).into());
                        } else {
                            self.string(i + 1, end, window.clone());
                        }
                        i = end + 1;
                    }
                    None => return cut(self, i),
                },
                Some(_) => match skip_value(src, i) {
                    Some(end) => {
                        let number = json::number(&src[i..end]).is_some();
                        if number && i == first {
                            window = Some(String::from_utf8_lossy(&src[i..end]).into());
                        } else {
                            self.warn(
                                "rrweb-not-an-event",
                                i,
                                "A list of events holds something else here; it was skipped.".to_owned(),
                            );
                        }
                        i = end;
                    }
                    None => return cut(self, i),
                },
                None => return cut(self, i),
            }
        }
    }

    /// Reads an object that is an event or holds events. `None` when it does not end before `limit`.
    fn object(&mut self, at: usize, limit: usize, window: Option<Str>, depth: u32) -> Option<usize> {
        let src: &'a [u8] = &self.src[..limit];
        let mut head = Head { window, ..Head::default() };
        let mut i = skip_space(src, at + 1);
        let end = loop {
            match src.get(i)? {
                b'}' => break i + 1,
                b',' => {
                    i = skip_space(src, i + 1);
                    continue;
                }
                b'"' => {}
                _ => {
                    // Not JSON; its brackets say how far it goes.
                    let end = skip_value(src, at)?;
                    self.warn("rrweb-bad-event", i, "This is not valid JSON; it was skipped.".to_owned());
                    return Some(end);
                }
            }
            let (key_end, _) = string_end(src, i + 1)?;
            let key = &src[i + 1..key_end];
            let colon = skip_space(src, key_end + 1);
            if *src.get(colon)? != b':' {
                let end = skip_value(src, at)?;
                self.warn("rrweb-bad-event", colon, "This is not valid JSON; it was skipped.".to_owned());
                return Some(end);
            }
            let from = skip_space(src, colon + 1);
            // A list of containers is plausible, containers in containers are not: this bounds the calls
            // between here and `array`.
            if key == b"events" && depth < 2 && *src.get(from)? == b'[' {
                head.container = true;
                i = skip_space(src, self.array(from, limit, depth + 1)?);
                continue;
            }
            let Some(to) = skip_value(src, from) else {
                // Cut off, or no value at all.
                let end = skip_value(src, at)?;
                self.warn("rrweb-bad-event", from, "This is not valid JSON; it was skipped.".to_owned());
                return Some(end);
            };
            self.field(&mut head, key, &src[from..to]);
            i = skip_space(src, to);
        };
        if let (Some(kind), true) = (head.kind, head.has_time) {
            let Some(time) = head.time else {
                self.warn("rrweb-bad-time", at, "An event has no usable timestamp; it was skipped.".to_owned());
                return Some(end);
            };
            let event = RawEvent {
                time,
                kind,
                sid: head.sid,
                window: head.window,
                path: self.path.clone(),
                offset: self.offset(at),
                json: Cow::Borrowed(&src[at..end]),
            };
            self.out.events.push(event);
        } else if !head.container {
            self.warn("rrweb-not-an-event", at, "An object is no rrweb event; it was skipped.".to_owned());
        }
        Some(end)
    }

    fn field(&mut self, head: &mut Head, key: &[u8], value: &[u8]) {
        let bare = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value);
        match key {
            b"type" => {
                let n = (value[0] != b'"').then(|| json::number(value)).flatten();
                head.kind = n.map(|n| if n.fract() == 0.0 && n.abs() < 1e9 { n as i64 } else { -1 });
            }
            b"timestamp" => {
                head.has_time = true;
                // The range of a JavaScript Date.
                head.time = json::number(bare).filter(|t| t.abs() <= 8.64e15);
            }
            b"_sid" => head.sid = json::number(bare).filter(|n| *n >= 0.0 && n.fract() == 0.0).map(|n| n as u64),
            b"windowId" | b"window_id" if !bare.is_empty() && bare != b"null" => {
                head.window = Some(json::unescape(bare).into());
            }
            b"segment_id" => {
                self.out.segment = json::number(bare).filter(|n| *n >= 0.0 && n.fract() == 0.0).map(|n| n as u64);
            }
            b"session" if value[0] == b'{' => {
                let mut tokens = Vec::new();
                if json::parse(value, &mut tokens).is_ok()
                    && let Some(session) = json::Val::root(value, &tokens)
                {
                    let text = |key| session.get(key).and_then(json::Val::text).filter(|t| !t.is_empty());
                    self.out.session = text("id").map(Cow::into_owned).or(self.out.session.take());
                    self.out.recorder = text("recorderVersion").map(Cow::into_owned).or(self.out.recorder.take());
                }
            }
            _ => {}
        }
    }

    /// Reads what is inside a string: an event's JSON, a packed event, or a string again.
    fn string(&mut self, from: usize, to: usize, window: Option<Str>) {
        let mut text = json::unescape(&self.src[from..to]);
        for _ in 0..MAX_LAYERS {
            let trimmed = text.trim_start();
            if trimmed.starts_with(['{', '[']) {
                return self.nested(text.into_bytes(), from - 1, window);
            }
            if let Some(inner) = trimmed.trim_end().strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
                text = json::unescape(inner.as_bytes());
                continue;
            }
            // zlib's first byte, as a character.
            if !trimmed.starts_with('x') {
                break;
            }
            let Some(packed) = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<Vec<u8>>>()
            else {
                break;
            };
            return match inflate(&packed, MAX_UNPACKED.min(*self.budget)) {
                Some(event) => {
                    *self.budget -= event.len() as u64;
                    self.nested(event, from - 1, window);
                }
                None => self.warn(
                    "rrweb-bad-packed",
                    from - 1,
                    "A packed event cannot be unpacked; it was skipped.".to_owned(),
                ),
            };
        }
        self.warn("rrweb-not-an-event", from - 1, "A string is no rrweb event; it was skipped.".to_owned());
    }

    fn nested(&mut self, text: Vec<u8>, at: usize, window: Option<Str>) {
        if self.layer >= MAX_LAYERS {
            return self.warn(
                "rrweb-not-an-event",
                at,
                "Strings are nested too deeply here; they were skipped.".to_owned(),
            );
        }
        let mut inner = Reader {
            src: &text,
            path: self.path.clone(),
            base: Some(self.offset(at)),
            layer: self.layer + 1,
            budget: &mut *self.budget,
            findings: &mut *self.findings,
            cut: None,
            out: Read::default(),
        };
        inner.run();
        for event in inner.out.events {
            self.out.events.push(RawEvent {
                window: event.window.or_else(|| window.clone()),
                json: Cow::Owned(event.json.into_owned()),
                time: event.time,
                kind: event.kind,
                sid: event.sid,
                path: event.path,
                offset: event.offset,
            });
        }
    }
}

/// Inflates zlib; `None` when it is damaged or would be larger than `limit`.
fn inflate(packed: &[u8], limit: u64) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    flate2::read::ZlibDecoder::new(packed).take(limit + 1).read_to_end(&mut out).ok()?;
    (out.len() as u64 <= limit).then_some(out)
}
