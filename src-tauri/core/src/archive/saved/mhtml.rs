//! MHTML, a page in one file ("Webpage, Single File"): multipart/related mail.
//!
//! The trap: boundaries are searched in bytes that hold pictures, and files are cut off. A part ends at the
//! next boundary line or at the end of the file, and what is there is used.

use url::Url;

use super::head::{Head, base64, quoted_printable, split};
use super::{Body, SavedFile};
use crate::event::Millis;

/// Multiparts in multiparts.
const MAX_NESTING: usize = 4;

/// Whether a file begins like mail with several parts.
pub(super) fn is_mhtml(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let Some(block) = split(text).map(|(head, _)| head).or((text.len() >= 4096).then_some(text)) else { return false };
    let head = Head::parse(block);
    head.get("content-type").is_some_and(|t| t.to_ascii_lowercase().starts_with("multipart/"))
        && (head.get("mime-version").is_some() || head.get("content-type").is_some())
}

/// The files in it, pages left out. `Err`: why it is no MHTML after all.
pub(super) fn files(
    bytes: &[u8],
    take: &mut dyn FnMut(SavedFile) -> crate::error::Result<()>,
) -> crate::error::Result<Result<(), &'static str>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Some((top, body)) = split(bytes) else { return Ok(Err("it has no end of its header")) };
    let top = Head::parse(top);
    let Some(boundary) = top.parameter("content-type", "boundary").filter(|b| !b.is_empty()) else {
        return Ok(Err("it names no boundary between its parts"));
    };
    let at: Option<Millis> = top.get("date").and_then(rfc2822);
    let base = top.get("snapshot-content-location").or(top.get("content-location")).and_then(|u| Url::parse(u).ok());
    let mut todo: Vec<(&[u8], String, usize)> = vec![(body, boundary, 0)];
    let mut parts = 0;
    while let Some((body, boundary, depth)) = todo.pop() {
        for part in parts_of(body, &boundary) {
            let Some((head, content)) = split(part) else { continue };
            let head = Head::parse(head);
            parts += 1;
            let said = head.get("content-type").unwrap_or_default();
            if said.to_ascii_lowercase().starts_with("multipart/") {
                if let Some(inner) = head.parameter("content-type", "boundary").filter(|b| !b.is_empty())
                    && depth < MAX_NESTING
                {
                    todo.push((content, inner, depth + 1));
                }
                continue;
            }
            let Some(location) = head.get("content-location") else { continue };
            let Some(url) = Url::options().base_url(base.as_ref()).parse(location.trim()).ok() else { continue };
            let bytes = match head.get("content-transfer-encoding").map(str::to_ascii_lowercase).as_deref() {
                Some("base64") => base64(content),
                Some("quoted-printable") => quoted_printable(content),
                _ => content.to_vec(),
            };
            take(SavedFile { url: url.into(), content_type: said.to_owned(), body: Body::Bytes(bytes), at })?;
        }
    }
    Ok(if parts == 0 { Err("no part of it is whole") } else { Ok(()) })
}

/// What lies between boundary lines, without the line break before each.
fn parts_of<'b>(body: &'b [u8], boundary: &str) -> Vec<&'b [u8]> {
    let mark = format!("--{boundary}");
    let mut starts = Vec::new();
    for at in memchr::memmem::find_iter(body, mark.as_bytes()) {
        let line_start = at == 0 || body[at - 1] == b'\n';
        let rest = &body[at + mark.len()..];
        let closes = rest.starts_with(b"--");
        let tail = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        if line_start && (closes || tail.trim_ascii().is_empty()) {
            starts.push((at, at + mark.len() + (tail.len() + 1).min(rest.len()), closes));
        }
    }
    let mut parts = Vec::new();
    for (i, (_, from, closes)) in starts.iter().enumerate() {
        if *closes {
            break;
        }
        let until = starts.get(i + 1).map_or(body.len(), |next| next.0);
        let part = &body[*from..until.max(*from)];
        let part = part.strip_suffix(b"\n").map_or(part, |p| p.strip_suffix(b"\r").unwrap_or(p));
        parts.push(part);
    }
    parts
}

fn rfc2822(text: &str) -> Option<Millis> {
    let date = time::OffsetDateTime::parse(text.trim(), &time::format_description::well_known::Rfc2822).ok()?;
    Some(date.unix_timestamp() * 1000)
}
