//! Finds the ends of JSON values without building them and without recursion.
//!
//! The trap: a recording may nest 200,000 deep to overflow a parser's stack, and a session line may be
//! hundreds of megabytes of which only the outermost keys matter here. Values are skipped, not parsed.

use std::borrow::Cow;
use std::ops::Range;

/// Objects and lists inside each other in a JSON text. A DOM nests two per element in rrweb; browsers stop
/// at 512 elements when they parse, scripts may go deeper.
pub const MAX_JSON_DEPTH: usize = 10_000;
/// Bytes of one JSON string.
pub const MAX_STRING: usize = 128 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The text ends inside a value.
    Truncated,
    /// A byte that cannot stand there.
    Broken,
    /// Deeper than [`MAX_JSON_DEPTH`].
    Deep,
    /// A string longer than [`MAX_STRING`].
    LongString,
}

/// Where and why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    pub offset: usize,
    pub why: Why,
}

pub fn skip_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// Offset behind the closing quote of the string that opens at `at`.
fn string_end(text: &[u8], at: usize) -> Result<usize, Problem> {
    let mut i = at + 1;
    loop {
        let Some(found) = text.get(i..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) else {
            return Err(Problem { offset: text.len(), why: Why::Truncated });
        };
        i += found;
        if text[i] == b'"' {
            if i - at > MAX_STRING {
                return Err(Problem { offset: at, why: Why::LongString });
            }
            return Ok(i + 1);
        }
        i += 2;
    }
}

fn scalar_end(text: &[u8], at: usize) -> Result<usize, Problem> {
    let rest = &text[at..];
    for word in [&b"true"[..], b"false", b"null"] {
        if rest.starts_with(word) {
            return Ok(at + word.len());
        }
        if !rest.is_empty() && rest.len() < word.len() && word.starts_with(rest) {
            return Err(Problem { offset: text.len(), why: Why::Truncated });
        }
    }
    let n = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
    match rest.first() {
        Some(b'-' | b'0'..=b'9') => Ok(at + n),
        None => Err(Problem { offset: at, why: Why::Truncated }),
        Some(_) => Err(Problem { offset: at, why: Why::Broken }),
    }
}

/// Offset behind the value that starts at `at` (no space before it).
pub fn value_end(text: &[u8], at: usize) -> Result<usize, Problem> {
    match text.get(at) {
        Some(b'"') => return string_end(text, at),
        Some(b'{' | b'[') => {}
        _ => return scalar_end(text, at),
    }
    // One byte a level: the opener.
    let mut open: Vec<u8> = Vec::new();
    let mut i = at;
    // What may come: a value; in an object, a key first.
    loop {
        // At the start of a value.
        i = skip_space(text, i);
        match text.get(i) {
            Some(&b @ (b'{' | b'[')) => {
                if open.len() >= MAX_JSON_DEPTH {
                    return Err(Problem { offset: i, why: Why::Deep });
                }
                open.push(b);
                i = skip_space(text, i + 1);
                let close = if b == b'{' { b'}' } else { b']' };
                match text.get(i) {
                    Some(&c) if c == close => {
                        open.pop();
                        i += 1;
                    }
                    Some(_) if b == b'{' => {
                        i = key_end(text, i)?;
                        continue;
                    }
                    Some(_) => continue,
                    None => return Err(Problem { offset: i, why: Why::Truncated }),
                }
            }
            Some(b'"') => i = string_end(text, i)?,
            _ => i = scalar_end(text, i)?,
        }
        // Behind a value.
        loop {
            let Some(&top) = open.last() else { return Ok(i) };
            i = skip_space(text, i);
            match text.get(i) {
                Some(b',') => {
                    i = skip_space(text, i + 1);
                    if top == b'{' {
                        i = key_end(text, i)?;
                    }
                    break;
                }
                Some(b'}') if top == b'{' => {}
                Some(b']') if top == b'[' => {}
                None => return Err(Problem { offset: i, why: Why::Truncated }),
                Some(_) => return Err(Problem { offset: i, why: Why::Broken }),
            }
            open.pop();
            i += 1;
        }
    }
}

/// Offset behind the colon of the key that starts at `at`.
fn key_end(text: &[u8], at: usize) -> Result<usize, Problem> {
    match text.get(at) {
        Some(b'"') => {}
        None => return Err(Problem { offset: at, why: Why::Truncated }),
        Some(_) => return Err(Problem { offset: at, why: Why::Broken }),
    }
    let i = skip_space(text, string_end(text, at)?);
    match text.get(i) {
        Some(b':') => Ok(i + 1),
        None => Err(Problem { offset: i, why: Why::Truncated }),
        Some(_) => Err(Problem { offset: i, why: Why::Broken }),
    }
}

/// Key (without quotes, escapes as written; empty in a list) and value.
type Entry = (Range<usize>, Range<usize>);

/// The values of one list, or of one object with their keys, one after the other. Stops behind the first
/// problem: what came before it is whole.
pub struct Items<'t> {
    text: &'t [u8],
    at: usize,
    object: bool,
    first: bool,
    done: bool,
}

