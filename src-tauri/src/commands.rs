//! Everything the window may ask, one line each into [`dwell_core::desk`].
//!
//! The trap: a command without `async` runs on the main thread and freezes the window. All of them go through
//! [`ask`], which works on a thread of its own; what shows a recording goes through [`ask_behind_walls`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dwell_core::desk::{self, Desk, Marked, SessionsQuery, Which as Picked};
use dwell_core::error::{Error, ErrorReport};
use dwell_core::store::Goal;
use dwell_core::wire::{
    AddProgressView, AddSummaryView, CountView, ExportProgressView, ExportSummaryView, FieldView, FilterRowView,
    GoalView, ImportProgressView, ImportSummaryView, NotesExportedView, NotesMergedView, ProjectView, ReviewChange,
    TurnedView,
};
use tauri::ipc::{Channel, Invoke, Response};
use tauri::{AppHandle, Manager, State, WebviewWindow};
use tauri_plugin_dialog::DialogExt;

use crate::picture::{self, Crop};
use crate::projects::{Projects, Which};
use crate::walls::Walls;

type Answer<T> = Result<T, ErrorReport>;

pub(crate) fn handler() -> impl Fn(Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        add_page_files,
        cancel_export,
        cancel_import,
        choose_paths,
        choose_save,
        count,
        export_archive,
        export_notes,
        export_table,
        facets,
        fields,
        filter_rows,
        goals,
        import,
        import_notes,
        insight,
        label_many,
        mark_watched,
        open_demo,
        open_project,
        overview,
        page_files,
        place,
        pointer_track,
        project,
        replay_seek,
        replay_steps,
        review,
        review_change,
        review_turn,
        reviewer,
        save_moment,
        save_picture,
        session,
        sessions,
        set_goal,
        transcript,
    ]
}

#[tauri::command]
async fn project(app: AppHandle) -> Answer<ProjectView> {
    ask(app, |desk| desk.project()).await
}

#[tauri::command]
#[expect(clippy::too_many_arguments, reason = "the window names each of them")]
async fn sessions(
    app: AppHandle,
    sort: Option<String>,
    descending: Option<bool>,
    text: Option<String>,
    filter: Option<Vec<String>>,
    only: Option<Vec<String>>,
    marked: Option<Marked>,
    from: Option<usize>,
    limit: Option<usize>,
    columns: Option<Vec<String>>,
) -> Answer<Response> {
    let query = SessionsQuery { sort, descending, text, filter, only, marked, from, limit, columns };
    bytes(ask(app, move |desk| desk.sessions(query)).await)
}

/// Place of a session in a list; nothing when it is not in it.
#[tauri::command]
#[expect(clippy::too_many_arguments, reason = "the window names each of them")]
async fn place(
    app: AppHandle,
    id: String,
    sort: Option<String>,
    descending: Option<bool>,
    text: Option<String>,
    filter: Option<Vec<String>>,
    only: Option<Vec<String>>,
    marked: Option<Marked>,
) -> Answer<Option<u32>> {
    let query = SessionsQuery { sort, descending, text, filter, only, marked, ..SessionsQuery::default() };
    ask(app, move |desk| desk.place(&id, query)).await
}

#[tauri::command]
async fn facets(
    app: AppHandle,
    filter: Vec<String>,
    fields: Vec<String>,
    typed: Option<String>,
    limit: usize,
    text: Option<String>,
    marked: Option<Marked>,
) -> Answer<Response> {
    let query = SessionsQuery { filter: Some(filter), text, marked, ..SessionsQuery::default() };
    bytes(ask(app, move |desk| desk.facets(&query, &fields, typed.as_deref(), limit)).await)
}

#[tauri::command]
async fn overview(app: AppHandle, filter: Vec<String>) -> Answer<Response> {
    bytes(ask(app, move |desk| desk.overview(&filter)).await)
}

#[tauri::command]
async fn count(app: AppHandle, filter: Vec<String>) -> Answer<CountView> {
    ask(app, move |desk| desk.count(&filter)).await
}

#[tauri::command]
async fn fields(app: AppHandle) -> Answer<Vec<FieldView>> {
    ask(app, |desk| desk.fields()).await
}

/// What rows of the filter language are, or what is wrong with them.
#[tauri::command]
async fn filter_rows(app: AppHandle, rows: Vec<String>) -> Answer<Vec<FilterRowView>> {
    work(app, move |_| Ok(desk::filter_rows(&rows))).await
}

