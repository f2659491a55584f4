//! One file per verb.

mod import;
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
    /// Check that the cache is whole and matches its originals.
    Verify,
}

pub(crate) fn run(verb: Verb, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Import(arguments) => import::run(arguments, cache, json),
        Verb::Sessions(arguments) => sessions::run(arguments, cache, json),
        Verb::Verify => verify::run(cache, json),
    }
}
