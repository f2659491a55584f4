//! `replay-asset://localhost/HASH`: pictures, fonts, sheets and media of recorded pages, out of the cache.
//!
//! The trap: the bytes come from strangers and Tauri counts every scheme of the app as its own. So nothing is ever
//! served as a document or a script, whatever its recorded type says, and the answer's type is one of our own list.

use dwell_core::desk::Asset;
use tauri::http::{Request, Response, StatusCode, header};
use tauri::{AppHandle, Manager};

use crate::projects::Projects;

pub(crate) const SCHEME: &str = "replay-asset";

/// A vector picture may carry scripts and links: as an image none runs, and here none would run as a document either.
const PICTURE_ONLY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

const NOTHING: &str = "default-src 'none'; sandbox";

pub(crate) fn answer(app: &AppHandle, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    respond(request, |hash| app.state::<Projects>().desk().ok().and_then(|desk| desk.asset(hash).ok().flatten()))
}

fn respond(request: &Request<Vec<u8>>, find: impl FnOnce(&str) -> Option<Asset>) -> Response<Vec<u8>> {
    // What a frame, an object or a worker asks for is refused even if a navigation got past the other walls.
    let wanted = request.headers().get("sec-fetch-dest").map(|value| value.as_bytes());
    if wanted
        .is_some_and(|dest| !matches!(dest, b"image" | b"font" | b"style" | b"audio" | b"video" | b"track" | b"empty"))
    {
        return build(StatusCode::NOT_FOUND, None, Vec::new());
    }
    let hash = request.uri().path().trim_start_matches('/');
    let is_hash = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hash || request.method() != "GET" {
        return build(StatusCode::NOT_FOUND, None, Vec::new());
    }
    match find(hash).and_then(|asset| Some((served_as(&asset.content_type, &asset.bytes)?, asset.bytes))) {
        Some((kind, bytes)) => build(StatusCode::OK, Some(kind), bytes),
        None => build(StatusCode::NOT_FOUND, None, Vec::new()),
    }
}

fn build(status: StatusCode, kind: Option<&'static str>, bytes: Vec<u8>) -> Response<Vec<u8>> {
    let policy = if kind == Some("image/svg+xml") { PICTURE_ONLY } else { NOTHING };
    let built = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind.unwrap_or("text/plain"))
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        // Fonts are only taken with leave for the frame's origin; there is no other origin in the web view.
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        // A name is a hash of the bytes: what was answered once stays true. A miss may be fetched later.
        .header(header::CACHE_CONTROL, if kind.is_some() { "max-age=31536000, immutable" } else { "no-store" })
        .body(bytes);
    match built {
        Ok(response) => response,
        Err(error) => unreachable!("all parts are constants of this file: {error}"),
    }
}

/// The type an asset is served as, or nothing for what is no picture, font, sheet or medium. Servers often send fonts
/// and pictures without a telling type: then the first bytes decide, among pictures and fonts only.
fn served_as(recorded: &str, bytes: &[u8]) -> Option<&'static str> {
    let essence = recorded.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Some(match essence.as_str() {
        "image/png" | "image/x-png" | "image/apng" | "image/vnd.mozilla.apng" => "image/png",
        "image/jpeg" | "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/gif" => "image/gif",
        "image/webp" => "image/webp",
        "image/avif" => "image/avif",
        "image/heic" | "image/heif" => "image/heic",
        "image/jxl" => "image/jxl",
        "image/bmp" | "image/x-ms-bmp" => "image/bmp",
        "image/x-icon" | "image/vnd.microsoft.icon" => "image/x-icon",
        "image/svg+xml" => "image/svg+xml",
        "text/css" => "text/css; charset=utf-8",
        "font/woff2" | "application/font-woff2" | "application/x-font-woff2" => "font/woff2",
        "font/woff" | "application/font-woff" | "application/x-font-woff" => "font/woff",
        "font/ttf"
        | "font/sfnt"
        | "application/font-sfnt"
        | "application/x-font-ttf"
        | "application/x-font-truetype" => "font/ttf",
        "font/otf" | "application/x-font-otf" | "application/x-font-opentype" | "application/vnd.ms-opentype" => {
            "font/otf"
        }
        "font/collection" => "font/collection",
        "video/mp4" => "video/mp4",
        "video/webm" => "video/webm",
        "video/ogg" => "video/ogg",
        "video/quicktime" => "video/quicktime",
        "audio/mpeg" | "audio/mp3" => "audio/mpeg",
        "audio/mp4" | "audio/x-m4a" => "audio/mp4",
        "audio/aac" => "audio/aac",
        "audio/ogg" => "audio/ogg",
        "audio/webm" => "audio/webm",
        "audio/wav" | "audio/x-wav" | "audio/wave" => "audio/wav",
        "" | "application/octet-stream" | "binary/octet-stream" | "text/plain" | "application/binary" => {
            by_magic(bytes)?
        }
        _ => return None,
    })
}

