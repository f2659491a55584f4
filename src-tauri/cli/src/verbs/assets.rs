use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::Subcommand;
use dwell_core::desk::assets::{self, Options, Progress};
use dwell_core::desk::import;
use dwell_core::findings::Findings;
use dwell_core::store::Cache;
use dwell_core::wire::PageFilesView;

use crate::output::{self, Failure, Meter, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Add style sheets, pictures and fonts out of what was saved of a site: a mirrored folder, a saved page
    /// with its folder, MHTML, WARC, WACZ, HAR, single files.
    Add(Add),
    /// What the pages of a session asked for, and what of it is missing.
    Status {
        /// The session, as `dwell sessions` names it.
        session: String,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only for this session; may be repeated. Without it, for all sessions, those to come included.
    #[arg(long = "session", value_name = "ID")]
    sessions: Vec<String>,
    /// Address of the file, or of the folder, when it does not say it itself.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(crate) fn run(arguments: Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    match arguments.verb {
        Verb::Add(arguments) => add(arguments, cache, json),
        Verb::Status { session } => {
            let status = assets::status(&super::read(cache)?, &session)?;
            if json {
                output::print_json(&status)?;
            } else {
                output::print(&text(&status))?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn add(arguments: Add, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    // A wrong path must not leave an empty cache behind.
    import::check(&arguments.paths)?;
    let mut cache = Cache::open(cache)?;
    let options = Options { sessions: arguments.sessions, url: arguments.url };
    let mut findings = Findings::new();
    let mut meter = Meter::new();
    let mut show = |p: &Progress| {
        let percent = (p.bytes_read * 100).checked_div(p.bytes_total).unwrap_or(100);
        meter.show(&format!("{percent} % read, {} page files", p.files));
    };
    let never = AtomicBool::new(false);
    let result = assets::add(&mut cache, &arguments.paths, &options, &mut show, &never, &mut findings);
    drop(meter);
    let summary = match result {
        Ok(summary) => summary,
        Err(error) => return Err(Failure { error, findings: findings.into_list() }),
    };
    if json {
        output::print_json(&summary)?;
    } else {
        output::say_findings(&summary.findings);
        let left_out: u64 = summary.others.values().sum();
        let left_out = if left_out > 0 { format!(", {left_out} others left out") } else { String::new() };
        let whom = match summary.sessions.len() {
            0 => "all sessions".to_owned(),
            1 => "one session".to_owned(),
            n => format!("{n} sessions"),
        };
        output::print(&format!(
            "{} page files for {whom}, {} of them new ({:.1} MB){left_out}\n",
            summary.files,
            summary.added,
            summary.bytes as f64 / 1e6
        ))?;
    }
    Ok(output::done(&summary.findings))
}

fn text(status: &PageFilesView) -> String {
    let name = |kind: &str| match kind {
        "sheet" => "style sheets",
        "image" => "pictures",
        "font" => "fonts",
        "media" => "media",
        _ => "others",
    };
    let mut out = format!("Page files: {} of {}\n", status.cached, status.wanted);
    for kind in &status.kinds {
        out.push_str(&format!("  {}: {} of {}\n", name(&kind.kind), kind.cached, kind.wanted));
    }
    if status.masked > 0 {
        out.push_str(&format!("  {} pictures were masked by the recorder\n", status.masked));
    }
    if status.blocked > 0 {
        out.push_str(&format!("  {} elements were left out by the recorder\n", status.blocked));
    }
    for page in &status.pages {
        out.push_str(&format!("page {}\t{} of {}\t{}\n", page.number, page.cached, page.wanted, clean(&page.url)));
    }
    for file in &status.missing {
        let reason = match (&*file.reason, file.by_sheet) {
            ("active", _) => "never shown: a frame, plug-in or icon of another file",
            (_, true) => "not in the archive, named by a style sheet",
            (_, false) => "not in the archive",
        };
        out.push_str(&format!("missing\t{}\t{}\t{reason}\n", file.kind, clean(&file.url)));
    }
    if status.more > 0 {
        out.push_str(&format!("{} more addresses are not listed\n", status.more));
    }
    out
}
