// What the frame must hold of a recorded page, said a second time: the sanitiser's documented rules applied to the tree
// that `dwell dom` prints, and the tree of a live frame brought to the same form.
//
// The trap: a rule taken from the sanitiser's code would excuse its mistakes. These are the rules of its documentation:
// what runs or loads is gone, addresses stand under `data-dwell-` names, everything else is as recorded.

/** Elements that become an empty `<template>`. */
const INERT = new Set(['script', 'base', 'basefont', 'noscript', 'noembed', 'noframes', 'param', 'frame', 'bgsound', 'isindex', 'keygen', 'nextid', 'command']);
const RENAMED = { plaintext: 'pre', xmp: 'pre', listing: 'pre', frameset: 'div', object: 'dwell-object', embed: 'dwell-embed', applet: 'dwell-applet', portal: 'dwell-portal' };
const PLUGINS = new Set(['object', 'embed', 'applet', 'portal']);
/** Elements whose recorded children are not sent. */
const LEAVES = new Set(['style', 'svg:style', 'link', 'iframe', 'template', 'canvas', ...PLUGINS]);
/** Attributes that are kept under a name that means nothing. */
const KEPT_APART = new Set(['href', 'src', 'srcset', 'action', 'method', 'target', 'download', 'autoplay', 'is']);
/** Attributes that name an address, run something, or say who may. */
const DROPPED = new Set(
  ('srcdoc data formaction formmethod formtarget formenctype enctype ping poster background cite longdesc profile manifest archive classid ' +
    'code codebase codetype object icon lowsrc dynsrc base imagesrcset imagesizes attributionsrc nonce integrity crossorigin referrerpolicy ' +
    'fetchpriority blocking as autofocus preload loading http-equiv charset accept-charset sandbox allow allowfullscreen allowpaymentrequest ' +
    'allowtransparency credentialless csp autocomplete accesskey xmlns definitionurl handler encoding event').split(' '),
);
const LINK_DROPPED = new Set(['rel', 'href', 'type', 'disabled', 'sizes', 'color']);
const NAMELESS = new Set(['img', 'form', 'iframe', 'a', 'area', ...PLUGINS]);
const DESCRIBES = /^(viewport|color-scheme|supported-color-schemes|theme-color|description|author|keywords|generator|application-name)$/i;
const NAME = /^[a-z_:\u{c0}-\u{10ffff}][\w.:\u{c0}-\u{10ffff}-]*$/iu;

