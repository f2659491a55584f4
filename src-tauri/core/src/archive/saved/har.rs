//! HAR: what the network panel of a browser saw, with the bodies of the answers.
//!
//! The trap: a HAR is one JSON value of hundreds of megabytes, most of it of no use here. Entries are read one
//! by one, and one that is odd costs only itself.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::head::base64;
use super::{Body, SavedFile};
use crate::error::Result;
use crate::format::wrap::iso;

/// The files of all answers. `Ok(Err)`: where the text stops being a HAR, in words; what came before was read.
pub(super) fn files(
    bytes: &[u8],
    take: &mut dyn FnMut(SavedFile) -> Result<()>,
) -> Result<std::result::Result<u64, String>> {
    let mut failed = None;
    let mut entries = 0;
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let answer = {
        let mut entry = |value: Value| {
            entries += 1;
            match file(&value).map(&mut *take) {
                Some(Err(e)) => {
                    failed = Some(e);
                    false
                }
                Some(Ok(())) | None => true,
            }
        };
        Object { level: 0, entry: &mut entry }.deserialize(&mut parser)
    };
    match (failed, answer) {
        (Some(e), _) => Err(e),
        (None, Ok(true)) => Ok(Ok(entries)),
        (None, Ok(false)) => Ok(Err("it has no log of entries".to_owned())),
        (None, Err(e)) if e.is_eof() => Ok(Err(format!("it breaks off after {entries} entries"))),
        (None, Err(e)) => Ok(Err(format!("it is no HAR behind line {}, column {}", e.line(), e.column()))),
    }
}

/// Whether a JSON text begins like one.
pub(super) fn is_har(head: &[u8]) -> bool {
    let text: Vec<u8> = head.iter().copied().filter(|b| !b.is_ascii_whitespace()).take(200).collect();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    text.starts_with(b"{\"log\":")
}

fn file(entry: &Value) -> Option<SavedFile> {
    let request = entry.get("request")?;
    let response = entry.get("response")?;
    if request.get("method").and_then(Value::as_str).is_some_and(|m| !m.eq_ignore_ascii_case("get")) {
        return None;
    }
    // 304: the body, when there is one, is what the browser had.
    let status = response.get("status").and_then(Value::as_u64)?;
    if !matches!(status, 200 | 203 | 304) {
        return None;
    }
    let content = response.get("content")?;
    let text = content.get("text").and_then(Value::as_str).filter(|t| !t.is_empty())?;
    let encoded = content.get("encoding").and_then(Value::as_str).is_some_and(|e| e.eq_ignore_ascii_case("base64"));
    let bytes = if encoded { base64(text.as_bytes()) } else { text.as_bytes().to_vec() };
    Some(SavedFile {
        url: request.get("url").and_then(Value::as_str)?.to_owned(),
        content_type: content.get("mimeType").and_then(Value::as_str).unwrap_or_default().to_owned(),
        body: Body::Bytes(bytes),
        at: entry.get("startedDateTime").and_then(Value::as_str).and_then(iso),
    })
}

/// `{"log": {"entries": […]}}`, level by level. Answers whether there were entries.
struct Object<'e> {
    level: u8,
    entry: &'e mut dyn FnMut(Value) -> bool,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> std::result::Result<bool, D::Error> {
        if self.level < 2 { input.deserialize_map(self) } else { input.deserialize_seq(self) }
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = bool;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a HAR")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<bool, A::Error> {
        let wanted = if self.level == 0 { "log" } else { "entries" };
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == wanted {
                found |= map.next_value_seed(Object { level: self.level + 1, entry: &mut *self.entry })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<bool, A::Error> {
        while let Some(value) = list.next_element::<Value>()? {
            if !(self.entry)(value) {
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(true)
    }
}
