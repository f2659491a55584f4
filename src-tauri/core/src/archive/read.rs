//! Takes the wrappers off: folders, zip, gzip, zlib, zstd, brotli, in any nesting the limits allow.
//!
//! The trap: most inputs fail half-way, not at the start. Whatever was unpacked before an error is read;
//! the error becomes a finding with its place.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use super::limits::{
    Budget, Counted, End, FromDisk, MAX_ARCHIVES, MAX_BODY, MAX_ENTRIES, MAX_FOLDER_DEPTH, MAX_LAYERS, MAX_META,
    Metered, Stopped, read_up_to, stopped,
};
use super::sniff::{HEAD, Look, look};
use super::zipped::Members;
use super::{Hash, Item, Seen, Sink, metadata};
use crate::error::{Error, Result};
use crate::findings::{Finding, Findings, Severity};

/// Where a byte stream comes from and what its bodies belong to.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) scope: String,
    pub(crate) group: Option<String>,
    pub(crate) position: u64,
    /// Named by the user: being no recording is then worth more than a note.
    pub(crate) given: bool,
    pub(crate) layers: u32,
    pub(crate) archives: u32,
}

impl Place {
    /// The place of a file, with what the names of its folders say: `clarity` and `rrweb` are folders of one
    /// session, and numbered files in one `rrweb` folder are one recording in that order.
    pub(crate) fn of(path: String, given: bool) -> Place {
        let mut folders: Vec<&str> = path.split(['/', '!', '\\']).collect();
        let file = folders.pop().unwrap_or_default();
        let kind = folders.last().copied().unwrap_or_default();
        let length: usize = path.len() - file.len();
        let folder = path[..length].trim_end_matches(['/', '!', '\\']);
        let scope = if matches!(kind, "clarity" | "rrweb") {
            folder[..folder.len() - kind.len()].trim_end_matches(['/', '!', '\\']).to_owned()
        } else {
            folder.to_owned()
        };
        let number: Option<u64> = file.split('.').next().and_then(|stem| {
            (stem.len() <= 9 && stem.bytes().all(|b| b.is_ascii_digit())).then(|| stem.parse().ok())?
        });
        let (group, position) = match number {
            Some(n) if kind == "rrweb" => (Some(format!("{scope}/rrweb")), n),
            _ => (None, 0),
        };
        Place { path, scope, group, position, given, layers: 0, archives: 0 }
    }

    /// A member `name` of the archive or folder at this place.
    pub(crate) fn member(&self, separator: char, name: &str) -> Place {
        let mut place = Place::of(format!("{}{separator}{name}", self.path), false);
        place.layers = self.layers;
        place.archives = self.archives;
        place
    }
}

pub(crate) struct Reader<'a, 'b> {
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) budget: Rc<Budget<'b>>,
    pub(crate) seen: &'a mut Seen,
    pub(crate) findings: &'a mut Findings,
    /// What the archive that is being read says pages had loaded.
    pub(crate) asset_urls: Vec<(String, Hash)>,
}

pub(crate) fn path(
    path: &Path,
    sink: &mut dyn Sink,
    cancel: &AtomicBool,
    consumed: &AtomicU64,
    seen: &mut Seen,
    findings: &mut Findings,
) -> Result<()> {
    let about = metadata(path)?;
    let mut reader = Reader { sink, budget: Budget::new(cancel, consumed), seen, findings, asset_urls: Vec::new() };
    let place = Place::of(shown(path), true);
    if about.is_dir() {
        let files = walk(path, reader.findings)?;
        reader.members(&mut Folder { root: path, files }, &place, '/')
    } else if about.is_file() {
        let file = File::open(path).map_err(|e| unreadable(path, &e))?;
        reader.file(file, &place).map_err(|e| match e {
            Error::Io { source, .. } => unreadable(path, &source),
            other => other,
        })
    } else {
        Err(Error::PathUnreadable { path: path.to_owned(), reason: "it is neither a file nor a folder.".into() })
    }
}

/// A file that is in memory already, as [`path`] reads it from disk.
pub(crate) fn bytes(
    name: &str,
    bytes: &[u8],
    sink: &mut dyn Sink,
    cancel: &AtomicBool,
    seen: &mut Seen,
    findings: &mut Findings,
) -> Result<()> {
    let consumed = AtomicU64::new(0);
    let budget = Budget::new(cancel, &consumed);
    let mut reader = Reader { sink, budget: budget.clone(), seen, findings, asset_urls: Vec::new() };
    let place = Place::of(name.to_owned(), true);
    reader.seen.files += 1;
    let mut input = Cursor::new(bytes);
    if look(&bytes[..bytes.len().min(HEAD)]) == Look::Zip {
        return reader.zip(&mut input, &place);
    }
    reader.stream(&mut Metered::new(&mut input, &budget, None), &place)
}

