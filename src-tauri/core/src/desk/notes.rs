//! `notes.json`: what people wrote and set, on its way between two copies of a project.
//!
//! The trap: both copies may have been worked on, and a third one too. A merge must not depend on who merges what
//! first. Notes carry the hashes of all versions that they were made from, and of all versions that are known those
//! are kept that none of the others was made from: two texts that were written apart from each other both stay, the
//! later under the note's id, the other under `ID~hash`. Everything else is set, not written: the later one counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::archive::{Hash, MAX_META};
use crate::error::{Error, Result};
use crate::event::Millis;
use crate::findings::{Finding, Findings};
use crate::store::{Cache, Favourite, KeptNotes, Label, Mark, Note, Notes, Payload, Rating, Watched, Writing};

const FORMAT: &str = "dwell-notes";
const VERSION: u64 = 2;

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u64,
    #[serde(flatten)]
    notes: Notes,
}

/// What is not read before it is known to be such a file.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

/// Version 1 knew no reviewers, nothing that was taken back, and favourites as bare ids.
#[derive(Deserialize)]
#[serde(default)]
struct Version1 {
    notes: Vec<Note>,
    labels: Vec<Mark<Label>>,
    watched: Vec<Mark<Watched>>,
    favourites: Vec<String>,
    ratings: Vec<Mark<Rating>>,
    kept: Vec<KeptNotes>,
}

impl Default for Version1 {
    fn default() -> Version1 {
        let Notes { notes, labels, watched, ratings, kept, .. } = Notes::default();
        Version1 { notes, labels, watched, favourites: Vec::new(), ratings, kept }
    }
}

impl From<Version1> for Notes {
    fn from(old: Version1) -> Notes {
        let Version1 { mut notes, labels, mut watched, favourites, ratings, kept } = old;
        // There the second of two texts was a note of its own, which the first one named as its forerunner.
        for note in notes.iter_mut().filter(|n| base(&n.id) != n.id) {
            note.id = note.id.replace('~', "-");
        }
        for mark in &mut watched {
            mark.changed_at = mark.what.at;
        }
        let favourites =
            favourites.into_iter().map(|session| Mark { session, ..Mark::<Favourite>::default() }).collect();
        Notes { notes, labels, watched, favourites, ratings, kept, ..Notes::default() }
    }
}

/// The text of `notes.json`.
///
/// # Errors
/// [`Error::Internal`] when it cannot be written.
pub(crate) fn print(notes: &Notes) -> Result<Vec<u8>> {
    let file = File { format: FORMAT.to_owned(), version: VERSION, notes: notes.clone() };
    let mut text = serde_json::to_vec_pretty(&file)
        .map_err(|e| Error::Internal { message: format!("The notes cannot be written: {e}.") })?;
    text.push(b'\n');
    Ok(text)
}

/// What is wrong with a file, in words that end a sentence.
pub(crate) fn read(bytes: &[u8]) -> std::result::Result<Notes, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let place = |e: serde_json::Error| match e.line() {
        0 => format!("it is damaged ({e})."),
        _ => format!("line {}, column {} is not as it should be ({}).", e.line(), e.column(), reason(&e)),
    };
    let head: Head = match serde_json::from_slice(bytes) {
        Ok(head) => head,
        Err(e) if e.is_data() => return Err("it is not a notes file of Dwell.".to_owned()),
        Err(e) => return Err(place(e)),
    };
    if head.format != FORMAT {
        return Err(format!("it is not a notes file of Dwell, but says it is {:?}.", shortened(&head.format)));
    }
    let notes: Notes = match head.version {
        1 => serde_json::from_slice::<Version1>(bytes).map_err(place)?.into(),
        VERSION => serde_json::from_slice(bytes).map_err(place)?,
        newer => {
            return Err(format!("it was written by a newer Dwell (version {newer}; this one reads up to {VERSION})."));
        }
    };
    check(&notes)?;
    Ok(notes)
}

