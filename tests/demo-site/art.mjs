// The shop's pictures: SVG written here, rendered to WebP by `node art.mjs`. All drawings are our own.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const OUT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'site/img');
const rng = seed => () => (seed = (seed * 1664525 + 1013904223) >>> 0) / 4294967296;

function ridge(w, base, amp, rough, seed) {
  const r = rng(seed), a = [];
  for (let i = 0; i < 6; i++) a.push([r() * 6.28, (i + 1) * rough * (0.7 + r() * 0.6), amp / (i + 1.2)]);
  let d = `M0 2000`;
  for (let x = 0; x <= w; x += 8) { let y = base; for (const [p, f, h] of a) y += Math.sin(p + x / w * 6.28 * f) * h * 0.5; d += `L${x} ${y.toFixed(1)}`; }
  return d + `L${w} 2000Z`;
}
function pine(x, y, h, fill) {
  let d = '';
  for (let i = 0; i < 5; i++) { const t = y - h + (h * 0.17) * i, w = h * (0.07 + 0.045 * i); d += `M${x} ${(t).toFixed(1)}L${(x + w).toFixed(1)} ${(t + h * 0.3).toFixed(1)}L${(x - w).toFixed(1)} ${(t + h * 0.3).toFixed(1)}Z`; }
  return `<path d="${d}M${x - h * 0.02} ${y - h * 0.1}h${h * 0.04}v${h * 0.12}h-${h * 0.04}Z" fill="${fill}"/>`;
}
function forest(w, base, h, n, fill, seed, from = 0, to = 1) {
  const r = rng(seed); let s = '';
  for (let i = 0; i < n; i++) s += pine(w * (from + (to - from) * (i + r()) / n), base + r() * h * 0.25, h * (0.6 + r() * 0.7), fill);
  return s;
}
function landscape({ w = 1600, h = 900, sky, sun, layers, seed, extra = '', trees }) {
  const H = h;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}"><defs>
  <linearGradient id="s" x1="0" y1="0" x2="0" y2="1">${sky.map(([o, c]) => `<stop offset="${o}" stop-color="${c}"/>`).join('')}</linearGradient>
  <radialGradient id="g"><stop offset="0" stop-color="${sun[3]}" stop-opacity=".95"/><stop offset=".16" stop-color="${sun[3]}" stop-opacity=".5"/><stop offset="1" stop-color="${sun[3]}" stop-opacity="0"/></radialGradient>
  <linearGradient id="m" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#fff" stop-opacity=".28"/></linearGradient></defs>
  <rect width="${w}" height="${h}" fill="url(#s)"/>
  <circle cx="${sun[0]}" cy="${sun[1]}" r="${sun[2] * 6}" fill="url(#g)"/><circle cx="${sun[0]}" cy="${sun[1]}" r="${sun[2]}" fill="${sun[3]}"/>
  ${layers.map(([b, a, ro, c], i) => `<path d="${ridge(w, H * b, H * a, ro, seed + i * 77)}" fill="${c}"/>${i < layers.length - 1 ? `<rect y="${H * (b - a)}" width="${w}" height="${H * 0.34}" fill="url(#m)" opacity=".35"/>` : ''}${trees && trees[i] ? forest(w, H * (b + 0.01), H * trees[i][0], trees[i][1], c, seed + i * 13, trees[i][2] ?? 0, trees[i][3] ?? 1) : ''}`).join('')}
  ${extra}</svg>`;
}
const tentGlow = (x, y, k) => `<g transform="translate(${x} ${y}) scale(${k})"><defs><radialGradient id="tg"><stop offset="0" stop-color="#ffdf9a" stop-opacity=".75"/><stop offset="1" stop-color="#ffb45a" stop-opacity="0"/></radialGradient><linearGradient id="tw" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#e9a44a"/><stop offset="1" stop-color="#ffe0a0"/></linearGradient></defs>
  <ellipse cx="0" cy="-40" rx="260" ry="170" fill="url(#tg)"/><path d="M-130 0Q-70 -70 0 -128Q70 -70 130 0Z" fill="url(#tw)"/><path d="M0 -128Q70 -70 130 0L42 0Z" fill="#c97a2b"/><path d="M0 -128L-34 0H42Z" fill="#fff3cf"/><path d="M0 -128L-34 0H-12Z" fill="#d98b37"/><path d="M0 -128L42 0H26Z" fill="#b96a22"/><path d="M-130 0L-176 14M130 0L176 14" stroke="#2a2a22" stroke-width="3"/></g>`;
const cabin = (x, y, k) => `<g transform="translate(${x} ${y}) scale(${k})"><path d="M60 -150q-16 -40 10 -70q26 -34 4 -80" fill="none" stroke="#fff" stroke-opacity=".45" stroke-width="16" stroke-linecap="round"/><rect x="48" y="-150" width="26" height="60" fill="#33413a"/><path d="M-130 -60L0 -150L130 -60V0H-130Z" fill="#5a3d2b"/><path d="M-150 -48L0 -156L150 -48L138 -38L0 -134L-138 -38Z" fill="#26352d"/><g fill="#ffd88a"><rect x="-84" y="-58" width="44" height="34"/><rect x="50" y="-58" width="44" height="34"/></g><rect x="-18" y="-62" width="38" height="62" fill="#33231a"/></g>`;

export const scenes = {
  'hero-dusk': [1600, 900, landscape({ seed: 11, sky: [[0, '#23495a'], [.38, '#6d8f8e'], [.62, '#f0c48d'], [1, '#f7dcae']], sun: [1130, 452, 46, '#fff0cc'], layers: [[.55, .13, 1.1, '#8aa39a'], [.62, .12, 1.4, '#668679'], [.7, .1, 1.2, '#46685c'], [.79, .07, .9, '#2c4c41'], [.9, .04, .8, '#16302a']], trees: { 2: [.07, 60], 3: [.13, 46], 4: [.24, 9, .72, 1.02] }, extra: forest(1600, 900, 250, 4, '#0f2621', 5, -.02, .14) + tentGlow(990, 812, .9) })],
  'hero-dusk-tall': [900, 1100, landscape({ w: 900, h: 1100, seed: 11, sky: [[0, '#23495a'], [.4, '#6d8f8e'], [.62, '#f0c48d'], [1, '#f7dcae']], sun: [620, 560, 44, '#fff0cc'], layers: [[.57, .1, 1, '#8aa39a'], [.64, .1, 1.1, '#668679'], [.72, .08, 1, '#46685c'], [.8, .06, .9, '#2c4c41'], [.9, .03, .8, '#16302a']], trees: { 2: [.05, 38], 3: [.1, 26], 4: [.17, 5, .76, 1.04] }, extra: forest(900, 1100, 230, 3, '#0f2621', 5, -.04, .18) + tentGlow(520, 1010, .85) })],
  'story-valley': [1200, 900, landscape({ w: 1200, seed: 51, sky: [[0, '#bfd8dc'], [.6, '#eef0e2'], [1, '#fbf3df']], sun: [300, 250, 50, '#fffdf2'], layers: [[.48, .16, 1, '#b9cdc6'], [.56, .13, 1.2, '#93b0a4'], [.66, .1, 1.1, '#6d937f'], [.76, .07, 1, '#4d7660'], [.87, .04, .8, '#33594a']], trees: { 2: [.06, 50], 3: [.11, 34, .3, 1], 4: [.2, 8, .78, 1.02] }, extra: cabin(420, 790, .95) + forest(1200, 880, 190, 3, '#234438', 9, -.03, .16) })],
  'story-night': [1200, 900, landscape({ w: 1200, seed: 91, sky: [[0, '#0e1f2e'], [.6, '#2b4a5c'], [1, '#6f8a8c']], sun: [860, 210, 40, '#f4f1df'], layers: [[.56, .14, 1.2, '#3d5d68'], [.65, .11, 1.1, '#2d4a50'], [.76, .08, 1, '#1d3638'], [.88, .05, .9, '#10231f']], trees: { 1: [.06, 50], 2: [.13, 30], 3: [.22, 8, .62, 1.02] }, extra: (() => { const r = rng(4); let s = ''; for (let i = 0; i < 90; i++) s += `<circle cx="${(r() * 1200).toFixed(0)}" cy="${(r() * 400).toFixed(0)}" r="${(r() * 1.7 + .4).toFixed(1)}" fill="#fff" opacity="${(.3 + r() * .6).toFixed(2)}"/>`; return s; })() + tentGlow(420, 815, 1.05) })],
};

// ---- products, 800 x 800 ------------------------------------------------------------------------------------
const studio = ([wall, wall2, floor], body, shadow = [400, 650, 230, 26]) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" width="800" height="800"><defs>
  <radialGradient id="w" cx=".42" cy=".34" r=".8"><stop offset="0" stop-color="${wall}"/><stop offset="1" stop-color="${wall2}"/></radialGradient>
  <linearGradient id="f" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${floor}"/><stop offset="1" stop-color="${wall2}"/></linearGradient>
  <radialGradient id="sh"><stop offset="0" stop-color="#1b1710" stop-opacity=".5"/><stop offset=".6" stop-color="#1b1710" stop-opacity=".2"/><stop offset="1" stop-color="#1b1710" stop-opacity="0"/></radialGradient>
  <linearGradient id="hl" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#fff" stop-opacity=".06"/><stop offset=".22" stop-color="#fff" stop-opacity=".34"/><stop offset=".5" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".28"/></linearGradient>
  <linearGradient id="wood" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#c9935c"/><stop offset="1" stop-color="#95602f"/></linearGradient>
  <linearGradient id="steel" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#7f8885"/><stop offset=".3" stop-color="#e9edea"/><stop offset=".6" stop-color="#a9b1ae"/><stop offset="1" stop-color="#5f6865"/></linearGradient></defs>
  <rect width="800" height="800" fill="url(#w)"/><path d="M0 590H800V800H0Z" fill="url(#f)"/>
  <ellipse cx="${shadow[0] + 24}" cy="${shadow[1]}" rx="${shadow[2]}" ry="${shadow[3]}" fill="url(#sh)"/>${body}</svg>`;
