import type { Subscribe } from '@llamactl/contract/events';
import type { Message } from './message.ts';

/** Selects the messages that a client gets. Clients with equal subscriptions share one batch. */
export interface Subscription {
  /** Equal for equal subscriptions. */
  key: string;
  wants(message: Pick<Message, 'type' | 'name' | 'instance'>): boolean;
}

/**
 * Alerts of the whole system go to every client, whichever instances it may see or subscribes to.
 *
 * @param visible Ids of the instances that the client may see; `null`: all.
 */
export function createSubscription(
  visible: ReadonlySet<string> | null,
  request: Pick<Subscribe, 'instances' | 'types'>,
): Subscription {
  const names = request.instances === undefined ? null : new Set(request.instances.map((name) => name.toLowerCase()));
  const types: ReadonlySet<string> | null = request.types === undefined ? null : new Set(request.types);
  return {
    key: JSON.stringify([visible, names, types].map((set) => (set === null ? null : [...set].toSorted()))),
    wants: ({ type, name, instance }) =>
      (types === null || types.has(type)) &&
      (names === null || name === null || names.has(name.toLowerCase())) &&
      (visible === null || name === null || (instance !== null && visible.has(instance))),
  };
}
