import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { isLong } from '../scripts/test-tier.ts';
import { endProcessesOf } from './home-processes.ts';

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
let ports: PortBlock;

/** The committed files, as in a fresh clone. */
async function makeClone(): Promise<void> {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-newcomer-'));
  clone = path.join(folder, 'llamactl');
  home = path.join(folder, 'home');
  await mkdir(home);
  ports = await PortBlock.take();
  const trust = path.join(folder, 'gitconfig');
  // The checkout may belong to another user, as in containers.
  await writeFile(trust, '[safe]\n\tdirectory = *\n');
  const environment = { ...process.env, GIT_CONFIG_GLOBAL: trust };
  await runTool('git', ['clone', '--quiet', '--depth', '1', `file://${ROOT}`, clone], { environment });
}

async function removeClone(): Promise<void> {
  await endProcessesOf(home);
  ports.release();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** What a stranger's shell has: programs of the machine, nothing of the checkout or of the npm that runs us. */
function environment(): Record<string, string> {
  const inherited = (process.env['PATH'] ?? '').split(':').filter((each) => !each.includes('node_modules'));
  // Another process may have port 8080.
  return { HOME: home, PATH: inherited.join(':'), LANG: 'C.UTF-8', LLAMACTL_SERVER_PORT: String(ports.next()) };
}

/** The text of a section of a page. */
async function sectionOf(page: string, section: string): Promise<string> {
  const text = await readFile(path.join(ROOT, page), 'utf8');
  const [, after = ''] = text.split(`\n## ${section}\n`);
  return after.split('\n## ')[0] ?? '';
}

/** The commands of a section of a page, without their comments. */
async function commandsOf(page: string, section: string): Promise<string[]> {
  const block = /^```sh\n([^]*?)^```/m.exec(await sectionOf(page, section))?.[1] ?? '';
  return block
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

/** The command of the README. */
const FIRST = './llamactl quickstart';
/** The command for all tests. */
const ALL = 'npm cit';

describe('a newcomer', () => {
  it('has one command to type', async () => {
    expect(await commandsOf('README.md', 'One command')).toEqual([FIRST]);
  });

  it('runs all tests with the command of CI', async () => {
    expect(await commandsOf('CONTRIBUTING.md', 'Commands')).toContain(ALL);
    const script = await readFile(path.join(ROOT, '.ci', 'run'), 'utf8');
    expect(script.trim().split('\n').at(-1)).toBe(ALL);
  });
});

describe.runIf(isLong)('a newcomer with a fresh clone', () => {
  beforeAll(makeClone, PATIENCE);
  afterAll(removeClone);

  it(
    'gets an answer of a real model by one command, whose server runs until it is stopped',
    { timeout: PATIENCE },
    async () => {
      const variables = environment();
      const child = spawn('sh', ['-c', `exec ${FIRST}`], { cwd: clone, env: variables });
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
      const removing = await sectionOf('docs/install.md', 'Removing');
      const unnamed = (await readdir(home)).filter((entry) => !removing.includes(`~/${entry}`));
      expect(unnamed).toEqual([]);
    },
  );

  it('sees all tests pass', { timeout: WHOLE_RUN }, async () => {
    const [program = '', ...args] = ALL.split(' ');
    const { stdout } = await runTool(program, args, { environment: environment(), directory: clone });
    expect(stdout).toMatch(/\d+ passed, 0 failed/);
  });
});
