//! How much a file may ask for.
//!
//! The trap: each limit alone can be walked around (a bomb of many small members, a small bomb in four
//! wrappers), so all of them are counted against one budget for the whole of a given path.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::format::wrap::{Allowance, Stop};

/// Unpacked bytes of everything under one given path.
pub const MAX_EXPANDED: u64 = 64 << 30;
/// Unpacked bytes of one member, document or line: it has to fit into memory.
pub const MAX_BODY: u64 = 512 << 20;
/// Unpacked bytes to one packed byte, counted once a layer has given more than [`RATIO_FREE`]. Recordings
/// pack 10 to 100 to one; nothing but repetition reaches this.
pub const MAX_RATIO: u64 = 400;
/// Bytes that a layer may give before its ratio counts.
pub const RATIO_FREE: u64 = 32 << 20;
/// Files in a folder, or members of archives, under one given path.
pub const MAX_ENTRIES: u64 = 1_000_000;
/// Compression and archive layers around a recording (a `.json` in a `.zip` in a `.gz` has two).
pub const MAX_LAYERS: u32 = 4;
/// Archives inside archives: one level.
pub const MAX_ARCHIVES: u32 = 2;
/// Folders inside folders.
pub const MAX_FOLDER_DEPTH: usize = 64;
/// Bytes of a member's name.
pub const MAX_NAME: usize = 4096;
pub use crate::format::MAX_NODES;
pub use crate::format::json::{MAX_JSON_DEPTH, MAX_STRING};
/// Bytes of a manifest, of `assets.json`, `notes.json` or a session's metadata.
pub const MAX_META: u64 = 64 << 20;
/// Bytes of one asset.
pub const MAX_ASSET: u64 = 64 << 20;

/// Which limit a file went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Expanded,
    Ratio,
    Body,
}

impl From<Stop> for Limit {
    fn from(stop: Stop) -> Limit {
        match stop {
            Stop::Expanded => Limit::Expanded,
            Stop::Ratio => Limit::Ratio,
            Stop::Body => Limit::Body,
        }
    }
}

impl Limit {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Limit::Expanded => "limit_expanded",
            Limit::Ratio => "limit_ratio",
            Limit::Body => "limit_body",
        }
    }
    pub(crate) fn sentence(self, path: &str) -> String {
        match self {
            Limit::Expanded => {
                format!("{path} unpacks to more than {} GB; the rest was left out.", MAX_EXPANDED >> 30)
            }
            Limit::Ratio => format!(
                "{path} unpacks to more than {MAX_RATIO} times its size, as no recording does; the rest was left out."
            ),
            Limit::Body => {
                format!("The recording in {path} unpacks to more than {} MB; the rest was left out.", MAX_BODY >> 20)
            }
        }
    }
}

/// Travels through `Read` inside an [`io::Error`].
#[derive(Debug)]
pub(crate) enum Stopped {
    Cancelled,
    Limit(Limit),
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stopped::Cancelled => f.write_str("cancelled"),
            Stopped::Limit(limit) => f.write_str(limit.code()),
        }
    }
}

impl std::error::Error for Stopped {}

/// Why reading stopped, when a wrapper of this module stopped it. Decompressors may wrap the error again.
pub(crate) fn stopped(error: &io::Error) -> Option<&Stopped> {
    let mut inner = error.get_ref()? as &(dyn std::error::Error + 'static);
    loop {
        if let Some(found) = inner.downcast_ref::<Stopped>() {
            return Some(found);
        }
        inner = match inner.downcast_ref::<io::Error>().and_then(|e| e.get_ref()) {
            Some(e) => e,
            None => inner.source()?,
        };
    }
}

/// What is left of one given path's allowance.
pub(crate) struct Budget<'a> {
    pub(crate) cancel: &'a AtomicBool,
    /// Bytes taken from disk so far, for progress; shared over all given paths.
    pub(crate) consumed: &'a AtomicU64,
    expanded: Cell<u64>,
    entries: Cell<u64>,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(cancel: &'a AtomicBool, consumed: &'a AtomicU64) -> Rc<Budget<'a>> {
        Rc::new(Budget { cancel, consumed, expanded: Cell::new(0), entries: Cell::new(0) })
    }
    /// Counts one more entry; false when there are too many.
    pub(crate) fn entry(&self) -> bool {
        self.entries.set(self.entries.get() + 1);
        self.entries.get() <= MAX_ENTRIES
    }
    /// What the packed pieces inside one text may unpack to; give it back to [`Budget::spend`].
    pub(crate) fn allowance(&self) -> Allowance {
        Allowance::new(MAX_EXPANDED.saturating_sub(self.expanded.get()), MAX_BODY, MAX_RATIO, RATIO_FREE)
    }
    pub(crate) fn spend(&self, allowance: &Allowance) {
        self.expanded.set(self.expanded.get().saturating_add(allowance.spent()));
    }
    pub(crate) fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

