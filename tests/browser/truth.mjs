// Frame against truth: every visit of the corpus in the real window, both formats, at every checkpoint.
//
//   node truth.mjs WINDOW DWELL VISITS [FILTER] [--format clarity|rrweb] [--files FOLDER]… [--chromium FILE] [--json FILE] [--gallery FOLDER]
//
// 1. The tree inside the frame equals what `dwell dom` prints of that moment, but for what the sanitiser drops by its
//    documented rules (safe-tree.mjs). Not one difference is allowed.
// 2. Boxes of elements stand where they stood on the live page, within 2 px, for at least 97 of 100.
//
// The trap is to compare what was never there: a page without its style sheets or pictures cannot have its boxes. Sheets
// that the rrweb recording of a visit holds are given to both; more can be given as a mirror of the sites (--files,
// folders HOST/PATH). Elements on pages that still lack something are counted apart, and told; all of them together are
// told too. Text has the live page's boxes only with its fonts, and only with its words: what a recorder masked has other
// widths, and no player can know them. So every moment is measured a second time with the live page's words put back
// behind the masks (see UNMASKED), and both shares are told, of the same number of boxes. With --chromium the frame's page
// is laid out by that browser too: boxes that it puts, with this machine's fonts, where the frame has them are no fault of
// the frame. The share without them is told beside the others, with its number.
//
// Needs DISPLAY and WebKitWebDriver. Exit 0 when both bars hold.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';

import { openWindow, patiently, wait } from './driver.mjs';
import { READ, compareDocuments, expectedDocument, foundDocument } from './safe-tree.mjs';
import { writeGallery } from './gallery.mjs';
import { PAGE, otherEngine } from './other-engine.mjs';
import { recordedSheets } from './sheets.mjs';

const [program, dwell, root, ...rest] = process.argv.slice(2);
if (!root) {
  console.error('usage: node truth.mjs WINDOW DWELL VISITS [FILTER] [--format F] [--files FOLDER]… [--json FILE] [--gallery FOLDER]');
  process.exit(2);
}
const options = { files: [] };
let filter = '';
while (rest.length) {
  const word = rest.shift();
  if (word === '--files') options.files.push(path.resolve(rest.shift()));
  else if (word.startsWith('--')) options[word.slice(2)] = rest.shift();
  else filter = word;
}
const formats = options.format ? [options.format] : ['rrweb', 'clarity'];
const OFF = 2;
const BAR = 97;

