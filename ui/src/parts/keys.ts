/*
 * The one register of keys: the `?` sheet, the tooltips and the handlers all read it. A letter alone does nothing
 * while a text field has the focus.
 */
export type Where = 'Anywhere' | 'Review' | 'Sessions' | 'Player' | 'Picture' | 'Timeline' | 'Beside the picture';
export const GROUPS: readonly Where[] = ['Anywhere', 'Review', 'Sessions', 'Player', 'Picture', 'Timeline', 'Beside the picture'];

interface Key {
  where: Where;
  keys: readonly string[];
  text: string;
}

const REGISTER = {
  find: { where: 'Anywhere', keys: ['/', 'Ctrl+F'], text: 'Find sessions' },
  sessions: { where: 'Anywhere', keys: ['Ctrl+1'], text: 'Sessions' },
  overview: { where: 'Anywhere', keys: ['Ctrl+6'], text: 'Overview' },
  archive: { where: 'Anywhere', keys: ['Ctrl+7'], text: 'Archive' },
  import: { where: 'Anywhere', keys: ['Ctrl+O'], text: 'Import…' },
  project: { where: 'Anywhere', keys: ['Ctrl+P'], text: 'Switch project' },
  theme: { where: 'Anywhere', keys: ['Shift+D'], text: 'Light or dark' },
  region: { where: 'Anywhere', keys: ['F6'], text: 'Next region' },
  keys: { where: 'Anywhere', keys: ['?'], text: 'Keys' },
  close: { where: 'Anywhere', keys: ['Escape'], text: 'Close, or go up' },

  undo: { where: 'Review', keys: ['Ctrl+Z'], text: 'Undo' },
  redo: { where: 'Review', keys: ['Ctrl+Shift+Z', 'Ctrl+Y'], text: 'Do again' },
  watched: { where: 'Review', keys: ['W'], text: 'Watched, or not watched' },
  favourite: { where: 'Review', keys: ['B'], text: 'Favourite, or not' },
  label: { where: 'Review', keys: ['L'], text: 'Label…' },
  rate: { where: 'Review', keys: ['Alt+1', 'Alt+2', 'Alt+3', 'Alt+4', 'Alt+5'], text: 'Rate 1 to 5' },
  unrate: { where: 'Review', keys: ['Alt+0'], text: 'Take the rating back' },
  nextUnwatched: { where: 'Review', keys: ['Shift+N'], text: 'Next unwatched session of the list' },
  autoplay: { where: 'Review', keys: ['Shift+A'], text: 'Go on to the next by itself' },

  down: { where: 'Sessions', keys: ['J', 'ArrowDown'], text: 'Next session' },
  up: { where: 'Sessions', keys: ['K', 'ArrowUp'], text: 'Previous session' },
  pageDown: { where: 'Sessions', keys: ['PageDown'], text: 'A screen down' },
  pageUp: { where: 'Sessions', keys: ['PageUp'], text: 'A screen up' },
  first: { where: 'Sessions', keys: ['Home'], text: 'First session' },
  last: { where: 'Sessions', keys: ['End'], text: 'Last session' },
  open: { where: 'Sessions', keys: ['Enter'], text: 'Watch' },
  unwatched: { where: 'Sessions', keys: ['U'], text: 'Only unwatched, or all' },
  only: { where: 'Sessions', keys: ['F'], text: 'Which sessions are listed' },
  panel: { where: 'Sessions', keys: ['P'], text: 'Filter panel' },
  where: { where: 'Sessions', keys: ['Shift+F'], text: 'Filter as text, such as country = DE' },
  filterBack: { where: 'Sessions', keys: ['Alt+ArrowLeft'], text: 'The filter before' },
  filterForward: { where: 'Sessions', keys: ['Alt+ArrowRight'], text: 'The filter after' },
  clearFilter: { where: 'Sessions', keys: ['Shift+X'], text: 'Clear the filter' },
  copyFilter: { where: 'Sessions', keys: ['Y'], text: 'Copy the filter as text' },
  standardFilter: { where: 'Sessions', keys: ['Shift+B'], text: 'Begin this project with this filter, or no longer' },
  similar: { where: 'Sessions', keys: ['Shift+S'], text: 'Sessions similar to this one' },
  order: { where: 'Sessions', keys: ['S'], text: 'Order' },
  columns: { where: 'Sessions', keys: ['Shift+C'], text: 'Columns' },
  choose: { where: 'Sessions', keys: ['X'], text: 'Pick, or not' },
  chooseDown: { where: 'Sessions', keys: ['Shift+ArrowDown', 'Shift+J'], text: 'Pick on downwards' },
  chooseUp: { where: 'Sessions', keys: ['Shift+ArrowUp', 'Shift+K'], text: 'Pick on upwards' },
  chooseAll: { where: 'Sessions', keys: ['Ctrl+A'], text: 'Pick all that match, or none' },
  queue: { where: 'Sessions', keys: ['Q'], text: 'Queue for watching, or take out of it' },
  export: { where: 'Sessions', keys: ['E'], text: 'Export…' },
  preview: { where: 'Sessions', keys: ['Space'], text: 'Show or hide the preview' },

  play: { where: 'Player', keys: ['Space'], text: 'Play or pause' },
  back: { where: 'Player', keys: ['ArrowLeft'], text: 'Back 10 s' },
  forward: { where: 'Player', keys: ['ArrowRight'], text: 'Forward 10 s' },
  back1: { where: 'Player', keys: ['Shift+ArrowLeft'], text: 'Back 1 s' },
  forward1: { where: 'Player', keys: ['Shift+ArrowRight'], text: 'Forward 1 s' },
  eventBack: { where: 'Player', keys: ['Alt+ArrowLeft'], text: 'Previous event' },
  eventForward: { where: 'Player', keys: ['Alt+ArrowRight'], text: 'Next event' },
  slower: { where: 'Player', keys: ['-'], text: 'Slower' },
  faster: { where: 'Player', keys: ['+', '='], text: 'Faster' },
  pageBack: { where: 'Player', keys: ['PageUp'], text: 'Previous page' },
  pageForward: { where: 'Player', keys: ['PageDown'], text: 'Next page' },
  start: { where: 'Player', keys: ['Home'], text: 'Start' },
  end: { where: 'Player', keys: ['End'], text: 'End' },
  clickBack: { where: 'Player', keys: [','], text: 'Previous click' },
  clickForward: { where: 'Player', keys: ['.'], text: 'Next click' },
  signalBack: { where: 'Player', keys: ['['], text: 'Previous signal' },
  signalForward: { where: 'Player', keys: [']'], text: 'Next signal' },
  idle: { where: 'Player', keys: ['I'], text: 'Skip idle time' },
  idleFrom: { where: 'Player', keys: ['Shift+I'], text: 'Skip from 5 s, 10 s, 30 s, 1 min' },
  loop: { where: 'Player', keys: ['A'], text: 'Loop: from here, to here, off' },
  clock: { where: 'Player', keys: ['U'], text: 'Time from the start, local, UTC' },
  nextSession: { where: 'Player', keys: ['J'], text: 'Next session' },
  previousSession: { where: 'Player', keys: ['Shift+J'], text: 'Previous session' },
  note: { where: 'Player', keys: ['N', 'C'], text: 'Note at this moment' },

  fit: { where: 'Picture', keys: ['Ctrl+0'], text: 'Fit the page into the window' },
  actual: { where: 'Picture', keys: ['Z'], text: 'Full size, or fit' },
  larger: { where: 'Picture', keys: ['Ctrl++', 'Ctrl+='], text: 'Larger' },
  smaller: { where: 'Picture', keys: ['Ctrl+-'], text: 'Smaller' },
  panLeft: { where: 'Picture', keys: ['Ctrl+ArrowLeft'], text: 'Move left' },
  panRight: { where: 'Picture', keys: ['Ctrl+ArrowRight'], text: 'Move right' },
  panUp: { where: 'Picture', keys: ['Ctrl+ArrowUp'], text: 'Move up' },
  panDown: { where: 'Picture', keys: ['Ctrl+ArrowDown'], text: 'Move down' },
  full: { where: 'Picture', keys: ['Shift+F'], text: 'Full screen' },
  traces: { where: 'Picture', keys: ['O'], text: 'Cursor, clicks and typing over the page' },
  picture: { where: 'Picture', keys: ['S'], text: 'Save a picture…' },
  moment: { where: 'Picture', keys: ['Shift+S'], text: 'Save the page as HTML…' },

  nearer: { where: 'Timeline', keys: ['ArrowUp'], text: 'Zoom in' },
  farther: { where: 'Timeline', keys: ['ArrowDown'], text: 'Zoom out' },
  whole: { where: 'Timeline', keys: ['0'], text: 'Whole session' },
  earlier: { where: 'Timeline', keys: ['Shift+PageUp'], text: 'Earlier part' },
  later: { where: 'Timeline', keys: ['Shift+PageDown'], text: 'Later part' },
  marks: { where: 'Timeline', keys: ['Shift+M'], text: 'Which marks are shown' },

  transcript: { where: 'Beside the picture', keys: ['T'], text: 'Transcript' },
  facts: { where: 'Beside the picture', keys: ['F'], text: 'Facts' },
  speed: { where: 'Beside the picture', keys: ['P'], text: 'Speed of the pages' },
  errors: { where: 'Beside the picture', keys: ['X'], text: 'Errors' },
  events: { where: 'Beside the picture', keys: ['V'], text: 'Events, tags and visitor' },
  dom: { where: 'Beside the picture', keys: ['D'], text: 'DOM' },
  pick: { where: 'Beside the picture', keys: ['Q'], text: 'Pick an element of the page' },
  evidence: { where: 'Beside the picture', keys: ['E'], text: 'Evidence of the signal here' },
  dismiss: { where: 'Beside the picture', keys: ['M'], text: 'Signal here: not a problem, or a problem again' },
  notes: { where: 'Beside the picture', keys: ['R'], text: 'Notes, labels and rating' },
  findHere: { where: 'Beside the picture', keys: ['Ctrl+F'], text: 'Find in the transcript' },
  filter: { where: 'Beside the picture', keys: ['K'], text: 'Which kinds are listed' },
  follow: { where: 'Beside the picture', keys: ['Shift+T'], text: 'Keep the current event in view' },
} as const satisfies Record<string, Key>;

