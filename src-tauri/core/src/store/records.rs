//! What lists beside recordings say, sessions that are known from them alone, and who came before.
//!
//! The trap: a list may be imported before or after the recordings that it names, and name more or less of
//! who they are. Nothing here is decided by what came first: rows wait in `records` with a mark, and the desk
//! settles them against all sessions there are.

use rusqlite::{OptionalExtension, params};
use serde_json::{Map, Value};

use super::failure::At;
use super::write::{NewSession, Writing, json};
use super::{Cache, DERIVED_BY, Identity};
use crate::error::Result;
use crate::event::{Millis, SessionMeta, Source};

/// One row of a list. Empty texts where it does not say; an empty session means all sessions of the visitor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    pub source: Source,
    pub session: String,
    pub user: String,
    pub project: String,
    pub rank: u8,
    /// JSON, opaque here.
    pub said: String,
}

/// A session that a record may be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: String,
    pub identity: Identity,
    /// Known from lists alone.
    pub listed_only: bool,
}

/// Whose sessions a visitor's are, in the order of their start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub session: String,
    pub source: String,
    pub project: String,
    pub user: String,
    pub told: bool,
    /// What the cache says so far.
    pub kind: String,
}

/// A session without a body: nothing of it was recorded, or nothing was imported yet.
const LISTED_ONLY: &str = "(event_count = 0 AND page_count = 0 AND NOT EXISTS \
    (SELECT 1 FROM bundles b WHERE b.session = sessions.id))";

fn source_of(name: &str) -> Source {
    if name == Source::Rrweb.name() { Source::Rrweb } else { Source::Clarity }
}

impl Cache {
    /// Whether a session is known from lists alone. False when there is no such session.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn listed_only(&self, id: &str) -> Result<bool> {
        let sql = format!("SELECT 1 FROM sessions WHERE id = ? AND {LISTED_ONLY}");
        self.db.prepare_cached(&sql).at(&self.path)?.exists([id]).at(&self.path)
    }

    /// The session known from lists alone that a recording of this identity is the recording of.
    pub(super) fn awaited(&self, identity: &Identity) -> Result<Option<String>> {
        let sql = format!(
            "SELECT id FROM sessions WHERE recorder_session = ?1 AND source = ?2 AND {LISTED_ONLY} \
             AND (recorder_user = '' OR ?3 = '' OR recorder_user = ?3) \
             AND (recorder_project = '' OR ?4 = '' OR recorder_project = ?4) \
             ORDER BY recorder_user = '', recorder_project = '', id"
        );
        if identity.session.is_empty() {
            return Ok(None);
        }
        let key = params![identity.session, identity.source.name(), identity.user, identity.project];
        self.db.prepare_cached(&sql).at(&self.path)?.query_row(key, |row| row.get(0)).optional().at(&self.path)
    }

    /// Sessions of a recorder's session id.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn candidates(&self, source: Source, session: &str) -> Result<Vec<Candidate>> {
        let sql = format!(
            "SELECT id, recorder_project, recorder_user, {LISTED_ONLY} FROM sessions \
             WHERE recorder_session = ? AND source = ? ORDER BY id"
        );
        let mut query = self.db.prepare_cached(&sql).at(&self.path)?;
        let rows = query.query_map(params![session, source.name()], |row| {
            let session = session.to_owned();
            Ok(Candidate {
                id: row.get(0)?,
                identity: Identity { source, project: row.get(1)?, user: row.get(2)?, session },
                listed_only: row.get(3)?,
            })
        });
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    fn records_where(&self, condition: &str, values: impl rusqlite::Params) -> Result<Vec<Record>> {
        let sql = format!(
            "SELECT source, session, user, project, rank, said FROM records WHERE {condition} \
             ORDER BY source, session, user, project, rank, said"
        );
        let mut query = self.db.prepare_cached(&sql).at(&self.path)?;
        let rows = query.query_map(values, |row| {
            Ok(Record {
                source: source_of(&row.get::<_, String>(0)?),
                session: row.get(1)?,
                user: row.get(2)?,
                project: row.get(3)?,
                rank: row.get(4)?,
                said: row.get(5)?,
            })
        });
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// All rows of lists, in a fixed order.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn records(&self) -> Result<Vec<Record>> {
        self.records_where("1", [])
    }

    /// All that lists say under a recorder's session id, whoever it is.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn records_of(&self, source: Source, session: &str) -> Result<Vec<Record>> {
        self.records_where("source = ? AND session = ? AND session <> ''", params![source.name(), session])
    }

    /// What lists say of a visitor.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn records_of_visitor(&self, source: Source, user: &str) -> Result<Vec<Record>> {
        self.records_where("source = ? AND session = '' AND user = ? AND user <> ''", params![source.name(), user])
    }

    /// Rows that have to be looked at, and with them nothing else.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn unsettled_records(&self) -> Result<Vec<Record>> {
        self.records_where("settled = 0", [])
    }

    /// Sessions of a visitor, by any project.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn sessions_of_visitor(&self, source: Source, user: &str) -> Result<Vec<String>> {
        let sql = "SELECT v.session FROM visitors v JOIN sessions s ON s.id = v.session WHERE v.source = ?1 \
                   AND (v.user = ?2 OR s.recorder_user = ?2) ORDER BY v.session";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map(params![source.name(), user], |row| row.get(0));
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// All sessions of the visitors of whom a session is new or changed, by visitor and start; with `all`, of
    /// every visitor.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn visits(&self, all: bool) -> Result<Vec<Visit>> {
        let sql = "SELECT session, source, project, user, told, type FROM visitors v WHERE ?1 OR EXISTS \
                   (SELECT 1 FROM visitors u WHERE u.settled = 0 AND u.source = v.source AND u.project = v.project \
                   AND u.user = v.user) ORDER BY source, project, user, started_at, session";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let rows = query.query_map([all], |row| {
            Ok(Visit {
                session: row.get(0)?,
                source: row.get(1)?,
                project: row.get(2)?,
                user: row.get(3)?,
                told: row.get(4)?,
                kind: row.get(5)?,
            })
        });
        rows.at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Whether any visitor has to be looked at.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn has_unsettled_visits(&self) -> Result<bool> {
        let mut query = self.db.prepare_cached("SELECT 1 FROM visitors WHERE settled = 0").at(&self.path)?;
        query.exists([]).at(&self.path)
    }
}

