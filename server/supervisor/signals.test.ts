import { expect, test } from 'vitest';
import { readStat } from './process-stat.ts';
import { createSignals, type SendSignal, type Signals } from './signals.ts';

const own = readStat(process.pid);
if (own === null) throw new Error('/proc does not show this process');
const self = { pid: own.pid, startTicks: own.startTicks };

function recorded(failure?: string): { signals: Signals; sent: string[]; warnings: string[] } {
  const sent: string[] = [];
  const warnings: string[] = [];
  const send: SendSignal = (pid, signal) => {
    sent.push(`${signal} ${pid}`);
    if (failure !== undefined) throw Object.assign(new Error(failure), { code: failure });
  };
  const log = { warn: (_: object, message: string) => void warnings.push(message), error: () => undefined };
  return { signals: createSignals(send, log), sent, warnings };
}

test('a process with the given start time is signalled', () => {
  const { signals, sent } = recorded();
  signals.process(self.pid, self.startTicks, 'SIGTERM');
  expect(sent).toEqual([`SIGTERM ${self.pid}`]);
});

test('a pid of another process, or of none, is not signalled', () => {
  const { signals, sent } = recorded();
  signals.process(self.pid, self.startTicks + 1, 'SIGTERM');
  signals.process(2 ** 30, 1, 'SIGTERM');
  expect(sent).toEqual([]);
});

test('a group is signalled while the given member is alive in it', () => {
  const { signals, sent } = recorded();
  signals.group(own.group, self, 'SIGTERM');
  expect(sent).toEqual(own.group > 1 ? [`SIGTERM ${-own.group}`] : []);
});

test('a group is not signalled if the member is in another group or is another process; ids 0 and 1 are refused', () => {
  const { signals, sent } = recorded();
  signals.group(own.group + 1, self, 'SIGTERM');
  signals.group(own.group, { ...self, startTicks: self.startTicks - 1 }, 'SIGTERM');
  for (const group of [1, 0, -1]) signals.group(group, self, 'SIGTERM');
  expect(sent).toEqual([]);
});

test('a process that ends in between causes no error', () => {
  const { signals, warnings } = recorded('ESRCH');
  signals.process(self.pid, self.startTicks, 'SIGKILL');
  expect(warnings).toEqual([]);
});

test('a process that may not be signalled is reported only once', () => {
  const { signals, sent, warnings } = recorded('EPERM');
  for (let tries = 0; tries < 5; tries += 1) signals.process(self.pid, self.startTicks, 'SIGKILL');
  expect(sent).toHaveLength(5);
  expect(warnings).toEqual(['A signal could not be sent: the process belongs to another user']);
});
