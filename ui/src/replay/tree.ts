/*
 * The recorded page as a tree of lines. The trap is size and depth: a page may have 250 000 nodes in 1 500 levels, so
 * only what is opened is walked, without recursion, and what the player itself wrote into the page is not shown.
 */

export interface Row {
  node: Node;
  depth: number;
  kind: 'element' | 'text' | 'comment' | 'shadow' | 'document' | 'doctype';
  /** Has something inside that can be opened. */
  opens: boolean;
  open: boolean;
  /** Text that stands in the same line, when that is all there is inside. */
  text: string;
}

/** Lines that one tree shows at most. */
export const MOST = 20_000;
const LONGEST = 200;

const isElement = (node: Node): node is Element => node.nodeType === 1;
const squeeze = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, LONGEST);

/** Shadow root of an element; a closed one is known only to who attached it. */
export type ShadowOf = (element: Element) => ShadowRoot | null;
const openShadow: ShadowOf = (element) => element.shadowRoot;

/** The first `most` of what is inside a node as it is recorded: shadow root and frame document first, no empty texts. */
export function inside(node: Node, shadowOf: ShadowOf = openShadow, most = MOST): Node[] {
  const all: Node[] = [];
  if (isElement(node)) {
    const shadow = shadowOf(node);
    if (shadow) all.push(shadow);
    if (/^i?frame$/.test(node.localName)) {
      try {
        const doc = (node as HTMLIFrameElement).contentDocument;
        if (doc?.documentElement) all.push(doc);
      } catch {
        // A frame that has gone.
      }
    }
  }
  for (let child = node.firstChild; child && all.length < most; child = child.nextSibling) {
    if (child.nodeType === 3 && !child.nodeValue?.trim()) continue;
    all.push(child);
  }
  return all;
}

/** Lines of everything opened below `root`. */
export function rows(root: Node, opened: ReadonlySet<Node>, shadowOf: ShadowOf = openShadow): Row[] {
  const all: Row[] = [];
  const stack: { node: Node; depth: number }[] = inside(root, shadowOf).reverse().map((node) => ({ node, depth: 0 }));
  for (let at = stack.pop(); at && all.length < MOST; at = stack.pop()) {
    const { node, depth } = at;
    const row: Row = { node, depth, kind: kindOf(node), opens: false, open: false, text: '' };
    if (row.kind === 'text' || row.kind === 'comment') row.text = squeeze(node.nodeValue ?? '');
    else {
      // A node that is not opened may have a hundred thousand more.
      const kids = inside(node, shadowOf, opened.has(node) ? MOST : 2);
      const only = kids.length === 1 && kids[0]?.nodeType === 3 ? squeeze(kids[0].nodeValue ?? '') : null;
      if (only !== null && only.length <= 60) row.text = only;
      else row.opens = kids.length > 0;
      row.open = row.opens && opened.has(node);
      if (row.open) for (const kid of kids.reverse()) stack.push({ node: kid, depth: depth + 1 });
    }
    all.push(row);
  }
  return all;
}

function kindOf(node: Node): Row['kind'] {
  switch (node.nodeType) {
    case 1: return 'element';
    case 3: return 'text';
    case 8: return 'comment';
    case 9: return 'document';
    case 10: return 'doctype';
    default: return 'shadow';
  }
}

/** Parent, out of shadow roots and frames. */
export function outside(node: Node): Node | null {
  if (node.parentNode) return node.parentNode;
  if (node.nodeType === 11) return (node as ShadowRoot).host ?? null;
  if (node.nodeType === 9) {
    try {
      return (node as Document).defaultView?.frameElement ?? null;
    } catch {
      return null;
    }
  }
  return null;
}

/** What must be open for a node to be seen. */
export function wayTo(node: Node): Node[] {
  const way: Node[] = [];
  for (let up = outside(node); up && way.length < 5000; up = outside(up)) way.push(up);
  return way;
}

const RENAMED: Record<string, string> = {
  'dwell-missing-src': 'src', 'dwell-missing-href': 'href', 'dwell-missing-srcset': 'srcset', 'dwell-missing-poster': 'poster', 'dwell-missing-background': 'background',
};

/** Attributes as recorded: addresses by their own names, none of the player's marks. */
export function attributes(element: Element): [name: string, value: string][] {
  const all = new Map<string, string>();
  const names = [...element.attributes].map((a) => a.name);
  for (const { name, value } of element.attributes) {
    const recorded = RENAMED[name] ?? /^(?:data-)?dwell-(href|src|srcset|poster|action)$/.exec(name)?.[1];
    if (recorded) all.set(recorded, value);
    else if (name.startsWith('dwell-') || (name === 'sandbox' && /^i?frame$/.test(element.localName))) continue;
    // The address in the cache means nothing to people.
    else if (value.startsWith('replay-asset:') && names.some((n) => n === `data-dwell-${name}`)) continue;
    else if (!all.has(name)) all.set(name, value);
  }
  return [...all];
}

const escape = (text: string): string =>
  typeof CSS !== 'undefined' && CSS.escape ? CSS.escape(text) : text.replace(/[^\w-]/g, (c) => `\\${c}`).replace(/^(\d)/, '\\3$1 ');

/** A selector that names this element alone within its document or shadow root, as short as is easily found. */
export function selectorOf(element: Element): string {
  const root = element.getRootNode() as Document | ShadowRoot;
  const alone = (selector: string) => {
    try {
      const found = root.querySelectorAll(selector);
      return found.length === 1 && found[0] === element;
    } catch {
      return false;
    }
  };
  const parts: string[] = [];
  for (let at: Element | null = element; at && parts.length < 40; at = at.parentElement) {
    const id = at.getAttribute('id');
    if (id && /^[A-Za-z][\w-]*$/.test(id)) {
      parts.unshift(`#${escape(id)}`);
      if (alone(parts.join(' > '))) return parts.join(' > ');
      parts.shift();
    }
    const name = escape(at.localName);
    const classes = [...at.classList].filter((c) => /^[A-Za-z][\w-]*$/.test(c)).slice(0, 2).map((c) => `.${escape(c)}`).join('');
    let part = name + classes;
    const parent = at.parentNode;
    if (parent) {
      const same = [...parent.children].filter((c) => c.localName === (at as Element).localName);
      const alike = same.filter((c) => [...(at as Element).classList].slice(0, 2).every((k) => c.classList.contains(k)));
      if (alike.length > 1) part += `:nth-of-type(${same.indexOf(at) + 1})`;
    }
    parts.unshift(part);
    const selector = parts.join(' > ');
    if (alone(selector)) return selector;
  }
  return parts.join(' > ');
}

/** Opening tag for the one line of a row: id and classes first, the rest cut short. */
export const tagName = (element: Element): string =>
  element.namespaceURI === 'http://www.w3.org/1999/xhtml' ? element.localName : element.tagName;
