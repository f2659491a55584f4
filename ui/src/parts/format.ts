/* Numbers and times as people read them. The trap: thousands are set apart with a thin space, not with a comma. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const THIN = '\u2009';

const two = (n: number) => (n < 10 ? `0${n}` : String(n));

/** `4 812`, with thin spaces. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** `28 sessions`, `1 session`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `0:48`, `7:48`, `1:02:09` from ms. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** `48 s`, `3 min 20 s`, `1 h 5 min`: a span in words for notes. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return s % 60 ? `${m} min ${s % 60} s` : `${m} min`;
  return m % 60 ? `${Math.floor(m / 60)} h ${m % 60} min` : `${Math.floor(m / 60)} h`;
}

/** The same for a screen reader: `5 minutes 38 seconds`. */
export function spoken(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const parts: string[] = [];
  const say = (n: number, unit: string) => n && parts.push(`${n} ${unit}${n === 1 ? '' : 's'}`);
  say(Math.floor(s / 3600), 'hour');
  say(Math.floor(s / 60) % 60, 'minute');
  say(s % 60, 'second');
  return parts.join(' ') || '0 seconds';
}

/** `Fri 20 Nov`, with the year when it is not that of `now`. */
export function day(ms: number, now = Date.now()): string {
  const d = new Date(ms);
  const text = `${DAYS[d.getDay()]} ${d.getDate()} ${MONTHS[d.getMonth()]}`;
  return d.getFullYear() === new Date(now).getFullYear() ? text : `${text} ${d.getFullYear()}`;
}

/** `14:32`. */
export function time(ms: number): string {
  const d = new Date(ms);
  return `${two(d.getHours())}:${two(d.getMinutes())}`;
}

/** `14:32:05`. */
export function wallClock(ms: number): string {
  return `${time(ms)}:${two(new Date(ms).getSeconds())}`;
}

/** `24 Oct – 21 Nov 2026`. */
export function range(from: number, until: number): string {
  const a = new Date(from);
  const b = new Date(until);
  const end = `${b.getDate()} ${MONTHS[b.getMonth()]} ${b.getFullYear()}`;
  if (a.toDateString() === b.toDateString()) return end;
  const start = `${a.getDate()} ${MONTHS[a.getMonth()]}`;
  return a.getFullYear() === b.getFullYear() ? `${start} – ${end}` : `${start} ${a.getFullYear()} – ${end}`;
}

/** `3.01 GB`, by thousands as file managers do. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${units[unit]}`;
}

/** Path and query of a URL; the whole text where it is none. */
export function path(url: string): string {
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(url);
  if (!match) return url || '/';
  return match[1] || '/';
}

/** Host and path, as an address bar shows it. */
export function address(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/(www\.)?/i, '');
}

/** `paid-search` as `Paid search`. */
export function words(name: string): string {
  const text = name.replace(/[-_]+/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const regions = (() => {
  try {
    return new Intl.DisplayNames(['en'], { type: 'region' });
  } catch {
    return null;
  }
})();

/** `Denmark` for `DK`; anything else as it stands. */
export function country(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  try {
    return regions?.of(code) ?? code;
  } catch {
    return code;
  }
}

export function deviceName(device: string): string {
  return { mobile: 'Phone', tablet: 'Tablet', pc: 'PC' }[device] ?? 'Unknown device';
}
