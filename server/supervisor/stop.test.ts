import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import { RealBench } from '../testing/real-bench.ts';
import { RecordingListener } from '../testing/recording-listener.ts';
import { isDead, readStat } from './process-stat.ts';

let bench: RealBench;
let listener: RecordingListener;
let run: RunReference;

beforeEach(() => {
  bench = new RealBench();
  listener = new RecordingListener();
  run = bench.newRun();
});
afterEach(() => bench.dispose());

const spawnEngine = async (...flags: string[]): Promise<ProcessIdentity> => {
  const identity = await bench.supervisor.spawn(run, bench.engine(...flags), {}, listener);
  await bench.untilItBehaves(run);
  return identity;
};
const sent = (): string[] => bench.signals.map(({ pid, signal }) => `${signal} ${pid}`);

describe('the order of a stop', () => {
  test('sends SIGTERM to the group, again after three seconds, and SIGKILL to the engine alone two seconds later', async () => {
    const { pid, group } = await spawnEngine('--hang-on-sigterm');
    bench.supervisor.terminate(run);
    expect(sent()).toEqual([`SIGTERM ${-group}`]);
    await bench.advance(2_999);
    expect(sent()).toHaveLength(1);
    await bench.advance(1);
    expect(sent()).toEqual([`SIGTERM ${-group}`, `SIGTERM ${-group}`]);
    await bench.advance(1_999);
    expect(sent()).toHaveLength(2);
    await bench.advance(1);
    expect(sent()[2]).toBe(`SIGKILL ${pid}`);
    // killing the group at once would kill the wrapper too, and lose the exit code
    expect(await listener.gone).toMatchObject({ code: 137, signal: 'SIGKILL' });
  });

  test('an engine that stops in time gets only one signal', async () => {
    const { group } = await spawnEngine();
    bench.supervisor.terminate(run);
    expect(await listener.gone).toMatchObject({ code: 0 });
    await bench.advance(10_000);
    expect(sent()).toEqual([`SIGTERM ${-group}`]);
  });

  test('workers in the group get the first SIGTERM too', async () => {
    // The worker says `up` when both have their traps.
    const plan = bench.script(`trap 'wait; exit 0' TERM
      sh -c 'trap "echo worker heard; exit" TERM; echo up; while :; do sleep 0.01; done' &
      wait`);
    await bench.supervisor.spawn(run, plan, {}, listener);
    await bench.until(() => bench.log(run).includes('up'));
    bench.supervisor.terminate(run);
    await listener.gone;
    expect(bench.log(run)).toContain('worker heard');
  });

  test('a worker that ignores SIGTERM is killed when the engine has ended', async () => {
    const plan = bench.script(`sh -c 'trap "" TERM; echo up; exec sleep 1000' & exec sleep 1000`);
    await bench.supervisor.spawn(run, plan, {}, listener);
    await bench.until(() => bench.log(run).includes('up'));
    bench.supervisor.terminate(run);
    expect(await listener.gone).toMatchObject({ code: 143 });
    expect(await bench.supervisor.strays(new Set())).toEqual([]);
  });
});

describe('an engine that is stopped', () => {
  const stopAll = async ({ group, pid }: ProcessIdentity): Promise<void> => {
    process.kill(-group, 'SIGSTOP');
    await bench.until(() => readStat(pid)?.state === 'T' && readStat(group)?.state === 'T');
  };

  test('is resumed, so that it handles SIGTERM', async () => {
    const identity = await spawnEngine();
    await stopAll(identity);
    bench.supervisor.terminate(run);
    expect(await listener.gone).toMatchObject({ code: 0 });
    expect(sent()).toEqual([`SIGTERM ${-identity.group}`, `SIGCONT ${-identity.group}`]);
  });

  test('is killed, and its wrapper is resumed to report the exit', async () => {
    await stopAll(await spawnEngine());
    bench.supervisor.kill(run);
    expect(await listener.gone).toMatchObject({ code: 137, signal: 'SIGKILL' });
  });

  test('is resumed at adoption, since a server may have died while it was frozen', async () => {
    const identity = await spawnEngine();
    await stopAll(identity);
    bench.restart().adopt(run, identity, listener);
    await bench.until(() => readStat(identity.pid)?.state !== 'T' && readStat(identity.group)?.state !== 'T');
  });

  test('an engine that was not stopped gets no SIGCONT, neither at a stop nor at adoption', async () => {
    const identity = await spawnEngine();
    const next = bench.restart();
    next.adopt(run, identity, listener);
    next.terminate(run);
    await listener.gone;
    expect(sent().filter((signal) => signal.startsWith('SIGCONT'))).toEqual([]);
  });
});

