//! Imports through the desk: what is read, what is refused, and what the cache holds afterwards.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

mod content;

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use content::content;
use dwell_core::desk::verify::verify;
use dwell_core::desk::{ImportSummary, Options, import};
use dwell_core::error::{Error, Result};
use dwell_core::findings::{Findings, Severity};
use dwell_core::store::{Cache, Filter};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

struct Desk {
    dir: TempDir,
    cache: Cache,
}

impl Desk {
    fn new() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.sqlite")).unwrap();
        Desk { dir, cache }
    }
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
    fn import(&mut self, paths: &[&Path]) -> Result<ImportSummary> {
        self.import_with(paths, &Options::default())
    }
    fn import_with(&mut self, paths: &[&Path], options: &Options) -> Result<ImportSummary> {
        let paths: Vec<PathBuf> = paths.iter().map(|p| p.to_path_buf()).collect();
        let mut findings = Findings::new();
        import(&mut self.cache, &paths, options, &mut |_| {}, &AtomicBool::new(false), 0, &mut findings)
    }
    fn dump(&self) -> BTreeMap<String, Vec<String>> {
        content(self.cache.path(), true)
    }
    fn assert_whole(&self) {
        let report = verify(&self.cache, &mut |_, _| {}, &AtomicBool::new(false)).unwrap();
        assert!(report.ok, "{:?}", report.problems);
    }
}

/// A Clarity body: one click-less page view with a few dimensions; `sequence` 1 carries the clock.
fn clarity(session: &str, user: &str, page: u32, sequence: u32, last: bool) -> String {
    let start = (sequence - 1) * 1000;
    let clock = if sequence == 1 {
        format!("[0,0,0,{}],", 1_795_317_020_000u64 + u64::from(page) * 60_000)
    } else {
        String::new()
    };
    format!(
        r#"{{"e":["0.8.70",{sequence},{start},1000,"proj","{user}","{session}",{page},0,{},0,"https://shop.test/p{page}"],"a":[{clock}[{start},1,1,["https://shop.test/p{page}"]],[{start},11,800,600]]}}"#,
        u8::from(last)
    )
}

