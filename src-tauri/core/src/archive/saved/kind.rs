//! What a file of a page is: its own first bytes first, then what the server said, then its name.
//!
//! The trap: servers send error pages as pictures and fonts as plain text, and saved pages lose their types.
//! A style sheet that is no style sheet would make a page look wrong, which is worse than bare.

/// A type that tells nothing.
pub(crate) const UNKNOWN: &str = "application/octet-stream";

/// Content type of a file, without parameters, in lower case.
///
/// `name` is its URL or path. What says it is a picture, font or medium by its first bytes is one; a text is
/// what its server said, unless it is plainly HTML.
pub fn content_type(said: &str, name: &str, bytes: &[u8]) -> String {
    let said = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if let Some(kind) = by_magic(bytes) {
        // Sound and film share their wrappers.
        let medium = |kind: &str| kind.starts_with("audio/") || kind.starts_with("video/");
        return if medium(kind) && medium(&said) { said } else { kind.to_owned() };
    }
    let text = text_look(bytes);
    if let Some(look @ "text/html") = text {
        return look.to_owned();
    }
    let generic = matches!(
        &*said,
        "" | "application/octet-stream"
            | "binary/octet-stream"
            | "text/plain"
            | "application/binary"
            | "application/x-www-form-urlencoded"
    );
    if !generic && said.contains('/') && !said.contains(' ') {
        return said;
    }
    by_name(name).or(text).unwrap_or(UNKNOWN).to_owned()
}

/// Whether the frame could show such a file.
pub fn is_page_file(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.starts_with("image/")
        || kind.starts_with("font/")
        || kind.starts_with("application/font")
        || kind.starts_with("application/x-font")
        || kind.starts_with("audio/")
        || kind.starts_with("video/")
        || matches!(kind, "text/css" | "application/vnd.ms-opentype")
}

fn by_magic(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 14] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\0\0\x01\0", "image/x-icon"),
        (b"wOF2", "font/woff2"),
        (b"wOFF", "font/woff"),
        (b"OTTO", "font/otf"),
        (b"\0\x01\0\0", "font/ttf"),
        (b"ttcf", "font/collection"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"ID3", "audio/mpeg"),
        (b"\xff\x0a", "image/jxl"),
        (b"fLaC", "audio/flac"),
    ];
    if bytes.starts_with(b"RIFF") {
        return match bytes.get(8..12)? {
            b"WEBP" => Some("image/webp"),
            b"WAVE" => Some("audio/wav"),
            _ => None,
        };
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some(match bytes.get(8..12)? {
            b"avif" | b"avis" => "image/avif",
            b"heic" | b"heix" | b"mif1" => "image/heic",
            b"M4A " => "audio/mp4",
            b"qt  " => "video/quicktime",
            _ => "video/mp4",
        });
    }
    MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind)
}

fn text_look(bytes: &[u8]) -> Option<&'static str> {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = body.iter().position(|b| !b.is_ascii_whitespace())?;
    let head: Vec<u8> = body[start..].iter().take(512).map(u8::to_ascii_lowercase).collect();
    if [&b"<!doctype html"[..], b"<html", b"<head", b"<body"].iter().any(|mark| head.starts_with(mark)) {
        return Some("text/html");
    }
    let svg = head.starts_with(b"<svg")
        || ((head.starts_with(b"<?xml") || head.starts_with(b"<!--") || head.starts_with(b"<!doctype svg"))
            && memchr::memmem::find(&head, b"<svg").is_some());
    if svg {
        return Some("image/svg+xml");
    }
    // Programs that make style sheets give them names without an ending (`css?family=…`).
    let mut rest = &head[..];
    while let Some(comment) = rest.strip_prefix(b"/*") {
        let end = memchr::memmem::find(comment, b"*/")?;
        rest = comment[end + 2..].trim_ascii_start();
    }
    let sheet = [&b"@charset"[..], b"@import", b"@font-face"].iter().any(|mark| rest.starts_with(mark));
    sheet.then_some("text/css")
}

/// By the ending of a URL's path or of a file's name.
fn by_name(name: &str) -> Option<&'static str> {
    let path = name.split(['?', '#']).next().unwrap_or(name);
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let (_, ending) = file.rsplit_once('.')?;
    Some(match &*ending.to_ascii_lowercase() {
        "css" => "text/css",
        "svg" => "image/svg+xml",
        "png" | "apng" => "image/png",
        "jpg" | "jpeg" | "jfif" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" | "cur" => "image/x-icon",
        "bmp" => "image/bmp",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "wav" => "audio/wav",
        "ogg" | "oga" => "audio/ogg",
        "ogv" => "video/ogg",
        "html" | "htm" | "php" | "asp" | "aspx" => "text/html",
        "js" | "mjs" => "text/javascript",
        "json" | "map" => "application/json",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_before_headers_before_names() {
        for (said, name, bytes, is) in [
            ("text/plain", "/a", &b"\x89PNG\r\n\x1a\n.."[..], "image/png"),
            ("Text/CSS; charset=utf-8", "/a", b"a{}", "text/css"),
            ("text/css", "/a.css", b"\n<!DOCTYPE html><p>gone", "text/html"),
            ("", "https://x.test/a.css?v=1#x", b"a{}", "text/css"),
            ("application/octet-stream", "/logo", b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
            ("image/svg+xml", "/logo", b"<svg/>", "image/svg+xml"),
            ("", "/data", b"\x01\x02", UNKNOWN),
            ("", "/css?family=Lato", b"/* latin */\n@font-face{}", "text/css"),
            ("", "/css?family=Lato", b"/* nothing more", UNKNOWN),
            ("nonsense", "/x.js", b"1", "text/javascript"),
        ] {
            assert_eq!(content_type(said, name, bytes), is, "{said} {name}");
        }
        assert!(is_page_file("image/svg+xml") && is_page_file("text/css") && is_page_file("font/woff2"));
        assert!(!is_page_file("text/html") && !is_page_file("text/javascript") && !is_page_file(UNKNOWN));
    }
}
