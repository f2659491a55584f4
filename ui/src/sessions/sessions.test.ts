/* The list by keyboard: what is marked shows, what is listed and in which order, the goal; with names and roles. */
import axe from 'axe-core';
import { mount, tick, unmount } from 'svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { call, standIn } from '../bridge';
import { fixture } from '../bridge/fixture';
import { app } from '../parts/app.svelte';
import { dispatch } from '../parts/keys';
import { pretendLayout } from '../parts/layout.testing';
import { list } from './list.svelte';
import { reviews } from './reviews.svelte';
import Sessions from './Sessions.svelte';

let screen: Record<string, unknown>;

const press = async (key: string, more: KeyboardEventInit = {}, on: Element = document.activeElement ?? document.body) => {
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  await tick();
  await tick();
};
const until = async (what: () => unknown) => {
  for (let i = 0; i < 200; i++) {
    if (what()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`never: ${String(what)}`);
};
const rows = () => [...document.querySelectorAll<HTMLElement>('[data-testid=session-row]')];
const chosen = () => document.querySelector<HTMLElement>('[data-testid=session-row][aria-selected=true]');
const head = () => document.querySelector('h1')?.textContent?.trim();

async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.body, {
    runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] },
    // The list alone is no whole page; colours need painting.
    rules: { region: { enabled: false }, 'landmark-one-main': { enabled: false }, 'color-contrast': { enabled: false } },
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join('\n')}`);
}

beforeEach(async () => {
  localStorage.clear();
  pretendLayout(900, 900);
  standIn(fixture(9));
  app.room = 'sessions';
  addEventListener('keydown', dispatch);
  list.refresh();
  screen = mount(Sessions, { target: document.body });
  await until(() => rows().length === 9 && chosen());
});

afterEach(async () => {
  await unmount(screen);
  removeEventListener('keydown', dispatch);
  document.body.innerHTML = '';
  reviews.empty();
  list.empty();
  [list.sort, list.descending] = ['start', true];
  standIn(null);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('shows what is marked, and takes it back', async () => {
  await press('b');
  await press('5', { altKey: true, code: 'Digit5' });
  await until(() => chosen()?.textContent?.includes('Rated 5 of 5'));
  expect(chosen()?.textContent).toContain('Favourite');
  await press('w');
  await until(() => chosen()?.textContent?.includes('Watched '));
  await press('w');
  await until(() => chosen()?.textContent?.includes('Not watched'));
  await press('0', { altKey: true, code: 'Digit0' });
  await until(() => !chosen()?.textContent?.includes('Rated'));
  expect(await violations()).toEqual([]);
}, 30_000);

it('lists what is not watched, and says when there is nothing', async () => {
  await press('u');
  await until(() => rows().length === 6 && head() === '6 of 9 sessions');
  for (const row of list.rows) await call('mark_watched', { id: row.id });
  list.again();
  await until(() => !rows().length);
  expect(document.querySelector('.state')?.textContent).toContain('Everything here is watched');
  expect(await violations()).toEqual([]);
  await press('u', {}, document.body);
  await until(() => rows().length === 9);
}, 30_000);

it('goes to the next unwatched one, round the end', async () => {
  const watched = list.rows.map((r) => r.watched);
  expect(watched.slice(0, 3)).toEqual([false, false, true]);
  list.selected = list.rows[1]?.id ?? null;
  await tick();
  await press('N', { shiftKey: true });
  // The third is watched, the fourth cannot be played.
  expect(list.place(list.selected)).toBe(4);
  list.selected = list.rows[8]?.id ?? null;
  await tick();
  await press('N', { shiftKey: true });
  expect(list.place(list.selected)).toBe(0);
});

it('is narrowed and put in order by menus that keys open', async () => {
  await reviews.change(list.rows[2]?.id ?? '', { do: 'label', label: 'checkout', on: true });
  await press('f', {}, document.body);
  await until(() => [...document.querySelectorAll('[role=menuitemcheckbox]')].some((i) => i.textContent?.includes('checkout')));
  expect(await violations()).toEqual([]);
  [...document.querySelectorAll<HTMLElement>('[role=menuitemcheckbox]')].find((i) => i.textContent?.includes('checkout'))?.click();
  await until(() => rows().length === 1 && head() === '1 of 9 sessions');
  document.querySelector<HTMLElement>('[aria-label="List all sessions"]')?.click();
  await press('Escape');
  await press('s', {}, document.body);
  await until(() => document.querySelector('[role=menuitemradio]'));
  document.querySelector<HTMLElement>('[role=menuitemradio]')?.click();
  await until(() => list.state === 'ready' && list.rows.length === 9);
  const scores = list.rows.map((r) => r.frustration);
  expect(list.sort).toBe('frustration');
  expect(scores.slice(0, 8)).toEqual([...scores.slice(0, 8)].sort((a, b) => Number(b) - Number(a)));
  expect(scores[8], 'what has none comes last').toBeNull();
}, 30_000);

it('has a goal for the list, and tells how far it is', async () => {
  const button = () => document.querySelector<HTMLElement>('[data-testid=goal]');
  button()?.click();
  await until(() => document.querySelector('[role=dialog] input'));
  expect(await violations()).toEqual([]);
  const input = document.querySelector('[role=dialog] input') as HTMLInputElement;
  input.value = '3';
  input.dispatchEvent(new Event('input', { bubbles: true }));
  input.form?.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true }));
  await until(() => button()?.textContent?.includes('0 of 3 this week'));
  await press('w', {}, document.body);
  await until(() => button()?.textContent?.includes('1 of 3 this week'));
  expect(await violations()).toEqual([]);
  await reviews.turn(false);
  await reviews.turn(false);
  await until(() => button()?.textContent?.trim() === 'Goal');
}, 30_000);
