//! Uncaught script errors, and unhandled rejections where a recorder tells of them (Clarity's listens to `error`
//! alone).
//!
//! The trap: a browser hides everything about an error in a script of another origin and says "Script error."
//! Whose fault an error is can then only be told from what it does not say.

use serde::Serialize;

use super::walk::{Seen, short};
use super::{Evidence, Signal, SignalKind};
use crate::event::{Kind, Millis};

/// Whose script it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The page's own site.
    First,
    /// Another site, or something installed in the browser.
    Third,
    /// The recording does not tell.
    Unknown,
}

impl Party {
    pub fn name(self) -> &'static str {
        match self {
            Party::First => "first",
            Party::Third => "third",
            Party::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JsError {
    pub version: u32,
    pub message: String,
    /// URL of the script.
    pub source: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub party: Party,
    pub at: Millis,
}

/// Message of an uncaught script error. rrweb's console plugin writes these to the log that it records, with the
/// browser's own "Uncaught" in front; without that plugin rrweb records none.
pub fn script_error(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Error { message, .. } => Some(message),
        Kind::Console { level, message, .. } if &**level == "error" && message.starts_with("Uncaught ") => {
            Some(message)
        }
        _ => None,
    }
}

/// Host of an address, without user and port; `None` for what has no host.
fn host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = authority.rsplit('@').next().unwrap_or_default();
    let name = if name.starts_with('[') {
        name.split(']').next().unwrap_or_default()
    } else {
        name.split(':').next().unwrap_or_default()
    };
    (!name.is_empty()).then(|| name.trim_end_matches('.').to_ascii_lowercase())
}

/// The part of a host that one owner registers, as well as it can be told without a list of them: the last two
/// labels, three under endings like `co.uk`.
fn site(host: &str) -> &str {
    if host.starts_with('[') || host.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit())) {
        return host;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let n = labels.len();
    let short_second = n >= 3
        && labels[n - 1].len() == 2
        && matches!(labels[n - 2], "co" | "com" | "org" | "net" | "gov" | "ac" | "edu");
    let keep = if short_second { 3 } else { 2 };
    if n <= keep {
        return host;
    }
    let cut: usize = labels[..n - keep].iter().map(|l| l.len() + 1).sum();
    &host[cut..]
}

pub(super) fn party(message: &str, source: Option<&str>, page: &str) -> Party {
    let Some(source) = source else {
        let hidden = message.trim().trim_end_matches('.').eq_ignore_ascii_case("script error");
        return if hidden { Party::Third } else { Party::Unknown };
    };
    if source.contains("-extension://") {
        return Party::Third;
    }
    match (host(source), host(page)) {
        (Some(theirs), Some(ours)) => {
            if site(&theirs) == site(&ours) {
                Party::First
            } else {
                Party::Third
            }
        }
        // A path alone, or a script written into the page.
        (None, _) if source.starts_with('/') && !source.starts_with("//") => Party::First,
        _ => Party::Unknown,
    }
}

pub(super) fn detect(seen: &Seen<'_>) -> Vec<Signal> {
    let label = |error: &super::walk::Failure| {
        let at_ms = seen.on_page(error.page, error.time);
        let url = seen.page(error.page).map_or("", |p| p.url.as_str());
        Signal {
            kind: SignalKind::JsError,
            page: error.page,
            at_ms,
            until_ms: at_ms,
            time: error.time,
            selector: None,
            text: Some(short(&error.message)),
            evidence: Evidence::JsError(JsError {
                version: super::VERSION,
                message: error.message.clone(),
                source: error.source.clone(),
                line: error.line,
                column: error.column,
                party: party(&error.message, error.source.as_deref(), url),
                at: error.time,
            }),
        }
    };
    seen.errors.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_whose_script_it_was() {
        let page = "https://www.shop.co.uk/cart?x=1";
        assert_eq!(party("x", Some("https://cdn.shop.co.uk:8443/a.js"), page), Party::First);
        assert_eq!(party("x", Some("https://other.co.uk/a.js"), page), Party::Third);
        assert_eq!(party("x", Some("https://tag.test/a.js"), "https://www.shop.test/"), Party::Third);
        assert_eq!(party("x", Some("https://static.shop.test/a.js"), "https://www.shop.test/"), Party::First);
        assert_eq!(party("x", Some("http://10.0.0.2/a.js"), "http://10.0.0.1/"), Party::Third);
        assert_eq!(party("x", Some("chrome-extension://abc/a.js"), page), Party::Third);
        assert_eq!(party("x", Some("/js/a.js"), page), Party::First);
        assert_eq!(party("Script error.", None, page), Party::Third);
        assert_eq!(party("x is null", None, page), Party::Unknown);
        assert_eq!(party("x", Some("<anonymous>"), page), Party::Unknown);
    }
}
