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
  clipboard: ['clipboard', 'clipboard'],
};

export const icon = (kind: string): IconName => ICON[kind] ?? 'circle';

export function kindName(kind: string, n: number): string {
  const name = NAME[kind];
  return name ? (n === 1 ? name[0] : name[1]) : kind.replace(/_/g, ' ');
}
