use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use dwell_core::desk::browse::facets;

use crate::output::{self, Failure, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Fields of the filter language, such as device or tag.plan; without any, all that some session knows.
    #[arg(value_name = "FIELD")]
    fields: Vec<String>,
    #[command(flatten)]
    filter: super::Where,
    /// Only values that have this text in them.
    #[arg(long, value_name = "TEXT")]
    find: Option<String>,
    /// At most so many values of a field, most frequent first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

pub(crate) fn run(arguments: &Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let chosen = arguments.filter.chosen()?;
    let cache = super::read(cache)?;
    let facets = facets(&cache, &chosen, &arguments.fields, arguments.find.as_deref(), arguments.limit)?;
    if json {
        output::print_json(&facets)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(out, "{} of {} sessions", facets.matched, facets.total);
    for field in &facets.fields {
        let _ = writeln!(out, "\n{} ({}), n = {}", field.name, field.label, facets.matched.saturating_sub(field.empty));
        if let (Some(min), Some(max)) = (field.min, field.max) {
            let _ = writeln!(out, "from {min} to {max}");
        }
        for value in &field.values {
            let _ = writeln!(out, "{}\t{}", value.count, clean(&value.value.replace(['\n', '\t'], " ")));
        }
        if field.more > 0 {
            let _ = writeln!(out, "and {} more values", field.more);
        }
    }
    output::print(&out)?;
    Ok(ExitCode::SUCCESS)
}
