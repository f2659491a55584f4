//! The overview of the chosen sessions.
//!
//! The trap: it is asked for with the same filter as the list, and must count the same sessions.

use super::chosen::Chosen;
use super::list;
use crate::error::Result;
use crate::report::{Overview, Summing};
use crate::store::Cache;

/// What the chosen sessions look like at once.
///
/// # Errors
/// The `Cache…` ones.
pub fn overview(cache: &Cache, chosen: &Chosen) -> Result<Overview> {
    let rows = list::sessions(cache, chosen, &list::Sort { field: "id".to_owned(), descending: false }, None)?;
    let mut sum = Summing::new(&rows, cache.totals()?.sessions as usize);
    cache.each_page(|session, page| sum.page(session, &page))?;
    cache.each_signal(None, |session, signal| sum.signal(session, signal))?;
    Ok(sum.finish())
}