/// What serde says, without the place that it repeats.
fn reason(e: &serde_json::Error) -> String {
    let text = e.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(said, _)| said.to_owned())
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A row that could never be shown or changed again is better refused than merged.
fn check(notes: &Notes) -> std::result::Result<(), String> {
    if let Some(at) = notes.notes.iter().position(|n| n.id.is_empty() || n.session.is_empty()) {
        return Err(format!("note {} has no id or names no session.", at + 1));
    }
    if let Some(mark) = notes.ratings.iter().find(|r| !(1..=5).contains(&r.what.rating)) {
        return Err(format!("a rating of {} is not between 1 and 5.", mark.what.rating));
    }
    if notes.labels.iter().any(|l| l.what.label.trim().is_empty()) {
        return Err("a label is empty.".to_owned());
    }
    if notes.goals.iter().any(|g| g.what.id.is_empty()) {
        return Err("a goal has no id.".to_owned());
    }
    fn named<T: Payload>(marks: &[Mark<T>]) -> bool {
        marks.iter().all(|m| !m.session.is_empty())
    }
    if !(named(&notes.labels)
        && named(&notes.watched)
        && named(&notes.reached)
        && named(&notes.favourites)
        && named(&notes.ratings)
        && named(&notes.decisions))
    {
        return Err("something in it names no session.".to_owned());
    }
    Ok(())
}

/// `None` for what is no such file, or a newer one: that is kept as it stands.
pub(crate) fn parse(bytes: &[u8]) -> Option<Notes> {
    read(bytes).ok()
}

fn short_hash(parts: &serde_json::Value) -> String {
    Hash::of(parts.to_string().as_bytes()).to_string()[..16].to_owned()
}

/// What makes a version of a note that version: what it says, and what it was made from. (Two people may come to the
/// same words at the same moment by different ways.) Not the session, which has another id in another cache.
pub(crate) fn hash(note: &Note) -> String {
    let Note { page, at, node, selector, author, text, changed_at, gone, .. } = note;
    let mut was = note.was.clone();
    tidy(&mut was);
    short_hash(&serde_json::json!([page, at, node, selector, author, text, changed_at, gone, was]))
}

/// As version 1 of the file had it.
fn old_hash(note: &Note) -> String {
    short_hash(&serde_json::json!([note.session, note.page, note.at, note.author, note.text, note.changed_at]))
}

/// The id that all versions of a note share.
pub(crate) fn base(id: &str) -> &str {
    match id.rsplit_once('~') {
        Some((base, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => base,
        _ => id,
    }
}

/// A note as it is after a change, which it remembers. Its time is later than that of every version before it, even
/// when the clock was set back.
pub(crate) fn changed(note: &Note, at: Millis, change: impl FnOnce(&mut Note)) -> Note {
    let mut new = note.clone();
    new.was.push(hash(note));
    tidy(&mut new.was);
    new.changed_at = at.max(note.changed_at.saturating_add(1));
    change(&mut new);
    new
}

fn tidy(hashes: &mut Vec<String>) {
    hashes.sort_unstable();
    hashes.dedup();
}

/// Which of two versions is shown first: what is there before what is gone, then the later.
fn rank(hash: &str, note: &Note) -> (bool, Millis, String) {
    (!note.gone, note.changed_at, hash.to_owned())
}

/// Of all known versions of one note those that no other was made from, under their ids.
pub(crate) fn heads<'n>(base: &str, all: impl IntoIterator<Item = &'n Note>) -> Vec<Note> {
    let mut versions: BTreeMap<String, Note> = BTreeMap::new();
    for note in all {
        let version = versions.entry(hash(note)).or_insert_with(|| note.clone());
        tidy(&mut version.was);
        version.created_at = version.created_at.min(note.created_at);
        if note.session < version.session {
            version.session.clone_from(&note.session);
        }
    }
    // By every name that a version has been called.
    let mut named: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, note) in &versions {
        named.entry(name.clone()).or_default().push(name);
        named.entry(old_hash(note)).or_default().push(name);
    }
    let mut made_from: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (name, note) in &versions {
        let older = note.was.iter().filter_map(|hash| named.get(hash)).flatten();
        made_from.extend(older.filter(|older| *older != name).map(|older| (name.as_str(), *older)));
    }
    let later = |a: &str, b: &str| match (versions.get(a), versions.get(b)) {
        (Some(x), Some(y)) => rank(a, x) > rank(b, y),
        _ => false,
    };
    let replaced: BTreeSet<&str> = made_from
        .iter()
        // Two versions that are made from each other were not written by us: of them the later one counts.
        .filter(|(new, old)| !made_from.contains(&(*old, *new)) || later(new, old))
        .map(|(_, old)| *old)
        .collect();
    let mut kept: Vec<(String, Note)> = versions
        .iter()
        .filter(|(name, _)| !replaced.contains(name.as_str()))
        .map(|(name, note)| (name.clone(), note.clone()))
        .collect();
    if kept.is_empty() {
        kept.extend(versions.into_iter().max_by(|a, b| rank(&a.0, &a.1).cmp(&rank(&b.0, &b.1))));
    }
    kept.sort_by_key(|b| std::cmp::Reverse(rank(&b.0, &b.1)));
    kept.into_iter()
        .enumerate()
        .map(|(at, (name, note))| {
            let id = if at == 0 { base.to_owned() } else { format!("{base}~{name}") };
            Note { id, ..note }
        })
        .collect()
}

