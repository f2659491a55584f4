//! All bodies of one session, in any order and any number of copies, made into one recording.
//!
//! The trap: nothing about arrival can be trusted. Retries repeat a payload, a beacon drops its DOM part, two tabs
//! claim one page number, buffered events carry times of earlier payloads, and the only clock of a page sits in its
//! first payload, which can be lost. Everything here is therefore decided by content.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::decoded;
use super::intern::Interner;
use super::layout::{self, Numbered, Oddity};
use super::names;
use super::payload::{self, Envelope, Payload, Refusal, Text, Version, Wire};
use crate::event::{
    self, ClipboardAction, Event, Gap, Kind, Millis, NavigationTiming, NodeId, Page, Point, Session, Source, Str,
};
use crate::findings::{Finding, Findings};
use crate::format::too_many_nodes;

/// One upload body and where it was found.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// For findings only.
    pub path: &'a str,
    pub bytes: &'a [u8],
}

/// Newest recorder whose payloads this reader was written for.
const NEWEST: Version = Version::release(0, 8, 70);
/// First recorder of the betas that number events as today.
const FINAL_NUMBERING: Version = Version { major: 0, minor: 6, patch: 0, beta: 4 };
/// Page times beyond this are no times: a recorder stops after two hours.
const LONGEST_PAGE: i64 = 1_000 * 60 * 60 * 24 * 366;
/// Epoch ms beyond which JavaScript has no dates.
const LAST_DATE: f64 = 8.64e15;

struct Read<'a> {
    path: &'a str,
    bytes: &'a [u8],
    payload: Payload<'a>,
    /// Metric 0: epoch ms of the page's start.
    clock: Option<Millis>,
    tab: Option<String>,
}

impl Read<'_> {
    fn envelope(&self) -> &Envelope {
        &self.payload.envelope
    }
    fn end(&self) -> i64 {
        self.envelope().start.saturating_add(self.envelope().duration)
    }
    /// The other is the same upload, perhaps without its DOM part or cut off.
    fn is_copy_of(&self, other: &Read<'_>) -> bool {
        fn same<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
            a.is_none() || b.is_none() || a == b
        }
        let (a, b) = (self.envelope(), other.envelope());
        a.start == b.start && a.duration == b.duration && same(&self.clock, &other.clock) && same(&self.tab, &other.tab)
    }
}

/// Decodes all known bodies of one session (same project, user and session id). The result does not depend on their
/// order or on copies among them. `None` when none of them can be read; each body that cannot becomes a finding.
pub fn decode_session(bodies: &[Body<'_>], findings: &mut Findings) -> Option<Session> {
    let mut order: Vec<&Body<'_>> = bodies.iter().collect();
    order.sort_by(|a, b| (a.bytes, a.path).cmp(&(b.bytes, b.path)));
    order.dedup_by(|a, b| a.bytes == b.bytes);
    let texts: Vec<(Cow<'_, str>, bool)> = order.iter().map(|body| text(body.bytes)).collect();
    if let Some(body) = order.iter().find(|body| decoded::is_one(body.bytes)) {
        let message = "This recording was decoded by another program before, which loses the order of events of the same \
                       millisecond, white space around masked texts, events of chat windows and mobile apps, and the \
                       recorder's count of bytes; everything else is as recorded.";
        findings.push(Finding::note("clarity_decoded", message).at_path(body.path));
    }
    let mut reads = Vec::with_capacity(order.len());
    let mut parser = payload::Parser::default();
    for (body, (text, replaced)) in order.iter().zip(&texts) {
        if *replaced {
            findings.push(
                Finding::warning("clarity_not_utf8", "Bytes that are no UTF-8 were replaced by question marks.")
                    .at_path(body.path),
            );
        }
        match parser.parse(text) {
            Ok(payload) => reads.push(read(body, payload)),
            Err(refusal) => {
                let mut finding = Finding::error("clarity_refused", refusal.to_string()).at_path(body.path);
                if let Refusal::Damaged(damage) = refusal {
                    finding = finding.at_offset(damage.offset as u64);
                }
                findings.push(finding);
            }
        }
    }
    let key = |r: &Read<'_>| {
        let e = r.envelope();
        (e.project.clone(), e.user.clone(), e.session.clone())
    };
    let first = reads.iter().map(key).min()?;
    reads.retain(|r| {
        let ours = key(r) == first;
        if !ours {
            let other = &r.envelope().session;
            let message = format!("This payload belongs to session {other}, not to {}.", first.2);
            findings.push(Finding::error("clarity_other_session", message).at_path(r.path));
        }
        ours
    });
    reads.sort_by(|a, b| {
        fn rank<'r>(r: &'r Read<'_>) -> (u64, u64, bool, bool, bool, std::cmp::Reverse<usize>, &'r [u8]) {
            let e = r.envelope();
            let length = std::cmp::Reverse(r.bytes.len());
            let decoded = decoded::is_one(r.bytes);
            (e.page, e.sequence, r.payload.damage.is_some(), !r.payload.has_playback, decoded, length, r.bytes)
        }
        rank(a).cmp(&rank(b))
    });
    let id = first.2.clone();
    let mut views = chains(&reads, &id, findings);
    clocks(&mut views, &id, findings);
    views.sort_by_key(|view| (view.base, view.number));
    let mut session = Session {
        id,
        source: Source::Clarity,
        project: Some(first.0).filter(|p| !p.is_empty()),
        user: Some(first.1).filter(|u| !u.is_empty()),
        format_version: reads.iter().map(|r| r.envelope()).max_by_key(|e| e.version).map(|e| e.version_text.clone()),
        pages: Vec::with_capacity(views.len()),
        events: Vec::new(),
    };
    versions(&reads, &session.id, findings);
    let mut interner = Interner::default();
    for (index, view) in views.iter().enumerate() {
        interner.turn_page();
        let next = views.get(index + 1).map(|v| v.base);
        let decoder = PageDecoder::new(index as u32 + 1, view, &session.id, findings, &mut interner);
        let (page, events) = decoder.run(next);
        session.pages.push(page);
        session.events.extend(events);
    }
    missing_pages(&views, &mut session, findings);
    // Pages of two tabs overlap; events of one page stand in order already.
    if session.events.windows(2).any(|w| w[0].time > w[1].time) {
        session.events.sort_by_key(|e| e.time);
    }
    Some(session)
}

