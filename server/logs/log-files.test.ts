import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstEntries } from './first-entries.ts';
import { ForwardCursor } from './forward-cursor.ts';
import { EVERY_LINE } from './entries.ts';
import { ForwardEntries } from './forward-entries.ts';
import { readRun } from './layout.ts';
import { BackwardLines } from './lines-backward.ts';
import { LogFiles, type Segment } from './log-files.ts';
import { FakeClock } from '../testing/fake-clock.ts';

let folder: string;
let generation: number;
let lists: number;
let files: LogFiles;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-files-'));
  generation = 0;
  lists = 0;
  files = new LogFiles({
    list: async () => {
      lists += 1;
      return [await readRun(folder, 1, 0)];
    },
    stamp: () => String(generation),
  });
  writeFileSync(path.join(folder, 'log.0-4'), 'one\n');
  writeFileSync(path.join(folder, 'log'), '\0\0\0\0two\nthr');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The archive and the live file. */
async function segments(): Promise<[Segment, Segment]> {
  const [archive, live] = await files.segments();
  if (archive === undefined || live === undefined) throw new Error('There are two');
  return [archive, live];
}

describe('LogFiles', () => {
  it('lists again only after a change', async () => {
    await segments();
    await segments();
    expect(lists).toBe(1);
    generation += 1;
    await segments();
    expect(lists).toBe(2);
  });

  it('reads by position in the log', async () => {
    const [archive, live] = await segments();
    expect(String(await files.read(archive, 1, 3))).toBe('ne\n');
    expect(String(await files.read(live, 4, 4))).toBe('two\n');
    expect(String(await files.read(live, 8, 100))).toBe('thr');
  });

  it('discards a read during which files changed', async () => {
    const [, live] = await segments();
    const reading = files.read(live, 4, 4);
    generation += 1;
    expect(await reading).toBe(null);
    await segments();
    expect(lists).toBe(2);
  });

  it('lists again when a file is gone or shorter', async () => {
    const [archive] = await segments();
    writeFileSync(archive.file, 'on');
    expect(await files.read(archive, 0, 4)).toBe(null);
    expect((await files.segments()).map(({ from }) => from)).toEqual([4]);
    rmSync(archive.file);
    expect(await files.read(archive, 0, 4)).toBe(null);
    await files.segments();
    expect(lists).toBe(3);
  });

  it('returns no bytes before the engine has created the file', async () => {
    rmSync(path.join(folder, 'log'));
    const [, live] = await segments();
    expect(await files.read(live, 4, 10)).toEqual(Buffer.alloc(0));
  });
});

describe('reading LogFiles', () => {
  it('forward ends with the piece after which there is nothing yet, so no reader polls at once', async () => {
    const cursor = new ForwardCursor(files, 0, () => true);
    expect(await cursor.next()).toMatchObject({ type: 'bytes', isLast: false });
    expect(await cursor.next()).toMatchObject({ type: 'bytes', isLast: true });
    expect(await cursor.next()).toEqual({ type: 'end' });
  });

  it('backward reports where the unfinished line begins', async () => {
    const clock = new FakeClock({ realUpToMs: 1 });
    const search = new BackwardLines(files, { clock, maxBytes: 1_000, isWritten: () => true });
    expect((await search.block())?.lines.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(search.next).toBe(8);
  });

  it('for the first entries after a position returns none before it', async () => {
    const forward = await ForwardEntries.open(files, 0, EVERY_LINE, () => true);
    const { entries } = await firstEntries(forward, 4, 10, 1_000);
    expect(entries.map(({ message }) => message)).toEqual(['two']);
  });

  it('for the first entries ends at its limit of bytes', async () => {
    const forward = await ForwardEntries.open(files, 0, EVERY_LINE, () => true);
    expect(await firstEntries(forward, 0, 10, 4)).toMatchObject({ entries: [{ message: 'one' }], isTruncated: true });
  });
});
