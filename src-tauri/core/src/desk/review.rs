//! The reviewer's work on sessions: notes, labels, favourites, ratings, watched, "not a problem", goals; each step
//! can be undone and done again, also after a restart.
//!
//! The trap: undoing is not going back in time. Another copy of the project may have seen the step already, so an
//! undo writes a new, later state that looks like the old one. And what was changed since, here or by a merge, is
//! not overwritten: then the step can no longer be undone, and says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::notes::{base, changed, heads};
use crate::error::{Error, Result};
use crate::event::Millis;
use crate::store::{
    Cache, Decision, Favourite, Goal, Label, Mark, MarkRow, Note, Payload, Rating, Reached, Watched, Writing,
};

/// Characters of a note, of a label or reason, of a reviewer's name.
const LONGEST_TEXT: usize = 20_000;
const LONGEST_LABEL: usize = 100;
const LONGEST_NAME: usize = 60;
/// A step of the history is one row of the cache, and is read whole when it is undone.
pub const MOST_LABELLED: usize = 20_000;
/// Goal of a week at most.
const MOST_GOAL: u32 = 10_000;

const NAME: &str = "reviewer";

/// Who does it, and when (epoch ms).
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Empty when the reviewer gave no name.
    pub who: &'a str,
    pub at: Millis,
}

/// A note to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewNote {
    /// Chosen by the caller, unlike any other.
    pub id: String,
    pub session: String,
    pub page: Option<u32>,
    /// Epoch ms.
    pub at: Option<Millis>,
    pub node: Option<i64>,
    pub selector: Option<String>,
    pub text: String,
}

/// One row before and after a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Change {
    Mark {
        before: Option<MarkRow>,
        after: MarkRow,
    },
    /// By the note's base id; versions that are gone stand for "there was none".
    Note {
        before: Option<Note>,
        after: Note,
    },
}

fn usage(message: impl Into<String>) -> Error {
    Error::Usage { message: message.into() }
}

fn check_session(cache: &Cache, id: &str) -> Result<()> {
    match cache.has(id)? {
        true => Ok(()),
        false => Err(Error::SessionMissing { id: id.to_owned() }),
    }
}

/// Text of a note as it is kept.
fn text_of(text: &str) -> Result<String> {
    let text = text.trim().replace("\r\n", "\n");
    if text.is_empty() {
        return Err(usage("A note needs a text."));
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(usage(format!("A note has at most {LONGEST_TEXT} characters.")));
    }
    Ok(text)
}

/// One line without blanks around it.
fn line_of(text: &str, what: &str, longest: usize) -> Result<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().any(char::is_control) {
        return Err(usage(format!("{what} holds a character that cannot be shown.")));
    }
    if line.chars().count() > longest {
        return Err(usage(format!("{what} has at most {longest} characters.")));
    }
    Ok(line)
}

/// Name of whoever reviews in this cache; empty until one is given.
///
/// # Errors
/// The `Cache…` ones.
pub fn reviewer(cache: &Cache) -> Result<String> {
    Ok(cache.review_setting(NAME)?.unwrap_or_default())
}

/// Gives the reviewer a name. What was watched, rated and marked under the old one goes along; notes keep their
/// author.
///
/// # Errors
/// [`Error::Usage`] for a name that is too long, [`Error::DiskFull`], the `Cache…` ones.
pub fn set_reviewer(cache: &mut Cache, name: &str) -> Result<()> {
    let name = line_of(name, "A name", LONGEST_NAME)?;
    let old = reviewer(cache)?;
    if old == name {
        return Ok(());
    }
    let steps = cache.steps()?;
    let tx = cache.write()?;
    tx.rename_reviewer(&old, &name)?;
    // Steps name the rows that they changed.
    for step in steps {
        let Ok(mut changes) = serde_json::from_str::<Vec<Change>>(&step.changes) else { continue };
        let mut found = false;
        for change in &mut changes {
            let Change::Mark { before, after } = change else { continue };
            if after.by == old && personal(&after.kind) {
                found = true;
                after.by.clone_from(&name);
                if let Some(before) = before {
                    before.by.clone_from(&name);
                }
            }
        }
        if found {
            tx.set_changes(step.id, &written(&changes)?)?;
        }
    }
    tx.set_review_setting(NAME, &name)?;
    tx.commit()
}

// ---- steps

/// The versions of the note that `id` is one of.
fn versions(cache: &Cache, id: &str) -> Result<Vec<Note>> {
    let base = base(id);
    Ok(cache.notes_of(None)?.into_iter().filter(|n| self::base(&n.id) == base).collect())
}