const SAND = ['#efe4d0', '#dccaa9', '#e4d4b6'], SAGE = ['#d6ded0', '#b5c3ae', '#c2cdb9'], CLAY = ['#eecfb6', '#d9a983', '#e0b796'], MIST = ['#dbe4e5', '#b8c8ca', '#c8d5d6'], SUN = ['#f4dfa9', '#e2bf74', '#e9ca87'], ROSE = ['#ecd6cd', '#d3b0a4', '#dcbfb3'];

export const products = {
  'ridgeback-tent': studio(SAGE, `
    <path d="M110 640Q210 430 400 300Q600 430 700 640Z" fill="#c86f2c"/><path d="M400 300Q600 430 700 640H520Z" fill="#a4541c"/><path d="M400 300L300 640H520Z" fill="#2a2e29"/><path d="M400 300L300 640H352Q372 470 400 300Z" fill="#e08a42"/><path d="M400 300L520 640H470Q430 470 400 300Z" fill="#b96226"/>
    <path d="M352 640Q372 470 400 300Q430 470 470 640Z" fill="#f6ead0" opacity=".16"/><path d="M110 640Q210 430 400 300" fill="none" stroke="#f0b27a" stroke-width="5"/><path d="M110 640L50 668M700 640L752 668M240 466L84 640" stroke="#3a3a34" stroke-width="4"/><path d="M210 500Q260 520 330 540" stroke="#a4541c" stroke-width="3" fill="none" opacity=".6"/><circle cx="400" cy="300" r="9" fill="#30352f"/>`, [400, 648, 340, 28]),
  'brim-kettle': studio(CLAY, `
    <path d="M268 400Q250 214 400 204Q550 214 532 400" fill="none" stroke="#2b332f" stroke-width="20" stroke-linecap="round"/><rect x="326" y="192" width="148" height="34" rx="17" fill="url(#wood)"/>
    <path d="M540 470Q620 460 650 372L700 384Q676 540 540 584Z" fill="#1f5a4c"/><path d="M540 470Q620 460 650 372L664 375Q640 490 540 500Z" fill="#4c8a7a"/>
    <path d="M214 636Q180 420 320 388H480Q620 420 586 636Q584 656 560 656H240Q216 656 214 636Z" fill="#26695a"/><path d="M214 636Q180 420 320 388H480Q620 420 586 636Q584 656 560 656H240Q216 656 214 636Z" fill="url(#hl)"/>
    <ellipse cx="400" cy="390" rx="104" ry="24" fill="#1d5246"/><path d="M300 386Q320 350 400 346Q480 350 500 386Q460 404 400 404Q340 404 300 386Z" fill="#2f7a69"/><circle cx="400" cy="336" r="18" fill="#2b332f"/><path d="M216 628Q400 650 584 628" stroke="#f4ead8" stroke-width="5" fill="none" opacity=".8"/><g fill="#f7efe0" opacity=".6"><circle cx="290" cy="520" r="3"/><circle cx="330" cy="470" r="2.4"/><circle cx="470" cy="500" r="3"/><circle cx="440" cy="580" r="2.4"/><circle cx="380" cy="540" r="2"/><circle cx="500" cy="570" r="2.6"/><circle cx="260" cy="590" r="2.4"/></g>`),
  'tarn-mugs': studio(MIST, `
    <g><path d="M520 440q96 -14 96 70t-108 74" fill="none" stroke="#c9772f" stroke-width="26"/><path d="M350 380H540L526 620Q524 644 498 644H392Q366 644 364 620Z" fill="#d98436"/><path d="M350 380H540L526 620Q524 644 498 644H392Q366 644 364 620Z" fill="url(#hl)"/><ellipse cx="445" cy="380" rx="95" ry="20" fill="#8d4c17"/><ellipse cx="445" cy="384" rx="82" ry="14" fill="#4a2b17"/></g>
    <g><path d="M216 490q-92 -12 -88 66t100 70" fill="none" stroke="#e8e2d3" stroke-width="26"/><path d="M190 430H390L376 660Q374 684 348 684H232Q206 684 204 660Z" fill="#f5f0e4"/><path d="M190 430H390L376 660Q374 684 348 684H232Q206 684 204 660Z" fill="url(#hl)"/><path d="M193 474H387L385 500H195Z" fill="#2f6b8a" opacity=".9"/><ellipse cx="290" cy="430" rx="100" ry="21" fill="#cfc8b8"/><ellipse cx="290" cy="435" rx="86" ry="14" fill="#5b3620"/></g><g fill="none" stroke="#fff" stroke-width="9" stroke-linecap="round" opacity=".55"><path d="M270 396q-22 -40 4 -70t0 -66"/><path d="M316 392q-20 -34 4 -62t0 -56"/></g>`, [390, 676, 290, 26]),
  'ember-lantern': studio(['#40504c', '#222e2c', '#2b3836'], `
    <defs><radialGradient id="gl"><stop offset="0" stop-color="#ffdf94" stop-opacity=".9"/><stop offset=".3" stop-color="#ffb84d" stop-opacity=".45"/><stop offset="1" stop-color="#ffb84d" stop-opacity="0"/></radialGradient></defs><circle cx="400" cy="470" r="330" fill="url(#gl)"/>
    <path d="M300 330Q300 130 400 130Q500 130 500 330" fill="none" stroke="#d9b06a" stroke-width="11"/><path d="M330 300H470L500 350H300Z" fill="#b98a3f"/><rect x="352" y="250" width="96" height="54" rx="12" fill="#d9b06a"/><rect x="296" y="346" width="208" height="22" rx="8" fill="#e7c488"/>
    <path d="M312 368H488Q516 470 488 572H312Q284 470 312 368Z" fill="#fff3d0" opacity=".85"/><path d="M312 368H488Q516 470 488 572H312Q284 470 312 368Z" fill="url(#gl)"/><path d="M400 420q44 54 28 96q-10 30 -28 30t-28 -30q-16 -42 28 -96Z" fill="#ff9d2e"/><path d="M400 462q22 32 14 58q-6 18 -14 18t-14 -18q-8 -26 14 -58Z" fill="#fff6d8"/><g stroke="#d9b06a" stroke-width="9"><path d="M300 366Q272 470 300 574M500 366Q528 470 500 574" fill="none"/></g><rect x="286" y="570" width="228" height="30" rx="10" fill="#e7c488"/><path d="M300 600H500L520 664Q522 676 508 676H292Q278 676 280 664Z" fill="#b98a3f"/><path d="M300 600H500L520 664Q522 676 508 676H292Q278 676 280 664Z" fill="url(#hl)"/>`, [400, 676, 220, 26]),
  'moor-blanket': studio(ROSE, `
    <g><rect x="150" y="540" width="500" height="104" rx="50" fill="#8a4a3a"/><rect x="150" y="540" width="500" height="104" rx="50" fill="url(#hl)"/><rect x="158" y="450" width="484" height="104" rx="50" fill="#a55c46"/><rect x="158" y="450" width="484" height="104" rx="50" fill="url(#hl)"/><rect x="168" y="362" width="464" height="102" rx="50" fill="#bd735a"/><rect x="168" y="362" width="464" height="102" rx="50" fill="url(#hl)"/>
    <g stroke="#f3dfca" stroke-width="9" opacity=".85"><path d="M300 364V462M324 364V462M300 452V554M324 452V554M300 542V644M324 542V644"/></g><g stroke="#33423b" stroke-width="7" opacity=".6"><path d="M190 398H612M180 488H622M174 580H628"/></g><g stroke="#f3dfca" stroke-width="5" stroke-linecap="round">${Array.from({ length: 14 }, (_, i) => `<path d="M${648 + (i % 2) * 4} ${552 + i * 6}l26 ${(i - 7) * 1.2}"/>`).join('')}</g></g><g transform="translate(470 388)"><rect width="96" height="52" rx="4" fill="#f6efdf"/><path d="M14 38L36 14L52 30L62 20L82 38Z" fill="#2c4c41"/></g>`, [400, 646, 300, 28]),
  'drover-pack': studio(SUN, `
    <path d="M330 190Q400 120 470 190" fill="none" stroke="#2b332f" stroke-width="16"/><path d="M246 640Q220 260 310 200H490Q580 260 554 640Q552 668 520 668H280Q248 668 246 640Z" fill="#3d5a48"/><path d="M246 640Q220 260 310 200H490Q580 260 554 640Q552 668 520 668H280Q248 668 246 640Z" fill="url(#hl)"/>
    <path d="M256 330Q262 220 312 196H488Q538 220 544 330Q470 372 400 372Q330 372 256 330Z" fill="#2f4839"/><path d="M286 470H514V610Q514 640 484 640H316Q286 640 286 610Z" fill="#4d6d58"/><path d="M286 470H514V508Q400 536 286 508Z" fill="#2f4839"/><g fill="#b9803f"><rect x="322" y="330" width="26" height="150" rx="6"/><rect x="452" y="330" width="26" height="150" rx="6"/></g><g fill="#e7c488"><rect x="318" y="424" width="34" height="24" rx="4"/><rect x="448" y="424" width="34" height="24" rx="4"/></g><path d="M232 470Q196 500 214 600Q224 626 246 622M568 470Q604 500 586 600Q576 626 554 622" fill="#35503f"/><g transform="translate(364 560)"><rect width="72" height="44" rx="5" fill="#c9935c"/><path d="M10 34L28 12L40 26L48 18L62 34Z" fill="#3b2716"/></g>`, [400, 666, 230, 26]),
  'hollin-boots': studio(SAND, `
    ${[[90, -34, '#70451f', '#8a5a2c', .96], [0, 0, '#8a5628', '#a86d36', 1]].map(([dx, dy, dark, mid, k]) => `<g transform="translate(${dx} ${dy})"><path d="M236 250H400Q404 400 440 446Q500 470 590 500Q640 520 640 586V606H214Q206 500 228 420Q240 340 236 250Z" fill="${mid}"/><path d="M236 250H400Q404 400 440 446Q500 470 590 500Q640 520 640 586V606H214Q206 500 228 420Q240 340 236 250Z" fill="url(#hl)" opacity=".7"/><path d="M226 242q88 -26 182 0v38q-94 -20 -182 0Z" fill="#d9c3a0"/><path d="M520 476Q640 506 642 586V606H470Q476 520 520 476Z" fill="${dark}"/><path d="M214 606Q208 540 216 490Q272 500 280 606Z" fill="${dark}"/><path d="M204 604H648V640Q648 656 630 656H560L548 646H500L488 656H420L408 646H350L338 656H226Q204 656 204 634Z" fill="#2a241e"/><path d="M204 604H648V618H204Z" fill="#e4d0aa"/><g stroke="#c8402e" stroke-width="8" stroke-linecap="round">${[300, 338, 376, 412].map((y, i) => `<path d="M${340 + i * 12} ${y}L${404 + i * 16} ${y + 14}M${336 + i * 12} ${y + 18}L${406 + i * 16} ${y - 2}"/>`).join('')}</g><g fill="#e7c488">${[300, 338, 376, 412].map((y, i) => `<circle cx="${336 + i * 12}" cy="${y}" r="6"/>`).join('')}</g></g>`).join('')}`, [440, 652, 300, 26]),
  'hearth-skillet': studio(SAGE, `
    <ellipse cx="350" cy="560" rx="250" ry="120" fill="#191c1b"/><ellipse cx="350" cy="534" rx="250" ry="120" fill="#2e3432"/><ellipse cx="350" cy="534" rx="224" ry="102" fill="#1c201f"/><ellipse cx="350" cy="546" rx="206" ry="88" fill="#272c2a"/><path d="M560 470L716 400Q748 388 756 410Q762 430 736 444L590 520Z" fill="#2e3432"/><ellipse cx="724" cy="418" rx="14" ry="8" fill="#c2cdb9"/>
    <g><path d="M230 540q-10 -50 60 -52q50 -30 90 4q70 0 62 50q10 50 -66 46q-60 30 -96 -2q-56 0 -50 -46Z" fill="#fbf7ec"/><ellipse cx="310" cy="528" rx="36" ry="22" fill="#f0a52c"/><ellipse cx="302" cy="520" rx="12" ry="6" fill="#ffd98c"/><ellipse cx="392" cy="554" rx="34" ry="20" fill="#f0a52c"/><ellipse cx="386" cy="547" rx="11" ry="5" fill="#ffd98c"/></g><g fill="#5f8a4a"><path d="M250 590q20 -20 34 0q-18 14 -34 0Z"/><path d="M452 500q22 -12 30 6q-18 10 -30 -6Z"/></g><g fill="none" stroke="#fff" stroke-width="9" stroke-linecap="round" opacity=".5"><path d="M300 440q-24 -42 4 -74t0 -70"/><path d="M380 430q-22 -38 4 -66t0 -60"/></g>`, [370, 640, 290, 40]),
  'sling-chair': studio(CLAY, `
    <g stroke="url(#wood)" stroke-width="22" stroke-linecap="round"><path d="M210 660L520 330M560 660L300 380" stroke="#7c4d25"/></g><path d="M250 190Q232 420 330 520Q450 560 610 520L602 486Q460 510 372 470Q300 400 306 186Z" fill="#e6d9bd"/><path d="M250 190Q232 420 330 520Q450 560 610 520L602 486Q460 510 372 470Q300 400 306 186Z" fill="url(#hl)" opacity=".7"/><path d="M264 300Q276 440 352 496" stroke="#b2a078" stroke-width="5" fill="none"/><g stroke="#a86d36" stroke-width="22" stroke-linecap="round" fill="none"><path d="M180 664L560 300" stroke="#b97a40"/><path d="M600 664L250 180" stroke="#a86d36"/><path d="M240 184H320M590 504H622" stroke="#8a5628"/></g><circle cx="409" cy="446" r="15" fill="#e7c488"/>`, [400, 664, 290, 24]),
  'keld-flask': studio(MIST, `
    <g transform="rotate(6 400 660)"><rect x="330" y="170" width="140" height="110" rx="18" fill="url(#steel)"/><rect x="346" y="262" width="108" height="40" fill="#4a5350"/><path d="M322 330Q322 296 356 296H444Q478 296 478 330V634Q478 660 452 660H348Q322 660 322 634Z" fill="#c8552f"/><path d="M322 330Q322 296 356 296H444Q478 296 478 330V634Q478 660 452 660H348Q322 660 322 634Z" fill="url(#hl)"/><rect x="322" y="610" width="156" height="16" fill="#f6e8d0" opacity=".85"/><g transform="translate(352 430)"><path d="M4 70L34 22L56 52L68 38L92 70Z" fill="#f6e8d0"/><circle cx="72" cy="14" r="10" fill="#f6e8d0"/></g><path d="M470 210q70 0 66 60t-58 50" fill="none" stroke="#4a5350" stroke-width="12"/></g>`, [410, 660, 150, 22]),
  'peat-candle': studio(['#ddd3c4', '#b9aa95', '#c8baa6'], `
    <path d="M400 250q34 44 20 78q-8 20 -20 20t-20 -20q-14 -34 20 -78Z" fill="#f5a13a"/><path d="M400 290q16 24 10 42q-4 10 -10 10t-10 -10q-6 -18 10 -42Z" fill="#fff4d2"/><rect x="396" y="342" width="8" height="40" fill="#33302a"/><path d="M262 380H538V630Q538 664 504 664H296Q262 664 262 630Z" fill="#6a4a3a"/><path d="M262 380H538V630Q538 664 504 664H296Q262 664 262 630Z" fill="url(#hl)"/><ellipse cx="400" cy="380" rx="138" ry="28" fill="#8b6a55"/><ellipse cx="400" cy="384" rx="120" ry="20" fill="#f3e7cf"/><rect x="306" y="460" width="188" height="130" rx="4" fill="#f6efe1"/><path d="M336 556L378 500L402 530L420 510L464 556Z" fill="#2c4c41"/><rect x="352" y="478" width="96" height="8" rx="4" fill="#2c4c41"/>`, [400, 662, 190, 24]),
  'beck-jacket': studio(SUN, `
    <path d="M330 170Q400 130 470 170L560 214Q600 240 612 320L650 590L566 606L540 420V662H260V420L234 606L150 590L188 320Q200 240 240 214Z" fill="#275a7a"/><path d="M330 170Q400 130 470 170L560 214Q600 240 612 320L650 590L566 606L540 420V662H260V420L234 606L150 590L188 320Q200 240 240 214Z" fill="url(#hl)" opacity=".8"/><path d="M322 174Q400 100 478 174Q490 260 400 276Q310 260 322 174Z" fill="#1b435c"/><path d="M348 180Q400 140 452 180Q456 236 400 246Q344 236 348 180Z" fill="#123044"/><rect x="393" y="270" width="14" height="392" fill="#e08a42"/><path d="M260 420V330M540 420V330" stroke="#1b435c" stroke-width="6"/><path d="M290 510H366M434 510H510" stroke="#123044" stroke-width="9" stroke-linecap="round"/><path d="M240 214Q300 250 392 262M560 214Q500 250 408 262" stroke="#1b435c" stroke-width="5" fill="none"/><g transform="translate(440 330)"><path d="M4 40L24 10L36 26L44 18L60 40Z" fill="#f6e8d0"/></g><path d="M150 590L234 606L236 582L154 566ZM650 590L566 606L564 582L646 566Z" fill="#e08a42"/>`, [400, 664, 220, 24]),
};

