//! Whether a session's facts fit a filter.
//!
//! The trap: filters compare the values that the list prints, not what they were derived from; whoever sees `0.1 s` and
//! asks for it must get it.

use serde_json::{Map, Value as Json};

use super::{Compare, Filter, Literal, Test, Value, What};
use crate::event::Millis;
use crate::facts::{FieldKind, TAG_PREFIX};

/// One value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'r> {
    Text(&'r str),
    /// Of a date: epoch ms.
    Number(f64),
    YesNo(bool),
}

/// A session's facts. A value that is not there is not told.
pub trait Row {
    /// Tells every value of the field; `key` is a tag's, in any case.
    fn each(&self, field: &str, key: Option<&str>, tell: &mut dyn FnMut(Cell<'_>));
}

/// Facts as `dwell sessions --json` prints them.
impl Row for Map<String, Json> {
    fn each(&self, field: &str, key: Option<&str>, tell: &mut dyn FnMut(Cell<'_>)) {
        fn tell_all(value: &Json, tell: &mut dyn FnMut(Cell<'_>)) {
            match value {
                Json::Null => {}
                Json::Bool(yes) => tell(Cell::YesNo(*yes)),
                Json::Number(n) => n.as_f64().into_iter().for_each(|n| tell(Cell::Number(n))),
                Json::String(text) if text.is_empty() => {}
                Json::String(text) => tell(Cell::Text(text)),
                Json::Array(values) => values.iter().filter(|v| !v.is_array()).for_each(|v| tell_all(v, tell)),
                Json::Object(_) => {}
            }
        }
        match key {
            Some(key) => {
                let want = key.to_lowercase();
                for (name, value) in self {
                    if name.strip_prefix(TAG_PREFIX).is_some_and(|k| k == key || k.to_lowercase() == want) {
                        tell_all(value, tell);
                    }
                }
            }
            // The same instant is there for machines.
            None if field == "start" => tell_all(self.get("start_ms").unwrap_or(&Json::Null), tell),
            None => tell_all(self.get(field).unwrap_or(&Json::Null), tell),
        }
    }
}

/// The segments that `@id` names.
pub trait Rows {
    /// The rows of a segment. They were checked: every one parses, every `@id` is there, and none leads back to itself.
    fn rows(&self, id: &str) -> Option<&[Filter]>;
}

/// For filters without `@id`.
impl Rows for () {
    fn rows(&self, _: &str) -> Option<&[Filter]> {
        None
    }
}

/// Whether the row fits. `now`: epoch ms that `30d ago` counts from.
pub fn holds(filter: &Filter, row: &dyn Row, segments: &dyn Rows, now: Millis) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| holds(part, row, segments, now)),
        Filter::Any(parts) => parts.iter().any(|part| holds(part, row, segments, now)),
        Filter::Not(inner) => !holds(inner, row, segments, now),
        Filter::Segment { id, .. } => {
            segments.rows(id).is_some_and(|rows| rows.iter().all(|part| holds(part, row, segments, now)))
        }
        Filter::Test(test) => test_holds(test, row, now),
    }
}

fn test_holds(test: &Test, row: &dyn Row, now: Millis) -> bool {
    let field = test.field.field.0;
    let any = |fits: &dyn Fn(Cell<'_>) -> bool| {
        let mut found = false;
        row.each(field.name, test.field.key.as_deref(), &mut |cell| found = found || fits(cell));
        found
    };
    let empty = || !any(&|_| true);
    let equals = |literal: &Literal| match &literal.value {
        Value::Empty => empty(),
        value => any(&|cell| order(cell, value, field.kind, now) == Some(Place::Inside)),
    };
    let text =
        |fits: &dyn Fn(&str) -> bool| any(&|cell| matches!(cell, Cell::Text(text) if fits(&text.to_lowercase())));
    match &test.what {
        What::Compare(Compare::Equal, value) => equals(value),
        What::Compare(Compare::Unequal, value) => !equals(value),
        What::Compare(compare, value) => any(&|cell| {
            let place = order(cell, &value.value, field.kind, now);
            place.is_some_and(|place| match compare {
                Compare::More => place == Place::Behind,
                Compare::AtLeast => place != Place::Before,
                Compare::Less => place == Place::Before,
                _ => place != Place::Behind,
            })
        }),
        What::In { not, values } => values.iter().any(equals) != *not,
        What::Between(from, to) => any(&|cell| {
            order(cell, &from.value, field.kind, now).is_some_and(|place| place != Place::Before)
                && order(cell, &to.value, field.kind, now).is_some_and(|place| place != Place::Behind)
        }),
        What::Contains { not, text: Literal { value: Value::Text(part), .. } } => {
            text(&|text| text.contains(part.as_str())) != *not
        }
        What::StartsWith(Literal { value: Value::Text(part), .. }) => text(&|text| text.starts_with(part.as_str())),
        What::EndsWith(Literal { value: Value::Text(part), .. }) => text(&|text| text.ends_with(part.as_str())),
        // The parser makes texts of these literals and nothing else.
        What::Contains { not, .. } => *not,
        What::StartsWith(_) | What::EndsWith(_) => false,
        What::Matches { not, pattern } => {
            any(&|cell| matches!(cell, Cell::Text(text) if pattern.regex.is_match(text))) != *not
        }
        What::Empty { not } => empty() != *not,
        What::Flag => any(&|cell| match cell {
            Cell::YesNo(yes) => yes,
            Cell::Number(n) => n > 0.0,
            Cell::Text(_) => false,
        }),
    }
}

/// Where a value lies beside a literal, which may be a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    Behind,
}

/// `None` when the two cannot be compared.
fn order(cell: Cell<'_>, value: &Value, kind: FieldKind, now: Millis) -> Option<Place> {
    fn beside<T: PartialOrd>(a: T, b: T) -> Option<Place> {
        Some(match a.partial_cmp(&b)? {
            std::cmp::Ordering::Less => Place::Before,
            std::cmp::Ordering::Equal => Place::Inside,
            std::cmp::Ordering::Greater => Place::Behind,
        })
    }
    match (cell, value) {
        (Cell::Text(text), Value::Text(want)) => (text.to_lowercase() == *want).then_some(Place::Inside),
        (Cell::Text(text), Value::Number(n)) if matches!(kind, FieldKind::Text | FieldKind::Enum) => {
            beside(super::literal::number(text)?, *n)
        }
        (Cell::Number(a), Value::Number(b)) => beside(a, *b),
        (Cell::Number(seconds), Value::Millis(ms)) => beside((seconds * 1000.0).round() as Millis, *ms),
        (Cell::Number(at), Value::Ago(ms)) => beside(at as Millis, now.saturating_sub(*ms)),
        (Cell::Number(at), Value::Span(from, until)) => Some(match at as Millis {
            at if at < *from => Place::Before,
            at if at < *until => Place::Inside,
            _ => Place::Behind,
        }),
        (Cell::Number(n), Value::YesNo(yes)) => ((n > 0.0) == *yes).then_some(Place::Inside),
        (Cell::YesNo(a), Value::YesNo(b)) => (a == *b).then_some(Place::Inside),
        _ => None,
    }
}
