//! Walks the JSON of a payload body, byte by byte, and remembers where its strings lie.
//!
//! The trap: payloads hold lone surrogate escapes (a click text cut in the middle of an emoji), which a strict JSON
//! reader refuses, and hostile ones hold 200,000 brackets, which a recursive reader does not survive. This one
//! turns the first into U+FFFD and walks the second with a counter.

/// Values nest at most this deep in anything that is skipped or kept raw; payloads of the recorder need four levels.
const MAX_DEPTH: u32 = 128;
/// Offsets are kept in 31 bits; a payload is a few kilobytes, 10 MiB at the very most.
pub(super) const MAX_BODY: usize = 1 << 30;
const OWN: u32 = 1 << 31;

/// A decoded string of a payload: a place in the body, or in the payload's own store when it had escapes.
/// Read it with `Payload::str`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Text {
    start: u32,
    len: u32,
}

impl Text {
    pub const EMPTY: Text = Text { start: 0, len: 0 };
    /// Stands where no string is.
    pub(super) const NONE: Text = Text { start: u32::MAX, len: u32::MAX };

    pub(super) fn of_body(start: usize, end: usize) -> Text {
        Text { start: start as u32, len: (end - start) as u32 }
    }
    pub(super) fn of_own(start: usize, end: usize) -> Text {
        Text { start: start as u32 | OWN, len: (end - start) as u32 }
    }
    pub(super) fn bits(self) -> u64 {
        u64::from(self.start) << 32 | u64::from(self.len)
    }
    pub(super) fn of_bits(bits: u64) -> Text {
        Text { start: (bits >> 32) as u32, len: bits as u32 }
    }
    /// Length in bytes.
    pub fn len(self) -> usize {
        self.len as usize
    }
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
    pub(super) fn head(self, len: usize) -> Text {
        Text { start: self.start, len: len as u32 }
    }
    pub(super) fn tail(self, from: usize) -> Text {
        Text { start: self.start + from as u32, len: self.len - from as u32 }
    }
    pub(super) fn read<'t>(self, body: &'t str, own: &'t str) -> &'t str {
        let (source, start) = if self.start & OWN == 0 { (body, self.start) } else { (own, self.start & !OWN) };
        source.get(start as usize..start as usize + self.len as usize).unwrap_or("")
    }
    #[inline(always)]
    pub(super) fn read_bytes<'t>(self, body: &'t [u8], own: &'t [u8]) -> &'t [u8] {
        let (source, start) = self.place(body, own);
        source.get(start..start + self.len as usize).unwrap_or(&[])
    }
    /// The store that the text lies in, and where.
    #[inline(always)]
    pub(super) fn place<'t>(self, body: &'t [u8], own: &'t [u8]) -> (&'t [u8], usize) {
        if self.start & OWN == 0 { (body, self.start as usize) } else { (own, (self.start & !OWN) as usize) }
    }
    /// Index of `wanted` in the first `limit` bytes of the text.
    #[inline(always)]
    pub(super) fn find(self, body: &[u8], own: &[u8], wanted: u8, limit: usize) -> Option<usize> {
        let (source, start) = self.place(body, own);
        find_byte(source, start, self.len as usize, wanted, limit)
    }
}

/// Where a body stopped being JSON, or being a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// Byte offset in the body.
    pub offset: usize,
    pub reason: &'static str,
}

pub(super) struct Scan<'a> {
    pub(super) body: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) pos: usize,
    fault: Option<Damage>,
}

/// Reading failed; `Scan::fault` says where. Empty, so that results of the inner loops travel in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

pub(super) type Read<T> = Result<T, Broken>;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

fn byte_in(word: u64, byte: u8) -> u64 {
    let x = word ^ (LOW * byte as u64);
    x.wrapping_sub(LOW) & !x & HIGH
}

