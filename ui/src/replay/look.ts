/*
 * What there is to be seen in the frame, counted. The trap is the cost: it is asked for now and then, looks at a few
 * thousand nodes at most, and measures only html and body.
 */
import type { Look } from './blank';

const MOST = 4000;
const MASKS = /[▪▫•]/gu;
const SILENT = new Set(['script', 'style', 'noscript', 'template', 'title', 'dwell-script', 'head']);
const THINGS = new Set(['img', 'svg', 'canvas', 'video', 'picture', 'input', 'select', 'textarea', 'button', 'iframe', 'object', 'embed', 'hr', 'progress', 'meter']);

export function look(doc: Document | null): Look {
  const seen: Look = { body: false, text: 0, masked: 0, things: 0, missing: 0, blocked: 0, sheetsMissing: 0, hidden: false };
  const root = doc?.documentElement;
  if (!doc || !root) return seen;
  seen.body = true;
  seen.sheetsMissing = doc.querySelectorAll('link[dwell-missing-href]').length;
  const view = doc.defaultView;
  for (const element of [root, doc.body]) {
    const style = element && view?.getComputedStyle(element);
    if (style && (style.opacity === '0' || style.visibility === 'hidden' || style.display === 'none')) seen.hidden = true;
  }
  const stack: Node[] = doc.body ? [doc.body] : [root];
  for (let n = 0, node = stack.pop(); node && n < MOST; node = stack.pop(), n++) {
    if (node.nodeType === 3) {
      const text = (node.nodeValue ?? '').replace(/\s/g, '');
      const masks = text.match(MASKS)?.length ?? 0;
      seen.masked += masks;
      seen.text += text.length - masks;
      continue;
    }
    if (node.nodeType === 1) {
      const element = node as Element;
      if (SILENT.has(element.localName)) continue;
      if (element.hasAttribute('dwell-blocked')) {
        seen.blocked++;
        continue;
      }
      if (element.hasAttribute('dwell-missing')) seen.missing++;
      else if (THINGS.has(element.localName)) seen.things++;
      if (element.shadowRoot) stack.push(element.shadowRoot);
    }
    for (let child = node.lastChild; child; child = child.previousSibling) stack.push(child);
  }
  return seen;
}
