import type { Trigger } from '@llamactl/contract/trigger';
import type { InstanceEvent, InstanceState } from './lifecycle.ts';

/**
 * Who or what caused the start or stop that is under way after an event. It stays the same until the start or stop is over,
 * so that each event about it can name it.
 *
 * @param known The trigger until now; `null`: unknown
 * @param previous The state before the event
 * @param next The state after the event
 */
export function triggerAfter(
  known: Trigger | null,
  event: InstanceEvent,
  previous: InstanceState,
  next: InstanceState,
): Trigger | null {
  if (next === previous) return known;
  const isTurn = next.status !== previous.status || 'ending' in next;
  switch (event.type) {
    case 'start':
      return isTurn ? { kind: event.cause, ...event.author } : known;
    case 'stop':
    case 'restart':
      return isTurn ? { kind: 'command', ...event.author } : known;
    case 'apply':
      return isTurn ? { kind: 'update', ...event.author } : known;
    case 'evict':
      return { kind: event.cause, ...(event.neededBy !== undefined && { needed_by: event.neededBy }) };
    case 'booted':
    case 'found-dead':
      if (next.status === 'restarting') return { kind: 'restart_policy' };
      return next.status === 'starting' ? { kind: 'server_start' } : null;
    case 'found-stray':
      return { kind: 'server_start' };
    default:
      return endsByItself(event, previous, next) ? afterEnd(next) : known;
  }
}

/** Whether a run ends that no caller and no other instance has ended. */
function endsByItself({ type }: InstanceEvent, previous: InstanceState, next: InstanceState): boolean {
  if ('ending' in previous || next.status === previous.status) return false;
  return type !== 'granted' && type !== 'ready' && type !== 'context-restored' && type !== 'backoff-over';
}

/** A failed run needs no trigger: its reason says why. */
function afterEnd({ status }: InstanceState): Trigger | null {
  return status === 'restarting' || status === 'starting' ? { kind: 'restart_policy' } : null;
}
