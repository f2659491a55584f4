//! The session list as the window pages, sorts and counts it.
//!
//! The trap: a list, a count beside a value and a place in the list are asked for in calls of their own, and people add
//! them up. All of them go through one way of choosing sessions.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::chosen::Chosen;
use super::window::{Desk, SessionsQuery, json, now};
use super::{list, reviewed};
use crate::error::{Error, Result};
use crate::facts::{self, Field, FieldKind, TAG_PREFIX};
use crate::segment::filter::{Cell, Row};
use crate::store::{Filter, SessionRow as Stored};
use crate::wire::{BinView, CountView, FacetValueView, FacetView, FacetsView, FieldView, SessionList, WordView};

/// Bins of a histogram.
const BINS: usize = 20;

/// A field by the name that a caller gave.
fn named(name: &str) -> Result<(&'static Field, Option<&str>)> {
    let unknown = || Error::Usage { message: format!("There is no field {name:?}.") };
    let field = facts::field(name).ok_or_else(unknown)?;
    Ok((field, field.name.starts_with(TAG_PREFIX).then(|| &name[TAG_PREFIX.len()..])))
}

/// Sessions of a list, in its order, and how many there are in all.
fn listed(desk: &Desk, query: &SessionsQuery) -> Result<(Vec<Stored>, usize)> {
    let direction = if query.descending.unwrap_or(false) { "desc" } else { "asc" };
    let sort = match &query.sort {
        Some(field) => format!("{field}:{direction}").parse()?,
        None => list::Sort::default(),
    };
    let chosen = Chosen::new(query.filter.as_deref().unwrap_or_default(), now())?;
    let only: Option<HashSet<&String>> = query.only.as_ref().map(|ids| ids.iter().collect());
    let cache = desk.cache();
    let mut rows = cache.sessions(&Filter::default())?;
    reviewed::with_fields(&cache, &mut rows)?;
    let total = rows.len();
    rows.retain(|row| only.as_ref().is_none_or(|only| only.contains(&row.id)) && chosen.holds(&row.facts));
    if let Some(marked) = &query.marked {
        reviewed::keep_marked(&cache, &mut rows, marked)?;
    }
    list::order(&mut rows, &sort);
    if query.text.is_some() {
        let found: HashSet<String> =
            reviewed::rows(&cache, &rows, query.text.as_deref())?.into_iter().map(|row| row.id).collect();
        rows.retain(|row| found.contains(&row.id));
    }
    Ok((rows, total))
}

