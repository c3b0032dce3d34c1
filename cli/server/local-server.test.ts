import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followedUrl, localServer } from './local-server.ts';
import { HeldDirectory } from '../testing/held-directory.ts';

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

describe('localServer', () => {
  it('returns the server that server.json describes, if it runs', () => {
    expect(localServer(folder)).toEqual({ pid: process.pid, url: 'http://127.0.0.1:9000', file });
    server.write({ pid: 2 ** 30, url: 'http://127.0.0.1:9000' });
    expect(localServer(folder)).toBeNull();
  });

  it('ignores a live process with the pid of a dead server', () => {
    server.release();
    server.write({ pid: process.pid, url: 'http://127.0.0.1:9000' });
    expect(localServer(folder)).toBeNull();
  });

  it.each([0o620, 0o602])('distrusts a file that others can write (%o)', (mode) => {
    chmodSync(file, mode);
    expect(localServer(folder)).toBeNull();
  });

  it.each([0o770, 0o707, 0o1777])('distrusts a folder that others can write (%o)', (mode) => {
    chmodSync(folder, mode);
    expect(localServer(folder)).toBeNull();
  });

  it('does not follow a link', () => {
    renameSync(file, `${file}.other`);
    symlinkSync(`${file}.other`, file);
    expect(localServer(folder)).toBeNull();
  });

  it.each(['http://203.0.113.9:8080', 'nonsense'])('follows servers on this machine only: not %s', (url) => {
    expect(followedUrl(folder)).toBe('http://127.0.0.1:9000');
    server.describe(url);
    expect(followedUrl(folder)).toBeNull();
  });
});
