//! Sessions of the cache into a Dwell archive.
//!
//! The trap: an archive is what people keep when the cache is gone. It is written beside its name and moved
//! there only when it is whole, a file that is there already is not touched unasked, and everything that an
//! import needs to come to the same cache is in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::notes;
use crate::archive::{
    self, ArchiveWriter, AssetEntry, AssetListEntry, BodyEntry, FileEntry, Hash, ListedUrl, ManifestEntries,
    RecordEntry, SessionEntry,
};
use crate::error::{Error, Result};
use crate::event::Millis;
use crate::facts;
use crate::store::{Cache, Record};

/// Which sessions, and how.
#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// Ids; a row of the cache for each must be there. Empty, with `all`: every session.
    pub ids: Vec<String>,
    pub all: bool,
    /// Replaces a file that is there.
    pub force: bool,
}

/// What an export wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExportSummary {
    pub path: PathBuf,
    pub sessions: u64,
    /// Sessions of which only lists tell.
    pub without_recording: u64,
    /// Recorded bodies.
    pub files: u64,
    pub assets: u64,
    pub notes: u64,
    /// Of the archive.
    pub bytes: u64,
    pub sha256: String,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ExportProgress {
    /// Unpacked.
    pub bytes: u64,
    pub bytes_total: u64,
}

fn io(path: &Path, source: std::io::Error) -> Error {
    use std::io::ErrorKind as Kind;
    match source.kind() {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
            let message = format!("The disk is full; {} was not written.", path.display());
            Error::Io { context: message, source }
        }
        _ => Error::Io { context: format!("{} cannot be written", path.display()), source },
    }
}

/// Sessions by id in a fixed order, without repetitions.
fn chosen(cache: &Cache, options: &ExportOptions) -> Result<Vec<String>> {
    if options.all {
        return cache.session_ids();
    }
    let mut ids = options.ids.clone();
    ids.sort();
    ids.dedup();
    for id in &ids {
        if !cache.has(id)? {
            return Err(Error::SessionMissing { id: id.clone() });
        }
    }
    if ids.is_empty() {
        return Err(Error::Usage { message: "Say which sessions to export: their ids, or --all.".to_owned() });
    }
    Ok(ids)
}

/// A body and where it goes.
struct Member {
    session: String,
    file: String,
    hash: [u8; 32],
    bytes: u64,
}

/// Everything but the bytes.
struct Plan {
    entries: ManifestEntries,
    /// Each body once, session by session.
    bodies: Vec<Member>,
    notes: Option<Vec<u8>>,
    assets_json: Option<Vec<u8>>,
    summary: ExportSummary,
}

