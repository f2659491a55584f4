use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::{Map, Value};

use super::chunk::Chunk;
use super::failure::At;
use super::pack::{Bundle, Content, Dictionary, pack_dictionary};
use super::{Cache, DERIVED_BY, Identity};
use crate::error::{Error, Result};
use crate::event::{Millis, Session, SessionMeta};
use crate::findings::Finding;

/// Everything that is derived from a session's originals, to be stored as one.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its id in this cache.
    pub id: &'a str,
    pub identity: &'a Identity,
    pub project: Option<&'a str>,
    pub session: &'a Session,
    pub chunks: &'a [Chunk],
    pub keyframes: &'a [Keyframe],
    pub sketch: &'a Sketch,
    pub facts: &'a Map<String, Value>,
    /// One for each page view of `session`, in the same order.
    pub page_facts: &'a [Map<String, Value>],
    pub signals: &'a [SignalRow],
    pub meta: &'a SessionMeta,
    pub findings: &'a [Finding],
}

/// What was found in a session, without its evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignalRow {
    /// snake_case, as `dwell session` names them.
    pub kind: String,
    pub page: u32,
    /// Epoch ms.
    pub time: Millis,
    /// Epoch ms; `time` for a moment.
    pub until: Millis,
    pub selector: Option<String>,
    /// What the element said, or the message of an error.
    pub text: Option<String>,
    /// Of a script error: `first`, `third` or `unknown`.
    pub party: Option<String>,
    /// Of a script error: the script's URL.
    pub script: Option<String>,
}

/// A DOM state that a seek can start from; `data` is opaque here.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyframe {
    pub document: u32,
    /// Events of the session applied.
    pub event: usize,
    pub data: Vec<u8>,
}

/// A file of which every body is in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// SHA-256 of the file as it lies on disk.
    pub hash: [u8; 32],
    /// Its size on disk.
    pub file_bytes: u64,
    /// Recorded bodies in it.
    pub bodies: u64,
    /// Their size, unpacked.
    pub bytes: u64,
    /// In reading order.
    pub sessions: Vec<String>,
}

/// What a row of the session list draws without reading events.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sketch {
    /// Activity over the session, 0–255.
    pub activity: Vec<u8>,
    /// Starts of page views as a share of the session, 0–1.
    pub page_starts: Vec<f64>,
}

/// One transaction, or a part of a [batch](Cache::begin_batch) that is kept or not as a whole. Dropped without
/// [`Writing::commit`], nothing of it is kept.
pub struct Writing<'c> {
    pub(super) path: &'c Path,
    pub(super) tx: &'c Connection,
    batched: bool,
    open: bool,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if self.open {
            // After some errors SQLite has rolled back already.
            let undo = if self.batched { "ROLLBACK TO one; RELEASE one" } else { "ROLLBACK" };
            let _ = self.tx.execute_batch(undo);
        }
    }
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Internal { message: format!("A row cannot be written: {e}.") })
}

/// Pages that the log may grow by before it is moved into the file, and memory for pages, of an import.
const BULK_LOG_PAGES: i64 = 4000;
const BULK_MEMORY_KIB: i64 = 16 << 10;

fn packed(bytes: &[u8]) -> Result<Vec<u8>> {
    zstd::bulk::compress(bytes, 3).map_err(|e| Error::Internal { message: format!("A body cannot be packed: {e}.") })
}

