import { describe, expect, it } from 'vitest';

import type { Step, Steps } from '../bridge';
import { Latest } from './latest';
import { AHEAD, Playback, type Recording } from './playback';

const step = (state: number, time: number): Step => ({
  state, time, page: 1, document: 1, viewport: null, url: '', hidden: false, reset: false, parts: 1, ops: [],
});
const soon = async () => {
  for (let i = 0; i < 12; i++) await Promise.resolve();
};

/** A change each 100 ms; the state's number is its time. Every question is noted. */
function recording(): Recording & { seeks: number[]; asked: [number, number][] } {
  const seeks: number[] = [];
  const asked: [number, number][] = [];
  return {
    seeks,
    asked,
    seek: async (_, time) => {
      seeks.push(time);
      return step(Math.floor(time / 100) * 100, time);
    },
    steps: async (shown, until): Promise<Steps> => {
      asked.push([shown, until]);
      const steps: Step[] = [];
      for (let t = shown + 100; t <= until; t += 100) steps.push(step(t, t));
      return { steps, until, jump: null };
    },
  };
}

function player(source = recording(), idle: [number, number][] = [], until = 60_000) {
  const shown: number[] = [];
  const skips: number[] = [];
  const playback = new Playback(source, { from: 0, until, idle }, {
    apply: (s) => shown.push(s.state),
    jump: async (s) => shown.push(s.state) > 0,
    changed: () => {},
    skipped: (ms) => skips.push(ms),
  });
  return { playback, source, shown, skips };
}

