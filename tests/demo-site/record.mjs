// node record.mjs              records every demo visit and writes demo.zip
// node record.mjs --only NAME  records one visit into .tmp/NAME
// node record.mjs --fixtures   records the fixtures with truth into ../fixtures/visits
// node record.mjs --pack       writes demo.zip again from what is in .tmp/visits
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import crypto from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startServer, beacons, HOST, ORIGIN } from './lib/server.mjs';
import { SITE } from './lib/site.mjs';
import { Visitor } from './lib/visitor.mjs';
import { zip } from './lib/zip.mjs';
import { visits } from './visits.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const read = f => fs.readFileSync(path.join(HERE, f), 'utf8');
const LIBS = ['node_modules/rrweb/dist/rrweb.umd.min.cjs', 'node_modules/@rrweb/rrweb-plugin-console-record/dist/rrweb-plugin-console-record.umd.min.cjs', 'node_modules/clarity-js/build/clarity.min.js', 'lib/walk.js'].map(f => `(function(){if(window!==window.top||location.host!==${JSON.stringify(HOST)})return;\n${read(f)}\n}).call(window);`).join('\n');
const INJECT = read('lib/inject.js');
const sleep = ms => new Promise(r => setTimeout(r, ms));
const WIN = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36', MAC = WIN.replace('Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7');
const DEVICES = {
  windows: { class: 'pc', browser: 'Chrome', os: 'Windows', viewport: { width: 1366, height: 768 }, userAgent: WIN },
  wide: { class: 'pc', browser: 'Chrome', os: 'Windows', viewport: { width: 1680, height: 920 }, userAgent: WIN },
  mac: { class: 'pc', browser: 'Chrome', os: 'MacOS', viewport: { width: 1440, height: 800 }, userAgent: MAC },
  edge: { class: 'pc', browser: 'Edge', os: 'Windows', viewport: { width: 1536, height: 730 }, userAgent: WIN + ' Edg/141.0.0.0' },
  firefox: { class: 'pc', browser: 'Firefox', os: 'Linux', viewport: { width: 1280, height: 720 }, userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0' },
  iphone: { class: 'mobile', browser: 'Safari', os: 'iOS', viewport: { width: 390, height: 760 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true, userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1' },
  android: { class: 'mobile', browser: 'Chrome', os: 'Android', viewport: { width: 412, height: 820 }, deviceScaleFactor: 2.625, isMobile: true, hasTouch: true, userAgent: 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36' },
  ipad: { class: 'tablet', browser: 'Safari', os: 'iOS', viewport: { width: 820, height: 1120 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, userAgent: 'Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1' },
};
// local wall time in the visit's time zone -> epoch ms
function epoch(local, zone) {
  const guess = Date.parse(local + 'Z'), f = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(guess);
  return guess - (Date.parse(f.replace(' ', 'T') + 'Z') - guess);
}

async function record(browser, visit, index, kept) {
  const device = DEVICES[visit.device], [country, state, city, timezoneId, locale] = visit.in;
  const { class: deviceClass, browser: browserName, os, ...look } = device;
  const context = (visit.group && kept.get(visit.group)) || await browser.newContext({ ...look, locale, timezoneId, ignoreHTTPSErrors: true, extraHTTPHeaders: visit.strict ? { 'x-privacy': 'strict' } : {} });
  if (visit.group) kept.set(visit.group, context);
  const page = await context.newPage(), cdp = await context.newCDPSession(page), shift = epoch(visit.at, timezoneId) - Date.now();
  const options = { host: HOST, shift, clarity: visit.clarity || {}, rrweb: visit.rrweb || {}, tags: visit.tags || [], identify: visit.identify || null };
  await cdp.send('Runtime.enable'); await cdp.send('Runtime.addBinding', { name: '__emit' });
  await page.addInitScript({ content: INJECT.replace('/*OPTIONS*/{}', JSON.stringify(options)) + '\n' + LIBS });

  const pages = [], clarity = [], rrweb = [], events = [], log = [], checkpoints = [], tags = {}, problems = [], assets = new Set(), known = new Map(), seen = new Set();
  const tag = (k, v) => { for (const x of [].concat(v)) if (!(tags[k] ||= []).includes(String(x))) tags[k].push(String(x)); };
  const take = (text, beacon) => {
    const m = JSON.parse(text);
    if (beacon && !known.has(m.pv)) return;
    if (seen.has(m.pv + m.seq)) return; seen.add(m.pv + m.seq);
    if (m.kind === 'page') { const p = { n: pages.length + 1, t: m.at, ...m.data }; pages.push(p); known.set(m.pv, p); return; }
    const p = known.get(m.pv); if (!p) return problems.push('message of an unknown page');
    if (m.kind === 'rrweb') rrweb.push([p.n, m.seq, m.data]);
    else if (m.kind === 'clarity') clarity.push([p.n, m.seq, m.data]);
    else if (m.kind === 'custom') { if (!events.includes(m.data.event)) events.push(m.data.event); log.push({ t: m.at, page: p.n, type: 'custom', ...m.data }); }
    else if (m.kind === 'tag') tag(...m.data);
    else if (m.kind === 'problem') problems.push(m.data);
    else log.push({ t: m.at, page: p.n, type: m.kind, ...m.data });
  };
  cdp.on('Runtime.bindingCalled', e => { if (e.name === '__emit') take(e.payload, false); });
  const onBeacon = b => take(b, true); beacons.add(onBeacon);
  page.on('response', r => { if (r.status() < 400 && ['stylesheet', 'image', 'font'].includes(r.request().resourceType())) assets.add(r.url()); });
  page.on('request', r => { if (!r.url().startsWith(ORIGIN) && r.url() !== 'about:blank' && !r.url().startsWith('data:')) problems.push('outside request ' + r.url()); });
  const v = new Visitor({ page, cdp, seed: 7001 + index * 7919, touch: !!look.hasTouch, shift, origin: ORIGIN, sink: {
    tag, event: e => { if (!events.includes(e)) events.push(e); },
    async checkpoint(name) {
      const end = Date.now() + 4000;
      while (Date.now() < end && (await page.evaluate(() => window.__visit.idle())) < 220) await sleep(50);
      checkpoints.push({ name, ...await page.evaluate(() => window.__visit.dump()) });
      await sleep(150);
    } } });
  const began = Date.now();
  try { await visit.run(v); } catch (e) { problems.push('script: ' + e.message.split('\n')[0] + ' ' + (e.stack.match(/visits\.mjs:\d+:\d+/) || '')); }
  await sleep(1300);
  await page.goto('about:blank').catch(() => {});       // a real exit: both recorders flush
  await sleep(400);
  beacons.delete(onBeacon);
  await page.close(); if (!visit.group) await context.close();

  const order = (a, b) => a[0] - b[0] || a[1] - b[1];
  clarity.sort(order); rrweb.sort(order);
  problems.push(...v.problems);
  const first = new URL(pages[0].href), utm = {};
  for (const [k, val] of first.searchParams) if (k.startsWith('utm_')) utm[k.slice(4)] = val;
  const envelope = JSON.parse(clarity[0][2]).e;
  return {
    clarity: clarity.map(c => c[2]), rrweb: '[' + rrweb.map(r => r[2]).join(',\n') + ']', checkpoints, assets: [...assets].sort(),
    info: { name: visit.name, as: visit.as, kinds: visit.kinds || [], clarity_session: envelope[6], clarity_user: envelope[5], started_at: new Date(pages[0].t).toISOString(), seconds: Math.round((Date.now() - began) / 1000), country, state, city, device: deviceClass, browser: browserName, os, language: pages[0].language, referrer: pages[0].referrer || '', utm, events, tags, viewport: look.viewport, user_agent: look.userAgent, pages, actions: v.actions, log, problems },
  };
}

function save(dir, r) {
  fs.rmSync(dir, { recursive: true, force: true }); fs.mkdirSync(path.join(dir, 'clarity'), { recursive: true });
  r.clarity.forEach((b, i) => fs.writeFileSync(path.join(dir, 'clarity', String(i + 1).padStart(3, '0') + '.json'), b));
  fs.writeFileSync(path.join(dir, 'rrweb.json'), r.rrweb);
  const { as, kinds, clarity_session, clarity_user, ...info } = r.info;
  fs.writeFileSync(path.join(dir, 'visit.json'), JSON.stringify({ ...info, clarity_session, clarity_user, ...(r.checkpoints.length ? {} : { as, kinds, assets: r.assets }) }, null, 1));
  if (r.checkpoints.length) fs.writeFileSync(path.join(dir, 'checkpoints.json.gz'), zlib.gzipSync(JSON.stringify(r.checkpoints), { level: 9 }));
}

const AUDIENCES = { purchase: 'Buyers', returning: 'Returning', 'cart abandoned': 'Left a cart', 'checkout abandoned': 'Left at checkout' };
function pack(from) {
  const files = new Map(), sessions = [], used = new Set();
  const put = (name, data) => { files.set(name, Buffer.from(data)); return name; };
  const list = visits.filter(v => !v.fixture && fs.existsSync(path.join(from, v.name, 'visit.json'))).map(v => JSON.parse(fs.readFileSync(path.join(from, v.name, 'visit.json')))).sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
  list.forEach((m, i) => {
    const base = `sessions/${String(i + 1).padStart(3, '0')}-${m.name}`, dir = path.join(from, m.name), mine = [];
    if (m.as === 'clarity') for (const f of fs.readdirSync(path.join(dir, 'clarity')).sort()) mine.push(put(`${base}/clarity/${f}`, fs.readFileSync(path.join(dir, 'clarity', f))));
    else mine.push(put(`${base}/rrweb.json`, fs.readFileSync(path.join(dir, 'rrweb.json'))));
    m.assets.forEach(a => used.add(a));
    sessions.push({ id: m.as === 'clarity' ? m.clarity_session : m.name, files: mine, user: m.as === 'clarity' ? m.clarity_user : m.name, started_at: m.started_at, country: m.country, state: m.state, city: m.city, device: m.device, browser: m.browser, os: m.os, language: m.language, referrer: m.referrer, utm: m.utm, events: m.events, tags: m.tags, audiences: m.kinds.flatMap(k => AUDIENCES[k] || []), consent: 'granted' });
  });
  // every picture, sheet and font that the pages name, at every size, so that any screen density can be shown
  const TYPES = { css: 'text/css', svg: 'image/svg+xml', webp: 'image/webp', woff2: 'font/woff2' }, map = {};
  for (const f of ['shop.css', ...fs.readdirSync(path.join(SITE, 'img')).map(f => 'img/' + f), 'fonts/inter-latin.woff2'].sort()) { const name = 'assets/' + f; put(name, fs.readFileSync(path.join(SITE, f))); map[`${ORIGIN}/${f}`] = { file: name, type: TYPES[f.split('.').pop()] }; used.delete(`${ORIGIN}/${f}`); }
  put('assets/fonts/Inter-OFL.txt', fs.readFileSync(path.join(SITE, 'fonts/Inter-OFL.txt')));
  for (const u of used) console.log('asset not packed:', u);
  put('assets.json', JSON.stringify(map, null, 1) + '\n');
  const manifest = { format: 'dwell-archive', version: 1, created: '2026-11-21T12:00:00.000Z', files: [...files.keys()].sort().map(p => ({ path: p, sha256: crypto.createHash('sha256').update(files.get(p)).digest('hex'), bytes: files.get(p).length })), sessions };
  put('manifest.json', JSON.stringify(manifest, null, 1) + '\n');
  const z = zip(files); fs.writeFileSync(path.join(HERE, 'demo.zip'), z);
  console.log(`demo.zip: ${list.length} sessions, ${files.size} files, ${z.length} bytes`);
}

const arg = process.argv[2], name = process.argv[3], OUT = path.join(HERE, '.tmp/visits');
if (arg === '--pack') pack(OUT);
else {
  const wanted = visits.map((v, i) => [v, i]).filter(([v]) => arg === '--only' ? name.split(',').includes(v.name) : !!v.fixture === (arg === '--fixtures'));
  const server = await startServer();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-features=BackForwardCache', '--ignore-certificate-errors', `--host-resolver-rules=MAP *:443 127.0.0.1:${server.address().port},MAP *:80 127.0.0.1:9,EXCLUDE 127.0.0.1`] });
  const kept = new Map(), groups = new Map();
  for (const job of wanted) { const k = job[0].group || job[0].name; groups.set(k, [...(groups.get(k) || []), job]); }      // visits of one person run one after the other
  const queue = [...groups.values()]; let bad = 0;
  const worker = async () => { for (let jobs; (jobs = queue.shift());) for (const [v, i] of jobs) {
    const r = await record(browser, v, i, kept);
    save(path.join(arg === '--only' ? path.join(HERE, '.tmp') : v.fixture ? path.join(HERE, '../fixtures/visits') : OUT, v.name), r);
    if (r.info.problems.length) bad++;
    console.log(`${v.name}: ${r.info.seconds} s, ${r.info.pages.length} pages, ${r.clarity.length} clarity, ${r.rrweb.length >> 10} kB rrweb, ${r.checkpoints.length} checkpoints ${r.info.problems.join(' | ')}`);
  } };
  await Promise.all(Array.from({ length: +process.env.PARALLEL || 2 }, worker));
  await browser.close(); server.close();
  if (!arg) pack(OUT);
  if (bad) { console.log(`${bad} visits with problems`); process.exitCode = 1; }
}
