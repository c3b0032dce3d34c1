import type { DomainEvent } from '@llamactl/contract/events';
import type { Trigger } from '@llamactl/contract/trigger';
import { describe, expect, it } from 'vitest';
import { eventAsSeen } from './event-sight.ts';
import { messageOfEvent } from './message.ts';
import { createSubscription } from './subscription.ts';

const IDS: Readonly<Record<string, string>> = { a: 'id-a', b: 'id-b' };
const idOf = (name: string): string | null => IDS[name] ?? null;

/** The data in the frame that a client gets. */
function dataSeen(
  event: DomainEvent,
  visible: readonly string[] | null,
  seesCallers: boolean,
): Record<string, unknown> {
  const message = messageOfEvent({ seq: 1, timestamp: '', event, instance: 'id-a' }, idOf);
  const sight = { visible: visible === null ? null : new Set(visible), seesCallers, caller: 'user:me' };
  const bytes = createSubscription(sight, {}).bytesOf(message).toString();
  const frame = JSON.parse(bytes.slice(bytes.indexOf('{'))) as { data: Record<string, unknown> };
  return frame.data;
}

/** The trigger in the frame that a client gets. */
function seen(trigger: Trigger, visible: readonly string[] | null, seesCallers: boolean): unknown {
  const data = { name: 'a', status: 'stopping' as const, previous_status: 'running' as const, trigger };
  return dataSeen({ type: 'instance_status_changed', data }, visible, seesCallers)['trigger'];
}

describe('the author of a change of settings', () => {
  it.each<DomainEvent>([
    { type: 'instance_created', data: { name: 'a', caller: 'user:ada' } },
    { type: 'instance_updated', data: { name: 'a', caller: 'user:ada', changed: ['port'] } },
    { type: 'instance_deleted', data: { name: 'a', caller: 'user:ada' } },
  ])('is seen only by clients that may see the callers of others: $type', (event) => {
    const sight = { visible: null, seesCallers: true };
    expect(eventAsSeen(event, sight, idOf)).toBe(event);
    const { caller, ...data } = event.data as { caller: string };
    expect(eventAsSeen(event, { ...sight, seesCallers: false }, idOf)).toEqual({ type: event.type, data });
    expect(dataSeen(event, null, true)).toEqual({ ...data, caller });
    expect(dataSeen(event, null, false)).toEqual(data);
  });
});

describe('the trigger in a frame', () => {
  const demand: Trigger = { kind: 'demand', caller: 'user:ada', request_id: 'r1' };
  const eviction: Trigger = { kind: 'eviction', needed_by: 'b' };

  it('has the caller and the request only for clients that may see the callers of others', () => {
    expect(seen(demand, null, true)).toEqual(demand);
    expect(seen(demand, null, false)).toEqual({ kind: 'demand' });
    expect(seen(demand, ['id-a'], false)).toEqual({ kind: 'demand' });
  });

  it('names the other instance only for clients that may see it', () => {
    expect(seen(eviction, null, false)).toEqual(eviction);
    expect(seen(eviction, ['id-a', 'id-b'], false)).toEqual(eviction);
    expect(seen(eviction, ['id-a'], false)).toEqual({ kind: 'eviction' });
    expect(seen({ kind: 'eviction', needed_by: 'gone' }, ['id-a'], false)).toEqual({ kind: 'eviction' });
  });

  it('of a refused start is masked in the same way, and its code and message are not', () => {
    const refusal = { name: 'a', code: 'PORT_IN_USE' as const, message: 'Port 9000 is in use.' };
    const event: DomainEvent = { type: 'instance_start_refused', data: { ...refusal, trigger: demand } };
    expect(dataSeen(event, null, true)).toEqual({ ...refusal, trigger: demand });
    expect(dataSeen(event, null, false)).toEqual({ ...refusal, trigger: { kind: 'demand' } });
    expect(dataSeen(event, ['id-a'], false)).toEqual({ ...refusal, trigger: { kind: 'demand' } });
    expect(eventAsSeen(event, { visible: null, seesCallers: true }, idOf)).toBe(event);
  });
});
