import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LaunchPlan, ProcessIdentity, RunReference } from '../../instances/ports/runs.ts';
import type { Supervisor } from '../../supervisor/supervisor.ts';
import { freezeRun, untilFrozen, type FrozenRun } from '../frozen-run.ts';
import { RecordingListener } from '../recording-listener.ts';

/** Behaviour of an engine in the contract tests. Each runs until it is ended. */
export interface EngineBehaviour {
  ignoresSigterm?: boolean;
  /** The port on which it listens. */
  port?: number;
  /** Exit status when {@link SupervisorBench.endByItself} ends it. */
  exitCode?: number;
}

/** The operations that the contract tests need besides the supervisor, for the fake and for a real machine. */
export interface SupervisorBench {
  readonly dataDirId: string;
  /** The current supervisor; {@link restart} replaces it. */
  readonly supervisor: Supervisor;
  /** A run of a new instance, not spawned yet. */
  newRun(): RunReference;
  plan(behaviour?: EngineBehaviour): LaunchPlan;
  /** A plan that cannot be launched, and the missing file. */
  badPlan(): { plan: LaunchPlan; file: string };
  /** Resolves when a spawned engine behaves as planned. */
  untilItBehaves(run: RunReference): Promise<void>;
  endByItself(run: RunReference, identity: ProcessIdentity): Promise<void>;
  /** Crashes the manager, and returns the next one on the same machine. */
  restart(): Supervisor;
  /** A port on which no process listens. */
  takePort(): Promise<number>;
  /** Lets the supervisor's long waits pass. */
  advance(milliseconds: number): Promise<void>;
  /** Resolves when `condition` holds; rejects if it never does. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  /** Ends everything that is left. */
  dispose(): Promise<void>;
}

