//! Collects the bodies of an import into sessions.
//!
//! The trap: bodies of one session may lie anywhere in an archive, and archives are larger than memory. A
//! session is handed on as soon as its folder, line or manifest entry has been left; loose bodies have to
//! wait for the end, and beyond a certain amount they wait on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::{self, Asset, AssetListEntry, Columns, Hash, Item, Kept, Part, Said, Sink, Table, read_table};
use crate::error::{Error, Result};
use crate::event::{Millis, Source};
use crate::findings::{Finding, Findings, Severity};
use crate::format::clarity::payload;
use crate::format::rrweb::{self, Outline};
use crate::store::{Content, Dictionary};

/// Bytes of waiting bodies that are kept in memory.
const WAIT_IN_MEMORY: u64 = 192 << 20;
/// Silence after which a visitor's next page view begins another session.
pub(crate) const SESSION_PAUSE: Millis = 30 * 60 * 1000;
/// Bytes beyond which a recording in a file of its own does not wait for what its folder may say of it.
const HOLD: u64 = 64 << 20;

/// A body on its way into the cache.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) path: String,
    pub(crate) position: u64,
    pub(crate) hash: Hash,
    pub(crate) bytes: Vec<u8>,
}

/// All that one import brings of one session.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) source: Source,
    /// Project, user and session as the bodies say; for rrweb, which says nothing, as archives said.
    pub(crate) identity: Option<(String, String, String)>,
    /// In the session's order, without repetitions.
    pub(crate) bodies: Vec<Body>,
    /// Bodies that came more than once within this import.
    pub(crate) repeated: u64,
    /// JSON of what archives said, with its rank.
    pub(crate) said: Vec<(u8, String)>,
    pub(crate) asset_scopes: BTreeSet<[u8; 32]>,
    /// The id it had in the cache that an archive was written from.
    pub(crate) id: Option<String>,
    /// The client's project it had there.
    pub(crate) client: Option<String>,
    /// Project and visitor of a recording that has no id of its own: its visit may go on in other files.
    pub(crate) visitor: Option<(String, String)>,
}

impl Group {
    pub(crate) fn size(&self) -> u64 {
        self.bodies.iter().map(|b| b.bytes.len() as u64).sum()
    }
}

/// What goes to the cache, in order.
#[derive(Debug)]
pub(crate) enum Job {
    Group(Box<Group>),
    Asset(Asset),
    AssetUrls {
        scope: [u8; 32],
        urls: Vec<(String, Hash)>,
    },
    AssetList(AssetListEntry),
    Notes {
        path: String,
        bytes: Vec<u8>,
    },
    Record {
        source: Source,
        said: Box<Said>,
    },
    /// A session of an archive that Dwell wrote: the ids that it had there.
    Kept(Arc<Kept>),
    /// What the groups behind it are packed with.
    Dictionary(Content, Dictionary),
}

impl Job {
    /// Bytes of memory, about.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Job::Group(group) => group.size(),
            Job::Asset(asset) => asset.bytes.len() as u64,
            Job::AssetUrls { .. }
            | Job::AssetList(_)
            | Job::Notes { .. }
            | Job::Record { .. }
            | Job::Kept(_)
            | Job::Dictionary(..) => 0,
        }
    }
}

/// Sorts Clarity before rrweb: when both recorded one visit, Clarity's session has the plain id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Clarity { project: String, user: String, session: String },
    Rrweb(String),
}

enum Held {
    Memory(Vec<u8>),
    Disk { offset: u64, packed: u64, bytes: usize },
}

struct Waiting {
    path: String,
    position: u64,
    hash: Hash,
    held: Held,
}

#[derive(Default)]
struct Pending {
    /// The recording that these bodies go on with.
    joined: Option<(String, String, String)>,
    bodies: Vec<Waiting>,
    repeated: u64,
    scopes: BTreeSet<String>,
    said: Vec<Said>,
    asset_scopes: BTreeSet<[u8; 32]>,
    /// A file of its own in a folder that holds one visit.
    of_visit: bool,
}

