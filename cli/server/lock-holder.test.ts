import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdsLock } from './lock-holder.ts';
import { HeldDirectory } from '../testing/held-directory.ts';

let folder: string;
let data: string;
let server: HeldDirectory;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-lock-'));
  data = path.join(folder, 'data');
  server = new HeldDirectory(data);
  server.describe('http://127.0.0.1:9000');
});
afterEach(() => {
  server.release();
  rmSync(folder, { recursive: true });
});

/** Starts a process that lives until the end of the test, as another user if possible. Resolves to its pid. */
async function stranger(): Promise<number> {
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn('sleep', ['1000000'], { stdio: 'ignore', ...user });
  await once(child, 'spawn');
  ended.push(() => child.kill('SIGKILL'));
  if (child.pid === undefined) throw new Error('no pid');
  return child.pid;
}

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

describe('the lock of a data directory', () => {
  it('is held by its process only, not by another live one', async () => {
    expect(holdsLock(data, process.pid)).toBe(true);
    expect(holdsLock(data, await stranger())).toBe(false);
  });

  it('is free after a release', () => {
    server.release();
    expect(holdsLock(data, process.pid)).toBe(false);
  });

  it('stays held when it is checked', () => {
    holdsLock(data, process.pid);
    expect(holdsLock(data, process.pid)).toBe(true);
  });

  it('is not trusted when others can write its file', () => {
    chmodSync(path.join(data, 'server.lock'), 0o622);
    expect(holdsLock(data, process.pid)).toBe(false);
  });

  it('is free without a file', () => {
    expect(holdsLock(folder, process.pid)).toBe(false);
  });
});

describe('the lock of a data directory, as the kernel lists it', () => {
  const PID = 4_711;
  const own = process.geteuid?.() ?? 0;

  /** @param lines Of `/proc/locks`, with INODE in place of the lock's inode. @param status Of the process 4711. */
  function proc(lines: string[], status: string | null): string {
    const place = mkdtempSync(path.join(folder, 'proc-'));
    const { ino } = statSync(path.join(data, 'server.lock'));
    writeFileSync(path.join(place, 'locks'), lines.map((line) => `${line.replace('INODE', String(ino))}\n`).join(''));
    if (status === null) return place;
    mkdirSync(path.join(place, String(PID)));
    writeFileSync(path.join(place, String(PID), 'status'), status);
    return place;
  }
  const users = (...uids: number[]): string => uids.join('\t');
  const statusOf = (uids: string, pids = String(PID)): string =>
    `Name:\tnode\nPid:\t${PID}\nUid:\t${uids}\nGid:\t0\t0\t0\t0\nNSpid:\t${pids}\n`;
  const OURS = statusOf(users(own, own, own, own));
  const HELD = `1: POSIX  ADVISORY  WRITE ${PID} fe:00:INODE 1073741825 1073741825`;

  it.each([
    ['of ours', HELD, OURS, true],
    ["of root's", HELD, statusOf(users(0, 0, 0, 0)), true],
    ["of another user's", HELD, statusOf(users(65_533, 65_533, 65_533, 65_533)), false],
    ["of another user's that runs a setuid program of root", HELD, statusOf(users(65_533, 0, 0, 0)), false],
    ['with a read lock', HELD.replace('WRITE', 'READ '), OURS, false],
    ['that waits for the lock', HELD.replace('POSIX', '-> POSIX'), OURS, false],
    ['with another file', HELD.replace('INODE', '12'), OURS, false],
    ['that has just ended', HELD, null, false],
  ])('proves a process %s: %s', (_what, line, status, isHeld) => {
    expect(holdsLock(data, PID, proc([line], status))).toBe(isHeld);
  });

  it('proves a server in a container by its pid there', () => {
    const place = proc([HELD], statusOf(users(own, own, own, own), `${PID}\t7`));
    expect([holdsLock(data, 7, place), holdsLock(data, 8, place)]).toEqual([true, false]);
  });

  it('finds one among many', () => {
    const others = ['2: FLOCK  ADVISORY  WRITE 9 fe:00:INODE 0 EOF', '3: POSIX  ADVISORY  WRITE 9 fe:00:INODE 0 EOF'];
    expect(holdsLock(data, PID, proc([...others, HELD], OURS))).toBe(true);
  });
});

describe('without a list of locks in the kernel', () => {
  it('tests the lock itself, but never in the server that holds it', async () => {
    const nowhere = path.join(folder, 'nowhere');
    expect(holdsLock(data, process.pid, nowhere)).toBe(true);
    // The lock was not dropped.
    expect(holdsLock(data, process.pid)).toBe(true);
    server.release();
    expect(holdsLock(data, await stranger(), nowhere)).toBe(false);
  });
});
