use std::path::Path;
use std::process::ExitCode;

use dwell_core::desk::summary;
use dwell_core::facts::iso;
use dwell_core::report::Sentence;

use crate::output::{self, Failure, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// One session, told in its order; without it, what the chosen sessions share.
    #[arg(value_name = "ID", conflicts_with_all = ["rows", "now"])]
    id: Option<String>,
    #[command(flatten)]
    filter: super::Where,
}

pub(crate) fn run(arguments: &Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let chosen = arguments.filter.chosen()?;
    let cache = super::read(cache)?;
    let told = match &arguments.id {
        Some(id) => summary::session(&cache, id)?,
        None => summary::group(&cache, &chosen)?,
    };
    if json {
        output::print_json(&told)?;
    } else {
        let line = |s: &Sentence| {
            let at = s.times.first().copied().and_then(iso).or_else(|| s.filter.clone());
            format!("{}\t{}\n", clean(&s.text), clean(&at.unwrap_or_default()))
        };
        output::print(&told.iter().map(line).collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}