#[tauri::command]
async fn session(app: AppHandle, id: String) -> Answer<Response> {
    let (wanted, later) = (id.clone(), app.clone());
    let answer = bytes(ask(app, move |desk| desk.session(&wanted)).await);
    if answer.is_ok() {
        // Nobody waits for it, and what goes wrong there goes wrong again where somebody does.
        drop(tauri::async_runtime::spawn(ask(later, move |desk| desk.prepare(&id))));
    }
    answer
}

#[tauri::command]
async fn transcript(app: AppHandle, id: String, from: usize, limit: usize) -> Answer<Response> {
    bytes(ask(app, move |desk| desk.transcript(&id, from, limit)).await)
}

#[tauri::command]
async fn insight(app: AppHandle, id: String) -> Answer<Response> {
    bytes(ask(app, move |desk| desk.insight(&id)).await)
}

#[tauri::command]
async fn page_files(app: AppHandle, id: String) -> Answer<Response> {
    bytes(ask(app, move |desk| desk.page_files(&id)).await)
}

#[tauri::command]
async fn pointer_track(app: AppHandle, id: String, page: u32) -> Answer<Response> {
    bytes(ask(app, move |desk| desk.pointer_track(&id, page)).await)
}

#[tauri::command]
async fn replay_seek(
    app: AppHandle,
    id: String,
    shown: Option<u64>,
    time: f64,
    part: Option<usize>,
) -> Answer<Response> {
    let part = part.unwrap_or(0);
    bytes(ask_behind_walls(app, move |desk| desk.replay_seek(&id, shown, whole(time), part)).await)
}

#[tauri::command]
async fn replay_steps(app: AppHandle, id: String, shown: u64, until: f64) -> Answer<Response> {
    bytes(ask_behind_walls(app, move |desk| desk.replay_steps(&id, shown, whole(until))).await)
}

/// Where the file went; nothing when the person chose no place.
#[tauri::command]
async fn save_moment(window: WebviewWindow, id: String, time: f64, name: String) -> Answer<Option<PathBuf>> {
    work(window.app_handle().clone(), move |app| {
        let html = app.state::<Projects>().desk()?.moment_html(&id, whole(time))?;
        if html.is_empty() {
            let message = "Nothing of a page was recorded at this moment, so there is nothing to save.".to_owned();
            return Err(ErrorReport::new("no_picture", message).into());
        }
        save(&window, &name, "HTML page", "html", html.as_bytes())
    })
    .await
}

/// As [`save_moment`], with what stands on screen in a part of the window.
#[tauri::command]
async fn save_picture(window: WebviewWindow, part: Crop, name: String) -> Answer<Option<PathBuf>> {
    work(window.app_handle().clone(), move |_| {
        let png = picture::take(&window, part)?;
        save(&window, &name, "PNG picture", "png", &png)
    })
    .await
}

/// Asks where to, and writes. The page proposes a name, never a place.
fn save(
    window: &WebviewWindow,
    name: &str,
    what: &str,
    ending: &str,
    bytes: &[u8],
) -> Result<Option<PathBuf>, Refusal> {
    let name: String = name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).take(80).collect();
    let dialog = window.dialog().file().set_parent(window).set_file_name(format!("{name}.{ending}"));
    let chosen = dialog.add_filter(what, &[ending]).blocking_save_file();
    let Some(mut path) = chosen.and_then(|path| path.into_path().ok()) else { return Ok(None) };
    if path.extension().is_none() {
        path.set_extension(ending);
    }
    match std::fs::write(&path, bytes) {
        Ok(()) => Ok(Some(path)),
        Err(error) => {
            let message = format!("{} could not be written: {error}.", path.display());
            Err(ErrorReport::new("not_written", message).into())
        }
    }
}

#[tauri::command]
async fn mark_watched(app: AppHandle, id: String) -> Answer<()> {
    ask(app, move |desk| desk.mark_watched(&id)).await
}

#[tauri::command]
async fn review(app: AppHandle, id: String) -> Answer<Response> {
    bytes(ask(app, move |desk| desk.review(&id)).await)
}

#[tauri::command]
async fn review_change(app: AppHandle, id: String, change: ReviewChange) -> Answer<Response> {
    bytes(ask(app, move |desk| desk.review_change(&id, change)).await)
}

#[tauri::command]
async fn review_turn(app: AppHandle, redo: bool) -> Answer<TurnedView> {
    ask(app, move |desk| desk.review_turn(redo)).await
}

