import type { Settings } from '../ports/instance-record.ts';
import type { LaunchNeed, LaunchPlace } from '../ports/machine-memory.ts';
import { placeKey, placesOf } from './gpu-placements.ts';

interface Reports {
  settings: Settings;
  /** By {@link placeKey} of the place on which the engine ran. */
  needs: ReadonlyMap<string, LaunchNeed>;
}

/** Owns the reports of engines that had to stop for them: better than estimates, on the place of each and for the same settings. */
export class ReportedNeeds {
  /** By id of the instance. */
  readonly #reports = new Map<string, Reports>();

  /** @param variables By which the engine got its GPU; `undefined`: it got all. */
  note(instance: string, settings: Settings, variables: LaunchPlace['variables'] | undefined, need: LaunchNeed): void {
    const before = this.#of(instance, settings)?.needs ?? [];
    this.#reports.set(instance, { settings, needs: new Map([...before, [placeKey(variables), need]]) });
  }

  forget(instance: string): void {
    this.#reports.delete(instance);
  }

  /** A need with these reports in place of estimates. */
  corrected(instance: string, settings: Settings, need: LaunchNeed): LaunchNeed {
    const reports = this.#of(instance, settings);
    if (reports === null) return need;
    const of = (place: LaunchPlace): LaunchNeed =>
      (place.need.source === 'estimated' ? reports.needs.get(placeKey(place.variables)) : undefined) ?? place.need;
    const places = placesOf(need).map((place) => ({ ...place, need: of(place) }));
    const whole = places.at(-1)?.need ?? need;
    return need.places === undefined ? whole : { ...whole, places };
  }

  #of(instance: string, settings: Settings): Reports | null {
    const reports = this.#reports.get(instance);
    return reports?.settings === settings ? reports : null;
  }
}
