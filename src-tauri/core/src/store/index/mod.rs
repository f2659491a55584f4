//! The fact index: all facts of all sessions in memory, by field, so that any filter counts at once.
//!
//! The trap: it is a copy. Sessions are imported, changed and removed by other connections and other programs while it is
//! open. The cache itself notes every session that changes (triggers of migration 6), an index knows the last change that
//! it has in it, and catches up before it answers; what is stored of it is only where it starts from.

mod choose;
mod column;
mod dictionary;
mod facet;
mod order;
mod reviews;
mod saved;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, OnceLock};

use rayon::prelude::*;
use roaring::RoaringBitmap;
use rusqlite::OptionalExtension;
use serde_json::{Map, Value};

use super::Cache;
use super::failure::At;
use crate::error::{Error, Result};
use crate::facts::{FIELDS, Maker, PRODUCT_FIELDS, TAG_PREFIX};
use crate::segment::filter::{cells, key_in_rows};

pub use facet::{Bin, Values};
pub use order::Order;
pub use reviews::Said;

/// Sessions of an index, by their slots.
pub type Set = RoaringBitmap;

use column::Column;
use dictionary::Texts;
use reviews::Reviews;

/// Sessions that are read from the cache at once.
const BATCH: usize = 1 << 14;
/// Sessions that are added before what was added is put in order.
const ADDED: usize = 1 << 18;
/// Changes beyond which the stored index is written anew: so many, and this part of all sessions.
const CHANGES: usize = 2000;
const CHANGES_OF_ALL: usize = 20;

/// Name of the stored column of ids; no field has it.
const IDS: &str = "id";

/// All sessions of a cache. Sessions are counted in slots: numbers that stand for them as long as the index does not
/// change.
pub struct Index {
    /// By the name of the field, of tags in lower case.
    columns: BTreeMap<String, Column>,
    /// Names of tags as they were first met, by their lower case.
    tags: BTreeMap<String, String>,
    /// Ids of the first slots, in order.
    ids: Texts,
    /// Ids of the slots behind them.
    new_ids: Vec<String>,
    /// Slots of those, and of sessions of the first slots that changed.
    moved: HashMap<String, u32>,
    /// Slots of sessions that are there as they are now.
    live: RoaringBitmap,
    reviews: Reviews,
    /// Last change that is in it.
    seen: i64,
    /// Last change that was in the stored index.
    saved: i64,
    /// Sessions by id: place of each slot, and slot of each place. Nothing while the slots are in order.
    places: OnceLock<(Vec<u32>, Vec<u32>)>,
    answers: Mutex<choose::Answers>,
    /// Once somebody asked: sessions with a picture of a page.
    playable: OnceLock<RoaringBitmap>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("sessions", &self.live.len()).field("seen", &self.seen).finish_non_exhaustive()
    }
}

/// What is stored of an index.
#[derive(Debug, Clone, Copy)]
struct Stored {
    layout: i64,
    sessions: usize,
    columns: usize,
    seq: i64,
}

impl Cache {
    /// Runs questions on one state of the cache, whatever others write meanwhile.
    ///
    /// # Errors
    /// Those of `ask`, and the `Cache…` ones.
    pub fn reading<T>(&self, ask: impl FnOnce(&Cache) -> Result<T>) -> Result<T> {
        if !self.db.is_autocommit() {
            return ask(self);
        }
        let tx = self.db.unchecked_transaction().at(&self.path)?;
        let answer = ask(self);
        tx.finish().at(&self.path)?;
        answer
    }

    /// Number of the last change of a session.
    fn last_change(&self) -> Result<i64> {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'fact_changes'";
        let last = self.db.prepare_cached(sql).at(&self.path)?.query_row([], |row| row.get(0)).optional();
        Ok(last.at(&self.path)?.unwrap_or(0))
    }

