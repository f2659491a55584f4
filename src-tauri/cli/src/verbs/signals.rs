use std::path::Path;
use std::process::ExitCode;

use dwell_core::desk::signals;
use dwell_core::facts::iso;
use serde_json::Value;

use crate::output::{self, Failure, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Sessions; without any, all that the filter chooses.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    filter: super::Where,
    /// Only this kind: rage_click, dead_click, error_click, quick_back, excessive_scroll, js_error or resize.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let chosen = arguments.filter.chosen()?;
    let cache = super::read(cache)?;
    let found = signals::signals(&cache, &chosen, &arguments.ids, arguments.kind.as_deref())?;
    if json {
        output::print_json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for row in &found {
        let word = |key: &str| row.get(key).and_then(Value::as_str).map(|t| clean(&t.replace(['\n', '\t'], " ")));
        let time = row.get("time").and_then(Value::as_i64).and_then(iso).unwrap_or_default();
        let cells = [word("session"), Some(time), word("kind"), word("selector"), word("text")];
        text.push_str(&cells.map(Option::unwrap_or_default).join("\t"));
        text.push('\n');
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
