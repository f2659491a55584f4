//! The cache: one SQLite file. This room is the only one that knows SQL.
//!
//! The trap: a cache is opened by people who pick the wrong file, on full disks, twice at once, and after
//! the power went. Nothing is changed in a file before it is known to be ours, everything that is written of
//! one session is written in one transaction, and what SQLite answers becomes a sentence.
//!
//! The second trap: event chunks are stored in postcard, which knows no field names. When the event model
//! changes, [`DERIVED_BY`] must be raised; the desk then derives old sessions again from their originals.

mod chunk;
mod failure;
pub mod index;
mod notes;
mod pack;
mod read;
mod records;
mod repack;
mod sql;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::{Error, Result};

pub use chunk::Chunk;
pub use notes::{
    Decision, Favourite, Goal, KeptNotes, Label, Mark, MarkRow, Note, Notes, Payload, Rating, Reached, Step, Watched,
};
pub use pack::{Bundle, Content, Dictionaries, Dictionary, Packer, Sample, events_text};
pub use read::{
    Asset, AssetRow, ChunkInfo, Filter, Identity, ListedAsset, Original, OriginalInfo, PageRow, SessionMeasure,
    SessionRow, StoredAsset, Totals,
};
pub use records::{Candidate, Record, Visit};
pub use sql::{Bound, Sql};
pub use write::{Keyframe, KnownFile, NewSession, SignalRow, Sketch, Writing};

use failure::At;

/// Version of decoding and of the stored event model together: raised whenever either gives other events
/// for the same originals.
pub const DERIVED_BY: i64 = 7;

/// "DWEL".
const APPLICATION_ID: i64 = 0x4457_454C;

/// How long another program may hold the cache before we give up.
const PATIENCE: Duration = Duration::from_secs(5);

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    BUNDLES,
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
];
/// The migration after which originals are bundled.
const BUNDLES: &str = include_str!("migrations/0004.sql");

/// Rows of sessions are larger than a usual page. Only of a new file: an old one keeps what it has.
const PAGE_BYTES: i64 = 16 << 10;

/// Newest `user_version` that is understood.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// Statements that are kept ready; an import of one session uses half of them.
const STATEMENTS: usize = 64;

/// An open cache.
pub struct Cache {
    path: PathBuf,
    db: Connection,
    unpackers: read::Unpackers,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Cache {
    /// Opens a cache for reading and writing; makes it when there is no file, and brings an older one up to
    /// date.
    ///
    /// # Errors
    /// The `Cache…` ones, and [`Error::DiskFull`]. A file that is not ours is left as it is.
    pub fn open(path: &Path) -> Result<Cache> {
        if path.is_dir() {
            return Err(Error::CacheForeign { path: path.to_owned(), reason: "it is a folder.".into() });
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            let reason = format!("the folder {} does not exist.", folder.display());
            return Err(Error::CacheReadOnly { path: path.to_owned(), reason });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let db = Connection::open_with_flags(path, flags).at(path)?;
        db.busy_timeout(PATIENCE).at(path)?;
        sql::teach(&db).at(path)?;
        let version = version_of(&db, path)?;
        if db.is_readonly("main").at(path)? {
            let reason = "the file is write-protected.".to_owned();
            return Err(Error::CacheReadOnly { path: path.to_owned(), reason });
        }
        if version == 0 {
            db.pragma_update(None, "page_size", PAGE_BYTES).at(path)?;
        }
        db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).at(path)?;
        // A commit is safe against a crash of the program; against a power cut the file stays whole and the
        // last commits may be missing, which running the import again repairs.
        db.pragma_update(None, "synchronous", "NORMAL").at(path)?;
        db.pragma_update(None, "foreign_keys", true).at(path)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        let mut cache = Cache { path: path.to_owned(), db, unpackers: read::Unpackers::default() };
        if version < VERSION {
            cache.migrate()?;
        }
        Ok(cache)
    }

    /// Opens a cache that is there for reading only; one of an older version is brought up to date first.
    ///
    /// # Errors
    /// [`Error::PathMissing`] and the `Cache…` ones.
    pub fn open_read_only(path: &Path) -> Result<Cache> {
        if !path.exists() {
            return Err(Error::PathMissing { path: path.to_owned() });
        }
        if path.is_dir() {
            return Err(Error::CacheForeign { path: path.to_owned(), reason: "it is a folder.".into() });
        }
        let attempt = |name: &Path, extra: OpenFlags| -> Result<(Connection, i64)> {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_EXRESCODE
                | extra;
            let db = Connection::open_with_flags(name, flags).at(path)?;
            db.busy_timeout(PATIENCE).at(path)?;
            sql::teach(&db).at(path)?;
            let version = version_of(&db, path)?;
            Ok((db, version))
        };
        let (db, version) = match attempt(path, OpenFlags::empty()) {
            // Readers of a WAL file need to make a file beside it; on a medium that cannot be written nobody
            // else writes either, and the file is read as it is.
            Err(Error::CacheReadOnly { .. }) => {
                let mut uri = String::from("file:");
                for byte in path.to_string_lossy().bytes() {
                    match byte {
                        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => uri.push(byte.into()),
                        _ => uri.push_str(&format!("%{byte:02X}")),
                    }
                }
                uri.push_str("?immutable=1");
                attempt(Path::new(&uri), OpenFlags::SQLITE_OPEN_URI)?
            }
            other => other?,
        };
        if version < VERSION {
            drop(db);
            // Written by an older Dwell, or killed while it was made: whoever may write brings it up to date.
            return match Cache::open(path) {
                Ok(current) => {
                    drop(current);
                    Cache::open_read_only(path)
                }
                Err(Error::CacheReadOnly { .. }) => {
                    let reason = match version {
                        0 => "it is empty.".to_owned(),
                        _ => format!(
                            "it was written by an older Dwell (version {version}) and cannot be brought up to date: it is write-protected."
                        ),
                    };
                    Err(Error::CacheForeign { path: path.to_owned(), reason })
                }
                Err(other) => Err(other),
            };
        }
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Cache { path: path.to_owned(), db, unpackers: read::Unpackers::default() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn migrate(&mut self) -> Result<()> {
        for (index, sql) in MIGRATIONS.iter().enumerate() {
            let to = index as i64 + 1;
            let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).at(&self.path)?;
            // Another program may have done it while we waited.
            let now: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0)).at(&self.path)?;
            if now < to {
                tx.execute_batch(sql).at(&self.path)?;
                if *sql == BUNDLES {
                    repack::originals(&tx, &self.path)?;
                }
                tx.pragma_update(None, "application_id", APPLICATION_ID).at(&self.path)?;
                tx.pragma_update(None, "user_version", to).at(&self.path)?;
            }
            tx.commit().at(&self.path)?;
        }
        Ok(())
    }
}

/// `user_version` of a file that is ours or empty.
fn version_of(db: &Connection, path: &Path) -> Result<i64> {
    let number = |pragma: &str| -> Result<i64> { db.pragma_query_value(None, pragma, |row| row.get(0)).at(path) };
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application == 0 && version == 0 {
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).at(path)?;
        if tables == 0 {
            return Ok(0);
        }
    }
    if application != APPLICATION_ID {
        let reason = "it is a database of another program.".to_owned();
        return Err(Error::CacheForeign { path: path.to_owned(), reason });
    }
    if version > VERSION {
        return Err(Error::CacheNewer { path: path.to_owned(), found: version, known: VERSION });
    }
    Ok(version)
}