test('an engine that left its group is signalled directly, and its group is cleaned up', async () => {
  const plan = bench.script('exec setsid --fork --wait sh -c "echo up; exec sleep 1000"');
  await bench.supervisor.spawn(run, plan, {}, listener);
  await bench.until(() => bench.log(run).includes('up'));
  bench.supervisor.terminate(run);
  await listener.gone;
  expect(await bench.supervisor.strays(new Set())).toEqual([]);
});

describe('an engine that survives SIGKILL, as one that hangs in the kernel does', () => {
  test('is reported once, after five seconds, and so is its end', async () => {
    const { pid } = await spawnEngine('--hang-on-sigterm', '--exit-code', '7');
    bench.deliver = () => undefined;
    bench.supervisor.kill(run);
    await bench.advance(4_999);
    expect(listener.survivors).toEqual([]);
    await bench.advance(1);
    expect(listener.survivors).toEqual([[pid]]);
    await bench.advance(60_000);
    expect(listener.survivors).toHaveLength(1);
    expect(listener.exits).toEqual([]);
    bench.deliver = (target, signal) => void process.kill(target, signal);
    process.kill(pid, 'SIGUSR1');
    expect(await listener.gone).toMatchObject({ code: 7 });
  });

  test('a surviving worker is reported too, and the run is not over before it ends', async () => {
    const { pid } = await spawnEngine('--spawn-grandchild', '--exit-code', '7');
    const far = Number(/(\d+) in its own session/.exec(bench.log(run))?.[1]);
    const near = Number(/(\d+) in the group/.exec(bench.log(run))?.[1]);
    bench.deliver = () => undefined;
    process.kill(pid, 'SIGUSR1');
    await bench.until(() => bench.signals.some((one) => one.pid === far));
    await bench.advance(5_000);
    expect(listener.survivors).toHaveLength(1);
    expect(new Set(listener.survivors[0])).toEqual(new Set([near, far]));
    // tried again, but not reported again
    await bench.until(() => bench.signals.filter((one) => one.pid === far).length > 2);
    await bench.advance(60_000);
    expect(listener.survivors).toHaveLength(1);
    expect(listener.exits).toEqual([]);
    bench.deliver = (target, signal) => void process.kill(target, signal);
    expect(await listener.gone).toMatchObject({ code: 7 });
  });
});

describe('a process that survives SIGKILL while no server watches', () => {
  test('makes its run count as alive, and is reported to the server that adopts the run', async () => {
    const identity = await spawnEngine('--spawn-grandchild', '--exit-code', '7');
    const far = Number(/(\d+) in its own session/.exec(bench.log(run))?.[1]);
    const near = Number(/(\d+) in the group/.exec(bench.log(run))?.[1]);
    bench.deliver = () => undefined;
    const next = bench.restart();
    process.kill(identity.pid, 'SIGUSR1');
    const exit = path.join(run.folder, 'EXIT');
    await bench.until(() => existsSync(exit) && readFileSync(exit, 'utf8').endsWith('\n'));

    const inspecting = next.inspect(run, identity);
    await bench.until(() => bench.signals.some((one) => one.pid === far));
    await bench.advance(5_000);
    const inspection = await inspecting;
    expect(inspection).toEqual({ found: 'alive', identity });

    next.adopt(run, identity, listener);
    const before = bench.signals.length;
    await bench.until(() => bench.signals.length > before);
    await bench.advance(5_000);
    expect(new Set(listener.survivors[0])).toEqual(new Set([near, far]));
    expect(listener.exits).toEqual([]);
    bench.deliver = (target, signal) => void process.kill(target, signal);
    expect(await listener.gone).toMatchObject({ code: 7 });
  });
});

