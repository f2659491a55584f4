//! Types that cross to the window. The TypeScript in `ui/src/bridge/types.ts` is printed from here; a test
//! fails when the two differ.
//!
//! The trap: JavaScript numbers. Ids and times stay below 2^53, so plain numbers are exact.

use serde::Serialize;
use ts_rs::TS;

use crate::facts::FieldKind;

/// A row of the session list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
pub struct SessionRow {
    pub id: String,
    #[ts(type = "\"clarity\" | \"rrweb\"")]
    pub source: String,
    /// Epoch ms.
    #[ts(type = "number")]
    pub start: i64,
    /// Seconds.
    pub duration: f64,
    /// Seconds.
    pub active_duration: Option<f64>,
    pub page_count: u32,
    pub click_count: u32,
    pub entry_page: String,
    pub exit_page: String,
    /// Title of the first page view.
    pub title: Option<String>,
    #[ts(type = "Device")]
    pub device: String,
    pub browser: Option<String>,
    pub os: Option<String>,
    pub country: Option<String>,
    pub city: Option<String>,
    pub channel: Option<String>,
    pub referrer: Option<String>,
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
    pub utm_campaign: Option<String>,
    pub user: Option<String>,
    /// `null` when the recorder does not see errors.
    pub js_errors: Option<u32>,
    /// 0–100.
    pub completeness: f64,
    /// False when there is metadata but nothing to play.
    pub has_recording: bool,
    /// Known from lists alone: not one event of it is here.
    pub metadata_only: bool,
    /// Our own score, 0–100; `null` when nothing was recorded.
    pub frustration: Option<u32>,
    /// By this reviewer, to the end.
    pub watched: bool,
    /// Epoch ms.
    #[ts(type = "number | null")]
    pub watched_at: Option<i64>,
    /// Moment of the session up to which this reviewer watched, epoch ms.
    #[ts(type = "number | null")]
    pub watched_until: Option<i64>,
    /// Other reviewers who watched it to the end.
    pub watched_by: Vec<String>,
    pub favourite: bool,
    /// 1–5.
    pub rating: Option<u8>,
    pub labels: Vec<String>,
    /// Number of notes.
    pub notes: u32,
    /// Signals that somebody marked as not a problem.
    pub dismissed: u32,
    /// Number of findings that import noted.
    pub findings: u32,
    /// 58 bins over the session, 0–255.
    pub activity: Vec<u8>,
    /// Starts of page views as a share of the session, 0–1.
    pub pages: Vec<f64>,
    /// Values of the fields that were asked for beside these, by name; a field without a value is left out.
    #[ts(type = "Record<string, unknown>")]
    pub fields: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "SessionRows")]
pub struct SessionList {
    /// Sessions of the project.
    pub total: u32,
    /// Those that were asked for.
    pub matched: u32,
    /// Place of the first row among them.
    pub from: u32,
    pub rows: Vec<SessionRow>,
}

/// A stretch in which data was lost. Epoch ms.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Gap")]
pub struct GapView {
    #[ts(type = "number")]
    pub from: i64,
    #[ts(type = "number")]
    pub until: i64,
    pub reason: String,
}

/// One page view. Times in epoch ms, sizes in CSS px.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct PageView {
    pub number: u32,
    /// Page views with the same document live in one DOM.
    pub document: u32,
    pub url: String,
    pub title: Option<String>,
    #[ts(type = "number")]
    pub started_at: i64,
    #[ts(type = "number")]
    pub ended_at: i64,
    pub viewport: Option<(u32, u32)>,
    pub document_size: Option<(u32, u32)>,
    pub has_snapshot: bool,
    pub gaps: Vec<GapView>,
}

/// Something worth a mark on the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Marker")]
pub struct MarkerView {
    #[ts(type = "number")]
    pub time: i64,
    pub page: u32,
    pub kind: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Finding")]
pub struct FindingView {
    pub code: String,
    #[ts(type = "\"note\" | \"warning\" | \"error\"")]
    pub severity: String,
    pub path: Option<String>,
    pub session: Option<String>,
    pub page: Option<u32>,
    pub message: String,
}

/// All that the player needs to know of a session before it plays.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct SessionView {
    pub row: SessionRow,
    /// Field names of the filter language to values.
    #[ts(type = "Record<string, unknown>")]
    pub facts: serde_json::Map<String, serde_json::Value>,
    pub pages: Vec<PageView>,
    #[ts(type = "number")]
    pub from: i64,
    #[ts(type = "number")]
    pub until: i64,
    /// 400 bins over the session, 0–255.
    pub density: Vec<u8>,
    /// Spans without activity, epoch ms.
    #[ts(type = "[number, number][]")]
    pub idle: Vec<(i64, i64)>,
    /// Spans in which the tab was in the background, epoch ms.
    #[ts(type = "[number, number][]")]
    pub hidden: Vec<(i64, i64)>,
    pub markers: Vec<MarkerView>,
    pub findings: Vec<FindingView>,
}

