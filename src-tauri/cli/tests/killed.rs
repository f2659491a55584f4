//! SIGKILL at any moment of an import.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn dwell(cache: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dwell"));
    command.arg("--cache").arg(cache).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A value as text; large ones by length and hash.
fn cell(value: rusqlite::types::ValueRef<'_>) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    match value {
        rusqlite::types::ValueRef::Blob(bytes) => {
            let mut hasher = DefaultHasher::new();
            bytes.hash(&mut hasher);
            format!("{} bytes {:x}", bytes.len(), hasher.finish())
        }
        other => format!("{other:?}"),
    }
}

/// Every row of every table but the history.
fn dump(cache: &Path) -> BTreeMap<String, Vec<String>> {
    let db = rusqlite::Connection::open(cache).unwrap();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'imports'";
    let tables: Vec<String> =
        db.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    dump_as(&db, &tables, "*")
}

/// Sessions without what only the end of an import knows: whether their visitor has earlier ones.
fn sessions(cache: &Path) -> Vec<String> {
    let db = rusqlite::Connection::open(cache).unwrap();
    let columns = "id, project, started_at, ended_at, page_count, event_count, partial, meta, derived_by, sketch, \
                   json_remove(facts, '$.user_type')";
    dump_as(&db, &["sessions".to_owned()], columns).remove("sessions").unwrap()
}

fn dump_as(db: &rusqlite::Connection, tables: &[String], columns: &str) -> BTreeMap<String, Vec<String>> {
    let rows = |table: &String| {
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
    tables.iter().map(|table| (table.clone(), rows(table))).collect()
}

#[test]
fn a_kill_at_any_moment_leaves_whole_sessions_and_is_made_good_by_another_run() {
    let corpus = std::env::var_os("DWELL_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    let sample = corpus.join("stress/sample-60.ndjson.gz");
    if !sample.is_file() {
        eprintln!("skipped: there is no {}", sample.display());
        return;
    }
    let sample = sample.to_str().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let begun = Instant::now();
    dwell(&whole, &["import", sample]).status().unwrap();
    let took = begun.elapsed();
    let want = dump(&whole);
    assert!(want["sessions"].len() > 60);

    let mut partly = 0;
    // A fixed sequence that spreads over the whole run, the first milliseconds included.
    for k in 0..30u32 {
        let cache = dir.path().join(format!("killed-{k}"));
        let share = f64::from((k * 7919) % 1000) / 1000.0;
        let wait = if k < 4 { Duration::from_millis(u64::from(k) * 8) } else { took.mul_f64(share) };
        let mut child = dwell(&cache, &["import", sample]).spawn().unwrap();
        std::thread::sleep(wait);
        child.kill().unwrap();
        child.wait().unwrap();
        if cache.exists() && std::fs::metadata(&cache).unwrap().len() > 0 {
            let status = dwell(&cache, &["verify"]).status().unwrap();
            let tables = rusqlite::Connection::open(&cache)
                .unwrap()
                .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0))
                .unwrap();
            // Before its first transaction the file is a database without tables.
            assert!(status.code() == Some(0) || tables == 0, "kill {k} after {wait:?}: verify {status}");
            if tables > 0 {
                let got = dump(&cache);
                let whole_sessions = sessions(&whole);
                for row in &sessions(&cache) {
                    assert!(whole_sessions.contains(row), "kill {k}: a session that is not whole");
                }
                for table in ["pages", "chunks", "session_originals", "said", "findings"] {
                    assert!(got[table].iter().all(|row| want[table].contains(row)), "kill {k}: {table}");
                }
                partly += usize::from(!got["sessions"].is_empty() && got["sessions"].len() < want["sessions"].len());
            }
        }
        dwell(&cache, &["import", sample]).status().unwrap();
        assert!(dump(&cache) == want, "kill {k} after {wait:?}: another run did not make it good");
        let left: Vec<String> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.contains("-import-"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
    eprintln!("{partly} of 30 kills hit an import half-way");
    assert!(partly >= 5, "only {partly} kills hit an import half-way");
}
