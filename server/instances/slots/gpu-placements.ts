import type { LaunchNeed, LaunchPlace } from '../ports/machine-memory.ts';

/** All places where a launch may run, the best first. */
export function placesOf(need: LaunchNeed): readonly LaunchPlace[] {
  return need.places ?? [{ gpu: null, variables: {}, need }];
}

/**
 * A need with the report of an engine that had to stop, which is better than an estimate.
 *
 * @param reported `gpu`: where the engine ran; `null`: on all GPUs
 */
export function corrected(need: LaunchNeed, reported: { need: LaunchNeed; gpu: string | null }): LaunchNeed {
  const of = (place: LaunchPlace): LaunchNeed =>
    place.gpu === reported.gpu && place.need.source === 'estimated' ? reported.need : place.need;
  if (need.places === undefined) return of({ gpu: null, variables: {}, need });
  const places = need.places.map((place) => ({ ...place, need: of(place) }));
  return { ...(places.at(-1)?.need ?? need), places };
}

/** Owns the places of runs: the GPU that each got with its slot. */
export class GpuPlacements {
  /** By id of the instance. */
  readonly #chosen = new Map<string, LaunchPlace>();

  choose(instance: string, place: LaunchPlace): void {
    this.#chosen.set(instance, place);
  }

  forget(instance: string): void {
    this.#chosen.delete(instance);
  }

  /** `null`: all GPUs, or the instance has no run. */
  gpu(instance: string): string | null {
    return this.#chosen.get(instance)?.gpu ?? null;
  }

  /** Variables that hide all other GPUs; `null`: none. */
  variables(instance: string): LaunchPlace['variables'] | null {
    const chosen = this.#chosen.get(instance);
    return chosen === undefined || chosen.gpu === null ? null : chosen.variables;
  }

  /** The need on the place of an instance. If its settings changed so that it may no longer be there, it gets all GPUs. */
  needOf(instance: string, need: LaunchNeed): LaunchNeed {
    const places = placesOf(need);
    const chosen = places.find(({ gpu }) => gpu === this.gpu(instance)) ?? places.at(-1);
    if (chosen === undefined) return need;
    this.#chosen.set(instance, chosen);
    return chosen.need;
  }
}
