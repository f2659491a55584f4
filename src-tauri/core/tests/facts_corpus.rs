//! Facts of real recordings against what the visits' own page logs say.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its corpus must fail")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use dwell_core::event::{Session, SessionMeta};
use dwell_core::facts::{SessionFacts, browser_word, device_word, of_session, os_word};
use dwell_core::findings::Findings;
use dwell_core::format::{clarity, rrweb};
use flate2::read::GzDecoder;
use serde_json::Value;

fn corpus() -> PathBuf {
    std::env::var_os("DWELL_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from)
}

fn visits() -> Vec<PathBuf> {
    let root = corpus();
    let mut found: Vec<PathBuf> = std::fs::read_dir(root.join("visits"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|dir| dir.join("truth.json").exists())
        .collect();
    found.sort();
    if found.is_empty() {
        eprintln!("skipped: no corpus at {} (set DWELL_CORPUS)", root.display());
    }
    found
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn decode(visit: &Path, format: &str) -> Session {
    let files = files(&visit.join(format));
    let mut findings = Findings::new();
    let session = if format == "clarity" {
        let bodies: Vec<_> = files.iter().map(|(path, bytes)| clarity::Body { path, bytes }).collect();
        clarity::decode_session(&bodies, &mut findings)
    } else {
        let bodies: Vec<_> = files.iter().map(|(path, bytes)| rrweb::Body { path, bytes }).collect();
        rrweb::decode_session(&bodies, None, &mut findings)
    };
    session.unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[derive(Default)]
struct Score {
    checked: usize,
    wrong: Vec<String>,
}

impl Score {
    fn want(&mut self, what: String, got: impl Into<Value>, expected: impl Into<Value>) {
        let (got, expected) = (got.into(), expected.into());
        self.checked += 1;
        if got != expected {
            self.wrong.push(format!("{what}: {got} instead of {expected}"));
        }
    }
}

fn compare(score: &mut Score, name: &str, format: &str, f: &SessionFacts, truth: &Value, visit: &Value) {
    let at = |field: &str| format!("{name} {format} {field}");
    let row = f.to_json();
    let landing = &truth["landing"];
    let clicks = truth["clicks"].as_array().map(Vec::len).unwrap_or_default();
    score.want(at("click_count"), f.click_count, clicks);
    for key in ["source", "medium", "campaign", "term", "content"] {
        score.want(at(key), text(&row[format!("utm.{key}")]), text(&landing["utm"][format!("utm_{key}")]));
    }
    score.want(at("entry_page"), text(&row["entry_page"]), text(&landing["url"]));
    let device = match truth["device"].as_str() {
        Some("iphone" | "android") => "mobile",
        Some("ipad") => "tablet",
        _ => "pc",
    };
    score.want(at("device"), text(&row["device"]), device);
    if format == "clarity" {
        score.want(at("referrer"), text(&row["referrer"]), text(&landing["referrer"]));
        score.want(at("language"), text(&row["language"]), text(&visit["locale"]));
        score.want(at("user_type"), text(&row["user_type"]), "new");
        let stays = truth["durationMs"].as_f64().unwrap_or_default() / 1000.0;
        let got = f.duration.map_or(-1.0, |d| d.as_f64());
        // The visit begins with the request and the recording with the recorder.
        let before = (visit["pages"][0]["clarityStart"].as_f64().unwrap_or_default()
            - visit["pages"][0]["start"].as_f64().unwrap_or_default())
            / 1000.0;
        score.want(
            at(&format!("duration ({got} of {stays}, {before} before)")),
            (stays - before - got).abs() <= 2.0,
            true,
        );
        score.want(at("js_errors"), f.js_errors.unwrap_or_default(), errors(truth));
        // The log has one line for each document; a route change starts a page view of its own.
        let depths: Vec<f64> =
            truth["scroll"].as_array().into_iter().flatten().filter_map(|s| s["depthPercent"].as_f64()).collect();
        if depths.len() == f.pages.len() {
            for (page, depth) in f.pages.iter().zip(depths) {
                // The log measures against the height at the page's end.
                let got = page.scroll_depth.unwrap_or(-1.0);
                let near = (got - depth).abs() <= 3.0;
                score.want(at(&format!("scroll_depth {} ({got} for {depth})", page.number)), near, true);
            }
        }
    }
}

/// Uncaught errors that Clarity's recorder can see: it listens to `error` only, not to rejections.
fn errors(truth: &Value) -> u64 {
    truth["errors"].as_array().map_or(0, |list| list.iter().filter(|e| e["kind"] == "error").count() as u64)
}

#[test]
fn facts_agree_with_the_visits() {
    let mut score = Score::default();
    let mut sessions = 0;
    for visit in visits() {
        let name = visit.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (truth, about) = (json(&visit.join("truth.json")), json(&visit.join("visit.json")));
        for format in ["clarity", "rrweb"] {
            let f = of_session(&decode(&visit, format), &[], &SessionMeta::default());
            compare(&mut score, &name, format, &f, &truth, &about);
            let mut back = SessionFacts::from_json(f.to_json()).unwrap();
            back.pages = f.pages.clone();
            assert_eq!(back, f, "{name} {format}");
            sessions += 1;
        }
    }
    eprintln!("{sessions} sessions, {} of {} facts right", score.checked - score.wrong.len(), score.checked);
    assert!(score.wrong.is_empty(), "{:#?}", score.wrong);
}

/// Session lines whose payloads were re-stamped with other user agents, referrers and landing pages; `meta` says
/// which. What is derived without it must agree with it.
#[test]
fn facts_agree_with_amplified_sessions() {
    let path = corpus().join("stress/sample-60.ndjson.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("skipped: no {}", path.display());
        return;
    };
    let mut score = Score::default();
    let mut sessions = 0;
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let (meta, Some(payloads)) = (&line["meta"], line["clarity"].as_array()) else { continue };
        let bodies: Vec<clarity::Body<'_>> = payloads
            .iter()
            .map(|p| clarity::Body { path: "line", bytes: p.as_str().unwrap_or_default().as_bytes() })
            .collect();
        let session = clarity::decode_session(&bodies, &mut Findings::new()).unwrap();
        let row = of_session(&session, &[], &SessionMeta::default()).to_json();
        let at = |field: &str| format!("{} {field}", meta["index"]);
        score.want(at("device"), text(&row["device"]), device_word(&text(&meta["device"])).unwrap());
        score.want(at("browser"), text(&row["browser"]), browser_word(&text(&meta["browser"])).unwrap());
        score.want(at("os"), text(&row["os"]), os_word(&text(&meta["os"])).unwrap());
        score.want(at("language"), text(&row["language"]), text(&meta["locale"]));
        // A payload that had no referrer was given none, whatever its `meta` says.
        if !row["referrer"].is_null() {
            score.want(at("referrer"), text(&row["referrer"]), text(&meta["referrer"]));
        }
        score.want(at("entry_page"), text(&row["entry_page"]), text(&meta["landing"]));
        score.want(at("user"), text(&row["user"]), text(&meta["userId"]));
        sessions += 1;
    }
    eprintln!("{sessions} sessions, {} of {} facts right", score.checked - score.wrong.len(), score.checked);
    assert!(sessions > 0 && score.wrong.is_empty(), "{:#?}", score.wrong);
}
