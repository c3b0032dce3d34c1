import { createHash } from 'node:crypto';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { reasonOf } from '@llamactl/contract/reason';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../clock.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { contentOf, FileHost, sha256Of } from '../../testing/file-host.ts';
import { Bandwidth } from './bandwidth.ts';
import {
  BlobTransfer,
  type TransferDependencies,
  type TransferOutcome,
  type TransferProgress,
  type TransferTask,
} from './blob-transfer.ts';
import { PIECE_BYTES } from './byte-ranges.ts';
import { PartialFile } from './partial-file.ts';

const MIB = 1024 * 1024;
const small = contentOf(2 * MIB + 123);
const large = contentOf(40 * MIB + 12_345);
const twoParts = large.subarray(0, PIECE_BYTES + 2 * MIB);
const clock = systemClock();

let folder: string;
let target: string;
let hub: FileHost;
let origin: string;
let content: Buffer;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-transfer-'));
  target = path.join(folder, 'blob');
  await serve(small);
});
afterEach(async () => {
  await hub.close();
  await rm(folder, { recursive: true });
});

async function serve(served: Buffer): Promise<void> {
  content = served;
  hub = await FileHost.open(content);
  origin = new URL(hub.url()).origin;
}

/** Serves a file of several parts in place of the small one. */
async function serveLarge(served = large): Promise<void> {
  await hub.close();
  await serve(served);
}

/** Begins a transfer and stops it when its first bytes are there. */
async function begin(task: Partial<TransferTask> = {}, bytes = MIB): Promise<void> {
  const over = new AbortController();
  hub.treat = ({ range }) => ((range?.from ?? 0) >= bytes ? { stallAfter: 0 } : { endAfter: MIB });
  const onProgress = ({ done }: { done: number }): void => (done >= bytes ? over.abort() : undefined);
  expect(await transfer(task, { onProgress }).run(over.signal)).toEqual({ kind: 'stopped' });
  hub.treat = () => ({});
  hub.sent = 0;
  hub.requests.length = 0;
}

function transfer(task: Partial<TransferTask> = {}, dependencies: Partial<TransferDependencies> = {}): BlobTransfer {
  const { timing, ...others } = dependencies;
  return new BlobTransfer(
    {
      url: hub.url(),
      headers: {},
      size: content.length,
      sha256: sha256Of(content),
      gitObject: null,
      content: sha256Of(content),
      target,
      owner: 'us',
      ...task,
    },
    {
      clock,
      fraction: () => 0.5,
      bandwidth: new Bandwidth(clock, 0),
      freeSpace: async () => Infinity,
      environment: {},
      endpoints: [origin],
      onProgress: () => undefined,
      umask: 0o022,
      timing: { firstPauseMs: 1, longestPauseMs: 5, patienceMs: 0, recordMs: 5, ...timing },
      ...others,
    },
  );
}

/** A clock on which long pauses take no time. */
class HurriedClock implements Clock {
  /** Milliseconds. */
  skipped = 0;

  now(): number {
    return clock.now() + this.skipped;
  }

  elapsed(): number {
    return clock.elapsed() + this.skipped;
  }

  after(milliseconds: number, callback: () => void): () => void {
    if (milliseconds < 50) return clock.after(milliseconds, callback);
    return clock.after(1, () => {
      this.skipped += milliseconds;
      callback();
    });
  }

  nextTurn(callback: () => void): void {
    clock.nextTurn(callback);
  }
}

const NEVER = new AbortController().signal;

async function expectStored(outcome: TransferOutcome, expected: Buffer = content): Promise<void> {
  expect(outcome).toEqual({ kind: 'stored' });
  expect((await readFile(target)).equals(expected)).toBe(true);
  expect(await readdir(folder)).toEqual(['blob']);
}

function expectReason(outcome: TransferOutcome, kind: TransferOutcome['kind'], why: string): void {
  expect(outcome.kind).toBe(kind);
  expect('why' in outcome ? outcome.why : '').toContain(why);
}

