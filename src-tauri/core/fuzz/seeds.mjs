// Seed inputs for the fuzz targets, out of the repository's own recordings and vectors.
//
//   node seeds.mjs OUT [FOLDER_OF_CONTAINERS…]
//
// Writes OUT/TARGET/*. Small ones: what a fuzzer begins with it changes thousands of times a second, and a whole visit
// takes it a second each.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, crc32, deflateRawSync, gzipSync } from 'node:zlib'

const [out, ...containers] = process.argv.slice(2)
if (!out) {
  console.error('node seeds.mjs OUT [FOLDER_OF_CONTAINERS…]')
  process.exit(2)
}
const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const { vectors } = await import(join(root, 'tests/browser/vectors.mjs'))
const LARGEST = 32 << 10

let written = 0
function seed(target, bytes) {
  bytes = Buffer.from(bytes)
  if (!bytes.length || bytes.length > LARGEST) return
  mkdirSync(join(out, target), { recursive: true })
  writeFileSync(join(out, target, createHash('sha1').update(bytes).digest('hex')), bytes)
  written++
}

const fill = (text) => text.replaceAll('{U}', 'http://leak.test').replaceAll('{H}', 'leak.test').replaceAll('{X}', 'alert(1)')

// A zip of [name, bytes] rows. `stored` members are readable for a fuzzer.
function zip(rows, stored) {
  const local = []
  const central = []
  let at = 0
  for (const [name, text] of rows) {
    const bytes = Buffer.from(text)
    const body = stored ? bytes : deflateRawSync(bytes)
    const file = Buffer.from(name)
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0)
    head.writeUInt16LE(stored ? 0 : 8, 4)
    head.writeUInt32LE(crc32(bytes), 10)
    head.writeUInt32LE(body.length, 14)
    head.writeUInt32LE(bytes.length, 18)
    head.writeUInt16LE(file.length, 22)
    local.push(Buffer.from('PK\x03\x04'), head, file, body)
    const entry = Buffer.alloc(16)
    entry.writeUInt32LE(at, 12)
    central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, entry.subarray(2), file)
    at += 30 + file.length + body.length
  }
  const size = central.reduce((n, b) => n + b.length, 0)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(rows.length, 4)
  end.writeUInt16LE(rows.length, 6)
  end.writeUInt32LE(size, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...local, ...central, Buffer.from('PK\x05\x06'), end])
}

const har = (entries) => JSON.stringify({ log: { version: '1.2', entries } })
const upload = (postData) => ({
  request: { method: 'POST', url: 'https://z.clarity.ms/collect', postData },
  response: { status: 204, content: {} },
})
const page = (url, mimeType, text, encoding) => ({
  startedDateTime: '2026-11-01T10:00:00.000Z',
  request: { method: 'GET', url },
  response: { status: 200, content: { mimeType, text, ...(encoding ? { encoding } : {}) } },
})