/// Who reviews; gives the name first when there is one.
#[tauri::command]
async fn reviewer(app: AppHandle, name: Option<String>) -> Answer<String> {
    ask(app, move |desk| desk.reviewer(name.as_deref())).await
}

/// Goals with what was watched from one moment to another, epoch ms.
#[tauri::command]
async fn goals(app: AppHandle, from: i64, until: i64) -> Answer<Vec<GoalView>> {
    ask(app, move |desk| desk.goals(from, until)).await
}

#[tauri::command]
async fn set_goal(app: AppHandle, goal: Goal) -> Answer<()> {
    ask(app, move |desk| desk.set_goal(goal)).await
}

#[tauri::command]
async fn export_notes(app: AppHandle, path: PathBuf) -> Answer<NotesExportedView> {
    ask(app, move |desk| desk.export_notes(&path)).await
}

#[tauri::command]
async fn import_notes(app: AppHandle, path: PathBuf) -> Answer<NotesMergedView> {
    ask(app, move |desk| desk.import_notes(&path)).await
}

#[tauri::command]
async fn open_demo(app: AppHandle) -> Answer<ProjectView> {
    work(app, |app| report(app.state::<Projects>().switch(Which::Demo)?.project())).await
}

#[tauri::command]
async fn open_project(app: AppHandle) -> Answer<ProjectView> {
    work(app, |app| report(app.state::<Projects>().switch(Which::Own)?.project())).await
}

#[tauri::command]
async fn import(
    app: AppHandle,
    imports: State<'_, Imports>,
    paths: Vec<PathBuf>,
    on_progress: Channel<ImportProgressView>,
) -> Answer<ImportSummaryView> {
    let running = imports.begin()?;
    work(app, move |app| {
        // The window may be gone by now: nobody is left to tell.
        let tell = |progress: ImportProgressView| drop(on_progress.send(progress));
        let summary = app.state::<Projects>().own()?.import(paths, &tell, &running.cancelled)?;
        app.state::<Projects>().switch(Which::Own)?;
        Ok(summary)
    })
    .await
}

#[tauri::command]
async fn add_page_files(
    app: AppHandle,
    imports: State<'_, Imports>,
    paths: Vec<PathBuf>,
    on_progress: Channel<AddProgressView>,
) -> Answer<AddSummaryView> {
    let running = imports.begin()?;
    work(app, move |app| {
        let tell = |progress: AddProgressView| drop(on_progress.send(progress));
        Ok(app.state::<Projects>().desk()?.add_page_files(&paths, &tell, &running.cancelled)?)
    })
    .await
}

#[tauri::command]
async fn cancel_import(imports: State<'_, Imports>) -> Answer<()> {
    imports.cancel();
    Ok(())
}

#[tauri::command]
async fn choose_paths(app: AppHandle, folder: bool) -> Answer<Vec<PathBuf>> {
    work(app, move |app| {
        let dialog = app.dialog().file();
        let chosen = if folder { dialog.blocking_pick_folders() } else { dialog.blocking_pick_files() };
        // What is not a path (a provider's URL on a phone) cannot be imported.
        Ok(chosen.unwrap_or_default().into_iter().filter_map(|path| path.into_path().ok()).collect())
    })
    .await
}

#[tauri::command]
async fn choose_save(app: AppHandle, name: String) -> Answer<Option<PathBuf>> {
    work(app, move |app| {
        let (what, ending) = match name.rsplit_once('.') {
            Some((_, "json")) => ("Notes", "json"),
            Some((_, "csv")) => ("Table", "csv"),
            _ => ("Dwell archive", "zip"),
        };
        let dialog = app.dialog().file().set_file_name(name).add_filter(what, &[ending]);
        Ok(dialog.blocking_save_file().and_then(|path| path.into_path().ok()))
    })
    .await
}

#[tauri::command]
async fn export_archive(
    app: AppHandle,
    exports: State<'_, Exports>,
    which: Option<Picked>,
    path: PathBuf,
    on_progress: Channel<ExportProgressView>,
) -> Answer<ExportSummaryView> {
    let running = exports.0.begin()?;
    ask(app, move |desk| {
        // The window may be gone by now: nobody is left to tell.
        let tell = |progress: ExportProgressView| drop(on_progress.send(progress));
        let ids = which.map(|which| desk.which(which)).transpose()?;
        desk.export(ids, &path, &tell, &running.cancelled)
    })
    .await
}

