import { ApiError } from '@llamactl/contract/errors';
import { EventServer } from '@llamactl/server/testing/event-server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandSandbox } from '../testing/command-run.ts';

let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await EventServer.open();
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.goAway();
  sandbox.dispose();
});

const names = (): string[] => server.manager.list().map(({ name }) => name);
const start = (name: string): Promise<unknown> => server.manager.start(name);

describe('deleting instances', () => {
  it('prints their names', async () => {
    await server.add('a');
    await server.add('b');
    await server.add('c');
    expect(await sandbox.run(['rm', 'a', 'c'])).toEqual({ status: 0, stdout: 'a  deleted\nc  deleted\n', stderr: '' });
    expect(names()).toEqual(['b']);
  });

  it('names the instance of an alias', async () => {
    await server.add('a', { aliases: ['qwen3:8b'] });
    const { status, stderr } = await sandbox.run(['rm', 'qwen3:8b']);
    expect([status, stderr]).toEqual([3, 'llamactl: qwen3:8b is an alias; give the name of its instance: a\n']);
  });

  it('refuses a running instance with a hint', async () => {
    await server.add('a');
    await start('a');
    expect(await sandbox.run(['rm', 'a'])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'llamactl: a is starting; stop it first.\n  to stop and delete it: llamactl rm --force a\n',
    });
    expect(names()).toEqual(['a']);
  });

  it('stops it first with --force', async () => {
    await server.add('a');
    await start('a');
    const done: string[] = [];
    vi.spyOn(server.manager, 'stop').mockImplementation(async (name, { wait } = {}) => {
      done.push(`stop ${name}, wait: ${wait}`);
      return 'stopped';
    });
    vi.spyOn(server.manager, 'remove').mockImplementation(async (name) => void done.push(`remove ${name}`));
    expect(await sandbox.run(['rm', '--force', 'a'])).toEqual({ status: 0, stdout: 'a  deleted\n', stderr: '' });
    expect(done).toEqual(['stop a, wait: true', 'remove a']);
  });

  it('with --force takes no requests in between, if clients start it again', async () => {
    await server.add('a');
    vi.spyOn(server.manager, 'stop').mockResolvedValue('stopped');
    const update = vi.spyOn(server.manager, 'update');
    const running = new ApiError('INSTANCE_RUNNING', 'a is starting; stop it first.');
    vi.spyOn(server.manager, 'remove').mockRejectedValueOnce(running).mockResolvedValueOnce();
    expect(await sandbox.run(['rm', '--force', 'a'])).toMatchObject({ status: 0, stdout: 'a  deleted\n' });
    expect(update.mock.calls.map(([name, patch]) => [name, patch])).toEqual([['a', { on_demand: false }]]);
  });

  it('with --force takes requests again, if it cannot be deleted', async () => {
    await server.add('a');
    vi.spyOn(server.manager, 'stop').mockResolvedValue('stopped');
    const update = vi.spyOn(server.manager, 'update');
    const running = new ApiError('INSTANCE_RUNNING', 'a is still stopping.');
    vi.spyOn(server.manager, 'remove').mockRejectedValue(running);
    expect(await sandbox.run(['rm', '--force', 'a'])).toMatchObject({ status: 1 });
    expect(update.mock.calls.map(([, patch]) => patch)).toEqual([{ on_demand: false }, { on_demand: true }]);
  });

  it('goes on after a failure', async () => {
    await server.add('a');
    await server.add('b');
    await start('a');
    const { status, stdout, stderr } = await sandbox.run(['rm', 'a', 'nope', 'b']);
    expect([status, stdout]).toEqual([1, 'b  deleted\n']);
    expect(stderr).toBe(
      [
        'llamactl: a is starting; stop it first.',
        '  to stop and delete it: llamactl rm --force a',
        'llamactl: there is no instance nope; to list instances: llamactl ps',
        '',
      ].join('\n'),
    );
  });

  it('reports an unreachable server once', async () => {
    const { url } = server;
    await server.goAway();
    const { status, stderr } = await sandbox.run(['rm', 'a', 'b', '--url', url]);
    expect([status, stderr.match(/No answer/g)]).toEqual([5, ['No answer']]);
    const stop = await sandbox.run(['stop', 'a', 'b', '--url', url]);
    expect([stop.status, stop.stderr.match(/No answer/g)]).toEqual([5, ['No answer']]);
  });

  it('prints JSON with --json, including failures', async () => {
    await server.add('a');
    const { status, stdout, stderr } = await sandbox.run(['rm', 'a', 'nope', '--json']);
    expect([status, stderr]).toEqual([3, '']);
    expect(JSON.parse(stdout)).toEqual([
      { name: 'a', message: 'Instance deleted successfully' },
      expect.objectContaining({ name: 'nope', error: expect.stringContaining('there is no instance nope') as unknown }),
    ]);
  });

  it('prints only names with --quiet', async () => {
    await server.add('a');
    expect(await sandbox.run(['rm', 'a', '-q'])).toEqual({ status: 0, stdout: 'a\n', stderr: '' });
  });
});