const plain = (style) => style.replace(/url\((?:"[^"]*"|'[^']*'|[^)]*)\)/gi, 'url()').replace(/\s+/g, ' ').replace(/\s*([:;,])\s*/g, '$1').replace(/;$/, '').trim();
const shortened = (value) => (/^data:/i.test(value) ? [...value].slice(0, 64).join('') : [...value].length > 2048 ? `${[...value].slice(0, 2048).join('')}…` : value);

function attributesOf(tag, recorded) {
  const out = {};
  const svg = tag.includes(':');
  for (const [name, value] of Object.entries(recorded || {})) {
    const lower = name.toLowerCase();
    if (lower.startsWith('on')) {
      if (lower === 'onclick') out.onclick = '';
    } else if (lower === 'xlink:href') {
      out.href ??= shortened(value);
    } else if (/^(xlink:|xml:|xmlns:|shadowroot|dwell|data-dwell)/.test(lower) || !NAME.test(name)) continue;
    else if (tag === 'link' && LINK_DROPPED.has(lower)) continue;
    else if (KEPT_APART.has(lower)) out[lower] = lower === 'autoplay' ? '' : shortened(value);
    else if (lower === 'data' && PLUGINS.has(tag)) out.src = shortened(value);
    else if (DROPPED.has(lower)) continue;
    else if (lower === 'name' && NAMELESS.has(tag)) continue;
    else if (lower === 'open' && tag === 'dialog') continue;
    else if (lower === 'usemap' && !value.startsWith('#')) continue;
    else if (lower === 'content' && tag === 'meta' && !(DESCRIBES.test(recorded.name ?? '') && !('http-equiv' in recorded))) continue;
    else if ((lower === 'width' || lower === 'height') && PLUGINS.has(tag)) continue;
    else if (lower === 'style') out.style = plain(value);
    else out[svg ? name : lower] = /\(/.test(value) && svg ? plain(value) : value;
  }
  return out;
}

/** Of a node of `dwell dom`; null when the frame does not get it. */
export function expected(node) {
  if (typeof node === 'string') return { text: node };
  const [tag, attrs, kids, extra] = node;
  if (tag === '!--' || tag === '!doctype') return null;
  if (INERT.has(tag)) return { tag: 'template', attrs: {}, kids: [], live: {} };
  const children = LEAVES.has(tag) ? [] : expectedKids(kids);
  const out = { tag: RENAMED[tag] ?? tag, attrs: attributesOf(tag, attrs), kids: children, live: {} };
  // A linked sheet becomes a style element when its rules are known: from the recording, or from the cache.
  if (tag === 'link') out.tag = extra?.css ? 'style' : 'link', out.mayBeSheet = /\bstylesheet\b/i.test(attrs?.rel ?? '');
  if (PLUGINS.has(tag) || extra == null) delete out.live;
  if (!extra) return out;
  const { v, ck, si, op, sx, sy, sr, css } = extra;
  out.live = { v, ck, si: si && String(si), op, scroll: [sx ?? 0, sy ?? 0] };
  out.rules = css?.[0];
  if (sr) out.shadow = { kids: expectedKids(sr[1]), adopted: (sr[2] ?? []).length };
  if (extra.if) out.inner = expectedDocument(extra.if);
  return out;
}

const expectedKids = (kids) => (Array.isArray(kids) ? kids.map(expected).filter(Boolean) : []);

export function expectedDocument([, , kids, extra]) {
  const doctype = (kids || []).find((kid) => kid[0] === '!doctype');
  // A document has one element, whatever a recording says of more.
  return { doctype: doctype ? doctype[1].toLowerCase() : null, kids: expectedKids(kids).filter((kid) => kid.tag).slice(-1), adopted: (extra?.ad ?? []).length, scroll: [extra?.sx ?? 0, extra?.sy ?? 0] };
}

/** Runs in the window: the tree of a frame's document, with nothing left out. Text of style sheets is counted, not read. */
export const READ = `
  const spaces = { 'http://www.w3.org/1999/xhtml': '', 'http://www.w3.org/2000/svg': 'svg:', 'http://www.w3.org/1998/Math/MathML': 'math:' };
  function kids(node) {
    const out = [];
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.nodeType === 3) out.push(child.data);
      else if (child.nodeType === 1) out.push(element(child));
      else if (child.nodeType !== 10) out.push(['!other', { type: child.nodeType }]);
    }
    return out;
  }
  // Without those that the frame adds for the height of lines.
  const adopted = (root) => [...root.adoptedStyleSheets].filter((sheet) => !sheet.cssRules[0]?.selectorText?.startsWith('[dwell-leading')).length;
  function element(e) {
    const tag = (spaces[e.namespaceURI] ?? '?:') + e.localName;
    const attrs = {};
    for (const a of e.attributes) attrs[a.name] = a.value;
    const x = {};
    if (e.shadowRoot) x.sr = [kids(e.shadowRoot), adopted(e.shadowRoot)];
    if (tag === 'input') {
      if (e.type === 'checkbox' || e.type === 'radio') x.ck = e.checked;
      else if (e.type !== 'file') x.v = e.value;
    } else if (tag === 'textarea') x.v = e.value;
    else if (tag === 'select') x.si = [...e.options].flatMap((o, i) => (o.selected ? [i] : []));
    else if (tag === 'iframe' && e.contentDocument?.documentElement) x.if = documentOf(e.contentDocument);
    if (e.sheet) x.css = e.sheet.cssRules.length;
    if (tag === 'template' && e.content.firstChild) x.tc = e.content.childNodes.length;
    if ((tag === 'dialog' || tag === 'details') && e.open) x.op = 1;
    try { if (e.hasAttribute('popover') && e.matches(':popover-open')) x.op = 1; } catch {}
    if (e.scrollTop || e.scrollLeft) x.scroll = [Math.round(e.scrollLeft), Math.round(e.scrollTop)];
    return [tag, attrs, tag === 'style' || tag === 'svg:style' ? [] : kids(e), x];
  }
  function documentOf(d) {
    const w = d.defaultView;
    return { doctype: d.doctype && d.doctype.name, kids: kids(d), adopted: adopted(d), scroll: [Math.round(w.scrollX), Math.round(w.scrollY)] };
  }
`;

/** The same form of what READ brought from the frame. */
export function found(node) {
  if (typeof node === 'string') return { text: node };
  const [tag, raw, kids, x] = node;
  const attrs = {};
  const marks = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name.startsWith('data-dwell-')) attrs[name.slice(11)] = value;
    else if (name.startsWith('dwell-')) marks[name.slice(6)] = value;
    // What the sanitiser itself wrote. That it is harmless is for the hostile recordings to show.
    else if (['src', 'srcset', 'href', 'poster', 'background', 'sandbox'].includes(name) || (name === 'method' && tag === 'form')) continue;
    else if (name === 'open' && tag === 'dialog') continue;
    else if (name === 'style') attrs.style = plain(value);
    else attrs[name] = tag.includes(':') && value.includes('(') ? plain(value) : value;
  }
  if (tag === 'template') delete attrs.style;
  // What stands on screen in place of a value that the field cannot hold, and the length of a plain field.
  if (marks.value !== undefined) {
    x.v = marks.value;
    if (marks.placeholder) attrs.placeholder = marks.placeholder;
    else delete attrs.placeholder;
  }
  if (marks.size !== undefined) delete attrs.size;
  const out = { tag, attrs, kids: kids.map(found), marks, rules: x.css };
  out.live = { v: x.v, ck: x.ck, si: x.si && String(x.si), op: x.op, scroll: x.scroll ?? [0, 0] };
  if (x.sr) out.shadow = { kids: x.sr[0].map(found), adopted: x.sr[1] - 1 };
  if (x.if) out.inner = foundDocument(x.if);
  return out;
}

export const foundDocument = ({ doctype, kids, adopted, scroll }) => ({ doctype, kids: kids.map(found), adopted: adopted - 1, scroll });

const near = ([ax, ay], [bx, by]) => Math.abs(ax - bx) <= 2 && Math.abs(ay - by) <= 2;

/** Compares two such documents. `note(kind, path, wanted, got)` is told of every difference; answers with counts. */
export function compareDocuments(wanted, got, note, counts = { nodes: 0, unlike: 0, fields: 0, scrolls: 0, sheets: 0, sheetsUnlike: 0 }, top = '') {
  const work = [];
  const open = (a, b, path) => {
    counts.nodes++;
    // A document without a doctype that was not in quirks mode (`srcdoc`) needs one to be so again.
    if (a.doctype !== b.doctype && !(a.doctype === null && b.doctype === 'html')) counts.unlike++, note('doctype', path, a.doctype, b.doctype);
    if (a.adopted !== b.adopted) counts.unlike++, note('adopted', path, a.adopted, b.adopted);
    counts.scrolls++;
    if (!near(a.scroll, b.scroll)) note('scroll', path || 'window', a.scroll, b.scroll);
    lists(a.kids, b.kids, path);
  };
  // Two lists of children: in order; where they part, one of them is looked for further on, so that one lost node is one
  // difference and not many.
  const lists = (a, b, path) => {
    const key = (n) => (n.tag === 'link' || n.tag === 'style' ? 'sheet' : (n.tag ?? `"${n.text}`));
    for (let i = 0, j = 0; i < a.length || j < b.length; ) {
      if (i < a.length && j < b.length && key(a[i]) === key(b[j])) work.push([a[i++], b[j++], path]);
      else {
        const ahead = b.slice(j, j + 40).findIndex((n) => i < a.length && key(n) === key(a[i]));
        const behind = a.slice(i, i + 40).findIndex((n) => j < b.length && key(n) === key(b[j]));
        if (i < a.length && j < b.length && ahead < 0 && behind < 0) {
          counts.nodes++, counts.unlike++, note('node', `${path}[${i}]`, key(a[i]), key(b[j]));
          if (a[i].tag && b[j].tag) lists(a[i].kids, b[j].kids, `${path}>${a[i].tag}`);
          i++, j++;
        } else if (i < a.length && (j >= b.length || ahead < 0 || (behind >= 0 && behind < ahead))) counts.nodes++, counts.unlike++, note('lost', `${path}[${i}]`, key(a[i++]));
        else counts.unlike++, note('extra', `${path}[${j}]`, undefined, key(b[j++]));
      }
    }
  };
  open(wanted, got, top);
  while (work.length) {
    const [a, b, above] = work.pop();
    counts.nodes++;
    if (a.tag === undefined) continue;
    const path = `${above}>${a.tag}${a.attrs.id ? `#${a.attrs.id}` : ''}`;
    let same = a.tag === b.tag || (a.mayBeSheet && b.tag === 'style');
    if (!same) note('node', path, a.tag, b.tag);
    for (const name of new Set([...Object.keys(a.attrs), ...Object.keys(b.attrs)])) {
      let [x, y] = [a.attrs[name], b.attrs[name]];
      if (name === 'style' && y !== undefined) {
        // Sizes of what was masked or left out, and a canvas's picture, stand behind what was recorded.
        if (x === undefined && /^(box-sizing:border-box|content:|display:inline-block|$)/.test(y)) continue;
        if (x !== undefined && y.startsWith(x) && /^;?(box-sizing:border-box|content:|display:inline-block|$)/.test(y.slice(x.length))) continue;
      }
      // An address that a recorder keeps apart because it could not read the frame.
      if (name === 'src' && a.tag === 'iframe' && x === undefined) continue;
      if (x !== y) (same = false), note('attribute', `${path}@${name}`, x, y);
    }
    if (!same) counts.unlike++;
    for (const name of ['v', 'ck', 'si', 'op']) {
      const [x, y] = [a.live?.[name], b.live[name]];
      if (x === undefined && y === undefined) continue;
      counts.fields++;
      // A slider and a colour have no place to show a mask in.
      if (name === 'v' && /^(range|color)$/.test(a.attrs.type) && /^[\u2022\u25aa\u25ab*\s]+$/.test(x)) continue;
      if (x !== y && !(x === undefined && (name === 'v' || name === 'ck'))) counts.unlike++, note('live', `${path}.${name}`, x, y);
    }
    const wish = a.live?.scroll ?? [0, 0];
    if (a.tag !== 'html' && a.tag !== 'body') {
      if (wish[0] || wish[1]) counts.scrolls++;
      if (!near(wish, b.live.scroll)) note('scroll', path, wish, b.live.scroll);
    }
    if (a.rules !== undefined && a.tag === 'style') {
      counts.sheets++;
      if (a.rules !== b.rules) counts.sheetsUnlike++, note('rules', path, a.rules, b.rules);
    }
    if (Boolean(a.shadow) !== Boolean(b.shadow)) counts.unlike++, note('shadow', path, Boolean(a.shadow), Boolean(b.shadow));
    else if (a.shadow) {
      if (a.shadow.adopted !== b.shadow.adopted) counts.unlike++, note('adopted', path, a.shadow.adopted, b.shadow.adopted);
      lists(a.shadow.kids, b.shadow.kids, `${path}>#shadow`);
    }
    if (a.inner && !b.inner) counts.unlike++, note('frame', path, 'a document', 'none');
    else if (a.inner) open(a.inner, b.inner, `${path}>#document`);
    lists(a.kids, b.kids, path);
  }
  return counts;
}
