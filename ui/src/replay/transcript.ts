/* The transcript as rows of fixed heights: page heads, events, signals, idle spans and gaps, in order of time. Pure. */
import type { SessionView, Signal, TranscriptRow } from '../bridge';
import { span } from '../parts/format';
import { sentence, why } from './evidence';
import { isSignal } from './marks';

export type Line =
  | { type: 'page'; time: number; page: number }
  | { type: 'event'; time: number; row: TranscriptRow }
  | { type: 'signal'; time: number; signal: Signal; text: string; summary: string }
  | { type: 'idle' | 'gap'; time: number; until: number; text: string };

export const HEIGHT: Record<Line['type'], number> = { page: 34, event: 28, signal: 44, idle: 22, gap: 22 };

export interface Filter {
  find: string;
  /** Kinds that are left out. */
  hidden: ReadonlySet<string>;
}

export const ALL: Filter = { find: '', hidden: new Set() };

/** What signals say better than the event they stand on. */
const SAID = new Set(['error', 'resize']);

/**
 * Everything in one order. With a text to find, or with kinds left out, pages without a row go too. `rows` and `signals`
 * are sorted by time; rows are walked once, so that a hundred thousand of them cost no sorting.
 */
export function lines(view: SessionView, rows: readonly TranscriptRow[], filter: Filter = ALL, signals: readonly Signal[] = []): Line[] {
  const wanted = filter.find.trim().toLowerCase();
  const narrowed = wanted !== '' || filter.hidden.size > 0;
  const told = new Set(signals.map((s) => s.kind));
  const keep = (kind: string, text: () => string) => !filter.hidden.has(kind) && (!wanted || text().toLowerCase().includes(wanted));

  const extra: Line[] = [];
  if (!narrowed) {
    for (const [from, until] of view.idle) extra.push({ type: 'idle', time: from, until, text: `idle ${span(until - from)}` });
    for (const page of view.pages) {
      extra.push({ type: 'page', time: page.started_at, page: page.number });
      for (const gap of page.gaps) extra.push({ type: 'gap', time: gap.from, until: gap.until, text: gap.reason });
    }
  }
  for (const signal of signals) {
    const text = sentence(signal);
    const { summary } = why(signal);
    if (keep(signal.kind, () => `${text}\n${summary}\n${signal.selector ?? ''}`)) extra.push({ type: 'signal', time: signal.time, signal, text, summary });
  }
  const order = { page: 0, event: 1, signal: 2, gap: 3, idle: 4 };
  extra.sort((a, b) => a.time - b.time || order[a.type] - order[b.type]);

  const all: Line[] = [];
  const pages = new Set<number>();
  const push = (line: Line, page: number) => {
    if (narrowed && !pages.has(page)) {
      pages.add(page);
      all.push({ type: 'page', time: Math.min(line.time, startOf(view, page) ?? line.time), page });
    }
    all.push(line);
  };
  let next = 0;
  const before = (time: number) => {
    for (let line = extra[next]; line && (line.time < time || (line.time === time && line.type === 'page')); line = extra[++next]) put(line);
  };
  const put = (line: Line) => {
    if (line.type === 'signal') push(line, line.signal.page);
    else all.push(line);
  };
  for (const row of rows) {
    // The page's own head says it.
    if (row.kind === 'page' || (SAID.has(row.kind) && told.has(row.kind === 'error' ? 'js_error' : row.kind))) continue;
    if (!keep(row.kind, () => `${row.text}\n${row.selector ?? ''}\n${row.kind}`)) continue;
    before(row.time);
    push({ type: 'event', time: row.time, row }, row.page);
  }
  for (let line = extra[next]; line; line = extra[++next]) put(line);
  return all;
}

const startOf = (view: SessionView, page: number) => view.pages.find((p) => p.number === page)?.started_at;

/** Kinds that occur, with their numbers: signals first, then the most frequent. */
export function kindsOf(rows: readonly TranscriptRow[], signals: readonly Signal[]): [kind: string, n: number][] {
  const by = new Map<string, number>();
  for (const row of rows) if (row.kind !== 'page') by.set(row.kind, (by.get(row.kind) ?? 0) + 1);
  for (const signal of signals) by.set(signal.kind, (by.get(signal.kind) ?? 0) + (signal.kind === 'resize' ? 0 : 1));
  if (by.has('js_error')) by.delete('error');
  return [...by].sort((a, b) => Number(isSignal(b[0])) - Number(isSignal(a[0])) || b[1] - a[1]);
}
