import type { Frame } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { evictedFor } from './command-messages.ts';

function stopped(trigger: object, status = 'stopped'): Frame {
  const data = { name: 'chat', status, previous_status: 'stopping', trigger };
  return { type: 'instance_status_changed', timestamp: '2026-11-30T12:00:00.000Z', seq: 1, data } as Frame;
}

describe('the instance that a start of this tab stopped', () => {
  const started = new Set(['code']);

  it('is named with the one that needed its place', () => {
    expect(evictedFor(stopped({ kind: 'eviction', needed_by: 'code' }), started)).toEqual({
      name: 'chat',
      neededBy: 'code',
    });
  });

  it.each([
    ['it still stops', stopped({ kind: 'eviction', needed_by: 'code' }, 'stopping')],
    ['somebody else started the other', stopped({ kind: 'eviction', needed_by: 'embed' })],
    ['the other is hidden from this caller', stopped({ kind: 'eviction' })],
    ['it was idle', stopped({ kind: 'idle' })],
  ])('is not named when %s', (_case, frame) => {
    expect(evictedFor(frame, started)).toBe(null);
  });
});
