//! Sentry's replays: envelopes with numbered segments, and what its API says of a replay.
//!
//! The trap: a segment says its number and nothing else. Which replay it belongs to stands in another item of the
//! envelope, when the envelope is there at all; and that the last segment is missing can never be known.

use std::ops::Range;

use serde_json::{Map, Value};

use super::events::{Collected, collect};
use super::unpack::Allowance;
use super::{About, moment};
use crate::format::json::{field, mended, path, value_end, word};

/// One `replay_recording` item.
#[derive(Debug)]
pub struct Segment {
    /// Its number, from 0.
    pub number: u64,
    /// The replay's id, where the envelope gave it.
    pub replay: Option<String>,
    pub about: Option<About>,
    pub events: Collected,
}

/// The segments of a file that starts with an envelope's header, an item's header or a segment's header line.
pub fn envelope(bytes: &[u8], allowance: &mut Allowance) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut about: Option<About> = None;
    let mut at = 0;
    // How long the item is whose header was read last.
    let mut length: Option<usize> = None;
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
        let line = bytes[at..end].trim_ascii();
        let get = |key: &str| field(line, 0, key).map(|at| &line[at]);
        if get("segment_id").is_some() && get("replay_id").is_none() {
            let number = get("segment_id").and_then(word).and_then(|n| n.parse().ok()).unwrap_or(0);
            let from = (end + 1).min(bytes.len());
            let to = match length.take() {
                // The item's length counts the segment's header too.
                Some(length) => (at + length).clamp(from, bytes.len()),
                None => bytes.len(),
            };
            let body = &bytes[from..to];
            let events = match body.first() {
                Some(b'[' | b'{') => listed(body, allowance),
                _ => match allowance.unpack(body.trim_ascii_start()) {
                    Some(text) => listed(&text, allowance),
                    None => {
                        Collected { damaged: u64::from(!body.is_empty()), body: b"[]".to_vec(), ..Collected::default() }
                    }
                },
            };
            let replay = about.as_ref().and_then(|a| a.session.clone());
            segments.push(Segment { number, replay, about: about.clone(), events });
            at = to;
            continue;
        }
        if get("type").is_some_and(|t| t == b"\"replay_event\"") && get("replay_id").is_some()
            || get("replay_id").is_some() && get("segment_id").is_some()
        {
            about = Some(of_event(line));
            length = None;
        } else if get("type").is_some() && get("length").is_some() {
            length = get("length").and_then(word).and_then(|n| n.parse().ok());
        }
        at = end + 1;
    }
    segments
}

/// The events of a segment's list; of one that was cut off, those before the cut.
fn listed(text: &[u8], allowance: &mut Allowance) -> Collected {
    let text = text.trim_ascii();
    if value_end(text, 0).is_ok() {
        return collect(text, allowance);
    }
    let mut found = mended(text).map(|text| collect(&text, allowance)).unwrap_or_default();
    found.damaged += 1;
    found
}

/// The `replay_event` item of an envelope.
fn of_event(line: &[u8]) -> About {
    let mut about = of_replay(line, 0);
    about.session = field(line, 0, "replay_id").and_then(|at| word(&line[at]));
    about.meta.started_at = None;
    if about.meta.user_agent.is_none() {
        about.meta.user_agent = path(line, 0, &["request", "headers", "User-Agent"]).and_then(|at| word(&line[at]));
    }
    about
}

/// The API's replay object, bare or as `{"data":…}`.
pub(super) fn about(text: &[u8]) -> Option<About> {
    let at = field(text, 0, "data").filter(|at| text[at.start] == b'{').map_or(0, |at| at.start);
    let known = ["count_segments", "replay_type"].iter().any(|key| field(text, at, key).is_some());
    known.then(|| of_replay(text, at)).filter(|about| about.session.is_some())
}

fn of_replay(text: &[u8], at: usize) -> About {
    let get = |key: &str| field(text, at, key);
    let one = |keys: &[&str]| path(text, at, keys).and_then(|at| word(&text[at]));
    // The API says `browser`, an event `contexts.browser`.
    let named = |what: &str| {
        let name = one(&[what, "name"]).or_else(|| one(&["contexts", what, "name"]))?;
        let version = one(&[what, "version"]).or_else(|| one(&["contexts", what, "version"]));
        Some((name, version))
    };
    let user = |key: &str| one(&["user", key]);
    let mut about =
        About { session: one(&["id"]), user: user("id"), project: one(&["project_id"]), ..About::default() };
    let meta = &mut about.meta;
    meta.browser = named("browser").map(|(name, _)| name);
    meta.os = named("os").map(|(name, _)| name);
    meta.device = one(&["device", "family"])
        .or_else(|| one(&["device", "name"]))
        .or_else(|| one(&["contexts", "device", "family"]));
    meta.user = ["email", "username", "display_name", "id", "ip_address", "ip"].iter().find_map(|key| user(key));
    let geo = |keys: &[&str]| keys.iter().find_map(|key| one(&["user", "geo", key]));
    meta.country = geo(&["country_code", "country", "region"]);
    meta.state = geo(&["subdivision"]);
    meta.city = geo(&["city"]);
    meta.started_at = one(&["started_at"]).as_deref().and_then(moment);
    for (tag, key) in [("environment", "environment"), ("platform", "platform"), ("replay_type", "replay_type")] {
        if let Some(value) = one(&[key]) {
            meta.tags.insert(tag.to_owned(), vec![value]);
        }
    }
    let releases = get("releases").map(|at| super::events::list_of(text, at, "name")).unwrap_or_default();
    if !releases.is_empty() {
        meta.tags.insert("release".to_owned(), releases);
    }
    meta.tags.extend(get("tags").map(|at| tags(text, at)).unwrap_or_default());
    about
}

