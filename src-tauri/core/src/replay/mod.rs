//! Any moment of a session, reached from anywhere.
//!
//! The trap: "the state at time T" must not depend on what was shown before. A state is therefore named by
//! the **number of events applied** (all events of the session up to it, in order), trees are pure functions
//! of that number, and whatever is kept between calls only makes them cheaper.

mod step;
mod track;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use step::{Step, Steps};
pub use track::{PointerTrack, pointer_track};

use crate::dom::Tree;
use crate::event::{Event, Kind, Millis, Page, Session};

/// How far ahead of its first picture a page is shown by it, in ms: about as long as pages load.
const SOON: Millis = 2_500;
/// How long before a recorder's first word its page is on screen already, ms: recorders start when a page is parsed.
const LOADING: Millis = 250;
/// Work after which another keyframe is worth its memory, in changes applied.
const KEYFRAME_WORK: usize = 4_000;
/// Nodes that all kept trees together may hold; beyond it the kept trees are thinned out.
const KEPT_NODES: usize = 800_000;

/// A session made ready to be shown at any moment.
pub struct Replay {
    session: Arc<Session>,
    /// Per document: indexes of its events that can change DOM state.
    documents: BTreeMap<u32, Vec<u32>>,
    /// Per page: index of its first event.
    page_first: Vec<usize>,
    /// Per page: the state in which its document has a picture; `usize::MAX` when it never gets one.
    first_picture: Vec<usize>,
    /// Trees on the way, by document and state.
    kept: BTreeMap<(u32, usize), Arc<Tree>>,
    kept_nodes: usize,
}

/// True for events that [`Tree::apply_event`] acts on.
fn changes_state(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Snapshot { .. }
            | Kind::Mutation { .. }
            | Kind::Style { .. }
            | Kind::Scroll { .. }
            | Kind::Input { .. }
            | Kind::Change { .. }
            | Kind::Open { .. }
            | Kind::Media { .. }
            | Kind::Move(_)
            | Kind::MouseDown(_)
            | Kind::MouseUp(_)
            | Kind::DoubleClick(_)
            | Kind::Drag(_)
            | Kind::Click(_)
            | Kind::FocusIn { .. }
            | Kind::FocusOut { .. }
    )
}

impl Replay {
    pub fn new(session: Arc<Session>) -> Replay {
        let document_of: BTreeMap<u32, u32> = session.pages.iter().map(|p| (p.number, p.document)).collect();
        let mut documents: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut page_first = vec![usize::MAX; session.pages.len()];
        for (i, event) in session.events.iter().enumerate() {
            if let Some(first) = (event.page as usize).checked_sub(1).and_then(|p| page_first.get_mut(p)) {
                *first = (*first).min(i);
            }
            if changes_state(&event.kind)
                && let Some(document) = document_of.get(&event.page)
            {
                documents.entry(*document).or_default().push(i as u32);
            }
        }
        let mut pictures: BTreeMap<u32, usize> = BTreeMap::new();
        for (document, events) in &documents {
            let first = events.iter().find(|&&i| matches!(session.events[i as usize].kind, Kind::Snapshot { .. }));
            if let Some(&i) = first {
                pictures.insert(*document, i as usize + 1);
            }
        }
        let first_picture =
            session.pages.iter().map(|p| pictures.get(&p.document).copied().unwrap_or(usize::MAX)).collect();
        Replay { session, documents, page_first, first_picture, kept: BTreeMap::new(), kept_nodes: 0 }
    }

    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The state after every event up to and including `time` (epoch ms).
    ///
    /// Just before a page's recorder starts, and until its first picture, there is nothing to see: then it is
    /// the state of that first picture, when it comes soon.
    pub fn state_at(&self, time: Millis) -> usize {
        let state = self.count_at(time);
        let in_front = self.page_first.iter().rposition(|&first| first < state);
        let next = in_front.map_or(0, |i| i + 1);
        let arrived = in_front.map_or(0, |i| self.first_picture.get(i).copied().unwrap_or(0));
        let soon = |picture: usize| {
            let event = picture.checked_sub(1).and_then(|i| self.session.events.get(i));
            event.is_some_and(|e| e.time - time <= SOON)
        };
        if arrived > state && soon(arrived) {
            return arrived;
        }
        // The page in front has nothing more to say, and the next one is about to.
        if let (Some(page), Some(event)) = (self.session.pages.get(next), self.session.events.get(state))
            && event.page == page.number
            && page.started_at - time <= LOADING
        {
            let picture = self.first_picture[next];
            // A page of the same document is a route change: the old view stands until it happens.
            let same_document = in_front.is_some_and(|i| self.session.pages[i].document == page.document);
            if !same_document && picture > state && soon(picture) {
                return picture;
            }
        }
        state
    }

    /// Events up to and including `time`.
    fn count_at(&self, time: Millis) -> usize {
        self.session.events.partition_point(|e| e.time <= time)
    }

