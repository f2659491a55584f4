/* The filter: rows of text, seen as chips, as a panel and as text; each way of changing them, and back again. */
import axe from 'axe-core';
import { mount, tick, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { standIn } from '../bridge';
import { fixture } from '../bridge/fixture';
import { app, remember } from '../parts/app.svelte';
import { dispatch, onKeys } from '../parts/keys';
import { pretendLayout } from '../parts/layout.testing';
import { complete, named, placeIn, written } from './editor';
import { fields, grouped } from './fields.svelte';
import { filters } from './filters.svelte';
import { list } from './list.svelte';
import Sessions from './Sessions.svelte';
import { similar } from './similar';
import { inWords, print } from './simple';
import { turn } from './undo';

let screen: Record<string, unknown>;
let offKeys = () => {};
const asked: [string, Record<string, unknown>][] = [];

const until = async (what: () => unknown) => {
  for (let i = 0; i < 300; i++) {
    if (what()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`never: ${String(what)}`);
};
const press = async (key: string, more: KeyboardEventInit = {}, on: Element = document.activeElement ?? document.body) => {
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  await tick();
  await tick();
};
const find = <E extends HTMLElement>(css: string) => document.querySelector<E>(css);
const all = (css: string) => [...document.querySelectorAll<HTMLElement>(css)];
const chips = () => all('[data-testid=chip] .main').map((c) => c.textContent?.replace(/\s+/g, ' ').trim());
const settled = async () => {
  // Behind every change that is on its way.
  await filters.change((rows) => rows);
  await until(() => list.state === 'ready' && JSON.stringify(list.filtered) === JSON.stringify(filters.texts));
  await tick();
};
const box = (text: string) => all('[data-testid=filter-panel] li label').find((l) => l.textContent?.includes(text))?.querySelector('input') as HTMLInputElement;
const openField = async (name: string) => {
  if (find(`[data-field="${name}"]`)?.getAttribute('aria-expanded') !== 'true') find(`[data-field="${name}"]`)?.click();
  await until(() => find(`.field.open:has([data-field="${name}"]) li, .field.open:has([data-field="${name}"]) .range`));
};

async function violations(part = 'body'): Promise<string[]> {
  const { violations: found } = await axe.run(part, {
    runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] },
    rules: { region: { enabled: false }, 'landmark-one-main': { enabled: false }, 'color-contrast': { enabled: false } },
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join('\n')}`);
}

beforeEach(async () => {
  localStorage.clear();
  pretendLayout(1400, 900);
  vi.stubGlobal('CSS', { escape: (text: string) => text.replace(/[^\w-]/g, '\\$&') });
  HTMLElement.prototype.scrollIntoView = () => {};
  Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
  asked.length = 0;
  const made = fixture(40);
  standIn({ call: (command, args) => (asked.push([command, structuredClone({ ...args, onProgress: null })]), made.call(command, args)) });
  app.room = 'sessions';
  filters.setPanel(false);
  await app.load();
  addEventListener('keydown', dispatch);
  // As the window has them.
  offKeys = onKeys({ undo: () => turn(false), redo: () => turn(true) });
  list.refresh();
  screen = mount(Sessions, { target: document.body });
  await until(() => list.matched === 40 && fields.all.length && list.row);
  await settled();
});
afterEach(async () => {
  await unmount(screen);
  removeEventListener('keydown', dispatch);
  offKeys();
  document.body.innerHTML = '';
  list.empty();
  await filters.begin();
  [list.sort, list.descending] = ['start', true];
  standIn(null);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('the panel', () => {
  it('makes rows of text by clicks, with counts that follow', async () => {
    await press('p', {}, document.body);
    await until(() => find('[data-testid=filter-panel]'));
    await openField('device');
    expect(await violations('[data-testid=filter-panel]')).toEqual([]);
    const pc = box('PC');
    const counted = Number(pc.closest('label')?.querySelector('.n')?.textContent);
    pc.click();
    await settled();
    expect(filters.texts).toEqual(['device = pc']);
    expect(list.matched).toBe(counted);
    await until(() => find('[data-testid=panel-total]')?.textContent === `${counted} of 40`);
    // Values inside a row are OR; what is not chosen keeps its own count.
    const before = Number(box('tablet').closest('label')?.querySelector('.n')?.textContent);
    box('tablet').click();
    await settled();
    expect(filters.texts).toEqual(['device in (pc, tablet)']);
    expect(list.matched).toBe(counted + before);
    // Another field is another row: both hold.
    await openField('country');
    box('DK').click();
    await settled();
    expect(filters.texts).toEqual(['device in (pc, tablet)', 'country = DK']);
    expect(list.rows.every((r) => r.country === 'DK' && r.device !== 'mobile')).toBe(true);
    // The counts of a field leave its own row out and heed the others.
    expect(asked.findLast(([c]) => c === 'facets')?.[1]).toMatchObject({ filter: ['device in (pc, tablet)'], fields: ['country'] });
    // Leaving out.
    const kept = list.matched;
    all('.field.open .two button').find((b) => b.textContent === 'Leave out')?.click();
    await settled();
    expect(filters.texts).toEqual(['device in (pc, tablet)', 'country != DK']);
    expect(list.matched).toBe(counted + before - kept);
    // The last value taken off takes the row along.
    box('DK').click();
    await settled();
    expect(filters.texts).toEqual(['device in (pc, tablet)']);
    expect(await violations('[data-testid=filter-panel]')).toEqual([]);
  }, 120_000);

  it('searches values, compares parts of texts, and knows what is not known', async () => {
    await press('p', {}, document.body);
    await openField('entry_page');
    const search = find<HTMLInputElement>('.field.open input[type=search]') as HTMLInputElement;
    search.value = 'boots';
    search.dispatchEvent(new Event('input', { bubbles: true }));
    await until(() => all('.field.open li').length === 1);
    expect(find('.field.open li')?.textContent).toContain('/boots/ravn-trail');
    const how = find<HTMLSelectElement>('.field.open select') as HTMLSelectElement;
    how.value = 'contains';
    how.dispatchEvent(new Event('change', { bubbles: true }));
    await until(() => find('.field.open form input'));
    for (const part of ['/boots', '/sale']) {
      const input = find<HTMLInputElement>('.field.open form input') as HTMLInputElement;
      input.value = part;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      input.form?.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true }));
      await settled();
      await until(() => filters.rows[0]?.simple?.values.includes(part));
    }
    expect(filters.texts).toEqual(['entry_page contains /boots OR entry_page contains /sale']);
    await settled();
    expect(list.rows.every((r) => /\/(boots|sale)/.test(r.entry_page))).toBe(true);
    await filters.clear();
    await openField('country');
    await until(() => box('not known'));
    box('not known').click();
    await settled();
    expect(filters.texts).toEqual(['country = ""']);
    expect(list.rows.every((r) => r.country === null)).toBe(true);
  }, 120_000);

  it('takes spans of numbers and of time', async () => {
    await press('p', {}, document.body);
    await openField('duration');
    await until(() => all('.field.open rect').length === 20);
    const [from, to] = all('.field.open .range input') as HTMLInputElement[];
    (from as HTMLInputElement).value = '5m';
    from?.dispatchEvent(new Event('input', { bubbles: true }));
    from?.dispatchEvent(new Event('change', { bubbles: true }));
    await settled();
    await until(() => filters.texts[0] === 'duration >= 5m');
    (to as HTMLInputElement).value = '10m';
    to?.dispatchEvent(new Event('input', { bubbles: true }));
    to?.dispatchEvent(new Event('change', { bubbles: true }));
    await until(() => filters.texts[0] === 'duration between 5m and 10m');
    await settled();
    expect(list.rows.every((r) => r.duration >= 300 && r.duration <= 600)).toBe(true);
    // What cannot be read changes nothing and is told.
    (from as HTMLInputElement).value = 'long';
    from?.dispatchEvent(new Event('input', { bubbles: true }));
    await filters.clear();
    await openField('start');
    await until(() => all('.field.open li button').some((b) => b.textContent?.startsWith('Last 90 days')));
    all('.field.open li button').find((b) => b.textContent?.startsWith('Last 90 days'))?.click();
    await settled();
    expect(filters.texts).toEqual(['start >= 90d ago']);
    expect(chips()).toEqual(['Startfrom 90d ago']);
  }, 120_000);
});

describe('chips', () => {
  it('show each row, turn it round, take it away, and go back by keyboard', async () => {
    await filters.change(() => ['device in (pc, tablet)', 'country = DE OR page contains "/a b"', 'NOT duration > 90']);
    await settled();
    expect(chips()).toEqual(['Deviceis PC or tablet', 'country = DE OR page contains "/a b"', 'Durationnot over 90']);
    expect(await violations()).toEqual([]);
    const first = all('[data-testid=chip] .main')[0] as HTMLElement;
    first.focus();
    await press('!');
    await settled();
    expect(filters.texts[0]).toBe('NOT device in (pc, tablet)');
    expect(chips()[0]).toBe('Deviceis not PC or tablet');
    await press('Delete', {}, all('[data-testid=chip] .main')[1] as HTMLElement);
    await settled();
    expect(filters.texts).toEqual(['NOT device in (pc, tablet)', 'NOT duration > 90']);
    // Undo by keyboard, as far as it goes, and forward again.
    await press('z', { ctrlKey: true }, document.body);
    expect(filters.texts.length).toBe(3);
    await press('ArrowLeft', { altKey: true }, document.body);
    expect(filters.texts[0]).toBe('device in (pc, tablet)');
    await press('ArrowRight', { altKey: true }, document.body);
    await press('z', { ctrlKey: true, shiftKey: true }, document.body);
    expect(filters.texts).toEqual(['NOT device in (pc, tablet)', 'NOT duration > 90']);
    await press('X', { shiftKey: true }, document.body);
    await settled();
    expect(filters.texts).toEqual([]);
    expect(list.matched).toBe(40);
    expect(find('[data-testid=chip]')).toBeNull();
  }, 60_000);

  it('open the panel at their field; a row that no panel shows opens as text', async () => {
    await filters.change(() => ['country = DE', 'device = pc OR country = DK']);
    await settled();
    all('[data-testid=chip] .main')[0]?.click();
    await until(() => find('[data-field=country][aria-expanded=true]'));
    box('DK').click();
    await settled();
    expect(filters.texts).toEqual(['country in (DE, DK)', 'device = pc OR country = DK']);
    all('[data-testid=chip] .main')[1]?.click();
    await until(() => find('.cm-content')?.textContent?.includes('device = pc OR'));
  }, 60_000);

  it('two changes at once both happen', async () => {
    await Promise.all([filters.put(null, 'country = DE'), filters.put(null, 'device = pc'), filters.put(null, 'country = DE')]);
    expect(filters.texts).toEqual(['country = DE', 'device = pc']);
  });

  it('are copied as text, and begin the project when that is wanted', async () => {
    const copied = vi.fn(async () => {});
    vi.stubGlobal('navigator', { ...navigator, clipboard: { writeText: copied } });
    await filters.change(() => ['country = DE', 'device = pc']);
    await settled();
    await press('y', {}, document.body);
    expect(copied).toHaveBeenCalledWith('country = DE\ndevice = pc');
    await press('B', { shiftKey: true }, document.body);
    expect(filters.isStandard).toBe(true);
    await filters.clear();
    // The same project again, later.
    list.empty();
    await until(() => filters.texts.length === 2);
    expect(filters.canUndo).toBe(false);
    // Another project has none, and one that was written by somebody else is no reason to stop.
    app.project = { ...(app.project as NonNullable<typeof app.project>), path: '/other' };
    remember('default-filter./other', '{"no": 1}');
    list.empty();
    await until(() => filters.texts.length === 0);
  }, 60_000);
});

describe('the text', () => {
  const editor = () => find('.cm-content') as HTMLElement;
  it('is the same rows, a line each', async () => {
    await filters.change(() => ['country = DE', 'device = pc']);
    await press('F', { shiftKey: true }, document.body);
    await until(() => editor()?.textContent?.includes('country'));
    expect(all('.cm-line').map((l) => l.textContent)).toEqual(['country = DE', 'device = pc']);
    expect(editor().getAttribute('aria-label')).toBe('Filter of the sessions');
    // While somebody writes, nothing is written into it.
    editor().blur();
    await filters.remove(filters.rows[0]?.id ?? 0);
    await until(() => all('.cm-line').length === 1);
    expect(await violations()).toEqual([]);
  }, 60_000);

  it('knows where one stands', () => {
    expect(placeIn('')).toEqual({ what: 'field', from: 0 });
    expect(placeIn('coun')).toEqual({ what: 'field', from: 0 });
    expect(placeIn('country ')).toEqual({ what: 'operator', from: 8, field: 'country' });
    expect(placeIn('country = D')).toEqual({ what: 'value', from: 10, field: 'country', begun: 'D' });
    expect(placeIn('country in (DE, "New')).toEqual({ what: 'value', from: 16, field: 'country', begun: 'New' });
    expect(placeIn('country in (DE) ')).toEqual({ what: 'join', from: 16 });
    expect(placeIn('hour between 9 and 17 AND NOT (pa')).toEqual({ what: 'field', from: 31 });
    expect(placeIn('page starts with ')).toEqual({ what: 'value', from: 17, field: 'page', begun: '' });
    expect(placeIn('tag."cart size" = ')).toEqual({ what: 'value', from: 18, field: 'tag."cart size"', begun: '' });
    expect(placeIn('city is not empty ')).toEqual({ what: 'join', from: 18 });
  });

  it('offers fields, operators that fit, and values with how many sessions have them', async () => {
    const editing = { fields: () => fields.all, values: async (field: string, begun: string) => (field === 'country' ? [{ value: 'DE', count: 12 }, { value: 'New Zealand', count: 1200 }].filter((v) => v.value.toLowerCase().includes(begun.toLowerCase())) : []) };
    const offer = async (before: string) => (await complete(placeIn(before), editing, 0)).map((o) => [o.label, o.detail, o.apply]);
    expect((await offer('dev')).find(([l]) => l === 'device')).toEqual(['device', 'Device', 'device ']);
    expect((await offer('country ')).map(([l]) => l)).toContain('contains');
    expect((await offer('duration ')).map(([l]) => l)).not.toContain('contains');
    expect(await offer('country = ')).toEqual([['DE', '12', 'DE '], ['New Zealand', '1\u2009200', '"New Zealand" ']]);
    expect((await offer('device = ')).map(([l]) => l)).toEqual(['mobile', 'tablet', 'pc', 'other']);
    expect((await offer('country = DE ')).map(([l]) => l)).toEqual(['AND', 'OR']);
    expect([written('a b'), written('and'), written('x"y'), named('tag.cart size'), named('tag.plan')]).toEqual(['"a b"', '"and"', '"x\\"y"', 'tag."cart size"', 'tag.plan']);
  });
});

describe('short forms', () => {
  it('are written so that nothing in a value is read as anything else', () => {
    const of = (values: string[], op: Parameters<typeof print>[0]['op'] = 'is', not = false, field = 'country', key: string | null = null) => print({ field, key, op, values, not });
    expect(of(['a"b\\'])).toBe('country = "a\\"b\\\\"');
    expect(of(['a', ''], 'is', true)).toBe('country not in ("a", "")');
    expect(of(['x', 'y'], 'starts with', true)).toBe('NOT (country starts with "x" OR country starts with "y")');
    expect(of(['1', '2'], 'between', true, 'hour')).toBe('NOT hour between "1" and "2"');
    expect(of([], 'empty', true, 'tag.KEY', 'cart "size"')).toBe('tag."cart \\"size\\"" is not empty');
    expect(of([])).toBeNull();
    expect(inWords({ field: 'rage_clicks', key: null, op: 'is', values: ['yes'], not: false }, fields.get('rage_clicks'))).toBe('Rage clicks some');
  });

  it('every field has a place in the panel', () => {
    const groups = grouped([...fields.all, { name: 'brand_new', kind: 'text', label: 'New', meaning: 'New.', words: [], several: false }]);
    const placed = groups.flatMap((g) => g.fields.map((f) => f.name));
    expect(placed.toSorted()).toEqual([...fields.all.map((f) => f.name).filter((n) => n !== 'tag.KEY'), 'brand_new'].toSorted());
    expect(groups.find((g) => g.name === 'Custom')?.fields.map((f) => f.name)).toEqual(['tag.plan']);
  });
});

describe('sessions similar to one', () => {
  it('are told by its own facts, always the same', () => {
    const facts = { entry_page: 'https://shop.example/jackets/fjell.shell/?utm_source=x#top', device: 'pc', channel: 'paid-search', rage_clicks: 2, dead_clicks: 0, js_errors: null, event: ['b', 'a', 'a', 'd', 'c'], title: [] };
    const reasons = similar(facts);
    expect(reasons.map((r) => r.why)).toEqual(['Entered on /jackets/fjell.shell', 'Device pc', 'Channel paid-search', 'Had a rage click', 'Sent a', 'Sent b', 'Sent c']);
    expect(similar(facts)).toEqual(reasons);
    const pattern = new RegExp(JSON.parse(/matches (.*)$/.exec(reasons[0]?.row ?? '')?.[1] ?? '""') as string);
    expect(pattern.test('https://www.shop.example/jackets/fjell.shell?color=red')).toBe(true);
    expect(pattern.test('https://shop.example/jackets/fjellXshell')).toBe(false);
    expect(pattern.test('https://shop.example/x?back=/jackets/fjell.shell')).toBe(false);
    const home = new RegExp(JSON.parse(/matches (.*)$/.exec(similar({ entry_page: 'https://a.example/' })[0]?.row ?? '')?.[1] ?? '""') as string);
    expect([home.test('http://a.example'), home.test('http://b.example/?x'), home.test('http://a.example/cart')]).toEqual([true, true, false]);
  });

  it('make a visible filter that is loosened row by row', async () => {
    await press('S', { shiftKey: true }, document.body);
    await until(() => find('[data-testid=similar]'));
    await settled();
    expect(filters.texts.length).toBeGreaterThan(0);
    const rows = filters.texts.length;
    await until(() => all('[data-testid=similar] .n').length === rows);
    const [loosest] = all('[data-testid=similar] .btn');
    const promised = Number(loosest?.querySelector('.n')?.textContent);
    loosest?.click();
    await settled();
    expect(filters.texts.length).toBe(rows - 1);
    expect(list.matched).toBe(promised);
    expect(await violations()).toEqual([]);
  }, 60_000);
});
