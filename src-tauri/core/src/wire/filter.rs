//! Rows of the filter language as the window shows them.
//!
//! The trap: the window must not read the language by itself. What a row is made of, where it goes wrong and how it is
//! written comes from here.

use serde::Serialize;
use ts_rs::TS;

/// What is wrong with a row, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(rename = "FilterProblem")]
pub struct FilterProblemView {
    pub code: String,
    pub message: String,
    /// Characters from 1; one past the last at the end of the row.
    pub column: u32,
    /// Characters that do not fit; 0 at the end of the row.
    pub length: u32,
}

/// A row of one field, one operator and some values, of which any does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(rename = "Simple")]
pub struct SimpleView {
    /// Of tags: `tag.KEY`.
    pub field: String,
    pub key: Option<String>,
    #[ts(
        type = "\"is\" | \">\" | \">=\" | \"<\" | \"<=\" | \"between\" | \"contains\" | \"starts with\" | \"ends with\" | \"matches\" | \"empty\""
    )]
    pub op: String,
    /// The empty text stands for a value that is not there.
    pub values: Vec<String>,
    /// The complement is meant.
    pub not: bool,
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(rename = "FilterRow")]
pub struct FilterRowView {
    /// Nothing when the row can be read.
    pub problems: Vec<FilterProblemView>,
    /// The row in its one spelling; as it was given when it cannot be read.
    pub text: String,
    /// The row that means the opposite.
    pub negated: Option<String>,
    /// Nothing when the row is more than one field, one operator and values.
    pub simple: Option<SimpleView>,
}