/// Index of the next quote or backslash at or after `from`.
#[inline]
fn quote_or_escape(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    // Most strings are short: eight bytes at a time beats a call. Style sheets are long: there the call wins.
    for _ in 0..6 {
        let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else { break };
        let word = u64::from_le_bytes(*chunk);
        let hit = byte_in(word, b'"') | byte_in(word, b'\\');
        if hit != 0 {
            return Some(at + (hit.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    memchr::memchr2(b'"', b'\\', bytes.get(at..)?).map(|n| at + n)
}

/// Index of `wanted` in the first `limit` bytes of `source[start..start + len]`.
#[inline(always)]
pub(super) fn find_byte(source: &[u8], start: usize, len: usize, wanted: u8, limit: usize) -> Option<usize> {
    let len = len.min(limit);
    let mut at = 0;
    while at < len {
        // Words may reach past the text into what follows it; a hit there is none.
        let Some(chunk) = source.get(start + at..).and_then(|rest| rest.first_chunk::<8>()) else {
            let rest = source.get(start + at..start + len)?;
            return rest.iter().position(|b| *b == wanted).map(|n| at + n);
        };
        let hit = byte_in(u64::from_le_bytes(*chunk), wanted);
        if hit != 0 {
            let found = at + (hit.trailing_zeros() / 8) as usize;
            return (found < len).then_some(found);
        }
        at += 8;
    }
    None
}

impl<'a> Scan<'a> {
    pub(super) fn new(body: &'a str) -> Scan<'a> {
        Scan { body, bytes: body.as_bytes(), pos: 0, fault: None }
    }
    #[cold]
    pub(super) fn damage<T>(&mut self, reason: &'static str) -> Read<T> {
        let offset = self.pos.min(self.bytes.len());
        let reason = if offset == self.bytes.len() { "The text ends in the middle of the payload." } else { reason };
        self.fault = Some(Damage { offset, reason });
        Err(Broken)
    }
    /// What the last failed read stumbled over.
    pub(super) fn fault(&self, _: Broken) -> Damage {
        self.fault.unwrap_or(Damage { offset: self.pos, reason: "This is not JSON." })
    }
    /// The next byte that is no white space, without taking it; 0 at the end.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        loop {
            match self.bytes.get(self.pos) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.pos += 1,
                Some(b) => return *b,
                None => return 0,
            }
        }
    }
    #[inline]
    pub(super) fn take(&mut self, wanted: u8, reason: &'static str) -> Read<()> {
        if self.peek() == wanted {
            self.pos += 1;
            return Ok(());
        }
        self.damage(reason)
    }
    /// After an element of an array: true when another one follows, false when the array is closed.
    #[inline]
    pub(super) fn another(&mut self) -> Read<bool> {
        match self.peek() {
            b',' => {
                self.pos += 1;
                Ok(true)
            }
            b']' => {
                self.pos += 1;
                Ok(false)
            }
            _ => self.damage("A comma or a closing bracket was expected."),
        }
    }
    /// Takes `[`; true when the array has elements.
    #[inline]
    pub(super) fn open(&mut self) -> Read<bool> {
        self.take(b'[', "An array was expected.")?;
        if self.peek() == b']' {
            self.pos += 1;
            return Ok(false);
        }
        Ok(true)
    }
    /// A small whole number with a comma or bracket after it, as nearly all are.
    #[inline(always)]
    fn plain(&mut self) -> Option<i64> {
        let negative = self.bytes.get(self.pos) == Some(&b'-');
        let digits = self.pos + usize::from(negative);
        let mut at = digits;
        let mut n: i64 = 0;
        let last = loop {
            let byte = *self.bytes.get(at)?;
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break byte;
            }
            n = n.wrapping_mul(10).wrapping_add(i64::from(digit));
            at += 1;
        };
        if at.wrapping_sub(digits).wrapping_sub(1) < 15 && matches!(last, b',' | b']') {
            self.pos = at;
            return Some(if negative { -n } else { n });
        }
        None
    }
    #[inline(always)]
    pub(super) fn number(&mut self) -> Read<f64> {
        match self.plain() {
            Some(n) => Ok(n as f64),
            None => self.unusual(),
        }
    }
    /// The nearest whole number, at the ends of the range when it lies outside.
    #[inline(always)]
    pub(super) fn int(&mut self) -> Read<i64> {
        match self.plain() {
            Some(n) => Ok(n),
            None => Ok(self.unusual()?.round() as i64),
        }
    }
    #[cold]
    fn unusual(&mut self) -> Read<f64> {
        let rest = &self.bytes[self.pos.min(self.bytes.len())..];
        let length = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')).count();
        match self.body[self.pos..self.pos + length].parse::<f64>() {
            Ok(n) if n.is_finite() => {
                self.pos += length;
                Ok(n)
            }
            _ => self.damage("A number was expected."),
        }
    }
    /// Takes a string; escapes are decoded into `own`.
    #[inline]
    pub(super) fn string(&mut self, own: &mut String) -> Read<Text> {
        self.take(b'"', "A string was expected.")?;
        let start = self.pos;
        match quote_or_escape(self.bytes, start) {
            Some(at) if self.bytes[at] == b'"' => {
                self.pos = at + 1;
                Ok(Text::of_body(start, at))
            }
            Some(at) => self.escaped(start, at, own),
            None => {
                self.pos = self.bytes.len();
                self.damage("The text ends in the middle of a string.")
            }
        }
    }
    #[cold]
    fn escaped(&mut self, start: usize, first: usize, own: &mut String) -> Read<Text> {
        let begin = own.len();
        let mut run = start;
        let mut at = first;
        loop {
            own.push_str(&self.body[run..at]);
            if self.bytes[at] == b'"' {
                self.pos = at + 1;
                return Ok(Text::of_own(begin, own.len()));
            }
            self.pos = at;
            let (decoded, next) = match self.bytes.get(at + 1) {
                Some(b'n') => ('\n', at + 2),
                Some(b't') => ('\t', at + 2),
                Some(b'r') => ('\r', at + 2),
                Some(b'b') => ('\u{8}', at + 2),
                Some(b'f') => ('\u{c}', at + 2),
                Some(c @ (b'"' | b'\\' | b'/')) => (*c as char, at + 2),
                Some(b'u') => match self.hex(at + 2) {
                    Some(high @ 0xd800..=0xdbff) => match (self.bytes.get(at + 6..at + 8), self.hex(at + 8)) {
                        (Some(b"\\u"), Some(low @ 0xdc00..=0xdfff)) => {
                            let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                            (char::from_u32(code).unwrap_or('\u{fffd}'), at + 12)
                        }
                        _ => ('\u{fffd}', at + 6),
                    },
                    Some(unit) => (char::from_u32(unit).unwrap_or('\u{fffd}'), at + 6),
                    None => return self.damage("A string has a broken \\u escape."),
                },
                _ => return self.damage("A string has a broken escape."),
            };
            own.push(decoded);
            run = next;
            at = match quote_or_escape(self.bytes, next) {
                Some(at) => at,
                None => {
                    self.pos = self.bytes.len();
                    return self.damage("The text ends in the middle of a string.");
                }
            };
        }
    }
    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 4)?;
        digits.iter().try_fold(0u32, |n, d| Some(n << 4 | (*d as char).to_digit(16)?))
    }
    /// Steps over one value of any kind and returns where it stood.
    pub(super) fn skip(&mut self) -> Read<Text> {
        self.peek();
        let start = self.pos;
        let mut depth = 0u32;
        loop {
            match self.peek() {
                b'"' => {
                    let mut at = self.pos + 1;
                    loop {
                        match quote_or_escape(self.bytes, at) {
                            Some(hit) if self.bytes[hit] == b'"' => {
                                self.pos = hit + 1;
                                break;
                            }
                            Some(hit) => at = hit + 2,
                            None => {
                                self.pos = self.bytes.len();
                                return self.damage("The text ends in the middle of a string.");
                            }
                        }
                    }
                }
                b'[' | b'{' => {
                    depth += 1;
                    self.pos += 1;
                    if depth > MAX_DEPTH {
                        return self.damage("Values are nested too deeply.");
                    }
                    continue;
                }
                b']' | b'}' if depth > 0 => {
                    depth -= 1;
                    self.pos += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.pos += 1;
                    continue;
                }
                b'-' | b'0'..=b'9' => {
                    self.number()?;
                }
                b't' | b'f' | b'n' => {
                    self.word()?;
                }
                _ => return self.damage("This is not JSON."),
            }
            if depth == 0 {
                return Ok(Text::of_body(start, self.pos));
            }
        }
    }
    /// Takes `true`, `false` or `null`.
    pub(super) fn word(&mut self) -> Read<Option<bool>> {
        for (word, value) in [("true", Some(true)), ("false", Some(false)), ("null", None)] {
            if self.bytes[self.pos..].starts_with(word.as_bytes()) {
                self.pos += word.len();
                return Ok(value);
            }
        }
        self.damage("This is not JSON.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<String, Broken> {
        let mut own = String::new();
        let mut scan = Scan::new(json);
        let text = scan.string(&mut own)?;
        Ok(text.read(json, &own).to_owned())
    }

    #[test]
    fn strings_are_decoded() {
        assert_eq!(read(r#""plain""#).as_deref(), Ok("plain"));
        assert_eq!(read(r#""a\n\"b\"\\\/\u00e9""#).as_deref(), Ok("a\n\"b\"\\/é"));
        assert_eq!(read(r#""\ud83c\udf89!""#).as_deref(), Ok("🎉!"));
        assert_eq!(read(r#""\ud83c""#).as_deref(), Ok("\u{fffd}"));
        assert_eq!(read(r#""\ud83cx\udf89""#).as_deref(), Ok("\u{fffd}x\u{fffd}"));
        let long = "x".repeat(500);
        assert_eq!(read(&format!("\"{long}\\t{long}\"")).as_deref(), Ok(&*format!("{long}\t{long}")));
        for broken in [r#""abc"#, r#""a\"#, r#""\u12"#, r#""\q""#, r#""\ud83c"#] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn numbers() {
        let number = |s: &str| Scan::new(s).number();
        assert_eq!(number("-12,"), Ok(-12.0));
        assert_eq!(number("7}"), Ok(7.0));
        assert_eq!(number("1.5e2]"), Ok(150.0));
        assert_eq!(number("123456789012345678901,"), Ok(123456789012345680000.0));
        assert_eq!(Scan::new("2.6,").int(), Ok(3));
        assert_eq!(Scan::new("1e30,").int(), Ok(i64::MAX));
        assert!(number("-").is_err());
        assert!(number("1e999").is_err() && number("").is_err() && number("x").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(200_000);
        let mut scan = Scan::new(&deep);
        let broken = scan.skip().unwrap_err();
        assert_eq!(scan.fault(broken).reason, "Values are nested too deeply.");
        assert!(Scan::new("[[1,{\"a\":[]}],null]").skip().is_ok());
    }

    #[test]
    fn bytes_are_found_across_words() {
        for n in 0..40 {
            let text = format!("..{}={}", "x".repeat(n), "=".repeat(9));
            let find = |len, limit| find_byte(text.as_bytes(), 2, len, b'=', limit);
            assert_eq!(find(n + 1, 1024), Some(n));
            assert_eq!(find(n, 1024), None);
            assert_eq!(find(n + 3, n), None);
            assert_eq!(find(text.len() - 2, 1024), Some(n));
        }
    }
}
