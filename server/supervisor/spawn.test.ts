import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, it } from 'vitest';
import type { LaunchPlan, RunReference } from '../instances/ports/runs.ts';
import { RealBench } from '../testing/real-bench.ts';
import { RecordingListener } from '../testing/recording-listener.ts';
import { readStat } from './process-stat.ts';
import { engineOomScore, scoreAbove } from './spawn.ts';

let bench: RealBench;
let listener: RecordingListener;
let run: RunReference;

beforeEach(() => {
  bench = new RealBench();
  listener = new RecordingListener();
  run = bench.newRun();
});
afterEach(() => bench.dispose());

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describe('a launched engine', () => {
  test('has its own session, and an empty standard input', async () => {
    const plan = bench.script('readlink /proc/self/fd/0; echo out; echo err >&2; exec sleep 1000');
    const identity = await bench.supervisor.spawn(run, plan, {}, listener);
    expect(readStat(identity.pid)).toMatchObject({ group: identity.group, session: identity.group });
    expect(readStat(process.pid)?.session).not.toBe(identity.group);
    await bench.until(() => bench.log(run) === '/dev/null\nout\nerr\n');
  });

  test('gets the inherited variables, then those of the plan, then secrets, and the tag last', async () => {
    Object.assign(bench.environment, { A: 'inherited', B: 'inherited', C: 'inherited' });
    const plan = {
      ...bench.script('env; exec sleep 1000'),
      environment: { B: 'plan', C: 'plan', LLAMACTL_RUN: 'other' },
    };
    await bench.supervisor.spawn(run, plan, { C: 'secret' }, listener);
    await bench.until(() => bench.log(run).includes('LLAMACTL_RUN'));
    const lines = bench.log(run).split('\n');
    expect(lines).toEqual(expect.arrayContaining(['A=inherited', 'B=plan', 'C=secret', `LLAMACTL_RUN=${run.tag}`]));
    expect(lines.filter((line) => line.startsWith('LLAMACTL_'))).toHaveLength(1);
    // the shells add their usual variables; no others of this process's environment are there
    const added = new Set(['PWD', 'OLDPWD', 'SHLVL', '_']);
    const names = lines.map((line) => line.split('=')[0] ?? '').filter((name) => name !== '' && !added.has(name));
    expect(names.toSorted()).toEqual(['A', 'B', 'C', 'LLAMACTL_RUN', 'PATH']);
  });

  test('gets its arguments unchanged', async () => {
    const argv = ['', 'two words', '$HOME', '"quoted"', "it's", '--', '-x', 'über\nline'];
    const plan = bench.script(`for word; do printf '<%s>' "$word"; done; exec sleep 1000`, ...argv);
    await bench.supervisor.spawn(run, plan, {}, listener);
    await bench.until(() => bench.log(run) === argv.map((word) => `<${word}>`).join(''));
  });

  test('is killed before llamactl when memory is short', async () => {
    await bench.supervisor.spawn(run, bench.script('cat /proc/self/oom_score_adj; exec sleep 1000'), {}, listener);
    await bench.until(() => bench.log(run).endsWith('\n'));
    expect(Number(bench.log(run))).toBe(engineOomScore());
  });

  test('has default signal dispositions: a SIGTERM right after the spawn ends it', async () => {
    await bench.supervisor.spawn(run, bench.script('exec sleep 1000'), {}, listener);
    bench.supervisor.terminate(run);
    expect(await listener.gone).toMatchObject({ code: 143, signal: 'SIGTERM' });
  });

  test('writes to files that only the owner may read', async () => {
    await bench.supervisor.spawn(run, bench.script('exec sleep 1000'), {}, listener);
    expect(statSync(run.folder).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(run.folder, 'log')).mode & 0o777).toBe(0o600);
  });

  test('is found by name on the PATH that engines inherit', async () => {
    const file = bench.program('#!/bin/sh\nexec sleep 1000\n');
    bench.environment['PATH'] = `/nowhere::${bench.folder}:${process.env['PATH'] ?? ''}`;
    const plan = { ...bench.engine(), command: path.basename(file), argv: [] };
    const { pid } = await bench.supervisor.spawn(run, plan, {}, listener);
    await bench.until(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
  });
});

test('a hundred engines that end at once are all reported with their own exit codes', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const each = new RecordingListener();
      const code = index % 2 === 0 ? 0 : 7;
      await bench.supervisor.spawn(bench.newRun(), bench.script(`exit ${code}`), {}, each);
      const exit = await each.gone;
      return exit.code === code && exit.signal === null && each.exits.length === 1;
    }),
  );
  expect(outcomes.filter((isRight) => isRight)).toHaveLength(100);
});

