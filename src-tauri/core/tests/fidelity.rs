//! The rebuilt page against the live one, on the repository's own visits: their checkpoints hold the DOM as a walker
//! in the page saw it. `make test` measures the larger corpus with its own scorer when it is there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_core::event::Session;
use dwell_core::findings::Findings;
use dwell_core::format::{clarity, rrweb};
use dwell_core::replay::Replay;
use serde_json::Value;

fn visits() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/visits");
    let mut out: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    out.retain(|p| p.join("checkpoints.json.gz").is_file());
    out.sort();
    assert_eq!(out.len(), 4);
    out
}

fn checkpoints(visit: &Path) -> Vec<Value> {
    let mut text = String::new();
    let file = std::fs::File::open(visit.join("checkpoints.json.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    serde_json::from_str::<Vec<Value>>(&text).unwrap()
}

fn clarity_session(visit: &Path) -> Session {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(visit.join("clarity")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let bodies: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).unwrap()).collect();
    let bodies: Vec<_> = bodies.iter().map(|bytes| clarity::Body { path: "", bytes }).collect();
    clarity::decode_session(&bodies, &mut Findings::new()).unwrap()
}

fn rrweb_session(visit: &Path) -> Session {
    let bytes = std::fs::read(visit.join("rrweb.json")).unwrap();
    rrweb::decode_session(&[rrweb::Body { path: "", bytes: &bytes }], None, &mut Findings::new()).unwrap()
}

/// Elements in document order, shadow roots and frames included, with the attributes that no recorder leaves out.
/// What a recorder itself puts into pages is passed over on both sides.
fn outline(node: &Value, out: &mut Vec<String>) {
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        let Some(parts) = node.as_array() else { continue };
        let tag = parts[0].as_str().unwrap();
        if matches!(tag, "!--" | "!doctype" | "script" | "noscript" | "meta" | "base" | "link" | "style" | "title") {
            continue;
        }
        let attr = |name: &str| parts.get(1).and_then(|a| a.get(name)).and_then(Value::as_str).unwrap_or("");
        if tag == "iframe" && !attr("__rrwebuntaintedmutationobserver").is_empty() || attr("class").contains("rr-block")
        {
            continue;
        }
        out.push(format!("{tag} {} {}", attr("id"), attr("class")));
        let extra = parts.get(3);
        let mut kids: Vec<&Value> = Vec::new();
        kids.extend(
            extra.and_then(|x| x.get("sr")).and_then(|s| s.get(1)).and_then(Value::as_array).into_iter().flatten(),
        );
        kids.extend(extra.and_then(|x| x.get("if")));
        kids.extend(parts.get(2).and_then(Value::as_array).into_iter().flatten());
        stack.extend(kids.into_iter().rev());
    }
}

fn scroll(document: &Value) -> (f64, f64) {
    let at = |key: &str| document[3].get(key).and_then(Value::as_f64).unwrap_or(0.0);
    (at("sx"), at("sy"))
}

#[test]
fn rebuilt_pages_are_the_live_pages() {
    let mut compared = 0;
    for visit in visits() {
        for session in [clarity_session(&visit), rrweb_session(&visit)] {
            let source = session.source;
            let mut replay = Replay::new(Arc::new(session));
            for checkpoint in checkpoints(&visit) {
                let name = format!("{} {} {}", visit.display(), source.name(), checkpoint["name"]);
                let rebuilt: Value =
                    serde_json::from_str(&replay.tree_at(checkpoint["t"].as_i64().unwrap()).canonical()).unwrap();
                let (mut live, mut ours) = (Vec::new(), Vec::new());
                outline(&checkpoint["dom"], &mut live);
                outline(&rebuilt, &mut ours);
                assert!(live.len() > 40, "{name}: {} elements", live.len());
                assert_eq!(ours, live, "{name}");
                let (truth, got) = (scroll(&checkpoint["dom"]), scroll(&rebuilt));
                assert!(
                    (truth.0 - got.0).abs() <= 2.0 && (truth.1 - got.1).abs() <= 2.0,
                    "{name}: {got:?}, not {truth:?}"
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 32);
}
