//! One row of filterable dimensions per session and one per page view.
//!
//! The trap: "absent" and "none" are different answers. A recorder that cannot see script errors has not seen
//! zero of them, so a field is left out of a row whenever the recording cannot tell, and is `0` or `no` only
//! when it can. Everything here is a pure function of the recording and of what its archive says about it.

pub mod activity;
mod agent;
mod bounds;
mod channel;
mod fields;
mod listed;
mod masking;
mod page;
mod session;
mod spans;
mod url;
mod when;

#[cfg(test)]
mod tests;

pub use activity::{activity_bins, hidden_spans, idle_spans, page_starts};
pub use agent::{Agent, Device, Hints, browser_word, device_word, identify, os_word};
pub use channel::{Visit, channel};
pub use fields::{FIELDS, Field, FieldKind, Maker, PRODUCT_FIELDS, Reach, TAG_PREFIX, Word, field};
pub use page::PageFacts;
pub use session::{Seconds, SessionFacts, of_session};
pub use spans::Span;
pub use url::{CAMPAIGN_KEYS, Campaign, campaign, click_ids, host, page_of};
pub use when::{iso, parse_iso};
