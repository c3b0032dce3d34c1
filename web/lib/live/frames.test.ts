import type { Frame } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { sampleRow } from '../../testing/sample-row.ts';
import { applyAlert, applyFrame } from './frames.ts';
import { RowStore } from './row-store.ts';

const AT = { timestamp: '2026-11-30T12:00:00Z', seq: 7 };

function storeWith(...names: string[]): RowStore {
  const rows = new RowStore();
  rows.replaceAll(names.map((name) => sampleRow({ name })));
  return rows;
}

describe('a frame', () => {
  it('changes only its row, and only listeners of that row hear of it', () => {
    const rows = storeWith('chat', 'embed');
    const heard: string[] = [];
    rows.subscribeRow('chat', () => heard.push('chat'));
    rows.subscribeRow('embed', () => heard.push('embed'));
    const before = rows.row('embed');
    applyFrame(rows, {
      ...AT,
      type: 'requests_updated',
      data: { name: 'chat', in_flight: 2, waiting: 1, tokens_per_second: 61 },
    });
    expect(rows.row('chat')).toMatchObject({ in_flight: 2, waiting: 1, tokens_per_second: 61 });
    expect(rows.row('embed')).toBe(before);
    expect(heard).toEqual(['chat']);
  });

  it('of a failure has its reason, and leaves no figures of the dead process', () => {
    const rows = new RowStore();
    rows.replaceAll([sampleRow({ name: 'chat', status: 'running', in_flight: 3, started_at: '2026-11-30T11:00:00Z' })]);
    const phrase = { kind: 'memory' } as const;
    const data = { name: 'chat', status: 'failed', previous_status: 'running', reason: 'no memory', phrase } as const;
    expect(applyFrame(rows, { ...AT, type: 'instance_status_changed', data })).toEqual({ name: 'chat' });
    expect(rows.row('chat')).toMatchObject({
      status: 'failed',
      reason: 'no memory',
      phrase,
      in_flight: 0,
      started_at: null,
    });
  });

  it('of a refused start has its reason, until the status changes', () => {
    const rows = storeWith('chat');
    const refusal = { code: 'PORT_IN_USE', message: 'Port 8100 is in use.' } as const;
    const refused = { ...AT, type: 'instance_start_refused', data: { name: 'chat', ...refusal } } as const;
    expect(applyFrame(rows, refused)).toBe(null);
    expect(rows.row('chat')).toMatchObject({ status: 'stopped', refused: { at: AT.timestamp, ...refusal } });
    const data = { name: 'chat', status: 'starting', previous_status: 'stopped' } as const;
    applyFrame(rows, { ...AT, type: 'instance_status_changed', data });
    expect(rows.row('chat')).toMatchObject({ status: 'starting', refused: null });
  });

  it('of fields that changed without an event has the rows requested', () => {
    const frame = { ...AT, type: 'instances_refreshed', data: { reason: 'starts' } } as const;
    expect(applyFrame(storeWith('chat'), frame)).toBe('everything');
  });

  it('of a rename keeps the place in the list', () => {
    const rows = storeWith('a', 'b', 'c');
    applyFrame(rows, { ...AT, type: 'instance_updated', data: { name: 'z', previous_name: 'b' } });
    expect(rows.names.get()).toEqual(['a', 'z', 'c']);
    expect(rows.row('z')?.name).toBe('z');
    expect(rows.row('b')).toBe(undefined);
  });

  it('of a deletion removes the row', () => {
    const rows = storeWith('a', 'b');
    applyFrame(rows, { ...AT, type: 'instance_deleted', data: { name: 'a' } });
    expect(rows.names.get()).toEqual(['b']);
  });

  it('of a gap makes everything stale, one of a new instance only that', () => {
    const rows = storeWith('a');
    const gap = { ...AT, type: 'gap', data: { from_seq: 1, to_seq: 5, last_seq: 6 } } as const;
    expect(applyFrame(rows, gap)).toBe('everything');
    expect(applyFrame(rows, { ...AT, type: 'instance_created', data: { name: 'b' } })).toEqual({ name: 'b' });
  });

  it('of an unknown instance changes nothing', () => {
    const rows = storeWith('a');
    const version = rows.version.get();
    applyFrame(rows, {
      ...AT,
      type: 'requests_updated',
      data: { name: 'z', in_flight: 2, waiting: 1, tokens_per_second: 61 },
    });
    expect(rows.version.get()).toBe(version);
  });
});

describe('a new list of the server', () => {
  it('keeps the set of names if it is the same, so that lists do not render', () => {
    const rows = storeWith('a', 'b');
    const names = rows.names.get();
    rows.replaceAll([sampleRow({ name: 'a', status: 'running' }), sampleRow({ name: 'b' })]);
    expect(rows.names.get()).toBe(names);
    expect(rows.row('a')?.status).toBe('running');
  });

  it('removes rows that it lacks', () => {
    const rows = storeWith('a', 'b');
    rows.replaceAll([sampleRow({ name: 'b' })]);
    expect(rows.row('a')).toBe(undefined);
  });
});

describe('an alert', () => {
  const raised = (code: string, instance: string): Frame => ({
    ...AT,
    type: 'system_alert',
    data: { level: 'error', code, message: 'x', state: 'raised', instance },
  });

  it('that is raised again replaces itself, and one that is cleared goes', () => {
    const one = applyAlert([], raised('instance_failed', 'chat'));
    const two = applyAlert(applyAlert(one, raised('instance_failed', 'embed')), raised('instance_failed', 'chat'));
    expect(two.map(({ instance }) => instance)).toEqual(['embed', 'chat']);
    const cleared: Frame = {
      ...AT,
      type: 'system_alert',
      data: { level: 'error', code: 'instance_failed', message: 'x', state: 'cleared', instance: 'embed' },
    };
    expect(applyAlert(two, cleared).map(({ instance }) => instance)).toEqual(['chat']);
  });

  it('that changes is as old as before', () => {
    const later = { ...raised('instance_failed', 'chat'), timestamp: '2026-11-30T12:30:00Z' };
    expect(applyAlert(applyAlert([], raised('instance_failed', 'chat')), later)).toMatchObject([
      { raised_at: AT.timestamp },
    ]);
  });

  it('list stays the same object if a frame concerns no alert', () => {
    const alerts = applyAlert([], raised('instance_failed', 'chat'));
    expect(applyAlert(alerts, { ...AT, type: 'instance_created', data: { name: 'x' } })).toBe(alerts);
  });
});
