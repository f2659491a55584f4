// Turns an address of the shop into a page. Everything the browser shows comes from here and from site/.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { products, groups } from '../site/products.mjs';

export const SITE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../site');
const icons = fs.readFileSync(path.join(SITE, 'icons.svg'), 'utf8').trim();
const icon = (n, c = '') => `<svg class="icon ${c}" aria-hidden="true"><use href="#i-${n}"></use></svg>`;
const eur = n => `€${n}`;
const img = (id, sizes, cls = '', eager) => `<img class="${cls}" src="/img/${id}-400.webp" srcset="/img/${id}-400.webp 400w, /img/${id}-800.webp 800w" sizes="${sizes}" width="800" height="800" alt="${products.find(p => p.id === id).name}"${eager ? '' : ' loading="lazy"'}>`;

const card = p => `<li class="card" data-id="${p.id}" data-group="${p.group}" data-price="${p.price}" data-rating="${p.rating}">
  <a class="card-link" href="/p/${p.id}">${p.tag ? `<span class="badge">${p.tag}</span>` : ''}${img(p.id, '(max-width: 600px) 46vw, (max-width: 1000px) 30vw, 280px', 'card-pic')}
  <span class="card-name">${p.name}</span><span class="card-line">${p.line}</span></a>
  <div class="card-foot"><span class="price">${eur(p.price)}${p.old ? ` <s>${eur(p.old)}</s>` : ''}</span><lm-rating value="${p.rating}" count="${p.count}"></lm-rating></div>
  <button class="button small add" type="button" data-add="${p.id}">${icon('plus')}Add to cart</button>
</li>`;

const layout = (o, strict) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${o.title} – Larkmoor</title>
<meta name="description" content="Larkmoor makes a small range of outdoor and home goods that can be repaired.">
<link rel="icon" href="/img/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/shop.css">
${o.style ? `<style>\n${o.style}\n</style>` : ''}
<script src="/shop.js" defer></script>
</head>
<body class="page-${o.kind}" data-page="${o.kind}"${strict || o.private ? '' : ' data-clarity-unmask="true"'}>
${icons}
<a class="skip" href="#main">Skip to content</a>
<p class="bar">Free delivery over €80 <span>·</span><em>Repairs for life <span>·</span></em> <a href="/delivery">Delivery and vouchers</a></p>
<header class="top">
  <button class="icon-button menu-button" type="button" aria-expanded="false" aria-controls="nav" aria-label="Menu">${icon('menu')}</button>
  <a class="logo" href="/"><img src="/img/mark.svg" width="34" height="34" alt="">Larkmoor</a>
  <nav id="nav" class="nav" aria-label="Main"><a href="/shop">Shop all</a>${Object.entries(groups).map(([k, v]) => `<a href="/shop?category=${k}">${v}</a>`).join('')}<a href="/delivery">Delivery</a></nav>
  <div class="top-end"><button class="icon-button cart-button" type="button" aria-label="Open cart">${icon('bag')}<span class="cart-count" hidden>0</span></button></div>
</header>
<main id="main">
${o.body}
</main>
<footer class="foot">
  <div class="foot-grid">
    <div><a class="logo" href="/"><img src="/img/mark-light.svg" width="34" height="34" alt="">Larkmoor</a><p>Outdoor and home goods, made in small runs and mended for free.</p></div>
    <div><h2>Shop</h2>${Object.entries(groups).map(([k, v]) => `<a href="/shop?category=${k}">${v}</a>`).join('')}</div>
    <div><h2>Help</h2><a href="/delivery">Delivery</a><a href="/delivery#voucher">Vouchers</a><a href="/delivery#questions">Questions</a></div>
    <form class="letter" novalidate><h2>A letter a month</h2><p>New things, old roads, one recipe.</p><div class="letter-row"><input type="email" name="letter" placeholder="you@home.example" aria-label="Email"><button class="button light" type="submit">Sign up</button></div><p class="letter-note" role="status"></p></form>
  </div>
  <p class="small-print">Larkmoor is an invented shop. It exists to be recorded.</p>
