//! Lists of sessions as dashboards export them: CSV with the columns of the day, in the language of the day.
//!
//! The trap: nobody documents these files. Columns come in any order, after lines about the export, in the
//! separator and encoding of whatever saved them last. Columns are found by name (`data/columns.json`), the
//! player's links by their form, and what is not understood is kept as a tag rather than dropped.
//!
//! The second trap: a list's clock is the dashboard's, not the recording's. Times, durations and counts of a
//! list are therefore used only where there is no recording that tells better.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde_json::Value;

use super::Said;
use super::bundle::moment;
use crate::error::{Error, Result};
use crate::event::SessionMeta;

/// Rows that are looked at for the line with the columns' names.
const HEADER_ROWS: usize = 30;
/// Most rows of one table.
const MAX_ROWS: usize = 1_000_000;
/// Most bytes of one cell that are kept.
const CELL: usize = 16 * 1024;
/// Most columns that become tags.
const MAX_TAGS: usize = 200;

/// What a column can be. `ignore` leaves it out; `clicks_only` marks tables that are no list of sessions.
const TARGETS: &[&str] = &[
    "session",
    "link",
    "user",
    "project",
    "start",
    "date",
    "time",
    "duration",
    "active_duration",
    "page_count",
    "click_count",
    "entry_page",
    "exit_page",
    "page",
    "title",
    "country",
    "state",
    "city",
    "device",
    "browser",
    "os",
    "language",
    "referrer",
    "channel",
    "user_agent",
    "utm.source",
    "utm.medium",
    "utm.campaign",
    "utm.term",
    "utm.content",
    "user_type",
    "custom_user",
    "custom_session",
    "event",
    "audience",
    "consent",
    "scroll_depth",
    "rage_clicks",
    "dead_clicks",
    "error_clicks",
    "quick_backs",
    "excessive_scrolls",
    "js_errors",
    "lcp",
    "cls",
    "inp",
    "clicks_only",
    "ignore",
];

/// Names of columns and words in cells, by language.
struct Known {
    /// Language, then normalised name to target.
    names: Vec<(String, HashMap<String, &'static str>)>,
    words: HashMap<String, HashMap<String, String>>,
}

fn target(name: &str) -> Option<&'static str> {
    TARGETS.iter().find(|t| **t == name).copied()
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let all: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(include_str!("data/columns.json")).expect("data/columns.json is checked by a test");
    let mut known = Known { names: Vec::new(), words: HashMap::new() };
    for (language, lists) in all {
        if language == "words" {
            for (field, words) in lists {
                let words = words.as_object().into_iter().flatten();
                let words = words.filter_map(|(word, to)| Some((word.clone(), to.as_str()?.to_owned())));
                known.words.insert(field, words.collect());
            }
            continue;
        }
        let mut names = HashMap::new();
        for (field, list) in lists {
            let Some(field) = target(&field) else { continue };
            for name in list.as_array().into_iter().flatten().filter_map(Value::as_str) {
                names.insert(normal(name), field);
            }
        }
        known.names.push((language, names));
    }
    // English first: it decides what several languages spell alike.
    known.names.sort_by_key(|(language, _)| (language != "en", language.clone()));
    known
});

/// A name without case, punctuation and doubled space.
fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Names of columns that a user gave, beside the known ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    names: HashMap<String, &'static str>,
}

impl Columns {
    /// Reads `{"session": ["Visit"], "country": ["Land", "Staat"], "ignore": ["Internal"]}`.
    ///
    /// # Errors
    /// [`Error::Usage`], with what is wrong.
    pub fn from_json(text: &str) -> Result<Columns> {
        let wrong = |message: String| Error::Usage { message };
        let lists: BTreeMap<String, Value> = serde_json::from_str(text)
            .map_err(|e| wrong(format!("The list of columns is not understood: {e}. It has fields with the names of their columns, such as {{\"session\": [\"Visit\"]}}.")))?;
        let mut names = HashMap::new();
        for (field, list) in lists {
            let Some(to) = target(&field) else {
                let known = TARGETS.join(", ");
                return Err(wrong(format!("The list of columns names {field:?}, which is no field. Fields: {known}.")));
            };
            let list = match list {
                Value::String(one) => vec![one],
                Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => return Err(wrong(format!("The list of columns gives {field:?} no names."))),
            };
            names.extend(list.iter().map(|name| (normal(name), to)));
        }
        Ok(Columns { names })
    }