describe('a transfer', () => {
  it('fetches a file by parts with several connections, and no byte twice', async () => {
    await serveLarge();
    await expectStored(await transfer().run(NEVER));
    expect(hub.sent).toBe(content.length);
    const ranges = hub.requests.map(({ range }) => range);
    expect(ranges.toSorted((one, other) => (one?.from ?? 0) - (other?.from ?? 0))).toEqual([
      { from: 0, to: PIECE_BYTES },
      { from: PIECE_BYTES, to: 2 * PIECE_BYTES },
      { from: 2 * PIECE_BYTES, to: content.length },
    ]);
    expect(hub.requests.every(({ headers }) => headers['accept-encoding'] === 'identity')).toBe(true);
    expect((await stat(target)).mode & 0o777).toBe(0o644);
  });

  it('keeps its partial file to our user', async () => {
    await begin();
    for (const ending of ['', '.json']) expect((await stat(`${target}.llamactl${ending}`)).mode & 0o777).toBe(0o600);
  });

  it('stores an empty file', async () => {
    const empty = Buffer.alloc(0);
    await expectStored(await transfer({ size: 0, sha256: sha256Of(empty) }).run(NEVER), empty);
    expect(hub.requests).toEqual([]);
  });

  it('goes on after 100 cuts at random places without fetching much twice', async () => {
    await serveLarge();
    let state = 7;
    let cuts = 0;
    hub.treat = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      if (cuts === 100) return {};
      cuts += 1;
      return { cutAfter: state % (MIB / 4) };
    };
    await expectStored(await transfer({}, { timing: { recordMs: 100 } }).run(NEVER));
    expect(cuts).toBe(100);
    // Each cut may lose what the system has received and the program has not read.
    expect(hub.sent).toBeLessThan(content.length + cuts * (MIB / 4));
  });

  it('continues after a stop with the bytes that it has', async () => {
    await serveLarge();
    await begin({}, 8 * MIB);
    await begin({}, 20 * MIB);
    await expectStored(await transfer().run(NEVER));
    expect(hub.sent).toBeLessThan(content.length - 19 * MIB);
  });

  it('honours a limit of bandwidth', async () => {
    const begun = clock.elapsed();
    await expectStored(await transfer({}, { bandwidth: new Bandwidth(clock, 4 * MIB) }).run(NEVER));
    expect(clock.elapsed() - begun).toBeGreaterThan(240);
  });

  it('puts its verified file in place of one that another program has made in the meantime', async () => {
    const onProgress = ({ phase }: TransferProgress): void =>
      phase === 'verifying' ? writeFileSync(target, Buffer.alloc(content.length)) : undefined;
    await expectStored(await transfer({}, { onProgress }).run(NEVER));
  });

  it('that another server has finished says that the file is not ours', async () => {
    const onProgress = ({ phase }: TransferProgress): void => {
      if (phase !== 'verifying') return;
      for (const ending of ['', '.json']) rmSync(`${target}.llamactl${ending}`);
      writeFileSync(target, content);
    };
    expect(await transfer({}, { onProgress }).run(NEVER)).toEqual({ kind: 'foreign' });
    expect(await readdir(folder)).toEqual(['blob']);
  });

  it('whose partial file another server has begun again leaves that to it', async () => {
    const onProgress = ({ phase }: TransferProgress): void => {
      if (phase !== 'verifying') return;
      rmSync(`${target}.llamactl`);
      writeFileSync(`${target}.llamactl`, 'theirs');
    };
    expect(await transfer({}, { onProgress }).run(NEVER)).toEqual({ kind: 'foreign' });
    expect((await readdir(folder)).toSorted()).toEqual(['blob.llamactl', 'blob.llamactl.json']);
    expect(await readFile(`${target}.llamactl`, 'utf8')).toBe('theirs');
  });

  it('renews its record while it verifies, so that no other server takes over', async () => {
    let isVerifying = false;
    // Each look at the clock is half a minute later.
    let looks = 0;
    const slow = { ...clock, elapsed: () => (isVerifying ? (looks += 1) * 30_000 : 0) };
    const record = `${target}.llamactl.json`;
    const onProgress = ({ phase }: TransferProgress): void => {
      if (phase !== 'verifying') return;
      isVerifying = true;
      utimesSync(record, 1, 1);
    };
    const publish = vi.spyOn(PartialFile.prototype, 'publish');
    let renewedAt = 0;
    publish.mockImplementationOnce(async () => {
      renewedAt = (await stat(record)).mtimeMs;
      return true;
    });
    onTestFinished(() => publish.mockRestore());
    await transfer({}, { clock: slow, onProgress }).run(NEVER);
    expect(renewedAt).toBeGreaterThan(Date.now() - 60_000);
  });
});