/// Counts what goes into a decompressor.
pub(crate) struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    pub(crate) fn new(inner: R) -> (Counted<R>, Rc<Cell<u64>>) {
        let count = Rc::new(Cell::new(0));
        (Counted { inner, count: count.clone() }, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.count.set(self.count.get() + n as u64);
        Ok(n)
    }
}

/// Counts what comes out of a decompressor (or a plain file) and stops at the limits or when cancelled.
pub(crate) struct Metered<'b, R> {
    inner: R,
    budget: Rc<Budget<'b>>,
    /// Packed bytes so far; `None` for plain files.
    packed: Option<Rc<Cell<u64>>>,
    out: u64,
}

impl<'b, R> Metered<'b, R> {
    pub(crate) fn new(inner: R, budget: &Rc<Budget<'b>>, packed: Option<Rc<Cell<u64>>>) -> Metered<'b, R> {
        Metered { inner, budget: budget.clone(), packed, out: 0 }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.budget.cancelled() {
            return Err(io::Error::other(Stopped::Cancelled));
        }
        let n = self.inner.read(buf)?;
        self.out += n as u64;
        if let Some(packed) = &self.packed {
            self.budget.expanded.set(self.budget.expanded.get() + n as u64);
            if self.budget.expanded.get() > MAX_EXPANDED {
                return Err(io::Error::other(Stopped::Limit(Limit::Expanded)));
            }
            if self.out > RATIO_FREE && self.out / MAX_RATIO > packed.get() {
                return Err(io::Error::other(Stopped::Limit(Limit::Ratio)));
            }
        }
        Ok(n)
    }
}

/// Bytes of a given path as they leave the disk, counted for progress.
pub(crate) struct FromDisk<'b, R> {
    pub(crate) inner: R,
    pub(crate) budget: Rc<Budget<'b>>,
}

impl<R: Read> Read for FromDisk<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.budget.consumed.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R: io::Seek> io::Seek for FromDisk<'_, R> {
    fn seek(&mut self, pos: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(pos)
    }
}

/// What [`read_up_to`] ended with.
pub(crate) enum End {
    /// The input is used up.
    Eof,
    /// There is more than was allowed.
    Full,
    Error(io::Error),
}

/// Appends at most `max` bytes to `into`. What came before an error is kept: truncated archives are
/// read as far as they go.
pub(crate) fn read_up_to(input: &mut dyn Read, into: &mut Vec<u8>, max: u64) -> End {
    let mut room = max;
    let mut buf = vec![0u8; 64 << 10];
    loop {
        match input.read(&mut buf) {
            Ok(0) => return End::Eof,
            Ok(n) if n as u64 > room => return End::Full,
            Ok(n) => {
                room -= n as u64;
                into.extend_from_slice(&buf[..n]);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return End::Error(e),
        }
    }
}

/// Appends one line, its newline included, of at most `max` bytes. `Eof` with nothing appended: the end.
pub(crate) fn read_line(input: &mut dyn BufRead, into: &mut Vec<u8>, max: u64) -> (bool, End) {
    let start = into.len();
    loop {
        let buf = match input.fill_buf() {
            Ok(buf) => buf,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return (false, End::Error(e)),
        };
        if buf.is_empty() {
            return (false, End::Eof);
        }
        let (take, ends) = match memchr::memchr(b'\n', buf) {
            Some(at) => (at + 1, true),
            None => (buf.len(), false),
        };
        if (into.len() - start + take) as u64 > max {
            return (false, End::Full);
        }
        into.extend_from_slice(&buf[..take]);
        input.consume(take);
        if ends {
            return (true, End::Eof);
        }
    }
}
