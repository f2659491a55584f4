/*
 * A small recording made by hand, in the words of the bridge, for `vite dev` and for tests. It is never part of a
 * build. Everything in it is made up; nothing is random.
 */
import type { Stand } from '.';
import type { ListQuery, Which } from './calls';
import { FIELDS, facet, readRow } from './fixture.filter';
import type {
  AddProgress, AddSummary, Decision, Finding, Gap, Goal, ImportProgress, ImportSummary, Insight, Marker, Note, PageFiles, PageView, PatchOp, PointerTrack, Project, Review,
  ReviewChange, SessionRow, SessionView, Step, TranscriptRow, Turned,
} from './types';

const START = Date.UTC(2026, 10, 20, 13, 32, 5);

type Child = string | Made;
interface Made {
  id: number;
  ops: PatchOp[];
}

/** Writes ops the way the Rust side does: created, filled, then put in. */
class Pen {
  #next = 1;
  id(): number {
    return this.#next++;
  }
  el(tag: string, attrs: Record<string, string> | 0 = 0, ...children: Child[]): Made {
    return this.#el(0, tag, attrs, children);
  }
  svg(tag: string, attrs: Record<string, string>, ...children: Child[]): Made {
    return this.#el(1, tag, attrs, children);
  }
  into(parent: number, made: Made, before = 0): PatchOp[] {
    return [...made.ops, ['I', made.id, parent, before]];
  }
  #el(ns: number, tag: string, attrs: Record<string, string> | 0, children: Child[]): Made {
    const id = this.id();
    const ops: PatchOp[] = [['E', id, ns, tag, attrs]];
    for (const child of children) {
      if (typeof child === 'string') {
        const text = this.id();
        ops.push(['X', text, child], ['I', text, id, 0]);
      } else {
        ops.push(...this.into(id, child));
      }
    }
    return { id, ops };
  }
}

const CSS = `
*{box-sizing:border-box} html{scroll-behavior:smooth} body{margin:0;font:16px/1.5 Georgia,serif;color:#20302b;background:#fff}
.promo{background:#1d3a33;color:#e9efe6;text-align:center;font:13px/34px Arial,sans-serif}
header{display:flex;gap:34px;align-items:center;padding:0 64px;height:74px;border-bottom:1px solid #e3e5df;font:14px Arial,sans-serif;position:sticky;top:0;background:#fff;z-index:2}
header b{font:26px Georgia,serif;margin-right:24px} header a{color:inherit;text-decoration:none} header a[dwell-hover]{text-decoration:underline}
main{padding:36px 64px} h1{font-weight:400;font-size:34px;margin:0 0 20px}
.hero{background:linear-gradient(120deg,#dfe9df,#cfdfe4);border-radius:8px;height:340px;padding:56px;margin-bottom:32px}
.grid{display:grid;grid-template-columns:repeat(4,1fr);gap:22px}.card{background:#f5f5f0;border-radius:6px;padding:16px;transition:transform .2s}.card[dwell-hover]{transform:translateY(-4px)}
.thumb{background:#e4e8e0;border-radius:4px;height:150px;margin-bottom:10px;display:grid;place-items:center}
.cta{background:#c5532d;color:#fff;border:0;border-radius:4px;font:600 16px/46px Arial,sans-serif;padding:0 28px}.cta[dwell-hover]{background:#a94322}
.cols{display:grid;grid-template-columns:1fr 420px;gap:48px}.box{background:#f5f5f0;border-radius:6px;padding:26px;font-family:Arial,sans-serif}
.line{display:grid;grid-template-columns:92px 1fr 90px;gap:22px;align-items:center;padding:16px 0;border-bottom:1px solid #e3e5df}
input,select{border:1px solid #a9b0a8;border-radius:4px;height:44px;font:15px Arial,sans-serif;padding:0 12px} input[dwell-focus]{outline:2px solid #1d6b5c}
.list{height:120px;overflow:auto;border:1px solid #e3e5df;padding:8px;font:14px Arial,sans-serif} dialog{border:0;border-radius:8px;padding:28px;box-shadow:0 10px 40px #0004} dialog::backdrop{background:#0005}
@media (max-width:600px){main,header{padding-left:20px;padding-right:20px}.grid{grid-template-columns:1fr 1fr}.cols{grid-template-columns:1fr}header a{display:none}.hero{height:220px;padding:24px}}
`;

const url = 'https://shop.nordlys.example';

interface Recording {
  steps: Step[];
  pages: PageView[];
  tracks: Map<number, PointerTrack>;
  transcript: TranscriptRow[];
  markers: Marker[];
  idle: [number, number][];
  hidden: [number, number][];
  from: number;
  until: number;
}

