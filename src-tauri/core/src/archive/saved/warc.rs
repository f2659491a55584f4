//! WARC: everything a crawler got, response by response, as the network gave it.
//!
//! The trap is size: crawls are gigabytes of things that no page shows. One record is in memory at a time, and
//! only when it is small enough and says that it is a file of a page.

use std::collections::HashMap;
use std::io::{BufRead, Read};

use super::super::limits::{End, MAX_ASSET, read_line, read_up_to};
use super::head::{Head, http_body, split};
use super::{Body, SavedFile};
use crate::format::wrap::iso;

/// Bytes of a record's own header.
const MAX_HEAD: u64 = 256 << 10;

pub(super) enum Stop {
    /// Read to its end.
    Done,
    /// What is behind this is not WARC, or cut off.
    Broken(String),
    Io(std::io::Error),
}

/// Hands on the files of all responses. Redirects, errors and pages are left out.
pub(super) fn files(
    input: &mut dyn BufRead,
    take: &mut dyn FnMut(SavedFile) -> crate::error::Result<()>,
) -> crate::error::Result<Stop> {
    let mut records = 0u64;
    // Types of what came before, for records that say "the same as".
    let mut types: HashMap<String, String> = HashMap::new();
    loop {
        let mut line = Vec::new();
        match read_line(input, &mut line, MAX_HEAD) {
            (_, End::Error(e)) => return Ok(Stop::Io(e)),
            (_, End::Full) => return Ok(Stop::Broken("a record has no header".to_owned())),
            (false, End::Eof) if line.is_empty() => return Ok(Stop::Done),
            _ => {}
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        if !line.starts_with(b"WARC/") {
            return Ok(Stop::Broken(format!("record {} does not begin as one", records + 1)));
        }
        let mut block = Vec::new();
        loop {
            let from = block.len();
            match read_line(input, &mut block, MAX_HEAD) {
                (_, End::Error(e)) => return Ok(Stop::Io(e)),
                (_, End::Full) => return Ok(Stop::Broken("a record has no end of its header".to_owned())),
                (false, End::Eof) if block.len() == from => {
                    return Ok(Stop::Broken("it ends within a record's header".to_owned()));
                }
                _ => {}
            }
            if block.len() as u64 > MAX_HEAD {
                return Ok(Stop::Broken("a record has no end of its header".to_owned()));
            }
            if block[from..].trim_ascii().is_empty() {
                break;
            }
        }
        records += 1;
        let head = Head::parse(&block);
        let Some(length) = head.get("content-length").and_then(|l| l.parse::<u64>().ok()) else {
            return Ok(Stop::Broken(format!("record {records} does not say how long it is")));
        };
        let kind = head.get("warc-type").unwrap_or_default().to_ascii_lowercase();
        let url = head.get("warc-target-uri").map(|u| u.trim_matches(['<', '>']).to_owned());
        let at = head.get("warc-date").and_then(iso);
        let wanted = matches!(&*kind, "response" | "resource" | "conversion") && url.is_some() && length <= MAX_ASSET;
        if let (true, Some(url)) = (wanted, url.clone()) {
            let mut body = Vec::new();
            match read_up_to(&mut (&mut *input).take(length), &mut body, length) {
                End::Error(e) => return Ok(Stop::Io(e)),
                End::Eof | End::Full => {}
            }
            let whole = body.len() as u64 == length;
            let content = head.get("content-type").unwrap_or_default().to_ascii_lowercase();
            let file = if content.starts_with("application/http") || body.starts_with(b"HTTP/") {
                split(&body).and_then(|(top, rest)| {
                    let http = Head::parse(top);
                    let status = top.split(|b| *b == b' ').nth(1)?;
                    (status == b"200" || status == b"203")
                        .then(|| (http.get("content-type").unwrap_or_default().to_owned(), http_body(&http, rest)))
                })
            } else {
                (kind != "response").then_some((content, body))
            };
            if let Some((content_type, bytes)) = file.filter(|_| whole) {
                types.insert(url.clone(), content_type.clone());
                take(SavedFile { url, content_type, body: Body::Bytes(bytes), at })?;
            }
            if !whole {
                return Ok(Stop::Broken("it ends within a record".to_owned()));
            }
            continue;
        }
        if let ("revisit", Some(url), Some(of)) = (&*kind, url, head.get("warc-refers-to-target-uri"))
            && let Some(content_type) = types.get(of.trim_matches(['<', '>']))
        {
            let body = Body::SameAs(of.trim_matches(['<', '>']).to_owned());
            take(SavedFile { url, content_type: content_type.clone(), body, at })?;
        }
        match std::io::copy(&mut (&mut *input).take(length), &mut std::io::sink()) {
            Ok(n) if n == length => {}
            Ok(_) => return Ok(Stop::Broken("it ends within a record".to_owned())),
            Err(e) => return Ok(Stop::Io(e)),
        }
    }
}
