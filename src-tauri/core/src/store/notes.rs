//! What people wrote and set: notes, labels, watched, favourites, ratings, decisions on signals, goals; and the
//! history of what they did.
//!
//! The trap: this cannot be rebuilt. A copy of a project may have been worked on elsewhere, so nothing is ever
//! deleted here: what was taken back stays as a row that is `gone`, and a merge can tell it from one that never was.

use rusqlite::{OptionalExtension, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Cache;
use super::failure::At;
use super::write::{Writing, json};
use crate::error::Result;
use crate::event::Millis;

/// Steps of the history that are kept.
const HISTORY: i64 = 500;

/// A note on a session, a page view of it, a moment in it or an element at that moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    pub id: String,
    pub session: String,
    /// Page view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Epoch ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
    /// Node of the recording that it is pinned to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<i64>,
    /// The same element in words that outlive the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    pub text: String,
    /// Epoch ms by the writer's clock.
    pub created_at: Millis,
    pub changed_at: Millis,
    /// Removed; it stays so that other copies of the project learn of it.
    #[serde(skip_serializing_if = "is_false")]
    pub gone: bool,
    /// Hashes of all versions that it was made from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Something that a person sets on a session and can take back.
pub trait Payload: Serialize + DeserializeOwned + Clone + Ord + Default + std::fmt::Debug {
    /// Name of its kind in the cache.
    const KIND: &'static str;
    /// What tells two of the kind on one session apart.
    fn key(&self) -> String {
        String::new()
    }
}

/// One thing that one person set.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(bound = "T: Payload")]
pub struct Mark<T: Payload> {
    /// Empty for what belongs to no session.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session: String,
    #[serde(flatten)]
    pub what: T,
    /// Reviewer; empty where it is not known or does not matter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Epoch ms; 0 when it is not known.
    #[serde(default)]
    pub changed_at: Millis,
    /// Taken back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gone: bool,
}

impl<T: Payload> Mark<T> {
    /// What tells it apart from every other mark of its kind.
    pub fn place(&self) -> (String, String, String) {
        (self.session.clone(), self.what.key(), self.by.clone())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Label {
    pub label: String,
}

impl Payload for Label {
    const KIND: &'static str = "label";
    fn key(&self) -> String {
        self.label.clone()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Favourite {}

impl Payload for Favourite {
    const KIND: &'static str = "favourite";
}

/// 1 to 5.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rating {
    pub rating: i64,
}

impl Payload for Rating {
    const KIND: &'static str = "rating";
}

/// Watched to the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Watched {
    /// Epoch ms of the reviewer's clock.
    pub at: Millis,
}

impl Payload for Watched {
    const KIND: &'static str = "watched";
}

/// How far somebody watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reached {
    /// Moment of the session, epoch ms of the recording.
    pub until: Millis,
}

impl Payload for Reached {
    const KIND: &'static str = "reached";
}

/// "Not a problem", said of one signal. It names the signal by what another derivation would find again.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Decision {
    /// Of the signal.
    pub kind: String,
    /// Epoch ms.
    pub time: Millis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Address of the page it was on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Decision {
    /// Whether it is about the signal with these.
    pub fn is_about(&self, kind: Option<&str>, time: Option<Millis>, selector: Option<&str>) -> bool {
        kind == Some(self.kind.as_str())
            && time == Some(self.time)
            && selector.unwrap_or_default() == self.selector.as_deref().unwrap_or_default()
    }
}

impl Payload for Decision {
    const KIND: &'static str = "decision";
    fn key(&self) -> String {
        format!("{} {} {}", self.kind, self.time, self.selector.as_deref().unwrap_or_default())
    }
}

/// "Watch so many of this list every week."
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Goal {
    pub id: String,
    /// What the list is found with; empty for all sessions.
    #[serde(default)]
    pub text: String,
    /// Only sessions with this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Only favourites.
    #[serde(default, skip_serializing_if = "is_false")]
    pub favourites: bool,
    /// Sessions a week.
    pub watch: u32,
}

impl Payload for Goal {
    const KIND: &'static str = "goal";
    fn key(&self) -> String {
        self.id.clone()
    }
}

/// A `notes.json` that is not understood, as it stood.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptNotes {
    pub path: String,
    pub text: String,
}

/// All of it, in a fixed order, with what is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    pub notes: Vec<Note>,
    pub labels: Vec<Mark<Label>>,
    pub watched: Vec<Mark<Watched>>,
    pub reached: Vec<Mark<Reached>>,
    pub favourites: Vec<Mark<Favourite>>,
    pub ratings: Vec<Mark<Rating>>,
    pub decisions: Vec<Mark<Decision>>,
    pub goals: Vec<Mark<Goal>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptNotes>,
}

impl Notes {
    pub fn is_empty(&self) -> bool {
        *self == Notes::default()
    }
}

