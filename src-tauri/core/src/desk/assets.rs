//! Page files: adding what people saved of a site, and saying what a session still lacks.
//!
//! The trap: what is counted and what is shown must agree. Both ask [`CachedAssets`] through the sanitiser,
//! so a file that is counted as there is a file that the player gets.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use serde::Serialize;
use url::Url;

use super::{CachedAssets, import};
use crate::archive::Hash;
use crate::archive::saved::{self, Body, Met, SavedFile};
use crate::dom::Tree;
use crate::dom::safe::{Assets, Want};
use crate::dom::wants::{Gathering, Wants};
use crate::error::{Error, Result};
use crate::event::{Kind, Millis, Session};
use crate::findings::{Finding, Findings, Severity};
use crate::store::Cache;
use crate::wire::{MissingFileView, PageFilesKindView, PageFilesPageView, PageFilesView};

/// Files that are written in one transaction, by number and by bytes.
const BATCH_FILES: usize = 64;
const BATCH_BYTES: usize = 16 << 20;

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Sessions that the files are for; empty: all, those to come included.
    pub sessions: Vec<String>,
    /// Address of the one file or folder that is given.
    pub url: Option<String>,
}

/// How far adding is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Of the files as they lie on disk.
    pub bytes_read: u64,
    pub bytes_total: u64,
    pub files: u64,
    /// Address of the file that was read last.
    pub current: String,
}

/// What adding did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AddSummary {
    /// Style sheets, pictures, fonts and media that were found.
    pub files: u64,
    /// Those whose bytes the cache did not have.
    pub added: u64,
    /// Unpacked bytes of `added`.
    pub bytes: u64,
    /// What else was met ("scripts"), with counts.
    pub others: BTreeMap<String, u64>,
    /// Sessions that the files are for; empty: all.
    pub sessions: Vec<String>,
    pub elapsed_ms: u64,
    pub findings: Vec<Finding>,
}

/// Adds page files to the cache.
///
/// # Errors
/// [`Error::Usage`] for a bad URL or for one URL with many paths; [`Error::SessionMissing`]; those of
/// [`import::check`]; [`Error::NoPageFiles`] when there was none; [`Error::Cancelled`], after which nothing of
/// it is kept; [`Error::DiskFull`] and the `Cache…` ones.
pub fn add(
    cache: &mut Cache,
    paths: &[PathBuf],
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
    cancel: &AtomicBool,
    findings: &mut Findings,
) -> Result<AddSummary> {
    let begun = Instant::now();
    let bytes_total = import::check(paths)?;
    let url = match &options.url {
        None => None,
        Some(_) if paths.len() > 1 => {
            let message = "An address can be given for one file or folder only.".to_owned();
            return Err(Error::Usage { message });
        }
        Some(text) => match Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https")) {
            Some(url) => Some(url),
            None => {
                let message = format!("{text:?} is no web address: give one such as https://shop.test/css/shop.css.");
                return Err(Error::Usage { message });
            }
        },
    };
    for id in &options.sessions {
        cache.session(id)?;
    }
    let mut paths = paths.to_vec();
    paths.sort();
    paths.dedup();

    let mut adding = Adding {
        cache,
        batch: Vec::new(),
        in_batch: 0,
        listed: Vec::new(),
        new: Vec::new(),
        known: HashMap::new(),
        bytes: 0,
    };
    let read = adding.read(&paths, url.as_ref(), bytes_total, progress, cancel, findings);
    let met = match read {
        Ok(met) => met,
        Err(e) => {
            adding.take_back()?;
            return Err(e);
        }
    };
    let Adding { mut listed, new, bytes, .. } = adding;
    if listed.is_empty() {
        return Err(Error::NoPageFiles { reason: nothing(&paths, &met, findings) });
    }
    listed.sort();
    listed.dedup();
    let text: String = listed
        .iter()
        .map(|(url, hash, at)| format!("{url}\n{hash}\n{}\n", at.map(|t| t.to_string()).unwrap_or_default()))
        .collect();
    let scope = Hash::of(text.as_bytes()).0;
    let tx = cache.write()?;
    if !tx.has_scope(&scope)? {
        for (url, hash, at) in &listed {
            tx.put_asset_url_at(&scope, url, &hash.0, *at)?;
        }
    }
    if options.sessions.is_empty() {
        tx.share_assets(&scope)?;
    }
    for id in &options.sessions {
        tx.link_assets(id, &scope)?;
    }
    tx.commit()?;
    Ok(AddSummary {
        files: met.taken,
        added: new.len() as u64,
        bytes,
        others: met.others,
        sessions: options.sessions.clone(),
        elapsed_ms: begun.elapsed().as_millis() as u64,
        findings: findings.clone().into_list(),
    })
}