export type KeyId = keyof typeof REGISTER;
export const KEYS: Readonly<Record<KeyId, Key>> = REGISTER;

const NAMES: Record<string, string> = {
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  Escape: 'Esc',
  '-': '−',
};

/** `Alt+ArrowLeft` as `Alt Left`. */
export function label(combo: string): string {
  // A plus is also what stands between the parts.
  const parts = combo.endsWith('+') ? [...combo.slice(0, -1).split('+').filter(Boolean), '+'] : combo.split('+');
  return parts.map((part) => NAMES[part] ?? part).join(' ');
}

/** Tooltip: what a button does and its key. */
export function tip(id: KeyId, text: string = KEYS[id].text): string {
  return `${text} (${label(KEYS[id].keys[0] ?? '')})`;
}

/** The key that was pressed, spelt as in the register. */
export function combo(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'> & { code?: string }): string {
  let key = event.key === ' ' ? 'Space' : event.key;
  // Alt makes another letter of a digit on some keyboards.
  const digit = event.altKey ? /^Digit(\d)$/.exec(event.code ?? '')?.[1] : undefined;
  if (digit) key = digit;
  const letter = /^[a-z]$/i.test(key);
  if (letter) key = key.toUpperCase();
  const named = key.length > 1;
  return [
    event.ctrlKey || event.metaKey ? 'Ctrl+' : '',
    event.altKey ? 'Alt+' : '',
    // `?` already needs Shift on most layouts, and on some it does not.
    event.shiftKey && (letter || named) ? 'Shift+' : '',
    key,
  ].join('');
}

