/*
 * Recorded time and the patches that belong to it. No DOM and no clock of its own: `tick` is told what time it is.
 *
 * The trap is running ahead of the data: the playhead never passes the moment up to which patches are here, and a
 * seek makes every answer still under way worthless.
 */
import { failure, type Failure, type Step, type Steps } from '../bridge';
import { Latest } from './latest';

export interface Recording {
  /** `part`: of a step that comes in several, from 0. */
  seek(shown: number | null, time: number, part: number): Promise<Step>;
  steps(shown: number, until: number): Promise<Steps>;
}

export interface Span {
  /** Epoch ms. */
  from: number;
  until: number;
  idle: readonly (readonly [number, number])[];
}

export interface Listener {
  /** Puts a patch on screen. */
  apply(step: Step): void;
  /** As `apply`, for a jump; false when it was given up half-way, for a later one. */
  jump(step: Step, more: (part: number) => Promise<Step>): Promise<boolean>;
  /** Playing, failure or speed changed, or a jump ended. */
  changed(): void;
  /** An idle span of so many ms, between these moments, was left out. */
  skipped(ms: number, from: number, until: number): void;
}

/** Recorded ms that are fetched ahead, at normal speed. */
export const AHEAD = 3000;
/** Longest real span between two frames that counts: a window that was hidden does not jump. */
const LONGEST_FRAME = 500;
/** An idle span with less than this left is played. */
const SHORTEST_SKIP = 1500;
/** Recorded ms that are shown before the next activity after a skip. */
const LEAD = 400;

export const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4, 8, 16] as const;

export class Playback {
  /** Playhead, epoch ms. */
  time: number;
  /** Number of the state on screen. */
  shown: number | null = null;
  playing = false;
  speed = 1;
  skipIdle = true;
  /** Idle spans shorter than this are played, ms. */
  skipFrom = 0;
  /** Part that is played again and again, epoch ms. */
  loop: { from: number; until: number } | null = null;
  failure: Failure | null = null;

  #recording: Recording;
  #span: Span;
  #on: Listener;
  #queue: Step[] = [];
  /** Every change up to here is on screen or in the queue. */
  #fetched: number;
  #fetching = false;
  /** A change so large that it has to be sought to, epoch ms. */
  #large: number | null = null;
  /** Counts jumps; answers to questions from before the last one are dropped. */
  #turn = 0;
  #last: number | null = null;
  #jump = new Latest<number>((time) => this.#seekTo(time));

  constructor(recording: Recording, span: Span, on: Listener) {
    this.#recording = recording;
    this.#span = span;
    this.#on = on;
    this.time = this.#fetched = span.from;
  }

  /** True when a newer jump waits for the one under way. */
  get waiting(): boolean {
    return this.#jump.waiting;
  }

  get seeking(): boolean {
    return this.#jump.busy;
  }

  /** True when playing must wait for data. */
  get starved(): boolean {
    return this.playing && (this.seeking || (this.#fetching && this.time >= this.#fetched));
  }

  play(): void {
    if (this.playing) return;
    if (this.time >= this.#span.until) this.seek(this.#span.from);
    this.playing = true;
    this.failure = null;
    this.#last = null;
    this.#fetch();
    this.#on.changed();
  }

  pause(): void {
    if (!this.playing) return;
    this.playing = false;
    this.#on.changed();
  }

  setSpeed(speed: number): void {
    this.speed = Math.min(16, Math.max(0.25, speed));
    this.#fetch();
    this.#on.changed();
  }

  /** Next speed up or down the list. */
  stepSpeed(by: 1 | -1): void {
    const at = SPEEDS.findIndex((s) => s >= this.speed);
    this.setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))] ?? 1);
  }

  /** Moves the playhead at once; the picture follows as fast as the data comes. */
  seek(time: number): void {
    this.time = Math.max(this.#span.from, Math.min(this.#span.until, time));
    this.#turn++;
    this.#queue = [];
    this.#large = null;
    this.#fetched = this.time;
    this.#jump.ask(this.time);
  }

  /** One frame. `now` is real ms from any origin. */
  tick(now: number): void {
    if (!this.playing) return;
    const passed = this.#last === null ? 0 : Math.min(LONGEST_FRAME, Math.max(0, now - this.#last));
    this.#last = now;
    if (this.seeking) return;
    if (this.skipIdle && this.#skip()) return;
    const limit = Math.min(this.#span.until, Math.max(this.#fetched, this.time));
    const before = this.time;
    this.time = Math.min(limit, this.time + passed * this.speed);
    // Only who plays over the end goes back: a seek behind it is meant.
    if (this.loop && before < this.loop.until && this.time >= this.loop.until) {
      this.seek(this.loop.from);
      return;
    }
    let taken = 0;
    for (const step of this.#queue) {
      if (step.time > this.time) break;
      this.shown = step.state;
      this.#on.apply(step);
      taken++;
    }
    if (taken) this.#queue.splice(0, taken);
    if (this.#large !== null && this.time >= this.#large) {
      this.seek(this.time);
      return;
    }
    if (this.time >= this.#span.until) {
      this.playing = false;
      this.#on.changed();
      return;
    }
    this.#fetch();
  }

  /** Idle span around `time`, if what is left of it is worth skipping. */
  #skip(): boolean {
    const span = this.#span.idle.find(([from, until]) => from <= this.time && this.time < until);
    if (!span || span[1] - span[0] < this.skipFrom) return false;
    const left = span[1] - this.time;
    if (left < SHORTEST_SKIP) return false;
    const from = this.time;
    this.seek(span[1] - LEAD);
    this.#on.skipped(left - LEAD, from, this.time);
    return true;
  }

  async #seekTo(time: number): Promise<void> {
    try {
      const { shown } = this;
      const step = await this.#recording.seek(shown, time, 0);
      // Half-way the frame shows no state at all.
      this.shown = null;
      if (await this.#on.jump(step, (part) => this.#recording.seek(shown, time, part))) this.shown = step.state;
      this.failure = null;
    } catch (error) {
      this.failure = failure(error);
      this.playing = false;
    }
    if (this.#jump.waiting) return;
    // The clock starts again when the picture is there, not when it was asked for.
    this.#last = null;
    queueMicrotask(() => {
      this.#fetch();
      this.#on.changed();
    });
  }

  #fetch(): void {
    if (!this.playing || this.#fetching || this.seeking || this.shown === null || this.#large !== null) return;
    const chunk = AHEAD * Math.max(1, this.speed);
    if (this.#fetched - this.time > chunk / 2 || this.#fetched >= this.#span.until) return;
    const until = Math.min(this.#span.until, Math.max(this.#fetched, this.time) + chunk);
    const shown = this.#queue.at(-1)?.state ?? this.shown;
    const turn = this.#turn;
    this.#fetching = true;
    this.#recording
      .steps(shown, until)
      .then((answer) => {
        if (turn !== this.#turn) return;
        this.#queue.push(...answer.steps);
        if (answer.jump !== null) {
          this.#large = answer.jump;
          this.#fetched = Math.max(this.#fetched, answer.jump);
          return;
        }
        // An answer that does not reach further would be asked for again and again.
        this.#fetched = answer.until > this.#fetched ? Math.min(answer.until, until) : until;
      })
      .catch((error: unknown) => {
        if (turn !== this.#turn) return;
        this.failure = failure(error);
        this.playing = false;
        this.#on.changed();
      })
      .finally(() => {
        this.#fetching = false;
        this.#fetch();
      });
  }
}
