// Opens what the serialiser prints in a plain browser page, without sandbox and CSP, clicks, focuses and
// submits everything in it, and counts the requests and scripts. The same markup unsanitised is the control:
// a run in which the control does not leak proves nothing and fails.
//
//   node leaks.mjs PRINTER [--trees N] [--seed S] [--webkit MINIBROWSER] [--vectors FILE.json]
//
// PRINTER is the built example `safe_html` of dwell-core. Needs playwright-core (NODE_PATH or beside this
// file) and a Chromium (CHROMIUM, default /usr/bin/chromium); --webkit needs WebKitWebDriver and a display.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import path from 'node:path'
import { vectors as own } from './vectors.mjs'
import { hostileTree, naive } from './trees.mjs'

const require = createRequire(process.env.NODE_PATH ? path.join(process.env.NODE_PATH, 'x.js') : import.meta.url)
const { chromium } = require('playwright-core')
const args = process.argv.slice(2)
const option = (name, or) => (args.includes(name) ? args[args.indexOf(name) + 1] : or)
const printer = args[0]
const treeCount = Number(option('--trees', 200))
const seed = Number(option('--seed', 1))
const extra = option('--vectors', null)
const vectors = { ...own, ...(extra ? JSON.parse(readFileSync(extra, 'utf8')) : {}) }

// ---- the listener: pages by number, and everything else is a leak ---------------------------------------
const pages = new Map()
let hits = []
const server = http.createServer((request, response) => {
  const host = (request.headers.host ?? '').split(':')[0]
  const page = (host === 'page.test' || host === 'localhost') && /^\/p\/([\w-]+)$/.exec(request.url)
  if (page && pages.has(page[1]) && !served.has(page[1])) {
    served.add(page[1])
    response.setHeader('content-type', 'text/html; charset=utf-8')
    return response.end(pages.get(page[1]))
  }
  if (request.url === '/favicon.ico') return response.writeHead(404).end()
  hits.push({ host, url: request.url, referer: request.headers.referer })
  const kind = { css: 'text/css', js: 'text/javascript', png: 'image/png', svg: 'image/svg+xml' }[/\.(\w+)$/.exec(request.url)?.[1]]
  response.setHeader('content-type', kind ?? 'text/html')
  response.setHeader('access-control-allow-origin', '*')
  response.end(kind === 'text/javascript' ? 'dwellRan()' : '')
})
// A page may be loaded once: a click that loads it again is a request like any other.
const served = new Set()
await new Promise(done => server.listen(0, '127.0.0.1', done))
const port = server.address().port

// One name per vector, so that a leak names its cause wherever it is seen.
const fill = (html, id) => html.replaceAll('{U}', `http://${id}.leak.test:${port}`).replaceAll('{H}', `${id}.leak.test:${port}`).replaceAll('{X}', `dwellRan('${id}')`)

// What a hostile page and a patient visitor do; runs inside the page.
function doEverything() {
  const seen = new Set()
  const roots = [document]
  let acted = 0
  while (roots.length) {
    const root = roots.pop()
    if (seen.has(root)) continue
    seen.add(root)
    for (const e of Document.prototype.querySelectorAll.call(root, '*')) {
      if (e.shadowRoot) roots.push(e.shadowRoot)
      try { if (e.contentDocument) roots.push(e.contentDocument) } catch {}
      acted++
      try { HTMLElement.prototype.focus.call(e) } catch {}
      try { e.dispatchEvent(new MouseEvent('mouseover', { bubbles: true })) } catch {}
      try { HTMLElement.prototype.click.call(e) } catch {}
      try { e.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, composed: true })) } catch {}
      try { e.dispatchEvent(new MouseEvent('auxclick', { bubbles: true, button: 1, cancelable: true })) } catch {}
      if (e instanceof (e.ownerDocument.defaultView ?? window).HTMLFormElement) {
        try { HTMLFormElement.prototype.requestSubmit.call(e) } catch {}
        try { HTMLFormElement.prototype.submit.call(e) } catch {}
      }
      try { if (e.tagName === 'VIDEO' || e.tagName === 'AUDIO') e.play().catch(() => {}) } catch {}
    }
  }
  return acted
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', `--host-resolver-rules=MAP *.leak.test 127.0.0.1, MAP page.test 127.0.0.1, MAP leak.test 127.0.0.1`],
})

