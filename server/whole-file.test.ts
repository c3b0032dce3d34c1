import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeWhole } from './whole-file.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-whole-'));
  file = path.join(folder, 'figures');
});

afterEach(() => rm(folder, { recursive: true }));

describe('writeWhole', () => {
  it('replaces a file by a private one', async () => {
    await writeFile(file, 'old', { mode: 0o644 });
    await writeWhole(file, ['a', 'b']);
    expect(await readFile(file, 'utf8')).toBe('ab');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['figures']);
  });

  it('leaves the old file and no draft if the content ends with an error', async () => {
    await writeWhole(file, 'old');
    const broken = function* (): Generator<string> {
      yield 'new';
      throw new Error('out of figures');
    };
    await expect(writeWhole(file, broken())).rejects.toThrow('out of figures');
    expect(await readFile(file, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['figures']);
  });

  it('leaves no draft if the name belongs to a folder', async () => {
    await mkdir(file);
    await expect(writeWhole(file, 'new')).rejects.toThrow('EISDIR');
    expect(await readdir(folder)).toEqual(['figures']);
  });
});
