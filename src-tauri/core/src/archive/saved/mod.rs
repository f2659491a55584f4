//! Files that pages had loaded, out of what people can save of a site: a mirrored folder, a saved page, MHTML,
//! WARC, WACZ, HAR, single files.
//!
//! The trap: these are made by many programs, and each leaves something out: types, addresses, queries,
//! whole files. What is known of a file goes on as it is known; matching it to a recording comes later, when
//! both sides are there.
//!
//! The second trap is size. One file is in memory at a time; crawls and folders may be of any size within
//! the limits of this room.

mod har;
mod head;
mod kind;
mod layout;
mod mhtml;
mod warc;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use url::Url;

use super::limits::{
    Budget, Counted, End, FromDisk, MAX_ASSET, MAX_BODY, MAX_ENTRIES, Metered, Stopped, read_up_to, stopped,
};
use super::read::{Failing, Found, fixed, io_reason, walk};
use super::sniff::{Look, look};
use super::{metadata, zipped};
use crate::error::{Error, Result};
use crate::event::Millis;
use crate::findings::{Finding, Findings};

pub use kind::{content_type, is_page_file};
use layout::Layout;
pub use layout::UNPLACED;

/// Bytes that are looked at to know what a file is; a page's own address stands within them.
const HEAD: usize = 64 << 10;
/// Archives in archives.
const MAX_NESTING: u32 = 3;

/// A file of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFile {
    /// `http:` or `https:`, or a name under [`UNPLACED`].
    pub url: String,
    /// As [`content_type`] gives it.
    pub content_type: String,
    pub body: Body,
    /// When it was fetched, epoch ms.
    pub at: Option<Millis>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Bytes(Vec<u8>),
    /// The same bytes as a file with this URL that came before.
    SameAs(String),
}

/// What was met under a path.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Met {
    /// Files that a page could show, handed on.
    pub taken: u64,
    /// What the others were, with counts.
    pub others: BTreeMap<String, u64>,
}

/// Reads everything under `path` that a page could show.
///
/// `url` is the address of the file, or of the folder. `consumed` grows by the bytes taken from disk. What
/// cannot be read goes into `findings`, and reading goes on.
///
/// # Errors
/// [`Error::PathMissing`], [`Error::PathUnreadable`] for the path itself; [`Error::Cancelled`]; what `sink`
/// returns.
pub fn read(
    path: &Path,
    url: Option<&Url>,
    sink: &mut dyn FnMut(SavedFile) -> Result<()>,
    cancel: &AtomicBool,
    consumed: &AtomicU64,
    met: &mut Met,
    findings: &mut Findings,
) -> Result<()> {
    let about = metadata(path)?;
    let mut reader = Reader { sink, budget: Budget::new(cancel, consumed), met, findings };
    let name = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let name = name.trim_end_matches('/');
    if about.is_dir() {
        return reader.folder(path, name, url);
    }
    if !about.is_file() {
        return Err(Error::PathUnreadable {
            path: path.to_owned(),
            reason: "it is neither a file nor a folder.".into(),
        });
    }
    let unreadable = |e: &io::Error| Error::PathUnreadable { path: path.to_owned(), reason: io_reason(e) };
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    let before = reader.met.taken;
    let own = name.rsplit('/').next().unwrap_or(name);
    let address = match url {
        Some(url) if !url.path().ends_with('/') => url.to_string(),
        base => Layout { base: base.cloned(), ..Layout::default() }.url(own),
    };
    reader.member(file, name, &address, 0)?;
    // A page alone has nothing to give; its files lie beside it.
    if let Some(stem) = layout::page_stem(name).filter(|_| url.is_none() && reader.met.taken == before) {
        for folder in layout::beside(stem) {
            if Path::new(&folder).is_dir() {
                let host = head_of(path).as_deref().and_then(layout::page_address);
                return reader.saved_folder(Path::new(&folder), &folder, host.as_ref());
            }
        }
    }
    Ok(())
}

