//! One file per verb.

mod assets;
mod dom;
mod events;
mod export;
mod facts;
mod import;
mod notes;
mod overview;
mod session;
mod sessions;
mod signals;
mod summary;
mod verify;

use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use dwell_core::desk::chosen::Chosen;
use dwell_core::desk::import::open_current;
use dwell_core::error::Error;
use dwell_core::event::Millis;
use dwell_core::facts::parse_iso;
use dwell_core::store::Cache;

use crate::output::{Failure, say};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Read recordings from files, folders and archives into the cache.
    Import(import::Arguments),
    /// List the sessions.
    Sessions(sessions::Arguments),
    /// What is known of one session.
    Session(session::Arguments),
    /// Everything that happened in a session, in order.
    Events(events::Arguments),
    /// What is known of sessions: how many have each value of a field.
    Facts(facts::Arguments),
    /// Frustration signals and script errors of sessions.
    Signals(signals::Arguments),
    /// Sessions summed up: over time, by device, channel and page; frustrations and errors.
    Overview(overview::Arguments),
    /// A session in a few sentences, or what chosen sessions share.
    Summary(summary::Arguments),
    /// The page at a moment.
    Dom(dom::Arguments),
    /// Write sessions into an archive that reads back to the same cache.
    Export(export::Arguments),
    /// Page files: add what was saved of a site, see what is missing.
    Assets(assets::Arguments),
    /// What people write and set: notes, labels, ratings, watched; export and merge it.
    Notes(notes::Arguments),
    /// Check that the cache is whole and matches its originals.
    Verify,
}

pub(crate) fn run(verb: Verb, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Import(arguments) => import::run(arguments, cache, json),
        Verb::Sessions(arguments) => sessions::run(arguments, cache, json),
        Verb::Session(arguments) => session::run(&arguments, cache, json),
        Verb::Events(arguments) => events::run(&arguments, cache, json),
        Verb::Facts(arguments) => facts::run(&arguments, cache, json),
        Verb::Signals(arguments) => signals::run(&arguments, cache, json),
        Verb::Overview(arguments) => overview::run(&arguments, cache, json),
        Verb::Summary(arguments) => summary::run(&arguments, cache, json),
        Verb::Dom(arguments) => dom::run(&arguments, cache, json),
        Verb::Export(arguments) => export::run(arguments, cache, json),
        Verb::Assets(arguments) => assets::run(arguments, cache, json),
        Verb::Notes(arguments) => notes::run(arguments, cache, json),
        Verb::Verify => verify::run(cache, json),
    }
}

/// The cache, for reading, with every session as this version derives it.
fn read(path: &Path) -> Result<Cache, Error> {
    open_current(path, |sessions| {
        say(&format!("Bringing {sessions} sessions up to date, which an older version of Dwell has read …"));
    })
}

/// Which sessions are meant.
#[derive(Debug, clap::Args)]
pub(crate) struct Where {
    /// A row of a filter, such as 'country = DE AND rage_clicks > 0'; all rows have to hold.
    #[arg(long = "where", value_name = "ROW")]
    rows: Vec<String>,
    /// Time that "30d ago" counts from (epoch ms or ISO); without it DWELL_NOW, then this machine's clock.
    #[arg(long, value_name = "T")]
    now: Option<String>,
}

impl Where {
    /// # Errors
    /// [`Error::Filter`], [`Error::Usage`] for a time that is none.
    pub(crate) fn chosen(&self) -> Result<Chosen, Error> {
        let given = self.now.clone().or_else(|| std::env::var("DWELL_NOW").ok().filter(|t| !t.trim().is_empty()));
        let now = given.as_deref().map_or_else(|| Ok(clock()), instant)?;
        Chosen::new(&self.rows, now)
    }
}

/// Epoch ms by this machine's clock.
pub(crate) fn clock() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as Millis)
}

/// Epoch ms that an argument names: as a number, or as ISO 8601 with a zone.
///
/// # Errors
/// [`Error::Usage`].
pub(crate) fn instant(text: &str) -> Result<Millis, Error> {
    let text = text.trim();
    text.parse().ok().or_else(|| parse_iso(text)).ok_or_else(|| {
        let message = format!("{text:?} is no time: give epoch milliseconds, or 2026-11-20T14:32:05Z.");
        Error::Usage { message }
    })
}
