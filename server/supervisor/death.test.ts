import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import { RealBench } from '../testing/real-bench.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { RecordingListener } from '../testing/recording-listener.ts';
import { createDeathWatcher } from './death.ts';
import { isDead, readStat } from './process-stat.ts';
import { readKernelUnits } from './kernel-units.ts';

let bench: RealBench;
let listener: RecordingListener;
let run: RunReference;

beforeEach(() => {
  bench = new RealBench();
  listener = new RecordingListener();
  run = bench.newRun();
});
afterEach(() => bench.dispose());

const isAlive = (pid: number): boolean => {
  const stat = readStat(pid);
  return stat !== null && !isDead(stat);
};
const spawnSleeper = (): Promise<ProcessIdentity> =>
  bench.supervisor.spawn(run, bench.script('exec sleep 1000'), {}, listener);
const spawnEngine = async (...flags: string[]): Promise<ProcessIdentity> => {
  const identity = await bench.supervisor.spawn(run, bench.engine(...flags), {}, listener);
  await bench.untilItBehaves(run);
  return identity;
};
/** The pids that the fake engine logged. */
const grandchildren = (): { near: number; far: number } => {
  const match = /grandchildren: (\d+) in the group, (\d+) in its own session/.exec(bench.log(run));
  return { near: Number(match?.[1]), far: Number(match?.[2]) };
};
const adoptByNext = (identity: ProcessIdentity): RecordingListener => {
  const heir = new RecordingListener();
  bench.restart().adopt(run, identity, heir);
  return heir;
};

describe('how an engine ends', () => {
  test.each(['SIGKILL', 'SIGSEGV', 'SIGABRT'] as const)(
    'by %s: the code is 128 + n, and the signal is named',
    async (signal) => {
      const { pid } = await spawnSleeper();
      process.kill(pid, signal);
      const exit = await listener.gone;
      expect(exit.signal).toBe(signal);
      expect(exit.code).toBe({ SIGKILL: 137, SIGSEGV: 139, SIGABRT: 134 }[signal]);
    },
  );

  test('by SIGKILL of its whole group, including the wrapper: the end is still reported', async () => {
    const { group } = await spawnSleeper();
    process.kill(-group, 'SIGKILL');
    expect(await listener.gone).toMatchObject({ code: 137, signal: 'SIGKILL' });
  });

  test('at the time of the file with its status', async () => {
    const before = Date.now();
    const identity = await spawnSleeper();
    process.kill(identity.pid, 'SIGKILL');
    const { at } = await listener.gone;
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(await bench.supervisor.inspect(run, identity)).toMatchObject({ found: 'dead', exit: { at } });
  });
});

describe('an engine has not ended', () => {
  test('when its wrapper is killed; its later end is seen, but its exit code is lost', async () => {
    const identity = await spawnSleeper();
    process.kill(identity.group, 'SIGKILL');
    await bench.until(() => !isAlive(identity.group));
    // longer than the time in which an engine counts as ended by the same signal
    await bench.moment(150);
    expect(listener.exits).toEqual([]);
    expect(bench.supervisor.stats(run)).not.toBeNull();
    expect(await bench.supervisor.inspect(run, identity)).toEqual({ found: 'alive', identity });
    process.kill(identity.pid, 'SIGKILL');
    expect(await listener.gone).toMatchObject({ code: null, signal: null });
  });

  test('when it closes the FIFO, as programs do that close inherited descriptors', async () => {
    const identity = await spawnEngine('--close-fds', '--exit-code', '7');
    await bench.advance(2_000);
    expect(listener.exits).toEqual([]);
    process.kill(identity.pid, 'SIGUSR1');
    expect(await listener.gone).toMatchObject({ code: 7 });
  });

  test('when it was adopted and closes the FIFO; the sweep sees its end', async () => {
    const identity = await spawnEngine('--close-fds', '--exit-code', '7');
    const heir = adoptByNext(identity);
    await bench.advance(1_000);
    expect(heir.exits).toEqual([]);
    process.kill(identity.pid, 'SIGUSR1');
    await bench.until(async () => {
      await bench.advance(1_000);
      return heir.exits.length > 0;
    });
    expect(heir.exits).toEqual([expect.objectContaining({ code: 7 })]);
  });
});

