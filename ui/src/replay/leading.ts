/*
 * Lines keep the height that the page gave them.
 *
 * The trap: WebKit cuts the height of a line to whole px (20.8 become 20, on every line), other engines keep the
 * fraction, and no style asks for it. A page of a hundred lines ends a screen's tenth too high, and everything on it
 * stands where the visitor did not see it. So every block of text gets what its lines lost as padding, half above and
 * half below. It comes as an addition to what the page says: an animation that stands still, because that alone adds
 * to any padding, whatever rule sets it and whenever it changes, and leaves tree, attributes and sheets as recorded.
 *
 * Sizes are told by a ResizeObserver, after layout and before painting: for what changed, and without asking for a
 * layout of its own. What is not put right: within a paragraph lines stand up to half its loss too high or too low.
 */

/** Elements that pages mostly leave inline; others are taken for blocks without asking for their style. */
const INLINE = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark output q s samp small span strike strong sub sup time tt u var'.split(' '),
);
const HTML = 'http://www.w3.org/1999/xhtml';
/** Ancestors that are asked for the block a text lies in. */
const CLIMB = 24;
/** Parts of a block that are measured one by one. */
const RUNS = 40;
/** Losses below, px, come from the rounding of numbers. */
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

interface Block {
  lost: number;
  animation: Animation | null;
}

export class Leading {
  #observer: ResizeObserver;
  #blocks = new WeakMap<Element, Block>();
  /** Seen already, with their block or because they are one. */
  #seen = new WeakSet<Element>();

  constructor(observer: typeof ResizeObserver) {
    this.#observer = new observer((entries) => {
      for (const { target, contentRect } of entries) {
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
    for (const parent of parents) {
      let block: Element | null = parent;
      for (let up = 0; block && up < CLIMB; up++, block = block.parentElement) {
        if (this.#seen.has(block)) break;
        if (!block.isConnected) break;
        this.#seen.add(block);
        if (!INLINE.has(block.localName)) {
          if (block.namespaceURI === HTML) this.#observer.observe(block);
          break;
        }
        const display = styleOf(block)?.display;
        if (display !== 'inline' && display !== 'contents') {
          this.#observer.observe(block);
          break;
        }
      }
    }
  }

  /** The node has left the page. */
  forget(node: Node): void {
    if (!this.#seen.has(node as Element)) return;
    this.#seen.delete(node as Element);
    this.#observer.unobserve(node as Element);
  }

  /** Whether an animation is one of these, and no part of the page. */
  static made(animation: Animation): boolean {
    return animation.id === 'dwell-leading';
  }

  close(): void {
    this.#observer.disconnect();
    this.#blocks = new WeakMap();
    this.#seen = new WeakSet();
  }

  #measure(element: Element, height: number): void {
    const known = this.#blocks.get(element);
    const lost = Math.round(lossOf(element, height) * 64) / 64;
    if (lost === (known?.lost ?? 0)) return;
    const half = `${lost / 2}px`;
    const frames = { paddingTop: [half, half], paddingBottom: [half, half] };
    const effect = known?.animation?.effect as KeyframeEffect | null | undefined;
    if (known && effect) {
      effect.setKeyframes(frames);
      known.lost = lost;
      return;
    }
    const animation = element.animate(frames, { duration: 1000, fill: 'both', composite: 'add', id: 'dwell-leading' });
    animation.pause();
    this.#blocks.set(element, { lost, animation });
  }
}

const styleOf = (element: Element): CSSStyleDeclaration | undefined => element.ownerDocument.defaultView?.getComputedStyle(element);

/** Px that the lines of a block are lower than the page says. `height` is that of its content. */
function lossOf(element: Element, height: number): number {
  const style = styleOf(element);
  if (!style || height < 1) return 0;
  const wanted = parseFloat(style.lineHeight);
  const line = Math.floor(wanted);
  const part = wanted - line;
  if (!(line > 0) || part < LEAST) return 0;
  const many = Math.round(height / line);
  if (Math.abs(height - many * line) < 0.25 && onlyText(element)) return fixed(element) ? 0 : many * part;
  const lines = linesOf(element, line);
  // A single line that is as high as it is for another reason lost nothing.
  if (!lines || fixed(element)) return 0;
  return lines * part;
}

/** True when nothing but text and inline elements make the height of a block. */
function onlyText(element: Element): boolean {
  for (let child = element.firstElementChild; child; child = child.nextElementSibling) {
    if (child.localName === 'br') continue;
    const display = styleOf(child)?.display;
    if (display !== 'inline' && display !== 'none') return false;
  }
  return true;
}

/** True when the page says how high it is. */
function fixed(element: Element): boolean {
  const style = element.computedStyleMap?.();
  if (!style) return false;
  const height = String(style.get('height'));
  return height !== 'auto' && styleOf(element)?.display !== 'table-cell';
}

/** Lines of plain text that a block has beside other content. */
function linesOf(element: Element, line: number): number {
  const range = element.ownerDocument.createRange();
  let lines = 0;
  let asked = 0;
  let from: Node | null = null;
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
      if (!from && child.nodeValue?.trim()) from = child;
    } else if (child.nodeType === 1) {
      const display = styleOf(child as Element)?.display;
      if (display === 'inline') from ??= child;
      else if (display !== 'none') close(child);
    }
  }
  close(null);
  return lines;
}
