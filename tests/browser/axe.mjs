// Looks at the player with axe-core, painted, in light and dark: node axe.mjs [CHROMIUM]
//
// The trap: tests without painting see names and roles, but no colours. So this starts the development page with the
// recording made by hand, opens every panel of the player by its key, and fails on any finding. It needs the packages of
// ui/ and of tests/demo-site/.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [executablePath = '/usr/bin/chromium'] = process.argv.slice(2);
const ui = fileURLToPath(new URL('../../ui/', import.meta.url));
const { chromium } = createRequire(new URL('../demo-site/package.json', import.meta.url))('playwright-core');
const axeSource = readFileSync(`${ui}node_modules/axe-core/axe.min.js`, 'utf8');
const port = 5200 + (process.pid % 400);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

const vite = spawn('node', ['node_modules/vite/bin/vite.js', '--port', String(port)], { cwd: ui, stdio: 'ignore' });
let found = 0;
let looked = 0;
try {
  const url = `http://localhost:${port}/`;
  for (let i = 0; i < 300; i++) {
    if (await fetch(url).then((answer) => answer.ok, () => false)) break;
    await wait(100);
  }
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  for (const [colorScheme, width] of [['light', 1440], ['dark', 1440], ['light', 1000], ['dark', 1000]]) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    await page.goto(url);
    await page.waitForSelector('[data-testid=session-row]');
    await page.evaluate(axeSource);
    const look = async (name) => {
      looked++;
      const violations = await page.evaluate(async () => {
        const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
        const { violations } = await globalThis.axe.run(document, { runOnly: { type: 'tag', values }, iframes: false });
        return violations.map((v) => `${v.impact} ${v.id}\n${v.nodes.map((n) => `    ${n.html.slice(0, 200)}\n    ${n.failureSummary}`).join('\n')}`);
      });
      found += violations.length;
      for (const violation of violations) console.log(`${colorScheme}, ${width} px, ${name}: ${violation}`);
    };
    await page.evaluate(() => document.querySelector('[data-testid=session-row]').dispatchEvent(new MouseEvent('dblclick', { bubbles: true })));
    await page.waitForFunction(() => window.__dwell?.shown() != null);
    for (let i = 0; i < 14; i++) await page.keyboard.press('.');
    await wait(400);
    if (width < 1240) await page.keyboard.press('t');
    await wait(300);
    await look('transcript');
    await page.keyboard.press('e');
    await wait(300);
    await look('evidence');
    await page.keyboard.press('Escape');
    for (const [key, name] of [['f', 'facts'], ['p', 'speed'], ['x', 'errors'], ['v', 'events'], ['d', 'DOM']]) {
      await page.keyboard.press(key);
      await wait(250);
      await look(name);
    }
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('?');
    await wait(250);
    await look('keys');
    await page.close();
  }
  await browser.close();
} finally {
  vite.kill();
}
console.log(`${looked} views looked at, ${found} findings`);
process.exit(found || !looked ? 1 : 0);
