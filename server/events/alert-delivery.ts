import type { Config } from '@llamactl/contract/config';
import type { InstanceEvent } from '@llamactl/contract/events';
import type { Clock } from '../instances/ports.ts';
import { createAlertCommand, type RunTool } from './alert-command.ts';
import { AlertPace } from './alert-pace.ts';
import { announcementOf, type AlertNews, type Announcement } from './announcement.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { createWebhook } from './webhook.ts';

/** Tells alerts to the outside: raised and over, to `alerts.webhook` and `alerts.command`, each in order and on its own. */
export interface AlertDelivery {
  /** What was not told by now is not told. */
  close(): void;
}

export interface AlertDeliveryDependencies {
  config: Config['alerts'];
  /** Of this machine. */
  hostname: string;
  clock: Pick<Clock, 'after'>;
  runTool: RunTool;
  events: { subscribe(listener: (event: InstanceEvent, kept: { timestamp: string }) => void): () => void };
  onFault: (error: unknown, what: string) => void;
}

type Deliver = (announcement: Announcement, signal: AbortSignal) => Promise<void>;

/** Nothing that goes wrong here is more than a line in the log: alerts about alerts would never end. */
export function createAlertDelivery(dependencies: AlertDeliveryDependencies): AlertDelivery {
  const { hostname, clock, events, onFault } = dependencies;
  const queues = destinationsOf(dependencies).map(
    (deliver) =>
      new DeliveryQueue<Announcement>({
        deliver: (announcement, signal) =>
          deliver(announcement, signal).catch((error: unknown) =>
            onFault(error, `The alert ${announcement.code} could not be told`),
          ),
        onDropped: (what) => onFault(new Error(what), 'Alerts come faster than they can be told'),
      }),
  );
  if (queues.length === 0) return { close: () => undefined };

  const raisedAt = new Map<string, string>();
  const pace = new AlertPace(clock, (announcement) => {
    for (const queue of queues) queue.push(announcement);
  });
  const hear = (news: AlertNews, timestamp: string): void => {
    const key = `${news.code}\0${news.instance ?? ''}`;
    const since = raisedAt.get(key) ?? timestamp;
    if (news.state === 'raised') raisedAt.set(key, since);
    else raisedAt.delete(key);
    pace.hear(announcementOf(news, since, hostname));
  };
  const unsubscribe = events.subscribe(({ type, data }, { timestamp }) => {
    if (type === 'system_alert') hear(data, timestamp);
  });

  return {
    close: () => {
      unsubscribe();
      pace.close();
      for (const queue of queues) queue.close();
    },
  };
}

function destinationsOf({ config, clock, runTool, onFault }: AlertDeliveryDependencies): Deliver[] {
  const destinations: Deliver[] = [];
  if (config.webhook !== '') {
    try {
      destinations.push(createWebhook(config.webhook, clock));
    } catch (error) {
      onFault(error, 'Alerts are posted nowhere');
    }
  }
  if (config.command.length > 0) destinations.push(createAlertCommand(config.command, runTool));
  return destinations;
}
