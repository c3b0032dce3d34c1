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

/** A run's folder with these files; a number stands for so many bytes. */
const make = (name: string, files: Record<string, number | string>): string => {
  const run = path.join(folder, name);
  mkdirSync(run);
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(path.join(run, file), typeof content === 'string' ? content : '');
    if (typeof content === 'number') truncateSync(path.join(run, file), content);
  }
  return run;
};

describe('the output of a run', () => {
  test('is in its file alone before it was ever rotated', async () => {
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

  test('is in archives first, and behind the same bytes in its file while that is not cut yet', async () => {
    const run = make('1-a', { log: 400, 'log.100-300': 200, 'log.0-100': 100, 'log.100-300.tmp': 5, 'archive.tmp': 5 });
    const output = await readRun(run, 1, 0);
    expect(output).toMatchObject({ liveFrom: 300, shift: 0, end: 400 });
    expect(output.archives).toEqual([
      { file: path.join(run, 'log.0-100'), from: 0, to: 100, cut: false, size: 100 },
      { file: path.join(run, 'log.100-300'), from: 100, to: 300, cut: false, size: 200 },
    ]);
  });

  test('goes on at the first byte of a file that was cut', async () => {
    const run = make('1-a', { log: 50, 'log.0-100': 100, 'log.100-300.cut': 200 });
    expect(await readRun(run, 1, 0)).toMatchObject({ liveFrom: 300, shift: 300, end: 350 });
    expect((await readRun(run, 1, 0)).archives.at(-1)).toMatchObject({ from: 100, to: 300, cut: true });
  });

  test('may have been cut before, and wait for its next cut', async () => {
    const run = make('1-a', { log: 150, 'log.0-300.cut': 300, 'log.300-400': 100 });
    expect(await readRun(run, 1, 0)).toMatchObject({ liveFrom: 400, shift: 300, end: 450 });
  });

  test('ends where its archives say when the file is shorter, as after a power cut', async () => {
    const run = make('1-a', { log: 50, 'log.0-300': 300 });
    expect(await readRun(run, 1, 0)).toMatchObject({ liveFrom: 300, end: 300 });
  });

  test('keeps its end when content was dropped: the name tells what had been there', async () => {
    const run = make('1-a', { 'log.0-300': 0 });
    const output = await readRun(run, 1, 0);
    expect(output).toMatchObject({ liveFrom: 300, end: 300 });
    expect(output.archives).toMatchObject([{ from: 0, to: 300, size: 0 }]);
  });

  test('is nothing where there is no folder', async () => {
    expect(await readRun(path.join(folder, '1-a'), 1, 9)).toMatchObject({ start: 9, archives: [], end: 0 });
  });
});

describe('the runs of a log', () => {
  test('come in the order of their numbers; what is no run is none', async () => {
    for (const name of ['10-a', '9-b', '2-c', 'other']) make(name, { log: 1 });
    expect((await listRuns(folder)).map(({ number }) => number)).toEqual([2, 9, 10]);
  });

  test('begin where the one before ends, if they do not say themselves', async () => {
    make('1-a', { log: 100 });
    make('2-b', { log: 10, SEQ: '500\n' });
    make('3-c', { log: 10 });
    // a disk was full in the middle of the number
    make('4-d', { log: 10, SEQ: '52' });
    expect((await listRuns(folder)).map(({ start }) => start)).toEqual([0, 500, 510, 520]);
  });

  test('are none where there is no folder', async () => {
    expect(await listRuns(path.join(folder, 'missing'))).toEqual([]);
  });
});

describe('the end of a log', () => {
  test('is behind its last run', async () => {
    make('1-a', { log: 100 });
    make('2-b', { log: 10, SEQ: '500\n' });
    make('3-c', { log: 10 });
    expect(await logEnd(folder, 'none')).toBe(520);
  });

  test('is that of the run before, for the one that is to begin', async () => {
    make('1-a', { log: 100, SEQ: '7\n' });
    make('2-b', { log: 10 });
    expect(await logEnd(folder, '2-b')).toBe(107);
  });

  test('is the sum of all runs when none says where it begins', async () => {
    make('1-a', { log: 100 });
    make('2-b', { log: 10 });
    expect(await logEnd(folder, 'none')).toBe(110);
    expect(await logEnd(path.join(folder, 'missing'), 'none')).toBe(0);
  });
});

test('an archive is named by its bytes', () => {
  expect(archiveName({ from: 0, to: 100, cut: false })).toBe('log.0-100');
  expect(archiveName({ from: 100, to: 300, cut: true })).toBe('log.100-300.cut');
});
