import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import FilterRow from './FilterRow.svelte';
import { list } from './list.svelte';

let row: Record<string, unknown>;
const close = vi.fn();

const until = async (what: () => unknown) => {
  await vi.waitFor(() => {
    flushSync();
    expect(what()).toBeTruthy();
  }, 3000);
};
const input = () => document.querySelector<HTMLInputElement>('[data-testid=filter]') as HTMLInputElement;
const type = (text: string) => {
  input().value = text;
  input().dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
};
const press = (key: string) => {
  input().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  flushSync();
};

beforeEach(async () => {
  list.empty();
  list.refresh();
  await until(() => list.state === 'ready');
  row = mount(FilterRow, { target: document.body, props: { close } });
  flushSync();
});
afterEach(async () => {
  await unmount(row);
  close.mockClear();
});

test('a row narrows the list, and taking it away brings all back', async () => {
  const all = list.rows.length;
  type('country = DE');
  press('Enter');
  await until(() => list.filtered === 'country = DE');
  expect(list.rows.length).toBeGreaterThan(0);
  expect(list.rows.length).toBeLessThan(all);
  expect(list.rows.every((r) => r.country === 'DE')).toBe(true);
  expect(list.total).toBe(all);
  press('Escape');
  await until(() => list.filtered === '' && list.rows.length === all);
  press('Escape');
  expect(close).toHaveBeenCalledOnce();
});

test('a row that cannot be read is underlined and leaves the list as it was', async () => {
  type('country = DE');
  press('Enter');
  await until(() => list.filtered);
  const before = list.rows;
  type('contry = DE');
  press('Enter');
  await until(() => list.wrong);
  expect(list.rows).toBe(before);
  expect(list.filtered).toBe('country = DE');
  expect(document.querySelector('mark')?.textContent).toBe('contry');
  expect(input().getAttribute('aria-invalid')).toBe('true');
  expect(document.querySelector('[role=status]')?.textContent).toContain('There is no field');
  // A search goes on under the last row that could be read.
  const found = list.rows[0]?.entry_page ?? '';
  list.find(found);
  await until(() => list.found === found);
  expect(list.wrong).not.toBeNull();
  expect(list.rows.length).toBeGreaterThan(0);
  expect(list.rows.every((r) => r.country === 'DE')).toBe(true);
  list.find('');
  type('country = DE');
  press('Enter');
  await until(() => !list.wrong && !document.querySelector('mark'));
});
