import type { AlertSink } from '../../instances/ports/alert-sink.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { RESERVED_BYTES } from './blob-transfer.ts';
import type { DownloadJob } from './download-job.ts';

/** Code of the alert. */
export const DOWNLOAD_DISK_FULL = 'download_disk_full';

export interface RoomWatchOptions {
  clock: Pick<Clock, 'after' | 'elapsed'>;
  alerts: AlertSink;
  /** Bytes available to us on the disk of a folder, which need not exist. */
  freeSpace: (folder: string) => Promise<number>;
  /** All downloads, oldest first. */
  jobs: () => Iterable<DownloadJob>;
  /** Queues a download that waits for room. Never rejects. */
  proceed: (job: DownloadJob) => Promise<void>;
  onFault: (error: unknown, what: string) => void;
}

/** A download that found its disk full, until its next new byte. */
interface Attempt {
  /** Bytes it lacked then. */
  missing: number;
  /** How often it found the disk full since its last new byte, after the first time. */
  repeats: number;
  /** Not continued before this time, by `Clock.elapsed`. */
  notBefore: number;
}

const LOOK_MS = 10_000;
const LONGEST_LOOK_MS = 600_000;

/**
 * Continues downloads that wait for room, and keeps the alert of a full disk. A disk may show room that a quota refuses, so the
 * alert stays until a byte came, and each attempt without a new byte doubles the time before the next one.
 */
export class RoomWatch {
  readonly #options: RoomWatchOptions;
  readonly #attempts = new WeakMap<DownloadJob, Attempt>();
  #isClosed = false;
  #cancelLook = (): void => undefined;

  constructor(options: RoomWatchOptions) {
    this.#options = options;
  }

  /** Looks at once for downloads that an earlier server left. */
  begin(): void {
    if (this.#waiting().length > 0) void this.#look();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
  }

  /** Notes that a download found its disk full. Call it before the state changes. */
  noteFull(job: DownloadJob): void {
    const before = this.#attempts.get(job);
    const repeats = before === undefined ? 0 : before.repeats + 1;
    const wait = Math.min(LOOK_MS * 2 ** repeats, LONGEST_LOOK_MS);
    this.#attempts.set(job, { missing: job.missing, repeats, notBefore: this.#options.clock.elapsed() + wait });
  }

  /** Notes progress: new bytes show that the disk has room. */
  noteProgress(job: DownloadJob): void {
    const attempt = this.#attempts.get(job);
    if (attempt === undefined || job.missing >= attempt.missing) return;
    this.#attempts.delete(job);
    this.update();
  }

  /** Shows or clears the alert, and plans the next look. Call it after each change of a download. */
  update(): void {
    const { alerts, clock } = this.#options;
    this.#cancelLook();
    if (this.#isClosed) return;
    const waiting = this.#waiting();
    const [first] = waiting;
    if (first === undefined) {
      if (![...this.#options.jobs()].some((job) => this.#isTrying(job))) alerts.clear(DOWNLOAD_DISK_FULL);
      return;
    }
    const message = `${first.record.error?.message ?? ''} The download goes on by itself when there is room.`;
    alerts.raise({ level: 'error', code: DOWNLOAD_DISK_FULL, message });
    const wait = Math.min(...waiting.map((job) => this.#waitOf(job) || LOOK_MS));
    this.#cancelLook = clock.after(wait, () => void this.#look());
  }

  #waiting(): DownloadJob[] {
    return [...this.#options.jobs()].filter(isWaitingForRoom);
  }

  /** Whether it was continued and has no new byte yet. */
  #isTrying(job: DownloadJob): boolean {
    return this.#attempts.has(job) && (job.record.state === 'queued' || job.record.state === 'running');
  }

  /** Milliseconds before it may be continued. */
  #waitOf(job: DownloadJob): number {
    const notBefore = this.#attempts.get(job)?.notBefore ?? -Infinity;
    return Math.max(0, notBefore - this.#options.clock.elapsed());
  }

  async #look(): Promise<void> {
    try {
      for (const job of this.#waiting()) if (this.#waitOf(job) === 0) await this.#continueWithRoom(job);
    } finally {
      this.update();
    }
  }

  async #continueWithRoom(job: DownloadJob): Promise<void> {
    const { freeSpace, proceed, onFault, clock } = this.#options;
    try {
      const available = await freeSpace(job.record.root);
      if (this.#isClosed || !isWaitingForRoom(job) || available < job.missing + RESERVED_BYTES) return;
      if (!this.#attempts.has(job))
        this.#attempts.set(job, { missing: job.missing, repeats: 0, notBefore: clock.elapsed() });
      await proceed(job);
    } catch (error) {
      // One disk that cannot be read keeps no other download from going on.
      onFault(error, 'looking at the disk');
    }
  }
}

function isWaitingForRoom({ record }: DownloadJob): boolean {
  return record.state === 'paused' && record.error?.code === 'DISK_FULL';
}
