/*
 * The sessions of the project. Rust finds by text, because it knows every page; the order is made here, because a click
 * on a column head must not fetch 50 000 rows again.
 */
import { call, callBytes, failure, type Failure, type Review, type SessionRow } from '../bridge';
import { remember, remembered } from '../parts/app.svelte';
import { Latest } from '../replay/latest';
import { EVERYTHING, narrowed, type Only } from './queue';

export type SortKey =
  | 'start' | 'entry_page' | 'duration' | 'page_count' | 'click_count' | 'browser' | 'channel' | 'country' | 'js_errors' | 'frustration';

/** Sorted copy. Empty values come last in both directions; equal ones by start, newest first. */
export function sorted(rows: readonly SessionRow[], key: SortKey, descending: boolean): SessionRow[] {
  const sign = descending ? -1 : 1;
  const text = new Intl.Collator('en', { sensitivity: 'base', numeric: true });
  return [...rows].sort((a, b) => {
    const x = a[key];
    const y = b[key];
    if (x === y) return b.start - a.start;
    if (x === null || x === '') return 1;
    if (y === null || y === '') return -1;
    const order = typeof x === 'number' ? x - (y as number) : text.compare(x, y as string);
    return sign * order || b.start - a.start;
  });
}

class SessionList {
  rows = $state.raw<SessionRow[]>([]);
  /** All sessions of the project, whatever is looked for. */
  total = $state(0);
  /** What the rows were found with. */
  found = $state('');
  text = $state('');
  /** A row of the filter language, as typed. */
  filter = $state('');
  /** The row that the list was made with. */
  filtered = $state('');
  /** Why the typed row cannot be read; the list then stays as it was. */
  wrong = $state.raw<Failure | null>(null);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  failure = $state.raw<Failure | null>(null);
  sort = $state<SortKey>('start');
  descending = $state(true);
  selected = $state<string | null>(null);

  only = $state.raw<Only>(EVERYTHING);
  /** Goes on to the next unwatched session at the end of one. */
  #autoplay = $state(remembered('autoplay') === 'on');
  /** The session that is played stays in the list, also when it is no longer unwatched. */
  playing = $state<string | null>(null);

  shown = $derived(sorted(narrowed(this.rows, this.only, this.playing), this.sort, this.descending));

  get autoplay() { return this.#autoplay; }
  set autoplay(on: boolean) { this.#autoplay = on; remember('autoplay', on ? 'on' : 'off'); }

  #ask = new Latest<{ text: string; filter: string }>(async ({ text, filter }) => {
    try {
      const answer = await callBytes('sessions', { ...(text && { text }), ...(filter && { filter: [filter] }) });
      this.rows = answer.rows;
      this.found = text;
      this.filtered = filter;
      if (filter === this.filter.trim()) this.wrong = null;
      this.total = answer.total;
      this.failure = null;
      this.state = 'ready';
    } catch (error) {
      const why = failure(error);
      if (filter && why.places) {
        this.wrong = why;
        this.state = 'ready';
        return;
      }
      this.failure = why;
      this.state = 'failed';
    }
  });

  /** After an import or a change of project. */
  refresh(): void {
    this.state = 'loading';
    this.again();
  }

  /** Reads the rows again without a word: what people said of them has changed. */
  again(): void {
    // A filter that cannot be read must not keep a search from being answered.
    this.#ask.ask({ text: this.text.trim(), filter: this.wrong ? this.filtered : this.filter.trim() });
  }

  /** Takes over what was said of one session. */
  reviewed(review: Review): void {
    const { favourite, rating, watched_at, watched_until, watched_by, labels } = review;
    const dismissed = new Set(review.decisions.map((d) => `${d.kind} ${d.time} ${d.selector ?? ''}`)).size;
    const news = { favourite, rating, watched: watched_at !== null, watched_at, watched_until, watched_by, labels, notes: review.notes.length, dismissed };
    const at = this.rows.findIndex((r) => r.id === review.session);
    const row = this.rows[at];
    // Reading what stands is no change: fifty thousand rows are not put in order again for it.
    if (!row || JSON.stringify({ ...row, ...news }) === JSON.stringify(row)) return;
    this.rows = this.rows.with(at, { ...row, ...news });
  }

  /** Forgets what belongs to another project. */
  empty(): void {
    this.only = EVERYTHING;
    this.rows = [];
    this.text = this.found = this.filter = this.filtered = '';
    this.wrong = null;
    this.selected = null;
    this.total = 0;
  }

  find(text: string): void {
    this.text = text;
    this.state = 'loading';
    this.again();
  }

  /** Keeps the sessions that fit a row of the filter language; an empty one keeps all. */
  where(filter: string): void {
    this.filter = filter;
    this.state = 'loading';
    this.#ask.ask({ text: this.text.trim(), filter: filter.trim() });
  }

  /** Notes that the session was watched. A note that cannot be kept is no reason to stop watching. */
  async watched(id: string): Promise<void> {
    const row = this.rows.find((r) => r.id === id);
    if (row?.watched) return;
    try {
      await call('mark_watched', { id });
      this.rows = this.rows.map((r) => (r.id === id ? { ...r, watched: true, watched_at: Date.now() } : r));
    } catch (error) {
      this.failure = failure(error);
    }
  }

  sortBy(key: SortKey): void {
    if (this.sort === key) {
      this.descending = !this.descending;
    } else {
      this.sort = key;
      // Numbers are asked for from the top, text from A.
      this.descending = ['start', 'duration', 'page_count', 'click_count', 'js_errors', 'frustration'].includes(key);
    }
  }

  /** Place of a session among those shown, -1 when it is not. */
  place(id: string | null): number {
    return id === null ? -1 : this.shown.findIndex((row) => row.id === id);
  }

  move(by: number): SessionRow | undefined {
    const at = this.place(this.selected);
    const last = this.shown.length - 1;
    const row = this.shown[Math.max(0, Math.min(last, at < 0 ? (by > 0 ? 0 : last) : at + by))];
    if (row) this.selected = row.id;
    return row;
  }
}

export const list = new SessionList();
