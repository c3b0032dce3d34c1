import { watch, type FSWatcher } from 'node:fs';
import type { Clock } from '../instances/ports.ts';

/**
 * So long nobody looks after a file has grown. A watcher that is drained at every event costs half a core under a flood
 * of lines, and slows the engine; one that is closed at the first event and armed again after this, 4 %.
 */
const REST_MS = 20;

/** How often to look where nothing can be watched: too many watches, a file that is not there yet, some network disks. */
const POLL_MS = 100;

/** Tells that a file may have grown, to whoever waits for it. Nothing is watched while nobody does. */
export class GrowthWatch {
  readonly #clock: Clock;
  readonly #onGrowth: () => void;
  readonly #isAwaited: () => boolean;
  #file: string | null = null;
  #watcher: FSWatcher | null = null;
  #cancelRest: (() => void) | null = null;

  /** @param isAwaited whether somebody waits for growth */
  constructor(clock: Clock, onGrowth: () => void, isAwaited: () => boolean) {
    this.#clock = clock;
    this.#onGrowth = onGrowth;
    this.#isAwaited = isAwaited;
  }

  /**
   * Somebody waits from now on for this file to grow; `null`: for none. It is told at once if nothing was watched till now:
   * what was written since it last looked has made no event.
   */
  await(file: string | null): void {
    if (file !== this.#file) this.rest();
    this.#file = file;
    if (file !== null && this.#watcher === null && this.#cancelRest === null) this.#arm(file);
  }

  /** Nobody waits any more. */
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
      // why does not matter: it is looked at all the same
      this.#pause(POLL_MS);
    }
    this.#onGrowth();
  }

  /** An event of a watcher that was closed counts no more. */
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
