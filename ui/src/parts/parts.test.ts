import { afterEach, describe, expect, it, vi } from 'vitest';

import { grouped } from '../archive/imports.svelte';
import * as format from './format';
import { clickedOn, combo, dispatch, KEYS, label, onKeys, tip, type Where } from './keys';
import { lastAtMost, offsets, reveal, Tall, visible, visibleOf } from './virtual';

describe('numbers and times', () => {
  it('reads as people write', () => {
    expect(format.count(4812)).toBe('4\u2009812');
    expect(format.count(999)).toBe('999');
    expect(format.counted(1, 'session')).toBe('1 session');
    expect(format.counted(1234567, 'session')).toBe('1\u2009234\u2009567 sessions');
    expect([48_000, 468_999, 3_729_000, 0, -5].map(format.clock)).toEqual(['0:48', '7:48', '1:02:09', '0:00', '0:00']);
    expect([42_000, 200_000, 120_000, 3_900_000].map(format.span)).toEqual(['42 s', '3 min 20 s', '2 min', '1 h 5 min']);
    expect(format.spoken(338_000)).toBe('5 minutes 38 seconds');
    expect(format.spoken(0)).toBe('0 seconds');
    expect([950, 3_412_000, 28_200_000, 999_700].map(format.bytes)).toEqual(['950 B', '3.41 MB', '28.2 MB', '1.00 MB']);
  });

  it('says the year only when it is another one', () => {
    const at = new Date(2026, 10, 20, 14, 32).getTime();
    expect(format.day(at, new Date(2026, 11, 1).getTime())).toBe('Fri 20 Nov');
    expect(format.day(at, new Date(2027, 0, 1).getTime())).toBe('Fri 20 Nov 2026');
    expect(format.time(at)).toBe('14:32');
    expect(format.range(new Date(2026, 9, 24).getTime(), at)).toBe('24 Oct – 20 Nov 2026');
  });

  it('shortens addresses', () => {
    expect(format.path('https://a.example/x?y=1#z')).toBe('/x?y=1');
    expect(format.path('https://a.example')).toBe('/');
    expect(format.path('/x')).toBe('/x');
    expect(format.address('https://www.a.example/x')).toBe('a.example/x');
    expect(format.country('DK')).toBe('Denmark');
    expect(format.country('somewhere')).toBe('somewhere');
  });
});

describe('virtual lists', () => {
  it('shows what is on screen and a few rows around it', () => {
    expect(visible(50_000, 44, 0, 440, 0)).toEqual({ first: 0, end: 11 });
    expect(visible(50_000, 44, 44 * 1000 + 43, 440, 0)).toEqual({ first: 1000, end: 1011 });
    expect(visible(50_000, 44, 44 * 50_000, 440, 8)).toEqual({ first: 49_973, end: 50_000 });
    expect(visible(3, 44, 9999, 440)).toEqual({ first: 0, end: 3 });
    const sizes = [0, 10, 43, 44, 45, 100_000, 2_199_560].map((top) => visible(50_000, 44, top, 440)).map((v) => v.end - v.first);
    expect(new Set(sizes)).toEqual(new Set([27]));
    expect(visible(0, 44, 0, 440)).toEqual({ first: 0, end: 0 });
  });

  it('scrolls only as far as needed', () => {
    expect(reveal(5, 44, 0, 440)).toBe(0);
    expect(reveal(10, 44, 0, 440)).toBe(44);
    expect(reveal(2, 44, 440, 440)).toBe(88);
    expect(reveal(9, 44, 0, 440, 28)).toBe(28);
  });

  it('finds rows of different heights', () => {
    const tops = offsets([34, 28, 28, 22]);
    expect([...tops]).toEqual([0, 34, 62, 90, 112]);
    expect(visibleOf(tops, 40, 30, 0)).toEqual({ first: 1, end: 3 });
    expect(visibleOf(offsets([]), 0, 100)).toEqual({ first: 0, end: 0 });
    expect(lastAtMost([1, 3, 3, 7], 3)).toBe(2);
    expect(lastAtMost([1, 3], 0)).toBe(-1);
  });
});