fn text(body: &[u8]) -> (Cow<'_, str>, bool) {
    if decoded::is_one(body)
        && let Some(payload) = decoded::to_payload(body)
    {
        return (Cow::Owned(payload), false);
    }
    payload::text(body)
}

fn read<'a>(body: &Body<'a>, payload: Payload<'a>) -> Read<'a> {
    let (mut clock, mut tab) = (None, None);
    for event in &payload.events {
        match &event.wire {
            Wire::Metric(list) => {
                let stamp = list.iter().filter(|(id, v)| *id == names::CLIENT_TIMESTAMP && *v > 0.0).map(|(_, v)| *v);
                clock = stamp.map(|v| v.min(LAST_DATE) as Millis).chain(clock).max();
            }
            Wire::Dimension(list) => {
                let id = list.iter().find(|(id, _)| *id == names::TAB_ID).and_then(|(_, v)| v.first());
                tab = tab.or(id.map(|t| payload.str(*t).to_owned()));
            }
            _ => {}
        }
    }
    Read { path: body.path, bytes: body.bytes, payload, clock, tab }
}

fn versions(reads: &[Read<'_>], session: &str, findings: &mut Findings) {
    if let Some(newest) = reads.iter().max_by_key(|r| r.envelope().version)
        && (newest.envelope().version.major, newest.envelope().version.minor) > (NEWEST.major, NEWEST.minor)
    {
        let version = &newest.envelope().version_text;
        let message = format!("Recorded by Clarity {version}, which is newer than this reader knows (0.8).");
        findings.push(Finding::note("clarity_newer_version", message).in_session(session).at_path(newest.path));
    }
    if let Some(oldest) = reads.iter().min_by_key(|r| r.envelope().version)
        && oldest.envelope().version < FINAL_NUMBERING
    {
        let version = &oldest.envelope().version_text;
        let message = format!("Recorded by Clarity {version}, an early beta; some of its events may be misread.");
        findings.push(Finding::warning("clarity_early_beta", message).in_session(session).at_path(oldest.path));
    }
}

/// The payloads of one page view, in sequence.
struct View<'r, 'a> {
    number: u64,
    payloads: Vec<&'r Read<'a>>,
    clock: Option<Millis>,
    /// Epoch ms of page time 0.
    base: Millis,
}

impl View<'_, '_> {
    fn end(&self) -> i64 {
        self.payloads.last().map_or(0, |r| r.end())
    }
}

/// Groups payloads, sorted by page and sequence, into page views; copies are dropped.
fn chains<'r, 'a>(reads: &'r [Read<'a>], session: &str, findings: &mut Findings) -> Vec<View<'r, 'a>> {
    let mut views: Vec<View<'r, 'a>> = Vec::new();
    for group in reads.chunk_by(|a, b| a.envelope().page == b.envelope().page) {
        let from = views.len();
        for read in group {
            let e = read.envelope();
            let open = &mut views[from..];
            if open.iter().any(|v| {
                v.payloads.last().is_some_and(|last| last.envelope().sequence == e.sequence && read.is_copy_of(last))
            }) {
                continue;
            }
            // The chain that this payload continues: an exact fit first, then the same address, then the latest.
            let fits = open.iter_mut().filter(|v| {
                let last = v.payloads.last();
                last.is_none_or(|last| last.envelope().sequence < e.sequence)
                    && (v.clock.is_none() || read.clock.is_none() || v.clock == read.clock)
            });
            let best = fits.max_by_key(|v| {
                let Some(last) = v.payloads.last() else { return (false, false, false, 0) };
                let exact = last.envelope().sequence + 1 == e.sequence && last.end() == e.start;
                let url = last.envelope().url.is_some() && last.envelope().url == e.url;
                (exact, last.end() <= e.start, url, last.end())
            });
            match best {
                Some(view) => {
                    view.clock = view.clock.max(read.clock);
                    view.payloads.push(read);
                }
                None => views.push(View { number: e.page, payloads: vec![read], clock: read.clock, base: 0 }),
            }
        }
        let tabs = views.len() - from;
        if tabs > 1 {
            let message = format!(
                "{tabs} tabs both recorded a page {}; they are shown as pages of their own.",
                views[from].number
            );
            findings.push(Finding::note("clarity_tabs", message).in_session(session));
        }
    }
    views
}