/// `{"key":"value"}` or `{"key":["value",…]}`.
fn tags(text: &[u8], at: Range<usize>) -> Vec<(String, Vec<String>)> {
    let map: Map<String, Value> = serde_json::from_slice(&text[at]).unwrap_or_default();
    let plain = |value: &Value| match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    map.iter()
        .map(|(key, value)| match value {
            Value::Array(list) => (key.clone(), list.iter().filter_map(plain).collect()),
            one => (key.clone(), plain(one).into_iter().collect()),
        })
        .filter(|(_, values): &(String, Vec<String>)| !values.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const EVENT: &str = r#"{"type":4,"data":{},"timestamp":1}"#;

    fn free() -> Allowance {
        Allowance::new(1 << 30, 1 << 30, 400, 1 << 25)
    }

    fn zlib(text: &str) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn envelopes() {
        let list = format!("[{EVENT}]");
        let mut packed = b"{\"segment_id\":3}\n".to_vec();
        packed.extend(zlib(&list));
        let item = format!("{{\"segment_id\":4}}\n{list}");
        let mut whole = b"{\"event_id\":\"e\",\"sent_at\":\"x\"}\n{\"type\":\"replay_event\"}\n\
            {\"type\":\"replay_event\",\"replay_id\":\"rep\",\"segment_id\":3,\"user\":{\"id\":\"u\",\"geo\":{\"city\":\"Oslo\"}},\
            \"request\":{\"headers\":{\"User-Agent\":\"UA\"}},\"contexts\":{\"browser\":{\"name\":\"Chrome\"}}}\n"
            .to_vec();
        for body in [&packed[..], item.as_bytes()] {
            whole.extend(format!("{{\"type\":\"replay_recording\",\"length\":{}}}\n", body.len()).bytes());
            whole.extend(body);
            whole.push(b'\n');
        }
        for (bytes, numbers, replay) in
            [(&packed[..], &[3][..], None), (item.as_bytes(), &[4], None), (&whole, &[3, 4], Some("rep"))]
        {
            let segments = envelope(bytes, &mut free());
            assert_eq!(segments.iter().map(|s| s.number).collect::<Vec<_>>(), numbers);
            for segment in segments {
                assert_eq!(segment.events.body, list.as_bytes());
                assert_eq!(segment.replay.as_deref(), replay);
                if let Some(about) = segment.about {
                    assert_eq!(about.meta.city.as_deref(), Some("Oslo"));
                    assert_eq!(about.meta.user_agent.as_deref(), Some("UA"));
                    assert_eq!(about.meta.browser.as_deref(), Some("Chrome"));
                }
            }
        }
        assert_eq!(envelope(b"{\"segment_id\":0}\nx\x9cbroken", &mut free())[0].events.damaged, 1);
        let cut = format!("{{\"segment_id\":0}}\n[{EVENT},{}", &EVENT[..9]);
        let events = &envelope(cut.as_bytes(), &mut free())[0].events;
        assert_eq!((events.events, events.damaged, &events.body[..]), (1, 1, list.as_bytes()));
    }

    #[test]
    fn replays_of_the_api() {
        let said = about(
            br#"{"data":{"id":"r","project_id":7,"count_segments":3,"browser":{"name":"Safari","version":"17"},
            "os":{"name":"iOS"},"device":{"family":"iPhone"},"user":{"id":"u","email":"a@b.test","geo":{"country_code":"NO"}},
            "started_at":"1970-01-01T00:00:02Z","tags":{"plan":["pro"]},"releases":["1.2"]}}"#,
        )
        .unwrap();
        assert_eq!(
            (said.session.as_deref(), said.user.as_deref(), said.project.as_deref()),
            (Some("r"), Some("u"), Some("7"))
        );
        let meta = said.meta;
        assert_eq!(
            (meta.browser.as_deref(), meta.os.as_deref(), meta.device.as_deref()),
            (Some("Safari"), Some("iOS"), Some("iPhone"))
        );
        assert_eq!(
            (meta.country.as_deref(), meta.user.as_deref(), meta.started_at),
            (Some("NO"), Some("a@b.test"), Some(2000))
        );
        assert_eq!(meta.tags["plan"], ["pro"]);
        assert_eq!(meta.tags["release"], ["1.2"]);
    }
}