describe('keys', () => {
  const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
    combo({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  let off = () => {};
  afterEach(() => {
    off();
    document.body.replaceChildren();
  });

  it('spells what was pressed as the register does', () => {
    expect([press(' '), press('d', { shiftKey: true }), press('?', { shiftKey: true }), press('k', { metaKey: true }), press('ArrowLeft', { altKey: true })])
      .toEqual(['Space', 'Shift+D', '?', 'Ctrl+K', 'Alt+ArrowLeft']);
    expect(label('Alt+ArrowLeft')).toBe('Alt Left');
    expect(label('+')).toBe('+');
    expect(label('Ctrl++')).toBe('Ctrl +');
    expect(label('Ctrl+-')).toBe('Ctrl −');
    expect(tip('play')).toBe('Play or pause (Space)');
  });

  it('says each key once in a place', () => {
    const together: Where[][] = [['Anywhere', 'Review', 'Sessions'], ['Anywhere', 'Review', 'Player', 'Picture', 'Timeline', 'Beside the picture']];
    for (const places of together) {
      const all = Object.entries(KEYS).filter(([id, k]) => places.includes(k.where) && id !== 'findHere');
      const keys = all.flatMap(([, k]) => [...k.keys]);
      expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    }
    // The player finds in its transcript what elsewhere finds sessions; `/` goes on doing that.
    expect(KEYS.find.keys).toContain(KEYS.findHere.keys[0]);
  });

  it('leaves text fields and pressed buttons alone', () => {
    const play = vi.fn();
    const close = vi.fn();
    off = onKeys({ play, close, transcript: play });
    document.body.innerHTML = '<input><button></button><p></p>';
    const send = (selector: string, key: string) => {
      document.querySelector<HTMLElement>(selector)!.focus();
      const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
      document.querySelector(selector)!.addEventListener('keydown', (e) => dispatch(e as KeyboardEvent), { once: true });
      document.querySelector(selector)!.dispatchEvent(event);
    };
    send('input', 't');
    send('input', ' ');
    send('button', ' ');
    expect(play).not.toHaveBeenCalled();
    send('p', ' ');
    send('button', 't');
    expect(play).toHaveBeenCalledTimes(2);
    // A button that the mouse pressed does not keep Space for itself.
    document.querySelector('button')!.addEventListener('pointerdown', (e) => clickedOn(e as PointerEvent), { once: true });
    document.querySelector('button')!.dispatchEvent(new MouseEvent('pointerdown'));
    send('button', ' ');
    expect(play).toHaveBeenCalledTimes(3);
    send('input', 'Escape');
    expect(close).toHaveBeenCalledTimes(1);
  });
});

describe('a list taller than an element', () => {
  const ROW = 44;
  const view = 700;

  it('is a plain one as long as it fits', () => {
    const tall = new Tall();
    expect(tall.fit(50_000 * ROW, view)).toBe(0);
    tall.scrolled(123_456);
    expect([tall.top, tall.above, tall.settle()]).toEqual([123_456, 0, 123_456]);
    expect(tall.go(1e9)).toBe(50_000 * ROW - view);
  });

  it('moves by px in small steps, by shares in large ones, and reaches both ends', () => {
    const tall = new Tall();
    const height = 1_000_000 * ROW;
    tall.fit(height, view);
    expect(tall.element).toBeLessThan(2 ** 24);
    // The wheel: three notches are three notches, wherever the bar is.
    let bar = 0;
    for (let i = 0; i < 3; i++) tall.scrolled((bar += 100));
    expect(tall.top).toBe(300);
    const settled = tall.settle();
    expect(settled).toBeGreaterThan(0);
    expect(tall.top).toBe(300);
    // Where a row is drawn stays in the element.
    expect(tall.top - tall.above).toBe(settled);
    // The thumb dragged to the middle, to the end.
    tall.scrolled(tall.element / 2);
    expect(Math.abs(tall.top / height - 0.5)).toBeLessThan(0.001);
    tall.scrolled(tall.element - view);
    expect(tall.top).toBe(height - view);
    // From the end upwards, never below the first row.
    bar = tall.settle();
    tall.scrolled(bar - 100);
    expect(tall.top).toBe(height - view - 100);
    tall.go(50);
    bar = tall.settle();
    tall.scrolled(bar - 1);
    expect(tall.top).toBe(49);
    tall.scrolled(bar - 600);
    expect(tall.top).toBe(0);
    expect(tall.settle()).toBe(0);
  });

  it('goes to any row', () => {
    const tall = new Tall();
    tall.fit(1_000_000 * ROW, view);
    for (const row of [0, 1, 17, 250_000, 999_984]) {
      const to = tall.go(row * ROW);
      expect(tall.top).toBe(Math.min(row * ROW, 1_000_000 * ROW - view));
      expect(to).toBeGreaterThanOrEqual(0);
      expect(to).toBeLessThanOrEqual(tall.element - view);
    }
  });
});

describe('sessions', () => {
  it('groups findings, worst first', () => {
    const finding = (code: string, severity: 'note' | 'warning' | 'error') => ({ code, severity, path: null, session: null, page: null, message: '' });
    const groups = grouped([finding('a', 'note'), finding('b', 'warning'), finding('a', 'note'), finding('c', 'error')]);
    expect(groups.map((g) => [g.code, g.findings.length])).toEqual([['c', 1], ['b', 1], ['a', 2]]);
  });
});
