import type { DomainEvent } from '@llamactl/contract/events';
import type { Status } from '@llamactl/contract/instance';
import type { Alert, Gpu } from '@llamactl/contract/system';
import type { Trigger } from '@llamactl/contract/trigger';
import { describe, expect, it } from 'vitest';
import { PORT_CLASH } from '../instances/ports/alert-sink.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { createInstanceAlerts } from './instance-alerts.ts';

const GIBIBYTE = 1_073_741_824;
const MINUTE_MS = 60_000;
const GPU: Gpu = {
  index: 0,
  vendor: 'nvidia',
  name: 'RTX 4090',
  memory_total: 24 * GIBIBYTE,
  memory_usage: 23 * GIBIBYTE,
  utilization: 0,
  temperature: null,
  power: null,
};

interface Seen {
  name: string;
  status: Status;
  reason: string | null;
  port: number;
  restart_count: number;
  on_demand: boolean;
  engine: string;
  model_path?: string;
}

/** Instances, a bus and the alerts, all under the test's control. */
function aWorld() {
  const clock = new FakeClock();
  const instances = new Map<string, Seen>();
  const listeners = new Set<(event: DomainEvent) => void>();
  const raised = new Map<string, Omit<Alert, 'raised_at'>>();
  const log: string[] = [];
  const world = {
    clock,
    raised,
    log,
    portHolder: null as object | null | Promise<object | null>,
    gpus: [GPU] as Gpu[],
    /** Whether the previous server left the same alerts, so that raising one again is no event. */
    hasLeftAlerts: false,
  };
  const emit = (event: DomainEvent): void => listeners.forEach((listener) => listener(event));
  const note = (state: 'raised' | 'cleared', alert: Omit<Alert, 'raised_at'>): void => {
    log.push([state, alert.code, alert.instance].filter(Boolean).join(' '));
    emit({ type: 'system_alert', data: { ...alert, state } });
  };
  const alerts = {
    raise: (alert: Omit<Alert, 'raised_at'>) => {
      raised.set(`${alert.code} ${alert.instance ?? ''}`, alert);
      if (!world.hasLeftAlerts) note('raised', alert);
    },
    clear: (code: string, instance?: string) => {
      const alert = raised.get(`${code} ${instance ?? ''}`);
      if (raised.delete(`${code} ${instance ?? ''}`) && alert !== undefined) note('cleared', alert);
    },
  };
  const get = (name: string): Seen => {
    const seen = instances.get(name);
    if (seen === undefined) throw new Error(`no instance ${name}`);
    return seen;
  };
  const watch = createInstanceAlerts({
    clock,
    alerts,
    events: {
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    instances: {
      list: (status) => [...instances.values()].filter((one) => status === undefined || one.status === status),
      idOf: (name) => (instances.has(name) ? `id of ${name}` : null),
      get,
    },
    gpus: async () => world.gpus,
    portHolder: async () => world.portHolder,
    onFault: (error) => {
      throw error;
    },
  });
  const set = (given: Partial<Seen>): Seen => {
    const seen: Seen = {
      ...(instances.get(given.name ?? 'a') ?? {
        name: 'a',
        status: 'stopped',
        port: 8_100,
        restart_count: 0,
        on_demand: false,
        engine: 'llama_cpp',
      }),
      reason: null,
      ...given,
    };
    instances.set(seen.name, seen);
    return seen;
  };
  const enter = (status: Status, given: Partial<Seen> = {}, trigger?: Trigger): void => {
    const previous = instances.get(given.name ?? 'a')?.status ?? 'stopped';
    const { name, reason } = set({ ...given, status });
    emit({
      type: 'instance_status_changed',
      data: { name, status, previous_status: previous, trigger, ...(reason === null ? {} : { reason }) },
    });
  };
  return {
    ...world,
    world,
    watch,
    alerts,
    set,
    enter,
    crash: (restarts: number, reason = 'backoff after: it crashed') =>
      enter('restarting', { restart_count: restarts, reason }),
    update: (given: Partial<Seen> = {}) => {
      const { name } = set(given);
      emit({ type: 'instance_updated', data: { name } });
    },
    /** Renames an instance. The owner of the alerts has moved them by the time others get the event. */
    rename: (previous: string, name: string) => {
      instances.set(name, { ...get(previous), name });
      instances.delete(previous);
      for (const [key, alert] of [...raised].filter(([, { instance }]) => instance === previous)) {
        raised.delete(key);
        note('cleared', alert);
        const moved = { ...alert, instance: name };
        raised.set(`${alert.code} ${name}`, moved);
        note('raised', moved);
      }
      emit({ type: 'instance_updated', data: { name, previous_name: previous } });
    },
    remove: (name = 'a') => {
      instances.delete(name);
      emit({ type: 'instance_deleted', data: { name } });
    },
  };
}

describe('instance_failed', () => {
  it('is raised once, and cleared when it is over', () => {
    const { enter, log, raised } = aWorld();
    enter('starting');
    enter('failed', { reason: 'there is no file /m.gguf' });
    expect(raised.get('instance_failed a')).toMatchObject({ level: 'error', instance: 'a' });
    expect(raised.get('instance_failed a')?.message).toContain('/m.gguf');
    enter('starting');
    expect(log).toEqual(['raised instance_failed a', 'cleared instance_failed a']);
  });

  it('stays raised while requests start it again and it fails again', () => {
    const { enter, log } = aWorld();
    enter('failed', { reason: 'there is no file /m.gguf' });
    for (const attempt of [1, 2, 3]) {
      enter('starting', {}, { kind: 'demand', caller: `key:${attempt}` });
      enter('failed', { reason: 'there is no file /m.gguf' });
    }
    expect(new Set(log)).toEqual(new Set(['raised instance_failed a']));
    enter('starting', {}, { kind: 'demand' });
    enter('running', {}, { kind: 'demand' });
    expect(log.at(-1)).toBe('cleared instance_failed a');
  });

  it('is cleared by the start on demand that follows a change of the settings', () => {
    const { enter, update, log } = aWorld();
    enter('failed', { reason: 'gone' });
    update();
    expect(log).toEqual(['raised instance_failed a']);
    enter('starting', {}, { kind: 'demand' });
    expect(log).toEqual(['raised instance_failed a', 'cleared instance_failed a']);
    enter('failed', { reason: 'gone' });
    enter('starting', {}, { kind: 'demand' });
    expect(log.at(-1)).toBe('raised instance_failed a');
  });

  it('is raised by lookAtAll for an instance that failed before this process started', () => {
    const { set, log, watch } = aWorld();
    set({ name: 'a', status: 'failed', reason: 'gone' });
    set({ name: 'b', status: 'running', port: 8_101, restart_count: 4 });
    set({ name: 'c', status: 'restarting', port: 8_102, restart_count: 4, reason: 'backoff after: it crashed' });
    watch.lookAtAll();
    expect(log).toEqual(['raised instance_failed a', 'raised crash_loop c']);
  });

  it('is not raised for an instance that is deleted by then', () => {
    const { enter, remove, log } = aWorld();
    enter('starting');
    remove();
    expect(log).toEqual([]);
  });
});

describe('crash_loop', () => {
  it('is raised again at each further restart, with the present number', () => {
    const { crash, enter, log, raised } = aWorld();
    for (const restarts of [1, 2, 3, 4, 5]) {
      crash(restarts, `backoff after: process ${restarts} crashed`);
      enter('starting');
      enter('running');
    }
    expect(log).toEqual(Array(3).fill('raised crash_loop a'));
    expect(raised.get('crash_loop a')?.message).toContain('restarted 5 times');
  });

  it('is not raised by an update that restarts, after earlier restarts', () => {
    const { crash, log } = aWorld();
    crash(3, 'going down to start again with its new settings');
    expect(log).toEqual([]);
  });

  it('is raised for a hung engine, whose backoff has no status of its own', () => {
    const { crash, enter, raised } = aWorld();
    crash(2, 'it did not answer');
    enter('starting', { restart_count: 3 });
    expect(raised.get('crash_loop a')?.message).toContain('it did not answer');
  });

  it('is cleared after five minutes of running, not sooner', async () => {
    const { crash, enter, log, clock } = aWorld();
    crash(3);
    enter('starting');
    enter('running');
    await clock.advance(4 * MINUTE_MS);
    crash(4);
    enter('starting');
    enter('running');
    await clock.advance(5 * MINUTE_MS - 1);
    expect(log).toEqual(Array(2).fill('raised crash_loop a'));
    await clock.advance(1);
    expect(log).toEqual([...Array<string>(2).fill('raised crash_loop a'), 'cleared crash_loop a']);
  });

  it('is cleared when the instance is stopped', () => {
    const { crash, enter, log } = aWorld();
    crash(3);
    enter('stopped');
    expect(log).toEqual(['raised crash_loop a', 'cleared crash_loop a']);
  });

  it('is replaced by instance_failed when the restart policy gives up', () => {
    const { crash, enter, log } = aWorld();
    crash(3);
    enter('failed', { reason: 'gave up after 5 restarts in a row: it crashed' });
    expect(log).toEqual(['raised crash_loop a', 'raised instance_failed a', 'cleared crash_loop a']);
  });

  it('is cleared when the settings change, until the instance crashes with the new ones too', () => {
    const { crash, enter, update, log } = aWorld();
    crash(3);
    update();
    enter('starting');
    enter('running');
    expect(log).toEqual(['raised crash_loop a', 'cleared crash_loop a']);
    crash(4);
    expect(log.at(-1)).toBe('raised crash_loop a');
  });

  it('restarts its count after a start by a command', () => {
    const { crash, enter, update, log } = aWorld();
    crash(3);
    update();
    enter('starting', { restart_count: 0 });
    for (const restarts of [1, 2, 3]) crash(restarts);
    expect(log).toEqual(['raised crash_loop a', 'cleared crash_loop a', 'raised crash_loop a']);
  });
});

describe('port_clash', () => {
  const CLASH = { level: 'error', code: PORT_CLASH, message: 'Port 8100 is in use.', instance: 'a' } as const;

  it('is raised once beside the failed start, and cleared when the instance runs', () => {
    const { enter, log, world } = aWorld();
    world.portHolder = {};
    enter('failed', { reason: 'port 8100 is in use by nginx (pid 77)' });
    enter('starting');
    enter('failed', { reason: 'port 8100 is in use by nginx (pid 78)' });
    expect(log.filter((line) => line.includes('port_clash'))).toEqual(['raised port_clash a']);
    enter('starting');
    enter('running');
    expect(log.at(-1)).toBe('cleared port_clash a');
  });

  it('is cleared by a change of the port, not of another setting, also when raised elsewhere', () => {
    const { alerts, set, update, log } = aWorld();
    set({});
    alerts.raise(CLASH);
    update();
    expect(log).toEqual(['raised port_clash a']);
    update({ port: 8_101 });
    expect(log).toEqual(['raised port_clash a', 'cleared port_clash a']);
  });

  it('is cleared when the port is free again, which ends the checks', async () => {
    const { alerts, set, log, world, clock } = aWorld();
    set({});
    world.portHolder = {};
    alerts.raise(CLASH);
    await clock.advance(MINUTE_MS);
    expect(log).toEqual(['raised port_clash a']);
    world.portHolder = null;
    await clock.advance(10_000);
    expect(log).toEqual(['raised port_clash a', 'cleared port_clash a']);
    expect(clock.pending).toEqual([]);
  });
});

describe('port_clash of the previous server', () => {
  it('is cleared when the port is free again', async () => {
    const { enter, log, world, clock } = aWorld();
    world.hasLeftAlerts = true;
    world.portHolder = {};
    enter('failed', { reason: 'port 8100 is in use by nginx (pid 77)' });
    await clock.advance(10_000);
    expect(log).toEqual([]);
    world.portHolder = null;
    await clock.advance(10_000);
    expect(log).toEqual(['cleared port_clash a']);
  });
});

describe('port_clash that ends while its port is checked', () => {
  it('does not clear a newer clash of another port', async () => {
    const { alerts, set, update, log, world, clock } = aWorld();
    const clash = (port: number) =>
      alerts.raise({ level: 'error', code: PORT_CLASH, message: `Port ${port} is in use.`, instance: 'a' });
    let answer = (_holder: null): void => undefined;
    world.portHolder = new Promise((resolve) => {
      answer = resolve;
    });
    set({});
    clash(8_100);
    await clock.advance(10_000);
    update({ port: 8_101 });
    clash(8_101);
    world.portHolder = {};
    answer(null);
    await clock.flush();
    expect(log.at(-1)).toBe('raised port_clash a');
  });
});

describe('gpu_memory_low', () => {
  const SHORT = 'cudaMalloc failed: out of memory';

  it('is raised once for each instance, with the free GPU memory and no other instance', async () => {
    const { enter, log, raised, clock } = aWorld();
    enter('failed', { reason: SHORT });
    enter('failed', { reason: SHORT });
    enter('failed', { name: 'b', reason: SHORT });
    await clock.flush();
    const messages = ['a', 'b'].map((name) => raised.get(`gpu_memory_low ${name}`)?.message);
    expect(messages).toEqual([
      expect.stringMatching(/for a\. GPU 0 \(RTX 4090\) has 1\.0 GiB of 24\.0 GiB free\./),
      expect.stringMatching(/for b\. /),
    ]);
    expect(log.filter((words) => words.includes('gpu'))).toEqual([
      'raised gpu_memory_low a',
      'raised gpu_memory_low b',
    ]);
    enter('running');
    enter('stopped', { name: 'b' });
    expect(log.filter((words) => words.includes('cleared gpu'))).toEqual([
      'cleared gpu_memory_low a',
      'cleared gpu_memory_low b',
    ]);
  });

  it.each<[string, (world: ReturnType<typeof aWorld>) => void]>([
    ['changed', ({ update }) => update()],
    ['deleted', ({ remove }) => remove()],
  ])('is cleared when the instance is %s', async (_what, act) => {
    const world = aWorld();
    world.enter('failed', { reason: SHORT });
    await world.clock.flush();
    expect(world.raised.has('gpu_memory_low a')).toBe(true);
    act(world);
    expect(world.raised.has('gpu_memory_low a')).toBe(false);
  });

  it('is not raised when it is over before the GPUs were read', async () => {
    const { enter, log, clock } = aWorld();
    enter('failed', { reason: SHORT });
    enter('starting');
    enter('running');
    await clock.flush();
    expect(log).toEqual(['raised instance_failed a', 'cleared instance_failed a']);
  });
});

describe('InstanceAlerts', () => {
  it('leaves no timer or subscription after close', async () => {
    const { alerts, crash, enter, set, log, watch, clock } = aWorld();
    set({});
    crash(3);
    enter('running');
    alerts.raise({ level: 'error', code: PORT_CLASH, message: 'x', instance: 'a' });
    watch.close();
    enter('failed', { reason: 'x' });
    expect(clock.pending).toEqual([]);
    await clock.advance(10 * MINUTE_MS);
    expect(log).toEqual(['raised crash_loop a', 'raised port_clash a']);
  });
});

describe('a rename', () => {
  it('words the alert about a failure with the new name', () => {
    const { enter, rename, raised } = aWorld();
    enter('failed', { reason: 'there is no file /m.gguf' });
    rename('a', 'b');
    expect([...raised.keys()]).toEqual(['instance_failed b']);
    expect(raised.get('instance_failed b')?.message).toMatch(/^b failed/);
  });

  it('keeps a crash loop, which ends after five minutes of running', async () => {
    const { crash, enter, rename, raised, clock } = aWorld();
    crash(3);
    enter('running', { restart_count: 3 });
    rename('a', 'b');
    expect([...raised.keys()]).toEqual(['crash_loop b']);
    await clock.advance(5 * MINUTE_MS);
    expect([...raised.keys()]).toEqual([]);
  });

  it('keeps the alert about too little GPU memory until the instance runs', async () => {
    const { enter, rename, raised, clock } = aWorld();
    enter('failed', { reason: 'cudaMalloc failed: out of memory' });
    await clock.flush();
    rename('a', 'b');
    await clock.flush();
    expect([...raised.keys()].toSorted()).toEqual(['gpu_memory_low b', 'instance_failed b']);
    enter('running', { name: 'b' });
    expect([...raised.keys()]).toEqual([]);
  });
});
