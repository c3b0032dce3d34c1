import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { createAlerts } from './alerts.ts';
import { createEventBus } from './bus.ts';

const LOW = { level: 'warning', code: 'disk_space_low', message: 'The disk is nearly full.' } as const;
const STRAY = { level: 'error', code: 'stray_process', message: 'A process was left.', instance: 'a' } as const;

function someAlerts() {
  const clock = new FakeClock();
  const { replay } = new MemoryStore();
  const bus = createEventBus({
    clock,
    replay,
    stored: [],
    onError: (error) => {
      throw error;
    },
  });
  const told: string[] = [];
  bus.subscribe(({ type, data }) => {
    if (type === 'system_alert') told.push(`${data.state} ${data.level} ${data.code} ${data.instance ?? ''}`.trim());
  });
  return { alerts: createAlerts(clock, bus), bus, clock, told };
}

describe('an alert', () => {
  it('is told once when it is raised, listed while it lasts, and told once when it is over', () => {
    const { alerts, told, clock } = someAlerts();
    alerts.raise(LOW);
    alerts.raise(LOW);
    expect(alerts.list()).toEqual([{ ...LOW, raised_at: new Date(clock.now()).toISOString() }]);
    alerts.clear(LOW.code);
    alerts.clear(LOW.code);
    expect(alerts.list()).toEqual([]);
    expect(told).toEqual(['raised warning disk_space_low', 'cleared warning disk_space_low']);
  });

  it('that gets worse is told again, and is as old as before', async () => {
    const { alerts, told, clock } = someAlerts();
    alerts.raise(LOW);
    const [before] = alerts.list();
    await clock.advance(60_000);
    alerts.raise({ ...LOW, level: 'error' });
    expect(alerts.list()).toEqual([{ ...before, level: 'error' }]);
    expect(told).toEqual(['raised warning disk_space_low', 'raised error disk_space_low']);
  });

  it('of one instance says nothing about the same of another', () => {
    const { alerts } = someAlerts();
    alerts.raise(STRAY);
    alerts.raise({ ...STRAY, instance: 'b' });
    alerts.clear(STRAY.code, 'a');
    alerts.clear(STRAY.code);
    expect(alerts.list().map(({ instance }) => instance)).toEqual(['b']);
  });

  it('is over when its instance is deleted', () => {
    const { alerts, bus, told } = someAlerts();
    alerts.raise(STRAY);
    alerts.raise(LOW);
    bus.emit({ type: 'instance_deleted', data: { name: 'a' } });
    expect(alerts.list().map(({ code }) => code)).toEqual([LOW.code]);
    expect(told.at(-1)).toBe('cleared error stray_process a');
  });
});
