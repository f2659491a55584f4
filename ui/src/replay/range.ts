/*
 * The part of the session that the timeline shows. Pure. The trap is the edge: a part is never shorter than can be
 * seen, never longer than the session, and slides along its ends instead of shrinking at them.
 */

/** Epoch ms. */
export interface Range {
  from: number;
  until: number;
}

/** Nothing of a session is told apart below this, ms. */
export const SHORTEST = 1000;

export const length = (range: Range): number => Math.max(1, range.until - range.from);

/** Place of a time in the part, 0 to 1 inside it. */
export const share = (range: Range, time: number): number => (time - range.from) / length(range);

export const timeAt = (range: Range, part: number): number => range.from + Math.max(0, Math.min(1, part)) * length(range);

export const isWhole = (range: Range, whole: Range): boolean => range.from <= whole.from && range.until >= whole.until;

function inside(from: number, size: number, whole: Range): Range {
  const long = Math.min(length(whole), Math.max(SHORTEST, size));
  const start = Math.max(whole.from, Math.min(whole.until - long, from));
  return { from: start, until: start + long };
}

/** Nearer (`factor` above 1) or farther; `at` keeps its place on screen. */
export function zoom(range: Range, whole: Range, factor: number, at: number): Range {
  const size = Math.min(length(whole), Math.max(SHORTEST, length(range) / factor));
  const part = Math.max(0, Math.min(1, share(range, at)));
  return inside(at - part * size, size, whole);
}

export const slide = (range: Range, whole: Range, by: number): Range => inside(range.from + by, length(range), whole);

/** What was marked by a drag, in either direction. */
export function between(a: number, b: number, whole: Range): Range {
  const size = Math.abs(b - a);
  const from = size < SHORTEST ? (a + b) / 2 - SHORTEST / 2 : Math.min(a, b);
  return inside(from, size, whole);
}

/** Turns the page when the playhead runs out of the part; the same object when it does not. */
export function follow(range: Range, whole: Range, time: number): Range {
  if (isWhole(range, whole) || (time >= range.from && time <= range.until)) return range;
  return inside(time - length(range) * (time > range.until ? 0.05 : 0.5), length(range), whole);
}

const STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
].map((s) => s * 1000);

/** Round moments counted from `origin`, at least `apart` px from each other. */
export function ticks(range: Range, origin: number, width: number, apart = 74): number[] {
  const least = (length(range) / Math.max(1, width)) * apart;
  const step = STEPS.find((s) => s >= least) ?? Math.ceil(least / 86_400_000) * 86_400_000;
  const all: number[] = [];
  for (let t = origin + Math.ceil((range.from - origin) / step) * step; t <= range.until && all.length < 200; t += step) all.push(t);
  return all;
}
