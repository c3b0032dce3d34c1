import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { archiveName, listRuns, logEnd, readRun } from './layout.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-layout-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A run's folder with these files; a number is a size. */
const make = (name: string, files: Record<string, number | string>): string => {
  const run = path.join(folder, name);
  mkdirSync(run);
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(path.join(run, file), typeof content === 'string' ? content : '');
    if (typeof content === 'number') truncateSync(path.join(run, file), content);
  }
  return run;
};

describe('readRun', () => {
  test('reads a file that was never rotated', async () => {
    const run = make('1-a', { log: 100, SEQ: '7\n' });
    expect(await readRun(run, 1, 0)).toEqual({
      folder: run,
      number: 1,
      start: 7,
      archives: [],
      live: path.join(run, 'log'),
      liveFrom: 0,
      shift: 0,
      end: 100,
    });
  });

  test('counts bytes once while they are in an archive and in the file', async () => {
    const run = make('1-a', { log: 400, 'log.100-300': 200, 'log.0-100': 100, 'log.100-300.tmp': 5, 'archive.tmp': 5 });
    const output = await readRun(run, 1, 0);
    expect(output).toMatchObject({ liveFrom: 300, shift: 0, end: 400 });
    expect(output.archives).toEqual([
      { file: path.join(run, 'log.0-100'), from: 0, to: 100, cut: false, size: 100 },
      { file: path.join(run, 'log.100-300'), from: 100, to: 300, cut: false, size: 200 },
    ]);
  });

  test('continues at the first byte of a cut file', async () => {
    const run = make('1-a', { log: 50, 'log.0-100': 100, 'log.100-300.cut': 200 });
    expect(await readRun(run, 1, 0)).toMatchObject({ liveFrom: 300, shift: 300, end: 350 });
    expect((await readRun(run, 1, 0)).archives.at(-1)).toMatchObject({ from: 100, to: 300, cut: true });
  });

  test('handles an earlier cut and a pending one', async () => {
    const run = make('1-a', { log: 150, 'log.0-300.cut': 300, 'log.300-400': 100 });
    expect(await readRun(run, 1, 0)).toMatchObject({ liveFrom: 400, shift: 300, end: 450 });
  });

  test('ends where the archives end if the file is shorter, as after a power failure', async () => {
    const run = make('1-a', { log: 50, 'log.0-300': 300 });
    expect(await readRun(run, 1, 0)).toMatchObject({ liveFrom: 300, end: 300 });
  });

  test('keeps the end when content was dropped: the name records it', async () => {
    const run = make('1-a', { 'log.0-300': 0 });
    const output = await readRun(run, 1, 0);
    expect(output).toMatchObject({ liveFrom: 300, end: 300 });
    expect(output.archives).toMatchObject([{ from: 0, to: 300, size: 0 }]);
  });

  test('is empty without a folder', async () => {
    expect(await readRun(path.join(folder, '1-a'), 1, 9)).toMatchObject({ start: 9, archives: [], end: 0 });
  });
});

describe('listRuns', () => {
  test('sorts by number, and ignores other folders', async () => {
    for (const name of ['10-a', '9-b', '2-c', 'other']) make(name, { log: 1 });
    expect((await listRuns(folder)).map(({ number }) => number)).toEqual([2, 9, 10]);
  });

  test('starts a run where the previous one ends if it has no start', async () => {
    make('1-a', { log: 100 });
    make('2-b', { log: 10, SEQ: '500\n' });
    make('3-c', { log: 10 });
    // the disk became full in the middle of the number
    make('4-d', { log: 10, SEQ: '52' });
    expect((await listRuns(folder)).map(({ start }) => start)).toEqual([0, 500, 510, 520]);
  });

  test('is empty without a folder', async () => {
    expect(await listRuns(path.join(folder, 'missing'))).toEqual([]);
  });
});

describe('logEnd', () => {
  test('is after the last run', async () => {
    make('1-a', { log: 100 });
    make('2-b', { log: 10, SEQ: '500\n' });
    make('3-c', { log: 10 });
    expect(await logEnd(folder, 'none')).toBe(520);
  });

  test('ignores the run that is about to begin', async () => {
    make('1-a', { log: 100, SEQ: '7\n' });
    make('2-b', { log: 10 });
    expect(await logEnd(folder, '2-b')).toBe(107);
  });

  test('sums all runs when none has a start', async () => {
    make('1-a', { log: 100 });
    make('2-b', { log: 10 });
    expect(await logEnd(folder, 'none')).toBe(110);
    expect(await logEnd(path.join(folder, 'missing'), 'none')).toBe(0);
  });
});

test('archiveName contains the range of bytes', () => {
  expect(archiveName({ from: 0, to: 100, cut: false })).toBe('log.0-100');
  expect(archiveName({ from: 100, to: 300, cut: true })).toBe('log.100-300.cut');
});
