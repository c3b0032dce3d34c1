import { afterEach, beforeEach, expect, it } from 'vitest';
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
