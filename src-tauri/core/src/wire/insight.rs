//! What is worked out of a session for the panels beside its picture.
//!
//! The trap: it takes a walk over the whole session. So it is asked for on its own, after the first picture.

use serde::Serialize;
use ts_rs::TS;

use super::Sentence;

/// Signals, measures, errors and names of one session.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Insight {
    pub signals: Vec<SignalView>,
    pub frustration: FrustrationView,
    /// The session told in its order.
    pub summary: Vec<Sentence>,
    pub pages: Vec<PageInsight>,
    /// Script errors, failed requests and lines of the console, by time.
    pub troubles: Vec<Trouble>,
    /// Events, tags and identities that the site gave, by time.
    pub named: Vec<Named>,
    /// More of either than are listed.
    pub more: u32,
}

/// One label on one moment, with what it stands on.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Signal")]
pub struct SignalView {
    pub kind: String,
    pub page: u32,
    /// Start and end, epoch ms.
    #[ts(type = "number")]
    pub time: i64,
    #[ts(type = "number")]
    pub until: i64,
    pub selector: Option<String>,
    pub text: Option<String>,
    /// As `dwell session` prints it.
    #[ts(type = "Record<string, unknown>")]
    pub evidence: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Frustration")]
pub struct FrustrationView {
    /// 0–100.
    pub score: u32,
    /// Version of the definitions.
    pub version: u32,
    pub parts: Vec<FrustrationPart>,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct FrustrationPart {
    pub kind: String,
    #[ts(type = "number")]
    pub count: u64,
    #[ts(type = "number")]
    pub weight: u64,
    #[ts(type = "number")]
    pub points: u64,
}

/// Measures of one page view; `null` where the recording does not tell.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct PageInsight {
    pub number: u32,
    /// ms.
    pub lcp: Option<f64>,
    pub cls: Option<f64>,
    /// ms.
    pub inp: Option<f64>,
    /// ms from navigation start to the first byte, to a DOM that can be used, and to the end of loading.
    pub first_byte: Option<f64>,
    pub interactive: Option<f64>,
    pub load: Option<f64>,
    /// Bytes of the document.
    pub transferred: Option<f64>,
    /// Percent of the document that came into view.
    pub scroll_depth: Option<f64>,
    /// Percent of the text's characters that are masks.
    pub masked: Option<f64>,
}

/// Something that went wrong on the page.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Trouble {
    #[ts(type = "number")]
    pub time: i64,
    pub page: u32,
    #[ts(type = "\"error\" | \"console\" | \"network\"")]
    pub kind: String,
    pub message: String,
    /// Address of the script, or of what was asked for.
    pub source: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub stack: Option<String>,
    /// Whose script it is.
    #[ts(type = "\"first\" | \"third\" | \"unknown\"")]
    pub party: String,
}

/// A name that the site gave to a moment, to the session or to the visitor.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Named {
    #[ts(type = "number")]
    pub time: i64,
    pub page: u32,
    #[ts(type = "\"event\" | \"tag\" | \"identify\"")]
    pub kind: String,
    pub name: String,
    pub value: Option<String>,
}