describe('a foreign process is never signalled', () => {
  let victim: ReturnType<typeof spawn>;
  let pid: number;
  beforeEach(async () => {
    victim = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env: { PATH: process.env['PATH'] ?? '' } });
    pid = victim.pid ?? 0;
    await bench.until(() => readStat(pid)?.command === 'sleep');
  });
  afterEach(() => void victim.kill('SIGKILL'));
  const isUntouched = (): boolean => {
    const stat = readStat(pid);
    return stat !== null && !isDead(stat) && bench.signals.every((one) => Math.abs(one.pid) !== pid);
  };
  const startOf = (): number => readStat(pid)?.startTicks ?? 0;

  test('if it has an engine’s pid but another start', async () => {
    const identity = { pid, startTicks: startOf() + 1, bootId: bench.supervisor.bootId, group: pid };
    bench.supervisor.adopt(run, identity, listener);
    bench.supervisor.terminate(run);
    bench.supervisor.kill(run);
    expect(await listener.gone).toMatchObject({ code: null });
    expect(isUntouched()).toBe(true);
  });

  test('if its group has the id of an engine’s former group', async () => {
    const identity = { pid: pid + 100_000, startTicks: 1, bootId: bench.supervisor.bootId, group: pid };
    expect(await bench.supervisor.inspect(run, identity)).toMatchObject({ found: 'dead', rebooted: false });
    bench.supervisor.adopt(run, identity, listener);
    bench.supervisor.kill(run);
    await listener.gone;
    expect(isUntouched()).toBe(true);
  });

  test('if the engine was of another boot', async () => {
    const identity = { pid, startTicks: startOf(), bootId: 'earlier', group: pid };
    expect(await bench.supervisor.inspect(run, identity)).toMatchObject({ found: 'dead', rebooted: true });
    expect(isUntouched()).toBe(true);
  });
});

describe('processes of another data directory', () => {
  test('are neither listed nor ended, even when one of our engines started them', async () => {
    const plan = bench.script('LLAMACTL_RUN=other.i1.n1 setsid sleep 1000 & echo "foreign $!"; exec sleep 1000');
    const { pid } = await bench.supervisor.spawn(run, plan, {}, listener);
    await bench.until(() => bench.log(run).includes('foreign'));
    const foreign = Number(/foreign (\d+)/.exec(bench.log(run))?.[1]);
    try {
      // In the middle of its exec, a process has no environment, so no tag.
      await bench.until(() => [pid, foreign].every((each) => readStat(each)?.command === 'sleep'));
      await bench.until(() => [pid, foreign].every((each) => readStat(each)?.state === 'S'));
      expect(readStat(foreign)?.session).toBe(foreign);
      const strays = await bench.supervisor.strays(new Set());
      expect(strays.flatMap(({ pids }) => pids)).toContain(pid);
      expect(strays.flatMap(({ pids }) => pids)).not.toContain(foreign);
      bench.supervisor.kill(run);
      await listener.gone;
      expect(readStat(foreign)?.state).toBe('S');
      await expect(bench.supervisor.endStray('other.i1.n1')).rejects.toThrow('another data directory');
      expect(readStat(foreign)?.state).toBe('S');
    } finally {
      process.kill(foreign, 'SIGKILL');
    }
  });
});

describe('a stray', () => {
  test('is killed after three seconds if it ignores SIGTERM', async () => {
    await spawnEngine('--hang-on-sigterm');
    const next = bench.restart();
    let isOver = false;
    const ending = next.endStray(run.tag).then(() => (isOver = true));
    await bench.until(() => bench.signals.some(({ signal }) => signal === 'SIGTERM'));
    expect(isOver).toBe(false);
    await bench.advance(3_000);
    await ending;
    expect(await next.strays(new Set())).toEqual([]);
  });
});
