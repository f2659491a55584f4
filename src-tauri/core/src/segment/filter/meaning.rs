//! Whether a session's facts fit a filter.
//!
//! The trap: filters compare the values that the list prints, not what they were derived from; whoever sees `0.1 s` and
//! asks for it must get it.

use std::cmp::Ordering;
use std::ops::Range;

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
        match key {
            Some(key) => {
                let want = key.to_lowercase();
                for (name, value) in self {
                    if name.strip_prefix(TAG_PREFIX).is_some_and(|k| k == key || k.to_lowercase() == want) {
                        cells(value, tell);
                    }
                }
            }
            None => cells(self.get(key_in_rows(field)).unwrap_or(&Json::Null), tell),
        }
    }
}

/// Key in a row's JSON under which a field's values stand; a tag's is its own name.
pub fn key_in_rows(field: &str) -> &str {
    match field {
        // The same instant is there for machines.
        "start" => "start_ms",
        field => field,
    }
}

/// Tells the values of a field as they stand in a row's JSON.
pub fn cells(value: &Json, tell: &mut dyn FnMut(Cell<'_>)) {
    match value {
        Json::Null | Json::Object(_) => {}
        Json::Bool(yes) => tell(Cell::YesNo(*yes)),
        Json::Number(n) => n.as_f64().into_iter().for_each(|n| tell(Cell::Number(n))),
        Json::String(text) if text.is_empty() => {}
        Json::String(text) => tell(Cell::Text(text)),
        Json::Array(values) => values.iter().filter(|v| !v.is_array()).for_each(|v| cells(v, tell)),
    }
}

impl Cell<'_> {
    /// As a row's JSON has it.
    pub fn to_json(self) -> Json {
        match self {
            Cell::Text(text) => text.into(),
            Cell::Number(n) => n.into(),
            Cell::YesNo(yes) => yes.into(),
        }
    }

    /// In lists: by number, by text in any case; what is of another kind behind it.
    pub fn order(self, other: Cell<'_>) -> Ordering {
        let kind = |cell| match cell {
            Cell::YesNo(_) => 0,
            Cell::Number(_) => 1,
            Cell::Text(_) => 2,
        };
        match (self, other) {
            (Cell::YesNo(a), Cell::YesNo(b)) => a.cmp(&b),
            (Cell::Number(a), Cell::Number(b)) => a.total_cmp(&b),
            (Cell::Text(a), Cell::Text(b)) => a.to_lowercase().cmp(&b.to_lowercase()).then_with(|| a.cmp(b)),
            (a, b) => kind(a).cmp(&kind(b)),
        }
    }
}

/// A segment library, as far as filters need one.
pub trait Rows {
    /// The rows of a segment. They were checked: every one parses, every `@id` is there, and none leads back to itself.
    fn rows(&self, id: &str) -> Option<&[Filter]>;
    /// What stands in the `utm` table for a recorded value; `None` where it has no entry, and the value stands for
    /// itself. `parameter`: source, medium or campaign.
    fn standard(&self, parameter: &str, recorded: &str) -> Option<String> {
        let _ = (parameter, recorded);
        None
    }
}

/// For filters without a library.
impl Rows for () {
    fn rows(&self, _: &str) -> Option<&[Filter]> {
        None
    }
}

/// UTM parameter whose values, mapped through the library's table, are this field's.
pub fn standard_of(field: &str) -> Option<&str> {
    field.strip_prefix("std.")
}

/// Tells every value of a field, those that a library makes included.
pub fn values(row: &dyn Row, field: &str, key: Option<&str>, library: &dyn Rows, tell: &mut dyn FnMut(Cell<'_>)) {
    match standard_of(field) {
        None => row.each(field, key, tell),
        Some(parameter) => row.each(&format!("utm.{parameter}"), None, &mut |cell| match cell {
            Cell::Text(text) => {
                tell(Cell::Text(library.standard(parameter, text).as_deref().unwrap_or(text)));
            }
            cell => tell(cell),
        }),
    }
}

/// Whether the row fits. `now`: epoch ms that `30d ago` counts from.
pub fn holds(filter: &Filter, row: &dyn Row, library: &dyn Rows, now: Millis) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| holds(part, row, library, now)),
        Filter::Any(parts) => parts.iter().any(|part| holds(part, row, library, now)),
        Filter::Not(inner) => !holds(inner, row, library, now),
        Filter::Segment { id, .. } => {
            library.rows(id).is_some_and(|rows| rows.iter().all(|part| holds(part, row, library, now)))
        }
        Filter::Test(test) => {
            let asked = test.asked(now);
            let (mut found, mut any) = (false, false);
            values(row, test.field.field.0.name, test.field.key.as_deref(), library, &mut |cell| {
                any = true;
                found = found || asked.fits(cell);
            });
            asked.answer(found, any)
        }
    }
}

/// A test taken apart into a question for each value and what the answers come to.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'t> {
    test: &'t Test,
    now: Millis,
    /// A row without a value holds as if one of its values fitted.
    pub empty: bool,
    /// The test holds where this does not come out.
    pub not: bool,
}

