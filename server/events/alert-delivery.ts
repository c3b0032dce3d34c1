import type { Config } from '@llamactl/contract/config';
import type { DomainEvent } from '@llamactl/contract/events';
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
  onFault: (error: unknown, what: string) => void;
}

type Deliver = (announcement: Announcement, signal: AbortSignal) => Promise<void>;

/** Sends alerts to the configured receivers. A failed delivery is only logged: an alert about an alert could repeat without end. */
export function createAlertDelivery(dependencies: AlertDeliveryDependencies): AlertDelivery {
  const { hostname, clock, left, events, onFault } = dependencies;
  const queues = destinationsOf(dependencies).map(
    (deliver) =>
      new DeliveryQueue<Announcement>({
        clock,
        deliver: (announcement, signal) =>
          deliver(announcement, signal).catch((error: unknown) =>
            onFault(error, `The alert ${announcement.code} could not be delivered`),
          ),
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
    if (type === 'system_alert') handle(data, timestamp);
  });

  return {
    close: async () => {
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
