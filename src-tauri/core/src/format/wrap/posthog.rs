//! What PostHog says of a recording: its exports, its API's recording object, and the events its own recorder sends.
//!
//! The trap: the id is the only thing that ties an export to its snapshot blobs, and person properties come in two
//! spellings, of the session (`$browser`) and of the first visit ever (`$initial_browser`), which may differ.

use std::ops::Range;

use serde_json::{Map, Value};

use super::events::list_of;
use super::{About, moment};
use crate::event::SessionMeta;
use crate::format::json::{field, path, word};

/// Of `{"version":…,"data":{"id","person","snapshots"…}}`, of the API's recording object, or of one `$snapshot` event.
pub(super) fn about(text: &[u8]) -> Option<About> {
    let exported = field(text, 0, "data")
        .filter(|at| ["snapshots", "snapshotsByWindowId"].iter().any(|key| field(text, at.start, key).is_some()));
    let recording = ["recording_duration", "snapshot_data_by_window_id", "snapshots", "start_url"]
        .iter()
        .any(|key| field(text, 0, key).is_some());
    let properties = path(text, 0, &["properties", "$snapshot_data"]).and_then(|_| field(text, 0, "properties"));
    let at = match (exported, properties) {
        (Some(data), _) => data,
        (None, Some(properties)) => return Some(of_event(text, properties)),
        (None, None) if recording => 0..text.len(),
        _ => return None,
    };
    let get = |key: &str| word(&text[field(text, at.start, key)?]);
    let person = field(text, at.start, "person");
    let of_person = |key: &str| word(&text[field(text, person.clone()?.start, key)?]);
    let mut about = About { session: get("id"), user: get("distinct_id"), ..About::default() };
    if about.user.is_none()
        && let Some(ids) = person.clone().and_then(|p| field(text, p.start, "distinct_ids"))
    {
        about.user = list_of(text, ids, "id").into_iter().next();
    }
    if let Some(properties) = person.clone().and_then(|p| field(text, p.start, "properties")) {
        fill(&mut about.meta, &map(text, properties));
    }
    // Names are not one person's alone; ids and addresses are.
    about.meta.user = about.meta.user.take().or_else(|| about.user.clone());
    if let Some(name) = of_person("name") {
        about.meta.tags.insert("name".to_owned(), vec![name]);
    }
    about.meta.started_at = get("start_time").as_deref().and_then(moment);
    Some(about)
}

fn map(text: &[u8], at: Range<usize>) -> Map<String, Value> {
    serde_json::from_slice(&text[at]).unwrap_or_default()
}

/// `{"event":"$snapshot","properties":{"$session_id",…}}`.
fn of_event(text: &[u8], properties: Range<usize>) -> About {
    let get = |at: usize, key: &str| word(&text[field(text, at, key)?]);
    About {
        session: get(properties.start, "$session_id"),
        user: get(properties.start, "distinct_id").or_else(|| get(0, "distinct_id")),
        ..About::default()
    }
}

/// Properties of a person or session; those of the session win over those of the first visit.
pub fn fill(meta: &mut SessionMeta, properties: &Map<String, Value>) {
    let text = |keys: &[&str]| {
        keys.iter().find_map(|key| match properties.get(*key)? {
            Value::String(s) if !s.is_empty() && s != "$direct" => Some(s.clone()),
            Value::Number(n) => Some(n.to_string()),
            _ => None,
        })
    };
    meta.user_agent = text(&["$raw_user_agent", "$user_agent", "$initial_raw_user_agent"]);
    meta.browser = text(&["$browser", "$initial_browser"]);
    meta.os = text(&["$os", "$os_name", "$initial_os"]);
    meta.device = text(&["$device_type", "$initial_device_type"]);
    meta.country = text(&["$geoip_country_code", "$initial_geoip_country_code"]);
    meta.state = text(&["$geoip_subdivision_1_name", "$initial_geoip_subdivision_1_name"]);
    meta.city = text(&["$geoip_city_name", "$initial_geoip_city_name"]);
    meta.language = text(&["$browser_language"]);
    meta.referrer = text(&["$referrer", "$initial_referrer"]);
    meta.user = text(&["email", "$email"]);
    for key in ["source", "medium", "campaign", "term", "content"] {
        if let Some(value) = text(&[&format!("utm_{key}"), &format!("$initial_utm_{key}")]) {
            meta.utm.insert(key.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_and_recording() {
        let said = about(
            br#"{"version":"2023-04-28","data":{"id":"0193","person":{"name":"Ann","distinct_ids":["d1","d2"],
            "properties":{"$browser":"Firefox","$initial_os":"Linux","$geoip_country_code":"NO","utm_source":"x"}},
            "snapshots":[]}}"#,
        )
        .unwrap();
        assert_eq!((said.session.as_deref(), said.user.as_deref()), (Some("0193"), Some("d1")));
        assert_eq!((said.meta.user.as_deref(), said.meta.browser.as_deref()), (Some("d1"), Some("Firefox")));
        assert_eq!((said.meta.os.as_deref(), said.meta.country.as_deref()), (Some("Linux"), Some("NO")));
        assert_eq!(said.meta.utm["source"], "x");
        let said = about(br#"{"id":"r","distinct_id":"d","recording_duration":5,"start_time":"1970-01-01T00:00:01Z"}"#)
            .unwrap();
        assert_eq!((said.session.as_deref(), said.meta.started_at), (Some("r"), Some(1000)));
        let said =
            about(br#"{"event":"$snapshot","properties":{"$session_id":"s","distinct_id":"d","$snapshot_data":[]}}"#);
        assert_eq!(said.unwrap().session.as_deref(), Some("s"));
        assert_eq!(about(br#"{"data":{"x":1}}"#), None);
    }
}