</footer>
<dialog class="mini" aria-labelledby="mini-title"><div class="mini-head"><h2 id="mini-title">Your cart</h2><button class="icon-button" type="button" data-close aria-label="Close cart">${icon('close')}</button></div><ul class="mini-lines"></ul><p class="mini-total"><span>Total</span><b></b></p><a class="button wide" href="/cart">Go to cart</a><button class="button ghost wide" type="button" data-close>Keep looking</button></dialog>
</body>
</html>`;

const reviews = [['Marit, Tromsø', 'It rained for nine days. The tent did not care and in the end neither did we.'], ['Joaquim, Porto', 'The kettle is the first thing guests pick up. Heavy, honest, a bit too pretty.'], ['Aoife, Sligo', 'Sent the boots back for a new sole after three winters. They returned them polished.'], ['Henk, Zwolle', 'The blanket has its own chair now.'], ['Lena, Graz', 'Ordered one mug by mistake and they wrote to ask if I was sure. I was not.'], ['Piotr, Gdynia', 'A lantern you can read by without feeling interrogated.']];
const stars = '<span class="stars" aria-label="Five stars">★★★★★</span>';

const pages = {
  home: () => ({ kind: 'home', title: 'Made for weather', style: `.hero{position:relative;display:grid;align-items:center;min-height:min(640px,78vh);color:#fff;overflow:hidden;border-radius:0 0 28px 28px}
.hero picture,.hero picture img{position:absolute;inset:0;width:100%;height:100%;object-fit:cover}
.hero::after{content:"";position:absolute;inset:0;background:linear-gradient(90deg,rgba(14,34,32,.62),rgba(14,34,32,.1) 62%)}
.hero-text{position:relative;z-index:1;padding:64px clamp(20px,6vw,96px);max-width:720px}
@media (max-width:640px){.hero{align-items:start;min-height:560px}.hero::after{background:linear-gradient(180deg,rgba(14,34,32,.6),rgba(14,34,32,0) 70%)}.hero-text{padding-top:44px}}`, body: `
<section class="hero"><picture><source media="(max-width: 640px)" srcset="/img/hero-dusk-tall-s.webp 450w, /img/hero-dusk-tall.webp 900w" sizes="100vw"><img src="/img/hero-dusk.webp" srcset="/img/hero-dusk-s.webp 800w, /img/hero-dusk.webp 1600w" sizes="100vw" alt="A lit tent below the hills at dusk"></picture>
  <div class="hero-text"><p class="kicker light">The autumn list is here</p><h1>Made for weather.<br>Kept for years.</h1><p class="lead">Tents, kettles, boots and blankets in small runs. If it breaks, we mend it.</p><p class="hero-buttons"><a class="button" href="/shop">See the range</a><a class="button glass" href="/p/ridgeback-tent">The Ridgeback tent</a></p></div></section>
<section class="promise wrap"><div>${icon('truck')}<b>Free over €80</b><span>Otherwise €5, anywhere in Europe</span></div><div>${icon('needle')}<b>Mended for life</b><span>You pay the postage, we do the rest</span></div><div>${icon('leaf')}<b>Fewer, better</b><span>Twelve things, no seasons</span></div><div>${icon('clock')}<b>Sixty days</b><span>To change your mind</span></div></section>
<section class="wrap"><div class="section-head"><h2>Favourites this week</h2><a href="/shop">All twelve things ${icon('arrow')}</a></div><ul class="grid four">${['ridgeback-tent', 'ember-lantern', 'brim-kettle', 'moor-blanket'].map(id => card(products.find(p => p.id === id))).join('')}</ul></section>
<section class="split wrap"><img src="/img/story-valley.webp" srcset="/img/story-valley-s.webp 600w, /img/story-valley.webp 1200w" sizes="(max-width: 800px) 100vw, 50vw" width="1200" height="900" alt="A hut in a wide green valley" loading="lazy"><div><p class="kicker">How we work</p><h2>One valley, nine makers, no hurry</h2><p>Everything in the shop is made within a day's drive of the hut in this picture. We visit each maker twice a year, mostly for lunch.</p><p>When something comes back, the person who made it mends it. That is why the list is short.</p><a class="button dark" href="/delivery#questions">Questions we get</a></div></section>
<section class="wrap"><div class="section-head"><h2>Where will you use it?</h2></div><div class="tiles">${[['camp', 'sling-chair'], ['trail', 'hollin-boots'], ['kitchen', 'hearth-skillet'], ['home', 'peat-candle']].map(([g, id]) => `<a class="tile" href="/shop?category=${g}">${img(id, '(max-width: 800px) 50vw, 300px')}<span>${groups[g]}</span></a>`).join('')}</div></section>
<section class="wrap"><div class="section-head"><h2>Letters from people</h2></div><div class="reviews" tabindex="0" aria-label="Reviews">${reviews.map(([w, t]) => `<figure class="quote">${stars}<blockquote>${t}</blockquote><figcaption>${w}</figcaption></figure>`).join('')}</div></section>
<section class="banner wrap"><img src="/img/story-night.webp" srcset="/img/story-night-s.webp 600w, /img/story-night.webp 1200w" sizes="100vw" width="1200" height="900" alt="" loading="lazy"><div><h2>The night kit</h2><p>Tent, lantern and flask together. Saves €40 and one trip back to the car.</p><button class="button" type="button" data-kit>Add the kit</button></div></section>` }),

  shop: () => ({ kind: 'shop', title: 'The range', body: `
<section class="wrap shop-head"><p class="crumbs"><a href="/">Home</a> / <span>Shop</span></p><h1>The range</h1><p class="lead">Twelve things. We have tried to make each one the last you buy.</p></section>
<section class="carousel wrap" aria-label="Offers"><div class="view"><div class="track">${[['drover-pack', 'Walk further', 'The Drover pack, this month €26 less'], ['brim-kettle', 'Tea first', 'A kettle for the stove and the fire'], ['moor-blanket', 'Stay in', 'Heavy wool, light colours']].map(([id, h, t], i) => `<article class="slide s${i}"><div><h2>${h}</h2><p>${t}</p><a class="button dark small" href="/p/${id}">Have a look</a></div>${img(id, '300px')}</article>`).join('')}</div></div><div class="carousel-nav"><button class="icon-button" type="button" data-slide="-1" aria-label="Previous offer">${icon('left')}</button><span class="dots"><i class="on"></i><i></i><i></i></span><button class="icon-button" type="button" data-slide="1" aria-label="Next offer">${icon('arrow')}</button></div></section>
<section class="wrap tools"><div class="chips" role="group" aria-label="Category"><button class="chip on" type="button" data-filter="">All</button>${Object.entries(groups).map(([k, v]) => `<button class="chip" type="button" data-filter="${k}">${v}</button>`).join('')}</div><div class="tools-end"><label class="search">${icon('search')}<input type="search" id="find" placeholder="Find in the range" aria-label="Find in the range"></label><label class="sort">Sort <select id="sort"><option value="">Our order</option><option value="up">Price, low first</option><option value="down">Price, high first</option><option value="rating">Best rated</option></select></label></div></section>
<p class="wrap found" role="status">Twelve things</p>
<section class="wrap"><ul class="grid" id="list">${products.map(card).join('')}</ul></section>` }),

  product: id => { const p = products.find(x => x.id === id); if (!p) return null; return { kind: 'product', title: p.name, body: `
<section class="wrap"><p class="crumbs"><a href="/">Home</a> / <a href="/shop">Shop</a> / <a href="/shop?category=${p.group}">${groups[p.group]}</a> / <span>${p.name}</span></p>
<div class="product" data-id="${p.id}"><div class="gallery"><div class="gallery-main">${img(p.id, '(max-width: 800px) 100vw, 600px', 'main-pic', true)}</div><div class="thumbs">${[[0, 'Front'], [1, 'Close'], [2, 'In use']].map(([i, t]) => `<button type="button" class="thumb${i ? '' : ' on'}" data-view="${i}" aria-label="${t}">${i < 2 ? img(p.id, '100px', i ? 'zoomed' : '') : `<img src="/img/story-${p.group === 'home' || p.group === 'kitchen' ? 'valley' : 'night'}-s.webp" width="600" height="450" alt="">`}</button>`).join('')}</div></div>
<div class="buy"><p class="kicker">${groups[p.group]}</p><h1>${p.name}</h1><lm-rating value="${p.rating}" count="${p.count}" wide></lm-rating><p class="price big">${eur(p.price)}${p.old ? ` <s>${eur(p.old)}</s>` : ''}</p><p class="lead">${p.line}</p><p>${p.text}</p>
<lm-options label="Colour" name="option" values="${p.options.join('|')}"></lm-options>
${p.sizes ? `<div class="size-row"><label>Size <select id="size"><option value="">Choose</option>${p.sizes.map(s => `<option>${s}</option>`).join('')}</select></label><button class="link" type="button" data-guide>Size guide</button></div><div class="guide" hidden><iframe src="/frame/size-guide?for=${p.id === 'hollin-boots' ? 'boots' : 'jackets'}" title="Size guide" height="330"></iframe></div>` : ''}
<div class="qty-row"><div class="qty"><button type="button" data-qty="-1" aria-label="One less">${icon('minus')}</button><input id="qty" type="number" value="1" min="1" max="9" aria-label="How many"><button type="button" data-qty="1" aria-label="One more">${icon('plus')}</button></div><button class="button wide" type="button" id="add">Add to cart</button></div>
<p class="stock">${icon('tick')}In stock, leaves the valley tomorrow</p>
<div class="folds"><details><summary>Materials and care</summary><p>Brush it, air it, keep it dry between trips. Anything that can be unscrewed can be replaced.</p></details><details><summary>Delivery and returns</summary><p>Two to four days in most of Europe. Sixty days to send it back, used or not. <a href="/delivery">More about delivery</a></p></details><details><summary>What is in the box</summary><p>The thing itself, a repair card with the maker's name, and no plastic.</p></details></div></div></div></section>
<section class="wrap two"><div><h2>What people say</h2><div class="said" tabindex="0" aria-label="Reviews">${reviews.concat(reviews.slice(0, 3)).map(([w, t]) => `<figure class="quote">${stars}<blockquote>${t}</blockquote><figcaption>${w}</figcaption></figure>`).join('')}</div></div><div><h2>Goes well with</h2><ul class="grid two-up">${products.filter(x => x.id !== id && x.group !== p.group).slice(0, 2).map(card).join('')}</ul></div></section>` }; },

  cart: () => ({ kind: 'cart', title: 'Cart', body: `
<section class="wrap"><h1>Your cart</h1><div class="cart-empty" hidden><p>Nothing in here yet. The kettle is a good start.</p><a class="button" href="/shop">See the range</a></div>
<div class="cart-grid"><ul class="lines" id="lines"></ul><aside class="summary"><h2>Summary</h2><dl><dt>Goods</dt><dd id="sum-goods"></dd><dt>Delivery</dt><dd id="sum-post"></dd><dt class="all">Total</dt><dd class="all" id="sum-all"></dd></dl><label class="field">Voucher<span class="voucher-row"><input id="voucher" name="voucher" autocomplete="off" placeholder="Voucher code"><button class="button dark small" type="button" id="apply">Apply</button></span></label><p class="voucher-note" role="status"></p><a class="button wide" id="to-checkout" href="/checkout">Go to checkout</a><p class="hint">${icon('lock')}Nothing is charged before it leaves the valley.</p></aside></div></section>` }),

  checkout: () => ({ kind: 'checkout', title: 'Checkout', private: true, body: `
<section class="wrap narrow"><h1>Checkout</h1><ol class="steps"><li class="on">You</li><li>Delivery</li><li>Payment</li></ol><form id="checkout" novalidate>
<fieldset><legend>You</legend><div class="fields"><label class="field half">Full name<input id="name" name="name" autocomplete="name"><span class="err"></span></label><label class="field half">Email<input id="email" name="email" type="email" autocomplete="email"><span class="err"></span></label><label class="field">Street and number<input id="street" name="street" autocomplete="street-address"><span class="err"></span></label><label class="field third">Postcode<input id="postcode" name="postcode" autocomplete="postal-code" inputmode="numeric"><span class="err"></span></label><label class="field third">Town<input id="town" name="town"><span class="err"></span></label><label class="field third">Country<select id="country" name="country"><option value="">Choose</option><option>Austria</option><option>Denmark</option><option>Germany</option><option>Ireland</option><option>Netherlands</option><option>Norway</option><option>Portugal</option></select><span class="err"></span></label></div><button class="link" type="button" id="lookup">Find my street from the postcode</button></fieldset>
<fieldset><legend>Delivery</legend><div class="choices"><label class="choice"><input type="radio" name="post" value="slow" checked><span><b>By van</b> two to four days, free over €80</span></label><label class="choice"><input type="radio" name="post" value="fast"><span><b>By courier</b> tomorrow, €14</span></label><label class="choice"><input type="radio" name="post" value="shop"><span><b>Collect</b> from the workshop, free</span></label></div><label class="check"><input type="checkbox" id="gift"><span>It is a present. Wrap it and leave the bill out.</span></label><label class="field gift-note" hidden>A line for the card<textarea id="note" rows="3"></textarea></label></fieldset>
<fieldset><legend>Payment</legend><div class="choices"><label class="choice"><input type="radio" name="pay" value="invoice" checked><span><b>Invoice</b> in the box, thirty days</span></label><label class="choice"><input type="radio" name="pay" value="transfer"><span><b>Bank transfer</b> before it leaves</span></label></div><label class="check"><input type="checkbox" id="terms"><span>I have read the terms, or at least the short version.</span></label><p class="err" id="terms-err"></p></fieldset>
<p class="form-note" role="alert"></p><button class="button wide" id="place" type="submit">Place the order</button></form></section>` }),

  thanks: () => ({ kind: 'thanks', title: 'Thank you', body: `
<section class="wrap narrow thanks"><div class="thanks-mark">${icon('tick')}</div><h1>Thank you</h1><p class="lead">Your order <b id="order"></b> is in the book. The total is <b id="order-total"></b>.</p><p>We write when it leaves the valley, usually tomorrow before noon.</p><div class="summary" data-clarity-mask="true"><h2>Goes to</h2><p id="goes-to"></p></div><p><a class="button" href="/shop">Back to the range</a></p></section>` }),

  delivery: () => ({ kind: 'delivery', title: 'Delivery and vouchers', body: `
<section class="wrap narrow"><p class="crumbs"><a href="/">Home</a> / <span>Delivery</span></p><h1>Delivery and vouchers</h1><p class="lead">Where things go, how long they take, and what to do when they do not.</p>
<div class="track-box"><label class="field">Parcel number<input id="parcel" placeholder="LM 0000 0000"></label><button class="button dark" type="button" id="track">Track my parcel</button></div>
<section id="voucher" class="voucher-box"><div><h2>Have a voucher?</h2><p>Type the code from your letter. It counts for everything but postage.</p></div><div class="voucher-row"><input id="code" placeholder="AUTUMN15" aria-label="Voucher code"><div class="fake-button">Apply voucher</div></div></section>
<div class="offer-card"><img src="/img/keld-flask-400.webp" width="400" height="400" alt=""><div><b>A free flask with every tent</b><span>Until the end of November</span></div><i class="fake-arrow">${icon('arrow')}</i></div>
<h2>Where we deliver</h2><div class="table-scroll"><table><thead><tr><th>Zone</th><th>Countries</th><th>Days</th><th>Cost</th></tr></thead><tbody>${[['One', 'Austria, Germany, Netherlands', '2–3', '€5'], ['Two', 'Denmark, Belgium, France, Czechia', '3–4', '€7'], ['Three', 'Ireland, Norway, Sweden, Poland', '4–6', '€9'], ['Four', 'Portugal, Spain, Italy, Greece', '4–7', '€9'], ['Five', 'Iceland, islands, lighthouses', '6–12', '€19']].map(r => `<tr>${r.map(c => `<td>${c}</td>`).join('')}</tr>`).join('')}</tbody></table></div>
<h2 id="questions">Questions we get</h2><div class="folds">${[['Can I return a used tent?', 'Yes, within sixty days. Shake the sand out first.'], ['Where do I type my voucher?', 'In the cart, next to the total. Some letters still point to this page, sorry about that.'], ['Who pays for repairs?', 'You send it, we mend it and send it back. Parts are free for life.'], ['Is there a shop I can visit?', 'The workshop is open on Saturdays from ten to three. There is coffee.'], ['Do you deliver to mountain huts?', 'If the post does, we do. Add a day in winter.'], ['Can I change my order?', 'Until it is packed. Write to us, a person answers.']].map(([q, a]) => `<details><summary>${q}</summary><p>${a}</p></details>`).join('')}</div>
${['How a parcel leaves the valley', 'What the courier can and cannot do', 'Snow, storms and strikes', 'Customs outside the union', 'Packaging', 'Returns, step by step', 'Lost parcels', 'Damaged goods', 'Pick-up points', 'Large things'].map((h, i) => `<h2>${h}</h2><p>${['Orders that arrive before noon are packed the same day by whoever is nearest the bench. The van goes down at four and meets the carrier at the bridge.', 'The courier rings once. If nobody answers the parcel waits at the nearest pick-up point for seven days, then comes home.', 'Between December and March the road is closed about five days in total. We write as soon as we know, and again when it opens.'][i % 3]}</p><p>${['If a date matters, tell us in the note. We cannot move mountains, but we do know the driver.', 'Keep the box for a fortnight. It is built to make the trip twice.', 'Most of the time nothing goes wrong, which is why this part of the page is rarely read.'][i % 3]}</p>`).join('')}</section>` }),

  missing: () => ({ kind: 'missing', title: 'Not found', body: `<section class="wrap narrow"><h1>This path ends here</h1><p class="lead">The page has moved or never was.</p><a class="button" href="/">Home</a></section>` }),
};

const frame = kind => { const boots = kind === 'boots'; const rows = boots ? [['37', '23.5', '4'], ['38', '24.1', '5'], ['39', '24.8', '5.5'], ['40', '25.4', '6.5'], ['41', '26.1', '7.5'], ['42', '26.7', '8'], ['43', '27.4', '9'], ['44', '28.0', '9.5'], ['45', '28.7', '10.5']] : [['XS', '84', '66'], ['S', '90', '68'], ['M', '97', '70'], ['L', '104', '72'], ['XL', '112', '74']];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Size guide</title><style>body{font:15px/1.5 Inter,sans-serif;margin:0;padding:14px 16px;color:#1d2a24;background:#f4eee1}table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:6px 8px;border-bottom:1px solid #ddd1ba}tr.hit td{background:#24493c;color:#fff}label{display:flex;gap:8px;align-items:center;margin:0 0 10px}input{font:inherit;width:90px;padding:6px;border:1px solid #b9aa8c;border-radius:8px}</style></head><body data-clarity-unmask="true"><label>${boots ? 'Foot length' : 'Chest'} in cm <input id="cm" type="number" step="0.1"></label><table><thead><tr><th>Size</th><th>${boots ? 'Foot, cm' : 'Chest, cm'}</th><th>${boots ? 'UK' : 'Length, cm'}</th></tr></thead><tbody>${rows.map(r => `<tr>${r.map(c => `<td>${c}</td>`).join('')}</tr>`).join('')}</tbody></table><script>document.getElementById('cm').addEventListener('input',function(){var v=parseFloat(this.value),done=false;document.querySelectorAll('tbody tr').forEach(function(r){var m=!done&&v>0&&parseFloat(r.cells[1].textContent)>=v;r.className=m?'hit':'';if(m)done=true})})</script></body></html>`; };

const TYPES = { '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.webp': 'image/webp', '.woff2': 'font/woff2' };
// -> { status, type, body }
export function answer(url, strict = false) {
  const p = url.pathname, ext = path.extname(p), html = 'text/html; charset=utf-8';
  if (TYPES[ext]) { const f = path.join(SITE, p); if (f.startsWith(SITE) && fs.existsSync(f)) return { status: 200, type: TYPES[ext], body: fs.readFileSync(f) }; return { status: 404, type: 'text/plain', body: 'not here' }; }
  if (p === '/frame/size-guide') return { status: 200, type: html, body: frame(url.searchParams.get('for')) };
  const page = p === '/' ? pages.home() : p.startsWith('/p/') ? pages.product(p.slice(3)) : p !== '/product' && pages[p.slice(1)] ? pages[p.slice(1)]() : null;
  return page ? { status: 200, type: html, body: layout(page, strict) } : { status: 404, type: html, body: layout(pages.missing(), strict) };
}
