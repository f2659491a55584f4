use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use dwell_core::desk::verify;
use dwell_core::store::Cache;

use crate::output::{self, Failure, Meter};

pub(crate) fn run(cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let cache = Cache::open_read_only(cache)?;
    let mut meter = Meter::new();
    let mut show = |done: u64, all: u64| meter.show(&format!("{done} of {all} sessions checked"));
    let report = verify::verify(&cache, &mut show, &AtomicBool::new(false))?;
    drop(meter);
    if json {
        output::print_json(&report)?;
    } else {
        output::say_findings(&report.problems);
        let totals = &report.totals;
        let state = if report.ok { "whole" } else { "not whole" };
        output::print(&format!(
            "The cache is {state}: {} sessions, {} pages, {} events, {} originals; {} gaps in the recordings themselves.\n",
            totals.sessions,
            totals.pages,
            totals.events,
            totals.originals,
            report.gaps.len()
        ))?;
    }
    Ok(output::done(&report.problems))
}
