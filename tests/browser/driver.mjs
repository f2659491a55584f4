// The real window through WebKitWebDriver, by plain requests.
//
// The trap: driver, window and WebKit's own processes are a family. They are started as a group of their own, and the
// group is ended with this process, however that ends.
import { spawn } from 'node:child_process';
import net from 'node:net';

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

/**
 * Opens the window on the project in `folder`. `run` executes the body of a function in the window's page, `press` a
 * key as the driver's own keyboard does, `picture` answers with a PNG of an element (a CSS selector) or of everything.
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
      signal: AbortSignal.timeout(90_000),
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
  if (size) await ask('POST', at('/window/rect'), { width: size[0], height: size[1] }).catch(() => {});
  return {
    run,
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
