use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use dwell_core::desk::overview;
use dwell_core::report::{Median, Overview};

use crate::output::{self, Failure, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    filter: super::Where,
}

pub(crate) fn run(arguments: &Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let chosen = arguments.filter.chosen()?;
    let cache = super::read(cache)?;
    let overview = overview::overview(&cache, &chosen)?;
    if json {
        output::print_json(&overview)?;
    } else {
        output::print(&told(&overview))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn middle(median: Option<Median>, unit: &str) -> String {
    match median {
        Some(Median { value: Some(value), n }) => format!("{value} {unit} (n = {n})"),
        _ => "not known".to_owned(),
    }
}

fn told(o: &Overview) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(out, "{} of {} sessions, {} page views", o.sessions, o.total, o.page_views);
    let _ = writeln!(out, "Visitors: {} (n = {})", o.visitors, o.with_visitor);
    let _ = writeln!(out, "Median length: {}", middle(o.duration, "s"));
    let _ = writeln!(out, "Median scroll depth: {}", middle(o.scroll_depth, "%"));
    let _ = writeln!(out, "With a frustration signal: {}", o.frustrated.sessions);
    let _ = writeln!(out, "Partial recordings: {}", o.partial.sessions);
    for signal in &o.signals {
        let _ = writeln!(out, "{}\t{} times in {} sessions", signal.kind, signal.count, signal.sessions);
    }
    for division in o.by.iter().filter(|d| !d.values.is_empty()) {
        let _ = writeln!(out, "\n{} (n = {})", division.label, division.n);
        for value in &division.values {
            let _ = writeln!(out, "{}\t{}\t{} %", clean(&value.value), value.sessions, value.share);
        }
    }
    if !o.pages.is_empty() {
        let _ = writeln!(out, "\nPages ({} of {}): views, sessions, address", o.pages.len(), o.page_count);
    }
    for page in &o.pages {
        let _ = writeln!(out, "{}\t{}\t{}", page.page_views, page.sessions, clean(&page.page));
    }
    if !o.frustrations.is_empty() {
        let _ = writeln!(out, "\nFrustrations ({} of {}): sessions, times", o.frustrations.len(), o.frustration_count);
    }
    for f in &o.frustrations {
        let _ = writeln!(out, "{}\t{}\t{}\t{}\t{}", f.sessions, f.count, f.kind, clean(&f.selector), clean(&f.page));
    }
    if !o.errors.is_empty() {
        let _ = writeln!(out, "\nScript errors ({} of {}): sessions, times", o.errors.len(), o.error_count);
    }
    for e in &o.errors {
        let message = clean(&e.message.replace(['\n', '\t'], " "));
        let _ = writeln!(out, "{}\t{}\t{}\t{message}", e.sessions, e.count, e.party);
    }
    out
}
