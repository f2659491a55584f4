//! The list of sessions.
//!
//! The trap: fields are sparse. A session without the field it is sorted by comes last, whichever way the
//! sort goes, and equal ones keep the order of their ids, so that a list never reshuffles by itself.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::chosen::Chosen;
use crate::error::{Error, Result};
use crate::facts;
use crate::segment::filter;
use crate::store::index::{Index, Order};
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

impl Sort {
    /// As the index takes it.
    pub(super) fn order(&self) -> Result<Order<'_>> {
        if self.field == "id" {
            return Ok(Order::Id);
        }
        let (field, key) = super::browse::named(&self.field)?;
        Ok(Order::Field(field, key))
    }
}

/// Facts of the chosen sessions with their `id`, sorted, at most `limit`. When not all are wanted, those that are come
/// from the stored index, if there is one.
///
/// # Errors
/// The `Cache…` ones.
pub fn sessions(cache: &Cache, chosen: &Chosen, sort: &Sort, limit: Option<usize>) -> Result<Vec<Map<String, Value>>> {
    if (limit.is_some() || !chosen.is_everything()) && cache.has_index()? {
        return cache.reading(|cache| {
            let index = Index::open(cache)?;
            let (rows, now) = chosen.rows();
            let set = index.select(rows, &(), now);
            let page = index.page(&set, sort.order()?, sort.descending, &(), 0, limit.unwrap_or(usize::MAX));
            let ids: Vec<&str> = page.iter().map(|slot| index.id(*slot)).collect();
            let mut rows = super::browse::rows_of(cache, &ids, index.len())?;
            super::reviewed::with_fields(cache, &mut rows)?;
            Ok(rows.into_iter().map(|row| row.facts).collect())
        });
    }
    let mut rows = cache.sessions(&Filter::default())?;
    super::reviewed::with_fields(cache, &mut rows)?;
    rows.retain(|row| chosen.holds(&row.facts));
    order(&mut rows, sort);
    rows.truncate(limit.unwrap_or(usize::MAX));
    Ok(rows.into_iter().map(|row| row.facts).collect())
}

/// Sorts rows as lists show them.
pub fn order(rows: &mut Vec<SessionRow>, sort: &Sort) {
    let mut keyed: Vec<(Option<Value>, SessionRow)> =
        rows.drain(..).map(|row| (first(sort, &row.facts), row)).collect();
    keyed.sort_by(|(a, x), (b, y)| by(sort, a.as_ref(), b.as_ref()).then_with(|| sorted_ids(sort, x, y)));
    rows.extend(keyed.into_iter().map(|(_, row)| row));
}

fn sorted_ids(sort: &Sort, a: &SessionRow, b: &SessionRow) -> Ordering {
    let order = a.id.cmp(&b.id);
    if sort.field == "id" && sort.descending { order.reverse() } else { order }
}

/// The value that a row is sorted by: of several the first.
fn first(sort: &Sort, row: &Map<String, Value>) -> Option<Value> {
    let field = facts::field(&sort.field)?;
    let key = field.name.starts_with(facts::TAG_PREFIX).then(|| &sort.field[facts::TAG_PREFIX.len()..]);
    let mut first = None;
    filter::values(row, field.name, key, &(), &mut |cell| {
        if first.is_none() {
            first = Some(cell.to_json());
        }
    });
    first
}

fn by(sort: &Sort, a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => {
            let mut order = Ordering::Equal;
            filter::cells(a, &mut |a| filter::cells(b, &mut |b| order = a.order(b)));
            if sort.descending { order.reverse() } else { order }
        }
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
        for descending in [false, true] {
            let sort = Sort { field: "city".into(), descending };
            let with = first(&sort, serde_json::json!({"city": "Oslo"}).as_object().unwrap());
            assert_eq!(by(&sort, with.as_ref(), None), Ordering::Less);
        }
    }
}
