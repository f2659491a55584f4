//! Files into the cache.
//!
//! The trap: whatever happens (a kill, a full disk, the same files again, the same files in another order, a
//! longer capture tomorrow) the cache holds whole sessions, each of them decoded from all bodies that ever
//! came of it. So bodies are kept, a session is derived from the union of what is kept and what is new, and
//! everything of one session is written in one transaction.
//!
//! Reading, decoding and writing overlap: one thread reads archives, some decode, and the calling thread
//! writes in the order of reading, whatever was decoded first.
//!
//! **Session ids.** A session keeps the recorder's id. When another session (another user or project with an
//! equal id, or the other recorder of the same visit) has that id already, the newcomer gets `ID-rrweb` or
//! `ID-clarity` when the recorders differ, else `ID-USER`, then `ID-USER-PROJECT`, then `ID-2` and so on. Once
//! given, an id never changes. Paths are read in sorted order and Clarity before rrweb, so that one import
//! gives the same ids every time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;
use serde_json::{Map, Value};

use super::derive::{self, Derived};
use super::gather::{Gather, Group, Job};
use super::{notes, records, sample, visits};
use crate::archive::{self, Hash, Seen};
use crate::error::{Error, Result};
use crate::event::{Millis, SessionMeta, Source};
use crate::facts::PageFacts;
use crate::findings::{Finding, Findings, Severity};
use crate::store::{
    self, Bundle, Cache, Chunk, DERIVED_BY, Dictionaries, Identity, Keyframe, KnownFile, NewSession, OriginalInfo,
    Packer, SignalRow, Sketch,
};

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The client's project that the sessions belong to; else what the recorder says.
    pub project: Option<String>,
    /// Threads that decode; 0 takes one per processor.
    pub threads: usize,
    /// Names of columns of CSV lists, beside the known ones.
    pub columns: archive::Columns,
}

/// How far an import is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Of the files as they lie on disk.
    pub bytes_read: u64,
    pub bytes_total: u64,
    pub sessions_done: u64,
    /// Where the recording that was written last came from.
    pub current: String,
    /// Findings so far.
    pub findings: u64,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ImportSummary {
    pub sessions_added: u64,
    pub sessions_updated: u64,
    pub pages_added: u64,
    /// Recorded bodies that the cache had already, or that came twice.
    pub duplicates: u64,
    /// Recorded bytes, unpacked, duplicates included.
    pub bytes: u64,
    pub elapsed_ms: u64,
    /// Every session that the files hold, new or not, in reading order.
    pub sessions: Vec<String>,
    pub findings: Vec<Finding>,
}

/// Bodies that may be between reading and the cache at one time.
const IN_FLIGHT_BYTES: u64 = 256 << 20;
/// What is written to the file at once, at most: about so much that other programs hardly notice the wait.
const BATCH_BYTES: u64 = 32 << 20;
const BATCH_TIME: Duration = Duration::from_millis(100);
/// Rows of lists that are stored together.
const ROWS: usize = 2_000;
/// Keeps deep but legal recordings from overflowing a small default stack.
const STACK: usize = 8 << 20;

/// Checks that all paths are there; gives their size on disk.
///
/// # Errors
/// [`Error::PathMissing`], [`Error::PathUnreadable`], and [`Error::Usage`] when there is none.
pub fn check(paths: &[PathBuf]) -> Result<u64> {
    if paths.is_empty() {
        return Err(Error::Usage { message: "Give at least one file or folder to import.".to_owned() });
    }
    paths.iter().map(|path| archive::size_on_disk(path)).sum()
}

/// Imports files and folders. `now` is epoch ms, for the cache's history only. Findings go into `findings`
/// and, all together, into the summary.
///
/// # Errors
/// Those of [`check`]; [`Error::NoRecordings`] when nothing was one; [`Error::Cancelled`] when `cancel` was
/// set; [`Error::DiskFull`] and the `Cache…` ones. Sessions that were complete by then are kept.
pub fn import(
    cache: &mut Cache,
    paths: &[PathBuf],
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
    cancel: &AtomicBool,
    now: Millis,
    findings: &mut Findings,
) -> Result<ImportSummary> {
    let begun = Instant::now();
    let bytes_total = check(paths)?;
    let mut paths = paths.to_vec();
    paths.sort();
    paths.dedup();
    let names: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let tx = cache.write()?;
    let history = tx.start_import(now, &names)?;
    tx.commit()?;

    let mut import = Import::new(cache, options);
    import.refresh(cancel)?;
    let file = File::alone(&paths);
    let known = match &file {
        Some(file) => import.known(file, cancel)?,
        None => None,
    };
    let seen = match known {
        Some(known) => {
            import.skip(known)?;
            let all = Progress {
                bytes_read: bytes_total,
                bytes_total,
                sessions_done: import.sessions_done,
                findings: import.session_finding_count,
                ..Progress::default()
            };
            progress(&all);
            Seen::default()
        }
        None => {
            let (seen, read_findings) = match import.run(&paths, bytes_total, progress, cancel) {
                Ok(read) => read,
                Err(e) => {
                    if matches!(e, Error::Cancelled) {
                        records::settle_visitors(import.cache)?;
                    }
                    return Err(e);
                }
            };
            import.settle(cancel)?;
            import.merge_notes()?;
            if let Some(file) = file.filter(|_| read_findings.is_empty()) {
                import.remember(&file, seen.parts, cancel)?;
            }
            findings.extend(read_findings);
            seen
        }
    };
    findings.extend(std::mem::take(&mut import.findings));
    let mut summary = std::mem::take(&mut import.summary);
    for id in &summary.sessions {
        for finding in import.session_findings.remove(id).unwrap_or_default() {
            findings.push(finding);
        }
    }
    let waiting_rows = !import.records.is_empty();
    summary.sessions_added = import.added.len() as u64;
    summary.sessions_updated = import.updated.difference(&import.added).count() as u64;
    summary.elapsed_ms = begun.elapsed().as_millis() as u64;
    summary.findings = findings.clone().into_list();
    // Properties of people may be here before any session of theirs.
    let known = summary.sessions.is_empty() && waiting_rows;
    if known {
        let message =
            "What was given says something about visitors of whom there is no session yet; it waits for them.";
        findings.push(Finding::note("metadata_waiting", message));
        summary.findings = findings.clone().into_list();
    }
    let failed = (summary.sessions.is_empty() && !known).then(|| nothing(&names, &seen, findings));
    let tx = cache.write()?;
    let note = match &failed {
        None => serde_json::json!({
            "sessions_added": summary.sessions_added,
            "sessions_updated": summary.sessions_updated,
            "pages_added": summary.pages_added,
            "duplicates": summary.duplicates,
            "bytes": summary.bytes,
            "findings": summary.findings.len(),
        }),
        Some(error) => serde_json::json!({ "error": error.code() }),
    };
    tx.finish_import(history, now + summary.elapsed_ms as i64, &note.to_string())?;
    tx.commit()?;
    match failed {
        Some(error) => Err(error),
        None => Ok(summary),
    }
}

