/*
 * The sessions of the project, as far as one looks at them. Rust finds, filters and sorts; here are the pages near what
 * is on screen, so that a million sessions cost what forty do.
 *
 * The trap: places move. A row is known by its id, and where it stands is asked for again with every new list.
 */
import { call, callBytes, failure, type Failure, type ListQuery, type Review, type SessionRow } from '../bridge';
import { remember, remembered } from '../parts/app.svelte';
import { Latest } from '../replay/latest';
import { PAGE, Pages } from './pages';
import { EVERYTHING, isNarrowed, nextUnwatched, playable, type Only } from './queue';

/** Fields whose largest values one asks for first; texts are asked for from A. */
const NUMBERS = new Set(['start', 'duration', 'active_duration', 'page_count', 'click_count', 'js_errors', 'frustration', 'scroll_depth', 'rage_clicks', 'dead_clicks', 'error_clicks', 'quick_backs', 'excessive_scrolls', 'lcp', 'cls', 'inp', 'rating', 'completeness', 'masked', 'viewport_width', 'hour']);

type Ask = { text: string; filter: readonly string[]; only: Only; quiet: boolean };

/** What is marked, as Rust takes it. */
const marks = ({ unwatched, favourite, notes, label }: Only, keep: string | null) => ({ unwatched, favourite, notes, label, keep });

class SessionList {
  /** All sessions of the project, whatever is looked for. */
  total = $state(0);
  /** Sessions of the list. */
  matched = $state(0);
  /** What the list was found with. */
  found = $state('');
  text = $state('');
  /** Rows of the filter language that the list was made with. */
  filtered = $state.raw<readonly string[]>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  failure = $state.raw<Failure | null>(null);
  sort = $state('start');
  descending = $state(true);
  /** Counts lists that are not the one before read again. */
  begun = $state(0);
  /** Counts how often everything was forgotten. */
  emptied = $state(0);
  /** The selected session, where it is known. */
  row = $state.raw<SessionRow | null>(null);

  #filter: readonly string[] = [];
  #selected = $state<string | null>(null);
  #place = $state(-1);
  #only = $state.raw<Only>(EVERYTHING);
  #playing = $state<string | null>(null);
  #columns: readonly string[] = [];
  /** Goes on to the next unwatched session at the end of one. */
  #autoplay = $state(remembered('autoplay') === 'on');

  #pages = new Pages();
  /** Counts changes of the pages. */
  #turn = $state(0);
  /** Counts lists: an answer about an earlier one is thrown away. */
  #list = 0;
  #first = 0;
  #end = PAGE;
  #next = $state.raw<{ key: string; row: SessionRow | null; left: number } | null>(null);
  #asking = '';
  /** Something was asked for already. */
  #sent = false;

