import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { ProcessIdentity, Whereabouts } from '../instances/ports/runs.ts';
import { RealBench } from '../testing/real-bench.ts';
import { RecordingListener } from '../testing/recording-listener.ts';
import { readStat } from './process-stat.ts';
import { readTag } from './run-tag.ts';
import { whereaboutsOf } from './whereabouts.ts';

let bench: RealBench;
let parent: string;
let directory: string;
let other: string;
let pids: number[];

beforeEach(async () => {
  bench = new RealBench();
  parent = mkdtempSync(path.join(tmpdir(), 'llamactl-where-'));
  [directory, other] = [path.join(parent, 'one'), path.join(parent, 'two')];
  mkdirSync(directory);
  const { pid, group } = await spawn(`${bench.dataDirId}.i1.n1`, directory);
  pids = [pid, group];
});
afterEach(async () => {
  await bench.dispose();
  rmSync(parent, { recursive: true });
});

/** Starts a run with a tag in a data directory. */
function spawn(tag: string, dataDirectory: string): Promise<ProcessIdentity> {
  const [, instance = '', nonce = ''] = tag.split('.');
  const run = { tag, folder: path.join(dataDirectory, 'instances', instance, 'runs', nonce) };
  return bench.supervisor.spawn(run, bench.script('echo begun; exec sleep 1000'), {}, new RecordingListener());
}

const where = (of: string): Whereabouts => whereaboutsOf(bench.dataDirId, of);

test('an engine is where its log is, also after its data directory was renamed, but not in a copy', () => {
  const { location, pids: found } = where(directory);
  expect(location).toBe('here');
  expect(new Set(found)).toEqual(new Set(pids));
  renameSync(directory, other);
  expect(where(other).location).toBe('here');
  cpSync(other, directory, { recursive: true, filter: (file) => !file.endsWith('alive') });
  expect(where(directory).location).toBe('elsewhere');
});

test('an engine whose data directory is gone belongs to the directory with its identifier', () => {
  rmSync(directory, { recursive: true });
  mkdirSync(other);
  expect(where(other).location).toBe('here');
});

test('an engine whose files were deleted belongs to their directory, while that exists', () => {
  rmSync(path.join(directory, 'instances'), { recursive: true });
  mkdirSync(other);
  expect([where(directory).location, where(other).location]).toEqual(['here', 'elsewhere']);
});

test.each(['another', null])(
  'an engine with another identifier than %s is not counted, but is found where its run is',
  (id) => {
    mkdirSync(other);
    expect(whereaboutsOf(id, directory)).toEqual({ location: 'none', pids: [], idHere: bench.dataDirId });
    expect(whereaboutsOf(id, other)).toEqual({ location: 'none', pids: [], idHere: null });
    rmSync(path.join(directory, 'instances'), { recursive: true });
    expect(whereaboutsOf(id, directory).idHere, 'its files are gone').toBe(null);
  },
);

test('the requested identifier takes precedence over another with runs here', async () => {
  const { group } = await spawn('test-second.i2.n1', directory);
  // the bench ends only processes that show its tag
  onTestFinished(() => void process.kill(-group, 'SIGKILL'));
  expect(whereaboutsOf('test-second', directory)).toMatchObject({ location: 'here', idHere: 'test-second' });
  expect(where(directory)).toMatchObject({ location: 'here', idHere: bench.dataDirId });
});

test('engines of one identifier in two directories are in both', async () => {
  await spawn(`${bench.dataDirId}.i2.n1`, other);
  expect([where(directory).location, where(other).location]).toEqual(['both', 'both']);
});

test('an engine whose instances are on another disk, behind a link, belongs to the directory of the link', () => {
  const big = path.join(parent, 'big');
  mkdirSync(big);
  renameSync(path.join(directory, 'instances'), path.join(big, 'instances'));
  symlinkSync(path.join(big, 'instances'), path.join(directory, 'instances'));
  mkdirSync(path.join(other, 'instances'), { recursive: true });
  expect([where(directory), where(other)]).toMatchObject([
    { location: 'here', idHere: bench.dataDirId },
    { location: 'elsewhere' },
  ]);
  for (const name of ['alive', 'log']) rmSync(path.join(big, 'instances', 'i1', 'runs', 'n1', name));
  expect([where(directory).location, where(other).location], 'deleted').toEqual(['here', 'elsewhere']);
  rmSync(path.join(big, 'instances', 'i1'), { recursive: true });
  expect([where(directory).location, where(other).location], 'deleted with its folder').toEqual(['here', 'elsewhere']);
});

test('a wrapper without open files shows where it was started, if that folder still exists', async () => {
  const [engine = 0, wrapper = 0] = pids;
  // otherwise the rest of the run would be ended
  bench.restart();
  process.kill(wrapper, 'SIGSTOP');
  process.kill(engine, 'SIGKILL');
  await bench.until(() => where(directory).pids.length === 1);
  mkdirSync(other);
  expect(where(directory)).toEqual({ location: 'unclear', pids: [wrapper], idHere: null });
  expect(where(other)).toEqual({ location: 'elsewhere', pids: [wrapper], idHere: null });
  renameSync(directory, path.join(parent, 'three'));
  expect(where(other).location).toBe('unclear');
  process.kill(wrapper, 'SIGCONT');
});

test('an engine that shows no tag is found by its files when its identity is known', async () => {
  const run = { tag: `${bench.dataDirId}.i2.n1`, folder: path.join(directory, 'instances', 'i2', 'runs', 'n1') };
  const plan = bench.script('exec env -u LLAMACTL_RUN sleep 1000');
  const hidden = await bench.supervisor.spawn(run, plan, {}, new RecordingListener());
  onTestFinished(() => void process.kill(-hidden.group, 'SIGKILL'));
  await bench.until(() => readTag(hidden.pid) === 'untagged');
  mkdirSync(other);
  expect(where(directory).pids, 'its wrapper shows whose it is').toEqual(
    expect.arrayContaining([hidden.pid, hidden.group]),
  );
  const asked = (changes: Partial<ProcessIdentity>, of = directory): Whereabouts =>
    whereaboutsOf('another', of, [{ ...hidden, ...changes }]);
  expect(asked({})).toMatchObject({ location: 'here', pids: [hidden.pid] });
  expect(asked({}, other)).toMatchObject({ location: 'elsewhere', pids: [hidden.pid] });
  expect(asked({ startTicks: 1 }).location).toBe('none');
  expect(asked({ bootId: 'of before' }).location).toBe('none');
  const [engine = 0] = pids;
  const shown = { pid: engine, startTicks: readStat(engine)?.startTicks ?? 0 };
  expect(asked(shown).location, 'its tag names another directory').toBe('none');
  const init = { pid: 1, startTicks: readStat(1)?.startTicks ?? 0 };
  expect(asked(init), 'it shows nothing').toMatchObject({ location: 'unclear', pids: [1] });
});
