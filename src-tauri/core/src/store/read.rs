use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value};

use super::failure::At;
use super::pack::{self, Content, Dictionaries, Dictionary};
use super::{Cache, DERIVED_BY, KnownFile, SignalRow, Sketch, chunk};
use crate::error::{Error, Result};
use crate::event::{Event, Gap, Millis, Page, Session, SessionMeta, Source};
use crate::findings::Finding;

/// Dictionaries that are kept ready for unpacking, beside none.
const UNPACKERS: usize = 8;

/// Unpacking by dictionary; `None` is without one.
#[derive(Default)]
pub(super) struct Unpackers(RefCell<HashMap<Option<i64>, zstd::bulk::Decompressor<'static>>>);

/// Who the recorder says a session is. Empty text where it does not say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    pub source: Source,
    pub project: String,
    pub user: String,
    pub session: String,
}

/// A session as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRow {
    pub id: String,
    pub identity: Identity,
    /// The client's project, or the recorder's.
    pub project: Option<String>,
    pub format_version: Option<String>,
    pub started_at: Millis,
    pub ended_at: Millis,
    pub page_count: usize,
    pub event_count: usize,
    /// Data is known to be missing somewhere.
    pub partial: bool,
    pub facts: Map<String, Value>,
    pub meta: SessionMeta,
    pub derived_by: i64,
    pub sketch: Sketch,
    /// A page view with a picture of its DOM is in it.
    pub has_recording: bool,
    pub findings: usize,
    /// Somebody watched it to the end.
    pub watched: bool,
}

/// Which sessions a list takes; empty takes all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub source: Option<Source>,
    pub project: Option<String>,
}

/// A page view with its measures.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRow {
    /// 1-based.
    pub number: u32,
    pub url: String,
    pub title: Option<String>,
    /// Epoch ms.
    pub started_at: Millis,
    /// Epoch ms.
    pub ended_at: Millis,
    /// What [`crate::facts::PageFacts::measures`] gives.
    pub facts: Map<String, Value>,
}

/// A recorded body as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Original {
    pub info: OriginalInfo,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OriginalInfo {
    /// Place in the session's order of bodies.
    pub position: u64,
    pub hash: [u8; 32],
    /// Where it was imported from first.
    pub path: String,
}

/// A piece of a session's events, without the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkInfo {
    pub ordinal: usize,
    pub first_event: usize,
    pub event_count: usize,
    pub first_time: Millis,
    pub last_time: Millis,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// An asset's row without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAsset {
    pub hash: [u8; 32],
    pub content_type: String,
    pub bytes: u64,
}

/// A row of an archive's list of assets, by hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAsset {
    pub list: [u8; 32],
    pub url: String,
    pub asset: [u8; 32],
    /// When it was fetched, epoch ms.
    pub at: Option<Millis>,
}

/// An address that shows a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetRow {
    pub url: String,
    pub hash: [u8; 32],
    /// When it was fetched, epoch ms.
    pub at: Option<Millis>,
    pub content_type: String,
    /// From a list of this session, not from one for all.
    pub own: bool,
}

/// What replacing a session needs to know of the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionMeasure {
    pub pages: usize,
    pub derived_by: i64,
}

/// Row counts of the whole cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    pub sessions: u64,
    pub pages: u64,
    pub events: u64,
    pub originals: u64,
    /// Unpacked bytes of the originals.
    pub bytes: u64,
    pub assets: u64,
}

const SESSION_COLUMNS: &str = "id, source, recorder_project, recorder_user, recorder_session, project, format_version, \
    started_at, ended_at, page_count, event_count, partial, facts, meta, derived_by, sketch, \
    EXISTS (SELECT 1 FROM pages WHERE pages.session = sessions.id AND has_snapshot), \
    (SELECT count(*) FROM findings WHERE findings.session = sessions.id), \
    EXISTS (SELECT 1 FROM marks WHERE marks.kind = 'watched' AND marks.session = sessions.id AND NOT marks.gone)";

fn source(name: &str) -> Source {
    if name == Source::Rrweb.name() { Source::Rrweb } else { Source::Clarity }
}

