// The scripted visits. `as` says which recording of the two goes into the archive.
const google = 'https://www.google.com/', bing = 'https://www.bing.com/', duck = 'https://duckduckgo.com/', fb = 'https://l.facebook.com/', ig = 'https://l.instagram.com/', gpt = 'https://chatgpt.com/', blog = 'https://www.slowpaths.example/gear/ten-kettles';
const people = {
  ingrid: { name: 'Ingrid Solheim', email: 'ingrid@solheim.example', street: 'Fjellveien 12', postcode: '5019', town: 'Bergen', country: 'Norway' },
  tomas: { name: 'Tomas Brandt', email: 'tomas.brandt@post.example', street: 'Ahornweg 3', postcode: '8010', town: 'Graz', country: 'Austria' },
  nuala: { name: 'Nuala Byrne', email: 'nuala@byrne.example', street: 'Quay Road 7', postcode: '91000', town: 'Sligo', country: 'Ireland' },
  joana: { name: 'Joana Reis', email: 'joana.reis@mail.example', street: 'Rua da Fonte 41', postcode: '4050', town: 'Porto', country: 'Portugal' },
  sven: { name: 'Sven de Wit', email: 'sven@dewit.example', street: 'Kerkstraat 88', postcode: '8011', town: 'Zwolle', country: 'Netherlands' },
};
const place = { bergen: ['Norway', 'Vestland', 'Bergen', 'Europe/Oslo', 'nb-NO'], graz: ['Austria', 'Styria', 'Graz', 'Europe/Vienna', 'de-AT'], sligo: ['Ireland', 'Sligo', 'Sligo', 'Europe/Dublin', 'en-IE'], porto: ['Portugal', 'Porto', 'Porto', 'Europe/Lisbon', 'pt-PT'], zwolle: ['Netherlands', 'Overijssel', 'Zwolle', 'Europe/Amsterdam', 'nl-NL'], berlin: ['Germany', 'Berlin', 'Berlin', 'Europe/Berlin', 'de-DE'], leeds: ['United Kingdom', 'England', 'Leeds', 'Europe/London', 'en-GB'], austin: ['United States', 'Texas', 'Austin', 'America/Chicago', 'en-US'], lyon: ['France', 'Auvergne-Rhône-Alpes', 'Lyon', 'Europe/Paris', 'fr-FR'], aarhus: ['Denmark', 'Central Denmark', 'Aarhus', 'Europe/Copenhagen', 'da-DK'] };
const C = 'clarity', R = 'rrweb';

