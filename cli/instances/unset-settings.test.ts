import { EventServer } from '@llamactl/server/testing/event-server';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CommandSandbox } from '../testing/command-run.ts';

let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await EventServer.open();
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
  await server.manager.create({
    name: 'a',
    options: { threads: 4 },
    request_defaults: { seed: 1 },
    environment: { HF_HOME: '/m' },
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.goAway();
  sandbox.dispose();
});

const updates = (): unknown[] => server.manager.calls.filter(({ method }) => method === 'update');

it.each([
  [['--unset', 'options.thread'], 'options.thread is not set; did you mean options.threads?'],
  [['-o', 'thread='], 'options.thread is not set; did you mean options.threads?'],
  [['--unset', 'options.nothing'], 'options.nothing is not set; these are set: threads'],
  [['--unset', 'request_defaults.sed'], 'request_defaults.sed is not set; did you mean request_defaults.seed?'],
  [['--request-default', 'sed='], 'request_defaults.sed is not set; did you mean request_defaults.seed?'],
  [['--unset', 'environment.HF_HOM'], 'environment.HF_HOM is not set; did you mean environment.HF_HOME?'],
  [['--unset', 'options.threads', '--unset', 'env.X'], 'environment.X is not set; these are set: HF_HOME'],
])('refuses %j, and changes nothing', async (flags, message) => {
  const { status, stdout, stderr } = await sandbox.run(['update', 'a', '-p', '8123', ...flags]);
  expect([status, stdout, stderr]).toEqual([1, '', `llamactl: ${message}\n`]);
  expect(updates()).toEqual([]);
});

it('removes all that is set', async () => {
  const keys = ['options.threads', 'request_defaults.seed', 'environment.HF_HOME'];
  const result = await sandbox.run(['update', 'a', ...keys.flatMap((key) => ['--unset', key])]);
  expect(result).toEqual({ status: 0, stdout: 'a  updated\n', stderr: '' });
  expect(updates()).toHaveLength(1);
});

it('removes an option by another name of the engine', async () => {
  const { instance, preview } = await server.manager.previewUpdate('a', {}, { restart: false });
  const changed = { instance, preview: { ...preview, changes: ['options.threads'] } };
  vi.spyOn(server.manager, 'previewUpdate').mockResolvedValue(changed);
  expect(await sandbox.run(['update', 'a', '--unset', 'options.t'])).toMatchObject({ status: 0 });
  expect(updates()).toHaveLength(1);
});
