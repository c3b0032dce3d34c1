import type { Config } from '@llamactl/contract/config';
import type { DomainEvent } from '@llamactl/contract/events';
import { reasonOf } from '@llamactl/contract/reason';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { Clock } from '../instances/ports/time.ts';
import { createAlertCommand, type RunTool } from './alert-command.ts';
import { alertKey, type LeftAlert } from './alerts-left.ts';
import { AlertPace } from './alert-pace.ts';
import { announcementOf, type AlertNews, type Announcement } from './announcement.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { createWebhook } from './webhook.ts';

/**
 * Sends raised and cleared alerts to `alerts.webhook` and `alerts.command`; each destination has its own queue, which
 * keeps the order.
 */
export interface AlertDelivery {
  /** Stops listening, and waits a moment for the last state of each alert to be delivered. */
  close(): Promise<void>;
}

export interface AlertDeliveryDependencies {
  config: Config['alerts'];
  /** Name of this machine. */
  hostname: string;
  clock: Pick<Clock, 'after'>;
  runTool: RunTool;
  /** Alerts that the previous server raised and did not clear. */
  left: readonly LeftAlert[];
  events: { subscribe(listener: (event: DomainEvent, kept: { timestamp: string }) => void): () => void };
  /** Gets the alert {@link UNDELIVERED}. */
  alerts: AlertSink;
  /** Logs what could not be delivered, and why; must not throw. */
  onFault: (error: unknown, what: string) => void;
}

/** A receiver of alerts did not take one; cleared by the next one that it takes. */
export const UNDELIVERED = 'alert_undelivered';

type Deliver = (announcement: Announcement, signal: AbortSignal) => Promise<void>;

/**
 * Sends alerts to the configured receivers. A failed delivery is logged and raises an alert. That alert is sent to no
 * receiver: an alert about an alert could repeat without end.
 */
export function createAlertDelivery(dependencies: AlertDeliveryDependencies): AlertDelivery {
  const { hostname, clock, left, events, alerts, onFault } = dependencies;
  /** The last failure of each receiver that fails, by its place among the receivers. */
  const failures = new Map<number, string>();
  let isClosed = false;
  const noteOutcome = (receiver: number, failure: string | null): void => {
    if (failure === null) failures.delete(receiver);
    else failures.set(receiver, failure);
    // After a hand-over, alerts belong to the successor.
    if (isClosed) return;
    const message = [...failures.values()].join(' ');
    if (message === '') alerts.clear(UNDELIVERED);
    else alerts.raise({ level: 'warning', code: UNDELIVERED, message });
  };
  const queues = destinationsOf(dependencies).map(
    (deliver, receiver) =>
      new DeliveryQueue<Announcement>({
        clock,
        deliver: async (announcement, signal) => {
          const what = `The alert ${announcement.code} could not be delivered`;
          try {
            await deliver(announcement, signal);
            noteOutcome(receiver, null);
          } catch (error) {
            onFault(error, what);
            noteOutcome(receiver, `${what}: ${reasonOf(error).replace(/\.$/, '')}.`);
          }
        },
        onDropped: (what) => onFault(new Error(what), 'Alerts come faster than they can be delivered'),
      }),
  );
  if (queues.length === 0) return { close: async () => undefined };

  /** Each raised alert: when it was raised, and its last text without numbers. */
  const raised = new Map(
    left.map(({ alert }) => [alertKey(alert.code, alert.instance), { at: alert.raised_at, text: textOf(alert) }]),
  );
  const pace = new AlertPace(clock, (announcement) => {
    for (const queue of queues) queue.push(announcement);
  });
  const handle = (news: AlertNews, timestamp: string): void => {
    const key = alertKey(news.code, news.instance);
    const before = raised.get(key);
    const at = before?.at ?? timestamp;
    const text = textOf(news);
    if (news.state === 'raised') raised.set(key, { at, text });
    else raised.delete(key);
    // The same text with another number is no news.
    if (news.state === 'raised' && before?.text === text) return;
    pace.handle(announcementOf(news, at, hostname));
  };
  const unsubscribe = events.subscribe(({ type, data }, { timestamp }) => {
    if (type === 'system_alert' && data.code !== UNDELIVERED) handle(data, timestamp);
  });

  return {
    close: async () => {
      isClosed = true;
      unsubscribe();
      pace.close();
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}

/** The text of an alert without its numbers. */
function textOf({ level, message }: Pick<AlertNews, 'level' | 'message'>): string {
  return `${level} ${message.replaceAll(/\d+/g, '#')}`;
}

function destinationsOf({ config, clock, runTool, onFault }: AlertDeliveryDependencies): Deliver[] {
  const destinations: Deliver[] = [];
  if (config.webhook !== '') {
    try {
      destinations.push(createWebhook(config.webhook, clock));
    } catch (error) {
      onFault(error, 'No alert is sent to alerts.webhook');
    }
  }
  if (config.command.length > 0) destinations.push(createAlertCommand(config.command, runTool));
  return destinations;
}
