/* How kinds of events look. A kind that is not here is drawn plainly: recorders know more kinds than we do. */
import type { IconName } from '../parts/icons';

const ICON: Record<string, IconName> = {
  click: 'mouse-pointer-click',
  double_click: 'mouse-pointer-click',
  context_menu: 'mouse-pointer-click',
  touch_start: 'mouse-pointer-click',
  input: 'text-cursor-input',
  change: 'text-cursor-input',
  selection: 'type',
  clipboard: 'clipboard',
  submit: 'send',
  scroll: 'arrow-up-down',
  error: 'triangle-alert',
  console: 'terminal',
  network: 'globe',
  custom: 'tag',
  tag: 'tag',
  identify: 'tag',
  annotation: 'tag',
  resize: 'maximize',
  visibility: 'eye-off',
  window_focus: 'eye',
  navigation: 'gauge',
  route: 'link',
  page: 'link',
  unload: 'log-out',
  drag: 'move',
  media: 'circle-play',
  note: 'message-square',
};

const NAME: Record<string, [one: string, many: string]> = {
  click: ['click', 'clicks'],
  double_click: ['double click', 'double clicks'],
  context_menu: ['context menu', 'context menus'],
  touch_start: ['touch', 'touches'],
  selection: ['selection', 'selections'],
  route: ['route change', 'route changes'],
  network: ['request', 'requests'],
  console: ['console line', 'console lines'],
  input: ['input', 'inputs'],
  change: ['change', 'changes'],
  error: ['script error', 'script errors'],
  custom: ['event', 'events'],
  tag: ['tag', 'tags'],
  submit: ['submit', 'submits'],
  resize: ['resize', 'resizes'],
  note: ['note', 'notes'],
  clipboard: ['clipboard', 'clipboard'],
  rage_click: ['rage click', 'rage clicks'],
  error_click: ['error click', 'error clicks'],
  js_error: ['script error', 'script errors'],
  dead_click: ['dead click', 'dead clicks'],
  quick_back: ['quick back', 'quick backs'],
  excessive_scroll: ['excessive scroll', 'excessive scrolls'],
};

export const icon = (kind: string): IconName => ICON[kind] ?? 'circle';

export function kindName(kind: string, n: number): string {
  const name = NAME[kind];
  return name ? (n === 1 ? name[0] : name[1]) : kind.replace(/_/g, ' ');
}

export const signalName = (kind: string): string => kindName(kind, 1);

/** Name of the token that a signal is coloured with; nothing for plain events. */
const TOKEN: Record<string, string> = {
  rage_click: 'rage', dead_click: 'dead', error_click: 'error', js_error: 'error', error: 'error', quick_back: 'quick', excessive_scroll: 'scroll', resize: 'resize',
};
export const token = (kind: string): string | null => TOKEN[kind] ?? null;
