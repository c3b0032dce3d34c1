import type { MemoryMeter, RunNeed } from '../ports/machine-memory.ts';
import type { Clock } from '../ports/time.ts';
import type { MemoryLedger } from './memory-ledger.ts';

export interface MemoryReadingsDependencies {
  clock: Pick<Clock, 'elapsed'>;
  meter: MemoryMeter;
  ledger: Pick<MemoryLedger, 'note'>;
  /** Needs of runs that have a slot, by id of the instance. Each run has its own object. */
  held: ReadonlyMap<string, RunNeed>;
  /** Needs of ended runs whose memory is not free yet. */
  remnants: () => readonly RunNeed[];
  /** Whether the run of an instance is ready, so that it has allocated its memory. */
  isReady: (instance: string) => boolean;
}

/** How long a reading, or a need that follows from it, counts without another look. */
export const FRESH_MS = 1_000;

/** Measures the memory of the machine for the ledger. Knows which runs have certainly allocated their memory meanwhile. */
export class MemoryReadings {
  readonly #dependencies: MemoryReadingsDependencies;
  /** `at`: when the last one came, in `Clock.elapsed` time. */
  #readings = { begun: 0, noted: 0, at: 0 };

  constructor(dependencies: MemoryReadingsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether the last reading is of a moment ago. */
  get isFresh(): boolean {
    return this.#readings.noted > 0 && this.#dependencies.clock.elapsed() - this.#readings.at < FRESH_MS;
  }

  async read(): Promise<void> {
    const { clock, meter, ledger, held, remnants, isReady } = this.#dependencies;
    const number = (this.#readings.begun += 1);
    const before = new Map(held);
    const ready = new Set([...before.keys()].filter(isReady));
    const between = new Set([...before.values(), ...remnants()]);
    const readings = await meter.read();
    // A reading that began later has been noted.
    if (number < this.#readings.noted) return;
    this.#readings.noted = number;
    this.#readings.at = clock.elapsed();
    for (const need of [...held.values(), ...remnants()]) between.add(need);
    const certain = [...before].flatMap(([instance, need]) =>
      ready.has(instance) && isReady(instance) && held.get(instance) === need ? [need] : [],
    );
    const sure = new Set(certain);
    ledger.note(
      readings,
      certain,
      [...between].filter((need) => !sure.has(need)),
    );
  }
}