/// Page views of which nothing is left. The recorder counts one only when its first payload was delivered (facts §1.6), so
/// a hole in the numbers is a loss, told as a gap behind the page view before it.
fn missing_pages(views: &[View<'_, '_>], session: &mut Session, findings: &mut Findings) {
    let mut numbered: Vec<(u64, usize)> = views.iter().enumerate().map(|(at, view)| (view.number, at)).collect();
    numbered.sort_unstable();
    let mut before: Option<(u64, usize)> = None;
    for (number, at) in numbered {
        let last = before.map_or(0, |(number, _)| number);
        if number > last + 1 {
            let reason = match (last + 1, number - 1) {
                (one, last) if one == last => format!("Page view {one} of this session is missing."),
                (first, last) => format!("Page views {first} to {last} of this session are missing."),
            };
            let until = session.pages[at].started_at;
            let page = &mut session.pages[before.map_or(at, |(_, at)| at)];
            let from = if before.is_some() { page.ended_at } else { until };
            let finding = Finding::warning("clarity_page_missing", reason.clone()).in_session(&session.id);
            findings.push(finding.on_page(page.number));
            page.gaps.push(Gap { from, until: until.max(from), reason });
        }
        before = Some((number, at));
    }
}

/// Gives every view the epoch time of its start.
fn clocks(views: &mut [View<'_, '_>], session: &str, findings: &mut Findings) {
    for at in 0..views.len() {
        views[at].base = match views[at].clock {
            Some(clock) => clock,
            None => {
                let before = views[..at].iter().rev().find(|v| v.number < views[at].number);
                let after = views[at + 1..].iter().find(|v| v.number > views[at].number && v.clock.is_some());
                let start = before.map(|v| v.base.saturating_add(v.end()));
                let end = after.and_then(|v| v.clock).map(|clock| clock.saturating_sub(views[at].end()));
                let (base, how) = match (start, end) {
                    // A page follows the one before it at once; only the next page tells how long it lasted.
                    (Some(start), Some(end)) => (end.max(start), "the pages before and after it"),
                    (Some(start), None) => (start, "the page before it"),
                    (None, Some(end)) => (end, "the page after it"),
                    (None, None) => (0, "nothing; it counts from 1970"),
                };
                let number = views[at].number;
                let message = format!(
                    "The first payload of page {number} is lost, and the page's clock with it; its time was derived from {how}."
                );
                findings.push(Finding::warning("clarity_no_clock", message).in_session(session));
                base
            }
        };
    }
}

/// Turns the events of one view into the model.
struct PageDecoder<'d, 'r, 'a> {
    view: &'d View<'r, 'a>,
    number: u32,
    session: &'d str,
    findings: &'d mut Findings,
    interner: &'d mut Interner,
    dom: layout::Page,
    page: Page,
    events: Vec<Event>,
}

/// One event with the payload it stands in.
#[derive(Clone, Copy)]
struct At<'d, 'a> {
    source: Numbered<'d, 'a>,
    event: &'d payload::Event,
}