const wait = ms => new Promise(done => setTimeout(done, ms))
/** A page may hang; that must not hang the test. */
const within = (ms, promise, or) => Promise.race([promise.catch(() => or), wait(ms).then(() => or)])

/** Opens one text as a plain page; returns what it did. */
async function open(name, html, real, own = []) {
  pages.set(name, html)
  served.delete(name)
  const context = await browser.newContext()
  const page = await context.newPage()
  const ran = []
  const asked = []
  const address = `http://page.test:${port}/p/${name}`
  await context.exposeFunction('dwellRan', what => void ran.push(what ?? 'file'))
  let tabs = 0
  context.on('page', () => tabs++)
  context.on('request', request => {
    const url = request.url()
    if (url !== address && !own.includes(url) && !/^(data|about|blob):/.test(url)) asked.push(url)
  })
  page.on('dialog', dialog => dialog.dismiss().catch(() => {}))
  await within(5000, page.goto(address, { waitUntil: 'load', timeout: 4500 }))
  await wait(120)
  const stays = await within(2000, page.evaluate(() => (window.dwellStays = 1)), 0)
  if (real && stays) {
    for (const target of (await within(1000, page.$$('a, area, button, input, summary, .clickme'), [])).slice(0, 4)) {
      for (const how of [{}, { button: 'middle' }, { modifiers: ['Control'] }]) {
        await within(600, target.click({ timeout: 250, noWaitAfter: true, ...how }))
      }
      await within(600, target.focus({ timeout: 250 }).then(() => page.keyboard.press('Enter')))
    }
  }
  await within(3000, page.evaluate(doEverything))
  await wait(180)
  const mark = await within(2000, page.evaluate(() => window.dwellStays), 0)
  const left = stays ? mark !== 1 : false
  const again = own.length ? '' : await within(2000, page.evaluate(() => document.documentElement.outerHTML), '')
  const inner = await within(2000, page.evaluate(() => [...document.querySelectorAll('iframe')].map(f => f.contentDocument?.documentElement?.outerHTML ?? null)), [])
  // A frame that has lost its document went somewhere.
  const lost = own.length > 0 && (inner.length !== own.length || inner.includes(null))
  await within(3000, context.close())
  return { ran, asked, tabs, left: left || lost, again, inner }
}

/** Opens many texts, each in a frame of its own, a dozen to a page; `real` ones as pages, with a real mouse. */
async function openAll(list, real = []) {
  const results = new Map()
  const jobs = list.filter(([, html], i) => !real[i]).map(item => item)
  const batches = []
  for (let i = 0; i < jobs.length; i += 12) batches.push(jobs.slice(i, i + 12))
  const work = [...batches.map(batch => ({ batch })), ...list.filter((_, i) => real[i]).map(item => ({ item }))]
  const worker = async () => {
    for (let job = work.shift(); job; job = work.shift()) {
      if (job.item) {
        results.set(job.item[0], await open(...job.item, true))
        continue
      }
      for (const [name, html] of job.batch) pages.set(name, html), served.delete(name)
      const frames = job.batch.map(([name]) => `<iframe width=300 height=200 src="/p/${name}"></iframe>`).join('')
      const addresses = job.batch.map(([name]) => `http://page.test:${port}/p/${name}`)
      const all = await open('batch-' + job.batch[0][0], '<!doctype html>' + frames, false, addresses)
      if (!leaks(all)) {
        job.batch.forEach(([name], i) => results.set(name, { ...all, again: all.inner[i] ?? '' }))
        continue
      }
      // Somebody in there leaks: who is found by the names that requests and scripts carry.
      for (const [name] of job.batch) {
        const id = name.replace(/^.*-/, '')
        const mine = { ran: all.ran.filter(r => r === id), asked: all.asked.filter(u => u.includes(`//${id}.leak.test`)) }
        results.set(name, { ...mine, tabs: 0, left: false, again: '' })
      }
      const named = [...job.batch].some(([name]) => leaks(results.get(name)))
      if (!named) results.get(job.batch[0][0]).asked.push('somebody in this dozen: ' + JSON.stringify({ ...all, inner: 0, again: 0 }))
    }
  }
  await Promise.all(Array.from({ length: 3 }, worker))
  return results
}

