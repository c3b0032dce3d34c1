import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followedUrl, localServer } from './local-server.ts';
import { HeldDirectory } from './testing/held-directory.ts';

let folder: string;
let file: string;
let server: HeldDirectory;

beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'llamactl-local-')), 'data');
  file = path.join(folder, 'server.json');
  server = new HeldDirectory(folder);
  server.describe('http://127.0.0.1:9000');
});
afterEach(() => {
  server.release();
  rmSync(path.dirname(folder), { recursive: true });
});

describe('the server that uses a data directory', () => {
  it('is the one that says so there, if it lives', () => {
    expect(localServer(folder)).toEqual({ pid: process.pid, url: 'http://127.0.0.1:9000', file });
    server.write({ pid: 2 ** 30, url: 'http://127.0.0.1:9000' });
    expect(localServer(folder)).toBeNull();
  });

  it('is not a living process that has the pid of one that has died', () => {
    server.release();
    server.write({ pid: process.pid, url: 'http://127.0.0.1:9000' });
    expect(localServer(folder)).toBeNull();
  });

  it.each([0o620, 0o602])('is not to be believed where others can write what it says (%o)', (mode) => {
    chmodSync(file, mode);
    expect(localServer(folder)).toBeNull();
  });

  it.each([0o770, 0o707, 0o1777])('is not to be believed where others can replace what it says (%o)', (mode) => {
    chmodSync(folder, mode);
    expect(localServer(folder)).toBeNull();
  });

  it('is not what a link leads to', () => {
    renameSync(file, `${file}.other`);
    symlinkSync(`${file}.other`, file);
    expect(localServer(folder)).toBeNull();
  });

  it.each(['http://203.0.113.9:8080', 'nonsense'])('is followed on this machine only: not to %s', (url) => {
    expect(followedUrl(folder)).toBe('http://127.0.0.1:9000');
    server.describe(url);
    expect(followedUrl(folder)).toBeNull();
  });
});
