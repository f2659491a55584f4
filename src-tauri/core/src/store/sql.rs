//! A filter as SQL, for people who want to see or run it, and for caches without an index.
//!
//! The trap: SQL answers "unknown" where a value is absent, and "unknown" is not turned by NOT. Every test is therefore
//! closed to true or false where it stands, by `ifnull(…, FALSE)` around one value and EXISTS around several.
//!
//! Beside SQLite's own functions it takes those that [`teach`] adds: `folded(x)` is a text in lower case and NULL for
//! what is no text or empty, `number(x)` a number or a text that is one, `starts_with` and `ends_with` compare such
//! texts, `x REGEXP pattern` is found anywhere in any case, and `standard(parameter, x)`, which [`Cache::select`] adds,
//! is what the library's `utm` table makes of a recorded value.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::Cache;
use super::failure::At;
use crate::error::Result;
use crate::event::Millis;
use crate::facts::{FieldKind, Maker, TAG_PREFIX};
use crate::segment::filter::{
    Compare, Filter, Literal, Pattern, Rows, Test, Value, What, key_in_rows, number, standard_of,
};

/// Parts that SQLite takes in a row: it bounds how deep an expression is, and a row of them is a deep one.
const ROW: usize = 100;

/// A query for the ids of the sessions that a filter takes, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sql {
    /// With `?1`, `?2` … for the values.
    pub text: String,
    pub values: Vec<Bound>,
    /// With the values in it, for people.
    pub shown: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    Text(String),
    Number(f64),
    Integer(i64),
}

impl ToSql for Bound {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Bound::Text(text) => ValueRef::Text(text.as_bytes()),
            Bound::Number(n) => ValueRef::Real(*n),
            Bound::Integer(n) => ValueRef::Integer(*n),
        }))
    }
}

impl Sql {
    /// Rows that all have to hold. `now`: epoch ms that `30d ago` counts from.
    pub fn of(rows: &[Filter], library: &dyn Rows, now: Millis) -> Sql {
        let mut sql = Sql::default();
        let mut order = Vec::new();
        needed(rows, library, &mut HashSet::new(), &mut order);
        for (at, id) in order.iter().enumerate() {
            sql.put(if at == 0 { "WITH\n  " } else { ",\n  " });
            sql.put(&format!("{} AS (SELECT id FROM sessions", named(id)));
            sql.all(library.rows(id).unwrap_or_default(), library, now, "\n    ");
            sql.put(")");
        }
        sql.put(if order.is_empty() { "SELECT id FROM sessions" } else { "\nSELECT id FROM sessions" });
        sql.all(rows, library, now, "\n");
        sql.put("\nORDER BY id");
        sql
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.shown.push_str(text);
    }

    fn bind(&mut self, value: Bound) {
        match &value {
            Bound::Text(text) => self.shown.push_str(&quoted(text)),
            // Writing to a text does not fail.
            Bound::Number(n) => drop(write!(self.shown, "{n}")),
            Bound::Integer(n) => drop(write!(self.shown, "{n}")),
        }
        self.values.push(value);
        let _ = write!(self.text, "?{}", self.values.len());
    }

    fn all(&mut self, rows: &[Filter], library: &dyn Rows, now: Millis, line: &str) {
        for (at, row) in rows.iter().enumerate() {
            self.put(line);
            self.put(if at == 0 { "WHERE " } else { "  AND " });
            self.filter(row, library, now);
        }
    }

    fn filter(&mut self, filter: &Filter, library: &dyn Rows, now: Millis) {
        match filter {
            Filter::All(parts) => self.joined(parts, " AND ", library, now),
            Filter::Any(parts) => self.joined(parts, " OR ", library, now),
            Filter::Not(inner) => {
                self.put("NOT ");
                self.filter(inner, library, now);
            }
            Filter::Segment { id, .. } if library.rows(id).is_none() => self.put("FALSE"),
            Filter::Segment { id, .. } => self.put(&format!("(id IN {})", named(id))),
            Filter::Test(test) => self.test(test, now),
        }
    }