/// The sentence for an import that found no session at all.
fn nothing(names: &[String], seen: &Seen, findings: &Findings) -> Error {
    let worst = findings.list().iter().map(|f| f.severity).max();
    let telling = findings.list().iter().find(|f| Some(f.severity) == worst);
    let reason = match telling {
        Some(finding) if finding.severity >= Severity::Warning => {
            let more = findings.list().iter().filter(|f| f.severity >= Severity::Warning).count() - 1;
            match more {
                0 => finding.message.clone(),
                1 => format!("{} There is one more finding.", finding.message),
                n => format!("{} There are {n} more findings.", finding.message),
            }
        }
        _ => {
            let name = match names {
                [one] => one.clone(),
                many => format!("What was given ({} paths)", many.len()),
            };
            let mut others: Vec<(&String, &u64)> = seen.others.iter().collect();
            others.sort_by_key(|(what, n)| (std::cmp::Reverse(**n), what.as_str()));
            let list: Vec<String> = others.iter().take(4).map(|(what, n)| format!("{n} × {what}")).collect();
            let kinds = if list.is_empty() { String::new() } else { format!(" ({})", list.join(", ")) };
            match seen.files {
                0 => format!("{name} holds no files."),
                1 => format!("{name} holds one file, and it is no recording{kinds}."),
                n => format!("{name} holds {n} files, none of them a recording{kinds}."),
            }
        }
    };
    Error::NoRecordings { reason }
}

/// One file that is the whole import. Only then what is in it depends on nothing but its bytes: several files may
/// complete each other.
struct File {
    path: PathBuf,
    bytes: u64,
    changed: Option<SystemTime>,
}

impl File {
    fn at(path: &Path) -> Option<File> {
        let about = std::fs::metadata(path).ok().filter(|about| about.is_file())?;
        Some(File { path: path.to_owned(), bytes: about.len(), changed: about.modified().ok() })
    }

    fn alone(paths: &[PathBuf]) -> Option<File> {
        match paths {
            [path] => File::at(path),
            _ => None,
        }
    }

    /// `None` when it cannot be read to its end: whoever reads it next says why.
    fn hash(&self, cancel: &AtomicBool) -> Result<Option<[u8; 32]>> {
        let Ok(mut file) = std::fs::File::open(&self.path) else { return Ok(None) };
        let mut hasher = archive::Hasher::default();
        let mut buf = vec![0; 1 << 20];
        loop {
            if cancel.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            match file.read(&mut buf) {
                Ok(0) => return Ok(Some(hasher.finish().0)),
                Ok(n) => hasher.add(&buf[..n]),
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return Ok(None),
            }
        }
    }

    fn is_as_it_was(&self) -> bool {
        File::at(&self.path).is_some_and(|now| (now.bytes, now.changed) == (self.bytes, self.changed))
    }
}

struct Import<'c> {
    cache: &'c mut Cache,
    options: &'c Options,
    summary: ImportSummary,
    added: BTreeSet<String>,
    updated: BTreeSet<String>,
    met: HashSet<String>,
    findings: Findings,
    /// Of each session as it is after the last change: one that is completed twice tells its findings once.
    session_findings: HashMap<String, Vec<Finding>>,
    session_finding_count: u64,
    /// For what has to be derived again.
    packer: Option<Packer>,
    /// Something else than sessions was read.
    others: bool,
    sessions_done: u64,
    current: String,
    /// What people wrote, from archives; merged at the end.
    notes: Vec<store::Notes>,
    /// Recorder's session id and visitor of what lists brought.
    records: BTreeSet<(Source, String, String)>,
    /// Rows of lists that are not stored yet.
    rows: Vec<store::Record>,
    /// Ids and projects of sessions in the caches that archives were written from.
    kept: HashMap<Identity, (String, Option<String>)>,
}

/// A group on its way through the decoding threads.
struct Prepared {
    group: Box<Group>,
    outcome: Outcome,
}

