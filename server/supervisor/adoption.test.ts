import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LaunchPlan, ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import { RealBench } from '../testing/real-bench.ts';
import { RecordingListener } from '../testing/recording-listener.ts';
import type { ManagerOrders } from '../testing/short-lived-manager.ts';
import { isDead, readStat } from './process-stat.ts';

let bench: RealBench;
beforeEach(() => {
  bench = new RealBench();
});
afterEach(() => bench.dispose());

const MANAGER = path.join(import.meta.dirname, '..', 'testing', 'short-lived-manager.ts');

/** Spawns runs in a separate manager process, which is then killed. */
async function orphan(plans: readonly LaunchPlan[]): Promise<{ run: RunReference; identity: ProcessIdentity }[]> {
  const spawns = plans.map((plan) => ({ run: bench.newRun(), plan }));
  const orders = { ...ordersFor(spawns), waitForPids: true };
  const manager = spawn(process.execPath, [MANAGER, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const identities: ProcessIdentity[] = [];
  for await (const line of createInterface(manager.stdout)) {
    identities.push(JSON.parse(line) as ProcessIdentity);
    if (identities.length === plans.length) break;
  }
  manager.kill('SIGKILL');
  await once(manager, 'exit');
  return spawns.map(({ run }, index) => {
    const identity = identities[index];
    if (!identity) throw new Error('The manager spawned fewer runs than requested');
    return { run, identity };
  });
}

const isOver = (pid: number): boolean => {
  const stat = readStat(pid);
  return stat === null || isDead(stat);
};
const ordersFor = (spawns: ManagerOrders['spawns']): Omit<ManagerOrders, 'waitForPids'> => ({
  dataDirId: bench.dataDirId,
  inheritedEnvironment: bench.environment,
  spawns,
});

describe('after kill -9 of the manager', () => {
  test('the engine keeps running; the next manager adopts it, sees its end at once, and learns its exit code', async () => {
    const [orphaned] = await orphan([bench.plan({ exitCode: 7 })]);
    if (!orphaned) throw new Error('nothing was spawned');
    const { run, identity } = orphaned;
    await bench.untilItBehaves(run);
    expect(await bench.supervisor.inspect(run, identity)).toEqual({ found: 'alive', identity });
    const listener = new RecordingListener();
    bench.supervisor.adopt(run, identity, listener);
    // The sweep does not run here, so a hint shows the end.
    process.kill(identity.pid, 'SIGUSR1');
    expect(await listener.gone).toMatchObject({ code: 7, signal: null });
  });

  test('twenty engines are adopted, and each end is reported to its own listener', async () => {
    const orphans = await orphan(Array.from({ length: 20 }, () => bench.script('exec sleep 1000')));
    const inspected = await Promise.all(orphans.map(({ run, identity }) => bench.supervisor.inspect(run, identity)));
    expect(inspected.every(({ found }) => found === 'alive')).toBe(true);
    const listeners = orphans.map(({ run, identity }) => {
      const listener = new RecordingListener();
      bench.supervisor.adopt(run, identity, listener);
      return listener;
    });
    for (const [index, { identity }] of orphans.entries()) {
      process.kill(identity.pid, index % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      expect(await listeners[index]?.gone).toMatchObject({ signal: index % 2 === 0 ? 'SIGKILL' : 'SIGTERM' });
      expect(listeners.filter(({ exits }) => exits.length > 0)).toHaveLength(index + 1);
    }
  });

  test('an engine that ended meanwhile is found dead with its exit code', async () => {
    const [orphaned] = await orphan([bench.script('sleep 0.2; exit 5')]);
    if (!orphaned) throw new Error('nothing was spawned');
    await bench.until(() => isOver(orphaned.identity.group));
    expect(await bench.supervisor.inspect(orphaned.run, orphaned.identity)).toMatchObject({
      found: 'dead',
      exit: { code: 5, signal: null },
      spawned: true,
      rebooted: false,
    });
  });

  test('an adopted engine is stopped from its identity alone, with its folder gone', async () => {
    const [orphaned] = await orphan([bench.plan()]);
    if (!orphaned) throw new Error('nothing was spawned');
    const { run, identity } = orphaned;
    await bench.untilItBehaves(run);
    await bench.supervisor.discard(run.folder);
    const listener = new RecordingListener();
    bench.supervisor.adopt(run, identity, listener);
    bench.supervisor.terminate(run);
    await listener.gone;
    expect(await bench.supervisor.strays(new Set())).toEqual([]);
  });
});

describe('after kill -9 in the middle of a spawn, when no pid was stored', () => {
  test('the engine is found and ended, or was not launched; no orphan is left', async () => {
    for (let round = 0; round < 10; round += 1) {
      const run = bench.newRun();
      const orders = { ...ordersFor([{ run, plan: bench.script('exec sleep 1000') }]), waitForPids: false };
      const manager = spawn(process.execPath, [MANAGER, JSON.stringify(orders)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      await once(manager, 'exit');
      const found = await bench.supervisor.inspect(run, null);
      if (found.found === 'alive') {
        const stat = readStat(found.identity.pid);
        expect(stat && !isDead(stat) && stat.startTicks === found.identity.startTicks).toBe(true);
        const listener = new RecordingListener();
        bench.supervisor.adopt(run, found.identity, listener);
        bench.supervisor.kill(run);
        expect(await listener.gone).toMatchObject({ signal: 'SIGKILL' });
      }
      expect(await bench.supervisor.strays(new Set())).toEqual([]);
    }
  });
});

describe('a run whose pid was not stored', () => {
  test('is recognised by the boot in which its folder was created', async () => {
    const run = bench.newRun();
    const listener = new RecordingListener();
    await bench.supervisor.spawn(run, bench.script('exit 0'), {}, listener);
    await listener.gone;
    expect(await bench.restart().inspect(run, null)).toMatchObject({ found: 'dead', spawned: true, rebooted: false });
    bench.overwrite(run, 'BOOT', 'an earlier one\n');
    expect(await bench.restart().inspect(run, null)).toMatchObject({
      found: 'dead',
      exit: { code: 0 },
      spawned: true,
      rebooted: true,
    });
  });

  test('is found by its tag when the pid file is empty, with or without a living wrapper', async () => {
    const run = bench.newRun();
    const identity = await bench.supervisor.spawn(run, bench.script('exec sleep 1000'), {}, new RecordingListener());
    bench.overwrite(run, 'PID', '');
    expect(await bench.restart().inspect(run, null)).toEqual({ found: 'alive', identity });
    process.kill(identity.group, 'SIGKILL');
    await bench.until(() => isOver(identity.group));
    expect(await bench.restart().inspect(run, null)).toEqual({ found: 'alive', identity });
  });

  test('is dead when the pid file names a process of another program', async () => {
    const run = bench.newRun();
    const listener = new RecordingListener();
    await bench.supervisor.spawn(run, bench.script('exit 0'), {}, listener);
    await listener.gone;
    bench.overwrite(run, 'EXIT', '');
    bench.overwrite(run, 'PID', `${process.pid} ${process.ppid}\n`);
    expect(await bench.restart().inspect(run, null)).toMatchObject({
      found: 'dead',
      exit: { code: null },
      spawned: true,
    });
    expect(bench.signals).toEqual([]);
  });
});
