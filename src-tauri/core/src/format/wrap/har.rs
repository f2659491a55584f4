//! What a browser saved of its network traffic (HAR 1.2): uploads of Clarity and others, and what pages loaded.
//!
//! The trap: a HAR keeps bodies as text. Clarity's uploads are gzip, and most browsers turn the bytes that are no text
//! into question marks while they write the file. Such a body looks like one and cannot be read by anyone; it has to be
//! told apart from one that only was spelled byte by byte.

use std::borrow::Cow;
use std::ops::Range;

use super::unpack::{Allowance, from_base64, from_latin1};
use crate::event::Millis;
use crate::format::json::{field, items, path, unescape, word};

/// One request of the log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// 1-based place in the log.
    pub number: u64,
    /// Byte range in the file.
    pub at: Range<usize>,
}

/// The upload of one request.
#[derive(Debug, PartialEq)]
pub enum Upload<'t> {
    /// Its text, unpacked.
    Body(Cow<'t, [u8]>),
    /// Bytes were lost when the file was written.
    Damaged,
    /// It was posted, and the file does not hold it.
    Missing,
    /// The allowance is used up.
    Stopped,
}

/// What a page had loaded.
#[derive(Debug)]
pub struct Loaded {
    pub url: String,
    /// As the server said it; may be wrong or empty.
    pub content_type: String,
    pub bytes: Vec<u8>,
    /// Epoch ms at which it was asked for.
    pub at: Option<Millis>,
}

/// The entries of `{"log":{"entries":[…]}}`.
pub fn entries(text: &[u8]) -> impl Iterator<Item = Entry> + '_ {
    let list = path(text, 0, &["log", "entries"]).unwrap_or(0..0);
    items(&text[..list.end], list.start)
        .map_while(|item| item.ok())
        .zip(1..)
        .map(|((_, at), number)| Entry { number, at })
}

fn text_of<'t>(text: &'t [u8], from: usize, keys: &[&str]) -> Option<Cow<'t, [u8]>> {
    let at = path(text, from, keys)?;
    (text[at.start] == b'"').then(|| unescape(&text[at]))
}

impl Entry {
    fn word(&self, text: &[u8], keys: &[&str]) -> Option<String> {
        word(&text[path(&text[..self.at.end], self.at.start, keys)?])
    }

    pub fn url(&self, text: &[u8]) -> Option<String> {
        self.word(text, &["request", "url"])
    }

    /// Whether this is an upload of Clarity's recorder, by its address.
    pub fn is_clarity(&self, text: &[u8]) -> bool {
        let Some(url) = self.url(text) else { return false };
        let address = url.split(['?', '#']).next().unwrap_or_default();
        address.ends_with("/collect") && (address.contains(".clarity.ms/") || !address.contains("google"))
    }

    /// What was posted; `None` when nothing was.
    pub fn upload<'t>(&self, text: &'t [u8], allowance: &mut Allowance) -> Option<Upload<'t>> {
        let text = &text[..self.at.end];
        let method = self.word(text, &["request", "method"])?;
        if !method.eq_ignore_ascii_case("POST") && !method.eq_ignore_ascii_case("PUT") {
            return None;
        }
        let Some(body) = text_of(text, self.at.start, &["request", "postData", "text"]).filter(|b| !b.is_empty())
        else {
            return Some(Upload::Missing);
        };
        let encoded = self.word(text, &["request", "postData", "encoding"]).is_some_and(|e| e == "base64");
        // Some tools write base64 without saying so.
        let bytes = if encoded || body.starts_with(b"H4sI") { from_base64(&body) } else { None };
        if let Some(bytes) = bytes {
            return Some(unpacked(bytes, allowance));
        }
        if encoded {
            return Some(Upload::Damaged);
        }
        // The two bytes that begin gzip, each spelled as a character; the second is often lost.
        if body.first() == Some(&0x1f) || body.starts_with("x\u{fffd}".as_bytes()) {
            return Some(match from_latin1(&body) {
                Some(bytes) => unpacked(bytes, allowance),
                None => Upload::Damaged,
            });
        }
        let lost = memchr::memmem::find(&body[..body.len().min(64)], "\u{fffd}".as_bytes()).is_some();
        Some(if lost { Upload::Damaged } else { Upload::Body(body) })
    }

    /// What the answer brought, when it was whole: of every kind, the caller knows which are part of a page.
    pub fn loaded(&self, text: &[u8], max: u64) -> Option<Loaded> {
        let text = &text[..self.at.end];
        if self.word(text, &["request", "method"]).is_some_and(|method| !method.eq_ignore_ascii_case("GET")) {
            return None;
        }
        // 304: the body, when there is one, is what the browser had.
        if !matches!(self.word(text, &["response", "status"])?.as_str(), "200" | "203" | "304") {
            return None;
        }
        let url = self.url(text).filter(|url| url.starts_with("http"))?;
        let response = field(text, self.at.start, "response")?;
        let content = field(text, response.start, "content")?;
        let content_type = field(text, content.start, "mimeType").and_then(|at| word(&text[at])).unwrap_or_default();
        let body = text_of(text, content.start, &["text"]).filter(|b| !b.is_empty() && b.len() as u64 <= 2 * max)?;
        let encoded = field(text, content.start, "encoding")
            .and_then(|at| word(&text[at]))
            .is_some_and(|e| e.eq_ignore_ascii_case("base64"));
        let bytes = if encoded { from_base64(&body)? } else { body.into_owned() };
        let at = self.word(text, &["startedDateTime"]).and_then(|time| super::iso(&time));
        (bytes.len() as u64 <= max && !bytes.is_empty()).then_some(Loaded { url, content_type, bytes, at })
    }
}

