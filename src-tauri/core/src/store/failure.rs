//! SQLite's answers as sentences.
//!
//! The trap: SQLite calls a disk "full" only for one of the ways a disk is full. Quotas and file size limits
//! arrive as general write errors, so those are asked again with a file of our own.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::ErrorCode;

use crate::error::{Error, Result};

/// Adds the cache's path to an error of SQLite.
pub(super) trait At<T> {
    fn at(self, path: &Path) -> Result<T>;
}

impl<T> At<T> for rusqlite::Result<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|e| failure(path, e))
    }
}

fn failure(path: &Path, e: rusqlite::Error) -> Error {
    let owned = path.to_owned();
    let Some(sqlite) = e.sqlite_error() else {
        return match e {
            // A column of the wrong type: somebody or something else wrote it.
            rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => {
                Error::CacheDamaged { path: owned, reason: format!("{e}.") }
            }
            other => Error::Internal { message: format!("The cache {} failed: {other}.", path.display()) },
        };
    };
    match sqlite.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            Error::CacheLocked { path: owned }
        }
        ErrorCode::ReadOnly => {
            let reason = "the file or its folder is write-protected.".to_owned();
            Error::CacheReadOnly { path: owned, reason }
        }
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            let reason = "it cannot be opened or made in its folder.".to_owned();
            Error::CacheReadOnly { path: owned, reason }
        }
        ErrorCode::NotADatabase => Error::CacheForeign { path: owned, reason: "it is no database at all.".to_owned() },
        ErrorCode::DatabaseCorrupt => Error::CacheDamaged { path: owned, reason: format!("{e}.") },
        ErrorCode::DiskFull => Error::DiskFull,
        ErrorCode::SystemIoFailure => match no_room(path) {
            Some(true) => Error::DiskFull,
            Some(false) | None => {
                let source = std::io::Error::other(e.to_string());
                Error::Io { context: format!("The cache {} could not be read or written", path.display()), source }
            }
        },
        ErrorCode::TooBig => {
            Error::Internal { message: format!("A part of the recording is too large for the cache ({e}).") }
        }
        _ => Error::Internal { message: format!("The cache {} failed: {e}.", path.display()) },
    }
}

/// Whether a file as large as the cache and its log can no longer grow here: full, over quota, or beyond
/// what the system lets this process write.
fn no_room(path: &Path) -> Option<bool> {
    let size = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        std::fs::metadata(name).map_or(0, |m| m.len())
    };
    let largest = size("").max(size("-wal"));
    let mut name = path.as_os_str().to_owned();
    name.push(format!("-room-{}", std::process::id()));
    let name = std::path::PathBuf::from(name);
    let attempt = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&name)?;
        file.write_all(&vec![1u8; 1 << 20])?;
        file.seek(SeekFrom::Start(largest))?;
        file.write_all(&vec![1u8; 1 << 20])?;
        file.sync_all()
    };
    let full = attempt().err().map(|e| {
        use std::io::ErrorKind as Kind;
        matches!(e.kind(), Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge)
    });
    // Nothing depends on it: a file of this name is only ever such a probe.
    let _ = std::fs::remove_file(&name);
    full
}
