import type { Download, DownloadProgress } from '@llamactl/contract/download';
import type { TransferProgress } from './blob-transfer.ts';
import type { DownloadRecord } from './download-store.ts';
import { snapshotPath } from './hub-cache.ts';
import { TransferPace } from './transfer-pace.ts';

/** States in which a download may still become done. */
const OPEN: ReadonlySet<DownloadRecord['state']> = new Set(['queued', 'running', 'paused', 'failed']);

/** A download in memory: its record, its progress, and the work on it. Only {@link Downloads} changes it. */
export class DownloadJob {
  record: DownloadRecord;
  /** The work on it; `null`: none. It may go on for a moment after a pause. */
  work: { stop: AbortController; ended: Promise<void> } | null = null;
  /** Whether the work waits until another download has fetched a file that both need. */
  isWaiting = false;
  /** When its last event was sent, by `Clock.elapsed`. */
  sentAt = -Infinity;
  readonly #done: number[];
  readonly #pace = new TransferPace();
  /** Names of files whose bytes nothing could be compared with. */
  readonly #unchecked = new Set<string>();
  #isVerifying = false;

  constructor(record: DownloadRecord) {
    this.record = record;
    this.#done = record.model.files.map(({ size }) => (record.state === 'done' ? size : 0));
  }

  get isOpen(): boolean {
    return OPEN.has(this.record.state);
  }

  get missing(): number {
    return this.#total - this.#sum;
  }

  /** Whether it brings all files of another one. */
  includes({ model, root }: Pick<DownloadRecord, 'model' | 'root'>): boolean {
    const own = this.record.model;
    const blobs = new Set(own.files.map(({ blob, path }) => `${blob} ${path}`));
    const isSamePlace = this.record.root === root && own.repo === model.repo && own.commit === model.commit;
    return isSamePlace && model.files.every(({ blob, path }) => blobs.has(`${blob} ${path}`));
  }

  /** Notes the progress of a file. @param now By `Clock.elapsed`. @returns whether it begins or ends to be verified */
  note(index: number, { done, phase }: TransferProgress, now: number): boolean {
    this.#done[index] = done;
    this.#pace.note(now, this.#sum);
    const wasVerifying = this.#isVerifying;
    this.#isVerifying = phase === 'verifying';
    return wasVerifying !== this.#isVerifying;
  }

  /** Notes a file of another program for which the source gives no hash. @param file Its path within the repo. */
  noteUnchecked(file: string): void {
    this.#unchecked.add(file);
  }

  /** Begins to measure, or ends it. */
  rest(): void {
    this.#isVerifying = false;
    this.#pace.reset();
  }

  /** @param now By `Clock.elapsed`. */
  progress(now: number): DownloadProgress {
    const { id, model, error } = this.record;
    const speed = this.record.state === 'running' && !this.#isVerifying ? this.#pace.speed(now) : 0;
    return {
      id,
      model: model.reference,
      state: this.record.state === 'running' && this.#isVerifying ? 'verifying' : this.record.state,
      done_bytes: this.#sum,
      total_bytes: this.#total,
      bytes_per_second: speed,
      eta_seconds: speed === 0 ? null : Math.ceil(this.missing / speed),
      error,
    };
  }

  /** @param now By `Clock.elapsed`. */
  view(now: number): Download {
    const { model, root, createdBy, createdAt, finishedAt } = this.record;
    return {
      ...this.progress(now),
      revision: model.revision,
      path: snapshotPath(root, model),
      files: model.files.map(({ path, size }, index) => ({ path, size, done_bytes: this.#done[index] ?? 0 })),
      ...(this.#unchecked.size === 0 ? {} : { warnings: [...this.#unchecked].map(uncheckedText) }),
      created_by: createdBy,
      created_at: createdAt,
      finished_at: finishedAt,
    };
  }

  get #sum(): number {
    return this.#done.reduce((sum, each) => sum + each, 0);
  }

  get #total(): number {
    return this.record.model.files.reduce((sum, { size }) => sum + size, 0);
  }
}

function uncheckedText(file: string): string {
  return `${file} was put into the cache by another program, and has the right size. Its source gives no hash, so its bytes were not checked.`;
}
