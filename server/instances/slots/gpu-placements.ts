import type { LaunchNeed, LaunchPlace } from '../ports/machine-memory.ts';

/** All places where a launch may run, the best first. */
export function placesOf(need: LaunchNeed): readonly LaunchPlace[] {
  return need.places ?? [{ gpu: null, variables: {}, need }];
}

/** The variables of a place, to compare. @param variables `undefined`: those of all GPUs, which are none */
export function placeKey(variables: LaunchPlace['variables'] = {}): string {
  return JSON.stringify(Object.entries(variables).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Owns the places of runs: the GPU that each got with its slot. */
export class GpuPlacements {
  /** By id of the instance. */
  readonly #chosen = new Map<string, LaunchPlace>();
  /** Ids of instances whose engine has its GPU for the rest of its run. */
  readonly #launched = new Set<string>();

  choose(instance: string, place: LaunchPlace): void {
    this.#chosen.set(instance, place);
  }

  /** Notes the place of a run that was found alive. @param variables By which it got its GPU; `undefined`: it has all */
  adopt(instance: string, variables: LaunchPlace['variables'] | undefined, need: LaunchNeed): void {
    this.#chosen.set(instance, { gpu: null, variables: variables ?? {}, need });
    this.#launched.add(instance);
  }

  forget(instance: string): void {
    this.#chosen.delete(instance);
    this.#launched.delete(instance);
  }

  /** Returns the variables of a launch that hide all other GPUs; `null`: none. From now on the run keeps its place. */
  launch(instance: string): LaunchPlace['variables'] | null {
    const chosen = this.#chosen.get(instance);
    this.#launched.add(instance);
    return chosen === undefined || chosen.gpu === null ? null : chosen.variables;
  }

  /**
   * The need on the place of an instance. If its settings changed so that it may no longer be there, it gets all GPUs, unless it is
   * launched.
   */
  needOf(instance: string, need: LaunchNeed): LaunchNeed {
    const places = placesOf(need);
    const before = this.#chosen.get(instance);
    const same = places.find(({ variables }) => placeKey(variables) === placeKey(before?.variables));
    const chosen = same ?? (this.#launched.has(instance) ? before : undefined) ?? places.at(-1);
    if (chosen === undefined) return need;
    this.#chosen.set(instance, chosen);
    return chosen.need;
  }
}
