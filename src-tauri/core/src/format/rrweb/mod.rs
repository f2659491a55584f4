//! rrweb recordings: any of the forms that a stream is kept in, to the shared recording model.
//!
//! The trap: the stream is what a page's recorder happened to send, not a document. Parts are missing,
//! doubled, late or cut off, ids start anew without notice, and half of what looks like attributes is not.
//!
//! Facts: rrweb 0.6 to 2.2 and its forks, checked against rrweb 2.2.2 recordings.
//!
//! - [`looks_like`] tells from the first bytes whether a file may hold rrweb events.
//! - [`read_events`] takes a file apart without reading what is inside the events.
//! - [`decode_session`] makes a session of all files known of it.

pub(in crate::format) mod json;
mod nodes;
mod read;
mod session;
mod style;
#[cfg(test)]
mod tests;

pub use read::{RawEvent, Read, looks_like, read, read_events, span};
pub use session::{Outline, decode_events, decode_session, outline};

/// One file or archive member, already decompressed.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// For findings; members of archives after `!`.
    pub path: &'a str,
    pub bytes: &'a [u8],
}
