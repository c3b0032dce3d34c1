import { execFileSync } from 'node:child_process';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findModel, type ModelPlaces } from './find-model.ts';
import { tempFolder } from './temp-folder.ts';

const found = (places: Partial<ModelPlaces>): Promise<string | null> =>
  findModel({ directories: [], problemOf: () => Promise.resolve(null), ...places });

/** Writes a file that looks like a model, modified at the given second. */
async function model(file: string, changed = 1000, content = 'GGUF rest'): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  await utimes(file, changed, changed);
  return file;
}

test('finds the most recently changed model of all directories and subfolders', async () => {
  const [one, two] = [await tempFolder(), await tempFolder()];
  await model(path.join(one, 'old.gguf'), 1000);
  const newest = await model(path.join(two, 'maker', 'name', 'new.GGUF'), 3000);
  await model(path.join(two, 'middle.gguf'), 2000);
  expect(await found({ directories: [one, path.join(one, 'none'), two] })).toBe(newest);
});

test('skips files that cannot be loaded, and says why', async () => {
  const folder = await tempFolder();
  const good = await model(path.join(folder, 'good.gguf'), 1000);
  const cut = await model(path.join(folder, 'cut.gguf'), 2000);
  const skipped: string[] = [];
  const problemOf = (file: string): Promise<string | null> => Promise.resolve(file === cut ? 'cut off' : null);
  const onSkipped = (problem: string): unknown => skipped.push(problem);
  expect(await found({ directories: [folder], problemOf, onSkipped })).toBe(good);
  expect(skipped).toEqual(['cut off']);
});

test('chooses by path among equally old models, so that the result is stable', async () => {
  const folder = await tempFolder();
  await model(path.join(folder, 'b.gguf'));
  const first = await model(path.join(folder, 'a.gguf'));
  expect(await found({ directories: [folder] })).toBe(first);
});

test.each([
  'mmproj-model-f16.gguf',
  'gemma-mmproj.gguf',
  'nomic-embed-text-v1.5.Q8_0.gguf',
  'Qwen3-Embedding-0.6B-Q8_0.gguf',
  'embeddinggemma-300M-Q8_0.gguf',
  'bge-m3-f16.gguf',
  'all-MiniLM-L6-v2.gguf',
  'bge-reranker-v2-m3.gguf',
  'style-lora.gguf',
  'ggml-vocab-llama.gguf',
  'model-00002-of-00002.gguf',
  'model-00001-of-00002.gguf',
  'model.gguf.partial',
  'model.bin',
])('does not take %s for a chat model', async (name) => {
  const folder = await tempFolder();
  await model(path.join(folder, name));
  expect(await found({ directories: [folder] })).toBeNull();
});

test.each(['SmolLM2-135M-Instruct.Q4_1.gguf', 'Exploration-7B.gguf', 'clippy-1B.gguf', 'gemma-3-1b-it-Q4_K_M.gguf'])(
  'takes %s for a chat model',
  async (name) => {
    const folder = await tempFolder();
    const file = await model(path.join(folder, name));
    expect(await found({ directories: [folder] })).toBe(file);
  },
);

test('finds the first part of a complete split model', async () => {
  const folder = await tempFolder();
  for (const number of [3, 1, 2]) await model(path.join(folder, `big-0000${number}-of-00003.gguf`), 1000 * number);
  expect(await found({ directories: [folder] })).toBe(path.join(folder, 'big-00001-of-00003.gguf'));
});

test('skips files that do not begin with GGUF: a pointer, an empty file, a folder, a FIFO, a dangling link', async () => {
  const folder = await tempFolder();
  await model(path.join(folder, 'pointer.gguf'), 1000, 'version https://git-lfs');
  await model(path.join(folder, 'empty.gguf'), 1000, '');
  await mkdir(path.join(folder, 'folder.gguf'));
  await symlink('nowhere', path.join(folder, 'dangling.gguf'));
  execFileSync('sh', ['-c', 'mkfifo "$0"', path.join(folder, 'fifo.gguf')]);
  expect(await found({ directories: [folder] })).toBeNull();
});

test('follows links to files, which hub caches use, but not links to folders', async () => {
  const [folder, cache] = [await tempFolder(), await tempFolder()];
  await model(path.join(cache, 'blob'));
  await symlink(path.join(cache, 'blob'), path.join(folder, 'model.gguf'));
  await symlink(folder, path.join(folder, 'loop'));
  expect(await found({ directories: [folder] })).toBe(path.join(folder, 'model.gguf'));
});

test('stops at its limits of depth and entries', async () => {
  const folder = await tempFolder();
  await model(path.join(folder, 'a', 'b', 'deep.gguf'));
  expect(await found({ directories: [folder], maxDepth: 1 })).toBeNull();
  expect(await found({ directories: [folder], maxDepth: 2 })).not.toBeNull();
  for (const name of ['w', 'x', 'y', 'z']) await mkdir(path.join(folder, name));
  expect(await found({ directories: [folder], maxEntries: 5 })).toBeNull();
});