enum Outcome {
    /// The cache has all of it. Its id.
    Same(String),
    /// No event in it.
    Nothing(Findings),
    /// To be written.
    Write(Box<Ready>),
}

struct Ready {
    identity: Identity,
    /// Hashes that the cache had when this was derived; another state then needs another derivation.
    base: Vec<[u8; 32]>,
    base_said: usize,
    derived: Derived,
    chunks: Vec<Chunk>,
    keyframes: Vec<Keyframe>,
    sketch: Sketch,
    meta: SessionMeta,
    facts: Map<String, Value>,
    page_facts: Vec<Map<String, Value>>,
    signals: Vec<SignalRow>,
    /// Bodies to be stored, and how many of the group's are new.
    bundles: Vec<Bundle>,
    new: usize,
    /// Sessions that are parts of this one, as it turns out; it takes over all that is kept of them.
    replaces: Vec<String>,
    /// The bundles hold all bodies, those that are stored already too.
    afresh: bool,
}

enum Done {
    Group(Prepared),
    Other(Job),
}

/// Keeps reading from running ahead of writing.
struct Gate {
    state: Mutex<(usize, u64)>,
    changed: Condvar,
    most: usize,
}

impl Gate {
    fn enter(&self, bytes: u64, stop: &AtomicBool) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.0 >= self.most || (state.0 > 0 && state.1 + bytes > IN_FLIGHT_BYTES) {
            if stop.load(Ordering::Relaxed) {
                return false;
            }
            let wait = self.changed.wait_timeout(state, Duration::from_millis(50));
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        *state = (state.0 + 1, state.1 + bytes);
        true
    }
    fn leave(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = (state.0 - 1, state.1 - bytes);
        self.changed.notify_all();
    }
}

type Numbered<T> = (u64, u64, T);

/// Derives sessions again that an older version derived. Gives their number; an import does this by itself.
///
/// # Errors
/// [`Error::Cancelled`], [`Error::DiskFull`] and the `Cache…` ones.
pub fn refresh(cache: &mut Cache, cancel: &AtomicBool) -> Result<u64> {
    let options = Options::default();
    let mut import = Import::new(cache, &options);
    import.refresh(cancel)?;
    Ok(import.updated.len() as u64)
}

/// Opens a cache for reading, with every session as this version derives it. What an older version derived is derived
/// again first, which takes about as long as its import did: `begun` is told of how many sessions. A cache that cannot be
/// written is read as it is; its older sessions then have lists and no events.
///
/// # Errors
/// [`Error::PathMissing`], [`Error::DiskFull`] and the `Cache…` ones.
pub fn open_current(path: &Path, begun: impl FnOnce(usize)) -> Result<Cache> {
    let cache = Cache::open_read_only(path)?;
    let stale = cache.sessions_not_derived_by(DERIVED_BY)?.len();
    if stale == 0 {
        return Ok(cache);
    }
    drop(cache);
    match Cache::open(path) {
        Ok(mut cache) => {
            begun(stale);
            refresh(&mut cache, &AtomicBool::new(false))?;
        }
        Err(Error::CacheReadOnly { .. }) => {}
        Err(other) => return Err(other),
    }
    Cache::open_read_only(path)
}

