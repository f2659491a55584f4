//! `dwell notes` as other programs see it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const VISIT: &str = "../../tests/fixtures/visits";
const BODY: &str = r#"{"e":["0.8.70",1,0,1000,"proj","u1","s1",1,0,1,0,"https://shop.test/"],"a":[[0,0,0,1795317020000],[0,1,1,["https://shop.test/"]]]}"#;

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        std::fs::write(place.at("1.json"), BODY).unwrap();
        assert_eq!(place.run(&["import", place.at("1.json").to_str().unwrap()]).status.code(), Some(0));
        place
    }
    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dwell"));
        command.env_remove("XDG_DATA_HOME").env("HOME", "/nowhere");
        command.arg("--cache").arg(self.at("cache")).args(arguments).current_dir(self.dir.path()).output().unwrap()
    }
    fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
    fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(&[arguments, &["--json"]].concat());
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.trim_end().lines().count() >= 1 && !said.contains("panicked"), "{said}");
        (output.status.code().unwrap(), value["error"]["code"].as_str().unwrap().to_owned())
    }
}

#[test]
fn a_note_from_writing_to_undo() {
    let place = Place::new();
    assert_eq!(place.ask(&["notes", "name", "Ana"])["name"], "Ana");
    let id = place.ask(&["notes", "add", "s1", "Look here", "--at", "0", "--selector", "#buy"])["id"]
        .as_str()
        .unwrap()
        .to_owned();
    place.ask(&["notes", "edit", &id, "Look there"]);
    place.ask(&[
        "notes",
        "mark",
        "s1",
        "--label",
        "vip",
        "--label",
        "later",
        "--favourite",
        "yes",
        "--rating",
        "4",
        "--watched",
        "yes",
    ]);
    let all = place.ask(&["notes", "list"]);
    let note = &all["notes"][0];
    assert_eq!(
        (
            note["text"].as_str(),
            note["author"].as_str(),
            note["at"].as_i64(),
            note["selector"].as_str(),
            note["page"].as_i64()
        ),
        (Some("Look there"), Some("Ana"), Some(1_795_317_020_000), Some("#buy"), Some(1))
    );
    assert_eq!(all["labels"].as_array().unwrap().len(), 2);
    let row = &place.ask(&["sessions"])[0];
    assert_eq!(
        (&row["rating"], &row["favorite"], &row["watched"], &row["label"], &row["note"]),
        (
            &4.into(),
            &true.into(),
            &true.into(),
            &serde_json::json!(["later", "vip"]),
            &serde_json::json!(["Look there"])
        )
    );
    let text = String::from_utf8(place.run(&["notes", "list", "--session", "s1"]).stdout).unwrap();
    assert!(
        text.starts_with(&format!("s1\tnote\t{id}\t2026-11-22T")) && text.contains("s1\trating\t4\tAna\n"),
        "{text}"
    );
    place.ask(&["notes", "remove", &id]);
    assert_eq!(place.ask(&["notes", "list"])["notes"], serde_json::json!([]));
    assert_eq!(place.ask(&["notes", "undo"])["said"], "Note removed");
    assert_eq!(place.ask(&["notes", "list"])["notes"][0]["text"], "Look there");
    assert_eq!(place.ask(&["notes", "redo"])["said"], "Note removed");
    for _ in 0..20 {
        place.ask(&["notes", "undo"]);
    }
    assert!(String::from_utf8_lossy(&place.run(&["notes", "undo"]).stdout).contains("nothing to undo"));
    let row = &place.ask(&["sessions"])[0];
    assert_eq!((row.get("rating"), &row["watched"], row.get("label")), (None, &false.into(), None));
}

