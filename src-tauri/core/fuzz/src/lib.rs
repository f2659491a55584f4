//! What each fuzz target does with its bytes, and what must be true afterwards.
//!
//! The trap: a target that only calls a function finds panics and nothing else. What a recording may put before a
//! viewer is therefore read here by readers of its own ([`css`], [`html`]), which share no code with what wrote it.
//! The core's tests include this file to replay found inputs, so it uses nothing but the core's public doors.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use dwell_core::archive::{self, Item, MAX_ASSET, MAX_BODY, Seen, Sink};
use dwell_core::desk::events::{events_json, transcript};
use dwell_core::dom::safe::{self, Asset, Assets, Context, Shown};
use dwell_core::dom::{Tree, html as printed};
use dwell_core::event::{Attr, Namespace, Session, SessionMeta, Str};
use dwell_core::findings::Findings;
use dwell_core::format::wrap::{self, Allowance, har};
use dwell_core::format::{clarity, rrweb};
use dwell_core::{facts, signal};
use url::Url;

#[path = "css.rs"]
mod css_reader;
#[path = "html.rs"]
mod html_reader;
mod markup;

/// The address of the page that everything stands on.
const PAGE: &str = "https://shop.test/page?q=1";
/// Parts of one input stand on both sides of this line.
const SEPARATOR: &str = "\n%%\n";

/// Builds what is built once, so that it does not count as the time of the first input.
pub fn ready() {
    payload(include_bytes!("../../../../tests/fixtures/visits/checkout-form/clarity/001.json"));
}

/// Clarity payload bodies, one a line: to typed events, to a session, to everything that is derived of one.
pub fn payload(data: &[u8]) {
    let bodies: Vec<clarity::Body> = data
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|bytes| clarity::Body { path: "p", bytes })
        .collect();
    for body in &bodies {
        let (text, _) = clarity::payload::text(body.bytes);
        let _ = clarity::payload::parse(&text);
        let _ = clarity::payload::peek(body.bytes);
        let _ = clarity::decoded::to_payload(body.bytes);
    }
    let mut findings = Findings::new();
    if let Some(session) = clarity::decode_session(&bodies, &mut findings) {
        derive(&session);
    }
}

/// The bytes of an rrweb recording: to a session, to everything that is derived of one.
pub fn rrweb(data: &[u8]) {
    let mut findings = Findings::new();
    let _ = rrweb::looks_like(data);
    let _ = rrweb::outline(data);
    if let Some(session) = rrweb::decode_session(&[rrweb::Body { path: "r", bytes: data }], None, &mut findings) {
        derive(&session);
    }
}

/// A session's events through the DOM, signals and facts; its last pages printed and read again.
fn derive(session: &Session) {
    assert!(session.events.is_sorted_by_key(|e| e.time), "events are out of order");
    let mut trees: BTreeMap<u32, Tree> = BTreeMap::new();
    let documents: BTreeMap<u32, u32> = session.pages.iter().map(|p| (p.number, p.document)).collect();
    for event in &session.events {
        let document = documents.get(&event.page);
        trees.entry(*document.expect("every event is on a page")).or_default().apply_event(event);
    }
    for tree in trees.values() {
        show(tree);
    }
    facts::of_session(session, &[], &SessionMeta::default());
    signal::detect(session, &signal::Thresholds::default());
    events_json(session, None, None);
    transcript(session);
}

/// A tree is kept, brought back and printed.
fn show(tree: &Tree) {
    let canonical = tree.canonical();
    let kept = Tree::decode(&tree.encode()).expect("a keyframe can be read");
    assert!(kept.canonical() == canonical, "a keyframe changed the tree");
    let assets = Cache::default();
    let html = printed::print(tree, Url::parse(PAGE).ok().as_ref(), &assets);
    if let Err(why) = html_reader::harmless(&html) {
        panic!("{why}\nin {html}");
    }
}

