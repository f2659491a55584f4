//! One pass over a session, with the DOM beside it.
//!
//! The trap: two clocks. Clarity times a click exactly and a mutation when its batch is made, some ms later; a
//! selection is told half a second after it settled. Whatever compares the two must look a little further than
//! the threshold says, and says so in the evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Thresholds;
use super::target::{Target, quote};
use super::unsaid::{self, Leap, Outcome, Screen, Visit};
use crate::dom::{Node, Tree};
use crate::event::{Event, Kind, Millis, NodeId, NodeKind, Op, Page, Point, Session, SheetRef, Source};

/// How long Clarity waits before it tells of a selection.
const SELECTION_DELAY: Millis = 600;
/// Longest time between press and release that still makes one click.
const PRESS: Millis = 1_500;
/// A press that moved so far before it was released marks text, CSS px.
const DRAG: f64 = 8.0;

/// A click by the visitor with the left button, a finger or a pen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Press {
    pub(super) page: u32,
    pub(super) document: u32,
    pub(super) time: Millis,
    /// When the button or finger went down; `time` when that was not recorded.
    pub(super) down: Millis,
    /// The pointer moved between down and up.
    pub(super) dragged: bool,
    pub(super) at: Point,
    pub(super) target: Target,
}

/// What a page did that a visitor can notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Effect {
    Mutation,
    Navigation,
    Scroll,
    Input,
    Focus,
    Selection,
    Media,
    Open,
    Clipboard,
    /// The tab or window was left: another one came up in front.
    Away,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Happened {
    pub(super) time: Millis,
    pub(super) document: u32,
    pub(super) effect: Effect,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    pub(super) page: u32,
    pub(super) document: u32,
    pub(super) time: Millis,
    pub(super) message: String,
    pub(super) source: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

/// Where a scroller stood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scrolled {
    pub(super) page: u32,
    pub(super) time: Millis,
    pub(super) node: NodeId,
    pub(super) y: f64,
    /// Height of the viewport then, CSS px.
    pub(super) viewport: Option<f64>,
    /// `None` for the window.
    pub(super) selector: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Size {
    pub(super) page: u32,
    pub(super) document: u32,
    pub(super) time: Millis,
    pub(super) size: (u32, u32),
}

/// Everything that detectors ask of a session. Lists are in the order of time.
#[derive(Debug)]
pub(super) struct Seen<'s> {
    pub(super) pages: &'s [Page],
    pub(super) source: Source,
    /// When the last event of the session happened.
    pub(super) end: Millis,
    pub(super) clicks: Vec<Press>,
    pub(super) effects: Vec<Happened>,
    /// When a range of selected text came, changed or went, with the document.
    pub(super) selections: Vec<(Millis, u32)>,
    pub(super) double_clicks: Vec<(Millis, u32)>,
    pub(super) errors: Vec<Failure>,
    pub(super) scrolls: Vec<Scrolled>,
    pub(super) sizes: Vec<Size>,
    /// Pages on which the visitor put something in, with the time of it.
    pub(super) inputs: Vec<(Millis, u32)>,
    /// When a page was unloaded.
    pub(super) unloads: BTreeMap<u32, Millis>,
    /// Screens that a page exchanged and brought back, where the recorder tells no change of address.
    pub(super) unsaid: Vec<Visit>,
    /// Last event of each document.
    ends: BTreeMap<u32, Millis>,
}