/// Whether `new` counts where `old` stands. Of two at one time that which is there, then any, as long as all choose
/// alike.
fn counts<T: Payload>(new: &Mark<T>, old: &Mark<T>) -> bool {
    (new.changed_at, !new.gone, &new.what) > (old.changed_at, !old.gone, &old.what)
}

fn joined<T: Payload>(mine: Vec<Mark<T>>, theirs: Vec<Mark<T>>) -> Vec<Mark<T>> {
    let mut all: BTreeMap<(String, String, String), Mark<T>> = BTreeMap::new();
    for mark in mine.into_iter().chain(theirs) {
        let place = mark.place();
        match all.get(&place) {
            Some(old) if !counts(&mark, old) => {}
            _ => drop(all.insert(place, mark)),
        }
    }
    all.into_values().collect()
}

/// What two copies hold together, in a fixed order, and the ids of notes of which more than one text is there now and
/// was not in `mine`. Merging in any order gives the same; merging again changes nothing.
pub(crate) fn merged(mine: Notes, theirs: Notes) -> (Notes, Vec<Note>) {
    let mut known: BTreeMap<String, Vec<Note>> = BTreeMap::new();
    for note in &mine.notes {
        known.entry(base(&note.id).to_owned()).or_default().push(note.clone());
    }
    let mut all = known.clone();
    for note in theirs.notes {
        all.entry(base(&note.id).to_owned()).or_default().push(note);
    }
    let mut notes = Vec::new();
    let mut conflicts = Vec::new();
    for (base, versions) in &all {
        let kept = heads(base, versions);
        let before: BTreeSet<String> = known.get(base).into_iter().flatten().map(hash).collect();
        let there: Vec<&Note> = kept.iter().filter(|n| !n.gone).collect();
        if there.len() > 1 && there.iter().any(|n| !before.contains(&hash(n))) {
            conflicts.extend(there.iter().skip(1).map(|n| (*n).clone()));
        }
        notes.extend(kept);
    }
    notes.sort_by(|a, b| a.id.cmp(&b.id));
    let kept: BTreeSet<KeptNotes> = mine.kept.into_iter().chain(theirs.kept).collect();
    // Known by their text, as in the cache; of two paths the first.
    let mut texts = BTreeSet::new();
    let kept = kept.into_iter().filter(|k| texts.insert(k.text.clone())).collect();
    let all = Notes {
        notes,
        labels: joined(mine.labels, theirs.labels),
        watched: joined(mine.watched, theirs.watched),
        reached: joined(mine.reached, theirs.reached),
        favourites: joined(mine.favourites, theirs.favourites),
        ratings: joined(mine.ratings, theirs.ratings),
        decisions: joined(mine.decisions, theirs.decisions),
        goals: joined(mine.goals, theirs.goals),
        kept,
    };
    (all, conflicts)
}

/// Gives everything the ids that sessions have in this cache.
fn placed(mut notes: Notes, here: &dyn Fn(&str) -> Option<String>) -> Notes {
    let place = |session: &mut String| {
        if let Some(id) = here(session) {
            *session = id;
        }
    };
    fn all<T: Payload>(marks: &mut [Mark<T>], place: impl Fn(&mut String)) {
        marks.iter_mut().filter(|m| !m.session.is_empty()).for_each(|m| place(&mut m.session));
    }
    notes.notes.iter_mut().for_each(|n| place(&mut n.session));
    all(&mut notes.labels, place);
    all(&mut notes.watched, place);
    all(&mut notes.reached, place);
    all(&mut notes.favourites, place);
    all(&mut notes.ratings, place);
    all(&mut notes.decisions, place);
    notes
}

