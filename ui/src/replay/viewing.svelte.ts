/*
 * One session being watched: its data, its playback and its frame, shared by the parts of the player.
 *
 * The trap is the frame rate. Sixty times a second only the painters run (playhead, cursor, canvas), which write to
 * elements directly; what is reactive changes ten times a second at most.
 */
import { callBytes, failure, type Decision, type Failure, type Insight, type Note, type PageFiles, type SessionView, type Signal, type Step, type TranscriptRow } from '../bridge';
import { app } from '../parts/app.svelte';
import { list } from '../sessions/list.svelte';
import { about, freshId, reviews } from '../sessions/reviews.svelte';
import { whyBlank } from './blank';
import { drafts, type Draft } from './drafts.svelte';
import { verdicts } from './evidence';
import { laidOutIn } from './fit';
import { Frame } from './frame';
import { look } from './look';
import { gravity, neighbour } from './marks';
import type { Typed } from './overlay';
import { Playback } from './playback';
import { NO_TRACK, Pointer } from './pointer';
import { prefs, type Unit } from './prefs.svelte';
import { selectorOf } from './tree';

type Painter = (time: number, still: boolean) => void;
export type Shown = Omit<Step, 'ops'>;

/** Recorded ms for which a filled field is pointed out. */
const TYPED = 1500;
/** Recorded ms for which a resize of the window is told. */
const RESIZED = 2500;
/** Real ms between two looks at whether the page is blank. */
const LOOK_EVERY = 1000;
/** Real ms after the last picture of a page that stands still. */
const LOOK_AFTER = 100;
/** Real ms between two notes of where the person is, for after a crash. */
const NOTE_EVERY = 1000;
const CLICKS = new Set(['click', 'double_click', 'context_menu', 'touch_start']);

/** Measures of jumps that the browser keeps, for whoever looks at its timeline. */
const MOST_MEASURES = 1000;
let measures = 0;

/**
 * From the question to the second picture after its answer was carried out: then the first one is on screen. `answered`
 * and `applied`: when the patch was here, and when it was carried out, ms after the question.
 */
function measure(begun: number, answered: number, applied: number): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      if (++measures % MOST_MEASURES === 0) performance.clearMeasures('dwell:seek');
      performance.measure('dwell:seek', { start: begun, detail: { answered: answered - begun, applied: applied - begun } });
    }),
  );
}

export class Viewing {
  readonly id: string;
  view = $state.raw<SessionView | null>(null);
  insight = $state.raw<Insight | null>(null);
  files = $state.raw<PageFiles | null>(null);
  rows = $state.raw<TranscriptRow[]>([]);
  total = $state<number | null>(null);
  /** Why the session, or its transcript, could not be read. */
  trouble = $state.raw<Failure | null>(null);
  untold = $state.raw<Failure | null>(null);

  playing = $state(false);
  broken = $state.raw<Failure | null>(null);
  /** Playhead, epoch ms, ten times a second. */
  now = $state(0);
  step = $state.raw<Shown | null>(null);
  filled = $state(false);
  problems = $state(0);
  skipped = $state.raw<{ ms: number; from: number; until: number } | null>(null);
  resized = $state.raw<{ from: [number, number]; to: [number, number]; time: number } | null>(null);
  loop = $state.raw<{ from: number; until: number | null } | null>(null);
  /** One sentence, when there is nothing to be seen. */
  blank = $state<string | null>(null);
  /** Counts changes of the page, twice a second at most. */
  changes = $state(0);
  evidence = $state.raw<Signal | null>(null);
  chosen = $state.raw<Element | null>(null);
  picking = $state(false);
  /** The note that is being written. */
  writing = $state.raw<Draft | null>(null);
  saving = $state(false);
  /** The end was played to. */
  ended = $state(false);

  frame: Frame | null = null;
  playback: Playback | null = null;
  pointer = new Pointer(NO_TRACK);
  times: Float64Array = new Float64Array();

