import type { Frame, InstanceSummary, Status } from '@llamactl/client';
import { beforeEach, describe, expect, it } from 'vitest';
import { usualStats } from '@llamactl/server/testing/usual-stats';
import { InstanceList } from './instance-list.ts';

const AT = '2026-03-01T12:00:00.000Z';
const EARLIER = '2026-03-01T11:00:00.000Z';
const at = { timestamp: AT, seq: 1 };

function summary(name: string, rest: Partial<InstanceSummary> = {}): InstanceSummary {
  return {
    name,
    status: 'stopped',
    engine: 'llama_cpp',
    running_port: null,
    model_info: null,
    capabilities: [],
    context_size: null,
    slots: null,
    port: 8100,
    aliases: [],
    unlisted: false,
    on_demand: true,
    in_flight: 0,
    waiting: 0,
    tokens_per_second: 0,
    last_used_at: null,
    waits_for: [],
    load: null,
    ready_at: null,
    last_load_seconds: null,
    pinned: false,
    restart_count: 0,
    restart_required: false,
    stats: null,
    reason: null,
    refused: null,
    started_at: null,
    created_at: AT,
    updated_at: AT,
    ...rest,
  };
}

const changed = (status: Status, reason?: string): Frame => ({
  ...at,
  type: 'instance_status_changed',
  data: { name: 'a', status, previous_status: 'stopped', ...(reason === undefined ? {} : { reason }) },
});
const measured = (uptime: number): Frame => ({
  ...at,
  type: 'instance_stats_updated',
  data: { name: 'a', stats: usualStats({ uptime }) },
});

let list: InstanceList;

beforeEach(() => {
  list = new InstanceList();
  list.reset([summary('a', { status: 'running', started_at: EARLIER }), summary('b')]);
});

describe('an instance list updated by events', () => {
  it('takes the refusal of a start from an event, until the status changes', () => {
    const refusal = { code: 'PORT_IN_USE' as const, message: 'Port 8100 is in use.' };
    const refused = (name: string): Frame => ({ ...at, type: 'instance_start_refused', data: { name, ...refusal } });
    expect(list.take(refused('b'))).toBe(false);
    expect(list.get('b')).toMatchObject({ status: 'stopped', refused: { at: at.timestamp, ...refusal } });
    list.take({
      ...at,
      type: 'instance_status_changed',
      data: { name: 'b', status: 'starting', previous_status: 'stopped' },
    });
    expect(list.get('b')).toMatchObject({ status: 'starting', refused: null });
    expect(list.take(refused('new'))).toBe(true);
  });

  it('takes status and reason from an event, without reading the list again', () => {
    expect(list.take(changed('failed', 'no memory'))).toBe(false);
    expect(list.get('a')).toMatchObject({ status: 'failed', reason: 'no memory' });
    expect(list.take(changed('starting'))).toBe(false);
    expect(list.get('a')).toMatchObject({ status: 'starting', reason: null });
    expect(list.all.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it.each<[Status, string | null]>([
    ['running', EARLIER],
    ['stopping', EARLIER],
    ['stopped', null],
    ['failed', null],
    ['starting', null],
    ['restarting', null],
  ])('knows since when a process runs that is now %s', (status, start) => {
    list.take(changed(status));
    expect(list.get('a')?.started_at).toBe(start);
  });

  it('takes the time of the event as the start until a measurement', () => {
    list.take(changed('starting'));
    list.take(changed('running'));
    expect(list.get('a')?.started_at).toBe(AT);
    list.take(measured(60));
    expect(list.get('a')?.started_at).toBe('2026-03-01T11:59:00.000Z');
    list.take(measured(59.5));
    expect(list.get('a')?.started_at, 'the same beginning').toBe('2026-03-01T11:59:00.000Z');
  });

  it('has no start time for an ended instance, even after a late measurement', () => {
    list.take(changed('stopped'));
    list.take(measured(60));
    expect(list.get('a')?.started_at).toBe(null);
  });

  it('removes deleted instances', () => {
    expect(list.take({ ...at, type: 'instance_deleted', data: { name: 'a' } })).toBe(false);
    expect(list.all.map(({ name }) => name)).toEqual(['b']);
  });

  it('has to be read again when an event says too little', () => {
    expect(list.take({ ...at, type: 'instance_created', data: { name: 'c' } })).toBe(true);
    expect(list.take({ ...at, type: 'instance_updated', data: { name: 'a' } })).toBe(true);
    expect(list.take({ ...at, type: 'gap', data: { from_seq: 1, to_seq: 2, last_seq: 3 } })).toBe(true);
    list.reset([]);
    expect(list.take(changed('running')), 'of one that it does not know').toBe(true);
    expect(list.take(measured(1))).toBe(false);
  });
});
