import { mkdtempSync, readdirSync, rmSync, type writeFileSync as write } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { assertRoom } from './room-probe.ts';

const disk = vi.hoisted((): { fault: Error | null } => ({ fault: null }));
vi.mock('node:fs', async (original) => {
  const fs = await original<{ writeFileSync: typeof write }>();
  const writeFileSync: typeof write = (...given) => {
    if (disk.fault !== null) {
      // Like a disk that fills up during the write.
      fs.writeFileSync(given[0], 'half');
      throw disk.fault;
    }
    fs.writeFileSync(...given);
  };
  return { ...fs, writeFileSync };
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'llamactl-test-'));
});
afterEach(() => {
  disk.fault = null;
  rmSync(directory, { recursive: true });
});

describe('assertRoom', () => {
  it('leaves no file', () => {
    assertRoom(directory);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('reports a full disk, and leaves no file', () => {
    disk.fault = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(() => assertRoom(directory)).toThrow(`the disk of ${directory} is full; make room and try again`);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('reports another error that prevents writing', () => {
    disk.fault = Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
    expect(() => assertRoom(directory)).toThrow('EROFS');
  });
});