/// Puts `new` in place of the version `old` and gives every version of the note its id.
fn put_version(tx: &Writing<'_>, all: &[Note], new: &Note) -> Result<()> {
    let base = base(&new.id).to_owned();
    let kept = heads(&base, all.iter().chain([new]));
    for old in all {
        tx.drop_note(&old.id)?;
    }
    kept.iter().try_for_each(|note| tx.put_note(note))
}

fn same_note(a: &Note, b: &Note) -> bool {
    let key = |n: &Note| (n.text.clone(), n.gone, n.page, n.at, n.node, n.selector.clone(), n.author.clone());
    key(a) == key(b)
}

fn same_mark(a: &MarkRow, b: &MarkRow) -> bool {
    a.gone == b.gone && (a.gone || a.value == b.value)
}

fn written(changes: &[Change]) -> Result<String> {
    serde_json::to_string(changes).map_err(|e| Error::Internal { message: format!("A step cannot be written: {e}.") })
}

fn record(tx: &Writing<'_>, at: Millis, said: &str, changes: &[Change]) -> Result<()> {
    tx.put_step(at, said, &written(changes)?)
}

/// Whether a kind of mark is one person's own. Labels and goals are everybody's.
fn personal(kind: &str) -> bool {
    kind != Label::KIND && kind != Goal::KIND
}

/// Sets marks and notes it as one step; nothing happens when all of them stand already. With no words it is no step
/// of the history. Answers how many were changed.
fn set_many(cache: &mut Cache, rows: Vec<MarkRow>, at: Millis, said: Option<&str>) -> Result<usize> {
    let mut changes = Vec::new();
    for mut row in rows {
        let before = cache.mark_row(&row.kind, &row.session, &row.key, &row.by)?;
        match &before {
            Some(old) if same_mark(old, &row) => continue,
            None if row.gone => continue,
            Some(old) => row.changed_at = at.max(old.changed_at.saturating_add(1)),
            None => row.changed_at = at,
        }
        changes.push(Change::Mark { before, after: row });
    }
    if changes.is_empty() {
        return Ok(0);
    }
    let tx = cache.write()?;
    for change in &changes {
        if let Change::Mark { after, .. } = change {
            tx.put_mark_row(after)?;
        }
    }
    if let Some(said) = said {
        record(&tx, at, said, &changes)?;
    }
    tx.commit()?;
    Ok(changes.len())
}

/// As [`set_many`]; answers whether anything was changed.
fn set_marks(cache: &mut Cache, rows: Vec<MarkRow>, at: Millis, said: Option<&str>) -> Result<bool> {
    Ok(set_many(cache, rows, at, said)? > 0)
}

fn mark<T: Payload>(session: &str, by: &str, what: T, gone: bool) -> Result<MarkRow> {
    MarkRow::of(&Mark { session: session.to_owned(), what, by: by.to_owned(), changed_at: 0, gone })
}

/// Writes a note.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::Usage`] for a text that is empty or too long or an id that is taken,
/// [`Error::DiskFull`], the `Cache…` ones.
pub fn add_note(cache: &mut Cache, new: NewNote, by: By<'_>) -> Result<()> {
    check_session(cache, &new.session)?;
    let text = text_of(&new.text)?;
    if new.id.trim().is_empty() || new.id.len() > 200 || base(&new.id) != new.id {
        return Err(usage("A note needs an id."));
    }
    if !versions(cache, &new.id)?.is_empty() {
        return Err(usage(format!("There is a note {} already.", new.id)));
    }
    let NewNote { id, session, page, at, node, selector, .. } = new;
    let note = Note {
        id,
        session,
        page,
        at,
        node,
        selector: selector.filter(|s| !s.is_empty()),
        author: (!by.who.is_empty()).then(|| by.who.to_owned()),
        text,
        created_at: by.at,
        changed_at: by.at,
        gone: false,
        was: Vec::new(),
    };
    let tx = cache.write()?;
    tx.put_note(&note)?;
    record(&tx, by.at, "Note added", &[Change::Note { before: None, after: note }])?;
    tx.commit()
}

fn change_note(cache: &mut Cache, id: &str, at: Millis, said: &str, change: impl FnOnce(&mut Note)) -> Result<()> {
    let all = versions(cache, id)?;
    let Some(old) = all.iter().find(|n| n.id == id && !n.gone) else {
        return Err(Error::NoteMissing { id: id.to_owned() });
    };
    let new = changed(old, at, change);
    if same_note(old, &new) {
        return Ok(());
    }
    let tx = cache.write()?;
    put_version(&tx, &all, &new)?;
    record(&tx, at, said, &[Change::Note { before: Some(old.clone()), after: new }])?;
    tx.commit()
}

