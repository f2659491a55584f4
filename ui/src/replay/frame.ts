/*
 * What the recorded page is shown in: one sandboxed frame, changed by patches and by nothing else.
 *
 * The trap is WebKit. In a frame without scripts no listener added from outside ever fires there (no load, no scroll,
 * no click), though Chromium fires all of them. So nothing here listens inside the frame: it asks (decode(),
 * fonts.ready, ResizeObserver of this window) and re-applies. Also: moving an iframe throws its document away, moving
 * a scrolled element loses its scroll, a dialog that is moved is no longer modal, a canvas is not drawn when scripts
 * are off. Every state that the browser may lose is therefore remembered by id and put back at the end of a batch.
 */
import type { PatchOp, Step } from '../bridge';
import { Leading, cutsLines, mostlyInline } from './leading';

const HTML = 'http://www.w3.org/1999/xhtml';
const SPACES = [HTML, 'http://www.w3.org/2000/svg', 'http://www.w3.org/1998/Math/MathML'] as const;
const XLINK = 'http://www.w3.org/1999/xlink';
const XML = 'http://www.w3.org/XML/1998/namespace';

/** The second wall. The first is the sandbox without allow-scripts, see DESIGN §3. */
const POLICY =
  "default-src 'none'; img-src replay-asset: data:; style-src 'unsafe-inline'; " +
  'font-src replay-asset: data:; media-src replay-asset: data:';

/** Parts of a patch that are gathered and carried out at once; a longer one is carried out in slices. */
const AT_ONCE = 3;
/** Ops of the first slice. */
const SLICE = 500;
/** Least part of what is carried out already that a slice adds. */
const SLICE_GROWTH = 0.03;
/** Real ms that a slice is meant to take with its layout and painting: a third of what people feel as a stop. */
const SLICE_MS = 70;

/** Layout recurses over depth in every engine; a page that is deeper than this was made to crash it. */
const DEEPEST = 1500;

const TEXTUAL = /^(text|email|password|tel|url|search|)$/i;

/** Room that browsers keep beside the text of a drop-down list, px. */
const ARROW = 18;

/** Elements around the cursor whose look is taken to hang on it. */
const NEAR = 3;

/** Attributes that would make a nested frame load something or lose its walls. */
const FRAME_WALLS = new Set(['src', 'srcdoc', 'sandbox', 'allow', 'allowfullscreen', 'csp', 'credentialless']);

const box = (width: string, height: string) =>
  `url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'${width && ` width='${width}'`}${height && ` height='${height}'`}/%3E")`;
const HATCH =
  'repeating-linear-gradient(135deg, rgb(128 128 128 / .16) 0 1.5px, transparent 1.5px 7px), rgb(128 128 128 / .1)';

/**
 * The frame's own sheet, adopted by every document and shadow root of it, so that the recorded tree stays as recorded.
 * `noscript` shows its raw text where scripts are off. Missing pictures keep a plausible place.
 */
const OWN = `
*, *::before, *::after { scroll-behavior: auto !important; overflow-anchor: none !important; }
noscript, dwell-script { display: none !important; }
img[dwell-missing], img[dwell-masked], img[dwell-blocked], input[type=image][dwell-missing] { content: ${box('', '')}; background: ${HATCH}; }
:where(img[dwell-missing]:not([width], [height])) { width: 64px; aspect-ratio: 4 / 3; }
video[dwell-missing], video[dwell-masked], object[dwell-missing], embed[dwell-missing], iframe[dwell-missing], iframe[dwell-missing-src], picture[dwell-blocked], canvas[dwell-masked] { background: ${HATCH} !important; }
input[dwell-value]::placeholder { color: inherit !important; opacity: 1 !important; }
select[dwell-menu] { appearance: none !important; background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='10' height='6'%3E%3Cpath d='M1 1l4 4 4-4' fill='none' stroke='%23333' stroke-width='1.6'/%3E%3C/svg%3E") !important; background-repeat: no-repeat !important; background-position: right 5px center !important; background-size: 10px 6px !important; text-indent: 4px !important; }
[dwell-blocked]:not(img) { background: ${HATCH} !important; outline: 1px dashed rgb(128 128 128 / .5); outline-offset: -1px; }
`;
/** Phones draw no scroll bars that take room, and no arrows beside numbers. */
const OWN_TOUCH = ':root::-webkit-scrollbar, ::-webkit-inner-spin-button { display: none; }';

interface FrameDocument {
  id: number;
  /** Id of the iframe element, 0 for the top document. */
  iframe: number;
  quirks: boolean;
  doctype: string;
  /** The live document, or an inert one that holds the nodes until the iframe is in the page. */
  doc: Document;
}

interface Sheet {
  text: string;
  /** A constructed sheet can only be adopted in the window that made it. */
  made: Map<Window, CSSStyleSheet>;
}

interface Wanted {
  x: number;
  y: number;
}

type OpenState = 'closed' | 'open' | 'modal';
type FrameWindow = Window & { CSSStyleSheet: typeof CSSStyleSheet };
type Adopting = (Document | ShadowRoot) & { adoptedStyleSheets?: CSSStyleSheet[] };

const isDocument = (node: Node): node is Document => node.nodeType === 9;
const isElement = (node: Node | null | undefined): node is Element => node?.nodeType === 1;
const isRoot = (node: Node): node is ShadowRoot => node.nodeType === 11;
const windowOf = (node: Node): FrameWindow | null =>
  ((isDocument(node) ? node : node.ownerDocument)?.defaultView as FrameWindow | null) ?? null;

export class Frame {
  readonly element: HTMLIFrameElement;
  /** State on screen, `null` before the first picture. */
  shown: number | null = null;
  /** Patches that could not be carried out: hostile or damaged input, never thrown. */
  problems = 0;

