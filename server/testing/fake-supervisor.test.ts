import { describe, expect, test } from 'vitest';
import { supervisorContract, type EngineBehaviour, type SupervisorBench } from './contracts/supervisor.contract.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeSupervisor } from './fake-supervisor.ts';
import { FakeWorld } from './fake-world.ts';
import { RecordingListener } from './recording-listener.ts';

const LOOKS = 100;
const plan = { command: '/engine', argv: [], environment: {}, keyVariable: null, port: 9_000, healthPath: '/health' };

class FakeBench implements SupervisorBench {
  readonly dataDirId = 'memory';
  readonly clock = new FakeClock();
  readonly world = new FakeWorld();
  supervisor = new FakeSupervisor(this.clock, this.world);
  #exitCode = 0;
  #runs = 0;

  newRun(): { tag: string; folder: string } {
    this.#runs += 1;
    return { tag: `memory.i${this.#runs}.nonce`, folder: `/data/i${this.#runs}` };
  }

  plan({ ignoresSigterm = false, port = 9_000, exitCode = 0 }: EngineBehaviour = {}): typeof plan {
    this.world.defaults = { isReady: true, endsBy: ignoresSigterm ? 'SIGKILL' : 'SIGTERM' };
    this.#exitCode = exitCode;
    return { ...plan, port };
  }

  badPlan(): { plan: typeof plan; file: string } {
    this.supervisor.spawnFailures.push('/missing does not exist');
    return { plan: { ...plan, command: '/missing' }, file: '/missing' };
  }

  async untilItBehaves(): Promise<void> {
    await this.clock.flush();
  }

  async endByItself(run: { tag: string }): Promise<void> {
    this.world.exit(run, this.#exitCode, this.clock.now());
  }

  restart(): FakeSupervisor {
    this.supervisor.close();
    this.supervisor = new FakeSupervisor(this.clock, this.world);
    return this.supervisor;
  }

  async takePort(): Promise<number> {
    return 9_001;
  }

  advance(milliseconds: number): Promise<void> {
    return this.clock.advance(milliseconds);
  }

  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let look = 0; look < LOOKS; look += 1) {
      if (await condition()) return;
      await this.clock.flush();
    }
    throw new Error('The condition never held');
  }

  async dispose(): Promise<void> {
    this.supervisor.close();
  }
}

describe('FakeSupervisor as a supervisor', () => {
  supervisorContract(async () => new FakeBench());
});

describe('FakeSupervisor', () => {
  const make = (): { clock: FakeClock; world: FakeWorld; supervisor: FakeSupervisor } => {
    const clock = new FakeClock();
    const world = new FakeWorld();
    return { clock, world, supervisor: new FakeSupervisor(clock, world) };
  };
  const run = { tag: 'memory.one.a', folder: '/data/one/a' };

  test('a held spawn has launched its engine but does not resolve with the pid', async () => {
    const { world, supervisor } = make();
    supervisor.holdSpawns();
    let isKnown = false;
    const spawning = supervisor.spawn(run, plan, {}, new RecordingListener()).then(() => (isKnown = true));
    await Promise.resolve();
    expect(world.alive('one')).toHaveLength(1);
    expect(isKnown).toBe(false);
    supervisor.releaseSpawns();
    await spawning;
  });

  test('a manager that dies during a spawn leaves a process that the next one finds', async () => {
    const { clock, world, supervisor } = make();
    supervisor.holdSpawns();
    void supervisor.spawn(run, plan, {}, new RecordingListener());
    await Promise.resolve();
    supervisor.close();
    const next = new FakeSupervisor(clock, world);
    expect(await next.inspect(run, null)).toEqual({ found: 'alive', identity: world.process('one').identity });
  });

  test('an engine that survives SIGKILL is reported after five seconds, and may still end', async () => {
    const { clock, world, supervisor } = make();
    const listener = new RecordingListener();
    await supervisor.spawn(run, plan, {}, listener);
    world.process(run).endsBy = 'nothing';
    supervisor.terminate(run);
    await clock.advance(9_999);
    expect(listener.survivors).toEqual([]);
    await clock.advance(1);
    expect(listener.survivors).toEqual([[world.process(run).identity.pid]]);
    world.exit(run, 137, clock.now());
    await clock.flush();
    expect(listener.exits).toHaveLength(1);
  });

  test('peak returns the highest number of processes of one instance', async () => {
    const { clock, world, supervisor } = make();
    const again = { tag: 'memory.one.b', folder: '/data/one/b' };
    await supervisor.spawn(run, plan, {}, new RecordingListener());
    expect(world.peak('one')).toBe(1);
    await supervisor.spawn(again, plan, {}, new RecordingListener());
    world.exit(run, 0, clock.now());
    expect(world.alive('one')).toHaveLength(1);
    expect(world.peak('one')).toBe(2);
  });

  test('engines answer probes as the test sets, and foreign ports are foreign', async () => {
    const { world, supervisor } = make();
    world.defaults.isReady = false;
    await supervisor.spawn(run, plan, {}, new RecordingListener());
    const target = { port: 9_000, healthPath: '/health', key: null };
    expect(await world.endpoint.probe(target, 1_000)).toBe('loading');
    world.ready('one');
    expect(await world.endpoint.probe(target, 1_000)).toBe('ok');
    expect(await world.endpoint.probe({ ...target, port: 9_001 }, 1_000)).toBe('closed');
    world.foreignPorts.set(9_001, { pid: 7, description: 'other (pid 7)' });
    expect(await supervisor.ownsPort(run, 9_001)).toBe('foreign');
    expect(await supervisor.portHolder(9_001)).toEqual({ pid: 7, description: 'other (pid 7)' });
  });

  test('a reboot ends everything without a report, and changes the boot id', async () => {
    const { clock, world, supervisor } = make();
    const listener = new RecordingListener();
    const identity = await supervisor.spawn(run, plan, {}, listener);
    world.reboot(clock.now());
    const next = new FakeSupervisor(clock, world);
    await clock.flush();
    expect(await next.inspect(run, identity)).toMatchObject({ found: 'dead', rebooted: true });
    expect(listener.exits).toEqual([]);
  });
});
