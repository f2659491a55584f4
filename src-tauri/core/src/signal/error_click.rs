//! A script error right after a click.
//!
//! The trap: one error would blame every click of the last second. It belongs to the last click before it, on
//! the same document; several errors after one click are one signal.

use serde::Serialize;

use super::walk::{Failure, Press, Seen, short};
use super::{Evidence, Signal, SignalKind};
use crate::event::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rule {
    /// Longest time from the click to the error.
    pub within_ms: Millis,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule { within_ms: 1_000 }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorClick {
    pub version: u32,
    pub click: Millis,
    /// Document px.
    pub point: (f64, f64),
    /// What was clicked.
    pub clicked: Option<String>,
    /// When each error came, and what it said.
    pub errors: Vec<(Millis, String)>,
    pub thresholds: Rule,
}

pub(super) fn detect(seen: &Seen<'_>, rule: &Rule) -> Vec<Signal> {
    let mut blamed: Vec<(&Press, Vec<&Failure>)> = Vec::new();
    for error in &seen.errors {
        let before = seen.clicks.partition_point(|c| c.time <= error.time);
        let click = seen.clicks[..before]
            .iter()
            .rev()
            .take_while(|c| error.time.saturating_sub(c.time) <= rule.within_ms)
            .find(|c| c.document == error.document);
        let Some(click) = click else { continue };
        match blamed.iter_mut().find(|(c, _)| std::ptr::eq(*c, click)) {
            Some((_, errors)) => errors.push(error),
            None => blamed.push((click, vec![error])),
        }
    }
    blamed
        .into_iter()
        .map(|(click, errors)| Signal {
            kind: SignalKind::ErrorClick,
            page: click.page,
            at_ms: seen.on_page(click.page, click.time),
            until_ms: seen.on_page(click.page, errors.last().map_or(click.time, |e| e.time)),
            time: click.time,
            selector: click.target.selector.clone(),
            text: errors.first().map(|e| short(&e.message)),
            evidence: Evidence::ErrorClick(ErrorClick {
                version: super::VERSION,
                click: click.time,
                point: (click.at.x, click.at.y),
                clicked: click.target.text.clone(),
                errors: errors.iter().map(|e| (e.time, e.message.clone())).collect(),
                thresholds: *rule,
            }),
        })
        .collect()
}
