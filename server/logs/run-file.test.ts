import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRunLogs } from './run-file.ts';

let folder: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-log-'));
  log = join(folder, 'log');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const tail = (lines: number): Promise<string[]> => createRunLogs().tail({ tag: 'test', folder }, lines);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);

/** The control sequence introducer. */
const CSI = '\u001b[';

describe('tail', () => {
  it('is empty when there is no file, nothing in it, or nothing asked for', async () => {
    expect(await tail(10)).toEqual([]);
    writeFileSync(log, '');
    expect(await tail(10)).toEqual([]);
    writeFileSync(log, 'a\n');
    expect(await tail(0)).toEqual([]);
  });

  it('says so when the file is there and cannot be read', async () => {
    mkdirSync(log);
    await expect(tail(10)).rejects.toThrow('EISDIR');
  });

  it('gives the last lines, whether the last one is finished or not', async () => {
    writeFileSync(log, 'a\nb\nc\n');
    expect(await tail(2)).toEqual(['b', 'c']);
    appendFileSync(log, 'd');
    expect(await tail(2)).toEqual(['c', 'd']);
    expect(await tail(100)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keeps empty lines', async () => {
    writeFileSync(log, 'a\n\n\nb\n\n');
    expect(await tail(4)).toEqual(['', '', 'b', '']);
  });

  it('finds them across the pieces in which it reads', async () => {
    const lines = numbered(40_000);
    writeFileSync(log, `${lines.join('\n')}\n`);
    expect(await tail(100)).toEqual(lines.slice(-100));
    expect(await tail(30_000)).toEqual(lines.slice(-30_000));
  });

  it('reads on when the first line wanted begins in the piece before', async () => {
    const long = 'y'.repeat(66_000);
    writeFileSync(log, `first\n${long}\nlast\n`);
    expect(await tail(2)).toEqual([`${long.slice(0, 1999)}…`, 'last']);
  });

  it('gives what any reader of the whole file would', async () => {
    const part = fc.oneof(
      fc.constant('\n'),
      fc.string({ unit: fc.constantFrom('a', 'ü', '漢', '😀'), maxLength: 40_000 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 12 }), fc.integer({ min: 1, max: 10 }), async (parts, lines) => {
        const text = parts.join('');
        writeFileSync(log, text);
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

  it('looks back one mebibyte at most and drops a line whose start lies beyond', async () => {
    writeFileSync(log, `first\n${'x'.repeat(2 ** 20)}\nlast but one\nlast\n`);
    expect(await tail(100)).toEqual(['last but one', 'last']);
  });

  it('shows a part of a line that is longer than all it reads', async () => {
    writeFileSync(log, `first\n${'x'.repeat(2 ** 21)}`);
    expect(await tail(2)).toEqual([`${'x'.repeat(1999)}…`]);
  });

  it('stops at a hole that rotation has punched, and drops the line that it has cut', async () => {
    truncateSync(makeEmpty(), 4096 * 20);
    appendFileSync(log, 'rest of an old line\nkept\nlast\n');
    expect(await tail(100)).toEqual(['kept', 'last']);
  });

  it('stops at a hole of many gigabytes at once', async () => {
    truncateSync(makeEmpty(), 4096 * 1024 * 1024 * 4);
    appendFileSync(log, 'rest\nlast\n');
    expect(await tail(100)).toEqual(['last']);
  });

  it('takes a NUL of the engine for what it is', async () => {
    writeFileSync(log, `${'\0'.repeat(100)}a\0b\nlast\n`);
    expect(await tail(100)).toEqual(['ab', 'last']);
  });

  it('replaces what is no UTF-8', async () => {
    writeFileSync(log, Buffer.from([0x61, 0xff, 0xc3, 0x0a, 0xe2, 0x82]));
    expect(await tail(100)).toEqual(['a\ufffd\ufffd', '\ufffd']);
  });

  it('cuts long lines at 2 000 characters, never in the middle of one', async () => {
    writeFileSync(log, `${'x'.repeat(2000)}\n${'x'.repeat(2001)}\n${'x'.repeat(1998)}😀😀\n`);
    const [fits, long, paired] = await tail(3);
    expect(fits).toBe('x'.repeat(2000));
    expect(long).toBe(`${'x'.repeat(1999)}…`);
    expect(paired).toBe(`${'x'.repeat(1998)}…`);
  });

  it.each([
    ['colours', `${CSI}1;31mred${CSI}0m text`, 'red text'],
    ['cursor movements', `${CSI}2J${CSI}10;20Htext${CSI}?25l`, 'text'],
    ['a window title', '\u001b]0;title\u0007text', 'text'],
    ['a link', '\u001b]8;;http://example.test\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['a device string', '\u001bPpayload\u001b\\text', 'text'],
    ['short sequences', '\u001b7\u001bctext\u001b(B', 'text'],
    ['a sequence cut short', `text${CSI}12;`, 'text12;'],
    ['other control characters', 'b\u0008e\u0007ll\u007f\u009b', 'bell'],
    ['what turns the direction of text', 'a\u202eb\u2066c', 'abc'],
    ['the end of a line of Windows', 'text\r', 'text'],
    ['a progress bar that overwrites itself', ' 10%\r 50%\r100%', '100%'],
  ])('strips %s', async (_, written, shown) => {
    writeFileSync(log, `${written}\n`);
    expect(await tail(1)).toEqual([shown]);
  });

  it('keeps tabs and all scripts', async () => {
    writeFileSync(log, 'a\tb — 漢字 عربي 😀👩‍🚀\n');
    expect(await tail(1)).toEqual(['a\tb — 漢字 عربي 😀👩‍🚀']);
  });

  it('lets no control character through, whatever an engine writes', async () => {
    const character = fc.oneof(
      fc.constantFrom('\u001b', '[', ']', ';', 'm', '\u0007', '\r', '\0'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(character, { maxLength: 40 }), async (characters) => {
        writeFileSync(log, characters.join(''));
        for (const line of await tail(100)) expect(line).not.toMatch(/(?!\t)\p{Cc}/u);
      }),
    );
  });
});

describe('size', () => {
  const size = (): number => createRunLogs().size({ tag: 'test', folder });

  it('counts the bytes of output, none when there is no file', () => {
    expect(size()).toBe(0);
    writeFileSync(log, 'ü\n');
    expect(size()).toBe(3);
  });

  it('keeps counting over a hole', () => {
    truncateSync(makeEmpty(), 8192);
    appendFileSync(log, 'abc');
    expect(size()).toBe(8195);
  });
});

function makeEmpty(): string {
  writeFileSync(log, '');
  return log;
}