/// A mark as the cache holds it, whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRow {
    pub kind: String,
    pub session: String,
    pub key: String,
    pub by: String,
    /// JSON.
    pub value: String,
    pub changed_at: Millis,
    pub gone: bool,
}

impl MarkRow {
    /// # Errors
    /// [`crate::error::Error::Internal`] when it cannot be written.
    pub fn of<T: Payload>(mark: &Mark<T>) -> Result<MarkRow> {
        Ok(MarkRow {
            kind: T::KIND.to_owned(),
            session: mark.session.clone(),
            key: mark.what.key(),
            by: mark.by.clone(),
            value: json(&mark.what)?,
            changed_at: mark.changed_at,
            gone: mark.gone,
        })
    }
}

/// A step of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub id: i64,
    pub at: Millis,
    /// For people.
    pub said: String,
    /// JSON, of the caller's making.
    pub changes: String,
}

const NOTE_COLUMNS: &str = "id, session, page, at, node, selector, author, text, created_at, changed_at, gone, was";

fn note_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        id: row.get(0)?,
        session: row.get(1)?,
        page: row.get(2)?,
        at: row.get(3)?,
        node: row.get(4)?,
        selector: row.get(5)?,
        author: row.get(6)?,
        text: row.get(7)?,
        created_at: row.get(8)?,
        changed_at: row.get(9)?,
        gone: row.get(10)?,
        // Only what this program wrote stands here; a hash that is lost costs at most a second copy.
        was: serde_json::from_str(&row.get::<_, String>(11)?).unwrap_or_default(),
    })
}

fn mark_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<MarkRow> {
    Ok(MarkRow {
        kind: row.get(0)?,
        session: row.get(1)?,
        key: row.get(2)?,
        by: row.get(3)?,
        value: row.get(4)?,
        changed_at: row.get(5)?,
        gone: row.get(6)?,
    })
}

const MARK_COLUMNS: &str = "kind, session, key, who, value, changed_at, gone";

fn typed<T: Payload>(row: MarkRow) -> Option<Mark<T>> {
    let what = serde_json::from_str(&row.value).ok()?;
    Some(Mark { session: row.session, what, by: row.by, changed_at: row.changed_at, gone: row.gone })
}

impl Cache {
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        of: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        query.query_map(of, read).at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Everything that people wrote into this cache, with what is gone.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn notes(&self) -> Result<Notes> {
        Ok(Notes {
            notes: self.rows(&format!("SELECT {NOTE_COLUMNS} FROM notes ORDER BY id"), [], note_row)?,
            labels: self.marks(None)?,
            watched: self.marks(None)?,
            reached: self.marks(None)?,
            favourites: self.marks(None)?,
            ratings: self.marks(None)?,
            decisions: self.marks(None)?,
            goals: self.marks(None)?,
            kept: self
                .rows("SELECT path, data FROM archive_notes ORDER BY path, hash", [], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
                })?
                .into_iter()
                .filter_map(|(path, data)| Some(KeptNotes { path, text: String::from_utf8(data).ok()? }))
                .collect(),
        })
    }

    /// Notes of one session, of all with `None`; with those that are gone.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn notes_of(&self, session: Option<&str>) -> Result<Vec<Note>> {
        let sql = format!("SELECT {NOTE_COLUMNS} FROM notes WHERE ?1 IS NULL OR session = ?1 ORDER BY id");
        self.rows(&sql, [session], note_row)
    }

    /// Marks of a kind on one session, on all with `None`; with those that are gone.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn marks<T: Payload>(&self, session: Option<&str>) -> Result<Vec<Mark<T>>> {
        // The order is that of the primary key.
        let sql = match session {
            None => format!("SELECT {MARK_COLUMNS} FROM marks WHERE kind = ?1 ORDER BY session, key, who"),
            Some(_) => {
                format!("SELECT {MARK_COLUMNS} FROM marks WHERE kind = ?1 AND session = ?2 ORDER BY key, who")
            }
        };
        let rows = match session {
            None => self.rows(&sql, [T::KIND], mark_row)?,
            Some(session) => self.rows(&sql, [T::KIND, session], mark_row)?,
        };
        Ok(rows.into_iter().filter_map(typed).collect())
    }

    /// # Errors
    /// The `Cache…` ones.
    pub fn mark_row(&self, kind: &str, session: &str, key: &str, by: &str) -> Result<Option<MarkRow>> {
        let sql = format!("SELECT {MARK_COLUMNS} FROM marks WHERE kind = ? AND session = ? AND key = ? AND who = ?");
        let mut query = self.db.prepare_cached(&sql).at(&self.path)?;
        query.query_row([kind, session, key, by], mark_row).optional().at(&self.path)
    }

    /// Something that holds for this copy of the project alone.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn review_setting(&self, key: &str) -> Result<Option<String>> {
        let mut query = self.db.prepare_cached("SELECT value FROM review_settings WHERE key = ?").at(&self.path)?;
        query.query_row([key], |row| row.get(0)).optional().at(&self.path)
    }

    /// The step that would be undone next, or with `redo` the one that would be done again.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn next_step(&self, redo: bool) -> Result<Option<Step>> {
        let sql = match redo {
            false => "SELECT id, at, said, changes FROM review_history WHERE undone = 0 ORDER BY id DESC LIMIT 1",
            true => "SELECT id, at, said, changes FROM review_history WHERE undone = 1 ORDER BY id LIMIT 1",
        };
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Step { id: row.get(0)?, at: row.get(1)?, said: row.get(2)?, changes: row.get(3)? })
        };
        query.query_row([], read).optional().at(&self.path)
    }

    /// The whole history, oldest first.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn steps(&self) -> Result<Vec<Step>> {
        self.rows("SELECT id, at, said, changes FROM review_history ORDER BY id", [], |row| {
            Ok(Step { id: row.get(0)?, at: row.get(1)?, said: row.get(2)?, changes: row.get(3)? })
        })
    }
}

