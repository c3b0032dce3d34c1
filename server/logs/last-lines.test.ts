import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { RunLogs } from '../instances/ports/run-output.ts';
import { createRunLogs } from './run-logs.ts';

let folder: string;
let run: { tag: string; folder: string };
let log: string;
let logs: RunLogs;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-tail-'));
  run = { tag: 'test', folder: path.join(folder, '1-x') };
  log = path.join(run.folder, 'log');
  mkdirSync(run.folder);
  const keeper = { attach: () => {}, detach: () => {}, rotations: () => 0, close: () => {} };
  logs = createRunLogs({ clock: systemClock(), keeper, onFault: () => {} });
});
afterEach(() => {
  logs.close();
  rmSync(folder, { recursive: true });
});

const tail = (lines: number): Promise<string[]> => logs.tail(run, lines);
const write = (output: string | Buffer): void => writeFileSync(log, output);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);

describe('RunLogs.tail', () => {
  it('is empty without a file, without output, or for zero lines', async () => {
    expect(await tail(10)).toEqual([]);
    write('');
    expect(await tail(10)).toEqual([]);
    write('a\n');
    expect(await tail(0)).toEqual([]);
  });

  it('rejects when the file cannot be read', async () => {
    mkdirSync(log);
    await expect(tail(10)).rejects.toThrow('EISDIR');
  });

  it('returns the last lines, finished or not, also of a running run', async () => {
    write('a\nb\nc\n');
    expect(await tail(2)).toEqual(['b', 'c']);
    appendFileSync(log, 'd');
    logs.attach({ folder, instance: 'a' }, run);
    expect(await tail(2)).toEqual(['c', 'd']);
    expect(await tail(100)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keeps empty lines, and cleans the others', async () => {
    write('a\n\n\n\u001b[1mb\u001b[0m\r\n\n');
    expect(await tail(4)).toEqual(['', '', 'b', '']);
  });

  it('finds lines across pieces', async () => {
    const lines = numbered(40_000);
    write(`${lines.join('\n')}\n`);
    expect(await tail(100)).toEqual(lines.slice(-100));
    expect(await tail(30_000)).toEqual(lines.slice(-30_000));
  });

  it('continues to the previous piece for the first line', async () => {
    const long = 'y'.repeat(66_000);
    write(`first\n${long}\nlast\n`);
    expect(await tail(2)).toEqual([`${long.slice(0, 1999)}…`, 'last']);
  });

  it('returns the same as reading the whole file', async () => {
    const part = fc.oneof(
      fc.constant('\n'),
      fc.string({ unit: fc.constantFrom('a', 'ü', '漢', '😀'), maxLength: 40_000 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 12 }), fc.integer({ min: 1, max: 10 }), async (parts, lines) => {
        const text = parts.join('');
        write(text);
        const all = text.replace(/\n$/, '').split('\n');
        const expected = text === '' ? [] : all.slice(-lines);
        const found = await tail(lines);
        expect(found).toHaveLength(expected.length);
        for (const [index, line] of found.entries()) {
          const whole = expected[index] ?? '';
          if (whole.length <= 2000) expect(line).toBe(whole);
          else expect(whole.startsWith(line.slice(0, -1)) && line.length >= 1999 && line.endsWith('…')).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('reads at most one mebibyte, and drops a line that starts before', async () => {
    write(`first\n${'x'.repeat(2 ** 20)}\nlast but one\nlast\n`);
    expect(await tail(100)).toEqual(['last but one', 'last']);
  });

  it('returns a part of a line that is longer than that', async () => {
    write(`first\n${'x'.repeat(2 ** 21)}`);
    expect(await tail(2)).toEqual([`${'x'.repeat(1999)}…`]);
  });

  it('continues into archives, and stops at dropped output', async () => {
    write('dropped\nold\nnew\nlast\n');
    const bytes = readFileSync(log);
    writeFileSync(`${log}.0-8`, bytes.subarray(0, 8));
    writeFileSync(`${log}.8-16`, bytes.subarray(8, 16));
    write(bytes.fill(0, 0, 16));
    expect(await tail(100)).toEqual(['dropped', 'old', 'new', 'last']);
    truncateSync(`${log}.0-8`);
    expect(await tail(100)).toEqual(['old', 'new', 'last']);
  });

  it('cuts long lines at 2 000 characters, never within a character', async () => {
    write(`${'x'.repeat(2000)}\n${'x'.repeat(2001)}\n${'x'.repeat(1998)}😀😀\n`);
    const [fits, long, paired] = await tail(3);
    expect(fits).toBe('x'.repeat(2000));
    expect(long).toBe(`${'x'.repeat(1999)}…`);
    expect(paired).toBe(`${'x'.repeat(1998)}…`);
  });
});

describe('RunLogs.size', () => {
  it('counts the bytes of output, 0 without a file', () => {
    expect(logs.size(run)).toBe(0);
    write('ü\n');
    expect(logs.size(run)).toBe(3);
  });
});
