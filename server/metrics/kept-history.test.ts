import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Resources } from '@llamactl/contract/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { usualStats } from '../testing/usual-stats.ts';
import { createHistory, type History } from './history.ts';
import { HistoryArchive, readHistory } from './history-archive.ts';
import { packedSteps, packedSystemSteps, unpackedSteps, unpackedSystemSteps } from './kept-history.ts';
import { count, noTimes } from './first-token-times.ts';
import { NOTHING_SERVED } from './served-tally.ts';
import { middleSeconds } from './step-levels.ts';
import { SystemHistory } from './system-history.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const HOUR_MS = 3_600_000;
const SECONDS = middleSeconds(2);

function measured(from: number, to: number, history = createHistory(2)): History {
  const firstTokens = noTimes();
  count(firstTokens, 0.2);
  for (let at = from + 2_000; at <= to; at += 2_000) {
    history.push(usualStats({ cpu_usage: (at / 1_000) % 97 }), at, {
      ...NOTHING_SERVED,
      requests: 1,
      tokensOut: 3,
      firstTokens,
    });
  }
  return history;
}

describe('a history over a restart', () => {
  it('has the same steps, but for the finest level', async () => {
    const to = NOON + 5 * HOUR_MS;
    const before = measured(NOON, to);
    const kept = await unpackedSteps(await packedSteps(before.kept(), SECONDS), SECONDS);
    const after = createHistory(2);
    if (kept !== null) after.restore(kept);
    const [old, restored] = [before, after].map((history) => history.points(86_400, to));
    const coarse = old?.filter(({ seconds }) => seconds >= 30) ?? [];
    expect(restored?.slice(0, coarse.length)).toEqual(
      coarse.map((point) => ({ ...point, cpu_usage: expect.closeTo(point.cpu_usage, 0) as number })),
    );
    const sum = (points = old): number => points?.reduce((total, { requests }) => total + requests, 0) ?? 0;
    expect(sum(restored)).toBe(sum(old));
    expect(restored?.every(({ ttft_p50: p50 }) => p50 !== null)).toBe(true);
  });

  it('goes on after its last step, without a step twice', async () => {
    const to = NOON + HOUR_MS + 11_000;
    const before = measured(NOON, to);
    const kept = await unpackedSteps(await packedSteps(before.kept(), SECONDS), SECONDS);
    const after = createHistory(2);
    if (kept !== null) after.restore(kept);
    measured(to + 1_000, to + 61_000, after);
    const points = after.points(86_400, to + 61_000);
    expect(points.reduce((total, { requests }) => total + requests, 0)).toBe(HOUR_MS / 2_000 + 5 + 30);
    const ends = points.map(({ timestamp }) => timestamp);
    expect(ends).toEqual([...new Set(ends)].toSorted());
  });

  it('takes at most 45 KB of disk for an instance', async () => {
    const bytes = await packedSteps(measured(NOON, NOON + 25 * HOUR_MS).kept(), SECONDS);
    expect(bytes.byteLength).toBeLessThan(45_000);
  });

  it('begins empty with bytes that are no history, or one with other steps', async () => {
    const bytes = await packedSteps(measured(NOON, NOON + HOUR_MS).kept(), SECONDS);
    expect(await unpackedSteps(bytes, 60)).toBe(null);
    expect(await unpackedSteps(bytes.subarray(0, 100), SECONDS)).toBe(null);
    expect(await unpackedSteps(Buffer.from('no'), SECONDS)).toBe(null);
    expect(await unpackedSystemSteps(bytes, SECONDS)).toBe(null);
  });
});