fn head_of(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    Some(head)
}

struct Reader<'a, 'b> {
    sink: &'a mut dyn FnMut(SavedFile) -> Result<()>,
    budget: Rc<Budget<'b>>,
    met: &'a mut Met,
    findings: &'a mut Findings,
}

/// What a file turned out to be, beside a plain file.
enum Is {
    Zip,
    Gzip,
    Warc,
    Har,
    Mhtml,
    Plain,
}

fn is(head: &[u8]) -> Is {
    match look(head) {
        Look::Zip => Is::Zip,
        Look::Gzip => Is::Gzip,
        Look::Json if har::is_har(head) => Is::Har,
        _ if head.starts_with(b"WARC/") => Is::Warc,
        _ if mhtml::is_mhtml(head) => Is::Mhtml,
        _ => Is::Plain,
    }
}

impl Reader<'_, '_> {
    fn other(&mut self, what: &str) {
        *self.met.others.entry(what.to_owned()).or_insert(0) += 1;
    }

    fn find(&mut self, finding: Finding, at: &str) {
        self.findings.push(finding.at_path(at));
    }

    fn entry(&mut self, at: &str) -> Result<bool> {
        if self.budget.cancelled() {
            return Err(Error::Cancelled);
        }
        if !self.budget.entry() {
            let message = format!("{at} and what follows was left out: more than {MAX_ENTRIES} files.");
            self.find(Finding::error("limit_entries", message), at);
            return Ok(false);
        }
        Ok(true)
    }

    /// Hands a file on when a page could show it.
    fn take(&mut self, mut file: SavedFile) -> Result<()> {
        if self.budget.cancelled() {
            return Err(Error::Cancelled);
        }
        let is_web = file.url.starts_with(UNPLACED)
            || Url::parse(&file.url).is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
        if !is_web {
            self.other("without a web address");
            return Ok(());
        }
        match &file.body {
            Body::Bytes(bytes) if bytes.is_empty() => {
                self.other("empty");
                return Ok(());
            }
            Body::Bytes(bytes) => file.content_type = content_type(&file.content_type, &file.url, bytes),
            Body::SameAs(_) => file.content_type = content_type(&file.content_type, &file.url, b""),
        }
        if !is_page_file(&file.content_type) {
            let what = match &*file.content_type {
                "text/html" => "pages",
                kind if kind.contains("javascript") || kind.contains("ecmascript") => "scripts",
                kind if kind.contains("json") => "data",
                _ => "nothing that a page shows",
            };
            self.other(what);
            return Ok(());
        }
        self.met.taken += 1;
        (self.sink)(file)
    }

    fn folder(&mut self, path: &Path, at: &str, url: Option<&Url>) -> Result<()> {
        let files = walk(path, self.findings)?;
        let names: Vec<String> = files.iter().map(|f| f.name.clone()).collect();
        let mut layout = Layout::of(&names, |i| head_of(&files[i].path).as_deref().and_then(layout::page_address));
        layout.base = url.cloned().map(as_folder);
        let own = at.rsplit('/').next().unwrap_or_default();
        layout.host = layout::as_host(own).filter(|_| {
            !names.iter().any(|n| n.split_once('/').is_some_and(|(first, _)| layout::as_host(first).is_some()))
        });
        self.files(&files, &layout, at)
    }

    /// The folder beside a saved page.
    fn saved_folder(&mut self, path: &Path, at: &str, page: Option<&Url>) -> Result<()> {
        let files = walk(path, self.findings)?;
        let host = page.and_then(|u| u.host_str()).map(str::to_owned);
        let layout = Layout { pages: vec![(String::new(), host)], ..Layout::default() };
        self.files(&files, &layout, at)
    }