impl<'c> Import<'c> {
    fn new(cache: &'c mut Cache, options: &'c Options) -> Import<'c> {
        Import {
            cache,
            options,
            summary: ImportSummary::default(),
            added: BTreeSet::new(),
            updated: BTreeSet::new(),
            met: HashSet::new(),
            findings: Findings::new(),
            session_findings: HashMap::new(),
            session_finding_count: 0,
            packer: None,
            others: false,
            sessions_done: 0,
            current: String::new(),
            notes: Vec::new(),
            records: BTreeSet::new(),
            rows: Vec::new(),
            kept: HashMap::new(),
        }
    }

    fn refresh(&mut self, cancel: &AtomicBool) -> Result<()> {
        let nothing_new = Options { threads: 1, ..Options::default() };
        let mut packer = Packer::new(&self.cache.dictionaries()?)?;
        for id in self.cache.sessions_not_derived_by(DERIVED_BY)? {
            if cancel.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            if self.cache.listed_only(&id)? {
                let identity = self.cache.session(&id)?.identity;
                let tx = self.cache.write()?;
                tx.unsettle(&identity)?;
                tx.commit()?;
                continue;
            }
            let Identity { source, project, user, session } = self.cache.session(&id)?.identity;
            let group = Box::new(Group {
                source,
                identity: Some((project, user, session)),
                bodies: Vec::new(),
                repeated: 0,
                said: Vec::new(),
                asset_scopes: BTreeSet::new(),
                id: None,
                client: None,
                visitor: None,
            });
            let Prepared { group, outcome } = prepare(group, self.cache, &nothing_new, &mut packer)?;
            if let Outcome::Write(ready) = outcome {
                self.write_session(&group, *ready)?;
            }
        }
        self.settle(cancel)?;
        // Only what the given files hold counts as met.
        self.summary = ImportSummary::default();
        self.met.clear();
        Ok(())
    }

    /// What is known of the file, when all of it is still in the cache and a reading would change nothing.
    fn known(&self, file: &File, cancel: &AtomicBool) -> Result<Option<KnownFile>> {
        if !self.cache.knows_file_of(file.bytes)? {
            return Ok(None);
        }
        let Some(hash) = file.hash(cancel)? else { return Ok(None) };
        let Some(known) = self.cache.known_file(&hash)? else { return Ok(None) };
        let recorded = self.cache.recorded()?;
        let there = known.sessions.iter().all(|id| {
            recorded.get(id).is_some_and(|(project, derived_by)| {
                *derived_by == DERIVED_BY && (self.options.project.is_none() || self.options.project == *project)
            })
        });
        Ok(there.then_some(known))
    }

    /// Reports a file that need not be read.
    fn skip(&mut self, known: KnownFile) -> Result<()> {
        self.summary.duplicates += known.bodies;
        self.summary.bytes += known.bytes;
        let mut findings = self.cache.all_findings()?;
        for id in known.sessions {
            self.sessions_done += 1;
            if let Some(list) = findings.remove(&id) {
                self.tell(id.clone(), list);
            }
            self.meet(id);
        }
        Ok(())
    }

    /// Notes a file that was read without a finding and gave nothing but sessions.
    fn remember(&mut self, file: &File, bodies: u64, cancel: &AtomicBool) -> Result<()> {
        if self.others || !self.findings.is_empty() || self.summary.sessions.is_empty() {
            return Ok(());
        }
        let Some(hash) = file.hash(cancel)?.filter(|_| file.is_as_it_was()) else { return Ok(()) };
        let (bytes, sessions) = (self.summary.bytes, self.summary.sessions.clone());
        let tx = self.cache.write()?;
        tx.put_known_file(&KnownFile { hash, file_bytes: file.bytes, bodies, bytes, sessions })?;
        tx.commit()
    }

    fn run(
        &mut self,
        paths: &[PathBuf],
        bytes_total: u64,
        progress: &mut dyn FnMut(&Progress),
        cancel: &AtomicBool,
    ) -> Result<(Seen, Findings)> {
        let threads = match self.options.threads {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            n => n,
        };
        let stop = AtomicBool::new(false);
        let consumed = AtomicU64::new(0);
        let gate = Gate { state: Mutex::new((0, 0)), changed: Condvar::new(), most: 4 * threads + 4 };
        let (send_job, jobs) = sync_channel::<Numbered<Job>>(threads);
        let jobs = Mutex::new(jobs);
        let (send_done, done) = channel::<Numbered<Result<Done>>>();
        let path = self.cache.path().to_owned();
        let spool = spool_path(&path);
        let options = self.options;
        let packing = OnceLock::new();
        self.cache.in_bulk(true)?;

        let done = std::thread::scope(|scope| {
            let reader = {
                let (stop, consumed, gate) = (&stop, &consumed, &gate);
                let hand_on = HandOn { send: send_job, gate, stop, ordinal: 0, held: Some(Held::default()) };
                let (packing, path) = (&packing, path.as_path());
                let spawn = std::thread::Builder::new().name("read".into()).stack_size(STACK);
                spawn.spawn_scoped(scope, move || {
                    read_all(paths, spool, &options.columns, hand_on, packing, path, consumed)
                })
            };
            let reader = reader.map_err(thread_error)?;
            for _ in 0..threads {
                let (jobs, send, path) = (&jobs, send_done.clone(), path.as_path());
                let (stop, packing) = (&stop, &packing);
                let spawn = std::thread::Builder::new().name("decode".into()).stack_size(STACK);
                let started = spawn.spawn_scoped(scope, move || decode_all(jobs, &send, path, options, packing, stop));
                if let Err(e) = started {
                    stop.store(true, Ordering::Relaxed);
                    return Err(thread_error(e));
                }
            }
            drop(send_done);
            let written = self.write_all(&done, &gate, progress, cancel, &stop, bytes_total, &consumed);
            // Whatever ended the writing, the sessions of the last batch are whole.
            let ended = self.cache.end_batch();
            let written = written.and(ended);
            if written.is_err() {
                stop.store(true, Ordering::Relaxed);
                drop(done);
            }
            let read = reader.join().unwrap_or_else(|_| {
                Err(Error::Internal { message: "Reading stopped because of an error in this program.".to_owned() })
            });
            // The writer's error tells why the reader had to stop.
            written?;
            read
        });
        self.cache.in_bulk(false)?;
        done
    }

    #[expect(clippy::too_many_arguments, reason = "one call, and each is another thread's handle")]
    fn write_all(
        &mut self,
        done: &Receiver<Numbered<Result<Done>>>,
        gate: &Gate,
        progress: &mut dyn FnMut(&Progress),
        cancel: &AtomicBool,
        stop: &AtomicBool,
        bytes_total: u64,
        consumed: &AtomicU64,
    ) -> Result<()> {
        let mut waiting: BTreeMap<u64, (u64, Result<Done>)> = BTreeMap::new();
        let mut next = 0;
        let mut told = Progress::default();
        let mut batch: Option<(Instant, u64)> = None;
        loop {
            if cancel.load(Ordering::Relaxed) {
                stop.store(true, Ordering::Relaxed);
                return Err(Error::Cancelled);
            }
            let idle = match done.recv_timeout(Duration::from_millis(20)) {
                Ok((ordinal, bytes, result)) => {
                    waiting.insert(ordinal, (bytes, result));
                    false
                }
                Err(RecvTimeoutError::Timeout) => true,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            while let Some((bytes, result)) = waiting.remove(&next) {
                if cancel.load(Ordering::Relaxed) {
                    break;
                }
                next += 1;
                let (_, size) = batch.get_or_insert_with(|| (Instant::now(), 0));
                *size += bytes;
                self.cache.begin_batch()?;
                self.write(result?)?;
                gate.leave(bytes);
            }
            if batch.is_some_and(|(begun, size)| idle || size > BATCH_BYTES || begun.elapsed() > BATCH_TIME) {
                self.cache.end_batch()?;
                batch = None;
            }
            let now = Progress {
                bytes_read: consumed.load(Ordering::Relaxed).min(bytes_total),
                bytes_total,
                sessions_done: self.sessions_done,
                current: self.current.clone(),
                findings: self.findings.list().len() as u64 + self.session_finding_count,
            };
            if now != told && (idle || next % 8 == 0) {
                progress(&now);
                told = now;
            }
        }
    }

    fn write(&mut self, done: Done) -> Result<()> {
        let prepared = match done {
            Done::Group(prepared) => prepared,
            Done::Other(job) => return self.write_other(job),
        };
        if let Some(body) = prepared.group.bodies.first() {
            self.current.clone_from(&body.path);
        }
        self.summary.bytes += prepared.group.size();
        self.summary.duplicates += prepared.group.repeated;
        // What was derived beside the writing may be behind it: the same session twice in one import.
        let stale = match &prepared.outcome {
            // Page views of one visitor may have been prepared beside each other.
            _ if prepared.group.visitor.is_some() => true,
            Outcome::Write(ready) => {
                let now = self.cache.find(&ready.identity)?;
                let (base, said) = match &now {
                    Some(id) => (hashes(self.cache, id)?, self.cache.said(id)?.len()),
                    None => (Vec::new(), 0),
                };
                base != ready.base || said != ready.base_said
            }
            Outcome::Same(_) | Outcome::Nothing(_) => false,
        };
        let Prepared { group, outcome } = if stale { self.prepare_again(prepared.group)? } else { prepared };
        self.sessions_done += 1;
        match outcome {
            Outcome::Nothing(findings) => self.findings.extend(findings),
            Outcome::Same(id) => {
                if let Some(kept) = &group.id {
                    let identity = self.cache.session(&id)?.identity;
                    self.kept.insert(identity, (kept.clone(), group.client.clone()));
                }
                self.summary.duplicates += group.bodies.len() as u64;
                let findings = self.cache.findings(&id)?;
                self.tell(id.clone(), findings);
                self.meet(id);
            }
            Outcome::Write(ready) => {
                self.summary.duplicates += (group.bodies.len() - ready.new) as u64;
                self.write_session(&group, *ready)?;
            }
        }
        Ok(())
    }

    fn prepare_again(&mut self, group: Box<Group>) -> Result<Prepared> {
        let packer = match &mut self.packer {
            Some(packer) => packer,
            None => self.packer.insert(Packer::new(&self.cache.dictionaries()?)?),
        };
        prepare(group, self.cache, self.options, packer)
    }

    fn tell(&mut self, id: String, findings: Vec<Finding>) {
        self.session_finding_count += findings.len() as u64;
        if !findings.is_empty() {
            let before = self.session_findings.insert(id, findings);
            self.session_finding_count -= before.map_or(0, |list| list.len() as u64);
        } else if let Some(before) = self.session_findings.remove(&id) {
            self.session_finding_count -= before.len() as u64;
        }
    }

    fn meet(&mut self, id: String) {
        if self.met.insert(id.clone()) {
            self.summary.sessions.push(id);
        }
    }

    fn write_session(&mut self, group: &Group, ready: Ready) -> Result<()> {
        let Ready {
            identity,
            mut derived,
            chunks,
            keyframes,
            sketch,
            meta,
            mut facts,
            page_facts,
            signals,
            bundles,
            replaces,
            afresh,
            ..
        } = ready;
        if let Some(id) = &group.id {
            self.kept.insert(identity.clone(), (id.clone(), group.client.clone()));
        }
        let existing = self.cache.find(&identity)?;
        let (id, old_pages) = match &existing {
            Some(id) => (id.clone(), self.cache.measure(id)?.pages),
            None => match group.id.as_ref().filter(|id| !id.is_empty()) {
                Some(id) if !self.cache.has(id)? => (id.clone(), 0),
                _ => (free_id(self.cache, &identity, group)?, 0),
            },
        };
        derived.session.id.clone_from(&id);
        let known = match &existing {
            Some(id) => self.cache.session(id)?.project,
            None => None,
        };
        let project = [&self.options.project, &group.client, &known, &derived.session.project];
        let project = project.into_iter().find_map(Clone::clone);
        derive::place(&mut facts, &id, project.as_deref());
        let mut list = derived.findings.into_list();
        for finding in &mut list {
            finding.session = Some(id.clone());
        }
        let tx = self.cache.write()?;
        tx.put_session(&NewSession {
            id: &id,
            identity: &identity,
            project: project.as_deref(),
            session: &derived.session,
            chunks: &chunks,
            keyframes: &keyframes,
            sketch: &sketch,
            facts: &facts,
            page_facts: &page_facts,
            signals: &signals,
            meta: &meta,
            findings: &list,
        })?;
        if afresh {
            tx.drop_bundles(&id)?;
        }
        for bundle in &bundles {
            tx.put_bundle(&id, bundle, identity.source == Source::Rrweb)?;
        }
        for (rank, text) in &group.said {
            tx.put_said(&id, *rank, text)?;
        }
        for scope in &group.asset_scopes {
            tx.link_assets(&id, scope)?;
        }
        for other in replaces.iter().filter(|other| **other != id) {
            tx.merge_session(other, &id)?;
        }
        tx.commit()?;
        self.summary.pages_added += derived.session.pages.len().saturating_sub(old_pages) as u64;
        match existing {
            Some(_) => self.updated.insert(id.clone()),
            None => self.added.insert(id.clone()),
        };
        self.tell(id.clone(), list);
        self.meet(id);
        Ok(())
    }

    /// Gives what lists say to the sessions they name, and says of each visitor whether they came before.
    fn settle(&mut self, cancel: &AtomicBool) -> Result<()> {
        self.flush_rows()?;
        let settled = records::settle(
            self.cache,
            &self.records,
            self.options.project.as_deref(),
            &self.kept,
            &mut self.findings,
            cancel,
        )?;
        for (id, change) in settled {
            match change {
                records::Change::Added => drop(self.added.insert(id.clone())),
                records::Change::Updated => drop(self.updated.insert(id.clone())),
                records::Change::Met => {}
                records::Change::Removed => {
                    self.added.remove(&id);
                    self.updated.remove(&id);
                    continue;
                }
                records::Change::Beside => continue,
            }
            self.meet(id);
        }
        Ok(())
    }

    /// Merges what people wrote, from archives that Dwell wrote.
    fn merge_notes(&mut self) -> Result<()> {
        for found in std::mem::take(&mut self.notes) {
            let ids = self.kept.iter().map(|(identity, (id, _))| Ok((id.clone(), self.cache.find(identity)?)));
            let ids: HashMap<String, Option<String>> = ids.collect::<Result<_>>()?;
            notes::merge(self.cache, found, &|id| ids.get(id).cloned().flatten(), &mut self.findings)?;
        }
        Ok(())
    }

    /// Stores rows of lists that were collected: one commit for each would take longer than all else.
    fn flush_rows(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let tx = self.cache.write()?;
        for row in self.rows.drain(..) {
            tx.put_record(&row)?;
        }
        tx.commit()
    }

    fn write_other(&mut self, job: Job) -> Result<()> {
        self.others |= !matches!(job, Job::Dictionary(..));
        if let Job::Record { source, said } = &job {
            let row = records::record(*source, said)?;
            self.records.insert((*source, row.session.clone(), row.user.clone()));
            self.rows.push(row);
            return if self.rows.len() >= ROWS { self.flush_rows() } else { Ok(()) };
        }
        let tx = self.cache.write()?;
        match job {
            Job::Asset(asset) => tx.put_asset(&Hash::of(&asset.bytes).0, &asset.content_type, &asset.bytes)?,
            Job::AssetUrls { scope, urls } => {
                for (url, hash) in urls {
                    tx.put_asset_url(&scope, &url, &hash.0)?;
                }
            }
            Job::AssetList(list) => {
                for listed in &list.urls {
                    tx.put_asset_url_at(&list.list.0, &listed.url, &listed.asset.0, listed.at)?;
                }
                if list.shared {
                    tx.share_assets(&list.list.0)?;
                }
            }
            Job::Notes { path, bytes } => match notes::parse(&bytes) {
                // They name sessions by ids that are known only when all sessions are here.
                Some(found) => self.notes.push(found),
                None => tx.put_archive_notes(&Hash::of(&bytes).0, &path, &bytes)?,
            },
            Job::Kept(kept) => {
                self.kept.insert(records::identity(&kept), (kept.id.clone(), kept.client.clone()));
            }
            Job::Dictionary(content, dictionary) => tx.put_dictionary(content, &dictionary)?,
            Job::Group(_) | Job::Record { .. } => {}
        }
        tx.commit()
    }
}

