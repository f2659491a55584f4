//! What pages look like where they say nothing: as in the browsers of most visitors.
//!
//! The trap: a page that never styled its buttons was seen with another browser's, of another size, and everything below
//! them stood elsewhere. The sheet has the origin of a user's, so that it yields to every rule of a page; put into the
//! page it could not (a page may use layers). It reaches this window's own pages as well: `base.css` says what they need.

use webkit2gtk::{
    Settings, SettingsExt, UserContentInjectedFrames, UserContentManager, UserContentManagerExt, UserStyleLevel,
    UserStyleSheet,
};

const SHEET: &str = include_str!("defaults.css");

/// What `serif` means there, on every system. What `sans-serif` means differs between systems, and is left to this one; so
/// is no font at all, because that is what WebKit takes for `system-ui` on desktops that do not name their font.
const SERIF: &str = "Times New Roman";

pub(crate) fn install(content: &UserContentManager, settings: &Settings) {
    settings.set_serif_font_family(SERIF);
    let sheet = UserStyleSheet::new(SHEET, UserContentInjectedFrames::AllFrames, UserStyleLevel::User, &[], &[]);
    content.add_style_sheet(&sheet);
}