function record(viewport: [number, number]): Recording {
  const pen = new Pen();
  const steps: Step[] = [];
  const pages: PageView[] = [];
  const tracks = new Map<number, PointerTrack>();
  const transcript: TranscriptRow[] = [];
  const markers: Marker[] = [];
  const narrow = viewport[0] < 600;
  const whole = viewport;
  let hidden = false;
  let state = 0;

  const step = (at: number, ops: PatchOp[], reset = false) => {
    const page = pages.at(-1) as PageView;
    steps.push({
      state: ++state, time: START + at, page: page.number, document: page.document, viewport, url: page.url, hidden, reset, parts: 1, ops,
    });
  };
  const say = (at: number, kind: string, text: string, mark = true, selector: string | null = null) => {
    const page = pages.at(-1)?.number ?? 1;
    transcript.push({ index: transcript.length, time: START + at, page, kind, text, selector, x: null, y: null });
    if (mark) markers.push({ time: START + at, page, kind, text });
  };
  const move = (from: number, until: number, a: [number, number], b: [number, number]) => {
    const track = tracks.get(pages.at(-1)?.number ?? 1) as PointerTrack;
    for (let t = from; t <= until; t += 60) {
      const part = (t - from) / Math.max(1, until - from);
      const bend = Math.sin(part * Math.PI) * 60;
      track.t.push(START + t);
      track.x.push(a[0] + (b[0] - a[0]) * part);
      track.y.push(a[1] + (b[1] - a[1]) * part - bend);
      track.kind.push(narrow ? 7 : 0);
      track.frame.push(0);
    }
  };
  const press = (at: number, x: number, y: number, frame = 0) => {
    const track = tracks.get(pages.at(-1)?.number ?? 1) as PointerTrack;
    for (const kind of narrow ? [6, 3, 8] : [1, 2, 3]) {
      track.t.push(START + at);
      track.x.push(x);
      track.y.push(y);
      track.kind.push(kind);
      track.frame.push(frame);
    }
  };
  const page = (at: number, path: string, title: string, snapshot = true, gaps: Gap[] = []) => {
    const before = pages.at(-1);
    if (before) before.ended_at = START + at - 40;
    const number = pages.length + 1;
    tracks.set(number, { t: [], x: [], y: [], kind: [], frame: [], sx: [], sy: [] });
    pages.push({
      number, document: number, url: url + path, title, started_at: START + at, ended_at: START + at, viewport,
      document_size: [viewport[0], 1960], has_snapshot: snapshot, gaps,
    });
    say(at, 'navigation', 'Page shown', false);
  };

  const document = (...body: Made[]) => {
    const doc = pen.id();
    const html = pen.el('html', { lang: 'en' }, pen.el('head', 0, pen.el('title', 0, 'Nordlys')));
    const style = pen.el('style');
    const b = pen.el('body', 0, ...body);
    const head = html.ops.find((op) => op[0] === 'E' && op[3] === 'head')?.[1] as number;
    const ops: PatchOp[] = [
      ['D', doc, 0, ['html', '', '']],
      ...html.ops,
      ...style.ops,
      ['CSS', style.id, CSS],
      ['I', style.id, head, 0],
      ...pen.into(html.id, b),
      ['I', html.id, doc, 0],
    ];
    return { doc, body: b.id, ops };
  };
  const top = () =>
    [
      pen.el('div', { class: 'promo' }, 'Free returns within 100 days · Order before 16:00, sent today'),
      pen.el('header', 0, pen.el('b', 0, 'Nordlys'), ...['New', 'Jackets', 'Boots', 'Packs', 'Sale'].map((t) => pen.el('a', { 'dwell-href': `/${t.toLowerCase()}` }, t))),
    ] as const;
  const jacket = (colour: string) =>
    pen.svg('svg', { viewBox: '0 0 60 60', width: '90', height: '90' }, pen.svg('path', { d: 'M20 8h20l12 10-5 8-5-3v29H18V23l-5 3-5-8z', fill: colour }), pen.svg('path', { d: 'M30 10v42', stroke: '#0003', 'stroke-width': '1.5' }));

  // Page 1: landing
  page(0, '/', 'Nordlys, clothing for bad weather');
  const cards = ['#2c6e7f', '#c99b35', '#4a5a68', '#8a2f35', '#5b7a45', '#6f5a8a', '#2c6e7f', '#b55d3a'].map((c, i) =>
    pen.el('div', { class: 'card' }, pen.el('div', { class: 'thumb' }, jacket(c)), pen.el('span', 0, `Fjell shell ${i + 1}`), pen.el('br'), pen.el('small', 0, `€ ${289 - i * 12}`)),
  );
  const host = pen.el('div', { class: 'rating' });
  const shadow = pen.id();
  const stars = pen.el('p', { class: 'stars' }, '★★★★☆ 1 204 reviews');
  const hero = pen.el('div', { class: 'hero' }, pen.el('h1', 0, 'Made for the wet half of the year'), pen.el('button', { class: 'cta' }, 'See jackets'), host);
  const frame = pen.el('iframe', { width: '100%', height: '150', style: 'border:1px solid #ccc;margin-top:30px' });
  const frameDoc = pen.id();
  const inner = pen.el('html', 0, pen.el('head'), pen.el('body', { style: 'font:15px Arial;background:#eef3ee;padding:20px' }, pen.el('p', 0, 'Newsletter, in a frame of its own'), pen.el('input', { placeholder: 'E-mail' })));
  const missing = pen.el('img', { 'dwell-missing': '', 'dwell-missing-src': `${url}/banner.jpg`, width: '600', height: '90', alt: '' });
  const canvas = pen.el('canvas', { width: '200', height: '60' }, 'no canvas');
  const [promo, head] = top();
  const main = pen.el('main', 0, hero, pen.el('h2', 0, 'New this week'), pen.el('div', { class: 'grid' }, ...cards), frame, missing, canvas);
  const first = document(promo, head, main);
  step(380, [
    ...first.ops,
    ['S', shadow, host.id, 1],
    ...pen.into(shadow, stars),
    ['C', 'stars', '.stars{color:#c5532d;font:15px Arial}'],
    ['AD', shadow, ['stars']],
    ['F', frameDoc, frame.id, 0, ['html', '', '']],
    ...pen.into(frameDoc, inner),
    ['IMG', canvas.id, `data:image/svg+xml,${encodeURIComponent("<svg xmlns='http://www.w3.org/2000/svg' width='200' height='60'><rect width='200' height='60' fill='#dfe9df'/><path d='M0 50L40 30 80 40 120 12 160 26 200 8' fill='none' stroke='#1d6b5c' stroke-width='3'/></svg>")}`],
  ], true);
  move(700, 2600, [900, 620], [430, 160]);
  step(2200, [['H', hero.id]]);
  const c2 = cards[1] as Made;
  const scrolls = [2900, 3000, 3100, 3200, 3300, 3400, 3500, 3600];
  scrolls.forEach((at, i) => step(at, [['@', first.doc, 0, 40 * (i + 1)]]));
  say(2900, 'scroll', 'Scrolled to 31 %', false);
  move(3800, 5200, [430, 480], [narrow ? 300 : 500, 760]);
  step(5000, [['H', c2.id]]);
  press(5400, narrow ? 300 : 500, 760);
  say(5400, 'click', 'Clicked “Fjell shell 2”', true, 'main > div.grid > div.card:nth-child(2)');

  // Page 2: product, with a form
  page(6400, '/jackets/fjell-shell', 'Fjell shell jacket');
  const size = pen.el('select', { name: 'size' }, ...['S', 'M', 'L', 'XL'].map((s) => pen.el('option', { value: s }, s)));
  const gift = pen.el('input', { type: 'checkbox', style: 'height:16px' });
  const add = pen.el('button', { class: 'cta' }, 'Add to basket');
  const rows = pen.el('div', { class: 'list' }, ...Array.from({ length: 14 }, (_, i) => pen.el('div', 0, `Review ${i + 1}: dry after ${i + 2} hours of rain`)));
  const [promo2, head2] = top();
  const counter = pen.el('span', 0, ' Basket (0)');
  const second = document(promo2, head2, pen.el('main', 0, pen.el('h1', 0, 'Fjell shell jacket'), pen.el('div', { class: 'cols' }, pen.el('div', { class: 'thumb', style: 'height:420px' }, jacket('#c99b35')), pen.el('div', { class: 'box' }, pen.el('p', 0, 'Size '), size, pen.el('p', 0, gift, ' Wrap as a present'), add, pen.el('p', 0, counter), rows))));
  step(6700, second.ops, true);
  move(7000, 8600, [500, 500], [narrow ? 120 : viewport[0] - 420, 300]);
  step(8800, [['FO', size.id]]);
  step(9300, [['V', size.id, 'M']]);
  say(9300, 'input', 'Chose “M” in Size');
  step(10200, [['K', gift.id, true], ['FO', gift.id]]);
  press(10200, narrow ? 60 : viewport[0] - 450, narrow ? 700 : 350);
  say(10200, 'click', 'Clicked “Wrap as a present”');
  [200, 400, 600].forEach((y, i) => step(10900 + i * 150, [['@', rows.id, 0, y / 4]]));
  say(10900, 'scroll', 'Scrolled the reviews', false);
  move(11600, 12600, [narrow ? 60 : viewport[0] - 450, 350], [narrow ? 110 : viewport[0] - 400, 400]);
  step(12500, [['H', add.id], ['FO', 0]]);
  press(12900, narrow ? 110 : viewport[0] - 400, 400);
  say(12900, 'click', 'Clicked “Add to basket”');
  const one = pen.id();
  step(13100, [['X', one, ', 1 added'], ['I', one, counter.id, 0]]);
  // Away for a while
  hidden = true;
  step(21000, []);
  say(21000, 'visibility', 'Left the tab', false);
  hidden = false;
  step(58000, []);
  say(58000, 'visibility', 'Came back to the tab', false);
  move(58200, 59600, [narrow ? 110 : viewport[0] - 400, 400], [700, 90]);
  press(59800, 700, 90);
  say(59800, 'click', 'Clicked “Basket (1)”');

  step(60200, [['@', rows.id, 0, 60]]);
  viewport = narrow ? viewport : [viewport[0] - 320, viewport[1] - 60];
  step(60300, []);
  say(60300, 'resize', `Resized the window to ${viewport.join(' × ')}`);
  viewport = whole;

  // Page 3: basket, typing, an error, a dialog
  page(61000, '/checkout/basket', 'Your basket', true, [
    { from: START + 83000, until: START + 88000, reason: 'Payloads 41 to 42 of this page view are missing.' },
  ]);
  const code = pen.el('input', { placeholder: 'Discount code', style: 'width:100%' });
  const apply = pen.el('button', { class: 'cta', style: 'background:#20302b;margin-top:12px' }, 'Apply');
  const total = pen.el('b', 0, '€ 468');
  const dialog = pen.el('dialog', 0, pen.el('h2', 0, 'This code has expired'), pen.el('p', 0, 'AUTUMN15 ended on 15 November.'), pen.el('button', { class: 'cta' }, 'Close'));
  const [promo3, head3] = top();
  const line = (name: string, price: string, colour: string) => pen.el('div', { class: 'line' }, pen.el('div', { class: 'thumb', style: 'height:80px;margin:0' }, jacket(colour)), pen.el('span', 0, name), pen.el('span', 0, price));
  const third = document(promo3, head3, pen.el('main', 0, pen.el('h1', 0, 'Your basket'), pen.el('div', { class: 'cols' }, pen.el('div', 0, line('Fjell shell jacket, size M', '€ 289', '#c99b35'), line('Ravn trail boot, size 42', '€ 179', '#8a5a35')), pen.el('div', { class: 'box' }, pen.el('h2', 0, 'Order summary'), code, apply, pen.el('p', 0, 'Total ', total)))), dialog);
  step(61300, third.ops, true);
  const fieldX = narrow ? 140 : viewport[0] - 320;
  const fieldY = narrow ? 640 : 300;
  move(62000, 63600, [700, 160], [fieldX, fieldY]);
  press(63800, fieldX, fieldY);
  say(63800, 'click', 'Clicked “Discount code”');
  step(63800, [['FO', code.id]]);
  'AUTUMN15'.split('').forEach((_, i) => step(64200 + i * 170, [['V', code.id, 'AUTUMN15'.slice(0, i + 1)]]));
  say(64200, 'input', 'Typed 8 characters in “Discount code”');
  move(66000, 67000, [fieldX, fieldY], [fieldX - 100, fieldY + 60]);
  step(67000, [['H', apply.id]]);
  for (let i = 0; i < 5; i++) {
    press(67300 + i * 450, fieldX - 100, fieldY + 60);
    say(67300 + i * 450, 'click', 'Clicked “Apply”');
  }
  say(67500, 'error', 'TypeError: Cannot read properties of undefined (reading ‘total’)');
  step(70200, [['OP', dialog.id, 'modal']]);
  step(73000, [['OP', dialog.id, 'closed']]);
  say(76000, 'custom', 'coupon_failed: AUTUMN15');
  move(76500, 79000, [fieldX - 100, fieldY + 60], [300, 500]);
  const until = 96000;
  step(94000, [['V', code.id, '']]);
  say(94000, 'input', 'Cleared “Discount code”');
  const last = pages.at(-1) as PageView;
  last.ended_at = START + until;

  transcript.sort((a, b) => a.time - b.time).forEach((row, i) => (row.index = i));
  markers.sort((a, b) => a.time - b.time);
  return {
    steps, pages, tracks, transcript, markers,
    idle: [[START + 14500, START + 57900], [START + 79200, START + 93800]],
    hidden: [[START + 21000, START + 58000]],
    from: START, until: START + until,
  };
}

