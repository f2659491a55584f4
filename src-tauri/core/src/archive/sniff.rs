//! What the first bytes of a file say it is.
//!
//! The trap: the answer is shown to people who gave the wrong file. "a PNG image" helps, "invalid data at
//! byte 0" does not.

use std::io::Read as _;

use crate::format::wrap::{openreplay, snappy};

/// Bytes that are looked at.
pub(crate) const HEAD: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Empty,
    Gzip,
    Zlib,
    Zstd,
    Zip,
    Tar,
    /// A raw snappy block of JSON, or such blocks with their lengths before them.
    Snappy,
    /// A web page, in which a recording may be embedded.
    Html,
    /// Recognised, and not read.
    OpenReplay,
    /// Starts like a JSON text.
    Json,
    /// Known and no recording; the words fit behind "is".
    Other(&'static str),
    /// Text in rows and columns.
    Csv,
    /// Nothing known: brotli has no mark and may hide here.
    Unknown,
}

pub(crate) fn look(head: &[u8]) -> Look {
    const MARKS: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"BM", "a BMP image"),
        (b"%PDF", "a PDF document"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which is not read"),
        (b"Rar!", "a RAR archive, which is not read"),
        (b"BZh", "a bzip2 file, which is not read"),
        (b"\xfd7zXZ\0", "an xz file, which is not read"),
        (b"\x7fELF", "a program"),
        (b"MZ", "a program"),
        (b"\x1aE\xdf\xa3", "a video"),
        (b"OggS", "a media file"),
        (b"ID3", "an audio file"),
        (b"wOFF", "a font"),
        (b"wOF2", "a font"),
        (b"\0\x01\0\0\0", "a font"),
    ];
    if head.is_empty() {
        return Look::Empty;
    }
    if head.starts_with(b"\x1f\x8b") {
        return Look::Gzip;
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") || head.starts_with(b"PK\x07\x08") {
        return Look::Zip;
    }
    if head.starts_with(b"\x28\xb5\x2f\xfd") {
        return Look::Zstd;
    }
    if head.starts_with(b"\x78") && matches!(head.get(1), Some(0x01 | 0x5e | 0x9c | 0xda)) {
        return Look::Zlib;
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Look::Other("a WebP image");
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Look::Other("a video");
    }
    if is_tar(head) {
        return Look::Tar;
    }
    if openreplay::is_one(head) {
        return Look::OpenReplay;
    }
    // The four bytes of a length hold a control character for every block that could be unpacked; `{"e": [` is one only
    // by chance.
    if !is_text(head) && snappy::is_prefixed(head) {
        return Look::Snappy;
    }
    if let Some((_, what)) = MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
        // Two letters are not enough to call a text an image.
        if !(head.starts_with(b"BM") || head.starts_with(b"MZ")) || !is_text(head) {
            return Look::Other(what);
        }
    }
    let body = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        // Spreadsheets save tables so.
        let narrow: Vec<u8> = head[2..].iter().copied().filter(|b| *b != 0).collect();
        if is_table(&narrow) {
            return Look::Csv;
        }
        return Look::Other("text in UTF-16, which no recorder writes");
    }
    let start = crate::format::json::skip_space(body, 0);
    match body.get(start) {
        None => return Look::Other("blank"),
        Some(b'{' | b'[' | b'"') if is_text(body) || !is_brotli(head) => return Look::Json,
        Some(_) => {}
    }
    if !is_text(body) {
        if snappy::is_block(head) {
            return Look::Snappy;
        }
        let printable = !body.iter().any(|b| matches!(b, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f));
        return if printable && is_table(body) { Look::Csv } else { Look::Unknown };
    }
    let word: Vec<u8> = body[start..].iter().take(64).map(u8::to_ascii_lowercase).collect();
    if word.starts_with(b"<!doctype html") || word.starts_with(b"<html") {
        return Look::Html;
    }
    if word.starts_with(b"<?xml") || word.starts_with(b"<svg") {
        return Look::Other("an XML document");
    }
    if is_table(&body[start..]) {
        return Look::Csv;
    }
    Look::Other("plain text")
}

