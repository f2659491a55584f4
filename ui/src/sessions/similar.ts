/*
 * A filter out of one session's facts: what it has in common with those that went the same way. Pure: the same session
 * gives the same rows.
 */
import { path } from '../parts/format';
import { quoted } from './simple';

export interface Reason {
  row: string;
  /** What of the session the row was made from. */
  why: string;
}

const SIGNALS: readonly (readonly [string, string])[] = [
  ['rage_clicks', 'a rage click'],
  ['dead_clicks', 'a dead click'],
  ['error_clicks', 'an error click'],
  ['quick_backs', 'a quick back'],
  ['excessive_scrolls', 'excessive scrolling'],
  ['js_errors', 'a script error'],
];
/** Events beyond these would make a filter that only the session itself fits. */
const MOST_EVENTS = 3;

const texts = (value: unknown): string[] => [value].flat().filter((v): v is string => typeof v === 'string' && v !== '');

/** Rows that a session fits, from its facts as the list prints them. */
export function similar(facts: Record<string, unknown>): Reason[] {
  const out: Reason[] = [];
  const [entry] = texts(facts.entry_page);
  if (entry) {
    const way = (path(entry).split('?')[0] ?? '/').replace(/\/+$/, '');
    // With any host, query and fragment: the same page in another campaign is the same page.
    const escaped = way.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    out.push({ row: `entry_page matches ${quoted(`^[^/]*//[^/?#]*${escaped}/?([?#]|$)`)}`, why: `Entered on ${way || '/'}` });
  }
  for (const field of ['device', 'channel'] as const) {
    const [value] = texts(facts[field]);
    if (value) out.push({ row: `${field} = ${quoted(value)}`, why: `${field === 'device' ? 'Device' : 'Channel'} ${value}` });
  }
  for (const [field, said] of SIGNALS) if (Number(facts[field]) > 0) out.push({ row: `${field} = yes`, why: `Had ${said}` });
  for (const event of [...new Set(texts(facts.event))].sort().slice(0, MOST_EVENTS)) out.push({ row: `event = ${quoted(event)}`, why: `Sent ${event}` });
  return out;
}
