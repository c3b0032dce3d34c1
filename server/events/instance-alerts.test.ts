import type { InstanceEvent } from '@llamactl/contract/events';
import type { Status } from '@llamactl/contract/instance';
import type { Alert, Gpu } from '@llamactl/contract/system';
import { describe, expect, it } from 'vitest';
import { PORT_CLASH as REFUSED_FOR_PORT } from '../instances/alert-codes.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { createInstanceAlerts, PORT_CLASH } from './instance-alerts.ts';

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
}

/** Instances, a bus and the alerts, all of which the test moves and sees. */
function aWorld() {
  const clock = new FakeClock();
  const instances = new Map<string, Seen>();
  const listeners = new Set<(event: InstanceEvent) => void>();
  const raised = new Map<string, Omit<Alert, 'raised_at'>>();
  const told: string[] = [];
  const world = {
    clock,
    raised,
    told,
    portHolder: null as object | null | Promise<object | null>,
    gpus: [GPU] as Gpu[],
  };
  const emit = (event: InstanceEvent): void => listeners.forEach((listener) => listener(event));
  const tell = (state: 'raised' | 'cleared', alert: Omit<Alert, 'raised_at'>): void => {
    told.push([state, alert.code, alert.instance].filter(Boolean).join(' '));
    emit({ type: 'system_alert', data: { ...alert, state } });
  };
  const alerts = {
    raise: (alert: Omit<Alert, 'raised_at'>) => {
      raised.set(`${alert.code} ${alert.instance ?? ''}`, alert);
      tell('raised', alert);
    },
    clear: (code: string, instance?: string) => {
      const alert = raised.get(`${code} ${instance ?? ''}`);
      if (raised.delete(`${code} ${instance ?? ''}`) && alert !== undefined) tell('cleared', alert);
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
    instances: { list: () => [...instances.values()], get },
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
      }),
      reason: null,
      ...given,
    };
    instances.set(seen.name, seen);
    return seen;
  };
  const enter = (status: Status, given: Partial<Seen> = {}): void => {
    const previous = instances.get(given.name ?? 'a')?.status ?? 'stopped';
    const { name, reason } = set({ ...given, status });
    emit({
      type: 'instance_status_changed',
      data: { name, status, previous_status: previous, ...(reason === null ? {} : { reason }) },
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
    remove: (name = 'a') => {
      instances.delete(name);
      emit({ type: 'instance_deleted', data: { name } });
    },
  };
}

describe('an instance that fails', () => {
  it('is told once, and again when it is over', () => {
    const { enter, told, raised } = aWorld();
    enter('starting');
    enter('failed', { reason: 'there is no file /m.gguf' });
    expect(raised.get('instance_failed a')).toMatchObject({ level: 'error', instance: 'a' });
    expect(raised.get('instance_failed a')?.message).toContain('/m.gguf');
    enter('starting');
    expect(told).toEqual(['raised instance_failed a', 'cleared instance_failed a']);
  });

  it('before this program began is told when all are looked at', () => {
    const { set, told, watch } = aWorld();
    set({ name: 'a', status: 'failed', reason: 'gone' });
    set({ name: 'b', status: 'running', port: 8_101, restart_count: 4 });
    set({ name: 'c', status: 'restarting', port: 8_102, restart_count: 4, reason: 'backoff after: it crashed' });
    watch.lookAtAll();
    expect(told).toEqual(['raised instance_failed a', 'raised crash_loop c']);
  });

  it('and is gone by the time it is heard of raises nothing', () => {
    const { enter, remove, told } = aWorld();
    enter('starting');
    remove();
    expect(told).toEqual([]);
  });
});

describe('a crash loop', () => {
  it('is told once, however long it goes on', () => {
    const { crash, enter, told } = aWorld();
    for (const restarts of [1, 2, 3, 4, 5]) {
      crash(restarts, `backoff after: process ${restarts} crashed`);
      enter('starting');
      enter('running');
    }
    expect(told).toEqual(['raised crash_loop a']);
  });

  it('of an engine that hangs is seen although its backoff has no status of its own', () => {
    const { crash, enter, raised } = aWorld();
    crash(2, 'it did not answer');
    enter('starting', { restart_count: 3 });
    expect(raised.get('crash_loop a')?.message).toContain('it did not answer');
  });

  it('is over when it has run for five minutes, not sooner', async () => {
    const { crash, enter, told, clock } = aWorld();
    crash(3);
    enter('starting');
    enter('running');
    await clock.advance(4 * MINUTE_MS);
    crash(4);
    enter('starting');
    enter('running');
    await clock.advance(5 * MINUTE_MS - 1);
    expect(told).toEqual(['raised crash_loop a']);
    await clock.advance(1);
    expect(told).toEqual(['raised crash_loop a', 'cleared crash_loop a']);
  });

  it('is over when it is stopped', () => {
    const { crash, enter, told } = aWorld();
    crash(3);
    enter('stopped');
    expect(told).toEqual(['raised crash_loop a', 'cleared crash_loop a']);
  });

  it('that ends in giving up is over: then it has failed', () => {
    const { crash, enter, told } = aWorld();
    crash(3);
    enter('failed', { reason: 'gave up after 5 restarts in a row: it crashed' });
    expect(told).toEqual(['raised crash_loop a', 'raised instance_failed a', 'cleared crash_loop a']);
  });

  it('is over when its settings change, until it crashes with the new ones too', () => {
    const { crash, enter, update, told } = aWorld();
    crash(3);
    update();
    enter('starting');
    enter('running');
    expect(told).toEqual(['raised crash_loop a', 'cleared crash_loop a']);
    crash(4);
    expect(told.at(-1)).toBe('raised crash_loop a');
  });

  it('counts anew after a start by a command', () => {
    const { crash, enter, update, told } = aWorld();
    crash(3);
    update();
    enter('starting', { restart_count: 0 });
    for (const restarts of [1, 2, 3]) crash(restarts);
    expect(told).toEqual(['raised crash_loop a', 'cleared crash_loop a', 'raised crash_loop a']);
  });
});

describe('a port clash', () => {
  const CLASH = { level: 'error', code: PORT_CLASH, message: 'Port 8100 is in use.', instance: 'a' } as const;

  it('has the code under which a refused start raises it', () => {
    expect(PORT_CLASH).toBe(REFUSED_FOR_PORT);
  });

  it('of a start is told once beside the failure, and is over when the instance runs', () => {
    const { enter, told, world } = aWorld();
    world.portHolder = {};
    enter('failed', { reason: 'port 8100 is in use by nginx (pid 77)' });
    enter('starting');
    enter('failed', { reason: 'port 8100 is in use by nginx (pid 78)' });
    expect(told.filter((line) => line.includes('port_clash'))).toEqual(['raised port_clash a']);
    enter('starting');
    enter('running');
    expect(told.at(-1)).toBe('cleared port_clash a');
  });

  it('that somebody else raised is over when the port changes, not when something else does', () => {
    const { alerts, set, update, told } = aWorld();
    set({});
    alerts.raise(CLASH);
    update();
    expect(told).toEqual(['raised port_clash a']);
    update({ port: 8_101 });
    expect(told).toEqual(['raised port_clash a', 'cleared port_clash a']);
  });

  it('is over when the port is free again, and looked for no longer', async () => {
    const { alerts, set, told, world, clock } = aWorld();
    set({});
    world.portHolder = {};
    alerts.raise(CLASH);
    await clock.advance(MINUTE_MS);
    expect(told).toEqual(['raised port_clash a']);
    world.portHolder = null;
    await clock.advance(10_000);
    expect(told).toEqual(['raised port_clash a', 'cleared port_clash a']);
    expect(clock.pending).toEqual([]);
  });
});

describe('a port clash that ends while its port is looked at', () => {
  it('says nothing of the one that began meanwhile, of another port', async () => {
    const { alerts, set, update, told, world, clock } = aWorld();
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
    expect(told.at(-1)).toBe('raised port_clash a');
  });
});

describe('too little GPU memory', () => {
  const SHORT = 'cudaMalloc failed: out of memory';

  it('is told once for each instance, with what the GPUs have, and tells of no other instance', async () => {
    const { enter, told, raised, clock } = aWorld();
    enter('failed', { reason: SHORT });
    enter('failed', { reason: SHORT });
    enter('failed', { name: 'b', reason: SHORT });
    await clock.flush();
    const messages = ['a', 'b'].map((name) => raised.get(`gpu_memory_low ${name}`)?.message);
    expect(messages).toEqual([
      expect.stringMatching(/for a\. GPU 0 \(RTX 4090\) has 1\.0 of 24\.0 GiB free\./),
      expect.stringMatching(/for b\. /),
    ]);
    expect(told.filter((words) => words.includes('gpu'))).toEqual([
      'raised gpu_memory_low a',
      'raised gpu_memory_low b',
    ]);
    enter('running');
    enter('stopped', { name: 'b' });
    expect(told.filter((words) => words.includes('cleared gpu'))).toEqual([
      'cleared gpu_memory_low a',
      'cleared gpu_memory_low b',
    ]);
  });

  it.each<[string, (world: ReturnType<typeof aWorld>) => void]>([
    ['changed', ({ update }) => update()],
    ['deleted', ({ remove }) => remove()],
  ])('is over when the instance is %s', async (_what, act) => {
    const world = aWorld();
    world.enter('failed', { reason: SHORT });
    await world.clock.flush();
    expect(world.raised.has('gpu_memory_low a')).toBe(true);
    act(world);
    expect(world.raised.has('gpu_memory_low a')).toBe(false);
  });

  it('that is over before the GPUs were looked at is not told', async () => {
    const { enter, told, clock } = aWorld();
    enter('failed', { reason: SHORT });
    enter('starting');
    enter('running');
    await clock.flush();
    expect(told).toEqual(['raised instance_failed a', 'cleared instance_failed a']);
  });
});

describe('the watch', () => {
  it('leaves nothing behind when it is closed', async () => {
    const { alerts, crash, enter, set, told, watch, clock } = aWorld();
    set({});
    crash(3);
    enter('running');
    alerts.raise({ level: 'error', code: PORT_CLASH, message: 'x', instance: 'a' });
    watch.close();
    enter('failed', { reason: 'x' });
    expect(clock.pending).toEqual([]);
    await clock.advance(10 * MINUTE_MS);
    expect(told).toEqual(['raised crash_loop a', 'raised port_clash a']);
  });
});
