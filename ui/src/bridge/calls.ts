/* What can be asked of Rust, and what it answers. The types are printed from the core, see types.ts. */
import type {
  AddProgress,
  AddSummary,
  Count,
  ExportProgress,
  ExportSummary,
  Facets,
  FilterField,
  FilterRow,
  Goal,
  ImportProgress,
  ImportSummary,
  Insight,
  NotesExported,
  NotesMerged,
  Overview,
  PageFiles,
  PointerTrack,
  Project,
  Review,
  ReviewChange,
  SessionRows,
  SessionView,
  Step,
  Steps,
  TranscriptRows,
  Turned,
} from './types';

/** Sessions by name, or all of a list but some. */
export type Which = { ids: string[] } | { query: ListQuery; except: string[] };

/** Commands whose answer is JSON. */
export interface Calls {
  project: { args: undefined; answer: Project };
  count: { args: { filter: string[] }; answer: Count };
  /** Everything that a filter may name, tags of this project included. */
  fields: { args: undefined; answer: FilterField[] };
  /** Place of a session in a list, counted from 0; null when it is not in it. */
  place: { args: ListQuery & { id: string }; answer: number | null };
  open_demo: { args: undefined; answer: Project };
  open_project: { args: undefined; answer: Project };
  choose_paths: { args: { folder: boolean }; answer: string[] };
  import: { args: { paths: string[]; onProgress: ProgressChannel }; answer: ImportSummary };
  add_page_files: { args: { paths: string[]; onProgress: AddChannel }; answer: AddSummary };
  cancel_import: { args: undefined; answer: null };
  /** Answers where the file went; nothing when no place was chosen. */
  save_moment: { args: { id: string; time: number; name: string }; answer: string | null };
  /** `part` in CSS px of the window, with the window's width. */
  save_picture: { args: { part: { x: number; y: number; width: number; height: number; window: number }; name: string }; answer: string | null };
  choose_save: { args: { name: string }; answer: string | null };
  /** What each row of the filter language is, or what is wrong with it. */
  filter_rows: { args: { rows: string[] }; answer: FilterRow[] };
  /** Without `which`: every session. */
  export_archive: { args: { which: Which | null; path: string; onProgress: ExportChannel }; answer: ExportSummary };
  /** A table for spreadsheets with these columns; every field with `null`. */
  export_table: { args: { which: Which; query: ListQuery; columns: string[] | null; path: string; onProgress: ExportChannel }; answer: ExportSummary };
  /** Puts a label on many sessions, or takes it off, as one step; answers how many were changed. */
  label_many: { args: { which: Which; label: string; on: boolean }; answer: number };
  cancel_export: { args: undefined; answer: null };
  /** The player's own note that the end was seen; no step of the history. */
  mark_watched: { args: { id: string }; answer: null };
  review_turn: { args: { redo: boolean }; answer: Turned };
  /** Without a name: asks for it. */
  reviewer: { args: { name: string | null }; answer: string };
  /** Epoch ms of the week's beginning and end. */
  goals: { args: { from: number; until: number }; answer: Goal[] };
  /** `watch` 0 gives the goal up. */
  set_goal: { args: { goal: Omit<Goal, 'done' | 'sessions'> }; answer: null };
  export_notes: { args: { path: string }; answer: NotesExported };
  import_notes: { args: { path: string }; answer: NotesMerged };
}

/** Which sessions a list holds and in what order; `only` keeps those with these ids. */
export interface ListQuery {
  sort?: string;
  descending?: boolean;
  text?: string;
  filter?: string[];
  only?: string[];
  /** What this reviewer marked; `keep` stays in the list in any case. */
  marked?: { unwatched: boolean; favourite: boolean; notes: boolean; label: string | null; playable?: boolean; keep: string | null };
}

/** Commands whose answer is the bytes of a JSON text. */
export interface ByteCalls {
  /** Rows `from`.. of the list, `limit` of them; without both the whole list. `columns`: fields beside those of every row. */
  sessions: { args: ListQuery & { from?: number; limit?: number; columns?: string[] }; answer: SessionRows };
  /**
   * How many of the sessions that fit have each value. `typed` keeps values that have it anywhere. A panel leaves the
   * rows of the field itself out of `filter`.
   */
  facets: { args: { filter: string[]; fields: string[]; typed?: string; limit: number; text?: string; marked?: ListQuery['marked'] }; answer: Facets };
  /** What the sessions that fit look like at once. */
  overview: { args: { filter: string[] }; answer: Overview };
  session: { args: { id: string }; answer: SessionView };
  transcript: { args: { id: string; from: number; limit: number }; answer: TranscriptRows };
  insight: { args: { id: string }; answer: Insight };
  review: { args: { id: string }; answer: Review };
  review_change: { args: { id: string; change: ReviewChange }; answer: Review };
  page_files: { args: { id: string }; answer: PageFiles };
  pointer_track: { args: { id: string; page: number }; answer: PointerTrack };
  replay_seek: { args: { id: string; shown: number | null; time: number; part: number }; answer: Step };
  replay_steps: { args: { id: string; shown: number; until: number }; answer: Steps };
}

export interface ExportChannel {
  onmessage: (progress: ExportProgress) => void;
}

export interface AddChannel {
  onmessage: (progress: AddProgress) => void;
}

export interface ProgressChannel {
  onmessage: (progress: ImportProgress) => void;
}
