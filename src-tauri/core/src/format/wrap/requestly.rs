//! Requestly's session files (`.rqly`).
//!
//! The trap: the events are one string of zlib bytes written as text, beside network entries that are no rrweb events.

use super::{About, moment};
use crate::format::json::{field, path, word};

/// Of `{"type":"SESSION","data":{"events":"…","metadata":{…}}}`.
pub(super) fn about(text: &[u8]) -> Option<About> {
    let metadata = path(text, 0, &["data", "metadata"])?;
    field(text, metadata.start, "sessionAttributes")?;
    let one = |keys: &[&str]| path(text, metadata.start, keys).and_then(|at| word(&text[at]));
    let mut about = About::default();
    if let Some(name) = one(&["name"]) {
        about.meta.tags.insert("name".to_owned(), vec![name]);
    }
    about.meta.started_at = one(&["sessionAttributes", "startTime"]).as_deref().and_then(moment);
    Some(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_start() {
        let said = about(
            br#"{"version":1,"type":"SESSION","data":{"events":"","metadata":{"name":"Bug","sessionAttributes":{"startTime":12}}}}"#,
        )
        .unwrap();
        assert_eq!(said.meta.started_at, Some(12));
        assert_eq!(said.meta.tags["name"], ["Bug"]);
        assert_eq!(about(br#"{"data":{"metadata":{}}}"#), None);
    }
}
