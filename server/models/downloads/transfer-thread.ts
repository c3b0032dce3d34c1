import type { Worker } from 'node:worker_threads';
import { reasonOf } from '@llamactl/contract/reason';
import { atMost, type Clock } from '../../instances/ports/time.ts';
import type { CheckOutcome, CheckTask } from './blob-check.ts';
import type { TransferOutcome, TransferProgress, TransferTask } from './blob-transfer.ts';
import type { TransferCommand, TransferReport } from './transfer-messages.ts';

/** Fetches files into the cache. */
export interface Transfers {
  /** Fetches one file. Never rejects. @param signal Its abort stops the transfer, which may take some milliseconds. */
  run(
    task: TransferTask,
    signal: AbortSignal,
    onProgress: (progress: TransferProgress) => void,
  ): Promise<TransferOutcome>;
  /** Compares a file with the hash of its source. Never rejects. @param signal Its abort stops that. */
  check(task: CheckTask, signal: AbortSignal, onProgress: (progress: TransferProgress) => void): Promise<CheckOutcome>;
  /** Stops all transfers and ends the thread. Call it last. */
  close(): Promise<void>;
}

type Outcome = TransferOutcome | CheckOutcome;

interface Running {
  outcome: Promise<Outcome>;
  onProgress(progress: TransferProgress): void;
  end(outcome: Outcome): void;
}

/** How long the thread waits for further transfers before it ends: it takes some 20 MB. */
const IDLE_MS = 10_000;
/** How long a transfer may take to write its last bytes and its record, and then its thread to end, on a disk that hangs. */
const CLOSE_MS = 2_000;

/** Runs transfers in a thread of their own, which is started when it is needed. */
export class TransferThread implements Transfers {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #start: () => Worker;
  readonly #running = new Map<number, Running>();
  #worker: Worker | null = null;
  #next = 1;
  #cancelEnd = (): void => undefined;

  constructor(clock: Pick<Clock, 'after'>, start: () => Worker) {
    this.#clock = clock;
    this.#start = start;
  }

  async run(
    task: TransferTask,
    signal: AbortSignal,
    onProgress: (progress: TransferProgress) => void,
  ): Promise<TransferOutcome> {
    const outcome = await this.#command((number) => ({ type: 'start', number, task }), signal, onProgress);
    if (outcome.kind === 'good' || outcome.kind === 'wrong') throw new Error('a transfer ended like a check');
    return outcome;
  }

  async check(
    task: CheckTask,
    signal: AbortSignal,
    onProgress: (progress: TransferProgress) => void,
  ): Promise<CheckOutcome> {
    const outcome = await this.#command((number) => ({ type: 'check', number, task }), signal, onProgress);
    switch (outcome.kind) {
      case 'good':
      case 'stopped':
      case 'wrong':
      case 'fault':
        return outcome;
      default:
        throw new Error('a check ended like a transfer');
    }
  }

  async #command(
    commandOf: (number: number) => TransferCommand,
    signal: AbortSignal,
    onProgress: (progress: TransferProgress) => void,
  ): Promise<Outcome> {
    if (signal.aborted) return { kind: 'stopped' };
    this.#cancelEnd();
    const number = this.#next;
    this.#next += 1;
    const { promise: outcome, resolve: end } = Promise.withResolvers<Outcome>();
    this.#running.set(number, { onProgress, outcome, end });
    const stop = (): void => this.#stop(number);
    try {
      this.#worker ??= this.#open();
      post(this.#worker, commandOf(number));
      signal.addEventListener('abort', stop, { once: true });
      return await outcome;
    } catch (error) {
      return { kind: 'fault', why: `The thread of downloads cannot start: ${reasonOf(error)}.` };
    } finally {
      signal.removeEventListener('abort', stop);
      this.#running.delete(number);
      if (this.#running.size === 0) this.#cancelEnd = this.#clock.after(IDLE_MS, () => void this.#end());
    }
  }

  async close(): Promise<void> {
    const ended = [...this.#running.values()].map(({ outcome }) => outcome);
    for (const number of this.#running.keys()) this.#stop(number);
    await atMost(this.#clock, CLOSE_MS, Promise.all(ended));
    await this.#end();
    for (const running of this.#running.values()) running.end({ kind: 'stopped' });
  }

  /** A thread that has ended has stopped it already. */
  #stop(number: number): void {
    if (this.#worker !== null) post(this.#worker, { type: 'stop', number });
  }

  #open(): Worker {
    const worker = this.#start();
    worker.on('message', (report: TransferReport) => {
      const running = this.#running.get(report.number);
      if (report.type === 'progress') running?.onProgress({ done: report.done, phase: report.phase });
      else running?.end(report.outcome);
    });
    const lose = (why: string): void => {
      // An earlier thread, which had nothing to do any more.
      if (this.#worker !== worker) return;
      this.#worker = null;
      for (const running of this.#running.values()) running.end({ kind: 'fault', why });
    };
    worker.on('error', (error) => lose(`The thread of downloads failed: ${reasonOf(error)}.`));
    worker.on('exit', () => lose('The thread of downloads ended.'));
    worker.unref();
    return worker;
  }

  async #end(): Promise<void> {
    this.#cancelEnd();
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) await atMost(this.#clock, CLOSE_MS, worker.terminate());
  }
}

function post(worker: Worker, command: TransferCommand): void {
  worker.postMessage(command, []);
}
