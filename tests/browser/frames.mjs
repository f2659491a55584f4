// Plays recordings at 1x in the real window and counts the pictures: node frames.mjs WINDOW CACHE_FOLDER [SECONDS [SESSIONS]]
//
// The trap: a page that asks for animation frames gets them even when nothing can be painted in time, so what counts is
// the time between two of them. A gap of more than two display intervals is a dropped picture. Needs DISPLAY,
// WebKitWebDriver and a folder whose cache.sqlite holds the recordings.
import { spawn } from 'node:child_process';

const [program, folder, seconds = '5', most = '1000'] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node frames.mjs WINDOW CACHE_FOLDER [SECONDS [SESSIONS]]');
  process.exit(2);
}
const INTERVAL = 1000 / 60;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const port = 4500 + (process.pid % 400);
const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
  env: { ...process.env, TAURI_WEBVIEW_AUTOMATION: 'true', GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', DWELL_DATA: folder },
  stdio: 'ignore',
});

async function ask(method, path, body) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${value?.error} ${value?.message}`);
  return value;
}

async function patiently(what, attempt) {
  let last;
  for (let i = 0; i < 200; i++) {
    try {
      const got = await attempt();
      if (got) return got;
    } catch (error) {
      last = error;
    }
    await wait(50);
  }
  throw new Error(`${what} did not come${last ? `: ${last.message}` : ''}`);
}

let session;
const run = (script, ...args) => ask('POST', `/session/${session}/execute/sync`, { script, args });
let failed = false;
try {
  const options = { binary: program, args: [] };
  const made = await patiently('the window', () =>
    ask('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } }),
  );
  session = made.sessionId;
  await patiently('the list', () => run("return document.querySelector('[data-testid=session-row]') !== null"));
  const press = (key, code) =>
    run('document.body.dispatchEvent(new KeyboardEvent("keydown", { key: arguments[0], code: arguments[1], bubbles: true }))', key, code);
  await run("document.querySelector('[data-testid=session-row]').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))");
  const totals = { frames: 0, gaps: 0, dropped: 0, worst: 0, ms: 0 };
  let id = null;
  let count = 0;
  while (count < Number(most)) {
    if (id) await press('n', 'KeyN');
    const before = id;
    id = await patiently('a recording', () =>
      run('return window.__dwell?.shown() != null && window.__dwell.id !== arguments[0] && window.__dwell.id', before),
    ).catch(() => null);
    if (!id) break;
    count += 1;
    await wait(700);
    await run(`
      window.__frames = [];
      const note = () => { if (window.__frames) { window.__frames.push(performance.now()); requestAnimationFrame(note); } };
      requestAnimationFrame(note);`);
    if (!(await run('return window.__dwell.playing()'))) await press(' ', 'Space');
    for (let at = 0; at < seconds * 1000 && (at < 500 || (await run('return window.__dwell.playing()'))); at += 500) await wait(500);
    const times = await run('const t = window.__frames; window.__frames = null; return t;');
    const gaps = times.slice(1).map((t, i) => t - times[i]);
    const dropped = gaps.reduce((n, gap) => n + (gap > 2.5 * INTERVAL ? Math.round(gap / INTERVAL) - 1 : 0), 0);
    const span = times.at(-1) - times[0];
    const worst = Math.max(...gaps);
    console.log(
      `${id.padEnd(24)} ${(gaps.length / span * 1000).toFixed(1).padStart(5)} a second, ` +
        `${dropped} dropped of ${gaps.length + dropped}, longest gap ${worst.toFixed(0)} ms`,
    );
    totals.ms += span;
    totals.gaps += gaps.length;
    totals.dropped += dropped;
    totals.worst = Math.max(totals.worst, worst);
  }
  console.log(
    `${count} recordings, ${(totals.ms / 1000).toFixed(0)} s at 1x: ${(totals.gaps / totals.ms * 1000).toFixed(1)} pictures a second, ` +
      `${totals.dropped} dropped (${(100 * totals.dropped / (totals.dropped + totals.gaps)).toFixed(2)} %), longest gap ${totals.worst.toFixed(0)} ms`,
  );
} catch (error) {
  console.error(error.message);
  failed = true;
}
if (session) await Promise.race([ask('DELETE', `/session/${session}`).catch(() => {}), wait(3000)]);
driver.kill('SIGKILL');
process.exit(failed ? 1 : 0);
