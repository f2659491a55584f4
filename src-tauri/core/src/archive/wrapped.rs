//! Vendors' wrappers: `format::wrap` takes them apart, here their recordings get a place and what they say a session.
//!
//! The trap: one file may be a whole recording, a piece of one, or several. What a file says about itself travels with
//! its own part and never with the folder it lies in, for the next file there may be of another visitor.

use std::borrow::Cow;
use std::io::Read;

use super::limits::{End, Limit, MAX_ASSET, MAX_BODY, read_up_to};
use super::read::{Place, Reader};
use super::{Asset, Hash, Item, Part, Said, saved};
use crate::error::Result;
use crate::event::Source;
use crate::findings::{Finding, Severity};
use crate::format::json::skip_space;
use crate::format::wrap::{self, About, Allowance, Collected, har, html, sentry, snappy};

/// What a wrapper says counts least: an archive's manifest, a session line or a `session.json` may know better.
const RANK: u8 = 3;

fn said(about: About) -> Box<Said> {
    let About { session, user, project, meta } = about;
    Box::new(Said { session, user, project, meta, rank: RANK, kept: None })
}

/// A list of events that is in the one spelling already, as far as its start tells. Strings hold no line breaks, so a
/// text with one has them between its tokens or is several lists.
fn is_plain(text: &[u8]) -> bool {
    [&b"[{\"type\":"[..], b"[{\"data\":", b"[{\"timestamp\":"].iter().any(|start| text.starts_with(start))
        && memchr::memchr(b'\n', text).is_none()
        && memchr::memmem::find(text, b"\"cv\":\"").is_none()
}

impl Reader<'_, '_> {
    /// Gives an allowance back and says when it was used up.
    fn settle(&mut self, allowance: &Allowance, place: &Place) {
        self.budget.spend(allowance);
        if let Some(stop) = allowance.stopped {
            let limit = Limit::from(stop);
            self.find(Finding::error(limit.code(), limit.sentence(&place.path)), place);
        }
    }

    /// Hands on rrweb events in whatever wrapping of lists, objects, strings and lines. False when there are none.
    pub(crate) fn rrweb(&mut self, mut text: Cow<'_, [u8]>, place: &Place) -> Result<bool> {
        if text.ends_with(b"\n") {
            let end = text.trim_ascii_end().len();
            text.to_mut().truncate(end);
        }
        if is_plain(&text) {
            self.rrweb_part(text.into_owned(), None, place)?;
            return Ok(true);
        }
        let mut allowance = self.budget.allowance();
        let found = wrap::collect(&text, &mut allowance);
        self.settle(&allowance, place);
        self.collected(found, None, place)
    }

    /// Hands on a whole recording that may say whose it is.
    pub(crate) fn whole(&mut self, text: &[u8], place: &Place) -> Result<bool> {
        let mut allowance = self.budget.allowance();
        let found = wrap::collect(text, &mut allowance);
        self.settle(&allowance, place);
        self.collected(found, wrap::about(text), place)
    }

    fn collected(&mut self, found: Collected, about: Option<About>, place: &Place) -> Result<bool> {
        let path = &place.path;
        if found.damaged > 0 {
            let message = format!("{} packed events of {path} are damaged and were left out.", found.damaged);
            self.find(Finding::warning("packed_damaged", message), place);
        }
        if found.events == 0 {
            return Ok(found.damaged > 0);
        }
        if found.skipped > 0 {
            let message = format!("{} entries of {path} are no recorded events; they were left out.", found.skipped);
            let at = found.skipped_at.unwrap_or(0) as u64;
            self.find(Finding::warning("rrweb-not-an-event", message).at_offset(at), place);
        }
        self.rrweb_part(found.body, about.map(said), place)?;
        Ok(true)
    }

    pub(crate) fn rrweb_part(&mut self, bytes: Vec<u8>, said: Option<Box<Said>>, place: &Place) -> Result<()> {
        self.take(Item::Part(Part {
            path: place.path.clone(),
            format: Source::Rrweb,
            bytes,
            scope: place.scope.clone(),
            group: place.group.clone(),
            position: place.position,
            said,
        }))
    }

