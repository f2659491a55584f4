//! What pages look like where they say nothing: as in the browsers of most visitors.
//!
//! The trap: a page that never styled its buttons was seen with another browser's, of another size, and everything below
//! them stood elsewhere. The sheet has the origin of a user's, so that it yields to every rule of a page; put into the
//! page it could not (a page may use layers). It reaches this window's own pages as well: `base.css` says what they need.

use webkit2gtk::{
    UserContentInjectedFrames, UserContentManager, UserContentManagerExt, UserStyleLevel, UserStyleSheet,
};

const SHEET: &str = include_str!("defaults.css");

pub(crate) fn install(content: &UserContentManager) {
    let sheet = UserStyleSheet::new(SHEET, UserContentInjectedFrames::AllFrames, UserStyleLevel::User, &[], &[]);
    content.add_style_sheet(&sheet);
}
