/* One export at a time, and what came of the last one. It goes on whatever room is open. */
import { call, exportChannel, failure, type ExportProgress, type ExportSummary, type Failure, type ListQuery, type Which } from '../bridge';
import { app } from '../parts/app.svelte';

/** A name that any system takes, with the day, so that yesterday's archive is not replaced by a slip. */
export function archiveName(project: string, sessions: number | null, at: Date, ending = 'zip'): string {
  const plain = project.normalize('NFKD').replace(/\p{M}/gu, '').replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '').toLowerCase();
  const what = sessions === null ? '' : sessions === 1 ? '-one-session' : `-${sessions}-sessions`;
  return `${plain.slice(0, 60) || 'sessions'}${what}-${at.toISOString().slice(0, 10)}.${ending}`;
}

class Exports {
  running = $state(false);
  what = $state<'archive' | 'table'>('archive');
  cancelling = $state(false);
  progress = $state.raw<ExportProgress | null>(null);
  summary = $state.raw<ExportSummary | null>(null);
  failure = $state.raw<Failure | null>(null);

  /** Of 100. */
  percent = $derived(this.progress?.bytes_total ? Math.floor((this.progress.bytes / this.progress.bytes_total) * 100) : 0);

  /** Asks for a file and writes these sessions into it, `n` of them; all of the project with `null`. */
  start(which: Which | null, n: number | null): Promise<void> {
    return this.#write('archive', n, (path, onProgress) => call('export_archive', { which, path, onProgress }));
  }

  /** Asks for a file and writes these sessions as a table into it, in this order; with every field when `columns` is `null`. */
  table(which: Which, n: number, query: ListQuery, columns: string[] | null): Promise<void> {
    return this.#write('table', n, (path, onProgress) => call('export_table', { which, query, columns, path, onProgress }));
  }

  async #write(what: 'archive' | 'table', n: number | null, write: (path: string, onProgress: ReturnType<typeof exportChannel>) => Promise<ExportSummary>): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.what = what;
    this.cancelling = false;
    this.progress = this.summary = this.failure = null;
    try {
      const path = await call('choose_save', { name: archiveName(app.project?.name ?? '', n, new Date(), what === 'table' ? 'csv' : 'zip') });
      if (path) this.summary = await write(path, exportChannel((progress) => (this.progress = progress)));
    } catch (error) {
      this.failure = failure(error);
    }
    this.running = this.cancelling = false;
    this.progress = null;
  }

  async cancel(): Promise<void> {
    if (!this.running || this.cancelling) return;
    this.cancelling = true;
    try {
      await call('cancel_export');
    } catch (error) {
      this.cancelling = false;
      this.failure = failure(error);
    }
  }

  clear(): void {
    this.summary = this.failure = null;
  }
}

export const exports = new Exports();
