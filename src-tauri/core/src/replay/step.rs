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
}

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
        let events = &self.session().events[..state.min(self.session().events.len())];
        let first = self.page_first[page.number as usize - 1];
        let mut viewport = None;
        let mut hidden = None;
        for event in events[first..].iter().rev() {
            match event.kind {
                Kind::Resize { width, height } if event.page == page.number => {
                    viewport = viewport.or(Some((width, height)));
                }
                Kind::Visibility { visible } if event.page == page.number => hidden = hidden.or(Some(!visible)),
                _ => continue,
            }
            if viewport.is_some() && hidden.is_some() {
                break;
            }
        }
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
            return Steps { steps, until };
        };
        let mut around = self.surroundings(shown).map(|(s, _)| s);
        let mut before: Tree = (*self.tree(page.document, shown)).clone();
        let mut after = before.clone();
        after.watch();
        let mut next_page = self.page_first.partition_point(|&first| first < shown);
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
                    steps.push(step(state, event.time, &page, now, reset, ops));
                }
            }
            around = now;
        }
        // Where playing goes on next time.
        let document = page.document;
        after.unwatch();
        self.keep(document, end.max(shown), Arc::new(after));
        Steps { steps, until }
    }
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