/// Gives a note another text.
///
/// # Errors
/// [`Error::NoteMissing`], [`Error::Usage`] for a text that is empty or too long, [`Error::DiskFull`], the `Cache…`
/// ones.
pub fn edit_note(cache: &mut Cache, id: &str, text: &str, by: By<'_>) -> Result<()> {
    let text = text_of(text)?;
    change_note(cache, id, by.at, "Note changed", |note| note.text = text)
}

/// Takes a note away.
///
/// # Errors
/// [`Error::NoteMissing`], [`Error::DiskFull`], the `Cache…` ones.
pub fn remove_note(cache: &mut Cache, id: &str, by: By<'_>) -> Result<()> {
    change_note(cache, id, by.at, "Note removed", |note| {
        note.gone = true;
        note.text.clear();
    })
}

/// A label as it is kept: of one line, in the capitals in which it is known already, on these sessions first.
fn label_of(cache: &Cache, sessions: &[String], label: &str) -> Result<String> {
    let label = line_of(label, "A label", LONGEST_LABEL)?;
    if label.is_empty() {
        return Err(usage("A label needs a text."));
    }
    let lower = label.to_lowercase();
    if let [session] = sessions {
        let own = cache.marks::<Label>(Some(session))?;
        if let Some(own) = own.into_iter().find(|m| !m.gone && m.what.label.to_lowercase() == lower) {
            return Ok(own.what.label);
        }
    }
    Ok(labels(cache)?.into_keys().find(|known| known.to_lowercase() == lower).unwrap_or(label))
}

/// Puts a label on a session, or takes it off. A label that is known in other capitals is written as it is known.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::Usage`] for a label that is empty or too long, [`Error::DiskFull`], the
/// `Cache…` ones.
pub fn label(cache: &mut Cache, session: &str, label: &str, on: bool, by: By<'_>) -> Result<bool> {
    Ok(label_many(cache, &[session.to_owned()], label, on, by)? > 0)
}

/// As [`label`], on many sessions as one step; answers how many were changed.
///
/// # Errors
/// As [`label`], and then nothing was changed; [`Error::Usage`] for more than [`MOST_LABELLED`] sessions.
pub fn label_many(cache: &mut Cache, sessions: &[String], label: &str, on: bool, by: By<'_>) -> Result<usize> {
    if sessions.len() > MOST_LABELLED {
        return Err(usage(format!(
            "At most {MOST_LABELLED} sessions take a label at once; these are {}.",
            sessions.len()
        )));
    }
    for session in sessions {
        check_session(cache, session)?;
    }
    let label = label_of(cache, sessions, label)?;
    let said = match (on, sessions.len()) {
        (true, 1) => format!("Label “{label}” put on"),
        (false, 1) => format!("Label “{label}” taken off"),
        (true, n) => format!("Label “{label}” put on {n} sessions"),
        (false, n) => format!("Label “{label}” taken off {n} sessions"),
    };
    let rows: Vec<MarkRow> =
        sessions.iter().map(|s| mark(s, "", Label { label: label.clone() }, !on)).collect::<Result<_>>()?;
    set_many(cache, rows, by.at, Some(&said))
}

/// # Errors
/// [`Error::SessionMissing`], [`Error::DiskFull`], the `Cache…` ones.
pub fn favourite(cache: &mut Cache, session: &str, on: bool, by: By<'_>) -> Result<bool> {
    check_session(cache, session)?;
    let said = if on { "Marked as favourite" } else { "No favourite any more" };
    let row = mark(session, by.who, Favourite {}, !on)?;
    set_marks(cache, vec![row], by.at, Some(said))
}

/// Rates a session 1 to 5, or (`None`) takes the rating back.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::Usage`] for another number, [`Error::DiskFull`], the `Cache…` ones.
pub fn rate(cache: &mut Cache, session: &str, rating: Option<i64>, by: By<'_>) -> Result<bool> {
    check_session(cache, session)?;
    if let Some(rating) = rating.filter(|r| !(1..=5).contains(r)) {
        return Err(usage(format!("A rating is 1 to 5, not {rating}.")));
    }
    let said = rating.map_or("Rating taken back".to_owned(), |r| format!("Rated {r}"));
    let row = mark(session, by.who, Rating { rating: rating.unwrap_or_default() }, rating.is_none())?;
    set_marks(cache, vec![row], by.at, Some(&said))
}

