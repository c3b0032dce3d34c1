import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineAssembly } from './line-assembly.ts';
import { MAX_LINE_BYTES, type Line } from './line-split.ts';

/** The lines of bytes that are read in pieces of these sizes; the last piece takes the rest. */
function assembled(bytes: Buffer, sizes: readonly number[], place = 0): Line[] {
  const lines: Line[] = [];
  const assembly = new LineAssembly(place);
  const onLine = (text: string, seq: number, isCut: boolean): void => void lines.push({ text, seq, isCut });
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    assembly.push(bytes.subarray(at, at + size), onLine);
    at += size;
  }
  assembly.finish(onLine);
  return lines;
}

describe('LineAssembly', () => {
  it('makes the same lines from any pieces', () => {
    const part = fc.oneof(
      fc.constant('\n'),
      fc.constant('\r\n'),
      fc.string({ unit: fc.constantFrom('a', 'ü', '漢', '😀'), maxLength: 10 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), fc.array(fc.nat({ max: 12 })), fc.nat(), (parts, sizes, place) => {
        const text = parts.join('');
        const expected: Line[] = [];
        let seq = place;
        for (const line of text.split(/(?<=\n)/)) {
          seq += Buffer.byteLength(line);
          if (line !== '') expected.push({ text: line.replace(/\r?\n$/, ''), seq, isCut: false });
        }
        expect(assembled(Buffer.from(text), sizes, place)).toEqual(expected);
      }),
    );
  });

  it('counts the bytes written, not the replacements of invalid UTF-8', () => {
    expect(assembled(Buffer.from([0x61, 0xff, 0xc3, 0x0a, 0xe2, 0x82]), [2])).toEqual([
      { text: 'a\ufffd\ufffd', seq: 4, isCut: false },
      { text: '\ufffd', seq: 6, isCut: false },
    ]);
  });

  it('keeps a part of a very long line, and the next line whole', () => {
    const long = 10 * 1_048_576;
    const bytes = Buffer.from(`first\n${'x'.repeat(long)}\nlast\n`);
    const sizes = Array.from({ length: 200 }, () => 65_536);
    expect(assembled(bytes, sizes)).toEqual([
      { text: 'first', seq: 6, isCut: false },
      { text: 'x'.repeat(MAX_LINE_BYTES), seq: 7 + long, isCut: true },
      { text: 'last', seq: 12 + long, isCut: false },
    ]);
  });

  it('shows the overwriting text, however long the overwritten one was', () => {
    const bar = Array.from({ length: 20_000 }, (_, index) => `\rstep ${index} of many`).join('');
    const sizes = Array.from({ length: 20 }, () => 50_000);
    const [line] = assembled(Buffer.from(`${bar}\r\n`), sizes);
    expect(line).toMatchObject({ text: 'step 19999 of many', isCut: false });
  });

  it('continues at another position after a gap', () => {
    const lines: string[] = [];
    const assembly = new LineAssembly(0);
    assembly.push(Buffer.from('one\nhalf of'), (text) => lines.push(text));
    expect(assembly.lineStart).toBe(4);
    assembly.skipTo(100);
    assembly.push(Buffer.from('two\n'), (text, seq) => lines.push(`${text} ${seq}`));
    expect(lines).toEqual(['one', 'two 104']);
  });
});
