// The page of `make gallery`: the frame beside the live page at every moment. Pictures are of the whole window; the page
// shows the part that was the frame.
import fs from 'node:fs';
import path from 'node:path';

export function writeGallery(folder, results) {
  const all = results.flatMap((row) => row.points.filter((p) => p.picture).map((p) => ({ ...p, visit: row.visit, format: row.format })));
  all.sort((a, b) => (a.visit + a.name < b.visit + b.name ? -1 : a.visit + a.name > b.visit + b.name ? 1 : a.format < b.format ? 1 : -1));
  const data = JSON.stringify(all).replaceAll('<', '\\u003c');
  fs.writeFileSync(
    path.join(folder, 'index.html'),
    `<!doctype html>
<meta charset="utf-8"><title>Frame beside live page</title>
<style>
  body { margin: 0; font: 13px/1.5 system-ui, sans-serif; background: #f2f3f0; color: #1c1f1c; display: grid; grid-template: auto 1fr / 220px 1fr; height: 100vh; }
  header { grid-column: 1 / 3; padding: 8px 16px; display: flex; gap: 24px; align-items: baseline; background: #fff; border-bottom: 1px solid #dcdedb; }
  header b { font-size: 15px; } header .bad { color: #b3261e; } kbd { border: 1px solid #c8cac6; border-radius: 3px; padding: 0 4px; }
  nav { overflow: auto; padding: 8px; } nav button { all: unset; display: block; width: 100%; box-sizing: border-box; padding: 1px 8px; border-radius: 4px; cursor: pointer; }
  nav button[aria-current] { background: #00695c; color: #fff; } nav button:focus-visible { outline: 2px solid #00695c; }
  main { overflow: auto; padding: 16px; display: flex; gap: 16px; align-items: flex-start; flex-wrap: wrap; }
  figure { margin: 0; } figcaption { color: #5d645f; margin-bottom: 4px; }
  .crop { width: var(--w); height: var(--h); overflow: hidden; position: relative; background: #fff; box-shadow: 0 0 0 1px #dcdedb; }
  .crop img { position: absolute; max-width: none; }
  .over .live { mix-blend-mode: difference; inset: 0; width: 100%; }
</style>
<header><b id="name"></b><span id="said"></span><span class="bad" id="lack"></span><span style="margin-left:auto"><kbd>←</kbd> <kbd>→</kbd> moments, <kbd>↑</kbd> <kbd>↓</kbd> visits, <kbd>D</kbd> difference, <kbd>F</kbd> other format</span></header>
<nav id="nav"></nav><main id="main"></main>
<script>
const all = ${data};
let at = Math.max(0, all.findIndex((p) => '#' + [p.visit, p.name, p.format] === decodeURIComponent(location.hash)));
let different = false;
const $ = (id) => document.getElementById(id);
const text = (s) => document.createTextNode(s);
function crop(p, over) {
  const w = 640, scale = w / p.rect[2], box = document.createElement('div');
  box.className = 'crop' + (over ? ' over' : '');
  box.style.setProperty('--w', w + 'px'); box.style.setProperty('--h', Math.round(p.rect[3] * scale) + 'px');
  const img = new Image(); img.src = p.picture;
  img.style.cssText = 'left:' + -p.rect[0] * scale + 'px;top:' + -p.rect[1] * scale + 'px;width:' + p.window[0] * scale + 'px';
  box.append(img);
  if (over) { const live = new Image(); live.src = p.visit + '/live-' + p.name + '.png'; live.className = 'live'; box.append(live); }
  return box;
}
function figure(title, inside) { const f = document.createElement('figure'), c = document.createElement('figcaption'); c.append(text(title)); f.append(c, inside); return f; }
function show() {
  const p = all[at]; if (!p) return;
  location.replace('#' + encodeURIComponent([p.visit, p.name, p.format]));
  $('name').textContent = p.visit + ' ' + p.name + ' (' + p.format + ')';
  $('said').textContent = p.label + ': ' + p.unlike + ' nodes differ, ' + p.right + ' of ' + p.boxes + ' boxes in place';
  $('lack').textContent = p.missing.length ? p.missing.length + ' files missing' : ''; $('lack').title = p.missing.join('\\n');
  const live = new Image(); live.src = p.visit + '/live-' + p.name + '.png'; live.width = 640;
  $('main').replaceChildren(figure('Dwell', crop(p, false)), figure('Live', live), ...(different ? [figure('Difference', crop(p, true))] : []));
  $('nav').replaceChildren(...all.map((q, i) => { const b = document.createElement('button'); b.append(text(q.visit.slice(0, 3) + ' ' + q.name + ' ' + q.format)); if (i === at) b.setAttribute('aria-current', 'true'); b.onclick = () => { at = i; show(); }; return b; }));
  $('nav').querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  for (const q of all.slice(at + 1, at + 3)) new Image().src = q.picture;
}
addEventListener('keydown', (event) => {
  const p = all[at];
  const visits = [...new Set(all.map((q) => q.visit))];
  const to = (visit) => all.findIndex((q) => q.visit === visit && q.format === p.format);
  if (event.key === 'ArrowRight') at = Math.min(all.length - 1, at + 1);
  else if (event.key === 'ArrowLeft') at = Math.max(0, at - 1);
  else if (event.key === 'ArrowDown') at = Math.max(0, to(visits[Math.min(visits.length - 1, visits.indexOf(p.visit) + 1)]));
  else if (event.key === 'ArrowUp') at = Math.max(0, to(visits[Math.max(0, visits.indexOf(p.visit) - 1)]));
  else if (event.key === 'd') different = !different;
  else if (event.key === 'f') { const other = all.findIndex((q) => q.visit === p.visit && q.name === p.name && q.format !== p.format); if (other >= 0) at = other; }
  else return;
  event.preventDefault();
  show();
});
show();
</script>
`,
  );
}
