//! What the window asks for. One open project, many questions at once.
//!
//! The trap: the window asks again before it has read the last answer. Every question names its session and
//! the state that is on screen, nothing is remembered for a caller, and what is kept (one decoded session
//! with its trees) is kept only to answer faster.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CachedAssets, assets, events, export, import, insight, review, reviewed, session, summary};
use crate::archive;
use crate::dom::Projection;
use crate::error::{Error, Result};
use crate::event::{Millis, Session};
use crate::facts;
use crate::findings::{Finding, Findings, Severity};
use crate::replay::{self, Replay, Step};
use crate::store::index::Index;
use crate::store::{self, Cache};
use crate::wire::{
    AddProgressView, AddSummaryView, ExportProgressView, ExportSummaryView, FindingView, GapView, ImportProgressView,
    ImportSummaryView, MarkerView, PageView, PointerTrackView, ProjectView, SessionRow, SessionView, Transcript,
    TranscriptRow, print_step, print_steps,
};

/// Bins of the timeline's density.
const DENSITY_BINS: usize = 400;
/// Silence that counts as idle on the timeline, ms.
const IDLE_MS: Millis = 5_000;
/// Marks that a timeline can use; beyond it the transcript is the place to look.
const MOST_MARKERS: usize = 2_000;

/// Pause of [`Desk::prepare`] between two slices: long enough for who waits to wake up.
const BREATH: Duration = Duration::from_millis(2);

/// What the reviewer marked: sessions that a list keeps.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Marked {
    pub unwatched: bool,
    pub favourite: bool,
    pub notes: bool,
    pub label: Option<String>,
    /// Only what was recorded.
    pub playable: bool,
    /// A session that stays whatever is marked: the one that is being watched.
    pub keep: Option<String>,
}

/// Which rows of the session list, and in which order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SessionsQuery {
    /// Field of the filter language.
    pub sort: Option<String>,
    pub descending: Option<bool>,
    pub text: Option<String>,
    /// Rows of the filter language, all of which have to hold.
    pub filter: Option<Vec<String>>,
    /// Only sessions with these ids.
    pub only: Option<Vec<String>>,
    pub marked: Option<Marked>,
    /// Place of the first row that is wanted, and how many; without them all.
    pub from: Option<usize>,
    pub limit: Option<usize>,
    /// Fields whose values each row brings beside its own.
    pub columns: Option<Vec<String>>,
}

/// An open project.
pub struct Desk {
    path: PathBuf,
    demo: bool,
    cache: Mutex<Cache>,
    open: Mutex<Option<Open>>,
    /// Made when the list is asked for. Whoever needs both takes it before the cache.
    index: Mutex<Option<Index>>,
}

/// The session that was asked for last, made ready.
struct Open {
    id: String,
    replay: Replay,
    transcript: Option<Arc<Vec<TranscriptRow>>>,
    assets: Arc<CachedAssets>,
    /// JSON of `PageFiles`.
    files: Option<Arc<Vec<u8>>>,
    /// A patch that is asked for in parts, with the question it answers.
    large: Option<((Option<u64>, Millis), Step)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves these values whole: they are replaced, never half written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of a cache, with what stands in its write-ahead log and is not in the file yet.
fn on_disk(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    [path.as_os_str(), &log].iter().filter_map(|name| std::fs::metadata(name).ok()).map(|about| about.len()).sum()
}

/// Epoch ms by this machine's clock.
pub(super) fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| d.as_millis() as Millis)
}

pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::Internal { message: format!("An answer cannot be written: {e}.") })
}

impl Desk {
    /// Opens the project in a cache file; makes the file when there is none. Sessions that an older version derived are
    /// derived again.
    ///
    /// # Errors
    /// [`Error::DiskFull`], the `Cache…` ones.
    pub fn open(path: &Path) -> Result<Desk> {
        let mut cache = Cache::open(path)?;
        import::refresh(&mut cache, &AtomicBool::new(false))?;
        Ok(Desk {
            path: path.to_owned(),
            demo: false,
            cache: Mutex::new(cache),
            open: Mutex::new(None),
            index: Mutex::new(None),
        })
    }

