import { NAMED_TYPES, type Subscribe } from '@llamactl/contract/events';
import type { Sight } from './event-sight.ts';
import type { Message } from './message.ts';

/** A type of frames that clients get only if they subscribe to it by name. */
export type NamedType = (typeof NAMED_TYPES)[number];

const NAMED: ReadonlySet<string> = new Set(NAMED_TYPES);

/**
 * Whether a caller may see an event. Events that name no instance are for all.
 *
 * @param visible Ids of the instances that the caller may see; `null`: all.
 */
export function maySee(visible: Sight['visible'], { name, instance }: Pick<Message, 'name' | 'instance'>): boolean {
  return name === null || visible === null || (instance !== null && visible.has(instance));
}

/** Selects the messages that a client gets. Clients with equal subscriptions share one batch. */
export interface Subscription {
  /** Equal for equal subscriptions. */
  key: string;
  /** The types of {@link NAMED_TYPES} that the client wants. */
  named: readonly NamedType[];
  wants(message: Pick<Message, 'type' | 'name' | 'previousName' | 'instance' | 'decision' | 'request'>): boolean;
  /** The bytes of a wanted message, as this client may see it. */
  bytesOf(message: Pick<Message, 'bytes' | 'request' | 'seenBy'>): Buffer;
}

/**
 * Alerts of the whole system go to every client, whichever instances it may see or subscribes to. A decision goes only
 * to clients that request decisions and may see every instance that it names. A decision or a request that names none goes
 * to those that may see all instances.
 */
export function createSubscription(
  { visible, seesCallers, caller }: Sight,
  request: Pick<Subscribe, 'instances' | 'types'>,
): Subscription {
  const names = request.instances === undefined ? null : new Set(request.instances.map((name) => name.toLowerCase()));
  const types: ReadonlySet<string> | null = request.types === undefined ? null : new Set(request.types);
  const isNamed = (name: string | null | undefined): boolean =>
    names === null || (typeof name === 'string' && names.has(name.toLowerCase()));
  const named = NAMED_TYPES.filter((type) => types?.has(type) === true);
  const wantsRequests = named.includes('request_started') || named.includes('request_finished');

  const wantsDecision = ({ data, instances, namesCaller }: NonNullable<Message['decision']>): boolean => {
    if (!named.includes('decision') || (namesCaller && !seesCallers)) return false;
    if (!isNamed(data.instance) && !isNamed(data.other)) return false;
    return visible === null || (instances.length > 0 && instances.every((id) => id !== null && visible.has(id)));
  };

  return {
    key: JSON.stringify([
      seesCallers,
      // Only frames about requests differ from caller to caller.
      wantsRequests && !seesCallers ? caller : null,
      ...[visible, names, types].map((set) => (set === null ? null : [...set].toSorted())),
    ]),
    named,
    wants: ({ type, name, previousName, instance, decision, request: ofRequest }) => {
      if (decision !== undefined) return wantsDecision(decision);
      if (types === null ? NAMED.has(type) : !types.has(type)) return false;
      if (name === null) return ofRequest === undefined || (visible === null && names === null);
      return maySee(visible, { name, instance }) && (isNamed(name) || isNamed(previousName));
    },
    bytesOf: ({ bytes, request: ofRequest, seenBy }) => {
      if (seenBy !== undefined) return seenBy({ visible, seesCallers });
      const isShown = ofRequest === undefined || seesCallers || ofRequest.caller === caller;
      return isShown ? bytes : ofRequest.withoutSender();
    },
  };
}
