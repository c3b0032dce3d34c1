import type { DomainEvent } from '@llamactl/contract/events';
import { describe, expect, it } from 'vitest';
import type { LiveNews } from '../events/message.ts';
import type { FreedLook } from '../instances/freed-starts.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { refreshFreed } from './freed-refresh.ts';

const REFUSED: DomainEvent = {
  type: 'instance_start_refused',
  data: { name: 'b', code: 'CAPACITY_EXCEEDED', message: 'no slot is free', trigger: { kind: 'command' } },
};

/** @param looks The results of the looks, in this order */
function stage(looks: FreedLook[]) {
  const clock = new FakeClock();
  const sent: LiveNews['data'][] = [];
  const listeners = new Set<(event: DomainEvent) => void>();
  const done = { looks: 0 };
  const refresh = refreshFreed({
    clock,
    events: {
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    instances: {
      lookAtFreed: () => {
        done.looks += 1;
        return looks.shift() ?? { hasChanged: false, isLeft: false };
      },
    },
    feed: { send: ({ data }) => void sent.push(data) },
  });
  const emit = (event: DomainEvent): void => {
    for (const listener of listeners) listener(event);
  };
  return { clock, sent, done, refresh, emit };
}

describe('the look at starts that were refused without a slot', () => {
  it('goes on until all have one, and sends a frame when one has', async () => {
    const { clock, sent, done, emit } = stage([
      { hasChanged: false, isLeft: true },
      { hasChanged: true, isLeft: true },
      { hasChanged: true, isLeft: false },
    ]);
    emit(REFUSED);
    await clock.advance(2_000);
    expect(sent).toEqual([{ reason: 'starts' }]);
    await clock.advance(10_000);
    expect(sent).toHaveLength(2);
    expect(done.looks).toBe(3);
  });

  it('has no timer without an event, and none after the end', async () => {
    const { clock, done, refresh, emit } = stage([]);
    await clock.advance(10_000);
    emit(REFUSED);
    refresh.close();
    emit(REFUSED);
    await clock.advance(10_000);
    expect(done.looks).toBe(0);
  });
});
