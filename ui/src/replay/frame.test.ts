import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { PatchOp, Step } from '../bridge';
import { fixture } from '../bridge/fixture';
import { Frame } from './frame';

let iframe: HTMLIFrameElement;
let frame: Frame;
let state = 0;

function step(ops: unknown[], reset = false): Step {
  return {
    state: ++state, time: state, page: 1, document: 1, viewport: [800, 600], url: '', hidden: false, reset, parts: 1,
    ops: ops as PatchOp[],
  };
}

const DOC: unknown[] = [
  ['D', 1, 0, ['html', '', '']],
  ['E', 2, 0, 'html', 0],
  ['E', 3, 0, 'head', 0],
  ['E', 4, 0, 'body', { class: 'a' }],
  ['I', 3, 2, 0],
  ['I', 4, 2, 0],
  ['I', 2, 1, 0],
];

beforeEach(() => {
  iframe = document.createElement('iframe');
  iframe.setAttribute('sandbox', 'allow-same-origin');
  document.body.append(iframe);
  frame = new Frame(iframe);
  // Scrolling a window needs a layout, which jsdom has not.
  iframe.contentWindow!.scrollTo = () => {};
  state = 0;
});

afterEach(() => {
  frame.close();
  iframe.remove();
});

const body = () => frame.document!.body;

describe('documents', () => {
  it('writes the doctype and puts the recorded root in', () => {
    frame.apply(step(DOC, true));
    expect(frame.document!.compatMode).toBe('CSS1Compat');
    expect(body().className).toBe('a');
    expect(frame.document!.documentElement.outerHTML).toBe('<html><head></head><body class="a"></body></html>');
    expect(frame.problems).toBe(0);
    expect(frame.shown).toBe(1);
  });

  it('carries out a patch in parts, and gives up half-way when it is told to', async () => {
    const [d, ...rest] = DOC;
    const parts = [
      [d, ['E', 2, 0, 'html', 0, 1], ['E', 3, 0, 'head', 0, 2]],
      [['E', 4, 0, 'body', { class: 'b' }, 2]],
      [['X', 5, 'one', 4]], [['X', 6, 'two', 4]], [['E', 7, 0, 'p', 0, 4]],
    ];
    expect(rest.length).toBe(6);
    const of = (n: number) => ({ ...step(parts[n] ?? [], n === 0), state: 9, parts: parts.length });
    const asked: number[] = [];
    const more = async (n: number) => (asked.push(n), of(n));
    expect(await frame.applyParts(of(0), more, () => true)).toBe(true);
    expect(asked).toEqual([1, 2, 3, 4]);
    expect(frame.document!.documentElement.outerHTML).toBe('<html><head></head><body class="b">onetwo<p></p></body></html>');
    expect([frame.shown, frame.problems]).toEqual([9, 0]);
    let left = 2;
    expect(await frame.applyParts(of(0), more, () => left-- > 0)).toBe(false);
    expect(frame.shown).toBe(null);
    // Few parts are one batch.
    const few = { ...of(0), parts: 2 };
    expect(await frame.applyParts(few, async () => of(1), () => true)).toBe(true);
    expect(body().className).toBe('b');
  });

  it('writes none for quirks pages', () => {
    frame.apply(step([['D', 1, 1, 0], ...DOC.slice(1)], true));
    expect(frame.document!.compatMode).toBe('BackCompat');
  });

  it('starts anew on reset', () => {
    frame.apply(step(DOC, true));
    frame.apply(step([['D', 1, 0, ['html', '', '']], ['E', 9, 0, 'html', { id: 'other' }], ['I', 9, 1, 0]], true));
    expect(frame.document!.documentElement.id).toBe('other');
    expect(frame.node(4)).toBeUndefined();
  });

  it('is white on a reset without a document', () => {
    frame.apply(step(DOC, true));
    frame.apply(step([], true));
    expect(frame.filled).toBe(false);
  });
});

