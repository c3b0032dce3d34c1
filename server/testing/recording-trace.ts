import type { DecisionInputs, DecisionKind } from '@llamactl/contract/decisions';
import type { Decision, Trace } from '../instances/ports/trace.ts';

/** A {@link Trace} that records decisions while it is on. It begins off, and refuses decisions then. */
export class RecordingTrace implements Trace {
  isOn = false;
  readonly decisions: Decision[] = [];

  note(decision: Decision): void {
    if (!this.isOn) throw new Error(`a decision was built although nothing listens: ${JSON.stringify(decision)}`);
    this.decisions.push(decision);
  }

  /** The inputs of all decisions of a kind, oldest first. */
  inputs<Kind extends DecisionKind>(kind: Kind): DecisionInputs<Kind>[] {
    return this.of(kind).map(({ inputs }) => inputs as DecisionInputs<Kind>);
  }

  /** All decisions of a kind, oldest first. */
  of<Kind extends DecisionKind>(kind: Kind): Extract<Decision, { kind: Kind }>[] {
    return this.decisions.filter((decision): decision is Extract<Decision, { kind: Kind }> => decision.kind === kind);
  }
}