    /// Says that this is the demo project.
    #[must_use]
    pub fn as_demo(self) -> Desk {
        Desk { demo: true, ..self }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn cache(&self) -> MutexGuard<'_, Cache> {
        lock(&self.cache)
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Option<Index>> {
        lock(&self.index)
    }

    /// What is open.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn project(&self) -> Result<ProjectView> {
        let rows = lock(&self.cache).sessions(&store::Filter::default())?;
        let name = match self.demo {
            true => "Demo shop".to_owned(),
            false => match self.path.file_stem().map(|s| s.to_string_lossy()) {
                // The file that is there when nobody chose one.
                Some(stem) if stem == "cache" => "My recordings".to_owned(),
                Some(stem) => stem.into_owned(),
                None => String::new(),
            },
        };
        Ok(ProjectView {
            path: self.path.to_string_lossy().into_owned(),
            name,
            demo: self.demo,
            sessions: rows.len() as u32,
            sessions_with_recording: rows.iter().filter(|r| r.has_recording).count() as u32,
            from: rows.iter().map(|r| r.started_at).min(),
            until: rows.iter().map(|r| r.ended_at).max(),
            bytes: on_disk(&self.path),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// One session as JSON of `SessionView`.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn session(&self, id: &str) -> Result<Vec<u8>> {
        let (row, findings, standing) = {
            let cache = lock(&self.cache);
            let who = review::reviewer(&cache)?;
            (cache.session(id)?, cache.findings(id)?, review::standing(&cache, id, &who)?)
        };
        let mut listed = session_row(&row);
        reviewed::stand(&mut listed, &standing);
        let recording = self.with(id, |open| Ok(open.replay.session().clone()))?;
        let view = SessionView {
            facts: row.facts.clone(),
            row: listed,
            pages: recording.pages.iter().map(page_view).collect(),
            from: row.started_at,
            until: row.ended_at,
            density: facts::activity_bins(&recording, DENSITY_BINS),
            idle: facts::idle_spans(&recording, IDLE_MS).into_iter().map(|s| (s.from, s.until)).collect(),
            hidden: facts::hidden_spans(&recording).into_iter().map(|s| (s.from, s.until)).collect(),
            markers: markers(&recording),
            findings: findings.iter().map(finding_view).collect(),
        };
        json(&view)
    }

    /// Lines `from`.. of the transcript as JSON of `Transcript`.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn transcript(&self, id: &str, from: usize, limit: usize) -> Result<Vec<u8>> {
        let (ready, session) = self.with(id, |open| Ok((open.transcript.clone(), open.replay.session().clone())))?;
        let rows = match ready {
            Some(rows) => rows,
            None => {
                // Written without the lock: the first picture of a long session must not wait for its story.
                let rows = Arc::new(events::transcript(&session));
                self.with(id, |open| Ok(open.transcript.get_or_insert(rows).clone()))?
            }
        };
        let total = rows.len() as u32;
        let rows = rows.iter().skip(from).take(limit).cloned().collect();
        json(&Transcript { total, rows })
    }

    /// Signals, measures, errors and names as JSON of `Insight`.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn insight(&self, id: &str) -> Result<Vec<u8>> {
        let meta = lock(&self.cache).session(id)?.meta;
        let session = self.with(id, |open| Ok(open.replay.session().clone()))?;
        let told = summary::told(&lock(&self.cache), id, Some(&session))?;
        json(&insight::of(&session, &meta, told))
    }

    /// The page at a moment as one HTML file that is safe by itself and needs no other.
    ///
    /// # Errors
    /// As [`session::html_alone`].
    pub fn moment_html(&self, id: &str, time: Millis) -> Result<String> {
        // A connection of its own: it decodes the session again, and the player plays on meanwhile.
        let cache = Cache::open_read_only(&self.path)?;
        session::html_alone(&cache, id, session::Moment::Time(time))
    }

