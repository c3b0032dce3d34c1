import type { DomainEvent } from '@llamactl/contract/events';

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
      return statusChangeAsSeen(event, sight, idOf);
    case 'instance_created':
    case 'instance_updated':
    case 'instance_deleted':
      if (sight.seesCallers || event.data.caller === undefined) return event;
      return { ...event, data: { ...event.data, caller: undefined } };
    default:
      return event;
  }
}

function statusChangeAsSeen(
  event: Extract<DomainEvent, { type: 'instance_status_changed' }>,
  { visible, seesCallers }: Pick<Sight, 'visible' | 'seesCallers'>,
  idOf: (name: string) => string | null,
): DomainEvent {
  if (event.data.trigger === undefined) return event;
  const { kind, needed_by: neededBy, ...author } = event.data.trigger;
  const id = neededBy === undefined || visible === null ? null : idOf(neededBy);
  const isNamed = neededBy !== undefined && (visible === null || (id !== null && visible.has(id)));
  const hidesAuthor = !seesCallers && Object.keys(author).length > 0;
  if (!hidesAuthor && isNamed === (neededBy !== undefined)) return event;
  const trigger = { kind, ...(hidesAuthor ? {} : author), ...(isNamed && { needed_by: neededBy }) };
  return { ...event, data: { ...event.data, trigger } };
}