impl Cache {
    /// Starts a transaction; waits a few seconds for another program's.
    ///
    /// # Errors
    /// [`Error::CacheLocked`] and the other `Cache…` ones.
    pub fn write(&mut self) -> Result<Writing<'_>> {
        let batched = !self.db.is_autocommit();
        let begin = if batched { "SAVEPOINT one" } else { "BEGIN IMMEDIATE" };
        self.db.prepare_cached(begin).at(&self.path)?.execute([]).at(&self.path)?;
        Ok(Writing { path: &self.path, tx: &self.db, batched, open: true })
    }

    /// Starts a batch: what is written until [`Cache::end_batch`] reaches the file at once, and each
    /// [`Cache::write`] is still kept or not as a whole. Other programs can read meanwhile and have to wait with
    /// writing. Does nothing within a batch.
    ///
    /// # Errors
    /// [`Error::CacheLocked`] and the other `Cache…` ones.
    pub fn begin_batch(&mut self) -> Result<()> {
        if self.db.is_autocommit() {
            self.db.prepare_cached("BEGIN IMMEDIATE").at(&self.path)?.execute([]).at(&self.path)?;
        }
        Ok(())
    }

    /// Writes a batch to the file; does nothing when there is none.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones; nothing of the batch is kept then.
    pub fn end_batch(&mut self) -> Result<()> {
        if self.db.is_autocommit() {
            return Ok(());
        }
        let done = self.db.prepare_cached("COMMIT").at(&self.path)?.execute([]).at(&self.path);
        if done.is_err() {
            let _ = self.db.execute_batch("ROLLBACK");
        }
        done.map(drop)
    }

    /// Readies this connection for writing a lot, or for a usual day again.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn in_bulk(&mut self, bulk: bool) -> Result<()> {
        let (pages, kib) = if bulk { (BULK_LOG_PAGES, BULK_MEMORY_KIB) } else { (1000, 2000) };
        self.db.pragma_update_and_check(None, "wal_autocheckpoint", pages, |_| Ok(())).at(&self.path)?;
        self.db.pragma_update(None, "cache_size", -kib).at(&self.path)
    }

    /// Lets the file grow to at most so many pages, or to its present size when that is more; `None` lifts
    /// the limit. For this connection only.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn limit_pages(&mut self, pages: Option<u32>) -> Result<()> {
        let most = pages.map_or(i64::from(u32::MAX) - 1, |n| i64::from(n.max(1)));
        self.db.pragma_update_and_check(None, "max_page_count", most, |_| Ok(())).at(&self.path)
    }

    /// Moves the log into the file, so that the file alone is the cache. Best effort: another reader may
    /// hold it off.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn checkpoint(&mut self) -> Result<()> {
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).at(&self.path)
    }
}