    /// What a column of that name is, by the user or by any language; the language too.
    fn find(&self, name: &str) -> Option<(&'static str, &'static str)> {
        let name = normal(name);
        if let Some(field) = self.names.get(&name) {
            return Some((field, ""));
        }
        KNOWN.names.iter().find_map(|(language, names)| Some((*names.get(&name)?, language.as_str())))
    }
}

/// One session of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    /// Line in the file, 1-based.
    pub line: u64,
    pub said: Said,
}

/// What a table is.
#[derive(Debug, Clone, PartialEq)]
pub enum Table {
    Sessions {
        rows: Vec<TableRow>,
        /// Rows that name no session.
        nameless: u64,
        /// Columns that are kept as tags.
        unknown: Vec<String>,
    },
    /// Clicks, scroll depths and the like of a heatmap, which name no session. Rows.
    Heatmap(u64),
    /// Columns of a table that names no session.
    Other(Vec<String>),
}

/// UTF-8, UTF-16 with its mark, or else what Windows writes in western Europe.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let pairs = |swap: bool| {
        let units = bytes[2..].chunks_exact(2).map(move |b| {
            let (a, b) = if swap { (b[1], b[0]) } else { (b[0], b[1]) };
            u16::from_le_bytes([a, b])
        });
        Cow::Owned(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>())
    };
    if bytes.starts_with(b"\xff\xfe") {
        return pairs(false);
    }
    if bytes.starts_with(b"\xfe\xff") {
        return pairs(true);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|b| windows_1252(*b)).collect()),
    }
}

fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes())
}

/// Project, user and session of a player's link.
fn player(cell: &str) -> Option<[&str; 3]> {
    let (before, rest) = cell.split_once("/player/")?;
    if !before.contains("clarity") {
        return None;
    }
    let mut parts = rest.split(['/', '?', '#', ' ', '"']).filter(|p| !p.is_empty());
    let ids = [parts.next()?, parts.next()?, parts.next()?];
    ids.iter().all(|id| id.len() <= 128 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')).then_some(ids)
}

struct Layout {
    separator: u8,
    /// Place of the row with the names.
    header: usize,
    names: Vec<String>,
    fields: Vec<Option<&'static str>>,
    language: &'static str,
}

fn layout(text: &str, columns: &Columns) -> Option<Layout> {
    let end = text.char_indices().nth(256 * 1024).map_or(text.len(), |(at, _)| at);
    let mut best: Option<(usize, Layout)> = None;
    for separator in [b',', b';', b'\t', b'|'] {
        let rows: Vec<csv::StringRecord> =
            reader(&text[..end], separator).into_records().map_while(|r| r.ok()).take(HEADER_ROWS).collect();
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.len() > 1) {
            let found: Vec<Option<(&'static str, &'static str)>> = row.iter().map(|name| columns.find(name)).collect();
            let mut fields: Vec<Option<&'static str>> = found.iter().map(|f| f.map(|f| f.0)).collect();
            // Links say what they are in any language.
            let linked = rows.get(at + 1).and_then(|next| next.iter().position(|cell| player(cell).is_some()));
            if let Some(column) = linked.filter(|c| *c < fields.len()) {
                fields[column] = Some("link");
            }
            // The rows after it are as wide; lines about the export are not.
            let wide = rows.get(at + 1).is_none_or(|next| next.len() == row.len());
            if row.iter().any(|cell| player(cell).is_some()) || !wide {
                continue;
            }
            let named = fields.iter().flatten().filter(|f| **f != "ignore").count();
            let keyed = fields.iter().flatten().any(|f| matches!(*f, "session" | "link"));
            if named == 0 && !(at == 0 && rows.len() > 1) {
                continue;
            }
            let score = 1 + named * 1_000 + usize::from(keyed) * 1_000_000 + row.len();
            if best.as_ref().is_none_or(|(other, _)| score > *other) {
                let mut languages: Vec<&'static str> = found.iter().flatten().map(|f| f.1).collect();
                languages.sort_unstable();
                let count = |l: &&str| languages.iter().filter(|other| *other == l).count();
                let language = languages.iter().copied().max_by_key(|l| (count(l), *l == "en")).unwrap_or("en");
                let names = row.iter().map(|n| n.trim().to_owned()).collect();
                best = Some((score, Layout { separator, header: at, names, fields, language }));
            }
        }
    }
    best.map(|(_, layout)| layout)
}