describe('playback', () => {
  it('seeks to a change that is too large to be played', async () => {
    const source = recording();
    const steps = source.steps;
    source.steps = async (from, until) => {
      const answer = await steps(from, Math.min(until, 290));
      return from < 300 ? { ...answer, until: 300, jump: 300 } : steps(from, until);
    };
    const { playback, shown, skips } = player(source);
    playback.seek(0);
    await soon();
    playback.play();
    await soon();
    for (let now = 0; now <= 700; now += 50) {
      playback.tick(now);
      await soon();
    }
    expect(source.seeks).toEqual([0, 300]);
    expect(shown).toEqual([0, 100, 200, 300, 400, 500, 600]);
    expect(skips).toEqual([]);
  });

  it('asks for a whole state after a jump that was given up', async () => {
    const source = recording();
    const asked: (number | null)[] = [];
    const seek = source.seek;
    source.seek = (shown, time, part) => (asked.push(shown), seek(shown, time, part));
    let whole = false;
    const playback = new Playback(source, { from: 0, until: 9000, idle: [] }, { apply: () => {}, jump: async () => whole, changed: () => {}, skipped: () => {} });
    playback.seek(1000);
    await soon();
    expect(playback.shown).toBe(null);
    whole = true;
    playback.seek(2000);
    await soon();
    playback.seek(3000);
    await soon();
    expect(asked).toEqual([null, null, 2000]);
    expect(playback.shown).toBe(3000);
  });

  it('plays a part again and again, but lets a seek leave it', async () => {
    const { playback, source } = player();
    playback.seek(1000);
    await soon();
    playback.loop = { from: 1000, until: 1300 };
    playback.play();
    await soon();
    for (let now = 0; now <= 400; now += 50) {
      playback.tick(now);
      await soon();
    }
    expect(source.seeks).toEqual([1000, 1000]);
    expect(playback.time).toBeLessThan(1300);
    playback.seek(5000);
    await soon();
    playback.tick(450);
    playback.tick(500);
    await soon();
    expect(playback.time).toBeGreaterThanOrEqual(5000);
  });

  it('skips only idle time that is long enough', async () => {
    const { playback, skips } = player(recording(), [[100, 8100], [20_000, 40_000]]);
    playback.skipFrom = 10_000;
    playback.seek(200);
    await soon();
    playback.play();
    await soon();
    playback.tick(0);
    await soon();
    expect(skips).toEqual([]);
    playback.seek(20_500);
    await soon();
    playback.tick(50);
    await soon();
    expect(skips).toEqual([19_100]);
  });

  it('moves with real time, times the speed, and shows each change once and in order', async () => {
    const { playback, shown } = player();
    playback.seek(0);
    await soon();
    playback.play();
    await soon();
    for (let now = 0; now <= 1000; now += 50) {
      playback.tick(now);
      await soon();
    }
    expect(playback.time).toBe(1000);
    expect(shown).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    playback.setSpeed(4);
    for (let now = 1050; now <= 2000; now += 50) {
      playback.tick(now);
      await soon();
    }
    expect(playback.time).toBe(5000);
    expect(shown.at(-1)).toBe(5000);
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
  });

  it('fetches ahead in chunks, from the last state it has', async () => {
    const { playback, source } = player();
    playback.seek(0);
    await soon();
    playback.play();
    await soon();
    expect(source.asked).toEqual([[0, AHEAD]]);
    for (let now = 0; now <= 1600; now += 100) {
      playback.tick(now);
      await soon();
    }
    expect(source.asked).toEqual([[0, AHEAD], [AHEAD, 2 * AHEAD]]);
  });

  it('waits at the edge of what it has', async () => {
    const source = recording();
    const answer: { give: () => void }[] = [];
    const steps = source.steps;
    source.steps = (shown, until) => new Promise((done) => answer.push({ give: () => void steps(shown, until).then(done) }));
    const { playback } = player(source);
    playback.seek(0);
    await soon();
    playback.play();
    playback.tick(0);
    playback.tick(400);
    expect(playback.time).toBe(0);
    expect(playback.starved).toBe(true);
    answer[0]!.give();
    await soon();
    playback.tick(500);
    playback.tick(600);
    expect(playback.time).toBe(200);
  });

  it('drops what was asked for before a jump', async () => {
    const source = recording();
    const answer: (() => void)[] = [];
    const steps = source.steps;
    source.steps = (shown, until) => new Promise((done) => answer.push(() => void steps(shown, until).then(done)));
    const { playback, shown } = player(source);
    playback.seek(0);
    await soon();
    playback.play();
    playback.seek(30_000);
    await soon();
    answer[0]!();
    await soon();
    answer[1]!();
    await soon();
    playback.tick(0);
    playback.tick(100);
    expect(shown).toEqual([0, 30_000, 30_100]);
  });

  it('skips idle time up to shortly before the next activity', async () => {
    const { playback, skips } = player(recording(), [[500, 20_000]]);
    playback.seek(0);
    await soon();
    playback.play();
    for (let now = 0; now <= 900; now += 100) {
      await soon();
      playback.tick(now);
    }
    expect(skips).toHaveLength(1);
    expect(skips[0]).toBeGreaterThan(18_000);
    expect(playback.time).toBeGreaterThanOrEqual(19_600);
    expect(playback.time).toBeLessThan(20_200);
  });

  it('plays idle time when asked to', async () => {
    const { playback, skips } = player(recording(), [[500, 20_000]]);
    playback.skipIdle = false;
    playback.seek(0);
    await soon();
    playback.play();
    for (let now = 0; now <= 900; now += 100) {
      await soon();
      playback.tick(now);
    }
    expect(skips).toEqual([]);
    expect(playback.time).toBe(900);
  });

  it('stops at the end, and begins again from there', async () => {
    const { playback } = player(recording(), [], 1000);
    playback.seek(900);
    await soon();
    playback.play();
    await soon();
    playback.tick(0);
    playback.tick(400);
    expect(playback.playing).toBe(false);
    expect(playback.time).toBe(1000);
    playback.play();
    expect(playback.time).toBe(0);
  });

  it('does not jump after a pause of the window', async () => {
    const { playback } = player();
    playback.seek(0);
    await soon();
    playback.play();
    await soon();
    playback.tick(0);
    playback.tick(60_000);
    expect(playback.time).toBe(500);
  });

  it('keeps a failure and stops', async () => {
    const source = recording();
    source.seek = () => Promise.reject({ code: 'damaged', message: 'The page cannot be read.' });
    const { playback } = player(source);
    playback.seek(10);
    await soon();
    expect(playback.failure).toEqual({ code: 'damaged', message: 'The page cannot be read.' });
    expect(playback.playing).toBe(false);
  });

  it('walks the list of speeds', () => {
    const { playback } = player();
    playback.stepSpeed(1);
    expect(playback.speed).toBe(1.5);
    for (let i = 0; i < 9; i++) playback.stepSpeed(1);
    expect(playback.speed).toBe(16);
    for (let i = 0; i < 9; i++) playback.stepSpeed(-1);
    expect(playback.speed).toBe(0.25);
  });
});

describe('scrubbing', () => {
  it('has one question under way and ends at the last place', async () => {
    const done: (() => void)[] = [];
    const run: number[] = [];
    const latest = new Latest<number>((value) => {
      run.push(value);
      return new Promise((resolve) => done.push(resolve));
    });
    for (let i = 0; i < 50; i++) latest.ask(i);
    expect(run).toEqual([0]);
    expect(latest.busy).toBe(true);
    done[0]!();
    await soon();
    expect(run).toEqual([0, 49]);
    done[1]!();
    await soon();
    expect(latest.busy).toBe(false);
    latest.ask(7);
    expect(run).toEqual([0, 49, 7]);
  });

  it('seeks where the pointer ended', async () => {
    const { playback, source, shown } = player();
    for (let t = 0; t <= 5000; t += 10) playback.seek(t);
    await soon();
    expect(source.seeks).toEqual([0, 5000]);
    expect(shown.at(-1)).toBe(5000);
    expect(playback.time).toBe(5000);
  });
});
