import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PieceList } from './piece-list.ts';

function own(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, 'latin1');
  return bytes;
}

test('returns the bytes that were added, for known and unknown length', () => {
  const part = fc.nat(100_000);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 40 }), fc.boolean(), (lengths, isKnown) => {
      const total = lengths.reduce((sum, length) => sum + length, 0);
      const list = new PieceList(isKnown ? total : null);
      let expected = '';
      for (const [index, length] of lengths.entries()) {
        const text = String.fromCharCode(97 + (index % 26)).repeat(length);
        expected += text;
        list.add(own(text));
      }
      expect(list.byteLength).toBe(total);
      const pieces = list.take();
      expect(Buffer.concat(pieces).equals(Buffer.from(expected))).toBe(true);
      expect(pieces.every(({ byteLength }) => byteLength <= 65_536)).toBe(true);
      expect(list.take()).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

test('a body that arrives byte by byte needs no more memory than its bytes', () => {
  const list = new PieceList(null);
  for (let count = 0; count < 200_000; count += 1) list.add(own('x'));
  const memory = new Set(list.take().map(({ buffer }) => buffer));
  expect([...memory].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(2_000_000);
});

test.each([1_000, 65_537, 70_000, 200_000, 3_000_000])(
  'a body of unknown length (%i bytes) needs at most twice its bytes, or the first block',
  (length) => {
    const list = new PieceList(null);
    for (let left = length; left > 0; left -= 16_384) list.add(own('x'.repeat(Math.min(left, 16_384))));
    const memory = new Set(list.take().map(({ buffer }) => buffer));
    const taken = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(taken).toBeLessThanOrEqual(Math.max(65_536, 2 * length));
  },
);

test('a long body has blocks of at most 8 MiB, so that each is freed quickly', () => {
  const list = new PieceList(20_000_000);
  for (let count = 0; count < 20; count += 1) list.add(own('x'.repeat(1_000_000)));
  const blocks = [...new Set(list.take().map(({ buffer }) => buffer))].map(({ byteLength }) => byteLength);
  expect(blocks).toEqual([8_388_608, 8_388_608, 20_000_000 - 2 * 8_388_608]);
});

test('a copied piece is freed at once, unless its memory is shared', () => {
  const list = new PieceList(10);
  const piece = own('hello');
  const shared = Buffer.from('world!').subarray(0, 5);
  list.add(piece);
  list.add(shared);
  expect([piece.byteLength, shared.toString()]).toEqual([0, 'world']);
});
