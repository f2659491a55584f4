//! Page files out of everything people save, as far as the page that a reviewer sees.
//!
//! The fixture is a recorded visit to the demo shop; the files are the shop's own, wrapped here as browsers and
//! crawlers wrap them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use dwell_core::archive::saved;
use dwell_core::desk::assets::{AddSummary, Options, add, status};
use dwell_core::desk::session::{self, Moment};
use dwell_core::desk::verify::verify;
use dwell_core::desk::{self, import};
use dwell_core::error::{Error, Result};
use dwell_core::findings::Findings;
use dwell_core::store::Cache;
use dwell_core::wire::PageFilesView;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

const ORIGIN: &str = "https://www.larkmoor.example";

struct Desk {
    dir: TempDir,
    cache: Cache,
}

impl Desk {
    /// With one recorder's half of a fixture visit.
    fn with(part: &str) -> (Desk, String) {
        let dir = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(&dir.path().join("cache.sqlite")).unwrap();
        let visit = root().join("tests/fixtures/visits/desktop-shop").join(part);
        let mut findings = Findings::new();
        let never = AtomicBool::new(false);
        let summary =
            import(&mut cache, &[visit], &desk::Options::default(), &mut |_| {}, &never, 0, &mut findings).unwrap();
        let id = summary.sessions[0].clone();
        (Desk { dir, cache }, id)
    }
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
    fn add(&mut self, path: &Path) -> Result<AddSummary> {
        self.add_with(path, &Options::default())
    }
    fn add_with(&mut self, path: &Path, options: &Options) -> Result<AddSummary> {
        let never = AtomicBool::new(false);
        add(&mut self.cache, &[path.to_owned()], options, &mut |_| {}, &never, &mut Findings::new())
    }
    fn status(&self, id: &str) -> PageFilesView {
        status(&self.cache, id).unwrap()
    }
    fn html(&self, id: &str) -> String {
        session::html(&self.cache, id, Moment::OnPage { page: 1, at_ms: 4000 }).unwrap()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Path under the shop's address, type, bytes.
fn site() -> Vec<(String, &'static str, Vec<u8>)> {
    let base = root().join("tests/demo-site/site");
    let mut out = Vec::new();
    for folder in ["", "img", "fonts"] {
        for entry in std::fs::read_dir(base.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let kind = match path.extension().and_then(|e| e.to_str()) {
                Some("css") => "text/css",
                Some("svg") => "image/svg+xml",
                Some("webp") => "image/webp",
                Some("woff2") => "font/woff2",
                Some("js") => "text/javascript",
                _ => continue,
            };
            let name = path.strip_prefix(&base).unwrap().to_str().unwrap().replace('\\', "/");
            out.push((name, kind, std::fs::read(&path).unwrap()));
        }
    }
    out.sort();
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn brotlied(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 5, 20).write_all(bytes).unwrap();
    out
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let n = three.iter().fold(0u32, |n, b| (n << 8) | u32::from(*b)) << (8 * (3 - three.len()));
        for i in 0..4 {
            let digit = DIGITS[(n >> (18 - 6 * i)) as usize & 63] as char;
            out.push(if i <= three.len() { digit } else { '=' });
        }
    }
    out
}

fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Every body in another encoding, as networks do.
fn warc() -> Vec<u8> {
    let mut out = b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 4\r\n\r\nabcd\r\n\r\n".to_vec();
    for (index, (name, kind, bytes)) in site().into_iter().enumerate() {
        let (encoding, body) = match index % 4 {
            0 => ("Content-Encoding: gzip\r\n", gzip(&bytes)),
            1 => ("Content-Encoding: br\r\n", brotlied(&bytes)),
            2 => {
                let mut chunked = Vec::new();
                for chunk in bytes.chunks(1000) {
                    chunked.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    chunked.extend_from_slice(chunk);
                    chunked.extend_from_slice(b"\r\n");
                }
                chunked.extend_from_slice(b"0\r\n\r\n");
                ("Transfer-Encoding: chunked\r\n", chunked)
            }
            _ => ("", bytes),
        };
        let mut http = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{encoding}\r\n").into_bytes();
        http.extend_from_slice(&body);
        out.extend_from_slice(
            format!(
                "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {ORIGIN}/{name}\r\nWARC-Date: 2026-11-06T10:00:00Z\r\n\
                 Content-Type: application/http; msgtype=response\r\nContent-Length: {}\r\n\r\n",
                http.len()
            )
            .as_bytes(),
        );
        out.extend_from_slice(&http);
        out.extend_from_slice(b"\r\n\r\n");
    }
    out
}

fn mhtml() -> Vec<u8> {
    let mut out = format!(
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: {ORIGIN}/shop\r\nSubject: Shop\r\n\
         Date: Fri, 6 Nov 2026 10:00:00 -0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\
         \ttype=\"text/html\";\r\n\tboundary=\"----Multipart--x1\"\r\n\r\n\r\n\
         ------Multipart--x1\r\nContent-Type: text/html\r\nContent-Location: {ORIGIN}/shop\r\n\r\n<html>\r\n"
    );
    for (name, kind, bytes) in site() {
        let (encoding, body) = if kind.starts_with("text/") {
            let text: String = String::from_utf8(bytes).unwrap().replace('=', "=3D");
            let mut lines = String::new();
            for line in text.split_inclusive('\n') {
                let chars: Vec<char> = line.chars().collect();
                for piece in chars.chunks(70) {
                    let piece: String = piece.iter().collect();
                    // A break within an escape would be one.
                    lines.push_str(&piece);
                    if !piece.ends_with('\n') && !piece.ends_with('=') && !piece.ends_with("=3") {
                        lines.push_str("=\r\n");
                    }
                }
            }
            ("quoted-printable", lines)
        } else {
            (
                "base64",
                base64(&bytes).as_bytes().chunks(76).map(|l| format!("{}\r\n", String::from_utf8_lossy(l))).collect(),
            )
        };
        out.push_str(&format!(
            "------Multipart--x1\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\
             Content-Location: {ORIGIN}/{name}\r\n\r\n{body}\r\n"
        ));
    }
    out.push_str("------Multipart--x1--\r\n");
    out.into_bytes()
}

fn har() -> Vec<u8> {
    let entries: Vec<serde_json::Value> = site()
        .into_iter()
        .map(|(name, kind, bytes)| {
            let content = match String::from_utf8(bytes) {
                Ok(text) => serde_json::json!({"mimeType": kind, "text": text}),
                Err(e) => serde_json::json!({"mimeType": kind, "encoding": "base64", "text": base64(e.as_bytes())}),
            };
            serde_json::json!({"startedDateTime": "2026-11-06T10:00:00.000Z",
                "request": {"method": "GET", "url": format!("{ORIGIN}/{name}")}, "response": {"status": 200, "content": content}})
        })
        .collect();
    serde_json::to_vec(&serde_json::json!({"log": {"version": "1.2", "entries": entries}})).unwrap()
}

/// Every address that could be fetched, outside `data:` and our own.
fn remote(html: &str) -> Vec<String> {
    let mut out = Vec::new();
    for mark in [" src=\"", " href=\"", " srcset=\"", " poster=\"", "url(\"", "@import", " background=\"", " action=\""]
    {
        for (at, _) in html.match_indices(mark) {
            let rest = &html[at + mark.len()..];
            let value = rest.split('"').next().unwrap_or(rest);
            let local = value.is_empty()
                || ["replay-asset://localhost/", "data:", "#", "about:invalid", "blob:null"]
                    .iter()
                    .any(|p| value.starts_with(p));
            if !local {
                out.push(format!("{mark}{}", &value[..value.len().min(100)]));
            }
        }
    }
    out
}

#[test]
fn every_wrapping_styles_the_page() {
    let mirror: Vec<(String, Vec<u8>)> =
        site().into_iter().map(|(name, _, bytes)| (format!("www.larkmoor.example/{name}"), bytes)).collect();
    for (source, part) in [("clarity", "clarity"), ("rrweb", "rrweb.json")] {
        for form in ["mirror", "zip", "base", "mhtml", "warc", "warc.gz", "wacz", "har", "har.gz"] {
            let (mut desk, id) = Desk::with(part);
            let bare = desk.status(&id);
            assert_eq!(bare.cached, 0);
            assert!(bare.wanted > 5, "{bare:?}");
            let mut options = Options::default();
            let path = match form {
                "mirror" => {
                    for (name, bytes) in &mirror {
                        desk.file(&format!("mirror/{name}"), bytes);
                    }
                    desk.dir.path().join("mirror")
                }
                "zip" => desk.file("mirror.zip", zipped(&mirror)),
                "base" => {
                    options.url = Some(format!("{ORIGIN}/"));
                    root().join("tests/demo-site/site")
                }
                "mhtml" => desk.file("page.mhtml", mhtml()),
                "warc" => desk.file("crawl", warc()),
                "warc.gz" => desk.file("crawl.warc.gz", gzip(&warc())),
                "wacz" => desk.file(
                    "crawl.wacz",
                    zipped(&[
                        ("archive/data.warc.gz".into(), gzip(&warc())),
                        ("datapackage.json".into(), b"{}".to_vec()),
                        ("indexes/index.cdx".into(), b"x".to_vec()),
                    ]),
                ),
                "har" => desk.file("net.har", har()),
                _ => desk.file("net.har.gz", gzip(&har())),
            };
            let summary = desk.add_with(&path, &options).unwrap();
            assert_eq!(summary.findings, [], "{form}");
            assert!(summary.added > 20, "{form}: {summary:?}");
            assert_eq!(summary.others.get("scripts"), Some(&if form == "base" { 2 } else { 1 }), "{form}: {summary:?}");
            let after = desk.status(&id);
            assert_eq!(
                (after.cached, after.wanted),
                (after.wanted, after.wanted),
                "{source} {form}: {:?}",
                after.missing
            );
            assert!(after.wanted >= bare.wanted, "the sheet asks for its font");
            let html = desk.html(&id);
            assert!(
                html.contains("--moss: #24493c") || html.contains("--moss:#24493c"),
                "{source} {form} is not styled"
            );
            assert!(html.contains("replay-asset://localhost/"), "{source} {form}");
            assert_eq!(remote(&html), Vec::<String>::new(), "{source} {form}");
            assert!(!html.contains("dwell-missing=\"\"") || source == "rrweb", "{source} {form}");
            // Once more changes nothing.
            let again = desk.add_with(&path, &options).unwrap();
            assert_eq!((again.added, again.files), (0, summary.files));
            let report = verify(&desk.cache, &mut |_, _| {}, &AtomicBool::new(false)).unwrap();
            assert!(report.ok, "{:?}", report.problems);
        }
    }
}

#[test]
fn a_saved_page_is_matched_by_names() {
    let (mut desk, id) = Desk::with("clarity");
    desk.file(
        "Shop.html",
        "<!DOCTYPE html>\n<!-- saved from url=(0033)https://www.larkmoor.example/shop -->\n<html></html>",
    );
    for (name, _, bytes) in site() {
        let name = name.rsplit('/').next().unwrap();
        desk.file(&format!("Shop_files/{name}"), bytes);
    }
    // The page file is what people pick.
    let summary = desk.add(&desk.dir.path().join("Shop.html")).unwrap();
    assert!(summary.added > 20, "{summary:?}");
    let after = desk.status(&id);
    assert_eq!(after.cached, after.wanted, "{:?}", after.missing);
    assert!(desk.html(&id).contains("--moss"));
    // The folder around both, too; and a page of another site serves nobody here.
    let (mut desk, id) = Desk::with("clarity");
    desk.file("saved/Shop.html", "<!-- saved from url=(0020)https://other.test/x --><html>");
    desk.file("saved/Shop_files/shop.css", "a{}");
    desk.add(&desk.dir.path().join("saved")).unwrap();
    assert_eq!(desk.status(&id).cached, 0);
}

#[test]
fn sheets_bring_their_sheets_and_ask_for_their_fonts() {
    let (mut desk, id) = Desk::with("clarity");
    let main = "@import url(\"parts/a.css?v=2\") layer(base) supports(display:grid) screen;\n@import 'gone.css';\n\
        @font-face{font-family:X;src:url(x.eot);src:url(x.woff2) format('woff2'),url(x.woff) format('woff')}\n\
        .hero{background:image-set('img/mark.svg' 1x, 'https://leak.test/b.png' 2x)}";
    let part = ".part{background:url(../img/mark.svg);color:red}@import 'late.css';";
    desk.file("www.larkmoor.example/shop.css", main);
    desk.file("www.larkmoor.example/parts/a.css?v=2", part);
    desk.file("www.larkmoor.example/img/mark.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
    desk.file("www.larkmoor.example/x.woff", b"wOFF....");
    let summary = desk.add(&desk.dir.path().join("www.larkmoor.example")).unwrap();
    assert_eq!(summary.files, 4, "{summary:?}");
    let html = desk.html(&id);
    assert!(
        html.contains(
            "@media screen{@supports (display:grid){@layer base{.part{background:url(\"replay-asset://localhost/"
        ),
        "{html:.3000}"
    );
    assert_eq!(remote(&html.replace("@dwell-import", "")), Vec::<String>::new());
    let status = desk.status(&id);
    let missing: Vec<(&str, &str)> = status
        .missing
        .iter()
        .filter(|f| f.by_sheet || f.kind == "sheet")
        .map(|f| (f.kind.as_str(), f.url.as_str()))
        .collect();
    assert_eq!(missing, [("sheet", "https://www.larkmoor.example/gone.css"), ("image", "https://leak.test/b.png")]);
    assert_eq!(status.kinds.iter().find(|k| k.kind == "font").map(|k| (k.wanted, k.cached)), Some((1, 1)));
    assert_eq!(status.pages[0].sheets_missing, 1);
}

#[test]
fn hostile_sheets_end_and_leak_nothing() {
    let (mut desk, id) = Desk::with("clarity");
    let many: String = (0..10_000).map(|i| format!("@import 'i{}.css';", i % 50)).collect();
    for i in 0..50 {
        // Each pulls in all others, and itself.
        desk.file(
            &format!("m/www.larkmoor.example/i{i}.css"),
            format!("{many}.i{i}{{background:url(//leak.test/{i})}}"),
        );
    }
    desk.file(
        "m/www.larkmoor.example/shop.css",
        format!("{many}@import 'shop.css';a{{b:url(replay-asset://localhost/{})}}", "a".repeat(64)),
    );
    desk.add(&desk.dir.path().join("m")).unwrap();
    let started = std::time::Instant::now();
    let html = desk.html(&id);
    let took = started.elapsed();
    assert!(html.contains(".i0{") && !html.contains("leak.test"), "{html:.2000}");
    assert!(!html.contains(&format!("localhost/{}", "a".repeat(64))), "a forged address of ours");
    assert!(html.len() < 40 << 20, "{} bytes", html.len());
    assert!(took.as_secs() < 20, "{took:?}");
    let status = desk.status(&id);
    assert!(status.missing.len() < 1000);
}

#[test]
fn sheets_for_chosen_sessions_only() {
    let (mut desk, id) = Desk::with("clarity");
    let css = desk.file("shop.css", "body{color:red}");
    let url = Some(format!("{ORIGIN}/shop.css"));
    let options = Options { sessions: vec!["nobody".into()], url: url.clone() };
    assert!(matches!(desk.add_with(&css, &options), Err(Error::SessionMissing { .. })));
    desk.add_with(&css, &Options { sessions: vec![id.clone()], url: url.clone() }).unwrap();
    assert_eq!(desk.status(&id).pages[0].sheets_missing, 0);
    let rows = desk.cache.asset_rows(&id).unwrap();
    assert_eq!((rows.len(), rows[0].own, rows[0].content_type.as_str()), (1, true, "text/css"));
    // A session's own file wins over one for all.
    let other = desk.file("new/shop.css", "body{color:blue}");
    desk.add_with(&other, &Options { sessions: vec![], url }).unwrap();
    assert!(desk.html(&id).contains("body{color:red}"));
    assert_eq!(desk.cache.asset_rows(&id).unwrap().len(), 2);
}

#[test]
fn what_cannot_be_used_is_one_sentence() {
    let (mut desk, _) = Desk::with("clarity");
    let code = |answer: Result<AddSummary>| match answer {
        Ok(summary) => format!("{:?}", summary.findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>()),
        Err(e) => {
            let sentence = e.to_string();
            assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
            e.code().to_owned()
        }
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("letter.txt", b"A letter to a friend.".to_vec(), "no_page_files"),
        ("empty.css", Vec::new(), "no_page_files"),
        ("page.html", b"<!doctype html><p>hello".to_vec(), "no_page_files"),
        ("cut.zip", zipped(&[("a.css".into(), b"a{}".to_vec())])[..30].to_vec(), "no_page_files"),
        ("cut.warc", warc()[..900].to_vec(), "no_page_files"),
        ("nothing.har", br#"{"log":{"version":"1.2"}}"#.to_vec(), "no_page_files"),
        ("no.mhtml", b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\nx".to_vec(), "no_page_files"),
        ("cut.mhtml", mhtml()[..20_000].to_vec(), "[]"),
        ("cut.warc.gz", gzip(&warc())[..60_000].to_vec(), r#"["truncated"]"#),
        ("cut.har", har()[..200_000].to_vec(), r#"["damaged"]"#),
    ];
    for (name, bytes, expected) in cases {
        let path = desk.file(name, bytes);
        assert_eq!(code(desk.add(&path)), expected, "{name}");
    }
    let nowhere = desk.dir.path().join("nowhere");
    assert_eq!(code(desk.add(&nowhere)), "path_missing");
    let css = desk.file("ok.css", "a{}");
    let ftp = Options { url: Some("ftp://x/a.css".into()), ..Options::default() };
    assert_eq!(code(desk.add_with(&css, &ftp)), "usage");
}

#[test]
fn a_cancelled_addition_leaves_nothing() {
    let (mut desk, _) = Desk::with("clarity");
    let cancel = AtomicBool::new(false);
    let path = desk.file("crawl.warc", warc());
    let mut seen = 0;
    let mut stop = |_: &desk::assets::Progress| {
        seen += 1;
        if seen == 15 {
            cancel.store(true, Ordering::Relaxed);
        }
    };
    let answer = add(&mut desk.cache, &[path], &Options::default(), &mut stop, &cancel, &mut Findings::new());
    assert!(matches!(answer, Err(Error::Cancelled)), "{answer:?}");
    assert_eq!(desk.cache.assets().unwrap().len(), 0);
    assert_eq!(desk.cache.totals().unwrap().assets, 0);
}

#[test]
fn pictures_are_kept_as_they_came_and_texts_are_packed() {
    let (mut desk, _) = Desk::with("clarity");
    desk.add_with(
        &root().join("tests/demo-site/site"),
        &Options { url: Some(format!("{ORIGIN}/")), ..Options::default() },
    )
    .unwrap();
    let db = rusqlite::Connection::open(desk.cache.path()).unwrap();
    let mut query = db.prepare("SELECT content_type, bytes, length(data), packed FROM assets").unwrap();
    let rows: Vec<(String, i64, i64, bool)> = query
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    for (kind, bytes, stored, packed) in rows {
        let tight = matches!(&*kind, "image/webp" | "font/woff2");
        assert_eq!((packed, stored < bytes), (!tight, !tight), "{kind} {bytes} {stored}");
    }
    // Three small sites' worth of equal bytes are stored once.
    let before = desk.cache.assets().unwrap().len();
    desk.add_with(
        &root().join("tests/demo-site/site"),
        &Options { url: Some("https://copy.test/".into()), ..Options::default() },
    )
    .unwrap();
    assert_eq!(desk.cache.assets().unwrap().len(), before);
}

/// Bytes flipped, cut out and doubled, at places that do not change from run to run.
#[test]
fn damaged_wrappings_never_panic() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("damaged");
    let small = |bytes: Vec<u8>| bytes[..bytes.len().min(60_000)].to_vec();
    let wacz = zipped(&[("archive/data.warc".into(), small(warc())), ("shop.test/a.css".into(), b"a{}".to_vec())]);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n.max(1) as u64) as usize
    };
    for original in [small(mhtml()), small(warc()), small(har()), gzip(&small(warc())), small(wacz)] {
        for _ in 0..120 {
            let mut bytes = original.clone();
            for _ in 0..=random(6) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] = random(256) as u8,
                    1 => bytes.truncate(at.max(1)),
                    2 => {
                        let until = (at + random(200)).min(bytes.len());
                        bytes.drain(at..until);
                    }
                    _ => {
                        let piece: Vec<u8> = bytes[at..(at + random(200)).min(bytes.len())].to_vec();
                        bytes.splice(at..at, piece);
                    }
                }
                if bytes.is_empty() {
                    bytes.push(0);
                }
            }
            std::fs::write(&path, &bytes).unwrap();
            let (mut met, mut findings) = (saved::Met::default(), Findings::new());
            let never = AtomicBool::new(false);
            let consumed = std::sync::atomic::AtomicU64::new(0);
            saved::read(&path, None, &mut |_| Ok(()), &never, &consumed, &mut met, &mut findings).unwrap();
        }
    }
}
