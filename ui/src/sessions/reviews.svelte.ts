/*
 * What the reviewer wrote and set: on the session that is open (in the player, or in the preview), the history, goals.
 *
 * The trap: two answers on their way at once. Changes go out one after the other, and an answer about a session that
 * is no longer open only updates its row in the list.
 */
import { call, callBytes, failure, type Decision, type Failure, type Goal, type Review, type ReviewChange, type Signal } from '../bridge';
import { list } from './list.svelte';

/** How long a word about what was done stays, ms. */
const STAYS = 8000;

/** An id that no other copy of the project gives. */
export function freshId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

/** Monday 0:00 of the week of a moment, by this computer's clock, and that of the next. */
export function week(now: number): [from: number, until: number] {
  const d = new Date(now);
  const monday = (n: number) => new Date(d.getFullYear(), d.getMonth(), d.getDate() - ((d.getDay() + 6) % 7) + n).getTime();
  return [monday(0), monday(7)];
}

/** Whether a decision is about a signal. */
export const about = (decision: Pick<Decision, 'kind' | 'time' | 'selector'>, signal: Pick<Signal, 'kind' | 'time' | 'selector'>): boolean =>
  decision.kind === signal.kind && decision.time === signal.time && (decision.selector ?? '') === (signal.selector ?? '');

class Reviews {
  /** Of the session that is open. */
  open = $state.raw<Review | null>(null);
  /** What was done last, while it is told. */
  said = $state.raw<{ text: string; bad: boolean; undo: boolean } | null>(null);
  goals = $state.raw<Goal[]>([]);
  /** When something was changed last, ms of the page. */
  changed = 0;
  /** Counts changes that the list cannot follow by rows. */
  turns = $state(0);

  #wanted: string | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  of(id: string): Review | null {
    return this.open?.session === id ? this.open : null;
  }

  /** Opens what was said of a session. */
  async load(id: string): Promise<void> {
    this.#wanted = id;
    await this.#after(async () => {
      if (this.#wanted === id) this.#take(await callBytes('review', { id }));
    });
  }

  /** Changes one thing. Tells what was done, with a way back, when there are words for it; gives nothing when it failed. */
  async change(id: string, change: ReviewChange, said = ''): Promise<Review | null> {
    // How far it was played is noted on leaving, perhaps to another project: nobody is to be told when it fails.
    const silent = change.do === 'reached';
    return this.#after(async () => {
      const review = await callBytes('review_change', { id, change });
      this.#take(review);
      if (!silent) this.changed = performance.now();
      if (said) this.tell(said, true);
      if (change.do === 'watched' || change.do === 'label' || change.do === 'favourite') void this.loadGoals();
      return review;
    }, silent);
  }

  /** Undoes the last step, or does the last undone one again. */
  async turn(redo: boolean): Promise<void> {
    await this.#after(async () => {
      try {
        const turned = await call('review_turn', { redo });
        this.changed = performance.now();
        this.tell(turned.said === null ? (redo ? 'There is nothing to do again' : 'There is nothing to undo') : `${redo ? 'Done again' : 'Undone'}: ${turned.said}`, false);
      } finally {
        // Also a step that could not be undone has left the history.
        if (this.#wanted) this.#take(await callBytes('review', { id: this.#wanted }));
        list.again();
        this.turns++;
        void this.loadGoals();
      }
    });
  }

  async name(name: string): Promise<void> {
    await this.#after(async () => {
      const known = await call('reviewer', { name });
      this.tell(known ? `You review as ${known}` : 'You review without a name', false);
      if (this.#wanted) this.#take(await callBytes('review', { id: this.#wanted }));
      list.again();
    });
  }

  async loadGoals(): Promise<void> {
    const [from, until] = week(Date.now());
    try {
      this.goals = await call('goals', { from, until });
    } catch {
      // The list says what is wrong with the project; goals are beside it.
      this.goals = [];
    }
  }

  async setGoal(goal: Omit<Goal, 'done' | 'sessions'>): Promise<void> {
    await this.#after(async () => {
      await call('set_goal', { goal });
      this.changed = performance.now();
      await this.loadGoals();
      this.tell(goal.watch ? `Goal set: watch ${goal.watch} a week` : 'Goal given up', true);
    });
  }

  tell(text: string, undo: boolean, bad = false): void {
    clearTimeout(this.#timer);
    this.said = { text, bad, undo };
    this.#timer = setTimeout(() => (this.said = null), STAYS);
  }

  hush(): void {
    clearTimeout(this.#timer);
    this.said = null;
  }

  /** Another project. */
  empty(): void {
    this.open = null;
    this.#wanted = null;
    this.goals = [];
    this.hush();
  }

  #take(review: Review): void {
    list.reviewed(review);
    if (review.session === this.#wanted) this.open = review;
  }

  #after<T>(work: () => Promise<T>, silent = false): Promise<T | null> {
    const next = this.#queue.then(work).catch((error: unknown) => {
      const { message }: Failure = failure(error);
      if (!silent) this.tell(message, false, true);
      return null;
    });
    this.#queue = next;
    return next;
  }
}

export const reviews = new Reviews();
