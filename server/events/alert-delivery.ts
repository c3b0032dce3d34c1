import type { Config } from '@llamactl/contract/config';
import type { DomainEvent } from '@llamactl/contract/events';
import { reasonOf } from '@llamactl/contract/reason';
import type { AlertTest } from '@llamactl/contract/system';
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
  /**
   * Sends a test alert to each receiver now, once and beside the queues. A receiver that takes it counts as mended. Empty:
   * no receiver is configured. @param signal aborts when the result is no longer needed
   */
  test(this: void, signal: AbortSignal): Promise<AlertTest['receivers']>;
  /** Stops listening, and waits a moment for the last state of each alert to be delivered. */
  close(): Promise<void>;
}

export interface AlertDeliveryDependencies {
  config: Config['alerts'];
  /** Name of this machine. */
  hostname: string;
  clock: Pick<Clock, 'after' | 'now'>;
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

/** A configured receiver. Both ways to deliver reject if it did not take the alert. */
interface Destination {
  receiver: AlertTest['receivers'][number]['receiver'];
  deliver: Deliver;
  /** Delivers without retries. */
  deliverOnce: Deliver;
}

const TEST: AlertNews = {
  state: 'raised',
  level: 'warning',
  code: 'test',
  message: 'This is a test of the alerts of llamactl. Nothing is wrong, and no second message follows.',
};

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
  const destinations = destinationsOf(dependencies);
  const queues = destinations.map(
    ({ deliver }, receiver) =>
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
  const test = async (signal: AbortSignal): Promise<AlertTest['receivers']> => {
    const announcement = announcementOf(TEST, new Date(clock.now()).toISOString(), hostname);
    return Promise.all(
      destinations.map(async ({ receiver, deliverOnce }, index) => {
        try {
          await deliverOnce(announcement, signal);
          noteOutcome(index, null);
          return { receiver, error: null };
        } catch (error) {
          return { receiver, error: reasonOf(error) };
        }
      }),
    );
  };
  if (queues.length === 0) return { test, close: async () => undefined };

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
    test,
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

function destinationsOf({ config, clock, runTool }: AlertDeliveryDependencies): Destination[] {
  const destinations: Destination[] = [];
  if (config.webhook !== '') {
    const [deliver, deliverOnce] = [createWebhook(config.webhook, clock), createWebhook(config.webhook, clock, 1)];
    destinations.push({ receiver: 'alerts.webhook', deliver, deliverOnce });
  }
  if (config.command.length > 0) {
    const run = createAlertCommand(config.command, runTool);
    destinations.push({ receiver: 'alerts.command', deliver: run, deliverOnce: run });
  }
  return destinations;
}
