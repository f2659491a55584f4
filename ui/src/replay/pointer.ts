/*
 * Where the pointer was, and what it did. The trap: recorders note a pointer only now and then, so between two notes
 * it is drawn on the straight line, but a pointer that rested stays where it was until shortly before the next note.
 */
import type { PointerTrack } from '../bridge';
import { lastAtMost } from '../parts/virtual';

export const TRAIL = 500;
export const RING = 600;
/** Notes further apart than this are a rest and a new movement. */
const REST = 600;
const GLIDE = 160;

/**
 * Where the window was scrolled to when the pointer was noted. With it a resting pointer stays where it is while the
 * page moves under it; without it, it can only move along with the page.
 */
export type Track = Omit<PointerTrack, 'sx' | 'sy'> & { sx?: number[]; sy?: number[] };

export interface Spot {
  x: number;
  y: number;
  /** Scroll of the window at that moment, where it is known. */
  sx?: number | undefined;
  sy?: number | undefined;
  /** Document of the frame that x and y belong to, 0 for the top page. */
  frame: number;
}

export interface Ring extends Spot {
  kind: 'click' | 'double' | 'context' | 'touch';
  /** Epoch ms of the click. */
  time: number;
  /** 0 when it happened, 1 when it is gone. */
  age: number;
}

export interface TrailPoint extends Spot {
  /** 1 now, 0 at the end of the trail. */
  fresh: number;
}

export const NO_TRACK: PointerTrack = { t: [], x: [], y: [], kind: [], frame: [], sx: [], sy: [] };

const MOUSE = new Set([0, 1, 2, 3, 4, 5, 9, 10]);
const RINGS: Record<number, Ring['kind']> = { 3: 'click', 4: 'double', 5: 'context', 6: 'touch' };

export class Pointer {
  #track: Track;
  #mouse: number[] = [];
  #mouseTimes: number[] = [];
  #touch: number[] = [];
  #touchTimes: number[] = [];
  #rings: number[] = [];
  #ringTimes: number[] = [];

  constructor(track: Track) {
    this.#track = track;
    for (let i = 0; i < track.t.length; i++) {
      const kind = track.kind[i] ?? 0;
      const t = track.t[i] ?? 0;
      if (MOUSE.has(kind)) {
        this.#mouse.push(i);
        this.#mouseTimes.push(t);
      } else {
        this.#touch.push(i);
        this.#touchTimes.push(t);
      }
      if (RINGS[kind]) {
        this.#rings.push(i);
        this.#ringTimes.push(t);
      }
    }
  }

  get empty(): boolean {
    return this.#track.t.length === 0;
  }

  /** The mouse pointer; `null` before it was first seen. */
  at(time: number): Spot | null {
    const n = lastAtMost(this.#mouseTimes, time);
    const i = this.#mouse[n];
    if (i === undefined) return null;
    const spot = this.#spot(i);
    const next = this.#mouse[n + 1];
    if (next === undefined) return spot;
    const to = this.#spot(next);
    if (to.frame !== spot.frame) return spot;
    const from = this.#mouseTimes[n] ?? 0;
    const until = this.#mouseTimes[n + 1] ?? 0;
    const start = until - from > REST ? until - GLIDE : from;
    const part = until > start ? Math.max(0, Math.min(1, (time - start) / (until - start))) : 1;
    const between = (a: number, b: number) => a + (b - a) * part;
    const on = { x: between(spot.x, to.x), y: between(spot.y, to.y), frame: spot.frame };
    if (spot.sx === undefined || to.sx === undefined) return on;
    return { ...on, sx: between(spot.sx, to.sx), sy: between(spot.sy ?? 0, to.sy ?? 0) };
  }

  /** The finger, while it is down. */
  finger(time: number): Spot | null {
    const i = this.#touch[lastAtMost(this.#touchTimes, time)];
    if (i === undefined || this.#track.kind[i] === 8) return null;
    // A finger whose lifting was not recorded is not left on the glass.
    return time - (this.#track.t[i] ?? 0) > 1000 ? null : this.#spot(i);
  }

  /** Movement of the last half second, oldest first, ending at the pointer. */
  trail(time: number): TrailPoint[] {
    const finger = this.finger(time);
    const list = finger ? this.#touch : this.#mouse;
    const times = finger ? this.#touchTimes : this.#mouseTimes;
    const now = finger ?? this.at(time);
    if (!now) return [];
    const points: TrailPoint[] = [];
    const end = lastAtMost(times, time);
    let start = lastAtMost(times, time - TRAIL);
    if (start < 0) start = 0;
    for (let n = start; n <= end; n++) {
      const t = times[n] ?? 0;
      if (t < time - TRAIL || list[n] === undefined) continue;
      points.push({ ...this.#spot(list[n] as number), fresh: 1 - (time - t) / TRAIL });
    }
    points.push({ ...now, fresh: 1 });
    return points;
  }

  rings(time: number): Ring[] {
    const rings: Ring[] = [];
    for (let n = lastAtMost(this.#ringTimes, time); n >= 0; n--) {
      const t = this.#ringTimes[n] ?? 0;
      if (time - t >= RING) break;
      const i = this.#rings[n] as number;
      const kind = RINGS[this.#track.kind[i] ?? 3] ?? 'click';
      rings.push({ ...this.#spot(i), kind, time: t, age: (time - t) / RING });
    }
    return rings;
  }

  #spot(i: number): Spot {
    const t = this.#track;
    return { x: t.x[i] ?? 0, y: t.y[i] ?? 0, frame: t.frame[i] ?? 0, sx: t.sx?.[i], sy: t.sy?.[i] };
  }
}
