import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CheckedFile } from '@llamactl/contract/model';
import { checkBlob } from './blob-check.ts';
import type { MadeFile } from './download-store.ts';
import { checkFiles } from './model-check.ts';

const CONTENT = Buffer.from('weights');
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const GIT = createHash('sha1').update(`blob ${CONTENT.length}\0`).update(CONTENT).digest('hex');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-check-'));
  await mkdir(path.join(folder, 'blobs'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes a blob, and checks it by a link to it, as caches have them. */
async function checked(blob: string, content = CONTENT, made: Partial<MadeFile> | null = null): Promise<CheckedFile[]> {
  const file = path.join(folder, blob);
  await writeFile(file, content);
  const link = path.join(folder, 'model.gguf');
  await symlink(file, link);
  const store = {
    fileAt: async (at: string) =>
      made === null ? null : { path: at, inode: 1n, size: content.length, sha256: null, ...made },
  };
  const found = await checkFiles([link], { store, transfers: { check: checkBlob } }, new AbortController().signal);
  await rm(link);
  return found.map(({ path: at, ...rest }) => ({ path: path.relative(folder, at), ...rest }));
}

it.each([
  ['that Hugging Face named by its sha256', `blobs/${SHA256}`, SHA256],
  ['that Hugging Face named by its git object id', `blobs/${GIT}`, GIT],
  ['of Ollama', `blobs/sha256-${SHA256}`, SHA256],
])('a file %s is right with these bytes, and wrong with others', async (_kind, blob, hash) => {
  expect(await checked(blob)).toEqual([{ path: 'model.gguf', result: 'right', hash }]);
  expect(await checked(blob, Buffer.from('Weights'))).toMatchObject([
    { result: 'wrong', hash, found: expect.stringMatching(/^[0-9a-f]+$/) as string },
  ]);
});

it('a file of our downloads has the hash that was stored', async () => {
  expect(await checked('odd', CONTENT, { sha256: SHA256 })).toMatchObject([{ result: 'right' }]);
  expect(await checked('odd', Buffer.from('x'), { sha256: SHA256 })).toMatchObject([{ result: 'wrong' }]);
});

it('a file of an unknown hash is unknown, and a missing one unreadable', async () => {
  expect(await checked('mine.gguf')).toEqual([{ path: 'model.gguf', result: 'unknown' }]);
  const parts = { store: { fileAt: async () => null }, transfers: { check: checkBlob } };
  const gone = path.join(folder, 'gone');
  expect(await checkFiles([gone], parts, new AbortController().signal)).toEqual([
    { path: gone, result: 'unreadable', reason: 'it is not there' },
  ]);
});

it('ends when its caller leaves', async () => {
  const parts = { store: { fileAt: async () => null }, transfers: { check: checkBlob } };
  expect(await checkFiles(['/a', '/b'], parts, AbortSignal.abort())).toEqual([]);
});