impl Writing<'_> {
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn commit(mut self) -> Result<()> {
        self.run(if self.batched { "RELEASE one" } else { "COMMIT" }, [])?;
        self.open = false;
        Ok(())
    }

    pub(super) fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        self.tx.prepare_cached(sql).at(self.path)?.execute(values).at(self.path)
    }

    /// Stores what is derived from a session, in place of what was derived before. Its originals, what was
    /// said about it and everything people wrote stay.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn put_session(&self, new: &NewSession<'_>) -> Result<()> {
        let NewSession { id, identity, session, .. } = new;
        if let Some(project) = new.project {
            self.run("INSERT OR IGNORE INTO projects (id) VALUES (?)", [project])?;
        }
        for sql in [
            "DELETE FROM pages WHERE session = ?",
            "DELETE FROM chunks WHERE session = ?",
            "DELETE FROM keyframes WHERE session = ?",
            "DELETE FROM findings WHERE session = ?",
            "DELETE FROM signals WHERE session = ?",
        ] {
            self.run(sql, [id])?;
        }
        let started_at = session.pages.iter().map(|p| p.started_at).min();
        let started_at = started_at.or_else(|| session.events.first().map(|e| e.time)).unwrap_or(0);
        let ended_at = session.pages.iter().map(|p| p.ended_at).max().unwrap_or(started_at);
        self.run(
            "INSERT INTO sessions (id, source, recorder_project, recorder_user, recorder_session, project, \
             format_version, started_at, ended_at, page_count, event_count, partial, entry_page, facts, meta, derived_by, sketch) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) \
             ON CONFLICT (id) DO UPDATE SET recorder_project = ?3, recorder_user = ?4, project = ?6, format_version = ?7, started_at = ?8, ended_at = ?9, \
             page_count = ?10, event_count = ?11, partial = ?12, entry_page = ?13, facts = ?14, meta = ?15, \
             derived_by = ?16, sketch = ?17",
            params![
                id,
                identity.source.name(),
                identity.project,
                identity.user,
                identity.session,
                new.project,
                session.format_version,
                started_at,
                ended_at,
                session.pages.len(),
                session.events.len(),
                session.pages.iter().any(|p| !p.gaps.is_empty()),
                session.pages.first().map(|p| p.url.as_str()),
                json(new.facts)?,
                json(new.meta)?,
                DERIVED_BY,
                json(new.sketch)?,
            ],
        )?;
        let nothing = Map::new();
        for (at, page) in session.pages.iter().enumerate() {
            self.run(
                "INSERT INTO pages (session, number, document, url, title, referrer, started_at, ended_at, \
                 viewport_width, viewport_height, document_width, document_height, gaps, ended, has_snapshot, facts) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    id,
                    page.number,
                    page.document,
                    page.url,
                    page.title,
                    page.referrer,
                    page.started_at,
                    page.ended_at,
                    page.viewport.map(|v| v.0),
                    page.viewport.map(|v| v.1),
                    page.document_size.map(|v| v.0),
                    page.document_size.map(|v| v.1),
                    json(&page.gaps)?,
                    page.ended,
                    page.has_snapshot,
                    json(new.page_facts.get(at).unwrap_or(&nothing))?,
                ],
            )?;
        }
        for (ordinal, chunk) in new.chunks.iter().enumerate() {
            self.run(
                "INSERT INTO chunks (session, ordinal, first_event, event_count, first_time, last_time, bytes, \
                 dictionary, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    id,
                    ordinal,
                    chunk.first_event,
                    chunk.event_count,
                    chunk.first_time,
                    chunk.last_time,
                    chunk.bytes,
                    chunk.dictionary,
                    chunk.data
                ],
            )?;
        }
        for keyframe in new.keyframes {
            self.put_keyframe(id, keyframe.document, keyframe.event, &keyframe.data)?;
        }
        for (ordinal, finding) in new.findings.iter().enumerate() {
            self.run(
                "INSERT INTO findings (session, ordinal, finding) VALUES (?, ?, ?)",
                params![id, ordinal, json(finding)?],
            )?;
        }
        for (ordinal, signal) in new.signals.iter().enumerate() {
            let SignalRow { kind, page, time, until, selector, text, party, script } = signal;
            self.run(
                "INSERT INTO signals (session, ordinal, kind, page, time, until, selector, text, party, script) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![id, ordinal, kind, page, time, until, selector, text, party, script],
            )?;
        }
        self.unsettle(identity)?;
        self.put_visitor(id, identity.source, new.project, new.facts)
    }

    /// Stores recorded bodies of a session beside those that it has. The caller leaves out what it has already.
    /// `nameless`: the recorder gives its sessions no name, and they are found by their bodies.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn put_bundle(&self, session: &str, bundle: &Bundle, nameless: bool) -> Result<()> {
        self.run(
            "INSERT INTO bundles (session, ordinal, dictionary, bodies, bytes, list, data) VALUES \
             (?1, (SELECT coalesce(max(ordinal) + 1, 0) FROM bundles WHERE session = ?1), ?2, ?3, ?4, ?5, ?6)",
            params![session, bundle.dictionary, bundle.bodies, bundle.bytes, bundle.list, bundle.data],
        )?;
        for key in bundle.keys.iter().filter(|_| nameless) {
            self.run("INSERT OR IGNORE INTO nameless_bodies (session, key) VALUES (?, ?)", params![session, key])?;
        }
        Ok(())
    }

    /// Takes away the recorded bodies of a session, before others are stored in their place.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn drop_bundles(&self, session: &str) -> Result<()> {
        self.run("DELETE FROM bundles WHERE session = ?", [session])?;
        self.run("DELETE FROM nameless_bodies WHERE session = ?", [session])?;
        Ok(())
    }

    /// Stores a dictionary before anything that was packed with it.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn put_dictionary(&self, content: Content, dictionary: &Dictionary) -> Result<()> {
        self.run(
            "INSERT OR IGNORE INTO dictionaries (id, content, bytes, data) VALUES (?, ?, ?, ?)",
            params![dictionary.id, content.name(), dictionary.bytes.len(), pack_dictionary(&dictionary.bytes)?],
        )?;
        Ok(())
    }

    /// Notes that all bodies of a file are in the cache, and in which sessions.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn put_known_file(&self, file: &KnownFile) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO known_files (hash, file_bytes, bodies, bytes, sessions) VALUES (?, ?, ?, ?, ?)",
            params![
                &file.hash[..],
                file.file_bytes,
                file.bodies,
                file.bytes,
                packed(file.sessions.join("\n").as_bytes())?
            ],
        )?;
        Ok(())
    }

    /// Adds what an archive said about a session, as JSON; the same text is kept once.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn put_said(&self, session: &str, rank: u8, said: &str) -> Result<()> {
        self.run("INSERT OR IGNORE INTO said (session, rank, said) VALUES (?, ?, ?)", params![session, rank, said])?;
        Ok(())
    }

    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn put_asset(&self, hash: &[u8; 32], content_type: &str, bytes: &[u8]) -> Result<()> {
        // Pictures and fonts are compressed by themselves; packed again they only cost time.
        let tight = is_tight(bytes);
        let squeezed = if tight { Vec::new() } else { packed(bytes)? };
        let as_it_came = tight || squeezed.len() >= bytes.len();
        let data = if as_it_came { bytes } else { &squeezed };
        // Of two types for the same bytes the telling one stays, whichever came first.
        self.run(
            "INSERT INTO assets (hash, content_type, bytes, data, packed) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (hash) DO UPDATE SET content_type = ?2 WHERE \
             (content_type = 'application/octet-stream') > (?2 = 'application/octet-stream') OR \
             ((content_type = 'application/octet-stream') = (?2 = 'application/octet-stream') AND ?2 < content_type)",
            params![&hash[..], content_type, bytes.len(), data, !as_it_came],
        )?;
        Ok(())
    }

    /// Whether the bytes with this hash are there.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn has_asset(&self, hash: &[u8; 32]) -> Result<bool> {
        self.tx.prepare_cached("SELECT 1 FROM assets WHERE hash = ?").at(self.path)?.exists([&hash[..]]).at(self.path)
    }

    /// Takes files away that no list names.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn drop_unlisted_assets(&self, hashes: &[[u8; 32]]) -> Result<()> {
        for hash in hashes {
            self.run(
                "DELETE FROM assets WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM asset_urls WHERE hash = ?1)",
                [&hash[..]],
            )?;
        }
        Ok(())
    }

    /// Whether a list is there.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn has_scope(&self, scope: &[u8; 32]) -> Result<bool> {
        self.tx
            .prepare_cached("SELECT 1 FROM asset_urls WHERE scope = ?")
            .at(self.path)?
            .exists([&scope[..]])
            .at(self.path)
    }

    /// Adds an address to a list, with the time it was fetched at, epoch ms.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn put_asset_url_at(&self, scope: &[u8; 32], url: &str, hash: &[u8; 32], at: Option<Millis>) -> Result<()> {
        self.run(
            "INSERT OR IGNORE INTO asset_urls (scope, url, hash, at) VALUES (?, ?, ?, ?)",
            params![&scope[..], url, &hash[..], at],
        )?;
        Ok(())
    }

    /// Makes a list serve every session.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn share_assets(&self, scope: &[u8; 32]) -> Result<()> {
        self.run("INSERT OR IGNORE INTO shared_asset_scopes (scope) VALUES (?)", [&scope[..]])?;
        Ok(())
    }

    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn put_asset_url(&self, scope: &[u8; 32], url: &str, hash: &[u8; 32]) -> Result<()> {
        self.put_asset_url_at(scope, url, hash, None)
    }

    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn link_assets(&self, session: &str, scope: &[u8; 32]) -> Result<()> {
        self.run(
            "INSERT OR IGNORE INTO session_asset_scopes (session, scope) VALUES (?, ?)",
            params![session, &scope[..]],
        )?;
        Ok(())
    }

    /// Keeps an archive's `notes.json` as it stands.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn put_archive_notes(&self, hash: &[u8; 32], path: &str, bytes: &[u8]) -> Result<()> {
        self.run(
            "INSERT OR IGNORE INTO archive_notes (hash, path, data) VALUES (?, ?, ?)",
            params![&hash[..], path, bytes],
        )?;
        Ok(())
    }

    /// Stores the state of a document after an event; the replay room's bytes, opaque here.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    fn put_keyframe(&self, session: &str, document: u32, event: usize, data: &[u8]) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO keyframes (session, document, event, data) VALUES (?, ?, ?, ?)",
            params![session, document, event, data],
        )?;
        Ok(())
    }

    /// Notes the start of an import; gives its number for [`Writing::finish_import`].
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn start_import(&self, at: Millis, paths: &[String]) -> Result<i64> {
        self.run("INSERT INTO imports (started_at, paths) VALUES (?, ?)", params![at, json(&paths)?])?;
        Ok(self.tx.last_insert_rowid())
    }

    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn finish_import(&self, id: i64, at: Millis, summary: &str) -> Result<()> {
        self.run("UPDATE imports SET finished_at = ?, summary = ? WHERE id = ?", params![at, summary, id])?;
        Ok(())
    }
}

/// Whether the first bytes are those of a format that compresses what it holds.
fn is_tight(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 7] =
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"wOF2", b"wOFF", b"\x1aE\xdf\xa3", b"OggS"];
    MARKS.iter().any(|mark| bytes.starts_with(mark))
        || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"))
        || bytes.get(4..8) == Some(b"ftyp")
}
