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
/// Work after which another tree is kept, in changes applied: about half a millisecond.
const KEPT_WORK: usize = 1_000;
/// Nodes that all kept trees together may hold, those they share counted once; beyond it they are thinned out.
const KEPT_NODES: usize = 600_000;
/// Work done at one go by [`Replay::prepare`].
const PREPARED_WORK: u64 = 8_000;
/// Work after which another tree is stored: it has to be read, unpacked and built, which pays off later.
const STORED_WORK: usize = 32_000;
/// Bytes of a stored tree that take as long to read as a change takes to apply.
const STORED_BYTES: u64 = 32;

/// A session made ready to be shown at any moment.
pub struct Replay {
    session: Arc<Session>,
    documents: BTreeMap<u32, Line>,
    /// Per page: index of its first event.
    page_first: Vec<usize>,
    /// Per page: the state in which its document has a picture; `usize::MAX` when it never gets one.
    first_picture: Vec<usize>,
    /// Per page: what its events said of the window's size and of its visibility, each with the event's index.
    sizes: Vec<Vec<(usize, (u32, u32))>>,
    visible: Vec<Vec<(usize, bool)>>,
    /// Trees on the way, by document and state.
    kept: BTreeMap<(u32, usize), Arc<Tree>>,
    kept_nodes: usize,
    /// Trees as the cache has them.
    stored: BTreeMap<(u32, usize), Vec<u8>>,
    /// Where [`Replay::prepare`] goes on: document and number of events of it.
    prepared: Option<(u32, usize)>,
}

/// What happens to one document.
#[derive(Default)]
struct Line {
    /// Indexes of its events that can change DOM state.
    events: Vec<u32>,
    /// Changes made by all of them up to and including each.
    work: Vec<u64>,
}

impl Line {
    /// How many of the events belong to a state.
    fn upto(&self, state: usize) -> usize {
        self.events.partition_point(|&i| (i as usize) < state)
    }
    /// Changes from one state to a later one.
    fn between(&self, from: usize, to: usize) -> u64 {
        let done = |state| self.upto(state).checked_sub(1).map_or(0, |last| self.work[last]);
        done(to).saturating_sub(done(from))
    }
}

