// The real window under WebDriver, for the programs beside this one that measure it. Needs DISPLAY and WebKitWebDriver.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** As in ui/src/replay/playback.ts. */
const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4, 8, 16];

export const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** Asks until there is an answer, for `seconds`. */
export async function patiently(what, attempt, seconds = 20) {
  let last;
  for (const until = Date.now() + seconds * 1000; Date.now() < until; ) {
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
 * Opens `program` on the caches in `folder`. `run` executes a script in the window, `press` a key, `drag` takes the
 * mouse through points of the window with the button held, `close` ends everything.
 */
export async function open(program, folder) {
  const port = 4500 + (process.pid % 400);
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
    env: { ...process.env, TAURI_WEBVIEW_AUTOMATION: 'true', GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', DWELL_DATA: folder },
    stdio: 'ignore',
  });
  let session;
  async function ask(method, path, body) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(120_000),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value?.error} ${value?.message}`);
    return value;
  }
  const run = (script, ...args) => ask('POST', `/session/${session}/execute/sync`, { script, args });
  const close = async () => {
    if (session) await Promise.race([ask('DELETE', `/session/${session}`).catch(() => {}), wait(3000)]);
    // The driver leaves behind what it started when it ends first.
    for (const { id } of descendants().reverse()) {
      try {
        process.kill(id, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  };
  try {
    const options = { binary: program, args: [] };
    const made = await patiently('the window', () =>
      ask('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } }),
    );
    session = made.sessionId;
    await patiently('the list', () => run("return document.querySelector('[data-testid=session-row]') !== null"));
  } catch (error) {
    await close();
    throw error;
  }
  const press = (key, code = '') =>
    run('document.body.dispatchEvent(new KeyboardEvent("keydown", { key: arguments[0], code: arguments[1], bubbles: true }))', key, code);
  return {
    run,
    close,
    press,
    async setSpeed(speed) {
      for (let i = 0; i < SPEEDS.length; i++) await press('-', 'Minus');
      for (let i = 0; i < SPEEDS.indexOf(speed); i++) await press('+', 'Equal');
    },
    drag: (...points) => {
      const move = ([x, y], duration = 0) => ({ type: 'pointerMove', duration, x: Math.round(x), y: Math.round(y), origin: 'viewport' });
      const [first, ...rest] = points;
      const actions = [move(first), { type: 'pointerDown', button: 0 }, ...rest.map((p) => move(p, 40)), { type: 'pointerUp', button: 0 }];
      return ask('POST', `/session/${session}/actions`, { actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }] });
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
