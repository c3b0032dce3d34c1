import { describe, expect, it } from 'vitest';
import { checkGpus } from './gpu-check.ts';
import { checkClock, checkOpenFiles, judgeOpenFiles } from './process-checks.ts';

describe('the limit of open files', () => {
  it.each([
    [1_024, 'warning'],
    [65_536, 'ok'],
    [Infinity, 'ok'],
  ])('of %d', (most, level) => {
    expect(judgeOpenFiles(most).level).toBe(level);
  });

  it.runIf(process.platform === 'linux')('is read from the system', () => {
    expect(checkOpenFiles(null)).toHaveLength(1);
    expect(checkOpenFiles(process.pid)).toEqual(checkOpenFiles(null));
  });
});

describe('the clock', () => {
  const built = '2026-03-01T12:00:00Z';

  it.each([
    ['before this program was built', '2025-01-01T00:00:00Z', 'error'],
    ['shortly before the build', '2026-03-01T11:50:00Z', 'ok'],
    ['after the build', '2026-03-02T00:00:00Z', 'ok'],
  ])('that shows a time %s', (_what, now, level) => {
    expect(checkClock(Date.parse(now), built).level).toBe(level);
  });
});

describe('GPUs', () => {
  it('are none, found, or not reported for lack of a tool', () => {
    const rest = { index: 0, memory_usage: null, utilization: null, temperature: null, power: null };
    const gpu = { ...rest, vendor: 'nvidia' as const, name: 'NVIDIA RTX', memory_total: 24_000_000_000 };
    expect(checkGpus([], () => false)).toMatchObject({ level: 'ok', message: 'none' });
    expect(checkGpus([gpu], () => true)).toMatchObject({ level: 'ok', message: 'NVIDIA RTX (22.4 GiB)' });
    expect(checkGpus([], (file) => file === '/dev/kfd')).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('amd-smi') as unknown,
    });
  });
});
