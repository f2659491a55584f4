import { afterEach, describe, expect, it } from 'vitest';

import { standIn, type Stand } from '../bridge';
import { archiveName, exports } from './exports.svelte';

afterEach(() => {
  standIn(null);
  exports.clear();
});

/** Answers as the app does; `path` is what the person chose. */
function app(path: string | null, calls: [string, Record<string, unknown>][]): Stand {
  return {
    async call(command, args) {
      calls.push([command, args]);
      if (command === 'choose_save') return path;
      if (command !== 'export_archive') return null;
      const { onmessage } = args.onProgress as { onmessage: (p: { bytes: number; bytes_total: number }) => void };
      onmessage({ bytes: 5, bytes_total: 10 });
      expect(exports.percent).toBe(50);
      await exports.cancel();
      return { path, sessions: 2, without_recording: 0, assets: 0, notes: 0, bytes: 9, cancelled: true };
    },
  };
}

describe('names of archives', () => {
  const at = new Date('2026-11-22T05:00:00Z');
  it('are harmless and say what is inside', () => {
    expect(archiveName('Kunde: Ärger & Söhne/2', null, at)).toBe('kunde-arger-sohne-2-2026-11-22.zip');
    expect(archiveName('…', 1, at)).toBe('sessions-one-session-2026-11-22.zip');
    expect(archiveName('Shop', 12, at)).toBe('shop-12-sessions-2026-11-22.zip');
  });
});

describe('an export', () => {
  it('asks for a file, tells how far it is and can be stopped', async () => {
    const calls: [string, Record<string, unknown>][] = [];
    standIn(app('/home/ana/x.zip', calls));
    await exports.start({ ids: ['a', 'b'] }, 2);
    expect(calls.map(([command]) => command)).toEqual(['choose_save', 'export_archive', 'cancel_export']);
    expect(calls[1]?.[1]).toMatchObject({ which: { ids: ['a', 'b'] }, path: '/home/ana/x.zip' });
    expect(exports.summary?.cancelled).toBe(true);
    expect(exports.running).toBe(false);
  });

  it('does nothing when no file is chosen', async () => {
    const calls: [string, Record<string, unknown>][] = [];
    standIn(app(null, calls));
    await exports.start(null, null);
    expect(calls.map(([command]) => command)).toEqual(['choose_save']);
    expect(exports.summary).toBeNull();
    expect(exports.running).toBe(false);
  });

  it('says why it failed', async () => {
    standIn({ call: async (command) => { if (command === 'choose_save') return '/x.zip'; throw { code: 'io', message: 'The disk is full.' }; } });
    await exports.start(null, null);
    expect(exports.failure?.message).toBe('The disk is full.');
  });
});
