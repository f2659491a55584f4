//! Raw events of one session to its pages and events.
//!
//! The trap: a full snapshot may be a page just loaded or a checkout of the page that is already there, and
//! nothing in the stream says which. Getting it wrong doubles page views, or mixes two pages' node ids.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::json::{self, Val};
use super::nodes::{Batch, Document, Field, Strings};
use super::read::{RawEvent, Read, read};
use super::{Body, style};
use crate::event::{
    Click, Event, Gap, Kind, MediaState, Millis, NodeId, Op, Page, Point, Session, SheetRef, Source, Str,
};
use crate::findings::{Finding, Findings};
use crate::format::too_many_nodes;

/// A full snapshot this long after anything else in its window was not caused by a recorded event, as
/// checkouts are.
const LATE_MS: f64 = 250.0;

/// Decodes all files known of **one** session, in any order, whole or in overlapping parts: the result
/// depends only on the set of events. `id` is the container's id for the session, where it has one; else the
/// web extension's own, else one derived from the first URL and the first timestamp. `None`, with a finding,
/// when the files hold no event.
pub fn decode_session(files: &[Body<'_>], id: Option<&str>, findings: &mut Findings) -> Option<Session> {
    let mut reads: Vec<Read<'_>> = Vec::new();
    let mut sorted: Vec<&Body<'_>> = files.iter().collect();
    // By content: where a part was imported from first must not matter.
    sorted.sort_by(|a, b| a.bytes.cmp(b.bytes).then_with(|| a.path.cmp(b.path)));
    sorted.dedup_by(|a, b| a.bytes == b.bytes);
    for body in sorted {
        let mut found = Findings::new();
        let read = read(body.bytes, body.path, &mut found);
        findings.extend(found);
        reads.push(read);
    }
    // Parts of one millisecond keep their order when the part that began earlier comes first.
    let span = |r: &Read<'_>| {
        r.events.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), e| (e.time.min(a), e.time.max(b)))
    };
    reads.sort_by(|a, b| {
        let (a, b) = (span(a), span(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let holes = holes(&reads);
    let mut session = None;
    let mut recorder = None;
    let mut events: Vec<RawEvent<'_>> = Vec::new();
    for read in reads {
        session = session.or(read.session);
        recorder = recorder.or(read.recorder);
        events.extend(read.events);
    }
    let mut decoded = decode_events(events, id.or(session.as_deref()), findings)?;
    decoded.format_version = decoded.format_version.or(recorder);
    for Hole { lost, from, until } in holes {
        let reason = match lost {
            1 => "One part of the recording is missing here.".to_owned(),
            n => format!("{n} parts of the recording are missing here."),
        };
        let at = decoded.pages.iter().rposition(|p| p.started_at <= until).unwrap_or(0);
        let Some(page) = decoded.pages.get_mut(at) else { continue };
        findings
            .push(Finding::warning("rrweb-events-lost", reason.clone()).in_session(&decoded.id).on_page(page.number));
        page.gaps.push(Gap { from, until, reason });
    }
    Some(decoded)
}

/// Numbered segments that are missing before, or between, those that are there.
struct Hole {
    lost: u64,
    from: Millis,
    until: Millis,
}

fn holes(reads: &[Read<'_>]) -> Vec<Hole> {
    // By number: first and last event.
    let mut there: std::collections::BTreeMap<u64, (f64, f64)> = Default::default();
    for read in reads {
        let Some(number) = read.segment else { continue };
        let span = there.entry(number).or_insert((f64::INFINITY, f64::NEG_INFINITY));
        for event in read.events.iter().filter(|e| e.time >= 1e11) {
            *span = (span.0.min(event.time), span.1.max(event.time));
        }
    }
    let mut holes = Vec::new();
    let mut before: Option<(u64, f64)> = None;
    for (number, (first, last)) in there.into_iter().filter(|(_, (first, _))| first.is_finite()) {
        let lost = number - before.map_or(0, |(n, _)| n + 1);
        if lost > 0 {
            let from = before.map_or(first, |(_, end)| end);
            holes.push(Hole { lost, from: millis(from.min(first)), until: millis(first) });
        }
        before = Some((number, last));
    }
    holes
}

/// What a file tells of its place among others without being decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Time of the first and the last event, as recorded.
    pub first: f64,
    pub last: f64,
    /// It starts with changes to a page that is in another file.
    pub continues: bool,
    /// The id that [`decode_session`] gives the file alone.
    pub id: String,
}

/// Looks a file over; `None` when it has no events.
pub fn outline(bytes: &[u8]) -> Option<Outline> {
    let read = read(bytes, "", &mut Findings::new());
    let mut events = read.events;
    put_in_order(&mut events, &mut Findings::new());
    let (first, last) = (events.first()?.time, events.last()?.time);
    let continues = events.iter().find(|e| matches!(e.kind, 2..=4)).is_some_and(|e| e.kind == 3);
    let id = read.session.unwrap_or_else(|| own_id(&events, first));
    Some(Outline { first, last, continues, id })
}

/// An id of the first URL and the first timestamp, for recordings that have none.
fn own_id(events: &[RawEvent<'_>], start: f64) -> String {
    let mut tokens = Vec::new();
    let href = events.iter().filter(|e| e.kind == 4).find_map(|e| {
        json::parse(&e.json, &mut tokens).ok()?;
        let href = Val::root(&e.json, &tokens)?.get("data")?.get("href")?.text()?;
        Some(href.into_owned())
    });
    let digest = Sha256::digest(format!("{}{}", href.unwrap_or_default(), start.floor() as i64).as_bytes());
    let hex: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
    format!("r-{hex}")
}

/// Decodes the events of one session, already read. See [`decode_session`].
pub fn decode_events(mut events: Vec<RawEvent<'_>>, id: Option<&str>, findings: &mut Findings) -> Option<Session> {
    put_in_order(&mut events, findings);
    let first = events.first()?;
    let start = first.time;
    let mut decoder = Decoder {
        findings: Findings::new(),
        strings: Strings::default(),
        start,
        pages: Vec::new(),
        events: Vec::with_capacity(events.len()),
        documents: 0,
        user: None,
        version: None,
        mobile: false,
    };
    let id = id.map_or_else(|| own_id(&events, start), str::to_owned);
    decoder.run(&events);
    let Decoder { findings: found, mut pages, events, user, version, .. } = decoder;
    for page in pages.iter().filter(|p| !p.has_snapshot) {
        findings.push(
            Finding::warning(
                "rrweb-no-snapshot",
                "No full picture of this page was recorded, so it cannot be shown; its clicks, URLs and other events are kept.",
            )
            .in_session(&id)
            .on_page(page.number),
        );
    }
    let mut found_here = Findings::new();
    for f in found.into_list() {
        found_here.push(if f.session.is_none() { f.in_session(&id) } else { f });
    }
    findings.extend(found_here);
    let mut events = events;
    events.sort_by_key(|e: &Event| e.time);
    for e in &events {
        let page = &mut pages[e.page as usize - 1];
        page.started_at = page.started_at.min(e.time);
        page.ended_at = page.ended_at.max(e.time);
    }
    Some(Session { id, source: Source::Rrweb, project: None, user, format_version: version, pages, events })
}

/// Facts §9.3 and §9.4: outliers in seconds, stable order by time, exact duplicates out.
fn put_in_order(events: &mut Vec<RawEvent<'_>>, findings: &mut Findings) {
    let epoch = events.iter().filter(|e| e.time >= 1e11).count();
    if epoch * 2 > events.len() {
        for e in events.iter_mut().filter(|e| e.time > 0.0 && e.time <= 9_999_999_999.0) {
            e.time *= 1000.0;
        }
    }
    let numbered = events.iter().all(|e| e.sid.is_some());
    events.sort_by(|a, b| {
        a.time.total_cmp(&b.time).then_with(|| if numbered { a.sid.cmp(&b.sid) } else { std::cmp::Ordering::Equal })
    });
    let mut drop = vec![false; events.len()];
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut dropped = 0usize;
    while at < events.len() {
        let end = at + events[at..].iter().take_while(|e| e.time == events[at].time).count();
        if end - at > 1 {
            let mut seen: HashMap<u128, ()> = HashMap::with_capacity(end - at);
            for i in at..end {
                let e = &events[i];
                let twin = (at..end).any(|j| j != i && events[j].kind == e.kind);
                if !twin || json::parse(&e.json, &mut tokens).is_err() {
                    continue;
                }
                let Some(root) = Val::root(&e.json, &tokens) else { continue };
                let digest = root.digest(&["delay", "_sid", "cv", "timestamp"]);
                if seen.insert(digest, ()).is_some() {
                    drop[i] = true;
                    dropped += 1;
                }
            }
        }
        at = end;
    }
    if dropped > 0 {
        let mut flags = drop.iter();
        events.retain(|_| !flags.next().copied().unwrap_or(false));
        findings.push(Finding::note(
            "rrweb-duplicates",
            format!("{dropped} events were there more than once; each is counted once."),
        ));
    }
}

/// Where the next page of a window begins: its Meta and its full snapshot, as places in the window's list.
#[derive(Clone, Copy, Default)]
struct Start {
    meta: Option<usize>,
    full: Option<usize>,
}

/// Longest time from a press to the click that comes of it, ms.
const PRESS: f64 = 1_000.0;

struct Window {
    /// Places of the window's events in the session's list.
    order: Vec<usize>,
    /// Next of them.
    at: usize,
    /// Index of the page view on screen.
    page: Option<usize>,
    document: Document,
    /// Scroll of each document over time.
    scrolls: HashMap<u64, Vec<(f64, f64, f64)>>,
    /// The group that began this page: its Meta and snapshot are not to begin another.
    start: Start,
    shown: bool,
    /// The document's recording began before its DOM was ready, so that its Load event is still to come.
    early: bool,
    size: Option<(u32, u32)>,
    /// When a button or finger went down of which no click has come yet.
    pressed: Option<f64>,
    /// The focused node, as far as recorded.
    focus: Option<u64>,
    last_time: f64,
    last_sid: Option<u64>,
    began: Millis,
}

struct Decoder {
    findings: Findings,
    strings: Strings,
    start: f64,
    pages: Vec<Page>,
    events: Vec<Event>,
    documents: u32,
    user: Option<String>,
    version: Option<String>,
    /// It was said that this is no recording of a page.
    mobile: bool,
}

/// Events of a window that are looked at to tell whose page they change.
const SAMPLE: usize = 200;
/// Longest pause, ms, between a window's end and its going on under another name.
const RENAMED: f64 = 30.0 * 60_000.0;

/// The window that goes on under the name of window `w`: an earlier one that has ended, whose nodes are the ones that
/// `w` speaks of and which `w`, without any page of its own, adds new ones to. A vendor's window id can change while
/// the page stays; another tab's ids would clash sooner or later, and must never get into this page.
fn renamed(events: &[RawEvent<'_>], windows: &[Window], w: usize) -> Option<usize> {
    let window = &windows[w];
    if window.order.iter().any(|i| matches!(events[*i].kind, 2 | 4)) {
        return None;
    }
    let begins = *window.order.first()?;
    let ended = |other: &&(usize, &Window)| {
        other.0 != w
            && other.1.shown
            && other.1.order.last().is_some_and(|last| *last < begins)
            && events[begins].time - other.1.last_time <= RENAMED
    };
    let candidates: Vec<(usize, &Window)> = windows.iter().enumerate().collect();
    let (at, earlier) = *candidates.iter().filter(ended).max_by(|a, b| a.1.last_time.total_cmp(&b.1.last_time))?;
    let mut added: std::collections::HashSet<i64> = Default::default();
    let mut tokens = Vec::new();
    let mut changes = 0;
    for i in window.order.iter().take(SAMPLE).filter(|i| events[**i].kind == 3) {
        let json = &events[*i].json;
        json::parse(json, &mut tokens).ok()?;
        let data = Val::root(json, &tokens)?.get("data")?;
        let known = |id: i64, added: &std::collections::HashSet<i64>| {
            added.contains(&id) || u64::try_from(id).is_ok_and(|id| earlier.document.known(id).is_some())
        };
        for add in data.get("adds").into_iter().flat_map(Val::items) {
            let id = add.get("node").and_then(|n| n.get("id")).and_then(Val::int)?;
            added.insert(id);
        }
        let spoken_of = data.get("id").into_iter().chain(
            [("texts", "id"), ("attributes", "id"), ("removes", "id"), ("adds", "parentId")].into_iter().flat_map(
                |(list, key)| data.get(list).into_iter().flat_map(Val::items).filter_map(move |v| v.get(key)),
            ),
        );
        for id in spoken_of.filter_map(Val::int).filter(|id| *id > 0) {
            changes += 1;
            if !known(id, &added) {
                return None;
            }
        }
    }
    (changes > 0).then_some(at)
}

fn millis(time: f64) -> Millis {
    time.floor() as Millis
}

/// What of a URL makes another page view: all but the fragment, and that too when it is a route.
fn route(url: &str) -> &str {
    match url.find('#') {
        Some(at) if !url[at..].starts_with("#/") && !url[at..].starts_with("#!") => &url[..at],
        _ => url,
    }
}

/// `to` as an absolute URL, seen from the page at `from`.
fn resolve(from: &str, to: &str) -> String {
    match url::Url::parse(to) {
        Ok(_) => to.to_owned(),
        Err(_) => match url::Url::parse(from).and_then(|base| base.join(to)) {
            Ok(url) => url.to_string(),
            Err(_) => to.to_owned(),
        },
    }
}

/// A text that is there and not empty.
fn text<'t>(v: Val<'t>, key: &str) -> Option<std::borrow::Cow<'t, str>> {
    v.get(key).and_then(Val::text).filter(|t| !t.is_empty())
}

fn size_of(v: Val<'_>) -> Option<(u32, u32)> {
    let side = |key| v.get(key).and_then(Val::number).filter(|n| (0.0..1e6).contains(n)).map(|n| n.round() as u32);
    Some((side("width")?, side("height")?))
}

impl Decoder {
    fn run(&mut self, events: &[RawEvent<'_>]) {
        let mut names: HashMap<Option<Str>, usize> = HashMap::new();
        let mut windows: Vec<Window> = Vec::new();
        let mut window_of: Vec<usize> = Vec::with_capacity(events.len());
        for (i, e) in events.iter().enumerate() {
            let w = *names.entry(e.window.clone()).or_insert_with(|| {
                windows.push(Window {
                    order: Vec::new(),
                    at: 0,
                    page: None,
                    document: Document::new(0),
                    scrolls: HashMap::new(),
                    start: Start::default(),
                    shown: false,
                    early: false,
                    size: None,
                    pressed: None,
                    focus: None,
                    last_time: e.time,
                    last_sid: None,
                    began: 0,
                });
                windows.len() - 1
            });
            windows[w].order.push(i);
            window_of.push(w);
        }
        let mut tokens = Vec::new();
        let mut same: Vec<usize> = (0..windows.len()).collect();
        for (e, w) in events.iter().zip(window_of) {
            if windows[w].at == 0
                && same[w] == w
                && let Some(earlier) = renamed(events, &windows, w)
            {
                same[w] = earlier;
                let order = std::mem::take(&mut windows[w].order);
                windows[earlier].order.extend(order);
            }
            let w = same[w];
            if let Err(at) = json::parse(&e.json, &mut tokens) {
                self.findings.push(
                    Finding::warning("rrweb-bad-event", "An event is not valid JSON; it was skipped.")
                        .at_path(&*e.path)
                        .at_offset(e.offset + at as u64),
                );
                windows[w].at += 1;
                continue;
            }
            if let Some(root) = Val::root(&e.json, &tokens) {
                self.event(events, &mut windows[w], e, root);
            }
            windows[w].at += 1;
            windows[w].last_time = e.time;
        }
        for w in &mut windows {
            self.leave(w);
        }
    }

    /// Looks ahead from the window's current event for what begins a page there.
    fn look_ahead(&self, events: &[RawEvent<'_>], w: &Window) -> Start {
        let mut start = Start::default();
        for (at, i) in w.order.iter().enumerate().skip(w.at) {
            match events[*i].kind {
                3 => break,
                0 if at > w.at && start.meta.is_some() => break,
                4 if start.meta.is_some() => break,
                4 => start.meta = Some(at),
                2 => {
                    start.full = Some(at);
                    break;
                }
                _ => {}
            }
        }
        start
    }

    fn emit(&mut self, w: &Window, time: f64, kind: Kind) {
        if let Some(page) = w.page {
            let time = millis(time).max(self.pages[page].started_at);
            self.events.push(Event { time, page: page as u32 + 1, kind });
        }
    }

    /// The page view on screen ends; its title is the last one that its document had.
    fn leave(&mut self, w: &mut Window) {
        if let (Some(page), Some(title)) = (w.page, &w.document.title) {
            let page = &mut self.pages[page];
            if page.title.is_none() && !title.trim().is_empty() {
                page.title = Some(title.trim().to_owned());
            }
        }
    }

    fn open_page(&mut self, w: &mut Window, time: f64, url: String, new_document: bool) {
        self.leave(w);
        if new_document {
            self.documents += 1;
            w.document = Document::new(self.documents);
            w.scrolls.clear();
            w.shown = false;
            w.early = false;
            w.began = millis(time);
        }
        let document = match w.page {
            Some(page) if !new_document => self.pages[page].document,
            _ => self.documents,
        };
        w.page = Some(self.pages.len());
        self.pages.push(Page {
            number: self.pages.len() as u32 + 1,
            document,
            url,
            started_at: millis(time),
            ended_at: millis(time),
            viewport: if new_document { None } else { w.size },
            has_snapshot: w.shown,
            ..Page::default()
        });
    }

    /// Parses the event at `at` of the window's list and hands its data on.
    fn peek<T>(&self, events: &[RawEvent<'_>], w: &Window, at: usize, f: impl FnOnce(Val<'_>) -> T) -> Option<T> {
        let e = &events[*w.order.get(at)?];
        let mut tokens = Vec::new();
        json::parse(&e.json, &mut tokens).ok()?;
        Val::root(&e.json, &tokens)?.get("data").map(f)
    }

    fn meta_url(&self, events: &[RawEvent<'_>], w: &Window, at: Option<usize>) -> Option<String> {
        self.peek(events, w, at?, |d| d.get("href").and_then(Val::text).map(|t| t.into_owned()))?
    }

    /// Opens a page when one begins with this event.
    fn begin(&mut self, events: &[RawEvent<'_>], w: &mut Window, e: &RawEvent<'_>, data: Val<'_>) {
        let in_group = w.start.meta == Some(w.at) || w.start.full == Some(w.at);
        if in_group {
            return;
        }
        let Some(page) = w.page else {
            let start = self.look_ahead(events, w);
            let first_meta = || w.order.iter().skip(w.at).position(|i| events[*i].kind == 4).map(|n| n + w.at);
            let url = self.meta_url(events, w, start.meta.or_else(first_meta)).unwrap_or_default();
            self.open_page(w, e.time, url, true);
            w.start = start;
            w.early = e.kind == 0;
            return;
        };
        match e.kind {
            0 | 1 => {
                if e.kind == 1 && w.early {
                    w.early = false;
                    return;
                }
                let start = self.look_ahead(events, w);
                if start.meta.is_none() && start.full.is_none() {
                    return;
                }
                let url = self.meta_url(events, w, start.meta).unwrap_or_default();
                self.open_page(w, e.time, url, true);
                w.start = start;
                w.early = e.kind == 0;
            }
            4 => {
                let start = self.look_ahead(events, w);
                let url = data.get("href").and_then(Val::text).map(|t| t.into_owned()).unwrap_or_default();
                let moved = route(&url) != route(&self.pages[page].url);
                w.start = start;
                let lives = match start.full {
                    // Its first picture comes late: what was lost before it belongs to the same page.
                    Some(_) if !w.shown => !moved || self.pages[page].url.is_empty(),
                    Some(full) => {
                        let late = e.time - w.last_time > LATE_MS;
                        self.peek(events, w, full, |d| {
                            d.get("node").is_some_and(|n| w.document.continues(n, moved, late))
                        })
                        .unwrap_or(false)
                    }
                    None => true,
                };
                if !lives {
                    self.open_page(w, e.time, url, true);
                    w.start = start;
                } else if self.pages[page].url.is_empty() {
                    self.pages[page].url = url;
                } else if moved && !url.is_empty() {
                    self.open_page(w, e.time, url.clone(), false);
                    self.emit(w, e.time, Kind::Route { url: url.into() });
                }
            }
            2 if w.shown => {
                let late = e.time - w.last_time > LATE_MS;
                if !data.get("node").is_some_and(|n| w.document.continues(n, false, late)) {
                    let url = self.pages[page].url.clone();
                    self.open_page(w, e.time, url, true);
                    self.pages[page + 1..].iter_mut().for_each(|p| p.viewport = w.size);
                }
            }
            _ => {}
        }
    }

    fn event(&mut self, events: &[RawEvent<'_>], w: &mut Window, e: &RawEvent<'_>, root: Val<'_>) {
        let Some(data) = root.get("data") else {
            if matches!(e.kind, 0 | 1) {
                self.begin(events, w, e, root);
            }
            return;
        };
        self.begin(events, w, e, data);
        self.missing(w, e);
        let Some(page) = w.page else { return };
        match e.kind {
            0 => self.recorder(w, e, "dom_content_loaded", data),
            1 => self.recorder(w, e, "load", data),
            2 => self.full(w, e, root, data),
            3 => self.increment(w, e, root, data),
            4 => {
                let page = &mut self.pages[page];
                let text = |key: &str| data.get(key).and_then(Val::text).filter(|t| !t.is_empty());
                page.title = text("title").map(|t| t.into_owned()).or(page.title.take());
                page.referrer = text("referrer").map(|t| t.into_owned()).or(page.referrer.take());
                if let Some(size) = size_of(data) {
                    page.viewport = page.viewport.or(Some(size));
                    if w.size.is_some_and(|old| old != size) {
                        self.emit(w, e.time, Kind::Resize { width: size.0, height: size.1 });
                    }
                    w.size = Some(size);
                }
                self.recorder(w, e, "meta", data);
            }
            5 => self.custom(w, e, data),
            6 => self.plugin(w, e, root, data),
            7 => self.asset(w, e, data),
            8 => {
                let text = data.get("text").and_then(|t| self.strings.value(t)).filter(|t| !t.is_empty());
                let marker = data.get("type").is_some_and(|t| t.bytes() == b"timelineMarker");
                self.emit(w, e.time, Kind::Annotation { text, marker });
            }
            kind => self.unknown(w, e, root, format!("type {kind}")),
        }
    }

    fn recorder(&mut self, w: &Window, e: &RawEvent<'_>, what: &str, detail: Val<'_>) {
        let kind = Kind::Recorder { what: self.strings.keep(what), detail: detail.raw().into() };
        self.emit(w, e.time, kind);
    }

    fn unknown(&mut self, w: &Window, e: &RawEvent<'_>, root: Val<'_>, code: String) {
        self.findings.push(
            Finding::note("rrweb-unknown", format!("An event of a kind not known here ({code}) is kept as it stood."))
                .at_path(&*e.path)
                .at_offset(e.offset),
        );
        self.emit(w, e.time, Kind::Unknown { code: code.into(), raw: root.raw().into() });
    }

    /// Facts §9.8: it looks like an rrweb stream and has no DOM.
    fn is_mobile(&mut self, e: &RawEvent<'_>) {
        if !std::mem::replace(&mut self.mobile, true) {
            self.findings.push(
                Finding::warning(
                    "rrweb-mobile",
                    "This is a recording of a mobile app: it has drawings or a video of screens, but no page to show.",
                )
                .at_path(&*e.path)
                .at_offset(e.offset),
            );
        }
    }

    fn broken(&mut self, e: &RawEvent<'_>, what: &str) {
        self.findings.push(
            Finding::warning("rrweb-bad-event", format!("An event lacks {what}; it was skipped."))
                .at_path(&*e.path)
                .at_offset(e.offset),
        );
    }

    /// A hole in the sequence numbers is lost data.
    fn missing(&mut self, w: &mut Window, e: &RawEvent<'_>) {
        let Some(sid) = e.sid else { return };
        if let (Some(last), Some(page)) = (w.last_sid, w.page)
            && sid > last + 1
        {
            let lost = sid - last - 1;
            let reason = format!("{lost} recorded events are missing here.");
            self.findings.push(Finding::warning("rrweb-events-lost", reason.clone()).on_page(page as u32 + 1));
            let gap = Gap { from: millis(w.last_time), until: millis(e.time), reason };
            self.pages[page].gaps.push(gap);
        } else if w.last_sid.is_none()
            && sid > 1
            && let Some(page) = w.page
        {
            // The recorder numbers from 1.
            let reason = match sid - 1 {
                1 => "The first recorded event is missing.".to_owned(),
                n => format!("The first {n} recorded events are missing."),
            };
            self.findings.push(Finding::warning("rrweb-events-lost", reason.clone()).on_page(page as u32 + 1));
            self.pages[page].gaps.push(Gap { from: millis(e.time), until: millis(e.time), reason });
        }
        w.last_sid = Some(sid);
    }

    fn losses(&mut self, w: &Window, e: &RawEvent<'_>, batch: &Batch) {
        let losses = &batch.losses;
        let mut say = |severity: fn(&str, String) -> Finding, code: &str, message: String| {
            let mut f = severity(code, message).at_path(&*e.path).at_offset(e.offset);
            if let Some(page) = w.page {
                f = f.on_page(page as u32 + 1);
            }
            self.findings.push(f);
        };
        if losses.nameless > 0 {
            say(
                Finding::warning,
                "rrweb-bad-node",
                format!("{} nodes without a usable id or type were left out.", losses.nameless),
            );
        }
        if losses.unknown > 0 {
            say(
                Finding::note,
                "rrweb-unknown-node",
                format!("{} changes of nodes that were never recorded were left out.", losses.unknown),
            );
        }
        if losses.over > 0 {
            say(Finding::warning, "limit_nodes", too_many_nodes(losses.over as usize));
        }
        if losses.cycles > 0 {
            say(
                Finding::note,
                "rrweb-cycle",
                "Added nodes name each other in a circle; their order is a guess.".to_owned(),
            );
        }
    }

    fn full(&mut self, w: &mut Window, e: &RawEvent<'_>, root: Val<'_>, data: Val<'_>) {
        let Some(node) = data.get("node").filter(|n| n.is_object()) else {
            if data.get("wireframes").is_some() {
                self.is_mobile(e);
                return self.unknown(w, e, root, "wireframes".to_owned());
            }
            return self.broken(e, "its DOM");
        };
        let mut batch = Batch::default();
        w.document.snapshot(node, &mut batch, &mut self.strings);
        batch.settle();
        w.scrolls.clear();
        let top = w.document.top;
        let offset = data.get("initialOffset");
        let side = |key| offset.and_then(|o| o.get(key)).and_then(Val::number).unwrap_or(0.0);
        let (x, y) = (side("left"), side("top"));
        for op in &batch.ops {
            if let Op::Scroll { node, x, y } = op
                && w.document.is_document(node.0)
            {
                w.scrolls.entry(node.0).or_default().push((e.time, *x, *y));
            }
        }
        if offset.is_some() {
            batch.ops.push(Op::Scroll { node: NodeId(top), x, y });
            w.scrolls.entry(top).or_default().push((e.time, x, y));
        }
        self.losses(w, e, &batch);
        w.shown = true;
        if let Some(page) = w.page {
            self.pages[page].has_snapshot = true;
        }
        self.emit(w, e.time, Kind::Snapshot { ops: batch.ops });
    }

    /// Document px of viewport px `x y` of the document that owns `id`, at `time`.
    fn point(&self, w: &Window, v: Val<'_>, time: f64) -> Point {
        let id = v.get("id").and_then(Val::int).filter(|n| *n > 0).map(|n| n as u64);
        let side = |key| v.get(key).and_then(Val::number);
        let frame = id.and_then(|id| w.document.frame(id));
        let scroll = w.scrolls.get(&frame.unwrap_or(w.document.top));
        let (sx, sy) = scroll
            .and_then(|list| list.get(list.partition_point(|(t, ..)| *t <= time).saturating_sub(1)))
            .map_or((0.0, 0.0), |(_, x, y)| (*x, *y));
        let (x, y) = match (side("x"), side("y")) {
            (Some(x), Some(y)) => (x + sx, y + sy),
            _ => (0.0, 0.0),
        };
        let pointer = v.get("pointerId").and_then(Val::int);
        Point { node: id.map(NodeId), x, y, frame: frame.map(NodeId), pointer }
    }

    fn increment(&mut self, w: &mut Window, e: &RawEvent<'_>, root: Val<'_>, data: Val<'_>) {
        let id = data.get("id").and_then(Val::int).filter(|n| *n > 0).map(|n| n as u64);
        let Some(source) = data.get("source").and_then(Val::int) else {
            return self.unknown(w, e, root, "type 3 without source".to_owned());
        };
        match source {
            0 => {
                if data.get("updates").is_some() {
                    self.is_mobile(e);
                    return self.unknown(w, e, root, "wireframe updates".to_owned());
                }
                let mut batch = Batch::default();
                w.document.mutation(data, &mut batch, &mut self.strings);
                for op in &batch.ops {
                    if let Op::Scroll { node, x, y } = op
                        && w.document.is_document(node.0)
                    {
                        w.scrolls.entry(node.0).or_default().push((e.time, *x, *y));
                    }
                }
                self.losses(w, e, &batch);
                if !batch.ops.is_empty() {
                    self.emit(w, e.time, Kind::Mutation { ops: batch.ops });
                }
            }
            1 | 6 | 12 => {
                for position in data.get("positions").into_iter().flat_map(Val::items) {
                    let offset = position.get("timeOffset").and_then(Val::number).unwrap_or(0.0);
                    let time = (e.time + offset).max(self.start).max(w.began as f64);
                    let point = self.point(w, position, time);
                    let kind = match source {
                        1 => Kind::Move(point),
                        6 => Kind::TouchMove(point),
                        _ => Kind::Drag(point),
                    };
                    let page = w.page.map(|p| self.page_at(p, millis(time)));
                    if let Some(page) = page {
                        let time = millis(time).max(self.pages[page].started_at);
                        self.events.push(Event { time, page: page as u32 + 1, kind });
                    }
                }
            }
            2 => self.interaction(w, e, root, data),
            3 => {
                let (Some(id), Some(x), Some(y)) =
                    (id, data.get("x").and_then(Val::number), data.get("y").and_then(Val::number))
                else {
                    return;
                };
                if w.document.is_document(id) {
                    w.scrolls.entry(id).or_default().push((e.time, x, y));
                }
                self.emit(w, e.time, Kind::Scroll { node: NodeId(id), x, y });
            }
            4 => {
                let Some(size) = size_of(data) else { return self.broken(e, "its size") };
                w.size = Some(size);
                if let Some(page) = w.page {
                    let viewport = &mut self.pages[page].viewport;
                    *viewport = viewport.or(Some(size));
                }
                self.emit(w, e.time, Kind::Resize { width: size.0, height: size.1 });
            }
            5 => {
                let Some(id) = id else { return };
                let field = w.document.known(id).map(|n| n.field);
                let value = data.get("text").and_then(|t| self.strings.value(t));
                let checked = data.get("isChecked").and_then(Val::as_bool);
                let trusted = data.get("userTriggered").and_then(Val::as_bool);
                let (value, checked) = match field {
                    Some(Field::Check) => (None, checked),
                    None => (value, checked),
                    Some(_) => (value, None),
                };
                w.document.edit(id, value.clone());
                self.emit(w, e.time, Kind::Input { node: NodeId(id), value, checked, trusted });
            }
            7 => {
                let Some(id) = id else { return };
                let action = match data.get("type").and_then(Val::int) {
                    Some(0) => "play",
                    Some(1) => "pause",
                    Some(2) => "seeked",
                    Some(3) => "volumechange",
                    Some(4) => "ratechange",
                    _ => return self.unknown(w, e, root, "media interaction".to_owned()),
                };
                let number = |key| data.get(key).and_then(Val::number);
                let media = MediaState {
                    playing: match action {
                        "play" => Some(true),
                        "pause" => Some(false),
                        _ => None,
                    },
                    position: number("currentTime"),
                    rate: number("playbackRate"),
                    volume: number("volume"),
                    muted: data.get("muted").and_then(Val::as_bool),
                    looping: data.get("loop").and_then(Val::as_bool),
                };
                let action = self.strings.keep(action);
                self.emit(w, e.time, Kind::Media { node: NodeId(id), action, media });
            }
            8 | 13 | 15 => {
                let ops = style::ops(&w.document, source, data, &mut self.strings);
                if !ops.is_empty() {
                    self.emit(w, e.time, Kind::Style { ops });
                }
            }
            9 => match (id, style::canvas_frame(data)) {
                (Some(id), Some(image)) => {
                    let image = self.strings.keep(&image);
                    self.emit(w, e.time, Kind::Style { ops: vec![Op::CanvasImage { node: NodeId(id), image }] });
                }
                _ => self.recorder(w, e, "canvas", data),
            },
            10 => self.recorder(w, e, "font", data),
            11 => self.console(w, e, data),
            14 => {
                let node = |v: Val<'_>, key| v.get(key).and_then(Val::int).filter(|n| *n > 0).map(|n| NodeId(n as u64));
                let offset =
                    |v: Val<'_>, key| v.get(key).and_then(Val::int).map_or(0, |n| n.clamp(0, u32::MAX.into()) as u32);
                let mut none = true;
                for range in data.get("ranges").into_iter().flat_map(Val::items) {
                    none = false;
                    let kind = Kind::Selection {
                        start: node(range, "start"),
                        start_offset: offset(range, "startOffset"),
                        end: node(range, "end"),
                        end_offset: offset(range, "endOffset"),
                    };
                    self.emit(w, e.time, kind);
                }
                if none {
                    self.emit(w, e.time, Kind::Selection { start: None, start_offset: 0, end: None, end_offset: 0 });
                }
            }
            16 => {
                let name = data.get("define").and_then(|d| d.get("name")).and_then(|n| self.strings.value(n));
                match name {
                    Some(name) => self.emit(w, e.time, Kind::Style { ops: vec![Op::DefineElement { name }] }),
                    None => self.broken(e, "the element's name"),
                }
            }
            source => self.unknown(w, e, root, format!("source {source}")),
        }
    }

    /// The page view of the same document that `time` falls into, `page` or one before it.
    fn page_at(&self, mut page: usize, time: Millis) -> usize {
        while self.pages[page].started_at > time {
            let document = self.pages[page].document;
            match self.pages[..page].iter().rposition(|p| p.document == document) {
                Some(earlier) => page = earlier,
                None => break,
            }
        }
        page
    }

    fn interaction(&mut self, w: &mut Window, e: &RawEvent<'_>, root: Val<'_>, data: Val<'_>) {
        let at = self.point(w, data, e.time);
        let pointer_type = match data.get("pointerType").and_then(Val::int) {
            Some(0) => Some("mouse"),
            Some(1) => Some("pen"),
            Some(2) => Some("touch"),
            _ => None,
        };
        let kind = data.get("type").and_then(Val::int);
        // A script's click() has no place and no press. So has one by keyboard, which acts on what has the focus,
        // or submits the form around it.
        let placeless = ["x", "y"].iter().all(|key| data.get(key).and_then(Val::number) == Some(0.0));
        let by_keyboard = w.focus.is_some_and(|focus| {
            at.node == Some(NodeId(focus)) || w.document.known(focus).is_some_and(|n| n.field != Field::None)
        });
        let trusted = !placeless || w.pressed.is_some_and(|t| e.time - t <= PRESS) || by_keyboard;
        match kind {
            Some(1 | 7) => w.pressed = Some(e.time),
            Some(2 | 10) => w.pressed = None,
            Some(5) => w.focus = at.node.map(|n| n.0),
            Some(6) => w.focus = None,
            _ => {}
        }
        let click = |button: u8, strings: &mut Strings| Click {
            at,
            embedded: at.frame.is_some(),
            inside: None,
            size: None,
            button,
            expects_reaction: None,
            opens: None,
            text: None,
            link: None,
            hash: None,
            trusted,
            tag: at.node.and_then(|n| w.document.known(n.0)).map(|n| n.tag.clone()).filter(|t| !t.is_empty()),
            class: None,
            element_id: None,
            pointer_type: pointer_type.map(|t| strings.keep(t)),
        };
        let kind = match kind {
            Some(0) => Kind::MouseUp(at),
            Some(1) => Kind::MouseDown(at),
            Some(2) => Kind::Click(click(0, &mut self.strings)),
            Some(3) => Kind::ContextMenu(click(2, &mut self.strings)),
            Some(4) => Kind::DoubleClick(at),
            Some(kind @ (5 | 6)) => match at.node {
                Some(node) if kind == 5 => Kind::FocusIn { node },
                Some(node) => Kind::FocusOut { node },
                None => return,
            },
            Some(7) => Kind::TouchStart(at),
            Some(8) => Kind::TouchMove(at),
            Some(9) => Kind::TouchEnd(at),
            Some(10) => Kind::TouchCancel(at),
            _ => return self.unknown(w, e, root, "mouse interaction".to_owned()),
        };
        self.emit(w, e.time, kind);
    }

    fn console(&mut self, w: &Window, e: &RawEvent<'_>, payload: Val<'_>) {
        // Each argument is a JSON text of its own.
        let argument = |v: Val<'_>| {
            let text = v.text().map_or_else(|| v.raw().into_owned(), |t| t.into_owned());
            match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
                Some(inner) => json::unescape(inner.as_bytes()),
                None => text,
            }
        };
        let list = |key| payload.get(key).into_iter().flat_map(Val::items);
        let message = list("payload").map(argument).collect::<Vec<_>>().join(" ");
        let trace = list("trace").filter_map(Val::text).collect::<Vec<_>>().join("\n");
        let level =
            payload.get("level").and_then(|l| self.strings.value(l)).unwrap_or_else(|| self.strings.keep("log"));
        let trace = (!trace.is_empty()).then(|| trace.into());
        self.emit(w, e.time, Kind::Console { level, message: message.into(), trace });
    }

    fn plugin(&mut self, w: &Window, e: &RawEvent<'_>, root: Val<'_>, data: Val<'_>) {
        let name = data.get("plugin").and_then(Val::text).unwrap_or_default();
        let Some(payload) = data.get("payload") else {
            return self.unknown(w, e, root, format!("plugin {name}"));
        };
        let family = name.split('@').next().unwrap_or_default();
        match family {
            "rrweb/console" => self.console(w, e, payload),
            "rrweb/network" => {
                for request in payload.get("requests").into_iter().flat_map(Val::items) {
                    let url = request.get("name").or_else(|| request.get("url")).and_then(|u| self.strings.value(u));
                    let kind = Kind::Network {
                        url: url.unwrap_or_else(|| self.strings.keep("")),
                        method: request.get("method").and_then(|m| self.strings.value(m)),
                        status: request
                            .get("status")
                            .or_else(|| request.get("responseStatus"))
                            .and_then(Val::int)
                            .and_then(|s| u32::try_from(s).ok()),
                        duration_ms: request.get("duration").and_then(Val::number).or_else(|| {
                            let end = request.get("endTime").and_then(Val::number)?;
                            Some(end - request.get("startTime").and_then(Val::number)?)
                        }),
                        detail: Some(request.raw().into()),
                    };
                    self.emit(w, e.time, kind);
                }
            }
            _ => self.unknown(w, e, root, format!("plugin {name}")),
        }
    }

    fn asset(&mut self, w: &mut Window, e: &RawEvent<'_>, data: Val<'_>) {
        let texts = data.get("payload").and_then(|p| p.get("cssTexts"));
        if let (Some(texts), Some(url)) = (texts, data.get("url").and_then(Val::text)) {
            let css: String = texts.items().filter_map(Val::text).collect();
            let text = self.strings.keep(&css);
            let owners = w.document.take_awaited(&url);
            if !owners.is_empty() {
                let ops = owners
                    .into_iter()
                    .map(|id| Op::SheetText { sheet: SheetRef::Owner(NodeId(id)), text: text.clone() })
                    .collect();
                return self.emit(w, e.time, Kind::Style { ops });
            }
        }
        self.recorder(w, e, "asset", data);
    }

    /// The page's URL changed without a new document.
    fn moved(&mut self, w: &mut Window, time: f64, to: &str) {
        let Some(page) = w.page else { return };
        let to = resolve(&self.pages[page].url, to);
        if self.pages[page].url.is_empty() {
            self.pages[page].url = to;
            return;
        }
        if route(&to) == route(&self.pages[page].url) {
            return;
        }
        self.open_page(w, time, to.clone(), false);
        self.emit(w, time, Kind::Route { url: to.into() });
    }

    fn custom(&mut self, w: &mut Window, e: &RawEvent<'_>, data: Val<'_>) {
        let tag = data.get("tag").and_then(|t| self.strings.value(t)).unwrap_or_else(|| self.strings.keep(""));
        let payload = data.get("payload");
        let field = |key: &str| payload.and_then(|p| p.get(key)).and_then(Val::text).filter(|t| !t.is_empty());
        let plain = || payload.and_then(Val::text).filter(|t| !t.is_empty());
        match &*tag {
            "$pageview" | "$url_changed" => {
                if let Some(href) = field("href") {
                    self.moved(w, e.time, &href);
                }
            }
            "breadcrumb" => {
                if let Some(crumb) = payload {
                    self.breadcrumb(w, e, crumb);
                }
            }
            "performanceSpan" => {
                if let Some(span) = payload {
                    self.span(w, e, span);
                }
            }
            "Navigate" => {
                if let Some(to) = plain() {
                    self.moved(w, e.time, to.trim_matches('"'));
                }
            }
            "Referrer" | "pageview-meta" => {
                if let Some(page) = w.page {
                    let referrer = if &*tag == "Referrer" { plain() } else { field("referrer") };
                    let page = &mut self.pages[page];
                    page.referrer = page.referrer.take().or(referrer.map(|r| r.trim_matches('"').to_owned()));
                    page.title = page.title.take().or(field("title").map(|t| t.into_owned()));
                }
            }
            "recording-meta" => {
                self.user = self.user.take().or(field("visitor").map(|t| t.into_owned()));
                self.version = self.version.take().or(field("recordVersion").map(|t| t.into_owned()));
            }
            "video" if payload.is_some_and(|p| p.get("segmentId").is_some() || p.get("container").is_some()) => {
                self.is_mobile(e);
            }
            "page-hidden" => self.emit(w, e.time, Kind::Visibility { visible: false }),
            "page-visible" => self.emit(w, e.time, Kind::Visibility { visible: true }),
            _ => {}
        }
        let value = payload.filter(|p| !p.is_null()).map(|p| p.text().map_or_else(|| p.raw().into(), |t| t.into()));
        self.emit(w, e.time, Kind::Custom { name: tag, value });
    }

    /// What Sentry's recorder noted in words: the console, navigation, and clicks that stay in their own event.
    fn breadcrumb(&mut self, w: &mut Window, e: &RawEvent<'_>, crumb: Val<'_>) {
        let data = crumb.get("data");
        match text(crumb, "category").as_deref() {
            Some("navigation") => {
                if let Some(to) = data.and_then(|d| text(d, "to")) {
                    self.moved(w, e.time, &to);
                }
            }
            Some("console") => {
                let level = crumb.get("level").and_then(|l| self.strings.value(l));
                let level = match level {
                    Some(level) if &*level == "warning" => self.strings.keep("warn"),
                    Some(level) => level,
                    None => self.strings.keep("log"),
                };
                let message = text(crumb, "message").unwrap_or_default().into();
                self.emit(w, e.time, Kind::Console { level, message, trace: None });
            }
            _ => {}
        }
    }

    /// What Sentry's recorder measured: requests, navigation, and web vitals.
    fn span(&mut self, w: &mut Window, e: &RawEvent<'_>, span: Val<'_>) {
        let Some(op) = text(span, "op") else { return };
        let number = |key: &str| span.get(key).and_then(Val::number);
        let data = span.get("data");
        let of_data = |key: &str| data.and_then(|d| d.get(key)).and_then(Val::number);
        match &*op {
            "navigation.push" => {
                if let Some(to) = text(span, "description") {
                    self.moved(w, e.time, &to);
                }
            }
            "resource.fetch" | "resource.xhr" => {
                let kind = Kind::Network {
                    url: text(span, "description").unwrap_or_default().into(),
                    method: data.and_then(|d| d.get("method")).and_then(|m| self.strings.value(m)),
                    status: of_data("statusCode").filter(|s| (0.0..1000.0).contains(s)).map(|s| s as u32),
                    duration_ms: number("endTimestamp").zip(number("startTimestamp")).map(|(end, start)| {
                        // Seconds with a fraction; tenths of a millisecond are noise of the floats.
                        ((end - start) * 10_000.0).round() / 10.0
                    }),
                    detail: Some(span.raw().into()),
                };
                self.emit(w, e.time, kind);
            }
            "largest-contentful-paint" | "cumulative-layout-shift" | "interaction-to-next-paint" | "web-vital" => {
                let vital = if &*op == "web-vital" { text(span, "description").unwrap_or_default() } else { op };
                // Names and units of Clarity's metrics, so that both recorders fill the same fields.
                let (name, unit) = match &*vital {
                    "largest-contentful-paint" => ("largest_paint", 1.0),
                    "cumulative-layout-shift" => ("cumulative_layout_shift", 1000.0),
                    "interaction-to-next-paint" => ("interaction_next_paint", 1.0),
                    other => (other, 1.0),
                };
                if let Some(value) = of_data("value").filter(|_| !name.is_empty()) {
                    self.emit(w, e.time, Kind::Metric { name: name.into(), value: value * unit });
                }
            }
            _ => {}
        }
    }
}