/// The sentence for paths that held nothing to show.
fn nothing(paths: &[PathBuf], met: &Met, findings: &Findings) -> String {
    if let Some(worst) = findings.list().iter().filter(|f| f.severity >= Severity::Warning).max_by_key(|f| f.severity) {
        return worst.message.clone();
    }
    let name = match paths {
        [one] => one.display().to_string(),
        many => format!("what was given ({} paths)", many.len()),
    };
    if met.others.is_empty() {
        return format!("{name} holds no files.");
    }
    let list: Vec<String> = met.others.iter().map(|(what, n)| format!("{n} × {what}")).collect();
    format!("{name} holds no style sheets, pictures, fonts or media ({}).", list.join(", "))
}

struct Adding<'c> {
    cache: &'c mut Cache,
    batch: Vec<(Hash, String, Vec<u8>)>,
    in_batch: usize,
    listed: Vec<(String, Hash, Option<Millis>)>,
    /// Hashes that the cache did not have before.
    new: Vec<[u8; 32]>,
    /// Last bytes of an address, for records that say "the same as".
    known: HashMap<String, Hash>,
    bytes: u64,
}

impl Adding<'_> {
    fn read(
        &mut self,
        paths: &[PathBuf],
        url: Option<&Url>,
        bytes_total: u64,
        progress: &mut dyn FnMut(&Progress),
        cancel: &AtomicBool,
        findings: &mut Findings,
    ) -> Result<Met> {
        let consumed = AtomicU64::new(0);
        let mut met = Met::default();
        let mut files = 0;
        for path in paths {
            let mut sink = |file: SavedFile| {
                files += 1;
                let current = file.url.clone();
                self.take(file)?;
                let bytes_read = consumed.load(Ordering::Relaxed).min(bytes_total);
                progress(&Progress { bytes_read, bytes_total, files, current });
                Ok(())
            };
            saved::read(path, url, &mut sink, cancel, &consumed, &mut met, findings)?;
        }
        self.flush()?;
        if cancel.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        Ok(met)
    }

    fn take(&mut self, file: SavedFile) -> Result<()> {
        let url = file.url.split('#').next().unwrap_or(&file.url).to_owned();
        let hash = match file.body {
            Body::Bytes(bytes) => {
                let hash = Hash::of(&bytes);
                self.in_batch += bytes.len();
                self.batch.push((hash, file.content_type, bytes));
                hash
            }
            Body::SameAs(other) => match self.known.get(&other) {
                Some(hash) => *hash,
                None => return Ok(()),
            },
        };
        self.known.insert(url.clone(), hash);
        self.listed.push((url, hash, file.at));
        if self.batch.len() >= BATCH_FILES || self.in_batch >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let tx = self.cache.write()?;
        let mut fresh = Vec::new();
        for (hash, content_type, bytes) in &self.batch {
            if !tx.has_asset(&hash.0)? {
                fresh.push(hash.0);
                self.bytes += bytes.len() as u64;
            }
            tx.put_asset(&hash.0, content_type, bytes)?;
        }
        tx.commit()?;
        self.new.extend(fresh);
        self.batch.clear();
        self.in_batch = 0;
        Ok(())
    }

    /// Nothing of what was cut short stays.
    fn take_back(&mut self) -> Result<()> {
        let tx = self.cache.write()?;
        tx.drop_unlisted_assets(&self.new)?;
        tx.commit()
    }
}

