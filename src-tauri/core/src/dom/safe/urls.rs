//! Addresses of a recording: which of them the cache can answer, and which are allowed at all.
//!
//! The trap is to look for bad addresses. Browsers strip control characters, ignore case and know more schemes
//! than any list; so an address gets out only as what it was found to be: `replay-asset:` with the hash of a
//! cached file, a fragment of the same document, or a `data:` URL whose declared type is a picture or a font.

use url::Url;

use super::{Context, Want};
use crate::event::Str;

/// `data:` URLs longer than this are treated as missing: the frame gets each of them as text.
const MAX_DATA_URL: usize = 4 << 20;
/// What is kept of an original address that leads nowhere now.
const MAX_ORIGINAL: usize = 2048;

/// Where links lead. A link to a `blob:` URL that does not exist is a link in every way, and following it does
/// nothing at all: no request, no error page, no scrolling, no new tab (Chromium 156 and WebKitGTK 2.50, in a
/// page and in a frame; invalid URLs, `about:invalid` and empty fragments each fail in one of these).
pub(super) const NOWHERE: &str = "blob:null";

/// Where an address is used, for the types of `data:` that make sense there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Anything that draws a picture.
    Picture,
    /// `url()` in CSS: pictures, fonts, and fragments of the same document.
    Style,
    /// Sound and film: from the cache only.
    Media,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// May be written as it is here.
    Kept(String),
    /// Not in the cache; absolute as far as it could be resolved.
    Missing(String),
    /// Empty, or nothing that anybody could supply.
    Nothing,
}

pub(super) enum Imported {
    Text { text: Str, url: Option<Url> },
    Missing(String),
    Nothing,
}

/// As the URL parser of browsers reads it: without surrounding blanks and control characters, and without
/// line breaks and tabs anywhere.
pub(super) fn clean(raw: &str) -> String {
    raw.trim_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect()
}

/// As [`search`], and the cache is told.
pub(super) fn find(raw: &str, base: Option<&Url>, place: Place, cx: &Context) -> Found {
    let (found, asked) = search(raw, base, place, cx);
    if let Some(url) = asked {
        cx.assets.met(wanted_as(place, &url), url.as_str(), matches!(found, Found::Kept(_)));
    }
    found
}

/// What an address is worth, and the absolute address that the cache was asked for.
fn search(raw: &str, base: Option<&Url>, place: Place, cx: &Context) -> (Found, Option<Url>) {
    // Long data URLs are not copied just to be looked at.
    let head = raw.trim_start_matches(|c: char| c <= ' ');
    if head.len() > MAX_DATA_URL && starts_with_ignoring_case(head, "data:") {
        return (Found::Missing(original(head)), None);
    }
    let url = clean(raw);
    if url.is_empty() {
        return (Found::Nothing, None);
    }
    if url.starts_with('#') {
        return (if place == Place::Style { Found::Kept(url) } else { Found::Nothing }, None);
    }
    match scheme(&url).as_deref() {
        Some("data") => return (data(url, place), None),
        Some("blob" | "javascript" | "vbscript" | "about" | "filesystem") => return (Found::Nothing, None),
        _ => {}
    }
    let Some(absolute) = resolve(&url, base) else { return (Found::Missing(original(&url)), None) };
    if place == Place::Style
        && let (Some(fragment), Some(base)) = (absolute.fragment(), &cx.base)
        && same_document(&absolute, base)
    {
        return (Found::Kept(format!("#{fragment}")), None);
    }
    let found = match asset(&absolute, cx) {
        Some(found) => Found::Kept(found),
        None => Found::Missing(original(absolute.as_str())),
    };
    (found, Some(absolute))
}

fn wanted_as(place: Place, url: &Url) -> Want {
    let is_font = || {
        let end = url.path().rsplit('.').next().unwrap_or_default();
        ["woff2", "woff", "ttf", "otf", "ttc", "eot"].iter().any(|e| end.eq_ignore_ascii_case(e))
    };
    match place {
        Place::Media => Want::Media,
        Place::Style if is_font() => Want::Font,
        Place::Picture | Place::Style => Want::Image,
    }
}

/// The address of a cached file, with the fragment that was asked for.
pub(super) fn asset(absolute: &Url, cx: &Context) -> Option<String> {
    let asset = cx.assets.find(absolute.as_str())?;
    if asset.hash.is_empty() || !asset.hash.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let mut out = format!("replay-asset://localhost/{}", asset.hash);
    if let Some(fragment) = absolute.fragment().filter(|f| !f.is_empty()) {
        out.push('#');
        out.push_str(fragment);
    }
    Some(out)
}

/// Content of a style sheet.
pub(super) fn sheet(raw: &str, base: Option<&Url>, cx: &Context) -> Imported {
    let url = clean(raw);
    if url.is_empty() {
        return Imported::Nothing;
    }
    match scheme(&url).as_deref() {
        Some("data") if url.len() <= MAX_DATA_URL => {
            return match data_parts(&url) {
                Some((kind, base64, body)) if kind == "text/css" => {
                    Imported::Text { text: decode(body, base64).into(), url: None }
                }
                _ => Imported::Nothing,
            };
        }
        Some("data" | "blob" | "javascript" | "vbscript" | "about" | "filesystem") => return Imported::Nothing,
        _ => {}
    }
    let Some(absolute) = resolve(&url, base) else { return Imported::Missing(original(&url)) };
    let found = cx.assets.find(absolute.as_str()).and_then(|a| cx.assets.text(&a.hash));
    cx.assets.met(Want::Sheet, absolute.as_str(), found.is_some());
    match found {
        Some(text) => Imported::Text { text, url: Some(absolute) },
        None => Imported::Missing(original(absolute.as_str())),
    }
}

