//! The built command as other programs see it: exit status, stdout, stderr.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const BODY: &str = r#"{"e":["0.8.70",1,0,1000,"proj","u1","s1",1,0,1,0,"https://shop.test/"],"a":[[0,0,0,1795317020000],[0,1,1,["https://shop.test/"]]]}"#;

fn dwell() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dwell"));
    command.env_remove("XDG_DATA_HOME").env("HOME", "/nowhere");
    command
}

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { dir: tempfile::tempdir().unwrap() }
    }
    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.at(name), bytes).unwrap();
        self.at(name)
    }
    fn run(&self, arguments: &[&str]) -> Output {
        dwell().arg("--cache").arg(self.at("cache")).args(arguments).output().unwrap()
    }
    fn ids(&self) -> Vec<String> {
        let rows = json(&self.run(&["sessions", "--json"]));
        rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stdout)))
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn import_list_verify() {
    let place = Place::new();
    let file = place.file("1.json", BODY);
    let file = file.to_str().unwrap();
    let output = place.run(&["import", file, "--json", "--project", "Shop"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let summary = json(&output);
    let mut keys: Vec<&str> = summary.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "bytes",
            "duplicates",
            "elapsed_ms",
            "findings",
            "pages_added",
            "sessions",
            "sessions_added",
            "sessions_updated"
        ]
    );
    assert_eq!(summary["sessions"], serde_json::json!(["s1"]));
    assert_eq!(output.stderr, b"");
    let rows = json(&place.run(&["sessions", "--sort", "start:desc", "--limit", "5", "--json"]));
    assert_eq!((rows[0]["id"].as_str(), rows[0]["project"].as_str()), (Some("s1"), Some("Shop")));
    assert_eq!(json(&place.run(&["sessions", "--limit", "0", "--json"])), serde_json::json!([]));
    let report = json(&place.run(&["verify", "--json"]));
    assert_eq!((report["ok"].as_bool(), report["sessions"].as_u64()), (Some(true), Some(1)));
    // For people.
    let again = place.run(&["import", file]);
    assert!(
        String::from_utf8_lossy(&again.stdout).starts_with("0 sessions added, 0 updated, 0 pages added, 1 duplicates")
    );
    assert!(place.run(&["sessions"]).stdout.starts_with(b"s1\tclarity\t"));
    assert!(place.run(&["verify"]).stdout.starts_with(b"The cache is whole: 1 sessions"));
}

