// Writes recordings larger than any that could be kept here: node recordings.mjs FOLDER [NAME…]
//
// Names: page (5,000 nodes, 3 minutes, two page loads), hour (60 minutes, 3,000 nodes, a change each half second), huge
// (250,000 nodes, 2 minutes). rrweb streams, the same bytes every time.
//
// The trap: a page of equal boxes lays out faster than any real one. So it is a shop: a style sheet with a grid, flex
// rows, borders and states, text of different lengths, forms, pictures of unknown size; and what changes is spread over
// it: texts, classes, styles, nodes that come and go, scrolls, the pointer.
import { createWriteStream, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';

const START = Date.UTC(2026, 10, 3, 9, 0, 0);
const WORDS = 'linen oak walnut brass harbour meadow stone river slate amber cotton copper maple cedar wool cobalt ivory fern dusk ember'.split(' ');

/** Numbers that look random and are the same every time. */
function dice(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const CSS = `
* { box-sizing: border-box } body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #222; background: #f6f5f2 }
header { display: flex; gap: 24px; align-items: center; padding: 12px 32px; background: #fff; border-bottom: 1px solid #ddd; position: sticky; top: 0 }
header nav { display: flex; gap: 16px; margin-left: auto } header a { color: inherit; text-decoration: none } header a:hover { text-decoration: underline }
main { padding: 24px 32px; max-width: 1280px; margin: 0 auto } section { display: grid; grid-template-columns: repeat(4, 1fr); gap: 20px; margin-bottom: 32px }
.card { background: #fff; border-radius: 10px; border: 1px solid #ddd8d0; padding: 14px; display: flex; flex-direction: column; gap: 6px }
.card.is-picked { outline: 2px solid #2563eb } .card:nth-child(3n) h3 { color: #7c2d12 } .card .row { display: flex; justify-content: space-between; align-items: center }
.card .pic { aspect-ratio: 4 / 3; background: #d6d3d1; border-radius: 6px } .card h3 { font-size: 17px; margin: 4px 0 }
.price { font-weight: 600; font-variant-numeric: tabular-nums } .price del { color: #999; font-weight: 400; margin-right: 6px }
.tag { font-size: 12px; padding: 1px 7px; border-radius: 99px; background: #e0e7ff } .is-low .tag { background: #fee2e2 }
.card button { border: 0; border-radius: 6px; background: #111; color: #fff; padding: 7px 12px } .card button:hover { background: #444 }
ul.facts { margin: 0; padding-left: 18px; font-size: 13px; color: #555 } footer { padding: 40px 32px; background: #1c1917; color: #d6d3d1 }`;

class Page {
  #roll;
  #id = 0;
  cards = [];
  count = 0;

  constructor(seed) {
    this.#roll = dice(seed);
  }
  text(textContent) {
    this.count++;
    return { type: 3, textContent, id: ++this.#id };
  }
  element(tagName, attributes, ...children) {
    this.count++;
    const id = ++this.#id;
    return { type: 2, tagName, attributes, childNodes: children.map((c) => (typeof c === 'string' ? this.text(c) : c)), id };
  }
  words(n) {
    return Array.from({ length: n }, () => WORDS[this.#roll(WORDS.length)]).join(' ');
  }
  /** 24 nodes. */
  card() {
    const e = this.element.bind(this);
    const price = this.text(`€ ${this.#roll(400)}.90`);
    const name = this.text(this.words(2 + this.#roll(4)));
    const card = e('article', { class: this.#roll(5) ? 'card' : 'card is-low', 'data-sku': `S${this.#roll(99999)}` },
      e('div', { class: 'pic' }),
      e('h3', {}, name),
      e('div', { class: 'row' }, e('span', { class: 'price' }, e('del', {}, `€ ${this.#roll(600)}.00`), price), e('span', { class: 'tag' }, this.words(1))),
      e('ul', { class: 'facts' }, e('li', {}, this.words(3 + this.#roll(6))), e('li', {}, this.words(2 + this.#roll(9)))),
      e('label', {}, 'Quantity ', e('input', { type: 'number', value: '1' })),
      e('button', { type: 'button' }, 'Add to basket'));
    this.cards.push({ id: card.id, price: price.id, name: name.id });
    return card;
  }
  document(nodes) {
    const e = this.element.bind(this);
    const head = e('head', {}, e('style', {}, CSS), e('title', {}, 'Harbour & Oak'));
    const header = e('header', {}, e('strong', {}, 'Harbour & Oak'), e('nav', {}, ...['New', 'Chairs', 'Lamps', 'Basket'].map((t) => e('a', { href: `/${t.toLowerCase()}` }, t))));
    const main = e('main', {});
    while (this.count < nodes) {
      const section = e('section', {});
      for (let i = 0; i < 24; i++) section.childNodes.push(this.card());
      main.childNodes.push(section);
      this.last = section.id;
    }
    const html = e('html', { lang: 'en' }, head, e('body', {}, header, main, e('footer', {}, e('p', {}, this.words(12)))));
    return { type: 0, childNodes: [{ type: 1, name: 'html', publicId: '', systemId: '', id: ++this.#id }, html], id: (this.top = ++this.#id) };
  }
}

function* stream({ nodes, seconds, loads, each, moves }) {
  const roll = dice(nodes + seconds);
  const long = (seconds * 1000) / loads;
  for (let load = 0; load < loads; load++) {
    const start = START + Math.round(load * long);
    const page = new Page(nodes + load);
    yield { type: 4, timestamp: start, data: { href: `https://harbour.example/page/${load + 1}`, width: 1366, height: 768 } };
    yield { type: 2, timestamp: start + 40, data: { node: page.document(nodes), initialOffset: { top: 0, left: 0 } } };
    const height = (page.cards.length / 4) * 330;
    let scroll = 0;
    const extra = [];
    const change = (timestamp, data) => ({ type: 3, timestamp, data });
    for (let at = 100, turn = 0; at < long - 200; at += each, turn++) {
      const time = start + Math.round(at);
      const some = (n) => Array.from({ length: n }, () => page.cards[roll(page.cards.length)]);
      const data = { source: 0, texts: [], attributes: [], removes: [], adds: [] };
      for (const card of some(6)) data.texts.push({ id: card.price, value: `€ ${roll(400)}.${10 + roll(89)}` });
      for (const card of some(3)) data.attributes.push({ id: card.id, attributes: { class: ['card', 'card is-low', 'card is-picked'][roll(3)] } });
      if (turn % 4 === 1) {
        const card = page.card();
        const put = (node, parentId) => {
          data.adds.push({ parentId, nextId: null, node: { ...node, childNodes: node.childNodes && [] } });
          for (const child of node.childNodes ?? []) put(child, node.id);
        };
        put(card, page.last);
        extra.push(page.cards.pop());
      }
      if (turn % 4 === 3 && extra.length > 20) data.removes.push({ parentId: page.last, id: extra.shift().id });
      yield change(time, data);
      for (let m = 0; m < moves; m++) {
        const positions = Array.from({ length: 4 }, (_, i) => ({ x: 200 + roll(900), y: 100 + roll(600), id: page.cards[roll(page.cards.length)].id, timeOffset: -150 + i * 50 }));
        yield change(time + 20 + Math.round((m * each) / (moves + 1)), { source: 1, positions });
      }
      if (turn % 3 === 0) {
        scroll = Math.max(0, Math.min(height - 768, scroll + roll(900) - 350));
        yield change(time + 60, { source: 3, id: page.top, x: 0, y: scroll });
      }
      if (turn % 10 === 5) {
        const card = some(1)[0];
        for (const type of [1, 0, 2]) yield change(time + 70 + type * 5, { source: 2, type, id: card.id, x: 300 + roll(700), y: 200 + roll(400) });
      }
    }
  }
}

const KINDS = {
  page: { nodes: 5_000, seconds: 180, loads: 2, each: 200, moves: 1 },
  hour: { nodes: 3_000, seconds: 3600, loads: 6, each: 500, moves: 2 },
  huge: { nodes: 250_000, seconds: 120, loads: 1, each: 500, moves: 1 },
};

const [folder, ...names] = process.argv.slice(2);
if (!folder || names.some((name) => !KINDS[name])) {
  console.error(`usage: node recordings.mjs FOLDER [${Object.keys(KINDS).join('|')}…]`);
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
for (const name of names.length ? names : Object.keys(KINDS)) {
  const file = createWriteStream(path.join(folder, `${name}.json`));
  let sep = '[';
  for (const event of stream(KINDS[name])) {
    if (!file.write(sep + JSON.stringify(event))) await once(file, 'drain');
    sep = ',\n';
  }
  file.end(']\n');
  await once(file, 'finish');
}
