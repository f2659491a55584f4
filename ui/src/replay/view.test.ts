import { describe, expect, it } from 'vitest';

import type { Signal } from '../bridge';
import { whyBlank, type Look } from './blank';
import { sentence, verdicts, why } from './evidence';
import { fitScale, keepUnder, nextZoom, readZoom, scaleOf, wheelZoom } from './fit';
import { look } from './look';
import { around, legend, withSignals } from './marks';
import { exact, nextClock, stamp } from './moments';
import { MEASURES, rate, value } from './speed';
import { attributes, inside, rows, selectorOf, wayTo } from './tree';

const signal = (kind: string, time: number, evidence: Record<string, unknown> = {}, more: Partial<Signal> = {}): Signal => ({
  kind, page: 1, time, until: time, selector: null, text: null, evidence, ...more,
});

describe('size of the page', () => {
  it('fits, and never blows up unasked', () => {
    expect(fitScale([1000, 500], [500, 500])).toBe(0.5);
    expect(fitScale([300, 300], [900, 900])).toBe(1);
    expect(scaleOf('fit', 0.4)).toBe(0.4);
    expect(scaleOf(99, 0.4)).toBe(4);
  });
  it('goes by round steps and by the wheel', () => {
    expect(nextZoom(0.63, 1)).toBe(0.67);
    expect(nextZoom(0.63, -1)).toBe(0.5);
    expect(nextZoom(4, 1)).toBe(4);
    expect(nextZoom(0.1, -1)).toBe(0.1);
    expect(wheelZoom(1, -120)).toBeGreaterThan(1.1);
    expect(wheelZoom(wheelZoom(1, -100), 100)).toBeCloseTo(1);
  });
  it('keeps what is under the pointer there', () => {
    expect(keepUnder(0, 200, 1, 2)).toBe(200);
    expect(keepUnder(200, 200, 2, 1)).toBe(0);
  });
  it('reads what was kept, and nothing else', () => {
    expect([readZoom(null), readZoom('fit'), readZoom('x'), readZoom('-1'), readZoom('1.5')]).toEqual(['fit', 'fit', 'fit', 'fit', 1.5]);
  });
});

describe('moments', () => {
  it('are told in three ways', () => {
    const from = Date.UTC(2026, 10, 20, 13, 32, 5);
    expect(stamp(from + 65_400, from, 'relative')).toBe('1:05');
    expect(stamp(from + 65_400, from, 'utc')).toBe('13:33:10');
    expect(exact(from + 65_404, from, 'relative')).toBe('1:05.404');
    expect([nextClock('relative'), nextClock('local'), nextClock('utc')]).toEqual(['local', 'utc', 'relative']);
  });
});

describe('evidence', () => {
  const rage = signal('rage_click', 1000, {
    version: 1, times: [1000, 1598, 2086], points: [[10, 10], [12, 10], [12, 14]], thresholds: { clicks: 3, within_ms: 1000, within_px: 30 }, exemptions_checked: ['stepper', 'new_one'],
  }, { text: 'Apply', until: 2086 });

  it('names times, ways and limits', () => {
    const said = why(rage);
    expect(said.title).toBe('Why this is a rage click');
    expect(said.summary).toBe('3 clicks in 1.1 s');
    expect(said.rows).toEqual([[{ time: 1000 }, 'first', ''], [{ time: 1598 }, '598 ms', '2 px'], [{ time: 2086 }, '488 ms', '4 px']]);
    expect(said.limits.map(([, v]) => v.replace(/\u2009/g, ''))).toEqual(['3', '1000 ms', '30 px']);
    expect(said.checked).toEqual(['plus and minus buttons', 'new one']);
    expect(sentence(rage)).toBe('Rage click on “Apply”');
  });
  it('says nothing that is not there', () => {
    for (const kind of ['rage_click', 'dead_click', 'error_click', 'quick_back', 'excessive_scroll', 'js_error', 'resize', 'unheard_of']) {
      expect(() => why(signal(kind, 5))).not.toThrow();
      expect(why(signal(kind, 5, { times: 7, errors: 'x', turns: [null, { y: 'z' }], thresholds: [] })).title).not.toBe('');
    }
  });
  it('tells what became of single clicks; the gravest wins', () => {
    const all = verdicts([signal('dead_click', 1000, { click: 1000 }), rage, signal('error_click', 1598, { click: 1598 })]);
    expect(all.get(1000)).toEqual({ verdict: 'rage', nth: 1 });
    expect(all.get(1598)).toEqual({ verdict: 'rage', nth: 2 });
    expect(all.get(7)).toBeUndefined();
  });
});

describe('marks and signals', () => {
  it('are in one order, and nothing stands twice', () => {
    const mark = (time: number, kind: string) => ({ time, page: 1, kind, text: kind });
    const all = withSignals([mark(1, 'click'), mark(5, 'error'), mark(6, 'resize')], [signal('js_error', 5), signal('rage_click', 1)]);
    expect(all.map((m) => m.kind)).toEqual(['click', 'rage_click', 'js_error', 'resize']);
    expect(legend(all).map(([kind]) => kind)).toEqual(['rage_click', 'js_error', 'resize', 'click']);
  });
  it('finds what happens around a moment', () => {
    expect(around([0, 100, 200, 300, 5000], 210, 150, 3)).toEqual([1, 2, 3]);
    expect(around([0, 100], 5000, 150, 3)).toEqual([]);
    expect(around([], 0, 10, 3)).toEqual([]);
  });
});

