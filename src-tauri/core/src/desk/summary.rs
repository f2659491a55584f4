//! Sessions told in sentences, for the window and the command.
//!
//! The trap: what is told must be what the list counts, so it is told from the rows that the cache keeps.

use std::collections::HashSet;

use serde_json::Value;

use super::chosen::Chosen;
use super::list;
use crate::error::Result;
use crate::event::{Kind, Session};
use crate::report::summary::{self, Deed, Sentence};
use crate::store::Cache;

/// One session in a few sentences.
///
/// # Errors
/// [`crate::error::Error::SessionMissing`], the `Cache…` ones.
pub fn session(cache: &Cache, id: &str) -> Result<Vec<Sentence>> {
    let row = cache.session(id)?;
    let events = if row.has_recording { Some(cache.load(id)?) } else { None };
    told(cache, id, events.as_ref())
}

/// As [`session`], of one that is open already.
pub(super) fn told(cache: &Cache, id: &str, session: Option<&Session>) -> Result<Vec<Sentence>> {
    let row = cache.session(id)?;
    let (mut pages, mut signals) = (Vec::new(), Vec::new());
    cache.each_page(Some(id), |_, page| pages.push(page))?;
    cache.each_signal(Some(id), |_, signal| signals.push(signal))?;
    let listed = row.facts.get("event").and_then(Value::as_array);
    let known: HashSet<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
    let deeds: Vec<Deed> = session
        .into_iter()
        .flat_map(|s| &s.events)
        .filter_map(|event| match &event.kind {
            Kind::Custom { name, .. } if known.contains(name.trim()) => {
                Some(Deed { time: event.time, name: name.trim().to_owned() })
            }
            _ => None,
        })
        .collect();
    Ok(summary::session(&row.facts, &pages, &signals, &deeds))
}

/// What the chosen sessions share.
///
/// # Errors
/// The `Cache…` ones.
pub fn group(cache: &Cache, chosen: &Chosen) -> Result<Vec<Sentence>> {
    let sort = list::Sort { field: "id".to_owned(), descending: false };
    let all = list::sessions(cache, &Chosen::default(), &sort, None)?;
    let rows: Vec<_> = all.iter().filter(|row| chosen.holds(row)).cloned().collect();
    Ok(summary::group(&rows, &all))
}