describe('nodes', () => {
  beforeEach(() => frame.apply(step(DOC, true)));

  it('inserts before siblings, moves and removes', () => {
    frame.apply(step([
      ['E', 10, 0, 'p', 0], ['X', 11, 'one'], ['I', 11, 10, 0], ['I', 10, 4, 0],
      ['E', 12, 0, 'b', 0], ['I', 12, 4, 10],
    ]));
    expect(body().innerHTML).toBe('<b></b><p>one</p>');
    frame.apply(step([['I', 12, 4, 0], ['T', 11, 'two']]));
    expect(body().innerHTML).toBe('<p>two</p><b></b>');
    frame.apply(step([['R', 10]]));
    expect(body().innerHTML).toBe('<b></b>');
    expect(frame.node(11)).toBeUndefined();
    expect(frame.problems).toBe(0);
  });

  it('appends when the sibling is under another parent', () => {
    frame.apply(step([['E', 10, 0, 'p', 0], ['I', 10, 4, 0], ['E', 11, 0, 'i', 0], ['I', 11, 4, 3]]));
    expect(body().innerHTML).toBe('<p></p><i></i>');
  });

  it('keeps namespaces and prefixed attributes', () => {
    frame.apply(step([
      ['E', 10, 1, 'svg', { viewBox: '0 0 1 1' }],
      ['E', 11, 1, 'use', { 'xlink:href': '#a' }],
      ['I', 11, 10, 0], ['I', 10, 4, 0],
      ['E', 12, 2, 'mi', 0], ['I', 12, 4, 0],
    ]));
    const use = frame.node(11) as Element;
    expect(use.namespaceURI).toBe('http://www.w3.org/2000/svg');
    expect(use.getAttributeNS('http://www.w3.org/1999/xlink', 'href')).toBe('#a');
    expect((frame.node(12) as Element).namespaceURI).toBe('http://www.w3.org/1998/Math/MathML');
    frame.apply(step([['A', 11, 'xlink:href', null]]));
    expect(use.attributes).toHaveLength(0);
  });

  it('takes names that only a parser lets through', () => {
    frame.apply(step([['E', 10, 0, 'div', { '@click': 'x', '[a]': 'b' }], ['I', 10, 4, 0]]));
    const div = frame.node(10) as Element;
    expect(div.getAttribute('@click')).toBe('x');
    expect(div.getAttribute('[a]')).toBe('b');
    expect(frame.problems).toBe(0);
  });

  it('shadow roots can be filled again', () => {
    frame.apply(step([['E', 10, 0, 'div', 0], ['I', 10, 4, 0], ['S', 11, 10, 0], ['E', 12, 0, 'p', 0], ['I', 12, 11, 0]]));
    const root = (frame.node(10) as Element).shadowRoot;
    expect(root?.innerHTML).toBe('<p></p>');
    frame.apply(step([['R', 11], ['S', 13, 10, 1]]));
    expect(root?.innerHTML).toBe('');
    expect(frame.node(12)).toBeUndefined();
    expect(frame.node(13)).toBe(root);
  });

  it('marks hovered and focused elements and those around them', () => {
    frame.apply(step([['E', 10, 0, 'p', 0], ['E', 11, 0, 'b', 0], ['I', 11, 10, 0], ['I', 10, 4, 0], ['H', 11], ['FO', 11]]));
    const marked = (name: string) => [...frame.document!.querySelectorAll(`[${name}]`)].map((e) => e.localName);
    expect(marked('dwell-hover')).toEqual(['html', 'body', 'p', 'b']);
    expect(marked('dwell-focus')).toEqual(['b']);
    expect(marked('dwell-focus-within')).toEqual(['html', 'body', 'p', 'b']);
    frame.apply(step([['H', 10], ['FO', 0]]));
    expect(marked('dwell-hover')).toEqual(['html', 'body', 'p']);
    expect(marked('dwell-focus-within')).toEqual([]);
  });
});

