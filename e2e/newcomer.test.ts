import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import { isLong } from '../scripts/test-tier.ts';
import { endProcessesOf } from './home-processes.ts';
import { freePort } from './server-process.ts';

/**
 * A stranger's first minutes: a fresh clone, an empty home, and the two commands of README.md, nothing else. They take long, so the
 * push tier only compares them with what CI calls.
 */

const ROOT = path.join(import.meta.dirname, '..');
/** Packages, an engine and a model come over the network. */
const PATIENCE = 600_000;
const WHOLE_RUN = 3_600_000;

let folder: string;
let clone: string;
let home: string;

/** The committed files, as in a fresh clone. */
async function makeClone(): Promise<void> {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-newcomer-'));
  clone = path.join(folder, 'llamactl');
  home = path.join(folder, 'home');
  await mkdir(home);
  const trust = path.join(folder, 'gitconfig');
  // The checkout may belong to another user, as in containers.
  await writeFile(trust, '[safe]\n\tdirectory = *\n');
  const environment = { ...process.env, GIT_CONFIG_GLOBAL: trust };
  await runTool('git', ['clone', '--quiet', '--depth', '1', `file://${ROOT}`, clone], { environment });
}

async function removeClone(): Promise<void> {
  await endProcessesOf(home);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** What a stranger's shell has: programs of the machine, nothing of the checkout or of the npm that runs us. */
async function environment(): Promise<Record<string, string>> {
  const inherited = (process.env['PATH'] ?? '').split(':').filter((each) => !each.includes('node_modules'));
  // Another process may have port 8080.
  return { HOME: home, PATH: inherited.join(':'), LANG: 'C.UTF-8', LLAMACTL_SERVER_PORT: String(await freePort()) };
}

/** The commands of the section "Two commands", without what is said of them. */
async function readmeCommands(): Promise<string[]> {
  const page = await readFile(path.join(ROOT, 'README.md'), 'utf8');
  const block = /^## Two commands\n[^]*?^```sh\n([^]*?)^```/m.exec(page)?.[1] ?? '';
  return block
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

describe('a newcomer', () => {
  it('has two commands to type', async () => {
    expect(await readmeCommands()).toEqual(['./llamactl quickstart', 'npm cit']);
  });

  it('runs by the second what CI runs', async () => {
    const [, second = ''] = await readmeCommands();
    const script = await readFile(path.join(ROOT, '.ci', 'run'), 'utf8');
    expect(script.trim().split('\n').at(-1)).toBe(second);
  });
});

describe.runIf(isLong)('a newcomer with a fresh clone', () => {
  beforeAll(makeClone, PATIENCE);
  afterAll(removeClone);

  it(
    'gets an answer of a real model by the first, whose server goes on until it is stopped',
    { timeout: PATIENCE },
    async () => {
      const [command = ''] = await readmeCommands();
      const variables = await environment();
      const child = spawn('sh', ['-c', `exec ${command}`], { cwd: clone, env: variables });
      const ended = once(child, 'exit') as Promise<[number | null]>;
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      const [status] = await ended;
      expect(output).toMatch(/^1\. Engine$[^]*^2\. Model$[^]*^3\. Server$[^]*^4\. Instance$[^]*^5\. Answer$/m);
      expect(output).toMatch(/model: \S/);
      expect(output).toMatch(/\d+ tokens\/s/);
      expect(status, output).toBe(0);
      const down = path.join(clone, 'llamactl');
      const stopped = await runTool(down, ['down', '--stop-engines'], { environment: variables, directory: clone });
      expect(stopped.stdout).toContain('stopped: quickstart');
      // What it needs lies where git does not look.
      const { stdout } = await runTool('git', ['status', '--porcelain'], {
        environment: process.env,
        directory: clone,
      });
      expect(stdout).toBe('');
    },
  );

  it('sees all tests pass by the second', { timeout: WHOLE_RUN }, async () => {
    const [, second = ''] = await readmeCommands();
    const [program = '', ...args] = second.split(' ');
    const { stdout } = await runTool(program, args, { environment: await environment(), directory: clone });
    expect(stdout).toMatch(/\d+ passed, 0 failed/);
  });
});
