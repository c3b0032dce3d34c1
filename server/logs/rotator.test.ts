import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contentOf, expected, LogBench } from '../testing/log-bench.ts';
import { createRotator } from './rotator.ts';

const BYTES = 64_000;

let bench: LogBench;

beforeEach(() => {
  bench = new LogBench();
});
afterEach(() => bench.dispose());

test('Rotator repeats a failed rename of a cut archive before anything else', async () => {
  const run = bench.newRun(expected(3 * BYTES).subarray(BYTES));
  const archive = path.join(run.folder, `log.0-${BYTES}`);
  writeFileSync(archive, expected(BYTES));
  const rotator = createRotator({
    clock: bench.clock,
    maxSizeBytes: 10 * BYTES,
    maxTotalBytes: Infinity,
    openArchive: () => Promise.reject(new Error('Nothing was to be moved')),
    makeRoom: async () => false,
  });
  let changes = 0;
  const rotated = {
    folder: run.folder,
    isCutDue: true,
    unnamedCut: archive,
    searchedTo: 0,
    whileFrozen: () => Promise.reject(new Error('Nothing was to be stopped')),
    onChange: () => void (changes += 1),
    isAbandoned: () => false,
  };
  expect(await rotator.rotate(rotated, false)).toEqual({ hasDropped: false });
  expect(bench.names(run)).toEqual(['log', `log.0-${BYTES}.cut`]);
  expect(rotated).toMatchObject({ isCutDue: false, unnamedCut: null });
  expect(changes).toBe(1);
  expect(contentOf(await bench.output(run)).equals(expected(3 * BYTES))).toBe(true);
});
