//! `Name: value` blocks and what they say about the bytes behind them: HTTP, MIME and WARC share the form.
//!
//! The trap: writers of archives decode bodies and leave the headers that said how to. An encoding is taken
//! off when the bytes have it, whatever the headers say, and a body that does not unpack is taken as it is.

use std::io::Read;

use super::super::limits::{MAX_ASSET, MAX_RATIO, RATIO_FREE};

/// Headers beyond this are no headers.
const MAX_HEADERS: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Head {
    fields: Vec<(String, String)>,
}

impl Head {
    /// Reads lines up to an empty one; folded lines are joined. What is no field is left out.
    pub(super) fn parse(text: &[u8]) -> Head {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.split(|b| *b == b'\n') {
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
            if line.is_empty() || fields.len() >= MAX_HEADERS {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        Head { fields }
    }

    /// `name` in lower case; the first field counts.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of a field: `boundary` of `multipart/related; boundary="x"`.
    pub(super) fn parameter(&self, name: &str, key: &str) -> Option<String> {
        let value = self.get(name)?;
        let mut rest = value;
        while let Some((_, after)) = rest.split_once(';') {
            rest = after;
            let (found, tail) = after.split_once('=')?;
            if !found.trim().eq_ignore_ascii_case(key) {
                continue;
            }
            let tail = tail.trim_start();
            return Some(match tail.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
                None => tail.split(';').next().unwrap_or_default().trim().to_owned(),
            });
        }
        None
    }
}

/// Where a head ends and its body begins.
pub(super) fn split(block: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    while let Some(end) = memchr::memchr(b'\n', block.get(at..)?) {
        let line = &block[at..at + end];
        at += end + 1;
        if line.is_empty() || line == b"\r" {
            return Some((&block[..at], &block[at..]));
        }
    }
    None
}

/// The body of an HTTP message as the page got it.
pub(super) fn http_body(head: &Head, body: &[u8]) -> Vec<u8> {
    let chunked = head.get("transfer-encoding").is_some_and(|t| t.to_ascii_lowercase().contains("chunked"));
    let mut bytes = match chunked.then(|| unchunk(body)).flatten() {
        Some(joined) => joined,
        None => body.to_vec(),
    };
    let encodings = head.get("content-encoding").unwrap_or_default().to_ascii_lowercase();
    for encoding in encodings.rsplit(',').map(str::trim) {
        let unpacked = match encoding {
            "gzip" | "x-gzip" if bytes.starts_with(b"\x1f\x8b") => {
                unpack(flate2::read::MultiGzDecoder::new(&bytes[..]), bytes.len())
            }
            "deflate" => unpack(flate2::read::ZlibDecoder::new(&bytes[..]), bytes.len())
                .or_else(|| unpack(flate2::read::DeflateDecoder::new(&bytes[..]), bytes.len())),
            "br" => unpack(brotli::Decompressor::new(&bytes[..], 32 << 10), bytes.len()),
            "zstd" if bytes.starts_with(b"\x28\xb5\x2f\xfd") => {
                zstd::Decoder::new(&bytes[..]).ok().and_then(|d| unpack(d, bytes.len()))
            }
            _ => None,
        };
        if let Some(unpacked) = unpacked {
            bytes = unpacked;
        }
    }
    bytes
}

/// All of it, or nothing when it is damaged or too much.
fn unpack(input: impl Read, packed: usize) -> Option<Vec<u8>> {
    let most = MAX_ASSET.min((packed as u64).saturating_mul(MAX_RATIO).max(RATIO_FREE));
    let mut out = Vec::new();
    input.take(most + 1).read_to_end(&mut out).ok()?;
    (out.len() as u64 <= most && !out.is_empty()).then_some(out)
}

/// Joins the chunks; nothing when the body is not in chunks.
fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(rest.len());
    loop {
        let end = memchr::memchr(b'\n', rest)?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        rest = &rest[end + 1..];
        if size == 0 {
            return Some(out);
        }
        // Cut off in the middle: what is there is better than the chunk marks in it.
        let Some(chunk) = rest.get(..size) else {
            out.extend_from_slice(rest);
            return Some(out);
        };
        out.extend_from_slice(chunk);
        rest = &rest[size..];
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
        if rest.is_empty() {
            return Some(out);
        }
    }
}

