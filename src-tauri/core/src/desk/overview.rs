//! The overview of the chosen sessions.
//!
//! The trap: it is asked for with the same filter as the list, and must count the same sessions.

use super::chosen::Chosen;
use super::list;
use super::window::{Desk, json, now};
use crate::error::Result;
use crate::report::{LINES, Overview, Summing, summary};
use crate::store::Cache;

/// What the chosen sessions look like at once.
///
/// # Errors
/// The `Cache…` ones.
pub fn overview(cache: &Cache, chosen: &Chosen) -> Result<Overview> {
    let sort = list::Sort { field: "id".to_owned(), descending: false };
    let all = list::sessions(cache, &Chosen::default(), &sort, None)?;
    let rows: Vec<_> = all.iter().filter(|row| chosen.holds(row)).cloned().collect();
    let mut sum = Summing::new(&rows, all.len());
    cache.each_page(None, |session, page| sum.page(session, &page))?;
    cache.each_signal(None, |session, signal| sum.signal(session, signal))?;
    // Of everything there is nothing else to tell it from.
    let shared = if chosen.is_everything() { Vec::new() } else { summary::group(&rows, &all) };
    Ok(Overview { shared, ..sum.finish(LINES) })
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