fn cut(cell: &str) -> &str {
    let mut end = cell.len().min(CELL);
    while !cell.is_char_boundary(end) {
        end -= 1;
    }
    &cell[..end]
}

/// A number as any locale writes it: `1,234`, `1.234`, `12,5 %`. `whole`: one that counts things.
fn number(cell: &str, whole: bool) -> Option<f64> {
    let text: String =
        cell.chars().filter(|c| !c.is_whitespace() && !matches!(c, '%' | '\'' | '’' | '\u{202f}')).collect();
    let last = text.rfind([',', '.']);
    let grouped = |at: usize| {
        let tail = &text[at + 1..];
        tail.len() == 3
            && tail.bytes().all(|b| b.is_ascii_digit())
            && (1..=3).contains(&text.find([',', '.']).unwrap_or(0))
    };
    let plain: String = match last {
        None => text,
        Some(at) if grouped(at) && (whole || text.matches([',', '.']).count() > 1) => text.replace([',', '.'], ""),
        Some(at) => format!("{}.{}", text[..at].replace([',', '.'], ""), &text[at + 1..]),
    };
    plain.parse().ok().filter(|n: &f64| n.is_finite())
}

/// Seconds of `545`, `09:05`, `1:02:03`, `9m 5s`, `09 minutes and 05 seconds` in any of the languages.
fn seconds(cell: &str) -> Option<f64> {
    let text = cell.trim().to_lowercase();
    if text.contains(':') {
        let parts: Vec<f64> = text.split(':').map(|p| number(p, false)).collect::<Option<_>>()?;
        return (parts.len() <= 3).then(|| parts.iter().fold(0.0, |sum, part| sum * 60.0 + part));
    }
    if let Some(plain) = number(&text, false) {
        return Some(plain);
    }
    let (mut sum, mut found) = (0.0, false);
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = &rest[at..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(rest.len());
        let amount = number(rest[..end].trim_end_matches(['.', ',']), false)?;
        rest = rest[end..].trim_start();
        let unit: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
        sum += amount
            * match unit.as_str() {
                "ms" => 0.001,
                u if u.starts_with("ms") || u.starts_with("milli") || u.starts_with("mili") => 0.001,
                u if u.starts_with('d') || u.starts_with("ta") || u.starts_with('j') => 86_400.0,
                u if u.starts_with('h') || u.starts_with("st") || u.starts_with('u') => 3_600.0,
                u if u.starts_with('m') => 60.0,
                u if u.starts_with('s') => 1.0,
                _ => return None,
            };
        found = true;
    }
    found.then_some(sum)
}

/// Epoch ms of a date and a time as the language writes them, in UTC when they name no zone.
fn instant(date: &str, time: Option<&str>, day_first: bool) -> Option<i64> {
    let date = date.trim();
    if let Some(ms) = moment(&Value::from(date)) {
        // A bare small number is no time.
        let day = ms + time.and_then(of_day).unwrap_or(0);
        return (date.len() >= 8).then_some(day);
    }
    let mut words = date.splitn(2, [' ', ',', 'T']);
    let parts: Vec<&str> = words.next()?.split(['/', '.', '-']).filter(|p| !p.is_empty()).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let (a, b, c): (u32, u32, u32) = (a.parse().ok()?, b.parse().ok()?, c.parse().ok()?);
    let (year, month, day) = if a > 31 {
        (a, b, c)
    } else if (day_first && b <= 12) || a > 12 {
        (c, b, a)
    } else {
        (c, a, b)
    };
    let year = if year < 100 { year + 2000 } else { year };
    let midnight = moment(&Value::from(format!("{year:04}-{month:02}-{day:02}")))?;
    let clock = words.next().map(str::trim).filter(|t| !t.is_empty()).or(time);
    match clock {
        Some(clock) => Some(midnight + of_day(clock)?),
        None => Some(midnight),
    }
}

