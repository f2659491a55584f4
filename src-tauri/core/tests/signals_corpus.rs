//! Signals on real recordings against what the visits' scripts did and their pages saw.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its corpus must fail")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dwell_core::event::Session;
use dwell_core::findings::Findings;
use dwell_core::format::{clarity, rrweb};
use dwell_core::signal::{Signal, SignalKind, Thresholds, detect};
use serde_json::Value;

fn corpus() -> PathBuf {
    std::env::var_os("DWELL_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from)
}

fn decode(visit: &Path, format: &str) -> Session {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(visit.join(format))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
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

/// Neither recorder sees unhandled rejections: Clarity listens to `error` alone. Our kind for a scripted deed, and by how many ms the recorders' clocks and the script's may differ.
fn kind(deed: &str) -> Option<(SignalKind, i64)> {
    Some(match deed {
        "rage" => (SignalKind::RageClick, 400),
        "dead" => (SignalKind::DeadClick, 700),
        "quick-back" => (SignalKind::QuickBack, 1500),
        "excessive-scroll" => (SignalKind::ExcessiveScroll, 1500),
        "js-error" => (SignalKind::JsError, 500),
        _ => return None,
    })
}

fn at(value: &Value) -> Option<i64> {
    value.as_i64()
}

/// rrweb records neither errors without its console plugin, nor addresses of routes.
fn unrecorded(format: &str, kind: SignalKind) -> bool {
    format == "rrweb" && kind == SignalKind::JsError
}

fn justified(signal: &Signal, truth: &Value, found: bool) -> bool {
    let near = |list: &str, slack: i64| {
        let items: Vec<&Value> = truth[list].as_array().into_iter().flatten().collect();
        items.into_iter().filter(|v| at(&v["t"]).is_some_and(|t| (t - signal.time).abs() <= slack)).collect::<Vec<_>>()
    };
    found
        || match signal.kind {
            SignalKind::DeadClick => near("clicks", 200).iter().any(|c| c["noVisibleEffect"] == true),
            SignalKind::JsError => !near("errors", 500).is_empty(),
            SignalKind::ErrorClick => !near("errors", 1500).is_empty(),
            SignalKind::Resize => true,
            _ => false,
        }
}

#[test]
fn finds_every_confirmed_deed_and_hardly_anything_else() {
    let root = corpus();
    let mut visits: Vec<PathBuf> = std::fs::read_dir(root.join("visits"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|dir| dir.join("truth.json").exists())
        .collect();
    visits.sort();
    if visits.is_empty() {
        eprintln!("skipped: no corpus at {} (set DWELL_CORPUS)", root.display());
        return;
    }
    let mut missed = Vec::new();
    let mut expected = 0;
    let mut reported: BTreeMap<(&str, SignalKind), (usize, Vec<String>)> = BTreeMap::new();
    for visit in &visits {
        let name = visit.file_name().unwrap().to_string_lossy().into_owned();
        let truth: Value = serde_json::from_slice(&std::fs::read(visit.join("truth.json")).unwrap()).unwrap();
        for format in ["clarity", "rrweb"] {
            let session = decode(visit, format);
            let detected = detect(&session, &Thresholds::default());
            assert_eq!(detected, detect(&session, &Thresholds::default()), "{name} {format}");
            let signals = detected.signals;
            let mut used = vec![false; signals.len()];
            for deed in truth["insights"].as_array().unwrap().iter().filter(|d| d["confirmed"] == true) {
                let Some((kind, slack)) = kind(deed["type"].as_str().unwrap()) else { continue };
                if unrecorded(format, kind) {
                    continue;
                }
                expected += 1;
                let from = at(&deed["t0"]).unwrap();
                let until = at(&deed["t1"]).unwrap_or(from);
                let hit =
                    signals.iter().position(|s| s.kind == kind && s.time >= from - slack && s.time <= until + slack);
                match hit {
                    Some(hit) => used[hit] = true,
                    None => missed.push(format!("{name} {format} {} at {from}", deed["type"])),
                }
            }
            for (signal, used) in signals.iter().zip(used) {
                let (good, bad) = reported.entry((format, signal.kind)).or_default();
                if justified(signal, &truth, used) {
                    *good += 1;
                } else {
                    bad.push(format!("{name} {:?} at {}", signal.kind, signal.time));
                }
            }
        }
    }
    assert!(expected >= 40, "{expected}");
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
    for ((format, kind), (good, bad)) in reported {
        let precision = good as f64 / (good + bad.len()) as f64;
        assert!(precision >= 0.95, "{format} {kind:?}: {precision:.2}\n{}", bad.join("\n"));
    }
}
