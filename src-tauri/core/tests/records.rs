//! Archives out and in again, lists beside recordings, completion from pieces, gaps, visits and visitors.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

mod content;

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use content::content;
use dwell_core::desk::export::{ExportOptions, ExportSummary, export};
use dwell_core::desk::session::{Moment, detail, dom, events};
use dwell_core::desk::verify::{VerifyReport, verify};
use dwell_core::desk::{Columns, ImportSummary, Options, import};
use dwell_core::error::{Error, Result};
use dwell_core::findings::Findings;
use dwell_core::store::{Cache, Favourite, Label, Mark, Note, Rating, Watched};
use proptest::prelude::*;
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
    fn try_import(&mut self, path: &Path, options: &Options) -> Result<ImportSummary> {
        let mut findings = Findings::new();
        let paths = [path.to_owned()];
        import(&mut self.cache, &paths, options, &mut |_| {}, &AtomicBool::new(false), 0, &mut findings)
    }
    fn import(&mut self, path: &Path) -> ImportSummary {
        self.try_import(path, &Options::default()).unwrap()
    }
    fn give(&mut self, name: &str, bytes: impl AsRef<[u8]>) -> ImportSummary {
        let path = self.file(name, bytes);
        self.import(&path)
    }
    fn verify(&self) -> VerifyReport {
        let report = verify(&self.cache, &mut |_, _| {}, &AtomicBool::new(false)).unwrap();
        assert!(report.ok, "{:?}", report.problems);
        report
    }
    fn export(&self, name: &str, options: &ExportOptions) -> Result<(PathBuf, ExportSummary)> {
        let out = self.dir.path().join(name);
        let summary = export(&self.cache, &out, options, 1_795_317_000_000, &mut |_| {}, &AtomicBool::new(false))?;
        Ok((out, summary))
    }
    fn fact(&self, id: &str, field: &str) -> serde_json::Value {
        self.cache.session(id).unwrap().facts.get(field).cloned().unwrap_or_default()
    }
    fn dump(&self) -> BTreeMap<String, Vec<String>> {
        content(self.cache.path(), true)
    }
    /// Without the paths that bodies came from first: they are history.
    fn content(&self) -> BTreeMap<String, Vec<String>> {
        content(self.cache.path(), false)
    }
}

fn assert_same(got: &BTreeMap<String, Vec<String>>, want: &BTreeMap<String, Vec<String>>, what: &str) {
    for (table, rows) in want {
        assert_eq!(&got[table], rows, "{what}: {table}");
    }
}

const START: u64 = 1_795_317_020_000;

/// A Clarity body of one page view; `sequence` 1 carries the clock and `extra` dimensions.
fn clarity_at(session: &str, user: &str, page: u32, sequence: u32, last: bool, start: u64, tab: &str) -> String {
    let from = (sequence - 1) * 1000;
    let clock = match sequence {
        1 => format!("[0,0,0,{start}],[0,1,15,[\"{tab}\"]],"),
        _ => String::new(),
    };
    format!(
        r#"{{"e":["0.8.70",{sequence},{from},1000,"proj","{user}","{session}",{page},0,{},0,"https://shop.test/p{page}"],"a":[{clock}[{from},1,1,["https://shop.test/p{page}"]],[{from},11,800,600]]}}"#,
        u8::from(last)
    )
}

fn clarity(session: &str, user: &str, page: u32, sequence: u32, last: bool) -> String {
    clarity_at(session, user, page, sequence, last, START + u64::from(page) * 60_000, "t1")
}