/** One signal of each kind, standing on the clicks and errors of the recording above. */
function insight(r: Recording): Insight {
  const at = (ms: number) => START + ms;
  const evidence = { version: 1 };
  const times = [0, 1, 2, 3, 4].map((i) => at(67300 + i * 450));
  const apply = 'div.cols > div.box > button.cta';
  return {
    summary: [{ text: 'A visitor came on a phone to /.', times: [at(0)] }, { text: 'Nothing looks like frustration.', times: [] }],
    signals: [
      { kind: 'excessive_scroll', page: 1, time: at(2900), until: at(3600), selector: null, text: null, evidence: { ...evidence, turns: [2900, 3100, 3300, 3600].map((t, i) => ({ time: at(t), y: i % 2 ? 820 : 40 * i })), viewport: 768, least_px: 192, thresholds: { turns: 4, viewport_share: 0.25, within_ms: 10000 } } },
      { kind: 'dead_click', page: 1, time: at(5400), until: at(5400), selector: 'main > div.grid > div.card:nth-child(2)', text: 'Fjell shell 2', evidence: { ...evidence, click: at(5400), point: [500, 760], watched_until: at(5900), recording_ends: false, answers_checked: ['dom', 'navigation', 'scroll', 'input', 'focus'], thresholds: { within_ms: 500, next_page_within_ms: 10000 }, exemptions_checked: ['control', 'link', 'input', 'text_input', 'text_selection'] } },
      { kind: 'quick_back', page: 2, time: at(6400), until: at(9200), selector: null, text: null, evidence: { ...evidence, from: `${url}/`, to: `${url}/jackets/fjell-shell`, pages: [1, 2, 3], arrived: at(6400), left: at(9200), stayed_ms: 2800, clicks: [], led_by: at(5400), thresholds: { within_ms: 7000, leaving_click_ms: 1000, routing_click_ms: 1500 } } },
      { kind: 'resize', page: 2, time: at(60300), until: at(60300), selector: null, text: null, evidence: { ...evidence, from: [1366, 768], to: [1046, 708], change: 'other', times: [at(60300)], thresholds: { join_ms: 500 } } },
      { kind: 'rage_click', page: 3, time: times[0] as number, until: times[4] as number, selector: apply, text: 'Apply', evidence: { ...evidence, times, points: times.map((_, i) => [1000 + i, 360 + (i % 3)]), clicks: 5, thresholds: { clicks: 3, within_ms: 1000, within_px: 30, unhurried_ms: 500 }, exemptions_checked: ['text_input', 'canvas', 'media', 'text_selection', 'stepper', 'carousel_control', 'date_picker', 'pagination', 'answered'] } },
      { kind: 'error_click', page: 3, time: times[0] as number, until: at(67500), selector: apply, text: 'Apply', evidence: { ...evidence, click: times[0], point: [1000, 360], clicked: 'Apply', errors: [[at(67500), 'TypeError: Cannot read properties of undefined (reading ‘total’)']], thresholds: { within_ms: 1000 } } },
      { kind: 'js_error', page: 3, time: at(67500), until: at(67500), selector: null, text: 'TypeError: Cannot read properties of undefined (reading ‘total’)', evidence: { ...evidence, message: 'TypeError: Cannot read properties of undefined (reading ‘total’)', source: `${url}/assets/basket.js`, line: 214, column: 31, party: 'first', at: at(67500) } },
    ],
    frustration: {
      score: 75, version: 1,
      parts: [['rage_click', 1, 5], ['dead_click', 1, 2], ['quick_back', 1, 3], ['excessive_scroll', 1, 2], ['error_click', 1, 3], ['js_error', 1, 1]].map(([kind, n, weight]) => ({ kind: String(kind), count: Number(n), weight: Number(weight), points: Number(n) * Number(weight) })),
    },
    pages: r.pages.map((p) => ({
      number: p.number, lcp: [1240, 2960, 4480][p.number - 1] ?? null, cls: [0.02, 0.14, 0][p.number - 1] ?? null, inp: [96, 148, 612][p.number - 1] ?? null,
      first_byte: 210, interactive: 890, load: p.number === 3 ? null : 2130, transferred: 48_200, scroll_depth: [78, 41, 100][p.number - 1] ?? null, masked: p.number === 3 ? 12.4 : 0,
    })),
    troubles: [
      { time: at(8200), page: 2, kind: 'console', message: 'Deprecated: basket.total will be removed', source: null, line: null, column: null, stack: null, party: 'unknown' },
      { time: at(67500), page: 3, kind: 'error', message: 'TypeError: Cannot read properties of undefined (reading ‘total’)', source: `${url}/assets/basket.js`, line: 214, column: 31, stack: 'at applyCode (basket.js:214:31)\nat HTMLButtonElement.onclick (basket.js:88:5)', party: 'first' },
      { time: at(68900), page: 3, kind: 'error', message: 'Script error.', source: 'https://cdn.chatwidget.example/w.js', line: 1, column: 44012, stack: null, party: 'third' },
      { time: at(69000), page: 3, kind: 'network', message: 'POST answered 500', source: `${url}/api/basket/code`, line: null, column: null, stack: null, party: 'unknown' },
    ],
    named: [
      { time: at(400), page: 1, kind: 'identify', name: 'userHint', value: 'a***@nordlys.example' },
      { time: at(500), page: 1, kind: 'tag', name: 'basket_value', value: '468' },
      { time: at(6900), page: 2, kind: 'event', name: 'view_item', value: 'fjell-shell' },
      { time: at(12950), page: 2, kind: 'event', name: 'add_to_cart', value: null },
      { time: at(76000), page: 3, kind: 'event', name: 'coupon_failed', value: 'AUTUMN15' },
    ],
    more: 0,
  };
}

