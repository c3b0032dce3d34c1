import { Worker } from 'node:worker_threads';

/**
 * Starts the thread that reads headers. The bundle of a package replaces this module by one that contains the code of the
 * thread (scripts/bundle.ts), because a package has no such file.
 */
export function startFactsWorker(): Worker {
  return new Worker(new URL('facts-worker.ts', import.meta.url));
}