    fn stored_index(&self) -> Result<Option<Stored>> {
        let sql = "SELECT layout, sessions, columns, seq FROM fact_index";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Stored { layout: row.get(0)?, sessions: row.get(1)?, columns: row.get(2)?, seq: row.get(3)? })
        };
        self.db.prepare_cached(sql).at(&self.path)?.query_row([], read).optional().at(&self.path)
    }

    /// Sessions that changed since, each once, and whether their facts did.
    fn changes_since(&self, seq: i64) -> Result<Vec<(String, bool)>> {
        let sql = "SELECT session, max(facts) FROM fact_changes WHERE seq > ? GROUP BY session";
        self.rows(sql, [seq], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Whether an index is stored that opens quickly.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn has_index(&self) -> Result<bool> {
        Ok(self.stored_index()?.is_some() && !self.wants_index()?)
    }

    /// Whether so much changed that storing the index makes its next opening quicker.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn wants_index(&self) -> Result<bool> {
        let Some(stored) = self.stored_index()?.filter(|stored| stored.layout == saved::LAYOUT) else {
            return self.db.prepare_cached("SELECT 1 FROM sessions").at(&self.path)?.exists([]).at(&self.path);
        };
        let most = CHANGES + stored.sessions / CHANGES_OF_ALL;
        // One more than there may be is enough to know.
        let sql = "SELECT count(*) FROM (SELECT 1 FROM fact_changes WHERE seq > ? AND facts = 1 LIMIT ?)";
        let mut query = self.db.prepare_cached(sql).at(&self.path)?;
        let changes: usize = query.query_row((stored.seq, most + 1), |row| row.get(0)).at(&self.path)?;
        Ok(changes > most)
    }

    fn session_count(&self) -> Result<usize> {
        let mut query = self.db.prepare_cached("SELECT count(*) FROM sessions").at(&self.path)?;
        query.query_row([], |row| row.get(0)).at(&self.path)
    }
}

impl Index {
    fn empty() -> Index {
        Index {
            columns: BTreeMap::new(),
            tags: BTreeMap::new(),
            ids: Texts::default(),
            new_ids: Vec::new(),
            moved: HashMap::new(),
            live: RoaringBitmap::new(),
            reviews: Reviews::default(),
            seen: 0,
            saved: 0,
            places: OnceLock::new(),
            answers: Mutex::default(),
            playable: OnceLock::new(),
        }
    }

    /// The index of a cache as it is now: the stored one with what changed since, or made from every session when none
    /// is stored or it cannot be read. Writes nothing.
    ///
    /// # Errors
    /// The `Cache…` ones, for sessions that cannot be read.
    pub fn open(cache: &Cache) -> Result<Index> {
        cache.reading(|cache| {
            let mut index = match Index::load(cache)? {
                Some(index) => index,
                None => Index::made(cache)?,
            };
            for (id, said) in cache.said_by_people(None)? {
                if let Some(slot) = index.slot(&id) {
                    index.reviews.set(slot, Some(said));
                }
            }
            Ok(index)
        })
    }