const read = (file) => JSON.parse(file.endsWith('.gz') ? zlib.gunzipSync(fs.readFileSync(file)) : fs.readFileSync(file, 'utf8'));
function ask(cache, ...args) {
  const answer = spawnSync(dwell, [...args, '--cache', cache, '--json'], { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (answer.error) throw answer.error;
  if (answer.status !== 0 && answer.status !== 3) throw new Error(`dwell ${args[0]}: ${(answer.stderr || answer.stdout).trim().split('\n')[0]}`);
  return JSON.parse(answer.stdout);
}

/** Runs in the window: boxes of elements, by the selectors of the live page's walker. */
const BOXES = `
  const inside = document.querySelector('[data-testid=stage-frame]').contentDocument;
  const seen = new Map();
  return arguments[0].map(([selector]) => {
    const nth = seen.get(selector) ?? 0;
    seen.set(selector, nth + 1);
    let element = null;
    try { element = inside.querySelectorAll(selector)[nth]; } catch {
      try { element = inside.querySelectorAll(selector.replace(/#(\\d)/g, '#\\\\3$1 '))[nth]; } catch {}
    }
    if (!element) return null;
    // Engines tell differently of an inline element that draws nothing itself: WebKit of its own lines, of empty ones
    // around a block in it as well, Chromium of what stands in it. It is what stands in it that is compared.
    const style = inside.defaultView.getComputedStyle(element);
    const plain = style.display === 'inline' && element.firstElementChild && style.backgroundColor === 'rgba(0, 0, 0, 0)' && ['borderTopWidth', 'borderLeftWidth', 'paddingTop', 'paddingLeft', 'paddingRight'].every((name) => parseFloat(style[name]) === 0);
    const words = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const drawn = !plain ? [] : [...(words ? element.getClientRects() : []), ...[...element.children].map((child) => child.getBoundingClientRect())].filter((part) => part.width > 0);
    const r = drawn.length ? { left: Math.min(...drawn.map((p) => p.left)), top: Math.min(...drawn.map((p) => p.top)), right: Math.max(...drawn.map((p) => p.right)), bottom: Math.max(...drawn.map((p) => p.bottom)) } : element.getBoundingClientRect();
    return [r.left, r.top, r.right - r.left, r.bottom - r.top, element.localName, element.hasAttribute('dwell-missing') ? 1 : 0];
  });`;

/**
 * Runs in the window: puts the words back that stand behind masks (of equal length, as recorders write them), found in
 * the live page's text by what stands around them. MASKED takes them away again.
 */
const UNMASKED = `
  const MASKS = /[\\u2022\\u25aa\\u25ab]/;
  const words = arguments[0];
  const same = (a, b) => a.length === b.length && [...a].every((c, i) => c === b[i] || MASKS.test(c));
  const put = (window.__masked = []);
  const inside = document.querySelector('[data-testid=stage-frame]').contentDocument;
  const walk = inside.createTreeWalker(inside, 4);
  let at = 0;
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.data.trim() || /^(script|style|noscript|template|dwell-script)$/.test(node.parentElement?.localName ?? '')) continue;
    let found = at;
    while (found < words.length && found < at + 400 && !same(node.data, words[found])) found++;
    if (found === words.length || found === at + 400) continue;
    at = found + 1;
    if (MASKS.test(node.data) && node.data !== words[found]) {
      put.push([node, node.data]);
      node.data = words[found];
    }
  }
  return put.length;`;
const MASKED = 'for (const [node, data] of window.__masked ?? []) node.data = data; window.__masked = [];';

/** Texts of a live dump in document order, without those of scripts and the like. */
function wordsOf(dump) {
  const out = [];
  const stack = [dump];
  while (stack.length) {
    const node = stack.pop();
    if (typeof node === 'string') {
      if (node.trim()) out.push(node);
      continue;
    }
    if (!Array.isArray(node) || /^(!|script$|style$|noscript$|template$)/.test(node[0])) continue;
    if (Array.isArray(node[2])) stack.push(...node[2].slice().reverse());
  }
  return out;
}

const ABOUT = `
  const frame = document.querySelector('[data-testid=stage-frame]');
  const d = frame.contentDocument;
  const missing = new Set();
  for (const e of d.querySelectorAll('[dwell-missing], [dwell-missing-href], [dwell-missing-src], [dwell-missing-srcset]')) missing.add((e.localName === 'link' ? 'sheet ' : e.localName + ' ') + (e.getAttribute('dwell-missing-href') ?? e.getAttribute('dwell-missing-src') ?? ''));
  const waiting = [...d.images].filter((i) => !i.complete).length + (d.fonts.status === 'loading' ? 1 : 0);
  return { missing: [...missing], waiting, problems: Number(frame.dataset.problems), size: [d.defaultView.innerWidth, d.defaultView.innerHeight], client: [d.documentElement.clientWidth, d.documentElement.scrollHeight] };`;

const results = [];
const other = options.chromium ? await otherEngine(options.chromium) : null;
let failed = 0;
const percent = (a, b) => (b ? ((100 * a) / b).toFixed(2) : '–');

for (const format of formats) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'dwell-truth-'));
  const cache = path.join(home, 'cache.sqlite');
  const visits = new Map();
  let window;
  try {
    for (const name of fs.readdirSync(root).sort()) {
      const folder = path.join(root, name);
      if (!name.includes(filter) || !fs.existsSync(path.join(folder, 'visit.json'))) continue;
      const merged = path.join(folder, 'rrweb.merged.json.gz');
      const source = format === 'clarity' ? path.join(folder, 'clarity') : fs.existsSync(merged) ? merged : path.join(folder, 'rrweb', '01.json');
      const { sessions } = ask(cache, 'import', source);
      if (sessions.length !== 1) throw new Error(`${name}: ${sessions.length} sessions from one visit`);
      const sheets = recordedSheets(folder, path.join(home, 'sheets', name), options.files);
      if (sheets) ask(cache, 'assets', 'add', sheets, '--session', sessions[0]);
      visits.set(sessions[0], { name, folder, visit: read(path.join(folder, 'visit.json')) });
    }
    for (const folder of options.files) ask(cache, 'assets', 'add', folder);

    window = await openWindow(program, home);
    const { run, press } = window;
    await patiently('the list', () => run("return document.querySelector('[data-testid=session-row]') !== null"));
    await run("document.querySelector('[data-testid=session-row]').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))");
    await patiently('the player', () => run('return window.__dwell?.shown() != null'));
    // No cursor and rings in the pictures, and as much room as there is.
    await press('o', 'KeyO');
    if (options.gallery) await run('document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "F", shiftKey: true, bubbles: true }))');

    let id = null;
    for (let count = 0; count < visits.size; count++) {
      if (id) await press('j', 'KeyJ');
      const before = id;
      id = await patiently('the next session', () => run('return window.__dwell?.shown() != null && window.__dwell.id !== arguments[0] && window.__dwell.id', before));
      const known = visits.get(id);
      if (!known) throw new Error(`${id} is none of the visits`);
      const { name, folder, visit } = known;
      const sum = { format, visit: name, checkpoints: 0, nodes: 0, unlike: 0, scrolls: 0, scrollsUnlike: 0, sheets: 0, sheetsUnlike: 0, boxes: 0, boxesRight: 0, boxesFit: 0, lackBoxes: 0, lackRight: 0, lackFit: 0, here: 0, lackHere: 0, differences: [], off: [], missing: new Set(), points: [] };
      for (const checkpoint of visit.checkpoints) {
        sum.checkpoints++;
        await run('window.__dwell.seek(arguments[0])', checkpoint.t);
        await patiently('the moment', () => run('return window.__dwell.shown() != null && !window.__dwell.seeking()'));
        let about = await run(ABOUT);
        for (let i = 0; i < 60 && about.waiting; i++) {
          await wait(50);
          about = await run(ABOUT);
        }
        // Lines get what WebKit cut off them a moment after the picture.
        await wait(400);
        const note = (kind, where, wanted, got) => {
          if (kind === 'scroll') sum.scrollsUnlike++;
          sum.differences.push({ checkpoint: checkpoint.name, kind, where, wanted, got });
        };
        const live = await run(`${READ} return documentOf(document.querySelector('[data-testid=stage-frame]').contentDocument);`);
        const recorded = ask(cache, 'dom', id, '--time', String(checkpoint.t));
        const counts = compareDocuments(expectedDocument(recorded), foundDocument(live), note);
        for (const key of ['nodes', 'unlike', 'scrolls', 'sheets', 'sheetsUnlike']) sum[key] += counts[key];
        if (about.problems) sum.unlike++, note('problems', 'frame', 0, about.problems);

        const truth = read(path.join(folder, 'checkpoints', `${checkpoint.name}.dom.json.gz`));
        const boxes = await run(BOXES, truth.boxes);
        let loose = boxes;
        let there = null;
        if (await run(UNMASKED, wordsOf(truth.dom))) {
          await wait(400);
          loose = await run(BOXES, truth.boxes);
          if (other) there = await other.boxes(await run(PAGE), BOXES, truth.boxes);
          await run(MASKED);
          await wait(150);
        } else if (other) there = await other.boxes(await run(PAGE), BOXES, truth.boxes);
        const near = (box, got) => Boolean(got) && box.every((v, k) => Math.abs(v - got[k]) <= OFF);
        const lacks = about.missing.length > 0;
        for (const m of about.missing) sum.missing.add(m);
        let right = 0;
        let fit = 0;
        let here = 0;
        truth.boxes.forEach(([selector, ...box], i) => {
          const got = boxes[i];
          const fits = near(box, got) || near(box, loose[i]);
          if (fits) fit++;
          if (near(box, got)) right++;
          const alike = !fits && there?.[i] && loose[i] && near(there[i].slice(0, 4), loose[i]);
          if (alike) here++;
          if (!fits) sum.off.push({ here: Boolean(alike), there: there?.[i]?.slice(0, 4), checkpoint: checkpoint.name, selector, wanted: box, got: got && got.slice(0, 4).map((v) => Math.round(v * 100) / 100), loose: loose[i]?.slice(0, 4).map((v) => Math.round(v * 100) / 100), lacks });
        });
        sum[lacks ? 'lackBoxes' : 'boxes'] += truth.boxes.length;
        sum[lacks ? 'lackRight' : 'boxesRight'] += right;
        sum[lacks ? 'lackFit' : 'boxesFit'] += fit;
        sum[lacks ? 'lackHere' : 'here'] += here;
        const point = { name: checkpoint.name, t: checkpoint.t, label: checkpoint.label, unlike: counts.unlike, boxes: truth.boxes.length, right, missing: about.missing, size: about.size, client: about.client, live: [truth.viewport?.w, truth.viewport?.h, truth.page?.w, truth.page?.h] };
        sum.points.push(point);
        if (options.gallery) {
          const file = path.join(name, `${format}-${checkpoint.name}.png`);
          fs.mkdirSync(path.join(options.gallery, name), { recursive: true });
          // A driver's picture of one element is cut elsewhere when the element is scaled.
          [point.rect, point.window] = await run("const r = document.querySelector('[data-testid=stage-frame]').getBoundingClientRect(); return [[r.left, r.top, r.width, r.height], [innerWidth, innerHeight]]");
          fs.writeFileSync(path.join(options.gallery, file), await window.picture());
          fs.copyFileSync(path.join(folder, 'checkpoints', `${checkpoint.name}.png`), path.join(options.gallery, name, `live-${checkpoint.name}.png`));
          point.picture = file;
        }
      }
      sum.missing = [...sum.missing];
      results.push(sum);
      console.log(
        `${format.padEnd(8)}${name.padEnd(26)} ${String(sum.checkpoints).padStart(2)} moments, ${sum.unlike} of ${sum.nodes} nodes differ, scrolls ${sum.scrolls - sum.scrollsUnlike}/${sum.scrolls}, ` +
          `rules ${sum.sheets - sum.sheetsUnlike}/${sum.sheets}, boxes ${percent(sum.boxesRight, sum.boxes)} % (${percent(sum.boxesFit, sum.boxes)} % with the words behind masks) of ${sum.boxes}${other ? `, ${sum.here} off in Chromium here too` : ''}` +
          (sum.lackBoxes ? `, with files missing ${percent(sum.lackRight, sum.lackBoxes)} % (${percent(sum.lackFit, sum.lackBoxes)} %) of ${sum.lackBoxes}` : ''),
      );
      const shown = new Map();
      for (const d of sum.differences) {
        const kind = `${d.kind} ${d.where.replace(/^.*(?=>)/, '')}`;
        if (shown.has(kind) || shown.size >= 6) continue;
        shown.set(kind, 1);
        console.log(`    ${d.checkpoint} ${d.kind} ${d.where.slice(-120)}: ${JSON.stringify(d.wanted)?.slice(0, 90)} is ${JSON.stringify(d.got)?.slice(0, 90)}`);
      }
    }
  } catch (error) {
    console.error(`${format}: ${error.message}`);
    failed++;
  } finally {
    await window?.close();
    fs.rmSync(home, { recursive: true, force: true });
  }
}

