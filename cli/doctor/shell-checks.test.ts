import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contexts } from '../server/contexts.ts';
import { checkGpus } from './gpu-check.ts';
import { checkClock, checkContexts, checkOpenFiles, judgeOpenFiles } from './shell-checks.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'llamactl-doctor-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the contexts file', () => {
  it('is fine as created, and an error when others can read it', () => {
    const file = path.join(home, 'llamactl', 'contexts.json');
    expect(checkContexts(file)).toMatchObject({ level: 'ok', message: 'none' });
    new Contexts(file).set('box', { url: 'http://box:8080', token: 'secret' });
    expect(checkContexts(file)).toMatchObject({ level: 'ok' });
    chmodSync(file, 0o644);
    expect(checkContexts(file)).toMatchObject({ level: 'error', remedies: [`chmod 600 ${file}`] });
    chmodSync(file, 0o600);
    chmodSync(path.dirname(file), 0o777);
    expect(checkContexts(file)).toMatchObject({ level: 'error', remedies: [expect.stringContaining('chmod go-w')] });
  });
});

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
    expect(checkGpus([gpu], () => true)).toMatchObject({ level: 'ok', message: 'NVIDIA RTX (24 GB)' });
    expect(checkGpus([], (file) => file === '/dev/kfd')).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('amd-smi') as unknown,
    });
  });
});
