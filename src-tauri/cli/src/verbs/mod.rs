//! One file per verb.

mod assets;
mod dom;
mod events;
mod export;
mod import;
mod notes;
mod session;
mod sessions;
mod verify;

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use crate::output::Failure;

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
        Verb::Dom(arguments) => dom::run(&arguments, cache, json),
        Verb::Export(arguments) => export::run(arguments, cache, json),
        Verb::Assets(arguments) => assets::run(arguments, cache, json),
        Verb::Notes(arguments) => notes::run(arguments, cache, json),
        Verb::Verify => verify::run(cache, json),
    }
}