describe('hints, when no sweep is due', () => {
  /** Watches a run beside the supervisor, on a clock that holds every timer, until only hints are left. */
  const watchByHints = async (
    identity: ProcessIdentity,
  ): Promise<{ clock: FakeClock; isSeen: () => Promise<boolean> }> => {
    const clock = new FakeClock();
    const log = { warn: (): void => undefined, error: (): void => undefined };
    let isSeenDead = false;
    createDeathWatcher({ clock, units: readKernelUnits(), log }).watch(run, identity, () => (isSeenDead = true));
    await clock.advance(3_500);
    expect(isSeenDead).toBe(false);
    const isSeen = async (): Promise<boolean> => {
      for (let waited = 0; waited < 400; waited += 1) {
        await bench.moment(1);
        await clock.advance(1);
        if (isSeenDead) return true;
      }
      return false;
    };
    return { clock, isSeen };
  };

  test('the FIFO that the engine inherited closes with it', async () => {
    const identity = await spawnSleeper();
    const { isSeen } = await watchByHints(identity);
    process.kill(identity.pid, 'SIGKILL');
    expect(await isSeen()).toBe(true);
  });

  test('without a hint, if the FIFO is closed or held by another process, only the sweep is left', async () => {
    const identity = await spawnEngine('--close-fds');
    const { clock, isSeen } = await watchByHints(identity);
    process.kill(identity.pid, 'SIGKILL');
    expect(await isSeen()).toBe(false);
    await clock.advance(1_000);
    expect(await isSeen()).toBe(true);
  });
});

describe('a zombie is dead', () => {
  test('when its parent, a stopped wrapper, does not reap it; once resumed, the wrapper reports the exit code', async () => {
    const identity = await spawnSleeper();
    process.kill(identity.group, 'SIGSTOP');
    await bench.until(() => readStat(identity.group)?.state === 'T');
    process.kill(identity.pid, 'SIGKILL');
    expect(await listener.gone).toMatchObject({ code: 137, signal: 'SIGKILL' });
  });

  test('also for a later manager', async () => {
    const identity = await spawnSleeper();
    const next = bench.restart();
    process.kill(identity.group, 'SIGSTOP');
    await bench.until(() => readStat(identity.group)?.state === 'T');
    process.kill(identity.pid, 'SIGKILL');
    await bench.until(() => readStat(identity.pid)?.state === 'Z');
    expect(await next.inspect(run, identity)).toMatchObject({ found: 'dead', exit: { code: 137 } });
  });
});

test('a wrapper that runs late still reports the exit code, and the rest of the tree does not wait for it', async () => {
  const plan = bench.script('sleep 1000 & echo "worker $!"; exec sleep 1000');
  const identity = await bench.supervisor.spawn(run, plan, {}, listener);
  await bench.untilLogged(run, 'worker');
  const worker = Number(/worker (\d+)/.exec(bench.log(run))?.[1]);
  // as if the wrapper were waiting for the CPU
  process.kill(identity.group, 'SIGSTOP');
  await bench.until(() => readStat(identity.group)?.state === 'T');
  bench.deliver = (pid, signal) => {
    if (signal !== 'SIGCONT') process.kill(pid, signal);
  };
  process.kill(identity.pid, 'SIGKILL');
  await bench.until(() => !isAlive(worker));
  await bench.moment(150);
  expect(listener.exits).toEqual([]);
  process.kill(identity.group, 'SIGCONT');
  expect(await listener.gone).toMatchObject({ code: 137, signal: 'SIGKILL' });
});

