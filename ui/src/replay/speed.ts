/* Measures of a page as people read them. Pure. Limits are those of Web Vitals; without a limit nothing is judged. */
import { count } from '../parts/format';
import type { PageInsight } from '../bridge';

export interface Measure {
  key: Exclude<keyof PageInsight, 'number'>;
  name: string;
  what: string;
  unit: 'ms' | '';
  /** Good up to the first, poor above the second. */
  limits?: readonly [number, number];
}

export const MEASURES: readonly Measure[] = [
  { key: 'lcp', name: 'LCP', what: 'Largest Contentful Paint: when the largest picture or text was painted', unit: 'ms', limits: [2500, 4000] },
  { key: 'inp', name: 'INP', what: 'Interaction to Next Paint: how long the page took to answer', unit: 'ms', limits: [200, 500] },
  { key: 'cls', name: 'CLS', what: 'Cumulative Layout Shift: how much the page moved by itself', unit: '', limits: [0.1, 0.25] },
  { key: 'first_byte', name: 'First byte', what: 'From the start of navigation to the first byte', unit: 'ms', limits: [800, 1800] },
  { key: 'interactive', name: 'DOM ready', what: 'From the start of navigation to a DOM that can be used', unit: 'ms' },
  { key: 'load', name: 'Load', what: 'From the start of navigation to the end of loading', unit: 'ms' },
];

export function rate(measure: Measure, value: number): 'good' | 'fair' | 'poor' | 'plain' {
  if (!measure.limits) return 'plain';
  return value <= measure.limits[0] ? 'good' : value <= measure.limits[1] ? 'fair' : 'poor';
}

export function value(measure: Measure, n: number): string {
  if (measure.unit === '') return n === 0 ? '0' : n < 0.01 ? n.toFixed(3) : n.toFixed(2);
  return n < 1000 ? `${count(n)} ms` : `${(n / 1000).toFixed(n < 10_000 ? 2 : 1)} s`;
}
