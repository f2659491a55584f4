//! Brings originals of older caches into bundles.
//!
//! The trap: originals are what a cache cannot make again. So this happens in the transaction of the migration: either
//! all of them are where they belong now, or all are where they were.

use std::path::Path;

use rusqlite::{Transaction, params};

use super::OriginalInfo;
use super::failure::At;
use super::pack::{Dictionaries, Packer};
use crate::error::{Error, Result};

pub(super) fn originals(tx: &Transaction<'_>, path: &Path) -> Result<()> {
    let mut packer = Packer::new(&Dictionaries::default())?;
    let mut sessions = tx.prepare("SELECT id, source = 'rrweb' FROM sessions ORDER BY id").at(path)?;
    let sessions = sessions.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?))).at(path)?;
    let mut bodies_of = tx
        .prepare(
            "SELECT s.position, s.hash, s.path, o.data, o.bytes FROM session_originals s \
             JOIN originals o ON o.hash = s.hash WHERE s.session = ? ORDER BY s.position, s.hash",
        )
        .at(path)?;
    for session in sessions {
        let (session, nameless) = session.at(path)?;
        let rows = bodies_of.query_map([&session], |row| {
            let info = OriginalInfo { position: row.get::<_, i64>(0)? as u64, hash: row.get(1)?, path: row.get(2)? };
            Ok((info, row.get::<_, Vec<u8>>(3)?, row.get::<_, usize>(4)?))
        });
        let mut bodies = Vec::new();
        for row in rows.at(path)? {
            let (info, data, bytes) = row.at(path)?;
            let body = zstd::bulk::decompress(&data, bytes).map_err(|e| Error::CacheDamaged {
                path: path.to_owned(),
                reason: format!("an original of session {session} does not unpack ({e})."),
            })?;
            bodies.push((info, body));
        }
        let bodies: Vec<(OriginalInfo, &[u8])> = bodies.iter().map(|(info, body)| (info.clone(), &body[..])).collect();
        for (ordinal, bundle) in packer.bundles(&bodies)?.iter().enumerate() {
            tx.execute(
                "INSERT INTO bundles (session, ordinal, bodies, bytes, list, data) VALUES (?, ?, ?, ?, ?, ?)",
                params![session, ordinal, bundle.bodies, bundle.bytes, bundle.list, bundle.data],
            )
            .at(path)?;
            for key in bundle.keys.iter().filter(|_| nameless) {
                tx.execute("INSERT OR IGNORE INTO nameless_bodies (session, key) VALUES (?, ?)", params![session, key])
                    .at(path)?;
            }
        }
    }
    tx.execute_batch("DROP TABLE session_originals; DROP TABLE originals;").at(path)
}
