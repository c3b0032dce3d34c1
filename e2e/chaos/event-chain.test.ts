import type { Frame } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { EventChain } from './event-chain.ts';

const timestamp = '2026-01-01T00:00:00.000Z';
const created = (seq: number): Frame => ({ type: 'instance_created', seq, timestamp, data: { name: 'a' } });
const changed = (seq: number, previous: 'stopped' | 'running', status: 'stopped' | 'running'): Frame => ({
  type: 'instance_status_changed',
  seq,
  timestamp,
  data: { name: 'a', status, previous_status: previous },
});

function faultsOf(...frames: Frame[]): string[] {
  const chain = new EventChain();
  for (const frame of frames) chain.add(frame);
  return chain.faults.map((fault) => fault.split(':')[0] ?? '');
}

describe('events', () => {
  it('that follow from each other are right', () => {
    expect(faultsOf(created(1), changed(5, 'stopped', 'running'), changed(6, 'running', 'stopped'))).toEqual([]);
  });

  it('of which one is missing do not follow from each other', () => {
    expect(faultsOf(created(1), changed(6, 'running', 'stopped'))).toEqual(['it was stopped before']);
    expect(faultsOf(changed(6, 'running', 'stopped'))).toEqual(['there is no such instance']);
  });

  it('are in the order of their numbers, each once', () => {
    expect(faultsOf(created(1), changed(1, 'stopped', 'running'))).toEqual(['a number that is not above 1']);
  });

  it('may be missing in a gap', () => {
    const gap: Frame = { type: 'gap', seq: 4, timestamp, data: { from_seq: 2, to_seq: 4, last_seq: 4 } };
    expect(faultsOf(created(1), gap)).toEqual(['events are missing']);
  });

  it('about refused starts may be lost, like alerts', () => {
    const chain = new EventChain();
    const data = { name: 'a', code: 'PORT_IN_USE', message: 'Port 8100 is in use.' } as const;
    for (const frame of [created(1), { type: 'instance_start_refused', seq: 5, timestamp, data } as const])
      chain.add(frame);
    expect([chain.faults, chain.differences([1])]).toEqual([[], []]);
  });

  it('are stored as they were sent, as far back as both go', () => {
    const chain = new EventChain();
    for (const frame of [created(1), changed(5, 'stopped', 'running')]) chain.add(frame);
    expect(chain.differences([1, 5])).toEqual([]);
    expect(chain.differences([5])).toEqual([]);
    expect(chain.differences([1])).toEqual(['event 5 was sent and is not stored']);
    expect(chain.differences([1, 5, 6])).toEqual(['event 6 is stored and was not sent']);
  });
});
