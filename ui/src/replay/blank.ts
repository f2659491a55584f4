/*
 * Why nothing is to be seen, in one sentence with its cause. Pure. The trap: several causes can hold at once; the first
 * that explains the whole is told, and nothing is told of a page that shows something.
 */

/** What the frame holds, counted over at most some thousand nodes. */
export interface Look {
  /** There is a document with a body. */
  body: boolean;
  /** Characters that can be read, and those that are masks. */
  text: number;
  masked: number;
  /** Pictures, films, drawings and fields that are there. */
  things: number;
  missing: number;
  blocked: number;
  sheetsMissing: number;
  /** Styles of the page itself keep it out of sight: `opacity: 0` and the like on html or body. */
  hidden: boolean;
}

export interface Circumstance {
  snapshot: boolean;
  /** ms until a page with a picture begins, 0 when it has begun; `null` when there is none to come. */
  until: number | null;
  gap: string | null;
  look: Look | null;
}

export function whyBlank({ snapshot, until, gap, look }: Circumstance): string | null {
  if (!snapshot) return 'The recording has no snapshot of this page, so there is nothing to draw.';
  if (!look?.body) {
    if (gap) return `The picture of this moment is lost: ${gap}`;
    if (until === null) return 'Nothing of this page was recorded.';
    // A page has begun before its first picture, and how long before is not always known.
    return `Nothing was recorded yet at this moment. The first picture follows${until > 0 ? ` in ${(until / 1000).toFixed(1)} s` : ''}.`;
  }
  if (look.hidden) return 'The page kept itself out of sight at this moment: its own styles hide it until it is ready.';
  if (look.text > 0 || look.things > 0) return null;
  if (gap) return `The page is empty because data is missing here: ${gap}`;
  if (look.masked > 0) return 'The recorder masked every text of this page; only its boxes are left.';
  if (look.blocked > 0) return 'The recorder left out what fills this page; only its place is left.';
  if (look.missing > 0) return 'All that fills this page are pictures, and none of them is in the archive.';
  if (look.sheetsMissing > 0) return 'The page has no text, and the style sheets that draw it are not in the archive.';
  return 'The page itself was empty at this moment: the recording holds no text, picture or field of it.';
}
