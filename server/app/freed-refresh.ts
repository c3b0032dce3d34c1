import type { DomainEvent } from '@llamactl/contract/events';
import type { Feed } from '../events/feed.ts';
import type { Instances } from '../instances/instances.ts';
import type { Clock } from '../instances/ports/time.ts';

export interface FreedRefreshParts {
  clock: Pick<Clock, 'after'>;
  events: { subscribe(listener: (event: DomainEvent) => void): () => void };
  instances: Pick<Instances, 'lookAtFreed'>;
  feed: Pick<Feed, 'send'>;
}

/** Memory is free only when it is measured, after the end of an engine. */
const LOOK_MS = 1_000;

/**
 * Sends clients a frame when a slot or memory became free for a start that was refused without it. Looks once a second
 * while there are such starts, and has no timer otherwise.
 */
export function refreshFreed({ clock, events, instances, feed }: FreedRefreshParts): { close(): void } {
  let cancel: (() => void) | null = null;
  let isClosed = false;
  const lookSoon = (): void => {
    if (isClosed) return;
    cancel ??= clock.after(LOOK_MS, () => {
      cancel = null;
      const { hasChanged, isLeft } = instances.lookAtFreed();
      if (hasChanged) feed.send({ type: 'instances_refreshed', data: { reason: 'starts' } });
      if (isLeft) lookSoon();
    });
  };
  const unsubscribe = events.subscribe(({ type }) => {
    if (type === 'instance_start_refused' || type === 'instance_status_changed') lookSoon();
  });
  return {
    close: () => {
      isClosed = true;
      unsubscribe();
      cancel?.();
    },
  };
}
