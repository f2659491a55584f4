//! The list of sessions.
//!
//! The trap: fields are sparse. A session without the field it is sorted by comes last, whichever way the
//! sort goes, and equal ones keep the order of their ids, so that a list never reshuffles by itself.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::chosen::Chosen;
use crate::error::{Error, Result};
use crate::facts;
use crate::store::{Cache, Filter, SessionRow};

/// Field and direction of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub field: String,
    pub descending: bool,
}

impl Default for Sort {
    /// Newest first.
    fn default() -> Sort {
        Sort { field: "start".to_owned(), descending: true }
    }
}

impl std::str::FromStr for Sort {
    type Err = Error;
    /// `KEY`, `KEY:asc` or `KEY:desc`.
    fn from_str(text: &str) -> Result<Sort> {
        let (field, descending) = match text.rsplit_once(':') {
            Some((field, "desc")) => (field, true),
            Some((field, "asc")) => (field, false),
            Some((_, other)) => {
                let message = format!("A sort ends in :asc or :desc, not :{other}.");
                return Err(Error::Usage { message });
            }
            None => (text, false),
        };
        if field != "id" && facts::field(field).is_none() && !field.starts_with(facts::TAG_PREFIX) {
            return Err(Error::Usage { message: format!("There is no field {field:?} to sort by.") });
        }
        Ok(Sort { field: field.to_owned(), descending })
    }
}

/// Facts of the chosen sessions with their `id`, sorted, at most `limit`.
///
/// # Errors
/// The `Cache…` ones.
pub fn sessions(cache: &Cache, chosen: &Chosen, sort: &Sort, limit: Option<usize>) -> Result<Vec<Map<String, Value>>> {
    let mut rows = cache.sessions(&Filter::default())?;
    super::reviewed::with_fields(cache, &mut rows)?;
    rows.retain(|row| chosen.holds(&row.facts));
    order(&mut rows, sort);
    rows.truncate(limit.unwrap_or(usize::MAX));
    Ok(rows.into_iter().map(|row| row.facts).collect())
}

/// Sorts rows as lists show them.
pub fn order(rows: &mut [SessionRow], sort: &Sort) {
    rows.sort_by(|a, b| by(sort, &a.facts, &b.facts).then_with(|| a.id.cmp(&b.id)));
}

fn by(sort: &Sort, a: &Map<String, Value>, b: &Map<String, Value>) -> Ordering {
    let get = |row: &'_ Map<String, Value>| match row.get(&sort.field) {
        None | Some(Value::Null) => None,
        Some(Value::Array(list)) => list.first().cloned(),
        Some(value) => Some(value.clone()),
    };
    match (get(a), get(b)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => {
            let order = compare(&a, &b);
            if sort.descending { order.reverse() } else { order }
        }
    }
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default())
        }
        (Value::String(a), Value::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()).then_with(|| a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (a, b) => a.to_string().cmp(&b.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_parse() {
        assert_eq!("duration:desc".parse::<Sort>().unwrap(), Sort { field: "duration".into(), descending: true });
        assert_eq!("start".parse::<Sort>().unwrap(), Sort { field: "start".into(), descending: false });
        assert!("nonsense".parse::<Sort>().unwrap_err().is_usage());
        assert!("start:up".parse::<Sort>().unwrap_err().is_usage());
    }

    #[test]
    fn absent_values_come_last_both_ways() {
        let row = |v: Value| v.as_object().unwrap().clone();
        let (with, without) = (row(serde_json::json!({"city": "Oslo"})), row(serde_json::json!({})));
        for descending in [false, true] {
            let sort = Sort { field: "city".into(), descending };
            assert_eq!(by(&sort, &with, &without), Ordering::Less);
        }
    }
}