impl<'s> Seen<'s> {
    pub(super) fn walk(session: &'s Session, thresholds: &Thresholds) -> Seen<'s> {
        let document_of: BTreeMap<u32, u32> = session.pages.iter().map(|p| (p.number, p.document)).collect();
        let mut seen = Seen {
            pages: &session.pages,
            source: session.source,
            end: session.events.iter().map(|e| e.time).max().unwrap_or(Millis::MIN),
            clicks: Vec::new(),
            effects: Vec::new(),
            selections: Vec::new(),
            double_clicks: Vec::new(),
            errors: Vec::new(),
            scrolls: Vec::new(),
            sizes: Vec::new(),
            inputs: Vec::new(),
            unloads: BTreeMap::new(),
            unsaid: Vec::new(),
            ends: BTreeMap::new(),
        };
        // Whether a mutation can be seen costs a look at the tree, and is asked near clicks only.
        let near: BTreeSet<Millis> =
            session.events.iter().filter(|e| matches!(&e.kind, Kind::Click(c) if c.trusted)).map(|e| e.time).collect();
        let reach = thresholds.dead_click.within_ms;
        let wanted =
            |time: Millis| near.range(time.saturating_sub(reach)..=time.saturating_add(PRESS)).next().is_some();
        let asks = |event: &Event| {
            !event.kind.ops().is_empty() && !matches!(event.kind, Kind::Snapshot { .. }) && wanted(event.time)
        };
        // Clarity tells every change of address, and so do some that wrap rrweb.
        let tells_routes =
            session.source == Source::Clarity || session.events.iter().any(|e| matches!(e.kind, Kind::Route { .. }));
        let document_of = |event: &Event| document_of.get(&event.page).copied().unwrap_or(event.page);
        // Behind the last event that looks at a document's tree nobody needs to know how it goes on.
        let mut last_look: BTreeMap<u32, usize> = BTreeMap::new();
        let mut scrollers: BTreeSet<(u32, NodeId)> = BTreeSet::new();
        let mut leapt: BTreeMap<u32, Millis> = BTreeMap::new();
        for (i, event) in session.events.iter().enumerate() {
            let looks = match &event.kind {
                Kind::Click(click) => click.trusted && click.button == 0,
                Kind::Scroll { node, .. } => scrollers.insert((document_of(event), *node)),
                _ => asks(event),
            };
            if looks && !tells_routes && matches!(event.kind, Kind::Click(_)) {
                leapt.insert(document_of(event), event.time);
            }
            let waits = || leapt.get(&document_of(event)).is_some_and(|t| event.time - t <= unsaid::REACH);
            if looks || !event.kind.ops().is_empty() && waits() {
                last_look.insert(document_of(event), i);
            }
        }
        let mut walks: BTreeMap<u32, Walk> = BTreeMap::new();
        for (i, event) in session.events.iter().enumerate() {
            let document = document_of(event);
            let walk = walks.entry(document).or_default();
            let end = seen.ends.entry(document).or_insert(event.time);
            *end = event.time.max(*end);
            let ops = event.kind.ops();
            let asked = asks(event);
            // What is taken away was visible before, what is put in is visible after.
            let mut visible = asked && ops.iter().any(|op| shows(&walk.tree, op));
            seen.note(event, document, walk, tells_routes);
            if last_look.get(&document).is_some_and(|last| i <= *last) {
                walk.tree.apply_event(event);
            }
            if !tells_routes && matches!(event.kind, Kind::Snapshot { .. }) && walk.leap.is_none() {
                walk.came = Screen::of(&walk.tree).map(Rc::new);
            }
            if let Some(leap) = &mut walk.leap
                && !ops.is_empty()
            {
                match leap.changed(&walk.tree, event.time, ops) {
                    Outcome::Open => {}
                    Outcome::Over => walk.leap = None,
                    Outcome::Arrived(to, screen) => {
                        walk.at = Some((event.page, to));
                        walk.came = Some(screen);
                    }
                    Outcome::Back(visit) => {
                        walk.leap = None;
                        walk.at = Some((event.page, visit.from.clone()));
                        seen.unsaid.push(visit);
                    }
                }
            }
            visible = visible || asked && ops.iter().any(|op| shows(&walk.tree, op));
            if visible {
                seen.effects.push(Happened { time: event.time, document, effect: Effect::Mutation });
            }
        }
        seen
    }

    /// `walk` is as it was just before the event.
    fn note(&mut self, event: &Event, document: u32, walk: &mut Walk, tells_routes: bool) {
        let (time, page) = (event.time, event.page);
        let mut effect = |effect| self.effects.push(Happened { time, document, effect });
        match &event.kind {
            Kind::MouseDown(p) | Kind::TouchStart(p) => {
                // A tap tells of a touch and then of a mouse, at the same place: the first of them is the press.
                if !walk.down.is_some_and(|(t, _)| time - t < PRESS && walk.pressed) {
                    walk.down = Some((time, *p));
                }
                walk.pressed = true;
                walk.up = None;
            }
            Kind::MouseUp(p) | Kind::TouchEnd(p) => walk.up = Some((time, *p)),
            Kind::TouchCancel(_) => (walk.down, walk.up, walk.pressed) = (None, None, false),
            Kind::Click(click) if click.trusted && click.button == 0 => {
                let press = walk.down.filter(|(t, _)| walk.pressed && time - t <= PRESS);
                let dragged = match (press, walk.up) {
                    (Some((_, down)), Some((_, up))) => (down.x - up.x).hypot(down.y - up.y) > DRAG,
                    _ => false,
                };
                let down = press.map_or(time, |(t, _)| t.min(time));
                (walk.down, walk.up, walk.pressed) = (None, None, false);
                let target = Target::of(&walk.tree, click);
                let press = Press { page, document, time, down, dragged, at: click.at, target };
                if !tells_routes && !walk.leap.as_mut().is_some_and(|leap| leap.click(time)) {
                    let moved = walk.at.as_ref().filter(|(on, _)| *on == page).map(|(_, url)| url);
                    let here = moved.or(self.page(page).map(|p| &p.url)).map_or("", String::as_str);
                    walk.leap = Leap::of(&walk.tree, &press, here, walk.came.clone());
                }
                self.clicks.push(press);
            }
            Kind::DoubleClick(_) => self.double_clicks.push((time, document)),
            Kind::Scroll { node, y, .. } => {
                effect(Effect::Scroll);
                let top = walk.tree.top();
                let root = walk.tree.get(*node);
                let window = Some(*node) == top || root.is_some_and(|n| n.html_tag() == Some("html"));
                let known = walk
                    .scrollers
                    .entry(*node)
                    .or_insert_with(|| if window { None } else { walk.tree.selector(*node) });
                let viewport = walk.viewport.map(|(_, h)| f64::from(h)).or_else(|| {
                    self.pages.iter().find(|p| p.number == page).and_then(|p| p.viewport).map(|v| f64::from(v.1))
                });
                self.scrolls.push(Scrolled { page, time, node: *node, y: *y, viewport, selector: known.clone() });
            }
            Kind::Resize { width, height } => {
                walk.viewport = Some((*width, *height));
                self.sizes.push(Size { page, document, time, size: (*width, *height) });
            }
            Kind::Input { trusted, node, .. } => {
                effect(Effect::Input);
                if *trusted != Some(false) {
                    // rrweb reports the fields of a form that the page puts in as if they had been filled in.
                    if walk.tree.focus() == Some(*node) {
                        walk.typed();
                    }
                    self.inputs.push((time, page));
                }
            }
            Kind::Change { .. } => {
                effect(Effect::Input);
                walk.typed();
                self.inputs.push((time, page));
            }
            Kind::Submit { .. } => {
                effect(Effect::Navigation);
                self.inputs.push((time, page));
            }
            Kind::Clipboard { .. } => effect(Effect::Clipboard),
            Kind::Selection { start, start_offset, end, end_offset } => {
                let range = (*start, *start_offset, *end, *end_offset);
                // A click moves the caret wherever it lands; only a range is a selection.
                let collapsed = (start, start_offset) == (end, end_offset);
                let range = (!collapsed).then_some(range);
                if range != walk.selection {
                    walk.selection = range;
                    effect(Effect::Selection);
                    self.selections.push((time, document));
                }
            }
            // Where the focus went shows; that it left what had it is so with any click beside it.
            Kind::FocusIn { .. } => effect(Effect::Focus),
            Kind::Open { .. } => effect(Effect::Open),
            Kind::Media { .. } => effect(Effect::Media),
            Kind::Visibility { visible: false } | Kind::WindowFocus { focused: false } => effect(Effect::Away),
            Kind::Unload { .. } => {
                effect(Effect::Navigation);
                self.unloads.insert(page, time);
            }
            Kind::Route { .. } => effect(Effect::Navigation),
            Kind::Error { message, source, line, column, .. } => {
                let source = source.as_deref().filter(|s| !s.is_empty()).map(str::to_owned);
                let message = quote_long(message);
                let (line, column) = (*line, *column);
                self.errors.push(Failure { page, document, time, message, source, line, column });
            }
            kind => {
                if let Some(message) = super::script_error(kind) {
                    let message = quote_long(message);
                    let (source, line, column) = (None, None, None);
                    self.errors.push(Failure { page, document, time, message, source, line, column });
                }
            }
        }
    }

    pub(super) fn page(&self, number: u32) -> Option<&'s Page> {
        self.pages.iter().find(|p| p.number == number)
    }