/// Paths are shown with `/` whatever the platform, so that the same archive gives the same findings.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let short = text.trim_end_matches('/');
    if short.is_empty() { text } else { short.to_owned() }
}

pub(crate) fn io_reason(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::PermissionDenied => "you have no permission to read it.".to_owned(),
        _ => format!("{e}."),
    }
}

fn unreadable(path: &Path, e: &io::Error) -> Error {
    Error::PathUnreadable { path: path.to_owned(), reason: io_reason(e) }
}

/// A file of a folder.
pub(crate) struct Found {
    /// Below the folder, with `/`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// All files under a folder, sorted by name. Symbolic links are left out: they may lead anywhere, or in
/// circles.
pub(crate) fn walk(root: &Path, findings: &mut Findings) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut todo = vec![(root.to_owned(), String::new(), 0usize)];
    while let Some((folder, prefix, depth)) = todo.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if depth == 0 => return Err(unreadable(root, &e)),
            Err(e) => {
                let at = shown(&folder);
                let message = format!("The folder {at} cannot be read: {}", io_reason(&e));
                findings.push(Finding::warning("folder_unreadable", message).at_path(at));
                continue;
            }
        };
        for entry in entries.flatten() {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let at = || shown(&entry.path());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_symlink() {
                let message = format!("{} is a symbolic link and was not followed.", at());
                findings.push(Finding::note("symlink_skipped", message).at_path(at()));
            } else if kind.is_dir() {
                if depth + 1 > MAX_FOLDER_DEPTH {
                    let message = format!("{} lies more than {MAX_FOLDER_DEPTH} folders deep and was left out.", at());
                    findings.push(Finding::warning("limit_depth", message).at_path(at()));
                } else {
                    todo.push((entry.path(), format!("{name}/"), depth + 1));
                }
            } else if kind.is_file() {
                if found.len() as u64 >= MAX_ENTRIES {
                    let message =
                        format!("{} holds more than {MAX_ENTRIES} files; the rest was left out.", shown(root));
                    findings.push(Finding::warning("limit_entries", message).at_path(shown(root)));
                    todo.clear();
                    break;
                }
                let bytes = entry.metadata().map_or(0, |m| m.len());
                found.push(Found { name, path: entry.path(), bytes });
            } else {
                let message = format!("{} is no ordinary file and was left out.", at());
                findings.push(Finding::note("special_file_skipped", message).at_path(at()));
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

struct Folder<'r> {
    root: &'r Path,
    files: Vec<Found>,
}

impl Members for Folder<'_> {
    fn len(&self) -> usize {
        self.files.len()
    }
    fn name(&self, index: usize) -> &str {
        &self.files[index].name
    }
    fn read(&mut self, index: usize, reader: &mut Reader<'_, '_>, place: &Place) -> Result<()> {
        let file = &self.files[index];
        match File::open(&file.path) {
            Ok(open) => reader.file(open, place),
            Err(e) => {
                let message = format!("{} cannot be read: {}", place.path, io_reason(&e));
                reader.find(Finding::warning("file_unreadable", message), place);
                Ok(())
            }
        }
    }
    fn bytes(&mut self, index: usize, max: u64, reader: &mut Reader<'_, '_>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = File::open(&self.files[index].path).ok()?;
        let mut input = FromDisk { inner: file, budget: reader.budget.clone() };
        matches!(read_up_to(&mut input, &mut bytes, max), End::Eof).then_some(bytes)
    }
    fn empty(&self) -> String {
        format!("{} is an empty folder", shown(self.root))
    }
}

impl Reader<'_, '_> {
    /// Notes something about the body at `place`.
    pub(crate) fn find(&mut self, finding: Finding, place: &Place) {
        let finding = if finding.path.is_none() { finding.at_path(place.path.clone()) } else { finding };
        self.findings.push(finding);
    }