#[test]
fn two_copies_merge_and_conflicts_are_told() {
    let (ana, bob) = (Place::new(), Place::new());
    let id = ana.ask(&["notes", "add", "s1", "slow", "--by", "ana"])["id"].as_str().unwrap().to_owned();
    ana.ask(&["notes", "export", "first.json"]);
    bob.ask(&["notes", "import", ana.at("first.json").to_str().unwrap()]);
    ana.ask(&["notes", "edit", &id, "slow on phones"]);
    bob.ask(&["notes", "edit", &id, "slow after the voucher"]);
    bob.ask(&["notes", "mark", "s1", "--label", "vip"]);
    let counts = bob.ask(&["notes", "export", "bob.json", "--session", "s1"]);
    assert_eq!((&counts["notes"], &counts["labels"]), (&1.into(), &1.into()));
    ana.ask(&["notes", "export", "ana.json"]);
    let merged = ana.ask(&["notes", "import", bob.at("bob.json").to_str().unwrap()]);
    assert_eq!((&merged["both_kept"], &merged["findings"][0]["code"]), (&1.into(), &"notes_both_kept".into()));
    let output = bob.run(&["notes", "import", ana.at("ana.json").to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("both texts were kept"), "{output:?}");
    for place in [&ana, &bob] {
        place.ask(&["notes", "export", "all.json"]);
    }
    assert_eq!(std::fs::read(ana.at("all.json")).unwrap(), std::fs::read(bob.at("all.json")).unwrap());
    let again = ana.ask(&["notes", "import", bob.at("all.json").to_str().unwrap()]);
    assert_eq!(
        (&again["notes_added"], &again["marks_changed"], &again["findings"]),
        (&0.into(), &0.into(), &serde_json::json!([]))
    );
}

#[test]
fn what_is_wrong_is_said_and_changes_nothing() {
    let place = Place::new();
    place.ask(&["notes", "add", "s1", "kept"]);
    place.ask(&["notes", "export", "whole.json"]);
    let before = std::fs::read(place.at("whole.json")).unwrap();
    std::fs::write(place.at("cut.json"), &before[..before.len() / 2]).unwrap();
    std::fs::write(place.at("other.json"), "{\"a\":1}").unwrap();
    for (arguments, status, code) in [
        (&["notes"][..], 2, "usage"),
        (&["notes", "import", "cut.json"], 1, "path_unreadable"),
        (&["notes", "import", "other.json"], 1, "path_unreadable"),
        (&["notes", "import", "nowhere.json"], 1, "path_missing"),
        (&["notes", "export", "whole.json"], 2, "usage"),
        (&["notes", "export", "x.json", "--session", "nobody"], 1, "session_missing"),
        (&["notes", "add", "nobody", "x"], 1, "session_missing"),
        (&["notes", "add", "s1", " "], 2, "usage"),
        (&["notes", "add", "s1", "x", "--at", "99999999"], 2, "usage"),
        (&["notes", "add", "s1", "x", "--time", "yesterday"], 2, "usage"),
        (&["notes", "edit", "nobody", "x"], 1, "note_missing"),
        (&["notes", "mark", "s1"], 2, "usage"),
        (&["notes", "mark", "s1", "--rating", "6"], 2, "usage"),
        (&["notes", "dismiss", "s1", "--kind", "dead_click"], 1, "signal_missing"),
        (&["notes", "list", "--session", "nobody"], 1, "session_missing"),
    ] {
        assert_eq!(place.refused(arguments), (status, code.to_owned()), "{arguments:?}");
    }
    let output = place.run(&["notes", "import", "cut.json"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("cut.json cannot be read: line "), "{output:?}");
    place.ask(&["notes", "export", "--force", "whole.json"]);
    assert_eq!(std::fs::read(place.at("whole.json")).unwrap(), before);
    let empty = tempfile::tempdir().unwrap();
    let cache = empty.path().join("none");
    let output = Command::new(env!("CARGO_BIN_EXE_dwell"))
        .arg("--cache")
        .arg(&cache)
        .args(["notes", "add", "s1", "x"])
        .output()
        .unwrap();
    assert_eq!((output.status.code(), cache.exists()), (Some(1), false), "a mistyped cache is not made");
}

#[test]
fn signals_are_dismissed_with_a_reason() {
    let place = Place::new();
    let visits = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(VISIT);
    place.ask(&["import", visits.to_str().unwrap()]);
    let rows = place.ask(&["sessions"]);
    let found = rows.as_array().unwrap().iter().find_map(|row| {
        let id = row["id"].as_str().unwrap();
        let detail = place.ask(&["session", id]);
        let signal = detail["signals"].as_array().unwrap().first().cloned()?;
        Some((id.to_owned(), signal))
    });
    let (id, signal) = found.expect("one of the fixtures has a signal");
    let (kind, time) = (signal["kind"].as_str().unwrap(), signal["time"].to_string());
    let done = place.ask(&["notes", "dismiss", &id, "--kind", kind, "--time", &time, "--reason", "a picture to zoom"]);
    assert_eq!((done["signals"].as_u64() >= Some(1), done["changed"].as_u64() >= Some(1)), (true, true));
    place.ask(&["notes", "export", "n.json"]);
    let file: Value = serde_json::from_slice(&std::fs::read(place.at("n.json")).unwrap()).unwrap();
    let decision = &file["decisions"][0];
    assert_eq!((decision["kind"].as_str(), decision["reason"].as_str()), (Some(kind), Some("a picture to zoom")));
    assert!(decision["page"].as_str().unwrap().starts_with("http"), "{decision}");
    assert_eq!(decision["selector"], signal["selector"]);
    let detail = place.ask(&["session", &id]);
    let told = detail["signals"].as_array().unwrap().iter().find(|s| s["kind"] == kind && s["time"] == signal["time"]);
    assert_eq!(told.unwrap()["not_a_problem"]["reason"], "a picture to zoom");
    place.ask(&["notes", "dismiss", &id, "--kind", kind, "--time", &time, "--undo"]);
    let detail = place.ask(&["session", &id]);
    assert!(detail["signals"].as_array().unwrap().iter().all(|s| s.get("not_a_problem").is_none()));
    assert_eq!(place.ask(&["notes", "list"])["decisions"], serde_json::json!([]));
}

#[test]
fn goals_are_set_and_told() {
    let place = Place::new();
    place.ask(&["notes", "goal", "5"]);
    let goals = place.ask(&["notes", "goal", "3", "--find", "shop"]);
    assert_eq!(goals.as_array().unwrap().len(), 2);
    place.ask(&["notes", "mark", "s1", "--watched", "yes"]);
    let text = String::from_utf8(place.run(&["notes", "goal"]).stdout).unwrap();
    assert!(text.contains("1 of 5 this week\tall sessions, 1 sessions\n") && text.contains("with “shop”"), "{text}");
    assert_eq!(place.ask(&["notes", "goal", "0"]).as_array().unwrap().len(), 1);
}
