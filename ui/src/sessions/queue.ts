/* Which session comes next, and which are in the list at all. Pure. */
import type { SessionRow } from '../bridge';

export interface Only {
  unwatched: boolean;
  favourite: boolean;
  notes: boolean;
  label: string | null;
}

export const EVERYTHING: Only = { unwatched: false, favourite: false, notes: false, label: null };
export const isNarrowed = (only: Only): boolean => only.unwatched || only.favourite || only.notes || only.label !== null;

/** `keep` stays although it was watched meanwhile: the list must not lose the session that is open. */
export function narrowed(rows: readonly SessionRow[], only: Only, keep: string | null = null): SessionRow[] {
  if (!isNarrowed(only)) return rows as SessionRow[];
  return rows.filter(
    (row) =>
      (!only.unwatched || !row.watched || row.id === keep) &&
      (!only.favourite || row.favourite) &&
      (!only.notes || row.notes > 0) &&
      (only.label === null || row.labels.includes(only.label)),
  );
}

/** What is left out, in words: “unwatched favourites with the label vip”. */
export function said(only: Only): string {
  const what = [only.unwatched && 'unwatched', only.favourite ? 'favourites' : 'sessions'].filter(Boolean).join(' ');
  const more = [only.notes && 'with notes', only.label !== null && `with the label “${only.label}”`].filter(Boolean).join(' and ');
  return more ? `${what} ${more}` : what;
}

/** The next one below that was not watched and can be played; from the top again when there is none. */
export function nextUnwatched(rows: readonly SessionRow[], from: string | null): SessionRow | null {
  const at = rows.findIndex((row) => row.id === from);
  const can = (row: SessionRow) => !row.watched && row.has_recording && row.id !== from;
  return rows.slice(at + 1).find(can) ?? rows.slice(0, Math.max(0, at)).find(can) ?? null;
}