    /// Notes that `place` is no recording but `what` ("a PNG image").
    pub(crate) fn other(&mut self, code: &str, what: &str, place: &Place) {
        *self.seen.others.entry(what.to_owned()).or_insert(0) += 1;
        let severity = if place.given { Severity::Warning } else { Severity::Note };
        let message = format!("{} is {what}, not a recording.", place.path);
        self.find(Finding::new(severity, code, message), place);
    }

    pub(crate) fn take(&mut self, item: Item) -> Result<()> {
        if self.budget.cancelled() {
            return Err(Error::Cancelled);
        }
        if matches!(item, Item::Part(_)) {
            self.seen.parts += 1;
        }
        self.sink.take(item, self.findings)
    }

    /// Turns a reading error into a finding. True when what was read before it is worth using.
    pub(crate) fn broken(&mut self, e: &io::Error, read: u64, place: &Place) -> Result<bool> {
        match stopped(e) {
            Some(Stopped::Cancelled) => return Err(Error::Cancelled),
            Some(Stopped::Limit(limit)) => {
                let finding = Finding::error(limit.code(), limit.sentence(&place.path)).at_offset(read);
                self.find(finding, place);
                return Ok(false);
            }
            None => {}
        }
        let path = &place.path;
        let finding = if e.kind() == io::ErrorKind::UnexpectedEof {
            let message = format!("{path} was cut off after {read} unpacked bytes; what came before was read.");
            Finding::warning("truncated", message)
        } else {
            let message = format!("{path} is damaged after {read} unpacked bytes ({e}); what came before was read.");
            Finding::warning("damaged", message)
        };
        self.find(finding.at_offset(read), place);
        Ok(true)
    }

    pub(crate) fn file(&mut self, mut file: File, place: &Place) -> Result<()> {
        self.seen.files += 1;
        if !self.budget.entry() {
            let message = format!("{} and what follows was left out: more than {MAX_ENTRIES} files.", place.path);
            self.find(Finding::error("limit_entries", message), place);
            return Ok(());
        }
        let mut head = Vec::new();
        if let Err(e) = (&mut file).take(HEAD as u64).read_to_end(&mut head) {
            let message = format!("{} cannot be read: {}", place.path, io_reason(&e));
            self.find(Finding::warning("file_unreadable", message), place);
            return if place.given { Err(io_error(place, e)) } else { Ok(()) };
        }
        file.seek(SeekFrom::Start(0)).map_err(|e| io_error(place, e))?;
        let mut input = FromDisk { inner: file, budget: self.budget.clone() };
        if look(&head) == Look::Zip {
            return self.zip(&mut input, place);
        }
        let budget = self.budget.clone();
        self.stream(&mut Metered::new(&mut input, &budget, None), place)
    }

