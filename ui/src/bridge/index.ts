/*
 * The only door to Rust. The trap: outside the app (a plain browser, a test) there is nothing behind it. `vite dev`
 * and tests then get a small recording made by hand; a production build refuses, so that no one mistakes one for the
 * other.
 */
import { Channel, invoke, isTauri } from '@tauri-apps/api/core';

import type { AddChannel, ByteCalls, Calls, ExportChannel, ProgressChannel } from './calls';
import type { AddProgress, ExportProgress, Failure, ImportProgress } from './types';

export type * from './calls';
export type * from './types';

/** What stands in for Rust in `vite dev` and in tests. */
export interface Stand {
  call(command: string, args: Record<string, unknown>): Promise<unknown>;
}

let stand: Promise<Stand> | null = null;

/** Puts something else in the place of Rust, for tests. */
export function standIn(other: Stand | null): void {
  stand = other && Promise.resolve(other);
}

async function send(command: string, args: Record<string, unknown>): Promise<unknown> {
  if (!stand && isTauri()) return invoke(command, args);
  if (import.meta.env.DEV) {
    stand ??= import('./fixture').then((m) => m.fixture());
    return (await stand).call(command, args);
  }
  const failure: Failure = {
    code: 'no_app',
    message: `“${command}” needs the Dwell app. This page was opened outside it.`,
  };
  throw failure;
}

type Rest<A> = A extends undefined ? [] : [args: A];

export async function call<C extends keyof Calls>(command: C, ...rest: Rest<Calls[C]['args']>): Promise<Calls[C]['answer']> {
  try {
    return (await send(command, (rest[0] ?? {}) as Record<string, unknown>)) as Calls[C]['answer'];
  } catch (error) {
    throw failure(error);
  }
}

const utf8 = new TextDecoder();

/** Large answers travel as bytes: measured twice as fast as JSON through the bridge. */
export async function callBytes<C extends keyof ByteCalls>(
  command: C,
  args: ByteCalls[C]['args'],
): Promise<ByteCalls[C]['answer']> {
  try {
    const answer = await send(command, args as unknown as Record<string, unknown>);
    if (answer instanceof ArrayBuffer || ArrayBuffer.isView(answer)) {
      return JSON.parse(utf8.decode(answer)) as ByteCalls[C]['answer'];
    }
    // Tauri hands small byte answers over as a list of numbers when its fast channel is closed to the page.
    if (Array.isArray(answer)) return JSON.parse(utf8.decode(new Uint8Array(answer as number[]))) as ByteCalls[C]['answer'];
    if (typeof answer === 'string') return JSON.parse(answer) as ByteCalls[C]['answer'];
    return answer as ByteCalls[C]['answer'];
  } catch (error) {
    throw failure(error);
  }
}

function channel<P>(on: (progress: P) => void): { onmessage: (progress: P) => void } {
  if (isTauri()) {
    const channel = new Channel<P>();
    channel.onmessage = on;
    return channel;
  }
  return { onmessage: on };
}

export const progressChannel = (on: (progress: ImportProgress) => void): ProgressChannel => channel(on);
export const exportChannel = (on: (progress: ExportProgress) => void): ExportChannel => channel(on);
export const addChannel = (on: (progress: AddProgress) => void): AddChannel => channel(on);

export interface FileDrop {
  over(): void;
  leave(): void;
  drop(paths: string[]): void;
}

/** Files dragged onto the window. The web view never sees them as DOM events, Tauri tells their paths. */
export async function onFileDrop(on: FileDrop): Promise<() => void> {
  if (!isTauri()) return () => {};
  // A large module for one event: not before the window stands.
  const { getCurrentWebview } = await import('@tauri-apps/api/webview');
  return getCurrentWebview().onDragDropEvent(({ payload }) => {
    if (payload.type === 'enter' || payload.type === 'over') on.over();
    else if (payload.type === 'drop') on.drop(payload.paths);
    else on.leave();
  });
}

/** Whatever was thrown, as a code and one sentence. */
export function failure(error: unknown): Failure {
  if (error && typeof error === 'object' && 'message' in error) {
    const { code, message, problems } = error as { code?: unknown; message: unknown; problems?: { column: number; length: number }[] };
    // What was a failure already stays as it is.
    const places = problems?.map((p): [number, number] => [p.column, p.length]) ?? (error as Failure).places;
    return { code: typeof code === 'string' ? code : 'unexpected', message: String(message), ...(places && { places }) };
  }
  return { code: 'unexpected', message: String(error) };
}