/// Iterates over the list or object that opens at `at`; over nothing when something else stands there.
pub fn items(text: &[u8], at: usize) -> Items<'_> {
    let opener = text.get(at).copied();
    Items { text, at: at + 1, object: opener == Some(b'{'), first: true, done: !matches!(opener, Some(b'{' | b'[')) }
}

impl Items<'_> {
    fn step(&mut self) -> Result<Option<Entry>, Problem> {
        let close = if self.object { b'}' } else { b']' };
        let mut i = skip_space(self.text, self.at);
        match self.text.get(i) {
            Some(&b) if b == close => return Ok(None),
            Some(b',') if !self.first => i = skip_space(self.text, i + 1),
            Some(_) if self.first => {}
            Some(_) => return Err(Problem { offset: i, why: Why::Broken }),
            None => return Err(Problem { offset: i, why: Why::Truncated }),
        }
        let mut key = i..i;
        if self.object {
            let colon = key_end(self.text, i)?;
            key = i + 1..string_end(self.text, i)? - 1;
            i = skip_space(self.text, colon);
        }
        let end = value_end(self.text, i)?;
        self.at = end;
        self.first = false;
        Ok(Some((key, i..end)))
    }
}

impl Iterator for Items<'_> {
    type Item = Result<Entry, Problem>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.step().transpose();
        self.done = !matches!(step, Some(Ok(_)));
        step
    }
}

/// The text of a JSON string given with its quotes.
///
/// A lone surrogate has no UTF-8; it stays written as its escape, which a JSON text inside the string
/// understands again.
pub fn unescape(quoted: &[u8]) -> Cow<'_, [u8]> {
    let raw = quoted.strip_prefix(b"\"").unwrap_or(quoted);
    let raw = raw.strip_suffix(b"\"").unwrap_or(raw);
    let Some(first) = memchr::memchr(b'\\', raw) else { return Cow::Borrowed(raw) };
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(&raw[..first]);
    let mut i = first;
    while i < raw.len() {
        let next = memchr::memchr(b'\\', &raw[i..]).map_or(raw.len(), |n| i + n);
        out.extend_from_slice(&raw[i..next]);
        i = next;
        let Some(&code) = raw.get(i + 1) else { break };
        i += 2;
        match code {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => {
                let unit = |at: usize| {
                    let digits = std::str::from_utf8(raw.get(at..at + 4)?).ok()?;
                    u32::from_str_radix(digits, 16).ok()
                };
                let Some(high) = unit(i) else { continue };
                let low = (raw.get(i + 4..i + 6) == Some(&b"\\u"[..])).then(|| unit(i + 6)).flatten();
                let (point, used) = match (high, low) {
                    (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                        (0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), 10)
                    }
                    _ => (high, 4),
                };
                match char::from_u32(point) {
                    Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => out.extend_from_slice(&raw[i - 2..i + 4]),
                }
                i += used;
            }
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// The value under `key` (which needs no escapes) of the object that opens at `at`; the first of several.
pub fn field(text: &[u8], at: usize, key: &str) -> Option<Range<usize>> {
    if text.get(at) != Some(&b'{') {
        return None;
    }
    items(text, at).map_while(|item| item.ok()).find(|(k, _)| &text[k.clone()] == key.as_bytes()).map(|(_, v)| v)
}

/// As [`field`], through objects in objects.
pub fn path(text: &[u8], at: usize, keys: &[&str]) -> Option<Range<usize>> {
    keys.iter().try_fold(at..text.len(), |range, key| field(text, range.start, key))
}

/// The text of a string, or the digits of a number; nothing for other values and for the empty string.
pub fn word(value: &[u8]) -> Option<String> {
    match value.first()? {
        b'"' => Some(String::from_utf8_lossy(&unescape(value)).into_owned()).filter(|t| !t.is_empty()),
        b'-' | b'0'..=b'9' => Some(String::from_utf8_lossy(value).into_owned()),
        _ => None,
    }
}

/// Appends the value without the white space between its tokens.
pub fn squeeze(value: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    let mut kept = 0;
    while at < value.len() {
        match value[at] {
            b'"' => at = string_end(value, at).unwrap_or(value.len()),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.extend_from_slice(&value[kept..at]);
                at = skip_space(value, at);
                kept = at;
            }
            _ => at += 1,
        }
    }
    out.extend_from_slice(&value[kept..]);
}

