import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LaunchPlan, ProcessIdentity, RunContainer, RunReference } from '../instances/ports/runs.ts';
import { FakeDocker } from '../testing/fake-docker.ts';
import { RealBench } from '../testing/real-bench.ts';
import { RecordingListener } from '../testing/recording-listener.ts';
import { descendantsOf } from './container.ts';
import { readStat, type ProcessStat } from './process-stat.ts';
import { readTag } from './run-tag.ts';

/** Interval at which the supervisor looks for processes of containers. */
const LOOK_EVERY_MS = 5_000;

let bench: RealBench;
let docker: FakeDocker;
let listener: RecordingListener;
let run: RunReference;
let name: string;
let at: RunContainer;

beforeEach(() => {
  bench = new RealBench();
  docker = new FakeDocker(bench.folder);
  listener = new RecordingListener();
  const plain = bench.newRun();
  name = `llamactl-${plain.tag}`;
  at = { command: docker.command, leading: [], name, environment: docker.environment };
  run = { ...plain, container: at };
});
afterEach(async () => {
  docker.dispose();
  await bench.dispose();
});

function plan(...words: string[]): LaunchPlan {
  const container = { leading: [], at: 1, name: null, saysWhatRemains: false };
  return {
    ...bench.engine(),
    command: docker.command,
    argv: ['run', ...words],
    environment: { ...docker.environment, MODE: 'a' },
    container,
  };
}

/** Spawns a run and resolves when its container runs. */
async function running(...words: string[]): Promise<{ identity: ProcessIdentity; pid: number }> {
  const identity = await bench.supervisor.spawn(run, plan('image', ...words), {}, listener);
  await bench.until(() => docker.pid(name) !== null);
  return { identity, pid: docker.pid(name) ?? 0 };
}

/** Resolves when the supervisor knows a process of the container. On a busy machine the first look comes before the container. */
async function seen(pid: number): Promise<void> {
  await bench.until(async () => {
    if (bench.supervisor.pids(run).includes(pid)) return true;
    await bench.advance(LOOK_EVERY_MS);
    return false;
  });
}

const lives = (pid: number): boolean => readStat(pid) !== null && readStat(pid)?.state !== 'Z';

describe('a run in a container', () => {
  test('gets a name to stop it by, the tag, and the variables of its plan', async () => {
    const { identity, pid } = await running('sleep', '1000');
    expect(docker.calls[0]).toBe(
      `run --name ${name} --rm --label llamactl.run=${run.tag} --env LLAMACTL_RUN --env FAKE_DOCKER --env MODE image sleep 1000`,
    );
    await bench.until(() => readStat(pid)?.command === 'sleep');
    expect(readTag(pid)).toEqual({ tag: run.tag });
    expect(readStat(pid)?.session).not.toBe(identity.group);
  });

  test('is stopped by its runtime; its client, which would pass on a signal, gets none', async () => {
    const { pid } = await running('sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.01; done');
    await bench.until(() => readStat(pid)?.command === 'sh');
    await bench.moment(50);
    bench.supervisor.terminate(run);
    expect(await listener.gone).toMatchObject({ code: 3 });
    expect(docker.calls).toContain(`stop -t 5 ${name}`);
    expect(bench.signals).toEqual([]);
    expect(lives(pid)).toBe(false);
  });

  test('is killed by its runtime if it does not stop', async () => {
    const { pid } = await running('sh', '-c', 'trap "" TERM; exec sleep 1000');
    await bench.until(() => readStat(pid)?.command === 'sleep');
    bench.supervisor.terminate(run);
    expect(await listener.gone).toMatchObject({ code: 137 });
    expect(docker.pid(name)).toBeNull();
  });

  test('is killed with its container, not only its client', async () => {
    const { pid } = await running('sleep', '1000');
    bench.supervisor.kill(run);
    expect(await listener.gone).toMatchObject({ code: 137 });
    expect(lives(pid)).toBe(false);
    expect(docker.pid(name)).toBeNull();
  });

  test('is over when its container is gone, not when its client has ended', async () => {
    const { identity, pid } = await running('sleep', '1000');
    process.kill(identity.pid, 'SIGKILL');
    await listener.gone;
    expect(lives(pid)).toBe(false);
  });

  test('is killed at once, without SIGTERM, when its client is gone', async () => {
    const { identity, pid } = await running('sh', '-c', 'trap "" TERM; while :; do sleep 0.01; done');
    await bench.moment(50);
    process.kill(identity.pid, 'SIGKILL');
    await listener.gone;
    expect(lives(pid)).toBe(false);
    expect(docker.calls).toContain(`kill ${name}`);
  });

  test('is removed at the inspection after a reboot, since its runtime may have started it again', async () => {
    const { identity, pid } = await running('sleep', '1000');
    const found = await bench.restart().inspect(run, { ...identity, bootId: 'of-another-boot' });
    expect(found).toMatchObject({ found: 'dead', rebooted: true });
    expect(docker.calls).toContain(`rm --force ${name}`);
    expect(docker.pid(name)).toBeNull();
    expect(lives(pid)).toBe(false);
  });

  test('is stopped by its client if it has no container yet', async () => {
    await bench.supervisor.spawn(run, plan('pull'), {}, listener);
    bench.supervisor.terminate(run);
    expect(await listener.gone).toMatchObject({ signal: 'SIGTERM' });
  });

  test('leaves another container alone that has its name', async () => {
    const { pid } = await running('sleep', '1000');
    const other = { ...bench.newRun(), container: at };
    const late = new RecordingListener();
    const container = { leading: [], at: 1, name, saysWhatRemains: false };
    const named = { ...plan('--name', name, 'image', 'sleep', '1000'), container };
    await bench.supervisor.spawn(other, named, {}, late);
    bench.supervisor.terminate(other);
    await late.gone;
    expect(lives(pid)).toBe(true);
  });

  test('is ended at the inspection if its client died while no server watched', async () => {
    const { identity, pid } = await running('sleep', '1000');
    bench.restart();
    process.kill(identity.pid, 'SIGKILL');
    await bench.until(() => !lives(identity.pid));
    expect(await bench.supervisor.inspect(run, identity)).toMatchObject({ found: 'dead', spawned: true });
    expect(lives(pid)).toBe(false);
  });

  test('is adopted, and stopped by its name', async () => {
    const { identity, pid } = await running('sleep', '1000');
    const next = bench.restart();
    expect(await next.inspect(run, identity)).toMatchObject({ found: 'alive' });
    next.adopt(run, identity, listener);
    next.terminate(run);
    await listener.gone;
    expect(docker.calls).toContain(`stop -t 5 ${name}`);
    expect(lives(pid)).toBe(false);
  });

  test('measures its container, whose processes are not in its group', async () => {
    const { pid } = await running('sh', '-c', 'while :; do :; done');
    expect(bench.supervisor.progress(run)?.isBlind).toBe(true);
    await seen(pid);
    const before = bench.supervisor.progress(run);
    expect(before?.isBlind).toBeUndefined();
    await bench.until(() => (bench.supervisor.progress(run)?.cpuTicks ?? 0) > (before?.cpuTicks ?? 0) + 5);
  });
});

