//! Writes a Dwell archive: a zip that reads back to the same cache content. See `FORMAT.md` in this folder.
//!
//! The trap: the same content must give the same bytes, so that two exports can be compared and a review tool
//! shows what changed. Members carry no clock, their order is given, and the one time in it is an argument.

use std::io::{Seek, Write};

use serde::Serialize;
use serde_json::{Map, Value};
use zip::CompressionMethod;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

use super::Hash;
use super::bundle::ARCHIVE_VERSION;
use crate::event::{Millis, SessionMeta, Source};

/// A member, by what it holds.
#[derive(Debug, Clone, Serialize)]
pub struct FileEntry {
    pub path: String,
    #[serde(serialize_with = "hex")]
    pub sha256: Hash,
    pub bytes: u64,
}

/// A session with everything that brings it back as it was.
#[derive(Debug, Clone)]
pub struct SessionEntry {
    /// In the cache that was exported.
    pub id: String,
    pub source: Source,
    /// As the recorder says; empty where it does not.
    pub project: String,
    pub user: String,
    pub session: String,
    /// The client's project.
    pub client: Option<String>,
    /// In order: member and where the body was imported from first.
    pub bodies: Vec<BodyEntry>,
    /// Rank and JSON text of what archives said.
    pub said: Vec<(u8, String)>,
    pub asset_lists: Vec<Hash>,
    /// What all of that comes to, for other readers.
    pub meta: SessionMeta,
}

#[derive(Debug, Clone)]
pub struct BodyEntry {
    pub file: String,
    pub path: String,
    pub position: u64,
}

/// A row of a list, as the cache keeps it.
#[derive(Debug, Clone, Serialize)]
pub struct RecordEntry {
    pub source: Source,
    pub session: String,
    pub user: String,
    pub project: String,
    pub rank: u8,
    pub said: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct AssetEntry {
    pub file: String,
    #[serde(serialize_with = "hex")]
    pub sha256: Hash,
    pub content_type: String,
}

/// Which address showed which asset, in one archive that was imported once.
#[derive(Debug, Clone)]
pub struct AssetListEntry {
    pub list: Hash,
    /// It serves every session, those to come included.
    pub shared: bool,
    pub urls: Vec<ListedUrl>,
}

/// An address, what it showed, and when it was fetched (epoch ms).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUrl {
    pub url: String,
    pub asset: Hash,
    pub at: Option<Millis>,
}

fn hex<S: serde::Serializer>(hash: &Hash, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(hash)
}

/// What `manifest.json` says.
#[derive(Debug, Clone, Default)]
pub struct ManifestEntries {
    pub files: Vec<FileEntry>,
    pub sessions: Vec<SessionEntry>,
    pub records: Vec<RecordEntry>,
    pub assets: Vec<AssetEntry>,
    pub asset_lists: Vec<AssetListEntry>,
}

/// Metadata in the words that the manifest of an archive has for it; `iso` writes epoch ms as ISO 8601.
fn visible(session: &SessionEntry, iso: &dyn Fn(Millis) -> Option<String>) -> Map<String, Value> {
    let meta = &session.meta;
    let mut out = Map::new();
    let texts = [
        ("user", &meta.user),
        ("country", &meta.country),
        ("state", &meta.state),
        ("city", &meta.city),
        ("device", &meta.device),
        ("browser", &meta.browser),
        ("os", &meta.os),
        ("language", &meta.language),
        ("locale", &meta.locale),
        ("referrer", &meta.referrer),
        ("user_agent", &meta.user_agent),
        ("consent", &meta.consent),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            out.insert(key.to_owned(), Value::from(value.as_str()));
        }
    }
    if let Some(at) = meta.started_at {
        out.insert("started_at".to_owned(), iso(at).map_or(Value::from(at), Value::from));
    }
    let lists = [("events", &meta.events), ("audiences", &meta.audiences)];
    for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        out.insert(key.to_owned(), Value::from(list.clone()));
    }
    if !meta.utm.is_empty() {
        out.insert("utm".to_owned(), meta.utm.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect());
    }
    if !meta.tags.is_empty() {
        out.insert("tags".to_owned(), meta.tags.iter().map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect());
    }
    out
}

fn session_json(session: &SessionEntry, iso: &dyn Fn(Millis) -> Option<String>) -> Value {
    let visible = visible(session, iso);
    let mut out = Map::new();
    out.insert("id".to_owned(), Value::from(session.id.as_str()));
    let files: Vec<&str> = session.bodies.iter().map(|b| b.file.as_str()).collect();
    out.insert("files".to_owned(), Value::from(files));
    let bodies: Vec<Value> =
        session.bodies.iter().map(|b| serde_json::json!({ "path": b.path, "position": b.position })).collect();
    let said: Vec<Value> =
        session.said.iter().map(|(rank, text)| serde_json::json!({ "rank": rank, "said": text })).collect();
    let lists: Vec<String> = session.asset_lists.iter().map(Hash::to_string).collect();
    let dwell = serde_json::json!({
        "source": session.source,
        "project": session.project,
        "user": session.user,
        "session": session.session,
        "client": session.client,
        "bodies": bodies,
        "said": said,
        "asset_lists": lists,
        "meta": super::bundle::digest(&visible),
    });
    out.extend(visible);
    out.insert("dwell".to_owned(), dwell);
    Value::Object(out)
}

