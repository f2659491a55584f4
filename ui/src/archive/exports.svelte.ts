/* One export at a time, and what came of the last one. It goes on whatever room is open. */
import { call, exportChannel, failure, type ExportProgress, type ExportSummary, type Failure } from '../bridge';
import { app } from '../parts/app.svelte';

/** A name that any system takes, with the day, so that yesterday's archive is not replaced by a slip. */
export function archiveName(project: string, sessions: number | null, at: Date): string {
  const plain = project.normalize('NFKD').replace(/\p{M}/gu, '').replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '').toLowerCase();
  const what = sessions === null ? '' : sessions === 1 ? '-one-session' : `-${sessions}-sessions`;
  return `${plain.slice(0, 60) || 'sessions'}${what}-${at.toISOString().slice(0, 10)}.zip`;
}

class Exports {
  running = $state(false);
  cancelling = $state(false);
  progress = $state.raw<ExportProgress | null>(null);
  summary = $state.raw<ExportSummary | null>(null);
  failure = $state.raw<Failure | null>(null);

  /** Of 100. */
  percent = $derived(this.progress?.bytes_total ? Math.floor((this.progress.bytes / this.progress.bytes_total) * 100) : 0);

  /** Asks for a file and writes these sessions into it; all of the project with `null`. */
  async start(ids: string[] | null): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.cancelling = false;
    this.progress = this.summary = this.failure = null;
    try {
      const path = await call('choose_save', { name: archiveName(app.project?.name ?? '', ids?.length ?? null, new Date()) });
      if (path) {
        const onProgress = exportChannel((progress) => (this.progress = progress));
        this.summary = await call('export_archive', { ids, path, onProgress });
      }
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
