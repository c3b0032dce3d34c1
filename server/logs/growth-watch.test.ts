import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { GrowthWatch } from './growth-watch.ts';

let folder: string;
let file: string;
let clock: FakeClock;
let told: number;
let isAwaited: boolean;
let growth: GrowthWatch;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-growth-'));
  file = path.join(folder, 'log');
  writeFileSync(file, '');
  clock = new FakeClock();
  told = 0;
  isAwaited = true;
  growth = new GrowthWatch(
    clock,
    () => {
      told += 1;
    },
    () => isAwaited,
  );
});
afterEach(() => {
  growth.rest();
  rmSync(folder, { recursive: true });
});

const untilTold = (times: number): Promise<void> => vi.waitFor(() => expect(told).toBe(times));

describe('a file that is watched', () => {
  it('is looked at once when it is, and when it grows', async () => {
    growth.await(file);
    expect(told).toBe(1);
    appendFileSync(file, 'x');
    await untilTold(2);
  });

  it('is left alone for a moment after it grew, and looked at again behind that', async () => {
    growth.await(file);
    appendFileSync(file, 'x');
    await untilTold(2);
    growth.await(file);
    appendFileSync(file, 'y');
    await clock.advance(19);
    expect(told).toBe(2);
    await clock.advance(1);
    expect(told).toBe(3);
    appendFileSync(file, 'z');
    await untilTold(4);
  });

  it('is not watched any more when nobody waits', async () => {
    growth.await(file);
    appendFileSync(file, 'x');
    await untilTold(2);
    isAwaited = false;
    await clock.advance(1_000);
    expect(told).toBe(2);
    expect(clock.pending).toEqual([]);
    isAwaited = true;
    growth.await(file);
    expect(told).toBe(3);
  });

  it('is given up for another', async () => {
    const other = path.join(folder, 'other');
    writeFileSync(other, '');
    growth.await(file);
    growth.await(other);
    expect(told).toBe(2);
    appendFileSync(file, 'x');
    appendFileSync(other, 'x');
    await untilTold(3);
    await clock.advance(20);
    expect(told).toBe(4);
  });
});

describe('a file that cannot be watched', () => {
  it('is looked at again and again, until it can', async () => {
    const later = path.join(folder, 'later');
    growth.await(later);
    expect(told).toBe(1);
    await clock.advance(200);
    expect(told).toBe(3);
    writeFileSync(later, '');
    await clock.advance(100);
    expect(told).toBe(4);
    expect(clock.pending).toEqual([]);
    appendFileSync(later, 'x');
    await untilTold(5);
  });
});
