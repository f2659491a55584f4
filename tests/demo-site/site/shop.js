// The shop's own behaviour. No library, no request to anybody.
(function () {
  'use strict';
  var $ = function (s, r) { return (r || document).querySelector(s); };
  var $$ = function (s, r) { return Array.prototype.slice.call((r || document).querySelectorAll(s)); };
  window.dataLayer = window.dataLayer || [];
  function track(event, data) { window.dataLayer.push(Object.assign({ event: event }, data || {})); }

  // ---- custom elements: open shadow roots that share one constructed sheet ------------------------------------
  var sheet = new CSSStyleSheet();
  sheet.replaceSync(':host{display:inline-flex;align-items:center;gap:6px;font:500 14px Inter,sans-serif;color:#5c665f}.bar{position:relative;letter-spacing:1px;color:#d9cdb5}.bar i{position:absolute;inset:0;overflow:hidden;white-space:nowrap;font-style:normal;color:#c47f17}:host([wide]){font-size:16px}');
  customElements.define('lm-rating', class extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      var r = this.attachShadow({ mode: 'open' }), v = +this.getAttribute('value');
      r.adoptedStyleSheets = [sheet];
      r.innerHTML = '<span class="bar" role="img" aria-label="' + v + ' of 5">★★★★★<i style="width:' + v * 20 + '%">★★★★★</i></span><span class="count">' + (this.hasAttribute('wide') ? v + ' from ' + this.getAttribute('count') + ' people' : '(' + this.getAttribute('count') + ')') + '</span>';
    }
  });
  var optionSheet = new CSSStyleSheet();
  optionSheet.replaceSync(':host{display:block;margin:14px 0}p{margin:0 0 6px;font:560 15px Inter,sans-serif}div{display:flex;gap:8px;flex-wrap:wrap}button{font:540 15px Inter,sans-serif;color:#1d2a24;min-height:42px;padding:6px 16px;border:1px solid #bdb199;border-radius:99px;background:#fff;cursor:pointer}button[aria-pressed=true]{border-color:#24493c;box-shadow:inset 0 0 0 1px #24493c;background:#eef2e9}');
  customElements.define('lm-options', class extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      var r = this.attachShadow({ mode: 'open' }), values = this.getAttribute('values').split('|'), me = this;
      r.adoptedStyleSheets = [optionSheet];
      r.innerHTML = '<p>' + this.getAttribute('label') + ': <span></span></p><div>' + values.map(function (v) { return '<button type="button">' + v + '</button>'; }).join('') + '</div>';
      function choose(v) { me.value = v; $('span', r).textContent = v; $$('button', r).forEach(function (b) { b.setAttribute('aria-pressed', b.textContent === v); }); }
      $('div', r).addEventListener('click', function (e) { if (e.target.localName === 'button') { choose(e.target.textContent); track('choose_option', { value: me.value }); } });
      choose(values[0]);
    }
  });

  // ---- cart ---------------------------------------------------------------------------------------------------
  var NAMES = { 'ridgeback-tent': ['Ridgeback tent', 249], 'brim-kettle': ['Brim enamel kettle', 54], 'tarn-mugs': ['Tarn mugs, set of two', 28], 'ember-lantern': ['Ember lantern', 62], 'moor-blanket': ['Moor wool blanket', 119], 'drover-pack': ['Drover pack', 139], 'hollin-boots': ['Hollin boots', 189], 'hearth-skillet': ['Hearth skillet', 72], 'sling-chair': ['Sling chair', 96], 'keld-flask': ['Keld flask', 34], 'peat-candle': ['Peat smoke candle', 24], 'beck-jacket': ['Beck rain jacket', 159] };
  function load() { try { return JSON.parse(localStorage.getItem('cart')) || []; } catch (e) { return []; } }
  function save(c) { localStorage.setItem('cart', JSON.stringify(c)); paint(); }
  function goods(c) { return c.reduce(function (s, l) { return s + NAMES[l.id][1] * l.n; }, 0); }
  var off = 0;
  function post(sum) { return sum === 0 || sum >= 80 ? 0 : 5; }
  function use(n) { return '<svg class="icon" aria-hidden="true"><use href="#i-' + n + '"></use></svg>'; }
  function add(id, n, quiet) {
    var c = load(), l = c.find(function (x) { return x.id === id; });
    if (l) l.n += n; else c.push({ id: id, n: n });
    save(c); track('add_to_cart', { item: id, value: NAMES[id][1] * n, cart_value: goods(c) });
    if (!quiet) open();
  }
  var mini = $('dialog.mini');
  function open() { if (!mini.open) mini.showModal(); }
  $$('[data-close]', mini).forEach(function (b) { b.addEventListener('click', function () { mini.close(); }); });
  mini.addEventListener('click', function (e) { if (e.target === mini) mini.close(); });
  $('.cart-button').addEventListener('click', function () { open(); track('open_cart'); });
  function paint() {
    var c = load(), n = c.reduce(function (s, l) { return s + l.n; }, 0), badge = $('.cart-count');
    badge.hidden = !n; badge.textContent = n;
    $('.mini-lines').innerHTML = c.length ? c.map(function (l) { return '<li><img src="/img/' + l.id + '-400.webp" width="64" height="64" alt=""><span>' + NAMES[l.id][0] + '<br>' + l.n + ' ×</span><b>€' + NAMES[l.id][1] * l.n + '</b></li>'; }).join('') : '<li><span></span><span>Nothing in here yet.</span><span></span></li>';
    $('.mini-total b').textContent = '€' + goods(c);
    var lines = $('#lines'); if (!lines) return;
    $('.cart-empty').hidden = c.length > 0; $('.cart-grid').hidden = !c.length;
    lines.innerHTML = c.map(function (l) { return '<li class="line" data-id="' + l.id + '"><img src="/img/' + l.id + '-400.webp" width="96" height="96" alt=""><span><b>' + NAMES[l.id][0] + '</b>€' + NAMES[l.id][1] + ' each</span><span class="line-end"><span class="qty"><button type="button" data-step="-1" aria-label="One less">' + use('minus') + '</button><span>' + l.n + '</span><button type="button" data-step="1" aria-label="One more">' + use('plus') + '</button></span><button class="link" type="button" data-drop>Remove</button></span></li>'; }).join('');
    var g = goods(c) - off; $('#sum-goods').textContent = '€' + g; $('#sum-post').textContent = post(g) ? '€' + post(g) : 'Free'; $('#sum-all').textContent = '€' + (g + post(g));
  }
  paint();
  document.addEventListener('click', function (e) {
    var a = e.target.closest('[data-add]'); if (a) return add(a.dataset.add, 1);
    if (e.target.closest('[data-kit]')) { add('ridgeback-tent', 1, true); add('ember-lantern', 1, true); return add('keld-flask', 1); }
    var line = e.target.closest('.line'); if (!line) return;
    var c = load(), l = c.find(function (x) { return x.id === line.dataset.id; }), s = e.target.closest('[data-step]');
    if (s) l.n = Math.max(1, l.n + +s.dataset.step); else if (e.target.closest('[data-drop]')) { c.splice(c.indexOf(l), 1); track('remove_from_cart', { item: l.id }); } else return;
    save(c);
  });
  if ($('#apply')) $('#apply').addEventListener('click', function () {
    var code = $('#voucher').value.trim().toUpperCase(), note = $('.voucher-note');
    if (code === 'AUTUMN15') { off = Math.round(goods(load()) * .15); note.textContent = 'Fifteen percent off. Enjoy.'; paint(); track('voucher', { ok: true }); } else { note.textContent = code ? 'We do not know this code.' : 'Type a code first.'; track('voucher', { ok: false }); }
  });

  // ---- header, letter -----------------------------------------------------------------------------------------
  $('.menu-button').addEventListener('click', function () { var o = $('#nav').classList.toggle('open'); this.setAttribute('aria-expanded', o); });
  $('.letter').addEventListener('submit', function (e) { e.preventDefault(); var v = this.letter.value, ok = /.+@.+\..+/.test(v); $('.letter-note').textContent = ok ? 'Thank you. The next letter is yours.' : 'That does not look like an email.'; if (ok) track('newsletter_signup'); });

  // ---- catalogue ----------------------------------------------------------------------------------------------
  var list = $('#list');
  if (list) {
    var cards = $$('.card', list), words = ['Nothing', 'One thing', 'Two things', 'Three things', 'Four things', 'Five things', 'Six things', 'Seven things', 'Eight things', 'Nine things', 'Ten things', 'Eleven things', 'Twelve things'];
    var show = function () {
      var q = new URLSearchParams(location.search), g = q.get('category') || '', s = q.get('sort') || '', f = $('#find').value.trim().toLowerCase(), n = 0;
      $$('.chip').forEach(function (b) { b.classList.toggle('on', b.dataset.filter === g); });
      $('#sort').value = s;
      cards.forEach(function (c) { var on = (!g || c.dataset.group === g) && (!f || c.textContent.toLowerCase().indexOf(f) >= 0); c.hidden = !on; if (on) n++; });
      cards.slice().sort(function (a, b) { return s === 'up' ? a.dataset.price - b.dataset.price : s === 'down' ? b.dataset.price - a.dataset.price : s === 'rating' ? b.dataset.rating - a.dataset.rating : cards.indexOf(a) - cards.indexOf(b); }).forEach(function (c) { list.appendChild(c); });
      $('.found').textContent = words[n];
    };
    var go = function (k, v) { var q = new URLSearchParams(location.search); if (v) q.set(k, v); else q.delete(k); var t = q.toString(); history.pushState(null, '', location.pathname + (t ? '?' + t : '')); show(); track(k === 'sort' ? 'sort_list' : 'filter_list', { value: v }); };
    $$('.chip').forEach(function (b) { b.addEventListener('click', function () { go('category', b.dataset.filter); }); });
    $('#sort').addEventListener('change', function () { go('sort', this.value); });
    $('#find').addEventListener('input', show);
    window.addEventListener('popstate', show);
    var at = 0;
    $$('[data-slide]').forEach(function (b) { b.addEventListener('click', function () { at = (at + +b.dataset.slide + 3) % 3; $('.track').style.transform = 'translateX(' + -100 * at + '%)'; $$('.dots i').forEach(function (d, i) { d.classList.toggle('on', i === at); }); }); });
    if (location.search) show();
  }

  // ---- product ------------------------------------------------------------------------------------------------
  var product = $('.product');
  if (product) {
    track('view_item', { item: product.dataset.id });
    $$('.thumb').forEach(function (t) { t.addEventListener('click', function () {
      $$('.thumb').forEach(function (x) { x.classList.toggle('on', x === t); });
      var m = $('.gallery-main'), pic = $('.main-pic'); m.classList.toggle('close', t.dataset.view === '1');
      if (t.dataset.view === '2') { pic.removeAttribute('srcset'); pic.src = $('img', t).src.replace('-s.webp', '.webp'); pic.style.aspectRatio = '1'; pic.style.objectFit = 'cover'; } else { pic.srcset = '/img/' + product.dataset.id + '-400.webp 400w, /img/' + product.dataset.id + '-800.webp 800w'; pic.style.aspectRatio = ''; }
    }); });
    $$('[data-qty]').forEach(function (b) { b.addEventListener('click', function () { var q = $('#qty'); q.value = Math.min(9, Math.max(1, +q.value + +b.dataset.qty)); }); });
    if ($('[data-guide]')) $('[data-guide]').addEventListener('click', function () { var g = $('.guide'); g.hidden = !g.hidden; this.textContent = g.hidden ? 'Size guide' : 'Close the size guide'; });
    $('#add').addEventListener('click', function () {
      var size = $('#size');
      if (size && !size.value) { size.parentNode.classList.add('bad'); size.focus(); return; }
      if (size) size.parentNode.classList.remove('bad');
      add(product.dataset.id, +$('#qty').value || 1);
    });
  }

  // ---- checkout -----------------------------------------------------------------------------------------------
  var form = $('#checkout');
  if (form) {
    track('begin_checkout', { cart_value: goods(load()) });
    $('#gift').addEventListener('change', function () { $('.gift-note').hidden = !this.checked; });
    $('#lookup').addEventListener('click', function () { Promise.resolve($('#postcode').value).then(function (v) { if (!/^\d{4,5}$/.test(v)) throw new RangeError('Postcode lookup failed for this area'); throw new Error('Postcode service answered nothing'); }); });
    var rules = { name: ['Please tell us your name.', /\S{2,}/], email: ['This does not look like an email.', /.+@.+\..+/], street: ['Where should it go?', /\S{3,}/], postcode: ['A postcode has four or five digits.', /^\s*\w{4,7}\s*$/], town: ['And the town?', /\S{2,}/], country: ['Choose a country.', /.+/] };
    var test = function (id) { var i = $('#' + id), ok = rules[id][1].test(i.value); i.closest('.field').classList.toggle('bad', !ok); $('.err', i.closest('.field')).textContent = ok ? '' : rules[id][0]; return ok; };
    Object.keys(rules).forEach(function (id) { $('#' + id).addEventListener('blur', function () { if (this.value) test(id); }); });
    form.addEventListener('submit', function (e) {
      e.preventDefault();
      var ok = Object.keys(rules).filter(function (id) { return !test(id); }).length === 0, terms = $('#terms').checked;
      $('#terms-err').textContent = terms ? '' : 'One tick is missing here.';
      if (!ok || !terms) { $('.form-note').textContent = 'Something is missing above.'; track('form_error'); return; }
      $('.form-note').textContent = ''; $('#place').textContent = 'One moment'; $('#place').disabled = true;
      var g = goods(load()), total = g + (form.elements.post.value === 'fast' ? 14 : form.elements.post.value === 'shop' ? 0 : post(g)), number = 'LM-' + (1000 + load().reduce(function (s, l) { return s + l.id.length * 37 * l.n; }, $('#name').value.length * 11) % 9000);
      sessionStorage.setItem('order', JSON.stringify({ number: number, total: total, name: $('#name').value, street: $('#street').value, town: $('#town').value }));
      track('purchase', { order: number, value: total });
      setTimeout(function () { localStorage.removeItem('cart'); location.href = '/thanks'; }, 1300);
    });
  }
  if ($('#order')) { var o = JSON.parse(sessionStorage.getItem('order') || '{}'); $('#order').textContent = o.number || 'LM-0000'; $('#order-total').textContent = '€' + (o.total || 0); $('#goes-to').textContent = [o.name, o.street, o.town].filter(Boolean).join(', '); track('order_seen', { order: o.number, value: o.total }); }

  // ---- delivery: the tracker looks for a panel that was taken away in a redesign ---------------------------------
  if ($('#track')) $('#track').addEventListener('click', function showParcel() { var panel = document.getElementById('parcel-status'); panel.textContent = 'Looking for ' + $('#parcel').value; });
})();