const CHANNELS = [
  ['paid-search', 'google', 'cpc', 'autumn-shells'], ['organic-search', null, null, null], ['direct', null, null, null],
  ['email', 'newsletter', 'email', 'november'], ['paid-social', 'facebook', 'Paid-Social', 'boots_q4'], ['referral', null, null, null],
] as const;
const ENTRIES = ['/', '/sale', '/jackets/fjell-shell', '/boots/ravn-trail', '/jackets?sort=price', '/packs', '/journal/layering-for-wet-winters-part-two'];
const BROWSERS = ['Chrome', 'Safari', 'Edge', 'Firefox', 'Chrome'];

function rows(n: number): SessionRow[] {
  return Array.from({ length: n }, (_, i): SessionRow => {
    const mobile = i % 5 === 1;
    const tablet = i % 11 === 7;
    const [channel, source, medium, campaign] = CHANNELS[(i * 7) % CHANNELS.length] as (typeof CHANNELS)[number];
    const duration = i === 0 ? 96 : 40 + ((i * 271) % 1100);
    const entry = i === 0 ? '/' : (ENTRIES[(i * 3) % ENTRIES.length] as string);
    return {
      id: `s${(i + 1).toString(36).padStart(3, '0')}${((i + 11) * 48271 % 1048576).toString(16)}`,
      source: i % 6 === 4 ? 'rrweb' : 'clarity',
      start: START - i * 5_400_000 - (i % 3) * 1_000_000,
      duration,
      active_duration: Math.round(duration * 0.7),
      page_count: i === 0 ? 3 : 1 + ((i * 5) % 14),
      click_count: (i * 13) % 48,
      entry_page: url + entry,
      exit_page: `${url}/checkout/basket`,
      title: i % 4 === 3 ? null : entry === '/' ? 'Nordlys, clothing for bad weather' : 'Nordlys, shop for jackets and boots',
      device: mobile ? 'mobile' : tablet ? 'tablet' : 'pc',
      browser: mobile || tablet ? 'Safari' : (BROWSERS[i % BROWSERS.length] as string),
      os: mobile || tablet ? 'iOS' : i % 3 ? 'Windows' : 'macOS',
      country: i % 9 === 8 ? null : (['DK', 'DE', 'NO', 'SE', 'NL'][i % 5] as string),
      city: i % 2 ? null : 'Aarhus',
      channel,
      referrer: channel === 'referral' ? 'https://www.bergfreunde.example/tests/' : channel === 'organic-search' ? 'https://www.google.com/' : null,
      utm_source: source, utm_medium: medium, utm_campaign: campaign,
      user: i % 7 === 6 ? null : `7f3a2c${i.toString(16)}`,
      js_errors: i % 4 === 0 ? 1 + (i % 3) : 0,
      completeness: i === 0 ? 94 : i % 10 === 5 ? 71 : 100,
      has_recording: i !== 3,
      metadata_only: i === 3,
      frustration: i === 3 ? null : (i * 37) % 97,
      watched: i % 3 === 2,
      watched_at: i % 3 === 2 ? START - 20 * 86_400_000 : null,
      watched_until: null,
      watched_by: i % 8 === 1 ? ['Ben'] : [],
      favourite: false,
      rating: null,
      fields: {},
      labels: [],
      notes: 0,
      dismissed: 0,
      findings: i === 0 ? 1 : i % 10 === 5 ? 3 : 0,
      activity: Array.from({ length: 58 }, (_, b) => {
        const wave = Math.abs(Math.sin(b * 0.7 + i) * Math.cos(b * 0.21 + i * 2));
        return b % 19 > 12 && i % 2 ? 0 : Math.round(wave * 255);
      }),
      pages: i === 0 ? [0, 0.067, 0.635] : [0, 0.3, 0.55 + (i % 4) * 0.1],
    };
  });
}

