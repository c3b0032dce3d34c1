import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holderOfRemoved } from './removed-lock.ts';

let folder: string;
let data: string;
let proc: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'llamactl-removed-')));
  [data, proc] = [join(folder, 'data'), join(folder, 'proc')];
  for (const each of [data, proc]) mkdirSync(each);
  writeFileSync(join(proc, 'locks'), '');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Adds a process that holds a lock, as the kernel shows it. @param root Its root directory. */
function locking(pid: number, root: string, open = `${data}/server.lock (deleted)`): void {
  writeFileSync(join(proc, 'locks'), `1: POSIX  ADVISORY  WRITE ${pid} 08:01:123 0 EOF\n`, { flag: 'a' });
  mkdirSync(join(proc, String(pid), 'fd'), { recursive: true });
  symlinkSync(open, join(proc, String(pid), 'fd', '3'));
  symlinkSync(root, join(proc, String(pid), 'root'));
}

const holder = (): number | null => holderOfRemoved(join(data, 'server.lock'), proc);

describe('a process that has a removed lock open', () => {
  it('is found', () => {
    locking(7, '/');
    expect(holder()).toBe(7);
  });

  it('is not the holder if the path is in its container', () => {
    const container = join(folder, 'container');
    mkdirSync(join(container, data), { recursive: true });
    locking(7, container);
    expect(holder()).toBe(null);
    locking(8, '/');
    expect(holder()).toBe(8);
  });

  it.each([
    ['is not there', (): void => undefined],
    ['leads to itself', (): void => symlinkSync(join(folder, 'root'), join(folder, 'root'))],
  ])('is not found if its root %s', (_what, spoil) => {
    spoil();
    locking(7, join(folder, 'root'));
    expect(holder()).toBe(null);
  });
});

it('no process is found where the kernel shows none', () => {
  rmSync(proc, { recursive: true });
  symlinkSync(proc, proc);
  expect(holder()).toBe(null);
});
