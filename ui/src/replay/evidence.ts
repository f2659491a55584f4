/*
 * Why something is called a signal, in words and small tables. Pure. The trap: evidence is JSON from the core that may
 * know more than this file; what is missing is left out, never made up.
 */
import type { FrustrationPart, Signal } from '../bridge';
import { count, counted, path, span } from '../parts/format';
import { signalName } from './kinds';

export interface Why {
  title: string;
  /** One line, for the transcript. */
  summary: string;
  heads: readonly string[];
  /** `time` cells are epoch ms. */
  rows: readonly (readonly Cell[])[];
  /** Where the line is drawn. */
  limits: readonly (readonly [what: string, value: string])[];
  /** What was looked at and does not excuse it. */
  checked: readonly string[];
  version: number | null;
}

export type Cell = string | { time: number };

const EXEMPTIONS: Record<string, string> = {
  control: 'a button or another control', link: 'a link', new_tab: 'a link that opens elsewhere', download: 'a download',
  input: 'a form field or label', text_input: 'a text field', canvas: 'a canvas, plug-in or frame', media: 'a film or sound',
  text_selection: 'selecting text', stepper: 'plus and minus buttons', carousel: 'a carousel', carousel_control: 'arrows of a carousel',
  date_picker: 'a calendar', pagination: 'turning pages of a list', answered: 'clicks that were each answered', modal_backdrop: 'the dimmed page around a dialog',
};
const ANSWERS: Record<string, string> = {
  dom: 'a change of the page', mutation: 'a change of the page', navigation: 'a page change', scroll: 'scrolling', input: 'input', focus: 'a move of the focus',
  selection: 'a selection', media: 'a film or sound', style: 'a change of style', resize: 'a resize', open: 'a dialog', route: 'a route change',
};

const obj = (value: unknown): Record<string, unknown> => (value && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {});
const arr = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const num = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const str = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);
const word = (value: unknown, names: Record<string, string>) => names[String(value)] ?? String(value).replace(/_/g, ' ');
const ms = (value: unknown): string => (num(value) === null ? '' : `${count(num(value) as number)} ms`);
const size = (value: unknown): string => arr(value).map((n) => num(n) ?? '?').join(' × ');

const seconds = (value: number) => (value < 9950 ? `${(value / 1000).toFixed(1)} s` : span(value));
const shortPath = (url: unknown) => path(str(url) ?? '');

export function why(signal: Signal): Why {
  const e = obj(signal.evidence);
  const limit = obj(e['thresholds']);
  const name = signalName(signal.kind);
  const exempt = arr(e['exemptions_checked']).map((x) => word(x, EXEMPTIONS));
  const base: Why = {
    title: `Why this is ${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`, summary: '', heads: [], rows: [], limits: [], checked: exempt, version: num(e['version']),
  };
  switch (signal.kind) {
    case 'rage_click': {
      const times = arr(e['times']).map(num).filter((t) => t !== null);
      const points = arr(e['points']).map((p) => arr(p).map(num));
      const rows = times.map((time, i): Cell[] => {
        const [a, b] = [points[i - 1], points[i]];
        const far = a && b ? Math.round(Math.hypot((b[0] ?? 0) - (a[0] ?? 0), (b[1] ?? 0) - (a[1] ?? 0))) : 0;
        return [{ time }, i ? ms(time - (times[i - 1] ?? time)) : 'first', i ? `${far} px` : ''];
      });
      return {
        ...base, heads: ['Click', 'After', 'Moved'], rows,
        summary: `${counted(times.length, 'click')} in ${seconds((times.at(-1) ?? 0) - (times[0] ?? 0))}`,
        limits: [['Fewest clicks', String(limit['clicks'] ?? '')], ['Longest time between two', ms(limit['within_ms'])], ['Farthest between two', `${limit['within_px'] ?? ''} px`]],
      };
    }
    case 'dead_click': {
      const click = num(e['click']);
      const until = num(e['watched_until']);
      const waited = click !== null && until !== null ? until - click : null;
      return {
        ...base, heads: ['Click', 'Watched for', 'Answer'],
        rows: click === null ? [] : [[{ time: click }, waited === null ? '' : ms(waited), 'none']],
        summary: e['recording_ends'] ? 'nothing was recorded after it' : `nothing happened within ${waited === null ? 'the limit' : ms(waited)}`,
        limits: [['Time for an answer', ms(limit['within_ms'])]],
        checked: [...arr(e['answers_checked']).map((a) => `no answer by ${word(a, ANSWERS)}`), ...exempt.map((x) => `not ${x}`)],
      };
    }
    case 'error_click': {
      const click = num(e['click']) ?? signal.time;
      const errors = arr(e['errors']).map(arr);
      return {
        ...base, heads: ['Error', 'After the click', 'Message'],
        rows: errors.map(([time, text]): Cell[] => [{ time: num(time) ?? click }, ms((num(time) ?? click) - click), str(text) ?? '']),
        summary: str(errors[0]?.[1]) ?? 'a script error followed',
        limits: [['Longest time to the error', ms(limit['within_ms'])]],
      };
    }
    case 'quick_back':
      return {
        ...base, heads: ['Page', 'When', 'Stayed'],
        rows: [
          [shortPath(e['from']), '', ''],
          [shortPath(e['to']), num(e['arrived']) === null ? '' : { time: num(e['arrived']) as number }, num(e['stayed_ms']) === null ? '' : seconds(num(e['stayed_ms']) as number)],
          [shortPath(e['from']), num(e['left']) === null ? '' : { time: num(e['left']) as number }, ''],
        ],
        summary: `left ${shortPath(e['to'])} after ${seconds(num(e['stayed_ms']) ?? 0)}`,
        limits: [['Longest stay', ms(limit['within_ms'])]],
        checked: [
          'nothing was typed there', 'no click but the one that left',
          ...(e['inferred'] === true ? ['addresses are not in this recording: told by the page that was shown, went and came back'] : []),
        ],
      };
    case 'excessive_scroll': {
      const turns = arr(e['turns']).map(obj);
      return {
        ...base, heads: ['Turn', 'At', 'Way'],
        rows: turns.map((turn, i): Cell[] => {
          const y = num(turn['y']);
          const last = num(turns[i - 1]?.['y']);
          return [{ time: num(turn['time']) ?? signal.time }, y === null ? '' : `${count(y)} px`, i && y !== null && last !== null ? `${count(Math.abs(y - last))} px` : ''];
        }),
        summary: `${counted(turns.length, 'turn')} in ${seconds(signal.until - signal.time)}`,
        limits: [['Fewest turns', String(limit['turns'] ?? '')], ['Shortest way', num(e['least_px']) === null ? '' : `${count(num(e['least_px']) as number)} px`], ['Longest time for all', ms(limit['within_ms'])]],
      };
    }
    case 'js_error': {
      const place = [str(e['source']), num(e['line']) === null ? null : `line ${e['line']}`, num(e['column']) === null ? null : `column ${e['column']}`].filter(Boolean).join(', ');
      return {
        ...base, title: 'Script error', heads: ['What', ''],
        rows: [['Message', str(e['message']) ?? ''], ...(place ? [['Script', place]] : []), ['Whose', PARTY[String(e['party'])] ?? '']],
        summary: [place, PARTY_SHORT[String(e['party'])]].filter(Boolean).join(', ') || 'the recording does not tell where',
      };
    }
    case 'resize':
      return {
        ...base, title: 'The window was resized', heads: ['From', 'To', 'Change'],
        rows: [[size(e['from']), size(e['to']), String(e['change'] ?? '').replace(/_/g, ' ')]],
        summary: `${size(e['from'])} to ${size(e['to'])}`,
        limits: num(limit['join_ms']) === null ? [] : [['Changes joined within', ms(limit['join_ms'])]],
      };
    default:
      return { ...base, summary: signal.text ?? '' };
  }
}

