//! Which cached file an address means.
//!
//! The trap is a wrong picture. A page that lacks one says so; a page that shows another product's picture
//! lies. So an address is loosened step by step, only in what does not choose the content, and where two
//! files would answer, time decides or nobody does.
//!
//! 1. The same address: fragment dropped, `http` and `https` alike, default ports, escapes and a bare `?`
//!    evened out.
//! 2. The same path, and the same query but for parameters that name a version or a size.
//! 3. The same path without query: for files with a telling ending, or when one side has no query; only when
//!    one file answers (of style sheets, the nearest).
//! 4. A slash more or less at the end.
//! 5. What a mirror made of it: a host as the first folder (links converted by `wget -k`), `%3F` for `?`.
//! 6. Files without an address, by their name, then by as many of the folders above it as match; only when
//!    one answers.
//!
//! Of several files with one address a session's own win over those added for all sessions, then the nearest
//! in time.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use url::Url;

use crate::archive;
use crate::archive::saved::UNPLACED;
use crate::dom::safe::{self, Assets};
use crate::error::Result;
use crate::event::{Millis, Str};
use crate::store::{AssetRow, Cache};

/// Style sheets are read when asked for, and kept up to this many bytes in all.
const SHEET_BYTES: usize = 64 << 20;

/// The files that may show in a session, by address.
pub struct CachedAssets {
    files: Vec<File>,
    /// Address without scheme.
    by_address: HashMap<String, Vec<u32>>,
    /// Address without scheme, query and slash at the end.
    by_path: HashMap<String, Vec<u32>>,
    /// Files without an address, by name in lower case.
    by_name: HashMap<String, Vec<u32>>,
    from: Millis,
    until: Millis,
    cache: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    answers: HashMap<String, Option<u32>>,
    sheets: HashMap<Str, Option<Str>>,
    bytes: usize,
    open: Option<Cache>,
}

struct File {
    asset: safe::Asset,
    /// Query as it stands, without version and size.
    query: Option<String>,
    essence: Vec<(String, String)>,
    /// Folders and name of a file without an address.
    segments: Vec<String>,
    at: Option<Millis>,
    own: bool,
}

impl CachedAssets {
    /// # Errors
    /// The `Cache…` ones.
    pub fn of_session(cache: &Cache, id: &str) -> Result<CachedAssets> {
        let row = cache.session(id)?;
        let pages = cache.pages(id)?;
        let hosts: HashSet<String> =
            pages.iter().filter_map(|p| Some(bare_host(Url::parse(&p.url).ok()?.host_str()?).to_owned())).collect();
        Ok(CachedAssets::new(cache.path(), cache.asset_rows(id)?, &hosts, (row.started_at, row.ended_at)))
    }

    fn new(cache: &Path, rows: Vec<AssetRow>, hosts: &HashSet<String>, time: (Millis, Millis)) -> CachedAssets {
        let mut out = CachedAssets {
            files: Vec::with_capacity(rows.len()),
            by_address: HashMap::new(),
            by_path: HashMap::new(),
            by_name: HashMap::new(),
            from: time.0,
            until: time.1,
            cache: cache.to_owned(),
            state: Mutex::default(),
        };
        for row in rows {
            // Pages and scripts that an archive listed are never shown as anything else.
            if is_document(&row.content_type) {
                continue;
            }
            let index = out.files.len() as u32;
            let mut file = File {
                asset: safe::Asset {
                    hash: Str::from(archive::Hash(row.hash).to_string()),
                    content_type: Str::from(row.content_type.as_str()),
                },
                query: None,
                essence: Vec::new(),
                segments: Vec::new(),
                at: row.at,
                own: row.own,
            };
            if let Some(rest) = row.url.strip_prefix(UNPLACED) {
                let Some((host, path)) = rest
                    .trim_start_matches('/')
                    .split_once('/')
                    .filter(|_| !rest.starts_with("///"))
                    .or_else(|| Some(("", rest.trim_start_matches('/'))))
                else {
                    continue;
                };
                if !host.is_empty() && !hosts.contains(bare_host(host)) {
                    continue;
                }
                file.segments = segments(path);
                let Some(name) = file.segments.last().cloned() else { continue };
                out.by_name.entry(name).or_default().push(index);
            } else {
                let Some(address) = Address::of(&row.url) else { continue };
                file.query.clone_from(&address.query);
                file.essence = essence(address.query.as_deref());
                out.by_path.entry(address.path.trim_end_matches('/').to_owned()).or_default().push(index);
                out.by_address.entry(address.whole()).or_default().push(index);
            }
            out.files.push(file);
        }
        out
    }

