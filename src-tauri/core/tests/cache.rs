//! Opening caches that are not there, not ours, too new, locked, full or damaged.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use dwell_core::desk::verify::verify;
use dwell_core::desk::{Options, import};
use dwell_core::error::Error;
use dwell_core::findings::Findings;
use dwell_core::store::{Cache, VERSION};
use tempfile::tempdir;

const BODY: &str = r#"{"e":["0.8.70",1,0,1000,"proj","u1","s1",1,0,1,0,"https://shop.test/"],"a":[[0,0,0,1795317020000],[0,1,1,["https://shop.test/"]]]}"#;

fn import_one(cache: &mut Cache, path: PathBuf) -> Result<(), Error> {
    let mut findings = Findings::new();
    import(cache, &[path], &Options::default(), &mut |_| {}, &AtomicBool::new(false), 0, &mut findings).map(drop)
}

#[test]
fn strange_files_are_left_alone() {
    let dir = tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("text"), "hello, this is a text file and no database, of more than a header's length ".repeat(3))
        .unwrap();
    let other = rusqlite::Connection::open(at("other")).unwrap();
    other.execute_batch("CREATE TABLE mine (x)").unwrap();
    drop(other);
    drop(Cache::open(&at("newer")).unwrap());
    let db = rusqlite::Connection::open(at("newer")).unwrap();
    db.pragma_update(None, "user_version", VERSION + 7).unwrap();
    drop(db);
    for (name, code) in
        [("text", "cache_foreign"), ("other", "cache_foreign"), ("newer", "cache_newer"), (".", "cache_foreign")]
    {
        let before = std::fs::read(at(name)).ok();
        assert_eq!(Cache::open(&at(name)).unwrap_err().code(), code, "{name}");
        assert_eq!(Cache::open_read_only(&at(name)).unwrap_err().code(), code, "{name}");
        assert_eq!(std::fs::read(at(name)).ok(), before, "{name} was changed");
    }
    assert_eq!(Cache::open_read_only(&at("missing")).unwrap_err().code(), "path_missing");
    assert_eq!(Cache::open(&at("no/such/folder")).unwrap_err().code(), "cache_read_only");
    assert_eq!(Cache::open(&at("text/below")).unwrap_err().code(), "cache_read_only");
    std::fs::write(at("empty"), "").unwrap();
    Cache::open(&at("empty")).unwrap();
}

#[test]
fn a_full_database_keeps_what_was_there() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("c");
    let file = dir.path().join("1.json");
    std::fs::write(&file, BODY).unwrap();
    let mut cache = Cache::open(&path).unwrap();
    import_one(&mut cache, file).unwrap();
    // SQLite itself refuses to grow any further.
    cache.limit_pages(Some(0)).unwrap();
    let big = dir.path().join("2.json");
    // Nothing that a compressor could make small enough for the room in the last page.
    let many: Vec<String> = (0..20_000u64)
        .map(|i| format!("[{i},1,0,[\"https://shop.test/{:x}\"]]", (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    let body = BODY.replace("\"s1\"", "\"s2\"").replace("\"a\":[", &format!("\"a\":[{},", many.join(",")));
    std::fs::write(&big, body).unwrap();
    let full = import_one(&mut cache, big.clone());
    assert!(matches!(full, Err(Error::DiskFull)), "{full:?}");
    assert_eq!(cache.session_ids().unwrap(), ["s1"]);
    assert!(verify(&cache, &mut |_, _| {}, &AtomicBool::new(false)).unwrap().ok);
    cache.limit_pages(None).unwrap();
    import_one(&mut cache, big).unwrap();
    assert_eq!(cache.session_ids().unwrap(), ["s1", "s2"]);
}

#[test]
fn damage_is_found() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("c");
    let file = dir.path().join("1.json");
    std::fs::write(&file, BODY).unwrap();
    let mut cache = Cache::open(&path).unwrap();
    import_one(&mut cache, file).unwrap();
    let check = |sql: &str, code: &str| {
        let copy = dir.path().join("copy");
        drop(std::fs::remove_file(&copy));
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute("VACUUM INTO ?", [copy.to_str().unwrap()]).unwrap();
        let db = rusqlite::Connection::open(&copy).unwrap();
        db.pragma_update(None, "foreign_keys", false).unwrap();
        db.execute_batch(sql).unwrap();
        drop(db);
        let cache = Cache::open_read_only(&copy).unwrap();
        let report = verify(&cache, &mut |_, _| {}, &AtomicBool::new(false)).unwrap();
        let codes: Vec<&str> = report.problems.iter().map(|p| p.code.as_str()).collect();
        assert!(!report.ok && codes.contains(&code), "{sql}: {codes:?}");
    };
    check("UPDATE pages SET url = 'x'", "session_differs");
    check("UPDATE chunks SET data = x'00'", "session_damaged");
    check("UPDATE chunks SET first_time = 1", "chunk_misplaced");
    // The hash of the only body stands before its size (two bytes) and the rest of its path (none).
    check(
        "UPDATE bundles SET list = unhex(hex(substr(list, 1, length(list) - 35)) || hex(zeroblob(32)) || hex(substr(list, -3)))",
        "original_changed",
    );
    check("UPDATE bundles SET list = x'00'", "original_damaged");
    check("UPDATE bundles SET data = x'00'", "original_damaged");
    check("UPDATE bundles SET bytes = bytes + 1", "original_damaged");
    check("UPDATE bundles SET dictionary = 7", "database");
    check("DELETE FROM pages", "pages_missing");
    check("DELETE FROM bundles", "session_differs");
    assert!(verify(&cache, &mut |_, _| {}, &AtomicBool::new(false)).unwrap().ok);
}
