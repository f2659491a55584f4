//! Tables for spreadsheets: sessions, clicks, and sums by page, device or tag.
//!
//! The trap: a table is opened far from here. Every row says what it is about in full (session, page, time), and the same
//! sessions give the same bytes.

use std::io::Write;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::chosen::Chosen;
use super::{list, session};
use crate::error::{Error, Result};
use crate::facts::{TAG_PREFIX, iso, page_of};
use crate::report::{COUNTED, FactsTable, PageLine, Summing, groups, session_columns};
use crate::store::Cache;

/// What the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Facts of sessions.
    Sessions,
    /// Clicks with their coordinates on the page.
    Clicks,
    /// Sums by page, without parameters.
    Pages,
    Devices,
    Tags,
}

impl std::str::FromStr for Table {
    type Err = Error;
    fn from_str(text: &str) -> Result<Table> {
        Ok(match text {
            "sessions" => Table::Sessions,
            "clicks" => Table::Clicks,
            "pages" => Table::Pages,
            "devices" => Table::Devices,
            "tags" => Table::Tags,
            other => {
                let message =
                    format!("There is no table {other:?}; there are sessions, clicks, pages, devices and tags.");
                return Err(Error::Usage { message });
            }
        })
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TableSummary {
    /// Sessions that were chosen.
    pub sessions: usize,
    /// Without the head row.
    pub rows: usize,
}

/// Writes a table about the chosen sessions, CSV as [`crate::report::facts_csv`] has it, sessions by id.
///
/// Clicks: `x y` in CSS px of the document (inside an embedded frame, of its document), `at_ms` after the page view's
/// first event. Page views: medians of seconds and percent.
///
/// # Errors
/// [`Error::Internal`] when `out` takes no more, the `Cache…` ones.
pub fn write_table(cache: &Cache, chosen: &Chosen, table: Table, out: impl Write) -> Result<TableSummary> {
    let sort = list::Sort { field: "id".to_owned(), descending: false };
    let rows = list::sessions(cache, chosen, &sort, None)?;
    let mut summary = TableSummary { sessions: rows.len(), rows: 0 };
    let write = |columns: Vec<String>, lines: &mut dyn Iterator<Item = Result<Map<String, Value>>>| {
        let mut table = FactsTable::begin(out, columns)?;
        for line in lines {
            table.row(&line?)?;
            summary.rows += 1;
        }
        table.end().map(drop)
    };
    match table {
        Table::Sessions => write(session_columns(&rows), &mut rows.into_iter().map(Ok))?,
        Table::Clicks => {
            const COLUMNS: [&str; 13] = [
                "session",
                "device",
                "page",
                "url",
                "time",
                "at_ms",
                "x",
                "y",
                "viewport_width",
                "document_width",
                "document_height",
                "selector",
                "text",
            ];
            let mut lines = rows.iter().flat_map(|row| match clicks(cache, row) {
                Ok(clicks) => clicks.into_iter().map(Ok).collect(),
                Err(e) => vec![Err(e)],
            });
            write(COLUMNS.map(str::to_owned).to_vec(), &mut lines)?;
        }
        Table::Pages => {
            let mut sum = Summing::new(&rows, rows.len());
            cache.each_page(None, |session, page| sum.page(session, &page))?;
            cache.each_signal(None, |session, signal| sum.signal(session, signal))?;
            let fixed =
                ["page", "page_views", "sessions", "entries", "exits", "median_duration", "median_scroll_depth"];
            let rates = COUNTED.iter().map(|(_, field)| format!("{field}_in_100"));
            let columns = fixed.iter().map(|c| (*c).to_owned()).chain(rates).collect();
            write(columns, &mut sum.finish(usize::MAX).pages.iter().map(|page| Ok(page_row(page))))?;
        }
        Table::Devices => {
            let device = |row: &Map<String, Value>| {
                let value = row.get("device").cloned().unwrap_or(Value::Null);
                vec![Map::from_iter([("device".to_owned(), value)])]
            };
            let lines = groups::by_value(&rows, device);
            write(groups::columns(&["device"]), &mut lines.into_iter().map(Ok))?;
        }
        Table::Tags => {
            let tags = |row: &Map<String, Value>| {
                let tags = row.iter().filter_map(|(key, value)| Some((key.strip_prefix(TAG_PREFIX)?, value)));
                let each = |(tag, value): (&str, &Value)| {
                    let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                    let line = |v: Value| Map::from_iter([("tag".to_owned(), tag.into()), ("value".to_owned(), v)]);
                    values.into_iter().map(line).collect::<Vec<_>>()
                };
                tags.flat_map(each).collect()
            };
            let lines = groups::by_value(&rows, tags);
            write(groups::columns(&["tag", "value"]), &mut lines.into_iter().map(Ok))?;
        }
    }
    Ok(summary)
}

fn page_row(page: &PageLine) -> Map<String, Value> {
    let mut row = Map::new();
    let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
    put("page", page.page.as_str().into());
    put("page_views", page.page_views.into());
    put("sessions", page.sessions.into());
    put("entries", page.entries.into());
    put("exits", page.exits.into());
    put("median_duration", page.duration.value.into());
    put("median_scroll_depth", page.scroll_depth.value.into());
    for ((_, field), rate) in COUNTED.iter().zip(page.signals) {
        put(&format!("{field}_in_100"), rate.into());
    }
    row
}

/// Clicks of one session; none of what is known from lists only.
fn clicks(cache: &Cache, facts: &Map<String, Value>) -> Result<Vec<Map<String, Value>>> {
    let Some(id) = facts.get("id").and_then(Value::as_str) else { return Ok(Vec::new()) };
    let events = match session::events(cache, id, None, Some("click")) {
        Err(Error::NoRecording { .. }) => return Ok(Vec::new()),
        events => events?,
    };
    let pages = cache.pages(id)?;
    let row = |event: Value| {
        let page = pages.iter().find(|p| Some(u64::from(p.number)) == event["page"].as_u64());
        let size = page.and_then(|p| p.document_size);
        let row = json!({
            "session": id,
            "device": facts.get("device"),
            "page": event["page"],
            "url": page.map(|p| page_of(&p.url)),
            "time": event["time"].as_i64().and_then(iso),
            "at_ms": event["at_ms"],
            "x": event["x"],
            "y": event["y"],
            "viewport_width": page.and_then(|p| p.viewport).map(|v| v.0),
            "document_width": size.map(|s| s.0),
            "document_height": size.map(|s| s.1),
            "selector": event["selector"],
            "text": event["text"],
        });
        match row {
            Value::Object(row) => row,
            _ => Map::new(),
        }
    };
    Ok(events.into_iter().map(row).collect())
}