export const visits = [
  { name: 'paid-tent-purchase', as: C, at: '2026-11-19T19:12:40', in: place.graz, device: 'windows', kinds: ['purchase'], tags: [['experiment', 'hero-b']], async run(v) {
    await v.open('/?utm_source=google&utm_medium=cpc&utm_campaign=autumn_sale&utm_term=two%20person%20tent&gclid=Cj0demoA1', google);
    await v.hover('.hero h1'); await v.read(700); await v.click('.card[data-id=ridgeback-tent] .card-link'); await v.click('.thumb', { n: 1 }); await v.click('.thumb', { n: 2 });
    await v.click('lm-options button', { n: 1 }); await v.click('.folds summary', { n: 0 }); await v.click('#add', { settle: 1200 }); await v.click('dialog a.button');
    await v.type('#voucher', 'AUTUMN15'); await v.click('#apply', { settle: 1000 }); await v.click('#to-checkout');
    await v.fill(people.tomas); await v.click('.choice', { n: 1 }); await v.click('#place', { settle: 1200 }); await v.click('#terms'); await v.order();
  } },
  { name: 'phone-candle-purchase', as: C, at: '2026-11-16T21:40:05', in: place.sligo, device: 'iphone', kinds: ['purchase'], async run(v) {
    await v.open('/?utm_source=Facebook&utm_medium=paid-social&utm_campaign=Autumn%20Sale&fbclid=IwARdemo', fb); await v.read(900, 380); await v.click('.tile', { n: 3 });
    await v.addCard('peat-candle'); await v.addCard('moor-blanket', 'cart'); await v.click('[data-step="1"]', { n: 0 }); await v.click('#to-checkout');
    await v.fill(people.nuala); await v.click('#gift'); await v.type('#note', 'Happy birthday, Da'); await v.click('#terms'); await v.order();
  } },
  { name: 'newsletter-kit-purchase', as: R, at: '2026-11-13T08:21:30', in: place.bergen, device: 'mac', kinds: ['purchase'], async run(v) {
    await v.open('/?utm_source=newsletter&utm_medium=email&utm_campaign=november-letter'); await v.read(1600, 520); await v.click('[data-kit]', { settle: 1400 }); await v.click('dialog a.button');
    await v.click('#to-checkout'); await v.fill(people.ingrid); await v.click('#terms'); await v.order(); await v.click('.thanks .button'); await v.pause(1500);
  } },
  { name: 'tablet-mugs-purchase', as: C, at: '2026-11-11T16:03:11', in: place.porto, device: 'ipad', kinds: ['purchase'], async run(v) {
    await v.open('/shop?utm_source=slowpaths&utm_medium=affiliate&utm_campaign=ten-kettles', blog); await v.click('.chip', { n: 3 }); await v.pause(900); await v.choose('#sort', 'Price, low first'); await v.addCard('tarn-mugs', 'cart');
    await v.click('#to-checkout'); await v.fill(people.joana); await v.click('.choice', { n: 2 }); await v.click('#terms'); await v.order();
  } },
  { name: 'voucher-rage', as: C, at: '2026-11-20T12:47:52', in: place.zwolle, device: 'windows', kinds: ['rage', 'dead', 'cart abandoned'], async run(v) {
    await v.open('/?utm_source=newsletter&utm_medium=email&utm_campaign=November%20letter'); await v.addCard('ember-lantern'); await v.click('.bar a'); await v.type('#code', 'AUTUMN15'); await v.rage('.fake-button', 6); await v.dead('.fake-arrow');
    await v.read(900); await v.click('.folds summary', { n: 1 }); await v.pause(1500); await v.wheel(-1200); await v.rage('.fake-button', 4);
  } },
  { name: 'phone-voucher-rage', as: C, at: '2026-11-18T07:55:18', in: place.lyon, device: 'android', kinds: ['rage', 'dead'], async run(v) {
    await v.open('/delivery?utm_source=fb&utm_medium=social&utm_campaign=autumn-sale#voucher', fb); await v.type('#code', 'LETTER'); await v.rage('.fake-button', 5); await v.dead('.offer-card b'); await v.dead('.fake-arrow'); await v.pause(900);
  } },
  { name: 'tracker-breaks', as: C, at: '2026-11-17T10:31:44', in: place.berlin, device: 'firefox', kinds: ['error click', 'js error'], async run(v) {
    await v.open('/delivery', google); await v.type('#parcel', 'LM 2044 8120'); await v.click('#track', { settle: 1500 }); await v.click('#track', { settle: 1500 }); await v.read(600); await v.click('.folds summary', { n: 5 }); await v.pause(1800);
  } },
  { name: 'postcode-fails', as: R, at: '2026-11-15T18:09:27', in: place.aarhus, device: 'windows', kinds: ['checkout abandoned', 'js error'], async run(v) {
    await v.open('/shop?category=home', bing); await v.addCard('moor-blanket', 'cart'); await v.click('#to-checkout'); await v.type('#name', 'Mette Holm'); await v.type('#email', 'mette@'); await v.type('#postcode', '80'); await v.click('#lookup', { settle: 1500 }); await v.click('#lookup', { settle: 1400 }); await v.click('#place', { settle: 1600 }); await v.pause(1200);
  } },
  { name: 'quick-backs', as: C, at: '2026-11-14T14:22:09', in: place.leeds, device: 'edge', kinds: ['quick back'], async run(v) {
    await v.open('/shop', bing); await v.quickBack('.card-link', 0, 1600); await v.wheel(350); await v.quickBack('.card-link', 5, 1300); await v.quickBack('.card-link', 3, 1500); await v.click('.card-link', { n: 6 }); await v.pause(2500); await v.read(500);
  } },
  { name: 'phone-quick-back', as: R, at: '2026-11-09T22:14:50', in: place.austin, device: 'android', kinds: ['quick back'], async run(v) {
    await v.open('/shop?utm_source=instagram&utm_medium=paid_social&utm_campaign=autumn_sale', ig); await v.quickBack('.card-link', 1, 1500); await v.quickBack('.card-link', 2, 1400); await v.read(700, 350);
  } },
  { name: 'lost-in-delivery', as: C, at: '2026-11-12T09:38:33', in: place.berlin, device: 'mac', kinds: ['excessive scroll'], async run(v) {
    await v.open('/delivery', duck); await v.read(1200); await v.excessive(5, 1500); await v.click('.folds summary', { n: 3 }); await v.pause(1800);
  } },
  { name: 'phone-lost-in-delivery', as: R, at: '2026-11-08T20:26:01', in: place.graz, device: 'iphone', kinds: ['excessive scroll'], async run(v) {
    await v.open('/delivery?utm_source=google&utm_medium=organic', google); await v.excessive(5, 1100); await v.click('.folds summary', { n: 1 }); await v.pause(1400);
  } },
  { name: 'bounce', as: C, at: '2026-11-10T23:51:12', in: place.austin, device: 'iphone', kinds: ['bounce'], async run(v) { await v.open('/?utm_source=fb&utm_medium=cpc&utm_campaign=AUTUMN-SALE&fbclid=IwARdemo2', fb); await v.pause(5200, 6200); await v.wheel(260); await v.pause(1200); } },
  { name: 'bounce-desktop', as: R, at: '2026-11-20T15:02:37', in: place.leeds, device: 'windows', kinds: ['bounce'], async run(v) { await v.open('/p/keld-flask?utm_source=bing&utm_medium=ppc&utm_campaign=flasks', bing); await v.hover('.main-pic'); await v.pause(5000, 6000); } },
  { name: 'returning-first', as: C, at: '2026-11-07T11:05:20', in: place.lyon, device: 'mac', group: 'camille', kinds: [], identify: ['customer-1184'], async run(v) {
    await v.open('/?utm_source=chatgpt.com', gpt); await v.read(900); await v.click('.promise + section .card-link', { n: 2 }); await v.pause(2200); await v.click('.thumb', { n: 1 }); await v.nav('Trail'); await v.pause(1600);
  } },
  { name: 'returning-second', as: C, at: '2026-11-09T19:44:02', in: place.lyon, device: 'mac', group: 'camille', kinds: ['returning', 'cart abandoned'], identify: ['customer-1184'], tags: [['plan', 'member']], async run(v) {
    await v.open('/p/brim-kettle'); await v.click('[data-qty="1"]'); await v.click('#add', { settle: 1300 }); await v.click('dialog a.button'); await v.type('#voucher', 'FRIEND'); await v.click('#apply', { settle: 1500 }); await v.click('[data-drop]'); await v.pause(1700);
  } },
  { name: 'chatgpt-boots', as: C, at: '2026-11-18T13:17:46', in: place.bergen, device: 'windows', kinds: ['cart abandoned'], async run(v) {
    await v.open('/p/hollin-boots?utm_source=chatgpt.com', gpt); await v.click('[data-guide]', { settle: 1100 }); const f = v.page.frameLocator('.guide iframe').locator('#cm'); await v.box('.guide iframe'); const b = await f.boundingBox(); await v.moveTo(b.x + 40, b.y + 14); await v.press(b.x + 40, b.y + 14); v.note('type', { sel: 'iframe #cm', text: '26.5' }); for (const ch of '26.5') { await v.page.keyboard.type(ch); await v.pause(120, 220); }
    await v.pause(900); await v.choose('#size', '42'); await v.click('lm-options button', { n: 1 }); await v.click('#add', { settle: 1500 }); await v.click('dialog a.button'); await v.pause(2600);
  } },
  { name: 'size-guide-spa', as: R, at: '2026-11-11T12:58:25', in: place.aarhus, device: 'mac', kinds: [], async run(v) {
    await v.open('/shop?utm_source=google&utm_medium=paid-search&utm_campaign=rain_jackets', google); await v.click('.chip', { n: 2 }); await v.choose('#sort', 'Price, high first'); await v.pause(800); await v.choose('#sort', 'Best rated'); await v.click('.card[data-id=beck-jacket] .card-link'); await v.click('[data-guide]', { settle: 1400 }); await v.choose('#size', 'M'); await v.click('#add', { settle: 1500 }); await v.click('dialog .ghost');
  } },
  { name: 'browses-and-sorts', as: C, at: '2026-11-13T17:33:15', in: place.zwolle, device: 'wide', kinds: [], async run(v) {
    await v.open('/shop', google); await v.click('[data-slide="1"]'); await v.click('[data-slide="1"]'); await v.click('.chip', { n: 1 }); await v.click('.chip', { n: 2 }); await v.click('.chip', { n: 0 }); await v.choose('#sort', 'Price, low first'); await v.read(500); await v.type('#find', 'kettle'); await v.pause(1200);
  } },
  { name: 'checkout-abandoned-paid', as: C, at: '2026-11-20T20:18:59', in: place.leeds, device: 'windows', kinds: ['checkout abandoned'], async run(v) {
    await v.open('/p/drover-pack?utm_source=Google&utm_medium=CPC&utm_campaign=Autumn-Sale', google); await v.click('.folds summary', { n: 1 }); await v.click('#add', { settle: 1200 }); await v.click('dialog a.button'); await v.click('#to-checkout'); await v.fill(people.sven, ['name', 'email', 'street']); await v.hover('.choice', 1); await v.read(500); await v.wheel(-500); await v.pause(2200);
  } },
  { name: 'phone-checkout-abandoned', as: C, at: '2026-11-15T06:49:38', in: place.porto, device: 'android', kinds: ['checkout abandoned', 'cart abandoned'], async run(v) {
    await v.open('/?utm_source=google&utm_medium=cpc&utm_campaign=autumn_sale', google); await v.addCard('brim-kettle', 'cart'); await v.click('#to-checkout'); await v.type('#name', 'R'); await v.click('#place', { settle: 1500 }); await v.back(); await v.click('[data-drop]'); await v.pause(1500);
  } },
  { name: 'masked-everything', as: C, at: '2026-11-16T11:27:14', in: place.berlin, device: 'windows', strict: true, clarity: { content: false }, kinds: ['masked'], async run(v) {
    await v.open('/', duck); await v.read(800); await v.nav('Kitchen'); await v.addCard('hearth-skillet', 'cart'); await v.pause(1800);
  } },
  { name: 'tablet-turns', as: C, at: '2026-11-14T19:59:03', in: place.bergen, device: 'ipad', kinds: ['resize'], async run(v) {
    await v.open('/p/sling-chair', google); await v.click('.thumb', { n: 2 }); await v.resize(1120, 820); await v.read(500); await v.resize(820, 1120); await v.nav('Home'); await v.pause(1400);
  } },
  { name: 'window-shrinks', as: R, at: '2026-11-19T09:11:26', in: place.zwolle, device: 'mac', kinds: ['resize'], async run(v) {
    await v.open('/', ''); await v.read(500); await v.resize(1024, 760); await v.resize(620, 760); await v.wheel(400); await v.menu(); await v.click('#nav a', { n: 1 }); await v.pause(1600);
  } },
  { name: 'tags-and-events', as: C, at: '2026-11-17T16:40:09', in: place.austin, device: 'wide', kinds: ['tags'], identify: ['customer-2071', 'crm-88', 'account', 'J. Doe'], tags: [['plan', 'trade'], ['experiment', ['hero-a', 'price-c']]], async run(v) {
    await v.open('/', ''); await v.clarity('set', 'logged_in', 'yes'); await v.read(400); await v.clarity('event', 'pricing_page_visit'); await v.click('.card-link', { n: 1 }); await v.innerScroll('.said', 0, 500); await v.clarity('set', 'stock_seen', 'yes'); await v.pause(1300);
  } },
  { name: 'letter-sign-up', as: R, at: '2026-11-12T21:30:47', in: place.sligo, device: 'ipad', kinds: [], async run(v) {
    await v.open('/?utm_source=Instagram&utm_medium=social&utm_campaign=story', ig); await v.read(1500, 600); await v.innerScroll('.reviews', 420, 0); await v.type('.letter input', 'aoife@sligo.example'); await v.click('.letter button', { settle: 1600 });
  } },
  { name: 'affiliate-reader', as: R, at: '2026-11-10T10:16:31', in: place.lyon, device: 'firefox', kinds: [], async run(v) {
    await v.open('/p/brim-kettle?utm_source=slowpaths&utm_medium=Affiliate&utm_campaign=ten%20kettles', blog); await v.click('.folds summary', { n: 0 }); await v.click('.folds summary', { n: 2 }); await v.innerScroll('.said', 0, 600); await v.click('.grid .card-link', { n: 0 }); await v.pause(2200);
  } },
  { name: 'direct-camp', as: C, at: '2026-11-08T13:08:55', in: place.graz, device: 'android', kinds: [], async run(v) {
    await v.open('/', ''); await v.nav('Camp'); await v.read(500, 350); await v.click('.card[data-id=ember-lantern] .card-link'); await v.click('.thumb', { n: 2 }); await v.pause(1600); await v.click('.folds summary', { n: 0 }); await v.pause(1200);
  } },

  // ---- fixtures with truth: node record.mjs --fixtures -------------------------------------------------------------
  { name: 'desktop-shop', fixture: true, at: '2026-11-06T10:00:00', in: place.leeds, device: 'windows', async run(v) {
    await v.open('/shop', google); await v.checkpoint('landing'); await v.choose('#sort', 'Price, low first'); await v.checkpoint('sorted by price'); await v.click('[data-slide="1"]'); await v.addCard('tarn-mugs', 'stay'); await v.checkpoint('mini cart open'); await v.click('dialog .ghost'); await v.click('.card[data-id=drover-pack] .card-link'); await v.click('lm-options button', { n: 1 }); await v.innerScroll('.said', 0, 300); await v.checkpoint('option in shadow root');
  } },
  { name: 'phone-browse', fixture: true, at: '2026-11-06T11:00:00', in: place.porto, device: 'iphone', async run(v) {
    await v.open('/?utm_source=fb&utm_medium=social', fb); await v.checkpoint('landing'); await v.read(800, 400); await v.checkpoint('scrolled'); await v.wheel(-800); await v.menu(); await v.checkpoint('menu open'); await v.click('#nav a', { n: 5 }); await v.click('.folds summary', { n: 1 }); await v.checkpoint('answer open'); await v.rage('.fake-button', 4);
  } },
  { name: 'checkout-form', fixture: true, at: '2026-11-06T12:00:00', in: place.graz, device: 'mac', async run(v) {
    await v.open('/p/keld-flask', ''); await v.click('[data-qty="1"]'); await v.click('#add', { settle: 1000 }); await v.click('dialog a.button'); await v.click('#to-checkout'); await v.checkpoint('empty form'); await v.fill(people.tomas, ['name', 'email', 'country']); await v.checkpoint('half filled'); await v.click('#gift'); await v.type('#note', 'For the shed'); await v.click('.choice', { n: 1 }); await v.click('#place', { settle: 1100 }); await v.checkpoint('errors shown'); await v.fill(people.tomas, ['street', 'postcode', 'town']); await v.click('#terms'); await v.checkpoint('complete');
  } },
  { name: 'filters-and-frame', fixture: true, at: '2026-11-06T13:00:00', in: place.aarhus, device: 'ipad', async run(v) {
    await v.open('/shop', bing); await v.checkpoint('all'); await v.click('.chip', { n: 2 }); await v.pause(900); await v.checkpoint('trail'); await v.choose('#sort', 'Price, high first'); await v.pause(900); await v.checkpoint('sorted'); await v.click('.card[data-id=hollin-boots] .card-link'); await v.click('[data-guide]', { settle: 1500 }); const b = await v.page.frameLocator('.guide iframe').locator('#cm').boundingBox(); await v.press(b.x + 30, b.y + 12); v.note('type', { sel: 'iframe #cm', text: '25' }); for (const ch of '25') { await v.page.keyboard.type(ch); await v.pause(150); } await v.pause(1000); await v.checkpoint('size found in frame');
  } },
];
