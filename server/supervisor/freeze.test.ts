import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessIdentity, RunReference } from '../instances/ports/runs.ts';
import { freezeRun, untilFrozen, type FrozenRun } from '../testing/frozen-run.ts';
import { RealBench } from '../testing/real-bench.ts';
import { RecordingListener } from '../testing/recording-listener.ts';
import { createFreeze } from './freeze.ts';
import { parseStat, readStat } from './process-stat.ts';
import { createProcessScan } from './process-scan.ts';
import { readProc } from './proc-file.ts';

let bench: RealBench;
let listener: RecordingListener;
let run: RunReference;

beforeEach(() => {
  bench = new RealBench();
  listener = new RecordingListener();
  run = bench.newRun();
});
afterEach(() => bench.dispose());

/** Four busy threads, and a busy child in the group. Each of them logs a growing count. */
const BUSY = `
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { spawn } = require('node:child_process');
const { writeSync } = require('node:fs');
const name = process.argv[2] ?? 'engine';
if (isMainThread && name === 'engine') spawn(process.execPath, [__filename, 'worker'], { stdio: 'inherit' });
if (isMainThread) for (let n = 1; n <= 3; n += 1) new Worker(__filename, { argv: [name], workerData: n });
if (isMainThread) process.on('SIGTERM', () => { writeSync(1, 'heard SIGTERM\\n'); process.exit(0); });
const say = (n) => { writeSync(1, name + ' ' + (workerData ?? 0) + ' ' + n + '\\n'); setImmediate(say, n + 1); };
say(1);
`;
/** Another server that adopts the run, freezes it, reports that, and never thaws it. */
const SERVER = `
const { supervisor, clock, dataDirId, run, identity } = JSON.parse(process.argv[1]);
const { createSupervisor } = await import(supervisor);
const { systemClock } = await import(clock);
const log = { warn: console.error, error: console.error };
const adopting = createSupervisor({ dataDirId, inheritedEnvironment: { PATH: process.env.PATH }, clock: systemClock(), log });
adopting.adopt(run, identity, { onGone() {}, onSurvives() {} });
const stay = setInterval(() => {}, 1_000);
const forever = () => new Promise(() => { process.stdout.write('frozen'); });
while (!(await adopting.whileFrozen(run, forever)));
`;
const spawnBusy = async (): Promise<ProcessIdentity> => {
  const plan = { ...bench.engine(), command: process.execPath, argv: [bench.program(BUSY)] };
  const identity = await bench.supervisor.spawn(run, plan, {}, listener);
  await bench.until(() =>
    ['engine 0', 'engine 3', 'worker 0', 'worker 3'].every((one) => bench.log(run).includes(one)),
  );
  return identity;
};
const members = ({ group }: ProcessIdentity): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && readStat(pid)?.group === group);
const states = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/task`).map((task) => {
    const read = readProc(`/proc/${pid}/task/${task}/stat`);
    return read instanceof Buffer ? (parseStat(read.toString('latin1'))?.state ?? '') : '';
  });
const statesOf = (identity: ProcessIdentity): string[] => members(identity).flatMap(states);
const freeze = (): Promise<FrozenRun> => untilFrozen(bench.supervisor, run, (condition) => bench.until(condition));
const grows = async (): Promise<void> => {
  const before = bench.log(run).length;
  await bench.until(() => bench.log(run).length > before);
};

describe('a frozen run', () => {
  test('stops every thread of every process of its group, including wrapper and workers', async () => {
    const identity = await spawnBusy();
    expect(members(identity).length).toBeGreaterThanOrEqual(3);
    const { thaw } = await freeze();
    const stopped = statesOf(identity);
    expect(stopped.length).toBeGreaterThan(8);
    expect(new Set(stopped)).toEqual(new Set(['T']));
    const frozen = bench.log(run);
    await bench.moment(30);
    expect(bench.log(run)).toBe(frozen);
    await thaw();
    await grows();
    expect(statesOf(identity)).not.toContain('T');
  });

  test('handles SIGTERM when it is thawed, not before', async () => {
    const identity = await spawnBusy();
    const { thaw } = await freeze();
    const frozen = bench.log(run);
    bench.supervisor.terminate(run);
    await bench.moment(30);
    expect(new Set(statesOf(identity))).toEqual(new Set(['T']));
    expect(bench.log(run)).toBe(frozen);
    await thaw();
    expect(await listener.gone).toMatchObject({ code: 0 });
    expect(bench.log(run)).toContain('heard SIGTERM');
  });

  test('reports its exit if it is killed, and leaves no process', async () => {
    await spawnBusy();
    const { thaw } = await freeze();
    bench.supervisor.kill(run);
    expect(await listener.gone).toMatchObject({ code: 137, signal: 'SIGKILL' });
    await thaw();
    expect(await bench.supervisor.strays(new Set())).toEqual([]);
  });

  test('continues when the manager closes', async () => {
    const identity = await spawnBusy();
    const { thaw } = await freeze();
    bench.supervisor.close();
    await thaw();
    await grows();
    expect(statesOf(identity)).not.toContain('T');
  });

  test('stops a writer that left the group, and all processes that it forks', async () => {
    const writer = 'while :; do echo "left $(date +%s%N)"; done';
    await bench.supervisor.spawn(run, bench.script(`setsid sh -c '${writer}' & exec sleep 1000`), {}, listener);
    await bench.until(() => bench.log(run).includes('left'));
    for (let times = 1; times <= 5; times += 1) {
      const { thaw } = await freeze();
      const frozen = bench.log(run);
      await bench.moment(20);
      expect(bench.log(run)).toBe(frozen);
      await thaw();
      await grows();
    }
  });

  test('stops an engine that left the group', async () => {
    const script = bench.script('exec setsid sh -c "while :; do echo up; done"');
    await bench.supervisor.spawn(run, script, {}, listener);
    await bench.until(() => bench.log(run).includes('up'));
    const { thaw } = await freeze();
    const frozen = bench.log(run);
    await bench.moment(20);
    expect(bench.log(run)).toBe(frozen);
    await thaw();
    await grows();
  });
});

describe('a server that is killed while a run is frozen', () => {
  test('leaves no run frozen, and the length of the log is written to a file', async () => {
    const identity = await spawnBusy();
    const [supervisor, clock] = ['./supervisor.ts', '../clock.ts'].map((name) => new URL(name, import.meta.url).href);
    const options = JSON.stringify({ supervisor, clock, dataDirId: bench.dataDirId, run, identity });
    bench.supervisor.close();
    const server = spawn(process.execPath, ['--input-type=module', '-e', SERVER, options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(server.stdout, 'data');
    expect(new Set(statesOf(identity))).toEqual(new Set(['T']));
    const size = Buffer.byteLength(bench.log(run));
    server.kill('SIGKILL');
    await grows();
    expect(statesOf(identity)).not.toContain('T');
    expect(readFileSync(path.join(run.folder, 'log.woken'), 'latin1').trim()).toBe(String(size));
  });
});

describe('a run that cannot be frozen', () => {
  test('is not stopped if no waker can be started', async () => {
    const identity = await spawnBusy();
    const send = (): never => {
      throw new Error('No signal was to be sent');
    };
    const freeze = createFreeze(
      {
        clock: bench.clock,
        log: { warn: () => undefined, error: () => undefined },
        scan: createProcessScan(bench.clock),
        signals: { process: send, group: send },
        startWaker: () => null,
        watch: { stat: () => readStat(identity.pid) },
      },
      run,
      identity,
    );
    expect(await freeze.whileFrozen(() => Promise.reject(new Error('The run was not frozen')))).toBe(false);
  });

  test('continues if the signal does not arrive', async () => {
    await spawnBusy();
    bench.deliver = (pid, signal) => {
      if (signal !== 'SIGSTOP') process.kill(pid, signal);
    };
    expect(await freezeRun(bench.supervisor, run)).toBeNull();
    await grows();
    expect(bench.signals.map(({ signal }) => signal)).toEqual(['SIGSTOP', 'SIGCONT']);
  });

  test('continues if one of its processes was resumed meanwhile', async () => {
    const identity = await spawnBusy();
    const worker = members(identity).find((pid) => pid !== identity.pid && pid !== identity.group) ?? 0;
    bench.deliver = (pid, signal) => {
      process.kill(pid, signal);
      if (signal === 'SIGSTOP') process.kill(worker, 'SIGCONT');
    };
    expect(await freezeRun(bench.supervisor, run)).toBeNull();
    await grows();
    expect(statesOf(identity)).not.toContain('T');
  });
});

test('the processes of a run include the workers of the engine, but not its wrapper', async () => {
  const identity = await spawnBusy();
  const worker = members(identity).find((pid) => pid !== identity.pid && pid !== identity.group) ?? 0;
  await bench.until(async () => {
    // on a slow machine the worker starts after the first scan
    await bench.advance(5_000);
    return bench.supervisor.pids(run).includes(worker);
  });
  expect(new Set(bench.supervisor.pids(run))).toEqual(new Set([identity.pid, worker]));
});