describe('live state', () => {
  beforeEach(() => frame.apply(step(DOC, true)));

  it('sets values after the options that carry them', () => {
    frame.apply(step([
      ['E', 10, 0, 'select', 0], ['V', 10, 'b'], ['I', 10, 4, 0],
      ['E', 11, 0, 'option', { value: 'a' }], ['I', 11, 10, 0],
      ['E', 12, 0, 'option', { value: 'b' }], ['I', 12, 10, 0],
    ]));
    expect((frame.node(10) as HTMLSelectElement).value).toBe('b');
  });

  it('keeps the choice whatever the order in a group', () => {
    const radio = (id: number) => [['E', id, 0, 'input', { type: 'radio', name: 'r' }], ['I', id, 4, 0]];
    frame.apply(step([...radio(10), ...radio(11), ['K', 11, true], ['K', 10, false]]));
    expect((frame.node(11) as HTMLInputElement).checked).toBe(true);
    frame.apply(step([
      ['E', 20, 0, 'select', 0], ['I', 20, 4, 0],
      ...[21, 22].flatMap((id) => [['E', id, 0, 'option', 0], ['I', id, 20, 0]]),
      ['O', 22, 1], ['O', 21, 0],
    ]));
    expect((frame.node(20) as HTMLSelectElement).selectedIndex).toBe(1);
  });

  it('opens details by their attribute', () => {
    frame.apply(step([['E', 10, 0, 'details', 0], ['I', 10, 4, 0], ['OP', 10, 'open']]));
    expect((frame.node(10) as Element).hasAttribute('open')).toBe(true);
    frame.apply(step([['OP', 10, 'closed']]));
    expect((frame.node(10) as Element).hasAttribute('open')).toBe(false);
  });

  it('scrolls elements, and again after they were moved', () => {
    frame.apply(step([['E', 10, 0, 'div', 0], ['E', 11, 0, 'p', 0], ['I', 10, 4, 0], ['I', 11, 4, 0], ['@', 10, 0, 40]]));
    const div = frame.node(10) as Element;
    expect(div.scrollTop).toBe(40);
    div.scrollTop = 0;
    frame.apply(step([['I', 10, 4, 0]]));
    expect(div.scrollTop).toBe(40);
  });
});

