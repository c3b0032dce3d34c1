import type { DecisionData } from '@llamactl/contract/decisions';
import type { Decision, InstanceReference, Trace } from '../instances/ports/trace.ts';
import { decisionText } from './decision-text.ts';

/** A decision as clients get it, and the facts that decide which clients get it. */
export interface TracedDecision {
  data: DecisionData;
  /** Ids of the instances that the decision names; `null`: an instance without a known id. */
  instances: readonly (string | null)[];
  /** Whether the decision names the caller of a request. */
  namesCaller: boolean;
}

/** Gets every decision. Runs within the turn of the decision: it must return quickly and not wait. */
export type DecisionListener = (decision: TracedDecision) => void;

/** A source of decisions for listeners. */
export interface DecisionSource {
  /** Calls the listener for every decision from now on; the returned function ends that at once. */
  listen(listener: DecisionListener): () => void;
}

export interface DecisionTraceDependencies {
  /** Id of an existing instance; `null`: no instance has this name. */
  idOf: (name: string) => string | null;
  /** Name of an existing instance; `null`: no instance has this id. */
  nameOf: (id: string) => string | null;
  /** Called with the error of a listener; must not throw. */
  onError: (error: unknown) => void;
}

/** Delivers decisions to listeners. Writes the sentence for a decision only while there are listeners. */
export class DecisionTrace implements Trace, DecisionSource {
  /** Whether there are listeners. A field and not a getter, because every request reads it. */
  isOn = false;
  readonly #dependencies: DecisionTraceDependencies;
  readonly #listeners = new Set<DecisionListener>();

  constructor(dependencies: DecisionTraceDependencies) {
    this.#dependencies = dependencies;
  }

  listen(listener: DecisionListener): () => void {
    // A new function each time, so that one listener may listen twice.
    const own: DecisionListener = (decision) => listener(decision);
    this.#listeners.add(own);
    this.isOn = true;
    return () => {
      this.#listeners.delete(own);
      this.isOn = this.#listeners.size > 0;
    };
  }

  note(decision: Decision): void {
    if (!this.isOn) return;
    try {
      const traced = this.#traced(decision);
      for (const listener of this.#listeners) listener(traced);
    } catch (error) {
      this.#dependencies.onError(error);
    }
  }

  #traced(decision: Decision): TracedDecision {
    const { kind, instance, other, requestId, inputs } = decision;
    const [own, others] = [this.#found(instance), this.#found(other ?? null)];
    return {
      data: {
        decision: kind,
        ...(own !== null && { instance: own.name }),
        ...(others !== null && { other: others.name }),
        message: decisionText(decision, others?.name ?? 'another instance'),
        ...(requestId !== undefined && { request_id: requestId }),
        inputs,
      },
      instances: [...(own === null ? [] : [own.id]), ...(others === null ? [] : [others.id])],
      namesCaller: kind === 'admission',
    };
  }

  /** @returns `null` if no instance is given, or none has the given id any more */
  #found(reference: InstanceReference | null): { id: string | null; name: string } | null {
    if (reference === null) return null;
    if ('name' in reference) return { name: reference.name, id: this.#dependencies.idOf(reference.name) };
    const name = this.#dependencies.nameOf(reference.id);
    return name === null ? null : { name, id: reference.id };
  }
}
