import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inheritLock } from './inherited-lock.ts';
import { readDescription } from '../store/server-description.ts';
import { acquireLock, type Lock } from '../store/lock.ts';

const URL = 'http://127.0.0.1:8123';
let directory: string;
let held: Lock[];
const options = (pid: number) => ({ directory, pid, version: '1.2.3', startedAt: '2026-01-01T00:00:00.000Z' });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'llamactl-inherited-'));
  held = [];
});

afterEach(() => {
  for (const lock of held) lock.release();
  rmSync(directory, { recursive: true });
});

it('a server that inherits the lock is described with the old URL before it listens itself', async () => {
  const first = acquireLock(options(process.pid));
  first.describe({ url: URL });
  const takeOver = async () => {
    first.handOver();
    return [];
  };
  const hello = { reload: 3, pid: process.pid, version: '1.2.2' };
  held.push(await inheritLock({ link: { takeOver }, hello })(options(4242)));
  expect(readDescription(directory)).toMatchObject({ pid: 4242, url: URL, reload: { number: 3, state: 'under_way' } });
});
