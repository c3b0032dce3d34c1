import { expect, test } from 'vitest';
import { readStat } from './identity.ts';
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

test('a process is signalled when it is the one that started then', () => {
  const { signals, sent } = recorded();
  signals.process(self.pid, self.startTicks, 'SIGTERM');
  expect(sent).toEqual([`SIGTERM ${self.pid}`]);
});

test('not when another has its pid now, nor when nobody has', () => {
  const { signals, sent } = recorded();
  signals.process(self.pid, self.startTicks + 1, 'SIGTERM');
  signals.process(2 ** 30, 1, 'SIGTERM');
  expect(sent).toEqual([]);
});

test('a group is signalled while the member that was named is alive in it', () => {
  const { signals, sent } = recorded();
  signals.group(own.group, self, 'SIGTERM');
  expect(sent).toEqual(own.group > 1 ? [`SIGTERM ${-own.group}`] : []);
});

test('not when the member is in another group or is another process; and never everybody, nor our own group by 0', () => {
  const { signals, sent } = recorded();
  signals.group(own.group + 1, self, 'SIGTERM');
  signals.group(own.group, { ...self, startTicks: self.startTicks - 1 }, 'SIGTERM');
  for (const group of [1, 0, -1]) signals.group(group, self, 'SIGTERM');
  expect(sent).toEqual([]);
});

test('one that ends in between is as good as signalled', () => {
  const { signals, warnings } = recorded('ESRCH');
  signals.process(self.pid, self.startTicks, 'SIGKILL');
  expect(warnings).toEqual([]);
});

test('one that may not be signalled is reported, once however often it is tried', () => {
  const { signals, sent, warnings } = recorded('EPERM');
  for (let tries = 0; tries < 5; tries += 1) signals.process(self.pid, self.startTicks, 'SIGKILL');
  expect(sent).toHaveLength(5);
  expect(warnings).toEqual(['A signal could not be sent: the process belongs to another user']);
});
