//! `dwell assets` as other programs see it, and what it does to the page that `dwell dom --html` prints.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn run(cache: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dwell")).arg("--cache").arg(cache).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn a_bare_page_gets_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("cache");
    let visit = root().join("tests/fixtures/visits/phone-browse/clarity");
    let summary = json(&run(&cache, &["import", visit.to_str().unwrap(), "--json"]));
    let id = summary["sessions"][0].as_str().unwrap();
    let html = || String::from_utf8(run(&cache, &["dom", id, "--page", "1", "--at", "4000", "--html"]).stdout).unwrap();
    let bare = json(&run(&cache, &["assets", "status", id, "--json"]));
    assert_eq!(bare["cached"], 0);
    assert!(bare["pages"][0]["sheets_missing"].as_u64() > Some(0), "{bare}");
    let first = &bare["missing"][0];
    assert_eq!((first["kind"].as_str(), first["reason"].as_str()), (Some("sheet"), Some("not_in_archive")));
    assert!(html().contains("dwell-missing-href"));

    let site = root().join("tests/demo-site/site");
    let added =
        run(&cache, &["assets", "add", site.to_str().unwrap(), "--url", "https://www.larkmoor.example", "--json"]);
    assert_eq!(added.status.code(), Some(0), "{}", String::from_utf8_lossy(&added.stderr));
    let added = json(&added);
    assert!(added["added"].as_u64() > Some(20) && added["sessions"] == Value::Array(vec![]), "{added}");
    let after = json(&run(&cache, &["assets", "status", id, "--json"]));
    assert_eq!(after["cached"], after["wanted"], "{after}");
    let html = html();
    assert!(
        html.contains("--moss") && html.contains("replay-asset://localhost/") && !html.contains("dwell-missing-href")
    );

    // For people.
    let text = String::from_utf8(run(&cache, &["assets", "status", id]).stdout).unwrap();
    assert!(text.starts_with(&format!("Page files: {} of {}\n", after["cached"], after["wanted"])), "{text}");
    let again = run(&cache, &["assets", "add", site.to_str().unwrap(), "--url", "https://www.larkmoor.example"]);
    let again = String::from_utf8(again.stdout).unwrap();
    assert!(again.contains("page files for all sessions, 0 of them new"), "{again}");
    assert_eq!(json(&run(&cache, &["verify", "--json"]))["ok"], true);
}

#[test]
fn exit_status_and_sentences() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("cache");
    let text = dir.path().join("letter.txt");
    std::fs::write(&text, "A letter to a friend.").unwrap();
    let css = dir.path().join("a.css");
    std::fs::write(&css, "a{}").unwrap();
    let (text, css) = (text.to_str().unwrap(), css.to_str().unwrap());
    for (arguments, status, code) in [
        (&["assets"][..], 2, "usage"),
        (&["assets", "add"], 2, "usage"),
        (&["assets", "add", "/nowhere/at/all"], 1, "path_missing"),
        (&["assets", "add", css, "--url", "a.css"], 2, "usage"),
        (&["assets", "add", css, text, "--url", "https://shop.test/"], 2, "usage"),
        (&["assets", "add", text], 1, "no_page_files"),
        (&["assets", "add", css, "--session", "nobody"], 1, "session_missing"),
        (&["assets", "status", "nobody"], 1, "session_missing"),
        (&["assets", "status"], 2, "usage"),
    ] {
        let output = run(&cache, &[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert_eq!(json(&output)["error"]["code"], code, "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.trim().is_empty() && !said.contains("panicked"), "{said}");
    }
}
