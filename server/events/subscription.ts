import type { Subscribe } from '@llamactl/contract/events';
import type { Message } from './message.ts';

/** Selects the messages that a client gets. Clients with equal subscriptions share one batch. */
export interface Subscription {
  /** Equal for equal subscriptions. */
  key: string;
  /** Whether decisions are among the wanted messages. */
  wantsDecisions: boolean;
  wants(message: Pick<Message, 'type' | 'name' | 'previousName' | 'instance' | 'decision'>): boolean;
}

/**
 * Alerts of the whole system go to every client, whichever instances it may see or subscribes to. A decision goes only
 * to clients that request decisions and may see every instance that it names. If it names none, it goes to those that
 * may see all instances.
 *
 * @param visible Ids of the instances that the client may see; `null`: all.
 * @param seesCallers Whether the client may see who sent the requests of others.
 */
export function createSubscription(
  visible: ReadonlySet<string> | null,
  request: Pick<Subscribe, 'instances' | 'types'>,
  seesCallers = false,
): Subscription {
  const names = request.instances === undefined ? null : new Set(request.instances.map((name) => name.toLowerCase()));
  const types: ReadonlySet<string> | null = request.types === undefined ? null : new Set(request.types);
  const isNamed = (name: string | null | undefined): boolean =>
    names === null || (typeof name === 'string' && names.has(name.toLowerCase()));
  const wantsDecisions = types?.has('decision') ?? false;

  const wantsDecision = ({ data, instances, namesCaller }: NonNullable<Message['decision']>): boolean => {
    if (!wantsDecisions || (namesCaller && !seesCallers)) return false;
    if (!isNamed(data.instance) && !isNamed(data.other)) return false;
    return visible === null || (instances.length > 0 && instances.every((id) => id !== null && visible.has(id)));
  };

  return {
    key: JSON.stringify([
      seesCallers,
      ...[visible, names, types].map((set) => (set === null ? null : [...set].toSorted())),
    ]),
    wantsDecisions,
    wants: ({ type, name, previousName, instance, decision }) => {
      if (decision !== undefined) return wantsDecision(decision);
      return (
        (types === null || types.has(type)) &&
        (name === null || isNamed(name) || isNamed(previousName)) &&
        (visible === null || name === null || (instance !== null && visible.has(instance)))
      );
    },
  };
}