/// Marks a session as watched, or as not watched. By hand it is a step of the history; the player's own note that the
/// end was seen is none.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::DiskFull`], the `Cache…` ones.
pub fn watched(cache: &mut Cache, session: &str, on: bool, by_hand: bool, by: By<'_>) -> Result<bool> {
    check_session(cache, session)?;
    let old = own_mark::<Watched>(cache, session, by.who)?;
    if on && old.is_some() {
        return Ok(false);
    }
    let said = if on { "Marked watched" } else { "Marked not watched" };
    let row = mark(session, by.who, Watched { at: by.at }, !on)?;
    set_marks(cache, vec![row], by.at, by_hand.then_some(said))
}

/// Notes up to which moment (epoch ms of the recording) a session was played; only ever further.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::DiskFull`], the `Cache…` ones.
pub fn reached(cache: &mut Cache, session: &str, until: Millis, by: By<'_>) -> Result<bool> {
    check_session(cache, session)?;
    if own_mark::<Reached>(cache, session, by.who)?.is_some_and(|known| known.until >= until) {
        return Ok(false);
    }
    let row = mark(session, by.who, Reached { until }, false)?;
    set_marks(cache, vec![row], by.at, None)
}

fn own_mark<T: Payload>(cache: &Cache, session: &str, who: &str) -> Result<Option<T>> {
    Ok(cache.marks::<T>(Some(session))?.into_iter().find(|m| m.by == who && !m.gone).map(|m| m.what))
}

/// Says of a signal that it is no problem, with a reason or none; `on` false takes it back, whoever said it.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::Usage`] for a reason that is too long, [`Error::DiskFull`], the `Cache…` ones.
pub fn decide(cache: &mut Cache, session: &str, what: Decision, on: bool, by: By<'_>) -> Result<bool> {
    check_session(cache, session)?;
    if what.kind.is_empty() {
        return Err(usage("Say which kind of signal."));
    }
    let reason = what.reason.as_deref().map(|r| line_of(r, "A reason", 500)).transpose()?.filter(|r| !r.is_empty());
    let what = Decision { reason, selector: what.selector.filter(|s| !s.is_empty()), ..what };
    let rows = match on {
        true => vec![mark(session, by.who, what, false)?],
        false => {
            let key = what.key();
            let all = cache.marks::<Decision>(Some(session))?;
            let said = all.into_iter().filter(|m| !m.gone && m.what.key() == key);
            said.map(|m| mark(session, &m.by, m.what, true)).collect::<Result<_>>()?
        }
    };
    let said = if on { "Marked as not a problem" } else { "Marked as a problem again" };
    set_marks(cache, rows, by.at, Some(said))
}

/// Sets the goal with its id, or (`watch` 0) gives it up.
///
/// # Errors
/// [`Error::Usage`] for a number that is out of range, [`Error::DiskFull`], the `Cache…` ones.
pub fn set_goal(cache: &mut Cache, goal: Goal, by: By<'_>) -> Result<bool> {
    if goal.id.trim().is_empty() || goal.id.len() > 200 {
        return Err(usage("A goal needs an id."));
    }
    if goal.watch > MOST_GOAL {
        return Err(usage(format!("A goal is at most {MOST_GOAL} sessions a week.")));
    }
    let text = line_of(&goal.text, "What a list is found with", 500)?;
    let off = goal.watch == 0;
    let said = if off { "Goal given up".to_owned() } else { format!("Goal of {} a week set", goal.watch) };
    let row = mark("", "", Goal { text, ..goal }, off)?;
    set_marks(cache, vec![row], by.at, Some(&said))
}

// ---- back and forth

