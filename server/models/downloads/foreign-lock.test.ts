import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { holdsLock, isLocked } from './foreign-lock.ts';

const LOCKS = `1: POSIX  ADVISORY  WRITE 812 fe:01:100 0 EOF
2: FLOCK  ADVISORY  WRITE 900 fe:01:200 0 EOF
2: -> FLOCK  ADVISORY  WRITE 901 fe:01:300 0 EOF
3: FLOCK  ADVISORY  READ  902 fe:01:400 0 EOF
`;

describe('the lock of another program', () => {
  const dev = 0xfe01n;
  it.each([
    [200n, dev, true],
    [200n, 0xfe02n, false],
    [100n, dev, false],
    [300n, dev, false],
    [400n, dev, false],
    [500n, dev, false],
  ])('is found by inode %s and device %s: %s', (ino, device, expected) => {
    expect(holdsLock(LOCKS, { dev: device, ino })).toBe(expected);
  });

  it.runIf(existsSync('/usr/bin/flock'))('is seen while a program holds it', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-lock-'));
    const file = path.join(folder, 'blob.lock');
    expect(await isLocked(file)).toBe(false);
    await writeFile(file, '');
    const holder = spawn('flock', [file, 'sh', '-c', 'echo held; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    expect(await isLocked(file)).toBe(true);
    holder.stdin.end();
    await once(holder, 'exit');
    expect(await isLocked(file)).toBe(false);
    await rm(folder, { recursive: true });
  });
});
