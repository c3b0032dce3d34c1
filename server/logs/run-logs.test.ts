import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogLevel, Logs } from '@llamactl/contract/logs';
import { systemClock } from '../clock.ts';
import type { LogQuery, RunLogs } from '../instances/ports/run-output.ts';
import type { RunReference } from '../instances/ports/runs.ts';
import { runLogsContract } from '../testing/contracts/run-logs.contract.ts';
import { createRunLogs } from './run-logs.ts';

const STARTED_AT = Date.UTC(2024, 0, 15, 14, 30);

let folder: string;
let logs: RunLogs;
let faults: unknown[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-logs-'));
  faults = [];
  const keeper = { attach: () => {}, detach: () => {}, rotations: () => 0, close: () => {} };
  logs = createRunLogs({ clock: systemClock(), keeper, onFault: (error) => faults.push(error) });
});
afterEach(() => {
  logs.close();
  rmSync(folder, { recursive: true });
});

const log = () => ({ folder, instance: 'a' });
const run = (number: number): RunReference => ({ tag: 'test', folder: path.join(folder, `${number}-x`) });
const file = (number: number, name = 'log'): string => path.join(run(number).folder, name);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);

/** A run with a known start. */
async function begin(number: number, output: string | Buffer = ''): Promise<RunReference> {
  await logs.begin(log(), run(number));
  writeFileSync(file(number), output);
  writeFileSync(file(number, 'PID'), '1 2\n');
  utimesSync(file(number, 'PID'), STARTED_AT / 1_000, STARTED_AT / 1_000);
  return run(number);
}

const read = (query: Partial<LogQuery> = {}): Promise<Logs> =>
  logs.read(log(), { lines: 100, level: null, afterSeq: null, ...query });
const messages = async (query: Partial<LogQuery> = {}): Promise<string[]> =>
  (await read(query)).logs.map(({ message }) => message);

/** Moves the bytes before `to` into an archive, as rotation does before cutting the file. */
function rotate(number: number, from: number, to: number): void {
  const bytes = readFileSync(file(number));
  writeFileSync(file(number, `log.${from}-${to}`), bytes.subarray(from, to));
  writeFileSync(file(number), bytes.fill(0, 0, to));
}

runLogsContract('the logs in files', async () => {
  await begin(1);
  logs.attach(log(), run(1));
  const write = (message: string): void => appendFileSync(file(1), `${message}\n`);
  return { logs, log: log(), run: run(1), write, dispose: () => undefined };
});

describe('RunLogs.begin', () => {
  const place = (number: number): string => readFileSync(file(number, 'SEQ'), 'latin1');

  it('stores the position after all earlier output, in a private folder', async () => {
    await begin(1, 'one\n');
    await begin(9, 'unfinished');
    await begin(10);
    expect([place(1), place(9), place(10)]).toEqual(['0\n', '4\n', '14\n']);
    expect(statSync(run(10).folder).mode & 0o777).toBe(0o700);
    expect(statSync(file(10, 'SEQ')).mode & 0o777).toBe(0o600);
  });

  it('counts rotated and dropped output', async () => {
    await begin(1, 'one\ntwo\n');
    rotate(1, 0, 4);
    truncateSync(file(1, 'log.0-4'));
    await begin(2);
    expect(place(2)).toBe('8\n');
  });

  it('looks further back when a start was not written', async () => {
    await begin(1, 'one\n');
    await begin(2, 'two\n');
    writeFileSync(file(2, 'SEQ'), '');
    await begin(3);
    expect(place(3)).toBe('8\n');
  });

  it('reports a failed write, and the start is found again from the files', async () => {
    await begin(1, 'one\n');
    writeFileSync(run(2).folder, 'a file where the folder should be');
    await logs.begin(log(), run(2));
    expect(faults).toHaveLength(1);
    rmSync(run(2).folder);
    mkdirSync(run(2).folder);
    writeFileSync(file(2), 'two\n');
    expect((await read()).logs.map(({ message, seq }) => [message, seq])).toEqual([
      ['one', 4],
      ['two', 8],
    ]);
  });
});

