/* Arithmetic of the overview's charts. The trap: a bar that begins anywhere but at zero lies. */
import type { Overview, OverviewStep } from '../bridge';
import { count } from '../parts/format';

/** Names and parts of `OverviewStep.device`, as they are stacked from below. */
export const DEVICES = [
  { name: 'Phone', parts: [0], tint: 'var(--accent)' },
  { name: 'PC', parts: [2], tint: 'var(--accent-line)' },
  { name: 'Tablet and other', parts: [1, 3], tint: 'var(--control-line)' },
] as const;

/** The smallest of 1, 2 and 5 times a power of ten that is not below `n`. */
export function ceiling(n: number): number {
  if (n <= 4) return Math.max(1, Math.ceil(n));
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 5, 10].map((f) => f * power).find((top) => top >= n) ?? n;
}

export interface Bar {
  step: OverviewStep;
  /** Share of the axis, from below, in percent. */
  parts: { from: number; height: number; tint: string }[];
  /** For the pointer and the screen reader. */
  said: string;
}

export function bars(overview: Overview): { top: number; bars: Bar[] } {
  const top = ceiling(Math.max(0, ...overview.over_time.map((s) => s.sessions)));
  return {
    top,
    bars: overview.over_time.map((step) => {
      let from = 0;
      const parts = DEVICES.map(({ parts, tint }) => {
        const n = parts.reduce<number>((sum, part) => sum + (step.device[part] ?? 0), 0);
        const part = { from: (from / top) * 100, height: (n / top) * 100, tint };
        from += n;
        return part;
      });
      const said = `${title(step.day, overview.step)}: ${count(step.sessions)} sessions, ${count(step.frustrated)} with a frustration signal`;
      return { step, parts: parts.filter((p) => p.height > 0), said };
    }),
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `20 Nov`, `Week of 16 Nov`, `Nov 2026`; days are those of UTC. */
export function title(day: string, step: string): string {
  const [year, month, date] = day.split('-').map(Number);
  const name = MONTHS[(month ?? 1) - 1] ?? '';
  if (step === 'month') return `${name} ${year}`;
  return `${step === 'week' ? 'Week of ' : ''}${date} ${name}`;
}

/** Which bars are named under the axis: the first, the last and a few between. */
export function named(bars: readonly Bar[]): Set<number> {
  const gap = Math.max(1, Math.ceil(bars.length / 5));
  const marks = new Set<number>();
  for (let at = 0; at < bars.length; at += gap) if (bars.length - 1 - at >= gap / 2 || at === 0) marks.add(at);
  if (bars.length > 1) marks.add(bars.length - 1);
  return marks;
}

/** `12.6 %`. */
export function percent(part: number, of: number): string {
  return of ? `${Math.round((part * 1000) / of) / 10} %` : '–';
}

/** How strongly a cell of signals in 100 page views is coloured, in percent. */
export function warmth(value: number, most: number): number {
  return most > 0 ? Math.round((value / most) * 26) : 0;
}
