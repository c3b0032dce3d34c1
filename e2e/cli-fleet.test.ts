import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { runCommand, type CommandResult } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** A fleet by the command line alone, with the real server, the real engine, and as many requests as are allowed. */

const SIZE = 12;
const NAMES = Array.from({ length: SIZE }, (_unused, index) => `fleet-${index + 10}`);

let server: ServerProcess;

beforeEach(async () => {
  server = await ServerProcess.create('rate_limit: { enabled: true }');
  await server.start();
});

afterEach(() => server.dispose());

const run = (words: readonly string[], input = ''): Promise<CommandResult> =>
  runCommand(words, { HOME: server.home, LLAMACTL_URL: server.url }, input);

async function documentOf(names: readonly string[]): Promise<string> {
  const model = await testModel();
  const entries = names.map((name) => `  - { name: ${name}, model_path: "${model}", options: { threads: 1 } }\n`);
  return `version: 1\ninstances:\n${entries.join('')}`;
}

describe('a fleet of twelve', () => {
  it('is made, started, changed, stopped and deleted within the limit of requests', async () => {
    const applied = await run(['apply', '-'], await documentOf(NAMES));
    expect(applied).toEqual({
      status: 0,
      stdout: `${NAMES.map((name) => `+ ${name}\n`).join('')}Fleet applied: 12 created\n`,
      stderr: '',
    });

    const started = await run(['start', '--all', '--wait', '-q']);
    expect([started.status, started.stderr]).toEqual([0, '']);
    expect(started.stdout.trim().split('\n').toSorted()).toEqual(NAMES);

    const changed = (await documentOf(NAMES)).replace('{ threads: 1 }', '{ threads: 2 }');
    expect((await run(['apply', '-'], changed)).stdout).toBe(
      '~ fleet-10  options.threads  (restarts)\nFleet applied: 1 restarted, 11 unchanged\n',
    );

    const stopped = await run(['stop', '--all', '--wait', '--json']);
    expect(stopped.status).toBe(0);
    expect(JSON.parse(stopped.stdout)).toEqual(NAMES.map((name) => ({ name, status: 'stopped' })));
    expect(await server.processes()).toEqual([]);

    const removed = await run(['rm', ...NAMES]);
    expect([removed.status, removed.stdout]).toEqual([0, NAMES.map((name) => `${name}  deleted\n`).join('')]);
  });
});

describe('a fleet in a file', () => {
  it('is what was exported, also on another day', async () => {
    const file = path.join(server.home, 'fleet.yaml');
    await run(['apply', '-'], await documentOf(['a', 'b']));
    expect((await run(['export', file])).status).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    await run(['update', 'a', '-o', 'threads=2', '-e', 'HF_TOKEN=x']);
    await run(['rm', 'b']);
    await run(['create', 'c', '--model', await testModel()]);
    const plan = '~ a  options.threads, environment.HF_TOKEN\n+ b\n- c\n';
    const dry = await run(['apply', file, '--prune', '--dry-run']);
    expect(dry.stdout).toBe(`${plan}Dry run, nothing was changed: 1 to create, 1 to change, 1 to remove\n`);
    expect((await run(['apply', file, '--prune'])).status).toBe(2);
    const applied = await run(['apply', file, '--prune', '--yes']);
    expect(applied.stdout).toBe(`${plan}Fleet applied: 1 created, 1 changed, 1 removed\n`);
    expect((await run(['export'])).stdout).toBe(await readFile(file, 'utf8'));
  });

  it('is judged before anything is done', async () => {
    const file = path.join(server.home, 'fleet.yaml');
    await writeFile(file, (await documentOf(['a', 'b'])).replace('threads', 'threds'));
    const { status, stdout, stderr } = await run(['apply', file]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('did you mean `threads`?');
    expect((await run(['export', '--json'])).stdout).toBe('{"version":1,"instances":[]}\n');
  });
});
