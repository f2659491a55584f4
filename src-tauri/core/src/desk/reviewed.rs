//! The reviewer's work as the window asks for it.
//!
//! The trap: a list of fifty thousand rows is asked for at every keystroke. What stands on sessions is read once for
//! the whole list, never row by row.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::browse::Mention;
use super::notes;
use super::review::{self, By, NewNote, Standing};
use super::window::{Desk, finding_view, json, now, session_row};
use crate::error::Result;
use crate::event::Millis;
use crate::findings::Findings;
use crate::store::index::Said;
use crate::store::{Cache, Decision, Filter, Goal};
use crate::wire::{
    DecisionView, GoalView, NoteView, NotesExportedView, NotesMergedView, ReviewChange, ReviewView, SessionRow,
    TurnedView,
};

/// Rows up to which it is quicker to ask for each what stands on it.
const A_PAGE: usize = 256;

fn view(cache: &Cache, id: &str) -> Result<ReviewView> {
    let who = review::reviewer(cache)?;
    let mut notes: Vec<_> = cache.notes_of(Some(id))?.into_iter().filter(|n| !n.gone).collect();
    notes.sort_by(|a, b| (a.at, a.created_at, &a.id).cmp(&(b.at, b.created_at, &b.id)));
    let mut texts: HashMap<&str, u32> = HashMap::new();
    for note in &notes {
        *texts.entry(notes::base(&note.id)).or_default() += 1;
    }
    let notes = notes
        .iter()
        .map(|n| NoteView {
            id: n.id.clone(),
            page: n.page,
            at: n.at,
            node: n.node,
            selector: n.selector.clone(),
            author: n.author.clone(),
            text: n.text.clone(),
            created_at: n.created_at,
            changed_at: n.changed_at,
            twofold: texts.get(notes::base(&n.id)).is_some_and(|n| *n > 1),
        })
        .collect();
    let mut known: Vec<(String, u32)> = review::labels(cache)?.into_iter().collect();
    known.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let decisions = cache.marks::<Decision>(Some(id))?.into_iter().filter(|m| !m.gone).map(|m| DecisionView {
        kind: m.what.kind,
        time: m.what.time,
        selector: m.what.selector,
        reason: m.what.reason,
        by: m.by,
    });
    let standing = review::standing(cache, id, &who)?;
    Ok(ReviewView {
        session: id.to_owned(),
        favourite: standing.favourite,
        rating: standing.rating.and_then(|r| u8::try_from(r).ok()),
        watched_at: standing.watched_at,
        watched_until: standing.watched_until,
        watched_by: standing.watched_by,
        labels: standing.labels,
        notes,
        decisions: decisions.collect(),
        known_labels: known.into_iter().map(|(label, _)| label).collect(),
        undo: cache.next_step(false)?.map(|s| s.said),
        redo: cache.next_step(true)?.map(|s| s.said),
        reviewer: who,
    })
}

/// Writes what stands on a session into its row.
pub(super) fn stand(row: &mut SessionRow, standing: &Standing) {
    row.watched = standing.watched_at.is_some();
    row.watched_at = standing.watched_at;
    row.watched_until = standing.watched_until;
    row.watched_by.clone_from(&standing.watched_by);
    row.favourite = standing.favourite;
    row.rating = standing.rating.and_then(|r| u8::try_from(r).ok());
    row.labels.clone_from(&standing.labels);
    row.notes = standing.notes.len() as u32;
    row.dismissed = standing.decisions;
}

/// Rows with what stands on them.
pub(super) fn rows(cache: &Cache, sessions: &[crate::store::SessionRow]) -> Result<Vec<SessionRow>> {
    let who = review::reviewer(cache)?;
    let nothing = Standing::default();
    let all = if sessions.len() > A_PAGE { Some(review::standings(cache, &who)?) } else { None };
    let mut rows = Vec::with_capacity(sessions.len());
    for session in sessions {
        let mut row = session_row(session);
        match &all {
            Some(all) => stand(&mut row, all.get(&session.id).unwrap_or(&nothing)),
            None => stand(&mut row, &review::standing(cache, &session.id, &who)?),
        }
        rows.push(row);
    }
    Ok(rows)
}

impl Desk {
    /// Everything that was said of a session, as JSON of `Review`.
    ///
    /// # Errors
    /// [`crate::error::Error::SessionMissing`], the `Cache…` ones.
    pub fn review(&self, id: &str) -> Result<Vec<u8>> {
        let cache = self.cache();
        cache.session(id)?;
        json(&view(&cache, id)?)
    }

    /// Changes one thing, and gives everything that was said of the session then.
    ///
    /// # Errors
    /// As the function of [`review`] that does it.
    pub fn review_change(&self, id: &str, change: ReviewChange) -> Result<Vec<u8>> {
        let mut cache = self.cache();
        let who = review::reviewer(&cache)?;
        let by = By { who: &who, at: now() };
        match change {
            ReviewChange::AddNote { id: note, page, at, node, selector, text } => {
                let session = id.to_owned();
                review::add_note(&mut cache, NewNote { id: note, session, page, at, node, selector, text }, by)?;
            }
            ReviewChange::EditNote { id: note, text } => review::edit_note(&mut cache, &note, &text, by)?,
            ReviewChange::RemoveNote { id: note } => review::remove_note(&mut cache, &note, by)?,
            ReviewChange::Label { label, on } => drop(review::label(&mut cache, id, &label, on, by)?),
            ReviewChange::Favourite { on } => drop(review::favourite(&mut cache, id, on, by)?),
            ReviewChange::Rate { rating } => drop(review::rate(&mut cache, id, rating.map(i64::from), by)?),
            ReviewChange::Watched { on } => drop(review::watched(&mut cache, id, on, true, by)?),
            ReviewChange::Reached { until } => drop(review::reached(&mut cache, id, until, by)?),
            ReviewChange::Decide { kind, page, time, selector, reason, on } => {
                let page = cache.pages(id)?.into_iter().find(|p| p.number == page).map(|p| p.url);
                let what = Decision { kind, time, selector, page, reason };
                review::decide(&mut cache, id, what, on, by)?;
            }
        }
        json(&view(&cache, id)?)
    }

