// What the window does when the process that draws it ends: node stopped.mjs WINDOW CACHE_FOLDER
//
// Opens the first session, seeks, kills the web process by its id, and says where the window is afterwards; then once
// more, which must end at the list. Linux only: it looks for the process in /proc. Exit status 1 when it is not so.
import { readdirSync, readFileSync } from 'node:fs';

import { open, patiently, wait } from './driver.mjs';

const [program, folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node stopped.mjs WINDOW CACHE_FOLDER');
  process.exit(2);
}

/** Ids of the web processes that descend from this one. */
function webProcesses() {
  const all = new Map();
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      all.set(Number(id), { name, parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) });
    } catch {
      // It ended meanwhile.
    }
  }
  const ours = (id) => id === process.pid || (all.has(id) && ours(all.get(id).parent));
  return [...all].filter(([id, { name }]) => name.startsWith('WebKitWebProces') && ours(id)).map(([id]) => id);
}

let window;
let failed = false;
try {
  window = await open(program, folder);
  const { run } = window;
  await window.openFirst();
  await patiently('the first picture', () => run('return window.__dwell?.shown() != null'), 60);
  for (let i = 0; i < 3; i++) await window.press('ArrowRight', 'ArrowRight');
  await wait(2500);
  const before = await run('return { id: window.__dwell.id, time: window.__dwell.time() }');
  const kill = () => {
    const ids = webProcesses();
    if (ids.length !== 1) throw new Error(`${ids.length} web processes`);
    process.kill(ids[0], 'SIGKILL');
  };
  kill();
  const after = await patiently('the player after the first end', () =>
    run("return window.__dwell?.shown() != null && { id: window.__dwell.id, time: window.__dwell.time(), notice: document.querySelector('[data-testid=notice]')?.textContent }"), 30);
  console.log(`first end: ${JSON.stringify({ before, after })}`);
  if (after.id !== before.id || Math.abs(after.time - before.time) > 50 || !after.notice) throw new Error('not back where it was');
  await wait(1500);
  kill();
  const list = await patiently('the list after the second end', () =>
    run("return document.querySelector('[data-testid=session-row]') && !window.__dwell && document.querySelector('[data-testid=notice]')?.textContent"), 30);
  console.log(`second end: the list; ${list}`);
} catch (error) {
  console.error(error.message);
  failed = true;
}
await window?.close();
process.exit(failed ? 1 : 0);
