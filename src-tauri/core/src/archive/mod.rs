//! What a file is, and the recordings in it. See `FORMAT.md` in this folder.
//!
//! The trap: names lie. A `.json` may be gzip, a `.gz` a zip, a `.txt` the recording; every decision here is
//! made on bytes. Names are used for one thing only, to tell which bodies of a folder belong together.
//!
//! The second trap is size: a 2 GB zip must not be in memory at once, so nothing is returned as a list.
//! Bodies go to a [`Sink`] as they are met, and [`Item::Leave`] says when no more of a scope can follow.

mod about;
mod bundle;
mod limits;
mod payload;
mod read;
pub mod saved;
mod sniff;
mod table;
mod tarred;
mod wrapped;
mod write;
mod zipped;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::event::{SessionMeta, Source};
use crate::findings::Findings;

pub use limits::*;
pub use table::{Columns, Table, TableRow, read_table};
pub use write::{
    ArchiveWriter, AssetEntry, AssetListEntry, BodyEntry, FileEntry, ListedUrl, ManifestEntries, RecordEntry,
    SessionEntry, assets_json, folder_name, manifest,
};

/// SHA-256 of a body after all wrappers are taken off: the same recording has the same hash however it
/// was packed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }
    pub fn from_hex(text: &str) -> Option<Hash> {
        let mut out = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (i, byte) in out.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(Hash(out))
    }
}

/// Hashes what comes in pieces.
#[derive(Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// One recorded body.
#[derive(Debug)]
pub struct Part {
    /// File as given, members of archives behind `!`, lines and list entries behind `#` (1-based).
    pub path: String,
    pub format: Source,
    /// Unpacked.
    pub bytes: Vec<u8>,
    /// What belongs together: a folder that holds a session, a session line, an entry of a manifest.
    pub scope: String,
    /// rrweb bodies of one scope with the same group are one recording. `None`: this body is one by itself.
    pub group: Option<String>,
    /// Place of the body in its group.
    pub position: u64,
    /// What the file itself says about its session.
    pub said: Option<Box<Said>>,
}

/// What an archive says about the sessions of one scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The session's id.
    pub session: Option<String>,
    /// The recorder's visitor id, which is part of a session's identity.
    pub user: Option<String>,
    /// The recorder's project id.
    pub project: Option<String>,
    pub meta: SessionMeta,
    /// Smaller wins when two archives say different things: 0 manifest, 1 session line, 2 `session.json`,
    /// 3 a vendor's wrapper, or a list or vendor's document beside the recordings.
    pub rank: u8,
    /// Of a session in an archive that Dwell wrote; then the rest is only what was changed in it by hand.
    #[serde(skip)]
    pub kept: Option<std::sync::Arc<Kept>>,
}

/// A session as the cache held it that an archive was written from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// In that cache.
    pub id: String,
    pub source: Source,
    /// As the recorder says; empty where it does not.
    pub project: String,
    pub user: String,
    pub session: String,
    /// The client's project.
    pub client: Option<String>,
    /// Where each body was imported from first, and its place; in the order of the session's files.
    pub bodies: Vec<(String, u64)>,
    /// Rank and JSON text of what archives said.
    pub said: Vec<(u8, String)>,
    pub asset_lists: Vec<Hash>,
}

/// A file that a recorded page had loaded, from an archive's `assets/`.
#[derive(Debug)]
pub struct Asset {
    pub bytes: Vec<u8>,
    pub content_type: String,
}

/// What comes out of an archive, in reading order.
#[derive(Debug)]
pub enum Item {
    Part(Part),
    /// About the sessions of `scope`, before or after their parts, always before its `Leave`.
    Said {
        scope: String,
        said: Box<Said>,
    },
    /// No more parts of this scope follow.
    Leave {
        scope: String,
    },
    Asset(Asset),
    /// Which URL showed which asset, for all parts that follow, until the next such item. Empty: none.
    AssetUrls {
        urls: Vec<(String, Hash)>,
    },
    /// An asset list of an archive that Dwell wrote: [`Kept::asset_lists`] says whose it is.
    AssetList(AssetListEntry),
    /// What a list or a vendor's document says of the session or visitor that it names.
    Record {
        scope: String,
        source: Source,
        said: Box<Said>,
    },
    /// A table of sessions, perhaps: [`read_table`] tells.
    Table {
        path: String,
        bytes: Vec<u8>,
        /// Named by the user.
        given: bool,
    },
    /// `notes.json` of a Dwell archive, as it stands.
    Notes {
        path: String,
        bytes: Vec<u8>,
    },
}

/// Takes what is read. An error ends the reading.
pub trait Sink {
    fn take(&mut self, item: Item, findings: &mut Findings) -> Result<()>;
}

/// What was met under the given paths, to say something sensible when there was no recording.
#[derive(Debug, Default)]
pub struct Seen {
    /// Files, members of archives counted one by one.
    pub files: u64,
    /// Recorded bodies handed to the sink.
    pub parts: u64,
    /// What the others were ("a PNG image"), with counts.
    pub others: std::collections::BTreeMap<String, u64>,
}

/// Reads everything under `path`.
///
/// `consumed` grows by the bytes taken from disk. What cannot be read goes into `findings` and reading goes
/// on.
///
/// # Errors
/// [`Error::PathMissing`], [`Error::PathUnreadable`] for the path itself; [`Error::Cancelled`]; what the
/// sink returns.
pub fn read(
    path: &Path,
    sink: &mut dyn Sink,
    cancel: &AtomicBool,
    consumed: &AtomicU64,
    seen: &mut Seen,
    findings: &mut Findings,
) -> Result<()> {
    read::path(path, sink, cancel, consumed, seen, findings)
}

/// Reads one file that is in memory, as [`read`] would if it lay on disk under `name`.
///
/// # Errors
/// [`Error::Cancelled`]; what the sink returns.
pub fn read_bytes(
    name: &str,
    bytes: &[u8],
    sink: &mut dyn Sink,
    cancel: &AtomicBool,
    seen: &mut Seen,
    findings: &mut Findings,
) -> Result<()> {
    read::bytes(name, bytes, sink, cancel, seen, findings)
}

/// Bytes on disk under `path`, for progress; symbolic links are not followed inside folders.
///
/// # Errors
/// [`Error::PathMissing`], [`Error::PathUnreadable`] for the path itself.
pub fn size_on_disk(path: &Path) -> Result<u64> {
    let about = metadata(path)?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    let mut ignored = Findings::new();
    Ok(read::walk(path, &mut ignored)?.iter().map(|file| file.bytes).sum())
}

pub(crate) fn metadata(path: &Path) -> Result<std::fs::Metadata> {
    std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            Error::PathMissing { path: path.to_owned() }
        }
        _ => Error::PathUnreadable { path: path.to_owned(), reason: read::io_reason(&e) },
    })
}
