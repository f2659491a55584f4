//! Why a whole request failed: a code for machines, a sentence for people.
//!
//! The trap: these end a request. What only spoils a part of it belongs into [`crate::findings`].

use std::path::PathBuf;

use serde::Serialize;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The cache {} is locked by another program. Close it, or try again in a moment.", path.display())]
    CacheLocked { path: PathBuf },
    #[error("The cache {} cannot be written: {reason}", path.display())]
    CacheReadOnly { path: PathBuf, reason: String },
    #[error("{} is not a Dwell cache: {reason}", path.display())]
    CacheForeign { path: PathBuf, reason: String },
    #[error("The cache {} was written by a newer Dwell (version {found}; this one reads up to {known}).", path.display())]
    CacheNewer { path: PathBuf, found: i64, known: i64 },
    #[error("The cache {} is damaged: {reason}", path.display())]
    CacheDamaged { path: PathBuf, reason: String },
    #[error("The disk is full; nothing of the unfinished session was kept. Free some space and run the import again.")]
    DiskFull,
    #[error("The import was cancelled. Sessions that were complete by then are kept.")]
    Cancelled,
    #[error("{} does not exist.", path.display())]
    PathMissing { path: PathBuf },
    #[error("{} cannot be read: {reason}", path.display())]
    PathUnreadable { path: PathBuf, reason: String },
    /// Nothing in the given paths was a recording; `reason` says what they were instead.
    #[error("No recordings found: {reason}")]
    NoRecordings { reason: String },
    /// Nothing in the given paths was a file that a page shows; `reason` says what they were instead.
    #[error("No page files found: {reason}")]
    NoPageFiles { reason: String },
    #[error("There is no session {id} in this cache.")]
    SessionMissing { id: String },
    #[error(
        "Session {id} is known from a list only; there is no recording of it here. Import its recording to see it."
    )]
    NoRecording { id: String },
    #[error("Session {id} has no page {page}; it has {pages}.")]
    PageMissing { id: String, page: u32, pages: u32 },
    #[error("There is no note {id} in this cache; it may have been removed.")]
    NoteMissing { id: String },
    #[error("Session {id} shows no such signal ({what}).")]
    SignalMissing { id: String, what: String },
    /// What a step of the history would bring back is no longer as the step left it.
    #[error(
        "“{said}” can no longer be {verb}: what it changed has been changed since. It was taken out of the history."
    )]
    StepOutdated { said: String, verb: &'static str },
    /// Rows of a filter that cannot be read; never empty.
    #[error("{}", first_of(problems))]
    Filter { problems: Vec<FilterProblem> },
    #[error("{message}")]
    Usage { message: String },
    #[error("{context}: {source}")]
    Io { context: String, source: std::io::Error },
    #[error("{message}")]
    Internal { message: String },
}

impl Error {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Error::CacheLocked { .. } => "cache_locked",
            Error::CacheReadOnly { .. } => "cache_read_only",
            Error::CacheForeign { .. } => "cache_foreign",
            Error::CacheNewer { .. } => "cache_newer",
            Error::CacheDamaged { .. } => "cache_damaged",
            Error::DiskFull => "disk_full",
            Error::Cancelled => "cancelled",
            Error::PathMissing { .. } => "path_missing",
            Error::PathUnreadable { .. } => "path_unreadable",
            Error::NoRecordings { .. } => "no_recordings",
            Error::NoPageFiles { .. } => "no_page_files",
            Error::SessionMissing { .. } => "session_missing",
            Error::NoRecording { .. } => "no_recording",
            Error::PageMissing { .. } => "page_missing",
            Error::NoteMissing { .. } => "note_missing",
            Error::SignalMissing { .. } => "signal_missing",
            Error::StepOutdated { .. } => "step_outdated",
            Error::Filter { problems } => problems.first().map_or("filter", |p| p.code),
            Error::Usage { .. } => "usage",
            Error::Io { .. } => "io",
            Error::Internal { .. } => "internal",
        }
    }
    pub fn is_usage(&self) -> bool {
        matches!(self, Error::Usage { .. } | Error::Filter { .. })
    }
}

/// What is wrong with a row of a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilterProblem {
    pub code: &'static str,
    /// One sentence that says what was expected.
    pub message: String,
    /// Characters from 1; one past the last at the end of the row.
    pub column: u32,
    /// Characters that do not fit; 0 at the end of the row.
    pub length: u32,
    /// From 1.
    pub row: u32,
    /// The segment whose row it is; none for rows given by themselves.
    pub segment: Option<String>,
    /// The library's file.
    pub file: Option<PathBuf>,
}

fn first_of(problems: &[FilterProblem]) -> String {
    let Some(first) = problems.first() else { return "The filter cannot be read.".to_owned() };
    let place = match &first.segment {
        Some(segment) => format!("segment {segment}, row {}, column {}", first.row, first.column),
        None => format!("row {}, column {}", first.row, first.column),
    };
    format!("{} ({place})", first.message)
}

/// What crosses to the window and to `--json`.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorReport {
    pub code: &'static str,
    pub message: String,
    /// Where a filter goes wrong first.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub place: Option<FilterPlace>,
    /// All that is wrong with a filter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FilterProblem>,
}

/// Place of the first problem of a filter, as [`FilterProblem`] has it.
#[derive(Debug, Clone, Serialize)]
pub struct FilterPlace {
    pub column: u32,
    pub row: u32,
    pub segment: Option<String>,
    pub file: Option<PathBuf>,
}

impl ErrorReport {
    pub fn new(code: &'static str, message: impl Into<String>) -> ErrorReport {
        ErrorReport { code, message: message.into(), place: None, problems: Vec::new() }
    }
}

impl From<&Error> for ErrorReport {
    fn from(e: &Error) -> Self {
        let mut report = ErrorReport::new(e.code(), e.to_string());
        if let Error::Filter { problems } = e {
            report.place = problems.first().map(|first| FilterPlace {
                column: first.column,
                row: first.row,
                segment: first.segment.clone(),
                file: first.file.clone(),
            });
            report.problems.clone_from(problems);
        }
        report
    }
}
