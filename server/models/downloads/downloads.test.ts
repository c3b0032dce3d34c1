import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import type { Download, DownloadProgress } from '@llamactl/contract/download';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeModelSource } from '../../testing/fake-model-source.ts';
import { FakeTransfers } from '../../testing/fake-transfers.ts';
import { RecordingEvents } from '../../testing/recording-events.ts';
import { systemClock } from '../../clock.ts';
import type { AlertSink } from '../../instances/ports/alert-sink.ts';
import { StoreFull } from '../../instances/ports/instance-store.ts';
import { systemRandomness } from '../../randomness.ts';
import { openStore, type SqliteStore } from '../../store/sqlite.ts';
import { DOWNLOAD_DISK_FULL } from './room-watch.ts';
import { Downloads, type DownloadsOptions } from './downloads.ts';
import type { RemoteFile } from './model-source.ts';

const DAY_MS = 86_400_000;
const NEVER = new AbortController().signal;

let folder: string;
let root: string;
let clock: FakeClock;
let store: SqliteStore;
let source: FakeModelSource;
let transfers: FakeTransfers;
let events: RecordingEvents;
/** Codes of the alerts that are raised. */
let raised: Set<string>;
let alerts: AlertSink;
let sent: DownloadProgress[];
let free: number;
let findModels: () => Promise<void>;
let downloads: Downloads;

/** Begins the next server, on the same store and the same files. */
async function serve(options: Partial<DownloadsOptions> = {}): Promise<void> {
  transfers = new FakeTransfers();
  events.events.length = 0;
  sent = [];
  downloads = new Downloads({
    clock,
    randomness: systemRandomness(),
    store: store.downloads,
    source,
    transfers,
    events,
    sendProgress: (progress) => void sent.push(progress),
    alerts,
    rootFor: () => root,
    owner: 'us',
    freeSpace: async () => free,
    findModels: async () => findModels(),
    onFault: (error) => {
      throw error;
    },
    ...options,
  });
  await downloads.load();
  downloads.begin();
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-jobs-'));
  root = path.join(folder, 'hub');
  clock = new FakeClock();
  events = new RecordingEvents();
  store = openStore({ file: path.join(folder, 'llamactl.db'), clock: systemClock() });
  raised = new Set();
  alerts = { raise: ({ code }) => void raised.add(code), clear: (code) => void raised.delete(code) };
  source = new FakeModelSource();
  source.add('org/repo:Q4', [fileOf('a'), fileOf('b')]);
  free = Infinity;
  findModels = async () => undefined;
  await serve();
});
afterEach(async () => {
  await downloads.close();
  await store.close();
  await rm(folder, { recursive: true });
});

function fileOf(name: string, size = 10): RemoteFile {
  return {
    path: `${name}.gguf`,
    size,
    sha256: name.repeat(64),
    blob: name.repeat(64),
    url: `https://hub.example/${name}`,
  };
}

const blob = (name: string): string => name.repeat(64);
/** An error of the system. */
const failure = (code: string): Error => Object.assign(new Error(`${code}: it failed, write`), { code });
/** The record of a partial file of ten bytes. */
const recordOf = (name: string, owner: string, to: number): string =>
  JSON.stringify({ version: 1, size: 10, content: blob(name), owner, etag: null, ranges: [{ from: 0, to }] });
const create = async (model = 'org/repo:Q4'): Promise<Download> =>
  (await downloads.create({ model, revision: null }, 'user:ada', NEVER)).download;
const states = (): string[] =>
  events.events.flatMap(({ type, data }) => (type === 'download_progress' ? [data.state] : []));
const isIn = (id: string, state: Download['state']): Promise<void> =>
  vi.waitFor(() => expect(downloads.get(id).state).toBe(state));
const codeOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

