import { Leases } from './leases.ts';

/** The leases of every instance's current run. A new run begins with none: what was lent of the old one is no longer its. */
export class LeaseBook {
  readonly #byInstance = new Map<string, { run: number; leases: Leases }>();

  of(instance: string, run: number): Leases {
    const entry = this.#byInstance.get(instance);
    if (entry?.run === run) return entry.leases;
    const leases = new Leases();
    if (entry === undefined || entry.run < run) this.#byInstance.set(instance, { run, leases });
    return leases;
  }

  forget(instance: string): void {
    this.#byInstance.delete(instance);
  }
}