  #touch: boolean;
  #nodes = new Map<number, Node>();
  #ids = new WeakMap<Node, number>();
  #docs = new Map<number, FrameDocument>();
  #docOfFrame = new WeakMap<Node, number>();
  #shadows = new WeakMap<Node, ShadowRoot>();
  #sheets = new Map<string, Sheet>();
  #own = new WeakMap<Window, CSSStyleSheet>();
  #adopted = new Map<number, string[]>();
  #scrolls = new Map<number, Wanted>();
  #opens = new Map<number, OpenState>();
  #canvases = new Map<number, string>();
  /** Every `<select>`, and the paddings for which the frame's own sheet has a rule. */
  #menus = new Set<Element>();
  /** Text fields that say nothing of their length. */
  #fields = new Set<Element>();
  #menuRules = new WeakMap<CSSStyleSheet, Set<string>>();
  #hover = 0;
  #focus = 0;
  #hovered: Element[] = [];
  #focused: Element[] = [];

  // What the batch under way has still to do when all nodes are in place.
  #leaving: Node[] = [];
  #toAdopt = new Set<number>();
  #toScroll = new Set<number>();
  #toOpen = new Set<number>();
  #toPaint = new Set<number>();
  #menusChanged = false;
  #restyled = false;
  #texts = new Set<Element>();
  #values: [Node, string][] = [];
  #checks: [Node, boolean][] = [];
  #selects: [Node, boolean][] = [];
  #moved = false;
  #stateMoved = false;

  #clamped = new Set<number>();
  #retry = 0;
  #watcher: ResizeObserver | null = null;
  #leading: Leading | null = null;
  #cuts: boolean;
  #paused: Animation[] = [];
  #hurried = -Infinity;
  #closed = false;

  constructor(element: HTMLIFrameElement, options: { touch?: boolean } = {}) {
    this.element = element;
    this.#touch = options.touch ?? false;
    this.#cuts = typeof ResizeObserver === 'function' && cutsLines(element.ownerDocument);
    this.#blank();
  }

