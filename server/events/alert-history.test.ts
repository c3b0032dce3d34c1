import type { DomainEvent } from '@llamactl/contract/events';
import { describe, expect, it } from 'vitest';
import type { KeptEvent } from '../instances/ports/event-sink.ts';
import { pastAlerts } from './alert-history.ts';

type News = Extract<DomainEvent, { type: 'system_alert' }>['data'];

const kept = (seq: number, data: Partial<News>): KeptEvent => ({
  seq,
  timestamp: `2026-01-01T00:00:0${seq}.000Z`,
  event: {
    type: 'system_alert',
    data: { level: 'error', code: 'instance_failed', message: 'It failed.', state: 'raised', ...data },
  },
});

describe('pastAlerts', () => {
  it('pairs the events of each alert; the one that was raised last comes first', () => {
    const alerts = pastAlerts([
      kept(1, { instance: 'a', cause: 'gpu_memory' }),
      kept(2, { code: 'disk_space', level: 'warning' }),
      kept(3, { instance: 'a', state: 'cleared', cause: 'gpu_memory' }),
      kept(4, { instance: 'a' }),
    ]);
    expect(alerts).toEqual([
      expect.objectContaining({ seq: 4, instance: 'a', cleared_at: null }),
      expect.objectContaining({ seq: 2, code: 'disk_space', level: 'warning', cleared_at: null }),
      {
        seq: 1,
        level: 'error',
        code: 'instance_failed',
        message: 'It failed.',
        instance: 'a',
        cause: 'gpu_memory',
        raised_at: '2026-01-01T00:00:01.000Z',
        cleared_at: '2026-01-01T00:00:03.000Z',
      },
    ]);
  });

  it('keeps one alert while only its message changes, with the last message', () => {
    const alerts = pastAlerts([kept(1, { message: '5 % are free' }), kept(2, { message: '3 % are free' })]);
    expect(alerts).toEqual([expect.objectContaining({ seq: 1, message: '3 % are free' })]);
    expect(alerts[0]?.raised_at).toBe('2026-01-01T00:00:01.000Z');
  });

  it('does not know when an alert was raised whose first event is gone', () => {
    expect(pastAlerts([kept(5, { state: 'cleared' })])).toEqual([
      expect.objectContaining({ seq: 5, raised_at: null, cleared_at: '2026-01-01T00:00:05.000Z' }),
    ]);
  });

  it('skips other events', () => {
    expect(pastAlerts([{ seq: 1, timestamp: '', event: { type: 'instance_created', data: { name: 'a' } } }])).toEqual(
      [],
    );
  });
});
