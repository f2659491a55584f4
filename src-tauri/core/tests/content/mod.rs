//! What a cache holds, as text, for tests that compare two of them.
//!
//! The trap: how bodies and events are packed hangs on what came first, and two caches of the same content differ in
//! it. So both stand here unpacked, and the tables that hold them packed do not.

use std::collections::BTreeMap;
use std::path::Path;

use dwell_core::store::Cache;
use rusqlite::types::ValueRef;

/// Table to its rows, sorted. Without the history of imports and of changes, and without the index that is made of it. `paths`: with where bodies and findings came from first.
pub(crate) fn content(cache: &Path, paths: bool) -> BTreeMap<String, Vec<String>> {
    let db = rusqlite::Connection::open(cache).unwrap();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN \
               ('imports', 'dictionaries', 'known_files', 'bundles', 'chunks', 'fact_index', 'fact_columns', \
               'fact_changes', 'sqlite_sequence')";
    let tables: Vec<String> =
        db.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let rows = |table: &String| {
        let columns = match (table.as_str(), paths) {
            ("findings", false) => "session, json_extract(finding, '$.code'), json_extract(finding, '$.message')",
            _ => "*",
        };
        let mut query = db.prepare(&format!("SELECT {columns} FROM {table}")).unwrap();
        let columns = query.column_count();
        let mut rows: Vec<String> = query
            .query_map([], |row| Ok((0..columns).map(|i| cell(row.get_ref(i).unwrap())).collect::<Vec<_>>().join("|")))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        rows.sort();
        rows
    };
    let mut all: BTreeMap<String, Vec<String>> = tables.iter().map(|table| (table.clone(), rows(table))).collect();
    let cache = Cache::open_read_only(cache).unwrap();
    let (mut bodies, mut chunks) = (Vec::new(), Vec::new());
    for id in cache.session_ids().unwrap() {
        for original in cache.originals(&id).unwrap() {
            let bytes = cell(ValueRef::Blob(&original.bytes));
            let path = if paths { original.info.path.as_str() } else { "" };
            bodies.push(format!("{id} {} {:x?} {path} {bytes}", original.info.position, original.info.hash));
        }
        for chunk in cache.chunks(&id).unwrap() {
            let events = format!("{:?}", cache.chunk_events(&id, chunk.ordinal).unwrap());
            let (first, count) = (chunk.first_event, chunk.event_count);
            chunks.push(format!("{id} {first}+{count} {}", cell(ValueRef::Blob(events.as_bytes()))));
        }
    }
    all.insert("bodies".to_owned(), bodies);
    all.insert("chunks".to_owned(), chunks);
    all
}

/// A value as text; large ones by length and hash.
fn cell(value: ValueRef<'_>) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    match value {
        ValueRef::Blob(bytes) => {
            let mut hasher = DefaultHasher::new();
            bytes.hash(&mut hasher);
            format!("{} bytes {:x}", bytes.len(), hasher.finish())
        }
        other => format!("{other:?}"),
    }
}
