// Drives a page like a person and notes what it did.
const sleep = ms => new Promise(r => setTimeout(r, ms));
export function seeded(seed) { let s = seed >>> 0 || 1; return () => { s ^= s << 13; s >>>= 0; s ^= s >>> 17; s ^= s << 5; s >>>= 0; return s / 4294967296; }; }

export class Visitor {
  constructor({ page, cdp, seed, touch, shift, sink, origin }) { Object.assign(this, { page, cdp, touch, shift, sink, origin, rnd: seeded(seed), x: 60, y: 90, actions: [], problems: [] }); }
  r(a, b) { return a + this.rnd() * (b - a); }
  now() { return Date.now() + this.shift; }
  pause(a = 400, b = a * 1.6) { return sleep(this.r(a, b)); }
  note(action, data = {}) { const a = { t: this.now(), action, ...data }; this.actions.push(a); return a; }
  async checkpoint(name) { await this.sink.checkpoint(name, this); }

  async open(path, referer) {
    this.note('open', { url: this.origin + path, referrer: referer || null });
    await this.page.goto(this.origin + path, { referer, waitUntil: 'load' });
    await this.pause(900, 1500);
  }
  async box(sel, n = 0) {
    const loc = this.page.locator(sel).nth(n);
    await loc.waitFor({ state: 'visible', timeout: 5000 });
    for (let i = 0; i < 22; i++) {
      const b = await loc.boundingBox(), h = this.page.viewportSize().height, top = 120;
      if (b && b.y >= (await this.page.evaluate(() => document.querySelector('dialog[open]') ? 0 : 1) ? top : 0) && b.y + Math.min(b.height, 70) <= h - 12) { await sleep(90); const c = await loc.boundingBox(); if (c && Math.abs(c.y - b.y) < 2 && Math.abs(c.x - b.x) < 2) return c; continue; }
      if (!b) { await sleep(120); continue; }
      const y0 = await this.page.evaluate(() => scrollY);
      const want = b.y < top ? b.y - h * .35 : b.y - h * .55;
      await this.wheel(Math.sign(want) * Math.max(40, Math.min(460, Math.abs(want))), true);
      if ((await this.page.evaluate(() => scrollY)) === y0) return b;
      await this.pause(60, 160);
    }
    return loc.boundingBox();
  }
  async moveTo(x, y) {
    if (!this.touch) {
      const d = Math.hypot(x - this.x, y - this.y), steps = Math.max(5, Math.min(26, Math.round(d / 28))), bx = this.r(-26, 26), by = this.r(-26, 26), x0 = this.x, y0 = this.y;
      for (let i = 1; i <= steps; i++) { const k = i / steps, e = k * k * (3 - 2 * k), bow = Math.sin(Math.PI * k); await this.page.mouse.move(x0 + (x - x0) * e + bx * bow, y0 + (y - y0) * e + by * bow); await sleep(11); }
    }
    this.x = x; this.y = y;
  }
  async press(x, y) { if (this.touch) await this.page.touchscreen.tap(x, y); else { await this.page.mouse.down(); await sleep(this.r(40, 90)); await this.page.mouse.up(); } }
  async hover(sel, n = 0) { const b = await this.box(sel, n); this.note('hover', { sel, n }); await this.moveTo(b.x + b.width * this.r(.3, .7), b.y + b.height * this.r(.3, .7)); await this.pause(500); }
  async click(sel, { n = 0, settle = 700, at } = {}) {
    const b = await this.box(sel, n), x = b.x + b.width * (at ? at[0] : this.r(.35, .65)), y = b.y + b.height * (at ? at[1] : this.r(.35, .65));
    await this.moveTo(x, y); await this.pause(90, 200);
    this.note('click', { sel, n, x: Math.round(x), y: Math.round(y) });
    await this.press(x, y); await this.pause(settle, settle * 1.4);
    await this.page.waitForLoadState('load').catch(() => {});
  }
  async rage(sel, times = 5, n = 0) {
    const b = await this.box(sel, n), x = b.x + b.width / 2, y = b.y + b.height / 2;
    await this.moveTo(x, y); await this.pause(150);
    for (let i = 0; i < times; i++) { const jx = x + this.r(-3, 3), jy = y + this.r(-3, 3); this.note('click', { sel, n, x: Math.round(jx), y: Math.round(jy), rage: true }); if (!this.touch) await this.page.mouse.move(jx, jy); await this.press(jx, jy); await sleep(this.r(110, 190)); }
    await this.pause(1200);
  }
  async dead(sel, n = 0) { await this.pause(800); await this.click(sel, { n, settle: 1400 }); }
  async type(sel, text, { clear } = {}) {
    await this.click(sel, { settle: 160 });
    if (clear) await this.page.keyboard.press('Control+A');
    this.note('type', { sel, text });
    for (const ch of text) { await this.page.keyboard.type(ch); await sleep(this.r(45, 130)); }
    await this.pause(300);
  }
  async choose(sel, label) {
    await this.moveTo(...(b => [b.x + b.width * .6, b.y + b.height / 2])(await this.box(sel))); await this.pause(150);
    this.note('choose', { sel, label });
    await this.page.locator(sel).focus(); await this.page.locator(sel).selectOption(label); await this.pause(600);
  }
  async wheel(dy, quiet) {
    if (!quiet) this.note('scroll', { dy: Math.round(dy) });
    if (this.touch) {
      const vp = this.page.viewportSize(), x = Math.round(vp.width * this.r(.4, .6));
      const touch = (type, y) => this.cdp.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y: Math.round(y) }] });
      for (let left = dy; Math.abs(left) > 8;) {
        const d = Math.sign(left) * Math.min(Math.abs(left) + 15, vp.height * .55), y0 = d > 0 ? vp.height * .8 : vp.height * .25;
        await touch('touchStart', y0);
        for (let i = 1; i <= 9; i++) { await touch('touchMove', y0 - d * i / 9); await sleep(15); }
        await sleep(60); await touch('touchMove', y0 - d); await sleep(20); await touch('touchEnd');
        left -= d - Math.sign(d) * 15; await sleep(50);
      }
    } else { const steps = Math.max(2, Math.round(Math.abs(dy) / 100)); for (let i = 0; i < steps; i++) { await this.page.mouse.wheel(0, dy / steps); await sleep(this.r(16, 34)); } }
    await sleep(80);
  }
  async read(total, step = 420) { for (let y = 0; y < total; y += step) { await this.wheel(Math.min(step, total - y)); await this.pause(500, 1100); if (!this.touch && this.rnd() < .6) await this.moveTo(this.r(200, 900), this.r(180, 560)); } }
  async excessive(rounds = 5, amount = 1300) { this.note('excessive scroll', { rounds, amount }); for (let i = 0; i < rounds; i++) { await this.wheel(amount, true); await this.wheel(-amount, true); } await this.pause(500); }
  async innerScroll(sel, dx, dy) { const b = await this.box(sel); this.note('inner scroll', { sel, dx, dy }); await this.moveTo(b.x + b.width / 2, b.y + Math.min(b.height / 2, 120)); if (this.touch) await this.page.locator(sel).evaluate((e, [x, y]) => e.scrollBy(x, y), [dx, dy]); else for (let i = 0; i < 6; i++) { await this.page.mouse.wheel(dx / 6, dy / 6); await sleep(40); } await this.pause(600); }
  async back() { this.note('back'); await this.page.goBack({ waitUntil: 'load' }); await this.pause(900); }
  async quickBack(sel, n = 0, stay = 1700) { await this.click(sel, { n, settle: 300 }); await sleep(stay); await this.back(); }
  async resize(width, height) { this.note('resize', { width, height }); await this.page.setViewportSize({ width, height }); await this.pause(900); }
  async clarity(...args) { this.note('clarity', { args }); await this.page.evaluate(a => window.clarity(...a), args); if (args[0] === 'set') this.sink.tag(args[1], args[2]); if (args[0] === 'event') this.sink.event(args[1]); }
  async menu() { if (await this.page.locator('.menu-button').isVisible()) await this.click('.menu-button'); }

  // ---- parts of a visit to the shop ----------------------------------------------------------------------------
  async nav(text) { await this.menu(); await this.click(`#nav a:text-is("${text}")`); }
  async addCard(id, then = 'close') { await this.click(`#main [data-add="${id}"]`, { settle: 1000 }); if (then === 'close') await this.click('dialog .ghost'); else if (then === 'cart') await this.click('dialog a.button', { settle: 1100 }); }
  async fill(p, only) { for (const k of ['name', 'email', 'street', 'postcode', 'town']) if (!only || only.includes(k)) await this.type('#' + k, p[k]); if (!only || only.includes('country')) await this.choose('#country', p.country); }
  async order() { await this.click('#place', { settle: 2600 }); await this.page.waitForURL('**/thanks', { timeout: 6000 }).catch(() => this.problems.push('order did not go through')); await this.pause(2200); }
}
