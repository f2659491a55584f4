//! What people wrote: notes, labels, watched, favourites, ratings.
//!
//! The trap: this cannot be rebuilt. A copy of a project may have been worked on elsewhere, so what comes in
//! is merged, and a text is only ever replaced by one that was made from it.

use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::Cache;
use super::failure::At;
use super::write::{Writing, json};
use crate::error::Result;
use crate::event::Millis;

/// A note on a session, a page view of it or a moment in it.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    pub text: String,
    /// Epoch ms by the writer's clock.
    pub created_at: Millis,
    pub changed_at: Millis,
    /// Hashes of the versions that it had before, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Label {
    pub session: String,
    pub label: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Watched {
    pub session: String,
    /// Epoch ms of the first time.
    pub at: Millis,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Rating {
    pub session: String,
    pub rating: i64,
    /// Epoch ms; 0 when it is not known.
    pub changed_at: Millis,
}

/// A `notes.json` that is not understood, as it stood.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptNotes {
    pub path: String,
    pub text: String,
}

/// All of it, in a fixed order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    pub notes: Vec<Note>,
    pub labels: Vec<Label>,
    pub watched: Vec<Watched>,
    /// Sessions.
    pub favourites: Vec<String>,
    pub ratings: Vec<Rating>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptNotes>,
}

impl Notes {
    pub fn is_empty(&self) -> bool {
        *self == Notes::default()
    }
}

impl Cache {
    fn rows<T>(&self, sql: &str, read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>> {
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        query.query_map([], read).at(&self.path)?.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Everything that people wrote into this cache.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn notes(&self) -> Result<Notes> {
        let sql = "SELECT id, session, page, at, author, text, created_at, changed_at, was FROM notes ORDER BY id";
        let notes = self.rows(sql, |row| {
            Ok(Note {
                id: row.get(0)?,
                session: row.get(1)?,
                page: row.get(2)?,
                at: row.get(3)?,
                author: row.get(4)?,
                text: row.get(5)?,
                created_at: row.get(6)?,
                changed_at: row.get(7)?,
                // Only what this program wrote stands here; a hash that is lost costs at most a second copy.
                was: serde_json::from_str(&row.get::<_, String>(8)?).unwrap_or_default(),
            })
        })?;
        Ok(Notes {
            notes,
            labels: self.rows("SELECT session, label FROM labels ORDER BY session, label", |row| {
                Ok(Label { session: row.get(0)?, label: row.get(1)? })
            })?,
            watched: self.rows("SELECT session, at FROM watched ORDER BY session", |row| {
                Ok(Watched { session: row.get(0)?, at: row.get(1)? })
            })?,
            favourites: self.rows("SELECT session FROM favourites ORDER BY session", |row| row.get(0))?,
            ratings: self.rows("SELECT session, rating, changed_at FROM ratings ORDER BY session", |row| {
                Ok(Rating { session: row.get(0)?, rating: row.get(1)?, changed_at: row.get(2)? })
            })?,
            kept: self
                .rows("SELECT path, data FROM archive_notes ORDER BY path, hash", |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
                })?
                .into_iter()
                .filter_map(|(path, data)| Some(KeptNotes { path, text: String::from_utf8(data).ok()? }))
                .collect(),
        })
    }
}

impl Writing<'_> {
    /// Writes a note in place of the one with its id.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_note(&self, note: &Note) -> Result<()> {
        let Note { id, session, page, at, author, text, created_at, changed_at, was } = note;
        self.run(
            "INSERT OR REPLACE INTO notes (id, session, page, at, author, text, created_at, changed_at, was) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![id, session, page, at, author, text, created_at, changed_at, json(was)?],
        )
        .map(drop)
    }

    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_label(&self, label: &Label) -> Result<()> {
        self.run("INSERT OR IGNORE INTO labels (session, label) VALUES (?, ?)", params![label.session, label.label])
            .map(drop)
    }

    /// Notes that a session was watched at a time, which counts when it is the first.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn merge_watched(&self, watched: &Watched) -> Result<()> {
        self.run(
            "INSERT INTO watched (session, at) VALUES (?1, ?2) ON CONFLICT (session) DO UPDATE SET at = min(at, ?2)",
            params![watched.session, watched.at],
        )
        .map(drop)
    }

    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn put_favourite(&self, session: &str) -> Result<()> {
        self.run("INSERT OR IGNORE INTO favourites (session) VALUES (?)", [session]).map(drop)
    }

    /// Takes over a rating that is later than the one that is there; of two at one time the higher.
    ///
    /// # Errors
    /// [`crate::error::Error::DiskFull`], the `Cache…` ones.
    pub fn merge_rating(&self, rating: &Rating) -> Result<()> {
        self.run(
            "INSERT INTO ratings (session, rating, changed_at) VALUES (?1, ?2, ?3) ON CONFLICT (session) DO UPDATE \
             SET rating = ?2, changed_at = ?3 WHERE (?3, ?2) > (changed_at, rating)",
            params![rating.session, rating.rating, rating.changed_at],
        )
        .map(drop)
    }
}