fn plan(cache: &Cache, options: &ExportOptions) -> Result<Plan> {
    let ids = chosen(cache, options)?;
    let mut entries = ManifestEntries::default();
    let mut bodies: Vec<Member> = Vec::new();
    let mut named: HashMap<[u8; 32], String> = HashMap::new();
    let mut scopes: BTreeSet<[u8; 32]> = BTreeSet::new();
    let mut records: BTreeSet<Record> = BTreeSet::new();
    let mut summary = ExportSummary { sessions: ids.len() as u64, ..ExportSummary::default() };
    for id in &ids {
        let row = cache.session(id)?;
        let folder = archive::folder_name(id);
        let infos = cache.original_sizes(id)?;
        summary.without_recording += u64::from(infos.is_empty());
        let width = infos.len().to_string().len().max(3);
        let mut own = Vec::with_capacity(infos.len());
        for (index, (info, bytes)) in infos.iter().enumerate() {
            let file = named.entry(info.hash).or_insert_with(|| {
                let file = format!("sessions/{folder}/{:0width$}.json", index + 1);
                bodies.push(Member { session: id.clone(), file: file.clone(), hash: info.hash, bytes: *bytes });
                file
            });
            own.push(BodyEntry { file: file.clone(), path: info.path.clone(), position: info.position });
        }
        let lists = cache.asset_scopes(id)?;
        scopes.extend(&lists);
        let identity = &row.identity;
        if !options.all {
            records.extend(cache.records_of(identity.source, &identity.session)?);
            let visitor = row.facts.get("user").and_then(serde_json::Value::as_str).unwrap_or_default();
            for user in BTreeSet::from([visitor, &identity.user]) {
                records.extend(cache.records_of_visitor(identity.source, user)?);
            }
        }
        entries.sessions.push(SessionEntry {
            id: id.clone(),
            source: identity.source,
            project: identity.project.clone(),
            user: identity.user.clone(),
            session: identity.session.clone(),
            client: row.project.clone(),
            bodies: own,
            said: cache.ranked_said(id)?,
            asset_lists: lists.into_iter().map(Hash).collect(),
            meta: row.meta.clone(),
        });
    }
    if options.all {
        records.extend(cache.records()?);
    }
    entries.records = records
        .into_iter()
        .map(|Record { source, session, user, project, rank, said }| RecordEntry {
            source,
            session,
            user,
            project,
            rank,
            said,
        })
        .collect();
    let mut wanted: BTreeSet<[u8; 32]> = BTreeSet::new();
    let mut lists: BTreeMap<[u8; 32], Vec<ListedUrl>> = BTreeMap::new();
    // What serves every session serves these.
    let shared: BTreeSet<[u8; 32]> = cache.shared_asset_lists()?.into_iter().collect();
    scopes.extend(&shared);
    for row in cache.asset_lists()? {
        if options.all || scopes.contains(&row.list) {
            wanted.insert(row.asset);
            lists.entry(row.list).or_default().push(ListedUrl { url: row.url, asset: Hash(row.asset), at: row.at });
        }
    }
    entries.asset_lists = lists
        .into_iter()
        .map(|(scope, urls)| AssetListEntry { list: Hash(scope), shared: shared.contains(&scope), urls })
        .collect();
    let mut assets_total = 0;
    for asset in cache.assets()? {
        if options.all || wanted.contains(&asset.hash) {
            let file = format!("assets/{}", Hash(asset.hash));
            entries.files.push(FileEntry { path: file.clone(), sha256: Hash(asset.hash), bytes: asset.bytes });
            entries.assets.push(AssetEntry { file, sha256: Hash(asset.hash), content_type: asset.content_type });
            assets_total += 1;
        }
    }
    for Member { file, hash, bytes, .. } in &bodies {
        entries.files.push(FileEntry { path: file.clone(), sha256: Hash(*hash), bytes: *bytes });
    }
    let mut extra = |path: &str, bytes: &[u8]| {
        entries.files.push(FileEntry { path: path.to_owned(), sha256: Hash::of(bytes), bytes: bytes.len() as u64 });
    };
    let only: Option<BTreeSet<String>> = (!options.all).then(|| ids.iter().cloned().collect());
    let people = notes::of_sessions(cache.notes()?, only.as_ref());
    summary.notes = people.notes.iter().filter(|n| !n.gone).count() as u64;
    let notes = if people.is_empty() { None } else { Some(notes::print(&people)?) };
    if let Some(bytes) = &notes {
        extra("notes.json", bytes);
    }
    let assets_json = (assets_total > 0).then(|| archive::assets_json(&entries));
    if let Some(bytes) = &assets_json {
        entries.files.push(FileEntry {
            path: "assets/assets.json".to_owned(),
            sha256: Hash::of(bytes),
            bytes: bytes.len() as u64,
        });
    }
    entries.files.sort_by(|a, b| a.path.cmp(&b.path));
    summary.files = bodies.len() as u64;
    summary.assets = assets_total;
    Ok(Plan { entries, bodies, notes, assets_json, summary })
}

