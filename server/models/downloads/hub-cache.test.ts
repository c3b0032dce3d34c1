import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CacheRefusal, HubCache, isThere, snapshotPath } from './hub-cache.ts';

const commit = 'c'.repeat(40);
const blob = 'b'.repeat(64);
const model = { repo: 'org/repo', commit, revision: 'main' };
const NOW = Date.parse('2026-03-01T12:00:00Z');

let folder: string;
let root: string;
let cache: HubCache;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-cache-'));
  root = path.join(folder, 'hub');
  cache = new HubCache(root);
});
afterEach(() => rm(folder, { recursive: true }));

it('names the folder of a model in safetensors, whose files have no name of their own', () => {
  const files = [{ path: 'config.json', size: 1, sha256: null, blob: 'b', url: '' }];
  expect(snapshotPath('/hub', { ...model, files })).toBe(`/hub/models--org--repo/snapshots/${commit}`);
});

describe('the cache', () => {
  it('has the layout of Hugging Face', async () => {
    const target = await cache.blob(model, { blob });
    expect(target).toBe(path.join(root, 'models--org--repo', 'blobs', blob));
    await writeFile(target, 'bytes');
    await cache.link(model, { blob, path: 'UD-Q4/model-00001-of-00002.gguf' });
    await cache.note(model, NOW);
    const home = path.join(root, 'models--org--repo');
    const shown = path.join(home, 'snapshots', commit, 'UD-Q4', 'model-00001-of-00002.gguf');
    expect(await readlink(shown)).toBe(`../../../blobs/${blob}`);
    expect(await readFile(shown, 'utf8')).toBe('bytes');
    expect(await readFile(path.join(home, 'refs', 'main'), 'utf8')).toBe(commit);
    expect(await isThere(target, 5)).toBe(true);
    expect(await isThere(target, 6)).toBe(false);
    expect(await isThere(`${target}x`, 5)).toBe(false);
  });

  it('notes a branch with a slash, and no commit as a branch', async () => {
    await cache.note({ ...model, revision: 'refs/pr/1' }, NOW);
    await cache.note({ ...model, revision: commit }, NOW);
    const refs = path.join(root, 'models--org--repo', 'refs');
    expect(await readdir(refs)).toEqual(['refs']);
    expect(await readFile(path.join(refs, 'refs', 'pr', '1'), 'utf8')).toBe(commit);
  });

  it('notes the reference of an address, which the name of its folder does not say', async () => {
    const reference = 'https://example.com/a.gguf';
    await cache.noteReference({ repo: 'example.com/a', source: 'url', reference });
    await cache.noteReference({ repo: 'org/repo', source: 'hub', reference: 'org/repo:Q4_K_M' });
    const home = path.join(root, 'models--example.com--a');
    expect(await readdir(root)).toEqual(['models--example.com--a']);
    expect(await readdir(home)).toEqual(['reference']);
    expect(await readFile(path.join(home, 'reference'), 'utf8')).toBe(reference);
  });

  it('does not set a branch back to the commit of an older download', async () => {
    const main = (): Promise<string> => readFile(path.join(root, 'models--org--repo', 'refs', 'main'), 'utf8');
    const [older, newer] = [{ ...model, commit: 'a'.repeat(40) }, model];
    await cache.note(older, NOW - 1_000);
    await cache.note(newer, NOW);
    await cache.note(older, NOW - 1_000);
    expect(await main()).toBe(newer.commit);
    await writeFile(path.join(root, 'models--org--repo', 'refs', 'main'), 'of another program');
    await cache.note(newer, NOW);
    expect(await main()).toBe('of another program');
  });

  it('takes a name of the greatest length', async () => {
    const name = `${'n'.repeat(250)}.gguf`;
    await cache.link(model, { blob, path: name });
    const home = path.join(root, 'models--org--repo');
    expect(await readdir(path.join(home, 'snapshots', commit))).toEqual([name]);
    await cache.note({ ...model, revision: 'r'.repeat(255) }, NOW);
    expect(await readdir(path.join(home, 'refs'))).toEqual(['r'.repeat(255)]);
  });

  it.each(['EPERM', 'ENOTSUP', 'ENOSYS'])(
    'refuses a disk without symbolic links (%s), before a byte is fetched',
    async (code) => {
      const bare = new HubCache(root, async () => {
        throw Object.assign(new Error(`${code}: no links, symlink`), { code });
      });
      await expect(bare.home(model)).rejects.toThrow(/has no symbolic links.*Set models\.cache_dir/);
      expect(await cache.home(model)).toBe(path.join(root, 'models--org--repo'));
      expect(await readdir(path.join(root, 'models--org--repo'))).toEqual([]);
    },
  );

  it('replaces a link to an older blob, and keeps a plain file of another program', async () => {
    await cache.link(model, { blob: 'old', path: 'a.gguf' });
    await cache.link(model, { blob, path: 'a.gguf' });
    await cache.link(model, { blob, path: 'a.gguf' });
    const snapshot = path.join(root, 'models--org--repo', 'snapshots', commit);
    expect(await readlink(path.join(snapshot, 'a.gguf'))).toBe(`../../blobs/${blob}`);
    await writeFile(path.join(snapshot, 'b.gguf'), 'own');
    await cache.link(model, { blob, path: 'b.gguf' });
    expect((await lstat(path.join(snapshot, 'b.gguf'))).isFile()).toBe(true);
    expect(await readdir(snapshot)).toEqual(['a.gguf', 'b.gguf']);
  });

  it('finds a blob without making folders', async () => {
    expect(await cache.find(model, { blob })).toBe(null);
    expect(await readdir(folder)).toEqual([]);
    const target = await cache.blob(model, { blob });
    expect(await cache.find(model, { blob })).toBe(target);
    expect(await cache.find({ ...model, repo: '../x' }, { blob })).toBe(null);
  });

  it('may be a link itself', async () => {
    await mkdir(path.join(folder, 'disk'));
    await symlink(path.join(folder, 'disk'), root);
    expect(await cache.blob(model, { blob })).toBe(path.join(folder, 'disk', 'models--org--repo', 'blobs', blob));
  });

  it('is not left by a link to a folder', async () => {
    const home = path.join(root, 'models--org--repo');
    await mkdir(home, { recursive: true });
    await mkdir(path.join(folder, 'elsewhere'));
    for (const name of ['blobs', 'snapshots', 'refs'])
      await symlink(path.join(folder, 'elsewhere'), path.join(home, name));
    await expect(cache.blob(model, { blob })).rejects.toThrow(CacheRefusal);
    expect(await cache.find(model, { blob })).toBe(null);
    await expect(cache.link(model, { blob, path: 'a.gguf' })).rejects.toThrow(CacheRefusal);
    await expect(cache.note(model, NOW)).rejects.toThrow(CacheRefusal);
    expect(await readdir(path.join(folder, 'elsewhere'))).toEqual([]);
  });

  it.each([
    '../x',
    'a/../../x',
    '/etc/passwd',
    'a//b',
    '',
    '.',
    'a\\b',
    'a\0b',
    'a\nb',
    'x'.repeat(256),
    'a/'.repeat(40),
  ])('refuses the path %j', async (name) => {
    await expect(cache.link(model, { blob, path: name })).rejects.toThrow(CacheRefusal);
  });

  it.each(['org', 'org/repo/x', '../repo', 'org/..', 'or--g/repo', '/repo'])(
    'refuses the repository %j',
    async (repo) => {
      await expect(cache.blob({ ...model, repo }, { blob })).rejects.toThrow(CacheRefusal);
    },
  );

  it.each(['../../x', 'a/b', '..'])('refuses the blob and the commit %j', async (name) => {
    await expect(cache.blob(model, { blob: name })).rejects.toThrow(CacheRefusal);
    expect(() => cache.lock(model, { blob: name })).toThrow(CacheRefusal);
    await expect(cache.link({ ...model, commit: name }, { blob, path: 'a' })).rejects.toThrow(CacheRefusal);
  });
});