const PARTY_SHORT: Record<string, string> = { first: 'first party', third: 'third party' };

export const PARTY: Record<string, string> = {
  first: 'The site’s own script', third: 'Another party’s script', unknown: 'The recording does not tell whose script it was',
};

/** `Rage click on “Apply”`. */
export function sentence(signal: Signal): string {
  const name = signalName(signal.kind);
  const said = name.charAt(0).toUpperCase() + name.slice(1);
  if (signal.kind === 'js_error') return signal.text ? `Script error: ${signal.text}` : 'Script error';
  if (signal.kind === 'resize') return 'The window was resized';
  if (signal.kind === 'excessive_scroll' || signal.kind === 'quick_back') return said;
  return signal.text ? `${said} on “${signal.text}”` : signal.selector ? `${said} on ${signal.selector}` : said;
}

export type Verdict = 'rage' | 'dead' | 'error';

/** What became of single clicks, by their time: how their rings are drawn. `nth` counts within one rage. */
export function verdicts(signals: readonly Signal[]): Map<number, { verdict: Verdict; nth: number }> {
  const all = new Map<number, { verdict: Verdict; nth: number }>();
  const put = (time: number | null, verdict: Verdict, nth: number) => {
    const before = time === null ? undefined : all.get(time);
    // Rage outranks error outranks dead.
    const rank = { rage: 2, error: 1, dead: 0 };
    if (time !== null && (!before || rank[before.verdict] < rank[verdict])) all.set(time, { verdict, nth });
  };
  for (const signal of signals) {
    const e = obj(signal.evidence);
    if (signal.kind === 'rage_click') arr(e['times']).forEach((t, i) => put(num(t), 'rage', i + 1));
    else if (signal.kind === 'dead_click') put(num(e['click']), 'dead', 1);
    else if (signal.kind === 'error_click') put(num(e['click']), 'error', 1);
  }
  return all;
}

/** The frustration score as it would be without some of the signals, by the sum that it is made of. */
export function scoreWithout(parts: readonly FrustrationPart[], without: readonly Signal[]): number {
  const sum = parts.reduce((all, part) => {
    const left = Math.max(0, part.count - without.filter((s) => s.kind === part.kind).length);
    // Some kinds count up to a limit only; what the part's points show is that limit.
    return all + Math.min(left * part.weight, part.points);
  }, 0);
  return Math.round(100 * (1 - Math.exp(-sum / 10)));
}