describe('a download', () => {
  it('fetches all files into the cache, shows them in a snapshot, and says so', async () => {
    const made = await create();
    expect(made).toMatchObject({
      model: 'org/repo:Q4',
      revision: 'main',
      state: 'running',
      total_bytes: 20,
      done_bytes: 0,
    });
    expect(made).toMatchObject({ created_by: 'user:ada', finished_at: null, error: null });
    const first = await transfers.of(blob('a'));
    await first.end({ kind: 'stored' });
    await (await transfers.of(blob('b'))).end({ kind: 'stored' });
    await isIn(made.id, 'done');
    expect(downloads.get(made.id)).toMatchObject({ done_bytes: 20, eta_seconds: null, bytes_per_second: 0 });
    const home = path.join(root, 'models--org--repo');
    expect(await readdir(path.join(home, 'snapshots', 'c'.repeat(40)))).toEqual(['a.gguf', 'b.gguf']);
    expect(await readFile(path.join(home, 'refs', 'main'), 'utf8')).toBe('c'.repeat(40));
    await vi.waitFor(() => expect(states()).toEqual(['queued', 'running', 'done']));
    expect(await store.downloads.fileAt(path.join(home, 'blobs', blob('a')))).toMatchObject({
      size: 10,
      sha256: blob('a'),
    });
  });

  it('is done when the list of models has its files, and names the first', async () => {
    const scan = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    findModels = async () => {
      begun.resolve();
      await scan.promise;
    };
    const { id, path: shown } = await create();
    expect(shown).toBe(path.join(root, 'models--org--repo', 'snapshots', 'c'.repeat(40), 'a.gguf'));
    for (const name of ['a', 'b']) await (await transfers.of(blob(name))).end({ kind: 'stored' });
    await begun.promise;
    expect(downloads.get(id).state).toBe('running');
    scan.resolve();
    await isIn(id, 'done');
  });

  it('does not fetch files that are there', async () => {
    const blobs = path.join(root, 'models--org--repo', 'blobs');
    await create();
    const transfer = await transfers.of(blob('a'));
    // Before the end: the download looks for the file right after it.
    await writeFile(path.join(blobs, blob('a')), Buffer.alloc(10));
    await transfer.end({ kind: 'stopped' });
    const { id } = await create();
    await (await transfers.of(blob('b'))).end({ kind: 'stored' });
    await isIn(id, 'done');
    expect(await store.downloads.fileAt(path.join(blobs, blob('a')))).toBe(null);
    const announced = { kind: 'sha256', hex: blob('a') };
    expect(transfers.checks).toEqual([{ file: path.join(blobs, blob('a')), size: 10, announced }]);
    // The next download of the same files reads none of them again.
    await downloads.remove(id);
    const again = await create();
    await isIn(again.id, 'done');
    expect(transfers.checks).toHaveLength(1);
  });

  it('warns of a file of another program for which its source gives no hash', async () => {
    source.add('org/bare:Q4', [{ ...fileOf('a'), sha256: null }]);
    const blobs = path.join(root, 'models--org--bare', 'blobs');
    await mkdir(blobs, { recursive: true });
    await writeFile(path.join(blobs, blob('a')), Buffer.alloc(10));
    const { id } = await create('org/bare:Q4');
    await isIn(id, 'done');
    expect(transfers.checks).toEqual([]);
    expect(downloads.get(id).warnings).toEqual([
      'a.gguf was put into the cache by another program, and has the right size. Its source gives no hash, so its bytes were not checked.',
    ]);
  });

  it('says which file of another program has other bytes than its source announces', async () => {
    const { id } = await create();
    const transfer = await transfers.of(blob('a'));
    await writeFile(transfer.task.target, Buffer.alloc(10));
    transfers.checked = { kind: 'wrong', found: 'f'.repeat(64) };
    await transfer.end({ kind: 'stopped' });
    await create();
    await isIn(id, 'failed');
    const { error } = downloads.get(id);
    expect(error?.message).toContain(`which another program made, has the sha256 ${'f'.repeat(64)}`);
    expect(error?.message).toContain('Delete that file, then resume the download.');
    expect(await readFile(transfer.task.target)).toHaveLength(10);
    transfers.checked = { kind: 'good' };
    await downloads.resume(id);
    await (await transfers.of(blob('b'))).end({ kind: 'stored' });
    await isIn(id, 'done');
  });

  it('reports its progress, its speed and the time that is left, at most once a second', async () => {
    const { id } = await create();
    const transfer = await transfers.of(blob('a'));
    sent.length = 0;
    transfer.progress({ done: 0, phase: 'fetching' });
    for (let done = 1; done <= 4; done += 1) {
      await clock.advance(500);
      transfer.progress({ done, phase: 'fetching' });
    }
    expect(sent.map(({ done_bytes: bytes }) => bytes)).toEqual([2, 4]);
    expect(downloads.get(id)).toMatchObject({ state: 'running', done_bytes: 4, bytes_per_second: 2, eta_seconds: 8 });
    transfer.progress({ done: 10, phase: 'verifying' });
    expect(sent.at(-1)).toMatchObject({ state: 'verifying', done_bytes: 10 });
  });

  it('fails with the reason, and continues when it is resumed', async () => {
    const { id } = await create();
    await (await transfers.of(blob('a'))).end({ kind: 'failed', why: 'The hub is down.' });
    await isIn(id, 'failed');
    expect(downloads.get(id).error).toEqual({ code: 'HUB_ERROR', message: 'a.gguf: The hub is down.' });
    expect(await downloads.resume(id)).toMatchObject({ state: 'running', error: null, finished_at: null });
    await (await transfers.of(blob('a'))).end({ kind: 'fault', why: 'Read-only.' });
    await isIn(id, 'failed');
    expect(downloads.get(id).error?.code).toBe('INTERNAL_ERROR');
  });

  it('fetches a wrong file once more, then fails', async () => {
    const { id } = await create();
    await (await transfers.of(blob('a'))).end({ kind: 'damaged', why: 'Wrong.' });
    await vi.waitFor(() => expect(transfers.tasks).toHaveLength(2));
    await (await transfers.of(blob('a'))).end({ kind: 'damaged', why: 'Wrong.' });
    await isIn(id, 'failed');
    expect(transfers.tasks).toHaveLength(2);
  });

  it('gets new headers when those of a registry have expired, and fails if they are refused at once', async () => {
    source.secret = { origin: 'https://hub.example', token: 'old' };
    const { id } = await create();
    const first = await transfers.of(blob('a'));
    expect(first.task.headers).toEqual({ authorization: 'Bearer old' });
    first.progress({ done: 5, phase: 'fetching' });
    source.secret = { origin: 'https://hub.example', token: 'new' };
    await first.end({ kind: 'denied', why: 'No.' });
    await vi.waitFor(() => expect(transfers.tasks).toHaveLength(2));
    const second = await transfers.of(blob('a'));
    expect(second.task.headers).toEqual({ authorization: 'Bearer new' });
    await second.end({ kind: 'denied', why: 'No.' });
    await isIn(id, 'failed');
  });

  it('waits while another server downloads a file', async () => {
    const { id } = await create();
    await (await transfers.of(blob('a'))).end({ kind: 'foreign' });
    await vi.waitFor(() => expect(clock.pending).toContain(2_000));
    await writeFile(path.join(root, 'models--org--repo', 'blobs', blob('a')), Buffer.alloc(10));
    await clock.advance(2_000);
    await (await transfers.of(blob('b'))).end({ kind: 'stored' });
    await isIn(id, 'done');
  });
});

