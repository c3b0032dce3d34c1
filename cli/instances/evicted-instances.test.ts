import { LlamactlError, type Client, type PastEvent } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { evictedFor, evictedLine } from './evicted-instances.ts';

const { signal } = new AbortController();
const FACTS = { details: '', requestId: null, problems: [], reason: undefined, retryAfter: null };
type Change = Extract<PastEvent, { type: 'instance_status_changed' }>['data'];

/** A server with these changes, oldest first. */
function withChanges(...changes: Change[]): Pick<Client, 'listEvents'> {
  const events = changes.map((data, index): PastEvent => {
    return { type: 'instance_status_changed', seq: index + 1, timestamp: '2026-03-01T12:00:00Z', data };
  });
  return { listEvents: async () => ({ events: events.toReversed(), more: false, oldest_seq: 1 }) };
}

const starts = (name: string): Change => ({ name, previous_status: 'stopped', status: 'starting' });
const runs = (name: string): Change => ({ name, previous_status: 'starting', status: 'running' });
const evicted = (name: string, by?: string): Change => ({
  name,
  previous_status: 'running',
  status: 'stopping',
  trigger: { kind: 'eviction', ...(by === undefined ? {} : { needed_by: by }) },
});

describe('instances that were stopped to make room', () => {
  it('are those that the last start needed, in the order of their end', async () => {
    const client = withChanges(
      starts('big'),
      evicted('earlier', 'big'),
      runs('big'),
      { name: 'big', previous_status: 'stopping', status: 'stopped' },
      starts('big'),
      evicted('a', 'big'),
      evicted('b', 'big'),
      evicted('of-another', 'small'),
      evicted('of-a-hidden-one'),
      runs('big'),
    );
    expect(await evictedFor(client, ['big'], signal)).toEqual(['a', 'b']);
    expect(evictedLine(['a', 'b'])).toBe('stopped to make room: a, b');
  });

  it('are unknown if the begin of the start is', async () => {
    expect(await evictedFor(withChanges(evicted('a', 'big'), runs('big')), ['big'], signal)).toEqual([]);
    expect(evictedLine([])).toBe(null);
  });

  it('are unknown to a caller who may not see events', async () => {
    const refuse = async (): Promise<never> => {
      throw new LlamactlError('no', { ...FACTS, status: 403, code: 'FORBIDDEN' });
    };
    expect(await evictedFor({ listEvents: refuse }, ['big'], signal)).toEqual([]);
  });
});