const visits = join(root, 'tests/fixtures/visits')
const sheets = new Set()
for (const visit of readdirSync(visits).filter((name) => statSync(join(visits, name)).isDirectory())) {
  const folder = join(visits, visit, 'clarity')
  const payloads = readdirSync(folder).sort().map((name) => readFileSync(join(folder, name)))
  payloads.forEach((payload) => seed('payload', payload))
  seed('payload', Buffer.concat(payloads.filter((p) => p.length < 1500).flatMap((p) => [p, Buffer.from('\n')])))
  const short = payloads.filter((p) => p.length < 1200)
  const first = short[0]
  seed('har', har(short.slice(0, 4).map((p) => upload({ text: p.toString() }))))
  seed('har', har([upload({ text: gzipSync(first).toString('base64'), encoding: 'base64' })]))
  seed('har', har([upload({ text: gzipSync(first).toString('latin1') })]))
  seed('har', har([page('https://shop.test/a.css', 'text/css', 'a{}'), page('https://shop.test/a.png', 'image/png', 'iVBORw0KGgo=', 'base64')]))
  for (const stored of [true, false]) {
    const rows = short.slice(0, 3).map((p, i) => [`${visit}/clarity/00${i}.json`, p])
    seed('zip', zip(rows, stored))
    seed('zip', zip([['a.zip', zip(rows.slice(0, 1), stored)], ['b.json.gz', gzipSync(first)]], stored))
    const manifest = { format: 'dwell-archive', version: 1, files: [], sessions: [{ id: 's', files: ['p.json'], user: 'u' }] }
    seed('zip', zip([
      ['manifest.json', JSON.stringify(manifest)], ['p.json', first], ['notes.json', '{}'], ['assets/a.css', 'a{}'],
      ['assets/assets.json', '[{"url":"https://shop.test/a.css","file":"a.css","content_type":"text/css"}]'],
    ], stored))
    seed('zip', zip([['../../up.json', first], ['/abs.json', first], ['C:\\x.json', first], ['a/../b.json', first]], stored))
  }
  seed('zip', gzipSync(first))
  seed('zip', brotliCompressSync(first))
  seed('zip', gzipSync(zip([['a.json', first]], false)))
  seed('zip', JSON.stringify({ meta: { country: 'DE' }, clarity: [first.toString()], rrweb: [] }))

  const events = JSON.parse(readFileSync(join(visits, visit, 'rrweb.json'), 'utf8'))
  const small = events.filter((e) => JSON.stringify(e).length < 1500)
  // A page of a few nodes that all events may happen on.
  const node = (id, tagName, attributes, childNodes) => ({ type: 2, id, tagName, attributes, childNodes })
  const begin = [
    { type: 4, data: { href: 'https://shop.test/', width: 800, height: 600 }, timestamp: events[0].timestamp },
    {
      type: 2, timestamp: events[0].timestamp,
      data: {
        initialOffset: { top: 0, left: 0 },
        node: { type: 0, id: 1, childNodes: [{ type: 1, id: 2, name: 'html', publicId: '', systemId: '' }, node(3, 'html', {}, [
          node(4, 'head', {}, [node(5, 'style', { _cssText: 'a:hover{b:url(x.png)}' }, [])]),
          node(6, 'body', {}, [node(7, 'input', { value: 'x' }, []), { type: 3, id: 8, textContent: 'text' }, node(9, 'iframe', { rr_src: '/f' }, [])]),
        ])] },
      },
    },
  ]
  seed('rrweb', JSON.stringify(begin))
  for (let from = 0; from < small.length; from += 24) {
    const some = small.slice(from, from + 24)
    seed('rrweb', JSON.stringify([...begin, ...some]))
    seed('rrweb', some.map((e) => JSON.stringify(e)).join('\n'))
  }
  for (const [, text] of JSON.stringify(events).matchAll(/"_cssText":"((?:[^"\\]|\\.)*)"/g)) {
    sheets.add(JSON.parse(`"${text}"`))
  }
}
// Every kind of incremental event, which no visit has all of.
for (const [source, data] of [
  [8, { id: 5, adds: [{ rule: 'b{}', index: 0 }, { rule: '@media all{c{}}', index: [0, 0] }], removes: [{ index: 0 }] }],
  [8, { styleId: 1, replace: 'a{}', replaceSync: 'b{}' }],
  [13, { id: 5, index: [0], set: { property: 'color', value: 'red', priority: 'important' } }],
  [15, { id: 1, styleIds: [1], styles: [{ styleId: 1, rules: [{ rule: 'a{}', index: 0 }] }] }],
  [9, { id: 7, type: 0, commands: [{ property: 'drawImage', args: [1] }] }],
  [7, { id: 7, type: 0, currentTime: 1, volume: 1, muted: true, playbackRate: 2, loop: true }],
  [14, { ranges: [{ start: 8, startOffset: 0, end: 8, endOffset: 2 }] }],
  [16, { define: { name: 'x-a' } }],
  [11, { level: 'error', payload: ['"x"'], trace: [] }],
  [0, { texts: [{ id: 8, value: 'y' }], attributes: [{ id: 7, attributes: { style: { color: 'red' }, class: null } }], removes: [{ parentId: 6, id: 9 }], adds: [{ parentId: 6, nextId: 7, previousId: null, node: { type: 2, id: 20, tagName: 'div', isShadowHost: true, attributes: {}, childNodes: [{ type: 3, id: 21, isShadow: true, textContent: '' }] } }], isAttachIframe: false }],
]) {
  const timestamp = 1760000000000
  const doc = { type: 0, id: 1, childNodes: [{ type: 2, id: 3, tagName: 'html', attributes: {}, childNodes: [{ type: 2, id: 5, tagName: 'style', attributes: { _cssText: 'a{}' }, childNodes: [] }, { type: 2, id: 6, tagName: 'body', attributes: {}, childNodes: [{ type: 2, id: 7, tagName: 'video', attributes: {}, childNodes: [] }, { type: 3, id: 8, textContent: 'x' }] }] }] }
  seed('rrweb', JSON.stringify([
    { type: 4, data: { href: 'https://shop.test/', width: 8, height: 6 }, timestamp }, { type: 2, data: { node: doc, initialOffset: { top: 0, left: 0 } }, timestamp },
    { type: 3, data: { source, ...data }, timestamp: timestamp + 1 },
  ]))
}