describe('one download a blob', () => {
  it('is found by a second caller', async () => {
    const { id } = await create();
    await transfers.of(blob('a'));
    const second = await downloads.create({ model: 'org/repo:Q4', revision: null }, 'user:bob', NEVER);
    expect(second).toMatchObject({ isNew: false, download: { id } });
    expect(downloads.list()).toHaveLength(1);
  });

  it('is made when callers ask at the same time', async () => {
    const both = await Promise.all([create(), create()]);
    expect(new Set(both.map(({ id }) => id)).size).toBe(1);
  });

  it('brings a file that another download needs too', async () => {
    source.add('org/repo:Q8', [fileOf('b'), fileOf('a')]);
    source.add('org/repo:Q6', [fileOf('a'), fileOf('d')]);
    const one = await create();
    const other = await create('org/repo:Q6');
    await (await transfers.of(blob('a'))).end({ kind: 'stored' });
    await (await transfers.of(blob('b'))).end({ kind: 'stored' });
    await (await transfers.of(blob('d'))).end({ kind: 'stored' });
    await isIn(one.id, 'done');
    await isIn(other.id, 'done');
    expect(transfers.tasks.map(({ target }) => path.basename(target))).toHaveLength(3);
  });

  it('fails none of two that end in the same repository at the same time', async () => {
    for (const round of Array.from({ length: 20 }, (_, index) => index)) {
      const shared = fileOf('a');
      source.add(`org/r${round}:Q4`, [shared, fileOf('b')]);
      source.add(`org/r${round}:Q6`, [shared, fileOf('d')]);
      const [one, other] = await Promise.all([create(`org/r${round}:Q4`), create(`org/r${round}:Q6`)]);
      await (await transfers.of(blob('a'))).end({ kind: 'stored' });
      const [b, d] = [await transfers.of(blob('b')), await transfers.of(blob('d'))];
      await Promise.all([b.end({ kind: 'stored' }), d.end({ kind: 'stored' })]);
      await isIn(one.id, 'done');
      await isIn(other.id, 'done');
    }
  });

  it('can be paused and cancelled while another download fetches its file', async () => {
    source.add('org/repo:Q6', [fileOf('a'), fileOf('d')]);
    await create();
    const { id } = await create('org/repo:Q6');
    const { task } = await transfers.of(blob('a'));
    expect((await downloads.pause(id)).state).toBe('paused');
    await downloads.resume(id);
    expect(await downloads.remove(id)).toBe('cancelled');
    expect(transfers.running.map((transfer) => transfer.task)).toEqual([task]);
  });

  it('lets a third run while it waits for the file of another, and is queued if two run then', async () => {
    source.add('org/repo:Q6', [fileOf('a'), fileOf('d')]);
    source.add('org/other:Q4', [fileOf('e')]);
    const [, waiting] = [await create(), await create('org/repo:Q6')];
    await create('org/other:Q4');
    const other = await transfers.of(blob('e'));
    await (await transfers.of(blob('a'))).end({ kind: 'stored' });
    await transfers.of(blob('b'));
    await isIn(waiting.id, 'queued');
    await other.end({ kind: 'stored' });
    await transfers.of(blob('d'));
    expect(downloads.get(waiting.id).state).toBe('running');
  });

  it('runs beside one other, and the third waits', async () => {
    for (const name of ['x', 'y', 'z'])
      source.add(`org/${name}:Q4`, [fileOf(name === 'x' ? 'd' : name === 'y' ? 'e' : 'f')]);
    const [x, y, z] = [await create('org/x:Q4'), await create('org/y:Q4'), await create('org/z:Q4')];
    await transfers.of(blob('d'));
    await transfers.of(blob('e'));
    expect([x, y, z].map(({ id }) => downloads.get(id).state)).toEqual(['running', 'running', 'queued']);
    await downloads.pause(x.id);
    await transfers.of(blob('f'));
    expect([x, y, z].map(({ id }) => downloads.get(id).state)).toEqual(['paused', 'running', 'running']);
  });
});