    fn answer(&self, url: &str) -> Option<u32> {
        if self.files.is_empty() {
            return None;
        }
        let address = Address::of(url)?;
        self.at_address(&address)
            .or_else(|| address.as_mirrored().and_then(|other| self.at_address(&other)))
            .or_else(|| address.as_in_a_folder().and_then(|other| self.at_address(&other)))
            .or_else(|| self.by_its_name(&address))
    }

    fn at_address(&self, address: &Address) -> Option<u32> {
        if let Some(all) = self.by_address.get(&address.whole()) {
            return self.nearest(all);
        }
        let same_path = self.by_path.get(address.path.trim_end_matches('/'))?;
        let wanted = essence(address.query.as_deref());
        let alike: Vec<u32> = same_path.iter().copied().filter(|i| self.files[*i as usize].essence == wanted).collect();
        if let Some(found) = self.nearest(&alike) {
            return Some(found);
        }
        let ending = address.ending();
        let telling = ending.is_some_and(is_file_ending);
        let candidates: Vec<u32> = match (telling, address.query.is_some()) {
            (true, _) => same_path.clone(),
            // An address without ending is made by a program, and its query says of what.
            (false, true) => same_path.iter().copied().filter(|i| self.files[*i as usize].query.is_none()).collect(),
            (false, false) => same_path.clone(),
        };
        match ending {
            Some("css") => self.nearest(&candidates),
            _ => self.only(&candidates),
        }
    }

    /// A file that has a name and no address: the one with the most folders alike.
    fn by_its_name(&self, address: &Address) -> Option<u32> {
        let wanted = segments(address.path.trim_start_matches("//").split_once('/').map_or("", |(_, path)| path));
        let name = wanted.last()?;
        let mut named = self.by_name.get(name).cloned().unwrap_or_default();
        if named.is_empty() && address.ending().is_none() {
            // Browsers put an ending behind names that have none.
            for ending in ["css", "jpg", "jpeg", "png", "webp", "gif", "svg", "avif", "woff2"] {
                named.extend(self.by_name.get(&format!("{name}.{ending}")).into_iter().flatten());
            }
        }
        let alike = |i: &u32| {
            let have = &self.files[*i as usize].segments;
            have.iter().rev().zip(wanted.iter().rev()).take_while(|(a, b)| a == b).count()
        };
        let most = named.iter().map(alike).max()?;
        named.retain(|i| alike(i) == most);
        let own: Vec<u32> = named.iter().copied().filter(|i| self.files[*i as usize].own).collect();
        self.only(if own.is_empty() { &named } else { &own })
    }

    /// The one file that all of them are.
    fn only(&self, all: &[u32]) -> Option<u32> {
        let first = all.first()?;
        let hash = &self.files[*first as usize].asset.hash;
        all.iter().all(|i| self.files[*i as usize].asset.hash == *hash).then_some(*first)
    }

    /// Own before shared, near in time before far, known time before unknown; the rest is order.
    fn nearest(&self, all: &[u32]) -> Option<u32> {
        all.iter().copied().min_by_key(|i| {
            let file = &self.files[*i as usize];
            let away = file
                .at
                .map_or(Millis::MAX, |at| self.from.saturating_sub(at).max(0).max(at.saturating_sub(self.until)));
            (!file.own, away, *i)
        })
    }

