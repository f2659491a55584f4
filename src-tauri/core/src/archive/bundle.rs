//! What archives say beside the recordings: session metadata, the Dwell manifest, the asset list.
//!
//! The trap: every collector spells its keys its own way, and a missing or odd value must never cost the
//! recording. What is not understood is left out; only a manifest that cannot be read is a finding.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{AssetEntry, AssetListEntry, Hash, Kept, ListedUrl, RecordEntry, Said};
use crate::event::{Millis, SessionMeta, Source};
use crate::format::json::{items, value_end};
use crate::format::wrap;

pub(crate) fn text(map: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match map.get(*key)? {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    })
}

pub(crate) fn names(value: Option<&Value>) -> Vec<String> {
    let one = |v: &Value| match v {
        Value::String(s) => Some(s.clone()),
        Value::Object(o) => text(o, &["name", "event", "id"]),
        _ => None,
    };
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(one).collect(),
        Some(v) => one(v).into_iter().collect(),
        None => Vec::new(),
    }
}

pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(s) => Some(s.clone()),
        other => Some(other.to_string()),
    }
}

/// Epoch ms of a number of ms or of an ISO 8601 time; a time without zone is UTC.
pub(crate) fn moment(value: &Value) -> Option<Millis> {
    match value {
        Value::Number(n) => n.as_i64().or_else(|| n.as_f64().map(|f| f as i64)),
        Value::String(s) => wrap::moment(s),
        _ => None,
    }
}

/// Reads a metadata object, in the spelling of a manifest or of a collector.
pub(crate) fn said(map: &Map<String, Value>, rank: u8) -> Said {
    let mut utm = BTreeMap::new();
    if let Some(Value::Object(o)) = map.get("utm") {
        for (key, value) in o {
            if let Some(value) = plain(value) {
                utm.insert(key.trim_start_matches("utm_").to_owned(), value);
            }
        }
    }
    for key in ["source", "medium", "campaign", "term", "content"] {
        if let Some(value) = text(map, &[&format!("utm_{key}")]) {
            utm.entry(key.to_owned()).or_insert(value);
        }
    }
    let mut tags = BTreeMap::new();
    if let Some(Value::Object(o)) = map.get("tags") {
        for (key, value) in o {
            let values = match value {
                Value::Array(list) => list.iter().filter_map(plain).collect(),
                one => plain(one).into_iter().collect::<Vec<_>>(),
            };
            tags.insert(key.clone(), values);
        }
    }
    let user = text(map, &["user", "userId", "user_id"]);
    Said {
        session: text(map, &["sessionId", "session_id", "session", "id"]),
        user: text(map, &["userId", "user_id", "user"]),
        project: text(map, &["projectId", "project_id", "project"]),
        rank,
        meta: SessionMeta {
            user_agent: text(map, &["user_agent", "userAgent", "ua"]),
            locale: text(map, &["locale"]),
            language: text(map, &["language", "lang"]),
            referrer: text(map, &["referrer", "referer"]),
            country: text(map, &["country"]),
            state: text(map, &["state", "region"]),
            city: text(map, &["city"]),
            device: text(map, &["device"]),
            browser: text(map, &["browser"]),
            os: text(map, &["os"]),
            utm,
            events: names(map.get("events")),
            tags,
            audiences: names(map.get("audiences")),
            consent: map.get("consent").and_then(plain),
            user,
            started_at: ["started_at", "startedAt", "start"].iter().find_map(|key| moment(map.get(*key)?)),
            listed: BTreeMap::new(),
        },
        kept: None,
    }
}

/// Tells whether the metadata that people see in a manifest was changed since Dwell wrote it.
pub(crate) fn digest(visible: &Map<String, Value>) -> String {
    let meta = serde_json::to_vec(&said(visible, 0).meta).unwrap_or_default();
    Hash::of(&meta).to_string()[..16].to_owned()
}

/// A session of a Dwell archive.
#[derive(Debug)]
pub(crate) struct ManifestSession {
    pub(crate) said: Said,
    pub(crate) files: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) sessions: Vec<ManifestSession>,
    pub(crate) hashes: HashMap<String, Hash>,
    /// Rows of lists, with their texts as the cache had them.
    pub(crate) records: Vec<RecordEntry>,
    pub(crate) assets: Vec<AssetEntry>,
    pub(crate) asset_lists: Vec<AssetListEntry>,
}

/// Newest Dwell archive that is understood.
pub(crate) const ARCHIVE_VERSION: u64 = 1;

fn source(value: Option<&Value>) -> Source {
    match value.and_then(Value::as_str) {
        Some("rrweb") => Source::Rrweb,
        _ => Source::Clarity,
    }
}