test('spawn resolves before the end of the run is reported, however short the run', async () => {
  const order: string[] = [];
  const gone = new Promise<void>((resolve) => {
    const each = { onGone: () => resolve(void order.push('gone')), onSurvives: () => undefined };
    void bench.supervisor.spawn(run, bench.script('exit 0'), {}, each).then(() => order.push('spawned'));
  });
  await gone;
  expect(order).toEqual(['spawned', 'gone']);
});

test('at most one launch happens per turn of the event loop', async () => {
  const turns: (() => void)[] = [];
  bench.clock.nextTurn = (turn) => void turns.push(turn);
  const planned = [bench.newRun(), bench.newRun(), bench.newRun()];
  const spawning = planned.map((each) => bench.supervisor.spawn(each, bench.script('exit 0'), {}, listener));
  const launched = (): number => planned.filter(({ folder }) => existsSync(folder)).length;
  await bench.until(() => turns.length > 0);
  // by then all three have been checked
  await bench.moment(50);
  for (let turn = 1; turn <= planned.length; turn += 1) {
    turns.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
    expect(launched()).toBe(turn);
  }
  await Promise.all(spawning);
});

test('two hundred runs leave no descriptor open', async () => {
  const runOnce = async (): Promise<void> => {
    const each = new RecordingListener();
    await bench.supervisor.spawn(bench.newRun(), bench.script('exit 0'), {}, each);
    await each.gone;
  };
  await runOnce();
  const before = openDescriptors();
  for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 20 }, runOnce));
  await bench.until(() => openDescriptors() === before);
});

describe('a launch is refused with a reason that names the file', () => {
  const reasonOf = async (plan: LaunchPlan): Promise<string> => {
    const failure = await bench.supervisor.spawn(run, plan, {}, listener).then(
      () => 'it was launched',
      (error: unknown) => String(error),
    );
    expect(await bench.supervisor.strays(new Set())).toEqual([]);
    expect(listener.exits).toEqual([]);
    return failure.replace(/^Error: /, '');
  };
  const planOf = (command: string): LaunchPlan => ({ ...bench.engine(), command, argv: [] });

  test('for a missing file', async () => {
    expect(await reasonOf(planOf('/no/such/engine'))).toBe('/no/such/engine does not exist');
  });

  test('for a program that is not on the PATH', async () => {
    bench.environment['PATH'] = '/bin:/nowhere';
    expect(await reasonOf(planOf('no-such-engine'))).toBe('no-such-engine was not found on the PATH (2 folders)');
  });

  test('for a folder', async () => {
    expect(await reasonOf(planOf(bench.folder))).toBe(`${bench.folder} is a folder, not a program`);
  });

  test('for a file that is not executable', async () => {
    const file = bench.program('#!/bin/sh\n', 0o644);
    expect(await reasonOf(planOf(file))).toBe(`${file} is not executable for this user; \`chmod +x\` makes it so`);
  });

  test('for a file on the PATH that is not executable', async () => {
    const file = bench.program('#!/bin/sh\n');
    chmodSync(file, 0o600);
    bench.environment['PATH'] = bench.folder;
    expect(await reasonOf(planOf(path.basename(file)))).toContain(`${file} is not executable`);
  });

  test('for a text file without #!, which some shells would run line by line', async () => {
    const file = bench.program('touch /tmp/never\n');
    expect(await reasonOf(planOf(file))).toBe(
      `${file} is not a program for this system: it begins neither as ELF nor with #!`,
    );
  });

  test('for a missing interpreter', async () => {
    const file = bench.program('#!/no/such/interpreter -x\n');
    expect(await reasonOf(planOf(file))).toBe(
      `${file} cannot be run: its interpreter /no/such/interpreter does not exist`,
    );
  });

  test('for a program of another machine, as the shell reports', async () => {
    const file = bench.program(Buffer.concat([Buffer.from('\u007FELF'), Buffer.alloc(200)]));
    expect(await reasonOf(planOf(file))).toBe(`${file} cannot be run: Exec format error`);
  });

  test('for an interpreter whose own interpreter is missing, as only the shell reports', async () => {
    const inner = bench.program('#!/no/such/interpreter\n');
    const file = bench.program(`#!${inner}\n`);
    expect(await reasonOf(planOf(file))).toBe(
      `${file} cannot be run: the interpreter or loader that it names is missing`,
    );
  });

  test('for arguments that are too long', async () => {
    const plan = bench.script('exec sleep 1000', 'x'.repeat(4_000_000));
    expect(await reasonOf(plan)).toBe(
      `${plan.command} cannot be launched: its arguments and environment are too long for this system`,
    );
  });

  test('for a NUL in an argument', async () => {
    const plan = bench.script('exec sleep 1000', 'a\0b');
    expect(await reasonOf(plan)).toContain(`${plan.command} cannot be launched: `);
  });

  test('for a folder that another run has used', async () => {
    await bench.supervisor.spawn(run, bench.script('exit 0'), {}, listener);
    await listener.gone;
    listener = new RecordingListener();
    expect(await reasonOf(bench.script('exit 0'))).toContain(`${run.folder}, cannot be used: it contains another run`);
  });
});

