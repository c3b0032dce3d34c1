import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '@llamactl/contract/errors';
import { AccessServer } from '@llamactl/server/testing/access-server';
import { PASSWORD } from '@llamactl/server/testing/auth-harness';
import { CommandSandbox, type RunResult } from '../testing/command-run.ts';

let server: AccessServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await AccessServer.open();
  await server.harness.user('ann', 'operator');
  sandbox = new CommandSandbox();
});
afterEach(async () => {
  await server.close();
  sandbox.dispose();
});

const run = (...words: string[]): Promise<RunResult> => sandbox.run(words, { now: server.now });
const sessions = async (): Promise<string[]> =>
  (await run('sessions', 'ls', '-q')).stdout.split('\n').filter((id) => id !== '');

/** Logs in three times; the last log-in is the current one. */
async function logInThrice(): Promise<void> {
  for (let n = 0; n < 3; n += 1) {
    const words = ['login', 'ann', '--password-stdin', '--url', server.url];
    expect((await sandbox.run(words, { now: server.now, input: `${PASSWORD}\n` })).status).toBe(0);
  }
}

it('ends all given log-ins, its own one last', async () => {
  await logInThrice();
  const ids = await sessions();
  expect(ids).toHaveLength(3);
  const { status, stdout, stderr } = await run('sessions', 'rm', ...ids);
  expect([status, stderr, stdout.match(/ ended$/gm)]).toEqual([0, '', [' ended', ' ended', ' ended']]);
  const deleted = server.requests.filter((request) => request.startsWith('DELETE'));
  const [current] = ids;
  expect(deleted.at(-1)).toBe(`DELETE /api/auth/sessions/${current}`);
  expect((await run('sessions', 'ls')).status).toBe(4);
});

it('ends all log-ins but its own with --others', async () => {
  await logInThrice();
  const [current] = await sessions();
  expect(await run('sessions', 'rm', '--others')).toMatchObject({ status: 0, stderr: '' });
  expect(await sessions()).toEqual([current]);
  expect(await run('sessions', 'rm', '--others')).toMatchObject({ status: 0, stdout: '' });
});

describe('the log-ins of an account', () => {
  let ids: string[];
  beforeEach(async () => {
    await logInThrice();
    ids = await sessions();
    await server.harness.user('root', 'admin');
    const words = ['login', 'root', '--password-stdin', '--url', server.url];
    expect((await sandbox.run(words, { now: server.now, input: `${PASSWORD}\n` })).status).toBe(0);
  });
  const endAll = (): Promise<RunResult> => run('sessions', 'rm', '--all', '--user', 'ann');

  it('end with one request, which is not sent if there are none', async () => {
    expect(await endAll()).toEqual({ status: 0, stdout: ids.map((id) => `${id} ended\n`).join(''), stderr: '' });
    expect(await endAll()).toEqual({ status: 0, stdout: '', stderr: '' });
    const deleted = server.requests.filter((request) => request.startsWith('DELETE'));
    expect(deleted).toEqual(['DELETE /api/users/ann/sessions']);
  });

  it('are each named if that request fails', async () => {
    const error = new ApiError('VALIDATION_ERROR', 'Not now.');
    vi.spyOn(server.harness.auth.sessions, 'endAllOf').mockRejectedValue(error);
    const { status, stdout, stderr } = await endAll();
    expect([status, stdout, stderr.match(/^llamactl: .*: Not now/gm)]).toEqual([
      1,
      '',
      ids.map((id) => `llamactl: ${id}: Not now`),
    ]);
  });
});

it('goes on after an unknown id', async () => {
  await logInThrice();
  const [, other = ''] = await sessions();
  const { status, stdout, stderr } = await run('sessions', 'rm', 'ffff', other);
  expect([status, stdout, stderr]).toEqual([3, `${other} ended\n`, expect.stringContaining('ffff')]);
});

it.each([
  [['sessions', 'rm'], 'no log-in given'],
  [['sessions', 'rm', '--others', 'x'], '--others takes no ids'],
])('refuses %j', async (words, reason) => {
  await logInThrice();
  expect(await run(...words)).toMatchObject({ status: 2, stderr: expect.stringContaining(reason) as unknown });
});
