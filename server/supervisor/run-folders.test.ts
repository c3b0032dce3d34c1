import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

test('prune keeps the folders of the newest runs, by number', async () => {
  await createRunFolders(() => []).prune(parent, 2);
  expect(await readdir(parent)).toEqual(['10-a', '9-c']);
});

test('the folder of a watched run is never removed', async () => {
  const folders = createRunFolders(() => [{ tag: 'x', folder: path.join(parent, '1-d') }]);
  await expect(folders.prune(parent, 2)).rejects.toThrow('a run in it is not over');
  expect(await readdir(parent)).toContain('1-d');
});

test('a parent that does not exist has no folders', async () => {
  const folders = createRunFolders(() => []);
  const nowhere = path.join(parent, 'nowhere');
  await folders.prune(nowhere, 2);
  await (
    await folders.sweep(nowhere, new Set())
  ).erased;
  await folders.discard(nowhere);
});

test('a sweep removes all folders except the kept ones, also leftovers of an interrupted removal', async () => {
  await mkdir(path.join(parent, '7-x.erased-4'));
  const { erased } = await createRunFolders(() => []).sweep(parent, new Set(['9-c']));
  await erased;
  expect(await readdir(parent)).toEqual(['9-c']);
});

test('a sweep renames folders first, so that a new folder of the same name stays', async () => {
  const { erased } = await createRunFolders(() => []).sweep(parent, new Set(['9-c', '10-a', '2-b']));
  await mkdir(path.join(parent, '1-d'));
  await writeFile(path.join(parent, '1-d', 'log'), 'new');
  await erased;
  expect((await readdir(parent)).toSorted()).toEqual(['1-d', '10-a', '2-b', '9-c']);
  expect(await readFile(path.join(parent, '1-d', 'log'), 'utf8')).toBe('new');
});

test('two servers may sweep the same folder at once', async () => {
  const sweeps = await Promise.all([1, 2].map(() => createRunFolders(() => []).sweep(parent, new Set())));
  await Promise.all(sweeps.map(({ erased }) => erased));
  expect(await readdir(parent)).toEqual([]);
});
