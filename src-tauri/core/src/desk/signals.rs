//! What was found in many sessions.
//!
//! The trap: a signal that a reviewer took for no problem is still what was detected; it is given with the verdict, not
//! left out, so that counts agree with the list.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::chosen::Chosen;
use super::list;
use crate::error::{Error, Result};
use crate::report::COUNTED;
use crate::store::{Cache, Decision};

/// `dwell signals`: objects with `session kind page time until selector text`, of errors `party script`, and
/// `not_a_problem` where somebody said so; by session id, then time. `ids`: only these sessions; empty takes all that the
/// filter chooses. `kind`: only this kind.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::Usage`] for a kind that there is not, the `Cache…` ones.
pub fn signals(cache: &Cache, chosen: &Chosen, ids: &[String], kind: Option<&str>) -> Result<Vec<Map<String, Value>>> {
    const RESIZE: &str = "resize";
    let known = || COUNTED.iter().map(|(kind, _)| *kind).chain([RESIZE]);
    if let Some(kind) = kind
        && !known().any(|k| k == kind)
    {
        let message = format!("There is no signal {kind:?}; there are {}.", known().collect::<Vec<_>>().join(", "));
        return Err(Error::Usage { message });
    }
    for id in ids {
        if !cache.has(id)? {
            return Err(Error::SessionMissing { id: id.clone() });
        }
    }
    let rows = list::sessions(cache, chosen, &list::Sort { field: "id".to_owned(), descending: false }, None)?;
    let wanted: HashSet<&str> = rows
        .iter()
        .filter_map(|row| row.get("id")?.as_str())
        .filter(|id| ids.is_empty() || ids.iter().any(|wanted| wanted == id))
        .collect();
    let mut decided: HashMap<String, Vec<(Decision, String)>> = HashMap::new();
    for mark in cache.marks::<Decision>(None)?.into_iter().filter(|m| !m.gone) {
        decided.entry(mark.session).or_default().push((mark.what, mark.by));
    }
    let mut found = Vec::new();
    cache.each_signal(None, |session, signal| {
        if !wanted.contains(session) || kind.is_some_and(|kind| kind != signal.kind) {
            return;
        }
        let mut row = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                row.insert(key.to_owned(), value);
            }
        };
        let verdict = decided.get(session).and_then(|all| {
            let about = |(what, _): &&(Decision, String)| {
                what.is_about(Some(&signal.kind), Some(signal.time), signal.selector.as_deref())
            };
            all.iter().find(about).map(|(what, by)| json!({ "by": by, "reason": what.reason }))
        });
        put("session", Some(session.into()));
        put("kind", Some(signal.kind.into()));
        put("page", Some(signal.page.into()));
        put("time", Some(signal.time.into()));
        put("until", Some(signal.until.into()));
        put("selector", signal.selector.map(Value::from));
        put("text", signal.text.map(Value::from));
        put("party", signal.party.map(Value::from));
        put("script", signal.script.map(Value::from));
        put("not_a_problem", verdict);
        found.push(row);
    })?;
    Ok(found)
}
