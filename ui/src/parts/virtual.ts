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

/** Tallest element that engines lay out exactly: WebKit and Blink end at 2^25 px, and 32-bit transforms at half of it. */
const TALLEST = 8_000_000;

/**
 * A list that is taller than an element can be. The trap: the scroll bar then stands for more px than it has, and a notch
 * of the wheel would jump over rows. So a small step moves the list by the same number of px, a large one (the thumb is
 * dragged, End is pressed) goes to its share of the list, and `settle` brings the bar back to where it belongs.
 */
export class Tall {
  /** Of the list, px; may be more than an element can have. */
  top = 0;
  #height = 0;
  #view = 0;
  #bar = 0;

  /** Height of the element that is scrolled, px. */
  get element(): number {
    return Math.min(this.#height, TALLEST);
  }

  /** How much of the list lies above the element's top, px: what is subtracted from the place of a row. */
  get above(): number {
    return this.top - this.#bar;
  }

  /** Takes the height of the list and of what is seen of it; answers where the bar has to be. */
  fit(height: number, view: number): number {
    this.#height = height;
    this.#view = view;
    return this.go(this.top);
  }

  /** The bar was moved to `bar`. */
  scrolled(bar: number): void {
    const step = bar - this.#bar;
    this.#bar = bar;
    if (this.#height <= TALLEST) this.top = bar;
    else if (Math.abs(step) < this.#view) this.top = this.#clamp(this.top + step);
    else this.top = this.#clamp((bar / (TALLEST - this.#view)) * (this.#height - this.#view));
  }

  /** Goes to a place of the list; answers where the bar has to be. */
  go(top: number): number {
    this.top = this.#clamp(top);
    return this.settle();
  }

  /** Where the bar belongs, taken as done. Not while somebody scrolls: setting it would stop the movement. */
  settle(): number {
    const range = this.#height - this.#view;
    if (this.#height <= TALLEST) this.#bar = this.top;
    else {
      const bar = Math.round((this.top / range) * (TALLEST - this.#view));
      // At an end the bar does not move any more: only the end of the list may be there.
      this.#bar = this.top <= 0 ? 0 : this.top >= range ? TALLEST - this.#view : Math.max(1, Math.min(TALLEST - this.#view - 1, bar));
    }
    return this.#bar;
  }

  #clamp(top: number): number {
    return Math.max(0, Math.min(this.#height - this.#view, top));
  }
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