/// The values that a row brings for a field: one, or a list of those of a field with several.
fn column(facts: &Map<String, Value>, (field, key): (&'static Field, Option<&str>)) -> Option<Value> {
    let mut values = Vec::new();
    facts.each(field.name, key, &mut |cell| {
        values.push(match cell {
            Cell::Text(text) => text.into(),
            Cell::Number(n) => n.into(),
            Cell::YesNo(yes) => yes.into(),
        });
    });
    match field.several {
        true => (!values.is_empty()).then(|| values.into()),
        false => values.into_iter().next(),
    }
}

impl Desk {
    /// The session list as JSON of `SessionList`: sorted by a field of the filter language, newest first
    /// without one; `text` keeps those that have it in their addresses, titles, source, place or id.
    ///
    /// # Errors
    /// [`Error::Usage`] for a field that does not exist, [`Error::Filter`], the `Cache…` ones.
    pub fn sessions(&self, query: SessionsQuery) -> Result<Vec<u8>> {
        let names = query.columns.as_deref().unwrap_or_default();
        let columns: Vec<_> = names.iter().map(|name| named(name)).collect::<Result<_>>()?;
        let (mut sessions, total) = listed(self, &query)?;
        let matched = sessions.len();
        let from = query.from.unwrap_or(0).min(matched);
        sessions.drain(..from);
        sessions.truncate(query.limit.unwrap_or(usize::MAX));
        let mut rows = reviewed::rows(&self.cache(), &sessions, None)?;
        for (row, session) in rows.iter_mut().zip(&sessions) {
            for (name, field) in names.iter().zip(&columns) {
                if let Some(value) = column(&session.facts, *field) {
                    row.fields.insert(name.clone(), value);
                }
            }
        }
        json(&SessionList { total: total as u32, matched: matched as u32, from: from as u32, rows })
    }

    /// Place of a session in a list, from 0; `None` when it is not in it.
    ///
    /// # Errors
    /// As [`Desk::sessions`].
    pub fn place(&self, id: &str, query: SessionsQuery) -> Result<Option<u32>> {
        let (rows, _) = listed(self, &query)?;
        Ok(rows.iter().position(|row| row.id == id).map(|place| place as u32))
    }

    /// How many sessions rows of the filter language choose.
    ///
    /// # Errors
    /// [`Error::Filter`], the `Cache…` ones.
    pub fn count(&self, filter: &[String]) -> Result<CountView> {
        let query = SessionsQuery { filter: Some(filter.to_vec()), ..SessionsQuery::default() };
        let (rows, total) = listed(self, &query)?;
        Ok(CountView { total: total as u32, matched: rows.len() as u32 })
    }

    /// Ids of the sessions of a list, in its order.
    ///
    /// # Errors
    /// As [`Desk::sessions`].
    pub(super) fn ids(&self, query: &SessionsQuery) -> Result<Vec<String>> {
        Ok(listed(self, query)?.0.into_iter().map(|row| row.id).collect())
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
        let (rows, total) = listed(self, query)?;
        let typed = typed.unwrap_or_default().to_lowercase();
        let fields = names.iter().zip(fields).map(|(name, field)| facet(name, field, &rows, &typed, limit)).collect();
        json(&FacetsView { total: total as u32, matched: rows.len() as u32, fields })
    }

    /// Everything that a filter may name, the tags of this project's sessions included.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn fields(&self) -> Result<Vec<FieldView>> {
        let mut tags: HashMap<String, String> = HashMap::new();
        for row in self.cache().sessions(&Filter::default())? {
            for name in row.facts.keys().filter(|name| name.starts_with(TAG_PREFIX)) {
                tags.entry(name.to_lowercase()).or_insert_with(|| name.clone());
            }
        }
        let tags: BTreeSet<String> = tags.into_values().collect();
        let known = facts::FIELDS.iter().chain(facts::PRODUCT_FIELDS).filter(|f| !f.name.starts_with(TAG_PREFIX));
        let mut views: Vec<FieldView> = known.map(|field| field_view(field, field.name)).collect();
        for name in &tags {
            views.push(field_view(named(name)?.0, name));
        }
        Ok(views)
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

fn facet(
    name: &str,
    (field, key): (&'static Field, Option<&str>),
    rows: &[Stored],
    typed: &str,
    limit: usize,
) -> FacetView {
    let mut values: HashMap<String, (String, u32)> = HashMap::new();
    let mut numbers: Vec<f64> = Vec::new();
    let mut empty = 0;
    for row in rows {
        let mut own: BTreeSet<String> = BTreeSet::new();
        let mut any = false;
        row.facts.each(field.name, key, &mut |cell| {
            any = true;
            own.insert(match cell {
                Cell::Text(text) => text.to_owned(),
                Cell::Number(n) => {
                    numbers.push(n);
                    n.to_string()
                }
                Cell::YesNo(yes) => if yes { "yes" } else { "no" }.to_owned(),
            });
        });
        empty += u32::from(!any);
        let folded: BTreeSet<(String, String)> = own.into_iter().map(|v| (v.to_lowercase(), v)).collect();
        let mut last = None;
        for (low, value) in folded {
            if last.as_ref() != Some(&low) && low.contains(typed) && field.kind != FieldKind::Date {
                values.entry(low.clone()).or_insert((value, 0)).1 += 1;
                last = Some(low);
            }
        }
    }
    let mut values: Vec<_> = values.into_values().map(|(value, count)| FacetValueView { value, count }).collect();
    values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    let more = values.len().saturating_sub(limit) as u32;
    values.truncate(limit);
    let (min, max, histogram) = spread(numbers);
    FacetView {
        name: name.to_owned(),
        kind: field.kind.name(),
        label: label(field, name),
        values,
        more,
        empty,
        min,
        max,
        histogram,
    }
}

type Spread = (Option<f64>, Option<f64>, Option<Vec<BinView>>);

fn spread(mut numbers: Vec<f64>) -> Spread {
    numbers.sort_by(f64::total_cmp);
    let (Some(&min), Some(&max)) = (numbers.first(), numbers.last()) else { return (None, None, None) };
    let width = (max - min) / BINS as f64;
    let mut bins: Vec<BinView> = (0..BINS)
        .map(|i| BinView { from: min + width * i as f64, until: min + width * (i + 1) as f64, count: 0 })
        .collect();
    for n in numbers {
        let at = if width > 0.0 { ((n - min) / width) as usize } else { 0 };
        bins[at.min(BINS - 1)].count += 1;
    }
    (Some(min), Some(max), Some(bins))
}