describe('a hub that misbehaves', () => {
  it('and stalls is asked again', async () => {
    hub.treat = ({ count }) => (count < 3 ? { stallAfter: 1_000 } : {});
    await expectStored(await transfer({}, { timing: { stallMs: 200 } }).run(NEVER));
  });

  it('and ends bodies early is asked for the rest', async () => {
    hub.treat = ({ count }) => (count < 20 ? { endAfter: 10_000 } : {});
    await expectStored(await transfer().run(NEVER));
  });

  it('and ignores ranges sends the whole file, with one connection', async () => {
    hub.treat = () => ({ ignoreRange: true });
    await expectStored(await transfer().run(NEVER));
    expect(hub.requests).toHaveLength(2);
  });

  it('and is away for 50 minutes is asked again until it is back', async () => {
    await serveLarge(twoParts);
    const hurried = new HurriedClock();
    const isAway = (): boolean => hurried.skipped < 50 * 60_000;
    hub.treat = ({ count }) => (count < 2 ? { endAfter: 1_000 } : isAway() ? { status: 503 } : {});
    const timing = { firstPauseMs: 200, longestPauseMs: 60_000, patienceMs: 3_600_000, recordMs: 40 };
    await expectStored(await transfer({}, { clock: hurried, timing }).run(NEVER));
  });

  it('is given up after ten rounds of all connections, and named once', async () => {
    await serveLarge();
    hub.treat = ({ count }) => (count < 3 ? { endAfter: 1_000 } : { status: 503 });
    const outcome = await transfer({}, { timing: { firstPauseMs: 30, longestPauseMs: 30 } }).run(NEVER);
    expectReason(outcome, 'failed', 'No byte came in 10 tries.');
    expect('why' in outcome ? outcome.why.split(new URL(hub.url()).host) : []).toHaveLength(2);
    expect(hub.requests.length).toBeGreaterThan(20);
  });

  it('and ignores ranges is given up when it always cuts at the same place', async () => {
    hub.treat = () => ({ ignoreRange: true, cutAfter: MIB });
    expect(await transfer().run(NEVER)).toMatchObject({ kind: 'failed' });
    expect(hub.requests.length).toBeLessThan(15);
  });

  it('and ignores ranges later sends the whole file, and nothing that came is lost', async () => {
    await begin();
    hub.treat = () => ({ ignoreRange: true });
    await expectStored(await transfer().run(NEVER));
  });

  it('and flips a byte gives no file', async () => {
    hub.treat = () => ({ flipped: MIB });
    const outcome = await transfer().run(NEVER);
    expectReason(outcome, 'damaged', sha256Of(content));
    expect(await readdir(folder)).toEqual([]);
  });

  it('and flips a byte of a file with a git object id gives no file', async () => {
    const gitObject = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    hub.treat = () => ({ flipped: 10 });
    expect(await transfer({ sha256: null, gitObject }).run(NEVER)).toMatchObject({ kind: 'damaged' });
    hub.treat = () => ({});
    await expectStored(await transfer({ sha256: null, gitObject }).run(NEVER));
  });

  it.each([
    ['a longer file', { claimedSize: small.length + 1 }, 'was announced with'],
    ['a longer file without ranges', { claimedSize: small.length + 1, ignoreRange: true }, 'was announced with'],
    ['a shorter file', { status: 416 }, 'shorter than it was announced'],
    ['a compressed file', { headers: { 'content-encoding': 'gzip' } }, 'another encoding'],
    ['no file', { status: 404 }, 'does not have this file'],
    ['a redirect to nowhere', { status: 302 }, 'redirects to nowhere'],
  ])('and has %s says so', async (_what, treatment, why) => {
    hub.treat = () => treatment;
    const outcome = await transfer().run(NEVER);
    expectReason(outcome, 'failed', why);
  });

  it('and sends another part than it was asked for is given up', async () => {
    hub.treat = () => ({ headers: { 'content-range': `bytes 5-9/${content.length}` } });
    expect(await transfer().run(NEVER)).toMatchObject({ kind: 'failed' });
  });

  it('and refuses the token says so at once', async () => {
    hub.treat = () => ({ status: 403 });
    expect(await transfer().run(NEVER)).toMatchObject({ kind: 'denied' });
    expect(hub.requests).toHaveLength(1);
  });

  it('and limits requests is left alone until the time that it names', async () => {
    hub.treat = ({ count }) => (count === 0 ? { status: 429, headers: { 'retry-after': '1' } } : {});
    const begun = clock.elapsed();
    await expectStored(await transfer().run(NEVER));
    expect(clock.elapsed() - begun).toBeGreaterThan(950);
  });

  it('and is always busy is given up', async () => {
    hub.treat = () => ({ status: 503 });
    expectReason(await transfer().run(NEVER), 'failed', 'status 503');
    expect(hub.requests).toHaveLength(10);
  });

  it('and is not there is given up', async () => {
    const url = hub.url();
    await hub.close();
    expect(await transfer({ url }).run(NEVER)).toMatchObject({ kind: 'failed' });
    await serve(small);
  });
});