/// What the pages of a session asked for, over their whole lives.
pub fn wants(session: &Session, assets: &dyn Assets) -> Wants {
    let mut gathering = Gathering::new(assets);
    let mut documents: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for page in &session.pages {
        documents.entry(page.document).or_default().push(page.number);
    }
    let urls: HashMap<u32, Option<Url>> = session.pages.iter().map(|p| (p.number, Url::parse(&p.url).ok())).collect();
    for (document, pages) in documents {
        let mut tree = Tree::new();
        tree.watch();
        let mut last = None;
        for event in session.events.iter().filter(|e| pages.contains(&e.page)) {
            let (Kind::Snapshot { ops } | Kind::Mutation { ops } | Kind::Style { ops }) = &event.kind else { continue };
            let url = urls.get(&event.page).and_then(Option::as_ref);
            last = url.or(last);
            tree.apply_event(event);
            let changed = tree.take_changed();
            gathering.look_at_rules(document, ops, url);
            // Rules were looked at one by one; the sheet that they are in need not be read as a whole each time.
            if matches!(event.kind, Kind::Style { .. }) {
                continue;
            }
            let changed = changed.unwrap_or_else(|| tree.ids());
            gathering.look(document, &tree, &changed, url);
        }
        gathering.close(document, &tree, last);
    }
    gathering.finish()
}

/// `dwell assets status`: what a session's pages asked for, and what of it the cache has.
///
/// # Errors
/// [`Error::SessionMissing`], the `Cache…` ones.
pub fn status(cache: &Cache, id: &str) -> Result<PageFilesView> {
    cache.session(id)?;
    let assets = CachedAssets::of_session(cache, id)?;
    let session = cache.load(id)?;
    Ok(view(&session, &wants(&session, &assets)))
}

pub(crate) fn view(session: &Session, wants: &Wants) -> PageFilesView {
    const KINDS: [Want; 5] = [Want::Sheet, Want::Image, Want::Font, Want::Media, Want::Other];
    let shown = || wants.files.iter().filter(|f| !f.active);
    let kinds = KINDS
        .iter()
        .map(|kind| {
            let of_kind = || shown().filter(|f| f.want == *kind);
            PageFilesKindView {
                kind: kind.name().to_owned(),
                wanted: of_kind().count() as u32,
                cached: of_kind().filter(|f| f.cached).count() as u32,
            }
        })
        .filter(|k| k.wanted > 0)
        .collect();
    let pages = session
        .pages
        .iter()
        .map(|page| {
            let here = || shown().filter(|f| f.documents.contains(&page.document));
            let sheets = || here().filter(|f| f.want == Want::Sheet);
            PageFilesPageView {
                number: page.number,
                url: page.url.clone(),
                wanted: here().count() as u32,
                cached: here().filter(|f| f.cached).count() as u32,
                sheets: sheets().count() as u32,
                sheets_missing: sheets().filter(|f| !f.cached).count() as u32,
                masked: wants.masked.get(&page.document).copied().unwrap_or(0),
                blocked: wants.blocked.get(&page.document).copied().unwrap_or(0),
            }
        })
        .collect();
    let mut missing: Vec<MissingFileView> = wants
        .files
        .iter()
        .filter(|f| !f.cached)
        .map(|file| MissingFileView {
            url: file.url.clone(),
            kind: file.want.name().to_owned(),
            reason: if file.active { "active" } else { "not_in_archive" }.to_owned(),
            by_sheet: file.by_sheet,
            pages: session.pages.iter().filter(|p| file.documents.contains(&p.document)).map(|p| p.number).collect(),
        })
        .collect();
    let rank = |file: &MissingFileView| {
        let kind = KINDS.iter().position(|k| k.name() == file.kind).unwrap_or(KINDS.len());
        (file.reason != "not_in_archive", file.by_sheet, kind)
    };
    missing.sort_by(|a, b| (rank(a), &a.url).cmp(&(rank(b), &b.url)));
    PageFilesView {
        session: session.id.clone(),
        wanted: shown().count() as u32,
        cached: shown().filter(|f| f.cached).count() as u32,
        kinds,
        pages,
        missing,
        masked: wants.masked.values().sum(),
        blocked: wants.blocked.values().sum(),
        more: wants.more.min(u64::from(u32::MAX)) as u32,
    }
}
