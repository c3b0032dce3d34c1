import { Leases } from './leases.ts';
import type { Clock } from '../ports.ts';

/** How a run is used: what the next server has to know of it. */
export interface RunUse {
  /** Id. */
  instance: string;
  run: number;
  /** Leases that are open. */
  open: number;
  /** When the last one ended, of {@link Clock.elapsed}; `null`: none has. */
  lastUsed: number | null;
}

interface Entry {
  run: number;
  leases: Leases;
  /** When the last byte of the last lease had passed, of {@link Clock.elapsed}; `null`: there was none. */
  lastUsed: number | null;
}

/** The leases of every instance's current run. A new run begins with none: what was lent of the old one is no longer its. */
export class LeaseBook {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #onReleased: (instance: string) => void;
  readonly #byInstance = new Map<string, Entry>();
  readonly #watchers = new Set<(use: Pick<RunUse, 'instance' | 'run' | 'open'>) => void>();

  /** @param onReleased Called after each end of a lease of a current run, with the instance's id. */
  constructor(clock: Pick<Clock, 'elapsed'>, onReleased: (instance: string) => void = () => undefined) {
    this.#clock = clock;
    this.#onReleased = onReleased;
  }

  of(instance: string, run: number): Leases {
    const entry = this.#byInstance.get(instance);
    if (entry?.run === run) return entry.leases;
    const begun: Entry = { run, leases: new Leases(() => this.#released(instance, begun)), lastUsed: null };
    if (entry === undefined || entry.run < run) this.#byInstance.set(instance, begun);
    return begun.leases;
  }

  /** When a lease of a run ended last, of {@link Clock.elapsed}; `null`: none has. */
  lastUsed(instance: string, run: number): number | null {
    const entry = this.#byInstance.get(instance);
    return entry?.run === run ? entry.lastUsed : null;
  }

  /** Of every current run that is or was used. */
  uses(): RunUse[] {
    return [...this.#byInstance].map(([instance, { run, leases, lastUsed }]) => ({
      instance,
      run,
      open: leases.count,
      lastUsed,
    }));
  }

  /** What the last server knew of a run. */
  remember({ instance, run, lastUsed }: Pick<RunUse, 'instance' | 'run' | 'lastUsed'>): void {
    this.of(instance, run);
    const entry = this.#byInstance.get(instance);
    // It may be of a clock that is not ours.
    if (entry?.run === run) entry.lastUsed = lastUsed === null ? null : Math.min(lastUsed, this.#clock.elapsed());
  }

  /** Calls `watcher` after each end of a lease of a current run. */
  watch(watcher: (use: Pick<RunUse, 'instance' | 'run' | 'open'>) => void): void {
    this.#watchers.add(watcher);
  }

  forget(instance: string): void {
    this.#byInstance.delete(instance);
  }

  #released(instance: string, entry: Entry): void {
    if (this.#byInstance.get(instance) !== entry) return;
    entry.lastUsed = this.#clock.elapsed();
    this.#onReleased(instance);
    for (const watcher of this.#watchers) watcher({ instance, run: entry.run, open: entry.leases.count });
  }
}
