//! `--where`, `--now` and `--csv` as people type them, on the fixtures' visits.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn dwell(cache: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dwell")).arg("--cache").arg(cache).args(arguments).output().expect("dwell runs")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {:?} {:?}", output.stdout, String::from_utf8_lossy(&output.stderr)))
}

/// A cache with the fixtures' visits.
fn cache(folder: &Path) -> PathBuf {
    let cache = folder.join("c.sqlite");
    let visits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/visits");
    let done = dwell(&cache, &["import", visits.to_str().expect("UTF-8")]);
    assert!(matches!(done.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&done.stderr));
    cache
}

#[test]
fn rows_choose_sessions() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = cache(folder.path());
    let list = |rows: &[&str]| -> Vec<Value> {
        let mut arguments = vec!["sessions", "--json"];
        for row in rows {
            arguments.extend(["--where", row]);
        }
        json(&dwell(&cache, &arguments)).as_array().expect("a list").clone()
    };
    let all = list(&[]);
    assert!(all.len() >= 4, "{}", all.len());
    let clarity = list(&["source = clarity"]);
    assert_eq!(clarity.len() + list(&["NOT source = clarity"]).len(), all.len());
    assert!(!clarity.is_empty() && clarity.iter().all(|row| row["source"] == "clarity" && all.contains(row)));
    assert_eq!(list(&["source = clarity", "source = rrweb"]).len(), 0);
    assert_eq!(list(&["source = clarity OR source = rrweb"]).len(), all.len());
    let most = all.iter().filter_map(|row| row["duration"].as_f64()).fold(0.0, f64::max);
    assert_eq!(list(&[&format!("duration = {most}")]).len(), 1, "what is printed is what is compared");
}

#[test]
fn now_is_an_argument() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = cache(folder.path());
    let all = json(&dwell(&cache, &["sessions", "--json"])).as_array().expect("a list").clone();
    let starts: Vec<i64> = all.iter().filter_map(|row| row["start_ms"].as_i64()).collect();
    let last = starts.iter().max().expect("sessions").to_string();
    let count = |now: &str| {
        let out = dwell(&cache, &["sessions", "--json", "--where", "start >= 0ms ago", "--now", now]);
        json(&out).as_array().expect("a list").len()
    };
    assert_eq!(count(&last), 1);
    assert_eq!(count("1970-01-01T00:00:00Z"), all.len());
    let by_variable = Command::new(env!("CARGO_BIN_EXE_dwell"))
        .env("DWELL_NOW", &last)
        .args(["--cache", cache.to_str().expect("UTF-8"), "sessions", "--json", "--where", "start > 0s ago"])
        .output()
        .expect("dwell runs");
    assert_eq!(json(&by_variable), Value::Array(Vec::new()));
    let bad = dwell(&cache, &["sessions", "--where", "start > 1d ago", "--now", "yesterday"]);
    assert_eq!(bad.status.code(), Some(2));
}

#[test]
fn errors_name_row_and_column() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = cache(folder.path());
    let out = dwell(
        &cache,
        &["sessions", "--json", "--where", "source = clarity", "--where", "city = \"Gießen\" OR contry = DE"],
    );
    assert_eq!(out.status.code(), Some(2));
    let error = &json(&out)["error"];
    assert_eq!((&error["code"], &error["row"], &error["column"]), (&"unknown_field".into(), &2.into(), &20.into()));
    assert_eq!((&error["segment"], &error["file"]), (&Value::Null, &Value::Null));
    assert!(error["message"].as_str().expect("words").contains("Did you mean country?"));
    assert_eq!(error["problems"].as_array().map(Vec::len), Some(1));
    let out = dwell(&cache, &["sessions", "--where", "hour > x AND day > mon"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(out.stdout.is_empty());
    assert!(String::from_utf8_lossy(&out.stderr).contains("(row 1, column 8)"));
    let out = dwell(&cache, &["sessions", "--json", "--where", "hour > x AND day > mon"]);
    assert_eq!(json(&out)["error"]["problems"].as_array().map(Vec::len), Some(2));
}

#[test]
fn tables_and_archives_take_the_same_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = cache(folder.path());
    let chosen = json(&dwell(&cache, &["sessions", "--json", "--where", "source = rrweb"]));
    let table = dwell(&cache, &["sessions", "--csv", "--where", "source = rrweb"]);
    assert_eq!(table.status.code(), Some(0));
    let text = String::from_utf8(table.stdout).expect("UTF-8");
    assert!(text.starts_with("id,start,"));
    for row in chosen.as_array().expect("a list") {
        let id = row["id"].as_str().expect("an id");
        assert!(text.contains(&format!("\r\n{id},")), "{id}");
    }
    let archive = folder.path().join("out.zip");
    let archive = archive.to_str().expect("UTF-8");
    let done = dwell(&cache, &["export", archive, "--where", "source = rrweb", "--json"]);
    assert_eq!(json(&done)["sessions"].as_u64(), chosen.as_array().map(|list| list.len() as u64));
    let none = dwell(&cache, &["export", "other.zip", "--where", "country = Atlantis"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("nothing to export"));
}