/// One line of the transcript.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct TranscriptRow {
    pub index: u32,
    #[ts(type = "number")]
    pub time: i64,
    pub page: u32,
    pub kind: String,
    /// One sentence for people; text from the recording stands in “ ”.
    pub text: String,
    pub selector: Option<String>,
    /// Document px.
    pub x: Option<f64>,
    pub y: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "TranscriptRows")]
pub struct Transcript {
    pub total: u32,
    pub rows: Vec<TranscriptRow>,
}

/// Where the pointer went on one page view, in columns; see `replay::PointerTrack`.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "PointerTrack")]
pub struct PointerTrackView {
    #[ts(type = "number[]")]
    pub t: Vec<i64>,
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub kind: Vec<u8>,
    #[ts(type = "number[]")]
    pub frame: Vec<u64>,
    /// Scroll of the window at each point, CSS px.
    pub sx: Vec<f64>,
    pub sy: Vec<f64>,
}

/// The project that is open.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Project")]
pub struct ProjectView {
    pub path: String,
    pub name: String,
    pub demo: bool,
    pub sessions: u32,
    pub sessions_with_recording: u32,
    #[ts(type = "number | null")]
    pub from: Option<i64>,
    #[ts(type = "number | null")]
    pub until: Option<i64>,
    /// Size of the cache on disk.
    #[ts(type = "number")]
    pub bytes: u64,
    pub version: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "ImportProgress")]
pub struct ImportProgressView {
    /// Of the files as they lie on disk.
    #[ts(type = "number")]
    pub bytes: u64,
    #[ts(type = "number")]
    pub bytes_total: u64,
    pub sessions: u32,
    /// Where the session that was written last came from.
    pub current: String,
    pub findings: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "ImportSummary")]
pub struct ImportSummaryView {
    pub sessions_added: u32,
    pub sessions_updated: u32,
    pub pages_added: u32,
    pub duplicates: u32,
    #[ts(type = "number")]
    pub bytes: u64,
    #[ts(type = "number")]
    pub elapsed_ms: u64,
    pub sessions: Vec<String>,
    pub findings: Vec<FindingView>,
    pub cancelled: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, TS)]
#[ts(rename = "ExportProgress")]
pub struct ExportProgressView {
    /// Unpacked.
    #[ts(type = "number")]
    pub bytes: u64,
    #[ts(type = "number")]
    pub bytes_total: u64,
}

/// What an export wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "ExportSummary")]
pub struct ExportSummaryView {
    pub path: String,
    pub sessions: u32,
    pub without_recording: u32,
    pub assets: u32,
    pub notes: u32,
    /// Of the archive.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Nothing was written.
    pub cancelled: bool,
}

/// What a session's pages asked for, and what of it the cache has.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "PageFiles")]
pub struct PageFilesView {
    pub session: String,
    /// Style sheets, pictures, fonts and media, each address once.
    pub wanted: u32,
    pub cached: u32,
    /// Only kinds that were asked for.
    pub kinds: Vec<PageFilesKindView>,
    pub pages: Vec<PageFilesPageView>,
    /// What matters most first.
    pub missing: Vec<MissingFileView>,
    /// Pictures that the recorder masked; their addresses are not in the recording.
    pub masked: u32,
    /// Elements that the recorder left out.
    pub blocked: u32,
    /// Addresses beyond what is listed.
    pub more: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "PageFilesKind")]
pub struct PageFilesKindView {
    #[ts(type = "\"sheet\" | \"image\" | \"font\" | \"media\" | \"other\"")]
    pub kind: String,
    pub wanted: u32,
    pub cached: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "PageFilesPage")]
pub struct PageFilesPageView {
    pub number: u32,
    pub url: String,
    pub wanted: u32,
    pub cached: u32,
    pub sheets: u32,
    pub sheets_missing: u32,
    pub masked: u32,
    pub blocked: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "MissingFile")]
pub struct MissingFileView {
    pub url: String,
    #[ts(type = "\"sheet\" | \"image\" | \"font\" | \"media\" | \"other\"")]
    pub kind: String,
    /// `active`: never shown, whether there or not: a frame of another site, a plug-in, an icon that SVG takes out of
    /// another file.
    #[ts(type = "\"not_in_archive\" | \"active\"")]
    pub reason: String,
    /// Asked for by a style sheet, maybe for a rule that never applied.
    pub by_sheet: bool,
    /// Page views that asked for it.
    pub pages: Vec<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(rename = "AddProgress")]
pub struct AddProgressView {
    /// Of the files as they lie on disk.
    #[ts(type = "number")]
    pub bytes: u64,
    #[ts(type = "number")]
    pub bytes_total: u64,
    /// Page files found so far.
    pub files: u32,
    pub current: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "AddSummary")]
