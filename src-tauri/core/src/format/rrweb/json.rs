//! JSON as a flat list of tokens.
//!
//! The trap: a recorded DOM nests two JSON levels per element, so anything that recurses over its input
//! either refuses real pages (the usual limit of 128) or dies on hostile ones. Nothing here calls itself;
//! depth costs memory in proportion to the bytes that spell it, never stack.

use std::borrow::Cow;

use memchr::memchr2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Type {
    Null,
    True,
    False,
    Number,
    /// A string without escapes: its bytes are its text.
    Plain,
    /// A string with at least one escape.
    Escaped,
    Array,
    Object,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::format) struct Token {
    kind: Type,
    /// Byte range in the source; for strings without the quotes.
    from: u32,
    to: u32,
    /// Index of the token after this value and all in it.
    next: u32,
}

/// Longest JSON text of one event; token offsets are 32 bit.
pub(in crate::format) const MAX_EVENT: usize = u32::MAX as usize - 1;

/// First position at or after `at` that is no JSON white space.
pub(in crate::format) fn skip_space(src: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = src.get(at) {
        at += 1;
    }
    at
}

/// Position of the closing quote of the string whose content starts at `at`, and whether it has escapes.
pub(in crate::format) fn string_end(src: &[u8], at: usize) -> Option<(usize, bool)> {
    let mut i = at;
    let mut escaped = false;
    // Most strings are a few bytes long; a search call for each would cost more than the loop.
    let near = src.len().min(at + 16);
    while i < near {
        match src[i] {
            b'"' => return Some((i, escaped)),
            b'\\' => {
                escaped = true;
                i += 2;
            }
            _ => i += 1,
        }
    }
    loop {
        let found = memchr2(b'"', b'\\', src.get(i..)?)?;
        i += found;
        if src[i] == b'"' {
            return Some((i, escaped));
        }
        escaped = true;
        i += 2;
    }
}

/// End of the value that starts at `at` (not white space). Brackets are counted, not matched: the value's
/// inside is checked when it is parsed. `None` when the text ends first or no value starts here.
pub(in crate::format) fn skip_value(src: &[u8], at: usize) -> Option<usize> {
    match *src.get(at)? {
        b'"' => string_end(src, at + 1).map(|(end, _)| end + 1),
        b'{' | b'[' => {
            let mut depth = 0usize;
            let mut i = at;
            loop {
                match *src.get(i)? {
                    b'"' => i = string_end(src, i + 1)?.0,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Some(i + 1);
                        }
                    }
                    _ => {}
                }
                i += 1;
            }
        }
        b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
            let mut i = at + 1;
            while let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'+' | b'-') = src.get(i) {
                i += 1;
            }
            Some(i)
        }
        _ => None,
    }
}