impl<'d, 'r, 'a> PageDecoder<'d, 'r, 'a> {
    fn new(
        number: u32,
        view: &'d View<'r, 'a>,
        session: &'d str,
        findings: &'d mut Findings,
        interner: &'d mut Interner,
    ) -> Self {
        let one_is_a_node = view.payloads.iter().any(|read| {
            let layouts = read.payload.events.iter().filter_map(|e| match e.wire {
                Wire::Layout(layout) => Some(layout),
                _ => None,
            });
            layouts.flat_map(|l| read.payload.nodes(l)).any(|node| node.id == 1)
        });
        let page = Page { number, document: number, ..Page::default() };
        let dom = layout::Page::new(one_is_a_node, interner);
        PageDecoder { view, number, session, findings, interner, dom, page, events: Vec::new() }
    }

    /// `next`: epoch ms of the next page view's start.
    fn run(mut self, next: Option<Millis>) -> (Page, Vec<Event>) {
        let mut order: Vec<(i64, At<'d, 'a>)> = Vec::new();
        for (number, read) in self.view.payloads.iter().enumerate() {
            let source = Numbered { number: number as u32, payload: &read.payload };
            for event in &read.payload.events {
                // The first payload's baseline can tell how the page view before ended, by that one's clock.
                let is_baseline = |e: &payload::Event| matches!(e.wire, Wire::Baseline(_));
                let is_before = read.envelope().sequence == 1 && is_baseline(event) && event.time > read.end();
                let others = || read.payload.events.iter().filter(|e| !is_baseline(e)).map(|e| e.time).min();
                let time = if is_before { others().unwrap_or(read.envelope().start) } else { event.time };
                order.push((time.clamp(0, LONGEST_PAGE), At { source, event }));
            }
        }
        order.sort_by_key(|(time, _)| *time);
        self.events.reserve(order.len() + 64);
        let mut unknown: std::collections::BTreeMap<u32, usize> = Default::default();
        for (time, at) in &order {
            if self.event(self.view.base.saturating_add(*time), *at) {
                *unknown.entry(at.event.code).or_insert(0) += 1;
            }
        }
        for (code, count) in unknown {
            let what = match names::event(code) {
                Some(name) if code < 100 => format!("{count} events of kind {name} do not have the form they should"),
                Some(name) => format!("{count} events of a mobile app's recorder ({name}) are not understood"),
                None => format!("{count} events of the unknown kind {code}"),
            };
            self.note("clarity_unknown_event", format!("{what}; they were kept as they stand."));
        }
        self.losses(next);
        self.oddities();
        let over = self.dom.over + self.view.payloads.iter().map(|read| read.payload.over).sum::<usize>();
        if over > 0 {
            self.warn("limit_nodes", too_many_nodes(over));
        }
        let base = self.view.base;
        self.page.started_at = self.events.first().map_or(base, |e| e.time);
        self.page.ended_at = self.events.last().map_or(base, |e| e.time);
        let payloads = &self.view.payloads;
        self.page.ended = payloads.last().is_some_and(|r| r.envelope().end);
        if self.page.url.is_empty() {
            // The last payload's address can be the next view's already.
            let first = payloads.iter().find(|r| r.envelope().sequence == 1 || !r.envelope().end).or(payloads.first());
            self.page.url = first.and_then(|r| r.envelope().url.clone()).unwrap_or_default();
        }
        if !self.page.has_snapshot {
            self.note(
                "clarity_no_dom",
                "This page view was recorded without its content and cannot be shown.".to_owned(),
            );
        }
        (self.page, self.events)
    }

    fn note(&mut self, code: &str, message: String) {
        self.findings.push(Finding::note(code, message).in_session(self.session).on_page(self.number));
    }
    fn warn(&mut self, code: &str, message: String) {
        self.findings.push(Finding::warning(code, message).in_session(self.session).on_page(self.number));
    }

