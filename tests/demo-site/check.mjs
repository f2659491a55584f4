// node check.mjs [file]: is the demo archive whole, does it hold every picture it names, are all kinds of visit there?
import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { unzip } from './lib/zip.mjs';
import { visits } from './visits.mjs';

const file = process.argv[2] || path.join(path.dirname(fileURLToPath(import.meta.url)), 'demo.zip');
const buf = fs.readFileSync(file), files = unzip(buf), faults = [], fault = m => faults.push(m);
const json = n => JSON.parse(files.get(n).toString('utf8'));
const manifest = json('manifest.json'), assets = json('assets.json');

if (manifest.format !== 'dwell-archive' || manifest.version !== 1) fault('not a Dwell archive');
const listed = new Map(manifest.files.map(f => [f.path, f]));
for (const [name, data] of files) {
  if (name === 'manifest.json') continue;
  const f = listed.get(name);
  if (!f) fault(`not in the manifest: ${name}`);
  else if (f.bytes !== data.length || f.sha256 !== crypto.createHash('sha256').update(data).digest('hex')) fault(`size or hash differs: ${name}`);
}
for (const name of listed.keys()) if (!files.has(name)) fault(`missing file: ${name}`);
for (const [url, a] of Object.entries(assets)) if (!files.has(a.file)) fault(`asset without file: ${url}`);
if (buf.length > 4 << 20) fault(`too large: ${buf.length} bytes`);

// ---- addresses that a recording needs ------------------------------------------------------------------------
const ASSET = /\.(css|svg|webp|png|jpe?g|gif|woff2?|ttf)(\?|$)/;
const needed = new Map();
const need = (u, base, where) => { if (!u || /^(data:|blob:|#)/.test(u)) return; let abs; try { abs = new URL(u, base).href.replace(/#.*/, ''); } catch { return; } if (ASSET.test(new URL(abs).pathname)) needed.set(abs, where); };
const srcset = (v, base, where) => v.split(/,\s*/).forEach(c => need(c.trim().split(/\s+/)[0], base, where));
const inText = (t, base, where) => { for (const m of t.matchAll(/url\(\s*(['"]?)([^'")]+)\1\s*\)/g)) need(m[2], base, where); };
const attr = (k, v, base, where) => { if (typeof v !== 'string') return; if (/^(src|href|xlink:href|poster)$/.test(k)) need(v, base, where); else if (/srcset$/.test(k)) srcset(v, base, where); else inText(v, base, where); };
const walk = (o, base, where) => { if (!o || typeof o !== 'object') return; if (Array.isArray(o)) return o.forEach(x => walk(x, base, where)); for (const [k, v] of Object.entries(o)) typeof v === 'string' ? attr(k, v, base, where) : walk(v, base, where); };
for (const [url, a] of Object.entries(assets)) if (a.type === 'text/css') inText(files.get(a.file).toString('utf8'), url, url);

const rows = [], seenIds = new Set(), users = new Map(), kinds = new Map();
for (const s of manifest.sessions) {
  const name = s.files[0].split('/')[1].replace(/^\d+-/, ''), visit = visits.find(v => v.name === name), source = s.files[0].includes('/clarity/') ? 'clarity' : 'rrweb';
  if (seenIds.has(s.id)) fault(`session id twice: ${s.id}`); seenIds.add(s.id);
  users.set(s.user, (users.get(s.user) || 0) + 1);
  let pages = new Set(), events = 0, bytes = 0, first = Infinity, errors = 0;
  for (const f of s.files) {
    const data = files.get(f); if (!data) { fault(`session file missing: ${f}`); continue; }
    bytes += data.length; const d = JSON.parse(data);
    if (source === 'clarity') {
      if (d.e[6] !== s.id) fault(`${f}: session id ${d.e[6]} is not ${s.id}`);
      pages.add(d.e[7]); const all = [...d.a, ...(d.p || [])]; events += all.length;
      for (const e of all) { if (e[1] === 0) for (let i = 2; i < e.length; i += 2) if (e[i] === 0) first = Math.min(first, e[i + 1]); if (e[1] === 31) errors++; }
      for (const e of d.p || []) for (const t of e.slice(2)) if (typeof t === 'string') { const m = t.match(/^(src|srcset|href|style|poster)=(.*)$/s); if (m) attr(m[1], m[2], d.e[11], f); else inText(t, d.e[11], f); }
    } else {
      events += d.length; first = d[0].timestamp; let base = '';
      for (const e of d) { if (e.type === 4) base = e.data.href; if (e.type === 2) pages.add(e.timestamp); if (e.type === 6 && e.data.plugin === 'rrweb/console@1') errors++; walk(e.data, base, f); }
      if (!d.some(e => e.type === 2)) fault(`${f}: no full snapshot`);
    }
  }
  if (Math.abs(first - Date.parse(s.started_at)) > 3000) fault(`${name}: starts at ${new Date(first).toISOString()}, manifest says ${s.started_at}`);
  for (const k of visit?.kinds || []) kinds.set(k, (kinds.get(k) || 0) + 1);
  if (visit?.kinds.includes('purchase') && !s.events.includes('purchase')) fault(`${name}: no purchase event`);
  if (visit?.kinds.includes('js error') && !errors) fault(`${name}: no error recorded`);
  rows.push([name, s.device, source, s.utm.source || (s.referrer ? new URL(s.referrer).host : 'direct'), pages.size, events, errors, `${(bytes / 1024).toFixed(0)} kB`]);
}
for (const [u, where] of needed) if (!assets[u]) fault(`not in assets.json: ${u} (${where})`);
const WANT = { purchase: 3, 'cart abandoned': 1, 'checkout abandoned': 1, rage: 1, dead: 1, 'quick back': 1, 'excessive scroll': 1, 'js error': 1, 'error click': 1, bounce: 1, returning: 1, resize: 1, tags: 1, masked: 1 };
for (const [k, n] of Object.entries(WANT)) if ((kinds.get(k) || 0) < n) fault(`too few visits of kind ${k}: ${kinds.get(k) || 0}`);
if (manifest.sessions.length < 26) fault(`only ${manifest.sessions.length} sessions`);
if (![...users.values()].some(n => n > 1)) fault('no returning user');
for (const d of ['mobile', 'tablet', 'pc']) if (!manifest.sessions.some(s => s.device === d)) fault(`no ${d} session`);

const head = ['session', 'device', 'source', 'came from', 'pages', 'events', 'errors', 'size'], all = [head, ...rows], w = head.map((_, i) => Math.max(...all.map(r => String(r[i]).length)));
for (const r of all) console.log(r.map((c, i) => String(c).padEnd(w[i])).join('  '));
console.log(`\n${rows.length} sessions, ${files.size} files, ${needed.size} assets named, ${Object.keys(assets).length} packed, ${(buf.length / 1024).toFixed(0)} kB`);
if (faults.length) { console.log(faults.map(f => 'FAULT ' + f).join('\n')); process.exit(1); }
console.log('all good');