describe('a file that is replaced on the hub', () => {
  it('continues if its sha256 is known, because then only its tag is new', async () => {
    await begin();
    hub.treat = () => ({ etag: '"other"' });
    await expectStored(await transfer().run(NEVER));
    expect(hub.requests.map(({ range }) => range?.from === 0)).not.toContain(true);
  });

  it('is started over if only the hub knows its bytes', async () => {
    await begin({ sha256: null });
    const other = contentOf(content.length, 5);
    hub.treat = () => ({ etag: '"other"', content: other });
    expectReason(await transfer({ sha256: null }).run(NEVER), 'damaged', 'has replaced the file');
    await expectStored(await transfer({ sha256: null }).run(NEVER), other);
  });

  it('is started over if a later answer names no version', async () => {
    await begin({ sha256: null });
    hub.treat = () => ({ etag: null });
    expectReason(await transfer({ sha256: null }).run(NEVER), 'damaged', 'has replaced the file');
  });

  it('is fetched from its beginning after each cut if no answer names a version', async () => {
    const other = contentOf(content.length, 5);
    hub.treat = ({ count }) => ({ etag: null, ...(count < 3 ? { cutAfter: MIB } : { content: other }) });
    await expectStored(await transfer({ sha256: null }).run(NEVER), other);
    expect(hub.requests.map(({ range }) => range)).toEqual([{ from: 0, to: content.length }, null, null, null]);
  });

  it('is fetched from its beginning after a restart if no answer named a version', async () => {
    const over = new AbortController();
    hub.treat = ({ count }) => ({ etag: null, ...(count === 0 ? {} : { stallAfter: MIB }) });
    const onProgress = ({ done }: TransferProgress): void => (done > 0 ? over.abort() : undefined);
    expect(await transfer({ sha256: null }, { onProgress }).run(over.signal)).toEqual({ kind: 'stopped' });
    const other = contentOf(content.length, 5);
    hub.treat = () => ({ etag: '"new"', content: other });
    await expectStored(await transfer({ sha256: null }).run(NEVER), other);
  });
});