/// An rrweb recording that files beside it may go on with, whether it still waits or was handed on.
struct Begun {
    key: Key,
    identity: (String, String, String),
    /// Epoch ms of its first and last event.
    first: f64,
    last: f64,
}

/// Longest pause, ms, after which a file can go on with a recording: the length of a session's inactivity.
const PAUSE: f64 = 30.0 * 60_000.0;

/// Takes what the archives give and hands whole sessions to `send`.
pub(crate) struct Gather<'s> {
    send: &'s mut dyn FnMut(Job) -> Result<()>,
    pending: BTreeMap<Key, Pending>,
    by_scope: HashMap<String, BTreeSet<Key>>,
    said: HashMap<String, Vec<Said>>,
    /// What documents say that lie beside recordings, by scope.
    documents: HashMap<String, Vec<Said>>,
    columns: &'s Columns,
    assets: Option<[u8; 32]>,
    /// Recordings of each scope that later files of it may go on with, and files that go on with one.
    begun: HashMap<String, Vec<Begun>>,
    continuing: HashMap<String, Vec<(Key, f64, f64)>>,
    in_memory: u64,
    spool: Spool,
    single: u64,
}

impl<'s> Gather<'s> {
    /// `spool` is a path that may be used for a temporary file.
    pub(crate) fn new(spool: PathBuf, columns: &'s Columns, send: &'s mut dyn FnMut(Job) -> Result<()>) -> Gather<'s> {
        Gather {
            columns,
            send,
            pending: BTreeMap::new(),
            by_scope: HashMap::new(),
            said: HashMap::new(),
            documents: HashMap::new(),
            assets: None,
            begun: HashMap::new(),
            continuing: HashMap::new(),
            in_memory: 0,
            spool: Spool { path: spool, file: None, end: 0 },
            single: 0,
        }
    }

    /// Hands on everything that still waits.
    pub(crate) fn finish(mut self) -> Result<()> {
        let scopes = self.said.keys().chain(self.by_scope.keys()).chain(self.continuing.keys());
        let mut scopes: Vec<String> = scopes.cloned().collect();
        scopes.sort();
        scopes.dedup();
        for scope in scopes {
            self.complete(&scope)?;
        }
        while let Some(key) = self.pending.keys().next().cloned() {
            self.close(&key)?;
        }
        Ok(())
    }

    fn part(&mut self, part: Part, findings: &mut Findings) -> Result<()> {
        let hash = Hash::of(&part.bytes);
        let mut position = part.position;
        let mut alone = false;
        let key = match part.format {
            Source::Clarity => match payload::peek(&part.bytes) {
                Ok(envelope) => {
                    position =
                        (envelope.page.min(u64::from(u32::MAX)) << 32) | envelope.sequence.min(u64::from(u32::MAX));
                    Key::Clarity { project: envelope.project, user: envelope.user, session: envelope.session }
                }
                Err(why) => {
                    let message = format!("{} cannot be read. {why}", part.path);
                    findings.push(Finding::error("clarity_envelope", message).at_path(part.path));
                    return Ok(());
                }
            },
            Source::Rrweb => Key::Rrweb(part.group.clone().unwrap_or_else(|| {
                self.single += 1;
                alone = true;
                format!("{}\u{1f}{:09}", part.scope, self.single)
            })),
        };
        let outline = if alone { rrweb::outline(&part.bytes) } else { None };
        let held = if self.in_memory + part.bytes.len() as u64 <= WAIT_IN_MEMORY || alone {
            self.in_memory += part.bytes.len() as u64;
            Held::Memory(part.bytes)
        } else {
            self.spool.put(&part.bytes)?
        };
        let pending = self.pending.entry(key.clone()).or_default();
        pending.scopes.insert(part.scope.clone());
        pending.asset_scopes.extend(self.assets);
        let folder = part.path.rsplit_once(['/', '!']).map_or("", |(folder, _)| folder);
        pending.of_visit |= alone && folder != part.scope && folder.starts_with(&part.scope);
        pending.said.extend(part.said.map(|said| *said));
        pending.bodies.push(Waiting { path: part.path, position, hash, held });
        if let Some(outline) = outline {
            let Outline { first, last, continues, id } = outline;
            let beside = self.said.get(&part.scope).into_iter().flatten();
            let said = pending.said.iter().chain(beside).find_map(|said| Some((said, said.session.clone()?)));
            if continues && said.is_none() {
                self.continuing.entry(part.scope.clone()).or_default().push((key.clone(), first, last));
                self.by_scope.entry(part.scope).or_default().insert(key);
                return Ok(());
            }
            let identity = match said {
                Some((said, session)) => {
                    (said.project.clone().unwrap_or_default(), said.user.clone().unwrap_or_default(), session)
                }
                None => (String::new(), String::new(), id),
            };
            let begun = Begun { key: key.clone(), identity, first, last };
            self.begun.entry(part.scope.clone()).or_default().push(begun);
        }
        // What is said of it may lie behind it in its folder.
        if alone && self.in_memory > HOLD && !self.said.contains_key(&part.scope) {
            return self.close(&key);
        }
        self.by_scope.entry(part.scope).or_default().insert(key);
        Ok(())
    }

    /// Gives what was said of a scope to the sessions it is about; what is about none of them and names one
    /// goes on as a row of a list.
    fn apply_said(&mut self, scope: &str) -> Result<()> {
        let Some(all) = self.said.remove(scope) else { return Ok(()) };
        let none = BTreeSet::new();
        let keys = self.by_scope.get(scope).unwrap_or(&none);
        let clarity = keys.iter().filter(|k| matches!(k, Key::Clarity { .. })).count();
        let mut left = Vec::new();
        let named = all.iter().filter_map(|said| said.session.as_ref()).collect::<BTreeSet<_>>().len();
        for said in all {
            let mut taken = false;
            for key in keys {
                let about = match (key, &said.session) {
                    (Key::Clarity { session, .. }, Some(id)) => clarity == 1 || session == id,
                    (Key::Clarity { .. }, None) => clarity == 1,
                    // A folder may hold what is said of many recordings; each says which one it means.
                    (Key::Rrweb(group), Some(id)) if named > 1 => group.ends_with(id.as_str()),
                    (Key::Rrweb(_), _) => true,
                };
                if let Some(pending) = self.pending.get_mut(key).filter(|_| about) {
                    pending.said.push(said.clone());
                    taken = true;
                }
            }
            if !taken {
                left.push(said);
            }
        }
        for said in left {
            if let Some(kept) = &said.kept {
                (self.send)(Job::Kept(kept.clone()))?;
            }
            // What a vendor's document says came as a row of its own, too.
            if said.session.is_some() && !said.meta.is_empty() && said.rank < 3 {
                let source = said.kept.as_ref().map_or(Source::Clarity, |k| k.source);
                (self.send)(Job::Record { source, said: Box::new(Said { kept: None, ..said }) })?;
            }
        }
        Ok(())
    }

    /// A document that names a recording lies beside one that has no name: then it is about that one.
    fn beside(&mut self, scope: &str, source: Source, said: &Said) {
        if source == Source::Rrweb && said.session.is_some() && !scope.is_empty() {
            self.documents.entry(scope.to_owned()).or_default().push(said.clone());
        }
    }

    /// A table: its rows when it is a list of sessions, else a word about what it is.
    fn table(&mut self, path: &str, bytes: &[u8], given: bool, findings: &mut Findings) -> Result<()> {
        let severity = if given { Severity::Warning } else { Severity::Note };
        match read_table(bytes, self.columns) {
            Table::Sessions { rows, nameless, unknown } => {
                if nameless > 0 {
                    let message = format!("{nameless} rows of {path} name no session and were left out.");
                    findings.push(Finding::warning("csv_rows", message).at_path(path));
                }
                if !unknown.is_empty() {
                    let list = unknown.iter().take(20).map(|n| format!("“{n}”")).collect::<Vec<_>>().join(", ");
                    let message = format!("Columns of {path} that Dwell does not know became tags: {list}.");
                    findings.push(Finding::note("csv_tags", message).at_path(path));
                }
                for row in rows {
                    (self.send)(Job::Record { source: Source::Clarity, said: Box::new(row.said) })?;
                }
            }
            Table::Heatmap(rows) => {
                let message = format!(
                    "{path} is the table of a heatmap ({rows} rows): it counts clicks over all sessions and names none, so there is nothing to join it to."
                );
                findings.push(Finding::new(severity, "csv_heatmap", message).at_path(path));
            }
            Table::Other(names) if names.len() > 1 => {
                let list = names.iter().take(12).map(|n| format!("“{n}”")).collect::<Vec<_>>().join(", ");
                let message = format!(
                    "{path} is a table without a column for the session's id or its link (columns: {list}). A file given with --columns can say which one it is."
                );
                findings.push(Finding::new(severity, "csv_unknown", message).at_path(path));
            }
            Table::Other(_) => {
                let message = format!("{path} is plain text, not a recording.");
                findings.push(Finding::new(severity, "not_a_recording", message).at_path(path));
            }
        }
        Ok(())
    }

    /// What is left to know of a scope when no more of it follows.
    fn complete(&mut self, scope: &str) -> Result<()> {
        self.apply_said(scope)?;
        self.name_by_document(scope);
        self.join(scope);
        self.stitch(scope)
    }

    /// A single document beside a single recording without a name is about it.
    fn name_by_document(&mut self, scope: &str) {
        let Some(documents) = self.documents.remove(scope) else { return };
        let nameless: Vec<Key> = self.nameless(scope);
        if let ([key], [document]) = (nameless.as_slice(), documents.as_slice())
            && let Some(pending) = self.pending.get_mut(key)
        {
            pending.said.push(document.clone());
        }
    }

    /// rrweb recordings of a scope for which nothing gives an id.
    fn nameless(&self, scope: &str) -> Vec<Key> {
        let keys = self.by_scope.get(scope).into_iter().flatten();
        let nameless = |key: &&Key| {
            matches!(key, Key::Rrweb(_))
                && self.pending.get(*key).is_some_and(|p| p.said.iter().all(|s| s.session.is_none()))
        };
        keys.filter(nameless).cloned().collect()
    }

    /// Joins page views of one visit that lie in files of their own: recordings without an id in the folder of
    /// one visit, or of one visitor, that follow each other within 30 minutes.
    fn stitch(&mut self, scope: &str) -> Result<()> {
        let mut streams: Vec<(Millis, Millis, Key)> = Vec::new();
        for key in self.nameless(scope) {
            let Some(pending) = self.pending.get_mut(&key) else { continue };
            let known = pending.of_visit || pending.said.iter().any(|s| s.user.is_some());
            // Recordings in numbered parts are whole by themselves.
            if !known || pending.joined.is_some() || pending.bodies.iter().any(|b| b.position > 0) {
                continue;
            }
            let mut spans = Vec::with_capacity(pending.bodies.len());
            for body in &pending.bodies {
                spans.extend(match &body.held {
                    Held::Memory(bytes) => rrweb::span(bytes),
                    Held::Disk { offset, packed, bytes } => rrweb::span(&self.spool.get(*offset, *packed, *bytes)?),
                });
            }
            if let (Some(from), Some(until)) = (spans.iter().map(|s| s.0).min(), spans.iter().map(|s| s.1).max()) {
                streams.push((from, until, key));
            }
        }
        streams.sort();
        let mut visit: Option<(Millis, Key)> = None;
        for (from, until, key) in streams {
            match &mut visit {
                // What overlaps is another tab: its nodes have numbers of their own.
                Some((end, first)) if from >= *end && from - *end <= SESSION_PAUSE => {
                    *end = until.max(*end);
                    let first = first.clone();
                    self.merge(&first, &key);
                }
                _ => visit = Some((until, key)),
            }
        }
        Ok(())
    }

    /// Gives files that start in the middle of a recording to the one of the same folder that they follow.
    fn join(&mut self, scope: &str) {
        let mut begun = self.begun.remove(scope).unwrap_or_default();
        let mut files = self.continuing.remove(scope).unwrap_or_default();
        files.sort_by(|a, b| a.1.total_cmp(&b.1));
        for (key, first, last) in files {
            let before = begun.iter_mut().filter(|b| b.first <= first && first - b.last <= PAUSE);
            let Some(before) = before.max_by(|a, b| a.first.total_cmp(&b.first)) else { continue };
            before.last = before.last.max(last);
            let (begun, identity) = (before.key.clone(), before.identity.clone());
            if self.pending.contains_key(&begun) {
                self.merge(&begun, &key);
            } else if let Some(pending) = self.pending.get_mut(&key) {
                pending.joined = Some(identity);
            }
        }
    }

    /// Makes two groups of bodies that wait one.
    fn merge(&mut self, into: &Key, from: &Key) {
        let Some(more) = self.pending.remove(from) else { return };
        let Some(pending) = self.pending.get_mut(into) else { return };
        pending.bodies.extend(more.bodies);
        pending.scopes.extend(more.scopes);
        pending.said.extend(more.said);
        pending.asset_scopes.extend(more.asset_scopes);
        pending.repeated += more.repeated;
        pending.of_visit |= more.of_visit;
    }

    fn leave(&mut self, scope: &str) -> Result<()> {
        self.complete(scope)?;
        for key in self.by_scope.remove(scope).unwrap_or_default() {
            let Some(pending) = self.pending.get_mut(&key) else { continue };
            pending.scopes.remove(scope);
            if pending.scopes.is_empty() {
                self.close(&key)?;
            }
        }
        Ok(())
    }

    fn close(&mut self, key: &Key) -> Result<()> {
        let Some(pending) = self.pending.remove(key) else { return Ok(()) };
        let mut waiting = pending.bodies;
        waiting.sort_by(|a, b| (a.position, a.hash, &a.path).cmp(&(b.position, b.hash, &b.path)));
        let mut bodies: Vec<Body> = Vec::with_capacity(waiting.len());
        let mut seen = BTreeSet::new();
        let mut repeated = pending.repeated;
        for body in waiting {
            let bytes = match body.held {
                Held::Memory(bytes) => {
                    self.in_memory -= bytes.len() as u64;
                    bytes
                }
                Held::Disk { offset, packed, bytes } => self.spool.get(offset, packed, bytes)?,
            };
            if seen.insert(body.hash) {
                bodies.push(Body { path: body.path, position: body.position, hash: body.hash, bytes });
            } else {
                repeated += 1;
            }
        }
        let mut said = pending.said;
        said.sort_by_key(|s| s.rank);
        let kept = said.iter().find_map(|s| s.kept.clone());
        let (source, identity) = match key {
            Key::Clarity { project, user, session } => {
                (Source::Clarity, Some((project.clone(), user.clone(), session.clone())))
            }
            Key::Rrweb(_) => {
                let joined = pending.joined;
                let first = |get: fn(&Said) -> &Option<String>| said.iter().find_map(|s| get(s).clone());
                let identity = match &kept {
                    Some(kept) => Some((kept.project.clone(), kept.user.clone(), kept.session.clone())),
                    None => first(|s| &s.session).map(|session| {
                        let project = first(|s| &s.project).unwrap_or_default();
                        (project, first(|s| &s.user).unwrap_or_default(), session)
                    }),
                };
                (Source::Rrweb, joined.or(identity))
            }
        };
        let named = |get: fn(&Said) -> &Option<String>| said.iter().find_map(|s| get(s).clone());
        let visitor = named(|s| &s.user)
            .filter(|_| identity.is_none())
            .map(|user| (named(|s| &s.project).unwrap_or_default(), user));
        let mut texts: BTreeSet<(u8, String)> = BTreeSet::new();
        let mut asset_scopes = pending.asset_scopes;
        for one in &said {
            match &one.kept {
                Some(kept) => {
                    texts.extend(kept.said.iter().cloned());
                    asset_scopes.extend(kept.asset_lists.iter().map(|list| list.0));
                }
                None => texts.extend(serde_json::to_string(one).ok().map(|text| (one.rank, text))),
            }
            // Somebody changed the archive by hand: that is the last word.
            if one.kept.is_some() && !one.meta.is_empty() {
                let by_hand = Said { kept: None, ..one.clone() };
                texts.extend(serde_json::to_string(&by_hand).ok().map(|text| (one.rank, text)));
            }
        }
        let (id, client) = kept.map_or((None, None), |kept| (Some(kept.id.clone()), kept.client.clone()));
        let said = texts.into_iter().collect();
        let group = Group { source, identity, bodies, repeated, said, asset_scopes, id, client, visitor };
        (self.send)(Job::Group(Box::new(group)))
    }
}

