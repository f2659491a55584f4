/*
 * Enough of the filter language for the recording made by hand: tests and plain browsers have no core to ask. The real
 * one is the core's; where the two differ, this one is wrong.
 */
import type { Facet, FilterField as Field, FilterRow, Simple } from './types';

type Facts = Record<string, unknown>;
type Test = (facts: Facts) => boolean;
interface Tree { test: Test; text: string; simple: Simple | null; join?: 'OR' | 'AND' }
interface Token { text: string; at: number; end: number; quoted: boolean }

export const FIELDS: Field[] = (
  [
    ['start', 'date', 'Start'], ['duration', 'seconds', 'Duration'], ['page_count', 'count', 'Pages'], ['click_count', 'count', 'Clicks'],
    ['device', 'enum', 'Device', ['mobile', 'tablet', 'pc', 'other']], ['browser', 'enum', 'Browser', ['Chrome', 'Safari', 'Edge', 'Firefox']], ['os', 'enum', 'Operating system', ['Windows', 'macOS', 'iOS']],
    ['country', 'text', 'Country'], ['city', 'text', 'City'], ['channel', 'enum', 'Channel', ['paid-search', 'organic-search', 'direct', 'email', 'paid-social', 'referral']], ['referrer', 'text', 'Referrer'],
    ['utm.source', 'text', 'UTM source'], ['utm.campaign', 'text', 'UTM campaign'], ['has_utm', 'yes_no', 'Has UTM'],
    ['entry_page', 'text', 'Entry page'], ['exit_page', 'text', 'Exit page'], ['page', 'text', 'Visited page'], ['title', 'text', 'Page title'], ['event', 'text', 'Event'],
    ['rage_clicks', 'count', 'Rage clicks'], ['dead_clicks', 'count', 'Dead clicks'], ['error_clicks', 'count', 'Error clicks'], ['quick_backs', 'count', 'Quick backs'], ['excessive_scrolls', 'count', 'Excessive scrolling'],
    ['js_errors', 'count', 'Script errors'], ['frustration', 'number', 'Frustration'], ['user', 'text', 'Visitor'], ['source', 'enum', 'Recorder', ['clarity', 'rrweb']],
    ['watched', 'yes_no', 'Watched'], ['label', 'text', 'Label'], ['tag.KEY', 'text', 'Tag'], ['tag.plan', 'text', 'plan'],
  ] as [string, Field['kind'], string, string[]?][]
).map(([name, kind, label, words]) => ({ name, kind, label, meaning: `${label} of the session.`, words: (words ?? []).map((word) => ({ word, also: [] })), several: ['page', 'event', 'label', 'title'].includes(name) || name.startsWith('tag.') }));

const spans: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const seconds = (text: string): number => {
  const found = [...text.matchAll(/([\d.]+)(ms|[smhdw])/g)];
  return found.length ? found.reduce((sum, [, n, unit]) => sum + Number(n) * (spans[unit as string] ?? 1), 0) : Number(text);
};

/** What a written value is on a field of a kind: comparable with the facts. */
function value(field: Field, text: string, now: number): string | number | boolean {
  if (field.kind === 'yes_no') return /^(yes|true)$/i.test(text);
  if (field.kind === 'date') return /ago$/.test(text) ? now - seconds(text.replace(/\s*ago$/, '')) * 1000 : Date.parse(text);
  if (['count', 'number', 'percent'].includes(field.kind)) return /^(yes|no)$/i.test(text) ? /^yes$/i.test(text) : Number(text);
  if (field.kind === 'seconds') return seconds(text);
  return text.toLowerCase();
}