// ---- vectors as the trees that a recorder would have seen -------------------------------------------------
const context = await browser.newContext({ javaScriptEnabled: true, offline: true })
const parserPage = await context.newPage()
await parserPage.goto('about:blank')
async function opsOf(html) {
  return parserPage.evaluate(text => {
    const ops = ['Reset']
    let id = 1
    const space = { 'http://www.w3.org/2000/svg': 'Svg', 'http://www.w3.org/1998/Math/MathML': 'MathMl' }
    const put = (node, parent, kind) => ops.push({ Put: { node, parent, place: 'Last', kind } })
    const walk = (node, parent) => {
      const stack = [[node, parent]]
      while (stack.length) {
        const [n, up] = stack.pop()
        const mine = id++
        if (n.nodeType === 9) put(mine, null, { Document: { quirks: false } })
        else if (n.nodeType === 3) put(mine, up, { Text: n.data })
        else if (n.nodeType === 8) put(mine, up, { Comment: n.data })
        else if (n.nodeType === 1) {
          const attrs = [...n.attributes].map(a => ({ name: a.name, value: a.value }))
          put(mine, up, { Element: { ns: space[n.namespaceURI] ?? 'Html', tag: n.localName, attrs } })
        } else continue
        if (n.shadowRoot) {
          const root = id++
          put(root, mine, { ShadowRoot: { open: true } })
          for (const kid of [...n.shadowRoot.childNodes].reverse()) stack.push([kid, root])
        }
        // A recorder may well have seen a template's content as children.
        for (const kid of [...(n.localName === 'template' && n.content ? n.content : n).childNodes].reverse()) stack.push([kid, mine])
      }
    }
    walk(Document.parseHTMLUnsafe ? Document.parseHTMLUnsafe(text) : new DOMParser().parseFromString(text, 'text/html'), null)
    return ops
  }, html)
}

function print(list) {
  const run = spawnSync(printer, { input: list.map(o => JSON.stringify(o)).join('\n') + '\n', maxBuffer: 1 << 30 })
  if (run.status !== 0) throw new Error(`${printer}: ${run.stderr}`)
  return run.stdout.toString().trim().split('\n').map(line => JSON.parse(line))
}

const leaks = result => result.asked.length > 0 || result.ran.length > 0 || result.left || result.tabs > 0
let failed = false
const problem = text => {
  failed = true
  console.error('FAILED ' + text)
}

async function judge(what, list, controls) {
  hits = []
  const control = await openAll(controls.map(([name, html]) => ['c-' + name, html]))
  const controlHits = hits.length
  const leaking = [...control.values()].filter(leaks).length
  const running = [...control.values()].filter(r => r.ran.length).length
  hits = []
  const safe = await openAll(list, controls.map(([, html]) => what === 'vectors' && html.includes('clickme')))
  const bad = [...safe].filter(([, r]) => leaks(r))
  for (const [name, r] of bad) problem(`${what} ${name}: asked ${r.asked.slice(0, 3)} ran ${r.ran} left ${r.left} tabs ${r.tabs}`)
  const seen = [...hits]
  for (const hit of seen.slice(0, 5)) problem(`${what}: request ${hit.host}${hit.url} from ${hit.referer}`)
  // A second life: what the browser makes of it, written down and opened again.
  const second = [...safe].filter(([, r]) => r.again).map(([name, r]) => ['again-' + name, '<!doctype html>' + r.again])
  hits = []
  const twice = await openAll(second)
  for (const [name, r] of [...twice].filter(([, r]) => leaks(r))) problem(`${what} ${name}: asked ${r.asked.slice(0, 3)} ran ${r.ran} left ${r.left} tabs ${r.tabs}`)
  for (const hit of hits.slice(0, 5)) problem(`${what} again: request ${hit.host}${hit.url} from ${hit.referer}`)
  console.log(
    `${what}: ${list.length} opened; control: ${leaking} leak (${controlHits} requests, ${running} run scripts); ` +
      `safe: ${bad.length} leak (${seen.length} requests); parsed, printed by the browser and opened again: ` +
      `${[...twice.values()].filter(leaks).length} of ${second.length} leak`,
  )
  return { leaking, running }
}

