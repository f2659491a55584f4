//! The `dwell` command: reads arguments, calls the desk, prints.
//!
//! The trap: other programs read what is printed. stdout carries results only, and with `--json` exactly one
//! JSON value whatever happens; everything for people goes to stderr.

mod output;
mod verbs;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use dwell_core::error::Error;

/// Decoding is made of small allocations in many threads; the system's allocator takes a seventh of an import.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Reviews web session recordings offline.
#[derive(Debug, Parser)]
#[command(name = "dwell", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Cache file of the project; without it, one in the platform's data folder.
    #[arg(long, global = true, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: verbs::Verb,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(e) => return output::usage(&e),
    };
    let json = arguments.json;
    let run = || {
        let cache = match arguments.cache {
            Some(path) => path,
            None => default_cache()?,
        };
        verbs::run(arguments.verb, &cache, json)
    };
    match run() {
        Ok(code) => code,
        Err(failure) => output::failed(&failure, json),
    }
}

/// The platform's folder for data of programs; made when it is not there.
fn default_cache() -> Result<PathBuf, output::Failure> {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        var("LOCALAPPDATA").map(|base| base.join("Dwell"))
    } else if cfg!(target_os = "macos") {
        var("HOME").map(|home| home.join("Library/Application Support/Dwell"))
    } else {
        var("XDG_DATA_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| var("HOME").map(|home| home.join(".local/share")))
            .map(|base| base.join("dwell"))
    };
    let Some(folder) = base else {
        let message = "There is no home folder to keep the cache in; name a file with --cache.".to_owned();
        return Err(Error::Usage { message }.into());
    };
    std::fs::create_dir_all(&folder)
        .map_err(|e| Error::CacheReadOnly { path: folder.join("cache.sqlite"), reason: format!("{e}.") })?;
    Ok(folder.join("cache.sqlite"))
}
