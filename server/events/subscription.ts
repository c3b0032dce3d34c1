import type { Subscribe } from '@llamactl/contract/events';
import type { Message } from './message.ts';

/** What of all messages a client gets. Those of equal subscriptions are put together once for all. */
export interface Subscription {
  /** Equal for those that want the same. */
  key: string;
  wants(message: Pick<Message, 'type' | 'name' | 'instance'>): boolean;
}

/**
 * Alerts of the whole system concern everybody, whichever instances they may see or ask for.
 *
 * @param visible Ids of the instances that the client may see; `null`: all.
 * @param wish What the client asked for.
 */
export function createSubscription(
  visible: ReadonlySet<string> | null,
  wish: Pick<Subscribe, 'instances' | 'types'>,
): Subscription {
  const names = wish.instances === undefined ? null : new Set(wish.instances.map((name) => name.toLowerCase()));
  const types: ReadonlySet<string> | null = wish.types === undefined ? null : new Set(wish.types);
  return {
    key: JSON.stringify([visible, names, types].map((set) => (set === null ? null : [...set].toSorted()))),
    wants: ({ type, name, instance }) =>
      (types === null || types.has(type)) &&
      (names === null || name === null || names.has(name.toLowerCase())) &&
      (visible === null || name === null || (instance !== null && visible.has(instance))),
  };
}
