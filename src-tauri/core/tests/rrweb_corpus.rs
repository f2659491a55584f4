//! rrweb recordings of the corpus, decoded whole. Skipped, saying so, where the corpus is not there.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use dwell_core::event::{Kind, Session};
use dwell_core::findings::{Findings, Severity};
use dwell_core::format::rrweb::{Body, decode_session};

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("DWELL_CORPUS")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"));
    if root.join("rrweb/recorded").is_dir() {
        return Some(root);
    }
    eprintln!("skipped: no corpus at {}", root.display());
    None
}

fn bytes(path: &Path) -> Vec<u8> {
    let raw = fs::read(path).unwrap();
    if raw.starts_with(&[0x1f, 0x8b]) {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(&raw[..]).read_to_end(&mut out).unwrap();
        return out;
    }
    raw
}

fn decode(files: &[PathBuf]) -> (Session, Findings) {
    let contents: Vec<(String, Vec<u8>)> = files.iter().map(|f| (f.display().to_string(), bytes(f))).collect();
    let bodies: Vec<Body<'_>> = contents.iter().map(|(path, bytes)| Body { path, bytes }).collect();
    let mut findings = Findings::new();
    (decode_session(&bodies, None, &mut findings).unwrap(), findings)
}

fn files_in(dir: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.to_string_lossy().ends_with(suffix))
        .collect();
    list.sort();
    list
}

#[test]
fn visits_have_the_documents_that_were_visited() {
    let Some(root) = corpus() else { return };
    for dir in files_in(&root.join("visits"), "") {
        let files = files_in(&dir.join("rrweb"), ".json");
        let (session, findings) = decode(&files);
        let documents: std::collections::BTreeSet<u32> = session.pages.iter().map(|p| p.document).collect();
        eprintln!(
            "{} files {} pages {} documents {} events {}",
            dir.display(),
            files.len(),
            session.pages.len(),
            documents.len(),
            session.events.len()
        );
        for f in findings.list() {
            eprintln!("   {f:?}");
        }
        assert_eq!(documents.len(), files.len(), "{}", dir.display());
        assert!(findings.list().iter().all(|f| f.severity == Severity::Note), "{:?}", findings.list());
        assert!(session.events.iter().all(|e| !matches!(e.kind, Kind::Unknown { .. })));
        assert!(session.pages.iter().all(|p| p.has_snapshot && p.viewport.is_some() && !p.url.is_empty()));
    }
}
