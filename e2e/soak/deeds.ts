import type { InstanceName } from './cast.ts';

/** What was done to an instance by the soak, and what that explains. Moments are milliseconds since the epoch. */
export interface Deed {
  instance: InstanceName;
  kind: 'start' | 'stop' | 'restart' | 'kill';
  /** Before anything can have come of it. */
  from: number;
  /** When it was acknowledged; `null`: it is on its way. */
  until: number | null;
  /** How long those in the middle of an answer may go on, milliseconds; `null`: it cuts no answer. */
  patience: number | null;
}

/** Longest time until an effect is visible, on a busy machine. */
const GRACE_MS = 5_000;
/** `instances.stop_timeout`. */
const STOP_TIMEOUT_MS = 30_000;

/** All that was done, and what can be explained by it. */
export class Deeds {
  readonly #all: Deed[] = [];

  /** Records a step before it is done; call the result when it is done. */
  begin(
    kind: Deed['kind'],
    instance: InstanceName,
    { force = false, timeout }: { force?: boolean; timeout?: number },
  ): Deed {
    const patience = kind === 'start' ? null : force ? 0 : timeout === undefined ? STOP_TIMEOUT_MS : timeout * 1_000;
    const deed: Deed = { instance, kind, from: Date.now(), until: null, patience };
    this.#all.push(deed);
    return deed;
  }

  count(kind: Deed['kind']): number {
    return this.#all.filter((deed) => deed.kind === kind).length;
  }

  /** Whether an answer may have been cut at a moment: an engine was killed, or the time that a stop gave was over. */
  explainCut(instance: InstanceName, at: number): boolean {
    return this.#all.some(({ instance: other, from, until, patience }) => {
      if (other !== instance || patience === null) return false;
      return at >= from + patience && (until === null || at <= until + patience + GRACE_MS);
    });
  }

  /** Whether an instance may have changed its status at a moment, for one of these reasons. */
  explainChange(instance: InstanceName, at: number, kinds: readonly Deed['kind'][]): boolean {
    return this.#all.some(
      ({ instance: other, kind, from, until }) =>
        other === instance && kinds.includes(kind) && at >= from && (until === null || at <= until + GRACE_MS),
    );
  }

  /** Whether a step stopped an instance between two moments. */
  wasStopped(instance: InstanceName, after: number, before: number): boolean {
    return this.#all.some(
      ({ instance: other, kind, from, until }) =>
        other === instance && kind === 'stop' && from <= before && (until === null || until >= after),
    );
  }
}
