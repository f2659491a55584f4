//! What of a recording may stand in the frame.
//!
//! A recording is hostile input: whoever could put a node on a recorded page chose what is read here. The trap
//! is to think of one reader. What leaves this module is read by DOM calls in the frame, and printed as HTML
//! and parsed again, possibly in another place than it was printed for (parsers move elements around). So
//! every element and attribute must be harmless by itself, whatever stands around it and in whatever
//! namespace it ends up: no attribute here is safe only because of its element's name.
//!
//! What is removed leaves traces that the frame's own style sheet and the window can read:
//!
//! | attribute | meaning |
//! |---|---|
//! | `dwell-missing=""` | a picture or medium that is not in the cache |
//! | `dwell-missing-src`, `-href`, `-srcset`, `-poster`, `-background` | its address, absolute where known; on a frame, what it showed |
//! | `dwell-masked=""` | a picture that the recorder masked; sized by its `style` |
//! | `dwell-blocked=""` | an element that the recorder left out; sized by its `style` |
//! | `data-dwell-href`, `-src`, `-srcset`, `-action`, `-method`, `-target`, `-download`, `-autoplay`, `-onclick`, `-is` | the attribute as recorded (shortened; `onclick` without its value): attribute selectors in CSS are rewritten to ask for these |
//!
//! The caller adds `dwell-hover`, `dwell-focus`, `dwell-focus-within` (CSS states are rewritten to them) and
//! `dwell-undefined` on custom elements whose name the page had not defined.

mod attributes;
mod css;
mod names;
mod urls;

use url::Url;

use crate::event::{Attr, Namespace, Str};

/// What the cache holds.
pub trait Assets {
    /// The file that an absolute URL means; the cache decides how alike two addresses must be.
    fn find(&self, url: &str) -> Option<Asset>;
    /// Content of a cached style sheet.
    fn text(&self, hash: &str) -> Option<Str>;
    /// Told of every address that something in the page shows, and whether the cache has it; of a `srcset`
    /// only of one candidate, a cached one when there is one.
    fn met(&self, _want: Want, _url: &str, _found: bool) {}
}

/// What an address is wanted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    Sheet,
    Image,
    Font,
    Media,
    Other,
}

impl Want {
    pub fn name(self) -> &'static str {
        match self {
            Want::Sheet => "sheet",
            Want::Image => "image",
            Want::Font => "font",
            Want::Media => "media",
            Want::Other => "other",
        }
    }
}

/// A cache with nothing in it.
pub struct NoAssets;

impl Assets for NoAssets {
    fn find(&self, _: &str) -> Option<Asset> {
        None
    }
    fn text(&self, _: &str) -> Option<Str> {
        None
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// ASCII letters and digits; anything else is taken for a missing file.
    pub hash: Str,
    pub content_type: Str,
}

/// What an element is seen in.
pub struct Context<'a> {
    /// What relative addresses are relative to.
    pub base: Option<Url>,
    pub assets: &'a dyn Assets,
}

/// What becomes of an element in the frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Not sent, nor anything under it.
    Hidden,
    Element {
        ns: Namespace,
        tag: Str,
        attrs: Vec<Attr>,
        /// The element is a style sheet and this is the whole of it.
        sheet: Option<Str>,
        /// Whether recorded children are sent. Frames' documents and shadow roots are no children.
        children: bool,
    },
}

/// How much of an element the frame gets; [`element`] says what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Hidden,
    /// Without its recorded children.
    Leaf,
    Whole,
}

/// What [`element`] would say of the element and its children, without the work of saying it.
pub fn fate(ns: Namespace, tag: &str, attrs: &[Attr]) -> Fate {
    attributes::fate(ns, tag, attrs)
}

/// Whether [`element`] could ask for a file; false is certain, and much cheaper to know.
pub fn may_ask(ns: Namespace, tag: &str, attrs: &[Attr]) -> bool {
    attributes::may_ask(ns, tag, attrs)
}

/// What becomes of an element, its attributes and its own style sheet.
///
/// `own_css` is the text of a `<style>` or `<link>` as recorded; without it a link's sheet comes from the
/// cache. Elements that only do harm become an empty hidden `<template>`, which keeps `:nth-child` and `+`
/// true; elements of SVG and MathML that no browser draws are left out.
pub fn element(ns: Namespace, tag: &str, attrs: &[Attr], own_css: Option<&str>, cx: &Context) -> Shown {
    attributes::element(ns, tag, attrs, own_css, cx)
}

/// Safe text of a style sheet; `sheet_url` is its own address (an inline or constructed sheet has none).
///
/// Takes any text, in time linear in its length, and gives CSS with the same rules, except for what could
/// fetch something: imported sheets that are in the cache stand in place of their `@import`, `url()`s that
/// are in the cache become `replay-asset:`, and what is left of the others is `url("about:invalid")`.
pub fn css(text: &str, sheet_url: Option<&Url>, cx: &Context) -> String {
    css_and_missing(text, sheet_url, cx, &mut Vec::new())
}

/// As [`css`]; adds the addresses that the sheet asked for and the cache does not have.
pub fn css_and_missing(text: &str, sheet_url: Option<&Url>, cx: &Context, missing: &mut Vec<String>) -> String {
    css::sheet(text, sheet_url.or(cx.base.as_ref()), cx, missing)
}

/// Address of a picture that stands alone (a canvas): in the cache, or a `data:` URL of a picture.
pub fn picture(url: &str, cx: &Context) -> Option<String> {
    match urls::find(url, cx.base.as_ref(), urls::Place::Picture, cx) {
        urls::Found::Kept(url) => Some(url),
        _ => None,
    }
}

/// An address that came out of this module, as it stands in CSS.
pub fn css_url(url: &str) -> String {
    css::url(url)
}
