// What the window does when the process that draws it ends: node stopped.mjs WINDOW CACHE_FOLDER [PICTURE]
//
// Opens the first session, seeks, kills the web process by its id, and looks whether another one comes and stays; then
// once more. After the first end the window should be back in the player where it was, after the second at the list,
// both with a sentence about it. Linux only. Exit status 1 when no process comes back.
//
// The trap: with the process its WebDriver session ends, and nothing can be asked in the window any more. PICTURE, a
// program that is run after each end with `first` or `second`, may look at the display.
import { spawnSync } from 'node:child_process';

import { descendants, open, patiently, wait } from './driver.mjs';

const [program, folder, picture] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node stopped.mjs WINDOW CACHE_FOLDER [PICTURE]');
  process.exit(2);
}

const webProcesses = () => descendants().filter(({ name }) => name.startsWith('WebKitWebProces')).map(({ id }) => id);

let window;
let failed = false;
try {
  window = await open(program, folder);
  const { run } = window;
  await window.openFirst();
  await patiently('the first picture', () => run('return window.__dwell?.shown() != null'), 60);
  for (let i = 0; i < 3; i++) await window.press('ArrowRight', 'ArrowRight');
  await wait(2500);
  const before = await run("return localStorage.getItem('dwell.where')");
  for (const what of ['first', 'second']) {
    const [old, ...more] = webProcesses();
    if (!old || more.length) throw new Error(`${more.length + 1} web processes`);
    process.kill(old, 'SIGKILL');
    const next = await patiently('another web process', () => webProcesses().find((id) => id !== old));
    await wait(6000);
    if (!webProcesses().includes(next)) throw new Error(`it ended again after the ${what} end`);
    console.log(`${what} end: process ${old} replaced by ${next}; it was at ${before}`);
    if (picture) spawnSync(picture, [what], { stdio: 'inherit' });
  }
} catch (error) {
  console.error(error.message);
  failed = true;
}
await window?.close();
process.exit(failed ? 1 : 0);