/// Reads one value that fills `src` into `tokens`. On error: the byte offset of what was not expected.
pub(in crate::format) fn parse(src: &[u8], tokens: &mut Vec<Token>) -> Result<(), usize> {
    #[derive(PartialEq)]
    enum Want {
        Value,
        ValueOrEnd,
        Key,
        KeyOrEnd,
        CommaOrEnd,
    }
    tokens.clear();
    if src.len() > MAX_EVENT {
        return Err(0);
    }
    let mut open: Vec<u32> = Vec::new();
    let mut want = Want::Value;
    let mut at = 0usize;
    loop {
        at = skip_space(src, at);
        let Some(&byte) = src.get(at) else { return Err(at) };
        match want {
            Want::Value | Want::ValueOrEnd => match byte {
                b'"' => {
                    let (end, escaped) = string_end(src, at + 1).ok_or(at)?;
                    let kind = if escaped { Type::Escaped } else { Type::Plain };
                    push(tokens, kind, at + 1, end);
                    at = end + 1;
                    want = Want::CommaOrEnd;
                }
                b'{' | b'[' => {
                    open.push(tokens.len() as u32);
                    push(tokens, if byte == b'{' { Type::Object } else { Type::Array }, at, at);
                    at += 1;
                    want = if byte == b'{' { Want::KeyOrEnd } else { Want::ValueOrEnd };
                }
                b']' if want == Want::ValueOrEnd => {
                    at += 1;
                    close(tokens, &mut open, at);
                    want = Want::CommaOrEnd;
                }
                b'-' | b'0'..=b'9' => {
                    let end = skip_value(src, at).ok_or(at)?;
                    if !src[at..end].iter().any(u8::is_ascii_digit) {
                        return Err(at);
                    }
                    push(tokens, Type::Number, at, end);
                    at = end;
                    want = Want::CommaOrEnd;
                }
                _ => {
                    let rest = &src[at..];
                    let (kind, len) = if rest.starts_with(b"true") {
                        (Type::True, 4)
                    } else if rest.starts_with(b"false") {
                        (Type::False, 5)
                    } else if rest.starts_with(b"null") {
                        (Type::Null, 4)
                    } else {
                        return Err(at);
                    };
                    push(tokens, kind, at, at + len);
                    at += len;
                    want = Want::CommaOrEnd;
                }
            },
            Want::Key | Want::KeyOrEnd => match byte {
                b'"' => {
                    let (end, escaped) = string_end(src, at + 1).ok_or(at)?;
                    push(tokens, if escaped { Type::Escaped } else { Type::Plain }, at + 1, end);
                    at = skip_space(src, end + 1);
                    if src.get(at) != Some(&b':') {
                        return Err(at);
                    }
                    at += 1;
                    want = Want::Value;
                }
                b'}' if want == Want::KeyOrEnd => {
                    at += 1;
                    close(tokens, &mut open, at);
                    want = Want::CommaOrEnd;
                }
                _ => return Err(at),
            },
            Want::CommaOrEnd => {
                let Some(&top) = open.last() else { return Err(at) };
                let object = tokens[top as usize].kind == Type::Object;
                match byte {
                    b',' => {
                        at += 1;
                        want = if object { Want::Key } else { Want::Value };
                    }
                    b'}' if object => {
                        at += 1;
                        close(tokens, &mut open, at);
                    }
                    b']' if !object => {
                        at += 1;
                        close(tokens, &mut open, at);
                    }
                    _ => return Err(at),
                }
            }
        }
        if want == Want::CommaOrEnd && open.is_empty() {
            let end = skip_space(src, at);
            return if end == src.len() { Ok(()) } else { Err(end) };
        }
    }
}

fn push(tokens: &mut Vec<Token>, kind: Type, from: usize, to: usize) {
    let next = tokens.len() as u32 + 1;
    tokens.push(Token { kind, from: from as u32, to: to as u32, next });
}

fn close(tokens: &mut [Token], open: &mut Vec<u32>, end: usize) {
    let next = tokens.len() as u32;
    if let Some(at) = open.pop() {
        tokens[at as usize].to = end as u32;
        tokens[at as usize].next = next;
    }
}

/// One value of a parsed text.
#[derive(Clone, Copy)]
pub(in crate::format) struct Val<'t> {
    src: &'t [u8],
    tokens: &'t [Token],
    at: u32,
}