    fn files(&mut self, files: &[Found], layout: &Layout, at: &str) -> Result<()> {
        if files.is_empty() {
            self.find(Finding::warning("empty", format!("{at} is an empty folder.")), at);
        }
        for found in files {
            let here = format!("{at}/{}", found.name);
            match File::open(&found.path) {
                Ok(file) => {
                    let url = layout.url(&found.name);
                    self.member(file, &here, &url, 0)?;
                }
                Err(e) => {
                    let message = format!("{here} cannot be read: {}", io_reason(&e));
                    self.find(Finding::warning("file_unreadable", message), &here);
                }
            }
        }
        Ok(())
    }

    fn member(&mut self, mut file: File, at: &str, url: &str, nesting: u32) -> Result<()> {
        let io = |source| Error::Io { context: format!("{at} cannot be read"), source };
        let mut head = Vec::new();
        (&mut file).take(HEAD as u64).read_to_end(&mut head).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut input = FromDisk { inner: file, budget: self.budget.clone() };
        if matches!(is(&head), Is::Zip) {
            if self.entry(at)? {
                self.zip(&mut input, at, nesting)?;
            }
            return Ok(());
        }
        let budget = self.budget.clone();
        self.stream(&mut Metered::new(&mut input, &budget, None), at, url, nesting)
    }