describe('why it is blank', () => {
  const nothing: Look = { body: true, text: 0, masked: 0, things: 0, missing: 0, blocked: 0, sheetsMissing: 0, hidden: false };
  const say = (more: Partial<Look>, gap: string | null = null) => whyBlank({ snapshot: true, until: null, gap, look: { ...nothing, ...more } });

  it('is silent about a page that shows something', () => {
    expect(say({ text: 4 })).toBeNull();
    expect(say({ things: 1, missing: 9 })).toBeNull();
  });
  it('gives the cause', () => {
    expect(whyBlank({ snapshot: false, until: null, gap: null, look: null })).toContain('no snapshot');
    expect(whyBlank({ snapshot: true, until: 1240, gap: null, look: null })).toContain('1.2 s');
    expect(whyBlank({ snapshot: true, until: 0, gap: null, look: null })).toContain('picture follows.');
    expect(say({}, 'payload 4 is missing.')).toContain('payload 4');
    expect(say({ masked: 300 })).toContain('masked');
    expect(say({ blocked: 1 })).toContain('left out');
    expect(say({ missing: 2 })).toContain('pictures');
    expect(say({ sheetsMissing: 2 })).toContain('style sheets');
    expect(say({ hidden: true, text: 99 })).toContain('out of sight');
    expect(say({})).toContain('empty');
  });
  it('counts what is there to be seen', () => {
    const doc = document.implementation.createHTMLDocument('x');
    doc.body.innerHTML = '<p>▪▪▪ ab</p><script>xxxx</script><img dwell-missing><img><div dwell-blocked>hidden</div><link dwell-missing-href="/a.css">';
    expect(look(doc)).toMatchObject({ body: true, text: 2, masked: 3, things: 1, missing: 1, blocked: 1, sheetsMissing: 1 });
    expect(look(null).body).toBe(false);
  });
});

describe('speed', () => {
  it('judges only where there is a limit', () => {
    const of = (key: string) => MEASURES.find((m) => m.key === key)!;
    expect([rate(of('lcp'), 2500), rate(of('lcp'), 2501), rate(of('lcp'), 4001), rate(of('load'), 99_999)]).toEqual(['good', 'fair', 'poor', 'plain']);
    expect([value(of('lcp'), 956), value(of('lcp'), 2960), value(of('cls'), 0.004), value(of('cls'), 0.14)]).toEqual(['956 ms', '2.96 s', '0.004', '0.14']);
  });
});

describe('tree of the page', () => {
  const page = (html: string) => {
    const doc = document.implementation.createHTMLDocument('');
    doc.body.innerHTML = html;
    return doc;
  };
  it('walks only what is open', () => {
    const doc = page('<div id="a"><p>one</p><p>two <b>x</b></p></div>');
    const open = new Set<Node>([doc.documentElement, doc.body]);
    const all = () => rows(doc, open).map((row) => [row.depth, row.kind, (row.node as Element).localName ?? '', row.text, row.opens]);
    expect(all().slice(1)).toEqual([[0, 'element', 'html', '', true], [1, 'element', 'head', '', true], [1, 'element', 'body', '', true], [2, 'element', 'div', '', true]]);
    open.add(doc.querySelector('#a')!);
    expect(all().slice(4)).toEqual([[2, 'element', 'div', '', true], [3, 'element', 'p', 'one', false], [3, 'element', 'p', '', true]]);
    expect(wayTo(doc.querySelector('b')!)).toContain(doc.body);
  });
  it('copes with depth, without recursion', () => {
    const doc = page('');
    let at: Element = doc.body;
    const open = new Set<Node>([doc.documentElement, doc.body]);
    for (let i = 0; i < 1200; i++) {
      const next = doc.createElement('i');
      at.append(next);
      open.add(next);
      at = next;
    }
    expect(rows(doc, open)).toHaveLength(1204);
    expect(inside(at)).toEqual([]);
  });
  it('shows a shadow root, also a closed one that it is told of', () => {
    const doc = page('<div></div>');
    const host = doc.querySelector('div')!;
    const root = host.attachShadow({ mode: 'closed' });
    root.innerHTML = '<p>in</p>';
    expect(inside(host)).toEqual([]);
    expect(inside(host, (e) => (e === host ? root : null))).toEqual([root]);
    expect(wayTo(root.firstElementChild!)).toContain(host);
  });
  it('shows attributes as recorded', () => {
    const doc = page('<img data-dwell-src="/a.png" src="replay-asset://localhost/abc" class="x" dwell-hover="" alt="">');
    expect(attributes(doc.querySelector('img')!)).toEqual([['src', '/a.png'], ['class', 'x'], ['alt', '']]);
    doc.body.innerHTML = '<a dwell-href="/b">x</a><link dwell-missing dwell-missing-href="/c.css">';
    expect(attributes(doc.querySelector('a')!)).toEqual([['href', '/b']]);
    expect(attributes(doc.querySelector('link')!)).toEqual([['href', '/c.css']]);
  });
  it('names an element alone', () => {
    const doc = page('<main><div class="card">a</div><div class="card"><b>x</b></div></main><p id="7up">y</p><p id="ok">z</p>');
    for (const element of doc.body.querySelectorAll('*')) {
      const selector = selectorOf(element);
      expect([...doc.querySelectorAll(selector)], selector).toEqual([element]);
    }
    expect(selectorOf(doc.querySelector('#ok')!)).toBe('#ok');
    expect(selectorOf(doc.querySelector('b')!)).toBe('b');
  });
});
