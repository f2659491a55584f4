/* Which sessions are in the list at all, in words, and which comes next. Pure. */
import type { SessionRow } from '../bridge';

export interface Only {
  unwatched: boolean;
  favourite: boolean;
  notes: boolean;
  label: string | null;
  /** Sessions by name, such as those behind a number of the overview, and what they are called. */
  these?: { ids: string[]; name: string } | null;
}

export const EVERYTHING: Only = { unwatched: false, favourite: false, notes: false, label: null };
export const isNarrowed = (only: Only): boolean => only.unwatched || only.favourite || only.notes || only.label !== null || Boolean(only.these);

/** What is left out, in words: “unwatched favourites with the label vip”. */
export function said(only: Only): string {
  const what = [only.unwatched && 'unwatched', only.favourite ? 'favourites' : 'sessions'].filter(Boolean).join(' ');
  const more = [only.notes && 'with notes', only.label !== null && `with the label “${only.label}”`, only.these && `of “${only.these.name}”`].filter(Boolean).join(' and ');
  return more ? `${what} ${more}` : what;
}

/** Whether autoplay may go there. */
export const playable = (row: SessionRow): boolean => !row.watched && row.has_recording;

/**
 * The next one below `from` that was not watched and can be played; from the top again when there is none. Nothing when
 * that hangs on rows that are not here (`at` gives `undefined`), `null` when there is none.
 */
export function nextUnwatched(at: (index: number) => SessionRow | undefined, count: number, from: number): SessionRow | null | undefined {
  for (let step = 1; step <= count; step++) {
    const index = (from + step) % count;
    if (index === from) continue;
    const row = at(index);
    if (!row) return undefined;
    if (playable(row)) return row;
  }
  return null;
}
