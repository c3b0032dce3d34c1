import { previousNameOf } from '@llamactl/contract/events';
import type { Alert } from '@llamactl/contract/system';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { EventSink } from '../instances/ports/event-sink.ts';
import type { Clock } from '../instances/ports/time.ts';
import { alertKey, type LeftAlert } from './alerts-left.ts';
import type { EventBus } from './bus.ts';

/** The alerts that are raised now. */
export interface Alerts extends AlertSink {
  /** Oldest first. */
  list(): Alert[];
  close(): void;
}

export interface AlertsDependencies {
  clock: Pick<Clock, 'now' | 'after'>;
  bus: EventSink & Pick<EventBus, 'subscribe'>;
  /** Alerts that the previous server raised and did not clear. */
  left?: readonly LeftAlert[];
  /** The id of an instance; `null`: no instance has this name. */
  idOf?: (name: string) => string | null;
}

/**
 * How long an alert of the previous server stays raised if no check raises it again. By then every check has run, also
 * those that wait for slow tools or for processes that do not end.
 */
const LEFT_FOR_MS = 30_000;

interface Raised {
  alert: Alert;
  /** Id of the instance, kept after its deletion: it decides who may see the alert. */
  id: string | null;
  /** Left by the previous server, and not raised again by this one. */
  isLeft: boolean;
}

/**
 * The owner of all alerts. Emits one event when an alert is raised or changes, and one when it is cleared. Deleting an
 * instance clears its alerts; a rename clears them under the old name and raises them under the new one. An alert of the
 * previous server stays, without another event, when a check still finds its cause; otherwise it is cleared after
 * {@link LEFT_FOR_MS}.
 */
export function createAlerts({ clock, bus, left = [], idOf = () => null }: AlertsDependencies): Alerts {
  const raised = new Map<string, Raised>(
    left.map(({ alert, id }) => [alertKey(alert.code, alert.instance), { alert, id, isLeft: true }]),
  );

  const emit = ({ alert, id }: Raised, state: 'raised' | 'cleared', at = clock.now()): void => {
    const { level, code, message, instance, cause } = alert;
    const whose = { ...(instance === undefined ? {} : { instance }), ...(cause === undefined ? {} : { cause }) };
    bus.emit({ type: 'system_alert', data: { level, code, message, state, ...whose } }, id ?? undefined, at);
  };
  const clear = (key: string): void => {
    const before = raised.get(key);
    if (before === undefined) return;
    raised.delete(key);
    emit(before, 'cleared');
  };

  const follow = (instance: string, newName: string | null): void => {
    for (const [key, before] of raised) {
      if (before.alert.instance !== instance) continue;
      clear(key);
      if (newName === null) continue;
      const now = { ...before, alert: { ...before.alert, instance: newName } };
      raised.set(alertKey(now.alert.code, newName), now);
      emit(now, 'raised');
    }
  };
  const unsubscribe = bus.subscribe((event) => {
    const previous = previousNameOf(event);
    if (event.type === 'instance_deleted') follow(event.data.name, null);
    else if (event.type === 'instance_updated' && previous !== undefined) follow(previous, event.data.name);
  });
  const endLeft = (): void => {
    for (const [key, { isLeft }] of raised) if (isLeft) clear(key);
  };
  const cancel = left.length === 0 ? () => undefined : clock.after(LEFT_FOR_MS, endLeft);

  return {
    raise: (given) => {
      const key = alertKey(given.code, given.instance);
      const before = raised.get(key);
      if (before?.alert.level === given.level && before.alert.message === given.message) {
        before.isLeft = false;
        return;
      }
      // Read the clock once: the next server takes `raised_at` from the event.
      const at = clock.now();
      const now = {
        alert: { ...given, raised_at: before?.alert.raised_at ?? new Date(at).toISOString() },
        id: given.instance === undefined ? null : idOf(given.instance),
        isLeft: false,
      };
      raised.set(key, now);
      emit(now, 'raised', at);
    },
    clear: (code, instance) => clear(alertKey(code, instance)),
    list: () => [...raised.values()].map(({ alert }) => alert),
    close: () => {
      unsubscribe();
      cancel();
    },
  };
}
