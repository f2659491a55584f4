use std::sync::Arc;

use super::Replay;
use crate::dom::{PatchOp, Projection, Tree, patch};
use crate::event::{Kind, Millis, Page};

/// What the window does to show one state: patch the frame, set its size, name the page.
#[derive(Debug, Clone)]
pub struct Step {
    /// Number of events applied; the window sends it back as what it shows.
    pub state: usize,
    /// Epoch ms of the last event applied (of the asked moment, for a seek).
    pub time: Millis,
    pub page: u32,
    pub document: u32,
    pub url: String,
    /// CSS px.
    pub viewport: Option<(u32, u32)>,
    /// The tab was in the background.
    pub hidden: bool,
    /// The frame starts from nothing.
    pub reset: bool,
    pub ops: Vec<PatchOp>,
}

/// State changes in order, each a patch from the one before.
#[derive(Debug, Clone)]
pub struct Steps {
    pub steps: Vec<Step>,
    /// Epoch ms up to which nothing else changes.
    pub until: Millis,
    /// Epoch ms of a change that is too large to be one of many: it has to be sought to.
    pub jump: Option<Millis>,
}

/// Weight of the patches ([`PatchOp::weight`]) after which the rest has to be asked for again.
const ENOUGH: usize = 768 << 10;
/// Changes in one event that are a seek of their own.
const LARGE: usize = 8_000;

/// What surrounds the DOM in a state.
#[derive(Clone, PartialEq)]
struct Surroundings {
    page: u32,
    viewport: Option<(u32, u32)>,
    hidden: bool,
}

impl Replay {
    fn surroundings(&self, state: usize) -> Option<(Surroundings, &Page)> {
        let page = self.page_at(state)?;
        let at = page.number as usize - 1;
        let viewport = last_before(&self.sizes[at], state);
        let hidden = last_before(&self.visible[at], state).map(|visible| !visible);
        let viewport = viewport.or(page.viewport);
        Some((Surroundings { page: page.number, viewport, hidden: hidden.unwrap_or(false) }, page))
    }

    /// One patch from the state on screen (`None`: an empty frame) to the state at `time`.
    pub fn seek(&mut self, shown: Option<usize>, time: Millis, view: &Projection) -> Step {
        let state = self.state_at(time);
        let Some((around, page)) = self.surroundings(state).map(|(s, p)| (s, p.clone())) else {
            return Step {
                state,
                time,
                page: 0,
                document: 0,
                url: String::new(),
                viewport: None,
                hidden: false,
                reset: true,
                ops: Vec::new(),
            };
        };
        let to = self.tree(page.document, state);
        let from = shown
            .filter(|&s| self.page_at(s).is_some_and(|p| p.document == page.document))
            .map(|s| self.tree(page.document, s));
        let reset = from.as_ref().is_none_or(|t| t.is_empty());
        let from = from.unwrap_or_default();
        let ops = patch(&from, &to, None, &page.url, view);
        let reset = reset || matches!(ops.first(), Some(PatchOp::Document { .. }));
        step(state, time, &page, around, reset, ops)
    }

    /// Every change of what is seen after the state on screen and up to `until` (epoch ms).
    pub fn steps(&mut self, shown: usize, until: Millis, view: &Projection) -> Steps {
        let end = self.state_at(until);
        let session = self.session().clone();
        let mut steps = Vec::new();
        let Some(mut page) = self.page_at(shown).cloned().or_else(|| session.pages.first().cloned()) else {
            return Steps { steps, until, jump: None };
        };
        let mut around = self.surroundings(shown).map(|(s, _)| s);
        let mut before: Tree = (*self.tree(page.document, shown)).clone();
        let mut after = before.clone();
        after.watch();
        let mut next_page = self.page_first.partition_point(|&first| first < shown);
        let (mut until, mut jump) = (until, None);
        let mut reached = end.max(shown);
        let mut weight = 0;
        for (i, event) in session.events.iter().enumerate().take(end).skip(shown) {
            let state = i + 1;
            let mut turned = false;
            // Pages are numbered by their first event, so the next one to start is the next in order.
            while self.page_first.get(next_page).is_some_and(|&first| first < state) {
                let next = session.pages[next_page].clone();
                if next.document != page.document {
                    before = Tree::new();
                    after = (*self.tree(next.document, i)).clone();
                    after.watch();
                }
                page = next;
                next_page += 1;
                turned = true;
            }
            let same_document =
                session.pages.get((event.page as usize).wrapping_sub(1)).is_some_and(|p| p.document == page.document);
            let mut ops = Vec::new();
            if same_document && event.kind.ops().len() > LARGE {
                (until, jump) = (event.time, Some(event.time));
                reached = i;
                break;
            }
            if same_document {
                after.apply_event(event);
                let changed = after.take_changed();
                let pointer = before.hover() != after.hover() || before.focus() != after.focus();
                let nothing = changed.as_ref().is_some_and(Vec::is_empty);
                if !nothing || pointer {
                    ops = patch(&before, &after, changed.as_deref(), &page.url, view);
                    if turned && before.is_empty() {
                        before = after.clone();
                    } else {
                        before.apply_event(event);
                    }
                }
            }
            let surroundings_may_change = turned || matches!(event.kind, Kind::Resize { .. } | Kind::Visibility { .. });
            let now = if surroundings_may_change { self.surroundings(state).map(|(s, _)| s) } else { around.clone() };
            if !ops.is_empty() || turned || now != around {
                let reset = matches!(ops.first(), Some(PatchOp::Document { .. }));
                if let Some(now) = now.clone() {
                    weight += ops.iter().map(PatchOp::weight).sum::<usize>();
                    steps.push(step(state, event.time, &page, now, reset, ops));
                }
            }
            around = now;
            if weight > ENOUGH {
                until = until.min(event.time);
                reached = state;
                break;
            }
        }
        // Where playing goes on next time.
        let document = page.document;
        after.unwatch();
        self.keep(document, reached, Arc::new(after));
        Steps { steps, until, jump }
    }
}

fn last_before<T: Copy>(said: &[(usize, T)], state: usize) -> Option<T> {
    let count = said.partition_point(|(event, _)| *event < state);
    count.checked_sub(1).map(|last| said[last].1)
}

fn step(state: usize, time: Millis, page: &Page, around: Surroundings, reset: bool, ops: Vec<PatchOp>) -> Step {
    Step {
        state,
        time,
        page: page.number,
        document: page.document,
        url: page.url.clone(),
        viewport: around.viewport,
        hidden: around.hidden,
        reset,
        ops,
    }
}
