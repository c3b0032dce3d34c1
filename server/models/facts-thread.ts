import type { Worker } from 'node:worker_threads';
import { type FactsReader, readEach } from './facts-reader.ts';
import type { FileFacts } from './facts-schema.ts';
import type { ReadableFile } from './file-facts.ts';

/** So few files are read without a thread, whose start takes longer. Each piece of a file is a turn of the event loop. */
const FEW = 2;

interface FactsThreadOptions {
  start: () => Worker;
  /** Reports that there is no thread: then files are read in this one. */
  onFault: (error: unknown, what: string) => void;
}

/** Reads facts in a thread of its own, which is started for the first file of a scan and ends with the scan. */
export class FactsThread implements FactsReader {
  readonly #options: FactsThreadOptions;
  #worker: Worker | null = null;
  /** Ends the call that runs. */
  #reject: (error: Error) => void = () => undefined;

  constructor(options: FactsThreadOptions) {
    this.#options = options;
  }

  async read(files: readonly ReadableFile[]): Promise<FileFacts[]> {
    if (this.#worker === null && files.length <= FEW) return readEach(files);
    let worker: Worker;
    try {
      worker = this.#worker ??= this.#open();
    } catch (error) {
      return this.#readHere(files, error);
    }
    const { promise, resolve, reject } = Promise.withResolvers<FileFacts[] | { failure: Error }>();
    const fail = (failure: Error): void => resolve({ failure });
    const end = (): void => fail(new Error('The thread that reads model files ended.'));
    this.#reject = reject;
    worker.once('message', resolve).once('error', fail).once('exit', end);
    worker.postMessage(files, []);
    try {
      const answer = await promise;
      return 'failure' in answer ? await this.#readHere(files, answer.failure) : answer;
    } finally {
      worker.off('message', resolve).off('error', fail).off('exit', end);
    }
  }

  rest(): void {
    const worker = this.#worker;
    this.#worker = null;
    this.#reject(new Error('The scan has ended.'));
    // Its end waits for a file that a disk does not send.
    void worker?.terminate();
  }

  #open(): Worker {
    const worker = this.#options.start();
    // Between two calls there are no others, and an error without a listener would end the server.
    worker.on('error', () => undefined);
    worker.unref();
    return worker;
  }

  #readHere(files: readonly ReadableFile[], error: unknown): Promise<FileFacts[]> {
    this.#worker = null;
    this.#options.onFault(error, 'reading model files in a thread of their own');
    return readEach(files);
  }
}