/// The text of `manifest.json`: one entry of a list per line.
pub fn manifest(entries: &ManifestEntries, created: &str, iso: &dyn Fn(Millis) -> Option<String>) -> Vec<u8> {
    fn list(out: &mut String, key: &str, rows: impl Iterator<Item = String>) {
        out.push_str(",\n  \"");
        out.push_str(key);
        out.push_str("\": [");
        for (index, row) in rows.enumerate() {
            out.push_str(if index == 0 { "\n    " } else { ",\n    " });
            out.push_str(&row);
        }
        out.push_str("\n  ]");
    }
    let mut out = format!(
        "{{\n  \"format\": \"dwell-archive\",\n  \"version\": {ARCHIVE_VERSION},\n  \"created\": {}",
        Value::from(created)
    );
    list(&mut out, "files", entries.files.iter().map(text));
    list(&mut out, "sessions", entries.sessions.iter().map(|s| session_json(s, iso).to_string()));
    list(&mut out, "records", entries.records.iter().map(text));
    list(&mut out, "assets", entries.assets.iter().map(text));
    let lists = entries.asset_lists.iter().map(|l| {
        let urls = l.urls.iter().map(|u| match u.at {
            Some(at) => serde_json::json!([u.url, u.asset.to_string(), at]),
            None => serde_json::json!([u.url, u.asset.to_string()]),
        });
        let urls: Vec<Value> = urls.collect();
        match l.shared {
            true => serde_json::json!({ "list": l.list.to_string(), "shared": true, "urls": urls }).to_string(),
            false => serde_json::json!({ "list": l.list.to_string(), "urls": urls }).to_string(),
        }
    });
    list(&mut out, "asset_lists", lists);
    out.push_str("\n}\n");
    out.into_bytes()
}

/// An entry as one line. Entries are texts and numbers, which always can be written.
fn text(entry: &impl Serialize) -> String {
    serde_json::to_string(entry).unwrap_or_default()
}

/// The text of `assets/assets.json`, for other readers: of an address with several assets the first.
pub fn assets_json(entries: &ManifestEntries) -> Vec<u8> {
    let by_hash: std::collections::HashMap<Hash, &AssetEntry> = entries.assets.iter().map(|a| (a.sha256, a)).collect();
    let mut out: std::collections::BTreeMap<&str, Value> = Default::default();
    for listed in entries.asset_lists.iter().flat_map(|l| &l.urls) {
        if let Some(asset) = by_hash.get(&listed.asset) {
            out.entry(&listed.url)
                .or_insert_with(|| serde_json::json!({ "file": asset.file, "content_type": asset.content_type }));
        }
    }
    let mut text = serde_json::to_vec_pretty(&out).unwrap_or_default();
    text.push(b'\n');
    text
}

/// A zip that is being written.
pub struct ArchiveWriter<W: Write + Seek> {
    zip: zip::ZipWriter<W>,
}

/// What the zip library or the disk says, as an error of input and output.
fn io_error(e: ZipError) -> std::io::Error {
    match e {
        ZipError::Io(e) => e,
        other => std::io::Error::other(other.to_string()),
    }
}

impl<W: Write + Seek> ArchiveWriter<W> {
    pub fn new(out: W) -> ArchiveWriter<W> {
        ArchiveWriter { zip: zip::ZipWriter::new(out) }
    }

    /// # Errors
    /// What the disk says.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644);
        self.zip.start_file(name, options).map_err(io_error)?;
        self.zip.write_all(bytes)
    }

    /// Writes the directory; gives the file back.
    ///
    /// # Errors
    /// What the disk says.
    pub fn finish(self) -> std::io::Result<W> {
        self.zip.finish().map_err(io_error)
    }
}

/// A name for a folder of a session: its id where that is harmless everywhere, else its hash.
pub fn folder_name(id: &str) -> String {
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    // Systems that know no case, or reserve device names, must be able to unpack it.
    let lower = id.to_ascii_lowercase();
    let reserved = matches!(lower.as_str(), "con" | "prn" | "aux" | "nul")
        || (lower.len() == 4 && (lower.starts_with("com") || lower.starts_with("lpt")));
    if (1..=64).contains(&id.len()) && id.bytes().all(harmless) && lower == id && !reserved {
        id.to_owned()
    } else {
        format!("x-{}", &Hash::of(id.as_bytes()).to_string()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_harmless_and_apart() {
        assert_eq!(folder_name("ahow3w-rrweb"), "ahow3w-rrweb");
        for odd in ["../up", "CON", "con", "Ab", "", "a/b", "x".repeat(65).as_str(), "ü"] {
            let name = folder_name(odd);
            assert!(name.starts_with("x-") && name.len() == 18, "{odd}: {name}");
        }
        assert_ne!(folder_name("Ab"), folder_name("AB"));
    }
}
