/*
 * Several sessions at once: marked one by one, or all of the list but some.
 *
 * The trap: "all that match" is not a list of names. With a million of them only the list itself is kept, and another
 * list means other sessions, so that then nothing is picked.
 */
import { callBytes, type ListQuery, type Which } from '../bridge';
import { list } from './list.svelte';
import { reviews } from './reviews.svelte';

/** Sessions that are picked by name: beyond it, all that match is the way. */
const MOST = 10_000;

class Picked {
  #ids = $state.raw<ReadonlySet<string>>(new Set());
  #all = $state.raw<ListQuery | null>(null);
  /** Where a range begins. */
  #anchor = -1;

  all = $derived(this.#all !== null);
  count = $derived(this.#all ? Math.max(0, list.matched - this.#ids.size) : this.#ids.size);
  which: Which = $derived(this.#all ? { query: this.#all, except: [...this.#ids] } : { ids: [...this.#ids] });

  has(id: string): boolean {
    return this.#ids.has(id) !== this.all;
  }

  toggle(id: string, at: number): void {
    const ids = new Set(this.#ids);
    if (!ids.delete(id)) ids.add(id);
    this.#ids = ids;
    this.#anchor = at;
    if (!this.count) this.clear();
  }

  /** From where it was begun to here; `begin` where nothing was begun. */
  async range(to: number, begin: number): Promise<void> {
    if (this.all) return;
    if (this.#anchor < 0) this.#anchor = begin;
    const [first, last] = [Math.max(0, Math.min(this.#anchor, to)), Math.max(this.#anchor, to)];
    if (last - first >= MOST) {
      reviews.tell(`A range has at most ${MOST} sessions. “All that match” picks more.`, false, true);
      return;
    }
    const ids = new Set(this.#ids);
    for (let at = first; at <= last; at++) {
      const row = list.at(at);
      if (row) {
        ids.add(row.id);
        continue;
      }
      const { rows } = await callBytes('sessions', { ...list.query, from: at, limit: Math.min(500, last - at + 1) });
      if (!rows.length) break;
      for (const r of rows) ids.add(r.id);
      at += rows.length - 1;
    }
    this.#ids = ids;
  }

  everything(): void {
    this.#all = list.query;
    this.#ids = new Set();
  }

  clear(): void {
    this.#all = null;
    this.#ids = new Set();
    this.#anchor = -1;
  }
}

export const picked = new Picked();
