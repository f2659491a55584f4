use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use dwell_core::desk::export::{ExportOptions, ExportProgress, export};
use dwell_core::desk::list::{self, Sort};
use dwell_core::desk::tables::{Table, write_table};
use dwell_core::error::Error;

use crate::output::{self, Failure, Meter};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The file to write, such as shop.zip, or clicks.csv with --csv; `-` prints a table.
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Sessions, as `dwell sessions` names them.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Every session, with everything that people wrote.
    #[arg(long, conflicts_with_all = ["ids", "sort", "limit", "rows"])]
    all: bool,
    #[command(flatten)]
    filter: super::Where,
    /// The first sessions in this order, as `dwell sessions` lists them; with --limit.
    #[arg(long, value_name = "KEY[:desc]", requires = "limit", conflicts_with = "ids")]
    sort: Option<String>,
    /// At most so many, newest first without --sort.
    #[arg(long, value_name = "N", conflicts_with = "ids")]
    limit: Option<usize>,
    /// A table instead of an archive: sessions, clicks (with coordinates), pages, devices or tags.
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["ids", "all", "sort", "limit", "created"])]
    csv: Option<String>,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    /// Time that the archive names as its own (epoch ms or ISO); now, without it. With a given time, the same
    /// sessions give the same bytes.
    #[arg(long, value_name = "T")]
    created: Option<String>,
}

/// Writes a table: beside its name first, so that a file which is there is never half a table.
fn table(arguments: &Arguments, table: Table, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let chosen = arguments.filter.chosen()?;
    let cache = super::read(cache)?;
    let out = &arguments.out;
    if out.as_os_str() == "-" {
        let mut bytes = Vec::new();
        write_table(&cache, &chosen, table, &mut bytes)?;
        output::print(&String::from_utf8_lossy(&bytes))?;
        return Ok(ExitCode::SUCCESS);
    }
    if out.exists() && !arguments.force {
        let message = format!("{} is there already; --force replaces it.", out.display());
        return Err(Error::Usage { message }.into());
    }
    let failed = |source| Error::Io { context: format!("{} cannot be written", out.display()), source };
    let mut name = out.clone().into_os_string();
    name.push(".part");
    let part = PathBuf::from(name);
    let written = std::fs::File::create(&part)
        .map_err(failed)
        .and_then(|file| write_table(&cache, &chosen, table, std::io::BufWriter::new(file)));
    let summary = match written.and_then(|s| std::fs::rename(&part, out).map_err(failed).map(|()| s)) {
        Ok(summary) => summary,
        Err(e) => {
            // What was begun is no table; that it cannot be removed changes nothing about the error.
            let _ = std::fs::remove_file(&part);
            return Err(e.into());
        }
    };
    if json {
        output::print_json(&serde_json::json!({
            "path": out.display().to_string(), "sessions": summary.sessions, "rows": summary.rows,
        }))?;
    } else {
        output::print(&format!("{} rows about {} sessions in {}\n", summary.rows, summary.sessions, out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run(arguments: Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    if let Some(name) = &arguments.csv {
        return table(&arguments, name.parse()?, cache, json);
    }
    let created = match &arguments.created {
        None => super::clock(),
        Some(text) => super::instant(text)?,
    };
    let chosen = arguments.filter.chosen()?;
    let cache = super::read(cache)?;
    let ids = if arguments.limit.is_some() || !chosen.is_everything() {
        let sort = arguments.sort.as_deref().map_or_else(|| Ok(Sort::default()), str::parse)?;
        let rows = list::sessions(&cache, &chosen, &sort, arguments.limit)?;
        if rows.is_empty() && !chosen.is_everything() {
            let message = "No session fits the filter, so there is nothing to export.".to_owned();
            return Err(Error::Usage { message }.into());
        }
        rows.iter().filter_map(|row| Some(row.get("id")?.as_str()?.to_owned())).collect()
    } else {
        arguments.ids
    };
    let options = ExportOptions { ids, all: arguments.all, force: arguments.force };
    let mut meter = Meter::new();
    let mut show = |p: ExportProgress| {
        let percent = (p.bytes * 100).checked_div(p.bytes_total).unwrap_or(100);
        meter.show(&format!("{percent} % written"));
    };
    let result = export(&cache, &arguments.out, &options, created, &mut show, &AtomicBool::new(false));
    drop(meter);
    let summary = result?;
    if json {
        output::print_json(&summary)?;
    } else {
        output::print(&format!(
            "{} sessions in {} ({} recorded files, {} assets, {} notes, {:.1} MB)\n",
            summary.sessions,
            summary.path.display(),
            summary.files,
            summary.assets,
            summary.notes,
            summary.bytes as f64 / 1e6
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
