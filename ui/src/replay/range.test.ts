import { describe, expect, it } from 'vitest';

import { between, follow, isWhole, SHORTEST, share, slide, ticks, timeAt, zoom, type Range } from './range';

const whole: Range = { from: 100_000, until: 200_000 };

describe('the part that the timeline shows', () => {
  it('keeps what is under the pointer where it is', () => {
    const near = zoom(whole, whole, 2, 125_000);
    expect(near).toEqual({ from: 112_500, until: 162_500 });
    expect(share(near, 125_000)).toBeCloseTo(share(whole, 125_000));
    expect(zoom(near, whole, 0.5, 125_000)).toEqual(whole);
  });

  it('never leaves the session and never becomes shorter than can be seen', () => {
    let range = whole;
    for (let i = 0; i < 50; i++) range = zoom(range, whole, 3, 199_999);
    expect(range.until - range.from).toBe(SHORTEST);
    expect(range.until).toBeLessThanOrEqual(whole.until);
    for (let i = 0; i < 50; i++) range = zoom(range, whole, 0.4, 120_000);
    expect(range).toEqual(whole);
    expect(isWhole(range, whole)).toBe(true);
    expect(slide({ from: 110_000, until: 120_000 }, whole, -50_000)).toEqual({ from: 100_000, until: 110_000 });
    expect(slide({ from: 110_000, until: 120_000 }, whole, 500_000)).toEqual({ from: 190_000, until: 200_000 });
    const tiny: Range = { from: 0, until: 400 };
    expect(zoom(tiny, tiny, 10, 200)).toEqual(tiny);
  });

  it('is marked by a drag in either direction', () => {
    expect(between(150_000, 120_000, whole)).toEqual({ from: 120_000, until: 150_000 });
    expect(between(150_000, 150_000, whole)).toEqual({ from: 149_500, until: 150_500 });
  });

  it('turns the page when the playhead runs out of it', () => {
    const range = { from: 110_000, until: 120_000 };
    expect(follow(range, whole, 115_000)).toBe(range);
    expect(follow(whole, whole, 999_999)).toBe(whole);
    const next = follow(range, whole, 120_001);
    expect(next.from).toBeCloseTo(119_501);
    expect(share(follow(range, whole, 105_000), 105_000)).toBe(0.5);
  });

  it('has round ticks that do not touch', () => {
    const times = ticks(whole, whole.from, 900);
    expect(times).toEqual([100_000, 110_000, 120_000, 130_000, 140_000, 150_000, 160_000, 170_000, 180_000, 190_000, 200_000]);
    expect(ticks({ from: 0, until: 1e12 }, 0, 900).length).toBeLessThan(15);
    expect(timeAt(whole, 2)).toBe(200_000);
  });
});
