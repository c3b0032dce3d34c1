import { readFile } from 'node:fs/promises';
import { codeOf } from '@llamactl/contract/reason';
import type { Clock } from '../instances/ports/time.ts';
import { writeWhole } from '../whole-file.ts';
import type { OnFault } from './metrics-ports.ts';

/** A history that is kept in a file. */
export interface KeptHistory {
  /** Absolute path of its file. */
  file: string;
  packed: () => Promise<Buffer>;
}

export interface HistoryArchiveDependencies {
  clock: Pick<Clock, 'after' | 'elapsed'>;
  /** The histories that have changed since the last call. */
  changed: () => KeptHistory[];
  /** Milliseconds between two writings: a crash loses what came since. Default: two minutes. */
  everyMs?: number;
  onFault: OnFault;
}

const EVERY_MS = 120_000;
/** Files that were written so recently need not be written again before a hand-over: it loses a point or two. */
const FRESH_MS = 5_000;

/** Writes histories to files, so that they outlive a restart. Files are replaced, so their size is bounded. */
export class HistoryArchive {
  readonly #dependencies: HistoryArchiveDependencies;
  #cancel = (): void => undefined;
  #isClosed = false;
  /** Whether the fault is already reported. */
  #isFaulty = false;
  #writing: Promise<void> | null = null;
  /** When the last writing began, by the clock's `elapsed`. */
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(dependencies: HistoryArchiveDependencies) {
    this.#dependencies = dependencies;
  }

  /** Writes from time to time. */
  begin(): void {
    if (this.#isClosed) return;
    const { clock, everyMs = EVERY_MS } = this.#dependencies;
    this.#cancel = clock.after(everyMs, () => {
      void this.keep().then(() => this.begin());
    });
  }

  /** Writes everything that has changed. Never rejects. */
  keep(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  /** Whether everything was written a moment ago. */
  get isFresh(): boolean {
    return this.#writing === null && this.#dependencies.clock.elapsed() - this.#writtenAt < FRESH_MS;
  }

  /** Writes no more from time to time. */
  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  async #write(): Promise<void> {
    this.#writtenAt = this.#dependencies.clock.elapsed();
    // one after the other: each takes milliseconds of a thread, and requests must not wait
    for (const { file, packed } of this.#dependencies.changed()) {
      try {
        await writeWhole(file, await packed());
        this.#isFaulty = false;
      } catch (error) {
        // the folder of an instance goes with the instance
        if (codeOf(error) === 'ENOENT') continue;
        if (!this.#isFaulty) this.#dependencies.onFault(error, `The history ${file} could not be written`);
        this.#isFaulty = true;
      }
    }
  }
}

/** Reads a file of an archive; `null`: no such file, or it cannot be read. */
export async function readHistory(file: string, onFault: OnFault): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') onFault(error, `The history ${file} could not be read`);
    return null;
  }
}
