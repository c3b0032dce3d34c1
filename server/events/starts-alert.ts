import type { DomainEvent } from '@llamactl/contract/events';
import type { InstanceSummary } from '@llamactl/contract/instance';
import { PORT_CLASH, type AlertSink } from '../instances/ports/alert-sink.ts';
import type { Clock } from '../instances/ports/time.ts';

export interface StartsAlertDependencies {
  clock: Pick<Clock, 'after'>;
  alerts: AlertSink;
  events: { subscribe(listener: (event: DomainEvent) => void): () => void };
  instances: { list(): readonly Pick<InstanceSummary, 'name' | 'status' | 'on_demand' | 'refused'>[] };
  /** Looks whether an instance can start. Its refusal was forgotten with its old settings. Never rejects. */
  lookAt: (name: string) => Promise<void>;
}

/** Raises and clears the alert about instances that requests may start, and that cannot start. */
export interface StartsAlert {
  /** To call after each look at the stopped instances: it has no event. */
  looked(): void;
  close(): void;
}

/** Code of the alert. */
export const STARTS_BLOCKED = 'starts_blocked';

/** How long events are gathered, so that a start of forty instances raises one alert. */
const GATHER_MS = 2_000;

/** Events after which other instances may be blocked. */
const CHANGES: ReadonlySet<DomainEvent['type']> = new Set([
  'instance_start_refused',
  'instance_status_changed',
  'instance_updated',
  'instance_deleted',
]);

/**
 * One alert for all instances: a disk that is not mounted blocks many at once. It names none, because callers who may
 * see only some instances see it too.
 */
export function createStartsAlert({ clock, alerts, events, instances, lookAt }: StartsAlertDependencies): StartsAlert {
  // Without a look, the alert of the previous server must stay: nothing is known of its instances.
  let hasLooked = false;
  let isClosed = false;
  let cancel: (() => void) | null = null;
  const updated = new Set<string>();
  /** Instances that have an alert of their own about their port, which says more. */
  const clashes = new Set<string>();
  const judge = (): void => {
    const blocked = instances.list().filter((each) => isBlocked(each) && !clashes.has(each.name)).length;
    if (blocked === 0) alerts.clear(STARTS_BLOCKED);
    else alerts.raise({ level: 'warning', code: STARTS_BLOCKED, message: messageOf(blocked) });
  };
  const judgeSoon = (): void => {
    cancel ??= clock.after(GATHER_MS, () => {
      cancel = null;
      void lookAndJudge();
    });
  };
  const lookAndJudge = async (): Promise<void> => {
    const names = [...updated];
    updated.clear();
    for (const name of names) await lookAt(name);
    // With more changes a later look judges.
    if (!isClosed && cancel === null) judge();
  };
  /** Returns whether the event is about the port of an instance. */
  const noteClash = ({ type, data }: DomainEvent): boolean => {
    if (type !== 'system_alert' || data.code !== PORT_CLASH || data.instance === undefined) return false;
    if (data.state === 'raised') clashes.add(data.instance);
    else clashes.delete(data.instance);
    return true;
  };
  const unsubscribe = events.subscribe((event) => {
    if (event.type === 'instance_updated') updated.add(event.data.name);
    if (!CHANGES.has(event.type) && !noteClash(event)) return;
    if (hasLooked) judgeSoon();
  });
  return {
    looked: () => {
      if (isClosed) return;
      hasLooked = true;
      // The look may have been before the edit.
      if (updated.size === 0) judge();
      else judgeSoon();
    },
    close: () => {
      isClosed = true;
      unsubscribe();
      cancel?.();
    },
  };
}

/** Whether a request for the instance is refused until a person changes something. Full slots become free by themselves. */
function isBlocked({
  status,
  on_demand: onDemand,
  refused,
}: ReturnType<StartsAlertDependencies['instances']['list']>[number]) {
  return status === 'stopped' && onDemand && refused !== null && refused.code !== 'CAPACITY_EXCEEDED';
}

function messageOf(blocked: number): string {
  const [who, them] =
    blocked === 1 ? ['One instance with on_demand', 'it'] : [`${blocked} instances with on_demand`, 'them'];
  return `${who} cannot start, so requests for ${them} fail. The list of instances and llamactl doctor say why.`;
}