  readonly page = $derived(this.view?.pages.findLast((p) => p.started_at <= this.now) ?? this.view?.pages[0] ?? null);
  // A loss whose length is not known is a moment; it is told for as long as it takes to read.
  readonly gap = $derived(
    this.view?.pages.flatMap((p) => p.gaps).find((g) => g.from <= this.now && this.now < Math.max(g.until, g.from + 1500)) ?? null,
  );
  readonly away = $derived(this.step?.hidden || (this.view?.hidden.some(([from, until]) => from <= this.now && this.now < until) ?? false));
  readonly #said = $derived<[number, number]>(
    this.step?.viewport ?? this.view?.pages.find((p) => p.number === this.step?.page)?.viewport ?? this.page?.viewport ?? [1366, 768],
  );
  #widthUnsaid = $state(false);
  readonly viewport = $derived(this.#widthUnsaid ? laidOutIn(this.#said) : this.#said);
  readonly verdicts = $derived(verdicts((this.insight?.signals ?? []).filter((s) => !this.decision(s))));

  #tracks = new Map<number, Promise<Pointer>>();
  #trackPage = 0;
  #touch = false;
  #painters = new Set<Painter>();
  #request = 0;
  #told = -1;
  #looked = 0;
  #changed = 0;
  #closed = false;
  /** When the last jump was asked for, real ms. */
  #asked: number | null = null;
  #lookTimer: ReturnType<typeof setTimeout> | undefined;
  #noting: ReturnType<typeof setInterval> | undefined;
  #noted = 0;
  #skipTimer: ReturnType<typeof setTimeout> | undefined;
  #typed = new Map<number, { time: number; text: string }>();
  #clicks: Float64Array | null = null;
  /** Played on when the note is saved. */
  #resume = false;
  #pinning = false;
  /** Furthest moment that was played. */
  #furthest = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Reads what the player shows; calls back when the session itself is there. */
  load(ready: (view: SessionView) => void): void {
    callBytes('session', { id: this.id }).then(
      (view) => {
        if (this.#closed) return;
        this.view = view;
        this.now = view.from;
        ready(view);
        // Worth knowing, not worth waiting for.
        if (view.row.has_recording) callBytes('page_files', { id: this.id }).then((files) => (this.files = files), () => (this.files = null));
        void this.#tell();
      },
      (error: unknown) => (this.trouble = failure(error)),
    );
  }

  async #tell(): Promise<void> {
    try {
      const all: TranscriptRow[] = [];
      // Ever larger parts: the first is on screen at once, and the whole is put together few times.
      for (let more = true, part = 1000; more && !this.#closed; part *= 4) {
        const answer = await callBytes('transcript', { id: this.id, from: all.length, limit: Math.min(part, 32_000) });
        if (this.#closed) return;
        for (const row of answer.rows) all.push(row);
        this.total = answer.total;
        more = answer.rows.length > 0 && all.length < answer.total;
        this.rows = all.slice();
        this.times = Float64Array.from(all, (row) => row.time);
        this.#clicks = null;
      }
      const insight = await callBytes('insight', { id: this.id });
      if (!this.#closed) this.insight = insight;
    } catch (error) {
      if (!this.#closed) this.untold = failure(error);
    }
  }

  /** Starts the engine on an iframe. */
  open(iframe: HTMLIFrameElement, begin: number | null): void {
    const view = this.view;
    if (!view || this.#closed) return;
    const { id } = this;
    this.#touch = view.row.device === 'mobile' || view.row.device === 'tablet';
    this.frame = new Frame(iframe, { touch: this.#touch });
    const empty = (time: number): Step => {
      const p = view.pages.findLast((each) => each.started_at <= time) ?? view.pages[0];
      return { state: 0, parts: 1, time, page: p?.number ?? 0, document: p?.document ?? 0, viewport: p?.viewport ?? null, url: p?.url ?? '', hidden: false, reset: false, ops: [] };
    };
    this.playback = new Playback(
      view.row.has_recording
        ? {
            seek: (shown, time, part) => callBytes('replay_seek', { id, shown, time, part }),
            steps: (shown, until) => callBytes('replay_steps', { id, shown, until }),
          }
        : // Without pictures there is still a time line to walk along.
          { seek: async (_, time) => empty(time), steps: async (_, until) => ({ steps: [], until, jump: null }) },
      { from: view.from, until: view.until, idle: view.idle },
      {
        apply: (step) => this.#apply(step),
        jump: (step, more) => this.#jump(step, more),
        changed: () => this.#copy(),
        skipped: (ms, from, until) => this.#skip(ms, from, until),
      },
    );
    this.playback.skipIdle = prefs.skip;
    this.playback.skipFrom = prefs.skipFrom;
    this.playback.setSpeed(prefs.speed);
    this.seek(begin ?? view.from);
    this.#noting = setInterval(() => {
      const at = this.playback?.time ?? 0;
      if (at !== this.#noted) app.at(this.id, (this.#noted = at));
    }, NOTE_EVERY);
    const { from } = view;
    window.__dwell = {
      id,
      shown: () => this.playback?.shown ?? null,
      time: () => (this.playback?.time ?? from) - from,
      from,
      seek: (time) => this.seek(time),
      seeking: () => this.playback?.seeking ?? true,
      playing: () => this.playback?.playing ?? false,
    };
  }

  close(): void {
    if (this.writing) drafts.keep(this.id, this.writing);
    // A glance is not worth a word.
    if (this.#furthest > (this.view?.from ?? 0) + 2000 && this.#furthest > (reviews.of(this.id)?.watched_until ?? 0)) {
      void reviews.change(this.id, { do: 'reached', until: Math.floor(this.#furthest) });
    }
    this.#closed = true;
    cancelAnimationFrame(this.#request);
    clearTimeout(this.#skipTimer);
    clearTimeout(this.#lookTimer);
    if (this.#noting) {
      clearInterval(this.#noting);
      app.at(null);
    }
    this.playback?.pause();
    this.frame?.close();
    delete window.__dwell;
  }

  /** Runs for each picture while something moves, and once after `wake`. Returns how to take it off. */
  onPaint(painter: Painter): () => void {
    this.#painters.add(painter);
    this.wake();
    return () => this.#painters.delete(painter);
  }

  wake(): void {
    if (!this.#request && !this.#closed) this.#request = requestAnimationFrame((at) => this.#turn(at));
  }

  #turn(at: number): void {
    this.#request = 0;
    const { playback } = this;
    if (!playback || this.#closed) return;
    const before = playback.shown;
    playback.tick(at);
    if (playback.playing && playback.speed !== 1 && playback.shown !== before) this.frame?.hurry(playback.speed);
    this.#paint(at);
    if (playback.playing) this.wake();
  }

  #paint(at: number): void {
    const { playback, view } = this;
    if (!playback || !view) return;
    const time = playback.time;
    for (const painter of this.#painters) painter(time, !playback.playing);
    // Played, not sought: who has seen nearly all of it has watched it.
    if (playback.playing) this.#furthest = Math.max(this.#furthest, time);
    if (playback.playing && time >= view.until - (view.until - view.from) * 0.1) this.#seen();
    if (Math.abs(time - this.#told) >= 100 * Math.max(1, playback.speed) || !playback.playing) {
      this.#told = time;
      this.now = time;
      if (this.resized && (time < this.resized.time || time > this.resized.time + RESIZED * Math.max(1, playback.speed))) this.resized = null;
    }
    if (!playback.playing) {
      // Standing still is painted several times, and a look costs as much as a small patch.
      clearTimeout(this.#lookTimer);
      this.#lookTimer = setTimeout(() => this.#look(this.playback?.time ?? time), LOOK_AFTER);
    } else if (at - this.#looked >= LOOK_EVERY) {
      this.#looked = at;
      this.#look(time);
    }
    if (!playback.playing || at - this.#changed >= 500) {
      this.#changed = at;
      this.changes++;
    }
  }

  #told90 = false;
  #seen(): void {
    if (this.#told90) return;
    this.#told90 = true;
    void list.watched(this.id).then(() => reviews.of(this.id) && reviews.load(this.id));
  }

  #look(time: number): void {
    const { view, frame, step } = this;
    if (this.#closed || !view || !frame || !step || !view.row.has_recording || this.playback?.seeking) return;
    const page = view.pages.findLast((p) => p.started_at <= time);
    const next = page && this.filled ? null : this.#firstPicture(time);
    this.blank = whyBlank({
      snapshot: page?.has_snapshot ?? true,
      until: next === null ? null : next - time,
      gap: this.gap?.reason ?? null,
      look: frame.filled ? look(frame.document) : null,
    });
  }

  /** The recorder tells when a page began, and only somewhat later what it looked like. */
  #firstPicture(time: number): number | null {
    return this.view?.pages.find((p) => p.has_snapshot && p.ended_at > time)?.started_at ?? null;
  }

  #apply(next: Step): void {
    const { frame } = this;
    if (!frame) return;
    frame.apply(next);
    if (!next.reset) this.#noteFields(next);
    this.#arrived(next, false);
  }

  async #jump(next: Step, more: (part: number) => Promise<Step>): Promise<boolean> {
    const { frame } = this;
    if (!frame) return false;
    const answered = performance.now();
    const begun = this.#asked ?? answered;
    this.#asked = null;
    // Building a page is not given up for another moment of the same page.
    const documentAt = (time: number) => (this.view?.pages.findLast((p) => p.started_at <= time) ?? this.view?.pages[0])?.document;
    const goOn = () => !this.#closed && (!this.playback?.waiting || documentAt(this.playback.time) === next.document);
    if (!(await frame.applyParts(next, more, goOn)) || this.#closed) return false;
    frame.finishAnimations();
    if (!this.playback?.playing) frame.pauseAnimations();
    this.#typed.clear();
    this.#arrived(next, true);
    measure(begun, answered, performance.now());
    return true;
  }

  #arrived(next: Step, jumped: boolean): void {
    const { frame, step } = this;
    if (!frame) return;
    const { ops: _, ...rest } = next;
    const same =
      step && step.page === rest.page && step.url === rest.url && step.hidden === rest.hidden &&
      step.viewport?.[0] === rest.viewport?.[0] && step.viewport?.[1] === rest.viewport?.[1];
    if (!same) {
      const [a, b] = [step?.viewport, rest.viewport];
      if (step && a && b && step.document === rest.document && (a[0] !== b[0] || a[1] !== b[1])) {
        if (!jumped) this.resized = { from: a, to: b, time: rest.time };
      }
      this.step = rest;
    }
    this.#widthUnsaid = this.#touch && frame.widthUnsaid;
    this.filled = frame.filled;
    this.problems = frame.problems;
    if (next.page !== this.#trackPage) this.#follow(next.page);
  }

  #noteFields(step: Step): void {
    for (const op of step.ops) {
      if (op[0] === 'V') this.#typed.set(op[1], { time: step.time, text: op[2].length > 40 ? `${op[2].slice(0, 40)}…` : op[2] });
      else if (op[0] === 'K') this.#typed.set(op[1], { time: step.time, text: op[2] ? 'ticked' : 'unticked' });
    }
    if (this.#typed.size > 8) for (const id of [...this.#typed.keys()].slice(0, -8)) this.#typed.delete(id);
  }

  /** Fields that were filled just now, with their places. Lays out only while there are any. */
  typedAt(time: number): Typed[] {
    const all: Typed[] = [];
    const long = TYPED * Math.max(1, this.playback?.speed ?? 1);
    for (const [id, { time: when, text }] of this.#typed) {
      const fresh = 1 - (time - when) / long;
      if (fresh <= 0 || fresh > 1) {
        this.#typed.delete(id);
        continue;
      }
      const box = this.frame?.box(id);
      if (box) all.push({ ...box, text, fresh });
    }
    return all;
  }

  #follow(number: number): void {
    this.#trackPage = number;
    this.pointer = new Pointer(NO_TRACK);
    if (!number) return;
    let track = this.#tracks.get(number);
    if (!track) {
      track = callBytes('pointer_track', { id: this.id, page: number }).then(
        (t) => new Pointer(t),
        () => {
          this.#tracks.delete(number);
          return new Pointer(NO_TRACK);
        },
      );
      this.#tracks.set(number, track);
    }
    void track.then((p) => {
      if (this.#trackPage !== number || this.#closed) return;
      this.pointer = p;
      this.wake();
    });
  }

  #copy(): void {
    const { playback, frame } = this;
    if (!playback) return;
    if (this.playing !== playback.playing) {
      if (playback.playing) frame?.resumeAnimations(playback.speed);
      else frame?.pauseAnimations();
    }
    const stopped = this.playing && !playback.playing;
    this.playing = playback.playing;
    if (this.playing) this.ended = false;
    else if (stopped && this.view && !playback.failure && playback.time >= this.view.until) {
      this.#furthest = this.view.until;
      this.#seen();
      this.ended = true;
    }
    if (prefs.speed !== playback.speed) prefs.speed = playback.speed;
    this.broken = playback.failure;
    this.wake();
  }

  #skip(ms: number, from: number, until: number): void {
    this.skipped = { ms, from, until };
    clearTimeout(this.#skipTimer);
    this.#skipTimer = setTimeout(() => (this.skipped = null), 2600);
  }

  // ---- what people do

  seek(time: number): void {
    this.ended = false;
    this.#asked = performance.now();
    this.playback?.seek(time);
    this.wake();
  }
  by(ms: number): void {
    if (this.playback) this.seek(this.playback.time + ms);
  }
  toggle(): void {
    if (this.playback?.playing) this.playback.pause();
    else this.playback?.play();
  }
  setSkip(on: boolean, from = prefs.skipFrom): void {
    prefs.skip = on;
    prefs.skipFrom = from;
    if (!this.playback) return;
    this.playback.skipIdle = on;
    this.playback.skipFrom = from;
    this.wake();
  }

  /** To the next or last event, click, page or signal. */
  go(unit: Unit, direction: 1 | -1): void {
    const { view, playback } = this;
    if (!view || !playback) return;
    const at = playback.time;
    if (unit === 'page') {
      const next =
        direction > 0
          ? view.pages.find((p) => p.started_at > at)
          : (view.pages.findLast((p) => p.started_at < at - 1500) ?? view.pages[0]);
      if (next) this.seek(next.started_at);
      return;
    }
    let times: ArrayLike<number>;
    if (unit === 'signal') times = this.insight?.signals.map((s) => s.time) ?? [];
    else if (unit === 'click') times = this.#clicks ??= Float64Array.from(this.rows.filter((r) => CLICKS.has(r.kind)).map((r) => r.time));
    else times = this.times.length ? this.times : view.markers.map((m) => m.time);
    const next = neighbour(times, at, direction);
    if (next === null) return;
    this.seek(next);
    if (unit === 'signal') this.evidence = this.evidence && (this.insight?.signals.find((s) => s.time === next) ?? null);
  }

  /** From here; then to here; then no loop. */
  turnLoop(): void {
    const { playback, loop } = this;
    if (!playback) return;
    const at = playback.time;
    if (!loop) this.loop = { from: at, until: null };
    else if (loop.until === null && at !== loop.from) this.loop = { from: Math.min(at, loop.from), until: Math.max(at, loop.from) };
    else this.loop = null;
    const whole = this.loop;
    playback.loop = whole && whole.until !== null ? { from: whole.from, until: Math.max(whole.until, whole.from + 250) } : null;
    if (playback.loop) this.seek(playback.loop.from);
    this.wake();
  }

  /** The signal at the playhead, or the last one before it. */
  showEvidence(): void {
    if (this.evidence) {
      this.evidence = null;
      return;
    }
    const signals = this.insight?.signals ?? [];
    const { now } = this;
    // Several labels can stand on one click: the gravest speaks first.
    const here = signals.filter((s) => s.time <= now + 1000 && now <= s.until + 2000);
    this.evidence =
      here.sort((a, b) => gravity(a.kind) - gravity(b.kind))[0] ?? signals.findLast((s) => s.time <= now) ?? signals[0] ?? null;
  }

  choose(element: Element | null): void {
    this.chosen = element;
    this.wake();
  }

  // ---- notes and decisions

  /** Begins a note at the playhead, or goes on with one that was not saved. */
  startNote(): void {
    const { playback, view } = this;
    if (this.writing || !view) return;
    const kept = drafts.of(this.id);
    const at = Math.floor(playback?.time ?? view.from);
    const page = view.pages.findLast((p) => p.started_at <= at) ?? view.pages[0];
    this.write(kept ?? { id: null, text: '', at, page: page?.number ?? null, ...this.#pinOf(this.chosen) });
  }
  write(draft: Draft): void {
    this.#resume = this.playback?.playing ?? false;
    this.playback?.pause();
    this.writing = draft;
  }
  typeNote(text: string): void {
    if (!this.writing) return;
    this.writing = { ...this.writing, text };
    drafts.keep(this.id, this.writing);
  }
  /** What was typed is kept, to go on with. */
  leaveNote(): void {
    if (this.writing) drafts.keep(this.id, this.writing);
    this.#stopWriting();
  }
  async saveNote(): Promise<void> {
    const draft = this.writing;
    if (!draft?.text.trim() || this.saving) return;
    this.saving = true;
    const { id, text, at, page, node, selector } = draft;
    const done = await (id
      ? reviews.change(this.id, { do: 'edit_note', id, text }, 'Note changed')
      : reviews.change(this.id, { do: 'add_note', id: freshId(), page, at, node, selector, text }, 'Note saved'));
    this.saving = false;
    // What could not be saved stays in the field.
    if (!done) return;
    drafts.drop(this.id);
    this.#stopWriting();
  }
  #stopWriting(): void {
    this.writing = null;
    this.#pinning = false;
    if (this.#resume && !this.#closed) this.playback?.play();
    this.#resume = false;
  }
  #pinOf(element: Element | null): { node: number | null; selector: string | null } {
    return element?.isConnected ? { node: this.frame?.idOf(element) ?? null, selector: selectorOf(element) } : { node: null, selector: null };
  }
  pin(element: Element | null): void {
    if (!this.writing) return;
    this.writing = { ...this.writing, ...this.#pinOf(element) };
    drafts.keep(this.id, this.writing);
  }
  /** The element that is picked next belongs to the note. */
  pickForNote(): void {
    this.#pinning = true;
    this.picking = true;
  }
  /** True when what was picked went to the note that is being written. */
  picked(): boolean {
    if (!this.#pinning || !this.writing) return false;
    this.#pinning = false;
    this.pin(this.chosen);
    return true;
  }
  /** Shows the element that a note is pinned to, when the page at its moment has it. */
  showPin(note: Pick<Note, 'node' | 'selector'>): void {
    let waited = 0;
    const look = () => {
      if (this.#closed || waited++ > 40) return;
      if (this.playback?.seeking) return void setTimeout(look, 50);
      const node = note.node === null ? undefined : this.frame?.node(note.node);
      let found = node?.nodeType === Node.ELEMENT_NODE && node.isConnected ? (node as Element) : null;
      if (!found && note.selector) {
        try {
          found = this.frame?.document?.querySelector(note.selector) ?? null;
        } catch {
          // Another program's selector.
        }
      }
      if (found) this.choose(found);
      else reviews.tell('The page at this moment does not have the element that the note is pinned to', false);
    };
    setTimeout(look, 50);
  }

  /** Opens the notes beside the picture, unless something there is being read. */
  readNotes(): void {
    if (!this.evidence) prefs.panel = 'notes';
  }

  /** What was said of a signal: "not a problem", or nothing. */
  decision(signal: Signal): Decision | null {
    return reviews.of(this.id)?.decisions.find((d) => about(d, signal)) ?? null;
  }
  readonly dismissed = $derived((this.insight?.signals ?? []).filter((s) => this.decision(s)));

  async decide(signal: Signal, on: boolean, reason: string | null = null): Promise<void> {
    const { kind, page, time, selector } = signal;
    await reviews.change(this.id, { do: 'decide', kind, page, time, selector, reason, on }, on ? 'Marked as not a problem' : 'Marked as a problem again');
  }
}
