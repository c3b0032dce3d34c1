import type { Config } from '@llamactl/contract/config';
import { reasonOf } from '@llamactl/contract/reason';
import type { Logger } from 'pino';
import { createAlertDelivery, type AlertDelivery } from '../events/alert-delivery.ts';
import { storedAlertsLeft } from '../events/alerts-left.ts';
import { createAlerts, type Alerts } from '../events/alerts.ts';
import { createEventBus, type EventBus } from '../events/bus.ts';
import { EventHistory } from '../events/event-history.ts';
import type { ReplayStore } from '../instances/ports/event-replay.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { RunTool } from '../supervisor/tool.ts';
import type { Teardown } from './teardown.ts';

export interface AlertsWiringParts {
  clock: Clock;
  replay: ReplayStore;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  config: Config['alerts'];
  /** Host name of this machine. */
  hostname: string;
  /** Returns the id of an instance; `null`: no instance has this name. */
  idOf: (name: string) => string | null;
  runTool: RunTool;
  teardown: Teardown;
}

/** Events and alerts. All are logged, and alerts are also delivered to the outside. */
export interface AlertsWiring {
  events: EventBus;
  alerts: Alerts;
  /** Sends a test alert to the configured receivers now. */
  test: AlertDelivery['test'];
  /** Kept events. */
  history: EventHistory;
  /** Resolves when the remaining alerts are delivered. Call it after the teardown. */
  delivered(): Promise<void>;
}

/**
 * Opens events and alerts as the previous server left them: with its newest events, and the alerts that were still
 * raised.
 */
export async function openAlertsWiring(parts: AlertsWiringParts): Promise<AlertsWiring> {
  const { clock, replay, log, config, hostname, idOf, runTool, teardown } = parts;
  const stored = await replay.load();
  const left = await storedAlertsLeft(replay);
  const events = createEventBus({
    clock,
    replay,
    stored,
    onError: (error, event) => log.error({ err: error, event: event.type }, 'An event could not be handled'),
  });
  events.subscribe((event) => {
    if (event.type !== 'system_alert') return log.info(event.data, event.type);
    const { level, message, ...alert } = event.data;
    log[alert.state === 'cleared' ? 'info' : logLevelOf(level)](alert, `Alert: ${message}`);
  });
  const alerts = teardown.ending(createAlerts({ clock, bus: events, left, idOf }));
  const onFault = (error: unknown, what: string): void => log.warn({ reason: reasonOf(error) }, what);
  const delivery = createAlertDelivery({ config, hostname, clock, runTool, events, alerts, left, onFault });
  // A hand-over does not wait for deliveries: they take time, and need nothing that is handed over.
  let delivered = Promise.resolve();
  teardown.add((isHandingOver) => {
    delivered = delivery.close();
    return isHandingOver ? undefined : delivered;
  });
  const history = new EventHistory({ clock, bus: events, store: replay, idOf });
  return { events, alerts, history, test: delivery.test, delivered: () => delivered };
}

function logLevelOf(level: 'warning' | 'error'): 'warn' | 'error' {
  return level === 'error' ? 'error' : 'warn';
}
