use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use dwell_core::desk::import::{self, Options, Progress};
use dwell_core::desk::{Columns, keep_index};
use dwell_core::error::Error;
use dwell_core::findings::Findings;
use dwell_core::store::Cache;

use crate::output::{self, Failure, Meter};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files and folders: recordings, zip and gzip archives of them, NDJSON, CSV lists of sessions.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The client's project that the sessions belong to.
    #[arg(long, value_name = "P")]
    project: Option<String>,
    /// Threads that decode; one per processor by default.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Names of columns of CSV lists, as JSON: {"session": ["Visit"], "country": ["Land"], "ignore": ["Internal"]}.
    #[arg(long, value_name = "FILE")]
    columns: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    // A wrong path must not leave an empty cache behind.
    import::check(&arguments.paths)?;
    let columns = match &arguments.columns {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| Error::Io { context: format!("{} cannot be read", path.display()), source })?;
            Columns::from_json(&text)?
        }
        None => Columns::default(),
    };
    let mut cache = Cache::open(cache)?;
    let options = Options { project: arguments.project, threads: arguments.threads, columns };
    let now = super::clock();
    let mut findings = Findings::new();
    let mut meter = Meter::new();
    let mut show = |p: &Progress| {
        let percent = (p.bytes_read * 100).checked_div(p.bytes_total).unwrap_or(100);
        meter.show(&format!("{percent} % read, {} sessions", p.sessions_done));
    };
    let never = AtomicBool::new(false);
    let result = import::import(&mut cache, &arguments.paths, &options, &mut show, &never, now, &mut findings);
    drop(meter);
    keep_index(&mut cache);
    let summary = match result {
        Ok(summary) => summary,
        Err(error) => return Err(Failure { error, findings: findings.into_list() }),
    };
    if json {
        output::print_json(&summary)?;
    } else {
        output::say_findings(&summary.findings);
        output::print(&format!(
            "{} sessions added, {} updated, {} pages added, {} duplicates, {:.1} MB in {:.1} s\n",
            summary.sessions_added,
            summary.sessions_updated,
            summary.pages_added,
            summary.duplicates,
            summary.bytes as f64 / 1e6,
            summary.elapsed_ms as f64 / 1e3
        ))?;
    }
    Ok(output::done(&summary.findings))
}
