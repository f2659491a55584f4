//! Recordings in everything that people have around them: the same recording is the same session, whatever it is
//! wrapped in, and what a wrapper cannot give is said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use base64::Engine as _;
use dwell_core::desk::{ImportSummary, Options, import, session, verify::verify};
use dwell_core::error::{Error, Result};
use dwell_core::findings::{Findings, Severity};
use dwell_core::store::Cache;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

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
    fn import(&mut self, files: &[(&str, Vec<u8>)]) -> Result<ImportSummary> {
        let root = self.dir.path().join("given");
        for (name, bytes) in files {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let path = if files.len() == 1 { root.join(files[0].0) } else { root };
        self.import_path(&path)
    }
    fn import_path(&mut self, path: &Path) -> Result<ImportSummary> {
        let mut findings = Findings::new();
        let options = Options { threads: 1, ..Options::default() };
        import(&mut self.cache, &[path.to_owned()], &options, &mut |_| {}, &AtomicBool::new(false), 0, &mut findings)
    }
    /// The hashes of all bodies that are kept.
    fn bodies(&self) -> Vec<[u8; 32]> {
        let ids = self.cache.session_ids().unwrap();
        let mut hashes: Vec<[u8; 32]> =
            ids.iter().flat_map(|id| self.cache.original_infos(id).unwrap()).map(|info| info.hash).collect();
        hashes.sort();
        hashes
    }
    fn events(&self, id: &str) -> Vec<Value> {
        session::events(&self.cache, id, None, None).unwrap()
    }
    /// `dwell session --json` without the id and what was found while reading.
    fn detail(&self, id: &str) -> Map<String, Value> {
        let mut detail = session::detail(&self.cache, id).unwrap();
        detail.remove("id");
        detail.remove("findings");
        detail
    }
}

/// Imports into a fresh cache; one session is expected, and no loss.
fn one(name: &str, files: &[(&str, Vec<u8>)]) -> (Desk, String) {
    let mut desk = Desk::new();
    let summary = desk.import(files).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(summary.sessions.len(), 1, "{name}: {:?}", summary);
    let loss = summary.findings.iter().find(|f| f.severity > Severity::Note);
    assert!(loss.is_none(), "{name}: {loss:?}");
    let report = verify(&desk.cache, &mut |_, _| {}, &AtomicBool::new(false)).unwrap();
    assert!(report.ok, "{name}: {:?}", report.problems);
    (desk, summary.sessions[0].clone())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("DWELL_CORPUS")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"));
    if root.join("rrweb/containers/index.json").is_file() {
        return Some(root);
    }
    eprintln!("skipped: no corpus at {}", root.display());
    None
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 4096, 5, 22);
    writer.write_all(bytes).unwrap();
    drop(writer);
    out
}

