//! HAR: what the network panel of a browser saw, with the bodies of the answers.
//!
//! The trap: a log that was cut off is worth its leading entries, and must not pass for a whole one.

use super::{Body, SavedFile};
use crate::archive::limits::MAX_BODY;
use crate::error::Result;
use crate::format::json::{mended, value_end};
use crate::format::wrap::har;

/// The files of all answers. `Ok(Err)`: where the text stops being a HAR, in words; what came before was read.
pub(super) fn files(
    bytes: &[u8],
    take: &mut dyn FnMut(SavedFile) -> Result<()>,
) -> Result<std::result::Result<u64, String>> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    let end = value_end(text, 0);
    let mended = end.is_err().then(|| mended(text)).flatten();
    let whole = mended.as_deref().unwrap_or(text);
    let mut entries = 0;
    for entry in har::entries(whole) {
        entries += 1;
        if let Some(har::Loaded { url, content_type, bytes, at }) = entry.loaded(whole, MAX_BODY) {
            take(SavedFile { url, content_type, body: Body::Bytes(bytes), at })?;
        }
    }
    Ok(match end {
        Ok(_) if entries == 0 => Err("it has no log of entries".to_owned()),
        Ok(_) => Ok(entries),
        Err(problem) => Err(format!("it breaks off at byte {} after {entries} entries", problem.offset)),
    })
}

/// Whether a JSON text begins like one.
pub(super) fn is_har(head: &[u8]) -> bool {
    let text: Vec<u8> = head.iter().copied().filter(|b| !b.is_ascii_whitespace()).take(200).collect();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    text.starts_with(b"{\"log\":")
}
