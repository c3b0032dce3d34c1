import type { Alert } from '@llamactl/contract/system';
import type { AlertSink, Clock, EventSink } from '../instances/ports.ts';
import type { EventBus } from './bus.ts';

/** What is raised at the moment. */
export interface Alerts extends AlertSink {
  /** Oldest first. */
  list(): Alert[];
}

/**
 * The owner of all alerts: each is told once when it is raised and once when it is over. Those of an instance are over
 * when it is deleted.
 */
export function createAlerts(clock: Pick<Clock, 'now'>, bus: EventSink & Pick<EventBus, 'subscribe'>): Alerts {
  const raised = new Map<string, Alert>();

  const tell = ({ level, code, message, instance }: Alert, state: 'raised' | 'cleared'): void => {
    const whose = instance === undefined ? {} : { instance };
    bus.emit({ type: 'system_alert', data: { level, code, message, state, ...whose } });
  };
  const clear = (key: string): void => {
    const alert = raised.get(key);
    if (alert === undefined) return;
    raised.delete(key);
    tell(alert, 'cleared');
  };

  bus.subscribe(({ type, data }) => {
    if (type !== 'instance_deleted') return;
    for (const [key, { instance }] of raised) if (instance === data.name) clear(key);
  });

  return {
    raise: (given) => {
      const key = keyOf(given.code, given.instance);
      const before = raised.get(key);
      if (before?.level === given.level && before.message === given.message) return;
      const alert = { ...given, raised_at: before?.raised_at ?? new Date(clock.now()).toISOString() };
      raised.set(key, alert);
      tell(alert, 'raised');
    },
    clear: (code, instance) => clear(keyOf(code, instance)),
    list: () => [...raised.values()],
  };
}

/** A name holds no NUL, so that no two pairs share a key. */
function keyOf(code: string, instance: string | undefined): string {
  return `${code}\0${instance ?? ''}`;
}
