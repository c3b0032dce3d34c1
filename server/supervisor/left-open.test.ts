import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProcessIdentity } from '../instances/ports/runs.ts';
import { RealBench } from '../testing/real-bench.ts';
import { leftOpen } from './left-open.ts';

let bench: RealBench;
beforeEach(() => {
  bench = new RealBench();
});
afterEach(() => bench.dispose());

const HERE = import.meta.dirname;
const LEFT = 200;

/** Starts Node as `flock`'s idiom does, `( … exec llamactl serve ) 200>lock`: with an inherited descriptor. */
function startedWithLock(argv: readonly string[]) {
  const lock = openSync(path.join(bench.folder, 'lock'), 'w');
  const others = Array.from({ length: LEFT - 2 }, (_, index) => (index + 3 === LEFT ? lock : 'ignore'));
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit', ...others] });
  closeSync(lock);
  if (child.stdout === null) throw new Error('the output of the child cannot be read');
  return { child, stdout: child.stdout };
}

test('an engine and its wrapper do not inherit descriptors left open for this process, which keeps them', async () => {
  const orders = {
    dataDirId: bench.dataDirId,
    inheritedEnvironment: bench.environment,
    spawns: [{ run: bench.newRun(), plan: bench.script('exec sleep 1000') }],
    waitForPids: true,
  };
  const manager = path.join(HERE, '..', 'testing', 'short-lived-manager.ts');
  const { child, stdout } = startedWithLock([manager, JSON.stringify(orders)]);
  const lines = createInterface(stdout);
  const [line] = (await once(lines, 'line')) as [string];
  const { pid, group } = JSON.parse(line) as ProcessIdentity;
  const held = [child.pid, group, pid].map((each) => readlinkSync(`/proc/${each}/fd/${LEFT}`));
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(held).toEqual([path.join(bench.folder, 'lock'), '/dev/null', '/dev/null']);
});

test('a tool does not inherit them either', async () => {
  const moduleOf = (file: string): string => JSON.stringify(pathToFileURL(path.join(HERE, file)).href);
  const script = `
    import { systemClock } from ${moduleOf('../clock.ts')};
    import { createToolRunner } from ${moduleOf('tool.ts')};
    const run = createToolRunner(systemClock(), { PATH: process.env.PATH });
    const { stdout } = await run('readlink', ['/proc/self/fd/${LEFT}'], { timeoutMs: 10_000 });
    process.stdout.write(stdout);`;
  const { stdout } = startedWithLock(['--input-type=module', '--eval', script]);
  expect(await text(stdout)).toBe('/dev/null\n');
});

test('finds descriptors left open by their flags', () => {
  const folder = path.join(bench.folder, 'fdinfo');
  mkdirSync(folder);
  const flags = { 0: '0100002', 3: '02100002', 9: '0100002', 17: '0100001', 200: '0100101', 1_024: '0100001' };
  for (const [descriptor, each] of Object.entries(flags))
    writeFileSync(path.join(folder, descriptor), `pos:\t0\nflags:\t${each}\nmnt_id:\t15\n`);
  writeFileSync(path.join(folder, '18'), 'pos:\t0\n');
  expect(leftOpen(folder).toSorted((one, other) => one - other)).toEqual([9, 17, 200]);
  expect(leftOpen(path.join(folder, 'none'))).toEqual([]);
});

test('llamactl itself leaves no descriptors open', () => {
  closeSync(openSync(path.join(bench.folder, 'own'), 'w'));
  const own = openSync(path.join(bench.folder, 'own'), 'r');
  expect(leftOpen()).not.toContain(own);
  closeSync(own);
});
