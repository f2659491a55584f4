//! The one recording model that every format is read into.
//!
//! The trap here is time. Clarity counts milliseconds from the start of each page, rrweb writes epoch
//! milliseconds, the window shows time since the start of the session. In this crate an event carries
//! **epoch milliseconds** and nothing else; `Page::started_at` turns them into page time.
//!
//! The second trap is "page". A page view (what people count) and a document (what owns node ids) are
//! not the same: a route change in a single-page application starts a page view inside a document that
//! lives on. [`Page::document`] says which page views share ids and DOM state.

mod kind;
mod meta;
mod node;
mod op;

pub use kind::*;
pub use meta::*;
pub use node::*;
pub use op::*;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Text of a recording. Shared, because recordings repeat themselves and keyframes copy.
pub type Str = Arc<str>;

/// Milliseconds since the Unix epoch, by the recorded page's clock.
pub type Millis = i64;

/// Which recorder wrote a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Clarity,
    Rrweb,
}

impl Source {
    pub fn name(self) -> &'static str {
        match self {
            Source::Clarity => "clarity",
            Source::Rrweb => "rrweb",
        }
    }
}

/// One visit by one visitor: its page views and everything that happened in them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The recorder's own id where it has one, else derived from the recording's first event.
    pub id: String,
    pub source: Source,
    /// The vendor's project id, when the recording carries one.
    pub project: Option<String>,
    /// The vendor's visitor id, when the recording carries one.
    pub user: Option<String>,
    /// Version of the recorder (Clarity's envelope version; rrweb's where a vendor wrote it).
    pub format_version: Option<String>,
    /// In order of their start; `pages[i].number == i + 1`.
    pub pages: Vec<Page>,
    /// Sorted by time; events of one millisecond keep the order in which they were recorded.
    pub events: Vec<Event>,
}

/// One page view.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// 1-based, in order of start within the session.
    pub number: u32,
    /// Page views with the same document number share node ids and one DOM.
    pub document: u32,
    pub url: String,
    pub title: Option<String>,
    /// Referrer that the recorder noted for this page view.
    pub referrer: Option<String>,
    /// Time of the page view's first event.
    pub started_at: Millis,
    /// Time of the page view's last event.
    pub ended_at: Millis,
    /// First viewport, CSS px.
    pub viewport: Option<(u32, u32)>,
    /// Largest document seen, CSS px. rrweb does not record it.
    pub document_size: Option<(u32, u32)>,
    /// Where data is known to be missing.
    pub gaps: Vec<Gap>,
    /// The recorder said that this page view ended (Clarity's `end`).
    pub ended: bool,
    /// A full picture of the DOM was recorded, so that the page can be shown.
    pub has_snapshot: bool,
}

/// A span of a page view in which data was lost; DOM state after it may be wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Epoch ms of the last moment known before the loss.
    pub from: Millis,
    /// Epoch ms of the first moment known after it.
    pub until: Millis,
    /// One sentence for people: what is missing.
    pub reason: String,
}

/// Something that happened at one moment of one page view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub time: Millis,
    /// [`Page::number`].
    pub page: u32,
    pub kind: Kind,
}
