import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { alertsLeft } from './alerts-left.ts';
import { createAlerts } from './alerts.ts';
import { createEventBus } from './bus.ts';

const LOW = { level: 'warning', code: 'disk_space_low', message: 'The disk is nearly full.' } as const;
const STRAY = { level: 'error', code: 'stray_process', message: 'A process was left.', instance: 'a' } as const;

/** @param clock of the previous server, whose store this one opens */
function someAlerts(store = new MemoryStore(), clock = new FakeClock()) {
  const bus = createEventBus({
    clock,
    replay: store.replay,
    stored: store.events,
    onError: (error) => {
      throw error;
    },
  });
  const emitted: string[] = [];
  const ids: unknown[] = [];
  bus.subscribe(({ type, data }, { instance }) => {
    if (type !== 'system_alert') return;
    emitted.push(`${data.state} ${data.level} ${data.code} ${data.instance ?? ''}`.trim());
    ids.push(instance);
  });
  const known = new Map([
    ['a', 'id-a'],
    ['b', 'id-b'],
  ]);
  const idOf = (name: string): string | null => known.get(name) ?? null;
  const alerts = createAlerts({ clock, bus, left: alertsLeft(store.events), idOf });
  return { alerts, bus, clock, store, emitted, known, ids };
}

type Server = ReturnType<typeof someAlerts>;

/** The next server on the same store, after a minute's absence. */
async function restarted({ alerts, clock, store }: Server): Promise<Server> {
  alerts.close();
  await clock.advance(60_000);
  return someAlerts(store, clock);
}

describe('Alerts', () => {
  it('emits an event when an alert is raised and when it is cleared, and lists it between', () => {
    const { alerts, emitted, clock } = someAlerts();
    alerts.raise(LOW);
    alerts.raise(LOW);
    expect(alerts.list()).toEqual([{ ...LOW, raised_at: new Date(clock.now()).toISOString() }]);
    alerts.clear(LOW.code);
    alerts.clear(LOW.code);
    expect(alerts.list()).toEqual([]);
    expect(emitted).toEqual(['raised warning disk_space_low', 'cleared warning disk_space_low']);
  });

  it('emits an alert again when it gets worse, with the same raised_at', async () => {
    const { alerts, emitted, clock } = someAlerts();
    alerts.raise(LOW);
    const [before] = alerts.list();
    await clock.advance(60_000);
    alerts.raise({ ...LOW, level: 'error' });
    expect(alerts.list()).toEqual([{ ...before, level: 'error' }]);
    expect(emitted).toEqual(['raised warning disk_space_low', 'raised error disk_space_low']);
  });

  it('keeps the same alert of two instances apart', () => {
    const { alerts } = someAlerts();
    alerts.raise(STRAY);
    alerts.raise({ ...STRAY, instance: 'b' });
    alerts.clear(STRAY.code, 'a');
    alerts.clear(STRAY.code);
    expect(alerts.list().map(({ instance }) => instance)).toEqual(['b']);
  });

  it('clears the alerts of a deleted instance', () => {
    const { alerts, bus, emitted } = someAlerts();
    alerts.raise(STRAY);
    alerts.raise(LOW);
    bus.emit({ type: 'instance_deleted', data: { name: 'a' } });
    expect(alerts.list().map(({ code }) => code)).toEqual([LOW.code]);
    expect(emitted.at(-1)).toBe('cleared error stray_process a');
  });

  it('moves the alerts of a renamed instance to its new name, since the same time', async () => {
    const server = someAlerts();
    server.alerts.raise(STRAY);
    const [before] = server.alerts.list();
    await server.clock.advance(60_000);
    server.known.set('new', 'id-a');
    server.bus.emit({ type: 'instance_updated', data: { name: 'new', previous_name: 'a' } }, 'id-a');
    expect(server.alerts.list()).toEqual([{ ...before, instance: 'new' }]);
    expect(server.emitted.slice(1)).toEqual(['cleared error stray_process a', 'raised error stray_process new']);
    expect(server.ids).toEqual(['id-a', 'id-a', 'id-a']);
    expect((await restarted(server)).alerts.list().map(({ instance }) => instance)).toEqual(['new']);
  });
});

describe('Alerts of an instance', () => {
  it('carry its id, also after its deletion', () => {
    const { alerts, bus, known, ids } = someAlerts();
    alerts.raise(STRAY);
    alerts.raise(LOW);
    known.delete('a');
    bus.emit({ type: 'instance_deleted', data: { name: 'a' } }, 'id-a');
    expect(ids).toEqual(['id-a', undefined, 'id-a']);
  });
});

describe('Alerts that the previous server left', () => {
  it('stay listed, and are cleared after 30 seconds without a new raise', async () => {
    const before = someAlerts();
    before.alerts.raise(LOW);
    before.alerts.raise(STRAY);
    before.alerts.clear(LOW.code);
    const listed = before.alerts.list();
    const { alerts, emitted, ids, clock } = await restarted(before);
    expect(alerts.list()).toEqual(listed);
    await clock.advance(29_000);
    expect([alerts.list(), emitted]).toEqual([listed, []]);
    await clock.advance(1_000);
    expect([alerts.list(), emitted, ids]).toEqual([[], ['cleared error stray_process a'], ['id-a']]);
  });

  it('have the raised_at that was shown, even if the clock moved before the event was kept', async () => {
    const ticking = new FakeClock();
    const tick = vi.spyOn(ticking, 'now').mockImplementation(() => 1_700_000_000_000 + tick.mock.calls.length);
    const before = someAlerts(new MemoryStore(), ticking);
    before.alerts.raise(LOW);
    const listed = before.alerts.list();
    const { alerts } = await restarted(before);
    expect(alerts.list()).toEqual(listed);
  });

  it('stay without another event when raised again, with the same raised_at', async () => {
    const before = someAlerts();
    before.alerts.raise(LOW);
    const listed = before.alerts.list();
    const { alerts, emitted, clock } = await restarted(before);
    alerts.raise(LOW);
    alerts.raise(LOW);
    await clock.advance(60_000);
    expect([alerts.list(), emitted]).toEqual([listed, []]);
  });

  it('are cleared at once by a check that finds no cause', async () => {
    const before = someAlerts();
    before.alerts.raise(LOW);
    const { alerts, emitted } = await restarted(before);
    alerts.clear(LOW.code);
    expect([alerts.list(), emitted]).toEqual([[], ['cleared warning disk_space_low']]);
  });

  it('keep raised_at over many servers and changes', async () => {
    const first = someAlerts();
    first.alerts.raise(LOW);
    const [begun] = first.alerts.list();
    const second = await restarted(first);
    second.alerts.raise({ ...LOW, level: 'error' });
    const third = await restarted(second);
    expect(third.alerts.list()).toEqual([{ ...begun, level: 'error' }]);
  });
});
