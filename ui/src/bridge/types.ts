// Printed from the core's `wire` room; `make types` writes it anew.

export type Device = "mobile" | "tablet" | "pc" | "other";

export type FieldKind = "count" | "number" | "seconds" | "milliseconds" | "percent" | "date" | "yes_no" | "text" | "enum";

export type SessionRow = { id: string, source: "clarity" | "rrweb", 
/**
 * Epoch ms.
 */
start: number, 
/**
 * Seconds.
 */
duration: number, 
/**
 * Seconds.
 */
active_duration: number | null, page_count: number, click_count: number, entry_page: string, exit_page: string, 
/**
 * Title of the first page view.
 */
title: string | null, device: Device, browser: string | null, os: string | null, country: string | null, city: string | null, channel: string | null, referrer: string | null, utm_source: string | null, utm_medium: string | null, utm_campaign: string | null, user: string | null, 
/**
 * `null` when the recorder does not see errors.
 */
js_errors: number | null, 
/**
 * 0–100.
 */
completeness: number, 
/**
 * False when there is metadata but nothing to play.
 */
has_recording: boolean, 
/**
 * Known from lists alone: not one event of it is here.
 */
metadata_only: boolean, 
/**
 * Our own score, 0–100; `null` when nothing was recorded.
 */
frustration: number | null, 
/**
 * By this reviewer, to the end.
 */
watched: boolean, 
/**
 * Epoch ms.
 */
watched_at: number | null, 
/**
 * Moment of the session up to which this reviewer watched, epoch ms.
 */
watched_until: number | null, 
/**
 * Other reviewers who watched it to the end.
 */
watched_by: Array<string>, favourite: boolean, 
/**
 * 1–5.
 */
rating: number | null, labels: Array<string>, 
/**
 * Number of notes.
 */
notes: number, 
/**
 * Signals that somebody marked as not a problem.
 */
dismissed: number, 
/**
 * Number of findings that import noted.
 */
findings: number, 
/**
 * 58 bins over the session, 0–255.
 */
activity: Array<number>, 
/**
 * Starts of page views as a share of the session, 0–1.
 */
pages: Array<number>, 
/**
 * Values of the fields that were asked for beside these, by name; a field without a value is left out.
 */
fields: Record<string, unknown>, };

export type SessionRows = { 
/**
 * Sessions of the project.
 */
total: number, 
/**
 * Those that were asked for.
 */
matched: number, 
/**
 * Place of the first row among them.
 */
from: number, rows: Array<SessionRow>, };

export type FilterField = { 
/**
 * As a filter writes it, `tag.plan` for a tag.
 */
name: string, kind: FieldKind, label: string, meaning: string, 
/**
 * A session may have several values; a test holds when any of them fits.
 */
several: boolean, 
/**
 * Values of a field of kind `enum`, in the order for people.
 */
words: Array<FilterWord>, };

export type FilterWord = { word: string, 
/**
 * Other spellings that a filter takes.
 */
also: Array<string>, };

export type Facets = { 
/**
 * Sessions of the project.
 */
total: number, 
/**
 * Those that fit the filter; all counts are among them.
 */
matched: number, fields: Array<Facet>, };

export type Facet = { name: string, kind: FieldKind, label: string, 
/**
 * The most frequent first, then by value. Of a date none.
 */
values: Array<FacetValue>, 
/**
 * Other values beyond the limit.
 */
more: number, 
/**
 * Sessions without a value.
 */
empty: number, 
/**
 * Smallest and largest value of numbers, dates (epoch ms) and times, in the field's unit.
 */
min?: number, max?: number, 
/**
 * Of the same kinds, in order.
 */
histogram?: Array<Bin>, };

export type FacetValue = { 
/**
 * As a filter takes it: a text, `yes` or `no`, or a number.
 */
value: string, count: number, };

export type Bin = { from: number, until: number, count: number, };

export type Count = { total: number, matched: number, };

export type Gap = { from: number, until: number, reason: string, };

