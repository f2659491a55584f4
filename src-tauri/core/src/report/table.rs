//! The session list as a table for spreadsheets.
//!
//! The trap: spreadsheets run what starts with `=`, `+`, `-` or `@`, and visitors choose the texts of a recording. Such
//! texts get an apostrophe in front, which spreadsheets hide.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::facts::{FIELDS, PRODUCT_FIELDS, TAG_PREFIX};

/// Names of the columns that are always there, in order: `id`, then the fields of the filter language but `tag.KEY`.
pub fn fact_columns() -> Vec<&'static str> {
    let fields = FIELDS.iter().map(|f| f.name).filter(|name| !name.starts_with(TAG_PREFIX));
    std::iter::once("id").chain(fields).collect()
}

/// Facts as RFC 4180 writes them: UTF-8, CRLF, a head row; behind [`fact_columns`] come product fields and tags that
/// some row carries, by name. Several values of a field are joined with ` | `. Numbers, yes and no stand as they do in
/// JSON, an absent value is an empty cell.
///
/// # Errors
/// [`Error::Internal`].
pub fn facts_csv(rows: &[Map<String, Value>]) -> Result<String> {
    let mut table = FactsTable::begin(Vec::new(), session_columns(rows))?;
    for row in rows {
        table.row(row)?;
    }
    let bytes = table.end()?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}

/// Columns that a table of these sessions needs, see [`facts_csv`].
pub fn session_columns(rows: &[Map<String, Value>]) -> Vec<String> {
    let mut columns: Vec<String> = fact_columns().into_iter().map(str::to_owned).collect();
    let carried = |name: &str| rows.iter().any(|row| row.contains_key(name));
    columns.extend(PRODUCT_FIELDS.iter().map(|f| f.name).filter(|name| carried(name)).map(str::to_owned));
    let tags: BTreeSet<&String> = rows.iter().flat_map(Map::keys).filter(|key| key.starts_with(TAG_PREFIX)).collect();
    columns.extend(tags.into_iter().cloned());
    columns
}

fn failed(e: &dyn std::fmt::Display) -> Error {
    Error::Internal { message: format!("The table cannot be written: {e}.") }
}

/// A table that is written row by row, as [`facts_csv`] has them.
pub struct FactsTable<W: Write> {
    out: csv::Writer<W>,
    columns: Vec<String>,
}

impl<W: Write> FactsTable<W> {
    /// Writes the head row.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be written, as for every row.
    pub fn begin(out: W, columns: Vec<String>) -> Result<FactsTable<W>> {
        let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        out.write_record(columns.iter().map(|c| safe(c))).map_err(|e| failed(&e))?;
        Ok(FactsTable { out, columns })
    }

    /// # Errors
    /// [`Error::Internal`].
    pub fn row(&mut self, row: &Map<String, Value>) -> Result<()> {
        let cells = self.columns.iter().map(|column| {
            let exact = row.get(column);
            // Another recording may have written the tag in other capitals.
            let tag = || {
                let want = column.to_lowercase();
                row.iter().find(|(name, _)| name.to_lowercase() == want).map(|(_, value)| value)
            };
            let value = if column.starts_with(TAG_PREFIX) { exact.or_else(tag) } else { exact };
            value.map_or_else(String::new, cell)
        });
        self.out.write_record(cells).map_err(|e| failed(&e))
    }

    /// Writes what is left, and gives the writer back.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn end(self) -> Result<W> {
        self.out.into_inner().map_err(|e| failed(&e))
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) => String::new(),
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => safe(text),
        Value::Array(values) => {
            let plain = |v: &Value| v.as_str().map_or_else(|| cell(v), str::to_owned);
            let joined = values.iter().map(plain).collect::<Vec<_>>().join(" | ");
            if values.iter().any(Value::is_string) { safe(&joined) } else { joined }
        }
    }
}

fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_whole_and_harmless() {
        let row = |v: Value| v.as_object().unwrap().clone();
        let rows = [
            row(
                json!({"id": "a", "duration": 1.5, "has_utm": true, "page": ["https://x.test/?a=1,2", "b\"c"], "tag.plan": ["gold"]}),
            ),
            row(
                json!({"id": "=HYPERLINK(\"x\")", "country": "@cmd", "product_price": [-1, 2.5], "tag.a b": ["-1"], "masked": -0.5}),
            ),
        ];
        let text = facts_csv(&rows).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let get = |row: usize, name: &str| {
            let at = head.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
            records[row].get(at).unwrap().to_owned()
        };
        assert_eq!((&head[0], &head[1]), ("id", "start"));
        assert_eq!(head.iter().skip(head.len() - 2).collect::<Vec<_>>(), ["tag.a b", "tag.plan"]);
        assert_eq!(get(0, "page"), "https://x.test/?a=1,2 | b\"c");
        assert_eq!((get(0, "duration"), get(0, "has_utm"), get(0, "country")), ("1.5".into(), "yes".into(), "".into()));
        assert_eq!((get(1, "id"), get(1, "country")), ("'=HYPERLINK(\"x\")".into(), "'@cmd".into()));
        assert_eq!(
            (get(1, "product_price"), get(1, "masked"), get(1, "tag.a b")),
            ("-1 | 2.5".into(), "-0.5".into(), "'-1".into())
        );
        assert!(text.ends_with("\r\n") && text.matches("\r\n").count() == 3);
        assert!(!head.iter().any(|h| h == "tag.KEY" || h == "product_name"));
    }
}
