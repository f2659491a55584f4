/* For tests of whole rooms: what jsdom, which lays nothing out, lacks. */
import { vi } from 'vitest';

/** Gives every element this size in CSS px: a list without height draws no rows. */
export function pretendLayout(width: number, height: number): void {
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {}, removeEventListener() {} }));
  vi.stubGlobal('ResizeObserver', class { observe() {} unobserve() {} disconnect() {} });
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(height);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(width);
  HTMLCanvasElement.prototype.getContext = () => null;
}