pub struct AddSummaryView {
    /// Style sheets, pictures, fonts and media that were found.
    pub files: u32,
    /// Those that the cache did not have.
    pub added: u32,
    #[ts(type = "number")]
    pub bytes: u64,
    /// What else was met ("scripts"), with counts.
    pub others: Vec<(String, u32)>,
    pub findings: Vec<FindingView>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(rename = "Failure")]
pub struct ErrorView {
    pub code: String,
    pub message: String,
    /// Where a filter goes wrong, first thing first: character from 1, and how many do not fit (0 at the end).
    #[ts(optional)]
    pub places: Option<Vec<(u32, u32)>>,
}

mod facets;
mod filter;
mod insight;
mod overview;
mod review;
mod step;

pub use facets::{BinView, CountView, FacetValueView, FacetView, FacetsView, FieldView, WordView};
pub use filter::{FilterProblemView, FilterRowView, SimpleView};
pub use insight::{FrustrationPart, FrustrationView, Insight, Named, PageInsight, SignalView, Trouble};
pub use overview::{
    Division, DivisionPart, ErrorGroup, FrustrationLine, Linked, Median, Overview, OverviewStep, PageLine, Sentence,
    SignalCount, Vital,
};
pub use review::{
    DecisionView, GoalView, NoteView, NotesExportedView, NotesMergedView, ReviewChange, ReviewView, TurnedView,
};
pub use step::{print_step, print_steps};

/// The TypeScript for every type above, and for the patches that are printed by hand.
pub fn typescript() -> String {
    let config = ts_rs::Config::default();
    let mut out = String::from("// Printed from the core's `wire` room; `make types` writes it anew.\n");
    out.push_str("\nexport type Device = \"mobile\" | \"tablet\" | \"pc\" | \"other\";\n");
    let kinds: Vec<String> = FieldKind::ALL.iter().map(|kind| format!("\"{}\"", kind.name())).collect();
    out.push_str(&format!("\nexport type FieldKind = {};\n", kinds.join(" | ")));
    let mut add = |declaration: String| {
        out.push_str("\nexport ");
        out.push_str(&declaration);
        out.push('\n');
    };
    add(SessionRow::decl(&config));
    add(SessionList::decl(&config));
    add(FieldView::decl(&config));
    add(WordView::decl(&config));
    add(FacetsView::decl(&config));
    add(FacetView::decl(&config));
    add(FacetValueView::decl(&config));
    add(BinView::decl(&config));
    add(CountView::decl(&config));
    add(GapView::decl(&config));
    add(PageView::decl(&config));
    add(MarkerView::decl(&config));
    add(FindingView::decl(&config));
    add(SessionView::decl(&config));
    add(SignalView::decl(&config));
    add(FrustrationPart::decl(&config));
    add(FrustrationView::decl(&config));
    add(PageInsight::decl(&config));
    add(Trouble::decl(&config));
    add(Named::decl(&config));
    add(Insight::decl(&config));
    add(TranscriptRow::decl(&config));
    add(Transcript::decl(&config));
    add(PointerTrackView::decl(&config));
    add(ProjectView::decl(&config));
    add(ImportProgressView::decl(&config));
    add(ImportSummaryView::decl(&config));
    add(ExportProgressView::decl(&config));
    add(ExportSummaryView::decl(&config));
    add(PageFilesView::decl(&config));
    add(PageFilesKindView::decl(&config));
    add(PageFilesPageView::decl(&config));
    add(MissingFileView::decl(&config));
    add(AddProgressView::decl(&config));
    add(AddSummaryView::decl(&config));
    add(NoteView::decl(&config));
    add(DecisionView::decl(&config));
    add(ReviewView::decl(&config));
    add(ReviewChange::decl(&config));
    add(TurnedView::decl(&config));
    add(GoalView::decl(&config));
    add(NotesMergedView::decl(&config));
    add(NotesExportedView::decl(&config));
    add(Overview::decl(&config));
    add(Median::decl(&config));
    add(Linked::decl(&config));
    add(OverviewStep::decl(&config));
    add(Division::decl(&config));
    add(DivisionPart::decl(&config));
    add(SignalCount::decl(&config));
    add(PageLine::decl(&config));
    add(FrustrationLine::decl(&config));
    add(ErrorGroup::decl(&config));
    add(Vital::decl(&config));
    add(Sentence::decl(&config));
    add(FilterProblemView::decl(&config));
    add(SimpleView::decl(&config));
    add(FilterRowView::decl(&config));
    add(ErrorView::decl(&config));
    out.push_str(step::TYPESCRIPT);
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// `DWELL_WRITE=1` writes the file instead of comparing it (`make types`).
    #[test]
    fn the_windows_types_are_these() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/bridge/types.ts");
        let printed = super::typescript();
        if std::env::var_os("DWELL_WRITE").is_some() {
            std::fs::write(&path, &printed).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), printed, "run `make types`");
    }
}