  get autoplay() { return this.#autoplay; }
  set autoplay(on: boolean) { this.#autoplay = on; remember('autoplay', on ? 'on' : 'off'); }

  get only() { return this.#only; }
  set only(only: Only) { this.#only = only; this.#load(); }

  /** The session that is played stays in the list, also when it is no longer unwatched. */
  get playing() { return this.#playing; }
  set playing(id: string | null) {
    if (id === this.#playing) return;
    this.#playing = id;
    if (id === null && isNarrowed(this.#only)) this.again();
  }

  get selected() { return this.#selected; }
  set selected(id: string | null) {
    this.#selected = id;
    const place = id === null ? -1 : this.#pages.place(id);
    this.#place = place;
    if (place >= 0) this.row = this.#pages.at(place) ?? null;
    else if (this.row?.id !== id) this.row = null;
    if (id !== null && place < 0) void this.#locate(id);
    else this.#near();
  }

  /** What the list is made with. */
  get query(): ListQuery {
    return this.#query({ text: this.found, filter: this.filtered, only: this.#only, quiet: true });
  }

  /** Rows that are here, by place. */
  get rows(): SessionRow[] { void this.#turn; return this.#pages.rows(); }

  /** The row at a place; nothing when it is not here. */
  at(index: number): SessionRow | undefined { void this.#turn; return this.#pages.at(index); }

  /** Place of a session; -1 when it is not in the list, or not known yet. */
  place(id: string | null): number {
    void this.#turn;
    if (id === null) return -1;
    const here = this.#pages.place(id);
    return here < 0 && id === this.#selected ? this.#place : here;
  }

  /** Says which rows are looked at. */
  want(first: number, end: number): void {
    this.#first = first;
    this.#end = end;
    this.#fetch.ask(null);
  }

  #ask = new Latest<Ask>(async (ask) => {
    try {
      const query = this.#query(ask);
      // Another list begins at its top; the same one read again stays where one looks.
      const from = ask.quiet ? Math.floor(this.#first / PAGE) * PAGE : 0;
      const limit = ask.quiet ? Math.max(PAGE, Math.ceil(this.#end / PAGE) * PAGE - from) : PAGE;
      this.#sent = true;
      const id = this.#selected;
      const [answer, place] = await Promise.all([callBytes('sessions', { ...query, from, limit, columns: [...this.#columns] }), id === null ? null : call('place', { ...query, id })]);
      let { rows } = answer;
      let start = from;
      // The list became shorter than where one stood.
      if (!rows.length && answer.matched) {
        start = Math.floor(Math.max(0, answer.matched - 1) / PAGE) * PAGE;
        ({ rows } = await callBytes('sessions', { ...query, from: start, limit: PAGE, columns: [...this.#columns] }));
      }
      this.#list++;
      this.#pages = new Pages();
      for (let i = 0; i < rows.length; i += PAGE) this.#pages.put((start + i) / PAGE, rows.slice(i, i + PAGE));
      this.#turn++;
      this.total = answer.total;
      this.matched = answer.matched;
      this.found = ask.text;
      this.filtered = ask.filter;
      this.failure = null;
      // A newer list is on its way: this one is not what was asked for last.
      if (!this.#ask.waiting) this.state = 'ready';
      this.#take(id, place, ask.quiet);
      if (!ask.quiet) this.begun++;
      this.#fetch.ask(null);
    } catch (error) {
      this.failure = failure(error);
      this.state = 'failed';
    }
  });

  #fetch = new Latest<null>(async () => {
    const list = this.#list;
    if (this.state === 'failed' || !this.matched) return;
    // The selected one's neighbours, too: the player goes to them.
    const wanted = [...this.#pages.missing(this.#first, Math.min(this.#end, this.matched)), ...(this.#place < 0 ? [] : this.#pages.missing(this.#place - 1, Math.min(this.#place + 2, this.matched)))];
    for (const page of wanted) {
      if (this.#pages.at(page * PAGE)) continue;
      try {
        const answer = await callBytes('sessions', { ...this.query, from: page * PAGE, limit: PAGE, columns: [...this.#columns] });
        if (list !== this.#list) return;
        this.#pages.put(page, answer.rows);
        this.#turn++;
        if (this.#place >= 0 && this.row?.id !== this.#selected) this.#take(this.#selected, this.#place);
      } catch (error) {
        this.failure = failure(error);
        return;
      }
      if (this.#fetch.waiting) return;
    }
  });

  #query({ text, filter, only }: Ask): ListQuery {
    return {
      ...(text && { text }),
      ...(filter.length && { filter: [...filter] }),
      ...(only.these && { only: only.these.ids }),
      ...(isNarrowed(only) && { marked: marks(only, this.#playing) }),
      sort: this.sort,
      descending: this.descending,
    };
  }

  /** Takes over where a session stands in the list that is here. */
  #take(id: string | null, place: number | null, stay = true): void {
    if (id !== this.#selected) {
      if (this.#selected !== null) this.selected = this.#selected;
      return;
    }
    const before = this.#place;
    this.#place = place ?? -1;
    if (place !== null) this.row = this.#pages.at(place) ?? (this.row?.id === id ? this.row : null);
    else if (this.matched && (id === null || this.#playing === null)) {
      // What is gone from the list gives its place to what stands there now.
      const row = this.#pages.at(stay ? Math.max(0, Math.min(before, this.matched - 1)) : 0) ?? this.#pages.rows()[0];
      if (row) this.selected = row.id;
    } else if (!this.matched) this.row = null;
    this.#near();
  }

  #near(): void {
    if (this.#place >= 0 && this.#pages.missing(this.#place - 1, Math.min(this.#place + 2, this.matched)).length) this.#fetch.ask(null);
  }

  async #locate(id: string): Promise<void> {
    if (!this.#list) return;
    const list = this.#list;
    try {
      const place = await call('place', { ...this.query, id });
      if (list !== this.#list || id !== this.#selected) return;
      this.#place = place ?? -1;
      this.#turn++;
      this.#fetch.ask(null);
    } catch {
      // Without a place nothing is lost but "12 of 40".
    }
  }

  #load(quiet = false): void {
    if (!quiet) this.state = 'loading';
    this.#ask.ask({ text: this.text.trim(), filter: this.#filter, only: this.#only, quiet });
  }

  /** After an import or a change of project. */
  refresh(): void { this.#load(); }

  /** Reads the rows again without a word: what people said of them has changed. */
  again(): void { this.#load(true); }

  /** Facts that the columns show besides what every row has. */
  show(columns: readonly string[]): void {
    if (columns.join(' ') === this.#columns.join(' ')) return;
    const more = columns.some((c) => !this.#columns.includes(c));
    this.#columns = columns;
    if (more && this.#sent) this.again();
  }

  /** Takes over what was said of one session. */
  reviewed(review: Review): void {
    const { favourite, rating, watched_at, watched_until, watched_by, labels } = review;
    const dismissed = new Set(review.decisions.map((d) => `${d.kind} ${d.time} ${d.selector ?? ''}`)).size;
    const news = { favourite, rating, watched: watched_at !== null, watched_at, watched_until, watched_by, labels, notes: review.notes.length, dismissed };
    const row = this.#pages.at(this.#pages.place(review.session)) ?? (this.row?.id === review.session ? this.row : null);
    // Reading what stands is no change.
    if (!row || JSON.stringify({ ...row, ...news }) === JSON.stringify(row)) return;
    this.#pages.change({ ...row, ...news });
    this.#turn++;
    if (this.row?.id === row.id) this.row = { ...row, ...news };
    if (isNarrowed(this.#only) || this.#filter.some((text) => /\b(watched|favorite|rating|label|note)\b/i.test(text))) this.again();
  }

  /** Forgets what belongs to another project. */
  empty(): void {
    this.#list++;
    this.#pages = new Pages();
    this.#turn++;
    this.#only = EVERYTHING;
    this.text = this.found = '';
    this.#filter = this.filtered = [];
    this.#selected = this.row = null;
    this.#place = -1;
    this.#first = 0;
    this.#end = PAGE;
    this.total = this.matched = 0;
    this.emptied++;
  }

  find(text: string): void {
    this.text = text;
    this.#load();
  }

  /** Keeps the sessions that fit every one of these rows, which can be read. */
  where(filter: readonly string[]): void {
    this.#filter = filter;
    this.#load();
  }

  /** How many sessions the list would have with other marks. */
  async count(only: Only): Promise<number> {
    return (await callBytes('sessions', { ...this.query, marked: marks(only, null), from: 0, limit: 0 })).matched;
  }

  /** Notes that the session was watched. A note that cannot be kept is no reason to stop watching. */
  async watched(id: string): Promise<void> {
    const row = this.#pages.at(this.#pages.place(id));
    if (row?.watched) return;
    try {
      await call('mark_watched', { id });
      if (row) this.#pages.change({ ...row, watched: true, watched_at: Date.now() });
      this.#turn++;
    } catch (error) {
      this.failure = failure(error);
    }
  }

  sortBy(key: string): void {
    if (this.sort === key) this.descending = !this.descending;
    else [this.sort, this.descending] = [key, NUMBERS.has(key)];
    this.#load();
  }

  /** Selects the session so many rows further on, as far as there are any. */
  move(by: number): void {
    const last = this.matched - 1;
    if (last < 0) return;
    const at = this.#place;
    this.#to(Math.max(0, Math.min(last, at < 0 ? (by > 0 ? 0 : last) : at + by)));
  }

  #to(place: number): void {
    const row = this.#pages.at(place);
    if (row) {
      this.selected = row.id;
      return;
    }
    // Not here yet: it is selected as soon as it comes.
    this.#place = place;
    const list = this.#list;
    void (async () => {
      try {
        const page = Math.floor(place / PAGE);
        const answer = await callBytes('sessions', { ...this.query, from: page * PAGE, limit: PAGE, columns: [...this.#columns] });
        if (list !== this.#list) return;
        this.#pages.put(page, answer.rows);
        this.#turn++;
        const found = this.#pages.at(place);
        if (found && this.#place === place) this.selected = found.id;
      } catch (error) {
        this.failure = failure(error);
      }
    })();
  }

  /** Place of what is selected, also while its row is on its way. */
  get cursor(): number { return this.#place; }

  /** The next unwatched session behind one; nothing while that is being asked for. */
  next(id: string | null): SessionRow | null | undefined {
    const found = nextUnwatched((i) => this.at(i), this.matched, this.place(id));
    if (found !== undefined) return found;
    return this.#beyond(id)?.row;
  }

  /** As `next`, once it is known. */
  async nextKnown(id: string | null): Promise<SessionRow | null> {
    const found = nextUnwatched((i) => this.at(i), this.matched, this.place(id));
    return found === undefined ? (await this.#askBeyond(id)).row : found;
  }

  /** How many unwatched sessions of the list are left besides one; nothing while that is being asked for. */
  left(id: string | null): number | null {
    const { rows } = this;
    if (rows.length === this.matched) return rows.filter((r) => playable(r) && r.id !== id).length;
    return this.#beyond(id)?.left ?? null;
  }

  /** What only Rust can tell: the list beyond the pages that are here. */
  #beyond(id: string | null): { row: SessionRow | null; left: number } | null {
    const key = `${this.#list} ${this.#turn} ${id ?? ''}`;
    if (this.#next?.key === key) return this.#next;
    if (this.#asking !== key) {
      this.#asking = key;
      queueMicrotask(async () => {
        const answer = await this.#askBeyond(id);
        if (this.#asking === key) this.#next = { key, ...answer };
      });
    }
    return null;
  }

  async #askBeyond(id: string | null): Promise<{ row: SessionRow | null; left: number }> {
    const query: ListQuery = { ...this.query, marked: { ...marks(this.#only, id), unwatched: true, playable: true } };
    try {
      const place = id === null ? null : await call('place', { ...query, id });
      const from = place === null ? 0 : place + 1;
      let answer = await callBytes('sessions', { ...query, from, limit: 1 });
      if (!answer.rows.length && from > 0) answer = await callBytes('sessions', { ...query, from: 0, limit: 1 });
      return { row: answer.rows.find((r) => r.id !== id) ?? null, left: Math.max(0, answer.matched - (place === null ? 0 : 1)) };
    } catch (error) {
      this.failure = failure(error);
      return { row: null, left: 0 };
    }
  }
}

export const list = new SessionList();
