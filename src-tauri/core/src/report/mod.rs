//! What leaves Dwell for other programs and people.
//!
//! The trap: an export is read without Dwell beside it, so it has to be whole and harmless by itself.

pub mod groups;
mod overview;
pub mod summary;
mod table;

#[cfg(test)]
pub(crate) use overview::tests::overview as overview_sample;
pub use overview::{COUNTED, LINES, Median, Overview, PageLine, Summing};
pub use summary::Sentence;
pub use table::{FactsTable, fact_columns, facts_csv, session_columns};
