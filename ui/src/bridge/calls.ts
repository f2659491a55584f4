/* What can be asked of Rust, and what it answers. The types are printed from the core, see types.ts. */
import type {
  AddProgress,
  AddSummary,
  ExportProgress,
  ExportSummary,
  FilterRow,
  Goal,
  ImportProgress,
  ImportSummary,
  Insight,
  NotesExported,
  NotesMerged,
  PageFiles,
  PointerTrack,
  Project,
  Review,
  ReviewChange,
  SessionRow,
  SessionView,
  Step,
  Steps,
  TranscriptRows,
  Turned,
} from './types';

/** Which sessions are meant, and in which order. */
export interface SessionsQuery {
  text?: string;
  /** Rows of the filter language, all of which have to hold. */
  filter?: string[];
  /** Field of the filter language. */
  sort?: string;
  descending?: boolean;
  /** What people marked; `keep` stays in the list in any case. */
  only?: { unwatched: boolean; favourite: boolean; notes: boolean; label: string | null; playable?: boolean; keep: string | null };
}

/** A row of the list with the facts that the columns asked for. */
export type ListRow = SessionRow & { fields?: Record<string, unknown> };

export interface ListPage {
  /** Sessions of the project. */
  total: number;
  /** Sessions of the list. */
  matched: number;
  from: number;
  rows: ListRow[];
}

/** A field of the filter language. */
export interface Field {
  name: string;
  kind: 'count' | 'number' | 'seconds' | 'milliseconds' | 'percent' | 'date' | 'yes_no' | 'text' | 'enum';
  label: string;
  meaning: string;
  words: string[];
  several: boolean;
}

/** How many sessions have which value of a field. */
export interface Facet {
  name: string;
  kind: Field['kind'];
  label: string;
  values: { value: string; count: number }[];
  /** Values beyond those. */
  more: number;
  /** Sessions without a value. */
  empty: number;
  min?: number | null;
  max?: number | null;
  /** Sessions in equal steps from `min` to `max`. */
  histogram?: number[] | null;
}

export interface Facets {
  total: number;
  matched: number;
  fields: Facet[];
}

/** Sessions by name, or all of a list but some. */
export type Which = { ids: string[] } | { query: SessionsQuery; except: string[] };

/** Commands whose answer is JSON. */
export interface Calls {
  project: { args: undefined; answer: Project };
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
  /** Fields of the filter language, with the tags that occur. */
  fields: { args: undefined; answer: Field[] };
  count: { args: { filter: string[] }; answer: { total: number; matched: number } };
  /** Place of a session in a list. */
  place: { args: SessionsQuery & { id: string }; answer: number | null };
  /** Without `which`: every session. */
  export_archive: { args: { which: Which | null; path: string; onProgress: ExportChannel }; answer: ExportSummary };
  /** A table for spreadsheets with these columns; every field with `null`. */
  export_table: { args: { which: Which; query: SessionsQuery; columns: string[] | null; path: string; onProgress: ExportChannel }; answer: ExportSummary };
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

/** Commands whose answer is the bytes of a JSON text. */
export interface ByteCalls {
  /** Rows `from`.. of a list, at most `limit`, with the facts of `columns`. */
  sessions: { args: SessionsQuery & { from?: number; limit?: number; columns?: string[] }; answer: ListPage };
  /** `filter` without the rows of the fields that are asked for. */
  facets: { args: { filter: string[]; fields: string[]; typed?: string; limit: number; text?: string; only?: SessionsQuery['only'] }; answer: Facets };
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