/** The contract tests of the ports that a {@link Supervisor} implements. */
export function supervisorContract(make: () => Promise<SupervisorBench>): void {
  let bench: SupervisorBench;
  let listener: RecordingListener;
  let run: RunReference;

  beforeEach(async () => {
    bench = await make();
    listener = new RecordingListener();
    run = bench.newRun();
  });
  afterEach(() => bench.dispose());

  const spawn = async (behaviour: EngineBehaviour = {}): Promise<ProcessIdentity> => {
    const identity = await bench.supervisor.spawn(run, bench.plan(behaviour), {}, listener);
    await bench.untilItBehaves(run);
    return identity;
  };
  const freeze = (): Promise<FrozenRun> => untilFrozen(bench.supervisor, run, (condition) => bench.until(condition));
  const untilGone = (): Promise<void> => bench.until(() => listener.exits.length > 0);

  test('a spawned run is alive with the identity that spawn returned, and has stats', async () => {
    const identity = await spawn();
    expect(identity.pid).toBeGreaterThan(1);
    expect(identity.bootId).toBe(bench.supervisor.bootId);
    expect(await bench.supervisor.inspect(run, identity)).toEqual({ found: 'alive', identity });
    expect(bench.supervisor.stats(run)).toMatchObject({
      memory_usage: expect.any(Number) as number,
      uptime: expect.any(Number) as number,
    });
    expect(bench.supervisor.progress(run)?.memoryBytes).toBeGreaterThan(0);
  });

  test('an engine that exits by itself is reported once, with its code', async () => {
    const identity = await spawn({ exitCode: 7 });
    await bench.endByItself(run, identity);
    await untilGone();
    expect(listener.exits).toEqual([{ code: 7, signal: null, at: expect.any(Number) as number }]);
    expect(bench.supervisor.stats(run)).toBeNull();
    expect(bench.supervisor.progress(run)).toBeNull();
  });

  test('terminate ends an engine; further calls do nothing', async () => {
    await spawn();
    bench.supervisor.terminate(run);
    bench.supervisor.terminate(run);
    await untilGone();
    bench.supervisor.terminate(run);
    bench.supervisor.kill(run);
    await bench.advance(10_000);
    expect(listener.exits).toHaveLength(1);
    expect(listener.exits[0]).toMatchObject({ code: 0, signal: null });
    expect(listener.survivors).toEqual([]);
  });

  test('kill ends an engine at once; its code is 128 + 9, its signal SIGKILL', async () => {
    await spawn({ ignoresSigterm: true });
    bench.supervisor.kill(run);
    bench.supervisor.kill(run);
    await untilGone();
    expect(listener.exits).toEqual([{ code: 137, signal: 'SIGKILL', at: expect.any(Number) as number }]);
  });

  test('terminate kills an engine that ignores SIGTERM after five seconds', async () => {
    await spawn({ ignoresSigterm: true });
    bench.supervisor.terminate(run);
    await bench.advance(3_000);
    await bench.advance(1_999);
    expect(listener.exits).toEqual([]);
    await bench.advance(1);
    await untilGone();
    expect(listener.exits[0]).toMatchObject({ code: 137, signal: 'SIGKILL' });
  });

  test('kill escalates a terminate under way', async () => {
    await spawn({ ignoresSigterm: true });
    bench.supervisor.terminate(run);
    bench.supervisor.kill(run);
    await untilGone();
    await bench.advance(10_000);
    expect(listener.exits).toHaveLength(1);
    expect(listener.exits[0]).toMatchObject({ code: 137, signal: 'SIGKILL' });
  });

  test('a terminate during the spawn takes effect when the pid is known', async () => {
    const spawning = bench.supervisor.spawn(run, bench.plan(), {}, listener);
    bench.supervisor.terminate(run);
    const identity = await spawning;
    await untilGone();
    expect(listener.exits).toHaveLength(1);
    expect(await bench.supervisor.inspect(run, identity)).toMatchObject({ found: 'dead', spawned: true });
  });

  test('a kill during the spawn takes effect when the pid is known', async () => {
    const spawning = bench.supervisor.spawn(run, bench.plan({ ignoresSigterm: true }), {}, listener);
    bench.supervisor.terminate(run);
    bench.supervisor.kill(run);
    await spawning;
    await untilGone();
    expect(listener.exits).toEqual([expect.objectContaining({ signal: 'SIGKILL' })]);
  });

  test('a run cannot be spawned twice, nor adopted while it is watched', async () => {
    const identity = await spawn();
    await expect(bench.supervisor.spawn(run, bench.plan(), {}, listener)).rejects.toThrow('already');
    expect(() => bench.supervisor.adopt(run, identity, listener)).toThrow('already');
  });

  test('a failed spawn rejects with a reason that names the file, and leaves nothing', async () => {
    const { plan, file } = bench.badPlan();
    await expect(bench.supervisor.spawn(run, plan, {}, listener)).rejects.toThrow(file);
    expect(await bench.supervisor.inspect(run, null)).toMatchObject({ found: 'dead', spawned: false });
    expect(await bench.supervisor.strays(new Set())).toEqual([]);
    expect(listener.exits).toEqual([]);
  });

  test('pids returns the processes of a run while the engine lives', async () => {
    expect(bench.supervisor.pids(run)).toEqual([]);
    const identity = await spawn();
    expect(bench.supervisor.pids(run)).toContain(identity.pid);
    expect(bench.supervisor.pids(run)).not.toContain(identity.group);
    bench.supervisor.kill(run);
    await untilGone();
    expect(bench.supervisor.pids(run)).toEqual([]);
  });

  test('a run can be frozen repeatedly, and continues when it is thawed', async () => {
    const identity = await spawn({ exitCode: 7 });
    for (let times = 1; times <= 3; times += 1) {
      const { thaw } = await freeze();
      expect(bench.supervisor.stats(run)).not.toBeNull();
      await thaw();
    }
    await bench.endByItself(run, identity);
    await untilGone();
    expect(listener.exits).toEqual([expect.objectContaining({ code: 7 })]);
  });

  test('a frozen run is not frozen a second time', async () => {
    await spawn();
    const { thaw } = await freeze();
    expect(await freezeRun(bench.supervisor, run)).toBeNull();
    await thaw();
    await (await freeze()).thaw();
  });

  test('a step that fails rejects, and the run continues', async () => {
    await spawn();
    const failing = async (): Promise<void> => {
      await bench.until(() => bench.supervisor.whileFrozen(run, () => Promise.reject(new Error('no such file'))));
    };
    await expect(failing()).rejects.toThrow('no such file');
    bench.supervisor.terminate(run);
    await untilGone();
  });

  test('a terminate of a frozen run takes effect only at the thaw', async () => {
    await spawn();
    const { thaw } = await freeze();
    bench.supervisor.terminate(run);
    await bench.advance(2_999);
    expect(listener.exits).toEqual([]);
    await thaw();
    await untilGone();
    expect(listener.exits).toEqual([expect.objectContaining({ code: 0 })]);
  });

  test('a kill ends a frozen run at once', async () => {
    await spawn();
    const { thaw } = await freeze();
    bench.supervisor.kill(run);
    await untilGone();
    expect(listener.exits).toEqual([expect.objectContaining({ code: 137, signal: 'SIGKILL' })]);
    await thaw();
    expect(await freezeRun(bench.supervisor, run)).toBeNull();
  });

  test('a run that is frozen when the manager closes continues', async () => {
    const identity = await spawn({ exitCode: 7 });
    const { thaw } = await freeze();
    const next = bench.restart();
    const watcher = new RecordingListener();
    next.adopt(run, identity, watcher);
    await thaw();
    await bench.endByItself(run, identity);
    await bench.until(() => watcher.exits.length > 0);
    expect(watcher.exits).toEqual([expect.objectContaining({ code: 7 })]);
  });

  test('terminate, kill and freeze of an unknown run do nothing', async () => {
    bench.supervisor.terminate(run);
    bench.supervisor.kill(run);
    expect(await freezeRun(bench.supervisor, run)).toBeNull();
    expect(bench.supervisor.stats(run)).toBeNull();
    expect(bench.supervisor.progress(run)).toBeNull();
  });

  test('a run that was never spawned is dead, without an exit', async () => {
    expect(await bench.supervisor.inspect(run, null)).toEqual({
      found: 'dead',
      exit: { code: null, signal: null, at: expect.any(Number) as number },
      spawned: false,
      rebooted: false,
    });
  });

  test('a run that ended unwatched is found dead, with its code', async () => {
    const identity = await spawn({ exitCode: 3 });
    const next = bench.restart();
    await bench.endByItself(run, identity);
    await bench.until(async () => (await next.inspect(run, identity)).found === 'dead');
    const dead = { found: 'dead', exit: { code: 3, signal: null, at: expect.any(Number) as number }, spawned: true };
    expect(await next.inspect(run, identity)).toEqual({ ...dead, rebooted: false });
    expect(await next.inspect(run, null)).toEqual({ ...dead, rebooted: false });
    expect(listener.exits).toEqual([]);
  });

  test('the next manager finds and adopts a run, and gets its exit', async () => {
    const identity = await spawn({ exitCode: 7 });
    const next = bench.restart();
    expect(await next.inspect(run, identity)).toEqual({ found: 'alive', identity });
    const watcher = new RecordingListener();
    next.adopt(run, identity, watcher);
    expect(next.stats(run)).not.toBeNull();
    await bench.endByItself(run, identity);
    await bench.until(() => watcher.exits.length > 0);
    expect(watcher.exits).toEqual([{ code: 7, signal: null, at: expect.any(Number) as number }]);
    expect(listener.exits).toEqual([]);
  });

  test('a run is found even if its pid was not stored', async () => {
    const identity = await spawn();
    const next = bench.restart();
    expect(await next.inspect(run, null)).toEqual({ found: 'alive', identity });
  });

  test('an adopted run is terminated like any other', async () => {
    const identity = await spawn();
    const next = bench.restart();
    const watcher = new RecordingListener();
    next.adopt(run, identity, watcher);
    next.terminate(run);
    await bench.until(() => watcher.exits.length > 0);
    expect(watcher.exits).toEqual([expect.objectContaining({ code: 0 })]);
  });

  test('an adopted run that is already gone is reported, but not during the call', async () => {
    const identity = await spawn({ exitCode: 5 });
    const next = bench.restart();
    await bench.endByItself(run, identity);
    await bench.until(async () => (await next.inspect(run, identity)).found === 'dead');
    const watcher = new RecordingListener();
    next.adopt(run, identity, watcher);
    expect(watcher.exits).toEqual([]);
    await bench.until(() => watcher.exits.length > 0);
    expect(watcher.exits).toEqual([expect.objectContaining({ code: 5 })]);
  });

  test('a run of an earlier boot is dead, even if a process has its pid', async () => {
    const identity = await spawn();
    const next = bench.restart();
    expect(await next.inspect(run, { ...identity, bootId: 'another' })).toMatchObject({
      found: 'dead',
      rebooted: true,
    });
    expect(await next.inspect(run, identity)).toEqual({ found: 'alive', identity });
  });

  test('a later process with the same pid is not the run', async () => {
    const identity = await spawn();
    const next = bench.restart();
    const stranger = bench.newRun();
    const wrong = { ...identity, startTicks: identity.startTicks + 1 };
    expect(await next.inspect(stranger, wrong)).toMatchObject({ found: 'dead', spawned: true, rebooted: false });
    expect(await next.inspect(run, identity)).toEqual({ found: 'alive', identity });
  });

  test('strays lists processes of unknown runs only, and endStray ends them', async () => {
    const identity = await spawn();
    const next = bench.restart();
    expect(await next.strays(new Set([run.tag]))).toEqual([]);
    const strays = await next.strays(new Set());
    expect(strays).toEqual([{ tag: run.tag, pids: expect.arrayContaining([identity.pid]) as number[] }]);
    await next.endStray(run.tag);
    expect(await next.strays(new Set())).toEqual([]);
    expect(await next.inspect(run, identity)).toMatchObject({ found: 'dead' });
  });

  test('processes of another data directory are not ended', async () => {
    await expect(bench.supervisor.endStray('another.instance.nonce')).rejects.toThrow('another data directory');
  });

  test('a port is ours, foreign or closed', async () => {
    const port = await bench.takePort();
    expect(await bench.supervisor.portHolder(port)).toBeNull();
    expect(bench.supervisor.occupied()).not.toContain(port);
    expect(await bench.supervisor.ownsPort(run, port)).toBe('closed');
    const identity = await spawn({ port });
    expect(await bench.supervisor.ownsPort(run, port)).toBe('ours');
    expect(await bench.supervisor.ownsPort(bench.newRun(), port)).toBe('foreign');
    const holder = await bench.supervisor.portHolder(port);
    expect(holder).toMatchObject({ pid: identity.pid });
    expect(holder?.description).toContain(String(identity.pid));
    expect(bench.supervisor.occupied()).toContain(port);
  });

  test('a witness names the listener until the engine is gone', async () => {
    const port = await bench.takePort();
    const identity = await spawn({ port });
    const witness = bench.supervisor.witness(run, port);
    const listener = witness?.listener();
    expect(listener).toEqual(expect.any(String));
    expect(witness?.listener()).toBe(listener);
    expect(bench.supervisor.witness(bench.newRun(), port)?.listener() ?? null).toBeNull();
    bench.supervisor.kill(run);
    await bench.until(async () => (await bench.supervisor.inspect(run, identity)).found === 'dead');
    expect(witness?.listener()).toBeNull();
  });

  test('nothing is reported after close, and the engine lives on', async () => {
    const identity = await spawn();
    bench.supervisor.close();
    const next = bench.restart();
    expect(await next.inspect(run, identity)).toEqual({ found: 'alive', identity });
    await next.endStray(run.tag);
    expect(listener.exits).toEqual([]);
  });

  test('the folder of a run is removed only when the run is over', async () => {
    await spawn();
    await expect(bench.supervisor.discard(run.folder)).rejects.toThrow('not over');
    bench.supervisor.kill(run);
    await untilGone();
    await bench.supervisor.discard(run.folder);
    await bench.supervisor.discard(run.folder);
  });
}