    fn joined(&mut self, parts: &[Filter], word: &str, library: &dyn Rows, now: Millis) {
        self.put("(");
        if parts.len() > ROW {
            let (a, b) = parts.split_at(parts.len() / 2);
            self.joined(a, word, library, now);
            self.put(word);
            self.joined(b, word, library, now);
        } else {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    self.put(word);
                }
                self.filter(part, library, now);
            }
        }
        self.put(")");
    }

    fn test(&mut self, test: &Test, now: Millis) {
        let asked = test.asked(now);
        let values = Values::of(test);
        let asks = !matches!(test.what, What::Empty { .. });
        if asked.not {
            self.put("NOT ");
        }
        self.put("(");
        if asks {
            match &values {
                Values::One(x) => {
                    self.put("ifnull(");
                    self.fits(x, test, now);
                    self.put(", FALSE)");
                }
                Values::Several { from, x } => {
                    self.put(&format!("EXISTS (SELECT 1 FROM {from} AND "));
                    self.fits(x, test, now);
                    self.put(")");
                }
            }
        }
        if asked.empty {
            if asks {
                self.put(" OR ");
            }
            match &values {
                Values::One(x) => self.put(&format!("nullif({x}, '') IS NULL")),
                Values::Several { from, x } => {
                    self.put(&format!("NOT EXISTS (SELECT 1 FROM {from} AND nullif({x}, '') IS NOT NULL)"));
                }
            }
        }
        self.put(")");
    }

    /// Whether a value fits: true, false or NULL.
    fn fits(&mut self, x: &str, test: &Test, now: Millis) {
        let kind = test.field.field.0.kind;
        match &test.what {
            What::Compare(compare, literal) => self.compare(x, *compare, literal, kind, now),
            What::In { values, .. } => {
                let texts: Vec<&Literal> = values.iter().filter(|v| matches!(v.value, Value::Text(_))).collect();
                if texts.is_empty() {
                    self.put("(FALSE");
                    for literal in values {
                        self.put(" OR ");
                        self.compare(x, Compare::Equal, literal, kind, now);
                    }
                    self.put(")");
                } else {
                    self.put(&format!("folded({x}) IN ("));
                    for (at, literal) in texts.into_iter().enumerate() {
                        if at > 0 {
                            self.put(", ");
                        }
                        self.text_of(literal);
                    }
                    self.put(")");
                }
            }
            What::Between(from, to) => {
                self.compare(x, Compare::AtLeast, from, kind, now);
                self.put(" AND ");
                self.compare(x, Compare::AtMost, to, kind, now);
            }
            What::Contains { text, .. } => {
                self.put(&format!("instr(folded({x}), "));
                self.text_of(text);
                self.put(") > 0");
            }
            What::StartsWith(text) => {
                self.put(&format!("starts_with(folded({x}), "));
                self.text_of(text);
                self.put(")");
            }
            What::EndsWith(text) => {
                self.put(&format!("ends_with(folded({x}), "));
                self.text_of(text);
                self.put(")");
            }
            What::Matches { pattern, .. } => {
                self.put(&format!("{x} REGEXP "));
                self.bind(Bound::Text(pattern.written.clone()));
            }
            What::Flag => self.put(&format!("{x} > 0")),
            What::Empty { .. } => self.put("FALSE"),
        }
    }

    fn text_of(&mut self, literal: &Literal) {
        match &literal.value {
            Value::Text(text) => self.bind(Bound::Text(text.clone())),
            // The parser makes texts of these literals and nothing else.
            _ => self.put("NULL"),
        }
    }

    fn compare(&mut self, x: &str, compare: Compare, literal: &Literal, kind: FieldKind, now: Millis) {
        let sign = match compare {
            Compare::Equal | Compare::Unequal => "=",
            Compare::More => ">",
            Compare::AtLeast => ">=",
            Compare::Less => "<",
            Compare::AtMost => "<=",
        };
        let is_text = matches!(kind, FieldKind::Text | FieldKind::Enum);
        match &literal.value {
            // Empty is asked for beside the values.
            Value::Empty => self.put("FALSE"),
            Value::Text(text) => {
                self.put(&format!("folded({x}) {sign} "));
                self.bind(Bound::Text(text.clone()));
            }
            Value::Number(n) => {
                self.put(&if is_text { format!("number({x}) {sign} ") } else { format!("{x} {sign} ") });
                self.bind(Bound::Number(*n));
            }
            Value::Millis(ms) => {
                self.put(&format!("round({x} * 1000) {sign} "));
                self.bind(Bound::Integer(*ms));
            }
            Value::Ago(ms) => {
                self.put(&format!("{x} {sign} "));
                self.bind(Bound::Integer(now.saturating_sub(*ms)));
            }
            Value::Span(from, until) => {
                let (sign, bound) = match compare {
                    Compare::Equal | Compare::Unequal => {
                        self.put(&format!("{x} >= "));
                        self.bind(Bound::Integer(*from));
                        self.put(" AND ");
                        ("<", until)
                    }
                    Compare::More => (">=", until),
                    Compare::AtLeast => (">=", from),
                    Compare::Less => ("<", from),
                    Compare::AtMost => ("<", until),
                };
                self.put(&format!("{x} {sign} "));
                self.bind(Bound::Integer(*bound));
            }
            Value::YesNo(yes) => self.put(&format!("{x} {} 0", if *yes { ">" } else { "<=" })),
        }
    }
}

