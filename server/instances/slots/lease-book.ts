import { Leases } from './leases.ts';
import type { Clock } from '../ports/time.ts';

/** The use of a run, as it is handed over to the next server. */
export interface RunUse {
  /** Id of the instance. */
  instance: string;
  run: number;
  /** Number of open leases. */
  open: number;
  /** When the last lease ended, in {@link Clock.elapsed} time; `null`: no lease has ended. */
  lastUsed: number | null;
}

interface Entry {
  run: number;
  leases: Leases;
  /** When the last lease ended, in {@link Clock.elapsed} time; `null`: no lease has ended. */
  lastUsed: number | null;
}

/** The leases of every instance's current run. A new run begins without leases; leases of an older run do not count for it. */
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

  /** The number of open leases of a run. */
  openOf(instance: string, run: number): number {
    const entry = this.#byInstance.get(instance);
    return entry?.run === run ? entry.leases.count : 0;
  }

  /** When the last lease of the newest run with a lease ended; `null`: none has ended. */
  lastUsedOf(instance: string): number | null {
    return this.#byInstance.get(instance)?.lastUsed ?? null;
  }

  /** When the last lease of a run ended, in {@link Clock.elapsed} time; `null`: no lease has ended. */
  lastUsed(instance: string, run: number): number | null {
    const entry = this.#byInstance.get(instance);
    return entry?.run === run ? entry.lastUsed : null;
  }

  /** The use of every current run that has or had a lease. */
  uses(): RunUse[] {
    return [...this.#byInstance].map(([instance, { run, leases, lastUsed }]) => ({
      instance,
      run,
      open: leases.count,
      lastUsed,
    }));
  }

  /** Restores the last use of a run, as the previous server handed it over. */
  remember({ instance, run, lastUsed }: Pick<RunUse, 'instance' | 'run' | 'lastUsed'>): void {
    this.of(instance, run);
    const entry = this.#byInstance.get(instance);
    // The previous server may have used another clock.
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
