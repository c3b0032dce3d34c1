import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import { reasonOf } from '@llamactl/contract/reason';
import { CACHE, testClientPython, testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { ServerProcess } from './server-process.ts';

/**
 * The Python client: its own tests, of which some want the real program, with accounts and without, and of which one installs
 * it as docs/client.md says.
 */

const CLIENT = path.join(import.meta.dirname, '..', 'clients', 'python');
/** The push tier takes a server through the scenario of all clients, and compares all operations with the description of the API. */
const SMOKE = /^test_(?:models|operations|requests|server)\.py$/;
const FILES = readdirSync(path.join(CLIENT, 'tests')).filter((name) => (isLong ? /^test_.*\.py$/ : SMOKE).test(name));
/** They take about as long as all others together, which run beside them. */
const SLOW = new Set(['test_package.py', 'test_style.py']);

/** What came of one test of Python's. */
interface Outcome {
  /** `tests/test_models.py::test_they_are_values` */
  name: string;
  outcome: 'passed' | 'failed' | 'skipped';
  text: string;
}

/** Everything that came of a run; `problem`: why it did not end well. */
interface Run {
  outcomes: Outcome[];
  problem: string | null;
}

const python = testClientPython();
const servers: ServerProcess[] = [];
let folder: string;
let runs: Run[];

beforeAll(async () => {
  if ('missing' in python) return;
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-python-'));
  servers.push(await ServerProcess.create(), await ServerProcess.create('auth: { enabled: true }'));
  await Promise.all(servers.map((server) => server.start()));
  const groups = [FILES.filter((name) => !SLOW.has(name)), FILES.filter((name) => SLOW.has(name))].filter(
    (files) => files.length > 0,
  );
  runs = await Promise.all(groups.map((files, index) => runTests(python, files, path.join(folder, String(index)))));
}, 180_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.dispose()));
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

describe('the Python client', () => {
  it.for(FILES)('%s', (file, context) => {
    if ('missing' in python) context.skip(python.missing);
    const outcomes = runs.flatMap((run) => run.outcomes).filter(({ name }) => name.startsWith(`tests/${file}::`));
    expect(outcomes.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(0);
  });

  it('runs through', (context) => {
    if ('missing' in python) context.skip(python.missing);
    expect(runs.map(({ problem }) => problem)).toEqual(runs.map(() => null));
    const count = runs.reduce((sum, { outcomes }) => sum + outcomes.length, 0);
    process.stdout.write(`tests of the Python client: ${count}\n`);
  });
});

async function runTests(
  { program, packages }: { program: string; packages: string },
  files: readonly string[],
  scratch: string,
): Promise<Run> {
  const [open, accounts] = servers;
  if (open === undefined || accounts === undefined) throw new Error('there are no servers');
  const password = (await readFile(path.join(accounts.dataDirectory, 'admin-password'), 'utf8')).trim();
  const setting = {
    url: open.url,
    model: await testModel(),
    sentence: DEMO_SENTENCE,
    accounts: { url: accounts.url, password },
  };
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    PYTHONDONTWRITEBYTECODE: '1',
    LLAMACTL_TEST_SETTING: JSON.stringify(setting),
    LLAMACTL_TEST_WHEELS: packages,
    LLAMACTL_TEST_TYPES: path.join(CACHE, 'python-types'),
  };
  const outcomes = `${scratch}.jsonl`;
  const flags = ['-q', '--tb=short', `--basetemp=${scratch}`, `--outcomes=${outcomes}`];
  const argv = ['-m', 'pytest', ...flags, ...files.map((name) => path.join('tests', name))];
  const problem = await runTool(program, argv, { environment, directory: CLIENT }).then(
    () => null,
    (error: unknown) => reasonOf(error),
  );
  const lines = await readFile(outcomes, 'utf8').catch(() => '');
  return {
    outcomes: lines
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Outcome),
    problem,
  };
}
