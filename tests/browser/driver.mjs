// The real window through WebKitWebDriver, by plain requests.
//
// The trap: driver, window and WebKit's own processes are a family. They are started as a group of their own, and the
// group is ended with this process, however that ends.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';

/** As in ui/src/replay/playback.ts. */
const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4, 8, 16];

export const wait = (ms) => new Promise((done) => setTimeout(done, ms));

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Asks again and again until something true comes. */
export async function patiently(what, attempt, seconds = 20) {
  let last;
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await wait(25)) {
    try {
      const got = await attempt();
      if (got) return got;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`${what} did not come${last ? `: ${last.message}` : ''}`);
}

/** Ids and names of the processes that descend from this one. Linux; elsewhere none. */
export function descendants() {
  const all = new Map();
  try {
    for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
        const end = stat.lastIndexOf(')');
        all.set(Number(id), { name: stat.slice(stat.indexOf('(') + 1, end), parent: Number(stat.slice(end + 2).split(' ')[1]) });
      } catch {
        // It ended meanwhile.
      }
    }
  } catch {
    // No /proc.
  }
  const ours = (id) => id === process.pid || (all.has(id) && ours(all.get(id).parent));
  return [...all].filter(([id, { parent }]) => id !== process.pid && ours(parent)).map(([id, { name }]) => ({ id, name }));
}

/**
 * Opens the window on the project in `folder`. `run` executes the body of a function in the window's page, `press` a
 * key where the focus is not, `picture` answers with a PNG of an element (a CSS selector) or of everything.
 */
export async function openWindow(program, folder, { args = [], size } = {}) {
  const port = await freePort();
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
    env: { ...process.env, TAURI_WEBVIEW_AUTOMATION: 'true', GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', LIBGL_ALWAYS_SOFTWARE: '1', DWELL_DATA: folder },
    stdio: 'ignore',
    detached: true,
  });
  const end = () => {
    try {
      process.kill(-driver.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  };
  process.on('exit', end);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

  const ask = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(120_000),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value?.error} ${value?.message}`);
    return value;
  };
  await patiently('the driver', () => fetch(`http://127.0.0.1:${port}/status`).then(() => true));
  const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': { binary: program, args } } };
  const { sessionId } = await ask('POST', '/session', { capabilities });
  const at = (path) => `/session/${sessionId}${path}`;
  const run = (script, ...args) => ask('POST', at('/execute/sync'), { script, args });
  const press = (key, code = '') =>
    run('document.body.dispatchEvent(new KeyboardEvent("keydown", { key: arguments[0], code: arguments[1], bubbles: true }))', key, code);
  if (size) await ask('POST', at('/window/rect'), { width: size[0], height: size[1] }).catch(() => {});
  return {
    ask: (method, path, body) => ask(method, at(path), body),
    run,
    press,
    async picture(selector) {
      if (!selector) return Buffer.from(await ask('GET', at('/screenshot')), 'base64');
      const element = await ask('POST', at('/element'), { using: 'css selector', value: selector });
      return Buffer.from(await ask('GET', at(`/element/${Object.values(element)[0]}/screenshot`)), 'base64');
    },
    async close() {
      await Promise.race([ask('DELETE', at('')).catch(() => {}), wait(3000)]);
      end();
    },
  };
}

/**
 * As `openWindow`, for the programs that measure: waits for the list. `drag` takes the mouse through
 * points of the window with the button held.
 */
export async function open(program, folder) {
  const window = await openWindow(program, folder);
  const { ask, run, press } = window;
  try {
    await patiently('the list', () => run("return document.querySelector('[data-testid=session-row]') !== null"));
  } catch (error) {
    await window.close();
    throw error;
  }
  return {
    ...window,
    async setSpeed(speed) {
      for (let i = 0; i < SPEEDS.length; i++) await press('-', 'Minus');
      for (let i = 0; i < SPEEDS.indexOf(speed); i++) await press('+', 'Equal');
    },
    drag: (...points) => {
      const move = ([x, y], duration = 0) => ({ type: 'pointerMove', duration, x: Math.round(x), y: Math.round(y), origin: 'viewport' });
      const [first, ...rest] = points;
      const actions = [move(first), { type: 'pointerDown', button: 0 }, ...rest.map((p) => move(p, 40)), { type: 'pointerUp', button: 0 }];
      return ask('POST', '/actions', { actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }] });
    },
    /** Opens the first session of the list. */
    openFirst: () => run("document.querySelector('[data-testid=session-row]').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))"),
    /** From now on notes how long the window did nothing; `stops` tells and starts anew. */
    watch: () =>
      run(`
        let last = performance.now();
        window.__stops = [];
        clearInterval(window.__watch);
        window.__watch = setInterval(() => { const now = performance.now(); window.__stops.push(now - last); last = now; }, 10);`),
    stops: () => run('const s = window.__stops; window.__stops = []; return s.filter((ms) => ms > 50).sort((a, b) => b - a);'),
  };
}