  /** The one function that changes what is shown: playing and seeking both end here. Never throws. */
  apply(step: Step): void {
    this.#keepFocus(() => {
      if (step.reset) this.#reset(step.ops);
      this.#carryOut(step.ops, 0, step.ops.length);
    });
    this.shown = step.state;
  }

  /**
   * As `apply`, for a step that may come in parts. A long one is carried out in slices, between which the window
   * lays out, paints and answers; `goOn` is asked there. False when it was given up: then what is on screen is no
   * state, and the next step must be one that resets.
   */
  async applyParts(step: Step, more: (part: number) => Promise<Step>, goOn: () => boolean): Promise<boolean> {
    if (step.parts <= AT_ONCE) {
      const ops = [...step.ops];
      for (let part = 1; part < step.parts; part++) {
        for (const op of (await more(part)).ops) ops.push(op);
        if (!goOn() || this.#closed) return false;
      }
      this.apply({ ...step, ops });
      return true;
    }
    this.shown = null;
    if (step.reset) this.#keepFocus(() => this.#reset(step.ops));
    const leading = this.#leading;
    leading?.hold(true);
    try {
      return await this.#inSlices(step, more, goOn);
    } finally {
      leading?.hold(false);
    }
  }

  async #inSlices(step: Step, more: (part: number) => Promise<Step>, goOn: () => boolean): Promise<boolean> {
    let size = SLICE;
    let done = 0;
    let { ops } = step;
    for (let part = 0; part < step.parts; part++) {
      // The next part is on its way while this one is carried out.
      const next = part + 1 < step.parts ? more(part + 1) : null;
      next?.catch(() => {});
      for (let at = 0; at < ops.length; ) {
        const until = Math.min(ops.length, at + Math.floor(size));
        const begun = performance.now();
        this.#keepFocus(() => this.#carryOut(ops, at, until));
        await painted();
        if (!goOn() || this.#closed) return false;
        const took = performance.now() - begun;
        done += until - at;
        // Each layout costs something for all that is there already: slices that stay small would never come to an end.
        const least = Math.max(200, done * SLICE_GROWTH);
        if (until - at >= size / 2) size = Math.max(least, Math.min(12_000, size * Math.max(0.4, Math.min(1.5, SLICE_MS / took))));
        at = until;
      }
      if (next) ({ ops } = await next);
      if (!goOn() || this.#closed) return false;
    }
    this.shown = step.state;
    return true;
  }

  #carryOut(ops: readonly PatchOp[], from: number, until: number): void {
    for (let at = from; at < until; at++) {
      try {
        this.#one(ops[at] as PatchOp);
      } catch {
        this.problems++;
      }
    }
    this.#guard(() => this.#settle());
    this.element.dataset.problems = String(this.problems);
  }

  /**
   * A modal dialog takes the focus into the frame, and with it every key of the player. WebKit gives it back only to
   * an element that can have it.
   */
  #keepFocus(work: () => void): void {
    const active = this.element.ownerDocument.activeElement;
    work();
    if (this.element.ownerDocument.activeElement === this.element) {
      const near = this.element.parentElement?.closest<HTMLElement>('[tabindex]');
      this.element.blur();
      if (active instanceof HTMLElement && active !== this.element && active.tabIndex >= 0) active.focus({ preventScroll: true });
      else near?.focus({ preventScroll: true });
    }
  }

  /** The recorded node, for tests and for what is drawn over the page. */
  node(id: number): Node | undefined {
    return this.#nodes.get(id);
  }

  /** Id of a node in the recording; none for what is not of it. */
  idOf(node: Node): number | null {
    return this.#known(node) ? (this.#ids.get(node) ?? null) : null;
  }

  get document(): Document | null {
    return this.element.contentDocument;
  }

  /** True once the top document has something to show. */
  get filled(): boolean {
    return this.document?.documentElement != null;
  }

  /** True for a page that tells browsers about itself, but not how wide it wants to be laid out on phones. */
  get widthUnsaid(): boolean {
    const { document } = this;
    return document?.querySelector('meta') != null && !document.querySelector('meta[name=viewport i]');
  }

  /**
   * Document px of the top page, or of the frame document `frame`, as px of the top viewport.
   * `null` when that frame is not on screen.
   */
  place(x: number, y: number, frame = 0): { x: number; y: number } | null {
    try {
      const top = this.element.contentWindow;
      if (!top) return null;
      if (!frame || frame === 1) return { x: x - top.scrollX, y: y - top.scrollY };
      let at = this.#docs.get(frame);
      for (let depth = 0; at && depth < 32; depth++) {
        const win = at.doc.defaultView;
        const owner = this.#nodes.get(at.iframe);
        if (!win) return null;
        x -= win.scrollX;
        y -= win.scrollY;
        if (!at.iframe) return { x, y };
        if (!isElement(owner)) return null;
        const rect = owner.getBoundingClientRect();
        const style = windowOf(owner)?.getComputedStyle(owner);
        x += rect.left + owner.clientLeft + (parseFloat(style?.paddingLeft ?? '') || 0);
        y += rect.top + owner.clientTop + (parseFloat(style?.paddingTop ?? '') || 0);
        const host = owner.ownerDocument;
        if (host === this.document) return { x, y };
        const win2 = host.defaultView;
        x += win2?.scrollX ?? 0;
        y += win2?.scrollY ?? 0;
        at = [...this.#docs.values()].find((d) => d.doc === host);
      }
      return null;
    } catch {
      return null;
    }
  }

  /** Where a node stands in the top viewport, px; `null` when it is not drawn. Lays the page out when it must. */
  box(node: Node | number): { x: number; y: number; width: number; height: number } | null {
    try {
      const known = typeof node === 'number' ? this.#nodes.get(node) : node;
      const element = isElement(known) ? known : known?.parentElement;
      if (!element?.isConnected) return null;
      const rect = element.getBoundingClientRect();
      if (!rect.width && !rect.height) return null;
      const own = element.ownerDocument;
      const win = own.defaultView;
      if (!win) return null;
      const id = own === this.document ? 0 : this.#ids.get(own);
      const at = id === undefined ? null : this.place(rect.left + win.scrollX, rect.top + win.scrollY, id);
      return at && { ...at, width: rect.width, height: rect.height };
    } catch {
      return null;
    }
  }

  /** Also a closed one: the frame attached it itself. */
  shadow(element: Element): ShadowRoot | null {
    return this.#shadows.get(element) ?? element.shadowRoot;
  }

  /** The innermost element at a place of the top viewport, through frames and shadow roots. */
  at(x: number, y: number): Element | null {
    let root: Document | ShadowRoot | null = this.document;
    let found: Element | null = null;
    for (let depth = 0; root && depth < 32; depth++) {
      const hit: Element | null = root.elementFromPoint(x, y);
      if (!hit || hit === found) return found;
      found = hit;
      const shadow: ShadowRoot | undefined = this.shadow(hit) ?? undefined;
      if (shadow) {
        root = shadow;
        continue;
      }
      const inner: number | undefined = this.#docOfFrame.get(hit);
      const record: FrameDocument | undefined = inner === undefined ? undefined : this.#docs.get(inner);
      if (!record?.doc.defaultView) return found;
      const rect = hit.getBoundingClientRect();
      const style = windowOf(hit)?.getComputedStyle(hit);
      x -= rect.left + hit.clientLeft + (parseFloat(style?.paddingLeft ?? '') || 0);
      y -= rect.top + hit.clientTop + (parseFloat(style?.paddingTop ?? '') || 0);
      root = record.doc;
    }
    return found;
  }

  /** After a jump: what moves by itself is brought to its end, a seek must not show the way there. */
  finishAnimations(): void {
    for (const animation of this.#animations()) {
      try {
        const timing = animation.effect?.getComputedTiming();
        const end = Number(timing?.endTime ?? Infinity);
        if (end <= 2000) animation.finish();
      } catch {
        // An animation without an end cannot be finished; it goes on.
      }
    }
  }

  /** What moves by itself keeps pace with the playback. */
  hurry(rate: number): void {
    const now = performance.now();
    // Asking for the animations costs more than most patches do.
    if (now - this.#hurried < 150) return;
    this.#hurried = now;
    for (const animation of this.#animations()) if (animation.playbackRate !== rate) animation.playbackRate = rate;
  }

  /** Stands still while the player is paused, so that an idle window costs nothing. */
  pauseAnimations(): void {
    for (const animation of this.#animations()) {
      if (animation.playState !== 'running') continue;
      animation.pause();
      this.#paused.push(animation);
    }
  }

  resumeAnimations(rate: number): void {
    for (const animation of this.#paused) {
      try {
        animation.playbackRate = rate;
        animation.play();
      } catch {
        // Its element is gone.
      }
    }
    this.#paused = [];
  }

  /** Lets go of everything; the iframe element belongs to the caller. */
  close(): void {
    this.#closed = true;
    this.#watcher?.disconnect();
    this.#watcher = null;
    this.#leading?.close();
    this.#leading = null;
    cancelAnimationFrame(this.#retry);
    this.#nodes.clear();
    this.#docs.clear();
    this.#paused = [];
  }

  // ---- ops

  #one(op: PatchOp): void {
    switch (op[0]) {
      case 'D':
        return this.#openDocument(op[1], 0, op[2] === 1, op[3]);
      case 'F':
        return this.#openDocument(op[1], op[2], op[3] === 1, op[4]);
      case 'S':
        return this.#attachShadow(op[1], op[2]);
      case 'E':
        this.#create(op[1], op[2], op[3], op[4]);
        if (op[5]) this.#insert(op[1], op[5], 0);
        return;
      case 'X':
        this.#know(op[1], this.#maker().createTextNode(op[2]));
        if (op[3]) this.#insert(op[1], op[3], 0);
        return;
      case 'I':
        return this.#insert(op[1], op[2], op[3]);
      case 'R':
        return this.#remove(op[1]);
      case 'A':
        this.#leading?.changed(this.#element(op[1]));
        return this.#attribute(this.#element(op[1]), op[2], op[3]);
      case 'T': {
        const node = this.#get(op[1]);
        if (node.nodeType === 3 && node.nodeValue !== op[2]) node.nodeValue = op[2];
        return;
      }
      case 'CSS': {
        const style = this.#element(op[1]);
        if (style.localName !== 'style') throw new Error('not a style element');
        if (style.textContent !== op[2]) style.textContent = op[2];
        this.#menusChanged = this.#restyled = true;
        return;
      }
      case 'C':
        this.#menusChanged = this.#restyled = true;
        return this.#sheetText(op[1], op[2]);
      case 'AD':
        this.#adopted.set(op[1], op[2]);
        this.#toAdopt.add(op[1]);
        this.#restyled = true;
        return;
      case 'V':
        this.#values.push([this.#get(op[1]), op[2]]);
        return;
      case 'K':
        this.#checks.push([this.#get(op[1]), Boolean(op[2])]);
        return;
      case 'O':
        this.#selects.push([this.#get(op[1]), Boolean(op[2])]);
        return;
      case '@':
        this.#get(op[1]);
        this.#scrolls.set(op[1], { x: op[2], y: op[3] });
        this.#toScroll.add(op[1]);
        return;
      case 'OP':
        this.#get(op[1]);
        this.#opens.set(op[1], op[2]);
        this.#toOpen.add(op[1]);
        return;
      case 'M':
        return this.#media(this.#element(op[1]) as HTMLMediaElement, op[2]);
      case 'IMG':
        this.#element(op[1]);
        this.#canvases.set(op[1], op[2]);
        this.#toPaint.add(op[1]);
        return;
      case 'H':
        this.#hover = op[1];
        this.#stateMoved = true;
        return;
      case 'FO':
        this.#focus = op[1];
        this.#stateMoved = true;
        return;
      default:
        throw new Error('unknown op');
    }
  }

  #get(id: number): Node {
    const node = this.#nodes.get(id);
    if (!node) throw new Error('no such node');
    return node;
  }

  #element(id: number): Element {
    const node = this.#get(id);
    if (!isElement(node)) throw new Error('not an element');
    return node;
  }

  /** A node made anew has nothing of what its predecessor of that id had. */
  #clear(id: number): void {
    for (const map of [this.#adopted, this.#scrolls, this.#opens, this.#canvases]) map.delete(id);
    this.#clamped.delete(id);
  }

  #know(id: number, node: Node): void {
    this.#nodes.set(id, node);
    this.#ids.set(node, id);
  }

  /** The document that nodes are made in; the browser adopts them where they are put. */
  #maker(): Document {
    const doc = this.element.contentDocument;
    if (!doc) throw new Error('the frame has no document');
    return doc;
  }

  #create(id: number, ns: number, tag: string, attrs: Record<string, string> | 0): void {
    const doc = this.#maker();
    // The sanitiser drops scripts; here is the last place where one could slip through.
    const name = tag.toLowerCase() === 'script' ? 'dwell-script' : tag;
    let element: Element;
    try {
      element = doc.createElementNS(SPACES[ns] ?? HTML, name);
    } catch {
      element = this.#parsed(name) ?? doc.createElement('dwell-unknown');
      this.problems += element.localName === 'dwell-unknown' ? 1 : 0;
    }
    this.#clear(id);
    this.#know(id, element);
    if (ns === 0 && (name === 'iframe' || name === 'frame')) element.setAttribute('sandbox', 'allow-same-origin');
    if (attrs) {
      for (const key in attrs) {
        try {
          this.#attribute(element, key, attrs[key] as string);
        } catch {
          this.problems++;
        }
      }
    }
    if (ns === 0 && name === 'canvas') this.#toPaint.add(id);
    if (ns === 0 && (name === 'select' || (name === 'input' && TEXTUAL.test(element.getAttribute('type') ?? 'text') && !element.hasAttribute('size')))) {
      (name === 'select' ? this.#menus : this.#fields).add(element);
      this.#menusChanged = true;
    }
  }

  /** Names that only the parser lets through (`a,b`), made by the parser. */
  #parsed(tag: string): Element | null {
    if (!/^[a-z][^\s/<>\0]*$/i.test(tag)) return null;
    const template = this.#maker().createElement('template');
    template.innerHTML = `<${tag}></${tag}>`;
    const made = template.content.firstElementChild;
    made?.remove();
    return made;
  }

  #attribute(element: Element, name: string, value: string | null): void {
    const lower = name.toLowerCase();
    const tag = element.localName;
    if (lower.startsWith('on')) throw new Error('a handler');
    if ((tag === 'iframe' || tag === 'frame') && FRAME_WALLS.has(lower)) return;
    // Everything is local and at once here; a lazy picture would only come late.
    if (tag === 'img' && lower === 'loading') return;
    if (tag === 'canvas' && (lower === 'width' || lower === 'height' || lower === 'style')) {
      const id = this.#ids.get(element);
      if (id !== undefined) this.#toPaint.add(id);
    }
    if (lower === 'size' && this.#fields.delete(element)) element.removeAttribute('dwell-size');
    if (this.#menus.size + this.#fields.size && (lower === 'class' || lower === 'style' || tag === 'select')) this.#menusChanged = true;
    const space = lower.startsWith('xlink:') ? XLINK : lower.startsWith('xml:') ? XML : null;
    if (value === null) {
      if (space) element.removeAttributeNS(space, name.slice(name.indexOf(':') + 1));
      element.removeAttribute(name);
      return;
    }
    try {
      if (space) element.setAttributeNS(space, name, value);
      else element.setAttribute(name, value);
    } catch {
      // `@click`, `[x]`: the parser allows what the DOM call refuses.
      if (!/^[^\s"'<>/=\0]+$/.test(name)) throw new Error('not a name');
      const template = this.#maker().createElement('template');
      template.innerHTML = `<i ${name}=""></i>`;
      const attr = template.content.firstElementChild?.attributes[0]?.cloneNode() as Attr | undefined;
      if (!attr) throw new Error('not a name');
      attr.value = value;
      element.setAttributeNode(attr);
    }
    // A dialog or details that is rebuilt keeps the state that was set on its own.
    if (lower === 'open' && (tag === 'dialog' || tag === 'details')) {
      const id = this.#ids.get(element);
      if (id !== undefined && this.#opens.has(id)) this.#toOpen.add(id);
    }
  }

  #insert(id: number, parentId: number, beforeId: number): void {
    const node = this.#get(id);
    const parent = this.#get(parentId);
    const sibling = beforeId ? this.#nodes.get(beforeId) : undefined;
    const before = sibling && sibling.parentNode === parent ? sibling : null;
    // Signs of an icon font are inline elements without a text of their own.
    if (isElement(parent) && (node.nodeType === 3 || mostlyInline(node))) this.#texts.add(parent);
    if (node.parentNode === parent && (node.nextSibling === before || node === before)) return;
    let depth = 0;
    for (let up: Node | null = parent; up; up = up.parentNode) if (++depth > DEEPEST) throw new Error('too deep');
    if (node.parentNode) {
      this.#moved = true;
      if (this.#docs.size > 1) this.#stash(node);
    }
    if (node.ownerDocument !== (isDocument(parent) ? parent : parent.ownerDocument)) this.#crossed(node);
    if (isDocument(parent) && isElement(node) && parent.documentElement && parent.documentElement !== node) {
      parent.replaceChild(node, parent.documentElement);
    } else {
      parent.insertBefore(node, before);
    }
  }

  /** An inert document: nodes wait in it, nothing in it loads. */
  #holder(): Document {
    const doc = this.#maker().implementation.createHTMLDocument('');
    while (doc.lastChild) doc.lastChild.remove();
    return doc;
  }

  /** Saves what is in the frames under a node that is about to be moved. Inner frames come first. */
  #stash(root: Node): void {
    for (const record of [...this.#docs.values()].reverse()) {
      const owner = record.iframe ? this.#nodes.get(record.iframe) : undefined;
      if (!owner || !record.doc.defaultView || !this.#around(owner).includes(root)) continue;
      const old = record.doc;
      record.doc = this.#holder();
      this.#know(record.id, record.doc);
      carry(old, record.doc);
    }
  }

  /** The node and all it lies in, out of shadow roots and frames. */
  #around(start: Node): Node[] {
    const all: Node[] = [];
    for (let node: Node | null | undefined = start; node && all.length < 2 * DEEPEST; ) {
      all.push(node);
      if (isRoot(node)) node = node.host;
      else if (isDocument(node)) node = this.#nodes.get(this.#docs.get(this.#ids.get(node) ?? -1)?.iframe || -1);
      else node = node.parentNode;
    }
    return all;
  }

  /** Adoption by another document clears what shadow roots had adopted. */
  #crossed(node: Node): void {
    if (!node.firstChild && !this.#shadows.has(node)) return;
    for (const id of this.#adopted.keys()) {
      const root = this.#nodes.get(id);
      if (root && isRoot(root)) this.#toAdopt.add(id);
    }
  }

  #remove(id: number): void {
    const node = this.#get(id);
    if (this.#ids.get(node) !== id) {
      // The document of a frame that has another one by now.
      this.#nodes.delete(id);
      this.#docs.delete(id);
      return;
    }
    // A later op of this batch may move something out of what goes, so it is forgotten when the batch ends.
    if (isDocument(node) || isRoot(node)) {
      for (let child = node.lastChild; child; child = node.lastChild) {
        child.remove();
        this.#leaving.push(child);
      }
      this.#forget(node);
    } else {
      // The documents of its frames end with it, whatever is done later.
      for (const record of [...this.#docs.values()]) {
        const owner = record.iframe ? this.#nodes.get(record.iframe) : undefined;
        if (owner && this.#around(owner).includes(node)) this.#forget(record.doc);
      }
      node.parentNode?.removeChild(node);
      this.#leaving.push(node);
    }
    this.#stateMoved ||= this.#hover !== 0 || this.#focus !== 0;
  }

  #forgetLeft(): void {
    for (const node of this.#leaving) if (!node.parentNode) this.#forget(node);
    this.#leaving = [];
  }

  #forget(root: Node): void {
    const stack: Node[] = [root];
    for (let node = stack.pop(); node; node = stack.pop()) {
      const id = this.#ids.get(node);
      if (id !== undefined && this.#nodes.get(id) === node) {
        this.#nodes.delete(id);
        if (isDocument(node)) this.#docs.delete(id);
        this.#leading?.forget(node);
        // A page can lose a hundred thousand nodes at once, and few of them have any of these.
        if (this.#adopted.size) this.#adopted.delete(id);
        if (this.#scrolls.size) this.#scrolls.delete(id);
        if (this.#opens.size) this.#opens.delete(id);
        if (this.#canvases.size) this.#canvases.delete(id);
        if (this.#clamped.size) this.#clamped.delete(id);
      }
      for (let child = node.lastChild; child; child = child.previousSibling) stack.push(child);
      const shadow = this.#shadows.get(node);
      if (shadow) stack.push(shadow);
      const doc = this.#docs.get(this.#docOfFrame.get(node) ?? -1)?.doc;
      if (doc) stack.push(doc);
    }
  }

  #attachShadow(id: number, hostId: number): void {
    const host = this.#element(hostId);
    // A root cannot be taken off its host: a new one for the same host is the old one, emptied.
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    while (root.lastChild) root.lastChild.remove();
    this.#shadows.set(host, root);
    this.#know(id, root);
    this.#adopted.set(id, []);
    this.#toAdopt.add(id);
  }

  // ---- documents

  #openDocument(id: number, iframe: number, quirks: boolean, doctype: PatchOp[4] | PatchOp[3]): void {
    const [name, publicId, systemId] = Array.isArray(doctype) ? (doctype as string[]) : ['html', '', ''];
    const quoted = (s: string | undefined) => `"${(s ?? '').replace(/["<>]/g, '')}"`;
    const plain = /^[a-z][\w.-]*$/i.test(name ?? '') ? name : 'html';
    const written = quirks
      ? ''
      : publicId
        ? `<!DOCTYPE ${plain} PUBLIC ${quoted(publicId)} ${quoted(systemId)}>`
        : systemId
          ? `<!DOCTYPE ${plain} SYSTEM ${quoted(systemId)}>`
          : `<!DOCTYPE ${plain}>`;
    const old = this.#docs.get(id);
    if (old) this.#forget(old.doc);
    let doc: Document;
    if (iframe) {
      const owner = this.#element(iframe);
      doc = this.#holder();
      this.#docOfFrame.set(owner, id);
    } else {
      doc = this.#maker();
      this.#forget(doc);
      this.#write(doc, written);
    }
    this.#docs.set(id, { id, iframe, quirks, doctype: written, doc });
    this.#know(id, doc);
    this.#adopted.set(id, []);
    this.#toAdopt.add(id);
    this.#scrolls.set(id, { x: 0, y: 0 });
    this.#toScroll.add(id);
  }

  /** Writes the doctype and the walls, then leaves the document empty. The policy outlives its meta element. */
  #write(doc: Document, doctype: string): void {
    doc.open();
    doc.write(`${doctype}<html><head><meta http-equiv="Content-Security-Policy" content="${POLICY}"></head></html>`);
    doc.close();
    doc.documentElement?.remove();
  }

  /** White, with nothing in it: before the first picture, and for pages without one. */
  #blank(): void {
    const doc = this.element.contentDocument;
    if (doc) this.#guard(() => this.#write(doc, '<!DOCTYPE html>'));
  }

  #reset(ops: PatchOp[]): void {
    this.#watcher?.disconnect();
    this.#watcher = null;
    this.#leading?.close();
    this.#leading = this.#cuts ? new Leading(ResizeObserver) : null;
    this.#texts.clear();
    this.#nodes.clear();
    this.#ids = new WeakMap();
    this.#docs.clear();
    this.#docOfFrame = new WeakMap();
    this.#shadows = new WeakMap();
    this.#sheets.clear();
    for (const map of [this.#adopted, this.#scrolls, this.#opens, this.#canvases]) map.clear();
    for (const set of [this.#toAdopt, this.#toScroll, this.#toOpen, this.#toPaint, this.#clamped]) set.clear();
    this.#menus.clear();
    this.#fields.clear();
    this.#hover = this.#focus = 0;
    this.#hovered = [];
    this.#focused = [];
    this.#paused = [];
    if (!ops.some((op) => op[0] === 'D')) this.#blank();
  }

  /**
   * Brings frame documents to life: an iframe gets its document when it enters the page, and a new one each time it
   * is moved. The nodes are carried over with their identity.
   */
  #settleFrames(): void {
    for (let pass = 0, again = true; again && pass < 32; pass++) {
      again = false;
      for (const record of this.#docs.values()) {
        if (!record.iframe) continue;
        const owner = this.#nodes.get(record.iframe) as HTMLIFrameElement | undefined;
        if (!owner?.isConnected || this.#docOfFrame.get(owner) !== record.id) continue;
        const live = owner.contentDocument;
        if (!live || live === record.doc) continue;
        again = true;
        const old = record.doc;
        this.#write(live, record.doctype);
        record.doc = live;
        this.#know(record.id, live);
        carry(old, live);
        this.#toAdopt.add(record.id);
        for (const id of this.#adopted.keys()) this.#toAdopt.add(id);
        this.#moved = true;
      }
    }
  }

  // ---- sheets

  #sheetText(name: string, text: string): void {
    const sheet = this.#sheets.get(name);
    if (!sheet) {
      this.#sheets.set(name, { text, made: new Map() });
      return;
    }
    sheet.text = text;
    for (const made of sheet.made.values()) made.replaceSync(text);
  }

  #adopt(id: number): void {
    const root = this.#nodes.get(id) as Adopting | undefined;
    if (!root) return;
    const win = windowOf(root);
    if (!win?.CSSStyleSheet || !('adoptedStyleSheets' in root)) return;
    let own = this.#own.get(win);
    if (!own) {
      own = new win.CSSStyleSheet();
      own.replaceSync(this.#touch ? OWN + OWN_TOUCH : OWN);
      this.#own.set(win, own);
    }
    const list = [own];
    for (const name of this.#adopted.get(id) ?? []) {
      const sheet = this.#sheets.get(name);
      if (!sheet) {
        this.problems++;
        continue;
      }
      let made = sheet.made.get(win);
      if (!made) {
        made = new win.CSSStyleSheet();
        made.replaceSync(sheet.text);
        sheet.made.set(win, made);
      }
      list.push(made);
    }
    root.adoptedStyleSheets = this.#leading ? [...list, ...this.#leading.sheets(root)] : list;
  }

  // ---- the end of a batch

  #guard(work: () => void): void {
    try {
      work();
    } catch {
      this.problems++;
    }
  }

  #settle(): void {
    this.#forgetLeft();
    this.#settleFrames();
    for (const id of this.#toAdopt) this.#guard(() => this.#adopt(id));
    this.#toAdopt.clear();
    if (this.#stateMoved || (this.#moved && (this.#hover || this.#focus))) this.#markStates();
    for (const id of this.#toPaint) this.#guard(() => this.#paint(id));
    this.#toPaint.clear();
    this.#settleForms();
    if (this.#menusChanged) this.#guard(() => this.#markMenus());
    this.#menusChanged = false;
    if (this.#moved) for (const id of this.#opens.keys()) this.#toOpen.add(id);
    for (const id of this.#toOpen) this.#guard(() => this.#open(id));
    this.#toOpen.clear();
    if (this.#moved) for (const id of this.#scrolls.keys()) this.#toScroll.add(id);
    for (const id of this.#toScroll) this.#guard(() => this.#scroll(id));
    this.#toScroll.clear();
    this.#guard(() => this.#settleTexts());
    if (this.#restyled) this.#leading?.changed();
    this.#restyled = false;
    this.#moved = this.#stateMoved = false;
    if (this.#clamped.size) this.#watch();
  }

  #settleTexts(): void {
    this.#leading?.add(this.#texts);
    this.#texts.clear();
  }

  /** Off before on: in a radio group or a single select, switching one off last would undo the choice. */
  #settleForms(): void {
    for (const [node, value] of this.#values) {
      const field = node as HTMLInputElement;
      if (!this.#known(node)) continue;
      if (field.value !== value) this.#guard(() => void (field.value = value));
      this.#showRefused(field, value);
    }
    for (const wanted of [false, true]) {
      for (const [node, checked] of this.#checks) {
        const field = node as HTMLInputElement;
        if (checked === wanted && this.#known(node) && field.checked !== checked) field.checked = checked;
      }
      for (const [node, selected] of this.#selects) {
        const option = node as HTMLOptionElement;
        if (selected === wanted && this.#known(node) && option.selected !== selected) option.selected = selected;
      }
    }
    this.#values = [];
    this.#checks = [];
    this.#selects = [];
  }

  /** A number field holds no mask (`•••••`): then its placeholder shows what was typed. */
  #showRefused(field: HTMLInputElement, value: string): void {
    const refused = value !== '' && field.value === '' && field.localName === 'input';
    if (refused) {
      if (!field.hasAttribute('dwell-value')) field.setAttribute('dwell-placeholder', field.getAttribute('placeholder') ?? '');
      field.setAttribute('dwell-value', value);
      field.setAttribute('placeholder', value);
    } else if (field.hasAttribute('dwell-value')) {
      const before = field.getAttribute('dwell-placeholder');
      for (const name of ['dwell-value', 'dwell-placeholder', 'placeholder']) field.removeAttribute(name);
      if (before) field.setAttribute('placeholder', before);
    }
  }

  /**
   * WebKit gives a drop-down list that a page left as it is 8 px more height than other browsers do, whatever the page
   * says of its padding. Such lists are drawn plainly, with an arrow of ours, in the room that the others keep for theirs.
   */
  #markMenus(): void {
    for (const menu of this.#menus) {
      if (this.#known(menu)) menu.removeAttribute('dwell-menu');
      else this.#menus.delete(menu);
    }
    const marks: [Element, string][] = [];
    for (const menu of this.#menus) {
      const win = windowOf(menu);
      const own = win && this.#own.get(win);
      if (!own || !menu.isConnected || (menu as HTMLSelectElement).size > 1 || menu.hasAttribute('multiple')) continue;
      const style = win.getComputedStyle(menu);
      if (style.appearance === 'none') continue;
      const [top, right, bottom] = [style.paddingTop, style.paddingRight, style.paddingBottom].map((px) => parseFloat(px) || 0) as [number, number, number];
      // Drawn by the browser itself it is white; with a border of the page's it has the colour of buttons.
      const plain = style.borderTopColor === 'rgb(118, 118, 118)' && style.borderTopWidth === '1px' && style.backgroundColor === 'rgb(239, 239, 239)';
      const mark = [top, right, bottom, plain ? 'plain' : ''].join(' ').trim();
      const rules = this.#menuRules.get(own) ?? new Set();
      if (!rules.has(mark)) {
        own.insertRule(`select[dwell-menu="${mark}"] { padding-block: ${top + 1}px ${bottom + 1}px !important; padding-right: ${right + ARROW}px !important; ${plain ? 'background-color: #fff !important;' : ''} }`);
      }
      this.#menuRules.set(own, rules.add(mark));
      marks.push([menu, mark]);
    }
    // Others make a text field as long as the widest letters of the default font would need, WebKit as its digits do:
    // the window's sheet of defaults gives a marked one that length.
    for (const field of this.#fields) {
      if (!this.#known(field)) this.#fields.delete(field);
      else if (field.isConnected) {
        const plain = windowOf(field)?.getComputedStyle(field).fontFamily === 'Arial';
        if (plain !== field.hasAttribute('dwell-size')) field.toggleAttribute('dwell-size', plain);
      }
    }
    for (const [menu, mark] of marks) menu.setAttribute('dwell-menu', mark);
  }

  #known(node: Node): boolean {
    const id = this.#ids.get(node);
    return id !== undefined && this.#nodes.get(id) === node;
  }

  #markStates(): void {
    const hovered = this.#chain(this.#hover);
    const focused = this.#chain(this.#focus);
    for (const element of this.#hovered) if (!hovered.includes(element)) element.removeAttribute('dwell-hover');
    for (const element of hovered) if (!element.hasAttribute('dwell-hover')) element.setAttribute('dwell-hover', '');
    for (const chain of [this.#hovered, hovered]) for (const element of chain.slice(0, NEAR)) this.#leading?.pointedAt(element);
    for (const element of this.#focused) {
      element.removeAttribute('dwell-focus');
      if (!focused.includes(element)) element.removeAttribute('dwell-focus-within');
    }
    focused[0]?.setAttribute('dwell-focus', '');
    for (const element of focused) element.setAttribute('dwell-focus-within', '');
    this.#hovered = hovered;
    this.#focused = focused;
  }

  #chain(id: number): Element[] {
    const node = id ? this.#nodes.get(id) : undefined;
    return node ? this.#around(node).filter(isElement) : [];
  }

  #open(id: number): void {
    const node = this.#nodes.get(id);
    const state = this.#opens.get(id);
    if (!isElement(node) || !state) return;
    if (state === 'closed') this.#opens.delete(id);
    if (node.localName === 'details') {
      node.toggleAttribute('open', state !== 'closed');
      return;
    }
    if (node.localName === 'dialog' && !(node.hasAttribute('popover') && state === 'open')) {
      const dialog = node as HTMLDialogElement;
      if (typeof dialog.showModal !== 'function') {
        dialog.toggleAttribute('open', state !== 'closed');
        return;
      }
      if (state === 'closed') {
        if (dialog.open) dialog.close();
        return;
      }
      const modal = matches(dialog, ':modal');
      if (dialog.open && modal === (state === 'modal')) return;
      if (modal) dialog.close();
      dialog.removeAttribute('open');
      if (!dialog.isConnected) return;
      if (state === 'modal') dialog.showModal();
      else dialog.show();
      return;
    }
    const popover = node as HTMLElement;
    if (typeof popover.showPopover !== 'function') return;
    const shown = matches(popover, ':popover-open');
    if (state === 'closed' && shown) popover.hidePopover();
    else if (state !== 'closed' && !shown && popover.isConnected) popover.showPopover();
  }

  #media(media: HTMLMediaElement, patch: Extract<PatchOp, ['M', ...unknown[]]>[2]): void {
    // Never played, so never loud: only the still at its position is shown.
    if (typeof media.pause !== 'function') return;
    media.muted = true;
    if (patch.loop != null) media.loop = patch.loop;
    if (patch.position != null && Number.isFinite(patch.position) && media.hasAttribute('src')) {
      media.currentTime = patch.position;
    }
  }

  /**
   * Where scripts are off a canvas is an ordinary inline box with its fallback text. `content` makes it a picture
   * again, of the size that its attributes say.
   */
  #paint(id: number): void {
    const canvas = this.#nodes.get(id) as HTMLElement | undefined;
    if (canvas?.localName !== 'canvas') return;
    const picture = this.#canvases.get(id);
    const set = (value: string) => canvas.style.setProperty('content', value);
    if (!picture) {
      const size = (name: string, otherwise: string) => String(parseInt(canvas.getAttribute(name) ?? '', 10) || otherwise);
      set(box(size('width', '300'), size('height', '150')));
      return;
    }
    const value = `url("${picture.replace(/["\\\n\r]/g, '')}")`;
    const image = canvas.ownerDocument.createElement('img');
    image.src = picture;
    const show = () => {
      if (this.#canvases.get(id) === picture) set(value);
    };
    // Decoded first, so that one picture does not blink away before the next is there.
    if (typeof image.decode === 'function' && canvas.style.getPropertyValue('content')) image.decode().then(show, show);
    else set(value);
  }

  // ---- scroll

  #scroll(id: number): void {
    const wanted = this.#scrolls.get(id);
    const node = this.#nodes.get(id);
    if (!wanted || !node) return;
    const done = scrollTo(node, wanted);
    if (done) {
      this.#clamped.delete(id);
      if (!wanted.x && !wanted.y && !isDocument(node)) this.#scrolls.delete(id);
    } else {
      this.#clamped.add(id);
    }
  }

  /** Fonts, pictures and sheets that come later make the page longer; until then a scroll may have been cut. */
  #watch(): void {
    const again = () => this.#scrollSoon();
    const doc = this.document;
    if (!doc) return;
    const docs = [...this.#docs.values()].map((d) => d.doc).filter((d) => d.defaultView);
    for (const each of docs) {
      each.fonts?.ready.then(again, again);
      let asked = 0;
      for (const image of each.images) {
        if (image.complete || ++asked > 300) continue;
        image.decode?.().then(again, again);
      }
    }
    if (!this.#watcher && typeof ResizeObserver === 'function') {
      this.#watcher = new ResizeObserver(again);
      for (const each of docs) if (each.documentElement) this.#watcher.observe(each.documentElement);
    }
  }

  #scrollSoon(): void {
    if (this.#retry || !this.#clamped.size) return;
    this.#retry = requestAnimationFrame(() => {
      this.#retry = 0;
      for (const id of this.#clamped) this.#guard(() => this.#scroll(id));
      if (!this.#clamped.size) {
        this.#watcher?.disconnect();
        this.#watcher = null;
      }
    });
  }

  #animations(): Animation[] {
    const all: Animation[] = [];
    for (const { doc } of this.#docs.values()) {
      if (doc.defaultView && typeof doc.getAnimations === 'function') all.push(...doc.getAnimations());
    }
    return all;
  }
}

/** After the next picture is laid out and painted. */
function painted(): Promise<void> {
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
}

/** Moves what a document holds, with its identity. The doctype is not moved, it was written. */
function carry(from: Document, to: Document): void {
  while (from.firstChild) {
    const child = from.firstChild;
    if (child.nodeType === 10) child.remove();
    else to.appendChild(to.adoptNode(child));
  }
}

function matches(element: Element, selector: string): boolean {
  try {
    return element.matches(selector);
  } catch {
    return false;
  }
}

/** False when the place could not be reached yet. */
function scrollTo(node: Node, wanted: Wanted): boolean {
  if (isDocument(node)) {
    const win = node.defaultView;
    if (!win) return false;
    if (Math.abs(win.scrollX - wanted.x) >= 1 || Math.abs(win.scrollY - wanted.y) >= 1) {
      win.scrollTo({ left: wanted.x, top: wanted.y, behavior: 'instant' });
    }
    return Math.abs(win.scrollX - wanted.x) < 1.5 && Math.abs(win.scrollY - wanted.y) < 1.5;
  }
  const element = node as Element;
  if (Math.abs(element.scrollLeft - wanted.x) >= 1) element.scrollLeft = wanted.x;
  if (Math.abs(element.scrollTop - wanted.y) >= 1) element.scrollTop = wanted.y;
  return Math.abs(element.scrollLeft - wanted.x) < 1.5 && Math.abs(element.scrollTop - wanted.y) < 1.5;
}