describe('RunLogs.read of the last lines', () => {
  it('covers all runs, with the position after each line', async () => {
    await begin(1, '0.00.001.000 I one\nunfinished');
    await begin(2, '0.00.002.000 E two\n more\n');
    expect(await read()).toEqual({
      logs: [
        { timestamp: '2024-01-15T14:30:00.001Z', level: 'info', message: 'one', seq: 19 },
        { timestamp: '2024-01-15T14:30:00.001Z', level: 'info', message: 'unfinished', seq: 29, untimed: true },
        { timestamp: '2024-01-15T14:30:00.002Z', level: 'error', message: 'two', seq: 48 },
        { timestamp: '2024-01-15T14:30:00.002Z', level: 'error', message: ' more', seq: 54, untimed: true },
      ],
    });
    expect(await messages({ lines: 3 })).toEqual(['unfinished', 'two', ' more']);
    expect(await messages({ lines: 0 })).toEqual([]);
  });

  it('is empty without a log', async () => {
    expect(await read()).toEqual({ logs: [] });
    expect(
      await logs.read({ folder: path.join(folder, 'nowhere'), instance: 'a' }, { lines: 1, level: null, afterSeq: 5 }),
    ).toEqual({ logs: [] });
  });

  it('leaves out an unfinished line until it ends or its process has ended', async () => {
    logs.attach(log(), await begin(1, 'one\ntw'));
    expect(await messages()).toEqual(['one']);
    expect(await messages({ afterSeq: 0 })).toEqual(['one']);
    appendFileSync(file(1), 'o\nthr');
    expect(await messages()).toEqual(['one', 'two']);
    logs.detach(log(), run(1));
    expect(await messages()).toEqual(['one', 'two', 'thr']);
    expect(await messages({ afterSeq: 4 })).toEqual(['two', 'thr']);
  });

  it('continues into archives, before and after the file is cut', async () => {
    await begin(1, 'one\ntwo\nthree\n');
    rotate(1, 0, 4);
    writeFileSync(file(1, 'log.4-8.cut'), 'two\n');
    writeFileSync(file(1), 'three\nfour\n');
    expect((await read()).logs.map(({ message, seq }) => [message, seq])).toEqual([
      ['one', 4],
      ['two', 8],
      ['three', 14],
      ['four', 19],
    ]);
  });

  it('reads a line that rotation had to divide', async () => {
    await begin(1, 'a very long line\nlast\n');
    rotate(1, 0, 7);
    expect(await messages()).toEqual(['a very long line', 'last']);
    expect(await messages({ afterSeq: 0 })).toEqual(['a very long line', 'last']);
  });

  it('counts after the filter', async () => {
    const written = numbered(9_000).map((line, index) => `0.00.001.000 ${['I', 'W', 'E'][index % 3]} ${line}`);
    await begin(1, `${written.join('\n')}\n`);
    const levelled = async (level: LogLevel): Promise<string[]> => messages({ level, lines: 4 });
    expect(await levelled('error')).toEqual(['line 8990', 'line 8993', 'line 8996', 'line 8999']);
    expect(await levelled('warn')).toEqual(['line 8995', 'line 8996', 'line 8998', 'line 8999']);
    expect(await levelled('debug')).toEqual(['line 8996', 'line 8997', 'line 8998', 'line 8999']);
    expect(await messages({ level: 'error', lines: 10_000 })).toHaveLength(3_000);
  });

  it('takes time and level of a continued line from another piece', async () => {
    await begin(1, `0.00.001.000 E first\n${'more\n'.repeat(20_000)}`);
    const { logs: entries } = await read({ lines: 18_000 });
    expect(entries).toHaveLength(18_000);
    expect(new Set(entries.map(({ level, timestamp }) => `${level} ${timestamp}`))).toEqual(
      new Set(['error 2024-01-15T14:30:00.001Z']),
    );
    expect(await messages({ level: 'error', lines: 1 })).toEqual(['more']);
    expect((await read({ afterSeq: 100_000 })).logs[0]).toMatchObject({ level: 'error', message: 'more' });
  });

  it('reports when the search ended early', async () => {
    await begin(1);
    truncateSync(file(1), 70 * 2 ** 20);
    appendFileSync(file(1), '\nerror: last\n');
    expect(await read({ level: 'error' })).toMatchObject({ logs: [{ message: 'error: last' }], truncated: true });
    expect(await read({ level: 'error', lines: 1 })).not.toHaveProperty('truncated');
  });

  it('returns lines of megabytes in part', async () => {
    await begin(1, `first\n${'x'.repeat(10 * 2 ** 20)}\nlast\n`);
    const [first, long, last] = await messages();
    expect([first, last]).toEqual(['first', 'last']);
    expect(long).toBe(`${'x'.repeat(16_383)}…`);
    expect(await messages({ afterSeq: 6 })).toEqual([long, 'last']);
  });

  it('returns the same forward and backward', async () => {
    const part = fc.oneof(
      fc.constantFrom('\n', '\n0.00.001.000 E ', '\u001b[1m', 'ü', '\0'),
      fc.string({ unit: fc.constantFrom('a', '漢'), maxLength: 100 }),
      fc.nat({ max: 70_000 }).map((length) => `\n0.00.002.000 W ${'a'.repeat(length)}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 20 }), async (parts) => {
        await begin(1, parts.join(''));
        const { logs: backward } = await read({ lines: 1_000 });
        const { logs: forward } = await read({ lines: 1_000, afterSeq: 0 });
        expect(forward).toEqual(backward);
        for (const { seq } of backward) {
          expect((await read({ afterSeq: seq })).logs).toEqual(backward.filter((entry) => entry.seq > seq));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('RunLogs.read after a position', () => {
  it('returns the first lines after it, over runs, filtered', async () => {
    await begin(1, 'one\nerror: two\n');
    await begin(2, 'three\nerror: four\n');
    expect(await messages({ afterSeq: 0, lines: 2 })).toEqual(['one', 'error: two']);
    expect(await messages({ afterSeq: 4, lines: 2 })).toEqual(['error: two', 'three']);
    expect(await messages({ afterSeq: 4, level: 'error' })).toEqual(['error: two', 'error: four']);
    expect(await messages({ afterSeq: 33 })).toEqual([]);
  });

  it('does not join lines of two runs', async () => {
    await begin(1, 'unfinished');
    await begin(2, 'two\n');
    expect(await messages({ afterSeq: 0 })).toEqual(['unfinished', 'two']);
  });

  it('prefers the run that began last if an older one wrote on', async () => {
    await begin(1, 'one\n');
    await begin(2, 'two\n');
    appendFileSync(file(1), 'late\n');
    expect(await messages({ afterSeq: 0 })).toEqual(['one', 'two']);
    expect(await messages()).toEqual(['one', 'two']);
  });

  it('begins with the whole line that contains the position', async () => {
    await begin(1, 'one\ntwo\n');
    expect(await messages({ afterSeq: 5 })).toEqual(['two']);
  });

  it('returns nothing behind the end', async () => {
    await begin(1, 'one\n');
    expect(await read({ afterSeq: 1_000_000 })).toEqual({ logs: [] });
  });

  it('takes time and level from earlier lines', async () => {
    await begin(1, '0.00.001.000 E one\n more\n');
    expect((await read({ afterSeq: 19 })).logs).toMatchObject([{ level: 'error', message: ' more' }]);
  });

  it('returns the gap before the lines', async () => {
    await begin(1, 'one\ntwo\nthree\n');
    rotate(1, 0, 8);
    truncateSync(file(1, 'log.0-8'));
    expect(await read({ afterSeq: 4 })).toMatchObject({
      logs: [{ message: 'three' }],
      gap: { from_seq: 4, to_seq: 8 },
    });
    expect(await read({ afterSeq: 8 })).not.toHaveProperty('gap');
  });

  it('ends at a gap in the middle, which the next read reports', async () => {
    await begin(1, 'one\ntwo\n');
    await begin(2, 'three\n');
    // the end of the first run was dropped
    rotate(1, 0, 4);
    writeFileSync(file(1, 'log.4-8'), '');
    rmSync(file(1));
    expect(await read({ afterSeq: 0 })).toMatchObject({ logs: [{ message: 'one' }] });
    expect(await read({ afterSeq: 4 })).toMatchObject({
      logs: [{ message: 'three' }],
      gap: { from_seq: 4, to_seq: 8 },
    });
  });
});

describe('the time of a line without a clock', () => {
  const timestamp = async (): Promise<string | undefined> => (await read()).logs[0]?.timestamp;
  const set = (name: string, time: number): void => utimesSync(file(1, name), time / 1_000, time / 1_000);

  it('is the launch, or else the beginning of the run or of its output', async () => {
    await begin(1, 'x\n');
    set('SEQ', STARTED_AT + 1_000);
    expect(await timestamp()).toBe('2024-01-15T14:30:00.000Z');
    rmSync(file(1, 'PID'));
    expect(await timestamp()).toBe('2024-01-15T14:30:01.000Z');
    rmSync(file(1, 'SEQ'));
    expect(Date.parse((await timestamp()) ?? '')).toBeGreaterThan(STARTED_AT + 1_000);
  });
});
