import type { RunNeed } from '../ports/machine-memory.ts';
import { atMost, pause, type Clock } from '../ports/time.ts';
import type { Trace } from '../ports/trace.ts';

/** A run that has ended, and whose memory may still be in use. */
export interface Remnant {
  instance: string;
  need: RunNeed;
}

/** Memory of an ended run that is still in use on a device; bytes. */
export interface Left {
  device: string;
  held: number;
  left: number;
}

export interface MemoryRemnantsDependencies {
  clock: Clock;
  trace: Trace;
  /** Measures the memory of the machine. */
  read: () => Promise<void>;
  /** The part of a remnant that is still in use by the last reading; `null`: it counts as free. */
  leftOf: (remnant: Remnant) => Left | null;
  /** Called when a remnant is over. */
  onFreed: () => void;
  onFault: (error: unknown, what: string) => void;
}

/** Between two readings that check whether an ended run has freed its memory. */
const LOOK_EVERY_MS = 250;
/** After this time the memory that is still in use counts as used by other programs. */
const LONGEST_FREEING_MS = 5_000;

/** Owns the ended runs whose memory still counts as held: until a reading shows that most of it is free. */
export class MemoryRemnants {
  readonly #dependencies: MemoryRemnantsDependencies;
  readonly #remnants = new Set<Remnant>();

  constructor(dependencies: MemoryRemnantsDependencies) {
    this.#dependencies = dependencies;
  }

  all(): Remnant[] {
    return [...this.#remnants];
  }

  /** Counts the memory of a run that has ended, for at most five seconds. */
  add(remnant: Remnant): void {
    const { onFault, onFreed } = this.#dependencies;
    this.#remnants.add(remnant);
    this.#untilFree(remnant)
      .catch((error: unknown) => onFault(error, 'the memory of an ended run'))
      .finally(() => {
        this.#remnants.delete(remnant);
        onFreed();
      });
  }

  async #untilFree(remnant: Remnant): Promise<void> {
    const { clock, leftOf } = this.#dependencies;
    const read = (): Promise<void> => atMost(clock, LONGEST_FREEING_MS, this.#dependencies.read());
    const begun = clock.elapsed();
    let shown: Left | null = null;
    for (;;) {
      await read();
      const left = leftOf(remnant);
      const waited = clock.elapsed() - begun;
      const isLate = waited >= LONGEST_FREEING_MS;
      if (left === null || isLate) {
        // A run that freed its memory at once is not worth a line.
        if (left !== null || shown !== null) this.#note(remnant.instance, left ?? shown, left === null, waited);
        this.#remnants.delete(remnant);
        // Now the reading counts as it is.
        if (left !== null) await read();
        return;
      }
      shown = left;
      await pause(clock, LOOK_EVERY_MS);
    }
  }

  #note(instance: string, at: Left | null, isFreed: boolean, waited: number): void {
    const { trace } = this.#dependencies;
    if (!trace.isOn || at === null) return;
    const outcome = isFreed ? 'freed' : 'still_held';
    const inputs = { outcome, ...at, left: isFreed ? 0 : at.left, waited_ms: waited } as const;
    trace.note({ kind: 'memory', instance: { id: instance }, inputs });
  }
}
