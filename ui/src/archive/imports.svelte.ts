/* One import at a time, and what came of the last one. It goes on whatever room is open. */
import {
  call, failure, progressChannel, type Failure, type Finding, type ImportProgress, type ImportSummary,
} from '../bridge';
import { app } from '../parts/app.svelte';
import { list } from '../sessions/list.svelte';
import { reviews } from '../sessions/reviews.svelte';

export interface FindingGroup {
  code: string;
  severity: Finding['severity'];
  findings: Finding[];
}

const WORST: Record<Finding['severity'], number> = { error: 0, warning: 1, note: 2 };

/** By code, worst first, then by number. */
export function grouped(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, FindingGroup>();
  for (const finding of findings) {
    const group = groups.get(finding.code);
    if (!group) {
      groups.set(finding.code, { code: finding.code, severity: finding.severity, findings: [finding] });
    } else {
      group.findings.push(finding);
      if (WORST[finding.severity] < WORST[group.severity]) group.severity = finding.severity;
    }
  }
  return [...groups.values()].sort(
    (a, b) => WORST[a.severity] - WORST[b.severity] || b.findings.length - a.findings.length,
  );
}

class Imports {
  running = $state(false);
  cancelling = $state(false);
  paths = $state.raw<string[]>([]);
  progress = $state.raw<ImportProgress | null>(null);
  summary = $state.raw<ImportSummary | null>(null);
  failure = $state.raw<Failure | null>(null);

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
    this.paths = paths;
    this.progress = this.summary = this.failure = null;
    try {
      const onProgress = progressChannel((progress) => (this.progress = progress));
      this.summary = await call('import', { paths, onProgress });
    } catch (error) {
      this.failure = failure(error);
    }
    this.running = this.cancelling = false;
    if (this.summary) {
      // What a person imports is theirs: it is never mixed into the demo.
      await app.load(app.project?.demo ? 'open_project' : 'project');
      list.empty();
      reviews.empty();
      list.refresh();
    }
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

export const imports = new Imports();