/// Undoes the last step, or with `redo` does the last undone one again; says which. `None` when there is none.
///
/// # Errors
/// [`Error::StepOutdated`], [`Error::DiskFull`], the `Cache…` ones.
pub fn turn(cache: &mut Cache, redo: bool, at: Millis) -> Result<Option<String>> {
    let Some(step) = cache.next_step(redo)? else { return Ok(None) };
    let changes: Vec<Change> = serde_json::from_str(&step.changes).unwrap_or_default();
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    let mut fits = !changes.is_empty();
    for change in changes {
        match change {
            Change::Mark { before, after } => {
                let now = cache.mark_row(&after.kind, &after.session, &after.key, &after.by)?;
                let none = MarkRow { gone: true, ..after.clone() };
                let before = before.unwrap_or(none);
                let (from, to) = if redo { (before, after) } else { (after, before) };
                match now {
                    Some(now) if same_mark(&now, &from) => {
                        rows.push(MarkRow { changed_at: at.max(now.changed_at.saturating_add(1)), ..to });
                    }
                    _ => fits = false,
                }
            }
            Change::Note { before, after } => {
                let all = versions(cache, &after.id)?;
                let none = Note { gone: true, text: String::new(), ..after.clone() };
                let before = before.unwrap_or(none);
                let (from, to) = if redo { (before, after) } else { (after, before) };
                match all.iter().find(|n| same_note(n, &from)) {
                    Some(now) => {
                        let new = changed(now, at, |n| {
                            n.text.clone_from(&to.text);
                            n.gone = to.gone;
                            (n.page, n.at, n.node) = (to.page, to.at, to.node);
                            n.selector.clone_from(&to.selector);
                        });
                        notes.push((all, new));
                    }
                    None => fits = false,
                }
            }
        }
    }
    let tx = cache.write()?;
    if !fits {
        tx.drop_step(step.id)?;
        tx.commit()?;
        return Err(Error::StepOutdated { said: step.said, verb: if redo { "done again" } else { "undone" } });
    }
    for row in &rows {
        tx.put_mark_row(row)?;
    }
    for (all, new) in &notes {
        put_version(&tx, all, new)?;
    }
    tx.set_undone(step.id, !redo)?;
    tx.commit()?;
    Ok(Some(step.said))
}

// ---- what stands

/// All labels there are, with the number of sessions that have them.
///
/// # Errors
/// The `Cache…` ones.
pub fn labels(cache: &Cache) -> Result<BTreeMap<String, u32>> {
    let mut all = BTreeMap::new();
    for mark in cache.marks::<Label>(None)?.into_iter().filter(|m| !m.gone) {
        *all.entry(mark.what.label).or_insert(0) += 1;
    }
    Ok(all)
}

/// What people said of one session, seen by one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    pub favourite: bool,
    pub rating: Option<i64>,
    pub watched_at: Option<Millis>,
    pub watched_until: Option<Millis>,
    /// Others who watched it to the end.
    pub watched_by: Vec<String>,
    pub labels: Vec<String>,
    pub notes: Vec<String>,
    pub decisions: u32,
}

/// What stands on every session of which anything was said.
///
/// # Errors
/// The `Cache…` ones.
pub fn standings(cache: &Cache, who: &str) -> Result<HashMap<String, Standing>> {
    standing_of(cache, None, who)
}

/// What stands on one session.
///
/// # Errors
/// The `Cache…` ones.
pub fn standing(cache: &Cache, session: &str, who: &str) -> Result<Standing> {
    Ok(standing_of(cache, Some(session), who)?.remove(session).unwrap_or_default())
}

fn standing_of(cache: &Cache, only: Option<&str>, who: &str) -> Result<HashMap<String, Standing>> {
    let mut all: HashMap<String, Standing> = HashMap::new();
    for mark in cache.marks::<Watched>(only)?.into_iter().filter(|m| !m.gone) {
        let of = all.entry(mark.session).or_default();
        if mark.by == who {
            of.watched_at = Some(mark.what.at);
        } else {
            of.watched_by.push(mark.by);
        }
    }
    for mark in cache.marks::<Reached>(only)?.into_iter().filter(|m| !m.gone && m.by == who) {
        all.entry(mark.session).or_default().watched_until = Some(mark.what.until);
    }
    for mark in cache.marks::<Favourite>(only)?.into_iter().filter(|m| !m.gone && m.by == who) {
        all.entry(mark.session).or_default().favourite = true;
    }
    for mark in cache.marks::<Rating>(only)?.into_iter().filter(|m| !m.gone && m.by == who) {
        all.entry(mark.session).or_default().rating = Some(mark.what.rating);
    }
    for mark in cache.marks::<Label>(only)?.into_iter().filter(|m| !m.gone) {
        all.entry(mark.session).or_default().labels.push(mark.what.label);
    }
    let mut decided: BTreeSet<(String, String)> = BTreeSet::new();
    for mark in cache.marks::<Decision>(only)?.into_iter().filter(|m| !m.gone) {
        if decided.insert((mark.session.clone(), mark.what.key())) {
            all.entry(mark.session).or_default().decisions += 1;
        }
    }
    for note in cache.notes_of(only)?.into_iter().filter(|n| !n.gone) {
        all.entry(note.session).or_default().notes.push(note.text);
    }
    Ok(all)
}