/// Milliseconds into the day of `14:32`, `2:32:05 PM`, `14.32 Uhr`.
fn of_day(clock: &str) -> Option<i64> {
    let lower = clock.trim().trim_start_matches(',').trim().to_lowercase();
    let end = lower.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | 'h')).unwrap_or(lower.len());
    let parts: Vec<i64> =
        lower[..end].split([':', '.', 'h']).filter(|p| !p.is_empty()).map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let (mut hour, minute, second) = match parts.as_slice() {
        [h] => (*h, 0, 0),
        [h, m] => (*h, *m, 0),
        [h, m, s, ..] => (*h, *m, *s),
        [] => return None,
    };
    let half = lower[end..].replace(['.', ' '], "");
    if half.starts_with("pm") && hour < 12 {
        hour += 12;
    } else if half.starts_with("am") && hour == 12 {
        hour = 0;
    }
    ((0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second))
        .then_some(((hour * 60 + minute) * 60 + second) * 1000)
}

fn several(cell: &str) -> Vec<String> {
    let parts = cell.split([';', '|', '\n']).flat_map(|part| part.split(", ")).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// What a table is, and its sessions when it is a list of them.
pub fn read_table(bytes: &[u8], columns: &Columns) -> Table {
    let text = decoded(bytes);
    let Some(Layout { separator, header, names, fields, language }) = layout(&text, columns) else {
        return Table::Other(Vec::new());
    };
    let rows = reader(&text, separator).into_records().map_while(|r| r.ok()).skip(header + 1).take(MAX_ROWS);
    if !fields.iter().flatten().any(|f| matches!(*f, "session" | "link")) {
        let heat = fields.iter().flatten().any(|f| *f == "clicks_only")
            || fields.iter().flatten().all(|f| matches!(*f, "click_count" | "scroll_depth"))
                && fields.iter().any(Option::is_some);
        return if heat { Table::Heatmap(rows.count() as u64) } else { Table::Other(names) };
    }
    // Only English puts the month first.
    let day_first = language != "en" || looks_day_first(&text, separator, header, &fields);
    let mut out = Vec::new();
    let mut nameless = 0;
    for record in rows {
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match row(&record, &names, &fields, day_first) {
            Some(said) => out.push(TableRow { line, said }),
            None => nameless += 1,
        }
    }
    let unknown = names.iter().zip(&fields).filter(|(n, f)| is_tag(n, **f)).map(|(n, _)| n.clone()).collect();
    Table::Sessions { rows: out, nameless, unknown }
}

fn is_tag(name: &str, field: Option<&str>) -> bool {
    !name.is_empty() && matches!(field, None | Some("clicks_only"))
}

/// Whether a date of the table can only be read with its day first.
fn looks_day_first(text: &str, separator: u8, header: usize, fields: &[Option<&'static str>]) -> bool {
    let Some(column) = fields.iter().position(|f| matches!(f, Some("start" | "date"))) else { return false };
    let rows = reader(text, separator).into_records().map_while(|r| r.ok()).skip(header + 1).take(MAX_ROWS);
    rows.filter_map(|row| row.get(column).map(str::to_owned)).any(|cell| {
        let first = cell.trim().split(['/', '.', '-']).next().unwrap_or_default().to_owned();
        first.len() <= 2 && first.parse::<u32>().is_ok_and(|n| n > 12)
    })
}

fn row(record: &csv::StringRecord, names: &[String], fields: &[Option<&'static str>], day_first: bool) -> Option<Said> {
    let mut said = Said { rank: 3, ..Said::default() };
    let mut meta = SessionMeta::default();
    let (mut date, mut time) = (None, None);
    let mut link = None;
    let mut tags = 0;
    for (index, cell) in record.iter().enumerate() {
        let cell = cut(cell.trim());
        // What spreadsheets and exporters write for "nothing".
        if cell.is_empty() || matches!(cell, "-" | "–" | "N/A" | "n/a" | "null" | "NULL") {
            continue;
        }
        let field = fields.get(index).copied().flatten();
        let own = cell.to_owned();
        let mut list = |field: &str, values: Vec<String>| {
            meta.listed.insert(field.to_owned(), values);
        };
        match field {
            Some("session") => match player(cell) {
                Some(_) => link = Some(own),
                None => said.session = Some(own),
            },
            Some("link") => match player(cell) {
                Some(_) => link = Some(own),
                None => {
                    meta.tags.insert(names[index].clone(), vec![own]);
                }
            },
            Some("user") => said.user = Some(own),
            Some("project") => said.project = Some(own),
            Some("start" | "date") => date = Some(own),
            Some("time") => time = Some(own),
            Some(f @ ("duration" | "active_duration")) => {
                if let Some(s) = seconds(cell) {
                    list(f, vec![s.to_string()]);
                }
            }
            Some(
                f @ ("page_count" | "click_count" | "rage_clicks" | "dead_clicks" | "error_clicks" | "quick_backs"
                | "excessive_scrolls" | "js_errors"),
            ) => {
                if let Some(n) = number(cell, true) {
                    list(f, vec![n.to_string()]);
                }
            }
            Some(f @ ("scroll_depth" | "lcp" | "cls" | "inp")) => {
                if let Some(n) = number(cell, false) {
                    list(f, vec![n.to_string()]);
                }
            }
            Some(f @ ("entry_page" | "exit_page" | "title" | "channel" | "custom_user" | "custom_session")) => {
                list(f, vec![own])
            }
            Some("page") => list("page", several(cell)),
            Some("user_type") => {
                if let Some(word) = KNOWN.words.get("user_type").and_then(|w| w.get(&cell.to_lowercase())) {
                    list("user_type", vec![word.clone()]);
                }
            }
            Some("device") => {
                let word = KNOWN.words.get("device").and_then(|w| w.get(&cell.to_lowercase()));
                meta.device = Some(word.cloned().unwrap_or(own));
            }
            Some("country") => meta.country = Some(own),
            Some("state") => meta.state = Some(own),
            Some("city") => meta.city = Some(own),
            Some("browser") => meta.browser = Some(own),
            Some("os") => meta.os = Some(own),
            Some("language") => meta.language = Some(own),
            Some("referrer") => meta.referrer = Some(own),
            Some("user_agent") => meta.user_agent = Some(own),
            Some("consent") => meta.consent = Some(own),
            Some("event") => meta.events = several(cell),
            Some("audience") => meta.audiences = several(cell),
            Some(f) if f.starts_with("utm.") => {
                meta.utm.insert(f["utm.".len()..].to_owned(), own);
            }
            Some("ignore") => {}
            _ => {
                // A link in a column of any name is one.
                if link.is_none() && player(cell).is_some() {
                    link = Some(own);
                } else if let Some(name) = names.get(index).filter(|n| is_tag(n, field)) {
                    tags += 1;
                    if tags <= MAX_TAGS {
                        meta.tags.entry(name.clone()).or_default().push(own);
                    }
                }
            }
        }
    }
    if let Some([project, user, session]) = link.as_deref().and_then(player) {
        said.project.get_or_insert_with(|| project.to_owned());
        said.user.get_or_insert_with(|| user.to_owned());
        said.session.get_or_insert_with(|| session.to_owned());
    }
    said.session.as_ref()?;
    if let Some(date) = date
        && let Some(ms) = instant(&date, time.as_deref(), day_first)
    {
        meta.listed.insert("start".to_owned(), vec![ms.to_string()]);
    }
    said.meta = meta;
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Said> {
        match read_table(text.as_bytes(), &Columns::default()) {
            Table::Sessions { rows, .. } => rows.into_iter().map(|r| r.said).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_data_file_is_sound() {
        let all: BTreeMap<String, BTreeMap<String, Value>> =
            serde_json::from_str(include_str!("data/columns.json")).unwrap();
        for (language, lists) in all.iter().filter(|(l, _)| *l != "words") {
            for (field, names) in lists {
                assert!(target(field).is_some(), "{language}: {field}");
                for name in names.as_array().unwrap() {
                    let name = name.as_str().unwrap();
                    assert_eq!(normal(name), name, "{language}: {field}: write it without case and punctuation");
                }
            }
        }
        assert_eq!(KNOWN.names[0].0, "en");
    }

    #[test]
    fn any_order_separator_case_and_language() {
        let english = "Project: Shop\nExported: 2026-11-22\n\nCountry,SESSION_ID,Duration,\"Entry URL\",Plan\nNO,s1,00:01:05,\"https://a.test/?x=1,2\",pro\n";
        let german = "\u{feff}Land;Sitzungs-ID;Dauer;Einstiegs-URL;Plan\r\nNO;s1;1 Minute und 5 Sekunden;\"https://a.test/?x=1,2\";pro\r\n";
        let tabs = "Plan\tsession id\tDURATION\tcountry\tEntry page\npro\ts1\t65\tNO\thttps://a.test/?x=1,2\n";
        for text in [english, german, tabs] {
            let rows = rows(text);
            assert_eq!(rows.len(), 1, "{text}");
            assert_eq!(rows[0].session.as_deref(), Some("s1"));
            assert_eq!(rows[0].meta.country.as_deref(), Some("NO"));
            assert_eq!(rows[0].meta.listed["duration"], ["65"], "{text}");
            assert_eq!(rows[0].meta.listed["entry_page"], ["https://a.test/?x=1,2"]);
            assert_eq!(rows[0].meta.tags["Plan"], ["pro"]);
        }
    }

    #[test]
    fn links_name_the_session_under_any_name() {
        let text = "Aufnahme?,Wann\nhttps://clarity.microsoft.com/player/proj1/user1/sess1?ss=5,x\n";
        let rows = rows(text);
        let ids = (rows[0].project.as_deref(), rows[0].user.as_deref(), rows[0].session.as_deref());
        assert_eq!(ids, (Some("proj1"), Some("user1"), Some("sess1")));
        assert_eq!(player("https://evil.test/player/a/b/c"), None);
        assert_eq!(player("https://clarity.microsoft.com/player/a/../c"), None);
    }

    #[test]
    fn encodings_of_spreadsheets() {
        let text = "Sitzungs-ID;Gerät;Stadt\ns1;Mobilgerät;Köln\n";
        let western: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for bytes in [text.as_bytes().to_vec(), western, wide] {
            let Table::Sessions { rows, .. } = read_table(&bytes, &Columns::default()) else { panic!() };
            assert_eq!(rows[0].said.meta.city.as_deref(), Some("Köln"));
            assert_eq!(rows[0].said.meta.device.as_deref(), Some("mobile"));
        }
    }

    #[test]
    fn times_and_numbers() {
        let at = |s: &str, day_first| instant(s, None, day_first);
        let want = Some(1_795_185_120_000);
        assert_eq!(at("2026-11-20 14:32", false), want);
        assert_eq!(at("2026-11-20T14:32:00Z", true), want);
        assert_eq!(at("11/20/2026 2:32 PM", false), want);
        assert_eq!(at("20.11.2026 14:32", true), want);
        assert_eq!(at("20/11/2026, 14:32:00", true), want);
        assert_eq!(instant("11/20/2026", Some("2:32 PM"), false), want);
        assert_eq!(at("yesterday", true), None);
        assert_eq!(at("17", false), None);
        assert_eq!(seconds("09 minutes and 05 seconds"), Some(545.0));
        assert_eq!(seconds("1h 2m 3s"), Some(3723.0));
        assert_eq!(seconds("1:02:03"), Some(3723.0));
        assert_eq!(seconds("2 Std. 5 Min."), Some(7500.0));
        assert_eq!(seconds("12,5"), Some(12.5));
        assert_eq!(seconds("long"), None);
        assert_eq!(number("1,234", true), Some(1234.0));
        assert_eq!(number("1.234", true), Some(1234.0));
        assert_eq!(number("1,234.5", false), Some(1234.5));
        assert_eq!(number("12,5 %", false), Some(12.5));
        assert_eq!(number("0.125", false), Some(0.125));
        assert_eq!(number("", true), None);
    }

    #[test]
    fn other_tables_say_what_they_are() {
        assert_eq!(read_table(b"Rank,Clicks,Selector\n1,20,#a\n2,3,#b\n", &Columns::default()), Table::Heatmap(2));
        let Table::Other(names) = read_table(b"Name,Price\nx,1\n", &Columns::default()) else { panic!() };
        assert_eq!(names, ["Name", "Price"]);
        assert_eq!(read_table(b"", &Columns::default()), Table::Other(Vec::new()));
    }

    #[test]
    fn a_users_own_names() {
        let columns = Columns::from_json(r#"{"session":"Besuch","country":["Wo"],"ignore":["Intern"]}"#).unwrap();
        let Table::Sessions { rows, unknown, .. } = read_table(b"Wo,Besuch,Intern,Farbe\nNO,s9,x,rot\n", &columns)
        else {
            panic!()
        };
        assert_eq!(rows[0].said.session.as_deref(), Some("s9"));
        assert_eq!(rows[0].said.meta.country.as_deref(), Some("NO"));
        assert_eq!(unknown, ["Farbe"]);
        assert!(Columns::from_json(r#"{"colour":["x"]}"#).unwrap_err().is_usage());
        assert!(Columns::from_json("[]").unwrap_err().is_usage());
    }
}
