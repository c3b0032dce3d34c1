import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../testing/memory-store.ts';
import { storedAlertsLeft } from './alerts-left.ts';

const AT = '2026-01-01T00:00:00.000Z';

describe('storedAlertsLeft', () => {
  it('knows when an alert was raised, however many events came since', async () => {
    const store = new MemoryStore();
    const raised = { level: 'error', code: 'instance_failed', message: 'm', state: 'raised', instance: 'a' } as const;
    await store.replay.append([
      { seq: 1, timestamp: AT, event: { type: 'system_alert', data: raised }, instance: 'id-of-a' },
      ...Array.from({ length: 2_000 }, (_, index) => ({
        seq: index + 2,
        timestamp: '2026-01-02T00:00:00.000Z',
        event: { type: 'instance_updated' as const, data: { name: 'b' } },
      })),
    ]);
    expect(await storedAlertsLeft(store.replay)).toEqual([
      {
        alert: { level: 'error', code: 'instance_failed', message: 'm', instance: 'a', raised_at: AT },
        id: 'id-of-a',
      },
    ]);
  });
});
