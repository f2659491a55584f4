//! SIGKILL at any moment of an import.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

#[path = "../../core/tests/content/mod.rs"]
mod content;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use content::content;

fn dwell(cache: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dwell"));
    command.arg("--cache").arg(cache).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Sessions without what only the end of an import knows: whether their visitor has earlier ones.
fn sessions(cache: &Path) -> Vec<String> {
    let sql = "SELECT concat_ws('|', id, project, started_at, ended_at, page_count, event_count, partial, meta, \
               derived_by, sketch, json_remove(facts, '$.user_type')) FROM sessions ORDER BY id";
    let db = rusqlite::Connection::open(cache).unwrap();
    let mut query = db.prepare(sql).unwrap();
    query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
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
    let want = content(&whole, true);
    assert!(want["sessions"].len() > 60);

    let mut partly = 0;
    // A fixed sequence that spreads over the whole run, the first milliseconds included. How many of them hit while
    // sessions are being written hangs on the machine: it goes on until some did.
    for k in 0..120u32 {
        if k >= 30 && partly >= 5 {
            break;
        }
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
                let got = content(&cache, true);
                let whole_sessions = sessions(&whole);
                for row in &sessions(&cache) {
                    assert!(whole_sessions.contains(row), "kill {k}: a session that is not whole");
                }
                for table in ["pages", "chunks", "bodies", "said", "findings"] {
                    assert!(got[table].iter().all(|row| want[table].contains(row)), "kill {k}: {table}");
                }
                partly += usize::from(!got["sessions"].is_empty() && got["sessions"].len() < want["sessions"].len());
            }
        }
        dwell(&cache, &["import", sample]).status().unwrap();
        assert!(content(&cache, true) == want, "kill {k} after {wait:?}: another run did not make it good");
        let left: Vec<String> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.contains("-import-"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
    eprintln!("{partly} kills hit an import half-way");
    assert!(partly >= 5, "only {partly} kills hit an import half-way");
}