impl<'t> Val<'t> {
    /// The value that `parse` read; `None` when it read nothing.
    pub(in crate::format) fn root(src: &'t [u8], tokens: &'t [Token]) -> Option<Val<'t>> {
        (!tokens.is_empty()).then_some(Val { src, tokens, at: 0 })
    }
    fn token(self) -> Token {
        self.tokens[self.at as usize]
    }
    pub(in crate::format) fn kind(self) -> Type {
        self.token().kind
    }
    pub(in crate::format) fn is_object(self) -> bool {
        self.kind() == Type::Object
    }
    pub(in crate::format) fn is_array(self) -> bool {
        self.kind() == Type::Array
    }
    pub(in crate::format) fn is_string(self) -> bool {
        matches!(self.kind(), Type::Plain | Type::Escaped)
    }
    pub(in crate::format) fn is_null(self) -> bool {
        self.kind() == Type::Null
    }
    pub(in crate::format) fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Type::True => Some(true),
            Type::False => Some(false),
            _ => None,
        }
    }
    /// The JSON text of the value; strings without their quotes and not unescaped.
    pub(in crate::format) fn bytes(self) -> &'t [u8] {
        let t = self.token();
        &self.src[t.from as usize..t.to as usize]
    }
    /// The JSON text of the value without white space between its tokens, so that pretty-printed exports
    /// give what compact ones do.
    pub(in crate::format) fn raw(self) -> Cow<'t, str> {
        let t = self.token();
        let (from, to) = (t.from as usize, t.to as usize);
        let src = if self.is_string() { &self.src[from - 1..to + 1] } else { &self.src[from..to] };
        let mut out: Vec<u8> = Vec::new();
        let (mut kept, mut at) = (0, 0);
        while at < src.len() {
            match src[at] {
                b'"' => at = string_end(src, at + 1).map_or(src.len(), |(end, _)| end + 1),
                b' ' | b'\t' | b'\n' | b'\r' => {
                    out.extend_from_slice(&src[kept..at]);
                    at = skip_space(src, at);
                    kept = at;
                }
                _ => at += 1,
            }
        }
        if kept == 0 {
            return String::from_utf8_lossy(src);
        }
        out.extend_from_slice(&src[kept..]);
        Cow::Owned(String::from_utf8_lossy(&out).into_owned())
    }
    pub(in crate::format) fn text(self) -> Option<Cow<'t, str>> {
        match self.kind() {
            Type::Plain => Some(String::from_utf8_lossy(self.bytes())),
            Type::Escaped => Some(Cow::Owned(unescape(self.bytes()))),
            _ => None,
        }
    }
    /// A number, or a string that holds one.
    pub(in crate::format) fn number(self) -> Option<f64> {
        match self.kind() {
            Type::Number | Type::Plain => number(self.bytes()),
            _ => None,
        }
    }
    /// A whole number; `None` for fractions and for what is no number.
    pub(in crate::format) fn int(self) -> Option<i64> {
        if self.kind() != Type::Number {
            return None;
        }
        let digits = self.bytes();
        if let Some(n) = short_int(digits) {
            return Some(n);
        }
        let n = number(digits)?;
        (n.fract() == 0.0 && n.abs() < 9e15).then_some(n as i64)
    }
    /// The items of an array; nothing for other values.
    pub(in crate::format) fn items(self) -> Items<'t> {
        let t = self.token();
        let (at, end) = if t.kind == Type::Array { (self.at + 1, t.next) } else { (0, 0) };
        Items { src: self.src, tokens: self.tokens, at, end }
    }
    /// Keys and values of an object; nothing for other values.
    pub(in crate::format) fn entries(self) -> impl Iterator<Item = (Val<'t>, Val<'t>)> {
        let t = self.token();
        let (at, end) = if t.kind == Type::Object { (self.at + 1, t.next) } else { (0, 0) };
        let mut flat = Items { src: self.src, tokens: self.tokens, at, end };
        std::iter::from_fn(move || Some((flat.next()?, flat.next()?)))
    }
    /// The last value under `key`, as JavaScript would have it.
    pub(in crate::format) fn get(self, key: &str) -> Option<Val<'t>> {
        self.entries().filter(|(k, _)| k.bytes() == key.as_bytes()).map(|(_, v)| v).last()
    }
    /// A digest that is equal for deep-equal values: key order, spacing, escapes and the spelling of
    /// numbers do not count. `skip` names keys of the outermost object to leave out.
    pub(in crate::format) fn digest(self, skip: &[&str]) -> u128 {
        let first = self.at as usize;
        let last = self.token().next as usize;
        let mut of: Vec<u128> = vec![0; last - first];
        for i in (first..last).rev() {
            let v = Val { at: i as u32, ..self };
            of[i - first] = match v.kind() {
                Type::Array => v.items().fold(mix(1, 0), |h, item| mix(h, of[item.at as usize - first])),
                Type::Object => v.entries().fold(mix(2, 0), |h, (k, value)| {
                    if i == first && skip.iter().any(|s| s.as_bytes() == k.bytes()) {
                        return h;
                    }
                    h.wrapping_add(mix(of[k.at as usize - first], of[value.at as usize - first]))
                }),
                Type::Number => match number(v.bytes()) {
                    // Adding zero takes the sign off a zero.
                    Some(n) => mix(3, u128::from((n + 0.0).to_bits())),
                    None => hash_bytes(3, v.bytes()),
                },
                Type::Plain => hash_bytes(4, v.bytes()),
                Type::Escaped => hash_bytes(4, unescape(v.bytes()).as_bytes()),
                Type::Null => mix(5, 0),
                Type::True => mix(5, 1),
                Type::False => mix(5, 2),
            };
        }
        of[0]
    }
}