describe('a port that another process holds', () => {
  const held = async (): Promise<{ port: number; close: () => void }> => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, close: () => holder.close() };
  };

  test('may be held by the runtime for a running container, which would not run without its port', async () => {
    const { port, close } = await held();
    await running('sleep', '1000');
    expect(await bench.supervisor.ownsPort(run, port)).toBe('unknown');
    close();
  });

  test('may be held by a runtime that does not answer', async () => {
    const { port, close } = await held();
    await running('sleep', '1000');
    docker.goDown();
    expect(await bench.supervisor.ownsPort(run, port)).toBe('no-answer');
    docker.comeBack();
    close();
  });

  test('is foreign while there is no container', async () => {
    const { port, close } = await held();
    await bench.supervisor.spawn(run, plan('pull'), {}, listener);
    expect(await bench.supervisor.ownsPort(run, port)).toBe('foreign');
    close();
  });
});

describe('a runtime that does not answer', () => {
  test('keeps a run alive whose container may live, and that is reported', async () => {
    const { identity, pid } = await running('sleep', '1000');
    await seen(pid);
    docker.goDown();
    process.kill(identity.pid, 'SIGKILL');
    await bench.until(async () => {
      await bench.advance(500);
      return listener.containers.length > 0;
    });
    expect(bench.complaints.join()).toContain('The state of a container is unknown');
    await bench.advance(6_000);
    expect(listener.containers).toEqual([name]);
    expect(listener.exits).toEqual([]);
    expect(lives(pid)).toBe(true);
    docker.comeBack();
    await listener.gone;
    expect(lives(pid)).toBe(false);
  });

  test('does not delay the end when the container’s first process is dead', async () => {
    const { identity, pid } = await running('sleep', '1000');
    await seen(pid);
    docker.goDown();
    process.kill(pid, 'SIGKILL');
    process.kill(identity.pid, 'SIGKILL');
    await listener.gone;
    expect(listener.survivors).toEqual([]);
  });

  test('delays the end only briefly when it never ran a container', async () => {
    docker.goDown();
    await bench.supervisor.spawn(run, plan('image', 'sleep', '1000'), {}, listener);
    await bench.until(() => bench.complaints.length > 0);
    await bench.advance(3_000);
    expect(await listener.gone).toMatchObject({ code: 125 });
  });
});

test('the processes of a container are its first process and its descendants', () => {
  const stat = (pid: number, parent: number): ProcessStat => ({
    pid,
    command: 'x',
    state: 'S',
    parent,
    group: pid,
    session: pid,
    isKernelThread: false,
    isLeaving: false,
    cpuTicks: 0,
    threads: 1,
    startTicks: pid,
    residentPages: 0,
  });
  const entries = [stat(1, 0), stat(5, 1), stat(6, 5), stat(7, 6), stat(8, 1)].map((each) => ({
    stat: each,
    tag: null,
  }));
  expect(descendantsOf(entries, stat(5, 1)).map(({ pid }) => pid)).toEqual([5, 6, 7]);
});
