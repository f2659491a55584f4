/* How moments are written: from the start of the session, by this computer's clock, or in UTC. Pure. */
import { clock, wallClock } from '../parts/format';

export const CLOCKS = ['relative', 'local', 'utc'] as const;
export type Clock = (typeof CLOCKS)[number];

export const CLOCK_NAMES: Record<Clock, string> = { relative: 'From the start', local: 'Local time', utc: 'UTC' };

const utc = (time: number) => new Date(Math.max(0, time)).toISOString().slice(11, 19);

export function stamp(time: number, from: number, as: Clock): string {
  return as === 'relative' ? clock(time - from) : as === 'local' ? wallClock(time) : utc(time);
}

/** With ms, for evidence: `5:36.104`. */
export function exact(time: number, from: number, as: Clock): string {
  const ms = as === 'relative' ? Math.max(0, time - from) : Math.max(0, time);
  return `${stamp(time, from, as)}.${String(Math.floor(ms % 1000)).padStart(3, '0')}`;
}

export const nextClock = (as: Clock): Clock => CLOCKS[(CLOCKS.indexOf(as) + 1) % CLOCKS.length] ?? 'relative';
