// Runs before any script of the page, in every frame. OPTIONS is replaced by the runner.
(function () {
  const OPT = /*OPTIONS*/{};
  if (!/^https:$/.test(location.protocol) || location.host !== OPT.host) return;

  // ---- the clock: one constant shift for all pages of a visit ------------------------------------------------
  const shift = OPT.shift, RealDate = Date, realNow = Date.now.bind(Date);
  const Shifted = new Proxy(RealDate, {
    construct: (T, args, target) => args.length ? Reflect.construct(T, args, target) : Reflect.construct(T, [realNow() + shift], target),
    apply: () => new RealDate(realNow() + shift).toString(),
    get: (T, k) => k === 'now' ? () => realNow() + shift : Reflect.get(T, k),
  });
  RealDate.prototype.constructor = Shifted;
  window.Date = Shifted;
  const origin = performance.timeOrigin + shift;
  Object.defineProperty(performance, 'timeOrigin', { configurable: true, get: () => origin });
  // cookies dated by the shifted clock would be dropped as expired: keep them for the browser session instead
  const jar = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  Object.defineProperty(Document.prototype, 'cookie', { configurable: true, get() { return jar.get.call(this); }, set(v) { jar.set.call(this, String(v).replace(/;\s*(expires|max-age)=[^;]*/gi, '')); } });
  if (window !== window.top) return;

  // ---- the way out: a DevTools binding, and a beacon while the page goes away ----------------------------------
  const bind = window.__emit; if (!bind) return;
  const pv = Math.random().toString(36).slice(2, 10), now = () => Date.now();
  let seq = 0, leaving = false;
  const emit = (kind, data) => { const m = JSON.stringify({ kind, pv, seq: ++seq, at: now(), data }); bind(m); if (leaving) navigator.sendBeacon('/__beacon', m); };
  for (const t of ['pagehide', 'unload']) addEventListener(t, () => { leaving = true; }, true);
  emit('page', { href: location.href, referrer: document.referrer, vw: innerWidth, vh: innerHeight, dpr: devicePixelRatio, language: navigator.language });
  addEventListener('error', e => { if (e.message) emit('error', { message: e.message, source: e.filename, line: e.lineno }); }, true);
  addEventListener('unhandledrejection', e => emit('rejection', { message: String(e.reason && e.reason.message || e.reason) }));
  addEventListener('click', e => { const t = e.composedPath()[0]; emit('click', { x: Math.round(e.pageX), y: Math.round(e.pageY), tag: t.localName, text: (t.textContent || '').trim().slice(0, 40) }); }, true);
  addEventListener('resize', () => emit('resize', { vw: innerWidth, vh: innerHeight }));

  // ---- what the shop reports becomes custom events of both recorders -----------------------------------------
  let started = false; const waiting = [];
  const handle = d => {
    if (!started) { waiting.push(d); return; }
    const { event, ...rest } = d;
    emit('custom', d);
    window.clarity('event', event);
    if (rest.cart_value != null) { window.clarity('set', 'cart_value', String(rest.cart_value)); emit('tag', ['cart_value', String(rest.cart_value)]); }
    if (event === 'purchase') { window.clarity('set', 'order_value', String(rest.value)); emit('tag', ['order_value', String(rest.value)]); }
    try { window.rrweb.record.addCustomEvent(event, rest); } catch (e) { emit('problem', 'custom event: ' + e.message); }
  };
  window.dataLayer = []; window.dataLayer.push = function (d) { Array.prototype.push.call(this, d); handle(d); return this.length; };

  let last = 0;
  new MutationObserver(() => { last = performance.now(); }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  window.__visit = { idle: () => performance.now() - last, dump: () => { const t = now(), dom = window.__walk(document); return { t, href: location.href, dom }; } };

  document.addEventListener('DOMContentLoaded', () => {
    try { window.rrweb.record(Object.assign({ emit: e => emit('rrweb', JSON.stringify(e)), maskInputOptions: { email: true, password: true }, plugins: [window.rrwebPluginConsoleRecord.getRecordConsolePlugin({ level: ['error', 'warn'] })] }, OPT.rrweb)); } catch (e) { emit('problem', 'rrweb: ' + e.message); }
    try {
      window.clarity('start', Object.assign({ projectId: 'larkmoor', upload: s => emit('clarity', s), track: true, content: true, lean: false, delay: 1000 }, OPT.clarity));
      for (const [k, v] of [['page_type', document.body.dataset.page], ...OPT.tags]) { window.clarity('set', k, v); emit('tag', [k, v]); }
      if (OPT.identify) window.clarity('identify', ...OPT.identify);
    } catch (e) { emit('problem', 'clarity: ' + e.message); }
    started = true; waiting.splice(0).forEach(handle);
  });
})();