    fn read_sheet(&self, state: &mut State, hash: &str) -> Option<Str> {
        if state.open.is_none() {
            state.open = Cache::open_read_only(&self.cache).ok();
        }
        let asset = state.open.as_ref()?.asset(&archive::Hash::from_hex(hash)?.0).ok()??;
        let kind = asset.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !matches!(&*kind, "text/css" | "text/plain" | "" | "application/octet-stream") {
            return None;
        }
        let bytes = asset.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&asset.bytes);
        if bytes.trim_ascii_start().starts_with(b"<") {
            return None;
        }
        // Old sheets are in a one-byte encoding; only their strings have letters beyond ASCII.
        Some(match std::str::from_utf8(bytes) {
            Ok(text) => Str::from(text),
            Err(_) => Str::from(bytes.iter().map(|b| *b as char).collect::<String>()),
        })
    }
}

impl Assets for CachedAssets {
    fn find(&self, url: &str) -> Option<safe::Asset> {
        let url = url.split('#').next().unwrap_or(url);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match state.answers.get(url) {
            Some(known) => *known,
            None => {
                let found = self.answer(url);
                if state.answers.len() < 100_000 {
                    state.answers.insert(url.to_owned(), found);
                }
                found
            }
        };
        found.map(|i| self.files[i as usize].asset.clone())
    }

    fn text(&self, hash: &str) -> Option<Str> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = state.sheets.get(hash) {
            return known.clone();
        }
        let text = self.read_sheet(&mut state, hash);
        let size = text.as_ref().map_or(0, |t| t.len());
        if state.bytes + size > SHEET_BYTES {
            state.sheets.clear();
            state.bytes = 0;
        }
        state.bytes += size;
        state.sheets.insert(Str::from(hash), text.clone());
        text
    }
}

fn is_document(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(&*kind, "text/html" | "application/xhtml+xml" | "application/json" | "text/json" | "application/pdf")
        || kind.ends_with("javascript")
        || kind.ends_with("ecmascript")
}

/// Endings that say what a file is, so that its query does not.
fn is_file_ending(ending: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "css", "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico", "bmp", "woff2", "woff", "ttf", "otf", "mp4",
        "webm", "mp3", "m4a", "ogg",
    ];
    ENDINGS.contains(&ending)
}

