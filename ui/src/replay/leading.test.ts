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
let made: { element: Element; frames: Record<string, string[]>; options: KeyframeAnimationOptions }[];

beforeEach(() => {
  made = [];
  HTMLElement.prototype.animate = function (frames: unknown, options: unknown) {
    const one = { element: this as Element, frames: frames as Record<string, string[]>, options: options as KeyframeAnimationOptions };
    made.push(one);
    return { id: one.options.id, pause() {}, effect: { setKeyframes: (next: Record<string, string[]>) => void (one.frames = next) } } as unknown as Animation;
  };
  leading = new Leading(Observer as unknown as typeof ResizeObserver);
});
afterEach(() => {
  leading.close();
  document.body.innerHTML = '';
  vi.restoreAllMocks();
});

const tell = (target: Element, height: number) => Observer.last.tell([{ target, contentRect: { height } }]);
const put = (html: string): HTMLElement => {
  document.body.innerHTML = html;
  const first = document.body.firstElementChild as HTMLElement;
  leading.add([first, ...first.querySelectorAll('*')]);
  return first;
};
const room = (i = 0) => [made[i]?.frames['paddingTop']?.[0], made[i]?.frames['paddingBottom']?.[0]];

describe('lines that were cut', () => {
  it('get back what they lost, half above and half below, in addition to what the page says', () => {
    const p = put('<p style="line-height: 20.5px">two lines</p>');
    tell(p, 40);
    expect(room()).toEqual(['0.5px', '0.5px']);
    expect(made[0]?.options).toMatchObject({ composite: 'add', id: 'dwell-leading' });
  });

  it('follow their block: more lines, fewer lines, none', () => {
    const p = put('<p style="line-height: 20.5px">text</p>');
    tell(p, 20);
    tell(p, 60);
    expect(made).toHaveLength(1);
    expect(room()).toEqual(['0.75px', '0.75px']);
    p.style.lineHeight = '20px';
    tell(p, 60);
    expect(room()).toEqual(['0px', '0px']);
  });

  it('are left alone where nothing was cut', () => {
    for (const height of ['normal', '20px', '24.001px']) tell(put(`<p style="line-height: ${height}">text</p>`), 24);
    expect(made).toEqual([]);
  });

  it('belong to the block that an inline element stands in', () => {
    const li = put('<li style="line-height: 20.5px"><a href="#"><b>text</b></a></li>');
    expect([...Observer.last.seen]).toContain(li);
    expect([...Observer.last.seen].some((e) => e.localName === 'a' || e.localName === 'b')).toBe(false);
    tell(li, 20);
    expect(room()).toEqual(['0.25px', '0.25px']);
  });

  it('take an inline part that is higher than the lines of the block for what makes the line', () => {
    const div = put('<div style="line-height: 24px"><i style="line-height: 41.75px"></i></div>');
    tell(div, 41);
    expect(room()).toEqual(['0.375px', '0.375px']);
  });

  it('get no room at an edge where a block stands, whose margin it would keep from collapsing', () => {
    Range.prototype.getClientRects = () => [{ width: 9, height: 16, top: 2, bottom: 18 }] as unknown as DOMRectList;
    const div = put('<div style="line-height: 20.5px"><h3 style="display: block">first</h3>then text</div>');
    tell(div, 51);
    expect(room()).toEqual(['0px', '0.5px']);
  });

  it('are let go of with their node', () => {
    const p = put('<p style="line-height: 20.5px">text</p>');
    leading.forget(p);
    expect(Observer.last.seen.size).toBe(0);
  });
});
