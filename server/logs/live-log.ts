import path from 'node:path';
import { RUN_LOG } from '../instances/ports/run-output.ts';
import type { RunReference } from '../instances/ports/runs.ts';
import type { Clock } from '../instances/ports/time.ts';
import { GrowthWatch } from './growth-watch.ts';

/**
 * The live state of one instance's log: which runs are written to, and which followers wait. Followers read the files
 * themselves; this class wakes them.
 */
export class LiveLog {
  readonly #written = new Set<string>();
  #lastOver: string | null = null;
  readonly #waiting = new Set<() => void>();
  readonly #growth: GrowthWatch;
  #followers = 0;
  #version = 0;
  #runsVersion = 0;
  #isEnded = false;

  constructor(clock: Clock) {
    this.#growth = new GrowthWatch(
      clock,
      () => this.#wake(),
      () => this.#waiting.size > 0,
    );
  }

  /** Grows whenever there may be more to read. Take it before reading, and pass it to {@link more}. */
  get version(): number {
    return this.#version;
  }

  /** Grows whenever a run begins or ends. */
  get runsVersion(): number {
    return this.#runsVersion;
  }

  /** Whether the log has ended. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Folders of runs that processes write to, in the order in which the runs began. */
  get written(): ReadonlySet<string> {
    return this.#written;
  }

  /** Folders of runs whose files the keeper may be changing: {@link written}, and the last one that ended. */
  get kept(): string[] {
    return this.#lastOver === null ? [...this.#written] : [...this.#written, this.#lastOver];
  }

  attach({ folder }: RunReference): void {
    this.#written.add(folder);
    this.#runsVersion += 1;
    this.#wake();
  }

  detach({ folder }: RunReference): void {
    this.#written.delete(folder);
    this.#lastOver = folder;
    this.#runsVersion += 1;
    this.#wake();
  }

  /** Registers a follower. @returns a function that unregisters it */
  follow(): () => void {
    this.#followers += 1;
    return () => {
      this.#followers -= 1;
      if (this.#followers === 0) this.#growth.rest();
    };
  }

  /** Resolves when there may be more to read than at `version`, when the log ends, or when `signal` aborts. */
  async more(version: number, signal: AbortSignal): Promise<void> {
    if (this.#version !== version || this.#isEnded || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.#waiting.delete(settle);
        signal.removeEventListener('abort', settle);
        resolve();
      };
      this.#waiting.add(settle);
      signal.addEventListener('abort', settle);
      const newest = [...this.#written].at(-1);
      this.#growth.await(newest === undefined ? null : path.join(newest, RUN_LOG));
    });
  }

  /** Ends all followers, and stops watching. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
    this.#growth.rest();
  }

  #wake(): void {
    this.#version += 1;
    for (const settle of this.#waiting) settle();
  }
}
