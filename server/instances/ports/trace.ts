import type { DecisionInputs, DecisionKind } from '@llamactl/contract/decisions';

/** Names an instance: by its internal id within the domain, by its name outside. */
export type InstanceReference = { id: string } | { name: string };

type DecisionOf<Kind extends DecisionKind> = {
  kind: Kind;
  /** `null`: the decision is about no instance. */
  instance: InstanceReference | null;
  /** The instance for which another is stopped, or not stopped. */
  other?: InstanceReference;
  /** The request that the decision is about, if known. */
  requestId?: string | undefined;
  inputs: DecisionInputs<Kind>;
};

/** A decision with its inputs, as data. It holds no key and nothing of a prompt. */
export type Decision = { [Kind in DecisionKind]: DecisionOf<Kind> }[DecisionKind];

/**
 * Takes the decisions of the server while something listens. Check `isOn` first, and build the decision only then:
 *
 *     if (trace.isOn) trace.note({ kind: 'eviction', … });
 */
export interface Trace {
  readonly isOn: boolean;
  /** Must not throw and must not wait. */
  note(decision: Decision): void;
}

/** A trace without listeners. */
export const NO_TRACE: Trace = { isOn: false, note: () => undefined };