    /// The page view that is in front in a state: the one that started last.
    pub fn page_at(&self, state: usize) -> Option<&Page> {
        let number = self.page_first.iter().rposition(|&first| first < state)?;
        self.session.pages.get(number)
    }

    /// The DOM of a document in a state. Cheap when a near earlier state was asked for before.
    pub fn tree(&mut self, document: u32, state: usize) -> Arc<Tree> {
        let near = self.kept.range((document, 0)..=(document, state)).next_back().map(|(k, t)| (k.1, t.clone()));
        let events = self.documents.get(&document).map_or(&[][..], |v| v.as_slice());
        let from = near.as_ref().map_or(0, |(s, _)| *s);
        let first = events.partition_point(|&i| (i as usize) < from);
        let last = events.partition_point(|&i| (i as usize) < state);
        if let Some((_, tree)) = &near
            && first == last
        {
            return tree.clone();
        }
        let mut tree = near.map_or_else(Tree::new, |(_, t)| (*t).clone());
        let mut work = 0;
        let mut keep = Vec::new();
        for &i in &events[first..last] {
            let event = &self.session.events[i as usize];
            work += 1 + event.kind.ops().len();
            tree.apply_event(event);
            // A copy costs about as much as the nodes it holds: big trees are kept less often.
            if work > KEYFRAME_WORK.max(tree.len()) {
                keep.push((i as usize + 1, Arc::new(tree.clone())));
                work = 0;
            }
        }
        for (at, tree) in keep {
            self.keep(document, at, tree);
        }
        let tree = Arc::new(tree);
        self.keep(document, state, tree.clone());
        tree
    }

    fn keep(&mut self, document: u32, state: usize, tree: Arc<Tree>) {
        self.kept_nodes += tree.len();
        if let Some(old) = self.kept.insert((document, state), tree) {
            self.kept_nodes -= old.len();
        }
        while self.kept_nodes > KEPT_NODES && self.kept.len() > 2 {
            // Every second one goes: what is left stays evenly spread.
            let drop: Vec<(u32, usize)> = self.kept.keys().copied().step_by(2).collect();
            for key in drop {
                if let Some(old) = self.kept.remove(&key) {
                    self.kept_nodes -= old.len();
                }
            }
        }
    }

    /// Puts in a tree that was kept elsewhere (the cache's keyframes).
    pub fn seed(&mut self, document: u32, state: usize, tree: Tree) {
        self.keep(document, state, Arc::new(tree));
    }

    /// The DOM that a person would see at `time`, on the page in front then.
    pub fn tree_at(&mut self, time: Millis) -> Arc<Tree> {
        let state = self.state_at(time);
        match self.page_at(state).map(|p| p.document) {
            Some(document) => self.tree(document, state),
            None => Arc::default(),
        }
    }

    /// The DOM of one page view, `at_ms` after its first event. `None` when there is no such page.
    pub fn tree_on_page(&mut self, page: u32, at_ms: Millis) -> Option<Arc<Tree>> {
        let view = self.session.pages.iter().find(|p| p.number == page)?;
        let (document, time) = (view.document, view.started_at.saturating_add(at_ms));
        let mut state = self.count_at(time);
        let picture = self.first_picture[page as usize - 1];
        let comes_soon = picture != usize::MAX && self.session.events[picture - 1].time - time <= SOON;
        if picture > state && comes_soon {
            state = picture;
        }
        Some(self.tree(document, state))
    }

    /// States worth keeping in the cache: document, state and tree, in order.
    pub fn keyframes(session: &Session) -> Vec<(u32, usize, Tree)> {
        // A stored keyframe has to be read, unpacked and built: it pays off later than a kept one.
        const WORK: usize = 8 * KEYFRAME_WORK;
        let document_of: BTreeMap<u32, u32> = session.pages.iter().map(|p| (p.number, p.document)).collect();
        let work_of = |event: &Event| 1 + event.kind.ops().len();
        let changes = || session.events.iter().enumerate().filter(|(_, e)| changes_state(&e.kind));
        // Most documents are too short for any, and need not be built to see that.
        let mut all_work: BTreeMap<u32, usize> = BTreeMap::new();
        for (_, event) in changes() {
            if let Some(document) = document_of.get(&event.page) {
                *all_work.entry(*document).or_default() += work_of(event);
            }
        }
        all_work.retain(|_, work| *work > WORK);
        let mut trees: BTreeMap<u32, (Tree, usize)> = BTreeMap::new();
        let mut out = Vec::new();
        if all_work.is_empty() {
            return out;
        }
        for (i, event) in changes() {
            let Some(&document) = document_of.get(&event.page).filter(|d| all_work.contains_key(d)) else { continue };
            let (tree, work) = trees.entry(document).or_default();
            tree.apply_event(event);
            *work += work_of(event);
            if *work > WORK.max(4 * tree.len()) {
                out.push((document, i + 1, tree.clone()));
                *work = 0;
            }
        }
        out
    }
}