/// The text of a HAR: its uploads and page files, then the whole file as an import takes it.
pub fn har(data: &[u8]) {
    let mut allowance = allowance();
    for entry in har::entries(data) {
        let _ = (entry.url(data), entry.is_clarity(data));
        if let Some(har::Upload::Body(body)) = entry.upload(data, &mut allowance) {
            assert!(body.len() as u64 <= MAX_BODY, "an upload is larger than any body");
        }
        if let Some(loaded) = entry.loaded(data, 1 << 16) {
            assert!(!loaded.bytes.is_empty() && loaded.bytes.len() <= 1 << 16, "a page file breaks the limit");
            assert!(loaded.url.starts_with("http"), "{} is no page file", loaded.url);
        }
    }
    let _ = wrap::wrapper(data);
    let _ = wrap::about(data);
    let _ = wrap::collect(data, &mut allowance);
    assert!(allowance.spent() <= 1 << 30, "pieces unpack to more than was allowed");
    import("capture.har", data);
}

fn allowance() -> Allowance {
    Allowance::new(1 << 30, MAX_BODY, archive::MAX_RATIO, archive::RATIO_FREE)
}

/// The bytes of a zip, or of any other container, as an import takes them.
pub fn zip(data: &[u8]) {
    import("given.zip", data);
}

/// Counts, and looks at names.
struct Counts {
    unpacked: u64,
}

impl Sink for Counts {
    fn take(&mut self, item: Item, _: &mut Findings) -> dwell_core::error::Result<()> {
        let within = |name: &str| {
            let inside = name.split('!').skip(1);
            let out = inside.flat_map(|n| n.split(['/', '\\'])).any(|part| part == "..");
            assert!(
                !out && !name.starts_with(['/', '\\']) && !name.contains('\0'),
                "{name:?} leads out of the archive"
            );
        };
        match item {
            Item::Part(part) => {
                within(&part.path);
                assert!(part.bytes.len() as u64 <= MAX_BODY, "{} is larger than any body", part.path);
                self.unpacked += part.bytes.len() as u64;
            }
            Item::Asset(asset) => {
                assert!(asset.bytes.len() as u64 <= MAX_ASSET, "an asset is larger than any");
                self.unpacked += asset.bytes.len() as u64;
            }
            Item::Notes { path, bytes } | Item::Table { path, bytes, .. } => {
                within(&path);
                self.unpacked += bytes.len() as u64;
            }
            Item::Said { .. }
            | Item::Leave { .. }
            | Item::AssetUrls { .. }
            | Item::AssetList(_)
            | Item::Record { .. } => {}
        }
        Ok(())
    }
}

fn import(name: &str, data: &[u8]) {
    let mut counts = Counts { unpacked: 0 };
    let mut seen = Seen::default();
    let mut findings = Findings::new();
    let read = archive::read_bytes(name, data, &mut counts, &AtomicBool::new(false), &mut seen, &mut findings);
    if let Err(why) = read {
        panic!("a file in memory can always be read: {why}");
    }
    assert!(counts.unpacked <= archive::MAX_EXPANDED, "more was unpacked than any file may hold");
}

/// A page's files: a few of one host, some of them sheets. What they answer to may be in the input.
#[derive(Default)]
struct Cache<'t> {
    own: &'t str,
    /// A second look at what was written: cached files are then asked for by their names in the cache.
    again: bool,
    asked: RefCell<u64>,
}

const FILES: [(&str, &str, &str); 6] = [
    ("https://shop.test/a.png", "aaaa", ""),
    ("https://shop.test/css/b.png", "bbbb", ""),
    ("https://shop.test/css/x.css", "cccc", ".x{background:url(b.png)}@import 'never.css';@media print{.y{color:red"),
    ("https://shop.test/css/close.css", "dddd", "}}.evil{color:red}<!--"),
    ("https://shop.test/css/loop.css", "eeee", "@import 'loop.css';@import 'own.css';.l{}"),
    ("https://shop.test/css/own.css", "ffff", ""),
];

