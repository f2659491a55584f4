/* How large the recorded page is shown. Pure: sizes in, scale and scroll out. */

/** `fit` follows the room there is; a number stays. */
export type Zoom = 'fit' | number;

export const LEAST = 0.1;
export const MOST = 4;
const STEPS = [0.1, 0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 1, 1.25, 1.5, 2, 3, 4];

const within = (scale: number) => Math.max(LEAST, Math.min(MOST, scale));

/** Never larger than the page was: what is blown up without being asked for looks wrong. */
export function fitScale(page: readonly [number, number], room: readonly [number, number]): number {
  return Math.max(0.05, Math.min(1, room[0] / Math.max(1, page[0]), room[1] / Math.max(1, page[1])));
}

/** Width on which phones and tablets lay out a page that says nothing of its own, CSS px. */
const UNSAID = 980;

/**
 * The size that a page was laid out in on a phone or tablet, of a page that says nothing of its width. A page wider than
 * that is shown smaller there, and `innerWidth`, which recorders note, grows as far as the page reaches at the moment.
 */
export function laidOutIn([width, height]: readonly [number, number]): [number, number] {
  return width > UNSAID ? [UNSAID, Math.round((height * UNSAID) / width)] : [width, height];
}

export const scaleOf = (zoom: Zoom, fit: number): number => (zoom === 'fit' ? fit : within(zoom));

/** Next round scale up or down. */
export function nextZoom(scale: number, by: 1 | -1): number {
  if (by > 0) return STEPS.find((s) => s > scale + 0.005) ?? MOST;
  return STEPS.findLast((s) => s < scale - 0.005) ?? LEAST;
}

/** Turning the wheel by one notch is about a tenth. */
export const wheelZoom = (scale: number, delta: number): number => within(scale * Math.exp(-Math.max(-240, Math.min(240, delta)) / 800));

/** Where to scroll so that what lies under the pointer stays there. `at` is px from the edge of the room. */
export const keepUnder = (scroll: number, at: number, before: number, after: number): number => (scroll + at) * (after / before) - at;

/** What was kept between starts. */
export function readZoom(text: string | null): Zoom {
  const scale = Number(text);
  return text && text !== 'fit' && Number.isFinite(scale) && scale > 0 ? within(scale) : 'fit';
}