describe('a caller', () => {
  it('pauses and resumes a download; both may be repeated', async () => {
    const { id } = await create();
    await transfers.of(blob('a'));
    expect((await downloads.pause(id)).state).toBe('paused');
    expect((await downloads.pause(id)).state).toBe('paused');
    expect(transfers.running).toEqual([]);
    expect((await downloads.resume(id)).state).toBe('running');
    expect((await downloads.resume(id)).state).toBe('running');
    await vi.waitFor(() => expect(states()).toEqual(['queued', 'running', 'paused', 'queued', 'running']));
  });

  it('continues a paused download by asking for the model again', async () => {
    const { id } = await create();
    await downloads.pause(id);
    expect(await create()).toMatchObject({ id, state: 'running' });
  });

  it('cancels a download, whose incomplete files are removed and whose finished ones stay', async () => {
    const { id } = await create();
    await (await transfers.of(blob('a'))).end({ kind: 'stored' });
    const { task } = await transfers.of(blob('b'));
    await writeFile(`${task.target}.llamactl`, 'part');
    await writeFile(`${task.target}.llamactl.json`, '{}');
    expect(await downloads.remove(id)).toBe('cancelled');
    expect(await readdir(path.dirname(task.target))).toEqual([blob('a')]);
    expect(downloads.get(id)).toMatchObject({ state: 'cancelled', error: null });
    expect((await downloads.pause(id)).state).toBe('cancelled');
    expect((await downloads.resume(id)).state).toBe('cancelled');
    expect(await downloads.remove(id)).toBe('forgotten');
    expect(await codeOf(downloads.remove(id))).toBe('NOT_FOUND');
    expect(downloads.list()).toEqual([]);
  });

  it('keeps an incomplete file that another download needs', async () => {
    source.add('org/repo:Q6', [fileOf('a'), fileOf('d')]);
    const { id } = await create();
    await create('org/repo:Q6');
    const { task } = await transfers.of(blob('a'));
    await writeFile(`${task.target}.llamactl`, 'part');
    await downloads.remove(id);
    expect(await readdir(path.dirname(task.target))).toContain(`${blob('a')}.llamactl`);
  });

  it('cancels a download without the incomplete file that another server writes, unless that has ended', async () => {
    const { id } = await create();
    const { task } = await transfers.of(blob('a'));
    const record = `${task.target}.llamactl.json`;
    await writeFile(`${task.target}.llamactl`, 'part');
    await writeFile(record, recordOf('a', 'another', 4));
    await downloads.remove(id);
    expect(await readdir(path.dirname(task.target))).toEqual([`${blob('a')}.llamactl`, `${blob('a')}.llamactl.json`]);
    const next = await create();
    await transfers.of(blob('a'));
    const stale = clock.now() / 1_000 - 60;
    await utimes(record, stale, stale);
    await downloads.remove(next.id);
    expect(await readdir(path.dirname(task.target))).toEqual([]);
  });

  it('fetches a file only after the incomplete one of a cancelled download is removed', async () => {
    const { id } = await create();
    const first = await transfers.of(blob('a'));
    // The removal reads the record, and a reader of a pipe waits for its writer.
    const record = `${first.task.target}.llamactl.json`;
    const isLookedAt = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<number>();
    source.add('org/repo:Q6', [fileOf('a'), fileOf('d')]);
    await downloads.close();
    await serve({
      freeSpace: () => {
        isLookedAt.resolve();
        return answer.promise;
      },
    });
    await transfers.of(blob('a'));
    const creation = create('org/repo:Q6');
    await isLookedAt.promise;
    execFileSync('mkfifo', [record]);
    const removal = downloads.remove(id);
    await vi.waitFor(() => expect(transfers.running).toEqual([]));
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    answer.resolve(Infinity);
    await creation;
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(transfers.running).toEqual([]);
    await writeFile(record, '{}');
    await removal;
    await transfers.of(blob('a'));
  });

  it('cancels a download whose cache is refused', async () => {
    await mkdir(path.join(root, 'models--org--repo'), { recursive: true });
    await symlink(folder, path.join(root, 'models--org--repo', 'blobs'));
    const { id } = await create();
    await isIn(id, 'failed');
    expect(await downloads.remove(id)).toBe('cancelled');
  });

  it('gets no folders from a download that is refused', async () => {
    free = 0;
    expect(await codeOf(create())).toBe('DISK_FULL');
    expect(await readdir(folder)).not.toContain('hub');
  });

  it('gets the error of the source', async () => {
    expect(await codeOf(create('org/none:Q4'))).toBe('NOT_FOUND');
    expect(downloads.list()).toEqual([]);
  });
});

