import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Leading } from './leading';

type Told = { target: Element; contentRect: { height: number } };

class Observer {
  static last: Observer;
  seen = new Set<Element>();
  constructor(readonly tell: (entries: Told[]) => void) {
    Observer.last = this;
  }
  observe(element: Element): void {
    this.seen.add(element);
  }
  unobserve(element: Element): void {
    this.seen.delete(element);
  }
  disconnect(): void {
    this.seen.clear();
  }
}

let leading: Leading;
beforeEach(() => {
  leading = new Leading(Observer as unknown as typeof ResizeObserver);
});
afterEach(() => {
  leading.close();
  document.body.innerHTML = '';
  vi.restoreAllMocks();
});

const tell = (target: Element, height: number) => {
  Observer.last.tell([{ target, contentRect: { height } }]);
  leading.settle();
};
const put = (html: string): HTMLElement => {
  document.body.innerHTML = html;
  const first = document.body.firstElementChild as HTMLElement;
  leading.add([first, ...first.querySelectorAll('*')]);
  leading.settle();
  return first;
};
const room = (element: Element) => element.getAttribute('dwell-leading');

describe('lines that were cut', () => {
  it('get back what they lost, half above and half below, beside what the page says', () => {
    const p = put('<p style="line-height: 20.5px">two lines</p>');
    tell(p, 40);
    expect(room(p)).toBe('0.5 0.5');
    const q = put('<p style="line-height: 20.5px; padding: 3px 0 4px">two lines</p>');
    tell(q, 40);
    expect(room(q)).toBe('3.5 4.5');
  });

  it('follow their block: more lines, fewer lines, none', () => {
    const p = put('<p style="line-height: 20.5px">text</p>');
    tell(p, 20);
    tell(p, 60);
    expect(room(p)).toBe('0.75 0.75');
    p.style.lineHeight = '20px';
    tell(p, 60);
    expect(room(p)).toBeNull();
  });

  it('are left alone where nothing was cut', () => {
    for (const height of ['normal', '20px', '24.001px']) {
      const p = put(`<p style="line-height: ${height}">text</p>`);
      tell(p, 24);
      expect(room(p)).toBeNull();
    }
  });

  it('are left alone where the page lets the padding fade', () => {
    const p = put('<p style="line-height: 20.5px; transition-property: all; transition-duration: 0.3s">text</p>');
    tell(p, 20);
    expect(room(p)).toBeNull();
  });

  it('stand on the padding that the page gives meanwhile', () => {
    vi.useFakeTimers();
    const p = put('<p style="line-height: 20.5px; padding: 3px 0">text</p>');
    tell(p, 20);
    p.style.padding = '8px 0';
    leading.changed();
    expect(room(p)).toBe('3.25 3.25');
    vi.advanceTimersByTime(300);
    vi.useRealTimers();
    expect(room(p)).toBe('8.25 8.25');
  });

  it('belong to the block that an inline element stands in', () => {
    const li = put('<li style="line-height: 20.5px"><a href="#"><b>text</b></a></li>');
    expect([...Observer.last.seen]).toContain(li);
    expect([...Observer.last.seen].some((e) => e.localName === 'a' || e.localName === 'b')).toBe(false);
    tell(li, 20);
    expect(room(li)).toBe('0.25 0.25');
  });

  it('take an inline part that is higher than the lines of the block for what makes the line', () => {
    const div = put('<div style="line-height: 24px"><i style="line-height: 41.75px"></i></div>');
    tell(div, 41);
    expect(room(div)).toBe('0.375 0.375');
  });

  it('get no room at an edge where a block stands, whose margin it would keep from collapsing', () => {
    Range.prototype.getClientRects = () => [{ width: 9, height: 16, top: 2, bottom: 18 }] as unknown as DOMRectList;
    const div = put('<div style="line-height: 20.5px"><h3 style="display: block">first</h3>then text</div>');
    tell(div, 51);
    expect(room(div)).toBe('0 0.5');
  });

  it('are left as they are on a page of very many blocks', () => {
    const p = put('<p style="line-height: 20.5px">text</p>');
    tell(p, 20);
    expect(room(p)).toBe('0.25 0.25');
    leading.add(Array.from({ length: 6001 }, () => document.createElement('p')));
    expect(room(p)).toBeNull();
    expect(Observer.last.seen.size).toBe(0);
  });

  it('are let go of with their node', () => {
    const p = put('<p style="line-height: 20.5px">text</p>');
    leading.forget(p);
    expect(Observer.last.seen.size).toBe(0);
  });
});
