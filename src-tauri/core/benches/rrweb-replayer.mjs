// What rrweb's own Replayer takes for the seeks of benches/seek.rs: node rrweb-replayer.mjs PACKAGE RECORDING.json LIST.json [SEEKS]
//
// Prints one line of JSON: ms for each seek in headless Chromium (CHROMIUM, else chromium on the path), from the call to
// its return, when the page in the player's frame is rebuilt; `shown` are ms up to the second animation frame after it.
//
// The trap: `pause(ms)` does all its work before it returns, but only when nothing is still loading; so the player is
// given time after its first picture, and the pages it is asked for have no files to load.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const [pack, recording, list, most = '200'] = process.argv.slice(2);
if (!list) {
  console.error('usage: node rrweb-replayer.mjs PACKAGE RECORDING.json LIST.json [SEEKS]');
  process.exit(2);
}
const seeks = JSON.parse(readFileSync(list, 'utf8')).slice(0, Number(most));
const files = {
  '/rrweb.js': [path.join(pack, 'dist/rrweb.umd.min.cjs'), 'text/javascript'],
  '/style.css': [path.join(pack, 'dist/style.min.css'), 'text/css'],
  '/events.json': [recording, 'application/json'],
};

async function measure(seeks) {
  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const events = await (await fetch('/events.json')).json();
  const player = new window.rrweb.Replayer(events, { mouseTail: false, showWarning: false, triggerFocus: false, root: document.body });
  player.pause(500);
  await new Promise((done) => setTimeout(done, 1500));
  const ms = [];
  const shown = [];
  for (const time of seeks) {
    const begun = performance.now();
    player.pause(time);
    ms.push(performance.now() - begun);
    await frames();
    shown.push(performance.now() - begun);
  }
  const nodes = player.iframe.contentDocument.querySelectorAll('*').length;
  await fetch('/done', { method: 'POST', body: JSON.stringify({ ms, shown, nodes }) });
}

const page = `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/style.css"><body><script src="/rrweb.js"></script>
<script>(${measure})(${JSON.stringify(seeks)}).catch((e) => fetch('/done', { method: 'POST', body: JSON.stringify({ error: String(e) }) }))</script>`;

let browser;
const profile = mkdtempSync(path.join(os.tmpdir(), 'rrweb-replayer-'));
const server = http.createServer((request, response) => {
  const file = files[request.url];
  if (request.url === '/done') {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      response.end();
      end(JSON.parse(body));
    });
  } else if (request.url === '/') {
    response.setHeader('content-type', 'text/html').end(page);
  } else if (file) {
    response.setHeader('content-type', file[1]).end(readFileSync(file[0]));
  } else {
    response.statusCode = 404;
    response.end();
  }
});
const timer = setTimeout(() => end({ error: 'no answer in ten minutes' }), 600_000);

function end(answer) {
  clearTimeout(timer);
  browser.once('exit', () => {
    // Its helpers may still write while they end.
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    if (answer.error) console.error(`rrweb's player: ${answer.error}`);
    else console.log(JSON.stringify({ player: 'rrweb', ...answer }));
    process.exit(answer.error ? 1 : 0);
  });
  process.kill(-browser.pid, 'SIGKILL');
}

server.listen(0, '127.0.0.1', () => {
  const address = `http://127.0.0.1:${server.address().port}/`;
  const flags = ['--headless=new', '--no-first-run', '--disable-gpu', '--no-proxy-server', `--user-data-dir=${profile}`, '--window-size=1400,900'];
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  browser = spawn(process.env.CHROMIUM ?? 'chromium', [...flags, address], { stdio: 'ignore', detached: true });
  browser.once('error', (error) => {
    console.error(`Chromium cannot be started: ${error.message}`);
    process.exit(1);
  });
});