/// Base64 as mail and HAR write it: other characters are passed over, both alphabets are read.
pub(super) fn base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
}

pub(super) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let hex = |b: Option<&u8>| b.and_then(|b| (*b as char).to_digit(16));
    for line in text.split_inclusive(|b| *b == b'\n') {
        let (body, end): (&[u8], &[u8]) = match line {
            [body @ .., b'\r', b'\n'] => (body, b"\r\n"),
            [body @ .., b'\n'] => (body, b"\n"),
            body => (body, b""),
        };
        let trimmed = body.trim_ascii_end();
        let (body, soft) = match trimmed.strip_suffix(b"=") {
            Some(body) => (body, true),
            None => (if end.is_empty() { body } else { trimmed }, false),
        };
        let mut at = 0;
        while at < body.len() {
            match (body[at], hex(body.get(at + 1)), hex(body.get(at + 2))) {
                (b'=', Some(high), Some(low)) => {
                    out.push((high * 16 + low) as u8);
                    at += 3;
                }
                (byte, ..) => {
                    out.push(byte);
                    at += 1;
                }
            }
        }
        if !soft {
            out.extend_from_slice(end);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn heads() {
        let (head, body) =
            split(b"Content-Type: multipart/related;\r\n\ttype=\"text/html\"; boundary=\"a;b\"\r\n\r\nbody").unwrap();
        let head = Head::parse(head);
        assert_eq!(head.parameter("content-type", "Boundary").as_deref(), Some("a;b"));
        assert_eq!(body, b"body");
        assert_eq!(split(b"a: b\n\nc"), Some((&b"a: b\n\n"[..], &b"c"[..])));
        assert!(split(b"a: b\r\nc: d").is_none());
    }

    #[test]
    fn encodings_come_off_when_they_are_there() {
        let head = |text: &str| Head::parse(text.as_bytes());
        assert_eq!(http_body(&head("Transfer-Encoding: chunked\n"), b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), b"abcde");
        assert_eq!(http_body(&head("Transfer-Encoding: chunked\n"), b"a{color:red}"), b"a{color:red}");
        assert_eq!(http_body(&head("Transfer-Encoding: chunked\n"), b"5\r\nab"), b"ab");
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"a{color:red}").unwrap();
        let gz = gz.finish().unwrap();
        assert_eq!(http_body(&head("Content-Encoding: gzip\n"), &gz), b"a{color:red}");
        assert_eq!(http_body(&head("Content-Encoding: gzip\n"), b"a{}"), b"a{}");
        let mut br = Vec::new();
        brotli::CompressorWriter::new(&mut br, 4096, 5, 20).write_all(b"a{color:red}").unwrap();
        assert_eq!(http_body(&head("Content-Encoding: br\n"), &br), b"a{color:red}");
        assert_eq!(http_body(&head("Content-Encoding: br\n"), b"a{color:red}"), b"a{color:red}");
        // A bomb stays packed.
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        bomb.write_all(&vec![0; 80 << 20]).unwrap();
        let bomb = bomb.finish().unwrap();
        assert_eq!(http_body(&head("Content-Encoding: gzip\n"), &bomb).len(), bomb.len());
    }

    #[test]
    fn mail_encodings() {
        assert_eq!(base64(b"aGVs\r\nbG8="), b"hello");
        assert_eq!(quoted_printable(b"a=3Db=\r\nc  \r\nd=C3=A9=zz"), "a=bc\r\nd\u{e9}=zz".as_bytes());
    }
}