/** Facts as the core derives them, of a row that was made up. */
const EVENTS = [['add_to_cart'], ['add_to_cart', 'purchase'], [], ['newsletter']];
function factsOf(r: SessionRow): Record<string, unknown> {
  const n = Math.round(r.start / 1000) % 97;
  const score = r.frustration ?? 0;
  return {
    id: r.id, start: r.start, duration: r.duration, page_count: r.page_count, click_count: r.click_count, device: r.device, browser: r.browser, os: r.os,
    country: r.country, city: r.city, channel: r.channel, referrer: r.referrer, 'utm.source': r.utm_source, 'utm.campaign': r.utm_campaign, has_utm: r.utm_source !== null,
    entry_page: r.entry_page, exit_page: r.exit_page, page: [...new Set([r.entry_page, `${url}/jackets`, r.exit_page])], title: r.title ? [r.title] : [], event: EVENTS[n % EVENTS.length],
    rage_clicks: r.metadata_only ? null : score > 60 ? 1 + (n % 2) : 0, dead_clicks: r.metadata_only ? null : score > 25 ? 1 + (n % 3) : 0, error_clicks: score > 75 ? 1 : 0, quick_backs: n % 5 === 0 ? 1 : 0, excessive_scrolls: n % 7 === 0 ? 2 : 0,
    js_errors: r.js_errors, frustration: r.frustration, user: r.user, source: r.source, watched: r.watched, label: r.labels, 'tag.plan': n % 4 === 0 ? ['gold'] : [],
  };
}

/** As the core sorts: empty values last in both directions, equal ones by id. */
export function sorted(rows: readonly SessionRow[], key: string, descending: boolean): SessionRow[] {
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: [factsOf(row)[key]].flat()[0] as string | number | null | undefined }))
    .sort((a, b) => {
      const [x, y] = [a.value, b.value];
      const none = (v: typeof x) => v === null || v === undefined || v === '';
      if (none(x) || none(y)) return Number(none(x)) - Number(none(y)) || (a.row.id < b.row.id ? -1 : 1);
      const order = typeof x === 'number' ? x - (y as number) : String(x).toLowerCase() < String(y).toLowerCase() ? -1 : Number(String(x).toLowerCase() > String(y).toLowerCase());
      return sign * order || (a.row.id < b.row.id ? -1 : 1);
    })
    .map(({ row }) => row);
}

