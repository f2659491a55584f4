/* What the player keeps for this person between starts. */
import { remember, remembered } from '../parts/app.svelte';
import { readZoom, type Zoom } from './fit';
import { CLOCKS, nextClock, type Clock } from './moments';

export const PANELS = ['transcript', 'notes', 'facts', 'speed', 'errors', 'events', 'dom'] as const;
export type Panel = (typeof PANELS)[number];
export const UNITS = ['event', 'click', 'page', 'signal'] as const;
export type Unit = (typeof UNITS)[number];
/** Idle spans from this long on are skipped, ms. The core does not call less than 5 s idle. */
export const SKIPS = [5_000, 10_000, 30_000, 60_000] as const;

const one = <T extends string>(of: readonly T[], text: string | null, otherwise: T): T =>
  of.includes(text as T) ? (text as T) : otherwise;
const set = (text: string | null) => new Set((text ?? '').split(' ').filter(Boolean));

class Prefs {
  #speed = $state(Number(remembered('speed')) || 1);
  #skip = $state(remembered('skip-idle') !== 'off');
  #skipFrom = $state(SKIPS.find((s) => s === Number(remembered('skip-from'))) ?? SKIPS[0]);
  #clock = $state<Clock>(one(CLOCKS, remembered('clock'), 'relative'));
  #zoom = $state<Zoom>(readZoom(remembered('zoom')));
  #panel = $state<Panel>(one(PANELS, remembered('panel'), 'transcript'));
  #pane = $state(remembered('transcript') !== 'off');
  #unit = $state<Unit>(one(UNITS, remembered('unit'), 'event'));
  #traces = $state(remembered('traces') !== 'off');
  #unmarked = $state.raw<ReadonlySet<string>>(set(remembered('unmarked')));
  #unlisted = $state.raw<ReadonlySet<string>>(set(remembered('unlisted')));

  get speed() { return this.#speed; }
  set speed(to: number) { this.#speed = to; remember('speed', String(to)); }
  get skip() { return this.#skip; }
  set skip(on: boolean) { this.#skip = on; remember('skip-idle', on ? 'on' : 'off'); }
  get skipFrom(): number { return this.#skipFrom; }
  set skipFrom(ms: number) { this.#skipFrom = SKIPS.find((s) => s === ms) ?? SKIPS[0]; remember('skip-from', String(this.#skipFrom)); }
  get clock() { return this.#clock; }
  set clock(as: Clock) { this.#clock = as; remember('clock', as); }
  get zoom() { return this.#zoom; }
  set zoom(to: Zoom) { this.#zoom = to; remember('zoom', String(to)); }
  get panel() { return this.#panel; }
  set panel(to: Panel) { this.#panel = to; remember('panel', to); }
  get pane() { return this.#pane; }
  set pane(on: boolean) { this.#pane = on; remember('transcript', on ? 'on' : 'off'); }
  get unit() { return this.#unit; }
  set unit(to: Unit) { this.#unit = to; remember('unit', to); }
  /** Cursor, trail, rings and fields over the page. */
  get traces() { return this.#traces; }
  set traces(on: boolean) { this.#traces = on; remember('traces', on ? 'on' : 'off'); }
  /** Kinds without a mark on the timeline. */
  get unmarked() { return this.#unmarked; }
  /** Kinds left out of the transcript. */
  get unlisted() { return this.#unlisted; }
  set unlisted(kinds: ReadonlySet<string>) { this.#unlisted = kinds; remember('unlisted', [...kinds].join(' ')); }

  mark(kind: string, on: boolean): void {
    const next = new Set(this.#unmarked);
    if (on) next.delete(kind);
    else next.add(kind);
    this.#unmarked = next;
    remember('unmarked', [...next].join(' '));
  }
  nextClock(): void {
    this.clock = nextClock(this.#clock);
  }
}

export const prefs = new Prefs();
