import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { isDead, readStat } from './process-stat.ts';
import { createToolRunner } from './tool.ts';

const PATH = process.env['PATH'] ?? '';
const run = createToolRunner(systemClock(), { PATH, INHERITED: 'yes' });
const shell = (script: string, options: Partial<Parameters<typeof run>[2]> = {}): ReturnType<typeof run> =>
  run('sh', ['-c', script], { timeoutMs: 10_000, ...options });
const isAlive = (pid: number): boolean => {
  const stat = readStat(pid);
  return stat !== null && !isDead(stat);
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the result is output and exit code, whatever the code', async () => {
  expect(await shell('echo out; echo err >&2; exit 3')).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  expect(await shell('kill -9 $$')).toMatchObject({ code: 137 });
});

test('a tool gets the inherited and the given variables only, and an empty standard input', async () => {
  const { stdout } = await shell('env; cat', { environment: { GIVEN: 'too' } });
  const names = stdout.split('\n').map((line) => line.split('=')[0]);
  expect(names).toEqual(expect.arrayContaining(['PATH', 'INHERITED', 'GIVEN']));
  expect(names).not.toContain('VITEST');
});

test('a tool is searched in the PATH that it gets', async () => {
  writeFileSync(path.join(folder, 'only-here'), '#!/bin/sh\necho found\n', { mode: 0o755 });
  const environment = { PATH: `${folder}:${PATH}` };
  expect(await run('only-here', [], { timeoutMs: 10_000, environment })).toMatchObject({ stdout: 'found\n' });
  await expect(run('only-here', [], { timeoutMs: 10_000 })).rejects.toThrow('only-here');
});

test('output beyond the limit is read and dropped', async () => {
  const { code, stdout } = await shell('yes | head -c 3000000; echo end >&2', { maxBytes: 1_000 });
  expect(stdout).toHaveLength(1_000);
  expect(code).toBe(0);
});

test('the result of a program does not wait for a child that keeps the output open', async () => {
  const { code, stdout } = await shell('sleep 1000 & echo $!');
  expect(code).toBe(0);
  process.kill(Number(stdout), 'SIGKILL');
});

describe('a program that does not end in time', () => {
  test('is killed with its children, and the error says so', async () => {
    const file = path.join(folder, 'pids');
    const running = shell(`sleep 1000 & echo $! $$ > ${file}.new; mv ${file}.new ${file}; wait`, { timeoutMs: 400 });
    await expect(running).rejects.toThrow(/sh did not end within 0.4 seconds and was killed$/);
    expect(existsSync(file)).toBe(true);
    const { stdout } = await run('cat', [file], { timeoutMs: 10_000 });
    for (const pid of stdout.split(' ').map(Number)) {
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { interval: 1 });
    }
  });
});

describe('a program that cannot be run', () => {
  const options = { timeoutMs: 1_000 };
  test('rejects with an error that names it', async () => {
    await expect(run('no-such-tool', [], options)).rejects.toThrow(
      `no-such-tool was not found on the PATH (${PATH.split(':').filter(Boolean).length} folder`,
    );
    await expect(run('/no/such/tool', [], options)).rejects.toThrow('/no/such/tool does not exist');
    const file = path.join(folder, 'plain');
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o600 });
    await expect(run(file, [], options)).rejects.toThrow(`${file} is not executable`);
    await expect(run('sh', ['a\0b'], options)).rejects.toThrow(/sh could not be run: /);
  });
});