    /// Where the pointer went on a page view, as JSON of `PointerTrackView`.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn pointer_track(&self, id: &str, page: u32) -> Result<Vec<u8>> {
        self.with(id, |open| {
            let recording = open.replay.session().clone();
            let last = recording.pages.iter().find(|p| p.number == page).map(|p| (p.document, p.ended_at));
            let window = match last {
                Some((document, time)) => {
                    let state = open.replay.state_at(time);
                    let tree = open.replay.tree(document, state);
                    let html = |id| tree.children(id).find(|n| n.html_tag() == Some("html")).map(|n| n.id);
                    tree.top().into_iter().flat_map(|id| [Some(id), html(id)]).flatten().collect()
                }
                None => Vec::new(),
            };
            let replay::PointerTrack { t, x, y, kind, frame, sx, sy } =
                replay::pointer_track(&recording, page, &window);
            json(&PointerTrackView { t, x, y, kind, frame, sx, sy })
        })
    }

    /// The patch from the state on screen (`None`: an empty frame) to the state at `time`, as JSON of `Step`: the
    /// first part of it, or another one.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn replay_seek(&self, id: &str, shown: Option<u64>, time: Millis, part: usize) -> Result<Vec<u8>> {
        self.with(id, |open| {
            let question = (shown, time);
            let step = match open.large.take().filter(|(asked, _)| part > 0 && *asked == question) {
                Some((_, step)) => step,
                None => {
                    let assets = open.assets.clone();
                    open.replay.seek(shown.map(|s| s as usize), time, &Projection { assets: &*assets })
                }
            };
            let mut out = String::new();
            if print_step(&step, part, &mut out) > part + 1 {
                open.large = Some((question, step));
            }
            Ok(out.into_bytes())
        })
    }

    /// Makes later seeks in a session quick, as long as nobody asks for another one. Returns when all is done.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn prepare(&self, id: &str) -> Result<()> {
        self.with(id, |_| Ok(()))?;
        loop {
            // The lock is free between two slices: who asks for a picture goes first.
            let more = match lock(&self.open).as_mut().filter(|open| open.id == id) {
                Some(open) => open.replay.prepare(),
                None => false,
            };
            if !more {
                return Ok(());
            }
            std::thread::sleep(BREATH);
        }
    }

    /// Every change after the state on screen up to `until`, as JSON of `Steps`.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn replay_steps(&self, id: &str, shown: u64, until: Millis) -> Result<Vec<u8>> {
        self.with(id, |open| {
            let assets = open.assets.clone();
            let steps = open.replay.steps(shown as usize, until, &Projection { assets: &*assets });
            Ok(print_steps(&steps).into_bytes())
        })
    }

    /// A file of the cache by its hash in hex; `None` when it is not there.
    ///
    /// # Errors
    /// The `Cache…` ones.
    pub fn asset(&self, hash: &str) -> Result<Option<store::Asset>> {
        match archive::Hash::from_hex(hash) {
            Some(hash) => lock(&self.cache).asset(&hash.0),
            None => Ok(None),
        }
    }

    /// What a session's pages asked for and what of it is there, as JSON of `PageFiles`.
    ///
    /// # Errors
    /// [`Error::SessionMissing`], the `Cache…` ones.
    pub fn page_files(&self, id: &str) -> Result<Vec<u8>> {
        let (session, files) = self.with(id, |open| {
            let known = open.files.clone().ok_or_else(|| open.assets.clone());
            Ok((open.replay.session().clone(), known))
        })?;
        let answer = match files {
            Ok(known) => return Ok(known.to_vec()),
            // Apart from the lock: the player goes on asking meanwhile.
            Err(assets) => Arc::new(json(&assets::view(&session, &assets::wants(&session, &*assets)))?),
        };
        if let Some(open) = lock(&self.open).as_mut().filter(|open| Arc::ptr_eq(open.replay.session(), &session)) {
            open.files = Some(answer.clone());
        }
        Ok(answer.to_vec())
    }

    /// Adds page files for all sessions of this project.
    ///
    /// # Errors
    /// As [`assets::add`].
    pub fn add_page_files(
        &self,
        paths: &[PathBuf],
        progress: &dyn Fn(AddProgressView),
        cancel: &AtomicBool,
    ) -> Result<AddSummaryView> {
        // A connection of its own, as for an import.
        let mut cache = Cache::open(&self.path)?;
        let mut tell = |p: &assets::Progress| {
            progress(AddProgressView {
                bytes: p.bytes_read,
                bytes_total: p.bytes_total,
                files: p.files as u32,
                current: p.current.clone(),
            });
        };
        let mut findings = Findings::new();
        let answer = assets::add(&mut cache, paths, &assets::Options::default(), &mut tell, cancel, &mut findings);
        // The player's next question finds the new files.
        *lock(&self.open) = None;
        let summary = answer?;
        Ok(AddSummaryView {
            files: summary.files as u32,
            added: summary.added as u32,
            bytes: summary.bytes,
            others: summary.others.into_iter().map(|(what, n)| (what, n as u32)).collect(),
            findings: summary.findings.iter().map(finding_view).collect(),
        })
    }

    /// Imports files and folders into this project. A cancelled import answers with what was complete.
    ///
    /// # Errors
    /// As [`import::import`].
    pub fn import(
        &self,
        paths: Vec<PathBuf>,
        progress: &dyn Fn(ImportProgressView),
        cancel: &AtomicBool,
    ) -> Result<ImportSummaryView> {
        // A connection of its own: lists and players go on reading while it writes.
        let mut cache = Cache::open(&self.path)?;
        let mut findings = Findings::new();
        let before: Vec<String> = cache.session_ids()?;
        let answer = import::import(
            &mut cache,
            &paths,
            &import::Options::default(),
            &mut |p: &import::Progress| progress(progress_view(p)),
            cancel,
            now(),
            &mut findings,
        );
        *lock(&self.open) = None;
        super::browse::keep_index(&mut cache);
        match answer {
            Ok(summary) => Ok(ImportSummaryView {
                sessions_added: summary.sessions_added as u32,
                sessions_updated: summary.sessions_updated as u32,
                pages_added: summary.pages_added as u32,
                duplicates: summary.duplicates as u32,
                bytes: summary.bytes,
                elapsed_ms: summary.elapsed_ms,
                sessions: summary.sessions,
                findings: summary.findings.iter().map(finding_view).collect(),
                cancelled: false,
            }),
            Err(Error::Cancelled) => {
                let known: std::collections::HashSet<String> = before.into_iter().collect();
                let added: Vec<String> = cache.session_ids()?.into_iter().filter(|id| !known.contains(id)).collect();
                Ok(ImportSummaryView {
                    sessions_added: added.len() as u32,
                    sessions_updated: 0,
                    pages_added: 0,
                    duplicates: 0,
                    bytes: 0,
                    elapsed_ms: 0,
                    sessions: added,
                    findings: findings.list().iter().map(finding_view).collect(),
                    cancelled: true,
                })
            }
            Err(e) => Err(e),
        }
    }

    /// Writes sessions (`None`: all) into an archive. The person who chose the file was asked whether to replace
    /// it. A cancelled export leaves no file.
    ///
    /// # Errors
    /// As [`export::export`].
    pub fn export(
        &self,
        ids: Option<Vec<String>>,
        path: &Path,
        progress: &dyn Fn(ExportProgressView),
        cancel: &AtomicBool,
    ) -> Result<ExportSummaryView> {
        // A connection of its own: lists and players go on reading.
        let cache = Cache::open_read_only(&self.path)?;
        let all = ids.is_none();
        let options = export::ExportOptions { ids: ids.unwrap_or_default(), all, force: true };
        let mut told = 0;
        let mut tell = |p: export::ExportProgress| {
            let percent = (p.bytes * 100).checked_div(p.bytes_total).unwrap_or(100);
            if percent != told || p.bytes == 0 {
                told = percent;
                progress(ExportProgressView { bytes: p.bytes, bytes_total: p.bytes_total });
            }
        };
        match export::export(&cache, path, &options, now(), &mut tell, cancel) {
            Ok(summary) => Ok(ExportSummaryView {
                path: summary.path.to_string_lossy().into_owned(),
                sessions: summary.sessions as u32,
                without_recording: summary.without_recording as u32,
                assets: summary.assets as u32,
                notes: summary.notes as u32,
                bytes: summary.bytes,
                cancelled: false,
            }),
            Err(Error::Cancelled) => Ok(ExportSummaryView { cancelled: true, ..ExportSummaryView::default() }),
            Err(e) => Err(e),
        }
    }

    /// Runs `ask` on the session made ready, making it ready first when another one was asked for last.
    fn with<T>(&self, id: &str, ask: impl FnOnce(&mut Open) -> Result<T>) -> Result<T> {
        let mut slot = lock(&self.open);
        if slot.as_ref().is_none_or(|open| open.id != id) {
            let cache = lock(&self.cache);
            cache.session(id)?;
            let mut replay = Replay::new(Arc::new(cache.load(id)?));
            session::seed(&cache, id, &mut replay)?;
            let assets = Arc::new(CachedAssets::of_session(&cache, id)?);
            *slot = Some(Open { id: id.to_owned(), replay, transcript: None, assets, files: None, large: None });
        }
        match slot.as_mut() {
            Some(open) => ask(open),
            None => Err(Error::SessionMissing { id: id.to_owned() }),
        }
    }
}

