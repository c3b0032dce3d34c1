import { Worker } from 'node:worker_threads';
import type { TransferSettings } from './transfer-messages.ts';

/**
 * Starts the thread of transfers. The bundle of a package replaces this module by one that contains the code of the thread
 * (scripts/bundle.ts), because a package has no such file.
 */
export function startTransferWorker(workerData: TransferSettings): Worker {
  return new Worker(new URL('transfer-worker.ts', import.meta.url), { workerData });
}
