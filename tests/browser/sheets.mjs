// Style sheets of a visit's pages, out of its rrweb recording: rrweb writes the rules of a linked sheet into the recording
// and leaves its address out; the live page's dump has addresses and no rules. They are put together by their order.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const read = (file) => JSON.parse(file.endsWith('.gz') ? zlib.gunzipSync(fs.readFileSync(file)) : fs.readFileSync(file, 'utf8'));

/** Linked sheets of a live dump, in order: address and number of rules. */
function linked(dump, base) {
  const out = [];
  const stack = [dump];
  while (stack.length) {
    const node = stack.pop();
    if (!Array.isArray(node) || node[0] === '!--') continue;
    const [tag, attrs, kids, extra] = node;
    if (tag === 'link' && /\bstylesheet\b/i.test(attrs.rel ?? '') && extra?.css) out.push({ url: new URL(attrs.href, base), rules: extra.css[0] });
    if (Array.isArray(kids)) stack.push(...kids.slice().reverse());
  }
  return out;
}

/** Sheets that rrweb wrote into a full snapshot, in order. */
function written(event) {
  const out = [];
  const stack = [event.data.node];
  while (stack.length) {
    const node = stack.pop();
    if (node.tagName === 'link' && node.attributes?._cssText) out.push(node.attributes._cssText);
    if (node.childNodes) stack.push(...node.childNodes.slice().reverse());
  }
  return out;
}

/**
 * Writes them as `HOST/PATH` into `out`; the folder, or null when there is none. What one of `mirrors` has is left to it:
 * browsers lose parts of a rule when they write it out (of a `background` with several layers the later ones' sizes).
 */
export function recordedSheets(folder, out, mirrors) {
  const visit = read(path.join(folder, 'visit.json'));
  const known = new Map();
  for (const page of visit.pages) {
    const checkpoint = visit.checkpoints.find((c) => c.pv === page.n);
    if (!checkpoint) continue;
    const links = linked(read(path.join(folder, 'checkpoints', `${checkpoint.name}.dom.json.gz`)).dom, checkpoint.href);
    const snapshot = read(path.join(folder, page.rrweb)).findLast((event) => event.type === 2 && event.timestamp <= checkpoint.t);
    const texts = snapshot ? written(snapshot) : [];
    if (links.length !== texts.length) continue;
    links.forEach(({ url }, i) => known.set(path.join(url.host, decodeURIComponent(url.pathname) + url.search), texts[i]));
  }
  for (const [file, text] of known) {
    if (mirrors.some((mirror) => fs.existsSync(path.join(mirror, file)))) {
      known.delete(file);
      continue;
    }
    const at = path.join(out, file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, text);
  }
  return known.size ? out : null;
}
