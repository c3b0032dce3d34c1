import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { consumptionOf, cpuPercent, usageOf } from './usage.ts';

/** Keeps a core busy until the process's own books show it. */
function burn(milliseconds: number): Promise<void> {
  const start = process.cpuUsage();
  const used = (): number => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  };
  while (used() < milliseconds);
  return Promise.resolve();
}

describe('the usage of a process', () => {
  it('counts its CPU time', async () => {
    const { cpuMs, elapsedMs } = await consumptionOf(process.pid, () => burn(100));
    expect(cpuMs).toBeGreaterThanOrEqual(80);
    expect(elapsedMs).toBeGreaterThan(0);
  });

  it('counts the children that it waited for', async () => {
    const program =
      'const { user } = process.cpuUsage(); while (process.cpuUsage().user - user < 100000) Math.random()';
    const { childrenCpuMs } = await consumptionOf(process.pid, () =>
      Promise.resolve(spawnSync(process.execPath, ['-e', program])),
    );
    expect(childrenCpuMs).toBeGreaterThanOrEqual(80);
  });

  it('counts what it reads', async () => {
    const { readBytes } = await consumptionOf(process.pid, () =>
      Promise.resolve(readFileSync(import.meta.filename).length),
    );
    expect(readBytes).toBeGreaterThanOrEqual(readFileSync(import.meta.filename).length);
  });

  it('has its resident memory', () => {
    const { residentBytes } = usageOf(process.pid);
    expect(residentBytes).toBeGreaterThan(10_000_000);
    expect(residentBytes).toBeLessThan(10_000_000_000);
  });
});

describe('CPU in percent', () => {
  it('is of one core, with the tools', () => {
    expect(cpuPercent({ elapsedMs: 1_000, cpuMs: 400, childrenCpuMs: 100, readBytes: 0 })).toBe(50);
  });
});