fn session_row(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    let json = |index: usize, e: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(e))
    };
    Ok(SessionRow {
        id: row.get(0)?,
        identity: Identity {
            source: source(&row.get::<_, String>(1)?),
            project: row.get(2)?,
            user: row.get(3)?,
            session: row.get(4)?,
        },
        project: row.get(5)?,
        format_version: row.get(6)?,
        started_at: row.get(7)?,
        ended_at: row.get(8)?,
        page_count: row.get(9)?,
        event_count: row.get(10)?,
        partial: row.get(11)?,
        facts: serde_json::from_str(&row.get::<_, String>(12)?).map_err(|e| json(12, e))?,
        meta: serde_json::from_str(&row.get::<_, String>(13)?).map_err(|e| json(13, e))?,
        derived_by: row.get(14)?,
        sketch: serde_json::from_str(&row.get::<_, String>(15)?).map_err(|e| json(15, e))?,
        has_recording: row.get(16)?,
        findings: row.get(17)?,
        watched: row.get(18)?,
    })
}

fn page_row(row: &Row<'_>) -> rusqlite::Result<Page> {
    let pair = |a: usize| -> rusqlite::Result<Option<(u32, u32)>> {
        Ok(row.get::<_, Option<u32>>(a)?.zip(row.get::<_, Option<u32>>(a + 1)?))
    };
    let gaps: String = row.get(11)?;
    let gaps: Vec<Gap> = serde_json::from_str(&gaps)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(11, rusqlite::types::Type::Text, Box::new(e)))?;
    Ok(Page {
        number: row.get(0)?,
        document: row.get(1)?,
        url: row.get(2)?,
        title: row.get(3)?,
        referrer: row.get(4)?,
        started_at: row.get(5)?,
        ended_at: row.get(6)?,
        viewport: pair(7)?,
        document_size: pair(9)?,
        gaps,
        ended: row.get(12)?,
        has_snapshot: row.get(13)?,
    })
}

impl Cache {
    fn missing(id: &str) -> Error {
        Error::SessionMissing { id: id.to_owned() }
    }

    fn damaged(&self, reason: String) -> Error {
        Error::CacheDamaged { path: self.path.clone(), reason: format!("{reason}.") }
    }

    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn session(&self, id: &str) -> Result<SessionRow> {
        let sql = format!("SELECT {SESSION_COLUMNS} FROM sessions WHERE id = ?");
        let mut query = self.db.prepare_cached(&sql).at(&self.path)?;
        query.query_row([id], session_row).optional().at(&self.path)?.ok_or_else(|| Cache::missing(id))
    }

