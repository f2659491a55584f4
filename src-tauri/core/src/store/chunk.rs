//! Events in pieces that are read one at a time.
//!
//! The trap: one snapshot may be larger than a hundred pages of clicks, so pieces are cut by size, never by
//! count, and an event is never cut.

use crate::error::{Error, Result};
use crate::event::{Event, Kind, Millis};

/// A piece is closed when it has grown past this many bytes before compression.
const CLOSE_AT: usize = 128 << 10;

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
    pub(super) dictionary: Option<i64>,
    pub data: Vec<u8>,
}

/// Writes the events of a session into pieces. `pack` compresses a piece and says with which dictionary.
///
/// Times are written as steps from one event to the next: visits to the same page then look alike, whenever they
/// happened.
pub(super) fn encode(
    events: &[Event],
    mut pack: impl FnMut(&[u8]) -> Result<(Option<i64>, Vec<u8>)>,
) -> Result<Vec<Chunk>> {
    let internal = |e: &dyn std::fmt::Display| Error::Internal { message: format!("Events cannot be stored: {e}.") };
    let mut chunks = Vec::new();
    let mut raw = Vec::new();
    let mut first = 0;
    let mut before = events.first().map_or(0, |e| e.time);
    for (index, event) in events.iter().enumerate() {
        let step = event.time.wrapping_sub(before);
        before = event.time;
        raw = postcard::to_extend(&(step, event.page, &event.kind), raw).map_err(|e| internal(&e))?;
        let last = index + 1 == events.len();
        if raw.len() >= CLOSE_AT || last {
            let held = &events[first..=index];
            let (dictionary, data) = pack(&raw)?;
            chunks.push(Chunk {
                first_event: first,
                event_count: held.len(),
                first_time: held[0].time,
                last_time: event.time,
                bytes: raw.len(),
                dictionary,
                data,
            });
            raw.clear();
            first = index + 1;
            before = events.get(first).map_or(0, |e| e.time);
        }
    }
    Ok(chunks)
}

/// The events of a piece that was unpacked. `Err` says what is wrong with it.
pub(super) fn decode(raw: &[u8], first_time: Millis, count: usize) -> std::result::Result<Vec<Event>, String> {
    let mut rest = raw;
    let mut events = Vec::with_capacity(count.min(1 << 20));
    let mut time = first_time;
    while !rest.is_empty() {
        let ((step, page, kind), after): ((Millis, u32, Kind), &[u8]) =
            postcard::take_from_bytes(rest).map_err(|e| format!("a piece of events cannot be read ({e})"))?;
        time = time.wrapping_add(step);
        events.push(Event { time, page, kind });
        rest = after;
    }
    if events.len() != count {
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
                // Tabs may count back; nothing says that times lie close together.
                time: if i == 70 { i64::MIN } else { i * 1_000_003 % 5_000 },
                page: 1,
                kind: Kind::Custom { name: format!("event {i}").into(), value: Some("x".repeat(100).into()) },
            })
            .collect();
        let chunks = encode(&events, |raw| Ok((None, raw.to_vec()))).unwrap();
        assert!(chunks.len() > 3, "{}", chunks.len());
        let mut back = Vec::new();
        for chunk in &chunks {
            assert_eq!(chunk.first_event, back.len());
            let events = decode(&chunk.data, chunk.first_time, chunk.event_count).unwrap();
            assert_eq!(chunk.first_time, events[0].time);
            back.extend(events);
        }
        assert_eq!(back, events);
        assert!(encode(&[], |raw| Ok((None, raw.to_vec()))).unwrap().is_empty());
        assert!(decode(&chunks[0].data[..20], chunks[0].first_time, chunks[0].event_count).is_err());
    }
}