/// Whether lines are cells: the first one has three, or two in a row are as wide, or a player's link stands in
/// one. What the table is about is not decided here.
fn is_table(text: &[u8]) -> bool {
    const LINK: &[u8] = b"clarity.microsoft.com/player/";
    let count = |line: &[u8], mark: u8| line.iter().filter(|b| **b == mark).count();
    let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').take(30).filter(|l| !l.trim_ascii().is_empty()).collect();
    let first = lines.first().copied().unwrap_or_default();
    if first.iter().filter(|b| matches!(b, b',' | b';' | b'\t' | b'|')).count() >= 2 {
        return true;
    }
    // Prose has a space behind its commas.
    let prose = |line: &[u8]| line.windows(2).any(|w| w == b", ");
    let wide = |a: &[u8], b: &[u8], mark: u8| count(a, mark) >= 1 && count(a, mark) == count(b, mark);
    if lines.windows(2).any(|w| {
        wide(w[0], w[1], b'\t') || wide(w[0], w[1], b';') || (wide(w[0], w[1], b',') && !prose(w[0]) && !prose(w[1]))
    }) {
        return true;
    }
    let linked = |line: &&[u8]| line.windows(LINK.len()).any(|w| w == LINK);
    (first.contains(&b',') || first.eq_ignore_ascii_case(b"link")) && lines.iter().skip(1).any(linked)
}

/// Brotli has no mark and may begin with a bracket or a quote. Whether bytes that do are brotli all the same.
fn is_brotli(head: &[u8]) -> bool {
    let mut start = [0; 256];
    let n = brotli::Decompressor::new(head, 4096).read(&mut start).unwrap_or(0);
    matches!(start[..n].first(), Some(b'{' | b'[' | b'"')) && is_text(&start[..n])
}

/// Whether a tar header starts here. The oldest tars have no mark, but all have a checksum.
fn is_tar(head: &[u8]) -> bool {
    let Some(block) = head.get(..512) else { return false };
    let digits: Vec<u8> = block[148..156].iter().copied().filter(u8::is_ascii_digit).collect();
    let Some(told) = std::str::from_utf8(&digits).ok().and_then(|d| u64::from_str_radix(d, 8).ok()) else {
        return false;
    };
    let sum: u64 =
        block.iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { 32 } else { u64::from(*b) }).sum();
    told == sum && block[0] != 0
}

/// UTF-8 without control characters; the last character may be cut.
fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => head,
        Err(e) if e.error_len().is_none() && e.valid_up_to() + 4 > head.len() => &head[..e.valid_up_to()],
        Err(_) => return false,
    };
    !whole.iter().any(|b| matches!(b, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks() {
        assert_eq!(look(b""), Look::Empty);
        assert_eq!(look(b"\x89PNG\r\n\x1a\n...."), Look::Other("a PNG image"));
        assert_eq!(look(b"\xef\xbb\xbf [1]"), Look::Json);
        assert_eq!(look(b"[ broken"), Look::Json);
        assert_eq!(look(b"{\"segment_id\":0}\n\x78\x9c\x00\xff"), Look::Json);
        let mut brotli = Vec::new();
        let mut writer = brotli::CompressorWriter::new(&mut brotli, 4096, 5, 22);
        let text: String = (0..9000).map(|n| format!("[{n},{}],", n * n)).collect();
        std::io::Write::write_all(&mut writer, format!("[{text}").as_bytes()).unwrap();
        drop(writer);
        assert_eq!(brotli[0], b'[');
        assert_eq!(look(&brotli[..HEAD]), Look::Unknown);
        assert_eq!(look(b"BMW is a car"), Look::Other("plain text"));
        assert_eq!(look("Grüße".as_bytes()), Look::Other("plain text"));
        assert_eq!(look(&"Grüße".as_bytes()[..3]), Look::Other("plain text"));
        assert_eq!(look(b"  \n"), Look::Other("blank"));
        assert_eq!(look(b"Date,URL,Clicks\n1,2,3\n"), Look::Csv);
        assert_eq!(look(b"Session,City\ns1,Oslo\n"), Look::Csv);
        assert_eq!(look(b"Dear Ann, thank you\nfor this, and that.\n"), Look::Other("plain text"));
        assert_eq!(look(&[7, 200, 13, 0, 255]), Look::Unknown);
        assert_eq!(look(b"<!DOCTYPE html><p>"), Look::Html);
        assert_eq!(look(b"\xff\xff\xff\xff\xff\xff\xff\xfe\x01"), Look::OpenReplay);
        let block = snap::raw::Encoder::new().compress_vec(&b"[\"w\",{}]".repeat(99)).unwrap();
        assert_eq!(look(&block), Look::Snappy);
        assert_eq!(look(&[&(block.len() as u32).to_be_bytes()[..], &block].concat()), Look::Snappy);
        assert_eq!(look(br#"{"e": ["0.8.70", 1, 0]}"#), Look::Json, "its bytes would do for a block, too");
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_old();
        header.set_size(0);
        tar.append_data(&mut header, "a.json", &b""[..]).unwrap();
        assert_eq!(look(&tar.into_inner().unwrap()), Look::Tar);
    }
}
