/* The reviewer's work without a window: which comes next, what is counted, what was undone. */
import { mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { standIn, type SessionRow } from '../bridge';
import { fixture } from '../bridge/fixture';
import { list } from './list.svelte';
import Preview from './Preview.svelte';
import { EVERYTHING, nextUnwatched, said } from './queue';
import { about, freshId, reviews, week } from './reviews.svelte';

const row = (id: string, more: Partial<SessionRow> = {}) =>
  ({ id, watched: false, has_recording: true, favourite: false, notes: 0, labels: [], ...more }) as unknown as SessionRow;

describe('the queue', () => {
  const rows = [row('a', { watched: true }), row('b'), row('c', { watched: true }), row('d', { has_recording: false }), row('e')];
  const place = (id: string | null) => rows.findIndex((r) => r.id === id);
  const next = (from: string | null) => nextUnwatched((i) => rows[i], rows.length, place(from))?.id ?? null;

  it('goes down the list, leaves out what is watched or cannot be played, and begins again at the top', () => {
    expect([next(null), next('a'), next('b'), next('c'), next('e')]).toEqual(['b', 'b', 'e', 'e', 'b']);
    expect(nextUnwatched(() => row('x'), 1, 0)).toBeNull();
    expect(nextUnwatched(() => undefined, 0, -1)).toBeNull();
    expect(next('not in the list')).toBe('b');
  });

  it('does not know what hangs on rows that are not here', () => {
    const some = (i: number) => (i < 3 ? rows[i] : undefined);
    expect(nextUnwatched(some, 1_000_000, 0)?.id).toBe('b');
    expect(nextUnwatched(some, 1_000_000, 1)).toBeUndefined();
  });

  it('is said in words', () => {
    expect(said({ unwatched: true, favourite: true, notes: false, label: 'vip' })).toBe('unwatched favourites with the label “vip”');
    expect(said({ ...EVERYTHING, notes: true })).toBe('sessions with notes');
  });

  it('counts weeks from Monday to Monday', () => {
    for (const day of [16, 17, 20, 22]) {
      const [from, until] = week(new Date(2026, 10, day, 13, 5).getTime());
      expect([new Date(from).toDateString(), new Date(until).toDateString()]).toEqual(['Mon Nov 16 2026', 'Mon Nov 23 2026']);
      expect(new Date(from).getHours()).toBe(0);
    }
  });

  it('gives ids that are unlike each other', () => {
    expect(freshId()).toMatch(/^[0-9a-f]{32}$/);
    expect(freshId()).not.toBe(freshId());
  });

  it('knows a signal again by kind, time and element', () => {
    const signal = { kind: 'dead_click', time: 5, selector: null };
    expect(about({ ...signal }, signal)).toBe(true);
    expect([about({ ...signal, time: 6 }, signal), about({ ...signal, selector: 'a' }, signal), about({ ...signal, kind: 'rage_click' }, signal)]).toEqual([false, false, false]);
  });
});

describe('changes', () => {
  let ids: string[];
  beforeEach(async () => {
    localStorage.clear();
    const made = fixture(6);
    standIn(made);
    ids = ((await made.call('sessions', {})) as { rows: SessionRow[] }).rows.map((r) => r.id);
    list.refresh();
    await new Promise((done) => setTimeout(done, 40));
  });
  afterEach(() => {
    reviews.empty();
    list.empty();
    standIn(null);
  });
  const rowOf = (id: string) => list.rows.find((r) => r.id === id) as SessionRow;

  it('reach the row and the open session, in order, and come back with an undo', async () => {
    const [a, b] = ids as [string, string];
    await reviews.load(a);
    // Not waited for one by one: the answers must not overtake each other.
    const all = [
      reviews.change(a, { do: 'label', label: 'vip', on: true }),
      reviews.change(a, { do: 'rate', rating: 4 }),
      reviews.change(a, { do: 'rate', rating: 2 }, 'Rated 2 of 5'),
      reviews.change(b, { do: 'favourite', on: true }),
    ];
    await Promise.all(all);
    expect(reviews.open).toMatchObject({ session: a, rating: 2, labels: ['vip'], favourite: false });
    expect(rowOf(a)).toMatchObject({ rating: 2, labels: ['vip'] });
    expect(rowOf(b).favourite).toBe(true);
    expect(reviews.said).toMatchObject({ text: 'Rated 2 of 5', undo: true });
    await reviews.turn(false);
    await reviews.turn(false);
    expect(reviews.open?.rating).toBe(4);
    expect(reviews.said?.text).toBe('Undone: Rated');
    await reviews.turn(true);
    expect(reviews.open?.rating).toBe(2);
    for (let i = 0; i < 5; i++) await reviews.turn(false);
    expect(reviews.said?.text).toBe('There is nothing to undo');
    await new Promise((done) => setTimeout(done, 40));
    expect(rowOf(a)).toMatchObject({ rating: null, labels: [] });
  });

  it('do not make the preview read the session again', async () => {
    const asked: string[] = [];
    const made = fixture(6);
    standIn({ call: (command, args) => (asked.push(command), made.call(command, args)) });
    const row = () => rowOf(ids[0] as string);
    const props = $state({ row: row(), close: () => {} });
    const preview = mount(Preview, { target: document.body, props });
    const off = $effect.root(() => {
      $effect(() => {
        props.row = row();
      });
    });
    await new Promise((done) => setTimeout(done, 400));
    await reviews.change(row().id, { do: 'rate', rating: 3 });
    await new Promise((done) => setTimeout(done, 300));
    expect(document.body.textContent).toContain('page views');
    expect(document.querySelector('.wait')).toBeNull();
    expect(asked.filter((c) => c === 'session')).toEqual(['session']);
    expect(asked.filter((c) => c === 'review')).toEqual(['review']);
    off();
    await unmount(preview);
  });

  it('say what failed, and go on', async () => {
    const [a] = ids as [string];
    expect(await reviews.change(a, { do: 'add_note', id: 'n', page: 1, at: 5, node: null, selector: null, text: ' ' })).toBeNull();
    expect(reviews.said).toMatchObject({ text: 'A note needs a text.', bad: true, undo: false });
    expect(await reviews.change(a, { do: 'favourite', on: true })).toMatchObject({ favourite: true });
    reviews.hush();
    expect(await reviews.change('nobody', { do: 'reached', until: 5 })).toBeNull();
    expect(reviews.said, 'what the player notes by itself is told to nobody').toBeNull();
  });

  it('count towards the goal of the week', async () => {
    const [a] = ids as [string];
    await reviews.setGoal({ id: 'g', text: '', label: null, favourites: false, watch: 5 });
    const before = reviews.goals[0]?.done ?? 0;
    await reviews.change(a, { do: 'watched', on: true });
    await new Promise((done) => setTimeout(done, 10));
    expect(reviews.goals[0]).toMatchObject({ watch: 5, done: before + 1, sessions: 6 });
    await reviews.setGoal({ id: 'g', text: '', label: null, favourites: false, watch: 0 });
    expect(reviews.goals).toEqual([]);
  });
});