/// Writes sessions into a Dwell archive at `out`. `created` is epoch ms, for the manifest: with the same time
/// the same content gives the same bytes.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::Usage`] when nothing is chosen or a file is there already,
/// [`Error::Cancelled`], [`Error::Io`], the `Cache…` ones. Then there is no new file, and an old one is as it
/// was.
pub fn export(
    cache: &Cache,
    out: &Path,
    options: &ExportOptions,
    created: Millis,
    progress: &mut dyn FnMut(ExportProgress),
    cancel: &AtomicBool,
) -> Result<ExportSummary> {
    if out.is_dir() {
        return Err(Error::Usage {
            message: format!("{} is a folder; name a file, such as export.zip.", out.display()),
        });
    }
    if out.exists() && !options.force {
        let message = format!("{} is there already; --force replaces it.", out.display());
        return Err(Error::Usage { message });
    }
    let stopped = || if cancel.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) };
    let Plan { entries, bodies, notes, assets_json, mut summary } = plan(cache, options)?;
    stopped()?;
    let total: u64 = entries.files.iter().map(|f| f.bytes).sum();
    let mut told = ExportProgress { bytes: 0, bytes_total: total };
    progress(told);
    let mut part = out.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = Unfinished(PathBuf::from(part));
    let file = File::create(&part.0).map_err(|e| io(out, e))?;
    let mut zip = ArchiveWriter::new(BufWriter::with_capacity(256 << 10, file));
    let manifest = archive::manifest(&entries, &facts::iso(created).unwrap_or_default(), &|ms| facts::iso(ms));
    let mut add = |name: &str, bytes: &[u8]| -> Result<()> {
        stopped()?;
        zip.add(name, bytes).map_err(|e| io(out, e))?;
        told.bytes += bytes.len() as u64;
        progress(told);
        Ok(())
    };
    add("manifest.json", &manifest)?;
    if let Some(bytes) = &notes {
        add("notes.json", bytes)?;
    }
    if let Some(bytes) = &assets_json {
        add("assets/assets.json", bytes)?;
    }
    for asset in &entries.assets {
        let Some(found) = cache.asset(&asset.sha256.0)? else { continue };
        add(&asset.file, &found.bytes)?;
    }
    for of_session in bodies.chunk_by(|a, b| a.session == b.session) {
        let mut originals: HashMap<[u8; 32], Vec<u8>> = HashMap::new();
        for original in cache.originals(&of_session[0].session)? {
            originals.insert(original.info.hash, original.bytes);
        }
        for Member { file, hash, .. } in of_session {
            // The list that named it and the bytes come from one bundle.
            let Some(bytes) = originals.get(hash) else { continue };
            add(file, bytes)?;
        }
    }
    let file =
        zip.finish().and_then(|buffer| buffer.into_inner().map_err(|e| e.into_error())).map_err(|e| io(out, e))?;
    file.sync_all().map_err(|e| io(out, e))?;
    drop(file);
    summary.sha256 = file_hash(&part.0).map_err(|e| io(out, e))?;
    summary.bytes = std::fs::metadata(&part.0).map_err(|e| io(out, e))?.len();
    // Somebody may have written one while we did.
    if out.exists() && !options.force {
        let message = format!("{} is there already; --force replaces it.", out.display());
        return Err(Error::Usage { message });
    }
    std::fs::rename(&part.0, out).map_err(|e| io(out, e))?;
    summary.path = out.to_owned();
    Ok(summary)
}

/// Writes a file beside its name and moves it there when it is whole.
///
/// # Errors
/// [`Error::Io`]; then an old file is as it was.
pub(crate) fn write_whole(out: &Path, bytes: &[u8]) -> Result<()> {
    let mut part = out.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = Unfinished(PathBuf::from(part));
    let write = || {
        let mut file = File::create(&part.0)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    };
    write().map_err(|e| io(out, e))?;
    std::fs::rename(&part.0, out).map_err(|e| io(out, e))
}

fn file_hash(path: &Path) -> std::io::Result<String> {
    use sha2::{Digest as _, Sha256};
    let mut hasher = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match std::io::Read::read(&mut file, &mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(Hash(hasher.finalize().into()).to_string())
}

/// A file that goes when it was not moved to its name.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It was moved, or there is nothing more that could be done about it.
        let _ = std::fs::remove_file(&self.0);
    }
}
