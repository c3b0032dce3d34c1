import type { Frame } from '@llamactl/client';
import type { InstanceName } from './cast.ts';
import type { Deed, Deeds } from './deeds.ts';

/** A change of an instance's status, from the events. */
interface Change {
  instance: InstanceName;
  status: string;
  previous: string;
  /** Why llamactl stops it without a request. */
  cause: 'eviction' | 'idle' | null;
  reason: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** An engine had a request: from when to when, by the server's own clock, milliseconds since the epoch. */
export interface LeaseTime {
  id: string;
  instance: string;
  from: number;
  until: number;
}

/** Statuses in which a request may be refused: by a requested stop, or since the engine died. */
const REFUSING = new Set(['stopping', 'restarting', 'failed']);
/** Clocks tell milliseconds, and a timer may come one too early. */
const TICK_MS = 2;
/**
 * So much later than its lease the record of a request may end: first comes what the release sets off, an eviction too. 3 ms
 * were seen on two busy cores.
 */
const RECORD_MS = 10;

/** The history of the instances, from the events. */
export class History {
  readonly #changes: Change[] = [];

  add(frame: Frame): void {
    if (frame.type !== 'instance_status_changed') return;
    const { name, status, previous_status: previous, cause = null, reason = '' } = frame.data;
    const at = Date.parse(frame.timestamp);
    this.#changes.push({ instance: name as InstanceName, status, previous, cause, reason, at });
  }

  count(isMeant: (change: Change) => boolean): number {
    return this.#changes.filter(isMeant).length;
  }

  /** The last status in the events. */
  status(instance: InstanceName): string {
    return this.#changes.findLast((change) => change.instance === instance)?.status ?? 'stopped';
  }

  /** Whether a request that waited from one moment to another may have been refused for how its instance stood. */
  explainRefusal(instance: InstanceName, from: number, until: number, deeds: Deeds): boolean {
    const changes = this.#changes.filter((change) => change.instance === instance && change.at <= until + TICK_MS);
    const before = changes.findLast(({ at }) => at < from - TICK_MS);
    const within = changes.filter(({ at }) => at >= from - TICK_MS);
    return [...(before === undefined ? [] : [before]), ...within].some(({ status, cause, at }) => {
      if (!REFUSING.has(status)) return false;
      // An evicted instance starts again for its waiting requests, unless another step stops it meanwhile.
      return cause === null || deeds.wasStopped(instance, at, until);
    });
  }

  /** Changes that nothing explains. */
  unexplained(deeds: Deeds): string[] {
    return this.#changes
      .filter((change) => {
        const kinds = causesOf(change);
        return kinds !== null && !deeds.explainChange(change.instance, change.at, kinds);
      })
      .map((change) => `no step caused this: ${JSON.stringify(change)}`);
  }

  /** Requests that an engine had when it was stopped as idle. */
  stoppedInUse(leases: readonly LeaseTime[], idleSeconds: (instance: InstanceName) => number): string[] {
    return this.#changes
      .filter(({ cause }) => cause !== null)
      .flatMap((change) => {
        const quiet = (change.cause === 'idle' ? idleSeconds(change.instance) * 1_000 : 0) - RECORD_MS;
        return leases
          .filter(
            ({ instance, from, until }) =>
              instance === change.instance && from < change.at && until > change.at - quiet,
          )
          .map((lease) => `stopped in use: ${JSON.stringify({ change, lease })}`);
      });
  }
}

/** What has to have been done for a change; `null`: it is of those that come by themselves. */
function causesOf({ status, previous, cause }: Change): Deed['kind'][] | null {
  if (cause !== null) return null;
  if (status === 'stopping') return ['stop'];
  if (status === 'failed') return ['kill'];
  // A start of what is stopping makes a restart of it.
  if (status === 'restarting') return previous === 'stopping' ? ['start', 'restart'] : ['restart', 'kill'];
  return null;
}
