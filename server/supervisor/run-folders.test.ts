import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRunFolders } from './run-folders.ts';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), 'llamactl-folders-'));
  for (const name of ['2-b', '10-a', '9-c', '1-d']) {
    await mkdir(path.join(parent, name));
    await writeFile(path.join(parent, name, 'log'), 'output');
  }
});

afterEach(() => rm(parent, { recursive: true }));

test('the folders of the newest runs stay, by number', async () => {
  await createRunFolders(() => []).prune(parent, 2);
  expect(await readdir(parent)).toEqual(['10-a', '9-c']);
});

test('the folder of a run under watch is never removed', async () => {
  const folders = createRunFolders(() => [{ tag: 'x', folder: path.join(parent, '1-d') }]);
  await expect(folders.prune(parent, 2)).rejects.toThrow('a run in it is not over');
  expect(await readdir(parent)).toContain('1-d');
});

test('a parent that does not exist has none', async () => {
  await createRunFolders(() => []).prune(path.join(parent, 'nowhere'), 2);
});