#[derive(Clone, Copy)]
pub(in crate::format) struct Items<'t> {
    src: &'t [u8],
    tokens: &'t [Token],
    at: u32,
    end: u32,
}

impl<'t> Iterator for Items<'t> {
    type Item = Val<'t>;
    fn next(&mut self) -> Option<Val<'t>> {
        if self.at >= self.end {
            return None;
        }
        let v = Val { src: self.src, tokens: self.tokens, at: self.at };
        self.at = self.tokens[self.at as usize].next;
        Some(v)
    }
}

/// A whole number of at most 15 digits, which a float holds exactly; nearly all numbers of a recording.
fn short_int(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let mut n = 0i64;
    for d in digits {
        if !d.is_ascii_digit() {
            return None;
        }
        n = n * 10 + i64::from(d - b'0');
    }
    Some(if negative { -n } else { n })
}

pub(in crate::format) fn number(bytes: &[u8]) -> Option<f64> {
    if let Some(n) = short_int(bytes) {
        return Some(n as f64);
    }
    let n: f64 = std::str::from_utf8(bytes).ok()?.trim().parse().ok()?;
    n.is_finite().then_some(n)
}

fn mix(a: u128, b: u128) -> u128 {
    const K: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    let x = (a.rotate_left(41) ^ b).wrapping_mul(K);
    x ^ (x >> 67) ^ a
}

fn hash_bytes(seed: u128, bytes: &[u8]) -> u128 {
    let mut h = mix(seed, bytes.len() as u128);
    for chunk in bytes.chunks(16) {
        let mut word = [0u8; 16];
        word[..chunk.len()].copy_from_slice(chunk);
        h = mix(h, u128::from_le_bytes(word));
    }
    h
}

/// Text of a string's content. Half surrogate pairs and broken UTF-8 become U+FFFD.
pub(in crate::format) fn unescape(bytes: &[u8]) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let next = memchr::memchr(b'\\', &bytes[i..]).map_or(bytes.len(), |n| i + n);
        out.extend_from_slice(&bytes[i..next]);
        i = next;
        if i >= bytes.len() {
            break;
        }
        let escape = bytes.get(i + 1).copied().unwrap_or(b'\\');
        i += 2;
        let plain = match escape {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'u' => {
                let unit = hex4(bytes, i);
                i += if unit.is_some() { 4 } else { 0 };
                let c = match unit {
                    Some(high @ 0xd800..=0xdbff) => match (bytes.get(i), bytes.get(i + 1), hex4(bytes, i + 2)) {
                        (Some(b'\\'), Some(b'u'), Some(low @ 0xdc00..=0xdfff)) => {
                            i += 6;
                            char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                        }
                        _ => None,
                    },
                    Some(unit) => char::from_u32(unit),
                    None => None,
                };
                let mut buffer = [0u8; 4];
                out.extend_from_slice(c.unwrap_or('\u{fffd}').encode_utf8(&mut buffer).as_bytes());
                continue;
            }
            other => other,
        };
        out.push(plain);
    }
    match String::from_utf8(out) {
        Ok(text) => text,
        Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
    }
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0u32, |n, d| Some(n * 16 + char::from(*d).to_digit(16)?))
}