describe('a redirect', () => {
  let second: FileHost;
  const secret = { headers: { authorization: 'Bearer secret' } };

  beforeEach(async () => {
    second = await FileHost.open(content);
  });
  afterEach(() => second.close());

  it('leads to a second host, which never gets the token', async () => {
    hub.treat = () => ({ redirect: second.url('/signed?x=1') });
    await expectStored(await transfer(secret).run(NEVER));
    expect(hub.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret']);
    expect(second.requests).toHaveLength(1);
    for (const { headers } of second.requests) expect(JSON.stringify(headers)).not.toContain('secret');
  });

  it('is asked for again when its address has expired', async () => {
    hub.treat = ({ count }) => ({ redirect: second.url(`/signed?x=${count}`) });
    second.treat = ({ path: asked, count }) =>
      count === 0 ? { endAfter: MIB } : asked.endsWith('x=0') ? { status: 403 } : {};
    await expectStored(await transfer().run(NEVER));
    expect(hub.requests).toHaveLength(2);
  });

  it('is not followed for ever', async () => {
    hub.treat = ({ count }) => ({ redirect: `/again/${count}` });
    expectReason(await transfer().run(NEVER), 'failed', 'more than 5 times');
    expect(hub.requests).toHaveLength(6);
  });

  it.each([
    ['an inner address', () => second.url('/file', '127.0.0.2'), 'of a private network'],
    ['another protocol', () => 'ftp://127.0.0.1/file', 'not plain https'],
    ['an address with credentials', () => second.url().replace('http://', 'http://me:secret@'), 'not plain https'],
  ])('to %s is refused', async (_where, location, why) => {
    hub.treat = () => ({ redirect: location() });
    // The hub itself counts as a public host.
    const outcome = await transfer({}, { isPublic: (address) => address === '127.0.0.1' }).run(NEVER);
    expectReason(outcome, 'failed', why);
    expect(second.requests).toEqual([]);
  });

  it('to a name is refused if its address is an inner one', async () => {
    hub.treat = () => ({ redirect: second.url('/file', 'localhost') });
    const outcome = await transfer({}, { endpoints: [] }).run(NEVER);
    expectReason(outcome, 'failed', 'of a private network');
    expect(second.requests).toEqual([]);
  });

  it('to an inner address is refused although the own name of a host that is no endpoint had one before', async () => {
    hub.treat = ({ count }) => (count === 0 ? { status: 503 } : { redirect: second.url() });
    const url = hub.url('/file', 'localhost');
    const outcome = await transfer({ url }, { endpoints: [] }).run(NEVER);
    expectReason(outcome, 'failed', 'of a private network');
    expect(second.requests).toEqual([]);
  });

  it.each(['localhost', '127.0.0.1'])('is not needed for %s to be refused in a reference', async (host) => {
    const url = hub.url('/file', host).replace('http:', 'https:');
    const run = async (): Promise<TransferOutcome> => transfer({ url }, { endpoints: [] }).run(NEVER);
    const why = await run().then((outcome) => ('why' in outcome ? outcome.why : ''), reasonOf);
    expect(why).toContain('has an address of this machine or of a private network');
    expect(hub.requests).toEqual([]);
  });
});

describe('a disk', () => {
  it('without room for the file is not written to', async () => {
    const outcome = await transfer({}, { freeSpace: async () => 257 * MIB }).run(NEVER);
    expect(outcome).toMatchObject({ kind: 'disk_full' });
    expect(hub.requests).toEqual([]);
  });

  it('that fills up stops the transfer, which continues later', async () => {
    let looks = 0;
    hub.treat = ({ count }) => (count === 0 ? { endAfter: MIB } : { stallAfter: MIB / 2 });
    const freeSpace = async (): Promise<number> => ((looks += 1) > 2 ? 10 * MIB : Infinity);
    expect(await transfer({}, { freeSpace }).run(NEVER)).toMatchObject({ kind: 'disk_full' });
    hub.treat = () => ({});
    hub.sent = 0;
    await expectStored(await transfer().run(NEVER));
    expect(hub.sent).toBeLessThan(content.length);
  });
});

describe('a partial file', () => {
  it('of another server is not touched while that downloads', async () => {
    await begin({ owner: 'another data directory' });
    expect(await transfer().run(NEVER)).toEqual({ kind: 'foreign' });
  });

  it('of another server that has ended is continued', async () => {
    await begin({ owner: 'another data directory' });
    await utimes(`${target}.llamactl.json`, 1, 1);
    await expectStored(await transfer().run(NEVER));
    expect(hub.sent).toBeLessThan(content.length);
  });

  it.each([
    ['no record', () => rm(`${target}.llamactl.json`)],
    ['a damaged record', () => writeFile(`${target}.llamactl.json`, '{"version":1')],
    ['a record that claims more than there is', () => truncate(`${target}.llamactl`, 100)],
    [
      'a record of other content',
      async () => {
        const text = await readFile(`${target}.llamactl.json`, 'utf8');
        await writeFile(`${target}.llamactl.json`, text.replace(sha256Of(content), '0'.repeat(64)));
      },
    ],
  ])('with %s is started over', async (_what, damage) => {
    await begin();
    await damage();
    await expectStored(await transfer().run(NEVER));
    expect(hub.sent).toBe(content.length);
  });

  it('that is a link is not followed', async () => {
    await writeFile(path.join(folder, 'precious'), 'precious');
    await symlink(path.join(folder, 'precious'), `${target}.llamactl`);
    expect(await transfer().run(NEVER)).toMatchObject({ kind: 'fault' });
    expect(await readFile(path.join(folder, 'precious'), 'utf8')).toBe('precious');
  });
});