    /// What a file says about the recordings that lie beside it.
    pub(crate) fn about(&mut self, text: &[u8], place: &Place) -> Result<bool> {
        let Some(about) = wrap::about(text) else { return Ok(false) };
        self.take(Item::Said { scope: place.scope.clone(), said: said(about) })?;
        Ok(true)
    }

    /// A Sentry envelope, or one segment of a replay.
    pub(crate) fn sentry(&mut self, bytes: &[u8], place: &Place) -> Result<()> {
        let mut allowance = self.budget.allowance();
        let segments = sentry::envelope(bytes, &mut allowance);
        self.settle(&allowance, place);
        let mut any = false;
        for sentry::Segment { number, replay, about, mut events } in segments {
            if events.events > 0 {
                // The number stays with the segment: a hole in the numbers is a gap in the recording.
                let mut body = format!("{{\"segment_id\":{number},\"events\":").into_bytes();
                body.append(&mut events.body);
                body.push(b'}');
                events.body = body;
            }
            let group = place
                .group
                .clone()
                .or_else(|| Some(format!("{}/sentry-{}", place.scope, replay.as_deref().unwrap_or_default())));
            any |= self.collected(events, about, &Place { group, position: number, ..place.clone() })?;
        }
        if !any {
            self.other("not_a_recording", "a Sentry envelope without a replay", place);
        }
        Ok(())
    }

    /// The recordings of a web page that plays them, else the page as what it is.
    pub(crate) fn html(&mut self, input: &mut dyn Read, place: &Place) -> Result<()> {
        let Some(page) = self.everything(input, place)? else { return Ok(()) };
        let found = html::recordings(&page);
        let many = found.len() > 1;
        let mut any = false;
        for (number, at) in (1..).zip(found) {
            let path = if many { format!("{}#{number}", place.path) } else { place.path.clone() };
            any |= self.rrweb(Cow::Borrowed(&page[at]), &Place { path, ..place.clone() })?;
        }
        if !any {
            self.other("not_a_recording", "an HTML page", place);
        }
        Ok(())
    }

    /// PostHog's blobs as they are stored.
    pub(crate) fn snappy(&mut self, input: &mut dyn Read, place: &Place) -> Result<()> {
        let Some(bytes) = self.everything(input, place)? else { return Ok(()) };
        let mut allowance = self.budget.allowance();
        let (text, damaged) = snappy::unpack(&bytes, &mut allowance);
        self.settle(&allowance, place);
        drop(bytes);
        if damaged && allowance.stopped.is_none() {
            let message = format!("{} is damaged or cut off; what came before was read.", place.path);
            self.find(Finding::warning("damaged", message), place);
        }
        if text.is_empty() {
            *self.seen.others.entry("damaged".to_owned()).or_insert(0) += 1;
            return Ok(());
        }
        let deeper = Place { layers: place.layers + 1, ..place.clone() };
        self.stream(&mut std::io::Cursor::new(text), &deeper)
    }

