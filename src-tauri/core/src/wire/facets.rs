//! What the filter panel and the list's headings ask: fields, counts per value, places.
//!
//! The trap: a count beside a value is a promise. It is the number of sessions that the row `FIELD = VALUE` adds to the
//! filter, in any case of letters, not the number of times that the value stands somewhere.

use serde::Serialize;
use ts_rs::TS;

/// A field of the filter language, or a tag that recordings of this project carry.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "FilterField")]
pub struct FieldView {
    /// As a filter writes it, `tag.plan` for a tag.
    pub name: String,
    #[ts(type = "FieldKind")]
    pub kind: &'static str,
    pub label: String,
    pub meaning: String,
    /// A session may have several values; a test holds when any of them fits.
    pub several: bool,
    /// Values of a field of kind `enum`, in the order for people.
    pub words: Vec<WordView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "FilterWord")]
pub struct WordView {
    pub word: String,
    /// Other spellings that a filter takes.
    pub also: Vec<String>,
}

/// Counts per value of the fields that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Facets")]
pub struct FacetsView {
    /// Sessions of the project.
    pub total: u32,
    /// Those that fit the filter; all counts are among them.
    pub matched: u32,
    pub fields: Vec<FacetView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Facet")]
pub struct FacetView {
    pub name: String,
    #[ts(type = "FieldKind")]
    pub kind: &'static str,
    pub label: String,
    /// The most frequent first, then by value. Of a date none.
    pub values: Vec<FacetValueView>,
    /// Other values beyond the limit.
    pub more: u32,
    /// Sessions without a value.
    pub empty: u32,
    /// Smallest and largest value of numbers, dates (epoch ms) and times, in the field's unit.
    #[ts(optional)]
    pub min: Option<f64>,
    #[ts(optional)]
    pub max: Option<f64>,
    /// Of the same kinds, in order.
    #[ts(optional)]
    pub histogram: Option<Vec<BinView>>,
}

/// Sessions with a value.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "FacetValue")]
pub struct FacetValueView {
    /// As a filter takes it: a text, `yes` or `no`, or a number.
    pub value: String,
    pub count: u32,
}

/// Sessions with a value from `from` to below `until`; of the last bin `until` is the largest value and belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Bin")]
pub struct BinView {
    pub from: f64,
    pub until: f64,
    pub count: u32,
}

/// How many sessions a filter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[ts(rename = "Count")]
pub struct CountView {
    pub total: u32,
    pub matched: u32,
}
