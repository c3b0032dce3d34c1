import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { runCommand, type CommandResult } from './command-line.ts';
import { MAIN } from './program.ts';
import { ServerProcess } from './server-process.ts';

/** Accounts, keys, configuration and completion, by the command line alone, with the real program on both sides. */

let server: ServerProcess;
let environment: Record<string, string>;

beforeEach(async () => {
  server = await ServerProcess.create('auth: { enabled: true }');
  await server.start();
  environment = { HOME: server.home };
});

afterEach(() => server.dispose());

const run = (words: string[], input = '', more: Record<string, string> = {}): Promise<CommandResult> =>
  runCommand(words, { ...environment, ...more }, input);
/** What a command prints, which has to succeed. */
async function printed(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(words);
  expect([status, stderr.split('\n').filter((line) => line.startsWith('llamactl:'))]).toEqual([0, []]);
  return stdout.trim();
}

async function logIn(): Promise<void> {
  const password = await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8');
  const { status } = await run(['login', 'admin', '--password-stdin', '--url', server.url], password);
  expect(status).toBe(0);
}

describe('somebody who logs in', () => {
  it('is known from then on, over restarts of the server, until they log out', async () => {
    expect((await run(['keys', 'ls', '--url', server.url])).status).toBe(4);
    await logIn();
    expect((await stat(path.join(server.home, '.config/llamactl/contexts.json'))).mode & 0o777).toBe(0o600);
    const token = await printed('token');
    await server.end('SIGKILL');
    await server.start();
    expect(await printed('users', 'ls', '-q')).toBe('admin');
    await printed('logout');
    expect((await run(['users', 'ls'])).status).toBe(4);
    expect((await run(['users', 'ls', '--url', server.url], '', { LLAMACTL_TOKEN: token })).status).toBe(4);
  });

  it('lets others in, changes what they may, and sees what they did', async () => {
    await logIn();
    const made = await run(['users', 'create', 'ann', '--role', 'viewer', '--password-stdin'], 'a long password');
    expect(made.stdout).toBe('ann created, viewer\n');
    const ann = { HOME: path.join(server.home, 'ann') };
    expect((await run(['login', 'ann', '--password-stdin', '--url', server.url], 'a long password', ann)).status).toBe(
      0,
    );
    expect((await run(['config', 'show'], '', ann)).status).toBe(4);
    expect(await printed('users', 'update', 'ann', '--role', 'admin')).toBe('ann updated: admin, enabled');
    expect((await run(['config', 'path'], '', ann)).status).toBe(0);
    await printed('users', 'rm', 'ann');
    expect((await run(['config', 'path'], '', ann)).status).toBe(4);
    const rows = JSON.parse(await printed('audit', '--json', '--target', 'ann')) as {
      action: string;
      status: number;
    }[];
    expect(rows.map(({ action }) => action)).toEqual(['deleteUser', 'updateUser', 'login', 'createUser']);
  });

  it('makes keys by which programs get to their instances', async () => {
    await logIn();
    await printed('create', 'qwen', '--model', await testModel());
    await printed('start', 'qwen', '--wait');
    const key = await printed('keys', 'create', 'editor', '--instance', 'qwen', '-q');
    const models = await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(await models.json()).toMatchObject({ data: [{ id: 'qwen' }] });
    await printed('keys', 'rm', 'editor');
    expect((await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(401);
  });

  it('changes the configuration, which holds from the next start or reload', async () => {
    await logIn();
    expect(await printed('config', 'set', 'stats.interval=7')).toBe('stats.interval is now 7');
    expect((await run(['config', 'show'])).stderr).toContain(
      'takes effect after llamactl reload or a restart: stats.interval',
    );
    await server.end('SIGTERM');
    await server.start();
    const shown = await run(['config', 'show']);
    expect(shown.stdout).toMatch(/ interval: 7 # file, line \d+\n/);
    expect(shown.stderr).not.toContain('takes effect after');
  });
});

describe('a shell', () => {
  it('completes verbs and names of instances', async () => {
    await logIn();
    for (const name of ['qwen', 'llama']) await printed('create', name, '--model', await testModel());
    const script = `
      llamactl() { "${process.execPath}" --disable-warning=ExperimentalWarning "${MAIN}" "$@"; }
      source <(llamactl completion bash)
      for COMP_LINE in 'llamactl rest' 'llamactl start '; do
        COMP_POINT=\${#COMP_LINE} COMP_WORDS=($COMP_LINE)
        _llamactl && printf '%s,' "\${COMPREPLY[@]}"
      done`;
    const bash = spawn('bash', ['--norc', '-c', script], { env: { ...environment, PATH: process.env['PATH'] ?? '' } });
    let output = '';
    bash.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(bash, 'close');
    expect(output).toBe('restart,restore,qwen,llama,');
  });
});
