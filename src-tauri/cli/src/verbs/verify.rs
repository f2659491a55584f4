use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use dwell_core::desk::verify;
use dwell_core::store::Cache;

use crate::output::{self, Failure, Meter};

/// Most gaps that are printed one by one.
const GAPS: usize = 50;

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
        for gap in report.gaps.iter().take(GAPS) {
            output::say(&gap.sentence);
        }
        if report.gaps.len() > GAPS {
            output::say(&format!("And {} more gaps; --json lists all.", report.gaps.len() - GAPS));
        }
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
