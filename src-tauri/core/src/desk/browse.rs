//! The session list as the window pages, sorts and counts it.
//!
//! The trap: a list, a count beside a value and a place in the list are asked for in calls of their own, and people add
//! them up. All of them go through one way of choosing sessions, on one state of the cache each.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::chosen::Chosen;
use super::list::Sort;
use super::review::{self, Standing};
use super::reviewed;
use super::window::{Desk, Marked, SessionsQuery, json, now};
use crate::error::{Error, Result};
use crate::facts::{self, Field, TAG_PREFIX};
use crate::segment::filter::{self, FieldRef, Filter, Literal, Named, Test, What, holds};
use crate::store::index::{Index, Set};
use crate::store::{self, Cache, SessionRow as Stored};
use crate::wire::{BinView, CountView, FacetValueView, FacetView, FacetsView, FieldView, SessionList, WordView};

/// Fields in which the search box looks for its text, beside the id.
const MENTIONED: [&str; 16] = [
    "entry_page",
    "exit_page",
    "device",
    "title",
    "browser",
    "os",
    "country",
    "city",
    "channel",
    "referrer",
    "utm.source",
    "utm.medium",
    "utm.campaign",
    "user",
    "label",
    "note",
];

/// Sessions that have a text somewhere in what a list shows of them.
pub(super) struct Mention {
    low: String,
    fields: Filter,
}

impl Mention {
    /// Nothing for a text without a letter, which all sessions have.
    pub(super) fn of(text: &str) -> Option<Mention> {
        let written = text.trim();
        if written.is_empty() {
            return None;
        }
        let low = written.to_lowercase();
        let test = |field| {
            let text = Literal { written: written.to_owned(), value: filter::Value::Text(low.clone()), at: 0 };
            let field = Named { field: FieldRef(field), key: None };
            Filter::Test(Test { field, what: What::Contains { not: false, text }, at: 0, until: 0 })
        };
        let fields = Filter::Any(MENTIONED.iter().filter_map(|name| facts::field(name)).map(test).collect());
        Some(Mention { low, fields })
    }

    /// `facts`: with the fields that people wrote.
    pub(super) fn holds(&self, id: &str, facts: &Map<String, Value>) -> bool {
        id.to_lowercase().contains(&self.low) || holds(&self.fields, facts, &(), 0)
    }

    fn select(&self, index: &Index) -> Set {
        index.select(std::slice::from_ref(&self.fields), &(), 0) | index.ids_containing(&self.low)
    }
}

/// Stores the index of a cache when much of it changed. It can always be made again, so what goes wrong is left to
/// whoever needs it.
pub fn keep_index(cache: &mut Cache) {
    let keep = |cache: &mut Cache| -> Result<()> {
        if cache.wants_index()? {
            Index::open(cache)?.save(cache)?;
        }
        Ok(())
    };
    let _ = keep(cache);
}

/// A field by the name that a caller gave, with the key of a tag.
pub(super) fn named(name: &str) -> Result<(&'static Field, Option<&str>)> {
    let field = facts::field(name).ok_or_else(|| Error::Usage { message: format!("There is no field {name:?}.") })?;
    Ok((field, field.name.starts_with(TAG_PREFIX).then(|| &name[TAG_PREFIX.len()..])))
}

