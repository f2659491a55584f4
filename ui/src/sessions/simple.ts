/*
 * A short form as a row of text, and in words. Pure.
 *
 * The trap: quoting. Every value goes out in quotes, and Rust gives the row back in its one spelling; nothing here reads
 * a row.
 */
import type { FilterField as Field, Simple } from '../bridge';

/** Name of a field in a row: `tag."cart size"`. */
export const nameOf = (field: string, key: string | null): string => (key === null ? field : `tag.${quoted(key)}`);

/** The field of a list of fields that a short form is about. */
export const fieldName = (simple: Pick<Simple, 'field' | 'key'>): string => (simple.key === null ? simple.field : `tag.${simple.key}`);

/** Field and key of a name of the list of fields. */
export const parts = (name: string): { field: string; key: string | null } =>
  name.startsWith('tag.') ? { field: 'tag.KEY', key: name.slice(4) } : { field: name, key: null };

export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** The row that a short form stands for; nothing when it says nothing. */
export function print({ field, key, op, values, not }: Simple): string | null {
  const name = nameOf(field, key);
  const [a, b] = values;
  if (op === 'empty') return `${name} is ${not ? 'not ' : ''}empty`;
  if (a === undefined) return null;
  switch (op) {
    case 'is':
      return values.length === 1 ? `${name} ${not ? '!=' : '='} ${quoted(a)}` : `${name} ${not ? 'not in' : 'in'} (${values.map(quoted).join(', ')})`;
    case 'between':
      return b === undefined ? null : `${not ? 'NOT ' : ''}${name} between ${quoted(a)} and ${quoted(b)}`;
    case 'contains':
    case 'starts with':
    case 'ends with':
    case 'matches': {
      if (values.length === 1 && not && (op === 'contains' || op === 'matches')) return `${name} not ${op} ${quoted(a)}`;
      const tests = values.map((v) => `${name} ${op} ${quoted(v)}`).join(' OR ');
      return not ? `NOT (${tests})` : tests;
    }
    default:
      return `${not ? 'NOT ' : ''}${name} ${op} ${quoted(a)}`;
  }
}

/** A value as people read it. */
export function valueWords(value: string, field: Field | undefined): string {
  if (value === '') return 'empty';
  if (field?.name === 'device') return { mobile: 'phone', pc: 'PC' }[value] ?? value;
  if (field?.kind === 'enum') return value.replace(/-/g, ' ');
  return value;
}

/** `is`, `is not`, `at least`: the operator in words. */
export function opWords({ op, values, not }: Simple, field: Field | undefined): string {
  const counts = field && ['count', 'number', 'seconds', 'milliseconds', 'percent'].includes(field.kind);
  const date = field?.kind === 'date';
  switch (op) {
    case 'is':
      return counts && values.length === 1 && values[0] === 'yes' ? (not ? 'none' : 'some') : not ? 'is not' : 'is';
    case '>':
      return `${not ? 'not ' : ''}${date ? 'after' : 'over'}`;
    case '>=':
      return `${not ? 'not ' : ''}${date ? 'from' : 'at least'}`;
    case '<':
      return `${not ? 'not ' : ''}${date ? 'before' : 'under'}`;
    case '<=':
      return `${not ? 'not ' : ''}${date ? 'until' : 'at most'}`;
    case 'between':
      return not ? 'not between' : 'between';
    case 'empty':
      return not ? 'is known' : 'is empty';
    default:
      return not ? { contains: 'does not contain', 'starts with': 'does not start with', 'ends with': 'does not end with', matches: 'does not match' }[op] : op;
  }
}

/** Values in words, for chips: `["paid search", "organic search"]`. */
export function values(simple: Simple, field: Field | undefined): string[] {
  if (simple.op === 'empty' || opWords(simple, field) === 'some' || opWords(simple, field) === 'none') return [];
  return simple.values.map((v) => valueWords(v, field));
}

/** The whole in words: `Device is PC or phone`. */
export function inWords(simple: Simple, field: Field | undefined): string {
  const label = simple.key ?? field?.label ?? simple.field;
  return [label, opWords(simple, field), values(simple, field).join(simple.op === 'between' ? ' and ' : ' or ')].filter(Boolean).join(' ');
}
