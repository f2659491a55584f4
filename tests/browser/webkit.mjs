// The same in WebKit, through WebKitWebDriver: no library knows MiniBrowser.
import { spawn } from 'node:child_process'
import net from 'node:net'

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise(done => server.once('listening', done))
  const { port } = server.address()
  await new Promise(done => server.close(done))
  return port
}

/** Opens each text as a page and answers with a sentence for each that went away or ran a script. */
export async function openInWebKit(binary, port, list, offer, act) {
  const driverPort = await freePort()
  const driver = spawn('WebKitWebDriver', [`--port=${driverPort}`], { stdio: 'ignore' })
  const call = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${driverPort}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined,
      signal: AbortSignal.timeout(20000),
    })
    const { value } = await response.json()
    if (!response.ok) throw new Error(value?.message ?? value?.error ?? response.status)
    return value
  }
  const out = []
  try {
    for (let i = 0; ; i++) {
      try {
        await call('GET', '/status')
        break
      } catch (error) {
        if (i > 50) throw error
        await new Promise(done => setTimeout(done, 100))
      }
    }
    const open = async () => (await call('POST', '/session', {
      capabilities: { alwaysMatch: { unhandledPromptBehavior: 'dismiss', timeouts: { pageLoad: 8000, script: 8000 }, 'webkitgtk:browserOptions': { binary, args: ['--automation'] } } },
    })).sessionId
    let session = await open()
    for (const [name, html] of list) {
      offer(name, html)
      const at = `/session/${session}`
      const script = (text, args = []) => call('POST', `${at}/execute/sync`, { script: text, args })
      const address = `http://localhost:${port}/p/${name}`
      try {
        await call('POST', `${at}/url`, { url: address }).catch(() => {})
        await script('window.dwellStays = 1; window.dwellRan = () => { window.dwellRuns = 1 }').catch(() => {})
        const found = await call('POST', `${at}/elements`, { using: 'css selector', value: 'a, area, button, input, summary, .clickme' }).catch(() => [])
        for (const element of found.slice(0, 3)) {
          for (const button of [0, 1]) {
            await call('POST', `${at}/actions`, {
              actions: [{ type: 'pointer', id: 'm', parameters: { pointerType: 'mouse' }, actions: [{ type: 'pointerMove', duration: 0, x: 0, y: 0, origin: element }, { type: 'pointerDown', button }, { type: 'pointerUp', button }] }],
            }).catch(() => {})
          }
        }
        await script(`(${act})()`).catch(() => {})
        await new Promise(done => setTimeout(done, 150))
        const [stays, ran] = await script('return [window.dwellStays, window.dwellRuns]').catch(() => [0, 0])
        const windows = await call('GET', `${at}/window/handles`).catch(() => ['', ''])
        if (stays !== 1) out.push(`${name}: the page went away`)
        if (ran) out.push(`${name}: a script ran`)
        if (windows.length > 1) {
          out.push(`${name}: ${windows.length - 1} windows opened`)
          throw new Error('start again')
        }
      } catch {
        await call('DELETE', at).catch(() => {})
        session = await open()
      }
    }
    await call('DELETE', `/session/${session}`).catch(() => {})
  } finally {
    driver.kill()
  }
  return out
}
