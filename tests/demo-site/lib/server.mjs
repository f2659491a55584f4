// Serves the shop on loopback over TLS with a throw-away certificate.
import https from 'node:https';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { answer } from './site.mjs';

export const HOST = 'www.larkmoor.example', ORIGIN = `https://${HOST}`;
export const beacons = new Set();

function certificate() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'larkmoor-'));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '30', '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`], { cwd: dir, stdio: 'ignore' });
  const c = { key: fs.readFileSync(path.join(dir, 'key.pem')), cert: fs.readFileSync(path.join(dir, 'cert.pem')) };
  fs.rmSync(dir, { recursive: true });
  return c;
}
export function startServer() {
  const server = https.createServer(certificate(), (req, res) => {
    const url = new URL(req.url, ORIGIN);
    if (url.pathname === '/__beacon') {
      const parts = [];
      req.on('data', d => parts.push(d)).on('end', () => { const body = Buffer.concat(parts).toString('utf8'); for (const f of beacons) f(body); res.writeHead(204).end(); });
      return;
    }
    // any other host name is a place that a visitor came from
    const host = (req.headers.host || '').replace(/:\d+$/, '');
    if (host !== HOST) return res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Elsewhere</title>');
    const a = answer(url, req.headers['x-privacy'] === 'strict');
    res.writeHead(a.status, { 'content-type': a.type, 'cache-control': a.type.startsWith('text/html') ? 'no-store' : 'max-age=600' }).end(a.body);
  });
  return new Promise(ok => server.listen(0, '127.0.0.1', () => ok(server)));
}