for (const sheet of sheets) seed('css', sheet.slice(0, 4096))
for (const text of Object.values(vectors).map(fill)) {
  seed('sanitise', text)
  for (const [, sheet] of text.matchAll(/<style[^>]*>(.*?)(?:<\/style>|$)/gs)) seed('css', sheet)
  for (const [, , value] of text.matchAll(/ (style|fill|mask|filter|cursor)="([^"]*)"/g)) seed('css', value)
}
for (const sheet of [
  "@import url(css/x.css) layer(a.b) supports(display:grid) print;@import 'css/close.css' screen;@import'css/loop.css';a{}",
  "@charset \"x\";@layer a,b;@namespace svg url(http://www.w3.org/2000/svg);@import 'css/own.css' (min-width:9px);svg|a:hover{}\n%%\n@media all{.o{b:url(b.png)",
  "@import url('data:text/css,.d{b:url(//leak.test)}');@import url(data:text/css;base64,LmR7fQ==);",
  'a:hover,b::part(x):focus>c:before:hover,:is(a:defined){color:attr(href);b:attr(x type(<url>))}[src="x"],[data-x]{}',
  "a{b:image-set('a.png' 1x,url(css/b.png#f) 2x type('image/png'));c:src(\"a.png\");d:url(#e) url(page?q=1#f)}",
  '@media (max-device-width:9px) and (hover:hover){a{&:hover{b:c}d:hover{e:f}}}@scope (a:hover) to (b){}@container x style(--y:z){}',
  'a{behavior:url(x.htc);-moz-binding:url(y);width:expression(1);--u:"//leak.test";b:image-set(var(--u) 1x)}<!-- b{} --> }}{[((',
]) seed('css', sheet)
for (const text of [
  '<style !sheet="a{b:url(x)}" !rule="@import \'http://leak.test/a.css\';" !inner="b{}" !declare="url(//leak.test)"></style>',
  '<div><#shadow><slot></slot><style>a:hover{}</style></#shadow>light</div><p !constructed="a{b:url(/a.png)}" !adopted="" !adopt="">',
  '<iframe src="javascript:x"><#document q><p title="&quot;">x</p><iframe><#document><p></#document></iframe></#document></iframe>',
  '<select !value="b"><option value=a>a<option value=b !selected="">b</select><textarea !value="</textarea><b>">x</textarea><input type=checkbox !checked="">',
  '<canvas !canvas="data:image/png;base64,AA"></canvas><dialog !open="modal" style="color:red">d</dialog><div popover !open="">p</div>',
  '<x-a !define="x-b" !focus="" !scroll="9">x</x-a><div dwell:width=9 dwell:height=9 dwell:blocked></div><img dwell:src="data:image/png,x" dwell:width=1>',
  '<svg><foreignObject><div><svg:rect fill="url(#a)"/></div></foreignObject><use href="#i"/><image href="/a.png"/><set attributeName="fill" to="url(x)"/></svg>',
  '<a +href="javascript:x" ~background="url(//leak.test)" !move="5">x</a><head><meta name=viewport content=x><title>t</title></head><img srcset="/a.png 1x, b.png 2x">',
]) seed('sanitise', text)

for (const folder of containers) {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name))
    seed('zip', bytes)
    if (/\.(json|ndjson|jsonl|txt)$/.test(name)) {
      seed('rrweb', bytes)
      seed('har', bytes)
    }
  }
}
console.error(`${written} seeds in ${out}`)
