//! What people set on sessions, as the fields `watched`, `favorite`, `rating`, `label` and `note`: of all reviewers
//! together.
//!
//! The trap: this changes with every session that somebody watches. It is no part of the stored index, and a change
//! costs no more than what people set is large.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use roaring::RoaringBitmap;
use serde_json::{Map, Value};

use super::column::Column;
use crate::error::Result;
use crate::facts::{FIELDS, Maker};
use crate::segment::filter::cells;
use crate::store::Cache;

/// What stands on one session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    pub watched: bool,
    pub favorite: bool,
    /// The highest of anybody.
    pub rating: Option<i64>,
    pub labels: Vec<String>,
    pub notes: Vec<String>,
}

impl Said {
    /// Writes the fields into a session's facts.
    pub fn write(&self, facts: &mut Map<String, Value>) {
        let list = |texts: &Vec<String>| (!texts.is_empty()).then(|| texts.clone().into());
        let fields: [(&str, Option<Value>); 5] = [
            ("watched", Some(self.watched.into())),
            ("favorite", Some(self.favorite.into())),
            ("rating", self.rating.map(Into::into)),
            ("label", list(&self.labels)),
            ("note", list(&self.notes)),
        ];
        for (name, value) in fields {
            match value {
                Some(value) => drop(facts.insert(name.to_owned(), value)),
                None => drop(facts.remove(name)),
            }
        }
    }
}

impl Cache {
    /// What stands on every session of which something was said, or on one.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn said_by_people(&self, only: Option<&str>) -> Result<HashMap<String, Said>> {
        let mut all: HashMap<String, Said> = HashMap::new();
        let marks = "SELECT session, kind, coalesce(value ->> '$.label', ''), \
                     CASE kind WHEN 'rating' THEN CAST(value ->> '$.rating' AS INTEGER) END FROM marks \
                     WHERE NOT gone AND session <> '' AND kind IN ('watched', 'favourite', 'rating', 'label')";
        let notes = "SELECT session, text FROM notes WHERE NOT gone";
        let limited = |sql: &str, order: &str| match only {
            // Both ask for a parameter, so that they are called in one way.
            None => format!("{sql} AND ?1 IS NULL ORDER BY {order}"),
            Some(_) => format!("{sql} AND session = ?1 ORDER BY {order}"),
        };
        let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(String, String, String, Option<i64>)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        };
        for (session, kind, label, rating) in self.rows(&limited(marks, "kind, session, key, who"), [only], read)? {
            let of = all.entry(session).or_default();
            match kind.as_str() {
                "watched" => of.watched = true,
                "favourite" => of.favorite = true,
                "rating" => of.rating = of.rating.max(rating),
                _ => of.labels.push(label),
            }
        }
        let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(String, String)> { Ok((row.get(0)?, row.get(1)?)) };
        for (session, text) in self.rows(&limited(notes, "id"), [only], read)? {
            all.entry(session).or_default().notes.push(text);
        }
        Ok(all)
    }
}

/// What stands on the sessions of an index.
#[derive(Debug, Default)]
pub(super) struct Reviews {
    by_slot: BTreeMap<u32, Said>,
    columns: OnceLock<BTreeMap<&'static str, Column>>,
}

impl Reviews {
    pub(super) fn set(&mut self, slot: u32, said: Option<Said>) {
        match said {
            Some(said) => drop(self.by_slot.insert(slot, said)),
            None => drop(self.by_slot.remove(&slot)),
        }
        self.columns = OnceLock::new();
    }

    /// The sessions have other slots now.
    pub(super) fn moved(&mut self, slot_of: impl Fn(u32) -> Option<u32>) {
        let old = std::mem::take(&mut self.by_slot);
        self.by_slot = old.into_iter().filter_map(|(slot, said)| Some((slot_of(slot)?, said))).collect();
        self.columns = OnceLock::new();
    }

    /// Sessions were added or taken away.
    pub(super) fn changed(&mut self) {
        self.columns = OnceLock::new();
    }

    pub(super) fn is_field(name: &str) -> bool {
        FIELDS.iter().any(|field| field.maker == Maker::Notes && field.name == name)
    }

    /// `rows`: slots that were given out.
    pub(super) fn column(&self, name: &str, live: &RoaringBitmap, rows: u32) -> Option<&Column> {
        self.columns.get_or_init(|| self.built(live, rows)).get(name)
    }

    fn built(&self, live: &RoaringBitmap, rows: u32) -> BTreeMap<&'static str, Column> {
        let set = |has: fn(&Said) -> bool| {
            let with: RoaringBitmap =
                self.by_slot.iter().filter(|(_, said)| has(said)).map(|(slot, _)| *slot).collect();
            Column::yes_no(live, &with, rows)
        };
        let mut columns =
            BTreeMap::from([("watched", set(|said| said.watched)), ("favorite", set(|said| said.favorite))]);
        for name in ["rating", "label", "note"] {
            columns.insert(name, Column::default());
        }
        let mut facts = Map::new();
        for (slot, said) in &self.by_slot {
            said.write(&mut facts);
            for name in ["rating", "label", "note"] {
                if let (Some(value), Some(column)) = (facts.get(name), columns.get_mut(name)) {
                    column.append(*slot, |tell| cells(value, tell));
                }
            }
        }
        columns
    }
}
