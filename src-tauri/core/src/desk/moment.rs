//! One moment as a file of its own: the safe HTML with every page file written into it.
//!
//! The trap: whoever opens the file has none of the window's walls. So it brings its own policy as the first thing
//! in its head, the types of what is written in come from a short list, and what is not in the cache stays away.

use std::collections::HashMap;

use crate::store::Asset;

/// What precedes the hash of a page file in the safe HTML.
const SCHEME: &str = "replay-asset://localhost/";
/// Hex digits of a hash.
const DIGITS: usize = 64;
/// Bytes of page files in one document, counted where they are used: what comes after is left out.
const MOST: usize = 64 << 20;

/// Nothing is loaded, nothing runs, nothing is sent.
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
                      style-src 'unsafe-inline'; font-src data:; media-src data:; form-action 'none'; base-uri 'none'\">";

/// Makes the HTML of [`crate::dom::html::print`] independent of the cache. `find` gives a page file by its hash in
/// hex. An empty text stays empty.
pub(crate) fn inline(html: &str, mut find: impl FnMut(&str) -> Option<Asset>) -> String {
    let mut out = String::with_capacity(html.len() * 2);
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    let mut room = MOST;
    let mut rest = html;
    while let Some(at) = rest.find(SCHEME) {
        out.push_str(&rest[..at]);
        let after = &rest[at + SCHEME.len()..];
        let digits = after.bytes().take_while(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).count();
        if digits != DIGITS {
            // No address of ours: a text that says so.
            out.push_str(SCHEME);
            rest = after;
            continue;
        }
        let (hash, after) = after.split_at(DIGITS);
        let data = known.entry(hash).or_insert_with(|| find(hash).and_then(|asset| data_url(&asset)));
        match data {
            Some(data) if data.len() <= room => {
                room -= data.len();
                out.push_str(data);
            }
            _ => out.push_str("data:,"),
        }
        rest = after;
    }
    out.push_str(rest);
    guard(out)
}

/// Puts the policy where a parser meets it before anything else of the head.
fn guard(mut html: String) -> String {
    // The printer writes a head whenever there is one, in small letters; whatever stands before it is doctype and html.
    let end = |tag: &str| {
        let at = html.find(tag)?;
        let close = html[at..].find('>')?;
        Some(at + close + 1)
    };
    match end("<head") {
        Some(at) => html.insert_str(at, POLICY),
        None if html.is_empty() => {}
        None => match end("<html") {
            Some(at) => html.insert_str(at, &format!("<head>{POLICY}</head>")),
            None => html.insert_str(0, POLICY),
        },
    }
    html
}

fn data_url(asset: &Asset) -> Option<String> {
    let kind = kind(asset)?;
    let mut out = format!("data:{kind};base64,");
    base64(&asset.bytes, &mut out);
    Some(out)
}

/// Pictures, fonts and media only; never a document or a script.
fn kind(asset: &Asset) -> Option<String> {
    let essence = asset.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'/' | b'+' | b'.' | b'-');
    let group = essence.split('/').next().unwrap_or_default();
    let fonts =
        ["application/font-woff", "application/font-woff2", "application/x-font-ttf", "application/x-font-woff"];
    if essence.bytes().all(plain)
        && (matches!(group, "image" | "font" | "audio" | "video") || fonts.contains(&essence.as_str()))
    {
        return Some(essence);
    }
    let unknown = matches!(essence.as_str(), "" | "application/octet-stream" | "binary/octet-stream");
    let magic: [(&[u8], &str); 6] = [
        (b"\x89PNG", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"wOF2", "font/woff2"),
        (b"wOFF", "font/woff"),
        (b"OTTO", "font/otf"),
    ];
    let found = magic.iter().find(|(start, _)| asset.bytes.starts_with(start)).map(|(_, kind)| (*kind).to_owned());
    if unknown { found } else { None }
}

fn base64(bytes: &[u8], out: &mut String) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.reserve(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let word = (u32::from(three[0]) << 16)
            | (u32::from(three.get(1).copied().unwrap_or(0)) << 8)
            | u32::from(three.get(2).copied().unwrap_or(0));
        for place in 0..4 {
            match place <= three.len() {
                true => out.push(LETTERS[(word >> (18 - 6 * place)) as usize & 63] as char),
                false => out.push('='),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn asset(content_type: &str, bytes: &[u8]) -> Asset {
        Asset { content_type: content_type.to_owned(), bytes: bytes.to_vec() }
    }

    #[test]
    fn page_files_are_written_in() {
        let html = format!("<html><head><title>x</title></head><body><img src=\"{SCHEME}{HASH}#a\"></body></html>");
        let out = inline(&html, |hash| (hash == HASH).then(|| asset("image/png", b"ab")));
        assert!(out.contains("<img src=\"data:image/png;base64,YWI=#a\">"), "{out}");
        assert!(out.starts_with("<html><head><meta http-equiv=\"Content-Security-Policy\""), "{out}");
        assert!(!out.contains("replay-asset"));
    }

    #[test]
    fn what_is_no_picture_stays_away() {
        let html = format!("<html><head></head><body><img src=\"{SCHEME}{HASH}\"></body></html>");
        for kind in ["text/html", "text/javascript", "image/png\"><script>", "application/pdf", ""] {
            let out = inline(&html, |_| Some(asset(kind, b"<script>1</script>")));
            assert!(out.contains("<img src=\"data:,\">"), "{kind}: {out}");
        }
        assert!(inline(&html, |_| None).contains("src=\"data:,\""));
        assert!(inline(&html, |_| Some(asset("", b"GIF89a"))).contains("data:image/gif;base64,R0lGODlh"));
    }

    #[test]
    fn a_text_that_names_the_scheme_stays_a_text() {
        let out = inline("<html><head></head><body>replay-asset://localhost/abc</body></html>", |_| None);
        assert!(out.ends_with("<body>replay-asset://localhost/abc</body></html>"), "{out}");
        assert_eq!(inline("", |_| None), "");
        assert!(inline("<html><body>x</body></html>", |_| None).starts_with("<html><head><meta"));
    }

    #[test]
    fn base64_of_every_remainder() {
        let of = |bytes: &[u8]| {
            let mut out = String::new();
            base64(bytes, &mut out);
            out
        };
        assert_eq!([of(b""), of(b"f"), of(b"fo"), of(b"foo"), of(b"foobar")], ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]);
    }
}