describe('a run is over when its whole tree is gone', () => {
  test('workers in the group and in their own sessions are ended before the end is reported', async () => {
    await spawnEngine('--spawn-grandchild', '--exit-code', '7');
    const { near, far } = grandchildren();
    expect([isAlive(near), isAlive(far)]).toEqual([true, true]);
    let livedAtTheEnd: boolean[] = [];
    listener.onGone = (exit) => {
      livedAtTheEnd = [isAlive(near), isAlive(far)];
      RecordingListener.prototype.onGone.call(listener, exit);
    };
    bench.supervisor.kill(run);
    expect(await listener.gone).toMatchObject({ signal: 'SIGKILL' });
    expect(livedAtTheEnd).toEqual([false, false]);
  });

  test('an adopted engine whose worker keeps the FIFO open: the sweep sees its end', async () => {
    const identity = await spawnEngine('--spawn-grandchild', '--exit-code', '7');
    const { near, far } = grandchildren();
    const heir = adoptByNext(identity);
    process.kill(identity.pid, 'SIGUSR1');
    await bench.until(async () => {
      await bench.advance(1_000);
      return heir.exits.length > 0;
    });
    expect(heir.exits).toEqual([expect.objectContaining({ code: 7 })]);
    expect([isAlive(near), isAlive(far)]).toEqual([false, false]);
  });

  test('a worker that cleared its environment and stays in the group is ended too', async () => {
    const plan = bench.script('env -i /bin/sleep 1000 & echo "worker $!"; exec sleep 1000');
    await bench.supervisor.spawn(run, plan, {}, listener);
    await bench.until(() => bench.log(run).includes('worker'));
    const worker = Number(/worker (\d+)/.exec(bench.log(run))?.[1]);
    bench.supervisor.kill(run);
    await listener.gone;
    expect(isAlive(worker)).toBe(false);
  });

  test('such a worker is also recognised by its session when its engine ended while no server watched', async () => {
    const plan = bench.script('env -i /bin/sleep 1000 & echo "worker $!"; exec sleep 1000');
    const identity = await bench.supervisor.spawn(run, plan, {}, listener);
    await bench.untilLogged(run, 'worker');
    const worker = Number(/worker (\d+)/.exec(bench.log(run))?.[1]);
    const next = bench.restart();
    process.kill(identity.pid, 'SIGKILL');
    await bench.until(() => !isAlive(identity.group));
    expect(await next.inspect(run, identity)).toMatchObject({ found: 'dead', exit: { code: 137 } });
    expect(isAlive(worker)).toBe(false);
  });

  test('a program that goes into the background by ending its first process does not escape', async () => {
    const plan = bench.script('setsid sh -c "sleep 1000 & echo worker \\$!; sleep 1000" & sleep 0.05; exit 0');
    await bench.supervisor.spawn(run, plan, {}, listener);
    expect(await listener.gone).toMatchObject({ code: 0 });
    expect(await bench.supervisor.strays(new Set())).toEqual([]);
  });

  test('workers that outlived their engine while no server watched are ended when the run is inspected', async () => {
    const identity = await spawnEngine('--spawn-grandchild', '--exit-code', '7');
    const { near, far } = grandchildren();
    const next = bench.restart();
    process.kill(identity.pid, 'SIGUSR1');
    await bench.until(() => !isAlive(identity.pid));
    expect(await next.inspect(run, identity)).toMatchObject({ found: 'dead', exit: { code: 7 }, spawned: true });
    expect([isAlive(near), isAlive(far)]).toEqual([false, false]);
  });
});

test('a listener that throws does not stop the reports of other runs', async () => {
  const other = new RecordingListener();
  listener.onGone = () => {
    throw new Error('made up');
  };
  await spawnSleeper();
  const otherRun = bench.newRun();
  await bench.supervisor.spawn(otherRun, bench.script('exec sleep 1000'), {}, other);
  bench.supervisor.kill(run);
  await bench.until(() => bench.complaints.length > 0);
  expect(bench.complaints[0]).toContain('The listener of a run failed');
  bench.supervisor.kill(otherRun);
  expect(await other.gone).toMatchObject({ signal: 'SIGKILL' });
});

test('close also closes the descriptors of all runs', async () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  await spawnSleeper();
  expect(open()).toBeGreaterThan(before);
  bench.supervisor.close();
  await bench.until(() => open() === before);
});
