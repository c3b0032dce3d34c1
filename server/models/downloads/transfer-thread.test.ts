import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../clock.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { contentOf, FileHost, sha256Of } from '../../testing/file-host.ts';
import type { TransferProgress, TransferTask } from './blob-transfer.ts';
import { TransferThread } from './transfer-thread.ts';
import { startTransferWorker } from './worker-script.ts';

const content = contentOf(3_000_000);
const NEVER = new AbortController().signal;

let folder: string;
let hub: FileHost;
let thread: TransferThread;
let started: Worker[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-thread-'));
  hub = await FileHost.open(content);
  started = [];
  thread = new TransferThread(systemClock(), () => {
    const worker = startTransferWorker({ environment: {}, bytesPerSecond: 0 });
    started.push(worker);
    return worker;
  });
});
afterEach(async () => {
  await thread.close();
  await hub.close();
  await rm(folder, { recursive: true });
});

const task = (name: string): TransferTask => ({
  url: hub.url(),
  headers: {},
  size: content.length,
  sha256: sha256Of(content),
  gitObject: null,
  content: sha256Of(content),
  target: path.join(folder, name),
  owner: 'us',
});

describe('the thread of transfers', () => {
  it('runs several transfers in one thread, and reports their progress', async () => {
    const seen: TransferProgress[] = [];
    const outcomes = await Promise.all(
      ['a', 'b'].map((name) => thread.run(task(name), NEVER, (progress) => seen.push(progress))),
    );
    expect(outcomes).toEqual([{ kind: 'stored' }, { kind: 'stored' }]);
    for (const name of ['a', 'b']) expect((await readFile(path.join(folder, name))).equals(content)).toBe(true);
    expect(started).toHaveLength(1);
    expect(seen).toContainEqual({ done: content.length, phase: 'verifying' });
  });

  it('stops a transfer, whose bytes are kept', async () => {
    hub.treat = () => ({ stallAfter: 1_000_000 });
    const over = new AbortController();
    const outcome = await thread.run(task('a'), over.signal, ({ done }) => (done > 0 ? over.abort() : undefined));
    expect(outcome).toEqual({ kind: 'stopped' });
    expect(await readdir(folder)).toEqual(['a.llamactl', 'a.llamactl.json']);
  });

  it('compares a file with a hash, and reports the progress', async () => {
    const file = path.join(folder, 'b');
    await writeFile(file, content);
    const sha256 = { kind: 'sha256', hex: sha256Of(content) } as const;
    const seen: TransferProgress[] = [];
    const check = { file, size: content.length, announced: sha256 };
    expect(await thread.check(check, NEVER, (progress) => seen.push(progress))).toEqual({ kind: 'good' });
    expect(seen).toEqual([{ done: 0, phase: 'verifying' }]);
    const other = { ...sha256, hex: '0'.repeat(64) };
    const wrong = await thread.check({ ...check, announced: other }, NEVER, () => undefined);
    expect(wrong).toEqual({ kind: 'wrong', found: sha256.hex });
    const git = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    const ofGit = { ...check, announced: { kind: 'git object id', hex: git } as const };
    expect(await thread.check(ofGit, NEVER, () => undefined)).toEqual({ kind: 'good' });
    const gone = await thread.check({ ...check, file: `${file}.gone` }, NEVER, () => undefined);
    expect(gone).toMatchObject({ kind: 'fault' });
    expect(await thread.check(check, AbortSignal.abort(), () => undefined)).toEqual({ kind: 'stopped' });
  });

  it('does not start a transfer that is stopped already', async () => {
    expect(await thread.run(task('a'), AbortSignal.abort(), () => undefined)).toEqual({ kind: 'stopped' });
    expect(started).toEqual([]);
  });

  it('fails a transfer when it cannot start', async () => {
    const broken = new TransferThread(systemClock(), () => {
      throw new Error('no memory');
    });
    const outcome = await broken.run(task('a'), NEVER, () => undefined);
    expect(outcome).toEqual({ kind: 'fault', why: 'The thread of downloads cannot start: no memory.' });
  });

  it('is left to itself when it does not end in two seconds', async () => {
    const clock = new FakeClock();
    const worker = startTransferWorker({ environment: {}, bytesPerSecond: 0 });
    const endWorker = worker.terminate.bind(worker);
    worker.terminate = () => new Promise(() => undefined);
    const hanging = new TransferThread(clock, () => worker);
    await hanging.run(task('a'), NEVER, () => undefined);
    const closing = hanging.close();
    await vi.waitFor(() => expect(clock.pending).toEqual([2_000]));
    await clock.advance(2_000);
    await closing;
    await endWorker();
  });

  it('stops all transfers when it is closed', async () => {
    hub.treat = () => ({ stallAfter: 1_000_000 });
    const isRunning = Promise.withResolvers<void>();
    const run = thread.run(task('a'), NEVER, ({ done }) => (done > 0 ? isRunning.resolve() : undefined));
    await isRunning.promise;
    await thread.close();
    expect(await run).toEqual({ kind: 'stopped' });
  });

  it('fails its transfers when it dies, and starts again for the next', async () => {
    hub.treat = ({ count }) => (count === 0 ? { stallAfter: 1_000_000 } : {});
    const isRunning = Promise.withResolvers<void>();
    const run = thread.run(task('a'), NEVER, ({ done }) => (done > 0 ? isRunning.resolve() : undefined));
    await isRunning.promise;
    await started[0]?.terminate();
    expect(await run).toMatchObject({ kind: 'fault', why: 'The thread of downloads ended.' });
    expect(await thread.run(task('a'), NEVER, () => undefined)).toEqual({ kind: 'stored' });
    expect(started).toHaveLength(2);
  });
});
