/*
 * Lines keep the height that the page gave them.
 *
 * The trap: WebKit cuts the height of a line to whole px (20.8 become 20, on every line), other engines keep the
 * fraction, and no style asks for it. A page of a hundred lines ends a screen's tenth too high, and everything on it
 * stands where the visitor did not see it. So every block of text gets what its lines lost as padding, half above and
 * half below; where blocks stand beside the text, only at an edge that is text, because padding keeps the margins of
 * other blocks from collapsing. The padding comes from rules of ours for marked elements: the tree, its own attributes
 * and its sheets stay as recorded. (An animation that adds to any padding needs no rule, but styles cost several times as
 * much with it, measured.) What a mark hides, another padding that the page gives later, is looked up a moment after each
 * change that may have brought one. A padding that fades is left alone.
 *
 * Sizes are told by a ResizeObserver, for what changed, and room is given a moment after: a seek shows its picture first.
 * What is not put right: within a paragraph lines stand up to half its loss too high or too low, and pages of very many
 * blocks are left as WebKit lays them out.
 */

/** Elements that pages mostly leave inline; others are taken for blocks without asking for their style. */
const INLINE = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark output q s samp small span strike strong sub sup time tt u var'.split(' '),
);
export const mostlyInline = (node: Node): boolean => INLINE.has((node as Element).localName);
const HTML = 'http://www.w3.org/1999/xhtml';
/** Ancestors that are asked for the block a text lies in. */
const CLIMB = 24;
/** Parts of a block that are measured one by one. */
const RUNS = 40;
/** Px. Losses below come from the rounding of numbers. */
const LEAST = 0.015;

/** True in an engine that cuts. Lays out a line of the window itself. */
export function cutsLines(doc: Document): boolean {
  if (!doc.body) return false;
  const probe = doc.createElement('div');
  probe.textContent = 'x';
  probe.style.cssText = 'position:absolute;visibility:hidden;font-size:16px;line-height:20.5px;padding:0;border:0;margin:0';
  doc.body.append(probe);
  const { height } = probe.getBoundingClientRect();
  probe.remove();
  return height === 20;
}

/** Px to add above and below. */
type Room = readonly [number, number];
const NONE: Room = [0, 0];

interface Mark {
  /** Padding of the page, px. */
  base: Room;
  room: Room;
}

type Root = (Document | ShadowRoot) & { adoptedStyleSheets?: CSSStyleSheet[] };

const MARK = 'dwell-leading';
/** Ms after a change that paddings are looked up. */
const LATER = 250;
/** Ms of rest before room is given, and the longest time that it may wait for rest. */
const WAIT = 60;
const LONGEST_WAIT = 300;
/** Blocks of a page that are looked after. */
const MOST = 6000;
/** Places that are looked up one by one. */
const PLACES = 5000;
/** Blocks in what changes its look under the cursor. */
const SMALL = 40;

export class Leading {
  #observer: ResizeObserver;
  #marks = new Map<Element, Mark>();
  #rules = new WeakMap<Root, { known: Set<string>; sheets: CSSStyleSheet[] }>();
  #later: ReturnType<typeof setTimeout> | undefined;
  /** In which there is a new text. */
  #parents = new Set<Element>();
  /** Heights of blocks that changed. */
  #told = new Map<Element, number>();
  #toldFrom = 0;
  #held = false;
  #watched = 0;
  #off = false;
  #settling: ReturnType<typeof setTimeout> | undefined;
  /** Where paddings are to be looked up, and in how many blocks at most. */
  #places = new Map<Element, number>();
  #everywhere = false;
  /** Seen already, with their block or because they are one. */
  #seen = new WeakSet<Element>();
  #observed = new WeakSet<Element>();
  /** Taken for blocks and not told of yet. */
  #unsure = new Set<Element>();
  #asks: ReturnType<typeof setTimeout> | undefined;