fn rrweb_page(href: &str, start: u64, sids: Option<&[u64]>, scrolls: u64) -> String {
    let mut events = vec![
        format!(r#"{{"type":4,"data":{{"href":"{href}","width":800,"height":600}},"timestamp":{start}"#),
        format!(
            r#"{{"type":2,"data":{{"node":{{"type":0,"childNodes":[{{"type":2,"tagName":"html","attributes":{{}},"childNodes":[],"id":2}}],"id":1}},"initialOffset":{{"top":0,"left":0}}}},"timestamp":{}"#,
            start + 5
        ),
    ];
    for i in 0..scrolls {
        let at = start + 1000 + i * 1000;
        events.push(format!(r#"{{"type":3,"data":{{"source":3,"id":1,"x":0,"y":{i}}},"timestamp":{at}"#));
    }
    let list: Vec<String> = match sids {
        None => events.into_iter().map(|e| e + "}").collect(),
        Some(sids) => sids.iter().map(|sid| format!("{},\"_sid\":{sid}}}", events[*sid as usize - 1])).collect(),
    };
    format!("[{}]", list.join(","))
}

fn zipped(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        out.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
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

fn all() -> ExportOptions {
    ExportOptions { all: true, ..ExportOptions::default() }
}

const LIST: &str = "Exported from a dashboard\n\nLink,Country,Device,Duration,Pages,Clicks,Start,Plan\n\
    https://clarity.microsoft.com/player/proj/u1/s1,Norway,PC,01:05,3,7,2026-11-20 14:32,pro\n\
    https://clarity.microsoft.com/player/proj/u2/s2?ss=1,Sweden,Mobile,2 minutes and 5 seconds,4,8,2026-11-20 15:32,free\n";

// ---- archives

fn set<T: dwell_core::store::Payload>(session: &str, what: T, changed_at: i64) -> Mark<T> {
    Mark { session: session.into(), what, changed_at, ..Mark::default() }
}

/// A project with a bit of everything.
fn full_project() -> Desk {
    let mut desk = Desk::new();
    let options = Options { project: Some("Demo shop".into()), ..Options::default() };
    desk.try_import(&top().join("tests/demo-site/demo.zip"), &options).unwrap();
    desk.give("list.csv", LIST);
    desk.give("s1.json", clarity("s1", "u1", 1, 1, true));
    desk.give("same.json", format!("[{},{}]", clarity("same", "ann", 1, 1, true), clarity("same", "bob", 1, 1, true)));
    desk.give("anonymous.json", rrweb_page("https://shop.test/", START, None, 4));
    desk.give("person.json", r#"{"distinct_ids":["d7"],"properties":{"plan":"gold"}}"#);
    desk.give(
        "foreign.zip",
        zipped(&[
            (
                "manifest.json".into(),
                br#"{"format":"dwell-archive","version":1,"sessions":[{"id":"z","files":["z.json"]}]}"#.to_vec(),
            ),
            ("z.json".into(), clarity("z", "u9", 1, 1, true).into_bytes()),
            ("notes.json".into(), br#"{"notes":["by another program"]}"#.to_vec()),
        ]),
    );
    let tx = desk.cache.write().unwrap();
    tx.put_note(&Note {
        id: "n1".into(),
        session: "s1".into(),
        page: Some(1),
        at: Some(5),
        author: Some("ann".into()),
        text: "look “here”\n".into(),
        created_at: 1,
        changed_at: 2,
        was: vec!["0".repeat(16)],
        ..Note::default()
    })
    .unwrap();
    tx.put_mark(&set("s1", Label { label: "vip".into() }, 1)).unwrap();
    tx.put_mark(&set("s2", Watched { at: 77 }, 77)).unwrap();
    tx.put_mark(&set("same-bob", Favourite {}, 0)).unwrap();
    tx.put_mark(&set("s1", Rating { rating: 4 }, 9)).unwrap();
    tx.commit().unwrap();
    desk.verify();
    desk
}

#[test]
fn an_export_reads_back_to_the_same_cache() {
    let desk = full_project();
    let (path, summary) = desk.export("out.zip", &all()).unwrap();
    assert_eq!(summary.sessions, desk.cache.totals().unwrap().sessions);
    assert_eq!((summary.without_recording, summary.notes), (1, 1));
    assert!(summary.assets > 10, "{summary:?}");
    let mut copy = Desk::new();
    let imported = copy.import(&path);
    assert_eq!(imported.sessions_added, summary.sessions, "{:?}", imported.findings);
    assert_same(&copy.dump(), &desk.dump(), "copy");
    copy.verify();
    // Again: nothing new. From the copy: the same bytes.
    let again = copy.import(&path);
    assert_eq!((again.sessions_added, again.sessions_updated), (0, 0));
    assert_same(&copy.dump(), &desk.dump(), "imported twice");
    let (second, _) = copy.export("again.zip", &all()).unwrap();
    assert!(std::fs::read(second).unwrap() == std::fs::read(&path).unwrap(), "the same content, other bytes");
    // Unpacked into a folder it is the same archive.
    let folder = copy.dir.path().join("unpacked");
    zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap().extract(&folder).unwrap();
    let mut third = Desk::new();
    third.import(&folder);
    assert_same(&third.dump(), &desk.dump(), "folder");
}

#[test]
fn an_export_of_the_corpus_reads_back() {
    let Some(corpus) = corpus() else { return };
    let mut desk = Desk::new();
    for visit in ["d02-shop-rage-voucher", "d06-spa-react", "d26-bounce"] {
        desk.import(&corpus.join("visits").join(visit));
    }
    for stream in ["forms.events.json", "styles.events.json"] {
        desk.import(&corpus.join("rrweb/recorded").join(stream));
    }
    let (path, _) = desk.export("out.zip", &all()).unwrap();
    let mut copy = Desk::new();
    copy.import(&path);
    assert_same(&copy.dump(), &desk.dump(), "corpus");
}

#[test]
fn some_sessions_take_only_what_is_theirs() {
    let desk = full_project();
    let ids = vec!["s1".to_owned(), "s2".to_owned(), "s1".to_owned()];
    let (path, summary) = desk.export("two.zip", &ExportOptions { ids, ..ExportOptions::default() }).unwrap();
    assert_eq!((summary.sessions, summary.files, summary.assets, summary.notes), (2, 1, 0, 1));
    let mut copy = Desk::new();
    copy.import(&path);
    assert_eq!(copy.cache.session_ids().unwrap(), ["s1", "s2"]);
    for id in ["s1", "s2"] {
        assert_eq!(copy.cache.session(id).unwrap(), desk.cache.session(id).unwrap());
    }
    let notes = copy.cache.notes().unwrap();
    assert_eq!((notes.notes.len(), notes.labels.len(), notes.favourites.len(), notes.ratings.len()), (1, 1, 0, 1));
    let missing = ExportOptions { ids: vec!["nobody".into()], ..ExportOptions::default() };
    assert_eq!(desk.export("x.zip", &missing).unwrap_err().code(), "session_missing");
    assert!(desk.export("x.zip", &ExportOptions::default()).unwrap_err().is_usage());
    assert!(!desk.dir.path().join("x.zip").exists());
}

#[test]
fn a_file_that_is_there_stays_unless_told() {
    let mut desk = Desk::new();
    desk.give("s1.json", clarity("s1", "u1", 1, 1, true));
    let out = desk.file("out.zip", "mine");
    assert!(desk.export("out.zip", &all()).unwrap_err().is_usage());
    assert_eq!(std::fs::read(&out).unwrap(), b"mine");
    // Cancelled: the old file stays, nothing is left beside it.
    let forced = ExportOptions { force: true, ..all() };
    let cancelled = export(&desk.cache, &out, &forced, 0, &mut |_| {}, &AtomicBool::new(true)).unwrap_err();
    assert!(matches!(cancelled, Error::Cancelled));
    assert_eq!(std::fs::read(&out).unwrap(), b"mine");
    desk.export("out.zip", &forced).unwrap();
    assert!(std::fs::read(&out).unwrap().starts_with(b"PK"));
    let left: Vec<String> = std::fs::read_dir(desk.dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|n| n.ends_with(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(desk.export("nowhere/out.zip", &all()).unwrap_err().to_string().contains("cannot be written"));
}

#[test]
fn ids_and_notes_find_their_sessions_in_another_project() {
    let mut there = Desk::new();
    there.give("both.json", format!("[{},{}]", clarity("same", "ann", 1, 1, true), clarity("same", "bob", 1, 1, true)));
    let tx = there.cache.write().unwrap();
    let note =
        |id: &str, session: &str| Note { id: id.into(), session: session.into(), text: id.into(), ..Note::default() };
    tx.put_note(&note("of ann", "same")).unwrap();
    tx.put_note(&note("of bob", "same-bob")).unwrap();
    tx.commit().unwrap();
    let (path, _) = there.export("out.zip", &all()).unwrap();
    let mut here = Desk::new();
    // Here bob came first and has the plain id.
    here.give("bob.json", clarity("same", "bob", 1, 1, true));
    here.import(&path);
    assert_eq!(here.cache.session_ids().unwrap(), ["same", "same-ann"]);
    let notes = here.cache.notes().unwrap().notes;
    let of = |id: &str| notes.iter().find(|n| n.id == id).unwrap().session.clone();
    assert_eq!((of("of ann"), of("of bob")), ("same-ann".to_owned(), "same".to_owned()));
    here.verify();
}

#[test]
fn what_was_changed_in_an_archive_by_hand_is_the_last_word() {
    let mut desk = Desk::new();
    desk.give(
        "line.ndjson",
        format!("{{\"meta\":{{\"country\":\"NO\"}},\"clarity\":[{}]}}", clarity("s1", "u1", 1, 1, true)),
    );
    let (path, _) = desk.export("out.zip", &all()).unwrap();
    let folder = desk.dir.path().join("unpacked");
    zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap().extract(&folder).unwrap();
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"country\":\"NO\""), "{manifest}");
    std::fs::write(folder.join("manifest.json"), manifest.replace("\"country\":\"NO\"", "\"country\":\"SE\"")).unwrap();
    let mut copy = Desk::new();
    copy.import(&folder);
    assert_eq!(copy.fact("s1", "country"), "SE");
}

/// The archive was written by the first Dwell that wrote archives. It is never written again.
#[test]
fn archives_of_version_1_are_read_for_ever() {
    let path = top().join("tests/fixtures/archives/version-1.zip");
    if std::env::var_os("DWELL_WRITE_FIXTURE").is_some() {
        let mut desk = Desk::new();
        // Paths of the machine that writes it have no place in it: tests run in the folder of the crate.
        let visits = Path::new("../../tests/fixtures/visits");
        desk.import(&visits.join("phone-browse/clarity"));
        desk.give("visit/rrweb.json", std::fs::read(visits.join("phone-browse/rrweb.json")).unwrap());
        let body = clarity("s1", "u1", 1, 1, true);
        desk.give("a.zip", zipped(&[
            ("manifest.json".into(), br#"{"format":"dwell-archive","version":1,"sessions":[{"id":"s1","files":["p.json"],"country":"NO"}]}"#.to_vec()),
            ("assets/assets.json".into(), br#"{"https://shop.test/a.css":{"file":"a.css","content_type":"text/css"}}"#.to_vec()),
            ("assets/a.css".into(), b"body{color:teal}".to_vec()),
            ("p.json".into(), body.into_bytes()),
        ]));
        desk.give("list.csv", LIST);
        let tx = desk.cache.write().unwrap();
        tx.put_note(&Note {
            id: "n1".into(),
            session: "s1".into(),
            text: "Kept.".into(),
            created_at: 1,
            changed_at: 2,
            ..Note::default()
        })
        .unwrap();
        tx.put_mark(&set("s2", Label { label: "later".into() }, 1)).unwrap();
        tx.put_mark(&set("s1", Rating { rating: 5 }, 3)).unwrap();
        tx.commit().unwrap();
        let (out, _) = desk.export("v1.zip", &all()).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(out, &path).unwrap();
    }
    let mut desk = Desk::new();
    let summary = desk.import(&path);
    assert!(
        summary.findings.iter().all(|f| f.severity < dwell_core::findings::Severity::Warning || f.session.is_some()),
        "{:?}",
        summary.findings
    );
    assert_eq!(summary.sessions_added, 4, "{:?}", summary.sessions);
    assert_eq!(desk.fact("s1", "country"), "NO");
    assert_eq!(desk.fact("s2", "page_count"), 4);
    assert!(desk.cache.listed_only("s2").unwrap());
    let url = &desk.cache.session_assets("s1").unwrap()[0];
    assert_eq!(desk.cache.asset(&url.1).unwrap().unwrap().bytes, b"body{color:teal}");
    let notes = desk.cache.notes().unwrap();
    assert_eq!(
        (notes.notes[0].text.as_str(), notes.labels[0].what.label.as_str(), notes.ratings[0].what.rating),
        ("Kept.", "later", 5)
    );
    desk.verify();
}

// ---- lists

#[test]
fn lists_join_recordings_whichever_comes_first() {
    let body = clarity("s1", "u1", 1, 1, true);
    let mut before = Desk::new();
    let summary = before.give("list.csv", LIST);
    assert_eq!((summary.sessions_added, summary.sessions.as_slice()), (2, &["s1".to_owned(), "s2".to_owned()][..]));
    assert_eq!(before.fact("s1", "page_count"), 3);
    let summary = before.give("s1.json", &body);
    assert_eq!((summary.sessions_added, summary.sessions_updated, summary.pages_added), (0, 1, 1));
    let mut after = Desk::new();
    after.give("s1.json", &body);
    assert_eq!(after.fact("s1", "country"), serde_json::Value::Null);
    let summary = after.give("list.csv", LIST);
    assert_eq!((summary.sessions_added, summary.sessions_updated), (1, 1));
    let mut beside = Desk::new();
    beside.file("folder/list.csv", LIST);
    beside.file("folder/s1.json", &body);
    let path = beside.dir.path().join("folder");
    beside.import(&path);
    for desk in [&before, &after, &beside] {
        assert_same(&desk.content(), &before.content(), "order");
        assert_eq!(desk.fact("s1", "country"), "Norway");
        assert_eq!(desk.fact("s1", "device"), "pc");
        assert_eq!(desk.fact("s1", "tag.Plan"), serde_json::json!(["pro"]));
        // What the recording tells is the recording's.
        assert_eq!(desk.fact("s1", "page_count"), 1);
        assert_eq!(desk.fact("s1", "start_ms"), START + 60_000);
        assert_eq!(desk.fact("s2", "duration"), 125.0);
        desk.verify();
    }
    let again = after.give("list.csv", LIST);
    assert_eq!((again.sessions_added, again.sessions_updated, again.sessions.len()), (0, 0, 2));
    assert_same(&after.content(), &before.content(), "twice");
}

#[test]
fn a_session_without_recording_is_listed_and_says_so() {
    let mut desk = Desk::new();
    desk.give("list.csv", LIST);
    let rows =
        dwell_core::desk::list::sessions(&desk.cache, &Default::default(), &"page_count:desc".parse().unwrap(), None)
            .unwrap();
    assert_eq!(rows.iter().map(|r| r["id"].as_str().unwrap()).collect::<Vec<_>>(), ["s2", "s1"]);
    assert_eq!(rows[0]["user"], "u2");
    assert_eq!(rows[0].get("rage_clicks"), None, "nobody looked for them");
    let detail = detail(&desk.cache, "s1").unwrap();
    assert_eq!(detail["pages"], serde_json::json!([]));
    assert_eq!(detail["click_count"], 7);
    assert_eq!(events(&desk.cache, "s1", None, None).unwrap_err().code(), "no_recording");
    let e = dom(&desk.cache, "s1", Moment::Time(5)).unwrap_err();
    assert_eq!(e.code(), "no_recording");
    assert!(e.to_string().contains("known from a list only"), "{e}");
    let window = dwell_core::desk::Desk::open(desk.cache.path()).unwrap();
    let view: serde_json::Value = serde_json::from_slice(&window.session("s1").unwrap()).unwrap();
    assert_eq!((&view["row"]["metadata_only"], &view["row"]["has_recording"]), (&true.into(), &false.into()));
    assert_eq!(view["row"]["page_count"], 3);
    assert_eq!(desk.verify().totals.sessions, 2);
}

#[test]
fn rows_that_may_be_about_several_visitors_go_to_none() {
    let list = "Session ID,Country\nsame,Norway\n";
    let recordings = [clarity("same", "ann", 1, 1, true), clarity("same", "bob", 1, 1, true)];
    let mut one = Desk::new();
    one.give("list.csv", list);
    one.give("ann.json", &recordings[0]);
    assert_eq!(one.fact("same", "country"), "Norway");
    let summary = one.give("bob.json", &recordings[1]);
    assert!(summary.findings.iter().any(|f| f.code == "metadata_ambiguous"), "{:?}", summary.findings);
    let mut other = Desk::new();
    other.give("ann.json", &recordings[0]);
    other.give("bob.json", &recordings[1]);
    other.give("list.csv", list);
    for desk in [&one, &other] {
        assert_eq!(desk.fact("same", "country"), serde_json::Value::Null);
        assert_eq!(desk.fact("same-bob", "country"), serde_json::Value::Null);
        desk.verify();
    }
    assert_same(&one.content(), &other.content(), "order");
}

#[test]
fn several_lists_of_one_session_are_one_session() {
    let lists = [
        "Session ID,Country\ns1,Norway\n",
        "Link,City\nhttps://clarity.microsoft.com/player/proj/u1/s1,Oslo\n",
        "Session ID,User ID,Browser\ns1,u1,Chrome\n",
    ];
    let mut want = None;
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut desk = Desk::new();
        for i in order {
            desk.give(&format!("{i}.csv"), lists[i]);
        }
        assert_eq!(desk.cache.session_ids().unwrap(), ["s1"]);
        let facts = ["country", "city", "browser", "user"].map(|f| desk.fact("s1", f));
        assert_eq!(facts, ["Norway", "Oslo", "Chrome", "u1"].map(serde_json::Value::from));
        desk.verify();
        let content = desk.content();
        assert_same(&content, want.get_or_insert_with(|| desk.content()), "order");
    }
}

#[test]
fn columns_can_be_named() {
    let mut desk = Desk::new();
    let path = desk.file("list.csv", "Besuch|Wo|Intern\ns7|Wien|x\n");
    let e = desk.try_import(&path, &Options::default()).unwrap_err();
    assert!(e.to_string().contains("--columns"), "{e}");
    let columns = Columns::from_json(r#"{"session":"Besuch","city":"Wo","ignore":"Intern"}"#).unwrap();
    desk.try_import(&path, &Options { columns, ..Options::default() }).unwrap();
    assert_eq!(desk.fact("s7", "city"), "Wien");
}

#[test]
fn documents_of_vendors_join_too() {
    let stream = rrweb_page("https://shop.test/", START, None, 3);
    let line = format!("{{\"meta\":{{\"sessionId\":\"r1\",\"userId\":\"d1\"}},\"rrweb\":[{stream}]}}\n");
    let sentry = r#"{"data":{"id":"r1","replay_type":"session","started_at":"2026-11-20T14:32:00Z","finished_at":"2026-11-20T14:33:00Z","user":{"geo":{"city":"Wien"}},"urls":["https://shop.test/"]}}"#;
    let person = r#"{"distinct_ids":["d1"],"properties":{"plan":"gold","$geoip_country_code":"AT"}}"#;
    let files = [("line.ndjson", line.as_str()), ("replay.json", sentry), ("person.json", person)];
    let mut want = None;
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut desk = Desk::new();
        for (name, text) in order.map(|i| files[i]) {
            // Alone, a document about a visitor has no session yet.
            let path = desk.file(name, text);
            let _ = desk.try_import(&path, &Options::default());
        }
        assert_eq!(desk.fact("r1", "city"), "Wien", "{order:?}");
        assert_eq!(desk.fact("r1", "country"), "AT");
        assert_eq!(desk.fact("r1", "tag.plan"), serde_json::json!(["gold"]));
        desk.verify();
        let content = desk.content();
        assert_same(&content, want.get_or_insert_with(|| desk.content()), "order");
    }
    // Beside the one recording in a folder that has no name of its own.
    let mut desk = Desk::new();
    desk.file("f/events.json", &stream);
    desk.file("f/replay.json", sentry);
    let folder = desk.dir.path().join("f");
    assert_eq!(desk.import(&folder).sessions, ["r1"]);
    assert_eq!(desk.fact("r1", "city"), "Wien");
    assert!(!desk.cache.listed_only("r1").unwrap());
    desk.verify();
}

#[test]
fn metadata_of_sessions_without_bodies_is_kept() {
    let mut desk = Desk::new();
    let line = r#"{"meta":{"sessionId":"m1","userId":"u1","projectId":"proj","country":"NO"},"clarity":[]}"#;
    desk.give("line.ndjson", format!("{line}\n"));
    assert!(desk.cache.listed_only("m1").unwrap());
    desk.give("x/session.json", r#"{"sessionId":"m2","userId":"u2","country":"SE"}"#);
    assert_eq!(desk.fact("m2", "country"), "SE");
    desk.give("m1.json", clarity("m1", "u1", 1, 1, true));
    assert_eq!((desk.fact("m1", "country"), desk.fact("m1", "page_count")), ("NO".into(), 1.into()));
    desk.verify();
}

// ---- completion

/// One visit as its collector would have kept it.
struct Visit {
    clarity: Vec<Vec<u8>>,
    /// Numbered parts of one recording.
    rrweb: Vec<Vec<u8>>,
    /// Project, user and session.
    meta: String,
}

fn fixture_visit() -> Visit {
    let folder = top().join("tests/fixtures/visits/phone-browse");
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder.join("clarity")).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    let clarity: Vec<Vec<u8>> = names.iter().map(|p| std::fs::read(p).unwrap()).collect();
    let events: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(folder.join("rrweb.json")).unwrap()).unwrap();
    let size = events.len().div_ceil(5);
    let rrweb = events.chunks(size).map(|part| serde_json::to_vec(part).unwrap()).collect();
    Visit { clarity, rrweb, meta: r#"{"sessionId":"visit-1","userId":"v","locale":"de-DE"}"#.to_owned() }
}

fn corpus_visit(corpus: &Path, name: &str) -> Visit {
    let read = |folder: &str| -> Vec<Vec<u8>> {
        let mut names: Vec<PathBuf> = std::fs::read_dir(corpus.join("visits").join(name).join(folder))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        names.sort();
        names.iter().map(|p| std::fs::read(p).unwrap()).collect()
    };
    Visit { clarity: read("clarity"), rrweb: read("rrweb"), meta: r#"{"sessionId":"visit-2","userId":"v"}"#.to_owned() }
}

impl Visit {
    fn len(&self) -> usize {
        self.clarity.len() + self.rrweb.len()
    }
    fn is_clarity(&self, i: usize) -> bool {
        i < self.clarity.len()
    }
    fn body(&self, i: usize) -> &[u8] {
        if self.is_clarity(i) { &self.clarity[i] } else { &self.rrweb[i - self.clarity.len()] }
    }
    /// Writes some of the bodies in some form; gives what to import.
    fn write(&self, desk: &Desk, number: usize, form: usize, bodies: &[usize]) -> PathBuf {
        let clarity: Vec<usize> = bodies.iter().copied().filter(|i| self.is_clarity(*i)).collect();
        let numbered = |i: usize| format!("rrweb/{:02}.json", i - self.clarity.len() + 1);
        let mut files: Vec<(String, Vec<u8>)> = vec![("v/session.json".into(), self.meta.clone().into_bytes())];
        for i in bodies.iter().copied().filter(|i| !self.is_clarity(*i)) {
            let body = self.body(i).to_vec();
            files.push((format!("v/{}", numbered(i)), if form.is_multiple_of(2) { gz(&body) } else { body }));
        }
        let texts: Vec<String> =
            clarity.iter().map(|i| String::from_utf8_lossy(&unpacked(self.body(*i))).into_owned()).collect();
        match form {
            // One a file, in reverse; all in a list; one a line, with repetitions; as they came.
            0 => files.extend(
                texts
                    .iter()
                    .enumerate()
                    .map(|(n, t)| (format!("v/clarity/{:03}.json", 999 - n), t.clone().into_bytes())),
            ),
            1 if !texts.is_empty() => {
                files.push(("v/clarity/list.json".into(), format!("[{}]", texts.join(",")).into_bytes()))
            }
            2 if !texts.is_empty() => {
                let lines = [texts.clone(), texts.iter().rev().cloned().collect()].concat();
                files.push(("v/clarity/lines.ndjson".into(), gz(lines.join("\n").as_bytes())));
            }
            _ => files.extend(clarity.iter().map(|i| (format!("v/clarity/{i:03}.bin"), self.body(*i).to_vec()))),
        }
        files.sort();
        files.dedup_by(|a, b| a.0 == b.0);
        let base = format!("import-{number}");
        if form % 3 == 1 {
            return desk.file(&format!("{base}.zip"), zipped(&files));
        }
        for (name, bytes) in &files {
            desk.file(&format!("{base}/{name}"), bytes);
        }
        desk.dir.path().join(base)
    }
    fn whole(&self) -> BTreeMap<String, Vec<String>> {
        let mut desk = Desk::new();
        let path = self.write(&desk, 0, 3, &(0..self.len()).collect::<Vec<_>>());
        desk.import(&path);
        desk.verify();
        desk.content()
    }
    /// Imports in pieces, whatever `plan` says, and compares.
    fn check(&self, plan: &[(usize, Vec<usize>)], want: &BTreeMap<String, Vec<String>>) {
        let mut desk = Desk::new();
        for (number, (form, bodies)) in plan.iter().enumerate() {
            let path = self.write(&desk, number, *form, bodies);
            desk.import(&path);
        }
        assert_same(&desk.content(), want, &format!("{plan:?}"));
    }
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return bytes.to_vec();
    }
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut out).unwrap();
    out
}

/// Every body at least once, in up to four imports, some of them twice.
fn plans(n: usize) -> impl Strategy<Value = Vec<(usize, Vec<usize>)>> {
    let spread = proptest::collection::vec((0usize..4, proptest::option::weighted(0.2, 0usize..4)), n);
    (spread, proptest::collection::vec(0usize..4, 4), any::<u64>()).prop_map(move |(spread, forms, seed)| {
        let mut plan: Vec<(usize, Vec<usize>)> = forms.into_iter().map(|form| (form, Vec::new())).collect();
        for (body, (first, again)) in spread.into_iter().enumerate() {
            plan[first].1.push(body);
            if let Some(again) = again {
                plan[again].1.push(body);
            }
        }
        for (_, bodies) in &mut plan {
            // Within a file they come in any order.
            bodies.sort_by_key(|b| (*b as u64 + 1).wrapping_mul(seed | 1));
        }
        plan.retain(|(_, bodies)| !bodies.is_empty());
        plan
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_in_any_order_come_to_the_whole(plan in plans(fixture_visit().len())) {
        static WANT: std::sync::LazyLock<BTreeMap<String, Vec<String>>> = std::sync::LazyLock::new(|| fixture_visit().whole());
        fixture_visit().check(&plan, &WANT);
    }
}

#[test]
fn pieces_of_corpus_visits_come_to_the_whole() {
    let Some(corpus) = corpus() else { return };
    for name in ["d03-shop-quickback", "d08-todo", "d26-bounce"] {
        let visit = corpus_visit(&corpus, name);
        let want = visit.whole();
        let n = visit.len();
        let odd = |keep: usize| (0..n).filter(|i| i % 3 == keep).collect::<Vec<_>>();
        visit.check(&[(0, odd(2)), (1, odd(0)), (2, odd(1))], &want);
        visit.check(&[(2, (0..n).rev().collect()), (3, odd(1))], &want);
    }
}

// ---- gaps

#[test]
fn a_lost_payload_is_reported_with_its_place() {
    let visit = fixture_visit();
    for lost in 0..visit.clarity.len() {
        let mut desk = Desk::new();
        let kept: Vec<usize> = (0..visit.clarity.len()).filter(|i| *i != lost).collect();
        let path = visit.write(&desk, 0, 3, &kept);
        desk.import(&path);
        let report = desk.verify();
        let text = String::from_utf8(unpacked(&visit.clarity[lost])).unwrap();
        let envelope: serde_json::Value = serde_json::from_str(&text).unwrap();
        let (sequence, start) = (envelope["e"][1].as_u64().unwrap(), envelope["e"][2].as_i64().unwrap());
        let last_of_page = envelope["e"][9] == 1;
        let found = report.gaps.iter().find(|gap| {
            gap.reason.contains(&format!("Payload {sequence} of"))
                || (sequence == 1 && gap.reason.contains("first payload"))
                || (last_of_page && gap.reason.contains("last payload"))
        });
        // A page view of one payload is gone without a trace when that is lost.
        let alone = sequence == 1 && last_of_page;
        let Some(gap) = found else {
            assert!(alone, "payload {sequence} of page {}: {:?}", envelope["e"][7], report.gaps);
            continue;
        };
        assert!(
            gap.sentence.contains(&format!("page {}", gap.page)) && gap.sentence.ends_with(&gap.reason),
            "{}",
            gap.sentence
        );
        let id = &desk.cache.session_ids().unwrap()[0];
        let page = &desk.cache.pages(id).unwrap()[gap.page as usize - 1];
        if sequence > 1 {
            assert!((gap.from - (page.started_at + start)).abs() < 2_000, "{gap:?} {page:?}");
        }
        let detail = detail(&desk.cache, id).unwrap();
        let gaps = detail["pages"][gap.page as usize - 1]["gaps"].as_array().unwrap();
        assert!(gaps.iter().any(|g| g["reason"] == gap.reason.as_str()), "{gaps:?}");
        assert!(desk.cache.session(id).unwrap().partial);
    }
}

#[test]
fn a_lost_part_of_an_rrweb_recording_is_reported() {
    let page = |n: u64| rrweb_page(&format!("https://shop.test/{n}"), START + n * 60_000, None, 10);
    for (given, says) in [
        (vec![1, 3], Some("Part 2 of this recording")),
        (vec![1, 2, 5], None),
        (vec![1, 2, 3, 6], Some("Parts 4 to 5 of")),
        (vec![2, 3], Some("Part 1 of this recording")),
        (vec![1, 2, 3], None),
        (vec![10, 20, 30], None),
    ] {
        let mut desk = Desk::new();
        for n in &given {
            desk.file(&format!("v/rrweb/{n:02}.json"), page(*n));
        }
        let folder = desk.dir.path().join("v");
        desk.import(&folder);
        let gaps = desk.verify().gaps;
        match says {
            Some(says) => {
                assert_eq!(gaps.len(), 1, "{given:?}: {gaps:?}");
                assert!(gaps[0].reason.starts_with(says), "{gaps:?}");
            }
            None if given == [1, 2, 5] => assert!(gaps[0].reason.starts_with("Parts 3 to 4"), "{gaps:?}"),
            None => assert!(gaps.is_empty(), "{given:?}: {gaps:?}"),
        }
    }
    // Completed, the gap is gone.
    let mut desk = Desk::new();
    let meta = r#"{"sessionId":"v1","userId":"u"}"#;
    for n in [1, 3] {
        desk.file(&format!("v/rrweb/{n:02}.json"), page(n));
    }
    desk.file("v/session.json", meta);
    let folder = desk.dir.path().join("v");
    desk.import(&folder);
    let gap = &desk.verify().gaps[0];
    assert_eq!((gap.from as u64, gap.until as u64), (START + 60_000 + 10_000, START + 180_000));
    desk.file("w/rrweb/02.json", page(2));
    desk.file("w/session.json", meta);
    let folder = desk.dir.path().join("w");
    desk.import(&folder);
    assert!(desk.verify().gaps.is_empty());
    assert_eq!(desk.cache.session_ids().unwrap(), ["v1"]);
}

#[test]
fn lost_numbered_events_are_reported() {
    for (sids, at) in [(&[1u64, 2, 3, 6, 7][..], START + 1000), (&[3, 4, 5][..], START + 1000), (&[1, 2, 3][..], 0)] {
        let mut desk = Desk::new();
        desk.give("r.json", rrweb_page("https://shop.test/", START, Some(sids), 5));
        let gaps = desk.verify().gaps;
        match at {
            0 => assert!(gaps.is_empty(), "{gaps:?}"),
            at => {
                assert_eq!(gaps.len(), 1, "{sids:?}: {gaps:?}");
                assert_eq!(gaps[0].from as u64, at, "{gaps:?}");
                assert!(gaps[0].reason.contains("2 recorded events"), "{gaps:?}");
            }
        }
    }
}

// ---- visits and visitors

const MINUTE: u64 = 60_000;

#[test]
fn page_views_of_one_visit_are_joined_by_the_pause_rule() {
    let page = |n: u64, minutes: u64| rrweb_page(&format!("https://shop.test/{n}"), START + minutes * MINUTE, None, 5);
    let mut desk = Desk::new();
    // A folder of one visit, a page view a file: 29 minutes are a pause, 31 are another session.
    desk.file("v/rrweb/home.json", page(1, 0));
    desk.file("v/rrweb/cart.json", page(2, 29));
    desk.file("v/rrweb/later.json", page(3, 61));
    // Loose files say nothing about who was there.
    desk.file("loose/a.json", page(4, 0));
    desk.file("loose/b.json", page(5, 1));
    let folder = desk.dir.path().join("v");
    assert_eq!(desk.import(&folder).sessions_added, 2);
    let mut counts: Vec<usize> =
        desk.cache.session_ids().unwrap().iter().map(|id| desk.cache.pages(id).unwrap().len()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2]);
    let folder = desk.dir.path().join("loose");
    assert_eq!(desk.import(&folder).sessions_added, 2);
    desk.verify();
    // Two tabs at one time have nodes of their own.
    let mut desk = Desk::new();
    desk.file("v/rrweb/one.json", rrweb_page("https://shop.test/1", START, None, 20));
    desk.file("v/rrweb/two.json", rrweb_page("https://shop.test/2", START + 5_000, None, 20));
    let folder = desk.dir.path().join("v");
    assert_eq!(desk.import(&folder).sessions_added, 2);
}

#[test]
fn page_views_of_one_visitor_are_joined_in_any_order() {
    let line = |n: u64, minutes: u64| {
        let stream = rrweb_page(&format!("https://shop.test/{n}"), START + minutes * MINUTE, None, 5);
        format!("{{\"meta\":{{\"userId\":\"ann\"}},\"rrweb\":[{stream}]}}\n")
    };
    let lines = [line(1, 0), line(2, 20), line(3, 45), line(4, 120)];
    let mut want = None;
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [2, 0, 3, 1]] {
        let mut desk = Desk::new();
        for i in order {
            desk.give(&format!("{i}.ndjson"), &lines[i]);
        }
        assert_eq!(desk.cache.session_ids().unwrap().len(), 2, "{order:?}");
        desk.verify();
        let again = desk.give("again.ndjson", &lines[1]);
        assert_eq!((again.sessions_added, again.sessions_updated, again.duplicates), (0, 0, 1));
        let content = desk.content();
        assert_same(&content, want.get_or_insert_with(|| desk.content()), &format!("{order:?}"));
    }
    // What was written about a part stays with the whole.
    let mut desk = Desk::new();
    let id = desk.give("1.ndjson", &lines[1]).sessions[0].clone();
    let tx = desk.cache.write().unwrap();
    tx.put_note(&Note { id: "n".into(), session: id, text: "kept".into(), ..Note::default() }).unwrap();
    tx.commit().unwrap();
    let whole = desk.give("0.ndjson", &lines[0]).sessions[0].clone();
    assert_eq!(desk.cache.notes().unwrap().notes[0].session, whole);
    // All at once is the same.
    let mut desk = Desk::new();
    desk.give("all.ndjson", lines.concat());
    assert_same(&desk.content(), want.as_ref().unwrap(), "at once");
}

#[test]
fn who_came_before_is_returning() {
    let body =
        |session: &str, user: &str, minutes: u64| clarity_at(session, user, 1, 1, true, START + minutes * MINUTE, "t");
    let bodies = [body("a", "ann", 0), body("b", "ann", 100), body("c", "ann", 200), body("d", "bob", 50)];
    let mut want = None;
    for order in [[0, 1, 2, 3], [2, 3, 1, 0], [1, 0, 3, 2]] {
        let mut desk = Desk::new();
        for i in order {
            desk.give(&format!("{i}.json"), &bodies[i]);
        }
        let types = ["a", "b", "c", "d"].map(|id| desk.fact(id, "user_type"));
        assert_eq!(types, ["new", "returning", "returning", "new"].map(serde_json::Value::from), "{order:?}");
        assert_eq!(detail(&desk.cache, "b").unwrap()["user_type"], "returning");
        desk.verify();
        let content = desk.content();
        assert_same(&content, want.get_or_insert_with(|| desk.content()), "order");
    }
}

#[test]
fn two_tabs_with_one_page_number_stay_apart() {
    let tab =
        |sequence: u32, last: bool, start: u64, tab: &str| clarity_at("s", "u", 2, sequence, last, START + start, tab);
    let bodies = [
        clarity("s", "u", 1, 1, true),
        tab(1, false, 60_000, "one"),
        tab(2, true, 60_000, "one"),
        tab(1, false, 61_500, "two"),
        tab(2, false, 61_500, "two"),
        tab(3, true, 61_500, "two"),
    ];
    let mut want = None;
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 1, 5, 0, 2, 4]] {
        let mut desk = Desk::new();
        for i in order {
            desk.give(&format!("{i}.json"), &bodies[i]);
        }
        let pages = desk.cache.pages("s").unwrap();
        assert_eq!(pages.iter().map(|p| p.started_at as u64 - START).collect::<Vec<_>>(), [60_000, 60_000, 61_500]);
        desk.verify();
        let content = desk.content();
        assert_same(&content, want.get_or_insert_with(|| desk.content()), "order");
    }
}

#[test]
fn a_cache_of_the_first_version_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old.sqlite");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(include_str!("../src/store/migrations/0001.sql")).unwrap();
    db.execute_batch(
        "INSERT INTO notes VALUES ('n1','s1',1,5,'ann','look here',1,1); INSERT INTO ratings VALUES ('s1',5);
         PRAGMA application_id = 1146570060; PRAGMA user_version = 1",
    )
    .unwrap();
    drop(db);
    let cache = Cache::open(&path).unwrap();
    let notes = cache.notes().unwrap();
    assert_eq!(
        (notes.notes[0].text.as_str(), notes.notes[0].was.len(), notes.ratings[0].what.rating),
        ("look here", 0, 5)
    );
    let mut desk = Desk { dir, cache };
    desk.give("s1.json", clarity("s1", "u1", 1, 1, true));
    desk.verify();
}
