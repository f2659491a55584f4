/* What stands on the timeline. Pure: markers in, places out. */
import type { Marker, Note, Signal } from '../bridge';
import { lastAtMost } from '../parts/virtual';
import { sentence } from './evidence';

export interface Mark {
  /** The one that is shown: the gravest of those it stands for. */
  marker: Marker;
  /** How many more stand here. */
  more: number;
  /** px from the left end. */
  x: number;
  all: Marker[];
}

/** Markers nearer than this join, so that each can be hit. */
export const NEAREST = 18;

const GRAVE = [
  'note', 'rage_click', 'error_click', 'js_error', 'error', 'dead_click', 'quick_back', 'excessive_scroll', 'submit', 'custom', 'tag', 'resize', 'input', 'change', 'click',
];

/** Our own detections; everything else is as recorded. */
export const SIGNALS = ['rage_click', 'error_click', 'js_error', 'dead_click', 'quick_back', 'excessive_scroll', 'resize'] as const;
export const isSignal = (kind: string): boolean => (SIGNALS as readonly string[]).includes(kind);

/** Recorded events and signals in one order. What a signal says better is not marked twice. */
export function withSignals(markers: readonly Marker[], signals: readonly Signal[], notes: readonly Note[] = []): Marker[] {
  const kinds = new Set(signals.map((s) => s.kind));
  const all = markers.filter((m) => !(m.kind === 'error' && kinds.has('js_error')) && !(m.kind === 'resize' && kinds.has('resize')));
  for (const s of signals) all.push({ time: s.time, page: s.page, kind: s.kind, text: sentence(s) });
  for (const n of notes) if (n.at !== null) all.push({ time: n.at, page: n.page ?? 0, kind: 'note', text: `Note: ${n.text.length > 80 ? `${n.text.slice(0, 80)}…` : n.text}` });
  return all.sort((a, b) => a.time - b.time);
}

/** Kinds with their numbers, gravest first. */
export function legend(markers: readonly Marker[]): [kind: string, n: number][] {
  const by = new Map<string, number>();
  for (const marker of markers) by.set(marker.kind, (by.get(marker.kind) ?? 0) + 1);
  return [...by].sort((a, b) => gravity(a[0]) - gravity(b[0]) || b[1] - a[1]);
}

/** What happens around a moment, nearest first and then by time: at most `most`. `times` is sorted. */
export function around(times: ArrayLike<number>, at: number, within: number, most: number): number[] {
  let after = lastAtMost(times, at) + 1;
  let before = after - 1;
  const found: number[] = [];
  while (found.length < most) {
    const a = after < times.length ? (times[after] as number) - at : Infinity;
    const b = before >= 0 ? at - (times[before] as number) : Infinity;
    if (Math.min(a, b) > within) break;
    found.push(a < b ? after++ : before--);
  }
  return found.sort((a, b) => a - b);
}

/** Lower is graver. */
export function gravity(kind: string): number {
  const at = GRAVE.indexOf(kind);
  return at < 0 ? GRAVE.length : at;
}

/**
 * Joins what would overlap. `markers` are sorted by time; nothing between `from` and `until` is dropped. What is `quiet`
 * stands for others only when they all are.
 */
export function join(markers: readonly Marker[], from: number, until: number, width: number, quiet: (marker: Marker) => boolean = () => false): Mark[] {
  const weight = (marker: Marker) => gravity(marker.kind) + (quiet(marker) ? 1000 : 0);
  const marks: Mark[] = [];
  const length = Math.max(1, until - from);
  for (const marker of markers) {
    if (marker.time < from || marker.time > until) continue;
    const x = ((marker.time - from) / length) * width;
    const last = marks.at(-1);
    // A mark with a number beside it is wider.
    if (last && x - last.x < NEAREST + (last.more ? 14 : 0)) {
      last.all.push(marker);
      last.more++;
      if (weight(marker) < weight(last.marker)) last.marker = marker;
    } else {
      marks.push({ marker, more: 0, x, all: [marker] });
    }
  }
  return marks;
}

/** The next or last moment something happened, for stepping by events. `times` is sorted. */
export function neighbour(times: ArrayLike<number>, at: number, by: 1 | -1): number | null {
  // Right after a step the playhead stands on the event itself; half a second before it counts as there.
  const i = by > 0 ? lastAtMost(times, at + 1) + 1 : lastAtMost(times, at - 500.001);
  return i >= 0 && i < times.length ? (times[i] as number) : null;
}
