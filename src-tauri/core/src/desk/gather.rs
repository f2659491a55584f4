//! Collects the bodies of an import into sessions.
//!
//! The trap: bodies of one session may lie anywhere in an archive, and archives are larger than memory. A
//! session is handed on as soon as its folder, line or manifest entry has been left; loose bodies have to
//! wait for the end, and beyond a certain amount they wait on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::archive::{self, Asset, Hash, Item, Part, Said, Sink};
use crate::error::{Error, Result};
use crate::event::Source;
use crate::findings::{Finding, Findings};
use crate::format::clarity::payload;
use crate::format::rrweb::{self, Outline};

/// Bytes of waiting bodies that are kept in memory.
const WAIT_IN_MEMORY: u64 = 192 << 20;

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
    AssetUrls { scope: [u8; 32], urls: Vec<(String, Hash)> },
    Notes { path: String, bytes: Vec<u8> },
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
}

/// An rrweb recording that was handed on.
struct Begun {
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
    pub(crate) fn new(spool: PathBuf, send: &'s mut dyn FnMut(Job) -> Result<()>) -> Gather<'s> {
        Gather {
            send,
            pending: BTreeMap::new(),
            by_scope: HashMap::new(),
            said: HashMap::new(),
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
        let mut scopes: Vec<String> = self.said.keys().cloned().collect();
        scopes.sort();
        for scope in scopes {
            self.apply_said(&scope);
        }
        let mut scopes: Vec<String> = self.continuing.keys().cloned().collect();
        scopes.sort();
        for scope in scopes {
            self.join(&scope);
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
                format!("{}\u{1f}{}", part.scope, self.single)
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
            self.begun.entry(part.scope.clone()).or_default().push(Begun { identity, first, last });
        }
        if alone && !self.said.contains_key(&part.scope) {
            return self.close(&key);
        }
        self.by_scope.entry(part.scope).or_default().insert(key);
        Ok(())
    }

    /// Gives what was said of a scope to the sessions it is about.
    fn apply_said(&mut self, scope: &str) {
        let Some(all) = self.said.remove(scope) else { return };
        let Some(keys) = self.by_scope.get(scope) else { return };
        let clarity = keys.iter().filter(|k| matches!(k, Key::Clarity { .. })).count();
        let named = all.iter().filter_map(|said| said.session.as_ref()).collect::<BTreeSet<_>>().len();
        for said in all {
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
                }
            }
        }
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
            if let Some(pending) = self.pending.get_mut(&key) {
                pending.joined = Some(before.identity.clone());
            }
        }
    }

    fn leave(&mut self, scope: &str) -> Result<()> {
        self.apply_said(scope);
        self.join(scope);
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
        let (source, identity) = match key {
            Key::Clarity { project, user, session } => {
                (Source::Clarity, Some((project.clone(), user.clone(), session.clone())))
            }
            Key::Rrweb(_) => {
                let joined = pending.joined;
                let first = |get: fn(&Said) -> &Option<String>| said.iter().find_map(|s| get(s).clone());
                let identity = first(|s| &s.session).map(|session| {
                    let project = first(|s| &s.project).unwrap_or_default();
                    (project, first(|s| &s.user).unwrap_or_default(), session)
                });
                (Source::Rrweb, joined.or(identity))
            }
        };
        let said = said
            .iter()
            .filter_map(|s| Some((s.rank, serde_json::to_string(s).ok()?)))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let asset_scopes = pending.asset_scopes;
        (self.send)(Job::Group(Box::new(Group { source, identity, bodies, repeated, said, asset_scopes })))
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