    /// The stored index, caught up; nothing when it is not whole.
    fn load(cache: &Cache) -> Result<Option<Index>> {
        let Some(stored) = cache.stored_index()?.filter(|stored| stored.layout == saved::LAYOUT) else {
            return Ok(None);
        };
        let mut index = Index { seen: stored.seq, saved: stored.seq, ..Index::empty() };
        let read: Mutex<(Option<Texts>, BTreeMap<String, Column>)> = Mutex::default();
        {
            // The largest come first, so that no thread is left alone with one at the end. Only names are sorted.
            let names: Vec<String> =
                cache.rows("SELECT name FROM fact_columns ORDER BY bytes DESC", [], |row| row.get(0))?;
            let mut query = cache.db.prepare("SELECT bytes, data FROM fact_columns WHERE name = ?").at(&cache.path)?;
            rayon::in_place_scope(|scope| -> Result<()> {
                for name in names {
                    let read_row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, usize>(0)?, row.get::<_, Vec<u8>>(1)?));
                    let (bytes, data) = query.query_row([&name], read_row).at(&cache.path)?;
                    let read = &read;
                    scope.spawn(move |_| {
                        let Some(raw) = saved::unpacked(&data, bytes) else { return };
                        if name == IDS {
                            lock(read).0 = saved::texts(&raw);
                        } else if let Some(column) = saved::column(&raw, stored.sessions) {
                            lock(read).1.insert(name, column);
                        }
                    });
                }
                Ok(())
            })?;
        }
        let (ids, columns) = read.into_inner().unwrap_or_default();
        let Some(ids) = ids.filter(|ids| ids.len() == stored.sessions && columns.len() == stored.columns) else {
            return Ok(None);
        };
        index.ids = ids;
        for (name, column) in columns {
            let low = if name.starts_with(TAG_PREFIX) { name.to_lowercase() } else { name.clone() };
            if low.starts_with(TAG_PREFIX) {
                index.tags.insert(low.clone(), name);
            }
            index.columns.insert(low, column);
        }
        index.live.insert_range(0..stored.sessions as u32);
        index.catch_up(cache)?;
        // Whatever else went wrong with the file, an index of another number of sessions is none.
        Ok((index.len() == cache.session_count()? as u64).then_some(index))
    }

    /// An index of every session's facts.
    fn made(cache: &Cache) -> Result<Index> {
        let mut index = Index { seen: cache.last_change()?, ..Index::empty() };
        let mut query = cache.db.prepare("SELECT id, facts FROM sessions ORDER BY id").at(&cache.path)?;
        let mut rows = query.query([]).at(&cache.path)?;
        let mut batch: Vec<(String, String)> = Vec::new();
        loop {
            let row = rows.next().at(&cache.path)?;
            if let Some(row) = row {
                batch.push((row.get(0).at(&cache.path)?, row.get(1).at(&cache.path)?));
                if batch.len() < BATCH {
                    continue;
                }
            } else if batch.is_empty() {
                break;
            }
            index.add(cache, std::mem::take(&mut batch))?;
            if index.new_ids.len() >= ADDED {
                index.settle();
            }
        }
        index.settle();
        Ok(index)
    }

    /// Brings the index to the state of the cache; true when something changed. Slots are new then.
    ///
    /// # Errors
    /// The `Cache…` ones; the index must not be used after one.
    pub fn refresh(&mut self, cache: &Cache) -> Result<bool> {
        cache.reading(|cache| {
            if cache.last_change()? == self.seen {
                return Ok(false);
            }
            if cache.stored_index()?.is_some_and(|stored| stored.seq > self.seen) {
                // Changes that are in the stored index are no longer listed.
                *self = Index::open(cache)?;
            } else {
                self.catch_up(cache)?;
            }
            Ok(true)
        })
    }

    fn catch_up(&mut self, cache: &Cache) -> Result<()> {
        let last = cache.last_change()?;
        let changes = cache.changes_since(self.seen)?;
        let mut changed = Vec::with_capacity(changes.len());
        for (id, facts) in &changes {
            if *facts {
                if let Some(slot) = self.slot(id) {
                    self.live.remove(slot);
                    self.reviews.set(slot, None);
                }
                let sql = "SELECT facts FROM sessions WHERE id = ?";
                let facts = cache.db.prepare_cached(sql).at(&cache.path)?.query_row([id], |row| row.get(0)).optional();
                if let Some(facts) = facts.at(&cache.path)? {
                    changed.push((id.clone(), facts));
                    if changed.len() >= BATCH {
                        self.add(cache, std::mem::take(&mut changed))?;
                    }
                }
            }
        }
        self.add(cache, changed)?;
        // People may have written about a session before it came, so a session that changed is asked about as well.
        for (id, _) in &changes {
            if let Some(slot) = self.slot(id) {
                let said = cache.said_by_people(Some(id))?.remove(id);
                self.reviews.set(slot, said);
            }
        }
        if let Some(mut playable) = self.playable.take() {
            let sql = "SELECT 1 FROM pages WHERE session = ? AND has_snapshot";
            for (id, _) in changes.iter().filter(|(_, facts)| *facts) {
                if let Some(slot) = self.slot(id)
                    && cache.db.prepare_cached(sql).at(&cache.path)?.exists([id]).at(&cache.path)?
                {
                    playable.insert(slot);
                }
            }
            self.playable = playable.into();
        }
        self.seen = last;
        self.reviews.changed();
        self.places = OnceLock::new();
        self.answers = Mutex::default();
        if self.new_ids.len() > ADDED || self.new_ids.len() > CHANGES.max(self.ids.len() / 4) {
            self.settle();
        }
        Ok(())
    }

    /// Gives sessions a slot each, with their facts as the cache has them.
    fn add(&mut self, cache: &Cache, sessions: Vec<(String, String)>) -> Result<()> {
        let parsed: Vec<serde_json::Result<Map<String, Value>>> =
            sessions.par_iter().map(|(_, facts)| serde_json::from_str(facts)).collect();
        let mut rows = Vec::with_capacity(sessions.len());
        for ((id, _), facts) in sessions.into_iter().zip(parsed) {
            let facts = facts.map_err(|e| Error::CacheDamaged {
                path: cache.path.clone(),
                reason: format!("The facts of session {id} cannot be read ({e})."),
            })?;
            rows.push((id, facts));
        }
        self.add_facts(rows);
        match self.columns.values().all(|column| column.dictionary().has_room()) {
            true => Ok(()),
            false => Err(Error::Internal { message: "A field has more text than the index can hold.".to_owned() }),
        }
    }

    fn add_facts(&mut self, rows: Vec<(String, Map<String, Value>)>) {
        let first = self.rows();
        let mut by_column: HashMap<String, Vec<(u32, &Value)>> = HashMap::new();
        for (slot, (_, facts)) in (first..).zip(&rows) {
            for (key, value) in facts {
                let name = match column_of(key) {
                    Some(name) => name,
                    None if key.starts_with(TAG_PREFIX) => {
                        let name = key.to_lowercase();
                        self.tags.entry(name.clone()).or_insert_with(|| key.clone());
                        by_column.entry(name).or_default().push((slot, value));
                        continue;
                    }
                    None => continue,
                };
                match by_column.get_mut(name) {
                    Some(values) => values.push((slot, value)),
                    None => drop(by_column.insert(name.to_owned(), vec![(slot, value)])),
                }
            }
        }
        for name in by_column.keys() {
            if !self.columns.contains_key(name) {
                self.columns.insert(name.clone(), Column::default());
            }
        }
        self.columns.par_iter_mut().for_each(|(name, column)| {
            let Some(values) = by_column.get(name) else { return };
            // Two spellings of a tag in one session are one tag.
            for same in values.chunk_by(|a, b| a.0 == b.0) {
                column.append(same[0].0, |tell| same.iter().for_each(|(_, value)| cells(value, tell)));
            }
        });
        for (slot, (id, _)) in (first..).zip(rows) {
            self.moved.insert(id.clone(), slot);
            self.new_ids.push(id);
            self.live.insert(slot);
        }
    }

    /// Puts what was added in order with the rest, and lets go of what went.
    fn settle(&mut self) {
        let mut slots: Vec<u32> = self.live.iter().collect();
        slots.sort_by(|a, b| self.id(*a).cmp(self.id(*b)));
        let mut ids = Texts::default();
        slots.iter().for_each(|slot| ids.push(self.id(*slot)));
        let old = std::mem::take(&mut self.columns);
        let columns: Vec<(String, Column)> =
            old.into_par_iter().map(|(name, column)| (name, column.of(&slots))).collect();
        self.columns = columns.into_iter().filter(|(_, column)| !column.present().is_empty()).collect();
        self.tags.retain(|name, _| self.columns.contains_key(name));
        let mut now = vec![None; self.rows() as usize];
        for (place, slot) in (0..).zip(&slots) {
            now[*slot as usize] = Some(place);
        }
        self.reviews.moved(|slot| now.get(slot as usize).copied().flatten());
        if let Some(playable) = self.playable.take() {
            let moved: RoaringBitmap = playable.into_iter().filter_map(|slot| now[slot as usize]).collect();
            self.playable = moved.into();
        }
        self.ids = ids;
        self.new_ids = Vec::new();
        self.moved = HashMap::new();
        self.live = RoaringBitmap::new();
        self.live.insert_range(0..slots.len() as u32);
        self.places = OnceLock::new();
        self.answers = Mutex::default();
    }

    /// Stores the index, so that the next opening needs to read no session. Slots are new then. Nothing of a session
    /// that went is in what is stored; whoever takes sessions away for good has to store the index after it, before
    /// the file is made smaller.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones; the cache is as it was then.
    pub fn save(&mut self, cache: &mut Cache) -> Result<()> {
        self.refresh(cache)?;
        self.settle();
        let failed = |e: std::io::Error| Error::Internal { message: format!("The index cannot be packed: {e}.") };
        let pack = |name: &str, raw: Vec<u8>| Ok((name.to_owned(), raw.len(), saved::packed(&raw)?));
        let mut columns: Vec<(String, usize, Vec<u8>)> = self
            .columns
            .par_iter()
            .map(|(name, column)| pack(self.tags.get(name).unwrap_or(name), saved::column_bytes(column)))
            .collect::<std::io::Result<_>>()
            .map_err(failed)?;
        columns.push(pack(IDS, saved::texts_bytes(&self.ids)).map_err(failed)?);
        let path = cache.path.clone();
        let writing = cache.write()?;
        let last = "SELECT seq FROM sqlite_sequence WHERE name = 'fact_changes'";
        let last: Option<i64> = writing.tx.query_row(last, [], |row| row.get(0)).optional().at(&path)?;
        if last.unwrap_or(0) != self.seen {
            // Somebody was quicker; the next one who asks stores it.
            return Ok(());
        }
        writing.run("DELETE FROM fact_columns", [])?;
        for (name, bytes, data) in &columns {
            writing.run("INSERT INTO fact_columns (name, bytes, data) VALUES (?, ?, ?)", (name, bytes, data))?;
        }
        writing.run(
            "INSERT OR REPLACE INTO fact_index (one, layout, sessions, columns, seq) VALUES (1, ?, ?, ?, ?)",
            (saved::LAYOUT, self.ids.len(), self.columns.len(), self.seen),
        )?;
        writing.run("DELETE FROM fact_changes WHERE seq <= ?", [self.seen])?;
        writing.commit()?;
        self.saved = self.seen;
        Ok(())
    }

    /// Sessions in it.
    pub fn len(&self) -> u64 {
        self.live.len()
    }

    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// All sessions.
    pub fn all(&self) -> &RoaringBitmap {
        &self.live
    }

    /// The sessions of which a page can be shown.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn playable(&self, cache: &Cache) -> Result<&RoaringBitmap> {
        if let Some(known) = self.playable.get() {
            return Ok(known);
        }
        let ids =
            cache.rows("SELECT DISTINCT session FROM pages WHERE has_snapshot", [], |row| row.get::<_, String>(0))?;
        let playable = ids.iter().filter_map(|id| self.slot(id)).collect();
        Ok(self.playable.get_or_init(|| playable))
    }

    /// Names of the tags that its sessions have, each once whatever its letters' case.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.values().map(String::as_str)
    }

    /// The session of a slot.
    pub fn id(&self, slot: u32) -> &str {
        match (slot as usize).checked_sub(self.ids.len()) {
            None => self.ids.get(slot as usize),
            Some(at) => self.new_ids.get(at).map_or("", String::as_str),
        }
    }

    /// The slot of a session.
    pub fn slot(&self, id: &str) -> Option<u32> {
        let slot = self.moved.get(id).copied().or_else(|| {
            let at = self.ids.partition(|known| known < id);
            (at < self.ids.len() && self.ids.get(at) == id).then_some(at as u32)
        })?;
        self.live.contains(slot).then_some(slot)
    }

    /// Slots that were given out.
    fn rows(&self) -> u32 {
        (self.ids.len() + self.new_ids.len()) as u32
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is kept under it is put in whole.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The field whose values stand under a key of a session's facts. What people set and what a library makes does not.
fn column_of(key: &str) -> Option<&'static str> {
    static NAMES: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let kept = |maker| matches!(maker, Maker::Facts | Maker::Signals);
        let fields = FIELDS.iter().chain(PRODUCT_FIELDS).filter(|f| kept(f.maker) && !f.name.starts_with(TAG_PREFIX));
        fields.map(|field| (key_in_rows(field.name), field.name)).collect()
    });
    names.get(key).copied()
}
