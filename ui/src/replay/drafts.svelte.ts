/*
 * Notes that are being written. The trap: a note is lost by a key. What was typed is kept until it is saved or thrown
 * away by name: over Esc, over leaving the player, over the end of the program.
 */
import { remember, remembered } from '../parts/app.svelte';

export interface Draft {
  /** Note that is changed; none for a new one. */
  id: string | null;
  text: string;
  /** Epoch ms of the recording. */
  at: number | null;
  page: number | null;
  node: number | null;
  selector: string | null;
}

const KEY = 'note-drafts';
/** Sessions with a draft that are remembered. */
const MOST = 20;

function read(): Record<string, Draft> {
  try {
    const value = JSON.parse(remembered(KEY) ?? '{}') as unknown;
    if (!value || typeof value !== 'object') return {};
    return Object.fromEntries(Object.entries(value as Record<string, Draft>).filter(([, d]) => d && typeof d.text === 'string'));
  } catch {
    return {};
  }
}

class Drafts {
  #all = $state.raw<Record<string, Draft>>(read());

  of(session: string): Draft | null {
    return this.#all[session] ?? null;
  }
  keep(session: string, draft: Draft): void {
    const { [session]: _, ...others } = this.#all;
    this.#write(draft.text.trim() ? { ...Object.fromEntries(Object.entries(others).slice(1 - MOST)), [session]: draft } : others);
  }
  drop(session: string): void {
    const { [session]: _, ...others } = this.#all;
    this.#write(others);
  }
  #write(all: Record<string, Draft>): void {
    this.#all = all;
    remember(KEY, JSON.stringify(all));
  }
}

export const drafts = new Drafts();
