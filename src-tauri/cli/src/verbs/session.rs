use std::path::Path;
use std::process::ExitCode;

use dwell_core::desk::session;
use serde_json::Value;

use crate::output::{self, Failure, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The session, as `dwell sessions` names it.
    id: String,
}

pub(crate) fn run(arguments: &Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let cache = super::read(cache)?;
    let detail = session::detail(&cache, &arguments.id)?;
    if json {
        output::print_json(&detail)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for (field, value) in detail.iter().filter(|(field, _)| !matches!(field.as_str(), "pages" | "findings")) {
        let value = match value {
            Value::String(s) => s.clone(),
            other => other.to_string(),
        };
        text.push_str(&format!("{}\t{}\n", clean(field), clean(&value.replace(['\n', '\t'], " "))));
    }
    for page in detail.get("pages").and_then(Value::as_array).into_iter().flatten() {
        let part = |key: &str| page.get(key).map(Value::to_string).unwrap_or_default();
        text.push_str(&format!("page {}\t{} ms\t{}\n", part("number"), part("duration_ms"), clean(&part("url"))));
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