/// A text that was cut off, closed behind the last whole entry of its outermost list (of the list in it,
/// when a list of lists was being written). `None` when there is no such entry.
pub fn mended(text: &[u8]) -> Option<Vec<u8>> {
    // Openers, and behind which entry the list could be closed.
    let mut open: Vec<(u8, usize)> = Vec::new();
    let mut i = 0;
    while let Some(&b) = text.get(i) {
        match b {
            b'"' => match string_end(text, i) {
                Ok(end) => {
                    i = end;
                    continue;
                }
                Err(_) => break,
            },
            b'{' | b'[' => {
                if open.len() >= MAX_JSON_DEPTH {
                    return None;
                }
                open.push((b, 0));
            }
            b'}' | b']' => {
                open.pop()?;
                if let Some((b'[', whole)) = open.last_mut() {
                    *whole = i + 1;
                }
            }
            b',' => {
                // Scalars are whole where the next comma stands.
                if let Some((b'[', whole)) = open.last_mut() {
                    *whole = i;
                }
            }
            _ => {}
        }
        i += 1;
    }
    let first = open.iter().position(|(b, _)| *b == b'[')?;
    let mut at = first;
    while open.get(at + 1).is_some_and(|(b, whole)| *b == b'[' && *whole > 0) {
        at += 1;
    }
    let whole = open[at].1;
    if whole == 0 {
        return None;
    }
    let mut out = text[..whole].to_vec();
    out.extend(open[..=at].iter().rev().map(|(b, _)| if *b == b'{' { b'}' } else { b']' }));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        for (text, end) in [
            ("{}", 2),
            ("[1,2] x", 5),
            (r#"{"a":[1,{"b":"}]"}],"c":null} "#, 29),
            (r#""a\"b\\" "#, 8),
            ("-1.5e3,", 6),
            ("[[],[[]],{}]", 12),
        ] {
            assert_eq!(value_end(text.as_bytes(), 0), Ok(end), "{text}");
        }
        for (text, offset, why) in [
            ("[1,2", 4, Why::Truncated),
            (r#"{"a""#, 4, Why::Truncated),
            (r#"{"a":"x"#, 7, Why::Truncated),
            ("[1}", 2, Why::Broken),
            ("{1:2}", 1, Why::Broken),
            ("[tru", 4, Why::Truncated),
            ("", 0, Why::Truncated),
            ("[1,]", 3, Why::Broken),
        ] {
            assert_eq!(value_end(text.as_bytes(), 0), Err(Problem { offset, why }), "{text}");
        }
    }

    #[test]
    fn deep_is_refused_without_recursion() {
        let text = "[".repeat(200_000);
        assert_eq!(value_end(text.as_bytes(), 0), Err(Problem { offset: MAX_JSON_DEPTH, why: Why::Deep }));
        let ok = "[".repeat(MAX_JSON_DEPTH) + &"]".repeat(MAX_JSON_DEPTH);
        assert_eq!(value_end(ok.as_bytes(), 0), Ok(2 * MAX_JSON_DEPTH));
    }

    #[test]
    fn cut_texts_are_closed_behind_their_last_whole_entry() {
        for (cut, want) in [
            (r#"{"d":{"s":[{"a":[1,2]},{"b":3},{"c":[{"x":1},{"y"#, Some(r#"{"d":{"s":[{"a":[1,2]},{"b":3}]}}"#)),
            (r#"[[{"a":1}],[{"b":1},{"c"#, Some(r#"[[{"a":1}],[{"b":1}]]"#)),
            (r#"[[{"a":1}],[{"b"#, Some(r#"[[{"a":1}]]"#)),
            (r#"["x","y","z"#, Some(r#"["x","y"]"#)),
            (r#"{"a":{"b":1"#, None),
            ("[{", None),
        ] {
            assert_eq!(mended(cut.as_bytes()).map(|t| String::from_utf8(t).unwrap()).as_deref(), want, "{cut}");
        }
    }

    #[test]
    fn squeezes_and_finds() {
        let text = br#"{ "a b" : [ 1 , "c \" d" ] , "n" : { "m" : 7 } }"#;
        let mut out = Vec::new();
        squeeze(text, &mut out);
        assert_eq!(out, br#"{"a b":[1,"c \" d"],"n":{"m":7}}"#);
        assert_eq!(&text[path(text, 0, &["n", "m"]).unwrap()], b"7");
        assert_eq!(path(text, 0, &["n", "x"]), None);
        assert_eq!(path(text, 0, &["a b", "x"]), None);
    }

    #[test]
    fn items_of_a_cut_list_are_whole() {
        let text = br#"[{"a":1}, "x" ,[2"#;
        let got: Vec<_> = items(text, 0).collect();
        assert_eq!(got.len(), 3);
        assert_eq!(got[0], Ok((1..1, 1..8)));
        assert_eq!(&text[got[1].clone().unwrap().1], b"\"x\"");
        assert_eq!(got[2], Err(Problem { offset: text.len(), why: Why::Truncated }));
        assert_eq!(items(b"{\"k\" : 1 }", 0).collect::<Vec<_>>(), [Ok((2..3, 7..8))]);
    }

    #[test]
    fn unescapes_as_serde_does_and_keeps_lone_surrogates() {
        for text in [r#""plain""#, r#""a\n\t\"\\\/\u00e9\ud83d\ude00\b\f\r""#, r#""""#] {
            let want: String = serde_json::from_str(text).unwrap();
            assert_eq!(unescape(text.as_bytes()), want.as_bytes(), "{text}");
        }
        assert_eq!(&*unescape(br#""a\ud83db""#), br"a\ud83db");
        assert_eq!(&*unescape(br#""a\ud83d\n""#), b"a\\ud83d\n");
        assert_eq!(&*unescape(br#""a\u12""#), b"a12");
    }
}
