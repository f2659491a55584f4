use std::path::Path;
use std::process::ExitCode;

use dwell_core::desk::list::{self, Sort};
use dwell_core::report::facts_csv;

use crate::output::{self, Failure, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    filter: super::Where,
    /// Field to sort by, with `:desc` for the largest first; newest first without it.
    #[arg(long, value_name = "KEY[:desc]")]
    sort: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// A table for spreadsheets: every field, and every tag that occurs.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(crate) fn run(arguments: Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let sort = arguments.sort.as_deref().map_or_else(|| Ok(Sort::default()), str::parse)?;
    let chosen = arguments.filter.chosen()?;
    let cache = super::read(cache)?;
    let rows = list::sessions(&cache, &chosen, &sort, arguments.limit)?;
    if json {
        output::print_json(&rows)?;
    } else if arguments.csv {
        output::print(&facts_csv(&rows)?)?;
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