describe('the history of the machine', () => {
  const gpu = { index: 0, vendor: 'nvidia' as const, name: 'x', memory_total: 24, temperature: null, power: 100 };
  const resources = (changes: Partial<Resources> = {}): Resources => ({
    cpu_usage: 10,
    memory_usage: 1_000,
    memory_total: 2_000,
    disk_usage: 50,
    disk_total: 4_000,
    disk_free: 2_000,
    gpus: [{ ...gpu, memory_usage: 10, utilization: 40 }],
    ...changes,
  });

  it('has means, and null for figures that were not reported', () => {
    const history = new SystemHistory(10);
    history.push(resources({ cpu_usage: 10 }), NOON + 10_000);
    history.push(resources({ cpu_usage: 20, gpus: [{ ...gpu, memory_usage: 30, utilization: null }] }), NOON + 20_000);
    history.push(resources({ cpu_usage: 30, gpus: [] }), NOON + 30_000);
    expect(history.points(3_600, NOON + 20 * 60_000)).toEqual([
      {
        timestamp: '2026-03-01T12:00:30.000Z',
        seconds: 30,
        cpu_usage: 20,
        memory_usage: 1_000,
        disk_usage: 50,
        gpus: [{ index: 0, vendor: 'nvidia', memory_usage: 20, utilization: 40, temperature: null, power: 100 }],
      },
    ]);
  });

  it('has no holes when the machine is measured once a minute', () => {
    const history = new SystemHistory(2);
    for (let minute = 1; minute <= 30; minute += 1) history.push(resources(), NOON + minute * 60_000);
    const points = history.points(1_800, NOON + 30 * 60_000);
    expect(points.slice(1).every(({ seconds }) => seconds === 60)).toBe(true);
  });

  it('outlives a restart', async () => {
    const history = new SystemHistory(2);
    for (let at = NOON; at < NOON + HOUR_MS; at += 2_000) history.push(resources(), at);
    const kept = await unpackedSystemSteps(await packedSystemSteps(history.kept(), SECONDS), SECONDS);
    const next = new SystemHistory(2);
    if (kept !== null) next.restore(kept);
    expect(next.points(3_600, NOON + HOUR_MS).length).toBeGreaterThan(100);
    expect(next.points(3_600, NOON + 2 * HOUR_MS).at(-1)).toEqual(history.points(3_600, NOON + 2 * HOUR_MS).at(-1));
  });
});

describe('the archive of histories', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'llamactl-archive-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const of = (...names: string[]) =>
    names.map((name) => ({ file: path.join(folder, name), packed: async () => Buffer.from(name) }));

  it('writes what has changed every two minutes and when it is asked, into private files', async () => {
    const clock = new FakeClock();
    let changed = of('one');
    const archive = new HistoryArchive({
      clock,
      changed: () => changed,
      onFault: (error) => expect.fail(String(error)),
    });
    archive.begin();
    await clock.advance(120_000);
    await archive.keep();
    expect(readdirSync(folder)).toEqual(['one']);
    expect(statSync(path.join(folder, 'one')).mode & 0o777).toBe(0o600);
    changed = of('two');
    await archive.keep();
    archive.close();
    expect(readFileSync(path.join(folder, 'two'), 'utf8')).toBe('two');
    expect(clock.pending).toEqual([]);
  });

  it('is fresh for five seconds after it was written', async () => {
    const clock = new FakeClock();
    const archive = new HistoryArchive({
      clock,
      changed: () => of('one'),
      onFault: (error) => expect.fail(String(error)),
    });
    expect(archive.isFresh).toBe(false);
    const writing = archive.keep();
    expect(archive.isFresh).toBe(false);
    await writing;
    expect(archive.isFresh).toBe(true);
    await clock.advance(5_000);
    expect(archive.isFresh).toBe(false);
  });

  it('reports a fault once, writes the others, and says nothing about a deleted instance', async () => {
    const faults: string[] = [];
    writeFileSync(path.join(folder, 'file'), '');
    const changed = () => of('file/below', 'file/other', 'missing/one', 'good');
    const onFault = (_error: unknown, what: string): void => void faults.push(what);
    await new HistoryArchive({ clock: new FakeClock(), changed, onFault }).keep();
    expect(faults).toEqual([`The history ${path.join(folder, 'file/below')} could not be written`]);
    expect(readdirSync(folder)).toEqual(['file', 'good']);
    expect(await readHistory(path.join(folder, 'missing'), onFault)).toBe(null);
    expect(faults).toHaveLength(1);
  });
});
