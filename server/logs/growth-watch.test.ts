import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { GrowthWatch } from './growth-watch.ts';

let folder: string;
let file: string;
let clock: FakeClock;
let reports: number;
let isAwaited: boolean;
let growth: GrowthWatch;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-growth-'));
  file = path.join(folder, 'log');
  writeFileSync(file, '');
  clock = new FakeClock();
  reports = 0;
  isAwaited = true;
  growth = new GrowthWatch(
    clock,
    () => {
      reports += 1;
    },
    () => isAwaited,
  );
});
afterEach(() => {
  growth.rest();
  rmSync(folder, { recursive: true });
});

const untilReports = (times: number): Promise<void> => vi.waitFor(() => expect(reports).toBe(times));

describe('GrowthWatch', () => {
  it('reports once at the start, and when the file grows', async () => {
    growth.await(file);
    expect(reports).toBe(1);
    appendFileSync(file, 'x');
    await untilReports(2);
  });

  it('pauses after growth, and reports again after the pause', async () => {
    growth.await(file);
    appendFileSync(file, 'x');
    await untilReports(2);
    growth.await(file);
    appendFileSync(file, 'y');
    await clock.advance(19);
    expect(reports).toBe(2);
    await clock.advance(1);
    expect(reports).toBe(3);
    appendFileSync(file, 'z');
    await untilReports(4);
  });

  it('stops watching when no caller waits', async () => {
    growth.await(file);
    appendFileSync(file, 'x');
    await untilReports(2);
    isAwaited = false;
    await clock.advance(1_000);
    expect(reports).toBe(2);
    expect(clock.pending).toEqual([]);
    isAwaited = true;
    growth.await(file);
    expect(reports).toBe(3);
  });

  it('switches to another file', async () => {
    const other = path.join(folder, 'other');
    writeFileSync(other, '');
    growth.await(file);
    growth.await(other);
    expect(reports).toBe(2);
    appendFileSync(file, 'x');
    appendFileSync(other, 'x');
    await untilReports(3);
    await clock.advance(20);
    expect(reports).toBe(4);
  });
});

describe('GrowthWatch of a file that cannot be watched', () => {
  it('polls until the file can be watched', async () => {
    const later = path.join(folder, 'later');
    growth.await(later);
    expect(reports).toBe(1);
    await clock.advance(200);
    expect(reports).toBe(3);
    writeFileSync(later, '');
    await clock.advance(100);
    expect(reports).toBe(4);
    expect(clock.pending).toEqual([]);
    appendFileSync(later, 'x');
    await untilReports(5);
  });
});