    /// Milliseconds after the first event of a page view.
    pub(super) fn on_page(&self, page: u32, time: Millis) -> Millis {
        self.page(page).map_or(0, |p| time.saturating_sub(p.started_at))
    }

    /// When the last event of a document happened.
    pub(super) fn end_of(&self, document: u32) -> Millis {
        self.ends.get(&document).copied().unwrap_or(Millis::MIN)
    }

    /// How much later than it happened a selection is told.
    pub(super) fn selection_delay(&self) -> Millis {
        if self.source == Source::Clarity { SELECTION_DELAY } else { 0 }
    }

    pub(super) fn selected(&self, document: u32, from: Millis, until: Millis) -> bool {
        let first = self.selections.partition_point(|(t, _)| *t < from);
        self.selections[first..].iter().take_while(|(t, _)| *t <= until).any(|(_, d)| *d == document)
    }

    /// Effects from `from` to `until`, both included.
    pub(super) fn effects_between(&self, from: Millis, until: Millis) -> impl Iterator<Item = &Happened> {
        let first = self.effects.partition_point(|e| e.time < from);
        self.effects[first..].iter().take_while(move |e| e.time <= until)
    }

    /// Data is missing somewhere between.
    pub(super) fn has_gap(&self, document: u32, from: Millis, until: Millis) -> bool {
        let pages = self.pages.iter().filter(|p| p.document == document);
        pages.flat_map(|p| &p.gaps).any(|gap| gap.from < until && gap.until > from)
    }
}

