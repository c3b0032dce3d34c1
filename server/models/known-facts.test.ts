import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SlicedWork } from '../sliced-work.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import type { FileFacts } from './facts-schema.ts';
import type { FoundFile } from './found-files.ts';
import { KnownFacts } from './known-facts.ts';

const FACTS: FileFacts = { format: 'gguf', facts: null, problem: null };

let folder: string;
let index: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-facts-'));
  index = path.join(folder, 'models.index');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function file(name: string): FoundFile {
  const home = { source: 'folder', repo: null, kind: 'gguf' } as const;
  return { path: `/models/${name}`, identity: `1:${name}`, size: 1, modified: 1, relative: name, ...home };
}

async function opened(): Promise<KnownFacts> {
  const known = new KnownFacts(index, new SlicedWork(new FakeClock({ realUpToMs: 1 })));
  await known.load();
  return known;
}

/** Scans these files. @returns the names of those that were read */
async function scan(known: KnownFacts, names: readonly string[]): Promise<string[]> {
  const files = names.map(file);
  const read: string[] = [];
  const { signal } = new AbortController();
  await known.of(
    files,
    async (unknown) => {
      read.push(...unknown.map(({ relative }) => relative));
      return unknown.map(() => FACTS);
    },
    signal,
  );
  await known.keepOnly(files);
  return read;
}

async function lines(): Promise<number> {
  return (await readFile(index, 'utf8')).split('\n').filter((line) => line !== '').length;
}

async function inode(): Promise<number> {
  return (await stat(index)).ino;
}

describe('the index of model files', () => {
  it('appends the lines of new files, also after a restart', async () => {
    const known = await opened();
    expect(await scan(known, ['a', 'b'])).toEqual(['a', 'b']);
    const first = await inode();
    expect(await scan(known, ['a', 'b', 'c'])).toEqual(['c']);
    expect(await scan(await opened(), ['a', 'b', 'c', 'd'])).toEqual(['d']);
    expect(await inode()).toBe(first);
    expect(await lines()).toBe(4);
    expect(await scan(await opened(), ['a', 'b', 'c', 'd'])).toEqual([]);
  });

  it('loses the lines of files that are gone', async () => {
    const known = await opened();
    await scan(known, ['a', 'b']);
    expect(await scan(known, ['b'])).toEqual([]);
    expect(await lines()).toBe(1);
  });

  it.each([
    ['a damaged line', 'damaged\n'],
    ['a line that a full disk cut off', '{"key":"x","kno'],
  ])('is written again when a file is new and it has %s', async (_case, damage) => {
    await scan(await opened(), ['a']);
    await writeFile(index, damage, { flag: 'a' });
    expect(await scan(await opened(), ['a', 'b'])).toEqual(['b']);
    expect(await lines()).toBe(2);
    expect(await scan(await opened(), ['a', 'b'])).toEqual([]);
  });

  it('is not touched by a scan that finds nothing new', async () => {
    const known = await opened();
    await scan(known, ['a']);
    await rm(index);
    await scan(known, ['a']);
    await expect(stat(index)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
