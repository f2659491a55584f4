//! `notes.json`: what people wrote, on its way between two copies of a project.
//!
//! The trap: both copies may have been worked on. Of two versions of a note the later wins only when it was
//! made from the other (each note carries the hashes of its former versions); otherwise both are kept.

use serde::{Deserialize, Serialize};

use crate::archive::Hash;
use crate::error::{Error, Result};
use crate::findings::{Finding, Findings};
use crate::store::{Cache, Label, Note, Notes, Rating, Watched};

const FORMAT: &str = "dwell-notes";
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u64,
    #[serde(flatten)]
    notes: Notes,
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

/// `None` for what is no such file, or a newer one: that is kept as it stands.
pub(crate) fn parse(bytes: &[u8]) -> Option<Notes> {
    let file: File = serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()?;
    (file.format == FORMAT && (1..=VERSION).contains(&file.version)).then_some(file.notes)
}

/// What makes a version of a note that version.
fn hash(note: &Note) -> String {
    let parts = serde_json::json!([note.session, note.page, note.at, note.author, note.text, note.changed_at]);
    Hash::of(parts.to_string().as_bytes()).to_string()[..16].to_owned()
}

/// A note as it is after a change, which it remembers.
#[cfg(test)]
pub(crate) fn changed(note: &Note, text: &str, at: crate::event::Millis) -> Note {
    let mut was = note.was.clone();
    was.push(hash(note));
    Note { text: text.to_owned(), changed_at: at, was, ..note.clone() }
}

/// The versions of two lines of one note, without repetitions.
fn joined(a: &[String], b: &[String]) -> Vec<String> {
    let mut all = a.to_vec();
    all.extend(b.iter().filter(|h| !a.contains(h)).cloned());
    all
}

/// What is left of two versions of a note: the note, and perhaps a second one.
fn merged(mine: &Note, theirs: &Note) -> (Note, Option<Note>) {
    let (here, there) = (hash(mine), hash(theirs));
    if here == there {
        let was = if mine.was.len() >= theirs.was.len() { mine.was.clone() } else { theirs.was.clone() };
        return (Note { was, ..mine.clone() }, None);
    }
    if theirs.was.contains(&here) {
        return (theirs.clone(), None);
    }
    if mine.was.contains(&there) {
        return (mine.clone(), None);
    }
    // Written apart from each other. Which of them keeps the id must not depend on who merges.
    let (later, earlier) =
        if (mine.changed_at, &here) >= (theirs.changed_at, &there) { (mine, theirs) } else { (theirs, mine) };
    let mut was = joined(&later.was, &earlier.was);
    was.push(hash(earlier));
    let copy = Note { id: format!("{}~{}", earlier.id, hash(earlier)), ..earlier.clone() };
    (Note { was, ..later.clone() }, Some(copy))
}

/// Merges what another copy of the project holds. `id_here` gives the id that a session has in this cache.
///
/// # Errors
/// [`Error::DiskFull`], the `Cache…` ones.
pub(crate) fn merge(
    cache: &mut Cache,
    theirs: Notes,
    id_here: &dyn Fn(&str) -> Option<String>,
    findings: &mut Findings,
) -> Result<()> {
    // A session that is not here keeps its notes: they come to light with it.
    let here = |id: &str| id_here(id).unwrap_or_else(|| id.to_owned());
    let mine: std::collections::HashMap<String, Note> =
        cache.notes()?.notes.into_iter().map(|note| (note.id.clone(), note)).collect();
    let tx = cache.write()?;
    for note in theirs.notes {
        let note = Note { session: here(&note.session), ..note };
        match mine.get(&note.id) {
            None => tx.put_note(&note)?,
            Some(old) => {
                let (kept, second) = merged(old, &note);
                if kept != *old {
                    tx.put_note(&kept)?;
                }
                if let Some(second) = second.filter(|s| !mine.contains_key(&s.id)) {
                    let message = "A note was changed in both copies of the project; both texts were kept.".to_owned();
                    findings.push(Finding::note("notes_both_kept", message).in_session(&second.session));
                    tx.put_note(&second)?;
                }
            }
        }
    }
    for label in theirs.labels {
        tx.put_label(&Label { session: here(&label.session), ..label })?;
    }
    for watched in theirs.watched {
        tx.merge_watched(&Watched { session: here(&watched.session), ..watched })?;
    }
    for session in theirs.favourites {
        tx.put_favourite(&here(&session))?;
    }
    for rating in theirs.ratings {
        tx.merge_rating(&Rating { session: here(&rating.session), ..rating })?;
    }
    for kept in theirs.kept {
        tx.put_archive_notes(&Hash::of(kept.text.as_bytes()).0, &kept.path, kept.text.as_bytes())?;
    }
    tx.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Note {
        Note { id: "n".into(), session: "s".into(), text: text.into(), created_at: 1, changed_at: 1, ..Note::default() }
    }

    #[test]
    fn a_later_version_replaces_what_it_was_made_from() {
        let first = note("a");
        let second = changed(&first, "b", 5);
        let third = changed(&second, "c", 3);
        assert_eq!(merged(&first, &second), (second.clone(), None));
        assert_eq!(merged(&second, &first), (second.clone(), None));
        // Not by the clock, which may be wrong, but by descent.
        assert_eq!(merged(&first, &third), (third.clone(), None));
        assert_eq!(merged(&third, &second), (third.clone(), None));
    }

    #[test]
    fn versions_written_apart_are_both_kept_whoever_merges() {
        let first = note("a");
        let (left, right) = (changed(&first, "b", 5), changed(&first, "c", 7));
        let (kept, copy) = merged(&left, &right);
        assert_eq!((kept.text.as_str(), copy.as_ref().unwrap().text.as_str()), ("c", "b"));
        let (other, other_copy) = merged(&right, &left);
        assert_eq!((&kept.id, &kept.text, &copy), (&other.id, &other.text, &other_copy));
        // Merged once more, nothing grows.
        assert_eq!(merged(&kept, &left), (kept.clone(), None));
    }

    #[test]
    fn round_trip() {
        let notes = Notes { notes: vec![note("ü")], favourites: vec!["s".into()], ..Notes::default() };
        assert_eq!(parse(&print(&notes).unwrap()), Some(notes));
        assert_eq!(parse(b"{\"notes\":[]}"), None);
        assert_eq!(parse(br#"{"format":"dwell-notes","version":2}"#), None);
    }
}