/// What a merge changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Notes that were not here.
    pub notes_added: u64,
    /// Notes that have another text, or are gone, because somebody changed them elsewhere.
    pub notes_changed: u64,
    /// Notes of which both texts were kept.
    pub both_kept: u64,
    /// Labels, favourites, ratings, watched, decisions and goals that are new or other than before.
    pub marks_changed: u64,
}

fn write_marks<T: Payload>(tx: &Writing<'_>, mine: &[Mark<T>], all: &[Mark<T>]) -> Result<u64> {
    let mine: BTreeSet<&Mark<T>> = mine.iter().collect();
    let mut changed = 0;
    for mark in all.iter().filter(|m| !mine.contains(m)) {
        tx.put_mark(mark)?;
        changed += 1;
    }
    Ok(changed)
}

/// Merges what another copy of the project holds, all of it or nothing. `id_here` gives the id that a session has in
/// this cache; a session that is not here keeps its notes: they come to light with it.
///
/// # Errors
/// [`Error::DiskFull`], the `Cache…` ones.
pub(crate) fn merge(
    cache: &mut Cache,
    theirs: Notes,
    id_here: &dyn Fn(&str) -> Option<String>,
    findings: &mut Findings,
) -> Result<Merged> {
    let theirs = placed(theirs, id_here);
    let mine = cache.notes()?;
    let (all, conflicts) = merged(mine.clone(), theirs);
    let mut done = Merged { both_kept: conflicts.len() as u64, ..Merged::default() };
    let tx = cache.write()?;
    let before: BTreeMap<&str, &Note> = mine.notes.iter().map(|n| (n.id.as_str(), n)).collect();
    let after: BTreeSet<&str> = all.notes.iter().map(|n| n.id.as_str()).collect();
    for id in before.keys().filter(|id| !after.contains(**id)) {
        tx.drop_note(id)?;
    }
    for note in &all.notes {
        match before.get(note.id.as_str()) {
            Some(old) if *old == note => continue,
            Some(old) => done.notes_changed += u64::from(hash(old) != hash(note)),
            None => done.notes_added += u64::from(!note.gone),
        }
        tx.put_note(note)?;
    }
    done.marks_changed += write_marks(&tx, &mine.labels, &all.labels)?;
    done.marks_changed += write_marks(&tx, &mine.watched, &all.watched)?;
    done.marks_changed += write_marks(&tx, &mine.reached, &all.reached)?;
    done.marks_changed += write_marks(&tx, &mine.favourites, &all.favourites)?;
    done.marks_changed += write_marks(&tx, &mine.ratings, &all.ratings)?;
    done.marks_changed += write_marks(&tx, &mine.decisions, &all.decisions)?;
    done.marks_changed += write_marks(&tx, &mine.goals, &all.goals)?;
    for kept in &all.kept {
        tx.put_archive_notes(&Hash::of(kept.text.as_bytes()).0, &kept.path, kept.text.as_bytes())?;
    }
    tx.commit()?;
    for note in conflicts {
        let start: String = note.text.chars().take(60).collect();
        let message = format!(
            "A note was changed in both copies of the project; both texts were kept. The earlier one: “{start}”."
        );
        findings.push(Finding::note("notes_both_kept", message).in_session(&note.session));
    }
    Ok(done)
}

/// What people wrote about some sessions; about all with `None`. Goals belong to no session and go with all.
pub(crate) fn of_sessions(all: Notes, only: Option<&BTreeSet<String>>) -> Notes {
    let Some(only) = only else { return all };
    fn ours<T: Payload>(marks: Vec<Mark<T>>, only: &BTreeSet<String>) -> Vec<Mark<T>> {
        marks.into_iter().filter(|m| only.contains(&m.session)).collect()
    }
    Notes {
        notes: all.notes.into_iter().filter(|n| only.contains(&n.session)).collect(),
        labels: ours(all.labels, only),
        watched: ours(all.watched, only),
        reached: ours(all.reached, only),
        favourites: ours(all.favourites, only),
        ratings: ours(all.ratings, only),
        decisions: ours(all.decisions, only),
        goals: Vec::new(),
        kept: Vec::new(),
    }
}