    /// Finds what is missing in the chain of payloads.
    fn losses(&mut self, next: Option<Millis>) {
        let base = self.view.base;
        let at = |ms: i64| base.saturating_add(ms.clamp(0, LONGEST_PAGE));
        let mut gaps = Vec::new();
        let mut before: Option<&Read<'_>> = None;
        for read in &self.view.payloads {
            let e = read.envelope();
            match before {
                None if e.sequence > 1 => {
                    let n = e.sequence - 1;
                    let reason = match n {
                        1 => "The first payload of this page view is missing.".to_owned(),
                        n => format!("The first {n} payloads of this page view are missing."),
                    };
                    gaps.push(Gap { from: at(0), until: at(e.start), reason });
                }
                Some(last) if last.envelope().sequence + 1 != e.sequence => {
                    let (from, to) = (last.envelope().sequence + 1, e.sequence - 1);
                    let reason = match to.saturating_sub(from) {
                        0 => format!("Payload {from} of this page view is missing."),
                        _ => format!("Payloads {from} to {to} of this page view are missing."),
                    };
                    gaps.push(Gap { from: at(last.end()), until: at(e.start), reason });
                }
                Some(last) if last.end() != e.start => gaps.push(Gap {
                    from: at(last.end().min(e.start)),
                    until: at(last.end().max(e.start)),
                    reason: format!("Payload {} does not continue where payload {} ended.", e.sequence, e.sequence - 1),
                }),
                _ => {}
            }
            if let Some(damage) = read.payload.damage {
                let last = read.payload.events.last().map_or(e.start, |event| event.time.min(read.end()));
                gaps.push(Gap {
                    from: at(last),
                    until: at(read.end()),
                    reason: format!("Payload {} is damaged: {}", e.sequence, damage.reason),
                });
                let message = format!(
                    "The payload is damaged: {} Events before byte {} were kept.",
                    damage.reason, damage.offset
                );
                let finding = Finding::warning("clarity_damaged", message).at_path(read.path);
                let finding = finding.at_offset(damage.offset as u64).in_session(self.session).on_page(self.number);
                self.findings.push(finding);
            }
            if let Some(first) = read.payload.oddities.first() {
                let message =
                    format!("{} entries of the payload are no events and were left out.", read.payload.oddities.len());
                let finding = Finding::warning("clarity_not_an_event", message).at_path(read.path);
                self.findings.push(finding.at_offset(*first as u64).in_session(self.session).on_page(self.number));
            }
            before = Some(read);
        }
        for gap in &gaps {
            self.warn("clarity_gap", gap.reason.clone());
        }
        if let Some(last) = before.filter(|last| !last.envelope().end) {
            let from = at(last.end());
            let reason = "The last payload of this page view is missing.".to_owned();
            self.note("clarity_no_end", reason.clone());
            gaps.push(Gap { from, until: next.map_or(from, |next| next.max(from)), reason });
        }
        self.page.gaps = gaps;
    }

    fn oddities(&mut self) {
        let list = std::mem::take(&mut self.dom.oddities);
        for (oddity, code, text) in [
            (Oddity::Unknown, "clarity_unknown_node", "changes of nodes that were never recorded were left out"),
            (
                Oddity::Cycle,
                "clarity_cycle",
                "nodes would have become their own ancestors and were left where they were",
            ),
            (
                Oddity::Misplaced,
                "clarity_misplaced_node",
                "nodes stood inside something that has no children and were left out",
            ),
            (
                Oddity::Forgotten,
                "clarity_forgotten_node",
                "removed parts of the page were too many to keep for their return",
            ),
        ] {
            let count = list.iter().filter(|o| **o == oddity).count();
            if count > 0 {
                self.note(code, format!("{count} {text}."));
            }
        }
    }

    fn str(&mut self, at: At<'_, '_>, text: Text) -> Str {
        self.interner.at(at.source.number, at.source.payload, text)
    }
    fn some(&mut self, at: At<'_, '_>, text: Option<Text>) -> Option<Str> {
        text.map(|t| self.str(at, t))
    }
    fn node(&self, id: i64) -> Option<NodeId> {
        u32::try_from(id).ok().filter(|id| *id > 0).map(|id| self.dom.node_id(id))
    }
    fn node_or_document(&self, id: i64) -> NodeId {
        self.node(id).unwrap_or(NodeId::DOCUMENT)
    }
    fn recorder(&mut self, what: &str, detail: Value) -> Kind {
        Kind::Recorder { what: self.interner.get(what), detail: Str::from(detail.to_string()) }
    }
    fn push(&mut self, time: Millis, kind: Kind) {
        self.events.push(Event { time, page: self.number, kind });
    }

