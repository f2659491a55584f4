import { describe, expect, it } from 'vitest';

import type { MissingFile, PageFiles, PageFilesPage } from '../bridge';
import { asText, missingLine, missingOn, plainer } from './files';

const page = (more: Partial<PageFilesPage>): PageFilesPage => ({
  number: 1, url: 'https://shop.test/', wanted: 9, cached: 4, sheets: 3, sheets_missing: 0, masked: 0, blocked: 0, ...more,
});
const file = (url: string, more: Partial<MissingFile> = {}): MissingFile => ({
  url, kind: 'image', reason: 'not_in_archive', by_sheet: false, pages: [1], ...more,
});

describe('page files', () => {
  it('says in one sentence what a page without its sheets looks like', () => {
    expect(plainer(undefined)).toBe('');
    expect(plainer(page({}))).toBe('');
    expect(plainer(page({ sheets_missing: 3 }))).toBe(
      '3 of the style sheets that this page links to are not in the archive, so it looks plainer than the visitor saw it.',
    );
    expect(plainer(page({ sheets: 1, sheets_missing: 1 }))).toMatch(/^One of the style sheets .* is not/);
  });

  it('counts by kind and leaves out what is never shown', () => {
    const missing = [
      file('https://shop.test/a.css', { kind: 'sheet' }), file('https://shop.test/1.png'), file('https://shop.test/2.png'),
      file('https://pay.test/', { kind: 'other', reason: 'active' }),
    ];
    expect(missingLine(missing)).toBe('1 style sheet, 2 pictures missing');
    expect(missingLine([])).toBe('');
    expect(asText(missing)).toBe('https://shop.test/a.css\nhttps://shop.test/1.png\nhttps://shop.test/2.png\n');
    const files = { missing: [file('x'), file('y', { pages: [2] })] } as unknown as PageFiles;
    expect(missingOn(files, 2).map((f) => f.url)).toEqual(['y']);
  });
});
