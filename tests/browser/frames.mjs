// Plays recordings in the real window and counts the pictures: node frames.mjs WINDOW CACHE_FOLDER [SECONDS [SESSIONS [SPEED]]]
//
// The trap: a page that asks for animation frames gets them even when nothing can be painted in time, so what counts is
// the time between two of them. A gap of more than two display intervals is a dropped picture.
import { open, patiently, wait } from './driver.mjs';

const [program, folder, seconds = '5', most = '1000', speed = '1'] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node frames.mjs WINDOW CACHE_FOLDER [SECONDS [SESSIONS [SPEED]]]');
  process.exit(2);
}
const INTERVAL = 1000 / 60;

let window;
let failed = false;
try {
  window = await open(program, folder);
  const { run, press } = window;
  await window.openFirst();
  const totals = { frames: 0, gaps: 0, dropped: 0, worst: 0, ms: 0 };
  let id = null;
  let count = 0;
  while (count < Number(most)) {
    if (id) await press('j', 'KeyJ');
    const before = id;
    id = await patiently('a recording', () =>
      run('return window.__dwell?.shown() != null && window.__dwell.id !== arguments[0] && window.__dwell.id', before),
    ).catch(() => null);
    if (!id) break;
    count += 1;
    await wait(700);
    await window.setSpeed(Number(speed));
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
    `${count} recordings, ${(totals.ms / 1000).toFixed(0)} s at ${speed}x: ${(totals.gaps / totals.ms * 1000).toFixed(1)} pictures a second, ` +
      `${totals.dropped} dropped (${(100 * totals.dropped / (totals.dropped + totals.gaps)).toFixed(2)} %), longest gap ${totals.worst.toFixed(0)} ms`,
  );
} catch (error) {
  console.error(error.message);
  failed = true;
}
await window?.close();
process.exit(failed ? 1 : 0);