export async function render() {
  fs.mkdirSync(OUT, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  const cdp = await page.context().newCDPSession(page);
  const shoot = async (name, svg, w, h, outW, quality) => {
    const outH = Math.round(outW * h / w);
    await page.setViewportSize({ width: outW, height: outH });
    await page.setContent(`<style>*{margin:0}svg{display:block;width:${outW}px;height:${outH}px}</style>${svg}`);
    const { data } = await cdp.send('Page.captureScreenshot', { format: 'webp', quality });
    fs.writeFileSync(path.join(OUT, name), Buffer.from(data, 'base64'));
  };
  for (const [n, svg] of Object.entries(products)) { await shoot(`${n}-400.webp`, svg, 800, 800, 400, 80); await shoot(`${n}-800.webp`, svg, 800, 800, 800, 76); }
  for (const [n, [w, h, svg]] of Object.entries(scenes)) { await shoot(`${n}.webp`, svg, w, h, w, 76); await shoot(`${n}-s.webp`, svg, w, h, Math.round(w / 2), 76); }
  if (process.argv[2] === '--sheet') {
    await page.setViewportSize({ width: 1240, height: 1500 });
    await page.setContent(`<style>svg{width:300px;height:300px;margin:2px}</style>${Object.values(products).map(s => { const k = Math.random().toString(36).slice(2, 6); return s.replace(/id="(\w+)"/g, `id="$1${k}"`).replace(/url\(#(\w+)\)/g, `url(#$1${k})`); }).join('')}<br>${Object.values(scenes).map(s => `<img width=300 src="data:image/svg+xml,${encodeURIComponent(s[2])}">`).join('')}`);
    await page.screenshot({ path: process.argv[3] });
  }
  await browser.close();
}
if (process.argv[1] === fileURLToPath(import.meta.url)) await render();