    /// Turns one event into the model; true when it is not understood.
    fn event(&mut self, time: Millis, at: At<'d, 'a>) -> bool {
        let read = at.source.payload;
        let kind = match &at.event.wire {
            Wire::Metric(list) => {
                for (id, value) in list {
                    let name = self.interner.get(&names::metric(*id));
                    self.push(time, Kind::Metric { name, value: *value });
                }
                return false;
            }
            Wire::Dimension(list) => {
                for (id, values) in list {
                    let name = self.interner.get(&names::dimension(*id));
                    let values: Vec<Str> = values.iter().map(|v| self.str(at, *v)).collect();
                    match (*id, values.first()) {
                        (names::URL, Some(url)) if self.page.url.is_empty() => self.page.url = url.to_string(),
                        (names::REFERRER, Some(referrer)) if self.page.referrer.is_none() && !referrer.is_empty() => {
                            self.page.referrer = Some(referrer.to_string());
                        }
                        (names::PAGE_TITLE, Some(_)) => {
                            self.page.title = values.last().filter(|t| !t.is_empty()).map(|t| t.to_string());
                        }
                        _ => {}
                    }
                    self.push(time, Kind::Dimension { name, values });
                }
                return false;
            }
            Wire::Layout(layout) => {
                if layout.is_empty() {
                    return false;
                }
                let mut ops = Vec::new();
                if self.dom.records(at.source, *layout, at.event.code, self.interner, &mut ops) {
                    self.page.has_snapshot = true;
                    Kind::Snapshot { ops }
                } else {
                    Kind::Mutation { ops }
                }
            }
            Wire::Pointer { target, x, y, id, primary: _ } => {
                let point = Point { node: self.node(*target), x: *x, y: *y, frame: None, pointer: *id };
                match at.event.code {
                    12 => Kind::Move(point),
                    13 => Kind::MouseDown(point),
                    14 => Kind::MouseUp(point),
                    15 => Kind::Wheel(point),
                    16 => Kind::DoubleClick(point),
                    17 => Kind::TouchStart(point),
                    18 => Kind::TouchEnd(point),
                    19 => Kind::TouchMove(point),
                    _ => Kind::TouchCancel(point),
                }
            }
            Wire::Click(click) => {
                let at_point =
                    Point { node: self.node(click.target), x: click.x, y: click.y, frame: None, pointer: None };
                let click = event::Click {
                    at: at_point,
                    embedded: self.dom.is_embedded(click.target),
                    inside: click.inside.map(|(x, y)| (x as u32, y as u32)),
                    size: click.size.map(|(w, h)| (w as u32, h as u32)).filter(|size| *size != (0, 0)),
                    button: click.button.clamp(0, 255) as u8,
                    expects_reaction: click.reaction,
                    opens: click.context.map(|c| c.clamp(0, 255) as u8),
                    text: self.some(at, click.text),
                    link: self.some(at, click.link),
                    hash: self.some(at, click.hash),
                    trusted: click.trusted,
                    tag: self.some(at, click.tag),
                    class: self.some(at, click.class),
                    element_id: self.some(at, click.element_id),
                    pointer_type: None,
                };
                if at.event.code == 9 { Kind::Click(click) } else { Kind::ContextMenu(click) }
            }
            Wire::Scroll { target, x, y, .. } => {
                let document =
                    u32::try_from(*target).ok().map_or(Some(NodeId::DOCUMENT), |id| self.dom.document_of(id));
                Kind::Scroll { node: document.unwrap_or_else(|| self.node_or_document(*target)), x: *x, y: *y }
            }
            Wire::Resize { width, height } => {
                let size = (*width as u32, *height as u32);
                self.page.viewport.get_or_insert(size);
                Kind::Resize { width: size.0, height: size.1 }
            }
            Wire::Document { width, height } => {
                let (width, height) = (*width as u32, *height as u32);
                let (w, h) = self.page.document_size.unwrap_or_default();
                self.page.document_size = Some((w.max(width), h.max(height)));
                Kind::DocumentSize { width, height }
            }
            Wire::Input { target, value, trusted } => {
                let value = self.some(at, *value);
                return self.input(time, *target, value, *trusted);
            }
            Wire::Change { target, input_type, value, checksum } => {
                let node = self.node_or_document(*target);
                let input_type = self.str(at, *input_type);
                let (value, checksum) = (self.some(at, *value), self.some(at, *checksum));
                if let Some(value) = value.as_ref().filter(|_| !matches!(&*input_type, "checkbox" | "radio" | "file")) {
                    self.dom.set_value(u32::try_from(*target).unwrap_or(0), value.clone());
                }
                Kind::Change { node, input_type, value, checksum }
            }
            Wire::Submit { target } => Kind::Submit { node: self.node_or_document(*target) },
            Wire::Clipboard { target, action } => {
                let action = match action {
                    0 => ClipboardAction::Cut,
                    1 => ClipboardAction::Copy,
                    2 => ClipboardAction::Paste,
                    _ => return self.raw(time, at),
                };
                Kind::Clipboard { node: self.node_or_document(*target), action }
            }
            Wire::Selection { start, start_offset, end, end_offset } => Kind::Selection {
                start: self.node(*start),
                start_offset: *start_offset as u32,
                end: self.node(*end),
                end_offset: *end_offset as u32,
            },
            Wire::Visibility { visible } => Kind::Visibility { visible: *visible },
            Wire::Focus { focused } => Kind::WindowFocus { focused: *focused },
            Wire::Unload { name, persisted } => Kind::Unload { name: self.str(at, *name), persisted: *persisted },
            Wire::ScriptError(error) => Kind::Error {
                message: self.str(at, error.message),
                source: self.some(at, error.source).filter(|s| !s.is_empty()),
                line: error.line.map(|n| n as u32),
                column: error.column.map(|n| n as u32),
                stack: self.some(at, error.stack).filter(|s| !s.is_empty()),
            },
            Wire::Navigation(n) => {
                let [
                    fetch,
                    connect,
                    connected,
                    request,
                    response,
                    responded,
                    interactive,
                    complete,
                    load,
                    loaded,
                    redirects,
                    size,
                ] = n.times;
                Kind::Navigation(Box::new(NavigationTiming {
                    fetch_start: fetch,
                    connect_start: connect,
                    connect_end: connected,
                    request_start: request,
                    response_start: response,
                    response_end: responded,
                    dom_interactive: interactive,
                    dom_complete: complete,
                    load_start: load,
                    load_end: loaded,
                    redirects: redirects as u32,
                    transfer_size: size,
                    kind: self.some(at, n.kind).unwrap_or_default(),
                    protocol: self.some(at, n.protocol).unwrap_or_default(),
                    encoded_size: n.encoded_size,
                    decoded_size: n.decoded_size,
                }))
            }
            Wire::Custom { key: None, value } => Kind::Custom { name: self.str(at, *value), value: None },
            Wire::Custom { key: Some(key), value } => {
                let (name, value) = (self.str(at, *key), self.str(at, *value));
                if &*name == "clarity" && matches!(&*value, "pause" | "resume" | "suspend" | "restart") {
                    self.recorder("lifecycle", json!({ "state": &*value }))
                } else {
                    Kind::Custom { name, value: Some(value) }
                }
            }
            Wire::Variable(list) => {
                for (key, values) in list {
                    let key = self.str(at, *key);
                    let values = values.iter().map(|v| self.str(at, *v)).collect();
                    self.push(time, Kind::Tag { key, values });
                }
                return false;
            }
            Wire::Consent { source, ad_storage, analytics_storage } => Kind::Consent {
                source: self.interner.get(&names::consent_source(*source)),
                ad_storage: *ad_storage,
                analytics_storage: *analytics_storage,
            },
            Wire::Regions(list) => {
                for region in list {
                    let kind = Kind::Region {
                        node: self.node_or_document(region.node),
                        interaction: region.interaction.clamp(0, u32::MAX.into()) as u32,
                        visibility: region.visibility.clamp(0, u32::MAX.into()) as u32,
                        name: self.str(at, region.name),
                    };
                    self.push(time, kind);
                }
                return false;
            }
            Wire::Extract(list) => {
                for (key, values) in list {
                    let values = values.iter().map(|(k, v)| (self.str(at, *k), self.str(at, *v))).collect();
                    self.push(time, Kind::Extract { key: *key, values });
                }
                return false;
            }
            Wire::Animation(animation) => Kind::Animation {
                id: self.str(at, animation.id),
                node: animation.target.and_then(|id| self.node(id)),
                action: self.interner.get(&names::of(&names::ANIMATION_OPERATIONS, animation.operation)),
                keyframes: self.some(at, animation.keyframes),
                timing: self.some(at, animation.timing),
            },
            Wire::Adoption { owner, operation: _, sheets } => {
                let sheets = sheets.iter().map(|s| self.str(at, *s)).collect();
                Kind::Style { ops: self.dom.adopt(*owner, sheets) }
            }
            Wire::Sheet { sheet, operation, css } => {
                let (sheet, css) = (self.str(at, *sheet), self.some(at, *css));
                Kind::Style { ops: self.dom.sheet(sheet, *operation, css) }
            }
            Wire::CustomElement { tag } => {
                let name = self.str(at, *tag);
                Kind::Style { ops: self.dom.define(name) }
            }
            Wire::Upload { sequence, attempts, status } => self.recorder(
                "upload",
                json!({ "sequence": number(*sequence), "attempts": number(*attempts), "status": number(*status) }),
            ),
            Wire::Upgrade { key } => self.recorder("upgrade", json!({ "key": read.str(*key) })),
            Wire::Ping { gap } => self.recorder("ping", json!({ "gap": number(*gap) })),
            Wire::Limit { check } => self.recorder("limit", json!({ "check": names::of(&names::CHECKS, *check) })),
            Wire::Log(log) => self.recorder(
                "log",
                json!({
                    "code": names::of(&names::LOG_CODES, log.code),
                    "name": log.name.map(|t| read.str(t)),
                    "message": log.message.map(|t| read.str(t)),
                    "stack": log.stack.map(|t| read.str(t)),
                    "severity": names::of(&names::SEVERITIES, log.severity),
                }),
            ),
            Wire::Summary(list) => {
                let spans = list.iter().map(|(code, spans)| {
                    let name = names::event(*code).map_or_else(|| code.to_string(), str::to_owned);
                    let spans: Vec<Value> = spans.chunks(2).map(|s| s.iter().map(|n| number(*n)).collect()).collect();
                    (name, Value::from(spans))
                });
                let detail = Value::Object(spans.collect());
                self.recorder("summary", detail)
            }
            Wire::Timeline(t) => self.recorder(
                "timeline",
                json!({
                    "kind": if t.code == 48 { "context_menu" } else { "click" },
                    "hash": t.hash.map(|h| read.str(h)),
                    "x": number(t.x),
                    "y": number(t.y),
                    "reaction": t.reaction,
                    "context": t.context,
                }),
            ),
            Wire::Baseline(baseline) => {
                let v = baseline.values.map(|v| v.map(|v| v.max(0.0) as u32));
                if self.page.viewport.is_none() {
                    self.page.viewport = v[3].zip(v[4]).filter(|size| size.0 > 0);
                }
                if self.page.document_size.is_none() {
                    self.page.document_size = v[1].zip(v[2]).filter(|size| size.0 > 0);
                }
                let mut detail = serde_json::Map::new();
                for (name, value) in BASELINE.iter().zip(baseline.values) {
                    if let Some(value) = value {
                        detail.insert((*name).to_owned(), number(value));
                    }
                }
                if !baseline.modules.is_empty() {
                    detail.insert("modules".to_owned(), baseline.modules.iter().map(|n| number(*n)).collect());
                }
                self.recorder("baseline", Value::Object(detail))
            }
            Wire::Fraud { check, target, checksum } => self.recorder(
                "fraud",
                json!({ "check": check, "node": self.node(*target).map(|n| n.0), "checksum": read.str(*checksum) }),
            ),
            Wire::Chat { action } => {
                self.recorder("chat", json!({ "action": names::of(&names::CHAT_ACTIONS, *action) }))
            }
            Wire::PointerDown(p) => self.recorder(
                "pointer_down",
                json!({
                    "node": self.node(p.target).map(|n| n.0),
                    "x": number(p.x),
                    "y": number(p.y),
                    "pointer": p.pointer,
                    "primary": p.primary,
                    "type": names::of(&names::POINTER_TYPES, p.kind),
                    "pressure": number(p.pressure),
                    "width": number(p.width),
                    "height": number(p.height),
                }),
            ),
            Wire::Raw => return self.raw(time, at),
        };
        self.push(time, kind);
        false
    }