export type PageView = { number: number, 
/**
 * Page views with the same document live in one DOM.
 */
document: number, url: string, title: string | null, started_at: number, ended_at: number, viewport: [number, number] | null, document_size: [number, number] | null, has_snapshot: boolean, gaps: Array<Gap>, };

export type Marker = { time: number, page: number, kind: string, text: string, };

export type Finding = { code: string, severity: "note" | "warning" | "error", path: string | null, session: string | null, page: number | null, message: string, };

export type SessionView = { row: SessionRow, 
/**
 * Field names of the filter language to values.
 */
facts: Record<string, unknown>, pages: Array<PageView>, from: number, until: number, 
/**
 * 400 bins over the session, 0–255.
 */
density: Array<number>, 
/**
 * Spans without activity, epoch ms.
 */
idle: [number, number][], 
/**
 * Spans in which the tab was in the background, epoch ms.
 */
hidden: [number, number][], markers: Array<Marker>, findings: Array<Finding>, };

export type Signal = { kind: string, page: number, 
/**
 * Start and end, epoch ms.
 */
time: number, until: number, selector: string | null, text: string | null, 
/**
 * As `dwell session` prints it.
 */
evidence: Record<string, unknown>, };

export type FrustrationPart = { kind: string, count: number, weight: number, points: number, };

export type Frustration = { 
/**
 * 0–100.
 */
score: number, 
/**
 * Version of the definitions.
 */
version: number, parts: Array<FrustrationPart>, };

export type PageInsight = { number: number, 
/**
 * ms.
 */
lcp: number | null, cls: number | null, 
/**
 * ms.
 */
inp: number | null, 
/**
 * ms from navigation start to the first byte, to a DOM that can be used, and to the end of loading.
 */
first_byte: number | null, interactive: number | null, load: number | null, 
/**
 * Bytes of the document.
 */
transferred: number | null, 
/**
 * Percent of the document that came into view.
 */
scroll_depth: number | null, 
/**
 * Percent of the text's characters that are masks.
 */
masked: number | null, };

export type Trouble = { time: number, page: number, kind: "error" | "console" | "network", message: string, 
/**
 * Address of the script, or of what was asked for.
 */
source: string | null, line: number | null, column: number | null, stack: string | null, 
/**
 * Whose script it is.
 */
party: "first" | "third" | "unknown", };

export type Named = { time: number, page: number, kind: "event" | "tag" | "identify", name: string, value: string | null, };

export type Insight = { signals: Array<Signal>, frustration: Frustration, 
/**
 * The session told in its order.
 */
summary: Array<Sentence>, pages: Array<PageInsight>, 
/**
 * Script errors, failed requests and lines of the console, by time.
 */
troubles: Array<Trouble>, 
/**
 * Events, tags and identities that the site gave, by time.
 */
named: Array<Named>, 
/**
 * More of either than are listed.
 */
more: number, };

export type TranscriptRow = { index: number, time: number, page: number, kind: string, 
/**
 * One sentence for people; text from the recording stands in “ ”.
 */
text: string, selector: string | null, 
/**
 * Document px.
 */
x: number | null, y: number | null, };

export type TranscriptRows = { total: number, rows: Array<TranscriptRow>, };

export type PointerTrack = { t: number[], x: Array<number>, y: Array<number>, kind: Array<number>, frame: number[], 
/**
 * Scroll of the window at each point, CSS px.
 */
sx: Array<number>, sy: Array<number>, };

export type Project = { path: string, name: string, demo: boolean, sessions: number, sessions_with_recording: number, from: number | null, until: number | null, 
/**
 * Size of the cache on disk.
 */
bytes: number, version: string, };

export type ImportProgress = { 
/**
 * Of the files as they lie on disk.
 */
bytes: number, bytes_total: number, sessions: number, 
/**
 * Where the session that was written last came from.
 */
current: string, findings: number, };

export type ImportSummary = { sessions_added: number, sessions_updated: number, pages_added: number, duplicates: number, bytes: number, elapsed_ms: number, sessions: Array<string>, findings: Array<Finding>, cancelled: boolean, };

