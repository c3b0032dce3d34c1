import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { alertsLeft } from './alerts-left.ts';
import { createAlerts } from './alerts.ts';
import { createEventBus } from './bus.ts';

const LOW = { level: 'warning', code: 'disk_space_low', message: 'The disk is nearly full.' } as const;
const STRAY = { level: 'error', code: 'stray_process', message: 'A process was left.', instance: 'a' } as const;

/** @param clock of the server before, to whose store this one comes back */
function someAlerts(store = new MemoryStore(), clock = new FakeClock()) {
  const bus = createEventBus({
    clock,
    replay: store.replay,
    stored: store.events,
    onError: (error) => {
      throw error;
    },
  });
  const told: string[] = [];
  const ids: unknown[] = [];
  bus.subscribe(({ type, data }, { instance }) => {
    if (type !== 'system_alert') return;
    told.push(`${data.state} ${data.level} ${data.code} ${data.instance ?? ''}`.trim());
    ids.push(instance);
  });
  const known = new Map([
    ['a', 'id-a'],
    ['b', 'id-b'],
  ]);
  const idOf = (name: string): string | null => known.get(name) ?? null;
  const alerts = createAlerts({ clock, bus, left: alertsLeft(store.events), idOf });
  return { alerts, bus, clock, store, told, known, ids };
}

type Server = ReturnType<typeof someAlerts>;

/** The next server on the same store, after a minute's absence. */
async function restarted({ alerts, clock, store }: Server): Promise<Server> {
  alerts.close();
  await clock.advance(60_000);
  return someAlerts(store, clock);
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

describe('an alert of an instance', () => {
  it('carries the id that the instance had, also when that is gone: who may hear of the one may hear of the other', () => {
    const { alerts, bus, known, ids } = someAlerts();
    alerts.raise(STRAY);
    alerts.raise(LOW);
    known.delete('a');
    bus.emit({ type: 'instance_deleted', data: { name: 'a' } }, 'id-a');
    expect(ids).toEqual(['id-a', undefined, 'id-a']);
  });
});

describe('an alert that the last server left', () => {
  it('is still listed, and over when it has not been found again in half a minute', async () => {
    const before = someAlerts();
    before.alerts.raise(LOW);
    before.alerts.raise(STRAY);
    before.alerts.clear(LOW.code);
    const listed = before.alerts.list();
    const { alerts, told, ids, clock } = await restarted(before);
    expect(alerts.list()).toEqual(listed);
    await clock.advance(29_000);
    expect([alerts.list(), told]).toEqual([listed, []]);
    await clock.advance(1_000);
    expect([alerts.list(), told, ids]).toEqual([[], ['cleared error stray_process a'], ['id-a']]);
  });

  it('was raised when it says, however the clock moved on until its event was kept', async () => {
    const ticking = new FakeClock();
    const tick = vi.spyOn(ticking, 'now').mockImplementation(() => 1_700_000_000_000 + tick.mock.calls.length);
    const before = someAlerts(new MemoryStore(), ticking);
    before.alerts.raise(LOW);
    const listed = before.alerts.list();
    const { alerts } = await restarted(before);
    expect(alerts.list()).toEqual(listed);
  });

  it('and that is found again is told again, once, and is as old as before', async () => {
    const before = someAlerts();
    before.alerts.raise(LOW);
    const listed = before.alerts.list();
    const { alerts, told, clock } = await restarted(before);
    alerts.raise(LOW);
    alerts.raise(LOW);
    await clock.advance(60_000);
    expect([alerts.list(), told]).toEqual([listed, ['raised warning disk_space_low']]);
  });

  it('is over at once for whoever looks and finds nothing', async () => {
    const before = someAlerts();
    before.alerts.raise(LOW);
    const { alerts, told } = await restarted(before);
    alerts.clear(LOW.code);
    expect([alerts.list(), told]).toEqual([[], ['cleared warning disk_space_low']]);
  });

  it('keeps its beginning over many servers and changes', async () => {
    const first = someAlerts();
    first.alerts.raise(LOW);
    const [begun] = first.alerts.list();
    const second = await restarted(first);
    second.alerts.raise({ ...LOW, level: 'error' });
    const third = await restarted(second);
    expect(third.alerts.list()).toEqual([{ ...begun, level: 'error' }]);
  });
});