impl Sink for Gather<'_> {
    fn take(&mut self, item: Item, findings: &mut Findings) -> Result<()> {
        match item {
            Item::Part(part) => self.part(part, findings),
            Item::Said { scope, said } => {
                self.said.entry(scope).or_default().push(*said);
                Ok(())
            }
            Item::Leave { scope } => self.leave(&scope),
            Item::Asset(asset) => (self.send)(Job::Asset(asset)),
            Item::AssetUrls { urls } if urls.is_empty() => {
                self.assets = None;
                Ok(())
            }
            Item::AssetUrls { urls } => {
                let text: String = urls.iter().map(|(url, hash)| format!("{url}\n{hash}\n")).collect();
                let scope = archive::Hash::of(text.as_bytes()).0;
                self.assets = Some(scope);
                (self.send)(Job::AssetUrls { scope, urls })
            }
            Item::AssetList(list) => (self.send)(Job::AssetList(list)),
            Item::Table { path, bytes, given } => self.table(&path, &bytes, given, findings),
            Item::Record { scope, source, said } => {
                self.beside(&scope, source, &said);
                (self.send)(Job::Record { source, said })
            }
            Item::Notes { path, bytes } => (self.send)(Job::Notes { path, bytes }),
        }
    }
}

/// Bodies that wait on disk, compressed, in a file without a name.
struct Spool {
    path: PathBuf,
    file: Option<File>,
    end: u64,
}