impl Assets for Cache<'_> {
    fn find(&self, url: &str) -> Option<Asset> {
        *self.asked.borrow_mut() += 1;
        let bare = url.split('#').next().unwrap_or(url);
        let hash = match bare.strip_prefix(css_reader::CACHED).filter(|_| self.again) {
            Some(name) => FILES.iter().find(|(_, hash, _)| *hash == name)?.1,
            None => FILES.iter().find(|(known, ..)| *known == bare)?.1,
        };
        Some(Asset { hash: hash.into(), content_type: "text/css".into() })
    }
    fn text(&self, hash: &str) -> Option<Str> {
        let (.., text) = FILES.iter().find(|(_, known, _)| *known == hash)?;
        if hash == "ffff" {
            return Some(self.own.into());
        }
        (!text.is_empty()).then(|| (*text).into())
    }
}

/// One way in for CSS.
type Write<'a> = &'a dyn Fn(&str, &Context) -> String;

/// A style sheet, and behind a line `%%` the text of `css/own.css`, which it may import.
pub fn css(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, own) = text.split_once(SEPARATOR).unwrap_or((text, ""));
    let first = Cache { own, ..Cache::default() };
    let second = Cache { own, again: true, ..Cache::default() };
    let base = || Url::parse(PAGE).ok();
    let (one, two) = (Context { base: base(), assets: &first }, Context { base: base(), assets: &second });
    let sheet = |text: &str, cx: &Context| safe::css(text, None, cx);
    let listed = |text: &str, cx: &Context| own_sheet("link", text, cx);
    let declared = |text: &str, cx: &Context| attribute(Namespace::Html, "div", "style", text, cx);
    let valued = |text: &str, cx: &Context| attribute(Namespace::Svg, "rect", "fill", text, cx);
    let media = |text: &str, cx: &Context| attribute(Namespace::Html, "style", "media", text, cx);
    let doors: [(&str, css_reader::Kind, Write); 5] = [
        ("sheet", css_reader::Kind::Sheet, &sheet),
        ("listed", css_reader::Kind::Sheet, &listed),
        ("style", css_reader::Kind::Value, &declared),
        ("fill", css_reader::Kind::Value, &valued),
        ("media", css_reader::Kind::Value, &media),
    ];
    for (door, kind, write) in doors {
        let written = write(text, &one);
        // A paint without brackets and escapes is copied: it cannot ask for anything.
        if door == "fill" && !written.contains(['(', '\\']) {
            continue;
        }
        if let Err(why) = css_reader::harmless(&written, kind) {
            panic!("{door}: {why}\nin {written:?}");
        }
        let again = write(&written, &two);
        let same = again == written || css_reader::bones(&unstated(&again)) == css_reader::bones(&unstated(&written));
        assert!(same, "{door}: written once {written:?}\nand once more {again:?}");
    }
}

/// Without the brackets of what is written for `:defined`. In text that is no CSS, the writer may see only the second
/// time that a selector stands there; what it then writes asks for nothing.
fn unstated(text: &str) -> String {
    [":not([dwell-undefined])", ":dwell-none([dwell-undefined])"]
        .iter()
        .fold(text.to_owned(), |text, written| text.replace(written, ":defined"))
}

/// What becomes of one attribute's value.
fn attribute(ns: Namespace, tag: &str, name: &str, value: &str, cx: &Context) -> String {
    let attrs = [Attr { name: name.into(), value: value.into() }];
    let Shown::Element { attrs, .. } = safe::element(ns, tag, &attrs, None, cx) else { return String::new() };
    attrs.iter().find(|a| &*a.name == name).map(|a| a.value.to_string()).unwrap_or_default()
}

/// What becomes of the text that a recorder kept of a `<link>`.
fn own_sheet(tag: &str, text: &str, cx: &Context) -> String {
    match safe::element(Namespace::Html, tag, &[], Some(text), cx) {
        Shown::Element { sheet: Some(sheet), .. } => sheet.to_string(),
        _ => String::new(),
    }
}

/// A tree of any shape and state, printed. The input is markup that [`markup`] reads, or rrweb events.
pub fn sanitise(data: &[u8]) {
    if matches!(data.first(), Some(b'[' | b'{')) {
        return rrweb(data);
    }
    let text = String::from_utf8_lossy(data);
    show(&markup::tree(&text));
}
