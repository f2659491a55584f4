//! One session from the command line: its facts, its events, its page at a moment. On a recorded visit of our own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

struct Visit {
    _dir: TempDir,
    cache: PathBuf,
    id: String,
}

impl Visit {
    fn import(name: &str) -> Visit {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("cache");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/visits").join(name);
        let summary = json(&run(&cache, &["import", path.to_str().unwrap(), "--json"]));
        let id = summary["sessions"][0].as_str().unwrap().to_owned();
        Visit { _dir: dir, cache, id }
    }
    fn run(&self, verb: &str, rest: &[&str]) -> Output {
        run(&self.cache, &[&[verb, &self.id], rest].concat())
    }
}

fn run(cache: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dwell")).arg("--cache").arg(cache).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_session_has_facts_and_page_views() {
    let visit = Visit::import("desktop-shop/clarity");
    let detail = json(&visit.run("session", &["--json"]));
    assert_eq!(detail["id"], visit.id.as_str());
    assert_eq!(detail["source"], "clarity");
    assert_eq!(detail["device"], "pc");
    let pages = detail["pages"].as_array().unwrap();
    assert_eq!(detail["page_count"], pages.len());
    for (i, page) in pages.iter().enumerate() {
        assert_eq!(page["number"], i + 1);
        assert!(page["url"].as_str().unwrap().starts_with("https://"));
        assert!(page["duration_ms"].as_u64().is_some() && page["started_at"].as_u64().is_some());
        assert_eq!(page["viewport"].as_array().unwrap().len(), 2);
        assert!(page["gaps"].is_array());
    }
}

#[test]
fn a_moment_is_a_file_of_its_own() {
    let visit = Visit::import("desktop-shop/clarity");
    let at = ["--page", "1", "--at", "4000", "--html"];
    let plain = String::from_utf8(visit.run("dom", &at).stdout).unwrap();
    let alone = String::from_utf8(visit.run("dom", &[&at[..], &["--inline"]].concat()).stdout).unwrap();
    assert!(alone.len() > plain.len() && !alone.contains("replay-asset:"), "{} bytes", alone.len());
    let head = alone.find("<head").unwrap();
    assert!(alone[head..].split('>').nth(1).unwrap().contains("Content-Security-Policy"));
    let without = visit.run("dom", &["--page", "1", "--at", "4000", "--inline"]);
    assert_eq!(without.status.code(), Some(2), "--inline is a way to print --html");
}

#[test]
fn events_are_in_order_and_say_where() {
    let visit = Visit::import("desktop-shop/clarity");
    let events = json(&visit.run("events", &["--json"]));
    let events = events.as_array().unwrap();
    assert!(events.len() > 50);
    assert!(events.is_sorted_by_key(|e| e["time"].as_i64().unwrap()));
    let clicks = json(&visit.run("events", &["--kind", "click", "--json"]));
    let clicks = clicks.as_array().unwrap();
    assert!(!clicks.is_empty());
    for click in clicks {
        assert_eq!(click["kind"], "click");
        for key in ["page", "at_ms", "time", "x", "y", "selector"] {
            assert!(!click[key].is_null(), "{key} in {click}");
        }
    }
    assert!(clicks.iter().any(|c| c["text"].is_string()));
    let first = json(&visit.run("events", &["--page", "1", "--json"]));
    assert!(first.as_array().unwrap().iter().all(|e| e["page"] == 1));
}

#[test]
fn the_page_is_there_by_wall_clock_and_by_page_time() {
    for name in ["desktop-shop/clarity", "desktop-shop/rrweb.json"] {
        let visit = Visit::import(name);
        let page = json(&visit.run("session", &["--json"]))["pages"][0].clone();
        let start = page["started_at"].as_i64().unwrap();
        let by_page = visit.run("dom", &["--page", "1", "--at", "2000"]);
        let tree = json(&by_page);
        assert_eq!(tree[0], "#document");
        assert!(by_page.stdout.len() > 5_000);
        let by_clock = visit.run("dom", &["--time", &(start + 2000).to_string()]);
        assert_eq!(by_page.stdout, by_clock.stdout, "{name}");

        let html = visit.run("dom", &["--page", "1", "--at", "2000", "--html"]);
        let html = String::from_utf8(html.stdout).unwrap();
        assert!(html.to_lowercase().starts_with("<!doctype html>"), "{}", &html[..80]);
        assert!(!html.to_lowercase().contains("<script"));
    }
}

#[test]
fn what_is_not_there_is_said() {
    let visit = Visit::import("desktop-shop/rrweb.json");
    let code =
        |output: &Output| (output.status.code().unwrap(), json(output)["error"]["code"].as_str().unwrap().to_owned());
    let nobody = run(&visit.cache, &["session", "nobody", "--json"]);
    assert_eq!(code(&nobody), (1, "session_missing".to_owned()));
    assert_eq!(code(&visit.run("dom", &["--page", "99", "--at", "0", "--json"])), (1, "page_missing".to_owned()));
    assert_eq!(code(&visit.run("dom", &["--time", "noon", "--json"])), (2, "usage".to_owned()));
    assert_eq!(code(&visit.run("dom", &["--json"])), (2, "usage".to_owned()));
    assert_eq!(code(&visit.run("events", &["--kind", "clack", "--json"])), (2, "usage".to_owned()));
    // Before the recording there is nothing, and that is no failure.
    let early = visit.run("dom", &["--time", "0"]);
    assert_eq!((early.status.code(), json(&early)[0].clone()), (Some(0), "#document".into()));
}
