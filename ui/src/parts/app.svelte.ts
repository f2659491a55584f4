/* What the whole window knows: the project, the room, the theme. */
import { call, failure, type Failure, type Project } from '../bridge';

export type Room = 'sessions' | 'overview' | 'archive' | 'player';
type Theme = 'light' | 'dark';

/** Kept between starts; a web view without storage only forgets. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`dwell.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`dwell.${key}`, value);
  } catch {
    // Private mode or a full disk: the choice holds until the window closes.
  }
}

class App {
  project = $state.raw<Project | null>(null);
  failure = $state.raw<Failure | null>(null);
  room = $state<Room>('sessions');
  theme = $state<Theme>('light');
  /** Session in the player, where in it to begin (epoch ms), and whether it plays at once. */
  watching = $state.raw<{ id: string; time: number | null; play: boolean } | null>(null);
  sheet = $state(false);
  /** What the person should know about how the window came to be as it is. */
  notice = $state<string | null>(null);

  async load(command: 'project' | 'open_demo' | 'open_project' = 'project'): Promise<boolean> {
    try {
      this.project = await call(command);
      this.failure = null;
      return true;
    } catch (error) {
      this.failure = failure(error);
      return false;
    }
  }

  watch(id: string, time: number | null = null, play = false): void {
    this.watching = { id, time, play };
    this.room = 'player';
  }

  /** Notes where in which session the person is; nothing, when in none. */
  at(id: string | null, time = 0): void {
    remember('where', id === null ? '' : `${Math.round(time)} ${id}`);
  }

  /** After the process that draws this page ended: the shell says so in the address. */
  comeBack(hash: string): void {
    if (!hash.startsWith('#stopped')) return;
    const [time = '', ...id] = (remembered('where') ?? '').split(' ');
    const again = hash !== '#stopped';
    if (!again && id.length) {
      this.notice = 'The view of the page stopped and was started again. You are back where you were; nothing you noted is lost.';
      this.watch(id.join(' '), Number(time));
    } else {
      this.notice = `The view of the page stopped ${again ? 'once more' : ''} and was started again. ${again ? 'It may be that this recording is too much for it, so here is the list.' : 'Here is the list.'} Nothing you noted is lost.`.replace('  ', ' ');
    }
  }

  startTheme(): void {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => this.#show((remembered('theme') as Theme | null) ?? (dark.matches ? 'dark' : 'light'));
    dark.addEventListener('change', follow);
    follow();
  }

  switchTheme(): void {
    const theme = this.theme === 'dark' ? 'light' : 'dark';
    remember('theme', theme);
    this.#show(theme);
  }

  #show(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset.theme = theme;
  }
}

export const app = new App();