    /// A stream that has to be in memory as a whole; `None`, said so, when it is too large or cannot be read.
    pub(crate) fn everything(&mut self, input: &mut dyn Read, place: &Place) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        match read_up_to(input, &mut bytes, MAX_BODY) {
            End::Eof => {}
            End::Full => {
                self.too_large(place);
                return Ok(None);
            }
            End::Error(e) => {
                if !self.broken(&e, bytes.len() as u64, place)? {
                    return Ok(None);
                }
            }
        }
        Ok(Some(bytes))
    }

    /// Known by name, and not read.
    pub(crate) fn foreign(&mut self, code: &str, what: &str, message: String, place: &Place) {
        *self.seen.others.entry(what.to_owned()).or_insert(0) += 1;
        let severity = if place.given { Severity::Error } else { Severity::Warning };
        self.find(Finding::new(severity, code, message), place);
    }

    /// A browser's log of its traffic: recorders' uploads, and what the pages had loaded.
    pub(crate) fn har(&mut self, text: &[u8], place: &Place) -> Result<()> {
        let mut uploads: Vec<har::Entry> = Vec::new();
        let (mut damaged, mut missing, mut first) = (0u64, 0u64, None);
        let mut allowance = self.budget.allowance();
        let bodies = |entry: &har::Entry, allowance: &mut Allowance| match entry.upload(text, allowance) {
            Some(har::Upload::Body(body)) => Some(body),
            _ => None,
        };
        for entry in har::entries(text) {
            let clarity = entry.is_clarity(text);
            match entry.upload(text, &mut allowance) {
                Some(har::Upload::Body(body)) if clarity || self.is_upload(&body) => uploads.push(entry),
                Some(har::Upload::Damaged) if clarity => {
                    damaged += 1;
                    first.get_or_insert(entry.at.start as u64);
                }
                Some(har::Upload::Missing) if clarity => {
                    missing += 1;
                    first.get_or_insert(entry.at.start as u64);
                }
                _ => {}
            }
        }
        self.settle(&allowance, place);
        if damaged + missing > 0 {
            let message = format!(
                "{} of Clarity's uploads in {} cannot be read because the browser did not keep their bytes when it wrote the \
                 file; to capture them intact, let the page run `delete window.CompressionStream` before Clarity starts \
                 (for example as a snippet in the browser's developer tools), visit again and save a new HAR file.",
                damaged + missing,
                place.path
            );
            self.find(Finding::error("har_body_damaged", message).at_offset(first.unwrap_or(0)), place);
        }
        if uploads.is_empty() {
            if damaged + missing > 0 {
                *self.seen.others.entry("a HAR file with damaged uploads".to_owned()).or_insert(0) += 1;
            } else {
                self.other("not_a_recording", "a HAR file without any recorder's uploads (what pages had loaded is taken from it by \"Add page files\")", place);
            }
            return Ok(());
        }
        let mut urls = Vec::new();
        for entry in har::entries(text) {
            let Some(har::Loaded { url, content_type, bytes, .. }) = entry.loaded(text, MAX_ASSET) else { continue };
            let content_type = saved::content_type(&content_type, &url, &bytes);
            if saved::is_page_file(&content_type) {
                urls.push((url, Hash::of(&bytes)));
                self.take(Item::Asset(Asset { bytes, content_type }))?;
            }
        }
        let assets = !urls.is_empty();
        urls.extend_from_slice(&self.asset_urls);
        urls.sort();
        urls.dedup();
        if assets {
            self.take(Item::AssetUrls { urls })?;
        }
        // Counted already: the same bodies are unpacked a second time so that they need not be kept.
        let mut again = self.budget.allowance();
        for entry in uploads {
            let Some(body) = bodies(&entry, &mut again) else { continue };
            let body = body.trim_ascii();
            let at = Place { path: format!("{}#{}", place.path, entry.number), ..place.clone() };
            let known = match body.first() {
                Some(b'{' | b'[' | b'"') => self.upload(body, &at)?,
                _ => false,
            };
            if !known {
                let message = format!("An upload in {} is no recording.", at.path);
                self.find(Finding::note("not_a_recording", message).at_offset(entry.at.start as u64), &at);
            }
        }
        if assets {
            // What follows in the archive had loaded what the archive says, not what this log does.
            self.take(Item::AssetUrls { urls: self.asset_urls.clone() })?;
        }
        Ok(())
    }

    /// Whether a body that was posted anywhere is a recorder's.
    fn is_upload(&self, body: &[u8]) -> bool {
        let at = skip_space(body, 0);
        super::payload::is_clarity(&body[at..])
            || wrap::wrapper(&body[at..])
                .is_some_and(|w| matches!(w, wrap::Wrapper::Whole | wrap::Wrapper::SentryHeader))
            || is_plain(&body[at..])
    }
}
