import { describe, expect, it } from 'vitest';

import type { Marker, SessionView, TranscriptRow } from '../bridge';
import { join, neighbour } from './marks';
import { NO_TRACK, Pointer } from './pointer';
import { ALL, kindsOf, lines } from './transcript';

const marker = (time: number, kind = 'click'): Marker => ({ time, page: 1, kind, text: kind });

describe('marks', () => {
  it('joins what would overlap, shows the gravest, loses none', () => {
    // What is no problem stands for the others only when they all are none.
    const rage = { ...marker(0, 'rage_click') };
    const click = marker(5);
    expect(join([rage, click], 0, 1000, 1000, (m) => m === rage)[0]?.marker).toBe(click);
    expect(join([rage, click], 0, 1000, 1000)[0]?.marker).toBe(rage);
    const marks = join([marker(0), marker(10), marker(12, 'error'), marker(500)], 0, 1000, 1000);
    expect(marks.map((m) => [m.marker.kind, m.more, m.x])).toEqual([['error', 2, 0], ['click', 0, 500]]);
    expect(marks.flatMap((m) => m.all)).toHaveLength(4);
  });

  it('finds the neighbours of a moment', () => {
    expect(neighbour([100, 2000, 4000], 2000, 1)).toBe(4000);
    expect(neighbour([100, 2000, 4000], 2000, -1)).toBe(100);
    expect(neighbour([100], 100, -1)).toBeNull();
  });
});

describe('pointer', () => {
  const pointer = new Pointer({
    t: [1000, 1100, 5000, 5000, 6000], x: [0, 100, 300, 300, 10], y: [0, 0, 0, 0, 0], kind: [0, 0, 0, 3, 6], frame: [0, 0, 0, 0, 0],
  });

  it('is nowhere before it was seen', () => expect(pointer.at(999)).toBeNull());
  it('goes straight between near notes', () => expect(pointer.at(1050)?.x).toBe(50));
  it('rests until shortly before the next movement', () => {
    expect(pointer.at(3000)?.x).toBe(100);
    expect(pointer.at(4920)?.x).toBe(200);
    expect(pointer.at(5000)?.x).toBe(300);
  });
  it('rings for 600 ms of recorded time', () => {
    expect(pointer.rings(4999)).toEqual([]);
    expect(pointer.rings(5300)).toMatchObject([{ kind: 'click', age: 0.5 }]);
    expect(pointer.rings(5600)).toEqual([]);
  });
  it('has a trail of half a second', () => {
    expect(pointer.trail(1100).map((p) => p.x)).toEqual([0, 100, 100]);
    expect(pointer.trail(2000).map((p) => p.x)).toEqual([100]);
  });
  it('lifts a finger whose lifting was lost', () => {
    expect(pointer.finger(6500)).not.toBeNull();
    expect(pointer.finger(7500)).toBeNull();
  });
  it('stays where it is on screen when the page is scrolled under it', () => {
    const still = new Pointer({ t: [0, 9000], x: [100, 100], y: [50, 850], kind: [0, 0], frame: [0, 0], sx: [0, 0], sy: [0, 800] });
    expect(still.at(5000)).toMatchObject({ y: 50, sy: 0 });
    const late = still.at(8920)!;
    expect(late.y - late.sy!).toBe(50);
  });
  it('copes with nothing', () => {
    const none = new Pointer(NO_TRACK);
    expect([none.at(1), none.finger(1), none.trail(1), none.rings(1)]).toEqual([null, null, [], []]);
  });
});

describe('transcript', () => {
  const row = (time: number, page: number, text: string): TranscriptRow => ({ index: 0, time, page, kind: 'click', text, selector: null, x: null, y: null });
  const page = (number: number, started_at: number, gaps: SessionView['pages'][0]['gaps'] = []) => ({
    number, document: 1, url: `https://a.example/${number}`, title: null, started_at, ended_at: 0, viewport: null, document_size: null, has_snapshot: true, gaps,
  });
  const view = { pages: [page(1, 0), page(2, 100, [{ from: 150, until: 160, reason: 'lost' }])], idle: [[110, 140]] } as unknown as SessionView;
  const rows = [row(0, 1, 'Clicked “A”'), row(100, 2, 'Clicked “B”'), row(155, 2, 'Clicked “C”')];

  it('puts pages, events, idle time and gaps in order', () => {
    expect(lines(view, rows).map((l) => l.type)).toEqual(['page', 'event', 'page', 'event', 'idle', 'gap', 'event']);
  });
  it('finds, with the page of what is found', () => {
    expect(lines(view, rows, { ...ALL, find: '“c' }).map((l) => l.type)).toEqual(['page', 'event']);
    expect(lines(view, rows, { ...ALL, find: 'nothing' })).toEqual([]);
  });
  const kind = (time: number, page: number, k: string): TranscriptRow => ({ ...row(time, page, k), kind: k });
  it('leaves out kinds, and pages without a row', () => {
    const all = [kind(0, 1, 'click'), kind(101, 2, 'scroll'), kind(102, 2, 'input')];
    expect(lines(view, all, { find: '', hidden: new Set(['scroll', 'click']) }).map((l) => l.type)).toEqual(['page', 'event']);
    expect(kindsOf(all, [])).toEqual([['click', 1], ['scroll', 1], ['input', 1]]);
  });
  it('tells signals, and not the event that they say better', () => {
    const signal = { kind: 'js_error', page: 2, time: 155, until: 155, selector: null, text: 'x is not defined', evidence: {} };
    const all = [...rows, kind(155, 2, 'error')];
    const told = lines(view, all, ALL, [signal]);
    expect(told.map((l) => l.type)).toEqual(['page', 'event', 'page', 'event', 'idle', 'gap', 'event', 'signal']);
    expect(lines(view, all, { find: 'not defined', hidden: new Set() }, [signal]).map((l) => l.type)).toEqual(['page', 'signal']);
  });
  it('orders a hundred thousand rows in no time', () => {
    const many = Array.from({ length: 132_000 }, (_, i) => row(i, i < 60_000 ? 1 : 2, `Clicked ${i}`));
    const start = performance.now();
    expect(lines(view, many).length).toBe(132_004);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
