// Seeks in the real window: node seeks.mjs WINDOW CACHE_FOLDER [SEEKS [SECONDS]]
//
// Opens the first session of the folder's cache.sqlite, clicks SEEKS (100) random places of the timeline, and prints how
// long it took from the question to the picture (`dwell:seek`, p50 p95 max). Then it drags along the timeline and plays
// SECONDS (8) at 1x and at 8x. Beside each it prints the longest time that the window did nothing else: the gap between
// two ticks of a 10 ms timer.
//
// On a machine with other work wall time says little. So where Linux counts it, the time is printed that the page's
// main thread was on a processor for each seek, with the driver's questions in it: what an idle machine would take.
//
// The trap: a click is two seeks, for pressing and for letting go, and the second has nothing to do: of each click
// the longer one counts.
import { readFileSync } from 'node:fs';

import { descendants, open, patiently, wait } from './driver.mjs';

const [program, folder, count = '100', seconds = '8'] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node seeks.mjs WINDOW CACHE_FOLDER [SEEKS [SECONDS]]');
  process.exit(2);
}
let state = 88172645463325252n;
function random() {
  state ^= (state << 13n) & 0xffffffffffffffffn;
  state ^= state >> 7n;
  state ^= (state << 17n) & 0xffffffffffffffffn;
  return Number(state >> 11n) / 2 ** 53;
}
/** Ms that the main thread of the web process was on a processor so far. */
function busy() {
  try {
    const { id } = descendants().find(({ name }) => name.startsWith('WebKitWebProces'));
    return Number(readFileSync(`/proc/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return NaN;
  }
}
const longest = (stops) => `longest stop ${(stops[0] ?? 0).toFixed(0)} ms${stops.length > 1 ? `, then ${stops.slice(1, 4).map((s) => s.toFixed(0)).join(', ')}` : ''}`;
const at = (sorted, p) => sorted[Math.round((sorted.length - 1) * p)];

let window;
let failed = false;
try {
  window = await open(program, folder);
  const { run } = window;
  const whole = () => run('return window.__dwell?.shown() != null');
  await window.watch();
  const begun = Date.now();
  await window.openFirst();
  await patiently('the first picture', whole, 120);
  console.log(`opening              ${Date.now() - begun} ms to the whole page, ${longest(await window.stops())}`);
  await wait(3000);
  console.log(`reading on           ${longest(await window.stops())}`);

  const box = await run("const b = document.querySelector('[data-testid=timeline]').getBoundingClientRect(); return [b.x, b.y, b.width, b.height];");
  const place = (share) => [box[0] + 2 + share * (box[2] - 4), box[1] + box[3] / 2];
  const took = [];
  const spent = [];
  for (let i = 0; i < Number(count); i++) {
    await run("performance.clearMeasures('dwell:seek')");
    const to = place(random());
    const before = busy();
    await window.drag(to);
    const all = await patiently('a picture', async () => {
      const found = await run("return performance.getEntriesByName('dwell:seek').map((e) => [e.duration, e.detail?.answered, e.detail?.applied])");
      return found.length > 1 && (await whole()) && found;
    }, 60).catch(() => run("return performance.getEntriesByName('dwell:seek').map((e) => [e.duration, e.detail?.answered, e.detail?.applied])"));
    spent.push(busy() - before);
    if (all.length) took.push(all.sort((a, b) => b[0] - a[0])[0]);
    else console.log(`  seek ${i} gave no picture`);
  }
  const column = (n) => took.map((row) => row[n]).sort((a, b) => a - b);
  const spread = (list) => `p50 ${at(list, 0.5).toFixed(0)} p95 ${at(list, 0.95).toFixed(0)} max ${at(list, 1).toFixed(0)} ms`;
  console.log(`${String(took.length).padEnd(4)} seeks           ${spread(column(0))} to painted, ${longest(await window.stops())}`);
  console.log(`  to the answer      ${spread(column(1))}\n  to carried out     ${spread(column(2))}`);
  if (spent.every((ms) => ms >= 0)) console.log(`  of a processor     ${spread(spent.sort((a, b) => a - b))}`);

  await window.drag(...Array.from({ length: 25 }, (_, i) => place(0.1 + (i / 25) * 0.8)));
  await wait(500);
  await patiently('the picture after dragging', whole, 60);
  console.log(`dragging             ${longest(await window.stops())}`);

  for (const speed of [1, 8]) {
    await window.press('Home', 'Home');
    await patiently('the start', whole, 60);
    await window.setSpeed(speed);
    await window.stops();
    await run(`window.__frames = []; const note = () => { if (window.__frames) { window.__frames.push(performance.now()); requestAnimationFrame(note); } }; requestAnimationFrame(note);`);
    const from = await run('return window.__dwell.time()');
    const before = busy();
    if (!(await run('return window.__dwell.playing()'))) await window.press(' ', 'Space');
    await wait(seconds * 1000);
    const times = await run('const t = window.__frames; window.__frames = null; return t;');
    const share = (busy() - before) / (seconds * 1000);
    const played = (await run('return window.__dwell.time()')) - from;
    if (await run('return window.__dwell.playing()')) await window.press(' ', 'Space');
    const rate = (times.length - 1) / ((times.at(-1) - times[0]) / 1000);
    console.log(`playing at ${String(speed).padEnd(2)}x       ${rate.toFixed(1)} pictures a second, ${(played / 1000).toFixed(0)} recorded s in ${seconds} s, ${(share * 100).toFixed(0)} % of a processor, ${longest(await window.stops())}`);
  }
} catch (error) {
  console.error(error.message);
  failed = true;
}
await window?.close();
process.exit(failed ? 1 : 0);