/// A JSON number as JavaScript's `String(n)` prints it.
pub(in crate::format) fn js_number(bytes: &[u8]) -> String {
    let Some(n) = number(bytes) else { return String::from_utf8_lossy(bytes).into_owned() };
    if n == 0.0 {
        return "0".to_owned();
    }
    let size = n.abs();
    if (1e-6..1e21).contains(&size) {
        return n.to_string();
    }
    let text = format!("{n:e}");
    match text.split_once('e') {
        Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str, skip: &[&str]) -> u128 {
        let mut tokens = Vec::new();
        parse(text.as_bytes(), &mut tokens).unwrap();
        Val::root(text.as_bytes(), &tokens).unwrap().digest(skip)
    }

    #[test]
    fn values_are_found_by_key_and_place() {
        let text = br#" {"a":[1,-2.5,"x\u00e9\ud83d\ude00\n"],"b":{"c":null},"d":true,"a2":[]} "#;
        let mut tokens = Vec::new();
        parse(text, &mut tokens).unwrap();
        let root = Val::root(text, &tokens).unwrap();
        let a: Vec<Val<'_>> = root.get("a").unwrap().items().collect();
        assert_eq!(a[0].int(), Some(1));
        assert_eq!(a[1].number(), Some(-2.5));
        assert_eq!(a[2].text().unwrap(), "xé😀\n");
        assert!(root.get("b").unwrap().get("c").unwrap().is_null());
        assert_eq!(root.get("d").unwrap().as_bool(), Some(true));
        assert_eq!(root.get("a2").unwrap().items().count(), 0);
        assert_eq!(root.get("b").unwrap().raw(), r#"{"c":null}"#);
        let spaced = br#"{ "a b" : [ 1 , "c \" d" ] }"#;
        parse(spaced, &mut tokens).unwrap();
        assert_eq!(Val::root(spaced, &tokens).unwrap().raw(), r#"{"a b":[1,"c \" d"]}"#);
    }

    #[test]
    fn broken_texts_name_the_place() {
        let mut tokens = Vec::new();
        for (text, at) in
            [("", 0), ("{", 1), ("[1,]", 3), ("{\"a\"}", 4), ("[1}", 2), ("tru", 0), ("1 2", 2), ("{\"a\":-}", 5)]
        {
            assert_eq!(parse(text.as_bytes(), &mut tokens), Err(at), "{text}");
        }
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = "[".repeat(300_000) + &"]".repeat(300_000);
        let mut tokens = Vec::new();
        parse(deep.as_bytes(), &mut tokens).unwrap();
        Val::root(deep.as_bytes(), &tokens).unwrap().digest(&[]);
        assert_eq!(skip_value(deep.as_bytes(), 0), Some(600_000));
        assert_eq!(parse("{\"a\":".repeat(200_000).as_bytes(), &mut tokens), Err(1_000_000));
    }

    #[test]
    fn half_a_surrogate_pair_becomes_a_replacement() {
        assert_eq!(unescape(br"a\ud83dz"), "a\u{fffd}z");
        assert_eq!(unescape(br"\ud83d\u0041"), "\u{fffd}A");
        assert_eq!(unescape(br"\u12"), "\u{fffd}12");
        assert_eq!(unescape(b"a\\"), "a\\");
        assert_eq!(unescape(b"\\n\xff"), "\n\u{fffd}");
    }

    #[test]
    fn digests_see_through_spelling_only() {
        let a = digest(r#"{"x":[1,2],"y":"A","delay":3}"#, &["delay"]);
        assert_eq!(a, digest(r#"{ "y":"\u0041", "x":[1.0,2e0] }"#, &["delay"]));
        assert_ne!(a, digest(r#"{"x":[2,1],"y":"A"}"#, &["delay"]));
        assert_ne!(digest(r#"{"a":{"delay":1}}"#, &["delay"]), digest(r#"{"a":{}}"#, &["delay"]));
        assert_ne!(digest(r#"{"a":"b","c":"d"}"#, &[]), digest(r#"{"a":"d","c":"b"}"#, &[]));
    }

    #[test]
    fn numbers_print_as_in_javascript() {
        for (json, js) in
            [("1", "1"), ("1.50", "1.5"), ("1e3", "1000"), ("1e21", "1e+21"), ("1e-7", "1e-7"), ("-0", "0")]
        {
            assert_eq!(js_number(json.as_bytes()), js);
        }
    }
}