fn progress_view(progress: &import::Progress) -> ImportProgressView {
    ImportProgressView {
        bytes: progress.bytes_read,
        bytes_total: progress.bytes_total,
        sessions: progress.sessions_done as u32,
        current: progress.current.clone(),
        findings: progress.findings as u32,
    }
}

pub(super) fn finding_view(finding: &Finding) -> FindingView {
    let severity = match finding.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    FindingView {
        code: finding.code.clone(),
        severity: severity.to_owned(),
        path: finding.path.clone(),
        session: finding.session.clone(),
        page: finding.page,
        message: finding.message.clone(),
    }
}

fn page_view(page: &crate::event::Page) -> PageView {
    PageView {
        number: page.number,
        document: page.document,
        url: page.url.clone(),
        title: page.title.clone(),
        started_at: page.started_at,
        ended_at: page.ended_at,
        viewport: page.viewport,
        document_size: page.document_size,
        has_snapshot: page.has_snapshot,
        gaps: page.gaps.iter().map(|g| GapView { from: g.from, until: g.until, reason: g.reason.clone() }).collect(),
    }
}

pub(super) fn session_row(row: &store::SessionRow) -> SessionRow {
    let text = |key: &str| match row.facts.get(key) {
        Some(Value::String(s)) => Some(s.clone()),
        Some(Value::Array(list)) => list.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let number = |key: &str| row.facts.get(key).and_then(Value::as_f64);
    SessionRow {
        id: row.id.clone(),
        source: row.identity.source.name().to_owned(),
        start: row.started_at,
        duration: number("duration").unwrap_or(0.0),
        active_duration: number("active_duration"),
        page_count: number("page_count").map_or(row.page_count as u32, |n| n as u32),
        click_count: number("click_count").unwrap_or(0.0) as u32,
        entry_page: text("entry_page").unwrap_or_default(),
        exit_page: text("exit_page").unwrap_or_default(),
        title: text("title"),
        device: text("device").unwrap_or_else(|| "other".to_owned()),
        browser: text("browser"),
        os: text("os"),
        country: text("country"),
        city: text("city"),
        channel: text("channel"),
        referrer: text("referrer"),
        utm_source: text("utm.source"),
        utm_medium: text("utm.medium"),
        utm_campaign: text("utm.campaign"),
        user: text("user"),
        js_errors: number("js_errors").map(|n| n as u32),
        completeness: number("completeness").unwrap_or(0.0),
        has_recording: row.has_recording,
        metadata_only: row.page_count == 0 && row.event_count == 0,
        frustration: number("frustration").map(|n| n as u32),
        findings: row.findings as u32,
        activity: row.sketch.activity.clone(),
        pages: row.sketch.page_starts.clone(),
        // What people said is not in the facts: `reviewed::stand` writes it.
        ..SessionRow::default()
    }
}

/// Marks for the timeline: what a reviewer jumps to.
fn markers(session: &Session) -> Vec<MarkerView> {
    let rows = events::transcript(session);
    let worth = |kind: &str| {
        !matches!(kind, "page" | "scroll" | "selection" | "visibility" | "unload" | "tag" | "clipboard" | "media")
    };
    let mut marks: Vec<MarkerView> = rows
        .into_iter()
        .filter(|r| worth(&r.kind))
        .map(|r| MarkerView { time: r.time, page: r.page, kind: r.kind, text: r.text })
        .collect();
    marks.truncate(MOST_MARKERS);
    marks
}