/** What Rust keeps of a reviewer's work, small: rows, notes and decisions, and whole copies of them as its history. */
function reviewer(rows: SessionRow[]) {
  let name = '';
  let clock = START + 90_000_000;
  let goals: Goal[] = [];
  let kept: Record<string, { notes: Note[]; decisions: Decision[] }> = {};
  type State = { said: string; rows: string; kept: string; goals: string };
  const past: State[] = [];
  let future: State[] = [];
  const state = (said: string): State => ({ said, rows: JSON.stringify(rows), kept: JSON.stringify(kept), goals: JSON.stringify(goals) });
  const restore = (to: State) => {
    (JSON.parse(to.rows) as SessionRow[]).forEach((row, i) => Object.assign(rows[i] as SessionRow, row));
    kept = JSON.parse(to.kept) as typeof kept;
    goals = JSON.parse(to.goals) as Goal[];
  };
  const things = (row: SessionRow) => (kept[row.id] ??= { notes: [], decisions: [] });
  const of = (row: SessionRow): Review => ({
    session: row.id, favourite: row.favourite, rating: row.rating, watched_at: row.watched_at, watched_until: row.watched_until, watched_by: row.watched_by, labels: [...row.labels],
    notes: [...things(row).notes].sort((a, b) => (a.at ?? 0) - (b.at ?? 0)), decisions: [...things(row).decisions],
    known_labels: [...new Set(rows.flatMap((r) => r.labels))], undo: past.at(-1)?.said ?? null, redo: future.at(-1)?.said ?? null, reviewer: name,
  });
  const step = (said: string) => {
    past.push(state(said));
    future = [];
  };
  return {
    of,
    change(row: SessionRow, change: ReviewChange, told = true): Review {
      const mine = things(row);
      clock += 1000;
      if (change.do === 'add_note' && !change.text.trim()) throw { code: 'usage', message: 'A note needs a text.' };
      if (told && change.do !== 'reached') step({ add_note: 'Note added', edit_note: 'Note changed', remove_note: 'Note removed', label: 'Label put on', favourite: 'Marked as favourite', rate: 'Rated', watched: 'Marked watched', decide: 'Marked as not a problem' }[change.do]);
      switch (change.do) {
        case 'add_note': {
          const { do: _, ...note } = change;
          mine.notes.push({ ...note, author: name || null, created_at: clock, changed_at: clock, twofold: false });
          break;
        }
        case 'edit_note':
          mine.notes = mine.notes.map((n) => (n.id === change.id ? { ...n, text: change.text, changed_at: clock } : n));
          break;
        case 'remove_note':
          mine.notes = mine.notes.filter((n) => n.id !== change.id);
          break;
        case 'label':
          row.labels = change.on ? [...new Set([...row.labels, change.label])].sort() : row.labels.filter((l) => l !== change.label);
          break;
        case 'favourite':
          row.favourite = change.on;
          break;
        case 'rate':
          row.rating = change.rating;
          break;
        case 'watched':
          row.watched = change.on;
          row.watched_at = change.on ? Date.now() : null;
          break;
        case 'reached':
          row.watched_until = change.until;
          break;
        case 'decide': {
          const { kind, time, selector, reason } = change;
          mine.decisions = mine.decisions.filter((d) => d.kind !== kind || d.time !== time || d.selector !== selector);
          if (change.on) mine.decisions.push({ kind, time, selector, reason, by: name });
          row.dismissed = mine.decisions.length;
        }
      }
      row.notes = mine.notes.length;
      return of(row);
    },
    turn(redo: boolean): Turned {
      const to = (redo ? future : past).pop();
      if (to) {
        (redo ? past : future).push(state(to.said));
        restore(to);
      }
      return { said: to?.said ?? null, undo: past.at(-1)?.said ?? null, redo: future.at(-1)?.said ?? null };
    },
    name: (to: string | null) => (name = to ?? name),
    goals: (from: number, until: number) =>
      goals.map((goal) => {
        const found = rows.filter((r) => (!goal.text || r.entry_page.includes(goal.text)) && (!goal.label || r.labels.includes(goal.label)) && (!goal.favourites || r.favourite));
        return { ...goal, sessions: found.length, done: found.filter((r) => r.watched_at !== null && r.watched_at >= from && r.watched_at < until).length };
      }),
    setGoal(goal: Goal) {
      step('Goal set');
      goals = goals.filter((g) => g.id !== goal.id);
      if (goal.watch) goals.push({ ...goal, done: 0, sessions: 0 });
    },
  };
}

const delay = (ms: number) => new Promise((done) => setTimeout(done, ms));

