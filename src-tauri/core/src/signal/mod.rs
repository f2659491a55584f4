//! Frustration signals: moments in which a visitor ran into something, each with the evidence for it.
//!
//! The trap: a label that nobody can argue with is worth nothing. So every signal names the events it stands on,
//! the thresholds that were in force and the exemptions that were looked for, and its definition has a version.
//! These are our own detections: recorders send raw clicks, and no vendor's labels are in their data.
//!
//! One walk ([`walk::Seen`]) collects what the detectors need, with the DOM of the moment beside it; each detector
//! is a pure function over those lists.

mod dead_click;
mod error_click;
mod excessive_scroll;
mod js_error;
mod quick_back;
mod rage_click;
mod resize;
mod score;
mod target;
mod unsaid;
mod walk;

#[cfg(test)]
mod staged;

pub use dead_click::DeadClick;
pub use error_click::ErrorClick;
pub use excessive_scroll::{ExcessiveScroll, Turn};
pub use js_error::{JsError, Party, script_error};
pub use quick_back::QuickBack;
pub use rage_click::RageClick;
pub use resize::{Change, Resized};
pub use score::{Contribution, Counts, Frustration};
pub use target::Exemption;

use serde::Serialize;

use crate::event::{Millis, Session};
use walk::Seen;

/// Version of the definitions in this room. Raised when the same recording would get other labels.
pub const VERSION: u32 = 1;

/// Characters of an error's message that evidence keeps.
pub const MESSAGE: usize = 500;

/// What a signal is. Names in snake_case are those of `dwell session`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    RageClick,
    DeadClick,
    ErrorClick,
    QuickBack,
    ExcessiveScroll,
    JsError,
    Resize,
}

impl SignalKind {
    /// As `dwell session` names it.
    pub fn name(self) -> &'static str {
        match self {
            SignalKind::RageClick => "rage_click",
            SignalKind::DeadClick => "dead_click",
            SignalKind::ErrorClick => "error_click",
            SignalKind::QuickBack => "quick_back",
            SignalKind::ExcessiveScroll => "excessive_scroll",
            SignalKind::JsError => "js_error",
            SignalKind::Resize => "resize",
        }
    }
}

/// One label on one moment of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Signal {
    pub kind: SignalKind,
    /// Page view on which it happened (of a quick back, the page that was left at once).
    pub page: u32,
    /// Start, in ms after the page view's first event.
    pub at_ms: Millis,
    /// End, counted like `at_ms`; equal to it for a moment.
    pub until_ms: Millis,
    /// Start in epoch ms.
    pub time: Millis,
    /// The element concerned, as it stood then.
    pub selector: Option<String>,
    /// What that element said, or the message of an error. From the recording: hostile, and shortened.
    pub text: Option<String>,
    pub evidence: Evidence,
}

/// What a signal stands on. Times are epoch ms.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Evidence {
    RageClick(RageClick),
    DeadClick(DeadClick),
    ErrorClick(ErrorClick),
    QuickBack(QuickBack),
    ExcessiveScroll(ExcessiveScroll),
    JsError(JsError),
    Resize(Resized),
}

/// Where each definition draws its line.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Thresholds {
    pub rage_click: rage_click::Rule,
    pub dead_click: dead_click::Rule,
    pub error_click: error_click::Rule,
    pub quick_back: quick_back::Rule,
    pub excessive_scroll: excessive_scroll::Rule,
    pub resize: resize::Rule,
}

/// A click by the visitor on an element whose text the recorder did not note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clicked {
    pub page: u32,
    /// What the element said, cut to 25 UTF-16 units as Clarity does.
    pub text: String,
}

/// What one walk over a session tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Detected {
    /// By time; those of one moment in the order of [`SignalKind`].
    pub signals: Vec<Signal>,
    /// By time.
    pub clicked: Vec<Clicked>,
}

pub fn detect(session: &Session, thresholds: &Thresholds) -> Detected {
    let mut seen = Seen::walk(session, thresholds);
    let mut signals = rage_click::detect(&seen, &thresholds.rage_click);
    signals.extend(dead_click::detect(&seen, &thresholds.dead_click));
    signals.extend(error_click::detect(&seen, &thresholds.error_click));
    signals.extend(quick_back::detect(&seen, &thresholds.quick_back));
    signals.extend(excessive_scroll::detect(&seen, &thresholds.excessive_scroll));
    signals.extend(js_error::detect(&seen));
    signals.extend(resize::detect(&seen, &thresholds.resize));
    signals.sort_by_key(|s| (s.time, s.kind));
    let said = |click: &mut walk::Press| click.target.said.take().map(|text| Clicked { page: click.page, text });
    Detected { signals, clicked: seen.clicks.iter_mut().filter_map(said).collect() }
}
