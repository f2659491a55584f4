/*
 * Rows that are here, of a list that mostly is not: fetched page by page, forgotten far from where one looks. Pure.
 *
 * The trap: an answer that comes late belongs to another list. Who fetches names the list it asked for, and what is not
 * of the present one is thrown away.
 */
import type { SessionRow } from '../bridge';

/** Rows of a page: about 100 kB of JSON. */
export const PAGE = 100;
/** Pages that are kept: as many as a list that is held whole without anybody noticing. */
const KEPT = 60;

export class Pages {
  #pages = new Map<number, readonly SessionRow[]>();
  #places = new Map<string, number>();

  get empty(): boolean {
    return this.#pages.size === 0;
  }

  at(index: number): SessionRow | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Place of a row that is here; -1 when it is not. */
  place(id: string): number {
    return this.#places.get(id) ?? -1;
  }

  /** Pages of the rows `first`.. before `end` that are not here. */
  missing(first: number, end: number): number[] {
    const out: number[] = [];
    for (let page = Math.floor(Math.max(0, first) / PAGE); page * PAGE < end; page++) if (!this.#pages.has(page)) out.push(page);
    return out;
  }

  put(page: number, rows: readonly SessionRow[]): void {
    this.#pages.set(page, rows);
    rows.forEach((row, i) => this.#places.set(row.id, page * PAGE + i));
    if (this.#pages.size <= KEPT) return;
    // What is farthest from here goes.
    const far = [...this.#pages.keys()].reduce((a, b) => (Math.abs(a - page) >= Math.abs(b - page) ? a : b));
    for (const row of this.#pages.get(far) ?? []) this.#places.delete(row.id);
    this.#pages.delete(far);
  }

  /** Puts another row in the place of one that is here. */
  change(row: SessionRow): boolean {
    const index = this.place(row.id);
    const page = this.#pages.get(Math.floor(index / PAGE));
    if (index < 0 || !page) return false;
    this.#pages.set(Math.floor(index / PAGE), page.with(index % PAGE, row));
    return true;
  }

  /** Rows that are here, by place. */
  rows(): SessionRow[] {
    return [...this.#pages].sort((a, b) => a[0] - b[0]).flatMap(([, rows]) => rows as SessionRow[]);
  }
}