export type ExportProgress = { 
/**
 * Unpacked.
 */
bytes: number, bytes_total: number, };

export type ExportSummary = { path: string, sessions: number, without_recording: number, assets: number, notes: number, 
/**
 * Of the archive.
 */
bytes: number, 
/**
 * Nothing was written.
 */
cancelled: boolean, };

export type PageFiles = { session: string, 
/**
 * Style sheets, pictures, fonts and media, each address once.
 */
wanted: number, cached: number, 
/**
 * Only kinds that were asked for.
 */
kinds: Array<PageFilesKind>, pages: Array<PageFilesPage>, 
/**
 * What matters most first.
 */
missing: Array<MissingFile>, 
/**
 * Pictures that the recorder masked; their addresses are not in the recording.
 */
masked: number, 
/**
 * Elements that the recorder left out.
 */
blocked: number, 
/**
 * Addresses beyond what is listed.
 */
more: number, };

export type PageFilesKind = { kind: "sheet" | "image" | "font" | "media" | "other", wanted: number, cached: number, };

export type PageFilesPage = { number: number, url: string, wanted: number, cached: number, sheets: number, sheets_missing: number, masked: number, blocked: number, };

export type MissingFile = { url: string, kind: "sheet" | "image" | "font" | "media" | "other", 
/**
 * `active`: never shown, whether there or not: a frame of another site, a plug-in, an icon that SVG takes out of
 * another file.
 */
reason: "not_in_archive" | "active", 
/**
 * Asked for by a style sheet, maybe for a rule that never applied.
 */
by_sheet: boolean, 
/**
 * Page views that asked for it.
 */
pages: Array<number>, };

export type AddProgress = { 
/**
 * Of the files as they lie on disk.
 */
bytes: number, bytes_total: number, 
/**
 * Page files found so far.
 */
files: number, current: string, };

export type AddSummary = { 
/**
 * Style sheets, pictures, fonts and media that were found.
 */
files: number, 
/**
 * Those that the cache did not have.
 */
added: number, bytes: number, 
/**
 * What else was met ("scripts"), with counts.
 */
others: Array<[string, number]>, findings: Array<Finding>, };

export type Note = { id: string, page: number | null, 
/**
 * Moment of the session, epoch ms; nothing for a note on the whole of it.
 */
at: number | null, node: number | null, selector: string | null, author: string | null, text: string, created_at: number, changed_at: number, 
/**
 * Another text of the same note was written elsewhere; both were kept.
 */
twofold: boolean, };

export type Decision = { kind: string, time: number, selector: string | null, reason: string | null, by: string, };

export type Review = { session: string, 
/**
 * The reviewer's own.
 */
favourite: boolean, 
/**
 * 1–5.
 */
rating: number | null, 
/**
 * Epoch ms.
 */
watched_at: number | null, 
/**
 * Moment of the session, epoch ms.
 */
watched_until: number | null, 
/**
 * Others who watched it to the end.
 */
watched_by: Array<string>, labels: Array<string>, 
/**
 * By time.
 */
notes: Array<Note>, decisions: Array<Decision>, 
/**
 * Labels of all sessions, most used first.
 */
known_labels: Array<string>, 
/**
 * What would be undone and done again next, of whatever session.
 */
undo: string | null, redo: string | null, 
/**
 * Name of the reviewer; empty until one is given.
 */
reviewer: string, };

export type ReviewChange = { "do": "add_note", id: string, page: number | null, at: number | null, node: number | null, selector: string | null, text: string, } | { "do": "edit_note", id: string, text: string, } | { "do": "remove_note", id: string, } | { "do": "label", label: string, on: boolean, } | { "do": "favourite", on: boolean, } | { "do": "rate", rating: number | null, } | { "do": "watched", on: boolean, } | { "do": "reached", until: number, } | { "do": "decide", kind: string, page: number, time: number, selector: string | null, reason: string | null, on: boolean, };

