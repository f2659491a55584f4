use std::path::Path;
use std::process::ExitCode;

use dwell_core::desk::session::{self, Moment};
use dwell_core::error::Error;

use crate::output::{self, Failure};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("when").required(true).args(["time", "page"]))]
pub(crate) struct Arguments {
    /// The session, as `dwell sessions` names it.
    id: String,
    /// Wall clock: epoch ms, or an ISO time such as 2026-11-20T14:32:05.120Z.
    #[arg(long, value_name = "T")]
    time: Option<String>,
    /// Page view; goes with --at.
    #[arg(long, value_name = "N", requires = "at")]
    page: Option<u32>,
    /// Milliseconds after the page view's first event.
    #[arg(long, value_name = "MS", requires = "page", allow_hyphen_values = true)]
    at: Option<i64>,
    /// The safe HTML that the player shows, instead of the recorded tree.
    #[arg(long)]
    html: bool,
    /// With --html: write pictures, fonts and media into it, so that the file needs no cache.
    #[arg(long, requires = "html")]
    inline: bool,
}

pub(crate) fn run(arguments: &Arguments, cache: &Path, json: bool) -> Result<ExitCode, Failure> {
    let moment = match (&arguments.time, arguments.page, arguments.at) {
        (Some(text), ..) => Moment::Time(super::instant(text)?),
        (None, Some(page), Some(at_ms)) => Moment::OnPage { page, at_ms },
        _ => {
            let message = "Say when: --time T, or --page N --at MS.".to_owned();
            return Err(Error::Usage { message }.into());
        }
    };
    let cache = super::read(cache)?;
    if arguments.html {
        let html = match arguments.inline {
            true => session::html_alone(&cache, &arguments.id, moment)?,
            false => session::html(&cache, &arguments.id, moment)?,
        };
        if json {
            output::print_json(&serde_json::json!({ "html": html }))?;
        } else {
            output::print(&html)?;
        }
    } else {
        let (tree, _) = session::dom(&cache, &arguments.id, moment)?;
        let mut text = tree.canonical();
        text.push('\n');
        output::print(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}