fn thread_error(source: std::io::Error) -> Error {
    Error::Io { context: "A thread could not be started".to_owned(), source }
}

/// A name beside the cache that no other process uses.
fn spool_path(cache: &Path) -> PathBuf {
    let mut name = cache.as_os_str().to_owned();
    name.push(format!("-import-{}", std::process::id()));
    PathBuf::from(name)
}

/// Sessions that wait for what they are packed with.
#[derive(Default)]
struct Held {
    jobs: Vec<Job>,
    bytes: u64,
}

/// The way from the reading thread to the decoding ones.
struct HandOn<'a> {
    send: SyncSender<Numbered<Job>>,
    gate: &'a Gate,
    stop: &'a AtomicBool,
    ordinal: u64,
    /// `None` from the moment on that packing is settled.
    held: Option<Held>,
}

impl HandOn<'_> {
    fn pass(&mut self, job: Job) -> Result<()> {
        let bytes = job.size();
        // Nobody takes it any more when the writer has failed or was cancelled.
        if !self.gate.enter(bytes, self.stop) || self.send.send((self.ordinal, bytes, job)).is_err() {
            return Err(Error::Cancelled);
        }
        self.ordinal += 1;
        Ok(())
    }

    /// Settles what is packed with and passes on what was held.
    fn settle(&mut self, packing: &OnceLock<Dictionaries>, path: &Path, ended: bool) -> Result<()> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let groups: Vec<&Group> = held
            .jobs
            .iter()
            .filter_map(|job| match job {
                Job::Group(group) => Some(&**group),
                _ => None,
            })
            .collect();
        if !groups.is_empty() {
            let choice = sample::choose(&groups, &Cache::open_read_only(path)?, ended, self.stop)?;
            for (content, dictionary) in choice.new {
                self.pass(Job::Dictionary(content, dictionary))?;
            }
            packing.get_or_init(|| choice.dictionaries);
        }
        held.jobs.into_iter().try_for_each(|job| self.pass(job))
    }

    fn take(&mut self, job: Job, packing: &OnceLock<Dictionaries>, path: &Path) -> Result<()> {
        let Some(held) = &mut self.held else { return self.pass(job) };
        held.bytes += job.size();
        held.jobs.push(job);
        if held.bytes >= sample::BYTES || held.jobs.len() >= sample::SESSIONS {
            self.settle(packing, path, false)?;
        }
        Ok(())
    }
}