fn snappy(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).unwrap()
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Bytes as a text with a character for each.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tarred(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

fn visits() -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> =
        std::fs::read_dir(root().join("visits")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    out.sort();
    assert_eq!(out.len(), 4);
    out
}

/// The visit's rrweb events.
fn events_of(visit: &Path) -> Vec<Value> {
    serde_json::from_slice(&std::fs::read(visit.join("rrweb.json")).unwrap()).unwrap()
}

/// The visit's Clarity payloads, as text.
fn payloads_of(visit: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(visit.join("clarity")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files.iter().map(|f| std::fs::read(f).unwrap()).collect()
}

fn text(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn lines<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        out.extend(serde_json::to_vec(&value).unwrap());
        out.push(b'\n');
    }
    out
}

/// As Python's `json.dumps` writes it: a space behind every comma and colon.
fn spaced(value: &impl serde::Serialize) -> Vec<u8> {
    let (mut inside, mut escaped) = (false, false);
    let mut out = Vec::new();
    for byte in text(value) {
        out.push(byte);
        inside ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        if !inside && matches!(byte, b',' | b':') {
            out.push(b' ');
        }
    }
    out
}

/// An event with its bulky fields packed, as PostHog sends them.
fn cv(event: &Value) -> Value {
    let mut event = event.clone();
    let pack = |v: &Value| json!(latin1(&gzip(&text(v))));
    if event["type"] == 2 {
        event["data"] = pack(&event["data"]);
    } else if event["type"] == 3 && event["data"]["source"] == 0 {
        for key in ["texts", "attributes", "removes", "adds"] {
            event["data"][key] = pack(&event["data"][key]);
        }
    } else {
        return event;
    }
    event["cv"] = json!("2024-10");
    event
}

fn packed(event: &Value) -> String {
    let mut event = event.clone();
    event["v"] = json!("v1");
    latin1(&zlib(&text(&event)))
}

fn with(event: &Value, key: &str, value: Value) -> Value {
    let mut event = event.clone();
    event[key] = value;
    event
}

fn segment(number: u64, events: &[Value], pack: bool) -> Vec<u8> {
    let mut out = format!("{{\"segment_id\":{number}}}\n").into_bytes();
    let list = text(&events);
    out.extend(if pack { zlib(&list) } else { list });
    out
}

type Files = Vec<(&'static str, Vec<u8>)>;

/// Every wrapping of a list of rrweb events, with a name.
fn wrappings(events: &[Value]) -> Vec<(&'static str, Files)> {
    let list = text(&events);
    let half = events.len() / 2;
    let cvs: Vec<Value> = events.iter().map(cv).collect();
    let blob: Vec<Value> = cvs.iter().map(|e| json!(["w-1", e])).collect();
    let blob = lines(&blob);
    let mut prefixed = Vec::new();
    for part in
        lines(events.iter().map(|e| json!(["w-1", e]))).split_inclusive(|b| *b == b'\n').collect::<Vec<_>>().chunks(3)
    {
        let block = snappy(&part.concat());
        prefixed.extend((block.len() as u32).to_be_bytes());
        prefixed.extend(block);
    }
    let numbered: Vec<Value> = events.iter().zip(1..).map(|(e, n)| with(e, "_sid", json!(n))).collect();
    let rqly = latin1(&zlib(&text(&json!({"rrweb": events, "network": [{"url": "https://x.test/"}]}))));
    let html = format!(
        "<!DOCTYPE html><html><script src=x></script><script>\nconst events = {};\nplay(events)</script></html>",
        String::from_utf8(list.clone()).unwrap().replace("</script>", "<\\/script>")
    );
    let envelope = |events: &[Value], number: u64| {
        let body = segment(number, events, true);
        let mut out =
            b"{\"event_id\":\"rep1\",\"sent_at\":\"2026-11-22T05:00:00Z\"}\n{\"type\":\"replay_event\"}\n".to_vec();
        out.extend(text(
            &json!({"type":"replay_event","replay_id":"rep1","segment_id":number,"urls":["https://x.test/"]}),
        ));
        out.extend(format!("\n{{\"type\":\"replay_recording\",\"length\":{}}}\n", body.len()).bytes());
        out.extend(body);
        out
    };
    let push = |payload: &[Value]| json!({"session_secure_id":"sec1","payload_id":1,"events":{"events":payload},"messages":""});
    let one_file = |bytes: Vec<u8>| vec![("recording", bytes)];
    vec![
        ("a line", one_file([&list[..], b"\n"].concat())),
        ("events object", one_file(text(&json!({"events": events})))),
        ("pretty printed", one_file(serde_json::to_vec_pretty(&events).unwrap())),
        ("lines", one_file(lines(events))),
        ("spaced", one_file(spaced(&events))),
        ("spaced lines", one_file(events.iter().map(spaced).collect::<Vec<_>>().join(&b'\n'))),
        ("posthog, spaced", one_file(spaced(&json!({"version":"2022-12-02","data":{"person":null,"snapshotsByWindowId":{"w-1":events}}})))),
        ("web extension", one_file(text(&json!({"session":{"id":"s1","name":"demo","recorderVersion":"2.2.2"},"events":events})))),
        ("packed", one_file(text(&events.iter().map(packed).collect::<Vec<_>>()))),
        ("packed lines", one_file(lines(events.iter().map(packed)))),
        ("amplitude", one_file(text(&json!({"version":1,"events":events.iter().map(|e| serde_json::to_string(&packed(e)).unwrap()).collect::<Vec<_>>()})))),
        ("posthog 2023-04-28", one_file(serde_json::to_vec_pretty(&json!({"version":"2023-04-28","data":{"id":"ph1","person":null,
            "snapshots":events.iter().map(|e| with(e, "windowId", json!("w-1"))).collect::<Vec<_>>()}})).unwrap())),
        ("posthog 2022-12-02", one_file(text(&json!({"version":"2022-12-02","data":{"person":null,"snapshotsByWindowId":{"w-1":events}}})))),
        ("posthog blob v2", one_file(blob.clone())),
        ("posthog blob v1", one_file(lines([json!({"window_id":"w-1","data":&cvs[..half]}), json!({"window_id":"w-1","data":&cvs[half..]})]))),
        ("posthog blob snappy", one_file(snappy(&blob))),
        ("posthog blob snappy with lengths", one_file(prefixed)),
        ("posthog old api", one_file(text(&json!({"next":null,"snapshot_data_by_window_id":{"w-1":events}})))),
        ("posthog captured", one_file(text(&json!({"event":"$snapshot","properties":{"$session_id":"ph1","$window_id":"w-1","$snapshot_data":cvs}})))),
        ("sentry download", one_file(text(&json!([&events[..half], &events[half..]])))),
        ("sentry segments", vec![("b/x.bin", segment(0, &events[..half], true)), ("b/a.bin", segment(1, &events[half..], false))]),
        ("sentry envelopes", vec![("1.envelope", envelope(&events[half..], 1)), ("2.envelope", envelope(&events[..half], 0))]),
        ("sentry segments in a zip", one_file(zipped(&[("s/1", &segment(1, &events[half..], true)), ("s/0", &segment(0, &events[..half], true))]))),
        ("highlight stored", one_file(brotli(&text(&numbered)))),
        ("highlight push", one_file(text(&push(events)))),
        ("highlight compressed push", one_file(text(&json!({"session_secure_id":"sec1","payload_id":1,"data":base64(&gzip(&text(&push(events))))})))),
        ("highlight mutation", one_file(text(&json!({"operationName":"PushPayload","variables":push(events)})))),
        ("mixpanel, new relic", one_file(gzip(&list))),
        ("faro", one_file(lines(events.iter().map(|e| json!({"kind":"event","event_name":"faro.session_recording.event","event_data_event":e.to_string()}))))),
        ("faro attributes", one_file(text(&events.iter().map(|e| json!({"name":"faro.session_recording.event","attributes":{"event":e.to_string()}})).collect::<Vec<_>>()))),
        ("requestly", one_file(text(&json!({"version":1,"type":"SESSION","data":{"events":rqly,"metadata":{"name":"demo","sessionAttributes":{"url":"https://x.test/"}}}})))),
        ("html", one_file(html.into_bytes())),
        ("zip of two", one_file(zipped(&[("s/part-0.json", &text(&&events[..half])), ("s/part-1.json", &text(&&events[half..])), ("s/notes.txt", b"no recording")]))),
        ("two files, the later one first by name", vec![("z.json", text(&&events[..half])), ("a.json", text(&&events[half..]))]),
        ("tar.gz", one_file(gzip(&tarred(&[("a/readme.txt", b"x"), ("a/r.json", &list)])))),
        ("session line", one_file(text(&json!({"meta":{},"rrweb":[events]})))),
        ("har", one_file(har(&[(r"https://replay.test/", &String::from_utf8(list).unwrap(), false)], json!([])))),
    ]
}

fn har(posts: &[(&str, &str, bool)], more: Value) -> Vec<u8> {
    let mut entries: Vec<Value> = posts
        .iter()
        .map(|(url, body, base64)| {
            let mut post = json!({"mimeType":"","text":body});
            if *base64 {
                post["encoding"] = json!("base64");
            }
            json!({"startedDateTime":"2026-11-22T05:00:00Z","request":{"method":"POST","url":url,"postData":post},
                "response":{"status":204,"content":{"size":0,"mimeType":"x-unknown"}}})
        })
        .collect();
    entries.extend(more.as_array().unwrap().iter().cloned());
    text(&json!({"log":{"version":"1.2","creator":{"name":"x","version":"1"},"pages":[],"entries":entries}}))
}

/// The part of a session that no wrapper adds to.
fn essence(mut detail: Map<String, Value>) -> Map<String, Value> {
    for key in ["start", "user", "custom_user", "project", "completeness", "format_version"] {
        detail.remove(key);
    }
    detail.retain(|key, _| !key.starts_with("tag"));
    detail
}

#[test]
fn an_rrweb_visit_in_every_wrapper_is_one_session() {
    for visit in visits() {
        let events = events_of(&visit);
        let (plain, id) = one("plain", &[("recording.json", text(&events))]);
        let (want, want_events) = (essence(plain.detail(&id)), plain.events(&id));
        assert!(want_events.len() > 50);
        let mut same_body = Vec::new();
        for (name, files) in wrappings(&events) {
            let (desk, id) = one(name, &files);
            assert_eq!(essence(desk.detail(&id)), want, "{name}");
            assert_eq!(desk.events(&id), want_events, "{name}");
            if desk.bodies() == plain.bodies() {
                same_body.push(name);
            }
        }
        for name in [
            "a line",
            "events object",
            "pretty printed",
            "lines",
            "web extension",
            "packed",
            "amplitude",
            "sentry download",
            "highlight push",
            "mixpanel, new relic",
            "faro",
            "requestly",
            "html",
            "tar.gz",
            "session line",
            "har",
        ] {
            assert!(same_body.contains(&name), "{name} is kept as another body");
        }
    }
}

#[test]
fn every_container_of_the_corpus_gives_its_stream() {
    let Some(corpus) = corpus() else { return };
    let dir = corpus.join("rrweb/containers");
    let index: Value = serde_json::from_slice(&std::fs::read(dir.join("index.json")).unwrap()).unwrap();
    let names: Vec<&str> = index["files"].as_array().unwrap().iter().map(|f| f["file"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 27);
    let read = |name: &str| std::fs::read(dir.join(name)).unwrap();
    let (plain, id) = one("plain", &[("x.json", read("01-bare-array.json"))]);
    let want = plain.events(&id);
    // Three events of Sentry's own, and the request that one of them tells of.
    let without_sentry = |events: Vec<Value>| -> Vec<Value> {
        let sentry = |e: &Value| {
            e["kind"] == "network" || matches!(e["name"].as_str(), Some("options" | "breadcrumb" | "performanceSpan"))
        };
        let (own, rest): (Vec<Value>, Vec<Value>) = events.into_iter().partition(sentry);
        assert_eq!(own.len(), 4, "{own:?}");
        assert!(own.iter().all(|e| (1_795_315_798_294..=1_795_315_798_454).contains(&e["time"].as_i64().unwrap())));
        assert!(
            own.iter().any(|e| e["kind"] == "network" && e["status"] == 200 && e["duration_ms"] == 200.0),
            "{own:?}"
        );
        rest
    };
    let sentry_segments = ["21-sentry-envelope-recording.zlib.bin", "22-sentry-envelope-recording.plain.bin"];
    for name in names {
        match name {
            "90-broken-truncated.json" => {
                let mut desk = Desk::new();
                let summary = desk.import(&[("x", read(name))]).unwrap();
                let events = desk.events(&summary.sessions[0]);
                assert!(events.len() > 20 && events.len() < want.len() && want.starts_with(&events), "{name}");
                assert!(summary.findings.iter().any(|f| f.code == "json_truncated" && f.offset.is_some()));
            }
            name if sentry_segments.contains(&name) => {
                let files: Files = vec![("a", read(sentry_segments[1])), ("b", read(sentry_segments[0]))];
                let (desk, id) = one(name, &files);
                assert_eq!(without_sentry(desk.events(&id)), want, "{name}");
            }
            name => {
                let (desk, id) = one(name, &[("x", read(name))]);
                let events = desk.events(&id);
                let events = if name.contains("sentry") { without_sentry(events) } else { events };
                assert_eq!(events, want, "{name}");
                let facts = desk.detail(&id);
                match name {
                    "03-web-extension.json" => assert_eq!(id, "s1"),
                    "10-posthog-export-2023-04-28.ph-recording.json" => {
                        assert_eq!(id, "0193-demo");
                        assert_eq!((&facts["country"], &facts["user"]), (&json!("DE"), &json!("d1")));
                        assert_eq!((&facts["browser"], &facts["os"]), (&json!("Chrome"), &json!("MacOS")));
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn a_clarity_visit_in_every_wrapper_is_one_session() {
    for visit in visits() {
        let payloads = payloads_of(&visit);
        let whole: Vec<Value> = payloads.iter().map(|p| serde_json::from_slice(p).unwrap()).collect();
        let texts: Vec<&str> = payloads.iter().map(|p| std::str::from_utf8(p).unwrap()).collect();
        let (plain, id) = one("plain", &[("recording.json", text(&texts))]);
        let want = (plain.detail(&id), plain.events(&id), plain.bodies());
        let mut pages: Vec<Vec<&str>> = Vec::new();
        for (payload, text) in whole.iter().zip(&texts) {
            let page = payload["e"][7].as_u64().unwrap() as usize;
            pages.resize(pages.len().max(page), Vec::new());
            pages[page - 1].push(text);
        }
        // As the developer tools' extension writes it: a line break before each page.
        let encoded =
            format!("[{}]", pages.iter().map(|p| format!("\r\n[{}]", p.join(","))).collect::<Vec<_>>().join(","));
        let members: Vec<(String, Vec<u8>)> =
            payloads.iter().zip(1..).map(|(p, n)| (format!("clarity/{n:03}"), gzip(p))).collect();
        let members: Vec<(&str, &[u8])> = members.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
        let collect = "https://z.clarity.ms/collect";
        let packed: Vec<String> = payloads.iter().map(|p| base64(&gzip(p))).collect();
        let spelled: Vec<String> = payloads.iter().map(|p| latin1(&gzip(p))).collect();
        let posts = |bodies: &[&str], base64: bool| -> Vec<u8> {
            har(&bodies.iter().map(|b| (collect, *b, base64)).collect::<Vec<_>>(), json!([]))
        };
        fn strs(list: &[String]) -> Vec<&str> {
            list.iter().map(String::as_str).collect()
        }
        for (name, bytes) in [
            ("objects", text(&json!(whole))),
            ("lines", texts.join("\n").into_bytes()),
            ("spaced", spaced(&json!(whole))),
            ("spaced lines", whole.iter().map(spaced).collect::<Vec<_>>().join(&b'\n')),
            ("spaced file", if whole.len() == 1 { spaced(&whole[0]) } else { text(&whole) }),
            ("devtools encoded", encoded.into_bytes()),
            ("zip", zipped(&members)),
            ("tar.gz", gzip(&tarred(&members))),
            ("har", posts(&texts, false)),
            ("har, gzip in base64", posts(&strs(&packed), true)),
            ("har, base64 that does not say so", posts(&strs(&packed), false)),
            ("har, gzip spelled out", gzip(&posts(&strs(&spelled), false))),
        ] {
            let (desk, id) = one(name, &[("recording", bytes)]);
            assert_eq!(desk.detail(&id), want.0, "{name}");
            assert_eq!(desk.events(&id), want.1, "{name}");
            if name != "objects" && !name.starts_with("spaced") {
                assert_eq!(desk.bodies(), want.2, "{name}");
            }
        }
    }
}

/// Events without their order inside a millisecond, without the byte counts that the decoder overwrites, and with texts
/// trimmed: what decoding loses.
fn loosely(mut events: Vec<Value>) -> Vec<String> {
    events.retain(|e| e["name"] != "total_bytes");
    let mut out: Vec<String> = events.iter().map(|e| format!("{:?} {e}", e["time"].as_i64())).collect();
    out.sort();
    out
}

#[test]
fn decoded_payloads_are_the_session_that_was_decoded() {
    for visit in visits() {
        let name = visit.file_name().unwrap().to_string_lossy().into_owned();
        let (plain, id) = one("plain", &[("r", payloads_of(&visit).join(&b'\n'))]);
        let decoded = gunzip(&std::fs::read(root().join(format!("decoded/{name}.json.gz"))).unwrap());
        let list: Vec<Value> = serde_json::from_slice(&decoded).unwrap();
        for (form, bytes) in
            [("list", decoded), ("lines", lines(&list)), ("pretty", serde_json::to_vec_pretty(&list).unwrap())]
        {
            let (desk, other) = one(form, &[("r", bytes)]);
            assert_eq!(other, id);
            assert_eq!(desk.detail(&id), plain.detail(&id), "{name} {form}");
            let (got, want) = (loosely(desk.events(&id)), loosely(plain.events(&id)));
            let extra: Vec<_> = got.iter().filter(|e| want.binary_search(e).is_err()).take(3).collect();
            let lost: Vec<_> = want.iter().filter(|e| got.binary_search(e).is_err()).take(3).collect();
            assert!(
                extra.is_empty() && lost.is_empty() && got.len() == want.len(),
                "{name} {form}: {extra:?} {lost:?}"
            );
            let (last, first) = (plain.cache.load(&id).unwrap(), desk.cache.load(&id).unwrap());
            assert_eq!(tree(last), tree(first), "{name} {form}");
            let findings = desk.cache.findings(&id).unwrap();
            assert!(findings.iter().any(|f| f.code == "clarity_decoded" && f.severity == Severity::Note));
        }
        // Both of one visit: nothing twice.
        let mut files = vec![("a", payloads_of(&visit).join(&b'\n'))];
        files.push(("b", text(&list)));
        let (both, id) = one("both", &files);
        assert_eq!(both.detail(&id)["pages"], plain.detail(&id)["pages"], "{name}");
        assert_eq!(both.events(&id), plain.events(&id), "{name}");
    }
}

/// The DOM at the end, texts trimmed.
fn tree(session: dwell_core::event::Session) -> Value {
    let end = session.events.last().unwrap().time;
    let text = dwell_core::replay::Replay::new(std::sync::Arc::new(session)).tree_at(end).canonical();
    fn trim(value: &mut Value) {
        match value {
            Value::String(s) => *s = s.trim().to_owned(),
            Value::Array(list) => list.iter_mut().for_each(trim),
            Value::Object(map) => map.values_mut().for_each(trim),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(&text).unwrap();
    trim(&mut value);
    value
}

#[test]
fn a_merged_page_is_its_page() {
    let visit = root().join("visits/checkout-form");
    let first: Vec<Vec<u8>> =
        payloads_of(&visit).into_iter().filter(|p| serde_json::from_slice::<Value>(p).unwrap()["e"][7] == 1).collect();
    let (plain, id) = one("plain", &[("r", first.join(&b'\n'))]);
    let merged = gunzip(&std::fs::read(root().join("decoded/checkout-form.merged.json.gz")).unwrap());
    let (desk, other) = one("merged", &[("r", merged)]);
    assert_eq!(other, id);
    let click = |desk: &Desk| session::events(&desk.cache, &id, None, Some("click")).unwrap();
    assert_eq!(click(&desk), click(&plain));
    assert_eq!(desk.detail(&id)["pages"], plain.detail(&id)["pages"]);
    assert_eq!(tree(desk.cache.load(&id).unwrap()), tree(plain.cache.load(&id).unwrap()));
}

#[test]
fn har_files_give_assets_and_name_what_the_browser_damaged() {
    let visit = root().join("visits/phone-browse");
    let payloads = payloads_of(&visit);
    let texts: Vec<&str> = payloads.iter().map(|p| std::str::from_utf8(p).unwrap()).collect();
    let collect = "https://z.clarity.ms/collect";
    let lost = String::from_utf8_lossy(&gzip(&payloads[1])).into_owned();
    let get = |url: &str, status: u32, mime: &str, body: &str| json!({"request":{"method":"GET","url":url},"response":{"status":status,"content":{"mimeType":mime,"text":body}}});
    let more = json!([
        get("https://shop.test/a.css", 200, "text/css; charset=utf-8", "a{color:red}"),
        get("https://shop.test/b.css", 404, "text/css", "no"),
        get("https://shop.test/app.js", 200, "text/javascript", "x()"),
        json!({"request":{"method":"GET","url":"https://shop.test/i.png"},
            "response":{"status":200,"content":{"mimeType":"image/png","text":"iVBORw==","encoding":"base64"}}}),
    ]);
    let posts: Vec<(&str, &str, bool)> =
        texts.iter().enumerate().map(|(i, t)| (collect, if i == 1 { &lost } else { *t }, false)).collect();
    let mut desk = Desk::new();
    let summary = desk.import(&[("x.har", har(&posts, more.clone()))]).unwrap();
    assert_eq!(summary.sessions.len(), 1);
    let damaged = summary.findings.iter().find(|f| f.code == "har_body_damaged").unwrap();
    assert!(damaged.message.contains("delete window.CompressionStream") && damaged.offset.is_some());
    // The hole that it leaves is told too.
    assert!(desk.detail(&summary.sessions[0])["pages"].to_string().contains("\"gaps\":[{"));
    let db = rusqlite::Connection::open(desk.cache.path()).unwrap();
    let assets: i64 = db.query_row("SELECT count(*) FROM assets", [], |row| row.get(0)).unwrap();
    assert_eq!(assets, 2);
    let urls: Vec<String> = db
        .prepare("SELECT url FROM asset_urls ORDER BY url")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<std::result::Result<_, _>>()
        .unwrap();
    assert_eq!(urls, ["https://shop.test/a.css", "https://shop.test/i.png"]);
    assert_eq!(desk.cache.asset_scopes(&summary.sessions[0]).unwrap().len(), 1);

    for (what, file, sentence) in [
        ("all damaged", har(&[(collect, &lost, false)], json!([])), "delete window.CompressionStream"),
        ("left out", har(&[(collect, "", false)], json!([])), "delete window.CompressionStream"),
        ("none", har(&[("https://x.test/", "{\"a\":1}", false)], more), "without any recorder's uploads"),
    ] {
        match Desk::new().import(&[("x.har", file)]) {
            Err(Error::NoRecordings { reason }) => assert!(reason.contains(sentence), "{what}: {reason}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn a_missing_sentry_segment_is_a_gap_in_its_place() {
    let events = events_of(&root().join("visits/checkout-form"));
    let third = events.len() / 3;
    let mut desk = Desk::new();
    let files: Files = vec![("0", segment(0, &events[..third], true)), ("2", segment(2, &events[2 * third..], true))];
    let summary = desk.import(&files).unwrap();
    assert_eq!(summary.sessions.len(), 1, "{:?}", summary.findings);
    let lost = summary.findings.iter().find(|f| f.code == "rrweb-events-lost").unwrap();
    assert!(lost.message.contains("One part"), "{lost:?}");
    let time = |e: &Value| e["timestamp"].as_i64().unwrap();
    let session = desk.cache.load(&summary.sessions[0]).unwrap();
    let gaps: Vec<_> = session.pages.iter().flat_map(|p| &p.gaps).collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].from, gaps[0].until), (time(&events[third - 1]), time(&events[2 * third])));
    // The part that was missing comes later.
    let middle: Files = vec![("1", segment(1, &events[third..2 * third], true))];
    let again = desk.import(&[files, middle].concat()).unwrap();
    assert_eq!(again.sessions, summary.sessions);
    assert!(desk.cache.load(&summary.sessions[0]).unwrap().pages.iter().all(|p| p.gaps.is_empty()));
}

#[test]
fn sentrys_own_events_are_events() {
    let mut events = events_of(&root().join("visits/checkout-form"));
    let t = events[10]["timestamp"].as_f64().unwrap();
    let custom =
        |tag: &str, at: f64, payload: Value| json!({"type":5,"timestamp":at,"data":{"tag":tag,"payload":payload}});
    events.push(custom(
        "breadcrumb",
        t,
        json!({"timestamp":t/1000.0,"category":"console","level":"warning","message":"careful"}),
    ));
    // Its outer timestamp is in seconds.
    events.push(custom(
        "performanceSpan",
        t / 1000.0,
        json!({"op":"resource.fetch","description":"https://x.test/api",
        "startTimestamp":t/1000.0,"endTimestamp":t/1000.0+0.25,"data":{"method":"POST","statusCode":500}}),
    ));
    events.push(custom(
        "performanceSpan",
        t / 1000.0,
        json!({"op":"largest-contentful-paint","description":"x",
        "startTimestamp":t/1000.0,"endTimestamp":t/1000.0,"data":{"value":1234.0}}),
    ));
    let (desk, id) = one("sentry", &[("x", text(&json!([events])))]);
    let of = |kind: &str| session::events(&desk.cache, &id, None, Some(kind)).unwrap();
    assert_eq!((&of("console")[0]["level"], &of("console")[0]["message"]), (&json!("warn"), &json!("careful")));
    let request = &of("network")[0];
    assert_eq!(
        (&request["url"], &request["status"], &request["method"]),
        (&json!("https://x.test/api"), &json!(500), &json!("POST"))
    );
    assert_eq!((request["time"].as_i64(), request["duration_ms"].as_f64()), (Some(t as i64), Some(250.0)));
    assert_eq!(desk.detail(&id)["lcp"], 1234.0);
}

#[test]
fn what_is_said_of_a_replay_reaches_its_session() {
    let events = events_of(&root().join("visits/checkout-form"));
    let about = json!({"data":{"id":"rep9","project_id":"7","count_segments":1,"user":{"id":"u7","email":"a@b.test","geo":{"country_code":"NO","city":"Oslo"}},
        "browser":{"name":"Firefox","version":"130"},"os":{"name":"Linux","version":"6"},"device":{"family":"PC"},"urls":["https://x.test/"]}});
    let (desk, id) = one("sentry", &[("a.json", text(&about)), ("b.bin", segment(0, &events, true))]);
    let facts = desk.detail(&id);
    assert_eq!(id, "rep9");
    assert_eq!(
        (&facts["country"], &facts["city"], &facts["browser"], &facts["os"]),
        (&json!("NO"), &json!("Oslo"), &json!("Firefox"), &json!("Linux"))
    );
    assert_eq!(facts["user"], "a@b.test");
    let meta = json!({"id":"ph7","distinct_id":"d7","recording_duration":3,"person":{"properties":{"$geoip_country_code":"SE"}}});
    let (desk, id) =
        one("posthog", &[("a.json", text(&meta)), ("b.jsonl", lines(events.iter().map(|e| json!(["w", e]))))]);
    assert_eq!((id.as_str(), &desk.detail(&id)["country"]), ("ph7", &json!("SE")));
}

#[test]
fn two_windows_are_two_documents_of_one_session() {
    let first = events_of(&root().join("visits/checkout-form"));
    let second = events_of(&root().join("visits/desktop-shop"));
    let shift = first[0]["timestamp"].as_i64().unwrap() + 7 - second[0]["timestamp"].as_i64().unwrap();
    let moved: Vec<Value> =
        second.iter().map(|e| with(e, "timestamp", json!(e["timestamp"].as_i64().unwrap() + shift))).collect();
    let mut both: Vec<Value> = first.iter().map(|e| with(e, "windowId", json!("a"))).collect();
    both.extend(moved.iter().map(|e| with(e, "windowId", json!("b"))));
    both.sort_by_key(|e| e["timestamp"].as_i64());
    let (desk, id) =
        one("windows", &[("x", text(&json!({"version":"2023-04-28","data":{"id":"two","snapshots":both}})))]);
    assert_eq!(id, "two");
    let session = desk.cache.load(&id).unwrap();
    let alone = |events: &[Value]| {
        let (desk, id) = one("alone", &[("x", text(&events))]);
        desk.cache.load(&id).unwrap()
    };
    let (a, b) = (alone(&first), alone(&moved));
    assert_eq!(session.pages.len(), a.pages.len() + b.pages.len());
    assert_eq!(session.events.len(), a.events.len() + b.events.len());
    let documents: std::collections::BTreeSet<u32> = session.pages.iter().map(|p| p.document).collect();
    let of = |s: &dwell_core::event::Session| {
        s.pages.iter().map(|p| p.document).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(documents.len(), of(&a) + of(&b));
    // Each page view shows what it shows alone.
    let canonical = |session: &dwell_core::event::Session, page: &dwell_core::event::Page| {
        let mut tree = dwell_core::dom::Tree::new();
        for event in session.events.iter().filter(|e| session.pages[e.page as usize - 1].document == page.document) {
            tree.apply_event(event);
        }
        tree.canonical()
    };
    for (part, shown) in [(&a, "a"), (&b, "b")] {
        for page in &part.pages {
            let same = session.pages.iter().find(|p| p.url == page.url && p.started_at == page.started_at);
            let same = same.unwrap_or_else(|| panic!("{shown} {}", page.url));
            assert_eq!(canonical(&session, same), canonical(part, page), "{shown} {}", page.url);
        }
    }
}

#[test]
fn what_cannot_be_played_is_named() {
    let meta = json!({"type":4,"timestamp":1_795_315_798_294_i64,"data":{"href":"app","width":400,"height":800}});
    let mobile = json!({"type":2,"timestamp":1_795_315_798_295_i64,"data":{"wireframes":[{"id":1,"type":"text"}]}});
    let update = json!({"type":3,"timestamp":1_795_315_798_296_i64,"data":{"source":0,"updates":[{"wireframe":{}}]}});
    let video = json!({"type":5,"timestamp":1_795_315_798_297_i64,"data":{"tag":"video","payload":{"segmentId":0,"container":"mp4"}}});
    for (what, events) in [("wireframes", vec![&meta, &mobile, &update]), ("video", vec![&meta, &video])] {
        let mut desk = Desk::new();
        let summary = desk.import(&[("x", text(&events))]).unwrap();
        let said: Vec<_> = summary.findings.iter().filter(|f| f.code == "rrweb-mobile").collect();
        assert_eq!(said.len(), 1, "{what}: {:?}", summary.findings);
    }
    let datadog = json!({"records":[{"type":4,"timestamp":1,"data":{}}],"view":{"id":"v"},"session":{"id":"s"},"application":{"id":"a"},"has_full_snapshot":true});
    for (name, bytes, code) in [
        ("OpenReplay", [&[0xff; 7][..], &[0xfe, 1, 2, 3]].concat(), "openreplay_unsupported"),
        ("Datadog", zlib(&text(&datadog)), "datadog_unsupported"),
    ] {
        match Desk::new().import(&[("x", bytes.clone())]) {
            Err(Error::NoRecordings { reason }) => {
                assert!(reason.contains(name) && reason.contains("not read"), "{reason}")
            }
            other => panic!("{other:?}"),
        }
        let mut desk = Desk::new();
        let good = text(&events_of(&root().join("visits/checkout-form")));
        let summary = desk.import(&[("x", bytes), ("good.json", good)]).unwrap();
        assert_eq!(summary.sessions.len(), 1);
        assert!(summary.findings.iter().any(|f| f.code == code && f.severity == Severity::Warning));
    }
}

#[test]
fn bombs_inside_wrappers_stop_early() {
    let zeros = vec![b' '; 40 << 20];
    let bomb = |open: &str, close: &str| [open.as_bytes(), &zeros, close.as_bytes()].concat();
    let event =
        json!({"type":4,"timestamp":1_795_315_798_294_i64,"data":{"href":"https://x.test/","width":1,"height":1}});
    let gz = latin1(&gzip(&bomb("{\"node\":1,\"x\":\"", "\"}")));
    let cv = json!({"type":2,"timestamp":1_795_315_798_295_i64,"cv":"2024-10","data":gz});
    let zl = latin1(&zlib(&bomb("{\"type\":2,\"timestamp\":1,\"data\":\"", "\"}")));
    let rqly = json!({"version":1,"type":"SESSION","data":{"events":latin1(&zlib(&bomb("{\"rrweb\":[", "]}"))),"metadata":{}}});
    let pushed = json!({"session_secure_id":"s","data":base64(&gzip(&bomb("{\"events\":[", "]}")))});
    let mut segment = b"{\"segment_id\":0}\n".to_vec();
    segment.extend(zlib(&bomb("[", "]")));
    let clarity = base64(&gzip(&bomb("{\"e\":[", "]}")));
    let block = {
        // A raw block that claims 3 GB.
        let mut block = vec![0x80, 0x80, 0x80, 0x80, 0x0c, 0x04, b'[', b']'];
        block.extend([0xfe; 64]);
        block
    };
    for (what, bytes, code) in [
        ("cv field", text(&json!([event, cv])), "limit_ratio"),
        ("packed event", text(&json!([zl])), "limit_ratio"),
        ("requestly", text(&rqly), "limit_ratio"),
        ("highlight", text(&pushed), "limit_ratio"),
        ("sentry", segment, "limit_ratio"),
        ("har", har(&[("https://z.clarity.ms/collect", &clarity, true)], json!([])), "limit_ratio"),
        ("snappy", block, "limit_ratio"),
        ("tar in gzip", gzip(&tarred(&[("a.json", &zeros)])), "limit_ratio"),
    ] {
        let mut desk = Desk::new();
        // A good recording beside it is read all the same.
        let good = text(&events_of(&root().join("visits/checkout-form")));
        let begun = std::time::Instant::now();
        let summary = desk.import(&[("bomb", bytes), ("good/good.json", good)]).unwrap();
        assert!(summary.findings.iter().any(|f| f.code == code && f.path.is_some()), "{what}: {:?}", summary.findings);
        assert!(summary.sessions.len() <= 2 && !summary.sessions.is_empty(), "{what}");
        assert!(begun.elapsed().as_secs() < 20, "{what}");
    }
}

#[test]
fn tar_archives_are_read_as_they_come() {
    let list = text(&events_of(&root().join("visits/checkout-form")));
    let long = format!("{}/r.json", "long-name-".repeat(25));
    let mut tar = tar::Builder::new(Vec::new());
    let mut entry = |kind: tar::EntryType, name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        if name.contains("..") {
            // The library refuses to write what an attacker would.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, bytes).unwrap();
        } else {
            tar.append_data(&mut header, name, bytes).unwrap();
        }
    };
    entry(tar::EntryType::Directory, "d/", b"");
    entry(tar::EntryType::Symlink, "d/link", b"");
    entry(tar::EntryType::Link, "d/hard", b"");
    entry(tar::EntryType::Char, "d/device", b"");
    entry(tar::EntryType::Regular, "../out.json", &list);
    entry(tar::EntryType::Regular, &long, &list);
    let whole = tar.into_inner().unwrap();
    let mut desk = Desk::new();
    let summary = desk.import(&[("x", gzip(&whole))]).unwrap();
    assert_eq!(summary.sessions.len(), 1);
    let codes: Vec<&str> = summary.findings.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes.iter().filter(|c| **c == "symlink_skipped").count(), 2, "{codes:?}");
    assert!(codes.contains(&"special_file_skipped") && codes.contains(&"unsafe_name"), "{codes:?}");
    // Cut off in the middle of the recording: what came before is there.
    let mut desk = Desk::new();
    let summary = desk.import(&[("x", whole[..whole.len() - list.len() / 2].to_vec())]).unwrap();
    assert_eq!(summary.sessions.len(), 1);
    assert!(summary.findings.iter().any(|f| f.severity == Severity::Warning), "{:?}", summary.findings);
    // A Dwell archive's manifest is not passed over in silence.
    let manifest = br#"{"format":"dwell-archive","version":1,"files":[],"sessions":[]}"#;
    let summary = Desk::new().import(&[("x", tarred(&[("manifest.json", manifest), ("a.json", &list)]))]).unwrap();
    assert!(summary.findings.iter().any(|f| f.code == "tar_manifest"));
}

#[test]
fn names_of_members_may_be_in_any_encoding() {
    let list = text(&events_of(&root().join("visits/checkout-form")));
    let mut bytes = zipped(&[("gr~~e/a.json", &list)]);
    for at in 0..bytes.len() - 12 {
        if bytes[at..].starts_with(b"gr~~e/a.json") {
            bytes[at + 2..at + 4].copy_from_slice(b"\x94\xe1");
        }
    }
    let (desk, id) = one("cp437", &[("x.zip", bytes)]);
    let path = desk.cache.original_infos(&id).unwrap()[0].path.clone();
    assert!(path.ends_with("größe/a.json"), "{path}");
}

#[test]
fn cut_wrappers_give_their_whole_events() {
    let events = events_of(&root().join("visits/checkout-form"));
    let export = json!({"version":"2023-04-28","data":{"id":"ph1","snapshots":events}});
    for (name, whole) in [
        ("posthog", text(&export)),
        ("posthog, pretty", serde_json::to_vec_pretty(&export).unwrap()),
        ("sentry", text(&json!([&events[..40], &events[40..]]))),
        ("extension", text(&json!({"session":{"id":"s"},"events":events}))),
    ] {
        let mut desk = Desk::new();
        let summary =
            desk.import(&[("x", whole[..whole.len() - 500].to_vec())]).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(summary.findings.iter().any(|f| f.code == "json_truncated" && f.offset.is_some()), "{name}");
        let got = desk.events(&summary.sessions[0]).len();
        let want = {
            let (desk, id) = one(name, &[("x", whole)]);
            desk.events(&id).len()
        };
        assert!(got > want * 9 / 10 && got < want, "{name}: {got} of {want}");
    }
}

/// Another tab whose picture was lost must not change this one's page, however alike their ids are.
#[test]
fn a_window_without_a_page_stays_out_of_the_others() {
    let first = events_of(&root().join("visits/checkout-form"));
    let last = first.last().unwrap()["timestamp"].as_i64().unwrap();
    let change = |id: u64, at: i64| {
        json!({"windowId":"b","type":3,"timestamp":at,"data":{"source":0,"texts":[],"removes":[],"adds":[],
            "attributes":[{"id":id,"attributes":{"class":"other"}}]}})
    };
    let picture = first.iter().rfind(|e| e["type"] == 2).unwrap();
    let kids = picture["data"]["node"]["childNodes"].as_array().unwrap();
    let html = kids.iter().find(|n| n["tagName"] == "html").unwrap()["id"].as_u64().unwrap();
    let (alone, id) = one("alone", &[("x", text(&first))]);
    let want = tree(alone.cache.load(&id).unwrap());
    let named: Vec<Value> = first.iter().map(|e| with(e, "windowId", json!("a"))).collect();
    // While the first window is there, and after it but about a node that it never had.
    for change in [change(html, last - 10), change(900_000, last + 10)] {
        let mut events = named.clone();
        events.push(change);
        events.sort_by_key(|e| e["timestamp"].as_i64());
        let mut desk = Desk::new();
        let summary = desk.import(&[("x", text(&events))]).unwrap();
        let session = desk.cache.load(&summary.sessions[0]).unwrap();
        assert!(session.pages.iter().any(|p| !p.has_snapshot));
        let shown = session.pages.iter().filter(|p| p.has_snapshot).map(|p| p.document).max().unwrap();
        let mut only = session.clone();
        only.events.retain(|e| session.pages[e.page as usize - 1].document == shown);
        assert_eq!(tree(only), want);
    }
    // The same window under another id.
    let mut events = named;
    events.push(change(html, last + 10));
    let (desk, id) = one("renamed", &[("x", text(&events))]);
    assert_eq!(desk.cache.load(&id).unwrap().pages.len(), alone.cache.load(&id).map_or(0, |s| s.pages.len()));
    assert_ne!(tree(desk.cache.load(&id).unwrap()), want);
}

/// Whatever is damaged, nothing here panics or hangs.
#[test]
fn damaged_wrappers_do_no_harm() {
    use dwell_core::format::wrap::{Allowance, about, collect, har as network, html, sentry, snappy, wrapper};
    let events = events_of(&root().join("visits/checkout-form"));
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |n: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % n.max(1) as u64) as usize
    };
    let mut inputs: Vec<Vec<u8>> = wrappings(&events[..12]).into_iter().flat_map(|(_, f)| f).map(|(_, b)| b).collect();
    inputs.push(gunzip(&std::fs::read(root().join("decoded/phone-browse.json.gz")).unwrap())[..40_000].to_vec());
    let begun = std::time::Instant::now();
    for input in inputs {
        for round in 0..30 {
            let mut bytes = input.clone();
            for _ in 0..1 + round % 4 {
                let at = next(bytes.len());
                match next(4) {
                    0 => bytes[at] ^= 1 << next(8),
                    1 => bytes.truncate(at.max(1)),
                    2 => drop(bytes.drain(at..(at + next(50)).min(bytes.len()))),
                    _ => {
                        let again = bytes[at..(at + next(200)).min(bytes.len())].to_vec();
                        bytes.splice(at..at, again);
                    }
                }
                if bytes.is_empty() {
                    bytes.push(b'{');
                }
            }
            let mut allowance = Allowance::new(1 << 28, 1 << 26, 400, 1 << 25);
            let found = collect(&bytes, &mut allowance);
            let whole: std::result::Result<Vec<serde::de::IgnoredAny>, _> = serde_json::from_slice(&found.body);
            if let Ok(list) = whole {
                assert_eq!(list.len() as u64, found.events);
            }
            let _ = (wrapper(&bytes), about(&bytes), html::recordings(&bytes), snappy::unpack(&bytes, &mut allowance));
            let _ = sentry::envelope(&bytes, &mut allowance);
            for entry in network::entries(&bytes) {
                let _ = (entry.upload(&bytes, &mut allowance), entry.loaded(&bytes, 1 << 20));
            }
            let _ = dwell_core::format::clarity::decoded::to_payload(&bytes);
            let _ = dwell_core::format::clarity::payload::peek(&bytes);
            let _ = dwell_core::format::rrweb::outline(&bytes);
        }
    }
    assert!(begun.elapsed().as_secs() < 60);
}