    /// Reads a byte stream whatever it is. Recursion ends at [`MAX_LAYERS`].
    pub(crate) fn stream(&mut self, input: &mut dyn Read, place: &Place) -> Result<()> {
        let mut head = Vec::new();
        match read_up_to(&mut input.take(HEAD as u64), &mut head, HEAD as u64) {
            End::Error(e) => {
                if !self.broken(&e, head.len() as u64, place)? || head.is_empty() {
                    *self.seen.others.entry("a damaged archive".to_owned()).or_insert(0) += 1;
                    return Ok(());
                }
            }
            End::Eof | End::Full => {}
        }
        let looks = look(&head);
        let mut whole = Cursor::new(head).chain(input);
        if matches!(looks, Look::Gzip | Look::Zlib | Look::Zstd | Look::Zip | Look::Tar | Look::Snappy)
            && place.layers >= MAX_LAYERS
        {
            let message =
                format!("{} is packed more than {MAX_LAYERS} times over; what is inside was not read.", place.path);
            self.find(Finding::error("limit_layers", message), place);
            *self.seen.others.entry("packed too many times over".to_owned()).or_insert(0) += 1;
            return Ok(());
        }
        match looks {
            Look::Gzip => self.unpacked(whole, place, |packed| Box::new(flate2::read::MultiGzDecoder::new(packed))),
            Look::Zlib => self.unpacked(whole, place, |packed| Box::new(flate2::read::ZlibDecoder::new(packed))),
            Look::Zstd => self.unpacked(whole, place, |packed| match zstd::Decoder::new(packed) {
                Ok(decoder) => Box::new(decoder),
                Err(e) => Box::new(Failing(Some(e))),
            }),
            Look::Zip => {
                if place.archives >= MAX_ARCHIVES {
                    let message = format!("{} is an archive in an archive in an archive and was not read.", place.path);
                    self.find(Finding::error("limit_archives", message), place);
                    return Ok(());
                }
                let mut bytes = Vec::new();
                match read_up_to(&mut whole, &mut bytes, MAX_BODY) {
                    End::Eof => {}
                    End::Full => {
                        self.too_large(place);
                        return Ok(());
                    }
                    End::Error(e) => {
                        if !self.broken(&e, bytes.len() as u64, place)? {
                            return Ok(());
                        }
                    }
                }
                self.zip(&mut Cursor::new(bytes), place)
            }
            Look::Tar => self.tar(&mut whole, place),
            Look::Snappy => self.snappy(&mut whole, place),
            Look::Html => self.html(&mut whole, place),
            Look::OpenReplay => {
                let message = format!(
                    "{} is a recording by OpenReplay, whose own binary format is not read; nothing of it was imported.",
                    place.path
                );
                self.foreign("openreplay_unsupported", "a recording by OpenReplay, which is not read", message, place);
                Ok(())
            }
            Look::Json => self.json(&mut BufReader::with_capacity(256 << 10, whole), place),
            Look::Empty => {
                self.other("empty_file", "empty", place);
                Ok(())
            }
            Look::Csv => {
                let mut bytes = Vec::new();
                match read_up_to(&mut whole, &mut bytes, MAX_META) {
                    End::Eof => {}
                    End::Full => {
                        let message = format!("{} is a table of more than {} MB.", place.path, MAX_META >> 20);
                        self.find(Finding::error("limit_body", message), place);
                        return Ok(());
                    }
                    End::Error(e) => {
                        if !self.broken(&e, bytes.len() as u64, place)? {
                            return Ok(());
                        }
                    }
                }
                self.take(Item::Table { path: place.path.clone(), bytes, given: place.given })
            }
            Look::Other(what) => {
                self.other("not_a_recording", what, place);
                Ok(())
            }
            Look::Unknown => self.perhaps_brotli(&mut whole, place),
        }
    }

    pub(crate) fn too_large(&mut self, place: &Place) {
        let message = format!("{} is larger than {} MB and was left out.", place.path, MAX_BODY >> 20);
        self.find(Finding::error("limit_body", message), place);
        *self.seen.others.entry("too large".to_owned()).or_insert(0) += 1;
    }

    fn unpacked<'r, R: Read + 'r>(
        &mut self,
        packed: R,
        place: &Place,
        open: impl FnOnce(BufReader<Counted<R>>) -> Box<dyn Read + 'r>,
    ) -> Result<()> {
        let (counted, count) = Counted::new(packed);
        let inner = open(BufReader::with_capacity(32 << 10, counted));
        let budget = self.budget.clone();
        let deeper = Place { layers: place.layers + 1, ..place.clone() };
        self.stream(&mut Metered::new(inner, &budget, Some(count)), &deeper)
    }

    /// Brotli has no mark. Bytes that unpack to the start of a JSON text are taken for it, others for noise.
    fn perhaps_brotli(&mut self, input: &mut dyn Read, place: &Place) -> Result<()> {
        let (counted, count) = Counted::new(input);
        let budget = self.budget.clone();
        let mut inner = Metered::new(brotli::Decompressor::new(counted, 32 << 10), &budget, Some(count));
        let mut head = Vec::new();
        let end = read_up_to(&mut (&mut inner).take(HEAD as u64), &mut head, HEAD as u64);
        if let End::Error(e) = &end
            && let Some(Stopped::Cancelled) = stopped(e)
        {
            return Err(Error::Cancelled);
        }
        if place.layers >= MAX_LAYERS || !matches!(look(&head), Look::Json | Look::Html) {
            self.other("not_a_recording", "binary data of an unknown kind", place);
            return Ok(());
        }
        let deeper = Place { layers: place.layers + 1, ..place.clone() };
        let rest: Box<dyn Read> = match end {
            End::Error(e) => Box::new(Failing(Some(e))),
            End::Eof | End::Full => Box::new(inner),
        };
        self.stream(&mut Cursor::new(head).chain(rest), &deeper)
    }
}

fn io_error(place: &Place, source: io::Error) -> Error {
    Error::Io { context: format!("{} cannot be read", place.path), source }
}

/// Gives its error once, then nothing.
pub(crate) struct Failing(pub(crate) Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// A count that never changes, for members whose packed size is known beforehand.
pub(crate) fn fixed(packed: u64) -> Rc<Cell<u64>> {
    Rc::new(Cell::new(packed))
}
