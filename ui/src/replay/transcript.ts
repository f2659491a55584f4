/* The transcript as rows of fixed heights: page heads, events, idle spans and gaps, in order of time. Pure. */
import type { SessionView, TranscriptRow } from '../bridge';
import { span } from '../parts/format';

export type Line =
  | { type: 'page'; time: number; page: number }
  | { type: 'event'; time: number; row: TranscriptRow }
  | { type: 'idle' | 'gap'; time: number; until: number; text: string };

export const HEIGHT: Record<Line['type'], number> = { page: 34, event: 28, idle: 22, gap: 22 };

/** `find` keeps events that carry the text, and the heads of the pages that have one. */
export function lines(view: SessionView, rows: readonly TranscriptRow[], find: string): Line[] {
  const wanted = find.trim().toLowerCase();
  const all: Line[] = [];
  if (!wanted) {
    for (const [from, until] of view.idle) all.push({ type: 'idle', time: from, until, text: `idle ${span(until - from)}` });
    for (const page of view.pages) {
      all.push({ type: 'page', time: page.started_at, page: page.number });
      for (const gap of page.gaps) all.push({ type: 'gap', time: gap.from, until: gap.until, text: gap.reason });
    }
  }
  const pages = new Set<number>();
  for (const row of rows) {
    if (wanted) {
      if (!`${row.text}\n${row.selector ?? ''}\n${row.kind}`.toLowerCase().includes(wanted)) continue;
      if (!pages.has(row.page)) {
        pages.add(row.page);
        all.push({ type: 'page', time: Math.min(row.time, startOf(view, row.page) ?? row.time), page: row.page });
      }
    }
    all.push({ type: 'event', time: row.time, row });
  }
  const order = { page: 0, event: 1, gap: 2, idle: 3 };
  return all
    .map((line, i) => ({ line, i }))
    .sort((a, b) => a.line.time - b.line.time || order[a.line.type] - order[b.line.type] || a.i - b.i)
    .map(({ line }) => line);
}

const startOf = (view: SessionView, page: number) => view.pages.find((p) => p.number === page)?.started_at;
