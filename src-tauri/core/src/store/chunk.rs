//! Events in pieces that are read one at a time.
//!
//! The trap: one snapshot may be larger than a hundred pages of clicks, so pieces are cut by size, never by
//! count, and an event is never cut.

use crate::error::{Error, Result};
use crate::event::{Event, Millis};

/// A piece is closed when it has grown past this many bytes before compression.
const CLOSE_AT: usize = 128 << 10;
const LEVEL: i32 = 3;

/// Events of one session, packed.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Index of the first event in the session.
    pub first_event: usize,
    pub event_count: usize,
    pub first_time: Millis,
    pub last_time: Millis,
    /// Before compression.
    pub bytes: usize,
    pub data: Vec<u8>,
}

/// Packs the events of a session.
///
/// # Errors
/// [`Error::Internal`] when an event cannot be written, which no event of the model gives.
pub fn encode(events: &[Event]) -> Result<Vec<Chunk>> {
    let internal = |e: &dyn std::fmt::Display| Error::Internal { message: format!("Events cannot be stored: {e}.") };
    let mut chunks = Vec::new();
    let mut raw = Vec::new();
    let mut first = 0;
    for (index, event) in events.iter().enumerate() {
        raw = postcard::to_extend(event, raw).map_err(|e| internal(&e))?;
        let last = index + 1 == events.len();
        if raw.len() >= CLOSE_AT || last {
            let held = &events[first..=index];
            chunks.push(Chunk {
                first_event: first,
                event_count: held.len(),
                first_time: held[0].time,
                last_time: event.time,
                bytes: raw.len(),
                data: zstd::bulk::compress(&raw, LEVEL).map_err(|e| internal(&e))?,
            });
            raw.clear();
            first = index + 1;
        }
    }
    Ok(chunks)
}

/// `Err` says what is wrong with the piece.
pub(super) fn decode(data: &[u8], bytes: usize, count: usize) -> std::result::Result<Vec<Event>, String> {
    let raw = zstd::bulk::decompress(data, bytes).map_err(|e| format!("a piece of events does not unpack ({e})"))?;
    let mut rest = raw.as_slice();
    let mut events = Vec::with_capacity(count.min(1 << 20));
    while !rest.is_empty() {
        let (event, after) =
            postcard::take_from_bytes(rest).map_err(|e| format!("a piece of events cannot be read ({e})"))?;
        events.push(event);
        rest = after;
    }
    if raw.len() != bytes || events.len() != count {
        return Err(format!("a piece of events holds {} events instead of {count}", events.len()));
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;

    #[test]
    fn round_trip_in_pieces() {
        let events: Vec<Event> = (0..5000)
            .map(|i| Event {
                time: i,
                page: 1,
                kind: Kind::Custom { name: format!("event {i}").into(), value: Some("x".repeat(100).into()) },
            })
            .collect();
        let chunks = encode(&events).unwrap();
        assert!(chunks.len() > 3, "{}", chunks.len());
        let mut back = Vec::new();
        for chunk in &chunks {
            assert_eq!(chunk.first_event, back.len());
            let events = decode(&chunk.data, chunk.bytes, chunk.event_count).unwrap();
            assert_eq!(chunk.first_time, events[0].time);
            back.extend(events);
        }
        assert_eq!(back, events);
        assert!(encode(&[]).unwrap().is_empty());
        assert!(decode(&chunks[0].data[..20], chunks[0].bytes, chunks[0].event_count).is_err());
    }
}
