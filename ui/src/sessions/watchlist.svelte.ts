/*
 * Sessions that somebody put aside to watch, in order, kept for the project on this computer. It comes before the list:
 * what is queued is what one goes on to.
 */
import type { SessionRow } from '../bridge';
import { app, remember, remembered } from '../parts/app.svelte';

/** What is shown of a queued session before it is opened. */
export type Queued = Pick<SessionRow, 'id' | 'entry_page' | 'duration' | 'frustration'>;

export const MOST_QUEUED = 500;
const key = () => `queue.${app.project?.path ?? ''}`;

class Watchlist {
  #rows = $state.raw<readonly Queued[]>([]);
  #of = '';

  /** In the order of watching. */
  get rows(): readonly Queued[] {
    return this.#rows;
  }

  /** Reads what was queued in the project that is open. */
  begin(): void {
    if (this.#of === key()) return;
    this.#of = key();
    try {
      const kept: unknown = JSON.parse(remembered(key()) || '[]');
      this.#rows = Array.isArray(kept) ? (kept as Queued[]).filter((q) => typeof q?.id === 'string') : [];
    } catch {
      this.#rows = [];
    }
  }

  /** Puts sessions at the end; answers how many came in. */
  add(rows: readonly Queued[]): number {
    this.begin();
    const known = new Set(this.#rows.map((q) => q.id));
    const fresh = rows.filter((r) => !known.has(r.id)).slice(0, MOST_QUEUED - this.#rows.length);
    this.#set([...this.#rows, ...fresh.map(({ id, entry_page, duration, frustration }) => ({ id, entry_page, duration, frustration }))]);
    return fresh.length;
  }

  has(id: string): boolean {
    return this.#rows.some((q) => q.id === id);
  }

  remove(id: string): void {
    if (this.has(id)) this.#set(this.#rows.filter((q) => q.id !== id));
  }

  clear(): void {
    this.#set([]);
  }

  /** What comes behind a session: the first of the queue that is another one. */
  next(id: string | null): Queued | null {
    return this.#rows.find((q) => q.id !== id) ?? null;
  }

  #set(rows: readonly Queued[]): void {
    this.#rows = rows;
    remember(key(), rows.length ? JSON.stringify(rows) : '');
  }
}

export const watchlist = new Watchlist();