    /// All sessions, by start and id.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn sessions(&self, filter: &Filter) -> Result<Vec<SessionRow>> {
        let sql = format!(
            "SELECT {SESSION_COLUMNS} FROM sessions WHERE (?1 IS NULL OR source = ?1) AND (?2 IS NULL OR project = ?2) \
             ORDER BY started_at, id"
        );
        let mut query = self.db.prepare_cached(&sql).at(&self.path)?;
        let rows = query.query_map(params![filter.source.map(Source::name), filter.project], session_row);
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Those of some sessions that are there, in the order in which they are named.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn sessions_named(&self, ids: &[&str]) -> Result<Vec<SessionRow>> {
        let sql = format!("SELECT {SESSION_COLUMNS} FROM sessions WHERE id = ?");
        let mut query = self.db.prepare_cached(&sql).at(&self.path)?;
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.extend(query.query_row([id], session_row).optional().at(&self.path)?);
        }
        Ok(rows)
    }

    /// # Errors
    /// The `Cache…` ones.
    pub fn session_ids(&self) -> Result<Vec<String>> {
        let mut query = self.db.prepare_cached("SELECT id FROM sessions ORDER BY id").at(&self.path)?;
        let rows = query.query_map([], |row| row.get(0));
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Sessions whose events another version of decoding gave; they have to be derived again before they can
    /// be read.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn sessions_not_derived_by(&self, version: i64) -> Result<Vec<String>> {
        let mut query =
            self.db.prepare_cached("SELECT id FROM sessions WHERE derived_by <> ? ORDER BY id").at(&self.path)?;
        let rows = query.query_map([version], |row| row.get(0));
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Page views in order.
    ///
    /// # Errors
    /// The `Cache…` ones. A session that is not there has no pages.
    pub fn pages(&self, id: &str) -> Result<Vec<Page>> {
        let mut query = self
            .db
            .prepare_cached(
                "SELECT number, document, url, title, referrer, started_at, ended_at, viewport_width, viewport_height, \
                 document_width, document_height, gaps, ended, has_snapshot FROM pages WHERE session = ? ORDER BY number",
            )
            .at(&self.path)?;
        let rows = query.query_map([id], page_row);
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Tells what was found in each session, sessions by id, each in the order of time.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn each_signal(&self, session: Option<&str>, mut tell: impl FnMut(&str, SignalRow)) -> Result<()> {
        let mut query = self
            .db
            .prepare_cached(
                "SELECT session, kind, page, time, until, selector, text, party, script FROM signals \
                 WHERE ?1 IS NULL OR session = ?1 ORDER BY session, ordinal",
            )
            .at(&self.path)?;
        let mut rows = query.query([session]).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let read = || -> rusqlite::Result<SignalRow> {
                Ok(SignalRow {
                    kind: row.get(1)?,
                    page: row.get(2)?,
                    time: row.get(3)?,
                    until: row.get(4)?,
                    selector: row.get(5)?,
                    text: row.get(6)?,
                    party: row.get(7)?,
                    script: row.get(8)?,
                })
            };
            let signal = read().at(&self.path)?;
            tell(row.get_ref(0).at(&self.path)?.as_str().unwrap_or_default(), signal);
        }
        Ok(())
    }

    /// Tells page views of one or every session, sessions by id, each in its order, with the measures that are no part
    /// of [`Page`].
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn each_page(&self, session: Option<&str>, mut tell: impl FnMut(&str, PageRow)) -> Result<()> {
        let mut query = self
            .db
            .prepare_cached(
                "SELECT session, number, url, title, started_at, ended_at, facts FROM pages \
                 WHERE ?1 IS NULL OR session = ?1 ORDER BY session, number",
            )
            .at(&self.path)?;
        let mut rows = query.query([session]).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let read = || -> rusqlite::Result<PageRow> {
                let facts = row.get_ref(6)?.as_str().ok().and_then(|text| serde_json::from_str(text).ok());
                Ok(PageRow {
                    number: row.get(1)?,
                    url: row.get(2)?,
                    title: row.get(3)?,
                    started_at: row.get(4)?,
                    ended_at: row.get(5)?,
                    facts: facts.unwrap_or_default(),
                })
            };
            let page = read().at(&self.path)?;
            tell(row.get_ref(0).at(&self.path)?.as_str().unwrap_or_default(), page);
        }
        Ok(())
    }

    /// The pieces of a session's events, in order.
    ///
    /// # Errors
    /// The `Cache…` ones. A session that is not there has none.
    pub fn chunks(&self, id: &str) -> Result<Vec<ChunkInfo>> {
        let mut query = self
            .db
            .prepare_cached(
                "SELECT ordinal, first_event, event_count, first_time, last_time FROM chunks WHERE session = ? \
                 ORDER BY ordinal",
            )
            .at(&self.path)?;
        let rows = query.query_map([id], |row| {
            Ok(ChunkInfo {
                ordinal: row.get(0)?,
                first_event: row.get(1)?,
                event_count: row.get(2)?,
                first_time: row.get(3)?,
                last_time: row.get(4)?,
            })
        });
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// The events of one piece.
    ///
    /// # Errors
    /// [`Error::CacheDamaged`] when it does not unpack; [`Error::SessionMissing`] when there is no such piece.
    pub fn chunk_events(&self, id: &str, ordinal: usize) -> Result<Vec<Event>> {
        let sql =
            "SELECT dictionary, data, bytes, first_time, event_count FROM chunks WHERE session = ? AND ordinal = ?";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let (dictionary, data, bytes, first_time, count): (Option<i64>, Vec<u8>, usize, Millis, usize) = query
            .query_row(params![id, ordinal], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()
            .at(&self.path)?
            .ok_or_else(|| Cache::missing(id))?;
        let raw = self.unpack(dictionary, &data, bytes, || format!("a piece of session {id}'s events"))?;
        chunk::decode(&raw, first_time, count).map_err(|why| self.damaged(format!("session {id}: {why}")))
    }

    /// All events of a session.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn events(&self, id: &str) -> Result<Vec<Event>> {
        let row = self.session(id)?;
        if row.derived_by != DERIVED_BY {
            let why = "was stored by another version of Dwell; any import brings it up to date";
            return Err(self.damaged(format!("session {id} {why}")));
        }
        let mut events = Vec::with_capacity(row.event_count.min(1 << 20));
        for info in self.chunks(id)? {
            events.extend(self.chunk_events(id, info.ordinal)?);
        }
        if events.len() != row.event_count {
            let (have, want) = (events.len(), row.event_count);
            return Err(self.damaged(format!("session {id} has {have} events instead of {want}")));
        }
        Ok(events)
    }

    /// The whole session as it was decoded, under its id in this cache.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn load(&self, id: &str) -> Result<Session> {
        let row = self.session(id)?;
        let said = |text: String| (!text.is_empty()).then_some(text);
        Ok(Session {
            id: row.id,
            source: row.identity.source,
            project: said(row.identity.project),
            user: said(row.identity.user),
            format_version: row.format_version,
            pages: self.pages(id)?,
            events: self.events(id)?,
        })
    }

    /// The session of that identity, or the one that is known from lists alone and may be it.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn find(&self, identity: &Identity) -> Result<Option<String>> {
        let sql = "SELECT id FROM sessions WHERE source = ? AND recorder_project = ? AND recorder_user = ? \
                   AND recorder_session = ?";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let key = params![identity.source.name(), identity.project, identity.user, identity.session];
        match query.query_row(key, |row| row.get(0)).optional().at(&self.path)? {
            Some(id) => Ok(Some(id)),
            None => self.awaited(identity),
        }
    }

    /// # Errors
    /// The `Cache…` ones.
    pub fn has(&self, id: &str) -> Result<bool> {
        let mut query = self.db.prepare_cached("SELECT 1 FROM sessions WHERE id = ?").at(&self.path)?;
        query.exists([id]).at(&self.path)
    }

    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn measure(&self, id: &str) -> Result<SessionMeasure> {
        let mut query =
            self.db.prepare_cached("SELECT page_count, derived_by FROM sessions WHERE id = ?").at(&self.path)?;
        query
            .query_row([id], |row| Ok(SessionMeasure { pages: row.get(0)?, derived_by: row.get(1)? }))
            .optional()
            .at(&self.path)?
            .ok_or_else(|| Cache::missing(id))
    }

    /// Sessions of a recorder that does not name them that hold a body with this hash, sorted.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn sessions_with(&self, source: Source, hash: &[u8; 32]) -> Result<Vec<String>> {
        let sql = "SELECT s.id FROM nameless_bodies b JOIN sessions s ON s.id = b.session \
                   WHERE b.key = ? AND s.source = ? ORDER BY s.id";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map(params![pack::key(hash), source.name()], |row| row.get(0));
        let ids: Vec<String> = rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)?;
        let mut with = Vec::new();
        for id in ids {
            if self.original_infos(&id)?.iter().any(|info| info.hash == *hash) {
                with.push(id);
            }
        }
        Ok(with)
    }

    /// What bodies a session has, in order.
    ///
    /// # Errors
    /// [`Error::CacheDamaged`] when a list cannot be read.
    pub fn original_infos(&self, id: &str) -> Result<Vec<OriginalInfo>> {
        Ok(self.original_sizes(id)?.into_iter().map(|(info, _)| info).collect())
    }

    /// As [`Cache::original_infos`], each with its bytes unpacked.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn original_sizes(&self, id: &str) -> Result<Vec<(OriginalInfo, u64)>> {
        let mut query = self.db.prepare_cached("SELECT list FROM bundles WHERE session = ?").at(&self.path)?;
        let lists = query.query_map([id], |row| row.get::<_, Vec<u8>>(0)).at(&self.path)?;
        let mut infos = Vec::new();
        for list in lists {
            let list = pack::list(&list.at(&self.path)?).map_err(|why| self.damaged(format!("session {id}: {why}")))?;
            infos.extend(list.into_iter().map(|(info, bytes)| (info, bytes as u64)));
        }
        infos.sort();
        Ok(infos)
    }

    /// The recorded bodies of a session, in order.
    ///
    /// # Errors
    /// [`Error::CacheDamaged`] when one does not unpack.
    pub fn originals(&self, id: &str) -> Result<Vec<Original>> {
        let sql = "SELECT list, dictionary, data, bytes FROM bundles WHERE session = ? ORDER BY ordinal";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let mut rows = query.query([id]).at(&self.path)?;
        let mut originals = Vec::new();
        while let Some(row) = rows.next().at(&self.path)? {
            let list: Vec<u8> = row.get(0).at(&self.path)?;
            let dictionary: Option<i64> = row.get(1).at(&self.path)?;
            let data: Vec<u8> = row.get(2).at(&self.path)?;
            let bytes: usize = row.get(3).at(&self.path)?;
            let list = pack::list(&list).map_err(|why| self.damaged(format!("session {id}: {why}")))?;
            let text = self.unpack(dictionary, &data, bytes, || format!("the originals of session {id}"))?;
            let mut rest = text.as_slice();
            for (info, size) in list {
                let Some((body, after)) = rest.split_at_checked(size) else {
                    return Err(self.damaged(format!("the originals of session {id} are too short")));
                };
                rest = after;
                originals.push(Original { info, bytes: body.to_vec() });
            }
            if !rest.is_empty() {
                return Err(self.damaged(format!("the originals of session {id} are too long")));
            }
        }
        originals.sort_by(|a, b| a.info.cmp(&b.info));
        Ok(originals)
    }

    /// The newest dictionaries, for packing.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn dictionaries(&self) -> Result<Dictionaries> {
        let newest = |content: Content| -> Result<Option<Dictionary>> {
            // A rowid does not tell the age here; what was packed last does.
            let table = match content {
                Content::Bodies => "bundles",
                Content::Events => "chunks",
            };
            let sql =
                format!("SELECT dictionary FROM {table} WHERE dictionary IS NOT NULL ORDER BY rowid DESC LIMIT 1");
            let id: Option<i64> = self.db.query_row(&sql, [], |row| row.get(0)).optional().at(&self.path)?;
            id.map(|id| Ok(Dictionary::stored(id, self.dictionary(id)?))).transpose()
        };
        Ok(Dictionaries { bodies: newest(Content::Bodies)?, events: newest(Content::Events)? })
    }

    fn dictionary(&self, id: i64) -> Result<Vec<u8>> {
        let mut query = self.db.prepare_cached("SELECT data, bytes FROM dictionaries WHERE id = ?").at(&self.path)?;
        let (data, bytes): (Vec<u8>, usize) = query
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .at(&self.path)?
            .ok_or_else(|| self.damaged("a dictionary is gone".to_owned()))?;
        zstd::bulk::decompress(&data, bytes).map_err(|e| self.damaged(format!("a dictionary does not unpack ({e})")))
    }

    /// Unpacks what was packed with a dictionary or without.
    fn unpack(&self, dictionary: Option<i64>, data: &[u8], bytes: usize, what: impl Fn() -> String) -> Result<Vec<u8>> {
        let mut unpackers = self.unpackers.0.borrow_mut();
        if unpackers.len() > UNPACKERS {
            unpackers.clear();
        }
        let with = match unpackers.entry(dictionary) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(free) => {
                let text = dictionary.map(|id| self.dictionary(id)).transpose()?.unwrap_or_default();
                let new = zstd::bulk::Decompressor::with_dictionary(&text);
                free.insert(new.map_err(|e| self.damaged(format!("a dictionary cannot be used ({e})")))?)
            }
        };
        with.decompress(data, bytes)
            .ok()
            .filter(|text| text.len() == bytes)
            .ok_or_else(|| self.damaged(format!("{} cannot be unpacked", what())))
    }

    /// Whether a file of this size is known, which is cheaper to ask than its hash.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn knows_file_of(&self, bytes: u64) -> Result<bool> {
        let mut query = self.db.prepare_cached("SELECT 1 FROM known_files WHERE file_bytes = ?").at(&self.path)?;
        query.exists([bytes]).at(&self.path)
    }

    /// What is known of a file with this hash.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn known_file(&self, hash: &[u8; 32]) -> Result<Option<KnownFile>> {
        let sql = "SELECT file_bytes, bodies, bytes, sessions FROM known_files WHERE hash = ?";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let found: Option<(u64, u64, u64, Vec<u8>)> = query
            .query_row([&hash[..]], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()
            .at(&self.path)?;
        let Some((file_bytes, bodies, bytes, sessions)) = found else { return Ok(None) };
        let text = zstd::decode_all(sessions.as_slice()).unwrap_or_default();
        // A list that cannot be read is as good as none: the file is then read again.
        let Ok(text) = String::from_utf8(text) else { return Ok(None) };
        let sessions = text.split('\n').map(str::to_owned).collect();
        Ok(Some(KnownFile { hash: *hash, file_bytes, bodies, bytes, sessions }))
    }

    /// Ids, client's projects and the decoding of sessions that have recorded bodies.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn recorded(&self) -> Result<HashMap<String, (Option<String>, i64)>> {
        let sql = "SELECT id, project, derived_by FROM sessions \
                   WHERE EXISTS (SELECT 1 FROM bundles WHERE bundles.session = sessions.id)";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))));
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// All asset lists, in a fixed order.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn asset_lists(&self) -> Result<Vec<ListedAsset>> {
        let sql = "SELECT scope, url, hash, at FROM asset_urls ORDER BY scope, url, hash";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map([], |row| {
            Ok(ListedAsset { list: row.get(0)?, url: row.get(1)?, asset: row.get(2)?, at: row.get(3)? })
        });
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Lists that serve every session.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn shared_asset_lists(&self) -> Result<Vec<[u8; 32]>> {
        let mut query = self.db.prepare_cached("SELECT scope FROM shared_asset_scopes ORDER BY scope").at(&self.path)?;
        query.query_map([], |row| row.get(0)).at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// As [`Cache::said`], with the ranks.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn ranked_said(&self, id: &str) -> Result<Vec<(u8, String)>> {
        let sql = "SELECT rank, said FROM said WHERE session = ? ORDER BY rank, said";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// What decoding a session had to leave out.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn findings(&self, id: &str) -> Result<Vec<Finding>> {
        let sql = "SELECT finding FROM findings WHERE session = ? ORDER BY ordinal";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map([id], |row| row.get::<_, String>(0)).at(&self.path)?;
        rows.map(|text| {
            let text = text.at(&self.path)?;
            serde_json::from_str(&text).map_err(|e| self.damaged(format!("a finding of {id} cannot be read ({e})")))
        })
        .collect()
    }

    /// What decoding had to leave out, of all sessions that lack something.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn all_findings(&self) -> Result<HashMap<String, Vec<Finding>>> {
        let mut query =
            self.db.prepare_cached("SELECT session, finding FROM findings ORDER BY ordinal").at(&self.path)?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let mut all: HashMap<String, Vec<Finding>> = HashMap::new();
        for row in rows.at(&self.path)? {
            let (id, text) = row.at(&self.path)?;
            let finding = serde_json::from_str(&text);
            let finding = finding.map_err(|e| self.damaged(format!("a finding of {id} cannot be read ({e})")))?;
            all.entry(id).or_default().push(finding);
        }
        Ok(all)
    }

    /// JSON of what archives said about a session, by rank.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn said(&self, id: &str) -> Result<Vec<String>> {
        let sql = "SELECT said FROM said WHERE session = ? ORDER BY rank, said";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        query.query_map([id], |row| row.get(0)).at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// # Errors
    /// The `Cache…` ones.
    pub fn asset(&self, hash: &[u8; 32]) -> Result<Option<Asset>> {
        let sql = "SELECT content_type, data, bytes, packed FROM assets WHERE hash = ?";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let found: Option<(String, Vec<u8>, usize, bool)> = query
            .query_row([&hash[..]], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()
            .at(&self.path)?;
        let Some((content_type, data, size, packed)) = found else { return Ok(None) };
        if !packed {
            return Ok(Some(Asset { content_type, bytes: data }));
        }
        let bytes =
            zstd::bulk::decompress(&data, size).map_err(|e| self.damaged(format!("an asset does not unpack ({e})")))?;
        Ok(Some(Asset { content_type, bytes }))
    }

    /// Hashes of all assets, sorted, without their bytes.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn assets(&self) -> Result<Vec<StoredAsset>> {
        let sql = "SELECT hash, content_type, bytes FROM assets ORDER BY hash";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query
            .query_map([], |row| Ok(StoredAsset { hash: row.get(0)?, content_type: row.get(1)?, bytes: row.get(2)? }));
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// URL and asset of everything that archives brought for a session. A URL with several assets (archives
    /// of different days) comes once for each, always in the same order.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn session_assets(&self, id: &str) -> Result<Vec<(String, [u8; 32])>> {
        let sql = "SELECT DISTINCT u.url, u.hash FROM session_asset_scopes s JOIN asset_urls u ON u.scope = s.scope \
                   WHERE s.session = ? ORDER BY u.url, u.hash";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Every file that may show in a session: of its own lists first, then of those for all sessions; by
    /// address and hash.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn asset_rows(&self, id: &str) -> Result<Vec<AssetRow>> {
        let sql = "SELECT u.url, u.hash, min(u.at), a.content_type, 1 AS own FROM session_asset_scopes s \
                   JOIN asset_urls u ON u.scope = s.scope JOIN assets a ON a.hash = u.hash WHERE s.session = ?1 \
                   GROUP BY u.url, u.hash UNION ALL \
                   SELECT u.url, u.hash, min(u.at), a.content_type, 0 AS own FROM shared_asset_scopes s \
                   JOIN asset_urls u ON u.scope = s.scope JOIN assets a ON a.hash = u.hash \
                   GROUP BY u.url, u.hash ORDER BY own DESC, 1, 2";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map([id], |row| {
            Ok(AssetRow {
                url: row.get(0)?,
                hash: row.get(1)?,
                at: row.get(2)?,
                content_type: row.get(3)?,
                own: row.get(4)?,
            })
        });
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Asset lists that a session is linked to.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn asset_scopes(&self, id: &str) -> Result<Vec<[u8; 32]>> {
        let sql = "SELECT scope FROM session_asset_scopes WHERE session = ? ORDER BY scope";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        query.query_map([id], |row| row.get(0)).at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Keyframes of a document: index of the event after which each stands, and its bytes.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn keyframes(&self, id: &str, document: u32) -> Result<Vec<(usize, Vec<u8>)>> {
        let sql = "SELECT event, data FROM keyframes WHERE session = ? AND document = ? ORDER BY event";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map(params![id, document], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// # Errors
    /// The `Cache…` ones.
    pub fn totals(&self) -> Result<Totals> {
        self.db
            .query_row(
                "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM pages), \
                 (SELECT coalesce(sum(event_count), 0) FROM sessions), (SELECT coalesce(sum(bodies), 0) FROM bundles), \
                 (SELECT coalesce(sum(bytes), 0) FROM bundles), (SELECT count(*) FROM assets)",
                [],
                |row| {
                    Ok(Totals {
                        sessions: row.get(0)?,
                        pages: row.get(1)?,
                        events: row.get(2)?,
                        originals: row.get(3)?,
                        bytes: row.get(4)?,
                        assets: row.get(5)?,
                    })
                },
            )
            .at(&self.path)
    }

    /// What SQLite itself finds wrong with the file: sentences, at most 100.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn integrity(&self) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        let mut check = self.db.prepare("PRAGMA integrity_check(100)").at(&self.path)?;
        for line in check.query_map([], |row| row.get::<_, String>(0)).at(&self.path)? {
            let line = line.at(&self.path)?;
            if line != "ok" {
                wrong.push(line);
            }
        }
        let mut check = self.db.prepare("PRAGMA foreign_key_check").at(&self.path)?;
        let broken = check.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(2)?)));
        for row in broken.at(&self.path)?.take(100) {
            let (table, parent) = row.at(&self.path)?;
            wrong.push(format!("a row of {table} points at a row of {parent} that is not there"));
        }
        Ok(wrong)
    }
}
