/* What is said of page files. */
import type { MissingFile, PageFiles, PageFilesPage } from '../bridge';
import { count, counted } from '../parts/format';

const NAMES: Record<MissingFile['kind'], [one: string, many: string]> = {
  sheet: ['style sheet', 'style sheets'],
  image: ['picture', 'pictures'],
  font: ['font', 'fonts'],
  media: ['film or sound', 'films or sounds'],
  other: ['other', 'others'],
};

export const kindName = (kind: MissingFile['kind'], n = 1): string => NAMES[kind][n === 1 ? 0 : 1];

/** Those that a page view asked for; what the page itself names before what only its style sheets name. */
export function missingOn(files: PageFiles, page: number): MissingFile[] {
  return files.missing.filter((file) => file.pages.includes(page));
}

/** “2 style sheets, 3 pictures missing”; nothing when all is there. */
export function missingLine(missing: readonly MissingFile[]): string {
  const parts: string[] = [];
  for (const kind of ['sheet', 'image', 'font', 'media'] as const) {
    const n = missing.filter((file) => file.kind === kind && file.reason === 'not_in_archive').length;
    if (n) parts.push(counted(n, NAMES[kind][0], NAMES[kind][1]));
  }
  return parts.length ? `${parts.join(', ')} missing` : '';
}

/** The sentence over the stage, or nothing. Sheets that the recorder wrote into the page have no address to count. */
export function plainer(page: PageFilesPage | undefined): string {
  if (!page?.sheets_missing) return '';
  const [who, is] = page.sheets_missing === 1 ? ['One', 'is'] : [count(page.sheets_missing), 'are'];
  return `${who} of the style sheets that this page links to ${is} not in the archive, so it looks plainer than the visitor saw it.`;
}

/** Addresses to copy, one a line. */
export function asText(missing: readonly MissingFile[]): string {
  return missing.filter((file) => file.reason === 'not_in_archive').map((file) => `${file.url}\n`).join('');
}
