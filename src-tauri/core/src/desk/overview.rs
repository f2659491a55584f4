//! The overview of the chosen sessions.
//!
//! The trap: it is asked for with the same filter as the list, and must count the same sessions.

use super::chosen::Chosen;
use super::list;
use super::window::{Desk, json, now};
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

impl Desk {
    /// The overview of the sessions that rows of the filter language choose, as JSON of `Overview`.
    ///
    /// # Errors
    /// [`crate::error::Error::Filter`], the `Cache…` ones.
    pub fn overview(&self, filter: &[String]) -> Result<Vec<u8>> {
        let chosen = Chosen::new(filter, now())?;
        json(&overview(&self.cache(), &chosen)?)
    }
}
