#!/usr/bin/env node
// Speed of npm clarity-decode on the bodies that clarity.rs measures, in MB/s (10^6 bytes), on one thread.
//   node clarity-decode.mjs PACKAGE_FOLDER CORPUS_FOLDER
// PACKAGE_FOLDER is an unpacked clarity-decode 0.8.70 (its package.json and build/). Prints one JSON line.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [folder, corpus] = process.argv.slice(2).map(p => path.resolve(p));
const { decode } = createRequire(path.join(folder, 'package.json'))(folder);
const visits = path.join(corpus, 'visits');
const bodies = fs.readdirSync(visits).sort().filter(v => fs.existsSync(path.join(visits, v, 'clarity'))).flatMap(v => {
  const dir = path.join(visits, v, 'clarity');
  return fs.readdirSync(dir).sort().map(f => fs.readFileSync(path.join(dir, f), 'utf8'));
});
const bytes = bodies.reduce((n, b) => n + Buffer.byteLength(b), 0);
let events = 0;
const pass = () => { for (const body of bodies) events += Object.keys(decode(body)).length; };
for (let i = 0; i < 5; i++) pass();
const times = [];
for (let i = 0; i < 25; i++) { const t = process.hrtime.bigint(); pass(); times.push(Number(process.hrtime.bigint() - t) / 1e9); }
times.sort((a, b) => a - b);
const rate = s => Math.round(bytes / s / 1e5) / 10;
console.log(JSON.stringify({ decoder: 'clarity-decode', bodies: bodies.length, bytes, median: rate(times[12]), fastest: rate(times[0]) }));
