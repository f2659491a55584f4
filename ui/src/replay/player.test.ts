/*
 * The player over the recording made by hand: every panel is reached by its key and has names and roles as it should.
 * Colours are not seen here (jsdom paints nothing); names, roles and keys are.
 */
import axe from 'axe-core';
import { mount, tick, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { standIn } from '../bridge';
import { fixture } from '../bridge/fixture';
import { dispatch } from '../parts/keys';
import { pretendLayout } from '../parts/layout.testing';
import Player from './Player.svelte';
import { prefs } from './prefs.svelte';

const ID = 's001b';
let player: Record<string, unknown>;

const press = async (key: string, more: KeyboardEventInit = {}) => {
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
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
const text = () => document.querySelector('[role=tabpanel]')?.textContent ?? '';
const clockText = () => document.querySelector('[data-testid=clock]')?.textContent ?? '';

async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.body, {
    iframes: false,
    runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] },
    // The player alone is no whole page; colours need painting.
    rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false }, 'landmark-one-main': { enabled: false }, 'color-contrast': { enabled: false } },
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join('\n')}`);
}

const calls: [string, Record<string, unknown>][] = [];

beforeEach(async () => {
  localStorage.clear();
  pretendLayout(900, 2000);
  calls.length = 0;
  const made = fixture(4);
  const rows = (await made.call('sessions', {})) as { rows: { id: string }[] };
  const id = rows.rows[0]?.id ?? ID;
  standIn({
    call: (command, args) => {
      calls.push([command, args]);
      return made.call(command, args);
    },
  });
  addEventListener('keydown', dispatch);
  prefs.panel = 'transcript';
  prefs.pane = true;
  player = mount(Player, { target: document.body, props: { id, begin: null } });
  await until(() => window.__dwell?.shown() != null && /Rage click/.test(text()));
});

afterEach(async () => {
  await unmount(player);
  removeEventListener('keydown', dispatch);
  document.body.innerHTML = '';
  standIn(null);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('the player by keyboard', () => {
  it('reaches every panel, each with names and roles', async () => {
    expect(await violations()).toEqual([]);
    for (const [key, says] of [['f', 'Frustration'], ['p', 'LCP'], ['x', 'third party'], ['v', 'add_to_cart'], ['d', 'Pick'], ['t', 'Rage click']] as const) {
      await press(key);
      expect(text(), key).toContain(says);
      expect(await violations(), key).toEqual([]);
    }
  }, 60_000);

  it('opens the evidence of the gravest signal, steps to the next, and closes', async () => {
    await press(']');
    await press('e');
    expect(document.querySelector('[data-testid=evidence]')?.getAttribute('aria-label')).toContain('excessive scroll');
    await press(']');
    expect(document.querySelector('[data-testid=evidence]')?.textContent).toContain('Watched for');
    await press('Escape');
    expect(document.querySelector('[data-testid=evidence]')).toBeNull();
    expect(document.querySelector('.player')).not.toBeNull();
  });

  it('steps, loops, zooms and remembers', async () => {
    await press('.');
    await until(() => clockText().startsWith('0:05'));
    await press('u');
    await press('u');
    expect(clockText()).toBe('13:32:10');
    expect(localStorage.getItem('dwell.clock')).toBe('utc');
    await press('u');
    await press('a');
    await press('.');
    await until(() => clockText().startsWith('0:10'));
    await press('a');
    expect(document.querySelector('[aria-label^="End the loop"]')?.getAttribute('aria-label')).toContain('0:05 to 0:10');
    await press('a');
    expect(document.querySelector('[aria-label^="End the loop"]')).toBeNull();
    await press('+');
    expect(localStorage.getItem('dwell.speed')).toBe('1.5');
    await press('-');
    await press('I', { shiftKey: true });
    expect(localStorage.getItem('dwell.skip-from')).toBe('10000');
    await press('z');
    expect(localStorage.getItem('dwell.zoom')).toBe('1');
    await press('0', { ctrlKey: true });
    expect(localStorage.getItem('dwell.zoom')).toBe('fit');
    await press('ArrowUp');
    expect(document.querySelector('.overview')).not.toBeNull();
    await press('0');
    expect(document.querySelector('.overview')).toBeNull();
  });

  it('saves the page, and fills the screen until Esc', async () => {
    await press('S', { shiftKey: true });
    await until(() => /Saved as/.test(document.querySelector('[data-testid=stage]')?.textContent ?? ''));
    expect(calls.find(([command]) => command === 'save_moment')?.[1]).toMatchObject({ time: expect.any(Number), name: expect.stringMatching(/^dwell-/) });
    await press('F', { shiftKey: true });
    expect(document.querySelector('.player.full')).not.toBeNull();
    await press('Escape');
    expect(document.querySelector('.player.full')).toBeNull();
  });

  it('filters and finds in the transcript', async () => {
    await press('k');
    await until(() => document.querySelector('[role=menuitemcheckbox]'));
    const item = [...document.querySelectorAll<HTMLElement>('[role=menuitemcheckbox]')].find((each) => each.textContent?.includes('clicks') && !each.textContent.includes(' clicks'));
    item?.click();
    await tick();
    expect(text()).not.toContain('Clicked “Apply”');
    item?.click();
    await tick();
    expect(text()).toContain('Clicked');
  });
});