fn unpacked<'t>(bytes: Vec<u8>, allowance: &mut Allowance) -> Upload<'t> {
    if matches!(bytes.first(), Some(b'{' | b'[')) {
        return Upload::Body(bytes.into());
    }
    match allowance.unpack(&bytes) {
        Some(text) => Upload::Body(text.into()),
        None if allowance.stopped.is_some() => Upload::Stopped,
        None => Upload::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::Engine as _;

    use super::*;

    const BODY: &str = r#"{"e":["0.8.70"],"a":[]}"#;

    fn gzip(text: &str) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    fn upload(post: serde_json::Value) -> Option<Upload<'static>> {
        let har = serde_json::json!({"log":{"entries":[
            {"request":{"method":"POST","url":"https://z.clarity.ms/collect","postData":post},"response":{"status":204}}
        ]}})
        .to_string();
        let entry = entries(har.as_bytes()).next().unwrap();
        assert!(entry.is_clarity(har.as_bytes()));
        let mut allowance = Allowance::new(1 << 30, 1 << 30, 400, 1 << 25);
        match entry.upload(har.as_bytes(), &mut allowance)? {
            Upload::Body(body) => Some(Upload::Body(body.into_owned().into())),
            Upload::Damaged => Some(Upload::Damaged),
            Upload::Missing => Some(Upload::Missing),
            Upload::Stopped => Some(Upload::Stopped),
        }
    }

    #[test]
    fn uploads() {
        let base64 = base64::engine::general_purpose::STANDARD.encode(gzip(BODY));
        let latin1: String = gzip(BODY).iter().map(|b| char::from(*b)).collect();
        let lost = String::from_utf8_lossy(&gzip(BODY)).into_owned();
        let want = || Some(Upload::Body(BODY.as_bytes().to_vec().into()));
        assert_eq!(upload(serde_json::json!({"text": BODY})), want());
        assert_eq!(upload(serde_json::json!({"text": base64, "encoding": "base64"})), want());
        assert_eq!(upload(serde_json::json!({"text": base64})), want());
        assert_eq!(upload(serde_json::json!({"text": latin1})), want());
        assert_eq!(upload(serde_json::json!({"text": lost})), Some(Upload::Damaged));
        assert_eq!(upload(serde_json::json!({"text": "nonsense!", "encoding": "base64"})), Some(Upload::Damaged));
        assert_eq!(upload(serde_json::json!({"text": ""})), Some(Upload::Missing));
        assert_eq!(upload(serde_json::json!({})), Some(Upload::Missing));
    }

    #[test]
    fn what_pages_loaded() {
        let har = serde_json::json!({"log":{"entries":[
            {"request":{"url":"https://a.test/a.css"},"response":{"status":200,"content":{"mimeType":"text/css; charset=utf-8","text":"a{}"}}},
            {"request":{"url":"https://a.test/i.png"},"response":{"status":200,"content":{"mimeType":"image/png","text":"iVBO","encoding":"base64"}}},
            {"request":{"url":"https://a.test/x.png"},"response":{"status":404,"content":{"mimeType":"image/png","text":"iVBO","encoding":"base64"}}},
            {"request":{"url":"https://a.test/"},"response":{"status":200,"content":{"mimeType":"text/html","text":"<p>"}}},
            {"request":{"url":"https://a.test/big.css"},"response":{"status":200,"content":{"mimeType":"text/css","text":"aaaaaaaaaaaaaaaaaaaaa"}}}
        ]}})
        .to_string();
        let text = har.as_bytes();
        let loaded: Vec<Loaded> = entries(text).filter_map(|e| e.loaded(text, 10)).collect();
        assert_eq!(loaded.len(), 3);
        assert_eq!(loaded[2].content_type, "text/html");
        assert_eq!(
            (loaded[0].url.as_str(), loaded[0].content_type.as_str(), &loaded[0].bytes[..]),
            ("https://a.test/a.css", "text/css; charset=utf-8", &b"a{}"[..])
        );
        assert_eq!(loaded[1].bytes, [0x89, b'P', b'N']);
    }
}