fn by_magic(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 11] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\x00\x00\x01\x00", "image/x-icon"),
        (b"wOF2", "font/woff2"),
        (b"wOFF", "font/woff"),
        (b"OTTO", "font/otf"),
        (b"\x00\x01\x00\x00", "font/ttf"),
        (b"true", "font/ttf"),
        (b"ttcf", "font/collection"),
    ];
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    if bytes.get(4..12) == Some(b"ftypavif") {
        return Some("image/avif");
    }
    MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn ask(path: &str, dest: Option<&str>, content_type: &str, bytes: &[u8]) -> Response<Vec<u8>> {
        let mut request = Request::builder().uri(format!("replay-asset://localhost/{path}"));
        if let Some(dest) = dest {
            request = request.header("sec-fetch-dest", dest);
        }
        respond(&request.body(Vec::new()).unwrap(), |hash| {
            (hash == HASH).then(|| Asset { content_type: content_type.to_owned(), bytes: bytes.to_vec() })
        })
    }

    fn header<'a>(response: &'a Response<Vec<u8>>, name: &str) -> &'a str {
        response.headers().get(name).unwrap().to_str().unwrap()
    }

    #[test]
    fn pictures_sheets_and_fonts_are_served() {
        for (recorded, bytes, served) in [
            ("image/png", &b"x"[..], "image/png"),
            ("Image/JPEG; charset=binary", b"x", "image/jpeg"),
            ("text/css", b"a{}", "text/css; charset=utf-8"),
            ("application/octet-stream", b"wOF2....", "font/woff2"),
            ("", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ] {
            let response = ask(HASH, None, recorded, bytes);
            assert_eq!(response.status(), 200, "{recorded}");
            assert_eq!(header(&response, "content-type"), served);
            assert_eq!(header(&response, "x-content-type-options"), "nosniff");
            assert_eq!(header(&response, "content-security-policy"), NOTHING);
        }
    }

    #[test]
    fn vector_pictures_are_pictures_only() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>";
        let response = ask(HASH, Some("image"), "image/svg+xml", svg);
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-security-policy"), PICTURE_ONLY);
        for dest in ["document", "iframe", "frame", "object", "embed", "worker", "script"] {
            assert_eq!(ask(HASH, Some(dest), "image/svg+xml", svg).status(), 404, "{dest}");
        }
    }

    #[test]
    fn documents_and_scripts_are_never_served() {
        for recorded in ["text/html", "application/xhtml+xml", "text/xml", "application/xml", "text/javascript"] {
            let response = ask(HASH, None, recorded, b"<script>1</script>");
            assert_eq!(response.status(), 404, "{recorded}");
            assert!(response.body().is_empty());
        }
        assert_eq!(ask(HASH, None, "text/plain", b"<!doctype html><script>1</script>").status(), 404);
    }

    #[test]
    fn only_a_hash_is_a_name() {
        for path in ["", "abc", "../../etc/passwd", &HASH.to_uppercase(), &HASH.replace('9', "8"), &format!("{HASH}/x")]
        {
            assert_eq!(ask(path, None, "image/png", b"x").status(), 404, "{path}");
        }
    }
}