    /// Notes that the end of a session was seen.
    ///
    /// # Errors
    /// [`crate::error::Error::SessionMissing`], the `Cache…` ones.
    pub fn mark_watched(&self, id: &str) -> Result<()> {
        let mut cache = self.cache();
        let who = review::reviewer(&cache)?;
        review::watched(&mut cache, id, true, false, By { who: &who, at: now() }).map(drop)
    }

    /// Undoes the last step, or does the last undone one again.
    ///
    /// # Errors
    /// [`crate::error::Error::StepOutdated`], the `Cache…` ones.
    pub fn review_turn(&self, redo: bool) -> Result<TurnedView> {
        let mut cache = self.cache();
        let said = review::turn(&mut cache, redo, now())?;
        let next = |redo| cache.next_step(redo).map(|step| step.map(|s| s.said));
        Ok(TurnedView { said, undo: next(false)?, redo: next(true)? })
    }

    /// Name of the reviewer, after giving it when there is one.
    ///
    /// # Errors
    /// As [`review::set_reviewer`].
    pub fn reviewer(&self, name: Option<&str>) -> Result<String> {
        let mut cache = self.cache();
        if let Some(name) = name {
            review::set_reviewer(&mut cache, name)?;
        }
        review::reviewer(&cache)
    }

    /// Sets a goal, or with `watch` 0 gives it up.
    ///
    /// # Errors
    /// As [`review::set_goal`].
    pub fn set_goal(&self, goal: Goal) -> Result<()> {
        let mut cache = self.cache();
        let who = review::reviewer(&cache)?;
        review::set_goal(&mut cache, goal, By { who: &who, at: now() }).map(drop)
    }

    /// Goals, with what was watched between two moments (epoch ms).
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn goals(&self, from: Millis, until: Millis) -> Result<Vec<GoalView>> {
        goals(&self.cache(), from, until)
    }

    /// # Errors
    /// As [`notes::export`].
    pub fn export_notes(&self, path: &Path) -> Result<NotesExportedView> {
        // The person who chose the file was asked whether to replace it.
        let done = notes::export(&self.cache(), path, &[], true)?;
        let marks = done.labels + done.favourites + done.ratings + done.watched + done.decisions + done.goals;
        Ok(NotesExportedView {
            path: done.path.to_string_lossy().into_owned(),
            notes: done.notes as u32,
            marks: marks as u32,
        })
    }

    /// # Errors
    /// As [`notes::import`].
    pub fn import_notes(&self, path: &Path) -> Result<NotesMergedView> {
        let mut findings = Findings::new();
        let done = notes::import(&mut self.cache(), path, &mut findings)?;
        Ok(NotesMergedView {
            notes_added: done.notes_added as u32,
            notes_changed: done.notes_changed as u32,
            both_kept: done.both_kept as u32,
            marks_changed: done.marks_changed as u32,
            findings: findings.list().iter().map(finding_view).collect(),
        })
    }
}

/// Goals of a cache with how far they are; for the command line too.
///
/// # Errors
/// The `Cache…` ones.
pub fn goals(cache: &Cache, from: Millis, until: Millis) -> Result<Vec<GoalView>> {
    let goals: Vec<Goal> = cache.marks::<Goal>(None)?.into_iter().filter(|m| !m.gone).map(|m| m.what).collect();
    if goals.is_empty() {
        return Ok(Vec::new());
    }
    let mut sessions = cache.sessions(&Filter::default())?;
    with_fields(cache, &mut sessions)?;
    let mut found: BTreeMap<&str, Vec<SessionRow>> = BTreeMap::new();
    let mut out = Vec::with_capacity(goals.len());
    for goal in &goals {
        if !found.contains_key(goal.text.as_str()) {
            let wanted = Mention::of(&goal.text);
            let ours = sessions.iter().filter(|row| wanted.as_ref().is_none_or(|w| w.holds(&row.id, &row.facts)));
            found.insert(&goal.text, rows(cache, &ours.cloned().collect::<Vec<_>>())?);
        }
        let all = found.get(goal.text.as_str()).map(Vec::as_slice).unwrap_or_default();
        let ours = all.iter().filter(|r| !goal.favourites || r.favourite);
        let ours: Vec<_> = ours.filter(|r| goal.label.as_ref().is_none_or(|l| r.labels.contains(l))).collect();
        out.push(GoalView {
            id: goal.id.clone(),
            text: goal.text.clone(),
            label: goal.label.clone(),
            favourites: goal.favourites,
            watch: goal.watch,
            done: ours.iter().filter(|r| r.watched_at.is_some_and(|at| from <= at && at < until)).count() as u32,
            sessions: ours.len() as u32,
        });
    }
    Ok(out)
}

/// The rows of a list, with the fields that people wrote.
pub(super) fn with_fields(cache: &Cache, rows: &mut [crate::store::SessionRow]) -> Result<()> {
    let said = if rows.len() > A_PAGE { Some(cache.said_by_people(None)?) } else { None };
    let nothing = Said::default();
    for row in rows {
        match &said {
            Some(all) => all.get(&row.id).unwrap_or(&nothing).write(&mut row.facts),
            None => cache.said_by_people(Some(&row.id))?.remove(&row.id).unwrap_or_default().write(&mut row.facts),
        }
    }
    Ok(())
}