fn plain_text(map: &Map<String, Value>, key: &str) -> String {
    map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `None` when the session was not written by Dwell, or not as it writes them.
fn kept(session: &Map<String, Value>) -> Option<(Kept, bool)> {
    let dwell = session.get("dwell")?.as_object()?;
    let list = |key: &str| dwell.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let bodies =
        list("bodies").iter().map(|b| Some((b.get("path")?.as_str()?.to_owned(), b.get("position")?.as_u64()?)));
    let said = list("said")
        .iter()
        .map(|s| Some((u8::try_from(s.get("rank")?.as_u64()?).ok()?, s.get("said")?.as_str()?.to_owned())));
    let kept = Kept {
        id: text(session, &["id"])?,
        source: source(dwell.get("source")),
        project: plain_text(dwell, "project"),
        user: plain_text(dwell, "user"),
        session: plain_text(dwell, "session"),
        client: text(dwell, &["client"]),
        bodies: bodies.collect::<Option<_>>()?,
        said: said.collect::<Option<_>>()?,
        asset_lists: list("asset_lists").iter().map(|h| Hash::from_hex(h.as_str()?)).collect::<Option<_>>()?,
    };
    let mut visible = session.clone();
    for key in ["id", "files", "dwell"] {
        visible.remove(key);
    }
    let unchanged = dwell.get("meta").and_then(Value::as_str) == Some(&digest(&visible));
    (kept.bodies.len() == names(session.get("files")).len()).then_some((kept, unchanged))
}

fn manifest_session(session: &Map<String, Value>) -> ManifestSession {
    let mut read = said(session, 0);
    // A manifest's `user` is whom the site identified; the recorder's own id is only what is called so.
    read.user = text(session, &["userId", "user_id"]);
    if let Some((kept, unchanged)) = kept(session) {
        if unchanged {
            read = Said::default();
        }
        read.session = Some(kept.session.clone());
        read.user = Some(kept.user.clone()).filter(|u| !u.is_empty());
        read.project = Some(kept.project.clone()).filter(|p| !p.is_empty());
        read.kept = Some(Arc::new(kept));
    }
    ManifestSession { said: read, files: names(session.get("files")) }
}

/// `Ok(None)`: not a Dwell manifest. `Err`: one that cannot be used, and why.
///
/// A manifest names every file of every session and may be large: its entries are read one at a time.
pub(crate) fn manifest(bytes: &[u8]) -> Result<Option<Manifest>, String> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    if text.first() != Some(&b'{') || value_end(text, 0) != Ok(text.len()) {
        return Ok(None);
    }
    let keys: Vec<(&[u8], &[u8])> =
        items(text, 0).map_while(|item| item.ok()).take(256).map(|(key, at)| (&text[key], &text[at])).collect();
    let get = |name: &str| keys.iter().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| *value);
    let scalar = |name: &str| get(name).filter(|v| v.len() < 100).and_then(|v| serde_json::from_slice::<Value>(v).ok());
    if scalar("format").as_ref().and_then(Value::as_str) != Some("dwell-archive") {
        return Ok(None);
    }
    match scalar("version").as_ref().and_then(Value::as_u64) {
        Some(v) if (1..=ARCHIVE_VERSION).contains(&v) => {}
        Some(v) => return Err(format!("it is version {v}, and this Dwell reads up to version {ARCHIVE_VERSION}")),
        None => return Err("it names no version".to_owned()),
    }
    let each = |name: &str, take: &mut dyn FnMut(Map<String, Value>)| {
        let Some(list) = get(name).filter(|v| v.first() == Some(&b'[')) else { return };
        for (_, at) in items(list, 0).map_while(|item| item.ok()) {
            if let Ok(Value::Object(map)) = serde_json::from_slice(&list[at]) {
                take(map);
            }
        }
    };
    let mut out = Manifest::default();
    each("files", &mut |file| {
        if let (Some(Value::String(path)), Some(hash)) = (file.get("path"), file.get("sha256").and_then(hash)) {
            out.hashes.insert(path.clone(), hash);
        }
    });
    each("sessions", &mut |session| out.sessions.push(manifest_session(&session)));
    each("records", &mut |record| {
        let Some(rank) = record.get("rank").and_then(Value::as_u64).and_then(|r| u8::try_from(r).ok()) else { return };
        out.records.push(RecordEntry {
            source: source(record.get("source")),
            session: plain_text(&record, "session"),
            user: plain_text(&record, "user"),
            project: plain_text(&record, "project"),
            rank,
            said: plain_text(&record, "said"),
        });
    });
    each("assets", &mut |asset| {
        if let (Some(file), Some(sha256)) = (self::text(&asset, &["file"]), asset.get("sha256").and_then(hash)) {
            out.assets.push(AssetEntry { file, sha256, content_type: plain_text(&asset, "content_type") });
        }
    });
    each("asset_lists", &mut |list| {
        let Some(name) = list.get("list").and_then(hash) else { return };
        let urls = list.get("urls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let urls = urls.iter().filter_map(|row| {
            let (url, asset) = (row.get(0)?.as_str()?.to_owned(), hash(row.get(1)?)?);
            Some(ListedUrl { url, asset, at: row.get(2).and_then(Value::as_i64) })
        });
        let shared = list.get("shared").and_then(Value::as_bool) == Some(true);
        out.asset_lists.push(AssetListEntry { list: name, shared, urls: urls.collect() });
    });
    Ok(Some(out))
}

