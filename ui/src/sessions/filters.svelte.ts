/*
 * The filter: rows of the filter language that all have to hold. The panel, the chips and the text show these rows and
 * change them, and nothing else does.
 *
 * The trap: two changes at once. Reading rows takes a moment, so changes wait for each other, and each one starts from
 * what the one before left.
 */
import { call, failure, type Failure, type FilterProblem, type FilterRow } from '../bridge';
import { app, remember, remembered } from '../parts/app.svelte';
import { list } from './list.svelte';

/** A row that can be read. */
export interface Row extends FilterRow {
  /** Its own as long as it stands in the filter. */
  id: number;
}

/** A row as it stands, a new one, or another text for one that stands. */
export type Wish = Row | string | { id: number; text: string };

/** What is wrong with one of several rows. */
export interface Wrong {
  row: number;
  problems: FilterProblem[];
}

interface Step {
  rows: readonly Row[];
  like: Like | null;
}

/** The session that a filter was made from. */
export interface Like {
  session: string;
  name: string;
  /** What the rows were made from, by their text. */
  why: Record<string, string>;
}

const STEPS = 100;
const key = () => `default-filter.${app.project?.path ?? ''}`;

class Filters {
  rows = $state.raw<readonly Row[]>([]);
  like = $state.raw<Like | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Which field the panel shows, and which of its rows; a row when it is a chip's. */
  shown = $state.raw<{ field: string; row: number | null } | null>(null);
  panel = $state(remembered('filter-panel') === 'on');
  /** The text is open. */
  text = $state(false);
  /** What new sessions of this project are filtered by. */
  standard = $state.raw<readonly string[]>([]);
  /** When the rows were changed last, ms of the page. */
  changed = 0;

  #past: Step[] = [];
  #future: Step[] = [];
  #ids = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #joined = '';

  texts = $derived(this.rows.map((r) => r.text));
  isStandard = $derived(this.texts.length > 0 && this.texts.join('\n') === this.standard.join('\n'));
  canUndo = $state(false);
  canRedo = $state(false);

  setPanel(on: boolean): void {
    this.panel = on;
    remember('filter-panel', on ? 'on' : 'off');
  }

  /** Opens the panel at a field, or at a row of it. */
  open(field: string, row: number | null = null): void {
    this.setPanel(true);
    this.shown = { field, row };
  }

  /**
   * Changes the rows. What cannot be read changes nothing and comes back. `joined`: changes of one name in a row are one
   * step of the history.
   */
  change(to: (rows: readonly Row[]) => readonly Wish[], joined = '', like?: Like | null): Promise<Wrong[]> {
    const next = this.#queue.then(async () => {
      try {
        return await this.#change(to, joined, like);
      } catch (error) {
        this.failure = failure(error);
        return [];
      }
    });
    this.#queue = next;
    return next;
  }

  async #change(to: (rows: readonly Row[]) => readonly Wish[], joined: string, like?: Like | null): Promise<Wrong[]> {
    const wanted = to(this.rows);
    const fresh = wanted.flatMap((r) => (typeof r === 'string' ? r : 'problems' in r ? [] : r.text));
    const read = fresh.length ? await call('filter_rows', { rows: fresh }) : [];
    const wrong: Wrong[] = [];
    let at = 0;
    const rows = wanted.map((given, i): Row => {
      if (typeof given !== 'string' && 'problems' in given) return given;
      const row = read[at++] as FilterRow;
      if (row.problems.length) wrong.push({ row: i, problems: row.problems });
      // The same row keeps its place on screen.
      const old = typeof given === 'string' ? this.rows.find((r) => r.text === row.text)?.id : given.id;
      return { ...row, id: old ?? ++this.#ids };
    });
    if (wrong.length) return wrong;
    this.failure = null;
    // Saying a thing twice says nothing more.
    const once = rows.filter((row, i) => rows.findIndex((r) => r.text === row.text) === i);
    const about = like === undefined ? (once.some((r) => this.like?.why[r.text]) ? this.like : null) : like;
    if (once.map((r) => r.text).join('\n') === this.texts.join('\n')) {
      if (like !== undefined) this.like = like;
      return [];
    }
    if (!joined || joined !== this.#joined) {
      this.#past.push({ rows: this.rows, like: this.like });
      if (this.#past.length > STEPS) this.#past.shift();
    }
    this.#joined = joined;
    this.#future = [];
    this.#put({ rows: once, like: about });
    return [];
  }

  #put(step: Step): void {
    this.rows = step.rows;
    this.like = step.like;
    this.canUndo = this.#past.length > 0;
    this.canRedo = this.#future.length > 0;
    this.changed = performance.now();
    if (this.shown?.row != null && !step.rows.some((r) => r.id === this.shown?.row)) this.shown = { ...this.shown, row: null };
    list.where(this.texts);
  }

  /** A row in place of another, or a new one (`id` nothing), or none in its place (`text` nothing). */
  put(id: number | null, text: string | null, joined = ''): Promise<Wrong[]> {
    return this.change((rows) => {
      if (id === null) return text === null ? rows : [...rows, text];
      return rows.flatMap((r) => (r.id === id ? (text === null ? [] : [{ id, text }]) : [r]));
    }, joined);
  }

  remove(id: number): Promise<Wrong[]> {
    return this.put(id, null);
  }

  /** Turns a row into its opposite. */
  negate(id: number): Promise<Wrong[]> {
    return this.change((rows) => rows.map((r) => (r.id === id && r.negated !== null ? { id, text: r.negated } : r)));
  }

  clear(): Promise<Wrong[]> {
    return this.change(() => []);
  }

  /** A filter out of one session's facts, in place of what there was. */
  async similar(session: string, name: string, reasons: readonly { row: string; why: string }[]): Promise<void> {
    try {
      const read = await call('filter_rows', { rows: reasons.map((r) => r.row) });
      const why: Record<string, string> = {};
      read.forEach((row, i) => {
        if (!row.problems.length) why[row.text] = reasons[i]?.why ?? '';
      });
      await this.change(() => Object.keys(why), '', { session, name, why });
    } catch (error) {
      this.failure = failure(error);
    }
  }

  /** Goes back one change of the filter, or forward again. False when there is none. */
  turn(redo: boolean): boolean {
    const step = (redo ? this.#future : this.#past).pop();
    if (!step) return false;
    (redo ? this.#past : this.#future).push({ rows: this.rows, like: this.like });
    this.#joined = '';
    this.#put(step);
    return true;
  }

  /** Makes the present rows those that this project opens with; none when they already are. */
  setStandard(): void {
    this.standard = this.isStandard ? [] : this.texts;
    remember(key(), this.standard.length ? JSON.stringify(this.standard) : '');
  }

  /** Another project: its own default, and no history. */
  async begin(): Promise<void> {
    this.#past = [];
    this.#future = [];
    this.canUndo = this.canRedo = false;
    this.rows = [];
    this.like = this.shown = null;
    this.text = false;
    try {
      const kept: unknown = JSON.parse(remembered(key()) || '[]');
      this.standard = Array.isArray(kept) ? kept.filter((t) => typeof t === 'string') : [];
    } catch {
      this.standard = [];
    }
    if (!this.standard.length) return;
    await this.change(() => this.standard);
    // There is nothing before the default.
    this.#past = [];
    this.canUndo = false;
  }
}

export const filters = new Filters();