fn work_of(event: &Event) -> usize {
    1 + event.kind.ops().len()
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
        let mut documents: BTreeMap<u32, Line> = BTreeMap::new();
        let mut pictures: BTreeMap<u32, usize> = BTreeMap::new();
        let mut page_first = vec![usize::MAX; session.pages.len()];
        let mut sizes = vec![Vec::new(); session.pages.len()];
        let mut visible = vec![Vec::new(); session.pages.len()];
        for (i, event) in session.events.iter().enumerate() {
            let page = (event.page as usize).wrapping_sub(1);
            if let Some(first) = page_first.get_mut(page) {
                *first = (*first).min(i);
                match event.kind {
                    Kind::Resize { width, height } => sizes[page].push((i, (width, height))),
                    Kind::Visibility { visible: shown } => visible[page].push((i, shown)),
                    _ => {}
                }
            }
            if changes_state(&event.kind)
                && let Some(document) = document_of.get(&event.page)
            {
                let line = documents.entry(*document).or_default();
                line.work.push(line.work.last().copied().unwrap_or(0) + work_of(event) as u64);
                line.events.push(i as u32);
                if matches!(event.kind, Kind::Snapshot { .. }) {
                    pictures.entry(*document).or_insert(i + 1);
                }
            }
        }
        let first_picture =
            session.pages.iter().map(|p| pictures.get(&p.document).copied().unwrap_or(usize::MAX)).collect();
        let prepared = documents.keys().next().map(|&document| (document, 0));
        Replay {
            session,
            documents,
            page_first,
            first_picture,
            sizes,
            visible,
            kept: BTreeMap::new(),
            kept_nodes: 0,
            stored: BTreeMap::new(),
            prepared,
        }
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
        let Some(line) = self.documents.get(&document) else { return Arc::default() };
        let near = self.kept.range((document, 0)..=(document, state)).next_back().map(|(k, t)| (k.1, t.clone()));
        let mut from = near.as_ref().map_or(0, |(s, _)| *s);
        let mut tree = near.map_or_else(Arc::default, |(_, t)| t);
        if line.upto(from) == line.upto(state) {
            return tree;
        }
        // Trees that came from each other are compared much faster: a stored one has to save more than a little.
        let stored = self.stored.range((document, from + 1)..=(document, state)).next_back();
        if let Some((&(_, at), bytes)) = stored
            && 2 * (line.between(at, state) + bytes.len() as u64 / STORED_BYTES) < line.between(from, state)
        {
            match Tree::decode(bytes) {
                Some(read) => {
                    tree = Arc::new(read);
                    from = at;
                    self.keep(document, at, tree.clone());
                }
                None => drop(self.stored.remove(&(document, at))),
            }
        }
        self.apply(document, tree, from, state)
    }

    /// From a tree in one state to a later one, keeping some on the way.
    fn apply(&mut self, document: u32, from_tree: Arc<Tree>, from: usize, to: usize) -> Arc<Tree> {
        let session = self.session.clone();
        let Some(line) = self.documents.get(&document) else { return from_tree };
        let mut tree = (*from_tree).clone();
        let mut work = 0;
        let mut keep = Vec::new();
        for &i in &line.events[line.upto(from)..line.upto(to)] {
            let event = &session.events[i as usize];
            work += work_of(event);
            tree.apply_event(event);
            if work > KEPT_WORK.max(tree.len() / 64) {
                keep.push((i as usize + 1, Arc::new(tree.clone())));
                work = 0;
            }
        }
        for (at, tree) in keep {
            self.keep(document, at, tree);
        }
        let tree = Arc::new(tree);
        self.keep(document, to, tree.clone());
        tree
    }

    fn keep(&mut self, document: u32, state: usize, tree: Arc<Tree>) {
        let before = self.kept.range((document, 0)..(document, state)).next_back();
        self.kept_nodes += before.map_or(tree.len(), |(_, before)| tree.apart(before));
        self.kept.insert((document, state), tree);
        while self.kept_nodes > KEPT_NODES && self.kept.len() > 2 {
            // Every second one goes: what is left stays evenly spread.
            let mut odd = false;
            self.kept.retain(|key, _| {
                odd = !odd;
                odd || *key == (document, state)
            });
            self.kept_nodes = 0;
            let mut before: Option<(u32, &Arc<Tree>)> = None;
            for (key, tree) in &self.kept {
                let near = before.filter(|(document, _)| *document == key.0);
                self.kept_nodes += near.map_or(tree.len(), |(_, before)| tree.apart(before));
                before = Some((key.0, tree));
            }
        }
    }

    /// Puts in a tree that was kept elsewhere (the cache's keyframes), as [`Tree::encode`] wrote it.
    pub fn seed(&mut self, document: u32, state: usize, bytes: Vec<u8>) {
        self.stored.insert((document, state), bytes);
    }

    /// Works ahead a little, so that no seek has far to go: some milliseconds, more where one event changes much.
    /// False when there is nothing left to do.
    pub fn prepare(&mut self) -> bool {
        let Some((document, done)) = self.prepared else { return false };
        // What would be thrown away again is not worth making.
        let room = self.kept_nodes < KEPT_NODES / 2;
        let Some(line) = self.documents.get(&document).filter(|_| room) else {
            self.prepared = None;
            return false;
        };
        let before = done.checked_sub(1).map_or(0, |last| line.work[last]);
        let next = line.work.partition_point(|&work| work <= before + PREPARED_WORK).max(done + 1);
        match line.events.get(next - 1).filter(|_| next < line.events.len()) {
            Some(&event) => {
                self.prepared = Some((document, next));
                self.tree(document, event as usize + 1);
            }
            // The rest of a document is near enough.
            None => self.prepared = self.documents.range(document + 1..).next().map(|(&document, _)| (document, 0)),
        }
        self.prepared.is_some()
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
        let document_of: BTreeMap<u32, u32> = session.pages.iter().map(|p| (p.number, p.document)).collect();
        let changes = || session.events.iter().enumerate().filter(|(_, e)| changes_state(&e.kind));
        // Most documents are too short for any, and need not be built to see that.
        let mut all_work: BTreeMap<u32, usize> = BTreeMap::new();
        for (_, event) in changes() {
            if let Some(document) = document_of.get(&event.page) {
                *all_work.entry(*document).or_default() += work_of(event);
            }
        }
        all_work.retain(|_, work| *work > STORED_WORK);
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
            if *work > STORED_WORK.max(4 * tree.len()) {
                out.push((document, i + 1, tree.clone()));
                *work = 0;
            }
        }
        out
    }
}