fn hash(value: &Value) -> Option<Hash> {
    Hash::from_hex(value.as_str()?)
}

/// URL, member (relative to the archive's root or to `assets/`), content type.
pub(crate) fn asset_list(bytes: &[u8]) -> Option<Vec<(String, String, Option<String>)>> {
    let entry = |url: &str, value: &Value| match value {
        Value::String(file) => Some((url.to_owned(), file.clone(), None)),
        Value::Object(o) => Some((
            url.to_owned(),
            text(o, &["file", "path"])?,
            text(o, &["content_type", "contentType", "type", "mime"]),
        )),
        _ => None,
    };
    match serde_json::from_slice(bytes).ok()? {
        Value::Object(map) => match map.get("assets") {
            Some(Value::Array(list)) => Some(asset_rows(list)),
            Some(Value::Object(inner)) => Some(inner.iter().filter_map(|(url, v)| entry(url, v)).collect()),
            _ => Some(map.iter().filter_map(|(url, v)| entry(url, v)).collect()),
        },
        Value::Array(list) => Some(asset_rows(&list)),
        _ => None,
    }
}

fn asset_rows(list: &[Value]) -> Vec<(String, String, Option<String>)> {
    list.iter()
        .filter_map(Value::as_object)
        .filter_map(|o| {
            Some((text(o, &["url"])?, text(o, &["file", "path"])?, text(o, &["content_type", "contentType", "type"])))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let at = |s: &str| moment(&Value::String(s.to_owned()));
        assert_eq!(at("1970-01-01"), Some(0));
        assert_eq!(at("2026-11-22T05:12:45Z"), Some(1_795_324_365_000));
        assert_eq!(at("2026-11-22T05:12:45.5+01:00"), Some(1_795_320_765_500));
        assert_eq!(at("2024-02-29 12:00"), Some(1_709_208_000_000));
        assert_eq!(at("1795324365000"), Some(1_795_324_365_000));
        assert_eq!(at("yesterday"), None);
        assert_eq!(at("2026-13-01"), None);
    }

    #[test]
    fn a_collectors_spelling() {
        let value: Value = serde_json::from_str(
            r#"{"sessionId":"s1","userId":"u1","projectId":"p","userAgent":"UA","locale":"de-DE","utm_source":"x",
                "utm":{"utm_medium":"cpc"},"tags":{"plan":["a","b"],"n":3},"events":["buy",{"name":"view"}],
                "consent":{"ads":true},"startedAt":5}"#,
        )
        .unwrap();
        let said = said(value.as_object().unwrap(), 1);
        assert_eq!((said.session.as_deref(), said.user.as_deref()), (Some("s1"), Some("u1")));
        assert_eq!(said.meta.utm["source"], "x");
        assert_eq!(said.meta.utm["medium"], "cpc");
        assert_eq!(said.meta.tags["plan"], ["a", "b"]);
        assert_eq!(said.meta.tags["n"], ["3"]);
        assert_eq!(said.meta.events, ["buy", "view"]);
        assert_eq!(said.meta.consent.as_deref(), Some(r#"{"ads":true}"#));
        assert_eq!(said.meta.started_at, Some(5));
    }

    #[test]
    fn manifests() {
        assert!(manifest(b"{}").unwrap().is_none());
        assert!(manifest(br#"{"format":"dwell-archive","version":9}"#).is_err());
        let m = manifest(
            br#"{"format":"dwell-archive","version":1,"sessions":[{"id":"a","files":["x.json"],"country":"NO"}]}"#,
        )
        .unwrap()
        .unwrap();
        assert_eq!(m.sessions[0].files, ["x.json"]);
        assert_eq!(m.sessions[0].said.meta.country.as_deref(), Some("NO"));
    }
}
