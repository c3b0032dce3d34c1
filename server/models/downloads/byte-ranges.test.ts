import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteRanges, nextPiece, PIECE_BYTES } from './byte-ranges.ts';

describe('ranges', () => {
  it('join those that meet or overlap', () => {
    const ranges = new ByteRanges([
      { from: 10, to: 20 },
      { from: 40, to: 50 },
      { from: 0, to: 5 },
    ]);
    ranges.add({ from: 20, to: 30 });
    expect(ranges.list()).toEqual([
      { from: 0, to: 5 },
      { from: 10, to: 30 },
      { from: 40, to: 50 },
    ]);
    ranges.add({ from: 3, to: 41 });
    expect(ranges.list()).toEqual([{ from: 0, to: 50 }]);
    expect(ranges.bytes).toBe(50);
  });

  it('ignore an empty range', () => {
    expect(new ByteRanges([{ from: 5, to: 5 }]).list()).toEqual([]);
  });

  it('hold exactly the bytes that were added, and name the first missing one', () => {
    const part = fc.tuple(fc.nat(40), fc.nat(12)).map(([from, length]) => ({ from, to: from + length }));
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const ranges = new ByteRanges(parts);
        const added = Array.from({ length: 60 }, (_, byte) => parts.some(({ from, to }) => from <= byte && byte < to));
        expect(ranges.bytes).toBe(added.filter(Boolean).length);
        const missing = added.indexOf(false);
        const next = added.indexOf(true, missing);
        expect(ranges.firstGap({ from: 0, to: 60 })).toEqual({ from: missing, to: next === -1 ? 60 : next });
        for (const [index, { from }] of ranges.list().entries())
          expect(from).toBeGreaterThan(ranges.list()[index - 1]?.to ?? -1);
      }),
    );
  });
});

describe('the next piece', () => {
  it('ends at a multiple of its length, so that a resumed file has the same pieces', () => {
    const done = new ByteRanges([{ from: 0, to: 100 }]);
    expect(nextPiece(PIECE_BYTES * 2, done, [])).toEqual({ from: 100, to: PIECE_BYTES });
  });

  it('is one that no other connection fetches', () => {
    const taken = [{ from: 0, to: PIECE_BYTES }];
    expect(nextPiece(PIECE_BYTES + 7, new ByteRanges(), taken)).toEqual({ from: PIECE_BYTES, to: PIECE_BYTES + 7 });
    expect(nextPiece(PIECE_BYTES, new ByteRanges(), taken)).toBe(null);
  });

  it('does not exist for an empty file', () => {
    expect(nextPiece(0, new ByteRanges(), [])).toBe(null);
  });
});