/// What `dwell notes export` wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    pub path: std::path::PathBuf,
    pub notes: u64,
    pub labels: u64,
    pub favourites: u64,
    pub ratings: u64,
    pub watched: u64,
    pub decisions: u64,
    pub goals: u64,
    pub bytes: u64,
}

/// Writes what people wrote about some sessions, or (none named) about all, into a file.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::Usage`] when the file is there and not to be replaced, [`Error::Io`], the
/// `Cache…` ones. Then there is no new file, and an old one is as it was.
pub fn export(cache: &Cache, out: &Path, sessions: &[String], force: bool) -> Result<Exported> {
    if out.is_dir() {
        return Err(Error::Usage {
            message: format!("{} is a folder; name a file, such as notes.json.", out.display()),
        });
    }
    if out.exists() && !force {
        return Err(Error::Usage { message: format!("{} is there already; --force replaces it.", out.display()) });
    }
    let all = cache.notes()?;
    let only: Option<BTreeSet<String>> = (!sessions.is_empty()).then(|| sessions.iter().cloned().collect());
    for id in only.iter().flatten() {
        // A session that is not here may still have notes here.
        if !cache.has(id)? && !all.notes.iter().any(|n| n.session == *id) {
            return Err(Error::SessionMissing { id: id.clone() });
        }
    }
    let notes = of_sessions(all, only.as_ref());
    let text = print(&notes)?;
    super::export::write_whole(out, &text)?;
    fn live<T: Payload>(marks: &[Mark<T>]) -> u64 {
        marks.iter().filter(|m| !m.gone).count() as u64
    }
    Ok(Exported {
        path: out.to_owned(),
        notes: notes.notes.iter().filter(|n| !n.gone).count() as u64,
        labels: live(&notes.labels),
        favourites: live(&notes.favourites),
        ratings: live(&notes.ratings),
        watched: live(&notes.watched),
        decisions: live(&notes.decisions),
        goals: live(&notes.goals),
        bytes: text.len() as u64,
    })
}

/// Merges a notes file into this cache. A file that cannot be read changes nothing.
///
/// # Errors
/// [`Error::PathMissing`], [`Error::PathUnreadable`] with the place in the file, [`Error::DiskFull`], the `Cache…`
/// ones.
pub fn import(cache: &mut Cache, path: &Path, findings: &mut Findings) -> Result<Merged> {
    let theirs = load(path)?;
    merge(cache, theirs, &|_| None, findings)
}