const total = (rows, key) => rows.reduce((sum, row) => sum + row[key], 0);
for (const format of [...formats, ...(formats.length > 1 ? ['both'] : [])]) {
  const rows = results.filter((row) => format === 'both' || row.format === format);
  const [unlike, boxes, right, fit] = ['unlike', 'boxes', 'boxesRight', 'boxesFit'].map((key) => total(rows, key));
  console.log(
    `${format}: ${rows.length} visits, ${total(rows, 'checkpoints')} moments, ${unlike} of ${total(rows, 'nodes')} nodes differ, ` +
      `scrolls ${total(rows, 'scrolls') - total(rows, 'scrollsUnlike')} of ${total(rows, 'scrolls')}, boxes within ${OFF} px ${percent(right, boxes)} % of ${boxes}, ${percent(fit, boxes)} % with the words behind masks` +
      `, where files are missing ${percent(total(rows, 'lackRight'), total(rows, 'lackBoxes'))} % (${percent(total(rows, 'lackFit'), total(rows, 'lackBoxes'))} %) of ${total(rows, 'lackBoxes')}` +
      `, together ${percent(right + total(rows, 'lackRight'), boxes + total(rows, 'lackBoxes'))} % (${percent(fit + total(rows, 'lackFit'), boxes + total(rows, 'lackBoxes'))} %) of ${boxes + total(rows, 'lackBoxes')}`,
  );
  if (other) {
    const [here, lackBoxes, lackHere] = ['here', 'lackBoxes', 'lackHere'].map((key) => total(rows, key));
    console.log(
      `${format}: where fonts allow, with the words behind masks ${percent(fit, boxes - here)} % of ${boxes - here}; the other ${here} stand elsewhere in Chromium on this machine too` +
        `; with the pages that lack files ${percent(fit + total(rows, 'lackFit'), boxes - here + lackBoxes - lackHere)} % of ${boxes - here + lackBoxes - lackHere}, the other ${here + lackHere} as before`,
    );
  }
  if (!boxes) console.log(`${format}: no page has all its files, so no box was measured; give them with --files`);
  if (unlike || !boxes || (100 * right) / boxes < BAR) failed++;
}
await other?.close();
if (options.json) fs.writeFileSync(options.json, JSON.stringify(results, null, 1));
if (options.gallery) writeGallery(options.gallery, results);
console.log(failed ? 'falls short' : 'every bar holds');
process.exit(failed ? 1 : 0);