/// Where a test's values stand.
enum Values {
    /// An expression: the value, NULL without one.
    One(String),
    /// Rows with a condition to go on from, and the value in each.
    Several { from: String, x: &'static str },
}

impl Values {
    fn of(test: &Test) -> Values {
        let field = test.field.field.0;
        let several = |from: String, x| Values::Several { from, x };
        let marked = |kind: &str| format!("marks WHERE session = sessions.id AND kind = '{kind}' AND NOT gone");
        if let Some(key) = &test.field.key {
            let key = quoted(&format!("{TAG_PREFIX}{key}").to_lowercase());
            let list = "json_each(CASE tag.type WHEN 'array' THEN tag.value ELSE json_array(tag.value) END)";
            return several(
                format!("json_each(facts) AS tag, {list} AS entry WHERE folded(tag.key) = {key}"),
                "entry.value",
            );
        }
        match (field.maker, field.name) {
            (Maker::Notes, "watched") => Values::One(format!("EXISTS (SELECT 1 FROM {})", marked("watched"))),
            (Maker::Notes, "favorite") => Values::One(format!("EXISTS (SELECT 1 FROM {})", marked("favourite"))),
            (Maker::Notes, "rating") => {
                Values::One(format!("(SELECT max(CAST(value ->> '$.rating' AS INTEGER)) FROM {})", marked("rating")))
            }
            (Maker::Notes, "label") => several(marked("label"), "value ->> '$.label'"),
            (Maker::Notes, _) => several("notes WHERE session = sessions.id AND NOT gone".to_owned(), "text"),
            (_, name) if field.several => several(format!("json_each(facts, {}) WHERE TRUE", path(name)), "value"),
            (_, name) => match standard_of(name) {
                Some(parameter) => {
                    Values::One(format!("standard('{parameter}', facts ->> {})", path(&format!("utm.{parameter}"))))
                }
                None => Values::One(format!("facts ->> {}", path(key_in_rows(name)))),
            },
        }
    }
}

/// Of a field in a session's facts.
fn path(name: &str) -> String {
    if name.contains('.') { format!("'$.\"{name}\"'") } else { format!("'$.{name}'") }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Name of the table of a segment's sessions.
fn named(id: &str) -> String {
    format!("\"@{}\"", id.replace('"', "\"\""))
}

/// Segments that rows name, those that they name themselves before them.
fn needed(rows: &[Filter], library: &dyn Rows, seen: &mut HashSet<String>, order: &mut Vec<String>) {
    for id in rows.iter().flat_map(|row| row.segments()).map(|(id, _)| id) {
        if let Some(rows) = library.rows(id)
            && seen.insert(id.to_owned())
        {
            needed(rows, library, seen, order);
            order.push(id.to_owned());
        }
    }
}

/// A text in lower case; nothing for what is none, and for the empty one, which stands for no value.
fn text<'c>(context: &'c Context<'_>, at: usize) -> Option<&'c str> {
    match context.get_raw(at) {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Adds the functions that a filter's SQL takes.
pub(super) fn teach(db: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("folded", 1, flags, |context| Ok(text(context, 0).map(str::to_lowercase)))?;
    db.create_scalar_function("number", 1, flags, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Integer(n) => Some(n as f64),
            ValueRef::Real(n) => Some(n),
            _ => text(context, 0).and_then(number),
        })
    })?;
    type Compares = fn(&str, &str) -> bool;
    let compares: [(&str, Compares); 2] =
        [("starts_with", |a, b| a.starts_with(b)), ("ends_with", |a, b| a.ends_with(b))];
    for (name, compare) in compares {
        db.create_scalar_function(name, 2, flags, move |context| {
            let part: String = context.get(1)?;
            Ok(text(context, 0).map(|text| compare(text, &part)))
        })?;
    }
    db.create_scalar_function("regexp", 2, flags, |context| {
        let pattern: Arc<Pattern> = context.get_or_create_aux(0, |value| {
            let written = value.as_str()?.to_owned();
            Pattern::read(written).map_err(|reason| -> Box<dyn std::error::Error + Send + Sync> { reason.into() })
        })?;
        Ok(text(context, 1).map(|text| pattern.is_match(text)))
    })
}

impl Cache {
    /// Ids of the sessions that a filter takes, in order, without an index.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn select(&self, rows: &[Filter], library: &dyn Rows, now: Millis) -> Result<Vec<String>> {
        let sql = Sql::of(rows, library, now);
        self.learn(&sql, library)?;
        let mut query = self.db.prepare_cached(&sql.text).at(&self.path)?;
        let ids = query.query_map(params_from_iter(&sql.values), |row| row.get(0)).at(&self.path)?;
        ids.collect::<rusqlite::Result<_>>().at(&self.path)
    }

    /// Teaches the connection what a library's `utm` table makes of the values that are there.
    fn learn(&self, sql: &Sql, library: &dyn Rows) -> Result<()> {
        let mut known: HashMap<(String, String), String> = HashMap::new();
        for parameter in ["source", "medium", "campaign"] {
            if sql.text.contains(&format!("standard('{parameter}'")) {
                let distinct = format!("SELECT DISTINCT facts ->> {} FROM sessions", path(&format!("utm.{parameter}")));
                let values: Vec<Option<String>> = self.rows(&distinct, [], |row| row.get(0))?;
                for value in values.into_iter().flatten() {
                    if let Some(standard) = library.standard(parameter, &value) {
                        known.insert((parameter.to_owned(), value), standard);
                    }
                }
            }
        }
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        let answer = self.db.create_scalar_function("standard", 2, flags, move |context| {
            let Some(value) = text(context, 1) else { return Ok(None) };
            let key = (context.get::<String>(0)?, value.to_owned());
            Ok(Some(known.get(&key).cloned().unwrap_or(key.1)))
        });
        answer.at(&self.path)
    }
}