/// Reads a notes file.
///
/// # Errors
/// [`Error::PathMissing`], [`Error::PathUnreadable`].
pub fn load(path: &Path) -> Result<Notes> {
    let unreadable = |reason: String| Error::PathUnreadable { path: path.to_owned(), reason };
    let about = match std::fs::metadata(path) {
        Ok(about) => about,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::PathMissing { path: path.to_owned() });
        }
        Err(e) => return Err(unreadable(format!("{e}."))),
    };
    if about.is_dir() {
        return Err(unreadable("it is a folder.".to_owned()));
    }
    if about.len() > MAX_META {
        return Err(unreadable(format!("it is larger than {} MB.", MAX_META >> 20)));
    }
    let bytes = std::fs::read(path).map_err(|e| unreadable(format!("{e}.")))?;
    if bytes.starts_with(b"PK") {
        let reason = "it is a zip archive; `dwell import` takes those, with the notes in them.".to_owned();
        return Err(unreadable(reason));
    }
    read(&bytes).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::{Decision, Goal};

    fn note(text: &str) -> Note {
        Note { id: "n".into(), session: "s".into(), text: text.into(), created_at: 1, changed_at: 1, ..Note::default() }
    }

    fn edited(note: &Note, text: &str, at: Millis) -> Note {
        changed(note, at, |n| n.text = text.into())
    }

    fn of(notes: &[&Note]) -> Notes {
        Notes { notes: notes.iter().map(|n| (*n).clone()).collect(), ..Notes::default() }
    }

    fn texts(notes: &Notes) -> Vec<(&str, &str)> {
        notes.notes.iter().filter(|n| !n.gone).map(|n| (n.id.as_str(), n.text.as_str())).collect()
    }

    #[test]
    fn a_later_version_replaces_what_it_was_made_from() {
        let first = note("a");
        let second = edited(&first, "b", 5);
        // The clock was set back; not it decides, but what was made from what.
        let third = edited(&second, "c", 3);
        assert!(third.changed_at > second.changed_at);
        for (mine, theirs) in [(&first, &third), (&third, &first), (&third, &second), (&second, &third)] {
            let (all, conflicts) = merged(of(&[mine]), of(&[theirs]));
            assert_eq!((texts(&all), conflicts.len()), (vec![("n", "c")], 0));
        }
    }

    #[test]
    fn versions_written_apart_are_both_kept_whoever_merges() {
        let first = note("a");
        let (left, right) = (edited(&first, "b", 5), edited(&first, "c", 7));
        let (all, conflicts) = merged(of(&[&left]), of(&[&right]));
        let earlier = format!("n~{}", hash(&left));
        assert_eq!(texts(&all), [("n", "c"), (earlier.as_str(), "b")]);
        assert_eq!(conflicts.len(), 1);
        assert_eq!(merged(of(&[&right]), of(&[&left])).0, all);
        // Merged once more, nothing grows and nothing is reported.
        assert_eq!(merged(all.clone(), of(&[&left])), (all.clone(), vec![]));
        // One of the two is taken away; the other copy, which still has both, learns of it.
        let gone = changed(&all.notes[1], 9, |n| n.gone = true);
        let mut here = all.clone();
        here.notes[1] = gone;
        for (mine, theirs) in [(here.clone(), all.clone()), (all, here)] {
            assert_eq!(texts(&merged(mine, theirs).0), [("n", "c")]);
        }
    }

    #[test]
    fn a_change_elsewhere_outlives_a_removal() {
        let first = note("a");
        let gone = changed(&first, 9, |n| {
            n.gone = true;
            n.text.clear();
        });
        assert_eq!(texts(&merged(of(&[&first]), of(&[&gone])).0), []);
        assert_eq!(texts(&merged(of(&[&gone]), of(&[&first])).0), []);
        let edit = edited(&first, "b", 3);
        let (all, conflicts) = merged(of(&[&gone]), of(&[&edit]));
        assert_eq!((texts(&all), conflicts.len()), (vec![("n", "b")], 0));
    }

    #[test]
    fn what_was_taken_back_stays_taken_back() {
        let set = |gone, changed_at| Mark {
            session: "s".into(),
            what: Label { label: "vip".into() },
            changed_at,
            gone,
            ..Mark::default()
        };
        let with = |mark| Notes { labels: vec![mark], ..Notes::default() };
        for (mine, theirs) in [(set(false, 1), set(true, 2)), (set(true, 2), set(false, 1))] {
            assert!(merged(with(mine), with(theirs)).0.labels[0].gone);
        }
        assert!(!merged(with(set(true, 2)), with(set(false, 2))).0.labels[0].gone, "nothing is lost in a draw");
    }

    #[test]
    fn round_trip() {
        let decision = Decision {
            kind: "dead_click".into(),
            time: 5,
            selector: Some(".a > b".into()),
            page: Some("https://shop.test/".into()),
            reason: Some("a carousel".into()),
        };
        let notes = Notes {
            notes: vec![note("ü")],
            favourites: vec![Mark { session: "s".into(), by: "ana".into(), ..Mark::default() }],
            ratings: vec![Mark { session: "s".into(), what: Rating { rating: 4 }, changed_at: 3, ..Mark::default() }],
            decisions: vec![Mark { session: "s".into(), what: decision, ..Mark::default() }],
            goals: vec![Mark { what: Goal { id: "g".into(), watch: 5, ..Goal::default() }, ..Mark::default() }],
            ..Notes::default()
        };
        let text = print(&notes).unwrap();
        assert_eq!(parse(&text), Some(notes));
        let text = String::from_utf8(text).unwrap();
        // What another program reads of a decision.
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value["decisions"][0],
            serde_json::json!({"session":"s","kind":"dead_click","time":5,"selector":".a > b",
                "page":"https://shop.test/","reason":"a carousel","changed_at":0})
        );
    }

    #[test]
    fn the_first_version_of_the_file_is_read() {
        let text =
            br#"{"format":"dwell-notes","version":1,"notes":[{"id":"n~0123456789abcdef","session":"s","text":"x"}],
            "labels":[{"session":"s","label":"vip"}],"watched":[{"session":"s","at":7}],"favourites":["s"],
            "ratings":[{"session":"s","rating":4,"changed_at":9}]}"#;
        let notes = parse(text).unwrap();
        assert_eq!(notes.notes[0].id, "n-0123456789abcdef", "a note of its own");
        assert_eq!((notes.labels[0].what.label.as_str(), notes.watched[0].what.at), ("vip", 7));
        assert_eq!((notes.favourites[0].session.as_str(), notes.ratings[0].what.rating), ("s", 4));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, says) in [
            (&b""[..], "line 1"),
            (b"\x89PNG", "line 1"),
            (b"[]", "not a notes file"),
            (br#"{"notes":[]}"#, "not a notes file"),
            (br#"{"format":"dwell-archive","version":1}"#, "dwell-archive"),
            (br#"{"format":"dwell-notes","version":3}"#, "newer Dwell (version 3"),
            (b"{\"format\":\"dwell-notes\",\"version\":2,\n\"notes\":[{\"id\":5}]}", "line 2"),
            (br#"{"format":"dwell-notes","version":2,"notes":[{"text":"x"}]}"#, "note 1 has no id"),
            (br#"{"format":"dwell-notes","version":2,"ratings":[{"session":"s","rating":9}]}"#, "a rating of 9"),
            (br#"{"format":"dwell-notes","version":2,"labels":[{"session":"s","label":" "}]}"#, "a label is empty"),
            (br#"{"format":"dwell-notes","version":2,"labels":[{"label":"a"}]}"#, "names no session"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(says), "{}: {said}", String::from_utf8_lossy(text));
            assert!(said.ends_with('.'), "{said}");
        }
        let deep = [br#"{"format":"dwell-notes","version":2,"x":"#.as_slice(), &b"[".repeat(200_000)].concat();
        assert!(read(&deep).is_err());
        assert_eq!(parse(br#"{"format":"dwell-notes","version":3}"#), None, "kept as it stands");
    }

    #[test]
    fn a_file_with_versions_that_were_made_from_each_other_loses_nothing_for_good() {
        let mut a = note("a");
        let mut b = edited(&a, "b", 5);
        a.was = vec![old_hash(&b)];
        assert_eq!(heads("n", [&a, &b]).len(), 1);
        b.was = vec![hash(&b)];
        a.was = vec![hash(&a)];
        assert_eq!(heads("n", [&a, &b]).len(), 2);
        // A ring of three.
        let mut c = edited(&note("c"), "c", 9);
        (a.was, b.was, c.was) = (vec![old_hash(&c)], vec![old_hash(&a)], vec![old_hash(&b)]);
        assert_eq!(heads("n", [&a, &b, &c]).len(), 1);
    }

    #[test]
    fn many_versions_are_told_apart_at_once() {
        let all: Vec<Note> =
            (0..60_000).map(|i| Note { changed_at: i, was: vec!["0".repeat(16)], ..note("x") }).collect();
        let start = std::time::Instant::now();
        assert_eq!(heads("n", &all).len(), all.len());
        assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    }

    /// What somebody does in one copy of the project.
    #[derive(Debug, Clone)]
    enum Act {
        Add(u8),
        Edit(usize, u8),
        Remove(usize),
        Label(u8, u8, bool),
        Rate(u8, u8, i64),
        /// Takes over what another copy holds.
        Merge(usize),
    }

    fn acts() -> impl Strategy<Value = Vec<(usize, Act, i64)>> {
        let act = prop_oneof![
            2 => (0..3u8).prop_map(Act::Add),
            4 => (0..6usize, 0..9u8).prop_map(|(at, text)| Act::Edit(at, text)),
            1 => (0..6usize).prop_map(Act::Remove),
            2 => (0..2u8, 0..2u8, any::<bool>()).prop_map(|(s, l, on)| Act::Label(s, l, on)),
            1 => (0..2u8, 0..2u8, 1..=5i64).prop_map(|(s, who, r)| Act::Rate(s, who, r)),
            2 => (0..3usize).prop_map(Act::Merge),
        ];
        prop::collection::vec((0..3usize, act, 0..8i64), 0..40)
    }

    /// Three copies of a project after people worked on them, with clocks that disagree.
    fn worked(acts: &[(usize, Act, i64)]) -> [Notes; 3] {
        let mut copies = [Notes::default(), Notes::default(), Notes::default()];
        for (serial, (who, act, clock)) in acts.iter().enumerate() {
            let other = match act {
                Act::Merge(other) => Some(copies[*other].clone()),
                _ => None,
            };
            let copy = &mut copies[*who];
            let set = |notes: &mut Notes, new: Note| {
                let base = base(&new.id).to_owned();
                let old: Vec<Note> = notes.notes.iter().filter(|n| super::base(&n.id) == base).cloned().collect();
                notes.notes.retain(|n| super::base(&n.id) != base);
                notes.notes.extend(heads(&base, old.iter().chain([&new])));
                notes.notes.sort_by(|a, b| a.id.cmp(&b.id));
            };
            match act {
                Act::Add(text) => {
                    let id = format!("n{serial}");
                    let new = Note { id, changed_at: *clock, ..note(&text.to_string()) };
                    copy.notes.push(new);
                    copy.notes.sort_by(|a, b| a.id.cmp(&b.id));
                }
                Act::Edit(at, text) => {
                    let there: Vec<Note> = copy.notes.iter().filter(|n| !n.gone).cloned().collect();
                    let Some(old) = there.get(at % there.len().max(1)) else { continue };
                    set(copy, edited(old, &format!("{text}"), *clock));
                }
                Act::Remove(at) => {
                    let there: Vec<Note> = copy.notes.iter().filter(|n| !n.gone).cloned().collect();
                    let Some(old) = there.get(at % there.len().max(1)) else { continue };
                    set(copy, changed(old, *clock, |n| n.gone = true));
                }
                Act::Label(session, label, on) => {
                    let mark = Mark {
                        session: session.to_string(),
                        what: Label { label: label.to_string() },
                        changed_at: *clock,
                        gone: !on,
                        ..Mark::default()
                    };
                    copy.labels = joined(std::mem::take(&mut copy.labels), vec![mark]);
                }
                Act::Rate(session, who, rating) => {
                    let mark = Mark {
                        session: session.to_string(),
                        what: Rating { rating: *rating },
                        by: who.to_string(),
                        changed_at: *clock,
                        gone: false,
                    };
                    copy.ratings = joined(std::mem::take(&mut copy.ratings), vec![mark]);
                }
                Act::Merge(_) => {
                    let mine = std::mem::take(copy);
                    *copy = merged(mine, other.unwrap_or_default()).0;
                }
            }
        }
        copies
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(400), ..ProptestConfig::default() })]

        #[test]
        fn merging_in_any_order_gives_the_same_and_loses_nothing(acts in acts()) {
            let [a, b, c] = worked(&acts);
            let join = |x: &Notes, y: &Notes| merged(x.clone(), y.clone()).0;
            let all = join(&join(&a, &b), &c);
            for other in [
                join(&join(&b, &a), &c), join(&a, &join(&b, &c)), join(&join(&c, &a), &b), join(&c, &join(&b, &a)),
                join(&join(&a, &c), &join(&b, &c)),
            ] {
                prop_assert_eq!(&other, &all);
            }
            // Again: nothing new, nothing to report.
            for part in [&a, &b, &c, &all] {
                prop_assert_eq!(merged(all.clone(), part.clone()), (all.clone(), vec![]));
            }
            // Through the file it stays the same.
            let read_back = parse(&print(&all).unwrap());
            prop_assert_eq!(read_back.as_ref(), Some(&all));
            // A text that is on screen in one copy is on screen in the end, or was changed or removed by somebody
            // who saw it.
            let kept: BTreeSet<String> = all.notes.iter().map(hash).collect();
            let seen: BTreeSet<&String> = all.notes.iter().flat_map(|n| &n.was).collect();
            for note in a.notes.iter().chain(&b.notes).chain(&c.notes) {
                prop_assert!(kept.contains(&hash(note)) || seen.contains(&hash(note)), "lost: {note:?}");
            }
            // Ids are unlike each other.
            let ids: BTreeSet<&str> = all.notes.iter().map(|n| n.id.as_str()).collect();
            prop_assert_eq!(ids.len(), all.notes.len());
        }
    }
}
