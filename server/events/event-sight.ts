import type { DomainEvent } from '@llamactl/contract/events';
import type { Trigger } from '@llamactl/contract/trigger';

/** The rights of a client's caller. */
export interface Sight {
  /** Ids of the instances that it may see; `null`: all. */
  visible: ReadonlySet<string> | null;
  /** Whether it may see who sent the requests of others. */
  seesCallers: boolean;
  /** The name with which its own requests are recorded. */
  caller: string;
}

/**
 * An event as a client may see it. Clients that may not see who sends the requests of others do not see the author of a
 * change either. An instance that the client may not see is not named.
 *
 * @param idOf Id of an existing instance
 * @returns the same object if the client may see all of it
 */
export function eventAsSeen(
  event: DomainEvent,
  sight: Pick<Sight, 'visible' | 'seesCallers'>,
  idOf: (name: string) => string | null,
): DomainEvent {
  switch (event.type) {
    case 'instance_status_changed':
    case 'instance_start_refused': {
      const { trigger } = event.data;
      const seen = trigger && triggerAsSeen(trigger, sight, idOf);
      return seen === trigger ? event : withTrigger(event, seen);
    }
    case 'instance_created':
    case 'instance_updated':
    case 'instance_deleted':
      if (sight.seesCallers || event.data.caller === undefined) return event;
      return { ...event, data: { ...event.data, caller: undefined } };
    default:
      return event;
  }
}

/** An event about the start or stop of an instance. */
type CausedEvent = Extract<DomainEvent, { type: 'instance_status_changed' | 'instance_start_refused' }>;

function withTrigger(event: CausedEvent, trigger: Trigger | undefined): DomainEvent {
  // The compiler joins no `data` of a union with its `type`.
  return event.type === 'instance_status_changed'
    ? { ...event, data: { ...event.data, trigger } }
    : { ...event, data: { ...event.data, trigger } };
}

/** A trigger as a client may see it; the same object if the client may see all of it. */
function triggerAsSeen(
  trigger: Trigger,
  { visible, seesCallers }: Pick<Sight, 'visible' | 'seesCallers'>,
  idOf: (name: string) => string | null,
): Trigger {
  const { kind, needed_by: neededBy, ...author } = trigger;
  const id = neededBy === undefined || visible === null ? null : idOf(neededBy);
  const isNamed = neededBy !== undefined && (visible === null || (id !== null && visible.has(id)));
  const hidesAuthor = !seesCallers && Object.keys(author).length > 0;
  if (!hidesAuthor && isNamed === (neededBy !== undefined)) return trigger;
  return { kind, ...(hidesAuthor ? {} : author), ...(isNamed && { needed_by: neededBy }) };
}
