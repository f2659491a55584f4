/*
 * The columns of the list: which, in which order, how wide. Chosen ones are kept for this person on this computer.
 *
 * The trap: a column that somebody chose must not go away by itself. Only the ones that nobody chose make room in a
 * narrow window; chosen ones are scrolled to.
 */
import { remember, remembered } from '../parts/app.svelte';
import type { FilterField as Field } from '../bridge';
import { fields } from './fields.svelte';

export interface Column {
  /** Of a field that has no drawing of its own: `field:NAME`. */
  id: string;
  name: string;
  /** px; the least of what grows. */
  width: number;
  grows?: boolean;
  right?: boolean;
  /** Field that it is sorted by. */
  sort: string | null;
  hint?: string;
  /** Facts that it needs besides what every row has. */
  needs: readonly string[];
}

export const SIGNALS = [
  ['rage_clicks', 'rage_click'],
  ['dead_clicks', 'dead_click'],
  ['error_clicks', 'error_click'],
  ['js_errors', 'js_error'],
  ['quick_backs', 'quick_back'],
  ['excessive_scrolls', 'excessive_scroll'],
] as const;

const OWN: readonly Column[] = [
  { id: 'start', name: 'Started', width: 92, sort: 'start', needs: [] },
  { id: 'entry', name: 'Entry page', width: 150, grows: true, sort: 'entry_page', needs: [] },
  { id: 'duration', name: 'Length', width: 78, right: true, sort: 'duration', hint: 'From the first to the last event; below it the page views', needs: [] },
  { id: 'activity', name: 'Activity', width: 132, sort: null, hint: 'Each on its own scale; dashes are page changes', needs: [] },
  { id: 'signals', name: 'Signals', width: 172, sort: null, hint: 'By our own detection', needs: SIGNALS.map(([field]) => field) },
  { id: 'frustration', name: 'Frustration', width: 98, right: true, sort: 'frustration', hint: 'Frustration, 0 to 100, by our own detection', needs: [] },
  { id: 'device', name: 'Device', width: 116, sort: 'browser', needs: [] },
  { id: 'source', name: 'Source', width: 116, sort: 'channel', needs: [] },
  { id: 'country', name: 'Country', width: 66, sort: 'country', needs: [] },
  { id: 'pages', name: 'Pages', width: 56, right: true, sort: 'page_count', needs: [] },
  { id: 'clicks', name: 'Clicks', width: 56, right: true, sort: 'click_count', needs: [] },
  { id: 'errors', name: 'Errors', width: 62, right: true, sort: 'js_errors', hint: 'Uncaught script errors', needs: [] },
  { id: 'labels', name: 'Labels', width: 140, sort: 'label', needs: [] },
  { id: 'exit', name: 'Exit page', width: 150, sort: 'exit_page', needs: [] },
];

export const STANDARD: readonly string[] = ['start', 'entry', 'duration', 'activity', 'signals', 'frustration', 'device', 'source', 'country'];
/** What makes room first. */
const LEAST: readonly string[] = ['country', 'source', 'device', 'activity', 'signals', 'start'];
/** Of the column with the dot. */
export const DOT = 36;

/** Fields that a column of their own already shows. */
const DRAWN = new Set(['start', 'entry_page', 'duration', 'frustration', 'browser', 'channel', 'country', 'page_count', 'click_count', 'js_errors', 'label', 'exit_page', 'tag.KEY']);

export function columnOf(id: string, field: (name: string) => Field | undefined): Column | undefined {
  const own = OWN.find((c) => c.id === id);
  if (own || !id.startsWith('field:')) return own;
  const name = id.slice(6);
  const found = field(name);
  const kind = found?.kind ?? 'text';
  const number = kind !== 'text' && kind !== 'enum' && kind !== 'date' && kind !== 'yes_no';
  return { id, name: found?.label ?? name, width: number ? 92 : kind === 'yes_no' ? 78 : 136, right: number, sort: name, ...(found && { hint: found.meaning }), needs: [name] };
}

/** Columns that there is room for, and their grid. */
export function layout(columns: readonly Column[], chosen: boolean, room: number): { columns: Column[]; template: string; width: number } {
  let shown = [...columns];
  const wide = () => DOT + shown.reduce((sum, c) => sum + c.width, 0);
  if (!chosen) for (const id of LEAST) if (wide() > room) shown = shown.filter((c) => c.id !== id);
  const grows = shown.some((c) => c.grows);
  // Without one that grows the last one does, so that the row is filled.
  const template = shown.map((c, i) => (c.grows || (!grows && i === shown.length - 1) ? `minmax(${c.width}px, 1fr)` : `${c.width}px`)).join(' ');
  return { columns: shown, template: `${DOT}px ${template}`, width: wide() };
}

function kept(): string[] | null {
  try {
    const ids: unknown = JSON.parse(remembered('columns') || 'null');
    return Array.isArray(ids) && ids.length && ids.every((id) => typeof id === 'string') ? ids : null;
  } catch {
    return null;
  }
}

class Columns {
  #ids = $state.raw<readonly string[] | null>(kept());

  chosen = $derived(this.#ids !== null);
  ids = $derived(this.#ids ?? STANDARD);
  shown = $derived(this.ids.flatMap((id) => columnOf(id, (name) => fields.get(name)) ?? []));
  needs = $derived([...new Set(this.shown.flatMap((c) => c.needs))]);
  /** Fields in the order of the table, for other programs. */
  exported = $derived(['id', ...new Set(this.shown.flatMap((c) => (c.id === 'signals' ? c.needs : c.id === 'device' ? ['device', 'browser', 'os'] : c.id === 'source' ? ['channel', 'utm.source', 'utm.medium'] : c.id === 'duration' ? ['duration', 'page_count'] : (c.sort ?? []))))]);

  /** Every column that there is: those in use first, in their order. */
  all = $derived.by(() => {
    const rest = [...OWN.map((c) => c.id), ...fields.all.filter((f) => !DRAWN.has(f.name)).map((f) => `field:${f.name}`)].filter((id) => !this.ids.includes(id));
    return [...this.ids, ...rest].flatMap((id) => columnOf(id, (name) => fields.get(name)) ?? []);
  });

  set(ids: readonly string[] | null): void {
    if (ids !== null && !ids.length) return;
    this.#ids = ids;
    remember('columns', ids === null ? '' : JSON.stringify(ids));
  }

  toggle(id: string): void {
    this.set(this.ids.includes(id) ? this.ids.filter((i) => i !== id) : [...this.ids, id]);
  }

  /** Moves a column so many places to the right. */
  move(id: string, by: number): void {
    const from = this.ids.indexOf(id);
    const to = Math.max(0, Math.min(this.ids.length - 1, from + by));
    if (from < 0 || from === to) return;
    const ids = this.ids.filter((i) => i !== id);
    ids.splice(to, 0, id);
    this.set(ids);
  }
}

export const columns = new Columns();