/// Sessions as a table for spreadsheets.
#[tauri::command]
async fn export_table(
    app: AppHandle,
    exports: State<'_, Exports>,
    which: Picked,
    query: SessionsQuery,
    columns: Option<Vec<String>>,
    path: PathBuf,
    on_progress: Channel<ExportProgressView>,
) -> Answer<ExportSummaryView> {
    let running = exports.0.begin()?;
    ask(app, move |desk| {
        let tell = |progress: ExportProgressView| drop(on_progress.send(progress));
        desk.export_table(which, &query, columns, &path, &tell, &running.cancelled)
    })
    .await
}

#[tauri::command]
async fn label_many(app: AppHandle, which: Picked, label: String, on: bool) -> Answer<u32> {
    ask(app, move |desk| desk.label_many(which, &label, on)).await
}

#[tauri::command]
async fn cancel_export(exports: State<'_, Exports>) -> Answer<()> {
    exports.0.cancel();
    Ok(())
}

/// As [`Imports`], for exports.
pub(crate) struct Exports(Imports);

impl Default for Exports {
    fn default() -> Exports {
        Exports(Imports { what: "export", ..Imports::default() })
    }
}

/// At most one import at a time, and the flag that ends it.
pub(crate) struct Imports {
    what: &'static str,
    running: Arc<AtomicBool>,
    cancelled: Arc<AtomicBool>,
}

/// Gives the place free when it ends, however it ends.
struct Running {
    running: Arc<AtomicBool>,
    cancelled: Arc<AtomicBool>,
}

impl Default for Imports {
    fn default() -> Imports {
        Imports { what: "import", running: Arc::default(), cancelled: Arc::default() }
    }
}

impl Imports {
    fn begin(&self) -> Answer<Running> {
        if self.running.swap(true, Ordering::AcqRel) {
            let message = format!("An {} is still running. Wait for its end, or cancel it.", self.what);
            let code = if self.what == "export" { "export_running" } else { "import_running" };
            return Err(ErrorReport::new(code, message));
        }
        self.cancelled.store(false, Ordering::Release);
        Ok(Running { running: self.running.clone(), cancelled: self.cancelled.clone() })
    }

    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Release);
    }
}

async fn ask<T: Send + 'static>(
    app: AppHandle,
    question: impl FnOnce(&Desk) -> Result<T, Error> + Send + 'static,
) -> Answer<T> {
    work(app, |app| report(question(&*app.state::<Projects>().desk()?))).await
}

/// As [`ask`], but only once nothing in the web view can reach a network.
async fn ask_behind_walls<T: Send + 'static>(
    app: AppHandle,
    question: impl FnOnce(&Desk) -> Result<T, Error> + Send + 'static,
) -> Answer<T> {
    work(app, |app| {
        app.state::<Arc<Walls>>().wait()?;
        report(question(&*app.state::<Projects>().desk()?))
    })
    .await
}

/// Runs on a thread that may block.
async fn work<T: Send + 'static>(
    app: AppHandle,
    job: impl FnOnce(&AppHandle) -> Result<T, Refusal> + Send + 'static,
) -> Answer<T> {
    match tauri::async_runtime::spawn_blocking(move || job(&app)).await {
        Ok(answer) => answer.map_err(|refusal| refusal.0),
        Err(_) => {
            let message = "Dwell stumbled over this recording. The rest goes on working; a report of it would help.";
            Err(ErrorReport::new("internal", message))
        }
    }
}

/// Lets `?` take both the core's errors and the shell's own.
struct Refusal(ErrorReport);

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal(ErrorReport::from(&error))
    }
}

impl From<ErrorReport> for Refusal {
    fn from(report: ErrorReport) -> Refusal {
        Refusal(report)
    }
}

fn report<T>(answer: Result<T, Error>) -> Result<T, Refusal> {
    Ok(answer?)
}

/// The window's clock runs between milliseconds; what happened up to then happened up to the last whole one.
fn whole(time: f64) -> i64 {
    time.floor() as i64
}

/// Bytes travel past JSON: measured at half the time from a megabyte on.
fn bytes(answer: Answer<Vec<u8>>) -> Answer<Response> {
    answer.map(Response::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_import_at_a_time() {
        let imports = Imports::default();
        let first = imports.begin().map_err(|e| e.code).unwrap();
        assert_eq!(imports.begin().err().map(|e| e.code), Some("import_running"));
        imports.cancel();
        assert!(first.cancelled.load(Ordering::Acquire));
        drop(first);
        let second = imports.begin().map_err(|e| e.code).unwrap();
        assert!(!second.cancelled.load(Ordering::Acquire), "an old cancel must not end a new import");
    }
}
