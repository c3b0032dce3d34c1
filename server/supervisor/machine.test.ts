import { expect, test } from 'vitest';
import { readStat } from './process-stat.ts';
import { describeMachine } from './machine.ts';
import { readProc, type ProcRead } from './proc-file.ts';

test('the age of this process by its start time matches that of Node', () => {
  const machine = describeMachine();
  const age = machine.uptimeSeconds() - (readStat(process.pid)?.startTicks ?? 0) / machine.ticksPerSecond;
  expect(Math.abs(age - process.uptime())).toBeLessThan(0.5);
  expect(machine.pageBytes % 4_096).toBe(0);
});

test('in a container that shows its own uptime, start times use the scale of its host', () => {
  const hidden = 1_000_000;
  const read = (path: string): ProcRead =>
    path === '/proc/uptime' ? Buffer.from(`${shownUptime() - hidden} 0\n`) : readProc(path);
  const machine = describeMachine(read);
  expect(Math.abs(machine.uptimeSeconds() - shownUptime())).toBeLessThan(0.5);
  expect(Math.abs(machine.nowTicks() - shownUptime() * machine.ticksPerSecond)).toBeLessThan(50);
  expect(machine.ticksOf(shownUptime() - hidden)).toBeGreaterThan(0);
});

test('a time in hundredths, as the kernel writes it, converts to its own tick, not to the one before', () => {
  const machine = describeMachine(() => 'denied', 0);
  const hundredths = Array.from({ length: 20_000 }, (_unused, index) => 98_000 + index * 97);
  const ticks = hundredths.map((each) => machine.ticksOf(Number((each / 100).toFixed(2))));
  expect(ticks).toEqual(hundredths);
});

test('without readable files, the usual units are assumed', () => {
  const machine = describeMachine(() => 'denied', 0);
  expect(machine).toMatchObject({ pageBytes: 4_096, ticksPerSecond: 100 });
  expect(machine.uptimeSeconds()).toBe(0);
});

function shownUptime(): number {
  const read = readProc('/proc/uptime');
  return read instanceof Buffer ? Number.parseFloat(read.toString()) : 0;
}