export type Turned = { 
/**
 * Nothing when there was nothing to undo.
 */
said: string | null, undo: string | null, redo: string | null, };

export type Goal = { id: string, text: string, label: string | null, favourites: boolean, 
/**
 * Sessions a week.
 */
watch: number, 
/**
 * Watched by this reviewer in the week.
 */
done: number, 
/**
 * Sessions in the list.
 */
sessions: number, };

export type NotesMerged = { notes_added: number, notes_changed: number, both_kept: number, marks_changed: number, findings: Array<Finding>, };

export type NotesExported = { path: string, notes: number, 
/**
 * Labels, favourites, ratings, watched sessions, decisions and goals.
 */
marks: number, };

export type Overview = { 
/**
 * Sessions that were chosen, and all of the project.
 */
sessions: number, total: number, 
/**
 * Different visitors, and the sessions that name one.
 */
visitors: number, with_visitor: number, page_views: number, 
/**
 * Epoch ms of the first and the last session's start.
 */
from?: number, until?: number, 
/**
 * Seconds.
 */
duration: Median | null, 
/**
 * Percent.
 */
scroll_depth: Median | null, 
/**
 * Sessions with any signal of frustration.
 */
frustrated: Linked, 
/**
 * Sessions of whose page views some time cannot be shown.
 */
partial: Linked, 
/**
 * Length of a step of `over_time`: day, week or month.
 */
step: string, over_time: Array<OverviewStep>, 
/**
 * Sessions divided by a field; `n` of those that have a value.
 */
by: Array<Division>, 
/**
 * One for each kind of signal, in a fixed order.
 */
signals: Array<SignalCount>, 
/**
 * By page views, most first.
 */
pages: Array<PageLine>, 
/**
 * Pages in all.
 */
page_count: number, 
/**
 * Elements on which visitors met frustration, by sessions, most first.
 */
frustrations: Array<FrustrationLine>, frustration_count: number, 
/**
 * By sessions, most first.
 */
errors: Array<ErrorGroup>, error_count: number, 
/**
 * Sessions whose recorder tells script errors.
 */
errors_known: number, 
/**
 * 75th percentiles, as the web vitals are judged by.
 */
vitals: Array<Vital>, 
/**
 * What the chosen sessions share and the others do not.
 */
shared: Array<Sentence>, };

export type Median = { 
/**
 * Absent when there is none to tell of.
 */
value?: number, n: number, };

export type Linked = { sessions: number, 
/**
 * A row of the filter language.
 */
where: string, };

export type OverviewStep = { 
/**
 * First day, `2026-11-20`, in UTC.
 */
day: string, sessions: number, 
/**
 * By device: mobile, tablet, pc, other (or unknown).
 */
device: [number, number, number, number], frustrated: number, where: string, };

export type Division = { field: string, label: string, n: number, empty: number, values: Array<DivisionPart>, 
/**
 * Values that are not listed.
 */
more: number, };

export type DivisionPart = { value: string, sessions: number, 
/**
 * Percent of `n`, one digit behind the point.
 */
share: number, 
/**
 * Percent of its sessions with any signal of frustration.
 */
frustrated: number, where: string, };

export type SignalCount = { kind: string, 
/**
 * How often.
 */
count: number, sessions: number, 
/**
 * Percent of the sessions.
 */
share: number, where: string, };

export type PageLine = { 
/**
 * Address without parameters and fragment.
 */
page: string, page_views: number, sessions: number, 
/**
 * Sessions that began and ended here.
 */
entries: number, exits: number, 
/**
 * Seconds on the page.
 */
duration: Median, 
/**
 * Percent.
 */
scroll_depth: Median, 
/**
 * Signals of each kind of signals in every 100 page views.
 */
signals: [number, number, number, number, number, number], where: string, };

export type FrustrationLine = { kind: string, page: string, selector: string, 
/**
 * What the element said most often.
 */
text?: string, count: number, sessions: number, 
/**
 * Sessions in which it happened.
 */
ids: Array<string>, };

