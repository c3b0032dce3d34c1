import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { LogQuery, RunLogs } from '../instances/ports/run-output.ts';
import type { RunReference } from '../instances/ports/runs.ts';
import { createRunLogs } from './run-logs.ts';

let folder: string;
let logs: RunLogs;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-search-'));
  const keeper = { attach: () => {}, detach: () => {}, rotations: () => 0, close: () => {} };
  logs = createRunLogs({ clock: systemClock(), keeper, onFault: (error) => expect.fail(String(error)) });
});
afterEach(() => {
  logs.close();
  rmSync(folder, { recursive: true });
});

const log = () => ({ folder, instance: 'a' });
const run = (number: number): RunReference => ({ tag: 'test', folder: path.join(folder, `${number}-x`) });
const file = (number: number): string => path.join(run(number).folder, 'log');

async function begin(number: number, output: string): Promise<void> {
  await logs.begin(log(), run(number));
  writeFileSync(file(number), output);
}

const read = (query: Partial<LogQuery>, mask?: (message: string) => string) =>
  logs.read(log(), { lines: 100, level: null, afterSeq: null, ...query }, mask);
const messages = async (query: Partial<LogQuery>): Promise<string[]> =>
  (await read(query)).logs.map(({ message }) => message);

describe('scrolling back', () => {
  it('returns the last lines before a position, over runs', async () => {
    await begin(1, 'one\ntwo\n');
    await begin(2, 'three\nfour\n');
    const all = (await read({})).logs;
    expect(all.map(({ seq }) => seq)).toEqual([4, 8, 14, 19]);
    expect(await messages({ beforeSeq: 19 })).toEqual(['one', 'two', 'three']);
    expect(await messages({ beforeSeq: 14, lines: 1 })).toEqual(['two']);
    expect(await messages({ beforeSeq: 8 })).toEqual(['one']);
    expect(await messages({ beforeSeq: 4 })).toEqual([]);
    expect(await messages({ beforeSeq: 0 })).toEqual([]);
    expect(await messages({ beforeSeq: 1_000 })).toEqual(['one', 'two', 'three', 'four']);
  });

  it('leaves out the line around the position', async () => {
    await begin(1, 'one\ntwo\nthree\n');
    expect(await messages({ beforeSeq: 6 })).toEqual(['one']);
    expect(await messages({ beforeSeq: 5 })).toEqual(['one']);
  });

  it('includes the last line of a run that ended without a line feed', async () => {
    await begin(1, 'one\nlast words');
    await begin(2, 'two\n');
    expect(await messages({ beforeSeq: 18 })).toEqual(['one', 'last words']);
  });

  it('reaches every line once, page by page, while the engine writes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        async (lengths, lines) => {
          const texts = lengths.map((length, index) => `${index} `.padEnd(length, '.').trimEnd());
          await begin(1, texts.map((text) => `${text}\n`).join(''));
          logs.attach(log(), run(1));
          const found: string[] = [];
          let beforeSeq: number | undefined;
          for (;;) {
            const page = (await read({ lines, ...(beforeSeq === undefined ? {} : { beforeSeq }) })).logs;
            const [first] = page;
            if (first === undefined) break;
            found.unshift(...page.map(({ message }) => message));
            beforeSeq = first.seq;
            appendFileSync(file(1), 'more\n');
          }
          expect(found).toEqual(texts);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a search', () => {
  it('finds lines by a part of their message, ignoring case, backward and forward', async () => {
    await begin(1, 'CUDA error: out of memory\nfine\nno Cuda device\n');
    expect(await messages({ contains: 'cuda' })).toEqual(['CUDA error: out of memory', 'no Cuda device']);
    expect(await messages({ contains: 'cuda', afterSeq: 26 })).toEqual(['no Cuda device']);
    expect(await messages({ contains: 'cuda', lines: 1 })).toEqual(['no Cuda device']);
    expect(await messages({ contains: 'cuda', beforeSeq: 40 })).toEqual(['CUDA error: out of memory']);
  });

  it('takes each character of the text as it is', async () => {
    await begin(1, 'a.b (c) [d] \\e $1 ^\naxb\nä ß ☃\n');
    for (const text of ['a.b', '(c)', '[d]', '\\e', '$1 ^', '.b (']) {
      expect(await messages({ contains: text }), text).toEqual(['a.b (c) [d] \\e $1 ^']);
    }
    expect(await messages({ contains: 'Ä ß ☃' })).toEqual(['ä ß ☃']);
  });

  it('cannot find what is masked', async () => {
    await begin(1, 'listening with key s3cret\n');
    const mask = (message: string): string => message.replaceAll('s3cret', '***');
    expect((await read({ contains: 's3c' }, mask)).logs).toEqual([]);
    expect((await read({ contains: 'key ***' }, mask)).logs).toHaveLength(1);
  });

  it('stops after 16 MiB, and says where to go on', async () => {
    const filler = `${'.'.repeat(1_023)}\n`;
    await begin(1, `needle\n${filler.repeat(20 * 1_024)}`);
    const first = await read({ contains: 'needle' });
    expect(first).toMatchObject({ logs: [], truncated: true });
    const second = await read({ contains: 'needle', beforeSeq: first.next_seq ?? 0 });
    expect(second.logs).toMatchObject([{ message: 'needle', seq: 7 }]);
    expect(second.truncated).toBe(undefined);
    appendFileSync(file(1), 'needle at the end\n');
    const forward = await read({ contains: 'at the end', afterSeq: 0 });
    expect(forward).toMatchObject({ logs: [], truncated: true });
    const next = await read({ contains: 'at the end', afterSeq: forward.next_seq ?? 0 });
    expect(next.logs).toMatchObject([{ message: 'needle at the end' }]);
  });

  it('ends when its caller leaves', async () => {
    await begin(1, `needle\n${`${'.'.repeat(1_023)}\n`.repeat(4 * 1_024)}`);
    const leave = AbortSignal.abort();
    expect((await read({ contains: 'needle', signal: leave })).logs).toEqual([]);
    expect((await read({ contains: 'needle', signal: leave, afterSeq: 0 })).logs).toEqual([]);
  });
});

describe('a follower that may skip', () => {
  it('gets a gap and the newest lines when it is too far behind, and then every line', async () => {
    const line = (index: number): string => `${String(index).padStart(6, '0')} ${'.'.repeat(92)}\n`;
    const text = (from: number, to: number): string =>
      Array.from({ length: to - from }, (_, index) => line(from + index)).join('');
    await begin(1, text(0, 10_000));
    logs.attach(log(), run(1));
    const leave = new AbortController();
    const query: LogQuery = { lines: 0, level: null, afterSeq: 0, mostBehind: 200_000 };
    const items = logs.follow(log(), query, leave.signal)[Symbol.asyncIterator]();
    const gap = (await items.next()).value as unknown;
    expect(gap).toEqual([{ gap: { from_seq: 0, to_seq: expect.any(Number) as number } }]);
    const [{ gap: { to_seq: to } = { to_seq: 0 } } = {}] = gap as { gap?: { to_seq: number } }[];
    expect(to % 100).toBe(0);
    expect(to).toBeGreaterThan(900_000);
    const seen: number[] = [];
    while (seen.length < (1_000_000 - to) / 100) {
      const { value } = (await items.next()) as { value: { seq: number }[] };
      seen.push(...value.map(({ seq }) => seq));
    }
    expect(seen[0]).toBe(to + 100);
    expect(seen.at(-1)).toBe(1_000_000);
    // It keeps up, so it misses nothing more.
    appendFileSync(file(1), text(10_000, 10_500));
    const more: number[] = [];
    while (more.length < 500) {
      const { value } = (await items.next()) as { value: { seq: number }[] };
      more.push(...value.map(({ seq }) => seq));
    }
    expect([more[0], more.at(-1)]).toEqual([1_000_100, 1_050_000]);
    leave.abort();
  });
});