fn bare_host(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// Decoded, in lower case.
fn segments(path: &str) -> Vec<String> {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    path.split('/').filter(|s| !s.is_empty()).map(|s| decoded(s).to_lowercase()).collect()
}

fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let hex = |b: Option<&u8>| b.and_then(|b| (*b as char).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Escapes of letters, digits and `-._~` taken off, others in capitals: two spellings of one address.
fn evened(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) => {
                if code.is_ascii_alphanumeric() || matches!(code, b'-' | b'.' | b'_' | b'~') {
                    out.push(code as char);
                } else {
                    out.push_str(&format!("%{code:02X}"));
                }
                rest = &rest[3..];
            }
            None => {
                out.push('%');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Parameters in order, without those that name a version or a size of the same thing.
fn essence(query: Option<&str>) -> Vec<(String, String)> {
    const LOOSE: &[&str] = &[
        "v",
        "ver",
        "version",
        "rev",
        "revision",
        "r",
        "t",
        "ts",
        "time",
        "timestamp",
        "_",
        "cb",
        "cache",
        "cachebust",
        "cachebuster",
        "bust",
        "build",
        "hash",
        "nocache",
        "mtime",
        "updated",
        "w",
        "width",
        "h",
        "height",
        "q",
        "quality",
        "dpr",
        "fm",
        "format",
        "auto",
        "sz",
        "size",
        "resize",
    ];
    let mut out: Vec<(String, String)> = query
        .unwrap_or_default()
        .split('&')
        .filter(|part| !part.is_empty())
        .filter_map(|part| match part.split_once('=') {
            Some((name, value)) => {
                (!LOOSE.contains(&&*name.to_ascii_lowercase())).then(|| (name.to_owned(), value.to_owned()))
            }
            // A bare number or hash is a version.
            None => {
                let version = part.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b'-' | b'_' | b'v'));
                (!version).then(|| (part.to_owned(), String::new()))
            }
        })
        .collect();
    out.sort();
    out
}

/// An address as it is compared.
#[derive(Debug, PartialEq)]
struct Address {
    /// `//host:port/path`.
    path: String,
    query: Option<String>,
}

impl Address {
    fn of(url: &str) -> Option<Address> {
        let url = Url::parse(url).ok().filter(|u| matches!(u.scheme(), "http" | "https"))?;
        let port = match url.port() {
            Some(80 | 443) | None => String::new(),
            Some(port) => format!(":{port}"),
        };
        let path = format!("//{}{port}{}", url.host_str()?, evened(url.path()));
        Some(Address { path, query: url.query().filter(|q| !q.is_empty()).map(evened) })
    }

    fn whole(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Ending of the file's name, when it is one in small letters and digits.
    fn ending(&self) -> Option<&str> {
        let name = self.path.rsplit('/').next()?;
        let ending = name.rsplit_once('.')?.1;
        (ending.len() <= 5 && ending.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())).then_some(ending)
    }

    /// As a file system has it, which knows no folders without a name: `a//b.png` is `a/b.png` in a mirror.
    fn as_in_a_folder(&self) -> Option<Address> {
        let (host, path) = self.path.strip_prefix("//")?.split_once('/')?;
        if !path.contains("//") {
            return None;
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        Some(Address { path: format!("//{host}/{}", parts.join("/")), query: self.query.clone() })
    }

    /// The address behind a link that a mirror had converted.
    fn as_mirrored(&self) -> Option<Address> {
        let (host, path) = self.path.strip_prefix("//")?.split_once('/')?;
        let (path, query) = match path.split_once("%3F") {
            Some((path, query)) => (path, Some(decoded(query))),
            None => (path, self.query.clone()),
        };
        let (first, rest) = path.split_once('/').unwrap_or(("", path));
        let path = if first.contains('.') && !rest.is_empty() && !first.starts_with('.') {
            format!("//{first}/{rest}")
        } else {
            format!("//{host}/{path}")
        };
        let other = Address { path, query };
        (other != *self).then_some(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached(rows: &[(&str, u8)]) -> CachedAssets {
        timed(&rows.iter().map(|(url, hash)| (*url, *hash, None, true)).collect::<Vec<_>>())
    }

    fn timed(rows: &[(&str, u8, Option<Millis>, bool)]) -> CachedAssets {
        let rows = rows
            .iter()
            .map(|(url, hash, at, own)| AssetRow {
                url: (*url).to_owned(),
                hash: [*hash; 32],
                at: *at,
                content_type: if url.contains(".html") { "text/html" } else { "image/png" }.to_owned(),
                own: *own,
            })
            .collect();
        let hosts = HashSet::from(["shop.test".to_owned()]);
        CachedAssets::new(Path::new("/nowhere"), rows, &hosts, (1000, 2000))
    }

    /// First byte of the hash that an address finds.
    fn find(assets: &CachedAssets, url: &str) -> Option<u8> {
        assets.find(url).map(|a| u8::from_str_radix(&a.hash[..2], 16).unwrap())
    }

    #[test]
    fn one_address_in_many_spellings() {
        let assets = cached(&[("https://Shop.test/a.png?x=1#f", 1), ("https://shop.test/b%7Ec.png", 2)]);
        for url in ["https://shop.test/a.png?x=1", "http://shop.test/a.png?x=1#g", "https://shop.test:443/a.png?%78=1"]
        {
            assert_eq!(find(&assets, url), Some(1), "{url}");
        }
        assert_eq!(find(&assets, "https://shop.test/b~c.png?"), Some(2));
        assert_eq!(find(&cached(&[("https://shop.test/a/b.png", 3)]), "https://shop.test/a//b.png"), Some(3));
        assert_eq!(find(&cached(&[("https://shop.test/a//b.png", 3)]), "https://shop.test/a/b.png"), None);
        assert_eq!(find(&assets, "https://other.test/a.png?x=1"), None);
        assert_eq!(find(&assets, "https://shop.test:8080/a.png?x=1"), None);
        assert_eq!(find(&assets, "replay-asset://localhost/aa"), None);
    }

    #[test]
    fn queries_that_choose_and_queries_that_do_not() {
        let assets = cached(&[
            ("https://shop.test/a.css?v=1", 1),
            ("https://shop.test/image?id=1", 2),
            ("https://shop.test/image?id=2", 3),
            ("https://shop.test/_next/image?url=%2Fa.png&w=640&q=75", 4),
            ("https://shop.test/p.png?sku=1", 5),
            ("https://shop.test/q.png?sku=1", 6),
            ("https://shop.test/q.png?sku=2", 7),
            ("https://shop.test/plain", 8),
            ("https://fonts.test/css2?family=Inter", 9),
        ]);
        assert_eq!(find(&assets, "https://shop.test/a.css?v=2"), Some(1));
        assert_eq!(find(&assets, "https://shop.test/a.css"), Some(1));
        assert_eq!(find(&assets, "https://shop.test/a.css?1699999999"), Some(1));
        assert_eq!(find(&assets, "https://shop.test/image?id=2&w=3"), Some(3));
        assert_eq!(find(&assets, "https://shop.test/image?id=3"), None);
        assert_eq!(find(&assets, "https://shop.test/image"), None);
        assert_eq!(find(&assets, "https://shop.test/_next/image?url=%2fa.png&w=1080&q=75"), Some(4));
        assert_eq!(find(&assets, "https://shop.test/_next/image?url=%2Fb.png&w=640&q=75"), None);
        assert_eq!(find(&assets, "https://shop.test/p.png?sku=9"), Some(5));
        assert_eq!(find(&assets, "https://shop.test/q.png?sku=9"), None);
        assert_eq!(find(&assets, "https://shop.test/plain?x"), Some(8));
        assert_eq!(find(&assets, "https://shop.test/plain/"), Some(8));
        assert_eq!(find(&assets, "https://fonts.test/css2?family=Roboto"), None);
    }

    #[test]
    fn the_nearest_in_time() {
        let url = "https://shop.test/a.png";
        let assets = timed(&[(url, 1, Some(0), true), (url, 2, Some(1500), true), (url, 3, Some(9000), true)]);
        assert_eq!(find(&assets, url), Some(2));
        let assets = timed(&[(url, 1, None, true), (url, 2, Some(90_000), true), (url, 3, Some(1500), false)]);
        assert_eq!(find(&assets, url), Some(2), "a session's own files come first");
        let assets = timed(&[
            ("https://shop.test/a.css?v=1", 1, Some(0), true),
            ("https://shop.test/a.css?v=3", 3, Some(2100), true),
        ]);
        assert_eq!(find(&assets, "https://shop.test/a.css?v=2"), Some(3));
    }

    #[test]
    fn what_mirrors_and_saved_pages_leave() {
        let assets = cached(&[
            ("https://cdn.test/i/a.png", 1),
            ("https://shop.test/b.css?v=1", 2),
            ("unplaced:///css/shop.css", 3),
            ("unplaced:///old/shop.css", 4),
            ("unplaced://shop.test/logo.svg", 5),
            ("unplaced://other.test/mark.svg", 6),
            ("unplaced:///css2.css", 7),
            ("https://shop.test/page.html", 8),
        ]);
        assert_eq!(find(&assets, "https://shop.test/cdn.test/i/a.png"), Some(1));
        assert_eq!(find(&assets, "https://shop.test/b.css%3Fv=1"), Some(2));
        assert_eq!(find(&assets, "https://shop.test/assets/css/Shop.css?v=3"), Some(3));
        assert_eq!(find(&assets, "https://shop.test/shop.css"), None, "two files of one name");
        assert_eq!(find(&assets, "https://cdn.test/x/logo.svg"), Some(5));
        assert_eq!(find(&assets, "https://cdn.test/x/mark.svg"), None, "saved from another site");
        assert_eq!(find(&assets, "https://fonts.test/css2?family=Inter"), Some(7));
        assert_eq!(find(&assets, "https://shop.test/page.html"), None, "a page is nothing to show");
    }
}