  constructor(observer: typeof ResizeObserver) {
    this.#observer = new observer((entries) => {
      for (const { target, contentRect } of entries) {
        this.#unsure.delete(target);
        this.#told.set(target, contentRect.height);
      }
      this.#settleSoon();
    });
  }

  /** While a page is being built, nothing is given. */
  hold(on: boolean): void {
    this.#held = on;
    if (!on && this.#told.size + this.#parents.size) this.#settleSoon();
  }

  /** The picture that was asked for comes first. */
  #settleSoon(): void {
    const now = performance.now();
    if (this.#settling === undefined) this.#toldFrom = now;
    else if (now - this.#toldFrom > LONGEST_WAIT) return;
    clearTimeout(this.#settling);
    this.#settling = this.#held ? undefined : setTimeout(() => this.settle(), WAIT);
  }

  /** Gives what was told of its room now. */
  settle(): void {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    this.#lookAtParents();
    const changed: [Element, Mark][] = [];
    for (const [element, height] of this.#told) {
      try {
        const mark = element.isConnected ? this.#measure(element, height) : null;
        if (mark) changed.push([element, mark]);
      } catch {
        // Its document is gone.
      }
    }
    this.#told.clear();
    this.#put(changed);
  }

  /** Looks after the blocks in which these elements' texts lie. */
  add(parents: Iterable<Element>): void {
    if (this.#off) return;
    for (const parent of parents) this.#parents.add(parent);
    if (this.#parents.size + this.#watched > MOST) this.#giveUp();
    else if (this.#parents.size) this.#settleSoon();
  }

  /** So large a page would stop the window for longer than anybody would look for a line's half px. */
  #giveUp(): void {
    const marked = [...this.#marks.keys()];
    this.close();
    this.#off = true;
    for (const element of marked) element.removeAttribute(MARK);
  }

  #lookAtParents(): void {
    for (const parent of this.#parents) this.#look(parent);
    this.#parents.clear();
    if (this.#unsure.size && this.#asks === undefined) this.#asks = setTimeout(() => this.#askAgain(), 100);
  }

  #look(from: Element | null): void {
    for (let block = from, up = 0; block?.isConnected && up < CLIMB && !this.#seen.has(block); up++, block = block.parentElement) {
      this.#seen.add(block);
      if (block.namespaceURI !== HTML) continue;
      if (mostlyInline(block)) {
        const display = styleOf(block)?.display;
        if (display === 'inline' || display === 'contents') continue;
      } else this.#unsure.add(block);
      this.#observe(block);
      return;
    }
  }

  /** Observing anew would tell of it anew. */
  #observe(block: Element): void {
    if (this.#observed.has(block)) return;
    this.#observed.add(block);
    this.#watched++;
    this.#seen.add(block);
    this.#observer.observe(block);
  }

  /** What has no size after a while is inline, against its name, or not shown. */
  #askAgain(): void {
    this.#asks = undefined;
    const unsure = [...this.#unsure];
    this.#unsure.clear();
    for (const element of unsure) if (styleOf(element)?.display === 'inline') this.#look(element.parentElement);
  }

  /** The node has left the page. */
  forget(node: Node): void {
    const element = node as Element;
    this.#parents.delete(element);
    if (!this.#seen.delete(element)) return;
    this.#unsure.delete(element);
    if (this.#observed.delete(element)) this.#watched--;
    this.#marks.delete(element);
    this.#told.delete(element);
    this.#observer.unobserve(element);
  }

  /** Sheets that a document or shadow root has to adopt after its own. */
  sheets(root: Node): CSSStyleSheet[] {
    return this.#rules.get(root as Root)?.sheets ?? [];
  }

  /** Something was changed that may have changed paddings: of this element and what is in it, or of everything. */
  changed(within?: Element): void {
    if (!this.#marks.size) return;
    if (!within || this.#places.size >= PLACES) this.#everywhere = true;
    else this.#places.set(within, Infinity);
    this.#later ??= setTimeout(() => this.#lookUp(), LATER);
  }

  /** As `changed`, when the cursor or the focus came or went: what looks different for that is small. */
  pointedAt(element: Element): void {
    if (!this.#marks.size) return;
    if (!this.#places.has(element)) this.#places.set(element, SMALL);
    this.#later ??= setTimeout(() => this.#lookUp(), LATER);
  }

  close(): void {
    for (const timer of [this.#asks, this.#later, this.#settling]) clearTimeout(timer);
    this.#told.clear();
    this.#parents.clear();
    this.#unsure.clear();
    this.#places.clear();
    this.#observer.disconnect();
    this.#marks.clear();
    this.#rules = new WeakMap();
    this.#seen = new WeakSet();
    this.#observed = new WeakSet();
  }

  /** The mark that a block should have, when that is another than it has. */
  #measure(element: Element, height: number): Mark | null {
    const known = this.#marks.get(element);
    const room = roomOf(element, height, (inner) => this.#observe(inner));
    if (room[0] === (known?.room[0] ?? 0) && room[1] === (known?.room[1] ?? 0)) return null;
    if (known) return { base: known.base, room };
    const style = styleOf(element);
    return style && !fades(style) ? { base: paddings(style), room } : null;
  }

  #lookUp(): void {
    this.#later = undefined;
    const places = this.#everywhere ? [...this.#marks.keys()] : [...this.#places].flatMap(([place, most]) => {
      const inner = place.querySelectorAll(`[${MARK}]`);
      return inner.length > most ? [] : [place, ...inner];
    });
    this.#places.clear();
    this.#everywhere = false;
    const marked = [...new Set(places)].flatMap((element): [Element, Mark][] => {
      const mark = element.isConnected && this.#marks.get(element);
      return mark ? [[element, mark]] : [];
    });
    for (const [element] of marked) element.removeAttribute(MARK);
    this.#put(marked.flatMap(([element, { room }]): [Element, Mark][] => {
      const style = styleOf(element);
      if (style && !fades(style)) return [[element, { base: paddings(style), room }]];
      this.#marks.delete(element);
      return [];
    }));
  }

  /** All at once, so that styles and places are worked out once. */
  #put(marks: [Element, Mark][]): void {
    const wanted = new Map<Root, Set<string>>();
    for (const [element, mark] of marks) {
      const root = element.getRootNode() as Root;
      let values = wanted.get(root);
      if (!values) wanted.set(root, (values = new Set()));
      values.add(text(mark));
    }
    for (const [root, values] of wanted) {
      const rules = this.#rules.get(root) ?? { known: new Set(), sheets: [] };
      const fresh = [...values].filter((value) => !rules.known.has(value));
      const win = (root.nodeType === 9 ? (root as Document) : root.ownerDocument)?.defaultView as (Window & typeof globalThis) | null | undefined;
      if (!fresh.length || !win?.CSSStyleSheet || !root.adoptedStyleSheets) continue;
      const sheet = new win.CSSStyleSheet();
      sheet.replaceSync(fresh.map(rule).join('\n'));
      for (const value of fresh) rules.known.add(value);
      rules.sheets.push(sheet);
      this.#rules.set(root, rules);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    }
    for (const [element, mark] of marks) {
      if (mark.room[0] || mark.room[1]) {
        element.setAttribute(MARK, text(mark));
        this.#marks.set(element, mark);
      } else {
        element.removeAttribute(MARK);
        this.#marks.delete(element);
      }
    }
  }
}

const text = ({ base, room }: Mark): string => `${base[0] + room[0]} ${base[1] + room[1]}`;
const rule = (value: string): string => {
  const [above, below] = value.split(' ');
  // Stronger than what pages write against each other.
  return `[${MARK}="${value}"]:not(#\\0, #\\1) { padding-top: ${above}px !important; padding-bottom: ${below}px !important; }`;
};
const paddings = (style: CSSStyleDeclaration): Room => [parseFloat(style.paddingTop) || 0, parseFloat(style.paddingBottom) || 0];
/** True when a change of padding would be shown little by little, and read as half done. */
const fades = (style: CSSStyleDeclaration): boolean =>
  /all|padding/.test(style.transitionProperty) && /[1-9]/.test(style.transitionDuration);

const styleOf = (element: Element): CSSStyleDeclaration | undefined => element.ownerDocument.defaultView?.getComputedStyle(element);

/** What the lines of a block lost. `height` is that of its content; `found` is told of blocks that were inline before. */
function roomOf(element: Element, height: number, found: (inner: Element) => void): Room {
  const style = styleOf(element);
  if (!style || height < 1) return NONE;
  const own = lineOf(element, style);
  if (onlyText(element, found)) {
    // The highest kind of line makes them all so high, or there is one line and its highest part makes it so.
    for (const [line, part] of [own, ...linesIn(element, own)]) {
      const many = Math.round(height / line);
      if (!(line > 0) || many < 1 || Math.abs(height - many * line) > 0.25) continue;
      if (part < LEAST || fixed(element)) return NONE;
      const half = cut((many * part) / 2);
      return [half, many * part - half];
    }
  }
  const [line, part] = own;
  if (!(line > 0) || part < LEAST) return NONE;
  const { lines, first, last } = linesOf(element, line);
  const lost = lines * part;
  if (!lost || !(first || last) || fixed(element)) return NONE;
  const above = !first ? 0 : last ? cut(lost / 2) : lost;
  return [above, lost - above];
}

/** Engines count in 64ths of a px. */
const cut = (px: number): number => Math.floor(px * 64) / 64;

/**
 * Height of a line as WebKit lays it out and what it lost, px. Others round a length to 64ths and cut a multiple of the
 * font's size to them. `normal` (NaN) is whole everywhere.
 */
function lineOf(element: Element, style: CSSStyleDeclaration): [line: number, lost: number] {
  const px = parseFloat(style.lineHeight);
  const line = Math.floor(px);
  if (!(px % 1)) return [line, 0];
  const said = element.computedStyleMap?.().get('line-height');
  const times = said && 'unit' in said && said.unit === 'number' ? (said as CSSUnitValue).value : 0;
  // What is all but a whole px is one.
  const wanted = times ? cut(cut(parseFloat(style.fontSize)) * times + 0.0005) : Math.round(px * 64) / 64;
  return [line, wanted - line];
}

/** Lines that inline elements ask for, where they are higher than those of their block. */
function linesIn(element: Element, [least]: [number, number]): [number, number][] {
  const all: [number, number][] = [];
  let asked = 0;
  for (const child of element.querySelectorAll('*')) {
    if (asked++ > 12) break;
    const style = styleOf(child);
    const wanted = style && lineOf(child, style);
    if (wanted && !(wanted[0] <= least)) all.push(wanted);
  }
  return all;
}

/** True when nothing but text and inline elements make the height of a block. */
function onlyText(element: Element, found: (inner: Element) => void): boolean {
  let only = true;
  for (let child = element.firstElementChild; child; child = child.nextElementSibling) {
    if (child.localName === 'br') continue;
    const display = styleOf(child)?.display;
    if (display === 'inline' || display === 'none') continue;
    only = false;
    if (mostlyInline(child)) found(child);
  }
  return only;
}

/** True when the page says how high it is. */
function fixed(element: Element): boolean {
  const style = element.computedStyleMap?.();
  if (!style) return false;
  const height = String(style.get('height'));
  return height !== 'auto' && styleOf(element)?.display !== 'table-cell';
}

/** Lines of plain text that a block has beside other content, and whether its first and its last content is text. */
function linesOf(element: Element, line: number): { lines: number; first: boolean; last: boolean } {
  const range = element.ownerDocument.createRange();
  let lines = 0;
  let asked = 0;
  let from: Node | null = null;
  let first: boolean | null = null;
  let last = false;
  const close = (until: Node | null): void => {
    if (!from || asked++ > RUNS) return;
    range.setStartBefore(from);
    if (until) range.setEndBefore(until);
    else range.setEndAfter(element.lastChild ?? from);
    from = null;
    let bottom = -Infinity;
    for (const rect of range.getClientRects()) {
      if (rect.width <= 0 || rect.height > line * 1.6) continue;
      const middle = (rect.top + rect.bottom) / 2;
      if (middle > bottom) {
        lines++;
        bottom = Math.max(rect.bottom, middle + line / 2);
      }
    }
  };
  for (let child = element.firstChild; child; child = child.nextSibling) {
    if (child.nodeType === 3) {
      if (!child.nodeValue?.trim()) continue;
    } else if (child.nodeType !== 1) continue;
    else {
      const style = styleOf(child as Element);
      if (!style || style.display === 'none' || (style.float && style.float !== 'none') || /^(absolute|fixed)$/.test(style.position)) continue;
      if (!style.display.startsWith('inline')) {
        close(child);
        first ??= false;
        last = false;
        continue;
      }
      if (style.display !== 'inline') {
        // A line with a box in it is as high as the box makes it.
        close(child);
        first ??= true;
        last = true;
        continue;
      }
    }
    from ??= child;
    first ??= true;
    last = true;
  }
  close(null);
  return { lines, first: first ?? false, last };
}
