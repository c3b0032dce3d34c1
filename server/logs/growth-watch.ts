import { watch, type FSWatcher } from 'node:fs';
import type { Clock } from '../instances/ports/time.ts';

/**
 * Pause after a file has grown. Under a flood of lines, a watcher that is drained at every event costs half a core and
 * slows the engine. One that is closed at the first event and armed again after this pause costs 4 %.
 */
const REST_MS = 20;

/**
 * Polling interval for a file that cannot be watched: too many watches, no such file yet, or a network disk without
 * events.
 */
const POLL_MS = 100;

/** Reports that a file may have grown. Watches a file only while a caller waits for it. */
export class GrowthWatch {
  readonly #clock: Clock;
  readonly #onGrowth: () => void;
  readonly #isAwaited: () => boolean;
  #file: string | null = null;
  #watcher: FSWatcher | null = null;
  #cancelRest: (() => void) | null = null;

  /** @param isAwaited whether a caller waits for growth */
  constructor(clock: Clock, onGrowth: () => void, isAwaited: () => boolean) {
    this.#clock = clock;
    this.#onGrowth = onGrowth;
    this.#isAwaited = isAwaited;
  }

  /**
   * Watches this file from now on; `null`: none. Reports growth at once if no file was watched before: output since the last
   * check has caused no event.
   */
  await(file: string | null): void {
    if (file !== this.#file) this.rest();
    this.#file = file;
    if (file !== null && this.#watcher === null && this.#cancelRest === null) this.#arm(file);
  }

  /** Ends watching. */
  rest(): void {
    this.#disarm();
    this.#cancelRest?.();
    this.#cancelRest = null;
    this.#file = null;
  }

  #arm(file: string): void {
    try {
      const watcher = watch(file, { persistent: false }, () => this.#grown(watcher, REST_MS));
      watcher.on('error', () => this.#grown(watcher, POLL_MS));
      this.#watcher = watcher;
    } catch {
      // whatever the reason: poll instead
      this.#pause(POLL_MS);
    }
    this.#onGrowth();
  }

  /** Closes the watcher for a while, and reports growth. Ignores an event of a watcher that is already closed. */
  #grown(watcher: FSWatcher, pauseMs: number): void {
    if (this.#watcher !== watcher) return;
    this.#disarm();
    this.#pause(pauseMs);
    this.#onGrowth();
  }

  #pause(milliseconds: number): void {
    this.#cancelRest = this.#clock.after(milliseconds, () => {
      this.#cancelRest = null;
      if (this.#file !== null && this.#isAwaited()) this.#arm(this.#file);
    });
  }

  #disarm(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }
}
