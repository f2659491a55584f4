//! Documents in which PostHog and Sentry describe a recording or a visitor, lying beside the recordings.
//!
//! The trap: they are answers of interfaces that change, wrapped in pages and lists, and full of counts of the
//! vendor's own making. Only what says who, when and where is taken; counts serve where nothing was recorded.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Said;
use super::bundle::{moment, names, plain, text};
use crate::event::{SessionMeta, Source};

/// Most documents of one text.
const MOST: usize = 100_000;
/// Most properties of one document that become tags.
const MAX_TAGS: usize = 200;

type Object = Map<String, Value>;

/// What the documents of a text say; `None` when they are none that is known.
pub(crate) fn read(value: &Value) -> Option<Vec<(Source, Said)>> {
    let list = match value {
        Value::Array(list) => list.as_slice(),
        Value::Object(map) => match map.get("results").or_else(|| map.get("data")) {
            Some(Value::Array(list)) => list,
            // Sentry wraps one answer as it wraps many.
            Some(inner @ Value::Object(_)) if map.len() <= 2 => std::slice::from_ref(inner),
            _ => std::slice::from_ref(value),
        },
        _ => return None,
    };
    let mut out = Vec::new();
    for entry in list.iter().take(MOST) {
        out.extend(document(entry.as_object()?)?.into_iter().map(|said| (Source::Rrweb, said)));
    }
    (!out.is_empty()).then_some(out)
}

fn document(map: &Object) -> Option<Vec<Said>> {
    let has = |key: &str| map.contains_key(key);
    if has("id") && (has("replay_type") || has("count_segments") || (has("started_at") && has("finished_at"))) {
        return Some(vec![sentry(map)]);
    }
    if has("id") && has("distinct_id") && ["recording_duration", "start_url", "active_seconds"].iter().any(|k| has(k)) {
        return Some(vec![posthog_recording(map)]);
    }
    if has("distinct_ids") && map.get("properties").is_some_and(Value::is_object) {
        return Some(posthog_person(map));
    }
    if ["session_id", "$session_id"].iter().any(|k| has(k)) {
        let inner = map.get("properties").and_then(Value::as_object).unwrap_or(map);
        if inner.keys().any(|k| k.starts_with('$') && k != "$session_id") {
            return Some(vec![posthog_session(map, inner)]);
        }
    }
    None
}

fn object<'v>(map: &'v Object, key: &str) -> Option<&'v Object> {
    map.get(key).and_then(Value::as_object)
}

fn number(map: &Object, key: &str) -> Option<String> {
    map.get(key).and_then(Value::as_f64).map(|n| n.to_string())
}

fn list(meta: &mut SessionMeta, field: &str, value: Option<String>) {
    if let Some(value) = value {
        meta.listed.insert(field.to_owned(), vec![value]);
    }
}

fn tag(meta: &mut SessionMeta, name: &str, values: Vec<String>) {
    if !values.is_empty() && meta.tags.len() < MAX_TAGS {
        meta.tags.insert(name.to_owned(), values);
    }
}

fn beside(session: Option<String>, user: Option<String>, meta: SessionMeta) -> Said {
    Said { session, user, project: None, meta, rank: 3, kept: None }
}

fn sentry(map: &Object) -> Said {
    let mut meta = SessionMeta::default();
    let user = object(map, "user");
    let geo = user.and_then(|u| object(u, "geo"));
    meta.user = user.and_then(|u| text(u, &["id", "username", "email", "display_name"]));
    meta.country = geo.and_then(|g| text(g, &["country_code", "country", "country_name"]));
    meta.state = geo.and_then(|g| text(g, &["subdivision", "region", "state"]));
    meta.city = geo.and_then(|g| text(g, &["city"]));
    meta.os = object(map, "os").and_then(|o| text(o, &["name"]));
    meta.browser = object(map, "browser").and_then(|o| text(o, &["name"]));
    if let Some(Value::Object(tags)) = map.get("tags") {
        for (key, value) in tags {
            tag(&mut meta, key, names(Some(value)));
        }
    }
    for (name, key) in [("environment", "environment"), ("release", "releases"), ("platform", "platform")] {
        tag(&mut meta, name, names(map.get(key)));
    }
    let urls = names(map.get("urls"));
    list(&mut meta, "entry_page", urls.first().cloned());
    list(&mut meta, "exit_page", urls.last().cloned());
    if !urls.is_empty() {
        meta.listed.insert("page".to_owned(), urls);
    }
    list(&mut meta, "start", map.get("started_at").and_then(moment).map(|ms| ms.to_string()));
    list(&mut meta, "duration", number(map, "duration"));
    for (field, key) in [("rage_clicks", "count_rage_clicks"), ("dead_clicks", "count_dead_clicks")] {
        list(&mut meta, field, number(map, key));
    }
    beside(text(map, &["id"]), None, meta)
}

/// Fields that PostHog's properties give, whatever they are properties of.
fn properties(map: &Object, meta: &mut SessionMeta) {
    let get = |keys: &[&str]| text(map, keys);
    meta.browser = get(&["$browser", "$initial_browser"]);
    meta.os = get(&["$os", "$initial_os"]);
    meta.device = get(&["$device_type", "$initial_device_type"]);
    meta.country = get(&["$geoip_country_code", "$initial_geoip_country_code", "$geoip_country_name"]);
    meta.state = get(&["$geoip_subdivision_1_name", "$initial_geoip_subdivision_1_name"]);
    meta.city = get(&["$geoip_city_name", "$initial_geoip_city_name"]);
    meta.language = get(&["$browser_language"]);
    meta.user_agent = get(&["$raw_user_agent"]);
    // PostHog writes a word where there was none.
    meta.referrer =
        get(&["$entry_referrer", "$referrer", "$initial_referrer"]).filter(|referrer| referrer != "$direct");
    for key in ["source", "medium", "campaign", "term", "content"] {
        let found = get(&[&format!("$entry_utm_{key}"), &format!("utm_{key}"), &format!("$initial_utm_{key}")]);
        if let Some(value) = found {
            meta.utm.insert(key.to_owned(), value);
        }
    }
    for (key, value) in map.iter().filter(|(key, _)| !key.starts_with('$') && !key.starts_with("utm_")) {
        match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => tag(meta, key, plain(value).into_iter().collect()),
            Value::Array(list) => tag(meta, key, list.iter().filter_map(plain).collect()),
            Value::Null | Value::Object(_) => {}
        }
    }
}

