import { writeFile } from 'node:fs/promises';
import type { CheckOutcome, CheckTask } from '../models/downloads/blob-check.ts';
import type { TransferOutcome, TransferProgress, TransferTask } from '../models/downloads/blob-transfer.ts';
import type { Transfers } from '../models/downloads/transfer-thread.ts';

/** A transfer that a test ends. */
export interface FakeTransfer {
  task: TransferTask;
  progress(progress: TransferProgress): void;
  /** `stored` writes the file. */
  end(outcome: TransferOutcome): Promise<void>;
}

/** {@link Transfers} that fetch nothing: a test says what happens. */
export class FakeTransfers implements Transfers {
  /** Under way, oldest first. */
  readonly running: FakeTransfer[] = [];
  /** All tasks that were started. */
  readonly tasks: TransferTask[] = [];
  /** Bytes of files by their sha256, instead of zeros. */
  readonly contents = new Map<string, Buffer>();
  /** All checks of files. */
  readonly checks: CheckTask[] = [];
  /** The outcome of each check. */
  checked: CheckOutcome = { kind: 'good' };
  isClosed = false;
  #onStart: (() => void)[] = [];

  async run(
    task: TransferTask,
    signal: AbortSignal,
    onProgress: (progress: TransferProgress) => void,
  ): Promise<TransferOutcome> {
    const { promise, resolve } = Promise.withResolvers<TransferOutcome>();
    const end = async (outcome: TransferOutcome): Promise<void> => {
      if (outcome.kind === 'stored')
        await writeFile(task.target, this.contents.get(task.content) ?? Buffer.alloc(task.size));
      resolve(outcome);
    };
    const transfer = { task, progress: onProgress, end };
    this.running.push(transfer);
    this.tasks.push(task);
    signal.addEventListener('abort', () => resolve({ kind: 'stopped' }), { once: true });
    for (const started of this.#onStart.splice(0)) started();
    try {
      return await promise;
    } finally {
      this.running.splice(this.running.indexOf(transfer), 1);
    }
  }

  async check(
    task: CheckTask,
    _signal: AbortSignal,
    onProgress: (progress: TransferProgress) => void,
  ): Promise<CheckOutcome> {
    this.checks.push(task);
    onProgress({ done: task.size, phase: 'verifying' });
    return this.checked;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const transfer of this.running) await transfer.end({ kind: 'stopped' });
  }

  /** Resolves with the running transfer of a file, when it runs. */
  async of(blob: string): Promise<FakeTransfer> {
    for (;;) {
      const found = this.running.find(({ task }) => task.target.endsWith(`/${blob}`));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#onStart.push(resolve));
    }
  }
}