export type ErrorGroup = { message: string, 
/**
 * first, third, unknown.
 */
party: string, script?: string, count: number, sessions: number, 
/**
 * Sessions in each step of `over_time`.
 */
over_time: Array<number>, where: string, };

export type Vital = { field: string, label: string, 
/**
 * ms; of cls a sum of shifts.
 */
p75: number, n: number, 
/**
 * Sessions beyond what counts as good: LCP 2,500 ms, INP 200 ms, CLS 0.1.
 */
slow: Linked, };

export type Sentence = { text: string, 
/**
 * Moments of the session, epoch ms, in order.
 */
times: number[], 
/**
 * A row of the filter language that gives the sessions of the group.
 */
where?: string, };

export type FilterProblem = { code: string, message: string, 
/**
 * Characters from 1; one past the last at the end of the row.
 */
column: number, 
/**
 * Characters that do not fit; 0 at the end of the row.
 */
length: number, };

export type Simple = { 
/**
 * Of tags: `tag.KEY`.
 */
field: string, key: string | null, op: "is" | ">" | ">=" | "<" | "<=" | "between" | "contains" | "starts with" | "ends with" | "matches" | "empty", 
/**
 * The empty text stands for a value that is not there.
 */
values: Array<string>, 
/**
 * The complement is meant.
 */
not: boolean, };

export type FilterRow = { 
/**
 * Nothing when the row can be read.
 */
problems: Array<FilterProblem>, 
/**
 * The row in its one spelling; as it was given when it cannot be read.
 */
text: string, 
/**
 * The row that means the opposite.
 */
negated: string | null, 
/**
 * Nothing when the row is more than one field, one operator and values.
 */
simple: Simple | null, };

export type Failure = { code: string, message: string, 
/**
 * Where a filter goes wrong, first thing first: character from 1, and how many do not fit (0 at the end).
 */
places?: Array<[number, number]>, };

type Doctype = [name: string, publicId: string, systemId: string] | 0;

/** `position` in seconds. */
export interface MediaPatch {
  playing?: boolean | null;
  position?: number | null;
  rate?: number | null;
  volume?: number | null;
  muted?: boolean | null;
  loop?: boolean | null;
}

/**
 * One change of what the frame shows; the first item is the code, 0 stands for "none". With a parent, what is made is
 * put at its end at once.
 */
export type PatchOp =
  | ['D', id: number, quirks: number, doctype: Doctype]
  | ['F', id: number, iframe: number, quirks: number, doctype: Doctype]
  | ['S', id: number, host: number, open: number]
  | ['E', id: number, ns: number, tag: string, attrs: Record<string, string> | 0, parent?: number]
  | ['X', id: number, text: string, parent?: number]
  | ['I', id: number, parent: number, before: number]
  | ['R', id: number]
  | ['A', id: number, name: string, value: string | null]
  | ['T', id: number, text: string]
  | ['CSS', id: number, text: string]
  | ['C', sheet: string, text: string]
  | ['AD', root: number, sheets: string[]]
  | ['V', id: number, value: string]
  | ['K', id: number, checked: boolean | number]
  | ['O', id: number, selected: boolean | number]
  | ['@', id: number, x: number, y: number]
  | ['OP', id: number, state: 'closed' | 'open' | 'modal']
  | ['M', id: number, media: MediaPatch]
  | ['IMG', id: number, url: string]
  | ['H', id: number]
  | ['FO', id: number];

/** The patch that leads to one state; `state` is the number to send back as shown. */
export interface Step {
  state: number;
  time: number;
  page: number;
  document: number;
  viewport: [number, number] | null;
  url: string;
  hidden: boolean;
  /** Throw away everything first. */
  reset: boolean;
  /** In how many parts the ops come, asked for one by one; the state is reached after the last. */
  parts: number;
  ops: PatchOp[];
}

export interface Steps {
  steps: Step[];
  until: number;
  /** At this moment so much changes that it has to be sought to, which comes in parts. */
  jump: number | null;
}