impl Writing<'_> {
    /// Writes a note in place of the one with its id.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_note(&self, note: &Note) -> Result<()> {
        let Note { id, session, page, at, node, selector, author, text, created_at, changed_at, gone, was } = note;
        self.run(
            &format!("INSERT OR REPLACE INTO notes ({NOTE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
            params![id, session, page, at, node, selector, author, text, created_at, changed_at, gone, json(was)?],
        )
        .map(drop)
    }

    /// Takes a row out, when its content has got another id. A note that people remove is put as `gone`.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn drop_note(&self, id: &str) -> Result<()> {
        self.run("DELETE FROM notes WHERE id = ?", [id]).map(drop)
    }

    /// Writes a mark in place of the one that is there.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_mark<T: Payload>(&self, mark: &Mark<T>) -> Result<()> {
        self.put_mark_row(&MarkRow::of(mark)?)
    }

    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_mark_row(&self, row: &MarkRow) -> Result<()> {
        let MarkRow { kind, session, key, by, value, changed_at, gone } = row;
        self.run(
            &format!("INSERT OR REPLACE INTO marks ({MARK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"),
            params![kind, session, key, by, value, changed_at, gone],
        )
        .map(drop)
    }

    /// Gives what people wrote about a session to another one.
    pub(super) fn move_notes(&self, from: &str, into: &str) -> Result<()> {
        self.run("UPDATE notes SET session = ?2 WHERE session = ?1", params![from, into])?;
        self.run(
            "INSERT INTO marks SELECT kind, ?2, key, who, value, changed_at, gone FROM marks WHERE session = ?1 \
             ON CONFLICT (kind, session, key, who) DO UPDATE \
             SET value = excluded.value, changed_at = excluded.changed_at, gone = excluded.gone \
             WHERE (excluded.changed_at, NOT excluded.gone, excluded.value) > (changed_at, NOT gone, value)",
            params![from, into],
        )?;
        self.run("DELETE FROM marks WHERE session = ?", [from]).map(drop)
    }

    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn set_review_setting(&self, key: &str, value: &str) -> Result<()> {
        self.run("INSERT OR REPLACE INTO review_settings (key, value) VALUES (?, ?)", [key, value]).map(drop)
    }

    /// Gives every mark of one reviewer another name, where the new one has not set the same.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn rename_reviewer(&self, from: &str, to: &str) -> Result<()> {
        self.run("UPDATE OR IGNORE marks SET who = ?2 WHERE who = ?1 AND kind NOT IN ('label', 'goal')", [from, to])
            .map(drop)
    }

    /// Adds a step; steps that were undone are given up, and the oldest beyond a few hundred.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_step(&self, at: Millis, said: &str, changes: &str) -> Result<()> {
        self.run("DELETE FROM review_history WHERE undone = 1", [])?;
        self.run("INSERT INTO review_history (at, said, changes) VALUES (?, ?, ?)", params![at, said, changes])?;
        self.run("DELETE FROM review_history WHERE id <= (SELECT max(id) FROM review_history) - ?", [HISTORY]).map(drop)
    }

    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn set_undone(&self, step: i64, undone: bool) -> Result<()> {
        self.run("UPDATE review_history SET undone = ?2 WHERE id = ?1", params![step, undone]).map(drop)
    }

    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn set_changes(&self, step: i64, changes: &str) -> Result<()> {
        self.run("UPDATE review_history SET changes = ?2 WHERE id = ?1", params![step, changes]).map(drop)
    }

    /// Takes a step out that can be neither undone nor done again.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn drop_step(&self, step: i64) -> Result<()> {
        self.run("DELETE FROM review_history WHERE id = ?", [step]).map(drop)
    }
}