describe('nested frames', () => {
  const INNER = [
    ['F', 21, 20, 0, ['html', '', '']],
    ['E', 22, 0, 'html', 0], ['E', 23, 0, 'body', 0], ['X', 24, 'inside'], ['I', 24, 23, 0], ['I', 23, 22, 0], ['I', 22, 21, 0],
  ];
  beforeEach(() => frame.apply(step(DOC, true)));

  it('is filled before or after it is put in, behind the same walls', () => {
    frame.apply(step([['E', 20, 0, 'iframe', { src: 'https://example.org/', srcdoc: '<p>', id: 'f', sandbox: 'allow-scripts' }], ...INNER, ['I', 20, 4, 0]]));
    const inner = frame.node(20) as HTMLIFrameElement;
    expect(inner.outerHTML).toBe('<iframe sandbox="allow-same-origin" id="f"></iframe>');
    expect(inner.contentDocument?.body.textContent).toBe('inside');
    expect(inner.contentDocument?.compatMode).toBe('CSS1Compat');
    frame.apply(step([['T', 24, 'changed']]));
    expect(inner.contentDocument?.body.textContent).toBe('changed');
    frame.apply(step([['A', 20, 'srcdoc', '<p>'], ['A', 20, 'sandbox', 'allow-scripts']]));
    expect(inner.getAttribute('sandbox')).toBe('allow-same-origin');
    expect(inner.hasAttribute('srcdoc')).toBe(false);
  });

  it('keeps its nodes when it is moved', () => {
    frame.apply(step([['E', 20, 0, 'iframe', 0], ['I', 20, 4, 0], ...INNER, ['E', 30, 0, 'div', 0], ['I', 30, 4, 0]]));
    const text = frame.node(24);
    frame.apply(step([['I', 20, 30, 0]]));
    const inner = frame.node(20) as HTMLIFrameElement;
    expect(inner.parentElement).toBe(frame.node(30));
    expect(inner.contentDocument?.body.firstChild).toBe(text);
    expect(frame.node(21)).toBe(inner.contentDocument);
  });

  it('forgets what is in it when it goes', () => {
    frame.apply(step([['E', 20, 0, 'iframe', 0], ['I', 20, 4, 0], ...INNER]));
    frame.apply(step([['R', 20]]));
    expect([20, 21, 22, 23, 24].map((id) => frame.node(id))).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

describe('hostile input', () => {
  it('is counted and never thrown', () => {
    frame.apply(step(DOC, true));
    const bad: unknown[] = [
      ['I', 99, 4, 0], ['R', 99], ['A', 4, 'onclick', 'x'], ['A', 4, 'a b', 'x'], ['I', 2, 4, 0], ['T', 99, ''],
      ['CSS', 4, 'x'], ['@', 99, 0, 0], ['S', 50, 99, 1], ['F', 51, 4, 0], ['??', 1], ['E', 60, 0, '<', 0], [],
    ];
    for (const op of bad) {
      const before = frame.problems;
      expect(() => frame.apply(step([op]))).not.toThrow();
      // An op on a plain element that is no iframe makes a document that never shows; all others are problems.
      if ((op as unknown[])[0] !== 'F') expect(frame.problems, JSON.stringify(op)).toBeGreaterThan(before);
    }
    expect(iframe.dataset.problems).toBe(String(frame.problems));
    expect(body().className).toBe('a');
  });

  it('never makes a script', () => {
    frame.apply(step([...DOC, ['E', 10, 0, 'SCRIPT', { src: 'x' }], ['I', 10, 4, 0], ['E', 11, 1, 'script', 0], ['I', 11, 4, 0]], true));
    expect(frame.document!.querySelectorAll('script')).toHaveLength(0);
  });

  it('stops at a depth that would crash layout, and removes deep trees without recursion', () => {
    const ops: unknown[] = [...DOC];
    for (let i = 0; i < 1_700; i++) ops.push(['E', 100 + i, 0, 'i', 0], ['I', 100 + i, i ? 99 + i : 4, 0]);
    frame.apply(step(ops, true));
    let depth = 0;
    for (let n: Node | null | undefined = body(); n; n = n.firstChild) depth++;
    expect(depth).toBeLessThan(1600);
    expect(frame.problems).toBeGreaterThan(0);
    expect(() => frame.apply(step([['R', 100]]))).not.toThrow();
    expect(frame.node(101)).toBeUndefined();
  }, 60_000);
});

it('plays and seeks the same recording to the same page', async () => {
  const stand = fixture(28);
  const { rows } = (await stand.call('sessions', {})) as { rows: { id: string }[] };
  const id = rows[0]!.id;
  const view = (await stand.call('session', { id })) as { from: number; until: number };
  const html = () => frame.document!.documentElement.outerHTML;
  const time = view.from + 66_000;
  frame.apply((await stand.call('replay_seek', { id, shown: null, time: view.from + 500 })) as Step);
  const { steps } = (await stand.call('replay_steps', { id, shown: frame.shown, until: time })) as { steps: Step[] };
  for (const each of steps) frame.apply(each);
  const played = html();
  const value = (frame.document!.querySelector('input') as HTMLInputElement).value;
  frame.apply((await stand.call('replay_seek', { id, shown: frame.shown, time: view.from + 3000 })) as Step);
  expect(html()).not.toBe(played);
  frame.apply((await stand.call('replay_seek', { id, shown: frame.shown, time })) as Step);
  expect(html()).toBe(played);
  expect((frame.document!.querySelector('input') as HTMLInputElement).value).toBe(value);
  expect(value).toBe('AUTUMN15');
  expect(frame.problems).toBe(0);
});

describe('what is removed in a batch', () => {
  const base: PatchOp[] = [
    ['D', 1, 0, ['html', '', '']], ['E', 2, 0, 'html', 0], ['E', 3, 0, 'body', 0], ['E', 4, 0, 'div', { id: 'old' }],
    ['E', 5, 0, 'table', 0], ['X', 6, 'cell'], ['I', 2, 1, 0], ['I', 3, 2, 0], ['I', 4, 3, 0], ['I', 5, 4, 0], ['I', 6, 5, 0],
  ];
  const step = (state: number, ops: PatchOp[], reset = false): Step => ({
    state, time: state, page: 1, document: 1, viewport: null, url: '', hidden: false, reset, parts: 1, ops,
  });

  it('may be moved out of before the batch ends, and stays known', () => {
    const element = document.createElement('iframe');
    document.body.append(element);
    const frame = new Frame(element);
    frame.apply(step(1, base, true));
    const table = frame.node(5);
    frame.apply(step(2, [['R', 4], ['E', 7, 0, 'section', 0], ['I', 7, 3, 0], ['I', 5, 7, 0]]));
    expect(frame.problems).toBe(0);
    expect(frame.node(5)).toBe(table);
    expect(frame.node(4)).toBeUndefined();
    expect(frame.node(7)?.textContent).toBe('cell');
    frame.apply(step(3, [['R', 7]]));
    expect([frame.node(7), frame.node(5), frame.node(6)]).toEqual([undefined, undefined, undefined]);
    element.remove();
  });
});
