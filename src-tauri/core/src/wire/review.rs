//! What a reviewer wrote and set, and what the window asks to change of it.
//!
//! The trap: the window's clock runs between milliseconds. Times come here whole.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything that was said of one session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "Review")]
pub struct ReviewView {
    pub session: String,
    /// The reviewer's own.
    pub favourite: bool,
    /// 1–5.
    pub rating: Option<u8>,
    /// Epoch ms.
    #[ts(type = "number | null")]
    pub watched_at: Option<i64>,
    /// Moment of the session, epoch ms.
    #[ts(type = "number | null")]
    pub watched_until: Option<i64>,
    /// Others who watched it to the end.
    pub watched_by: Vec<String>,
    pub labels: Vec<String>,
    /// By time.
    pub notes: Vec<NoteView>,
    pub decisions: Vec<DecisionView>,
    /// Labels of all sessions, most used first.
    pub known_labels: Vec<String>,
    /// What would be undone and done again next, of whatever session.
    pub undo: Option<String>,
    pub redo: Option<String>,
    /// Name of the reviewer; empty until one is given.
    pub reviewer: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "Note")]
pub struct NoteView {
    pub id: String,
    pub page: Option<u32>,
    /// Moment of the session, epoch ms; nothing for a note on the whole of it.
    #[ts(type = "number | null")]
    pub at: Option<i64>,
    #[ts(type = "number | null")]
    pub node: Option<i64>,
    pub selector: Option<String>,
    pub author: Option<String>,
    pub text: String,
    #[ts(type = "number")]
    pub created_at: i64,
    #[ts(type = "number")]
    pub changed_at: i64,
    /// Another text of the same note was written elsewhere; both were kept.
    pub twofold: bool,
}

/// "Not a problem", said of a signal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "Decision")]
pub struct DecisionView {
    pub kind: String,
    #[ts(type = "number")]
    pub time: i64,
    pub selector: Option<String>,
    pub reason: Option<String>,
    pub by: String,
}

/// One thing to change on a session.
#[derive(Debug, Clone, PartialEq, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ReviewChange {
    AddNote {
        id: String,
        page: Option<u32>,
        #[ts(type = "number | null")]
        at: Option<i64>,
        #[ts(type = "number | null")]
        node: Option<i64>,
        selector: Option<String>,
        text: String,
    },
    EditNote {
        id: String,
        text: String,
    },
    RemoveNote {
        id: String,
    },
    Label {
        label: String,
        on: bool,
    },
    Favourite {
        on: bool,
    },
    Rate {
        rating: Option<u8>,
    },
    /// By hand.
    Watched {
        on: bool,
    },
    /// Noted by the player: how far it came.
    Reached {
        #[ts(type = "number")]
        until: i64,
    },
    Decide {
        kind: String,
        page: u32,
        #[ts(type = "number")]
        time: i64,
        selector: Option<String>,
        reason: Option<String>,
        on: bool,
    },
}

/// What an undo or redo did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "Turned")]
pub struct TurnedView {
    /// Nothing when there was nothing to undo.
    pub said: Option<String>,
    pub undo: Option<String>,
    pub redo: Option<String>,
}

/// A goal for a list, with how far it is this week.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "Goal")]
pub struct GoalView {
    pub id: String,
    pub text: String,
    pub label: Option<String>,
    pub favourites: bool,
    /// Sessions a week.
    pub watch: u32,
    /// Watched by this reviewer in the week.
    pub done: u32,
    /// Sessions in the list.
    pub sessions: u32,
}

/// What an import of notes changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "NotesMerged")]
pub struct NotesMergedView {
    pub notes_added: u32,
    pub notes_changed: u32,
    pub both_kept: u32,
    pub marks_changed: u32,
    pub findings: Vec<super::FindingView>,
}

/// What an export of notes wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "NotesExported")]
pub struct NotesExportedView {
    pub path: String,
    pub notes: u32,
    /// Labels, favourites, ratings, watched sessions, decisions and goals.
    pub marks: u32,
}