/// How many sessions of a set have each value of a field.
fn facet(
    index: &Index,
    set: &Set,
    name: &str,
    field: (&'static Field, Option<&str>),
    typed: &str,
    limit: usize,
) -> FacetView {
    let values = index.values(set, field, &(), typed, limit);
    let bin = |bin: store::index::Bin| BinView { from: bin.from, until: bin.until, count: bin.count };
    FacetView {
        name: name.to_owned(),
        kind: field.0.kind.name(),
        label: label(field.0, name),
        values: values.values.into_iter().map(|(value, count)| FacetValueView { value, count }).collect(),
        more: values.more,
        empty: values.empty,
        min: values.bounds.map(|(min, _)| min),
        max: values.bounds.map(|(_, max)| max),
        histogram: values.bounds.map(|_| values.histogram.into_iter().map(bin).collect()),
    }
}

/// Counts per value among the chosen sessions: of these fields, or of every field and tag that any of them knows.
///
/// # Errors
/// [`Error::Usage`] for a field that does not exist, the `Cache…` ones.
pub fn facets(
    cache: &Cache,
    chosen: &Chosen,
    names: &[String],
    typed: Option<&str>,
    limit: usize,
) -> Result<FacetsView> {
    let index = Index::open(cache)?;
    let (rows, now) = chosen.rows();
    let set = index.select(rows, &(), now);
    let fields = |names: &[String]| -> Result<Vec<FacetView>> {
        names.iter().map(|name| Ok(facet(&index, &set, name, named(name)?, typed.unwrap_or_default(), limit))).collect()
    };
    let fields = if names.is_empty() {
        let known = facts::FIELDS.iter().chain(facts::PRODUCT_FIELDS).map(|f| f.name.to_owned());
        let all: Vec<String> =
            known.filter(|name| !name.starts_with(TAG_PREFIX)).chain(index.tags().map(str::to_owned)).collect();
        let mut views = fields(&all)?;
        views.retain(|view| u64::from(view.empty) < set.len());
        views
    } else {
        fields(names)?
    };
    Ok(FacetsView { total: index.len() as u32, matched: set.len() as u32, fields })
}

/// What a list is asked for, read.
struct Question {
    chosen: Chosen,
    mention: Option<Mention>,
    only: Option<Vec<String>>,
    marked: Option<Marked>,
    sort: Sort,
}

impl Question {
    fn of(query: &SessionsQuery) -> Result<Question> {
        let direction = if query.descending.unwrap_or(false) { "desc" } else { "asc" };
        Ok(Question {
            chosen: Chosen::new(query.filter.as_deref().unwrap_or_default(), now())?,
            mention: query.text.as_deref().and_then(Mention::of),
            only: query.only.clone(),
            marked: query.marked.clone(),
            sort: match &query.sort {
                Some(field) => format!("{field}:{direction}").parse()?,
                None => Sort::default(),
            },
        })
    }

    fn select(&self, cache: &Cache, index: &Index) -> Result<Set> {
        let (rows, now) = self.chosen.rows();
        let mut set = index.select(rows, &(), now);
        if let Some(mention) = &self.mention {
            set &= mention.select(index);
        }
        if let Some(only) = &self.only {
            set &= only.iter().filter_map(|id| index.slot(id)).collect::<Set>();
        }
        if let Some(marked) = &self.marked {
            let kept = marked.keep.as_ref().and_then(|id| index.slot(id)).filter(|slot| set.contains(*slot));
            keep_marked(cache, index, &mut set, marked)?;
            set.extend(kept);
        }
        Ok(set)
    }
}

/// Leaves out of a set what the reviewer did not mark so.
fn keep_marked(cache: &Cache, index: &Index, set: &mut Set, marked: &Marked) -> Result<()> {
    let standings = review::standings(cache, &review::reviewer(cache)?)?;
    let with = |has: &dyn Fn(&Standing) -> bool| -> Set {
        let those = standings.iter().filter(|(_, standing)| has(standing));
        those.filter_map(|(id, _)| index.slot(id)).collect()
    };
    if marked.unwatched {
        *set -= with(&|standing| standing.watched_at.is_some());
    }
    if marked.favourite {
        *set &= with(&|standing| standing.favourite);
    }
    if marked.notes {
        *set &= with(&|standing| !standing.notes.is_empty());
    }
    if let Some(label) = &marked.label {
        *set &= with(&|standing| standing.labels.contains(label));
    }
    if marked.playable {
        *set &= index.playable(cache)?;
    }
    Ok(())
}

/// Rows of sessions in the order of their ids' list. Reading all is quicker than asking for most of them one by one.
pub(super) fn rows_of(cache: &Cache, ids: &[&str], all: u64) -> Result<Vec<Stored>> {
    if (ids.len() as u64) < all / 4 {
        return cache.sessions_named(ids);
    }
    let wanted: HashSet<&str> = ids.iter().copied().collect();
    let rows = cache.sessions(&store::Filter::default())?;
    let mut rows: HashMap<String, Stored> =
        rows.into_iter().filter(|row| wanted.contains(row.id.as_str())).map(|row| (row.id.clone(), row)).collect();
    Ok(ids.iter().filter_map(|id| rows.remove(*id)).collect())
}

/// The values that a row brings for a field: one, or a list of those of a field with several.
fn column(facts: &Map<String, Value>, (field, key): (&'static Field, Option<&str>)) -> Option<Value> {
    let mut values = Vec::new();
    filter::values(facts, field.name, key, &(), &mut |cell| values.push(cell.to_json()));
    match field.several {
        true => (!values.is_empty()).then(|| values.into()),
        false => values.into_iter().next(),
    }
}

impl Desk {
    /// Asks the index, brought to the state of the cache, which stands still meanwhile.
    fn indexed<T>(&self, ask: impl FnOnce(&Cache, &Index) -> Result<T>) -> Result<T> {
        let mut slot = self.index();
        let mut cache = self.cache();
        let was_open = slot.is_some();
        let answer = cache.reading(|cache| {
            let mut index = match slot.take() {
                Some(index) => index,
                None => Index::open(cache)?,
            };
            // After an error it is gone, and the next question makes another one.
            index.refresh(cache)?;
            ask(cache, slot.insert(index))
        })?;
        if !was_open
            && cache.wants_index().unwrap_or(false)
            && let Some(mut index) = slot.take()
            && index.save(&mut cache).is_ok()
        {
            *slot = Some(index);
        }
        Ok(answer)
    }

    /// The session list as JSON of `SessionList`: sorted by a field of the filter language, newest first
    /// without one; `text` keeps those that have it in their addresses, titles, source, place or id.
    ///
    /// # Errors
    /// [`Error::Usage`] for a field that does not exist, [`Error::Filter`], the `Cache…` ones.
    pub fn sessions(&self, query: SessionsQuery) -> Result<Vec<u8>> {
        let names = query.columns.as_deref().unwrap_or_default();
        let columns: Vec<_> = names.iter().map(|name| named(name)).collect::<Result<_>>()?;
        let question = Question::of(&query)?;
        let order = question.sort.order()?;
        let (from, limit) = (query.from.unwrap_or(0), query.limit.unwrap_or(usize::MAX));
        let list = self.indexed(|cache, index| {
            let set = question.select(cache, index)?;
            let page = index.page(&set, order, question.sort.descending, &(), from, limit);
            let ids: Vec<&str> = page.iter().map(|slot| index.id(*slot)).collect();
            let mut sessions = rows_of(cache, &ids, index.len())?;
            let mut rows = reviewed::rows(cache, &sessions)?;
            if !columns.is_empty() {
                reviewed::with_fields(cache, &mut sessions)?;
            }
            for (row, session) in rows.iter_mut().zip(&sessions) {
                for (name, field) in names.iter().zip(&columns) {
                    if let Some(value) = column(&session.facts, *field) {
                        row.fields.insert(name.clone(), value);
                    }
                }
            }
            let matched = set.len() as u32;
            Ok(SessionList { total: index.len() as u32, matched, from: matched.min(from as u32), rows })
        })?;
        json(&list)
    }

    /// Place of a session in a list, from 0; `None` when it is not in it.
    ///
    /// # Errors
    /// As [`Desk::sessions`].
    pub fn place(&self, id: &str, query: SessionsQuery) -> Result<Option<u32>> {
        let question = Question::of(&query)?;
        let order = question.sort.order()?;
        self.indexed(|cache, index| {
            let Some(slot) = index.slot(id) else { return Ok(None) };
            let place = index.place(slot, &question.select(cache, index)?, order, question.sort.descending, &());
            Ok(place.map(|place| place as u32))
        })
    }

    /// How many sessions rows of the filter language choose.
    ///
    /// # Errors
    /// [`Error::Filter`], the `Cache…` ones.
    pub fn count(&self, filter: &[String]) -> Result<CountView> {
        let chosen = Chosen::new(filter, now())?;
        let (rows, now) = chosen.rows();
        self.indexed(|_, index| {
            let matched = index.select(rows, &(), now).len() as u32;
            Ok(CountView { total: index.len() as u32, matched })
        })
    }

    /// Ids of the sessions of a list, in its order.
    ///
    /// # Errors
    /// As [`Desk::sessions`].
    pub(super) fn ids(&self, query: &SessionsQuery) -> Result<Vec<String>> {
        let question = Question::of(query)?;
        let order = question.sort.order()?;
        self.indexed(|cache, index| {
            let set = question.select(cache, index)?;
            let all = index.page(&set, order, question.sort.descending, &(), 0, usize::MAX);
            Ok(all.into_iter().map(|slot| index.id(slot).to_owned()).collect())
        })
    }

    /// Counts per value among the sessions of a list, as JSON of `Facets`; `typed` keeps the values that have it
    /// anywhere, and at most `limit` are given of each field.
    ///
    /// # Errors
    /// [`Error::Usage`] for a field that does not exist, [`Error::Filter`], the `Cache…` ones.
    pub fn facets(
        &self,
        query: &SessionsQuery,
        names: &[String],
        typed: Option<&str>,
        limit: usize,
    ) -> Result<Vec<u8>> {
        let fields: Vec<_> = names.iter().map(|name| named(name)).collect::<Result<_>>()?;
        let question = Question::of(query)?;
        let facets = self.indexed(|cache, index| {
            let set = question.select(cache, index)?;
            let facet = |(name, field): (&String, _)| facet(index, &set, name, field, typed.unwrap_or_default(), limit);
            let fields = names.iter().zip(fields).map(facet).collect();
            Ok(FacetsView { total: index.len() as u32, matched: set.len() as u32, fields })
        })?;
        json(&facets)
    }

    /// Everything that a filter may name, the tags of this project's sessions included.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn fields(&self) -> Result<Vec<FieldView>> {
        self.indexed(|_, index| {
            let known = facts::FIELDS.iter().chain(facts::PRODUCT_FIELDS).filter(|f| !f.name.starts_with(TAG_PREFIX));
            let mut views: Vec<FieldView> = known.map(|field| field_view(field, field.name)).collect();
            for name in index.tags() {
                views.push(field_view(named(name)?.0, name));
            }
            Ok(views)
        })
    }
}

fn field_view(field: &'static Field, name: &str) -> FieldView {
    let also = |also: Vec<&'static str>| also.into_iter().map(str::to_owned).collect();
    FieldView {
        name: name.to_owned(),
        kind: field.kind.name(),
        label: label(field, name),
        meaning: field.meaning.to_owned(),
        several: field.several,
        words: field.words().into_iter().map(|w| WordView { word: w.word.to_owned(), also: also(w.also) }).collect(),
    }
}

/// What people call the field; a tag by its key.
fn label(field: &'static Field, name: &str) -> String {
    match name.get(TAG_PREFIX.len()..) {
        Some(key) if field.name.starts_with(TAG_PREFIX) => format!("{} {key}", field.label),
        _ => field.label.to_owned(),
    }
}
