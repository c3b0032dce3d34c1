import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoModelBytes } from '../../../cli/quickstart/demo-model.ts';
import { DownloadBench } from '../../testing/download-bench.ts';
import type { LibraryModel } from '../model-groups.ts';
import type { RemovedFiles } from './model-removal.ts';

const DEMO = demoModelBytes();
// The same header, and another hash.
const OTHER = Buffer.concat([DEMO, Buffer.from('.')]);
const EYES = Buffer.from('eyes');
const NEVER = new AbortController().signal;

let bench: DownloadBench;
let home: string;
let commit: string;

beforeEach(async () => {
  bench = await DownloadBench.open();
  ({ commit } = bench.hub.add('acme/demo', {
    'demo-Q8_0.gguf': DEMO,
    'demo-F16.gguf': OTHER,
    'mmproj-F16.gguf': EYES,
  }));
  for (const bytes of [DEMO, OTHER, EYES]) bench.transfers.contents.set(sha256(bytes), bytes);
  home = path.join(bench.root, 'models--acme--demo');
});
afterEach(() => bench.close());

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const shown = (name: string): string => path.join(home, 'snapshots', commit, name);
const namesIn = async (folder: string): Promise<string[]> => (await readdir(path.join(home, folder))).toSorted();
const blobs = (...contents: Buffer[]): string[] => contents.map(sha256).toSorted();

async function download(quant: string, ...contents: Buffer[]): Promise<void> {
  const { download: made } = await bench.downloads.create({ model: `acme/demo:${quant}`, revision: null }, 'us', NEVER);
  for (const content of contents) await (await bench.transfers.of(sha256(content))).end({ kind: 'stored' });
  await expect.poll(() => bench.downloads.get(made.id).state).toBe('done');
}

function model(name: string): LibraryModel {
  const found = bench.models.list().find((each) => each.name === name);
  if (found === undefined) throw new Error(`the library has no ${name}`);
  return found;
}

/** Deletes a model with its companions. */
async function remove(name: string, companions = true): Promise<RemovedFiles> {
  const { source, files, companions: beside } = model(name);
  const paths = files.map((file) => file.path);
  const unwanted = { source, paths, companions: companions ? beside.map((file) => file.path) : [] };
  return bench.downloads.deleteModel(unwanted, async () => undefined);
}

describe('the deletion of a model', () => {
  it('leaves nothing of the last model of a repository, and the list without it', async () => {
    await download('Q8_0', DEMO, EYES);
    expect(await remove('demo-Q8_0')).toEqual({ freed: DEMO.length + EYES.length, kept: 0 });
    expect(await readdir(bench.root)).toEqual([]);
    expect(bench.models.list()).toEqual([]);
    expect(await bench.store.downloads.fileAt(path.join(home, 'blobs', sha256(DEMO)))).toBe(null);
  });

  it('leaves the other models of the repository', async () => {
    await download('Q8_0', DEMO, EYES);
    await download('F16', OTHER);
    expect(await remove('demo-Q8_0', false)).toEqual({ freed: DEMO.length, kept: 0 });
    expect(await namesIn(`snapshots/${commit}`)).toEqual(['demo-F16.gguf', 'mmproj-F16.gguf']);
    expect(await namesIn('blobs')).toEqual(blobs(OTHER, EYES));
    expect(await namesIn('refs')).toEqual(['main']);
    expect(bench.models.list().map(({ name }) => name)).toEqual(['demo-F16']);
  });

  it('leaves a blob to which another snapshot leads, until its last link goes', async () => {
    await download('Q8_0', DEMO, EYES);
    const older = path.join(home, 'snapshots', 'a'.repeat(40));
    await mkdir(older);
    await symlink(`../../blobs/${sha256(DEMO)}`, path.join(older, 'demo-Q8_0.gguf'));
    expect(await remove('demo-Q8_0')).toEqual({ freed: EYES.length, kept: 1 });
    expect(await namesIn('blobs')).toEqual([sha256(DEMO)]);
    expect(await namesIn('snapshots')).toEqual(['a'.repeat(40)]);
    // The commit of the reference has no snapshot any more.
    expect(await readdir(home)).not.toContain('refs');
    expect(await remove('demo-Q8_0')).toEqual({ freed: DEMO.length, kept: 0 });
    expect(await readdir(bench.root)).toEqual([]);
  });

  it.each([
    ['was replaced', async (blob: string) => copyFile(blob, `${blob}.new`).then(() => rename(`${blob}.new`, blob))],
    [
      'is a file and no link',
      async () => rm(shown('demo-Q8_0.gguf')).then(() => writeFile(shown('demo-Q8_0.gguf'), DEMO)),
    ],
  ])('is refused for a file that %s', async (_what, change) => {
    await download('Q8_0', DEMO, EYES);
    await change(path.join(home, 'blobs', sha256(DEMO)));
    await bench.models.refresh();
    const result = remove('demo-Q8_0');
    await expect(result).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(result).rejects.toThrow(shown('demo-Q8_0.gguf'));
    await expect(result).rejects.toThrow('hf cache');
    expect(await namesIn('blobs')).toEqual(blobs(DEMO, EYES));
  });

  it('is refused for a file that another program downloaded', async () => {
    const blob = path.join(home, 'blobs', sha256(DEMO));
    await mkdir(path.dirname(blob), { recursive: true });
    await writeFile(blob, DEMO);
    await download('Q8_0', EYES);
    await expect(remove('demo-Q8_0')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await namesIn('blobs')).toEqual(blobs(DEMO, EYES));
  });

  it('leaves a companion of another program', async () => {
    const blob = path.join(home, 'blobs', sha256(EYES));
    await mkdir(path.dirname(blob), { recursive: true });
    await writeFile(blob, EYES);
    await download('Q8_0', DEMO);
    expect(await remove('demo-Q8_0')).toEqual({ freed: DEMO.length, kept: 0 });
    expect(await namesIn('blobs')).toEqual([sha256(EYES)]);
  });

  it('is refused while a download needs its files', async () => {
    await download('Q8_0', DEMO, EYES);
    await download('F16', OTHER);
    const { source, files, companions } = model('demo-Q8_0');
    const eyes = companions.map((file) => file.path);
    bench.hub.add('acme/demo', { 'demo-Q4_K_M.gguf': 'new', 'mmproj-F16.gguf': EYES });
    await bench.downloads.create({ model: 'acme/demo:Q4_K_M', revision: null }, 'us', NEVER);
    const unwanted = { source, paths: files.map((file) => file.path), companions: eyes };
    const result = bench.downloads.deleteModel(unwanted, async () => undefined);
    await expect(result).rejects.toMatchObject({ code: 'MODEL_IN_USE' });
    expect(await namesIn('blobs')).toEqual(expect.arrayContaining(blobs(DEMO, EYES)));
  });

  it('removes nothing when its caller finds a user', async () => {
    await download('Q8_0', DEMO, EYES);
    const { source, files } = model('demo-Q8_0');
    const seen: string[] = [];
    const refuse = async (paths: readonly string[]): Promise<void> => {
      seen.push(...paths);
      throw new Error('in use');
    };
    const unwanted = { source, paths: files.map((file) => file.path), companions: [] };
    await expect(bench.downloads.deleteModel(unwanted, refuse)).rejects.toThrow('in use');
    expect(seen).toEqual([path.join(home, 'blobs', sha256(DEMO))]);
    expect(await namesIn('blobs')).toEqual(blobs(DEMO, EYES));
  });
});
