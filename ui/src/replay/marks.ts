/* What stands on the timeline. Pure: markers in, places out. */
import type { Marker } from '../bridge';

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

const GRAVE = ['error', 'rage_click', 'dead_click', 'submit', 'custom', 'tag', 'input', 'change', 'click'];

/** Lower is graver. */
export function gravity(kind: string): number {
  const at = GRAVE.indexOf(kind);
  return at < 0 ? GRAVE.length : at;
}

/** Joins what would overlap. `markers` are sorted by time; nothing is dropped. */
export function join(markers: readonly Marker[], from: number, until: number, width: number): Mark[] {
  const marks: Mark[] = [];
  const length = Math.max(1, until - from);
  for (const marker of markers) {
    const x = ((marker.time - from) / length) * width;
    const last = marks.at(-1);
    // A mark with a number beside it is wider.
    if (last && x - last.x < NEAREST + (last.more ? 14 : 0)) {
      last.all.push(marker);
      last.more++;
      if (gravity(marker.kind) < gravity(last.marker.kind)) last.marker = marker;
    } else {
      marks.push({ marker, more: 0, x, all: [marker] });
    }
  }
  return marks;
}

/** The next or last moment something happened, for stepping by events. `times` is sorted. */
export function neighbour(times: readonly number[], at: number, by: 1 | -1): number | null {
  // Right after a step the playhead stands on the event itself; half a second before it counts as there.
  if (by > 0) return times.find((t) => t > at + 1) ?? null;
  for (let i = times.length - 1; i >= 0; i--) if ((times[i] as number) < at - 500) return times[i] as number;
  return null;
}
