import { expect, test } from 'vitest';
import { readStat } from './process-stat.ts';
import { readKernelUnits } from './kernel-units.ts';
import { readProc, type ProcRead } from './proc-file.ts';

test('the age of this process by its start time matches that of Node', () => {
  const units = readKernelUnits();
  const age = units.uptimeSeconds() - (readStat(process.pid)?.startTicks ?? 0) / units.ticksPerSecond;
  expect(Math.abs(age - process.uptime())).toBeLessThan(0.5);
  expect(units.pageBytes % 4_096).toBe(0);
});

test('in a container that shows its own uptime, start times use the scale of its host', () => {
  const hidden = 1_000_000;
  const read = (path: string): ProcRead =>
    path === '/proc/uptime' ? Buffer.from(`${shownUptime() - hidden} 0\n`) : readProc(path);
  const units = readKernelUnits(read);
  expect(Math.abs(units.uptimeSeconds() - shownUptime())).toBeLessThan(0.5);
  expect(Math.abs(units.nowTicks() - shownUptime() * units.ticksPerSecond)).toBeLessThan(50);
  expect(units.ticksOf(shownUptime() - hidden)).toBeGreaterThan(0);
});

test('a time in hundredths, as the kernel writes it, converts to its own tick, not to the one before', () => {
  const units = readKernelUnits(() => 'denied', 0);
  const hundredths = Array.from({ length: 20_000 }, (_unused, index) => 98_000 + index * 97);
  const ticks = hundredths.map((each) => units.ticksOf(Number((each / 100).toFixed(2))));
  expect(ticks).toEqual(hundredths);
});

test('without readable files, the usual units are assumed', () => {
  const units = readKernelUnits(() => 'denied', 0);
  expect(units).toMatchObject({ pageBytes: 4_096, ticksPerSecond: 100 });
  expect(units.uptimeSeconds()).toBe(0);
});

function shownUptime(): number {
  const read = readProc('/proc/uptime');
  return read instanceof Buffer ? Number.parseFloat(read.toString()) : 0;
}
