import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { keptEvent } from '../testing/contracts/replay.contract.ts';
import { storedDownload } from '../testing/stored-download.ts';
import { openDatabase } from './database.ts';
import { openStore, type SqliteStore } from './sqlite.ts';

const clock = systemClock();
let folder: string;
let file: string;
let store: SqliteStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-downloads-'));
  file = join(folder, 'llamactl.db');
  store = openStore({ file, clock });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

async function reopen(): Promise<void> {
  await store.close();
  store = openStore({ file, clock });
}

describe('stored downloads', () => {
  it('are there after a restart, in the order in which they were made', async () => {
    await store.downloads.save(storedDownload('b'));
    await store.downloads.save(storedDownload('a'));
    const failed = storedDownload('b', { state: 'failed', error: { code: 'HUB_ERROR', message: 'It is down.' } });
    await store.downloads.save(failed, [keptEvent(7)]);
    await reopen();
    expect(await store.downloads.load()).toEqual([failed, storedDownload('a')]);
    expect((await store.replay.load()).map(({ seq }) => seq)).toEqual([keptEvent(7).seq]);
    await store.downloads.remove('b');
    expect((await store.downloads.load()).map(({ id }) => id)).toEqual(['a']);
  });

  it('name the database when a row cannot be read', async () => {
    await store.close();
    const database = openDatabase(file);
    database.exec(`insert into downloads (id, record) values ('x', '{}')`);
    database.close();
    store = openStore({ file, clock });
    await expect(store.downloads.load()).rejects.toThrow(`Download x in ${file} cannot be read`);
  });

  it('are paused by a restore, so that they write nothing before a person resumes them', async () => {
    for (const state of ['queued', 'running', 'done'] as const)
      await store.downloads.save(storedDownload(state, { state }));
    // It would go on by itself when its disk has room.
    const error = { code: 'DISK_FULL' as const, message: 'The disk is full.' };
    await store.downloads.save(storedDownload('full', { state: 'paused', error }));
    await store.close();
    const database = openDatabase(file);
    database.exec(`insert into meta (key, value) values ('restored', '{"what":"a backup","keeps_log_ins":true}')`);
    database.close();
    store = openStore({ file, clock });
    const loaded = await store.downloads.load();
    expect(loaded.map(({ state, error: left }) => [state, left])).toEqual([
      ['paused', null],
      ['paused', null],
      ['done', null],
      ['paused', null],
    ]);
  });
});

describe('the files that downloads made', () => {
  it('are known by path, with inodes of 64 bits', async () => {
    const made = { path: '/cache/a', inode: 2n ** 64n - 1n, size: 5, sha256: null };
    await store.downloads.saveFile({ ...made, size: 4 });
    await store.downloads.saveFile(made);
    await reopen();
    expect(await store.downloads.fileAt('/cache/a')).toEqual(made);
    expect(await store.downloads.fileAt('/cache/b')).toBe(null);
    await store.downloads.removeFile('/cache/a');
    expect(await store.downloads.fileAt('/cache/a')).toBe(null);
  });
});
