use std::path::Path;
use std::process::ExitCode;

use dwell_core::desk::session;
use serde_json::Value;

use crate::output::{self, Failure, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The session, as `dwell sessions` names it.
    id: String,
    /// Only this page view.
    #[arg(long, value_name = "N")]
    page: Option<u32>,
    /// Only this kind: click, input, scroll, error, …
    #[arg(long, value_name = "K")]
    kind: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let cache = super::read(cache)?;
    let events = session::events(&cache, &arguments.id, arguments.page, arguments.kind.as_deref())?;
    if json {
        output::print_json(&events)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for event in &events {
        let part = |key: &str| match event.get(key) {
            Some(Value::String(s)) => clean(&s.replace(['\n', '\t'], " ")),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        let cells = ["page", "at_ms", "kind", "text", "selector", "x", "y"].map(part);
        text.push_str(cells.join("\t").trim_end());
        text.push('\n');
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
