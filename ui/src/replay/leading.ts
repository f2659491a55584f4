/*
 * Lines keep the height that the page gave them.
 *
 * The trap: WebKit cuts the height of a line to whole px (20.8 become 20, on every line), other engines keep the
 * fraction, and no style asks for it. A page of a hundred lines ends a screen's tenth too high, and everything on it
 * stands where the visitor did not see it. So every block of text gets what its lines lost as padding, half above and
 * half below; where blocks stand beside the text, only at an edge that is text, because padding keeps the margins of
 * other blocks from collapsing. It comes as an addition to what the page says: an animation that stands still, because that alone adds
 * to any padding, whatever rule sets it and whenever it changes, and leaves tree, attributes and sheets as recorded.
 *
 * Sizes are told by a ResizeObserver, after layout and before painting: for what changed, and without asking for a
 * layout of its own. What is not put right: within a paragraph lines stand up to half its loss too high or too low.
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

export class Leading {
  #observer: ResizeObserver;
  #blocks = new WeakMap<Element, { room: Room; animation: Animation }>();
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
        try {
          this.#measure(target, contentRect.height);
        } catch {
          // Its document is gone.
        }
      }
    });
  }

  /** Looks after the blocks in which these elements' texts lie. */
  add(parents: Iterable<Element>): void {
    for (const parent of parents) this.#look(parent);
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
    if (!this.#seen.delete(element)) return;
    this.#unsure.delete(element);
    this.#observed.delete(element);
    this.#observer.unobserve(element);
  }

  /** Whether an animation is one of these, and no part of the page. */
  static made(animation: Animation): boolean {
    return animation.id === 'dwell-leading';
  }

  close(): void {
    clearTimeout(this.#asks);
    this.#unsure.clear();
    this.#observer.disconnect();
    this.#blocks = new WeakMap();
    this.#seen = new WeakSet();
    this.#observed = new WeakSet();
  }

  #measure(element: Element, height: number): void {
    const known = this.#blocks.get(element);
    const [above, below] = roomOf(element, height, (inner) => this.#observe(inner));
    if (above === (known?.room[0] ?? 0) && below === (known?.room[1] ?? 0)) return;
    const frames = { paddingTop: [`${above}px`, `${above}px`], paddingBottom: [`${below}px`, `${below}px`] };
    const effect = known?.animation.effect as KeyframeEffect | null | undefined;
    if (known && effect) {
      effect.setKeyframes(frames);
      known.room = [above, below];
      return;
    }
    const animation = element.animate(frames, { duration: 1000, fill: 'both', composite: 'add', id: 'dwell-leading' });
    animation.pause();
    this.#blocks.set(element, { room: [above, below], animation });
  }
}

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
