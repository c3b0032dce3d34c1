import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessIdentity, RunReference } from '../instances/ports.ts';
import { RealBench } from '../testing/real-bench.ts';
import { RecordingListener } from '../testing/recording-listener.ts';
import { parseStat, readStat } from './identity.ts';
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

/** Four threads that never rest, and a child in the group that does not either; each counts in the log. */
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
/** On a machine that is short of CPU it may take more than one try. */
const freeze = (): Promise<void> => bench.until(() => bench.supervisor.freeze(run));
const grows = async (): Promise<void> => {
  const before = bench.log(run).length;
  await bench.until(() => bench.log(run).length > before);
};

describe('a frozen run', () => {
  test('stands still with every thread of every process of its group, wrapper and workers included', async () => {
    const identity = await spawnBusy();
    expect(members(identity).length).toBeGreaterThanOrEqual(3);
    await freeze();
    const stopped = statesOf(identity);
    expect(stopped.length).toBeGreaterThan(8);
    expect(new Set(stopped)).toEqual(new Set(['T']));
    const frozen = bench.log(run);
    await bench.moment(30);
    expect(bench.log(run)).toBe(frozen);
    bench.supervisor.thaw(run);
    await grows();
    expect(statesOf(identity)).not.toContain('T');
  });

  test('hears SIGTERM when it is thawed; whoever froze it is not disturbed before', async () => {
    const identity = await spawnBusy();
    await freeze();
    const frozen = bench.log(run);
    bench.supervisor.terminate(run);
    await bench.moment(30);
    expect(new Set(statesOf(identity))).toEqual(new Set(['T']));
    expect(bench.log(run)).toBe(frozen);
    bench.supervisor.thaw(run);
    expect(await listener.gone).toMatchObject({ code: 0 });
    expect(bench.log(run)).toContain('heard SIGTERM');
  });

  test('that is killed still tells how it ended, and nothing of it is left', async () => {
    await spawnBusy();
    await freeze();
    bench.supervisor.kill(run);
    expect(await listener.gone).toMatchObject({ code: 137, signal: 'SIGKILL' });
    expect(await bench.supervisor.strays(new Set())).toEqual([]);
  });

  test('goes on when the manager closes', async () => {
    const identity = await spawnBusy();
    await freeze();
    bench.supervisor.close();
    await grows();
    expect(statesOf(identity)).not.toContain('T');
  });

  test('goes on when it is thawed while it is still being frozen', async () => {
    await spawnBusy();
    const freezing = bench.supervisor.freeze(run);
    bench.supervisor.thaw(run);
    expect(await freezing).toBe(false);
    await grows();
  });
});

describe('a run that does not come to rest', () => {
  test('is let go on: here the signal does not arrive', async () => {
    await spawnBusy();
    bench.deliver = (pid, signal) => {
      if (signal !== 'SIGSTOP') process.kill(pid, signal);
    };
    expect(await bench.supervisor.freeze(run)).toBe(false);
    await grows();
    expect(bench.signals.map(({ signal }) => signal)).toEqual(['SIGSTOP', 'SIGCONT']);
  });

  test('is let go on: here one of its processes was woken meanwhile', async () => {
    const identity = await spawnBusy();
    const worker = members(identity).find((pid) => pid !== identity.pid && pid !== identity.group) ?? 0;
    bench.deliver = (pid, signal) => {
      process.kill(pid, signal);
      if (signal === 'SIGSTOP') process.kill(worker, 'SIGCONT');
    };
    expect(await bench.supervisor.freeze(run)).toBe(false);
    await grows();
    expect(statesOf(identity)).not.toContain('T');
  });

  test('is not touched: here it left its group', async () => {
    await bench.supervisor.spawn(run, bench.script('exec setsid sh -c "echo up; exec sleep 1000"'), {}, listener);
    await bench.until(() => bench.log(run).includes('up'));
    expect(await bench.supervisor.freeze(run)).toBe(false);
    expect(bench.signals).toEqual([]);
  });
});

test('the workers of an engine are among the processes of its run, its wrapper is not', async () => {
  const identity = await spawnBusy();
  const worker = members(identity).find((pid) => pid !== identity.pid && pid !== identity.group) ?? 0;
  await bench.until(() => bench.supervisor.pids(run).includes(worker));
  expect(new Set(bench.supervisor.pids(run))).toEqual(new Set([identity.pid, worker]));
});
