//! What is printed, where, and with which exit status.
//!
//! The trap: `dwell sessions | head -1` closes stdout in the middle. That is no failure, and it must not
//! print one.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use dwell_core::error::{Error, ErrorReport};
use dwell_core::findings::{Finding, Severity};
use serde::Serialize;

const FAILED: u8 = 1;
const USAGE: u8 = 2;
/// Done, but something could not be read or is wrong.
const FINDINGS: u8 = 3;

/// Most findings that are printed for people one by one.
const SHOWN: usize = 20;

/// Why a verb failed, with what was found on the way.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) findings: Vec<Finding>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, findings: Vec::new() }
    }
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    #[serde(flatten)]
    report: ErrorReport,
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    findings: &'a [Finding],
}

/// Writes text to stdout; a reader that went away is fine.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Io { context: "The result could not be printed".to_owned(), source: e }.into())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints one JSON value on one line.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string(value)
        .map_err(|e| Error::Internal { message: format!("The result could not be written as JSON: {e}.") })?;
    text.push('\n');
    print(&text)
}

/// A line for people.
pub(crate) fn say(line: &str) {
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{}", clean(line));
}

/// Names and texts come from recordings and archives: control characters would reach the terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Progress that overwrites itself, only where somebody looks.
pub(crate) struct Meter {
    on: bool,
    drawn: bool,
}

impl Meter {
    pub(crate) fn new() -> Meter {
        Meter { on: io::stderr().is_terminal(), drawn: false }
    }
    pub(crate) fn show(&mut self, line: &str) {
        if self.on {
            self.drawn = true;
            let _ = write!(io::stderr().lock(), "\r\x1b[2K{}", clean(line));
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.drawn {
            let _ = write!(io::stderr().lock(), "\r\x1b[2K");
        }
    }
}

/// Prints findings for people.
pub(crate) fn say_findings(findings: &[Finding]) {
    let worth: Vec<&Finding> = findings.iter().filter(|f| f.severity >= Severity::Warning).collect();
    for finding in worth.iter().take(SHOWN) {
        let place = match (&finding.path, &finding.session) {
            (Some(path), _) if finding.message.contains(path.as_str()) => None,
            (Some(path), _) => Some(path.clone()),
            (None, Some(session)) => Some(format!("Session {session}")),
            (None, None) => None,
        };
        match place {
            Some(place) => say(&format!("{place}: {}", finding.message)),
            None => say(&finding.message),
        }
    }
    if worth.len() > SHOWN {
        say(&format!("And {} more; --json lists all.", worth.len() - SHOWN));
    }
}

/// Exit status of a verb that did its work.
pub(crate) fn done(findings: &[Finding]) -> ExitCode {
    match findings.iter().any(|f| f.severity >= Severity::Warning) {
        true => ExitCode::from(FINDINGS),
        false => ExitCode::SUCCESS,
    }
}

pub(crate) fn failed(failure: &Failure, json: bool) -> ExitCode {
    if json {
        let report = ErrorReport::from(&failure.error);
        let error = ErrorBody { report, findings: &failure.findings };
        // Already failing: what cannot be printed any more is on stderr.
        let _ = print_json(&ErrorObject { error });
    }
    say(&failure.error.to_string());
    ExitCode::from(if failure.error.is_usage() { USAGE } else { FAILED })
}

/// Answers arguments that clap refused, and `--help`.
pub(crate) fn usage(e: &clap::Error) -> ExitCode {
    if !e.use_stderr() {
        let _ = print(&e.to_string());
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = e.to_string();
        let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let error = ErrorBody { report: ErrorReport::new("usage", line), findings: &[] };
        let _ = print_json(&ErrorObject { error });
    }
    say(e.to_string().trim_end());
    ExitCode::from(USAGE)
}
