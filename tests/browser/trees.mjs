// Random trees from a hostile alphabet: names, attributes and texts that are dangerous somewhere, put where no
// parser would put them, as a scripted page could have done before it was recorded.

function random(seed) {
  let state = (seed * 2654435761) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 4294967296
  }
}

const HTML = ['div', 'p', 'a', 'form', 'button', 'table', 'tr', 'td', 'select', 'option', 'style', 'script', 'title', 'textarea', 'noscript', 'xmp', 'plaintext', 'iframe', 'img', 'svg', 'math', 'link', 'meta', 'base', 'object', 'embed', 'template', 'dialog', 'details', 'video', 'source', 'audio', 'input', 'body', 'html', 'head', 'frameset', 'frame', 'pre', 'listing', 'noembed', 'image', 'x-y', 'caption', 'colgroup', 'b', 'font', 'nobr', 'li', 'h1', 'span', 'SCRIPT', 'img/onerror=dwellRan()', 'a b', '!--', 'marquee', 'applet', 'picture', 'canvas', 'label', 'area']
const SVG = ['svg', 'g', 'a', 'style', 'script', 'title', 'desc', 'foreignObject', 'image', 'use', 'set', 'animate', 'rect', 'feImage', 'filter', 'iframe', 'img', 'p', 'SCRIPT', 'textPath', 'mpath', 'linearGradient', 'handler', 'textarea', 'noembed']
const MATH = ['math', 'mi', 'mtext', 'mglyph', 'malignmark', 'annotation-xml', 'style', 'mo', 'script', 'img', 'maction', 'semantics', 'title', 'svg']
const NAMES = ['href', 'xlink:href', 'src', 'srcset', 'style', 'onclick', 'onload', 'onerror', 'ONFOCUS', 'srcdoc', 'action', 'formaction', 'data', 'poster', 'background', 'title', 'id', 'class', 'name', 'http-equiv', 'content', 'rel', 'type', 'media', 'target', 'ping', 'download', 'fill', 'filter', 'to', 'values', 'from', 'attributeName', 'value', 'alt', 'autofocus', 'autoplay', 'encoding', 'is', 'shadowrootmode', 'dwell-hover', 'data-dwell-href', 'dwell:src', 'dwell:width', 'dwell:base', 'x"onclick=dwellRan()//', 'a><img', 'manifest', 'imagesrcset', 'as', 'form', 'method', 'open', 'popover', 'tabindex', 'contenteditable', 'usemap', 'lang', 'xmlns', 'xml:base', 'attributionsrc', 'width', 'begin', 'dur']
const VALUES = ['{U}/a.png', '//{H}/b', 'javascript:dwellRan("{I}")', ' jAva\tscript:dwellRan("{I}")', 'dwellRan("{I}")', 'data:text/html,<script>dwellRan()</script>', '<img src={U}/c onerror=dwellRan("{I}")>', '</style><img src={U}/d onerror=dwellRan("{I}")>', '"><img src={U}/e onerror=dwellRan("{I}")>', '--><img src={U}/f>', ']]><img src={U}/g>', 'background:url({U}/h.png)', "background:image-set('{U}/i.png' 1x)", 'url({U}/j.svg#x)', 'stylesheet', 'import', 'preload', 'refresh', '0;url={U}/k', 'image', 'text/html', 'href', 'xlink:href', 'x', '#x', '', '_blank', 'open', 'all', '{U}/l 1x, {U}/m 2x', '\\75rl({U}/n)', 'auto', 'post', 'createElement', 'parentNode', 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="dwellRan()"><image href="{U}/o"/></svg>', '0s', '1s', 'indefinite', '99999px;x:url({U}/p)', '`', "'", '&quot;onclick=dwellRan()']
const TEXTS = ['text', '</style><img src={U}/1 onerror=dwellRan("{I}")>', '</title><script>dwellRan("{I}")</script>', '<!--', '-->', '<![CDATA[', ']]>', '@import url({U}/2.css);', '*{background:url({U}/3.png)}', '@import "{U}/4.css"', '&lt;img src={U}/5&gt;', '</textarea><img src={U}/6>', '\n', '*{x:"&quot;;background:url({U}/7)"}', '</template><img src={U}/8>', '</svg><img src={U}/9>', "*{content:'</style><script>dwellRan()</script>'}", 'dwellRan("{I}")', '@charset "x;@import url({U}/10);";', 'a{', '}', '*{list-style:url({U}/11', '/*', '*/', '\\']

/** A tree as ops. The page's own shape is kept, everything in it is chance. */
export function hostileTree(seed, id, port) {
  const next = random(seed)
  for (let i = 0; i < 8; i++) next()
  const pick = list => list[Math.floor(next() * list.length)]
  const fill = text => text.replaceAll('{U}', `http://${id}.leak.test:${port}`).replaceAll('{H}', `${id}.leak.test:${port}`).replaceAll('{I}', id)
  let count = 0
  const ops = ['Reset']
  const put = (parent, kind) => {
    ops.push({ Put: { node: ++count, parent, place: 'Last', kind } })
    return count
  }
  const element = (ns, tag, attrs = []) => ({ Element: { ns, tag, attrs } })
  const document = put(null, { Document: { quirks: next() < 0.2 } })
  if (next() < 0.7) put(document, { Doctype: { name: 'html', public_id: next() < 0.1 ? '"><img src=x onerror=dwellRan()>' : '', system_id: '' } })
  const html = put(document, element('Html', 'html'))
  const head = put(html, element('Html', 'head'))
  const body = put(html, element('Html', 'body'))
  // Each with the namespace that its children most likely have.
  const places = [[head, 'Html'], [body, 'Html']]
  const size = 20 + Math.floor(next() * 60)
  for (let i = 0; i < size; i++) {
    const [parent, near] = next() < 0.6 ? places[places.length - 1] : pick(places)
    const dice = next()
    if (dice < 0.3) {
      put(parent, { Text: fill(pick(TEXTS)) })
      continue
    }
    if (dice < 0.34) {
      put(parent, { Comment: fill(pick(TEXTS)) })
      continue
    }
    if (dice < 0.38) {
      places.push([put(parent, { ShadowRoot: { open: true } }), 'Html'])
      continue
    }
    if (dice < 0.4) {
      places.push([put(parent, { Document: { quirks: false } }), 'Html'])
      continue
    }
    const ns = next() < 0.7 ? near : pick(['Html', 'Svg', 'MathMl'])
    const tag = pick({ Html: HTML, Svg: SVG, MathMl: MATH }[ns])
    const attrs = Array.from({ length: Math.floor(next() * 5) }, () => ({ name: pick(NAMES), value: fill(pick(VALUES)) }))
    const made = put(parent, element(ns, tag, attrs))
    // Elements that mean what they say in HTML are often a step into another world.
    places.push([made, ns === 'Html' && tag === 'svg' ? 'Svg' : tag === 'foreignObject' || tag === 'mtext' ? 'Html' : ns])
  }
  return ops
}

/** The same tree printed by somebody who thinks nothing of it: the control. */
export function naive(ops) {
  const nodes = new Map()
  for (const op of ops) {
    if (!op.Put) continue
    const node = { kind: op.Put.kind, kids: [] }
    nodes.set(op.Put.node, node)
    nodes.get(op.Put.parent)?.kids.push(node)
  }
  const escape = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const show = (node, raw) => {
    const { Element: e, Text: t } = node.kind
    if (t !== undefined) return raw ? t : escape(t)
    const inner = node.kids.map(k => show(k, e && /^(style|script|noscript|xmp|iframe|plaintext)$/i.test(e.tag))).join('')
    if (!e) return inner
    const attrs = e.attrs.map(a => ` ${a.name}="${a.value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`).join('')
    return `<${e.tag}${attrs}>${inner}</${e.tag}>`
  }
  return '<!doctype html>' + show(nodes.get(1), false)
}