const names = Object.keys(vectors)
const controls = names.map((n, i) => [`v${i}`, fill(vectors[n], `v${i}`)])
const ops = []
for (const [, html] of controls) ops.push(await opsOf(html))
const printed = print(ops)
const listed = printed.map((html, i) => [`v${i}`, html])
names.forEach((n, i) => {
  // Addresses may survive only as text to read: never in an attribute that a browser fetches.
  for (const match of (printed[i].match(/<[a-z][^>]*>/gi) ?? []).join('').matchAll(/\s([\w:-]+)="([^"]*)"/g)) {
    if (match[2].includes('leak.test') && !/^(data-dwell-|dwell-missing-|title|value|alt|data-|style|d$)/.test(match[1])) {
      problem(`${n}: ${match[1]}="${match[2].slice(0, 80)}"`)
    }
  }
  // No `>` stands in a value, so that this finds whole tags.
  const tags = (printed[i].match(/<[a-z][^>]*>/gi) ?? []).join('')
  if (/\son\w+=|javascript:/i.test(tags.replace(/\s(data-dwell-[\w-]+|title|content|id)="[^"]*"/g, ''))) problem(`${n} (v${i}): handler in ${printed[i].slice(0, 300)}`)
})
const v = await judge('vectors', listed, controls)
if (v.leaking < names.length * 0.4 || v.running < 10) problem(`the control hardly leaks (${v.leaking} of ${names.length}): this run proves nothing`)

const trees = Array.from({ length: treeCount }, (_, i) => hostileTree(seed * 100003 + i, `t${i}`, port))
const t = treeCount && await judge('trees', print(trees).map((html, i) => [`t${i}`, html]), trees.map((tree, i) => [`t${i}`, naive(tree)]))
// A dozen controls share a page, and the first that navigates away silences the others.
if (treeCount && t.leaking < treeCount * 0.15) problem(`the control hardly leaks (${t.leaking} of ${treeCount}): this run proves nothing`)

await browser.close()

// ---- WebKit: the same texts, two by two ---------------------------------------------------------------------
const webkit = option('--webkit', null)
if (webkit) {
  const { openInWebKit } = await import('./webkit.mjs')
  const all = [...listed, ...(treeCount ? print(trees.slice(0, 60)) : []).map((html, i) => [`t${i}`, html])]
  const run = async list => {
    hits = []
    const lost = await openInWebKit(webkit, port, list, (name, html) => { pages.set(name, html); served.delete(name) }, doEverything)
    return { hits: [...hits], lost }
  }
  // Names resolve through the listener only for what WebKit is told: addresses become numbers.
  const local = html => html.replaceAll(/[\w-]+\.leak\.test:/g, '127.0.0.1:')
  const control = await run(controls.filter((_, i) => i % 2 === 0).map(([n, h]) => ['wc-' + n, local(h)]))
  const safe = await run(all.map(([n, h]) => ['w-' + n, local(h)]))
  for (const hit of safe.hits.slice(0, 8)) problem(`WebKit: request ${hit.url} from ${hit.referer}`)
  for (const lost of safe.lost) problem(`WebKit: ${lost}`)
  console.log(`WebKit: ${all.length} opened, ${safe.hits.length} requests, ${safe.lost.length} left the page or ran a script; control (${Math.ceil(controls.length / 2)}): ${control.hits.length} requests, ${control.lost.length} left or ran`)
  if (control.hits.length < 20) problem('the WebKit control hardly leaks: this run proves nothing')
}
server.close()
server.closeAllConnections?.()
process.exit(failed ? 1 : 0)