fn rrweb(start: u64, more: u32) -> String {
    let mut text = format!(
        r#"[{{"type":4,"data":{{"href":"https://shop.test/","width":800,"height":600}},"timestamp":{start}}},{{"type":2,"data":{{"node":{{"type":0,"childNodes":[{{"type":2,"tagName":"html","attributes":{{}},"childNodes":[],"id":2}}],"id":1}},"initialOffset":{{"top":0,"left":0}}}},"timestamp":{}}}"#,
        start + 5
    );
    for i in 0..more {
        let at = start + 100 + u64::from(i) * 50;
        text += &format!(r#",{{"type":3,"data":{{"source":3,"id":1,"x":0,"y":{i}}},"timestamp":{at}}}"#);
    }
    text + "]"
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        out.start_file(*name, SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// `n` bytes that no compressor shrinks and no format knows.
fn noise(n: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    (0..n)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect()
}

fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("DWELL_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: there is no corpus at {}", path.display());
    None
}

#[test]
fn every_wrapper_gives_the_same_session() {
    let body = clarity("s1", "u1", 1, 1, true);
    let quoted = serde_json::to_string(&body).unwrap();
    let br = {
        let mut out = Vec::new();
        brotli::BrotliCompress(&mut body.as_bytes(), &mut out, &Default::default()).unwrap();
        out
    };
    let twice = [gz(&body.as_bytes()[..40]), gz(&body.as_bytes()[40..])].concat();
    let inputs: Vec<(&str, Vec<u8>)> = vec![
        ("plain", body.clone().into_bytes()),
        ("bom.txt", [b"\xef\xbb\xbf", body.as_bytes()].concat()),
        ("gzip", gz(body.as_bytes())),
        ("gzip of two members", twice),
        ("gzip in gzip", gz(&gz(body.as_bytes()))),
        ("zlib", {
            let mut out = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
            out.write_all(body.as_bytes()).unwrap();
            out.finish().unwrap()
        }),
        ("zstd", zstd::encode_all(body.as_bytes(), 1).unwrap()),
        ("brotli", br),
        ("zip", zipped(&[("a/x.dat", body.as_bytes())])),
        ("zip in zip", zipped(&[("inner.bin", &zipped(&[("x", body.as_bytes())]))])),
        ("zip in gzip", gz(&zipped(&[("x", body.as_bytes())]))),
        ("list", format!("[{body}]").into_bytes()),
        ("list of texts", format!("[{quoted}]").into_bytes()),
        ("lines", format!("{body}\n{body}\n").into_bytes()),
        ("lines of texts", format!("{quoted}\n\n{quoted}").into_bytes()),
        ("session line", format!(r#"{{"meta":{{"country":"NO"}},"clarity":[{quoted}]}}"#).into_bytes()),
        ("session lines", format!("{{\"clarity\":[{body}]}}\n{{\"clarity\":{body}}}\n").into_bytes()),
    ];
    let mut hashes = None;
    for (name, bytes) in inputs {
        let mut desk = Desk::new();
        let path = desk.file("input", bytes);
        let summary = desk.import(&[&path]).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(summary.sessions, ["s1"], "{name}");
        assert_eq!((summary.sessions_added, summary.pages_added), (1, 1), "{name}");
        let now: Vec<[u8; 32]> = desk.cache.original_infos("s1").unwrap().iter().map(|info| info.hash).collect();
        assert_eq!(hashes.get_or_insert_with(|| now.clone()), &now, "{name}");
        desk.assert_whole();
    }
}

#[test]
fn too_many_wrappers_are_refused() {
    let mut packed = clarity("s1", "u1", 1, 1, true).into_bytes();
    for _ in 0..5 {
        packed = gz(&packed);
    }
    let mut desk = Desk::new();
    let path = desk.file("deep.gz", &packed);
    let e = desk.import(&[&path]).unwrap_err();
    assert_eq!(e.code(), "no_recordings");
    assert!(e.to_string().contains("more than 4 times over"), "{e}");
    let inner = zipped(&[("x", b"{}")]);
    let path = desk.file("deep.zip", zipped(&[("a.zip", &zipped(&[("b.zip", &inner)]))]));
    assert!(desk.import(&[&path]).unwrap_err().to_string().contains("archive in an archive"));
}

#[test]
fn bad_input_gets_one_clear_sentence() {
    let mut desk = Desk::new();
    let good = desk.file("good.json", clarity("s1", "u1", 1, 1, true));
    desk.import(&[&good]).unwrap();
    let before = desk.dump();
    let deep = "[".repeat(200_000);
    let deep_events = format!(r#"[{{"type":2,"timestamp":1,"data":{}"#, r#"{"node":"#.repeat(200_000));
    let body = clarity("s2", "u2", 1, 1, true);
    let zip = zipped(&[("a.json", body.as_bytes())]);
    let member = zipped(&[("a.json", &noise(5000))]);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty.json", vec![], "is empty"),
        ("blank.json", b" \n ".to_vec(), "is blank"),
        ("truncated.json", b"{\"e\":[\"0.8".to_vec(), "ends in the middle of its JSON text, at byte 10"),
        ("broken.json", b"{\"e\":nope}".to_vec(), "is broken JSON at byte 5"),
        ("other.json", b"{\"name\":\"x\"}".to_vec(), "is JSON without a recording"),
        ("text.txt", b"Hello, this is a letter.".to_vec(), "is plain text"),
        ("image.png", [b"\x89PNG\r\n\x1a\n".to_vec(), noise(500)].concat(), "is a PNG image"),
        ("noise.bin", noise(100_000), "is binary data of an unknown kind"),
        ("deep.json", deep.into_bytes(), "nests deeper than 10000 levels"),
        ("deep-events.json", deep_events.into_bytes(), "nests deeper than 10000 levels"),
        ("cut.zip", zip[..20].to_vec(), "starts like a zip archive but is damaged"),
        ("cut.gz", gz(&noise(9000))[..12].to_vec(), "was cut off"),
        ("damaged.gz", b"\x1f\x8b\x08\x00 this is no gzip at all".to_vec(), "damaged.gz"),
        ("noise.zip", member, "holds one file, and it is no recording"),
        (
            "export.har",
            br#"{"log":{"version":"1.2","entries":[]}}"#.to_vec(),
            "is a HAR file without any recorder's uploads",
        ),
        ("clicks.csv", b"Rank,Clicks,Selector\n1,20,#a\n".to_vec(), "is the table of a heatmap"),
        ("prices.csv", b"Name,Price,Stock\nx,20,1\n".to_vec(), "is a table without a column for the session"),
        ("traversal.zip", raw_zip("../../etc/passwd", body.as_bytes()), "leads out of the archive"),
        ("absolute.zip", raw_zip("/etc/passwd", body.as_bytes()), "is absolute"),
        ("drive.zip", raw_zip("C:\\x.json", body.as_bytes()), "names a drive"),
        ("old.json", br#"{"e":["0.5.1",1,"p","u","s","g",0,0],"a":[],"d":[]}"#.to_vec(), "0.5.1"),
    ];
    for (name, bytes, says) in cases {
        let path = desk.file(name, bytes);
        let begun = Instant::now();
        let e = desk.import(&[&path]).unwrap_err();
        assert_eq!(e.code(), "no_recordings", "{name}: {e}");
        let sentence = e.to_string();
        assert!(sentence.contains(says) && sentence.contains(name), "{name}: {sentence}");
        assert!(!sentence.contains('\n') && sentence.ends_with(['.', ')']), "{name}: {sentence}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{name} took {:?}", begun.elapsed());
        // The same beside a good one: the rest is read, and the finding says what was not.
        let summary = desk.import(&[&good, &path]).unwrap();
        assert_eq!((summary.sessions_added, summary.duplicates), (0, 1), "{name}");
        assert!(summary.findings.iter().any(|f| f.severity >= Severity::Warning || name == "noise.zip"), "{name}");
        assert_eq!(desk.dump(), before, "{name}");
    }
    let e = desk.import(&[Path::new("/nowhere/at/all")]).unwrap_err();
    assert_eq!(e.code(), "path_missing");
    let empty = desk.dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(desk.import(&[&empty]).unwrap_err().to_string().contains("is an empty folder"));
    desk.file("photos/a.png", b"\x89PNG\r\n\x1a\n");
    desk.file("photos/README.txt", b"About these photos");
    let e = desk.import(&[&desk.dir.path().join("photos")]).unwrap_err();
    assert!(e.to_string().contains("holds 2 files, none of them a recording (1 × a PNG image, 1 × plain text)"), "{e}");
    assert_eq!(desk.dump(), before);
    desk.assert_whole();
}

/// A stored zip with one member whose name is written as it stands.
fn raw_zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    let (crc, size) = (crc.sum().to_le_bytes(), (bytes.len() as u32).to_le_bytes());
    let length = (name.len() as u16).to_le_bytes();
    let common = |out: &mut Vec<u8>| {
        out.extend([20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        out.extend(crc);
        out.extend(size);
        out.extend(size);
        out.extend(length);
        out.extend([0, 0]);
    };
    let mut out = b"PK\x03\x04".to_vec();
    common(&mut out);
    out.extend(name.as_bytes());
    out.extend(bytes);
    let start = (out.len() as u32).to_le_bytes();
    let mut directory = b"PK\x01\x02\x14\x00".to_vec();
    common(&mut directory);
    directory.extend([0; 14]);
    directory.extend(name.as_bytes());
    let length = (directory.len() as u32).to_le_bytes();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend(length);
    out.extend(start);
    out.extend([0, 0]);
    out
}

#[test]
fn bombs_stop_early() {
    let mut desk = Desk::new();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(b"[").unwrap();
    let blank = vec![b' '; 1 << 20];
    for _ in 0..300 {
        bomb.write_all(&blank).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for (name, bytes) in [
        ("bomb.gz", bomb.clone()),
        ("bomb.zip", zipped(&[("bomb.json", &[b"{".to_vec(), vec![b'\n'; 100 << 20]].concat())])),
        ("bomb.gz.gz", gz(&bomb)),
    ] {
        let path = desk.file(name, bytes);
        let begun = Instant::now();
        let e = desk.import(&[&path]).unwrap_err();
        assert!(e.to_string().contains("more than 400 times its size"), "{name}: {e}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{name} took {:?}", begun.elapsed());
    }
    assert!(desk.cache.session_ids().unwrap().is_empty());
}

#[test]
fn cut_archives_give_what_is_whole() {
    let mut desk = Desk::new();
    let bodies: Vec<String> = (0..20).map(|i| clarity(&format!("s{i:02}"), "u", 1, 1, true)).collect();
    let members: Vec<(String, &[u8])> =
        bodies.iter().enumerate().map(|(i, b)| (format!("{i:02}.json"), b.as_bytes())).collect();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(n, b)| (n.as_str(), *b)).collect();
    let zip = zipped(&members);
    let path = desk.file("cut.zip", &zip[..zip.len() / 2]);
    let summary = desk.import(&[&path]).unwrap();
    assert!((5..15).contains(&summary.sessions.len()), "{:?}", summary.sessions);
    assert!(summary.findings.iter().any(|f| f.code == "zip_truncated"));
    let lines = gz(&[bodies.join("\n").into_bytes(), noise(4000)].concat());
    let path = desk.file("cut.ndjson.gz", &lines[..lines.len() - 3000]);
    let summary = desk.import(&[&path]).unwrap();
    assert_eq!(summary.sessions.len(), 19, "{:?}", summary.findings);
    assert!(summary.findings.iter().any(|f| f.code == "truncated"));
    let events = rrweb(1_795_317_020_000, 50);
    let path = desk.file("cut-events.json", &events.as_bytes()[..events.len() - 30]);
    let summary = desk.import(&[&path]).unwrap();
    assert_eq!(summary.sessions_added, 1);
    assert!(summary.findings.iter().any(|f| f.code == "json_truncated" && f.offset.is_some()));
    desk.assert_whole();
}

#[test]
fn the_same_bytes_twice_change_nothing() {
    let mut desk = Desk::new();
    let body = clarity("s1", "u1", 1, 1, true);
    let line = format!(
        "{{\"meta\":{{\"sessionId\":\"s1\",\"userId\":\"u1\",\"country\":\"NO\"}},\"clarity\":[{body}],\"rrweb\":[{}]}}\n",
        rrweb(1_795_317_020_000, 3)
    );
    let path = desk.file("lines.ndjson", &line);
    let first = desk.import(&[&path]).unwrap();
    assert_eq!((first.sessions_added, first.duplicates), (2, 0));
    // Both recordings of one visit are sessions; Clarity's has the plain id.
    assert_eq!(first.sessions, ["s1", "s1-rrweb"]);
    assert_eq!(desk.cache.session("s1-rrweb").unwrap().meta.country.as_deref(), Some("NO"));
    let before = desk.dump();
    let again = desk.import(&[&path]).unwrap();
    assert_eq!((again.sessions_added, again.sessions_updated, again.pages_added, again.duplicates), (0, 0, 0, 2));
    assert_eq!(again.sessions, first.sessions);
    assert_eq!(desk.dump(), before);
    // The same bodies from elsewhere are the same bodies.
    let path = desk.file("elsewhere/clarity/1.json", &body);
    let events = desk.file("elsewhere/x.json", rrweb(1_795_317_020_000, 3));
    let again = desk.import(&[&path, &events]).unwrap();
    assert_eq!((again.duplicates, again.sessions_added, again.sessions_updated), (2, 0, 0));
    assert_eq!(desk.dump(), before);
}

#[test]
fn a_longer_capture_completes_a_session_in_any_order() {
    let parts: Vec<String> =
        (1..=4).map(|n| clarity("s1", "u1", 1, n, n == 4)).chain([clarity("s1", "u1", 2, 1, true)]).collect();
    let mut whole = Desk::new();
    let path = whole.file("all.json", format!("[{}]", parts.join(",")));
    whole.import(&[&path]).unwrap();
    let want = whole.cache.load("s1").unwrap();
    assert_eq!(want.pages.len(), 2);
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
        let mut desk = Desk::new();
        let (mut added, mut updated, mut pages) = (0, 0, 0);
        for i in order {
            let path = desk.file(&format!("{i}.json"), &parts[i]);
            let summary = desk.import(&[&path]).unwrap();
            added += summary.sessions_added;
            updated += summary.sessions_updated;
            pages += summary.pages_added;
            desk.assert_whole();
        }
        assert_eq!((added, updated, pages), (1, 4, 2));
        assert_eq!(desk.cache.load("s1").unwrap(), want, "{order:?}");
    }
    let mut desk = Desk::new();
    let short = desk.file("short.json", rrweb(1_795_317_020_000, 3));
    let long = desk.file("long.json", rrweb(1_795_317_020_000, 30));
    desk.import(&[&short]).unwrap();
    let summary = desk.import(&[&long]).unwrap();
    assert_eq!((summary.sessions_added, summary.sessions_updated), (0, 1));
    let id = &summary.sessions[0];
    assert_eq!(desk.cache.events(id).unwrap().iter().filter(|e| e.kind.name() == "scroll").count(), 30);
}

#[test]
fn equal_ids_of_two_visitors_stay_two_sessions() {
    let mut desk = Desk::new();
    let path = desk.file(
        "all.json",
        format!(
            "[{},{},{}]",
            clarity("same", "ann", 1, 1, true),
            clarity("same", "bob", 1, 1, true),
            clarity("same", "bob", 2, 1, true)
        ),
    );
    let summary = desk.import(&[&path]).unwrap();
    assert_eq!(summary.sessions, ["same", "same-bob"]);
    assert_eq!(desk.cache.pages("same-bob").unwrap().len(), 2);
}

#[test]
fn folders_of_sessions_take_their_metadata() {
    let mut desk = Desk::new();
    let meta = r#"{"sessionId":"s1","userId":"u1","locale":"de-DE","country":"DE"}"#;
    desk.file("x/s000001/session.json", meta);
    desk.file("x/s000001/clarity/001.json", clarity("s1", "u1", 1, 1, false));
    desk.file("x/s000001/clarity/002.json", clarity("s1", "u1", 1, 2, true));
    desk.file("x/s000001/rrweb/01.json", rrweb(1_795_317_020_000, 2));
    desk.file("x/s000001/rrweb/02.json", rrweb(1_795_317_050_000, 2));
    desk.file("x/s000002/rrweb/01.json", rrweb(1_795_317_090_000, 2));
    desk.file("x/README.md", "about");
    let summary = desk.import(&[&desk.dir.path().join("x")]).unwrap();
    assert_eq!(summary.sessions.len(), 3, "{summary:?}");
    assert_eq!(&summary.sessions[..2], ["s1", "s1-rrweb"]);
    assert_eq!(desk.cache.pages("s1-rrweb").unwrap().len(), 2);
    for id in ["s1", "s1-rrweb"] {
        assert_eq!(desk.cache.session(id).unwrap().meta.locale.as_deref(), Some("de-DE"));
    }
    assert!(summary.findings.iter().all(|f| f.severity == Severity::Note), "{:?}", summary.findings);
}

#[test]
fn dwell_archives_are_read_with_manifest_assets_and_notes() {
    let body = clarity("s1", "u1", 1, 1, true);
    let hash = dwell_core::archive::Hash::of(body.as_bytes());
    let manifest = format!(
        r#"{{"format":"dwell-archive","version":1,"files":[{{"path":"p/1.json","sha256":"{hash}","bytes":{}}},
        {{"path":"p/2.json","sha256":"{}","bytes":1}}],
        "sessions":[{{"id":"s1","files":["p/1.json"],"country":"NO","utm":{{"source":"mail"}},"tags":{{"plan":"pro"}}}},
                    {{"id":"r1","files":["p/2.json"],"country":"SE"}}]}}"#,
        body.len(),
        "0".repeat(64)
    );
    let assets = r#"{"https://shop.test/a.css":{"file":"assets/a.css","content_type":"text/css"},"https://shop.test/gone.css":"gone.css"}"#;
    let zip = zipped(&[
        ("demo/manifest.json", manifest.as_bytes()),
        ("demo/assets/assets.json", assets.as_bytes()),
        ("demo/assets/a.css", b"body{}"),
        ("demo/notes.json", b"{\"notes\":[]}"),
        ("demo/p/1.json", body.as_bytes()),
        ("demo/p/2.json", rrweb(1_795_317_020_000, 2).as_bytes()),
    ]);
    let mut desk = Desk::new();
    let path = desk.file("demo.zip", zip);
    let summary = desk.import(&[&path]).unwrap();
    assert_eq!(summary.sessions, ["s1", "r1"]);
    let row = desk.cache.session("s1").unwrap();
    assert_eq!(row.facts["country"], "NO");
    assert_eq!(row.meta.tags["plan"], ["pro"]);
    let mut codes: Vec<&str> =
        summary.findings.iter().filter(|f| f.severity >= Severity::Warning).map(|f| f.code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["asset_missing", "hash_mismatch"], "{:?}", summary.findings);
    let urls = desk.cache.session_assets("r1").unwrap();
    assert_eq!(urls.len(), 1);
    let asset = desk.cache.asset(&urls[0].1).unwrap().unwrap();
    assert_eq!((asset.content_type.as_str(), asset.bytes.as_slice()), ("text/css", &b"body{}"[..]));
    assert_eq!(desk.dump()["archive_notes"].len(), 1);
    let before = desk.dump();
    desk.import(&[&path]).unwrap();
    assert_eq!(desk.dump(), before);
    desk.assert_whole();
}

#[test]
fn what_people_wrote_survives_a_new_import() {
    let mut desk = Desk::new();
    let path = desk.file("1.json", clarity("s1", "u1", 1, 1, false));
    desk.import(&[&path]).unwrap();
    let db = rusqlite::Connection::open(desk.cache.path()).unwrap();
    db.execute_batch(
        "INSERT INTO notes (id, session, page, at, author, text, created_at, changed_at, was)
         VALUES ('n1','s1',1,5,'ann','look here',1,1,'[]');
         INSERT INTO marks VALUES ('label','s1','vip','','{\"label\":\"vip\"}',1,0);
         INSERT INTO review_history (at, said, changes) VALUES (1, 'Note added', '[]');
         INSERT INTO keyframes VALUES ('s1',1,0,x'00')",
    )
    .unwrap();
    let path = desk.file("2.json", clarity("s1", "u1", 1, 2, true));
    assert_eq!(desk.import(&[&path]).unwrap().sessions_updated, 1);
    let dump = desk.dump();
    for table in ["notes", "marks", "review_history"] {
        assert_eq!(dump[table].len(), 1, "{table}");
    }
    assert!(dump["keyframes"].is_empty(), "keyframes of the shorter session must go");
}

#[test]
fn sessions_of_another_decoding_are_derived_again() {
    let mut desk = Desk::new();
    let path = desk.file("1.json", clarity("s1", "u1", 1, 1, true));
    desk.import(&[&path]).unwrap();
    let before = desk.dump();
    let db = rusqlite::Connection::open(desk.cache.path()).unwrap();
    db.execute_batch("UPDATE sessions SET derived_by = 0; UPDATE chunks SET data = x'00'").unwrap();
    assert!(desk.cache.events("s1").unwrap_err().to_string().contains("another version of Dwell"));
    assert_eq!(dwell_core::desk::import::refresh(&mut desk.cache, &AtomicBool::new(false)).unwrap(), 1);
    assert_eq!(desk.dump(), before);
}

#[test]
fn cancelling_keeps_whole_sessions_only() {
    let mut desk = Desk::new();
    let lines: String =
        (0..400).map(|i| format!("{{\"clarity\":[{}]}}\n", clarity(&format!("s{i}"), "u", 1, 1, true))).collect();
    let path = desk.file("many.ndjson", lines);
    let cancel = AtomicBool::new(false);
    let mut stop_soon = |p: &dwell_core::desk::Progress| {
        if p.sessions_done >= 3 {
            cancel.store(true, Ordering::Relaxed);
        }
    };
    let mut findings = Findings::new();
    let options = Options { threads: 1, ..Options::default() };
    let e = import(&mut desk.cache, std::slice::from_ref(&path), &options, &mut stop_soon, &cancel, 0, &mut findings)
        .unwrap_err();
    assert!(matches!(e, Error::Cancelled));
    let kept = desk.cache.session_ids().unwrap().len();
    assert!((3..400).contains(&kept), "{kept}");
    desk.assert_whole();
    desk.import(&[&path]).unwrap();
    let mut fresh = Desk::new();
    fresh.import(&[&path]).unwrap();
    let mut got = desk.dump();
    assert_eq!(got.remove("sessions").unwrap().len(), 400);
    let mut want = fresh.dump();
    want.remove("sessions");
    assert_eq!(got, want);
}

#[test]
fn a_known_file_is_not_read_again_and_forgotten_when_something_goes() {
    let mut desk = Desk::new();
    let lines: String = (0..40)
        .map(|i| {
            format!(
                "{{\"clarity\":[{},{}]}}\n",
                clarity(&format!("s{i}"), "u", 1, 1, false),
                clarity(&format!("s{i}"), "u", 1, 2, true)
            )
        })
        .collect();
    let path = desk.file("many.ndjson", lines);
    let first = desk.import(&[&path]).unwrap();
    let before = desk.dump();
    let known = |desk: &Desk| -> i64 {
        let db = rusqlite::Connection::open(desk.cache.path()).unwrap();
        db.query_row("SELECT count(*) FROM known_files", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(known(&desk), 1);
    // The bytes count, not the name.
    let other = desk.file("other name", std::fs::read(&path).unwrap());
    let second = desk.import(&[&other]).unwrap();
    assert_eq!((second.sessions_added, second.sessions_updated, second.duplicates), (0, 0, 80));
    assert_eq!((second.bytes, &second.sessions), (first.bytes, &first.sessions));
    assert_eq!(desk.dump(), before);
    // Another project is something new to say of every session.
    let options = Options { project: Some("client".to_owned()), ..Options::default() };
    assert_eq!(desk.import_with(&[&path], &options).unwrap().sessions_updated, 40);
    assert_eq!(desk.import_with(&[&path], &options).unwrap().sessions_updated, 0);
    for sql in ["DELETE FROM sessions WHERE id = 's7'", "DELETE FROM bundles WHERE session = 's8'"] {
        let db = rusqlite::Connection::open(desk.cache.path()).unwrap();
        db.pragma_update(None, "foreign_keys", true).unwrap();
        db.execute_batch(sql).unwrap();
        drop(db);
        assert_eq!(known(&desk), 0, "{sql}");
        let again = desk.import_with(&[&path], &options).unwrap();
        assert_eq!(again.sessions_added + again.sessions_updated, 1, "{sql}");
        desk.assert_whole();
    }
    // A file that was not read without a word is read again, to say the word again.
    let broken = desk.file("broken.ndjson", format!("{}\n{{\"clarity\"\n", clarity("b", "u", 1, 1, true)));
    let mut said = Vec::new();
    for _ in 0..2 {
        said.push(desk.import(&[&broken]).unwrap().findings);
    }
    assert!(said[0] == said[1] && said[0].iter().any(|f| f.code == "json_truncated"), "{said:?}");
}

#[test]
fn originals_of_an_older_cache_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old");
    let bodies = [clarity("s1", "u1", 1, 1, false), clarity("s1", "u1", 1, 2, true)];
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(include_str!("../src/store/migrations/0001.sql")).unwrap();
    db.execute_batch(
        "PRAGMA application_id = 0x4457454C; PRAGMA user_version = 1; \
         INSERT INTO sessions VALUES ('s1', 'clarity', 'proj', 'u1', 's1', NULL, NULL, 0, 0, 0, 0, 0, NULL, '{}', '{}', 1, \
         '{\"activity\":[],\"page_starts\":[]}'); \
         INSERT INTO notes VALUES ('n', 's1', NULL, NULL, NULL, 'kept', 0, 0);",
    )
    .unwrap();
    for (i, body) in bodies.iter().enumerate() {
        let hash = dwell_core::archive::Hash::of(body.as_bytes()).0;
        let data = zstd::bulk::compress(body.as_bytes(), 3).unwrap();
        let size = body.len() as i64;
        db.execute("INSERT INTO originals VALUES (?, ?, ?)", rusqlite::params![&hash[..], size, data]).unwrap();
        let position = (1i64 << 32) + i as i64 + 1;
        let row = rusqlite::params!["s1", position, &hash[..], "a.json"];
        db.execute("INSERT INTO session_originals VALUES (?, ?, ?, ?)", row).unwrap();
    }
    drop(db);
    let mut cache = Cache::open(&path).unwrap();
    let kept: Vec<Vec<u8>> = cache.originals("s1").unwrap().into_iter().map(|o| o.bytes).collect();
    assert_eq!(kept, bodies.map(String::into_bytes));
    assert_eq!(dwell_core::desk::import::refresh(&mut cache, &AtomicBool::new(false)).unwrap(), 1);
    let report = verify(&cache, &mut |_, _| {}, &AtomicBool::new(false)).unwrap();
    assert!(report.ok && report.totals.originals == 2, "{:?}", report.problems);
}

#[test]
fn order_and_threads_do_not_matter() {
    let Some(corpus) = corpus() else { return };
    let visits: Vec<PathBuf> = ["d01-shop-purchase", "d06-spa-react", "d16-admin-dashboard", "d26-bounce"]
        .map(|v| corpus.join("visits").join(v))
        .into();
    let run = |order: &[usize], threads: usize, one_by_one: bool| {
        let mut desk = Desk::new();
        let options = Options { threads, ..Options::default() };
        let paths: Vec<&Path> = order.iter().map(|i| visits[*i].as_path()).collect();
        if one_by_one {
            paths.iter().for_each(|path| drop(desk.import_with(&[path], &options).unwrap()));
        } else {
            desk.import_with(&paths, &options).unwrap();
        }
        desk.assert_whole();
        desk.dump()
    };
    let want = run(&[0, 1, 2, 3], 1, false);
    assert_eq!(want["sessions"].len(), 8);
    assert!(run(&[3, 1, 0, 2], 4, false) == want);
    assert!(run(&[2, 3, 1, 0], 2, true) == want);
}

#[test]
fn both_forms_of_the_amplified_corpus_agree() {
    let Some(corpus) = corpus() else { return };
    let mut desk = Desk::new();
    let summary = desk.import(&[&corpus.join("stress/sample-60.ndjson.gz")]).unwrap();
    // 60 visits; a third of them recorded by both recorders.
    let lines = desk.cache.sessions(&Filter::default()).unwrap();
    assert_eq!(summary.sessions.len(), lines.len());
    assert_eq!(summary.sessions_added as usize, lines.len());
    for row in &lines {
        assert!(row.meta.user_agent.is_some() && row.meta.locale.is_some(), "{}", row.id);
        assert!(row.page_count > 0 && row.event_count > 0, "{}", row.id);
    }
    let again = desk.import(&[&corpus.join("stress/sample-60.ndjson.gz")]).unwrap();
    assert_eq!((again.sessions_added, again.sessions_updated), (0, 0));
    desk.assert_whole();
}