impl Test {
    /// `now`: epoch ms that `30d ago` counts from.
    pub fn asked(&self, now: Millis) -> Asked<'_> {
        let is_empty = |literal: &Literal| literal.value == Value::Empty;
        let (empty, not) = match &self.what {
            What::Compare(Compare::Equal, value) => (is_empty(value), false),
            What::Compare(Compare::Unequal, value) => (is_empty(value), true),
            What::In { not, values } => (values.iter().any(is_empty), *not),
            What::Empty { not } => (true, *not),
            What::Contains { not, .. } | What::Matches { not, .. } => (false, *not),
            What::Compare(..) | What::Between(..) | What::StartsWith(_) | What::EndsWith(_) | What::Flag => {
                (false, false)
            }
        };
        Asked { test: self, now, empty, not }
    }
}

impl<'t> Asked<'t> {
    /// What the test says of a row: whether `found` a value that fits, whether it has `any`.
    pub fn answer(&self, found: bool, any: bool) -> bool {
        (found || self.empty && !any) != self.not
    }

    pub fn test(&self) -> &'t Test {
        self.test
    }

    pub fn fits(&self, cell: Cell<'_>) -> bool {
        match cell {
            Cell::Text(text) => self.fits_text(text, &text.to_lowercase()),
            cell => self.fits_plain(cell),
        }
    }

    /// As [`Asked::fits`], for who has the text in lower case at hand.
    pub fn fits_text(&self, text: &str, low: &str) -> bool {
        match &self.test.what {
            What::Contains { text: Literal { value: Value::Text(part), .. }, .. } => low.contains(part.as_str()),
            What::StartsWith(Literal { value: Value::Text(part), .. }) => low.starts_with(part.as_str()),
            What::EndsWith(Literal { value: Value::Text(part), .. }) => low.ends_with(part.as_str()),
            What::Matches { pattern, .. } => pattern.is_match(text),
            _ => self.fits_plain(Cell::Text(low)),
        }
    }

    /// Texts come in lower case.
    fn fits_plain(&self, cell: Cell<'_>) -> bool {
        let beside = |literal: &Literal| order(cell, &literal.value, self.test.field.field.0.kind, self.now);
        match &self.test.what {
            What::Compare(Compare::Equal | Compare::Unequal, value) => beside(value) == Some(Place::Inside),
            What::Compare(compare, value) => beside(value).is_some_and(|place| match compare {
                Compare::More => place == Place::Behind,
                Compare::AtLeast => place != Place::Before,
                Compare::Less => place == Place::Before,
                _ => place != Place::Behind,
            }),
            What::In { values, .. } => values.iter().any(|value| beside(value) == Some(Place::Inside)),
            What::Between(from, to) => {
                beside(from).is_some_and(|place| place != Place::Before)
                    && beside(to).is_some_and(|place| place != Place::Behind)
            }
            What::Flag => match cell {
                Cell::YesNo(yes) => yes,
                Cell::Number(n) => n > 0.0,
                Cell::Text(_) => false,
            },
            // The parser makes texts of the literals of these and nothing else.
            What::Contains { .. } | What::StartsWith(_) | What::EndsWith(_) => false,
            What::Matches { .. } | What::Empty { .. } => false,
        }
    }

    /// Which of some numbers fit, in ascending order, when they are those from one place to another; `None` when it
    /// takes a look at each.
    pub fn stretch(&self, numbers: &[f64]) -> Option<Range<usize>> {
        let kind = self.test.field.field.0.kind;
        let comparable = |literal: &Literal| {
            matches!(literal.value, Value::Number(_) | Value::Millis(_) | Value::Ago(_) | Value::Span(..))
        };
        let place = |n: f64, literal: &Literal| order(Cell::Number(n), &literal.value, kind, self.now);
        let start = |literal| numbers.partition_point(|n| place(*n, literal) == Some(Place::Before));
        let end = |literal| numbers.partition_point(|n| place(*n, literal) != Some(Place::Behind));
        match &self.test.what {
            What::Compare(compare, literal) if comparable(literal) => Some(match compare {
                Compare::Equal | Compare::Unequal => start(literal)..end(literal),
                Compare::More => end(literal)..numbers.len(),
                Compare::AtLeast => start(literal)..numbers.len(),
                Compare::Less => 0..start(literal),
                Compare::AtMost => 0..end(literal),
            }),
            What::Between(from, to) if comparable(from) && comparable(to) => {
                Some(start(from)..end(to).max(start(from)))
            }
            _ => None,
        }
    }
}

/// Where a value lies beside a literal, which may be a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    Behind,
}

/// `None` when the two cannot be compared. A text comes in lower case.
fn order(cell: Cell<'_>, value: &Value, kind: FieldKind, now: Millis) -> Option<Place> {
    fn beside<T: PartialOrd>(a: T, b: T) -> Option<Place> {
        Some(match a.partial_cmp(&b)? {
            Ordering::Less => Place::Before,
            Ordering::Equal => Place::Inside,
            Ordering::Greater => Place::Behind,
        })
    }
    match (cell, value) {
        (Cell::Text(text), Value::Text(want)) => (text == want).then_some(Place::Inside),
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