describe('the disk', () => {
  const MIB = 1024 * 1024;

  it('refuses a download for which it has no room, counting those that run', async () => {
    free = 256 * MIB + 19;
    expect(await codeOf(create())).toBe('DISK_FULL');
    free = 256 * MIB + 25;
    await create();
    source.add('org/other:Q4', [fileOf('d')]);
    expect(await codeOf(create('org/other:Q4'))).toBe('DISK_FULL');
    expect(downloads.list()).toHaveLength(1);
  });

  it('pauses a download when it is full, raises an alert, and continues by itself', async () => {
    const { id } = await create();
    free = 0;
    await (await transfers.of(blob('a'))).end({ kind: 'disk_full', lacking: 3e9 });
    await isIn(id, 'paused');
    const { error } = downloads.get(id);
    expect(error?.code).toBe('DISK_FULL');
    expect(error?.message).toContain('3.0 GB');
    expect([...raised]).toEqual([DOWNLOAD_DISK_FULL]);
    expect(await codeOf(downloads.resume(id))).toBe('DISK_FULL');
    await clock.advance(10_000);
    expect(downloads.get(id).state).toBe('paused');
    free = Infinity;
    await clock.advance(10_000);
    await isIn(id, 'running');
    const again = await transfers.of(blob('a'));
    expect([...raised]).toEqual([DOWNLOAD_DISK_FULL]);
    again.progress({ done: 1, phase: 'fetching' });
    expect([...raised]).toEqual([]);
  });

  it('is tried less and less often while it refuses all bytes in spite of its room', async () => {
    let tries = 0;
    transfers.run = async () => {
      tries += 1;
      return { kind: 'disk_full', lacking: 1 };
    };
    const { id } = await create();
    await isIn(id, 'paused');
    const seen: number[] = [];
    for (const seconds of [10, 20, 40, 80]) {
      await clock.advance(seconds * 1_000 - 1);
      seen.push(tries);
      await clock.advance(1);
      await vi.waitFor(() => expect(tries).toBe(seen.length + 1));
      await isIn(id, 'paused');
      expect([...raised]).toEqual([DOWNLOAD_DISK_FULL]);
    }
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('is looked at again after a look that failed', async () => {
    const faults: string[] = [];
    let isBroken = false;
    await downloads.close();
    await serve({
      freeSpace: async () => {
        if (isBroken) throw failure('EIO');
        return free;
      },
      onFault: (_, what) => void faults.push(what),
    });
    const { id } = await create();
    await (await transfers.of(blob('a'))).end({ kind: 'disk_full', lacking: 1 });
    await isIn(id, 'paused');
    isBroken = true;
    await clock.advance(10_000);
    expect(faults).toEqual(['looking at the disk']);
    isBroken = false;
    await clock.advance(10_000);
    await isIn(id, 'running');
  });

  it.each([failure('ENOSPC'), failure('EDQUOT'), new StoreFull('Full.')])(
    'is full when it cannot store which file was made: %s',
    async (error) => {
      let isFull = true;
      await downloads.close();
      const saveFile: SqliteStore['downloads']['saveFile'] = async (file) => {
        if (isFull) throw error;
        await store.downloads.saveFile(file);
      };
      await serve({ store: { ...store.downloads, saveFile } });
      const { id } = await create();
      const transfer = await transfers.of(blob('a'));
      await transfer.end({ kind: 'stored' });
      await isIn(id, 'paused');
      expect(downloads.get(id).error?.code).toBe('DISK_FULL');
      isFull = false;
      await downloads.resume(id);
      await transfers.of(blob('b'));
      expect(await store.downloads.fileAt(transfer.task.target)).toMatchObject({ size: 10 });
    },
  );

  it('does not continue a download that a caller has paused meanwhile', async () => {
    const { id } = await create();
    await (await transfers.of(blob('a'))).end({ kind: 'disk_full', lacking: 1 });
    await isIn(id, 'paused');
    await downloads.pause(id);
    expect([...raised]).toEqual([]);
    await clock.advance(20_000);
    expect(downloads.get(id)).toMatchObject({ state: 'paused', error: null });
  });

  it('is looked at again by the next server', async () => {
    const { id } = await create();
    free = 0;
    await (await transfers.of(blob('a'))).end({ kind: 'disk_full', lacking: 1 });
    await isIn(id, 'paused');
    await downloads.close();
    await serve();
    free = Infinity;
    await clock.advance(10_000);
    await isIn(id, 'running');
  });
});

describe('the next server', () => {
  it('continues what ran and waited, and keeps what was paused', async () => {
    source.add('org/other:Q4', [fileOf('d')]);
    const ran = await create();
    const paused = await create('org/other:Q4');
    // Everything is stored, so that no event of this server comes later.
    await vi.waitFor(() => expect(states().filter((state) => state === 'running')).toHaveLength(2));
    await downloads.pause(paused.id);
    await downloads.close();
    expect(transfers.isClosed).toBe(true);
    await serve();
    await transfers.of(blob('a'));
    expect(downloads.list().map(({ id, state }) => [id, state])).toEqual([
      [ran.id, 'running'],
      [paused.id, 'paused'],
    ]);
    expect(states()).toEqual([]);
  });

  it('knows how much of a paused download is there', async () => {
    const { id } = await create();
    const { task } = await transfers.of(blob('a'));
    await downloads.pause(id);
    const record = { version: 1, size: 10, content: blob('a'), owner: 'us', etag: null, ranges: [{ from: 2, to: 6 }] };
    await writeFile(`${task.target}.llamactl.json`, JSON.stringify(record));
    await downloads.close();
    await serve();
    await vi.waitFor(() => expect(downloads.get(id).done_bytes).toBe(4));
  });

  it('stores that a file is ours when a crash came before that', async () => {
    const blobs = path.join(root, 'models--org--repo', 'blobs');
    const target = path.join(blobs, blob('a'));
    await mkdir(blobs, { recursive: true });
    await writeFile(`${target}.llamactl`, Buffer.alloc(10));
    await writeFile(`${target}.llamactl.json`, recordOf('a', 'us', 10));
    await link(`${target}.llamactl`, target);
    await create();
    await transfers.of(blob('b'));
    expect(await readdir(blobs)).toEqual([blob('a')]);
    expect(await store.downloads.fileAt(target)).toMatchObject({ size: 10, sha256: blob('a') });
  });

  it('does not begin before a file that was made is stored, or two seconds have passed', async () => {
    for (const isSlow of [false, true]) {
      const saving = Promise.withResolvers<void>();
      const isSaving = Promise.withResolvers<void>();
      await downloads.close();
      await serve({
        store: {
          ...store.downloads,
          saveFile: () => {
            isSaving.resolve();
            return saving.promise;
          },
        },
      });
      await create();
      await (await transfers.of(blob('a'))).end({ kind: 'stored' });
      await isSaving.promise;
      let isClosed = false;
      const closing = downloads.close().then(() => (isClosed = true));
      await clock.advance(1_999);
      expect(isClosed).toBe(false);
      if (isSlow) await clock.advance(1);
      else saving.resolve();
      await closing;
      saving.resolve();
      await rm(root, { recursive: true });
    }
  });

  it('forgets done and cancelled downloads after seven days, and keeps failed ones', async () => {
    source.add('org/other:Q4', [fileOf('d')]);
    const done = await create();
    await downloads.remove(done.id);
    const failed = await create('org/other:Q4');
    await (await transfers.of(blob('d'))).end({ kind: 'failed', why: 'Down.' });
    await isIn(failed.id, 'failed');
    await clock.advance(6 * DAY_MS);
    expect(downloads.list()).toHaveLength(2);
    await clock.advance(1.1 * DAY_MS);
    expect(downloads.list().map(({ id }) => id)).toEqual([failed.id]);
    await downloads.close();
    await serve();
    expect(downloads.list().map(({ id }) => id)).toEqual([failed.id]);
  });
});
