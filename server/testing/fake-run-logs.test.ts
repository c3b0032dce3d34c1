import { expect, it } from 'vitest';
import { runLogsContract } from './contracts/run-logs.contract.ts';
import { FakeRunLogs } from './fake-run-logs.ts';

const log = { folder: '/runs', instance: 'a' };
const run = { tag: 'test', folder: '/runs/1-x' };

runLogsContract('FakeRunLogs', async () => {
  const logs = new FakeRunLogs();
  let seq = 0;
  await logs.begin(log, run);
  logs.attach(log, run);
  const write = (message: string): void =>
    logs.write(log, { timestamp: '2024-01-15T14:30:00Z', level: 'info', message, seq: (seq += 10) });
  return { logs, log, run, write, dispose: () => undefined };
});

it('records the calls about a run', async () => {
  const logs = new FakeRunLogs();
  await logs.begin(log, run);
  logs.attach(log, run);
  logs.detach(log, run);
  logs.forget(log);
  expect(logs.calls).toEqual([
    { method: 'begin', folder: run.folder },
    { method: 'attach', folder: run.folder },
    { method: 'detach', folder: run.folder },
    { method: 'forget', folder: log.folder },
  ]);
});

it('returns the output that a test sets, or fails with its fault', async () => {
  const logs = new FakeRunLogs();
  logs.output.set('*', ['any']).set(run.folder, ['own']);
  expect(await logs.tail(run, 5)).toEqual(['own']);
  expect(await logs.tail({ ...run, folder: '/other' }, 5)).toEqual(['any']);
  logs.fault = new Error('input/output error');
  await expect(logs.tail(run, 5)).rejects.toThrow('input/output error');
});
