import { expect, test } from 'vitest';

import type { Overview, OverviewStep } from '../bridge';
import { bars, ceiling, named, percent, title, warmth } from './overview';

const step = (day: string, device: [number, number, number, number], frustrated = 0): OverviewStep => ({
  day, device, frustrated, sessions: device.reduce((a, b) => a + b, 0), where: `start = ${day}`,
});
const overview = (over_time: OverviewStep[], unit = 'day') => ({ over_time, step: unit }) as unknown as Overview;

test('the axis ends on a round number and begins at zero', () => {
  expect([0, 1, 3, 5, 7, 11, 99, 101, 250, 501].map(ceiling)).toEqual([1, 1, 3, 5, 10, 20, 100, 200, 500, 1000]);
  const { top, bars: all } = bars(overview([step('2026-11-20', [3, 1, 4, 2], 2), step('2026-11-21', [0, 0, 0, 0])]));
  expect(top).toBe(10);
  expect(all[0]?.parts.map(({ from, height }) => [from, height])).toEqual([[0, 30], [30, 40], [70, 30]]);
  expect(all[0]?.said).toBe('20 Nov: 10 sessions, 2 with a frustration signal');
  expect(all[1]?.parts).toEqual([]);
});

test('steps are named in words', () => {
  expect(title('2026-11-20', 'day')).toBe('20 Nov');
  expect(title('2026-11-16', 'week')).toBe('Week of 16 Nov');
  expect(title('2026-11-01', 'month')).toBe('Nov 2026');
});

test('the first and last bars are named, and names keep apart', () => {
  for (const n of [1, 2, 5, 6, 29, 62]) {
    const marks = [...named(bars(overview(Array.from({ length: n }, (_, i) => step(`2026-11-${i}`, [1, 0, 0, 0])))).bars)].sort((a, b) => a - b);
    expect(marks[0]).toBe(0);
    expect(marks.at(-1)).toBe(n - 1);
    expect(marks.length).toBeLessThanOrEqual(7);
    const gaps = marks.slice(1).map((at, i) => at - (marks[i] ?? 0));
    expect(Math.min(...gaps, n)).toBeGreaterThanOrEqual(Math.max(1, Math.floor(n / 12)));
  }
});

test('shares and warmth', () => {
  expect([percent(1, 3), percent(0, 0), percent(5, 5)]).toEqual(['33.3 %', '–', '100 %']);
  expect([warmth(5, 10), warmth(10, 10), warmth(0, 0)]).toEqual([13, 26, 0]);
});
