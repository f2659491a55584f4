/* Which rows of a long list are on screen. Pure, so that 50 000 rows cost what 40 do. */

export interface Window {
  first: number;
  /** One past the last. */
  end: number;
}

/**
 * Rows of one height. `extra` rows are kept on each side so that a fast scroll shows no holes. The number of rows
 * does not change while scrolling: so `index % number` names an element that can be used again for another row.
 */
export function visible(count: number, row: number, top: number, height: number, extra = 8): Window {
  const shown = Math.min(count, Math.ceil(height / row) + 1 + 2 * extra);
  const first = Math.max(0, Math.min(count - shown, Math.floor(top / row) - extra));
  return { first, end: first + shown };
}

/** Where the list must be scrolled to for row `index` to be seen whole; `top` when it already is. */
export function reveal(index: number, row: number, top: number, height: number, head = 0): number {
  const start = index * row;
  if (start < top) return start;
  if (start + row > top + height - head) return start + row - (height - head);
  return top;
}

/** Tops of rows of different heights; the last entry is the height of all. */
export function offsets(heights: readonly number[]): Float64Array {
  const tops = new Float64Array(heights.length + 1);
  for (let i = 0; i < heights.length; i++) tops[i + 1] = (tops[i] ?? 0) + (heights[i] ?? 0);
  return tops;
}

/** Last index whose value is at most `at`; -1 when there is none. `list` is sorted. */
export function lastAtMost(list: ArrayLike<number>, at: number, length = list.length): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Rows of different heights that are on screen. */
export function visibleOf(tops: Float64Array, top: number, height: number, extra = 6): Window {
  const count = tops.length - 1;
  const first = Math.max(0, lastAtMost(tops, top, count) - extra);
  const end = Math.min(count, Math.max(first, lastAtMost(tops, top + height, count) + 1 + extra));
  return { first, end };
}
