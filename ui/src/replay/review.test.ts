/* Review work in the player by keyboard: notes that are never lost, decisions, marks, what comes next. */
import axe from 'axe-core';
import { mount, tick, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { call, standIn, type SessionRow } from '../bridge';
import { fixture } from '../bridge/fixture';
import { app } from '../parts/app.svelte';
import { dispatch, onKeys } from '../parts/keys';
import { pretendLayout } from '../parts/layout.testing';
import { list } from '../sessions/list.svelte';
import { reviews } from '../sessions/reviews.svelte';
import { drafts } from './drafts.svelte';
import { scoreWithout } from './evidence';
import Player from './Player.svelte';
import { prefs } from './prefs.svelte';
import UpNext from './UpNext.svelte';
import type { Viewing } from './viewing.svelte';

let player: Record<string, unknown> | null = null;
let id = '';
const calls: [string, Record<string, unknown>][] = [];

const press = async (key: string, more: KeyboardEventInit = {}, on: Element = document.activeElement ?? document.body) => {
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  await tick();
  await tick();
};
const until = async (what: () => unknown) => {
  for (let i = 0; i < 300; i++) {
    if (what()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`never: ${String(what)}`);
};
const find = <E extends Element = HTMLElement>(selector: string) => document.querySelector<E>(selector);
const text = () => find('[role=tabpanel]')?.textContent ?? '';
const field = () => find<HTMLTextAreaElement>('[data-testid=note-text]');
const type = async (words: string) => {
  const area = field() as HTMLTextAreaElement;
  area.value = words;
  area.dispatchEvent(new Event('input', { bubbles: true }));
  await tick();
};
const changes = () => calls.filter(([command]) => command === 'review_change').map(([, args]) => args['change'] as { do: string });

async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.body, {
    iframes: false,
    runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] },
    rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false }, 'landmark-one-main': { enabled: false }, 'color-contrast': { enabled: false } },
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join('\n')}`);
}

async function open(): Promise<void> {
  player = mount(Player, { target: document.body, props: { id, begin: null } });
  await until(() => window.__dwell?.shown() != null && reviews.of(id) && find('[data-testid=timeline]'));
}
async function close(): Promise<void> {
  if (player) await unmount(player);
  player = null;
  document.body.innerHTML = '';
}

beforeEach(async () => {
  localStorage.clear();
  pretendLayout(900, 2000);
  calls.length = 0;
  const made = fixture(6);
  id = ((await made.call('sessions', {})) as { rows: SessionRow[] }).rows[0]?.id ?? '';
  standIn({
    call: (command, args) => {
      calls.push([command, args]);
      return made.call(command, args);
    },
  });
  list.refresh();
  await until(() => list.rows.length);
  addEventListener('keydown', dispatch);
  prefs.panel = 'transcript';
  prefs.pane = true;
  await open();
});

afterEach(async () => {
  await close();
  drafts.drop(id);
  reviews.empty();
  list.empty();
  list.autoplay = false;
  removeEventListener('keydown', dispatch);
  standIn(null);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('notes', () => {
  it('are written at the playhead, stand on the timeline, are changed, removed and brought back', async () => {
    await press('.');
    await until(() => (find('[data-testid=clock]')?.textContent ?? '').startsWith('0:05'));
    await press('n');
    await until(() => document.activeElement === field());
    await type('Why does nothing happen?');
    expect(await violations()).toEqual([]);
    await press('Enter', { shiftKey: true });
    expect(field(), 'Shift Enter begins a line').not.toBeNull();
    await press('Enter');
    await until(() => find('[data-testid=note]'));
    expect(field()).toBeNull();
    expect(changes().at(-1)).toMatchObject({ do: 'add_note', text: 'Why does nothing happen?', at: expect.any(Number), page: 1 });
    expect(Number.isInteger((changes().at(-1) as { at?: number }).at)).toBe(true);
    const mark = [...document.querySelectorAll('.mks button')].find((b) => b.getAttribute('aria-label')?.includes('Note: Why'));
    expect(mark?.getAttribute('aria-label')).toMatch(/^0:05 Note: Why does nothing happen\?/);
    expect(list.rows.find((r) => r.id === id)?.notes).toBe(1);

    find('[aria-label^="Change the note"]')?.click();
    await until(() => document.activeElement === field());
    await type('Dead click');
    await press('Enter');
    await until(() => find('[data-testid=note] .words')?.textContent === 'Dead click');
    find('[aria-label^="Remove the note"]')?.click();
    await until(() => !find('[data-testid=note]'));
    expect(reviews.said).toMatchObject({ text: 'Note removed', undo: true });
    await reviews.turn(false);
    await until(() => find('[data-testid=note] .words')?.textContent === 'Dead click');
    expect(await violations()).toEqual([]);
  }, 60_000);

  it('pause the playback while they are written, and go on after', async () => {
    await press(' ');
    await until(() => window.__dwell?.playing());
    await press('c');
    await until(() => document.activeElement === field());
    expect(window.__dwell?.playing()).toBe(false);
    await type('x');
    await press('Enter');
    await until(() => window.__dwell?.playing());
    await press(' ', {}, document.body);
    expect(window.__dwell?.playing()).toBe(false);
  }, 30_000);

  it('are never lost: not by Esc, not by leaving, not by a restart', async () => {
    await press('n');
    await until(() => document.activeElement === field());
    await type('half a thou');
    await press('Escape');
    expect(field()).toBeNull();
    expect(text()).toContain('is not saved: “half a thou”');
    expect(changes().some((c) => c.do === 'add_note')).toBe(false);
    await press('n', {}, document.body);
    await until(() => field()?.value === 'half a thou');
    await type('half a thought');
    // Away in the middle of it, without Esc.
    await close();
    expect(JSON.parse(localStorage.getItem('dwell.note-drafts') ?? '{}')).toMatchObject({ [id]: { text: 'half a thought' } });
    prefs.panel = 'notes';
    await open();
    await until(() => find('[data-testid=note-draft]'));
    expect(await violations()).toEqual([]);
    [...document.querySelectorAll('button')].find((b) => b.textContent === 'Go on writing')?.click();
    await until(() => field()?.value === 'half a thought');
    await press('Enter');
    await until(() => find('[data-testid=note]'));
    expect(drafts.of(id)).toBeNull();
  }, 30_000);

  it('stay in their field when they cannot be saved', async () => {
    await press('n');
    await until(() => document.activeElement === field());
    await type('worth keeping');
    const stand = vi.spyOn(reviews, 'change').mockResolvedValueOnce(null);
    await press('Enter');
    await tick();
    expect(field()?.value).toBe('worth keeping');
    stand.mockRestore();
    await press('Enter', {}, field() as Element);
    await until(() => find('[data-testid=note]'));
  }, 30_000);

  it('leave Ctrl Z to the field that is typed in', async () => {
    await press('n');
    await until(() => document.activeElement === field());
    const undo = vi.fn();
    const off = onKeys({ undo, redo: undo });
    await press('z', { ctrlKey: true });
    await press('Z', { ctrlKey: true, shiftKey: true });
    expect(undo).not.toHaveBeenCalled();
    await press('z', { ctrlKey: true }, document.body);
    await press('Z', { ctrlKey: true, shiftKey: true }, document.body);
    expect(undo).toHaveBeenCalledTimes(2);
    off();
  }, 30_000);
});

describe('the session', () => {
  it('is marked, rated and labelled by keys', async () => {
    await press('b');
    await until(() => reviews.of(id)?.favourite);
    await press('4', { altKey: true, code: 'Digit4' });
    await until(() => reviews.of(id)?.rating === 4);
    // Where Alt makes another letter of it.
    await press('”', { altKey: true, code: 'Digit2' });
    await until(() => reviews.of(id)?.rating === 2);
    await press('0', { altKey: true, code: 'Digit0' });
    await until(() => reviews.of(id)?.rating === null);
    await press('w');
    await until(() => reviews.of(id)?.watched_at);
    await press('w');
    await until(() => reviews.of(id)?.watched_at === null);
    await press('l');
    await until(() => document.activeElement?.getAttribute('role') === 'combobox');
    const input = document.activeElement as HTMLInputElement;
    input.value = '  check   out ';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await press('Enter');
    await until(() => reviews.of(id)?.labels.length === 1);
    expect(reviews.of(id)?.labels).toEqual(['check out']);
    await until(() => input.value === '');
    await press('Backspace');
    await until(() => reviews.of(id)?.labels.length === 0);
    expect(await violations()).toEqual([]);
  }, 60_000);

  it('offers the labels that are in use', async () => {
    const other = list.rows[1]?.id ?? '';
    await reviews.change(other, { do: 'label', label: 'checkout', on: true });
    await reviews.change(other, { do: 'label', label: 'later', on: true });
    await reviews.load(id);
    await press('l');
    await until(() => document.activeElement?.getAttribute('role') === 'combobox');
    const input = document.activeElement as HTMLInputElement;
    input.value = 'CHECK';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await tick();
    expect([...document.querySelectorAll('[role=option]')].map((o) => o.textContent)).toEqual(['checkout']);
    await press('ArrowDown');
    expect(input.getAttribute('aria-activedescendant')).toBe(find('[role=option]')?.id);
    expect(await violations()).toEqual([]);
    await press('Enter');
    await until(() => reviews.of(id)?.labels[0] === 'checkout');
  }, 30_000);
});

describe('not a problem', () => {
  it('is said with a reason, quiets the mark, and is taken back', async () => {
    await until(() => /Rage click/.test(text()));
    const before = document.querySelectorAll('.sig.ev').length;
    await press(']');
    await press('e');
    await until(() => find('[data-testid=dismiss]'));
    find('[data-testid=dismiss]')?.click();
    await tick();
    const why = find<HTMLInputElement>('[data-testid=evidence] input') as HTMLInputElement;
    why.value = 'a long list';
    why.dispatchEvent(new Event('input', { bubbles: true }));
    await tick();
    why.form?.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true }));
    await until(() => reviews.of(id)?.decisions.length === 1);
    expect(reviews.of(id)?.decisions[0]).toMatchObject({ kind: 'excessive_scroll', reason: 'a long list' });
    await tick();
    expect(find('[data-testid=evidence]')?.textContent).toContain('Not a problem: a long list');
    expect(await violations()).toEqual([]);
    expect(document.querySelectorAll('.sig.ev').length, 'it stays listed').toBe(before);
    expect(find('.mks .quiet')?.getAttribute('aria-label')).toContain('not a problem');
    expect(find('.sig.quiet')?.textContent).toContain('Not a problem: a long list');
    await press('f', {}, document.body);
    await until(() => text().includes('1 signal of these is marked as not a problem; without it the score is 75'.slice(0, 50)));
    await press('t', {}, document.body);
    await press('e', {}, document.body);
    await press('m', {}, document.body);
    await until(() => reviews.of(id)?.decisions.length === 0);
    await tick();
    expect(find('.mks .quiet')).toBeNull();
  }, 60_000);

  it('counts what is left by the sum of the score', () => {
    const parts = [
      { kind: 'rage_click', count: 2, weight: 5, points: 10 },
      { kind: 'js_error', count: 9, weight: 1, points: 5 },
    ];
    const signal = (kind: string) => ({ kind }) as never;
    expect(scoreWithout(parts, [])).toBe(Math.round(100 * (1 - Math.exp(-1.5))));
    expect(scoreWithout(parts, [signal('rage_click')])).toBe(Math.round(100 * (1 - Math.exp(-1))));
    // Errors count up to five: one of nine less changes nothing.
    expect(scoreWithout(parts, [signal('js_error')])).toBe(scoreWithout(parts, []));
    expect(scoreWithout(parts, [signal('rage_click'), signal('rage_click'), signal('resize')])).toBe(Math.round(100 * (1 - Math.exp(-0.5))));
  });
});

describe('the queue', () => {
  const upNext = () => mount(UpNext, { target: document.body, props: { viewing: { id, writing: null } as unknown as Viewing } });

  it('goes to the next unwatched session and plays it', async () => {
    await press('N', { shiftKey: true });
    expect(app.watching).toMatchObject({ id: list.rows[1]?.id, play: true });
  }, 30_000);

  it('counts down at the end, and Esc stays', async () => {
    await close();
    app.watching = null;
    list.autoplay = true;
    vi.useFakeTimers();
    try {
      let next = upNext();
      await tick();
      expect(find('[data-testid=up-next]')?.textContent).toContain('Next in 8 s');
      await vi.advanceTimersByTimeAsync(3000);
      expect(find('[data-testid=up-next]')?.textContent).toContain('Next in 5 s');
      await press('Escape', {}, document.body);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(app.watching).toBeNull();
      expect(find('[data-testid=up-next]')?.textContent).not.toContain('Next in');
      await unmount(next);
      next = upNext();
      await vi.advanceTimersByTimeAsync(8000);
      expect(app.watching).toMatchObject({ id: list.rows[1]?.id, play: true });
      await unmount(next);
    } finally {
      vi.useRealTimers();
    }
    expect(await violations()).toEqual([]);
  }, 30_000);

  it('starts nothing by itself unless that is wanted, and says when all is watched', async () => {
    await close();
    app.watching = null;
    vi.useFakeTimers();
    try {
      const next = upNext();
      await vi.advanceTimersByTimeAsync(30_000);
      expect(app.watching).toBeNull();
      for (const row of list.rows) await call('mark_watched', { id: row.id });
      list.again();
      await vi.advanceTimersByTimeAsync(100);
      await tick();
      expect(find('[data-testid=up-next]')?.textContent).toContain('Every session of this list is watched');
      await unmount(next);
    } finally {
      vi.useRealTimers();
    }
  }, 30_000);
});