/// The reading thread.
fn read_all(
    paths: &[PathBuf],
    spool: PathBuf,
    columns: &archive::Columns,
    mut hand_on: HandOn<'_>,
    packing: &OnceLock<Dictionaries>,
    cache: &Path,
    consumed: &AtomicU64,
) -> Result<(Seen, Findings)> {
    let mut findings = Findings::new();
    let mut seen = Seen::default();
    let stop = hand_on.stop;
    let mut take = |job: Job| hand_on.take(job, packing, cache);
    let mut gather = Gather::new(spool, columns, &mut take);
    for path in paths {
        match archive::read(path, &mut gather, stop, consumed, &mut seen, &mut findings) {
            Ok(()) => {}
            Err(e @ (Error::PathMissing { .. } | Error::PathUnreadable { .. } | Error::Io { .. }))
                if paths.len() > 1 =>
            {
                findings.push(Finding::error(e.code(), e.to_string()).at_path(path.to_string_lossy()));
            }
            Err(e) => return Err(e),
        }
    }
    gather.finish()?;
    hand_on.settle(packing, cache, true)?;
    Ok((seen, findings))
}

/// A decoding thread.
fn decode_all(
    jobs: &Mutex<Receiver<Numbered<Job>>>,
    send: &Sender<Numbered<Result<Done>>>,
    path: &Path,
    options: &Options,
    packing: &OnceLock<Dictionaries>,
    stop: &AtomicBool,
) {
    let mut tools: Option<(Cache, Packer)> = None;
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((ordinal, bytes, job)) = job else { return };
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        let result = match job {
            Job::Group(group) => {
                let prepare_here = AssertUnwindSafe(|| {
                    let (cache, packer) = match &mut tools {
                        Some(tools) => tools,
                        None => {
                            let none = Dictionaries::default();
                            let packer = Packer::new(packing.get().unwrap_or(&none))?;
                            tools.insert((Cache::open_read_only(path)?, packer))
                        }
                    };
                    prepare(group, cache, options, packer).map(Done::Group)
                });
                // A thread that died would leave a hole in the order, and the writer waiting for ever.
                catch_unwind(prepare_here).unwrap_or_else(|_| {
                    let message = "Decoding stopped because of an error in this program.".to_owned();
                    Err(Error::Internal { message })
                })
            }
            other => Ok(Done::Other(other)),
        };
        // Nobody listens after a failure; what is left is taken and dropped, so that the reader can end.
        let _ = send.send((ordinal, bytes, result));
    }
}

