use std::path::Path;
use std::process::ExitCode;

use dwell_core::desk::list::{self, Sort};
use dwell_core::store::Cache;

use crate::output::{self, Failure, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Field to sort by, with `:desc` for the largest first; newest first without it.
    #[arg(long, value_name = "KEY[:desc]")]
    sort: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub(crate) fn run(arguments: Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let sort = arguments.sort.as_deref().map_or_else(|| Ok(Sort::default()), str::parse)?;
    let cache = Cache::open_read_only(cache)?;
    let rows = list::sessions(&cache, &sort, arguments.limit)?;
    if json {
        output::print_json(&rows)?;
    } else {
        let mut text = String::new();
        for row in &rows {
            let field = |key: &str| match row.get(key) {
                Some(serde_json::Value::String(s)) => clean(&s.replace(['\n', '\t'], " ")),
                Some(value) => value.to_string(),
                None => String::new(),
            };
            let cells = ["id", "source", "start", "duration", "page_count", "entry_page"].map(field);
            text.push_str(&cells.join("\t"));
            text.push('\n');
        }
        output::print(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}
