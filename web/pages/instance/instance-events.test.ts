import type { Events, PastEvent } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { mergedEvents, type InstanceEvent } from './instance-events.ts';

const event = (seq: number): InstanceEvent => ({
  type: 'instance_created',
  seq,
  timestamp: '2026-01-01T00:00:00Z',
  data: { name: 'chat' },
});
const page = (...events: PastEvent[]): Events => ({ events, more: true, oldest_seq: 1 });
const seqs = (events: readonly InstanceEvent[]): number[] => events.map(({ seq }) => seq);

describe('mergedEvents', () => {
  it('puts newer events before the pages, each once', () => {
    expect(
      seqs(mergedEvents([page(event(5), event(4)), page(event(3))], [event(4), event(5), event(6), event(7)])),
    ).toEqual([7, 6, 5, 4, 3]);
  });

  it('works without kept or without new events', () => {
    expect(seqs(mergedEvents([], [event(1), event(2)]))).toEqual([2, 1]);
    expect(seqs(mergedEvents([page(event(2))], []))).toEqual([2]);
  });
});
