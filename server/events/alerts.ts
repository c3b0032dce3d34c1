import type { Alert } from '@llamactl/contract/system';
import type { AlertSink, Clock, EventSink } from '../instances/ports.ts';
import { alertKey, type LeftAlert } from './alerts-left.ts';
import type { EventBus } from './bus.ts';

/** What is raised at the moment. */
export interface Alerts extends AlertSink {
  /** Oldest first. */
  list(): Alert[];
  close(): void;
}

export interface AlertsParts {
  clock: Pick<Clock, 'now' | 'after'>;
  bus: EventSink & Pick<EventBus, 'subscribe'>;
  /** Still raised for whoever listened to the last server. */
  left?: readonly LeftAlert[];
  /** The id of an instance; `null`: there is none of this name. */
  idOf?: (name: string) => string | null;
}

/** Everything has been looked at by then, slow tools and processes that do not end included. */
const LEFT_FOR_MS = 30_000;

interface Raised {
  alert: Alert;
  /** As long as it is raised, also when the instance is gone: who may hear of the one may hear of the other. */
  id: string | null;
  /** Nobody has said anything about it since this server began. */
  isLeft: boolean;
}

/**
 * The owner of all alerts: each is told once when it is raised and once when it is over. Those of an instance are over
 * when it is deleted. What the last server left is raised again, and told again, by whoever still finds it; what nobody
 * finds is over.
 */
export function createAlerts({ clock, bus, left = [], idOf = () => null }: AlertsParts): Alerts {
  const raised = new Map<string, Raised>(
    left.map(({ alert, id }) => [alertKey(alert.code, alert.instance), { alert, id, isLeft: true }]),
  );

  const tell = ({ alert, id }: Raised, state: 'raised' | 'cleared', at = clock.now()): void => {
    const { level, code, message, instance } = alert;
    const whose = instance === undefined ? {} : { instance };
    bus.emit({ type: 'system_alert', data: { level, code, message, state, ...whose } }, id ?? undefined, at);
  };
  const clear = (key: string): void => {
    const before = raised.get(key);
    if (before === undefined) return;
    raised.delete(key);
    tell(before, 'cleared');
  };

  const unsubscribe = bus.subscribe(({ type, data }) => {
    if (type !== 'instance_deleted') return;
    for (const [key, { alert }] of raised) if (alert.instance === data.name) clear(key);
  });
  const endLeft = (): void => {
    for (const [key, { isLeft }] of raised) if (isLeft) clear(key);
  };
  const cancel = left.length === 0 ? () => undefined : clock.after(LEFT_FOR_MS, endLeft);

  return {
    raise: (given) => {
      const key = alertKey(given.code, given.instance);
      const before = raised.get(key);
      const isSame = before?.alert.level === given.level && before.alert.message === given.message;
      if (isSame && !before.isLeft) return;
      // One reading for both: the next server takes `raised_at` from the event.
      const at = clock.now();
      const now = {
        alert: { ...given, raised_at: before?.alert.raised_at ?? new Date(at).toISOString() },
        id: given.instance === undefined ? null : idOf(given.instance),
        isLeft: false,
      };
      raised.set(key, now);
      tell(now, 'raised', at);
    },
    clear: (code, instance) => clear(alertKey(code, instance)),
    list: () => [...raised.values()].map(({ alert }) => alert),
    close: () => {
      unsubscribe();
      cancel();
    },
  };
}