#[test]
fn exit_status_and_error_objects() {
    let place = Place::new();
    let good = place.file("1.json", BODY);
    let text = place.file("text.txt", "A letter to a friend.");
    let (good, text) = (good.to_str().unwrap(), text.to_str().unwrap());
    for (arguments, status, code) in [
        (&["import"][..], 2, "usage"),
        (&["nonsense"], 2, "usage"),
        (&["sessions", "--limit", "many"], 2, "usage"),
        (&["sessions", "--sort", "nonsense"], 2, "usage"),
        (&["import", "/nowhere/at/all"], 1, "path_missing"),
        (&["import", text], 1, "no_recordings"),
        (&["import", good, "/nowhere/at/all"], 1, "path_missing"),
    ] {
        let with = [arguments, &["--json"]].concat();
        let output = place.run(&with);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", stderr(&output));
        let error = &json(&output)["error"];
        assert_eq!(error["code"], code, "{arguments:?}");
        assert!(error["message"].as_str().is_some_and(|m| !m.is_empty() && !m.contains('\n')), "{error}");
        let plain = place.run(arguments);
        assert_eq!((plain.status.code(), plain.stdout.len()), (Some(status), 0), "{arguments:?}");
        assert!(!plain.stderr.is_empty(), "{arguments:?}");
        if status == 1 {
            assert_eq!(stderr(&plain).lines().count(), 1, "{}", stderr(&plain));
        }
    }
    assert!(place.run(&["sessions", "--json"]).status.code() == Some(0) || !place.at("cache").exists());
    let output = place.run(&["import", good, text, "--json"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(json(&output)["findings"][0]["code"], "not_a_recording");
    assert_eq!(dwell().arg("--help").output().unwrap().status.code(), Some(0));
    let homeless = dwell().env_remove("HOME").args(["sessions", "--json"]).output().unwrap();
    assert_eq!(homeless.status.code(), Some(2));
}

#[test]
fn a_missing_path_leaves_no_cache_behind() {
    let place = Place::new();
    place.run(&["import", "/nowhere/at/all"]);
    assert!(!place.at("cache").exists());
    assert_eq!(json(&place.run(&["verify", "--json"]))["error"]["code"], "path_missing");
}

#[cfg(unix)]
#[test]
fn a_closed_stdout_ends_quietly() {
    let place = Place::new();
    let bodies: String = (0..500).map(|i| BODY.replace("\"s1\"", &format!("\"session-{i:0200}\"")) + "\n").collect();
    let file = place.file("many.ndjson", bodies);
    assert_eq!(place.run(&["import", file.to_str().unwrap()]).status.code(), Some(0));
    let mut child = dwell()
        .arg("--cache")
        .arg(place.at("cache"))
        .arg("sessions")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("session-"));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_locked_cache_is_said_to_be_locked() {
    let place = Place::new();
    let file = place.file("1.json", BODY);
    place.run(&["import", file.to_str().unwrap()]);
    let other = rusqlite::Connection::open(place.at("cache")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let begun = Instant::now();
    let output = place.run(&["import", file.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["error"]["code"], "cache_locked");
    assert!(begun.elapsed() < Duration::from_secs(15));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(place.ids(), ["s1"]);
}

/// Permission bits do not bind root, so root runs the command as nobody.
#[cfg(unix)]
#[test]
fn a_read_only_cache_is_said_to_be_read_only() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let place = Place::new();
    let file = place.file("1.json", BODY);
    let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    place.run(&["import", file.to_str().unwrap()]);
    let root = std::fs::metadata(place.dir.path()).unwrap().uid() == 0;
    let run = |arguments: &[&str]| {
        // nobody may not be able to reach the build folder; a copy beside the cache can be reached.
        let copy = place.at("dwell");
        let mut command = Command::new(&copy);
        if !copy.exists() {
            std::fs::copy(env!("CARGO_BIN_EXE_dwell"), &copy).unwrap();
        }
        if root {
            command.uid(65534).gid(65534);
        }
        command.arg("--cache").arg(place.at("cache")).args(arguments).output().unwrap()
    };
    run(&["--version"]);
    set(&place.at("cache"), 0o444);
    set(place.dir.path(), 0o555);
    let import = run(&["import", file.to_str().unwrap(), "--json"]);
    let list = run(&["sessions", "--json"]);
    let verify = run(&["verify", "--json"]);
    set(place.dir.path(), 0o755);
    assert_eq!(import.status.code(), Some(1), "{}", stderr(&import));
    assert_eq!(json(&import)["error"]["code"], "cache_read_only");
    // It can still be looked at.
    assert_eq!(json(&list)[0]["id"], "s1", "{}", stderr(&list));
    assert_eq!(json(&verify)["ok"], true, "{}", stderr(&verify));
    set(&place.at("cache"), 0o644);
    assert_eq!(place.ids(), ["s1"]);
}

#[test]
fn a_cache_that_cannot_be_there_is_said_so() {
    let place = Place::new();
    let file = place.file("1.json", BODY);
    for cache in ["1.json/cache", "no/such/folder/cache", "1.json", "."] {
        let output =
            dwell().arg("--cache").arg(place.at(cache)).args(["import", file.to_str().unwrap(), "--json"]).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(1), "{cache}");
        let code = json(&output)["error"]["code"].as_str().unwrap().to_owned();
        assert!(code == "cache_read_only" || code == "cache_foreign", "{cache}: {code}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), BODY);
}

#[cfg(unix)]
#[test]
fn a_full_disk_keeps_what_was_there() {
    let place = Place::new();
    let file = place.file("1.json", BODY);
    place.run(&["import", file.to_str().unwrap()]);
    let noise = |seed: u64| -> String {
        let mut x = seed;
        (0..6_000)
            .map(|_| {
                x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                format!("[0,1,0,[\"{:x}\"]],", x >> 20)
            })
            .collect()
    };
    let bodies: String = (0..20)
        .map(|i| {
            let body = BODY.replace("\"s1\"", &format!("\"big{i}\""));
            body.replace("\"a\":[", &format!("\"a\":[{}", noise(i))) + "\n"
        })
        .collect();
    let big = place.file("big.ndjson", bodies);
    // No file may grow beyond 1 MB: what a full disk or a quota is to a program.
    let script = "trap '' XFSZ; ulimit -f 2048; exec \"$@\"";
    let output = Command::new("bash")
        .args(["-c", script, "-", env!("CARGO_BIN_EXE_dwell"), "--json", "--cache"])
        .arg(place.at("cache"))
        .arg("import")
        .arg(&big)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(json(&output)["error"]["code"], "disk_full", "{}", stderr(&output));
    let report = json(&place.run(&["verify", "--json"]));
    assert_eq!(report["ok"], true, "{report}");
    assert!(place.ids().contains(&"s1".to_owned()));
    let left: Vec<_> = std::fs::read_dir(place.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("-room-")), "{left:?}");
    assert_eq!(place.run(&["import", big.to_str().unwrap()]).status.code(), Some(0));
    assert_eq!(place.ids().len(), 21);
}

#[test]
fn export_and_import_again() {
    let place = Place::new();
    let list = place.file("list.csv", "Session ID,Country,Pages\ns1,Norway,4\ns2,Sweden,2\n");
    place.run(&["import", list.to_str().unwrap()]);
    let file = place.file("1.json", BODY);
    place.run(&["import", file.to_str().unwrap()]);
    assert_eq!(place.ids().len(), 2);
    let out = place.at("out.zip");
    let out = out.to_str().unwrap();
    let written = |arguments: &[&str]| place.run(&[&["export", out, "--created", "5", "--json"], arguments].concat());
    let output = written(&["--all"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let summary = json(&output);
    assert_eq!((&summary["sessions"], &summary["without_recording"]), (&2.into(), &1.into()));
    let bytes = std::fs::read(out).unwrap();
    // Not over a file that is there; with the same time the same bytes.
    assert_eq!(written(&["--all"]).status.code(), Some(2));
    assert_eq!(written(&["s1", "s2", "--force"]).status.code(), Some(0));
    assert_eq!(std::fs::read(out).unwrap(), bytes);
    assert_eq!(written(&["--limit", "1", "--force"]).status.code(), Some(0));
    for wrong in [&["--force"][..], &["--all", "s1"], &["--limit", "1", "s1"], &["--sort", "start"]] {
        assert_eq!(written(wrong).status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(json(&written(&["nobody", "--force"]))["error"]["code"], "session_missing");
    std::fs::write(out, bytes).unwrap();
    let other = Place::new();
    other.run(&["import", out]);
    assert_eq!(other.ids(), place.ids());
    let session = json(&other.run(&["session", "s2", "--json"]));
    assert_eq!((&session["country"], &session["page_count"]), (&"Sweden".into(), &2.into()));
    let output = other.run(&["events", "s2", "--json"]);
    assert_eq!((output.status.code(), &json(&output)["error"]["code"]), (Some(1), &"no_recording".into()));
}

#[test]
fn verify_lists_gaps_in_sentences() {
    let place = Place::new();
    let file = place.file("2.json", BODY.replace("\"0.8.70\",1,0", "\"0.8.70\",2,1000"));
    place.run(&["import", file.to_str().unwrap()]);
    let output = place.run(&["verify"]);
    assert!(stderr(&output).contains("Session s1, 0.0 s into page 1"), "{}", stderr(&output));
    assert!(stderr(&output).contains("The first payload of this page view is missing."), "{}", stderr(&output));
    let report = json(&place.run(&["verify", "--json"]));
    assert_eq!(report["gaps"][0]["page"], 1);
}

#[test]
fn columns_of_a_list_can_be_named() {
    let place = Place::new();
    let list = place.file("list.csv", "Besuch,Wo\nb7,Wien\n");
    let list = list.to_str().unwrap();
    let output = place.run(&["import", list]);
    assert!(stderr(&output).contains("--columns"), "{}", stderr(&output));
    let names = place.file("names.json", r#"{"session":["Besuch"],"city":["Wo"]}"#);
    assert_eq!(place.run(&["import", list, "--columns", names.to_str().unwrap()]).status.code(), Some(0));
    assert_eq!(json(&place.run(&["session", "b7", "--json"]))["city"], "Wien");
    let wrong = place.file("wrong.json", r#"{"colour":["Wo"]}"#);
    assert_eq!(place.run(&["import", list, "--columns", wrong.to_str().unwrap()]).status.code(), Some(2));
}