class Reader {
  #tokens: Token[] = [];
  #next = 0;
  #row: string;
  #now: number;
  constructor(row: string, now: number) {
    this.#row = row;
    this.#now = now;
    for (const m of row.matchAll(/"((?:\\["\\]|[^"])*)"|!=|>=|<=|[=<>(),]|(?:[^\s(),"=<>!]|!(?!=)|"(?=\S*"))+/g)) {
      this.#tokens.push({ text: m[1] === undefined ? m[0] : m[1].replace(/\\(["\\])/g, '$1'), at: m.index, end: m.index + m[0].length, quoted: m[1] !== undefined });
    }
  }
  fail(message: string, token = this.#tokens[this.#next]): never {
    throw { code: 'bad_filter', message, column: (token?.at ?? this.#row.length) + 1, length: token ? token.end - token.at : 0 };
  }
  #is(word: string): boolean {
    const token = this.#tokens[this.#next];
    return token !== undefined && !token.quoted && token.text.toLowerCase() === word;
  }
  #take(word: string): boolean {
    const yes = this.#is(word);
    if (yes) this.#next++;
    return yes;
  }
  read(): Tree {
    const tree = this.#joined('OR');
    if (this.#next < this.#tokens.length) this.fail('Expected AND, OR or the end of the row.');
    return tree;
  }
  #joined(join: 'OR' | 'AND'): Tree {
    const parts = [join === 'OR' ? this.#joined('AND') : this.#not()];
    while (this.#take(join.toLowerCase())) parts.push(join === 'OR' ? this.#joined('AND') : this.#not());
    const [first] = parts as [Tree];
    if (parts.length === 1) return first;
    const text = parts.map((p) => (join === 'AND' && p.join === 'OR' ? `(${p.text})` : p.text)).join(` ${join} `);
    const same = join === 'OR' && parts.every((p) => p.simple && !p.simple.not && p.simple.field === first.simple?.field && p.simple.op === first.simple.op);
    const simple = same && first.simple ? { ...first.simple, values: parts.flatMap((p) => p.simple?.values ?? []) } : null;
    return { join, text, simple, test: (f) => (join === 'OR' ? parts.some((p) => p.test(f)) : parts.every((p) => p.test(f))) };
  }
  #not(): Tree {
    if (this.#take('not')) {
      const inner = this.#not();
      return { text: `NOT ${inner.join ? `(${inner.text})` : inner.text}`, simple: inner.simple && { ...inner.simple, not: !inner.simple.not }, test: (f) => !inner.test(f) };
    }
    if (this.#take('(')) {
      const inner = this.#joined('OR');
      if (!this.#take(')')) this.fail('Expected a closing bracket.');
      return inner;
    }
    return this.#test();
  }
  #value(): string {
    const token = this.#tokens[this.#next];
    if (!token || (!token.quoted && /^[=<>(),]/.test(token.text))) this.fail('Expected a value.');
    this.#next++;
    if (!token.quoted && this.#take('ago')) return `${token.text} ago`;
    return token.text;
  }
  #test(): Tree {
    const token = this.#tokens[this.#next];
    if (!token) this.fail('Expected a test such as country = DE.');
    let name = token.text;
    this.#next++;
    // A tag's key in quotes is a word of its own here.
    if (name === 'tag.' && this.#tokens[this.#next]?.quoted) name += this.#tokens[this.#next++]?.text;
    const tag = /^tag\.(.+)$/i.exec(name);
    const field = FIELDS.find((f) => f.name.toLowerCase() === name.toLowerCase()) ?? (tag ? FIELDS.find((f) => f.name === 'tag.KEY') : undefined);
    if (!field) this.fail(`There is no field ${name}.`, token);
    const key = tag?.[1] ?? null;
    const make = (op: Simple['op'], values: string[], not: boolean, fits: (fact: unknown) => boolean): Tree => {
      const simple: Simple = { field: key === null ? field.name : 'tag.KEY', key, op, values, not };
      const all = (f: Facts) => [f[name.toLowerCase()] ?? f[name]].flat().filter((v) => v !== null && v !== undefined && v !== '');
      const test: Test = (f) => {
        const known = all(f);
        const found = op === 'empty' ? known.length === 0 : op === 'is' && values.includes('') && known.length === 0 ? true : known.some(fits);
        return found !== not;
      };
      return { test, simple, text: written(field, key, simple) };
    };
    const lower = (fact: unknown) => (typeof fact === 'string' ? fact.toLowerCase() : fact);
    const equal = (text: string) => {
      const want = value(field, text, this.#now);
      if (typeof want === 'boolean' && field.kind !== 'yes_no') return (fact: unknown) => Number(fact) > 0 === want;
      return (fact: unknown) => lower(fact) === want;
    };
    for (const sign of ['!=', '=', '>=', '<=', '>', '<'] as const) {
      if (!this.#take(sign)) continue;
      if (sign === '=' || sign === '!=') {
        const values = this.#is('(') ? this.#list() : [this.#value()];
        return make('is', values, sign === '!=', (fact) => values.some((v) => equal(v)(fact)));
      }
      const text = this.#value();
      const want = Number(value(field, text, this.#now));
      if (Number.isNaN(want)) this.fail(`${field.name} takes a number.`, this.#tokens[this.#next - 1]);
      return make(sign, [text], false, (fact) => (sign === '>' ? Number(fact) > want : sign === '>=' ? Number(fact) >= want : sign === '<' ? Number(fact) < want : Number(fact) <= want));
    }
    const not = this.#take('not');
    if (this.#take('in')) {
      const values = this.#list();
      return make('is', values, not, (fact) => values.some((v) => equal(v)(fact)));
    }
    if (this.#take('between')) {
      const from = this.#value();
      if (!this.#take('and')) this.fail('Expected and with the upper bound, as in hour between 9 and 17.');
      const to = this.#value();
      return make('between', [from, to], false, (fact) => Number(fact) >= Number(value(field, from, this.#now)) && Number(fact) <= Number(value(field, to, this.#now)));
    }
    if (this.#take('is')) {
      const known = this.#take('not');
      if (!this.#take('empty')) this.fail('Expected empty.');
      return make('empty', [], known, () => false);
    }
    if (this.#take('contains')) {
      const text = this.#value();
      return make('contains', [text], not, (fact) => String(lower(fact)).includes(text.toLowerCase()));
    }
    for (const end of ['starts', 'ends'] as const) {
      if (!this.#take(end)) continue;
      if (!this.#take('with')) this.fail(`Expected with behind ${end}.`);
      const text = this.#value();
      return make(`${end} with`, [text], false, (fact) => (end === 'starts' ? String(lower(fact)).startsWith(text.toLowerCase()) : String(lower(fact)).endsWith(text.toLowerCase())));
    }
    if (this.#take('matches')) {
      const text = this.#value();
      return make('matches', [text], not, (fact) => new RegExp(text, 'i').test(String(fact)));
    }
    if (!['yes_no', 'count'].includes(field.kind)) this.fail(`Expected an operator behind ${field.name}, such as =.`);
    return make('is', ['yes'], false, (fact) => (typeof fact === 'boolean' ? fact : Number(fact) > 0));
  }
  #list(): string[] {
    if (!this.#take('(')) this.fail('Expected values in brackets, as in country in (DE, FR).');
    const values = [this.#value()];
    while (this.#take(',')) values.push(this.#value());
    if (!this.#take(')')) this.fail('Expected a comma or a closing bracket.');
    return values;
  }
}

function written(field: Field, key: string | null, { op, values, not }: Simple): string {
  const word = (text: string) => (/^[^\s(),"=<>]+$/.test(text) && !/^(and|or|not)$/i.test(text) ? text : /ago$/.test(text) ? text : `"${text.replace(/"/g, '\\"')}"`);
  const name = key === null ? field.name : `tag.${word(key)}`;
  const list = values.map(word);
  if (op === 'empty') return `${name} is${not ? ' not' : ''} empty`;
  if (op === 'is') return list.length === 1 ? `${name} ${not ? '!=' : '='} ${list[0]}` : `${name}${not ? ' not' : ''} in (${list.join(', ')})`;
  if (op === 'between') return `${name} between ${list.join(' and ')}`;
  return `${name}${not ? ' not' : ''} ${op} ${list[0]}`;
}

export function readRow(row: string, now: number): FilterRow & { test: Test | null } {
  try {
    const { test, text, simple, join } = new Reader(row, now).read();
    const opposite = /^NOT \((.*)\)$/.exec(text)?.[1] ?? /^NOT (.*)$/.exec(text)?.[1] ?? `NOT ${join ? `(${text})` : text}`;
    return { problems: [], text, negated: opposite, simple, test };
  } catch (error) {
    if (!(error && typeof error === 'object' && 'column' in error)) throw error;
    return { problems: [error as FilterRow['problems'][number]], text: row, negated: null, simple: null, test: null };
  }
}

/** How many of these sessions have which value. */
export function facet(field: Field, rows: readonly Facts[], typed: string, limit: number): Facet {
  const counts = new Map<string, number>();
  let empty = 0;
  const numbers: number[] = [];
  for (const facts of rows) {
    const known = [facts[field.name]].flat().filter((v) => v !== null && v !== undefined && v !== '');
    if (!known.length) empty++;
    for (const v of new Set(known)) {
      const text = typeof v === 'boolean' ? (v ? 'yes' : 'no') : String(v);
      counts.set(text, (counts.get(text) ?? 0) + 1);
      if (typeof v === 'number') numbers.push(v);
    }
  }
  const all = [...counts].filter(([v]) => v.toLowerCase().includes(typed.toLowerCase())).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const base: Facet = { name: field.name, kind: field.kind, label: field.label, values: all.slice(0, limit).map(([v, count]) => ({ value: v, count })), more: Math.max(0, all.length - limit), empty };
  if (!numbers.length) return base;
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  const step = (max - min) / 20;
  const histogram = Array.from({ length: 20 }, (_, i) => ({ from: min + step * i, until: min + step * (i + 1), count: 0 }));
  for (const n of numbers) (histogram[step ? Math.min(19, Math.floor((n - min) / step)) : 0] as { count: number }).count += 1;
  return { ...base, min, max, histogram };
}