impl Spool {
    fn open(path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        #[cfg(windows)]
        {
            use std::os::windows::fs::OpenOptionsExt as _;
            // FILE_FLAG_DELETE_ON_CLOSE: whatever ends this program ends the file.
            options.custom_flags(0x0400_0000);
        }
        let file = options.open(path)?;
        #[cfg(unix)]
        std::fs::remove_file(path)?;
        Ok(file)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<Held> {
        let offset = self.end;
        let mut attempt = || -> io::Result<u64> {
            let data = zstd::bulk::compress(bytes, 1)?;
            let file = match &mut self.file {
                Some(file) => file,
                None => self.file.insert(Spool::open(&self.path)?),
            };
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(&data)?;
            Ok(data.len() as u64)
        };
        let packed = attempt().map_err(spool_error)?;
        self.end += packed;
        Ok(Held::Disk { offset, packed, bytes: bytes.len() })
    }

    fn get(&mut self, offset: u64, packed: u64, bytes: usize) -> Result<Vec<u8>> {
        let mut attempt = || -> io::Result<Vec<u8>> {
            let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
            file.seek(SeekFrom::Start(offset))?;
            let mut data = vec![0; packed as usize];
            file.read_exact(&mut data)?;
            zstd::bulk::decompress(&data, bytes)
        };
        attempt().map_err(spool_error)
    }
}

fn spool_error(source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Error::DiskFull,
        _ => Error::Io { context: "A temporary file beside the cache could not be used".to_owned(), source },
    }
}
