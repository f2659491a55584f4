//! What leaves Dwell for other programs and people.
//!
//! The trap: an export is read without Dwell beside it, so it has to be whole and harmless by itself.

mod table;

pub use table::{FactsTable, fact_columns, facts_csv};
