//! Screens that a page exchanged by itself after a click on a link, where the recorder tells no change of address.
//!
//! The trap: a click on a link that opens a dialog or folds out a list changes the page as well. Only when what was
//! shown made way for something else was the visitor somewhere else, and only when nearly all of it came back, and
//! nothing besides, was that the page from before.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::target::Exemption;
use super::walk::Press;
use crate::dom::Tree;
use crate::event::{Millis, NodeId, NodeKind, Op};

/// Nodes of a page beyond which screens are not compared.
const MAX_NODES: usize = 20_000;
/// Changes that are looked at after one click.
const MAX_LOOKS: u32 = 40;
/// How long after the click the screen may be exchanged, ms.
const EXCHANGE: Millis = 2_000;
/// How long after the click anything is looked at, ms.
pub(super) const REACH: Millis = 10_000;
/// A screen that lost so much of its words is another one. Menus, heads and feet stay on most sites.
const LOST: f64 = 0.2;
/// Two screens that have so many of their words in common are the same one.
const SAME: f64 = 0.9;

/// Another screen for a while, in one document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Visit {
    pub(super) page: u32,
    /// The click on the link, by its time.
    pub(super) led_by: Millis,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) arrived: Millis,
    pub(super) left: Millis,
    /// Clicks on it.
    pub(super) clicks: Vec<Millis>,
    pub(super) typed: bool,
}

/// What can be read, as far as markup tells: how often each text. Elements do not count, they are alike on all pages.
#[derive(Debug)]
pub(super) struct Screen {
    parts: HashMap<u64, u32>,
    count: usize,
}

impl Screen {
    /// `None` when there is no page, or too much of it.
    pub(super) fn of(tree: &Tree) -> Option<Screen> {
        let top = tree.top()?;
        if tree.len() > MAX_NODES {
            return None;
        }
        let html = tree.children(top).find(|n| n.html_tag() == Some("html"))?;
        let body = tree.children(html.id).find(|n| n.html_tag() == Some("body"))?;
        let mut screen = Screen { parts: HashMap::new(), count: 0 };
        for id in tree.subtree(body.id) {
            let Some(node) = tree.get(id) else { continue };
            let NodeKind::Text(text) = &*node.kind else { continue };
            if text.trim().is_empty() {
                continue;
            }
            let mut hash = DefaultHasher::new();
            text.trim().hash(&mut hash);
            *screen.parts.entry(hash.finish()).or_default() += 1;
            screen.count += 1;
        }
        Some(screen)
    }

    fn common(&self, other: &Screen) -> f64 {
        let both = |(part, n): (&u64, &u32)| (*n).min(other.parts.get(part).copied().unwrap_or_default());
        f64::from(self.parts.iter().map(both).sum::<u32>())
    }
    /// Share of the words that are gone in the other, 0 to 1.
    fn lost(&self, other: &Screen) -> f64 {
        if self.count == 0 { 0.0 } else { 1.0 - self.common(other) / self.count as f64 }
    }
    /// Share of the words of both that they have in common, 0 to 1.
    fn likeness(&self, other: &Screen) -> f64 {
        let all = self.count + other.count;
        if all == 0 { 1.0 } else { 2.0 * self.common(other) / all as f64 }
    }
}

/// A click on a link whose outcome is waited for.
#[derive(Debug)]
pub(super) struct Leap {
    page: u32,
    clicked: Millis,
    from: String,
    to: String,
    before: Screen,
    /// The page of the click as it came up. Who comes back finds it like that again, not with what was loaded since.
    came: Option<Rc<Screen>>,
    arrived: Option<Millis>,
    clicks: Vec<Millis>,
    typed: bool,
    looks: u32,
}

impl Leap {
    /// `None` when the click is no way to another address in the same window. `here`: where the page is; `came`: how it came up.
    pub(super) fn of(tree: &Tree, press: &Press, here: &str, came: Option<Rc<Screen>>) -> Option<Leap> {
        let link = press.target.is(Exemption::Link);
        if !link || press.target.is(Exemption::NewTab) || press.target.is(Exemption::Download) {
            return None;
        }
        let mut node = tree.get(press.at.node?)?;
        // Bounded by the number of nodes, should a damaged tree have a ring.
        for _ in 0..=tree.len() {
            if node.html_tag() == Some("a") && node.attr("href").is_some() {
                break;
            }
            node = tree.parent(node.id)?;
        }
        let href = node.attr("href").map(|h| h.trim()).filter(|h| !h.starts_with('#') || h.starts_with("#/"))?;
        let base = tree.base_url(NodeId::DOCUMENT, here.parse().ok().as_ref())?;
        let to = base.join(href).ok().filter(|to| to.origin() == base.origin() && to.as_str() != here)?;
        let before = Screen::of(tree)?;
        Some(Leap {
            page: press.page,
            clicked: press.time,
            from: here.to_owned(),
            to: to.into(),
            before,
            came,
            arrived: None,
            clicks: Vec::new(),
            typed: false,
            looks: 0,
        })
    }

    /// Another click: the visitor goes on, from here or from the screen that the first click led to. Answers whether
    /// the leap is still worth to be followed.
    pub(super) fn click(&mut self, time: Millis) -> bool {
        self.clicks.push(time);
        self.arrived.is_some() && self.clicks.len() == 1
    }

    fn is_back(&self, now: &Screen) -> bool {
        [Some(&self.before), self.came.as_deref()].into_iter().flatten().any(|screen| screen.likeness(now) >= SAME)
    }

    pub(super) fn typed(&mut self) {
        self.typed = true;
    }

    /// `tree` as it is after a change by `ops`.
    pub(super) fn changed(&mut self, tree: &Tree, time: Millis, ops: &[Op]) -> Outcome {
        let late = time - self.clicked > if self.arrived.is_some() { REACH } else { EXCHANGE };
        if late || self.looks >= MAX_LOOKS {
            return Outcome::Over;
        }
        if !ops.iter().any(|op| matches!(op, Op::Put { .. } | Op::Remove { .. })) {
            return Outcome::Open;
        }
        self.looks += 1;
        let Some(now) = Screen::of(tree) else { return Outcome::Over };
        match self.arrived {
            None if self.before.lost(&now) >= LOST => {
                self.arrived = Some(time);
                return Outcome::Arrived(self.to.clone(), Rc::new(now));
            }
            Some(arrived) if self.is_back(&now) => {
                return Outcome::Back(Visit {
                    page: self.page,
                    led_by: self.clicked,
                    from: std::mem::take(&mut self.from),
                    to: std::mem::take(&mut self.to),
                    arrived,
                    left: time,
                    clicks: std::mem::take(&mut self.clicks),
                    typed: self.typed,
                });
            }
            _ => {}
        }
        Outcome::Open
    }
}

#[derive(Debug)]
pub(super) enum Outcome {
    Open,
    /// Nothing more can come of it.
    Over,
    /// The screen of that address is there.
    Arrived(String, Rc<Screen>),
    Back(Visit),
}
