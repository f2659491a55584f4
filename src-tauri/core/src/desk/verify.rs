//! Is the cache what it says it is?
//!
//! The trap: a database can be without a fault to SQLite and still be wrong to us. So every body is hashed
//! again, every session is derived again from its bodies, and both are compared with what is stored.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::{derive, records};
use crate::archive::{Hash, Said};
use crate::error::{Error, Result};
use crate::event::{Gap, Millis, Page};
use crate::findings::Finding;
use crate::store::{Cache, Totals};

/// Result of checking a whole cache.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyReport {
    /// Nothing is wrong. Gaps are no fault of the cache.
    pub ok: bool,
    #[serde(flatten)]
    pub totals: Totals,
    pub problems: Vec<Finding>,
    /// Where recordings themselves lack data.
    pub gaps: Vec<PageGap>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageGap {
    pub session: String,
    pub page: u32,
    /// Epoch ms.
    pub from: Millis,
    pub until: Millis,
    pub reason: String,
    /// One sentence for people: where, how long, what.
    pub sentence: String,
}

impl PageGap {
    fn new(session: &str, page: &Page, gap: &Gap) -> PageGap {
        let at = (gap.from - page.started_at) as f64 / 1000.0;
        let place = match gap.until - gap.from {
            0 => format!("{at:.1} s into page {}", page.number),
            ms => format!("{at:.1} s into page {}, for {:.1} s", page.number, ms as f64 / 1000.0),
        };
        PageGap {
            session: session.to_owned(),
            page: page.number,
            from: gap.from,
            until: gap.until,
            reason: gap.reason.clone(),
            sentence: format!("Session {session}, {place} ({}): {}", page.url, gap.reason),
        }
    }
}

/// Checks everything. `progress` gets sessions done and sessions in all.
///
/// # Errors
/// [`Error::Cancelled`], and the `Cache…` ones when the file cannot be read at all. What is merely wrong in it
/// is a problem in the report.
pub fn verify(cache: &Cache, progress: &mut dyn FnMut(u64, u64), cancel: &AtomicBool) -> Result<VerifyReport> {
    let mut problems: Vec<Finding> = Vec::new();
    for line in cache.integrity()? {
        problems.push(Finding::error("database", format!("The cache is damaged: {line}.")));
    }
    let stopped = || if cancel.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) };
    for asset in cache.assets()? {
        stopped()?;
        match cache.asset(&asset.hash) {
            Ok(Some(found)) if Hash::of(&found.bytes).0 == asset.hash => {}
            Ok(_) => {
                let message = format!("The asset {} is not what its hash says.", Hash(asset.hash));
                problems.push(Finding::error("asset_changed", message));
            }
            Err(e @ Error::CacheDamaged { .. }) => problems.push(Finding::error("asset_damaged", e.to_string())),
            Err(e) => return Err(e),
        }
    }
    for record in cache.records()? {
        if serde_json::from_str::<Said>(&record.said).is_err() {
            let message = format!("A row of a list about session {:?} cannot be read.", record.session);
            problems.push(Finding::error("record_damaged", message));
        }
    }
    // After an import that was broken off, what is joined at its end is still to come, with the next one.
    let settled = cache.unsettled_records()?.is_empty() && !cache.has_unsettled_visits()?;
    let visits = if settled { cache.visits(true)? } else { Vec::new() };
    for (visit, kind) in records::user_types(&visits) {
        if visit.kind != kind {
            let message = format!("Session {} is not marked as {kind} by its visitor's sessions.", visit.session);
            problems.push(Finding::error("visitor_differs", message).in_session(&visit.session));
        }
    }
    let ids = cache.session_ids()?;
    let mut gaps = Vec::new();
    for (done, id) in ids.iter().enumerate() {
        stopped()?;
        match session(cache, id, settled, &mut gaps) {
            Ok(found) => problems.extend(found),
            Err(e @ Error::CacheDamaged { .. }) => {
                problems.push(Finding::error("session_damaged", e.to_string()).in_session(id));
            }
            Err(e) => return Err(e),
        }
        progress(done as u64 + 1, ids.len() as u64);
    }
    Ok(VerifyReport { ok: problems.is_empty(), totals: cache.totals()?, problems, gaps })
}

fn session(cache: &Cache, id: &str, settled: bool, gaps: &mut Vec<PageGap>) -> Result<Vec<Finding>> {
    let mut problems = Vec::new();
    let row = cache.session(id)?;
    let stored = cache.load(id)?;
    let mut next = 0;
    for info in cache.chunks(id)? {
        let events = cache.chunk_events(id, info.ordinal)?;
        let times = (events.first().map(|e| e.time), events.last().map(|e| e.time));
        if info.first_event != next || times != (Some(info.first_time), Some(info.last_time)) {
            let message = format!("Piece {} of session {id} is not at its place.", info.ordinal);
            problems.push(Finding::error("chunk_misplaced", message).in_session(id));
        }
        next += info.event_count;
    }
    for page in &stored.pages {
        gaps.extend(page.gaps.iter().map(|gap| PageGap::new(id, page, gap)));
    }
    if row.page_count != stored.pages.len() {
        let message = format!("Session {id} has {} pages instead of {}.", stored.pages.len(), row.page_count);
        problems.push(Finding::error("pages_missing", message).in_session(id));
    }
    if settled && row.meta != records::meta(cache, id)? {
        let message = format!("What lists and archives say of session {id} is not what is stored of it.");
        problems.push(Finding::error("metadata_differs", message).in_session(id));
    }
    if cache.listed_only(id)? {
        return Ok(problems);
    }
    let originals = match cache.originals(id) {
        Ok(originals) => originals,
        Err(e @ Error::CacheDamaged { .. }) => {
            problems.push(Finding::error("original_damaged", e.to_string()).in_session(id));
            return Ok(problems);
        }
        Err(e) => return Err(e),
    };
    for original in originals.iter().filter(|o| Hash::of(&o.bytes).0 != o.info.hash) {
        let message = format!("The original {} of session {id} is not what its hash says.", Hash(original.info.hash));
        problems.push(Finding::error("original_changed", message).in_session(id));
    }
    let bodies: Vec<derive::Body<'_>> = originals
        .iter()
        .map(|o| derive::Body { path: &o.info.path, position: o.info.position, bytes: &o.bytes })
        .collect();
    let (derived, _) = derive::derive(&row.identity, &bodies);
    let again = derived.map(|derived| {
        let mut session = derived.session;
        session.id = id.to_owned();
        session
    });
    if again.as_ref() != Some(&stored) {
        let message = format!("Session {id} is not what its originals give when they are decoded again.");
        problems.push(Finding::error("session_differs", message).in_session(id));
    }
    Ok(problems)
}