impl Writing<'_> {
    /// Keeps a row of a list; true when it is new.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_record(&self, record: &Record) -> Result<bool> {
        let Record { source, session, user, project, rank, said } = record;
        let added = self.run(
            "INSERT OR IGNORE INTO records (source, project, user, session, rank, said, settled) \
             VALUES (?, ?, ?, ?, ?, ?, 0)",
            params![source.name(), project, user, session, rank, said],
        )?;
        Ok(added > 0)
    }

    /// Marks the rows under a session id (or, with an empty one, all of the visitor) as looked at.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn settle_records(&self, source: Source, session: &str, user: &str) -> Result<()> {
        self.run(
            "UPDATE records SET settled = 1 WHERE source = ?1 AND session = ?2 AND (?2 <> '' OR user = ?3)",
            params![source.name(), session, user],
        )
        .map(drop)
    }

    /// Marks what a session's arrival or change may decide anew.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn unsettle(&self, identity: &Identity) -> Result<()> {
        self.run(
            "UPDATE records SET settled = 0 WHERE source = ?1 AND session = ?2 AND settled = 1",
            params![identity.source.name(), identity.session],
        )
        .map(drop)
    }

    /// Notes who visited. Called with everything that writes a session's facts.
    pub(super) fn put_visitor(
        &self,
        id: &str,
        source: Source,
        project: Option<&str>,
        facts: &Map<String, Value>,
    ) -> Result<()> {
        let text = |key: &str| facts.get(key).and_then(Value::as_str).unwrap_or_default();
        let user = text("user");
        // Sessions that the same visitor had before are looked at again, also when this one changes hands.
        if self
            .tx
            .prepare_cached("SELECT 1 FROM visitors WHERE session = ?")
            .at(self.path)?
            .exists([id])
            .at(self.path)?
        {
            self.run(
                "UPDATE visitors SET settled = 0 WHERE (source, project, user) IN \
                 (SELECT source, project, user FROM visitors WHERE session = ?) AND settled = 1",
                [id],
            )?;
            self.run("DELETE FROM visitors WHERE session = ?", [id])?;
        }
        if user.is_empty() {
            return Ok(());
        }
        let started_at = facts.get("start_ms").and_then(Value::as_i64).unwrap_or(Millis::MAX);
        self.run(
            "INSERT INTO visitors (session, source, project, user, started_at, told, type, settled) \
             VALUES (?, ?, ?, ?, ?, ?, '', 0)",
            params![id, source.name(), project.unwrap_or_default(), user, started_at, !text("user_type").is_empty()],
        )?;
        self.run(
            "UPDATE records SET settled = 0 WHERE source = ? AND session = '' AND user = ? AND settled = 1",
            params![source.name(), user],
        )
        .map(drop)
    }

    /// Writes down what the cache says of a visitor: `new` or `returning`.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_user_type(&self, session: &str, kind: &str) -> Result<()> {
        self.run("UPDATE visitors SET type = ? WHERE session = ?", params![kind, session])?;
        self.run("UPDATE sessions SET facts = json_set(facts, '$.user_type', ?) WHERE id = ?", params![kind, session])
            .map(drop)
    }

    /// Marks all visitors as looked at.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn settle_visitors(&self) -> Result<()> {
        self.run("UPDATE visitors SET settled = 1 WHERE settled = 0", []).map(drop)
    }

    /// Replaces what is known of a session beside its recording.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_facts(
        &self,
        id: &str,
        source: Source,
        project: Option<&str>,
        facts: &Map<String, Value>,
        meta: &SessionMeta,
    ) -> Result<()> {
        if let Some(project) = project {
            self.run("INSERT OR IGNORE INTO projects (id) VALUES (?)", [project])?;
        }
        self.run(
            "UPDATE sessions SET project = ?, facts = ?, meta = ? WHERE id = ?",
            params![project, json(facts)?, json(meta)?, id],
        )?;
        self.put_visitor(id, source, project, facts)
    }

    /// Stores a session of which only lists tell, in place of what they told before.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_listed(&self, new: &NewSession<'_>, started_at: Millis, ended_at: Millis) -> Result<()> {
        if let Some(project) = new.project {
            self.run("INSERT OR IGNORE INTO projects (id) VALUES (?)", [project])?;
        }
        let NewSession { id, identity, .. } = new;
        self.run(
            "INSERT INTO sessions (id, source, recorder_project, recorder_user, recorder_session, project, \
             format_version, started_at, ended_at, page_count, event_count, partial, entry_page, facts, meta, \
             derived_by, sketch) VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7, ?8, 0, 0, 0, ?9, ?10, ?11, ?12, ?13) \
             ON CONFLICT (id) DO UPDATE SET recorder_project = ?3, recorder_user = ?4, project = ?6, \
             started_at = ?7, ended_at = ?8, entry_page = ?9, facts = ?10, meta = ?11, derived_by = ?12",
            params![
                id,
                identity.source.name(),
                identity.project,
                identity.user,
                identity.session,
                new.project,
                started_at,
                ended_at,
                new.facts.get("entry_page").and_then(Value::as_str),
                json(new.facts)?,
                json(new.meta)?,
                DERIVED_BY,
                json(new.sketch)?,
            ],
        )?;
        self.put_visitor(id, identity.source, new.project, new.facts)
    }

    /// Takes a session out; what people wrote about it stays.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn remove_session(&self, id: &str) -> Result<()> {
        self.run(
            "UPDATE visitors SET settled = 0 WHERE (source, project, user) IN \
             (SELECT source, project, user FROM visitors WHERE session = ?)",
            [id],
        )?;
        self.run("DELETE FROM sessions WHERE id = ?", [id]).map(drop)
    }

    /// Gives everything that is kept of a session beside what is derived and its bodies (what archives said, assets,
    /// what people wrote) to another one, and takes it out.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn merge_session(&self, from: &str, into: &str) -> Result<()> {
        for table in ["said", "session_asset_scopes"] {
            self.run(&format!("UPDATE OR IGNORE {table} SET session = ?2 WHERE session = ?1"), params![from, into])?;
            self.run(&format!("DELETE FROM {table} WHERE session = ?"), [from])?;
        }
        self.move_notes(from, into)?;
        self.remove_session(from)
    }
}
