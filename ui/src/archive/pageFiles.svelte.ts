/* Adding page files: style sheets, pictures and fonts out of what was saved of a site. One at a time, like imports. */
import { addChannel, call, failure, type AddProgress, type AddSummary, type Failure } from '../bridge';

class PageFilesJob {
  running = $state(false);
  cancelling = $state(false);
  progress = $state.raw<AddProgress | null>(null);
  summary = $state.raw<AddSummary | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Counts additions that brought something, for whoever shows pages. */
  added = $state(0);

  async choose(folder: boolean): Promise<void> {
    if (this.running) return;
    try {
      const paths = await call('choose_paths', { folder });
      if (paths.length) await this.start(paths);
    } catch (error) {
      this.failure = failure(error);
    }
  }

  async start(paths: string[]): Promise<void> {
    if (this.running || !paths.length) return;
    this.running = true;
    this.cancelling = false;
    this.progress = this.summary = this.failure = null;
    try {
      const onProgress = addChannel((progress) => (this.progress = progress));
      this.summary = await call('add_page_files', { paths, onProgress });
      this.added++;
    } catch (error) {
      const told = failure(error);
      // Who cancels knows it.
      if (told.code !== 'cancelled') this.failure = told;
    }
    this.running = this.cancelling = false;
  }

  async cancel(): Promise<void> {
    if (!this.running || this.cancelling) return;
    this.cancelling = true;
    try {
      await call('cancel_import');
    } catch (error) {
      this.cancelling = false;
      this.failure = failure(error);
    }
  }

  clear(): void {
    this.summary = this.failure = null;
  }
}

export const pageFiles = new PageFilesJob();