    /// Reads a byte stream whatever it is; nesting ends at [`MAX_NESTING`].
    fn stream(&mut self, input: &mut dyn Read, at: &str, url: &str, nesting: u32) -> Result<()> {
        if !self.entry(at)? {
            return Ok(());
        }
        let mut head = Vec::new();
        let end = read_up_to(&mut (&mut *input).take(HEAD as u64), &mut head, HEAD as u64);
        let kind = is(&head);
        // An error within the head is met again behind it, by whoever reads on.
        let mut failing = Failing(None);
        let rest: &mut dyn Read = match end {
            End::Error(e) => {
                failing.0 = Some(e);
                &mut failing
            }
            End::Eof | End::Full => input,
        };
        let mut whole = Cursor::new(head).chain(rest);
        if nesting >= MAX_NESTING && matches!(kind, Is::Zip | Is::Gzip) {
            let message = format!("{at} is an archive too deep in archives and was not read.");
            self.find(Finding::error("limit_archives", message), at);
            return Ok(());
        }
        match kind {
            Is::Gzip => {
                let (counted, count) = Counted::new(whole);
                let inner = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(64 << 10, counted));
                let budget = self.budget.clone();
                // What a server sent packed and a mirror kept so is named without the ending.
                let url = url.strip_suffix(".gz").unwrap_or(url);
                self.stream(&mut Metered::new(inner, &budget, Some(count)), at, url, nesting + 1)
            }
            Is::Warc => {
                let mut lines = BufReader::with_capacity(256 << 10, whole);
                match warc::files(&mut lines, &mut |file| self.take(file))? {
                    warc::Stop::Done => {}
                    warc::Stop::Broken(why) => {
                        let message = format!("{at} is damaged: {why}; what came before was read.");
                        self.find(Finding::warning("damaged", message), at);
                    }
                    warc::Stop::Io(e) => self.broken(&e, at)?,
                }
                Ok(())
            }
            Is::Har => {
                let Some(bytes) = self.all(&mut whole, MAX_BODY, true, at)? else { return Ok(()) };
                if let Err(why) = har::files(&bytes, &mut |file| self.take(file))? {
                    let message = format!("{at} cannot be read to its end: {why}; what came before was read.");
                    self.find(Finding::warning("damaged", message), at);
                }
                Ok(())
            }
            Is::Mhtml => {
                let Some(bytes) = self.all(&mut whole, MAX_BODY, true, at)? else { return Ok(()) };
                if let Err(why) = mhtml::files(&bytes, &mut |file| self.take(file))? {
                    let message = format!("{at} cannot be read as MHTML: {why}.");
                    self.find(Finding::warning("damaged", message), at);
                }
                Ok(())
            }
            Is::Zip => {
                let Some(bytes) = self.all(&mut whole, MAX_BODY, true, at)? else { return Ok(()) };
                self.zip(&mut Cursor::new(bytes), at, nesting)
            }
            Is::Plain => {
                let Some(bytes) = self.all(&mut whole, MAX_ASSET, false, at)? else { return Ok(()) };
                let file =
                    SavedFile { url: url.to_owned(), content_type: String::new(), body: Body::Bytes(bytes), at: None };
                self.take(file)
            }
        }
    }

    fn all(&mut self, input: &mut dyn Read, max: u64, part: bool, at: &str) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        match read_up_to(input, &mut bytes, max) {
            End::Eof => Ok(Some(bytes)),
            End::Full => {
                let message = format!("{at} is larger than {} MB and was left out.", max >> 20);
                self.find(Finding::warning("limit_body", message), at);
                self.other("too large");
                Ok(None)
            }
            End::Error(e) => {
                self.broken(&e, at)?;
                // The first half of a list is worth something, that of a picture nothing.
                Ok(Some(bytes).filter(|_| part))
            }
        }
    }

    fn broken(&mut self, e: &io::Error, at: &str) -> Result<()> {
        let finding = match stopped(e) {
            Some(Stopped::Cancelled) => return Err(Error::Cancelled),
            Some(Stopped::Limit(limit)) => Finding::error(limit.code(), limit.sentence(at)),
            None if e.kind() == io::ErrorKind::UnexpectedEof => {
                Finding::warning("truncated", format!("{at} was cut off; what came before was read."))
            }
            None => Finding::warning("damaged", format!("{at} is damaged ({e}); what came before was read.")),
        };
        self.find(finding, at);
        Ok(())
    }

    fn zip<R: Read + Seek>(&mut self, file: &mut R, at: &str, nesting: u32) -> Result<()> {
        let mut archive = match zip::ZipArchive::new(file) {
            Ok(archive) => archive,
            Err(e) => {
                let message = format!("{at} cannot be unpacked ({e}).");
                self.find(Finding::warning("damaged", message), at);
                return Ok(());
            }
        };
        let mut members: Vec<(String, usize)> = Vec::new();
        for index in 0..archive.len().min(MAX_ENTRIES as usize) {
            let metadata = archive.metadata();
            let Ok(entry) = metadata.entry(index) else { continue };
            if entry.is_dir() || entry.is_symlink() || entry.encrypted() {
                continue;
            }
            match zipped::safe_name(entry.name_raw()) {
                Ok(name) => members.push((name, index)),
                Err(why) => {
                    let message = format!("The name of a member of {at} {why}; it was left out.");
                    self.findings.push(Finding::warning("unsafe_name", message).at_path(at));
                }
            }
        }
        members.sort();
        let names: Vec<String> = members.iter().map(|(name, _)| name.clone()).collect();
        let layout = Layout::of(&names, |i| {
            let mut head = Vec::new();
            archive.by_index(members[i].1).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
            layout::page_address(&head)
        });
        let crawl =
            names.iter().any(|n| n.starts_with("archive/") && (n.ends_with(".warc") || n.ends_with(".warc.gz")));
        for (name, index) in &members {
            // A WACZ's other members say things about the crawl.
            if crawl && !name.starts_with("archive/") {
                continue;
            }
            let here = format!("{at}!{name}");
            let budget = self.budget.clone();
            match archive.by_index(*index) {
                Ok(member) => {
                    let packed = fixed(member.compressed_size());
                    let mut input = Metered::new(member, &budget, Some(packed));
                    self.stream(&mut input, &here, &layout.url(name), nesting + 1)?;
                }
                Err(e) => {
                    let message = format!("{here} cannot be unpacked ({e}).");
                    self.find(Finding::warning("damaged", message), &here);
                }
            }
        }
        Ok(())
    }
}

/// An address of a folder, with `/` at its end.
fn as_folder(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}