export function fixture(n = Number(new URLSearchParams(globalThis.location?.search ?? '').get('rows') ?? 28)): Stand {
  const sessions = rows(n);
  const desk = record([1366, 768]);
  const phone = record([390, 844]);
  let demo = true;
  let cancelled = false;
  const review = reviewer(sessions);
  const project = (): Project => ({
    path: demo ? '/usr/share/dwell/demo.dwell' : '/home/ana/Recordings/nordlys.dwell',
    name: demo ? 'Demo project' : 'My recordings',
    demo, sessions: n, sessions_with_recording: n - 1,
    from: sessions.at(-1)?.start ?? null, until: START, bytes: 3_412_000, version: '0.1.0',
  });
  const get = (id: unknown) => {
    const row = sessions.find((r) => r.id === id);
    if (!row) throw { code: 'no_session', message: `There is no session “${String(id)}” in this archive.` };
    return row;
  };
  const of = (row: SessionRow) => (row.device === 'mobile' ? phone : desk);
  const finding: Finding = { code: 'payload_missing', severity: 'warning', path: 'exports/2026-11.zip!a/041.json', session: 's001', page: 3, message: 'Payloads 41 and 42 of page 3 are not in the archive.' };

  const view = (row: SessionRow): SessionView => {
    const r = of(row);
    const density = Array.from({ length: 400 }, (_, b) => {
      const t = r.from + ((r.until - r.from) * b) / 400;
      if (r.idle.some(([from, until]) => from <= t && t < until)) return 0;
      return Math.round(60 + 190 * Math.abs(Math.sin(b * 0.37) * Math.cos(b * 0.11)));
    });
    if (row.metadata_only) {
      return {
        row, from: row.start, until: row.start + row.duration * 1000, pages: [], density: [], idle: [], hidden: [], markers: [], findings: [],
        facts: { id: row.id, start: new Date(row.start).toISOString(), duration: row.duration, page_count: row.page_count, click_count: row.click_count, entry_page: row.entry_page, country: 'Norway', 'tag.Plan': ['pro'] },
      };
    }
    return {
      row: { ...row, start: r.from, duration: (r.until - r.from) / 1000 },
      facts: { ...factsOf(row), duration: row.duration, pages: row.page_count, clicks: row.click_count, 'tag.basket_value': ['468'], language: 'da-DK', screen: '1920x1080', 'page.url': r.pages.map((p) => p.url) },
      pages: r.pages, from: r.from, until: r.until, density, idle: r.idle, hidden: r.hidden, markers: r.markers,
      findings: row.findings ? [finding] : [],
    };
  };

  let filled = false;
  const lacking = (row: SessionRow): PageFiles => {
    const pages = of(row).pages;
    const sheet = (name: string, on: number[]) => ({ url: `${url}/css/${name}.css`, kind: 'sheet' as const, reason: 'not_in_archive' as const, by_sheet: false, pages: on });
    const all = pages.map((p) => p.number);
    const missing: PageFiles['missing'] = filled ? [] : [
      sheet('shop', all), sheet('checkout', all.slice(2)),
      ...all.flatMap((n) => [1, 2, 3].map((i) => ({ url: `${url}/img/${n}/banner-${i}-at-a-rather-long-name.jpg?width=1200`, kind: 'image' as const, reason: 'not_in_archive' as const, by_sheet: i === 3, pages: [n] }))),
      { url: 'https://pay.example/frame', kind: 'other', reason: 'active', by_sheet: false, pages: all.slice(1) },
    ];
    const count = (n: number, kind?: string) => missing.filter((f) => f.reason === 'not_in_archive' && f.pages.includes(n) && (!kind || f.kind === kind)).length;
    return {
      session: row.id, wanted: 34, cached: 34 - missing.filter((f) => f.reason === 'not_in_archive').length,
      kinds: [{ kind: 'sheet', wanted: 4, cached: filled ? 4 : 2 }, { kind: 'image', wanted: 30, cached: filled ? 30 : 21 }],
      pages: pages.map((p) => ({ number: p.number, url: p.url, wanted: 20, cached: 20 - count(p.number), sheets: 3, sheets_missing: count(p.number, 'sheet'), masked: p.number === 2 ? 2 : 0, blocked: 0 })),
      missing, masked: 2, blocked: 0, more: 0,
    };
  };

  const fitting = (filter: readonly string[] = []) => {
    const tests = filter.map((row) => {
      const { test, problems } = readRow(row, START + 3_600_000);
      if (!test) throw { code: 'unknown_field', message: `${problems[0]?.message} (row 1, column 1)`, problems };
      return test;
    });
    return tests.length ? sessions.filter((r) => tests.every((t) => t(factsOf(r)))) : sessions;
  };
  const listed = ({ text, filter, sort, descending, only: ids, marked: only }: ListQuery): SessionRow[] => {
    const wanted = String(text ?? '').toLowerCase();
    const found = fitting(filter).filter((r) => !ids || ids.includes(r.id)).filter((r) => !wanted || [r.entry_page, r.title, r.country, r.channel, r.browser, r.os, r.user, r.utm_campaign, ...r.labels].join(' ').toLowerCase().includes(wanted));
    const marked = !only ? found : found.filter((r) => r.id === only.keep || ((!only.unwatched || !r.watched) && (!only.favourite || r.favourite) && (!only.notes || r.notes > 0) && (only.label === null || r.labels.includes(only.label)) && (!only.playable || r.has_recording)));
    return sorted(marked, sort ?? 'start', descending ?? (sort === undefined));
  };
  const chosen = (which: Which): string[] => ('ids' in which ? which.ids : listed(which.query).map((r) => r.id).filter((id) => !which.except.includes(id)));

  // `?events=132000`: a story as long as the longest there is.
  const events = Number(new URLSearchParams(globalThis.location?.search ?? '').get('events') ?? 0);
  const long = (r: Recording): TranscriptRow[] =>
    events
      ? Array.from({ length: events }, (_, i) => {
          const row = r.transcript[Math.floor((i / events) * r.transcript.length)] as TranscriptRow;
          return { ...row, index: i, time: r.from + Math.floor(((r.until - r.from) * i) / events), text: `${row.text} ${i}` };
        })
      : r.transcript;

  return {
    async call(command, args) {
      const row = () => get(args.id);
      switch (command) {
        case 'project':
          return project();
        case 'open_demo':
        case 'open_project':
          demo = command === 'open_demo';
          return project();
        case 'sessions': {
          await delay(10);
          const rows = listed(args);
          const from = Number(args.from ?? 0);
          const columns = (args.columns as string[] | undefined) ?? [];
          const shown = rows.slice(from, args.limit === undefined ? undefined : from + Number(args.limit));
          // Copies, as over the bridge.
          return { total: sessions.length, matched: rows.length, from, rows: shown.map((r) => ({ ...r, fields: Object.fromEntries(columns.map((c) => [c, factsOf(r)[c] ?? null])) })) };
        }
        case 'place': {
          const at = listed(args).findIndex((r) => r.id === args.id);
          return at < 0 ? null : at;
        }
        case 'fields':
          return FIELDS;
        case 'filter_rows':
          return (args.rows as string[]).map((r) => {
            const { test: _, ...row } = readRow(r, START + 3_600_000);
            return row;
          });
        case 'count':
          return { total: sessions.length, matched: fitting(args.filter as string[]).length };
        case 'facets': {
          const rows = listed(args);
          const facts = rows.map(factsOf);
          const fields = (args.fields as string[]).map((name) => FIELDS.find((f) => f.name === name)).filter((f) => f !== undefined);
          return { total: sessions.length, matched: rows.length, fields: fields.map((f) => facet(f, facts, String(args.typed ?? ''), Number(args.limit))) };
        }
        case 'label_many': {
          const ids = chosen(args.which as Which);
          const changed = sessions.filter((r) => ids.includes(r.id) && r.labels.includes(String(args.label)) !== args.on);
          changed.forEach((r, i) => review.change(r, { do: 'label', label: String(args.label), on: Boolean(args.on) }, i === 0));
          return changed.length;
        }
        case 'export_table': {
          const ids = chosen(args.which as Which);
          (args.onProgress as { onmessage: (p: { bytes: number; bytes_total: number }) => void }).onmessage({ bytes: ids.length, bytes_total: ids.length });
          return { path: String(args.path), sessions: ids.length, without_recording: 0, assets: 0, notes: 0, bytes: ids.length * 240, cancelled: false };
        }
        case 'session':
          return view(row());
        case 'transcript': {
          const all = long(of(row()));
          const from = Number(args.from);
          return { total: all.length, rows: all.slice(from, from + Number(args.limit)) };
        }
        case 'pointer_track':
          return of(row()).tracks.get(Number(args.page)) ?? { t: [], x: [], y: [], kind: [], frame: [], sx: [], sy: [] };
        case 'insight':
          await delay(60);
          return insight(of(row()));
        case 'save_moment':
        case 'save_picture':
          await delay(200);
          return `/home/ana/Pictures/${String(args.name)}.${command === 'save_moment' ? 'html' : 'png'}`;
        case 'page_files':
          return lacking(row());
        case 'add_page_files': {
          const paths = args.paths as string[];
          if (paths[0]?.endsWith('missing')) throw { code: 'no_page_files', message: `No page files found: ${paths[0]} holds no style sheets, pictures, fonts or media (3 × pages).` };
          cancelled = false;
          const { onmessage } = args.onProgress as { onmessage: (p: AddProgress) => void };
          for (let i = 1; i <= 15 && !cancelled; i++) {
            await delay(120);
            onmessage({ bytes: i * 410_000, bytes_total: 15 * 410_000, files: i * 7, current: `${url}/css/part-${i}.css` });
          }
          if (cancelled) throw { code: 'cancelled', message: 'Cancelled.' };
          filled = true;
          const summary: AddSummary = { files: 105, added: 98, bytes: 5_900_000, others: [['pages', 12], ['scripts', 31]], findings: [] };
          return summary;
        }
        case 'replay_seek': {
          const { steps } = of(row());
          const at = steps.findLastIndex((s) => s.time <= Number(args.time));
          const target = steps[at];
          if (!target) {
            const blank = steps[0] as Step;
            return { ...blank, state: 0, time: Number(args.time), reset: true, ops: [] };
          }
          const start = steps.findLastIndex((s, i) => i <= at && s.reset);
          const shown = args.shown === null ? -1 : steps.findIndex((s) => s.state === args.shown);
          // Forward on the same page: only what is new. Anything else: from its picture on.
          const from = shown >= start && shown <= at ? shown + 1 : start;
          return { ...target, reset: from === start && from <= at, ops: steps.slice(from, at + 1).flatMap((s) => s.ops) };
        }
        case 'replay_steps': {
          const { steps } = of(row());
          const shown = steps.findIndex((s) => s.state === args.shown);
          return { steps: steps.slice(shown + 1).filter((s) => s.time <= Number(args.until)), until: args.until, jump: null };
        }
        case 'choose_paths':
          return args.folder ? ['/home/ana/exports'] : ['/home/ana/exports/2026-11.zip'];
        case 'mark_watched':
          review.change(row(), { do: 'watched', on: true }, false);
          return null;
        case 'review':
          return review.of(row());
        case 'review_change':
          return review.change(row(), args.change as ReviewChange);
        case 'review_turn':
          return review.turn(Boolean(args.redo));
        case 'reviewer':
          return review.name(args.name as string | null);
        case 'goals':
          return review.goals(Number(args.from), Number(args.until));
        case 'set_goal':
          review.setGoal(args.goal as Goal);
          return null;
        case 'export_notes':
          return { path: String(args.path), notes: 2, marks: 3 };
        case 'import_notes': {
          if (String(args.path).endsWith('missing')) throw { code: 'path_unreadable', message: `${String(args.path)} cannot be read: it is not a notes file of Dwell.` };
          return { notes_added: 1, notes_changed: 0, both_kept: 1, marks_changed: 2, findings: [{ ...finding, code: 'notes_both_kept', severity: 'note', message: 'A note was changed in both copies of the project; both texts were kept. The earlier one: “slow”.' }] };
        }
        case 'cancel_import':
          cancelled = true;
          return null;
        case 'choose_save':
          return `/home/ana/exports/${String(args.name)}`;
        case 'cancel_export':
          cancelled = true;
          return null;
        case 'export_archive': {
          cancelled = false;
          const ids = args.which ? chosen(args.which as Which) : null;
          const { onmessage } = args.onProgress as { onmessage: (p: { bytes: number; bytes_total: number }) => void };
          for (let i = 0; i <= 20 && !cancelled; i++) {
            onmessage({ bytes: i * 1_410_000, bytes_total: 20 * 1_410_000 });
            await delay(90);
          }
          return { path: String(args.path), sessions: ids?.length ?? n, without_recording: 1, assets: 12, notes: 0, bytes: 3_100_000, cancelled };
        }
        case 'import': {
          const paths = args.paths as string[];
          if (paths[0]?.endsWith('missing')) throw { code: 'not_found', message: `There is no file or folder at “${paths[0]}”.` };
          cancelled = false;
          const { onmessage } = args.onProgress as { onmessage: (p: ImportProgress) => void };
          for (let i = 1; i <= 20 && !cancelled; i++) {
            await delay(120);
            onmessage({ bytes: i * 1_410_000, bytes_total: 12 * 1_410_000, sessions: i, current: `${paths[0]}!a/${String(i).padStart(3, '0')}.json`, findings: i > 8 ? 2 : 0 });
          }
          const summary: ImportSummary = {
            sessions_added: cancelled ? 9 : 20, sessions_updated: 2, pages_added: 64, duplicates: 3, bytes: 28_200_000, elapsed_ms: 2400, cancelled,
            sessions: sessions.slice(0, 20).map((r) => r.id),
            findings: [
              { code: 'not_a_recording', severity: 'error', path: 'exports/2026-11.zip!readme.pdf', session: null, page: null, message: 'This file is no recording; it was skipped.' },
              finding,
              { ...finding, page: 1, session: 's007', message: 'Payload 3 of page 1 is not in the archive.' },
              { code: 'seen_before', severity: 'note', path: 'exports/2026-11.zip!a/001.json', session: 's002', page: null, message: 'Same bytes as an earlier import, nothing added.' },
            ],
          };
          return summary;
        }
        default:
          throw { code: 'unknown_command', message: `“${command}” is not known.` };
      }
    },
  };
}