fn hashes(cache: &Cache, id: &str) -> Result<Vec<[u8; 32]>> {
    Ok(cache.original_infos(id)?.into_iter().map(|info| info.hash).collect())
}

/// Compares a group with what the cache has of its session and derives what has to be written.
fn prepare(group: Box<Group>, cache: &Cache, options: &Options, packer: &mut Packer) -> Result<Prepared> {
    let mut decoded = None;
    let mut replaces = Vec::new();
    let mut visit = None;
    let identity = match &group.identity {
        None if group.visitor.is_some() => match visits::visit(&group, cache)? {
            Ok(found) => {
                let identity = found.identity.clone();
                replaces.clone_from(&found.sessions);
                visit = Some(found);
                identity
            }
            Err(findings) => return Ok(Prepared { group, outcome: Outcome::Nothing(findings) }),
        },
        Some((project, user, session)) => {
            Identity { source: group.source, project: project.clone(), user: user.clone(), session: session.clone() }
        }
        None => match unnamed(&group, cache)? {
            Ok((identity, session)) => {
                decoded = session;
                identity
            }
            Err(findings) => return Ok(Prepared { group, outcome: Outcome::Nothing(findings) }),
        },
    };
    let existing = cache.find(&identity)?;
    let (mut base, said) = match &existing {
        Some(id) => (cache.original_infos(id)?, cache.said(id)?),
        None => (Vec::new(), Vec::new()),
    };
    if let Some(visit) = &visit {
        base = visit.bodies.iter().map(|body| body.info.clone()).collect();
    }
    let known: HashSet<[u8; 32]> = base.iter().map(|info| info.hash).collect();
    let new: Vec<usize> = (0..group.bodies.len()).filter(|i| !known.contains(&group.bodies[*i].hash.0)).collect();
    if let Some(id) = &existing {
        let row = cache.session(id)?;
        let scopes: BTreeSet<[u8; 32]> = cache.asset_scopes(id)?.into_iter().collect();
        let same = new.is_empty()
            && row.derived_by == DERIVED_BY
            && replaces.iter().all(|other| other == id)
            && group.said.iter().all(|(_, text)| said.contains(text))
            && group.asset_scopes.is_subset(&scopes)
            && (options.project.is_none() || options.project == row.project);
        if same {
            return Ok(Prepared { group, outcome: Outcome::Same(id.clone()) });
        }
    }
    // The union, in the session's order.
    let stored = match (visit, &existing) {
        (Some(visit), _) => visit.bodies,
        (None, Some(id)) => cache.originals(id)?,
        (None, None) => Vec::new(),
    };
    let mut union: Vec<(u64, [u8; 32], derive::Body<'_>)> = stored
        .iter()
        .map(|o| {
            let OriginalInfo { position, hash, path } = &o.info;
            (*position, *hash, derive::Body { path, position: *position, bytes: &o.bytes })
        })
        .collect();
    union.extend(new.iter().map(|i| {
        let body = &group.bodies[*i];
        (body.position, body.hash.0, derive::Body { path: &body.path, position: body.position, bytes: &body.bytes })
    }));
    union.sort_by_key(|(position, hash, _)| (*position, *hash));
    let bodies: Vec<derive::Body<'_>> = union.into_iter().map(|(_, _, body)| body).collect();
    // A recording that had to be decoded for its name is not decoded again.
    let (derived, findings) = match decoded.filter(|_| existing.is_none()) {
        Some(derived) => (Some(derived), Findings::new()),
        None => derive::derive(&identity, &bodies),
    };
    drop(bodies);
    let Some(derived) = derived else {
        return Ok(Prepared { group, outcome: Outcome::Nothing(findings) });
    };
    let chunks = packer.chunks(&derived.session.events)?;
    let keyframes = derive::keyframes(&derived.session);
    let sketch = derive::sketch(&derived.session);
    let detected = derive::detected(&derived.session);
    let mut of_parts = Vec::new();
    for other in &replaces {
        of_parts.extend(cache.said(other)?);
    }
    let mut all_said: Vec<&str> =
        said.iter().chain(group.said.iter().map(|(_, text)| text)).chain(&of_parts).map(String::as_str).collect();
    all_said.sort_unstable();
    all_said.dedup();
    let meta = derive::meta(all_said.into_iter());
    let (facts, pages) = derive::facts(&derived.session, &detected, &meta);
    let page_facts = pages.iter().map(PageFacts::measures).collect();
    let signals = derive::signal_rows(&detected.signals);
    // Parts may hold the same body: what becomes one session is stored anew.
    let afresh = replaces.iter().any(|other| Some(other) != existing.as_ref());
    let mut bodies: Vec<(OriginalInfo, &[u8])> = new
        .iter()
        .map(|i| {
            let body = &group.bodies[*i];
            let info = OriginalInfo { position: body.position, hash: body.hash.0, path: body.path.clone() };
            (info, body.bytes.as_slice())
        })
        .collect();
    if afresh {
        bodies.extend(stored.iter().map(|body| (body.info.clone(), body.bytes.as_slice())));
        bodies.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let bundles = packer.bundles(&bodies)?;
    let base = base.iter().map(|info| info.hash).collect();
    let new = new.len();
    let base_said = said.len();
    let ready = Ready {
        identity,
        base,
        base_said,
        derived,
        chunks,
        keyframes,
        sketch,
        meta,
        facts,
        page_facts,
        signals,
        bundles,
        new,
        replaces,
        afresh,
    };
    Ok(Prepared { group, outcome: Outcome::Write(Box::new(ready)) })
}

/// Who an rrweb recording is that came without a name: the session that has all its bodies, or the one that
/// its own first event gives.
fn unnamed(group: &Group, cache: &Cache) -> Result<std::result::Result<(Identity, Option<Derived>), Findings>> {
    let mut candidates: Option<BTreeSet<String>> = None;
    for body in &group.bodies {
        let with: BTreeSet<String> = cache.sessions_with(group.source, &body.hash.0)?.into_iter().collect();
        candidates = Some(match candidates {
            None => with,
            Some(all) => all.intersection(&with).cloned().collect(),
        });
    }
    if let Some(id) = candidates.unwrap_or_default().first() {
        return Ok(Ok((cache.session(id)?.identity, None)));
    }
    let bodies: Vec<derive::Body<'_>> =
        group.bodies.iter().map(|b| derive::Body { path: &b.path, position: b.position, bytes: &b.bytes }).collect();
    let (session, findings) = derive::decode(group.source, None, &bodies);
    let Some(session) = session else { return Ok(Err(findings)) };
    let empty = String::new;
    let identity = Identity { source: group.source, project: empty(), user: empty(), session: session.id.clone() };
    let derived = derive::named(session, &identity, findings);
    Ok(Ok((identity, Some(derived))))
}

/// An id that no other session has. See the top of this file.
fn free_id(cache: &Cache, identity: &Identity, group: &Group) -> Result<String> {
    let nameless = group.bodies.first().map_or_else(String::new, |b| b.hash.to_string()[..12].to_owned());
    id_for(cache, identity, &nameless)
}

/// As [`free_id`]; `nameless` where the recorder gives no id at all.
pub(crate) fn id_for(cache: &Cache, identity: &Identity, nameless: &str) -> Result<String> {
    let mut id = identity.session.trim().to_owned();
    if id.is_empty() {
        id = nameless.to_owned();
    }
    if !cache.has(&id)? {
        return Ok(id);
    }
    let mut candidates = Vec::new();
    if cache.session(&id)?.identity.source != identity.source {
        candidates.push(format!("{id}-{}", identity.source.name()));
    }
    if !identity.user.is_empty() {
        candidates.push(format!("{id}-{}", identity.user));
        if !identity.project.is_empty() {
            candidates.push(format!("{id}-{}-{}", identity.user, identity.project));
        }
    }
    for candidate in candidates {
        if !cache.has(&candidate)? {
            return Ok(candidate);
        }
    }
    let mut number = 2;
    while cache.has(&format!("{id}-{number}"))? {
        number += 1;
    }
    Ok(format!("{id}-{number}"))
}