/// State of one document on the way.
#[derive(Default)]
struct Walk {
    tree: Tree,
    viewport: Option<(u32, u32)>,
    down: Option<(Millis, Point)>,
    up: Option<(Millis, Point)>,
    /// Down, and no click came of it yet.
    pressed: bool,
    selection: Option<(Option<NodeId>, u32, Option<NodeId>, u32)>,
    scrollers: BTreeMap<NodeId, Option<String>>,
    leap: Option<Leap>,
    /// Page view, and the address that its screen belongs to, when that is not the recorded one.
    at: Option<(u32, String)>,
    /// That screen as it came up.
    came: Option<Rc<Screen>>,
}

impl Walk {
    fn typed(&mut self) {
        if let Some(leap) = &mut self.leap {
            leap.typed();
        }
    }
}

/// Error messages are kept longer than texts: their end tells the most.
fn quote_long(message: &str) -> String {
    message.chars().take(super::MESSAGE).collect()
}

/// True when the op touches something that is on screen, as far as markup tells without a layout.
fn shows(tree: &Tree, op: &Op) -> bool {
    match op {
        Op::Reset | Op::Adopt { .. } => true,
        Op::Put { node, .. }
        | Op::Remove { node }
        | Op::Attr { node, .. }
        | Op::StyleProperty { node, .. }
        | Op::Text { node, .. }
        | Op::Value { node, .. }
        | Op::Checked { node, .. }
        | Op::Selected { node, .. }
        | Op::Open { node, .. } => tree.get(*node).is_some_and(|n| on_screen(tree, n)),
        Op::SheetText { sheet, .. }
        | Op::SheetInsert { sheet, .. }
        | Op::SheetDelete { sheet, .. }
        | Op::SheetDeclare { sheet, .. } => match sheet {
            SheetRef::Owner(node) => tree.get(*node).is_some(),
            SheetRef::Constructed(_) => true,
        },
        // These have events of their own, or paint without the page doing anything.
        Op::Scroll { .. } | Op::Media { .. } | Op::CanvasImage { .. } | Op::DefineElement { .. } => false,
    }
}

fn on_screen(tree: &Tree, node: &Node) -> bool {
    match &*node.kind {
        NodeKind::Comment(_) | NodeKind::Doctype { .. } => return false,
        NodeKind::Text(text) if text.trim().is_empty() => return false,
        _ => {}
    }
    let mut at = node;
    let mut sheet = false;
    // Bounded by the number of nodes, should a damaged tree have a ring.
    for _ in 0..=tree.len() {
        if let NodeKind::Element { tag, .. } = &*at.kind {
            match &**tag {
                "script" | "noscript" | "template" | "meta" | "title" | "base" => return false,
                "style" => sheet = true,
                "link" => match at.attr("rel").map(|r| r.to_ascii_lowercase()) {
                    Some(rel) if rel.split_whitespace().any(|r| r == "stylesheet") => sheet = true,
                    _ => return false,
                },
                "head" => return sheet,
                "input" if at.attr("type").is_some_and(|t| t.eq_ignore_ascii_case("hidden")) => return false,
                _ => {}
            }
            if at.attr("hidden").is_some_and(|v| !v.eq_ignore_ascii_case("until-found")) && !sheet {
                return false;
            }
            if at.attr("style").is_some_and(|s| hides(s)) && !sheet {
                return false;
            }
        }
        match tree.parent(at.id) {
            Some(parent) => at = parent,
            None => return Some(at.id) == tree.top(),
        }
    }
    false
}

/// An inline `display: none`.
fn hides(style: &str) -> bool {
    style.split(';').filter_map(|d| d.split_once(':')).any(|(name, value)| {
        let value = value.trim();
        let bare = value.split('!').next().unwrap_or(value).trim();
        name.trim().eq_ignore_ascii_case("display") && bare.eq_ignore_ascii_case("none")
    })
}

/// The message of an error as a label's text.
pub(super) fn short(message: &str) -> String {
    quote(message)
}
