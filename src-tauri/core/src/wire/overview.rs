//! The overview as the window reads it: the shapes of what [`crate::report`] prints.
//!
//! The trap: these only describe. The core's own rows are sent, and a test reads a whole overview with these shapes, so
//! that a field which one side has and the other has not is found.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Overview {
    /// Sessions that were chosen, and all of the project.
    pub sessions: u32,
    pub total: u32,
    /// Different visitors, and the sessions that name one.
    pub visitors: u32,
    pub with_visitor: u32,
    pub page_views: u32,
    /// Epoch ms of the first and the last session's start.
    #[ts(optional, type = "number")]
    pub from: Option<i64>,
    #[ts(optional, type = "number")]
    pub until: Option<i64>,
    /// Seconds.
    pub duration: Option<Median>,
    /// Percent.
    pub scroll_depth: Option<Median>,
    /// Sessions with any signal of frustration.
    pub frustrated: Linked,
    /// Sessions of whose page views some time cannot be shown.
    pub partial: Linked,
    /// Length of a step of `over_time`: day, week or month.
    pub step: String,
    pub over_time: Vec<OverviewStep>,
    /// Sessions divided by a field; `n` of those that have a value.
    pub by: Vec<Division>,
    /// One for each kind of signal, in a fixed order.
    pub signals: Vec<SignalCount>,
    /// By page views, most first.
    pub pages: Vec<PageLine>,
    /// Pages in all.
    pub page_count: u32,
    /// Elements on which visitors met frustration, by sessions, most first.
    pub frustrations: Vec<FrustrationLine>,
    pub frustration_count: u32,
    /// By sessions, most first.
    pub errors: Vec<ErrorGroup>,
    pub error_count: u32,
    /// Sessions whose recorder tells script errors.
    pub errors_known: u32,
    /// 75th percentiles, as the web vitals are judged by.
    pub vitals: Vec<Vital>,
    /// What the chosen sessions share and the others do not.
    pub shared: Vec<Sentence>,
}

/// A middle value and how many it stands for.
#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Median {
    /// Absent when there is none to tell of.
    #[ts(optional)]
    pub value: Option<f64>,
    pub n: u32,
}

/// A number of sessions and the way to them.
#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Linked {
    pub sessions: u32,
    /// A row of the filter language.
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OverviewStep {
    /// First day, `2026-11-20`, in UTC.
    pub day: String,
    pub sessions: u32,
    /// By device: mobile, tablet, pc, other (or unknown).
    pub device: [u32; 4],
    pub frustrated: u32,
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Division {
    pub field: String,
    pub label: String,
    pub n: u32,
    pub empty: u32,
    pub values: Vec<DivisionPart>,
    /// Values that are not listed.
    pub more: u32,
}

#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct DivisionPart {
    pub value: String,
    pub sessions: u32,
    /// Percent of `n`, one digit behind the point.
    pub share: f64,
    /// Percent of its sessions with any signal of frustration.
    pub frustrated: f64,
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SignalCount {
    pub kind: String,
    /// How often.
    pub count: u32,
    pub sessions: u32,
    /// Percent of the sessions.
    pub share: f64,
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PageLine {
    /// Address without parameters and fragment.
    pub page: String,
    pub page_views: u32,
    pub sessions: u32,
    /// Sessions that began and ended here.
    pub entries: u32,
    pub exits: u32,
    /// Seconds on the page.
    pub duration: Median,
    /// Percent.
    pub scroll_depth: Median,
    /// Signals of each kind of signals in every 100 page views.
    pub signals: [f64; 6],
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct FrustrationLine {
    pub kind: String,
    pub page: String,
    pub selector: String,
    /// What the element said most often.
    #[ts(optional)]
    pub text: Option<String>,
    pub count: u32,
    pub sessions: u32,
    /// Sessions in which it happened.
    pub ids: Vec<String>,
}

#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ErrorGroup {
    pub message: String,
    /// first, third, unknown.
    pub party: String,
    #[ts(optional)]
    pub script: Option<String>,
    pub count: u32,
    pub sessions: u32,
    /// Sessions in each step of `over_time`.
    pub over_time: Vec<u32>,
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Vital {
    pub field: String,
    pub label: String,
    /// ms; of cls a sum of shifts.
    pub p75: f64,
    pub n: u32,
    /// Sessions beyond what counts as good: LCP 2,500 ms, INP 200 ms, CLS 0.1.
    pub slow: Linked,
}

/// One sentence and what it stands on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    pub text: String,
    /// Moments of the session, epoch ms, in order.
    #[serde(default)]
    #[ts(type = "number[]")]
    pub times: Vec<i64>,
    /// A row of the filter language that gives the sessions of the group.
    #[serde(rename = "where")]
    #[ts(optional)]
    pub filter: Option<String>,
}

impl From<crate::report::Sentence> for Sentence {
    fn from(told: crate::report::Sentence) -> Sentence {
        Sentence { text: told.text, times: told.times, filter: told.filter }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn shapes_are_those_of_what_is_sent() {
        let sent = serde_json::to_value(crate::report::overview_sample()).unwrap();
        serde_json::from_value::<super::Overview>(sent).unwrap();
    }
}