pub(super) fn resolve(url: &str, base: Option<&Url>) -> Option<Url> {
    Url::options().base_url(base).parse(url).ok()
}

pub(super) fn same_document(a: &Url, b: &Url) -> bool {
    let trim = |u: &Url| u.as_str().split('#').next().map(str::to_owned);
    trim(a) == trim(b)
}

/// An address as it is kept for people to read.
pub(super) fn original(url: &str) -> String {
    match url.char_indices().nth(MAX_ORIGINAL) {
        Some((end, _)) => format!("{}…", &url[..end]),
        None => url.to_owned(),
    }
}

/// `url` must be [`clean`].
pub(super) fn scheme(url: &str) -> Option<String> {
    let (scheme, _) = url.split_once(':')?;
    let ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    ok.then(|| scheme.to_ascii_lowercase())
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|t| t.eq_ignore_ascii_case(prefix))
}

fn data(url: String, place: Place) -> Found {
    let Some((kind, _, _)) = data_parts(&url) else { return Found::Nothing };
    let picture = matches!(
        &*kind,
        "image/png"
            | "image/jpeg"
            | "image/jpg"
            | "image/gif"
            | "image/webp"
            | "image/avif"
            | "image/apng"
            | "image/bmp"
            | "image/x-icon"
            | "image/vnd.microsoft.icon"
            | "image/svg+xml"
    );
    let font = kind.starts_with("font/")
        || kind.starts_with("application/font")
        || kind.starts_with("application/x-font")
        || matches!(&*kind, "application/vnd.ms-opentype" | "application/octet-stream");
    let allowed = match place {
        Place::Picture => picture,
        Place::Style => picture || font,
        Place::Media => false,
    };
    if allowed && url.len() <= MAX_DATA_URL { Found::Kept(url) } else { Found::Nothing }
}

/// Type in lower case, whether base64, and what follows the comma.
fn data_parts(url: &str) -> Option<(String, bool, &str)> {
    let (head, body) = url.get("data:".len()..)?.split_once(',')?;
    let mut parts = head.split(';').map(str::trim);
    let kind = parts.next()?.to_ascii_lowercase();
    // Quotes or blanks in a type mean that somebody counts on a reader's mistake.
    if !kind.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+' | b'-' | b'.')) {
        return None;
    }
    Some((kind, parts.any(|p| p.eq_ignore_ascii_case("base64")), body))
}

fn decode(body: &str, base64: bool) -> String {
    let body = body.split('#').next().unwrap_or("");
    let mut bytes = Vec::with_capacity(body.len());
    let raw = body.as_bytes();
    let hex = |b: Option<&u8>| b.and_then(|b| (*b as char).to_digit(16));
    let mut at = 0;
    while at < raw.len() {
        if raw[at] == b'%'
            && let (Some(high), Some(low)) = (hex(raw.get(at + 1)), hex(raw.get(at + 2)))
        {
            bytes.push((high * 16 + low) as u8);
            at += 3;
        } else {
            bytes.push(raw[at]);
            at += 1;
        }
    }
    if base64 {
        let mut decoded = Vec::with_capacity(bytes.len() / 4 * 3);
        let (mut bits, mut count) = (0_u32, 0);
        for b in bytes {
            let value = match b {
                b'A'..=b'Z' => b - b'A',
                b'a'..=b'z' => b - b'a' + 26,
                b'0'..=b'9' => b - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => continue,
            };
            bits = (bits << 6) | u32::from(value);
            count += 6;
            if count >= 8 {
                count -= 8;
                decoded.push((bits >> count) as u8);
            }
        }
        bytes = decoded;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The candidates of a `srcset` that can be shown, and whether one could not.
pub(super) fn srcset(raw: &str, cx: &Context) -> (String, Option<String>) {
    let mut out = String::new();
    let mut missing = None;
    // Of many candidates one is enough: a cached one, else the first.
    let mut asked: Option<(Url, bool)> = None;
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c');
    let mut rest = raw;
    loop {
        rest = rest.trim_start_matches(|c: char| blank(c) || c == ',');
        if rest.is_empty() {
            break;
        }
        let end = rest.find(blank).unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        let address_only = address.trim_end_matches(',');
        let descriptor;
        if address_only.len() < address.len() {
            descriptor = "";
            rest = after;
        } else {
            // Up to the next comma outside parentheses.
            let mut depth = 0_usize;
            let end = after
                .char_indices()
                .find(|(_, c)| {
                    match c {
                        '(' => depth += 1,
                        ')' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    *c == ',' && depth == 0
                })
                .map_or(after.len(), |(i, _)| i);
            descriptor = after[..end].trim();
            rest = &after[end..];
        }
        let (found, candidate) = search(address_only, cx.base.as_ref(), Place::Picture, cx);
        let is_cached = matches!(found, Found::Kept(_));
        if asked.is_none() || (is_cached && !asked.as_ref().is_some_and(|(_, cached)| *cached)) {
            asked = candidate.map(|url| (url, is_cached)).or(asked);
        }
        match found {
            Found::Kept(url) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ' ' | '-' | '+');
                if descriptor.chars().all(plain) && !url.contains(blank) {
                    if !out.is_empty() {
                        out.push_str(", ");
                    }
                    out.push_str(&url);
                    if !descriptor.is_empty() {
                        out.push(' ');
                        out.push_str(descriptor);
                    }
                }
            }
            Found::Missing(url) => missing = missing.or(Some(url)),
            Found::Nothing => {}
        }
    }
    if let Some((url, cached)) = asked {
        cx.assets.met(Want::Image, url.as_str(), cached);
    }
    (out, missing)
}