    /// Keeps an event as it stands; true when that is worth a finding.
    fn raw(&mut self, time: Millis, at: At<'_, '_>) -> bool {
        let code = at.event.code;
        let raw = Str::from(at.source.payload.str(at.event.raw));
        match code {
            // Deprecated kinds: nothing reads them, nothing is lost.
            23 | 30 | 32 | 37 => {
                let what = self.interner.get(names::event(code).unwrap_or_default());
                self.push(time, Kind::Recorder { what, detail: raw });
                false
            }
            _ => {
                let name = names::event(code).map_or_else(|| code.to_string(), str::to_owned);
                let code_name = self.interner.get(&name);
                self.push(time, Kind::Unknown { code: code_name, raw });
                !matches!(code, 49 | 200..=300)
            }
        }
    }

    fn input(&mut self, time: Millis, target: i64, value: Option<Str>, trusted: Option<bool>) -> bool {
        let recorded = u32::try_from(target).unwrap_or(0);
        let node = self.node_or_document(target);
        let checked = match value.as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        match checked {
            Some(checked) if self.dom.is_box(recorded) == Some(true) => {
                self.dom.set_checked(recorded, checked);
                self.push(time, Kind::Input { node, value: None, checked: Some(checked), trusted });
            }
            _ => {
                if let Some(value) = &value {
                    self.dom.set_value(recorded, value.clone());
                }
                self.push(time, Kind::Input { node, value, checked: None, trusted });
            }
        }
        false
    }
}

/// Names of a baseline's values, index 2 to 25 of the event.
const BASELINE: [&str; 24] = [
    "visible",
    "document_width",
    "document_height",
    "screen_width",
    "screen_height",
    "scroll_x",
    "scroll_y",
    "pointer_x",
    "pointer_y",
    "activity_time",
    "scroll_time",
    "pointer_time",
    "move_x",
    "move_y",
    "move_time",
    "down_x",
    "down_y",
    "down_time",
    "up_x",
    "up_y",
    "up_time",
    "pointer_previous_x",
    "pointer_previous_y",
    "pointer_previous_time",
];

/// A whole number where it is one.
fn number(n: f64) -> Value {
    if n.fract() == 0.0 && n.abs() < 9e15 { json!(n as i64) } else { json!(n) }
}