test('exit codes 126 and 127 of the engine itself are exits, not failed launches', async () => {
  for (const code of [126, 127]) {
    const each = new RecordingListener();
    await bench.supervisor.spawn(bench.newRun(), bench.script(`echo not found >&2; exit ${code}`), {}, each);
    expect(await each.gone).toMatchObject({ code, signal: null });
  }
});

describe('if the wrapper cannot write its files', () => {
  /** Runs in the wrapper before it forks the engine. */
  const sabotage = (body: string): void => bench.replaceMkfifo(`#!/bin/sh\nfolder=$(dirname "$3")\n${body}\n`);

  test('the engine is found by its tag, and its exit code comes from the status of the wrapper', async () => {
    sabotage('ln -s /no/such/folder/x "$folder/PID"; ln -s /no/such/folder/x "$folder/EXIT"');
    const identity = await bench.supervisor.spawn(run, bench.plan({ exitCode: 7 }), {}, listener);
    expect(existsSync(path.join(run.folder, 'PID'))).toBe(false);
    expect(readFileSync(`/proc/${identity.pid}/cmdline`, 'utf8')).toContain('--exit-code');
    await bench.until(() => bench.log(run).includes('load_model'));
    process.kill(identity.pid, 'SIGUSR1');
    expect(await listener.gone).toMatchObject({ code: 7 });
  });

  test('the next manager finds it too', async () => {
    sabotage('ln -s /no/such/folder/x "$folder/PID"');
    const identity = await bench.supervisor.spawn(run, bench.script('exec sleep 1000'), {}, listener);
    expect(await bench.restart().inspect(run, null)).toEqual({ found: 'alive', identity });
  });

  test('an engine that ends before it is found is a failed launch, reported with the exit code', async () => {
    sabotage('ln -s /no/such/folder/x "$folder/PID"');
    await expect(bench.supervisor.spawn(run, bench.script('exit 7'), {}, listener)).rejects.toThrow(
      'ended with code 7 before its pid was known',
    );
  });

  test('a wrapper that is killed before it launches the engine is a failed launch', async () => {
    sabotage('kill -9 $PPID');
    await expect(bench.supervisor.spawn(run, bench.script('exec sleep 1000'), {}, listener)).rejects.toThrow(
      'was ended by SIGKILL while it was being launched',
    );
    expect(await bench.supervisor.strays(new Set())).toEqual([]);
  });

  test('processes of a failed launch are ended', async () => {
    sabotage('setsid sleep 1000 & sleep 0.05; kill -9 $PPID');
    await expect(bench.supervisor.spawn(run, bench.script('exec sleep 1000'), {}, listener)).rejects.toThrow('SIGKILL');
    expect(await bench.supervisor.strays(new Set())).toEqual([]);
  });

  test('the end of an engine is seen even without a FIFO', async () => {
    sabotage('exit 1');
    await bench.supervisor.spawn(run, bench.script('exec sleep 1000'), {}, listener);
    bench.supervisor.kill(run);
    expect(await listener.gone).toMatchObject({ signal: 'SIGKILL' });
  });
});

describe('the OOM score of engines', () => {
  it.each([
    [-1_000, 200],
    [-500, 200],
    [0, 200],
    [100, 300],
    [900, 1_000],
    [1_000, 1_000],
    [Number.NaN, null],
  ])('of a server with %i is %s', (own, score) => {
    expect(scoreAbove(own)).toBe(score);
  });

  it.runIf(process.platform === 'linux')('is based on the score of this process', () => {
    expect(engineOomScore()).toBe(scoreAbove(Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))));
  });
});