fn posthog_recording(map: &Object) -> Said {
    let mut meta = SessionMeta::default();
    if let Some(of_person) = object(map, "person").and_then(|p| object(p, "properties")) {
        properties(of_person, &mut meta);
    }
    meta.user = text(map, &["distinct_id"]);
    list(&mut meta, "start", map.get("start_time").and_then(moment).map(|ms| ms.to_string()));
    list(&mut meta, "duration", number(map, "recording_duration"));
    list(&mut meta, "active_duration", number(map, "active_seconds"));
    list(&mut meta, "click_count", number(map, "click_count"));
    list(&mut meta, "entry_page", text(map, &["start_url"]));
    beside(text(map, &["id"]), None, meta)
}

/// One for each id of the person: whichever of them a recording carries.
fn posthog_person(map: &Object) -> Vec<Said> {
    let mut meta = SessionMeta::default();
    if let Some(all) = object(map, "properties") {
        properties(all, &mut meta);
    }
    // Where the person was first seen says nothing of a later visit.
    meta.referrer = None;
    meta.utm = BTreeMap::new();
    names(map.get("distinct_ids")).into_iter().map(|id| beside(None, Some(id), meta.clone())).collect()
}

fn posthog_session(map: &Object, inner: &Object) -> Said {
    let mut meta = SessionMeta::default();
    let mut all = inner.clone();
    for key in ["session_id", "distinct_id", "properties"] {
        all.remove(key);
    }
    properties(&all, &mut meta);
    meta.user = text(map, &["distinct_id"]);
    list(&mut meta, "start", inner.get("$start_timestamp").and_then(moment).map(|ms| ms.to_string()));
    list(&mut meta, "duration", number(inner, "$session_duration"));
    list(&mut meta, "entry_page", text(inner, &["$entry_current_url"]));
    list(&mut meta, "exit_page", text(inner, &["$end_current_url", "$exit_current_url"]));
    list(&mut meta, "page_count", number(inner, "$pageview_count"));
    list(&mut meta, "channel", text(inner, &["$channel_type"]));
    beside(text(map, &["session_id", "$session_id"]), None, meta)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(json: &str) -> Said {
        let value: Value = serde_json::from_str(json).unwrap();
        read(&value).unwrap().remove(0).1
    }

    #[test]
    fn a_replay_of_sentry() {
        let said = one(r#"{"data":{"id":"abc","replay_type":"session","started_at":"2026-11-20T14:32:00Z",
            "finished_at":"2026-11-20T14:33:00Z","duration":60,"user":{"id":"u7","geo":{"country_code":"AT","city":"Wien"}},
            "os":{"name":"macOS"},"browser":{"name":"Firefox"},"urls":["https://a.test/","https://a.test/b"],
            "tags":{"plan":["pro"]},"count_rage_clicks":2,"environment":"prod"}}"#);
        assert_eq!(said.session.as_deref(), Some("abc"));
        assert_eq!(said.meta.user.as_deref(), Some("u7"));
        assert_eq!(said.meta.country.as_deref(), Some("AT"));
        assert_eq!(said.meta.listed["exit_page"], ["https://a.test/b"]);
        assert_eq!(said.meta.listed["rage_clicks"], ["2"]);
        assert_eq!(said.meta.tags["plan"], ["pro"]);
        assert_eq!(said.meta.tags["environment"], ["prod"]);
    }

    #[test]
    fn documents_of_posthog() {
        let said = one(
            r#"{"results":[{"id":"r1","distinct_id":"d1","recording_duration":12,"start_time":"2026-11-20T14:32:00Z",
            "start_url":"https://a.test/","person":{"properties":{"$browser":"Chrome","$geoip_country_code":"NO","plan":"pro"}}}]}"#,
        );
        assert_eq!((said.session.as_deref(), said.meta.user.as_deref()), (Some("r1"), Some("d1")));
        assert_eq!(said.meta.browser.as_deref(), Some("Chrome"));
        assert_eq!(said.meta.tags["plan"], ["pro"]);
        let value: Value =
            serde_json::from_str(r#"{"distinct_ids":["d1","d2"],"properties":{"$os":"Linux"}}"#).unwrap();
        let both = read(&value).unwrap();
        assert_eq!(both.len(), 2);
        assert_eq!((both[1].1.session.as_deref(), both[1].1.user.as_deref()), (None, Some("d2")));
        let said = one(r#"{"session_id":"s1","$entry_utm_source":"mail","$session_duration":5}"#);
        assert_eq!(said.meta.utm["source"], "mail");
    }

    #[test]
    fn other_documents_are_not_taken() {
        for text in [r#"{"id":1,"name":"x"}"#, r#"[1,2]"#, "[]", r#"{"data":[]}"#, r#"{"session_id":"s"}"#] {
            assert_eq!(read(&serde_json::from_str(text).unwrap()), None, "{text}");
        }
    }
}