type Handler = (event: KeyboardEvent) => void;
type Handlers = Partial<Record<KeyId, Handler>>;
const stack: Handlers[] = [];

/** Handlers of a part that is on screen; the last one to come is asked first. Returns how to take them off. */
export function onKeys(handlers: Handlers): () => void {
  stack.push(handlers);
  return () => {
    const at = stack.indexOf(handlers);
    if (at >= 0) stack.splice(at, 1);
  };
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type);
}

const UNDO: readonly string[] = REGISTER.undo.keys;
const REDO: readonly string[] = REGISTER.redo.keys;
const ALL: readonly string[] = REGISTER.chooseAll.keys;

let clicked: Element | null = null;

/**
 * Notes which button has the focus only because of the mouse, or lost its claim to it. (`:focus-visible` cannot tell:
 * any key makes it match.)
 */
export function clickedOn(event: PointerEvent): void {
  const on = event.target instanceof Element ? event.target.closest('button') : null;
  clicked = on ?? document.activeElement;
}

/**
 * Enter and Space press the button that was reached by keys. A button that only was clicked has no claim on them:
 * after a click in the transcript, Space plays.
 */
function pressing(target: EventTarget | null, key: string): boolean {
  if (key !== 'Enter' && key !== 'Space') return false;
  const button = target instanceof Element ? target.closest('button, a[href]') : null;
  return button !== null && button !== clicked;
}

export function dispatch(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const key = combo(event);
  if (key === 'Tab' || key === 'Shift+Tab' || key === 'F6') clicked = null;
  // What is undone or picked in a text field is what was typed.
  if (typing(event.target) && (UNDO.includes(key) || REDO.includes(key) || ALL.includes(key))) return;
  const free = event.ctrlKey || event.metaKey || key === 'Escape' || key === 'F6';
  if (!free && (typing(event.target) || pressing(event.target, key))) return;
  for (let i = stack.length - 1; i >= 0; i--) {
    const handlers = stack[i] as Handlers;
    for (const id in handlers) {
      if (!KEYS[id as KeyId].keys.includes(key)) continue;
      event.preventDefault();
      handlers[id as KeyId]?.(event);
      return;
    }
  }
}
