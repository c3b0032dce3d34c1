/** A part of a file, in bytes: from the first one up to, and without, `to`. */
export interface ByteRange {
  from: number;
  to: number;
}

/** Length of the pieces of a file that connections fetch, in bytes. */
export const PIECE_BYTES = 16 * 1024 * 1024;

/** The parts of a file that are there. Ranges that meet are one. */
export class ByteRanges {
  #ranges: ByteRange[] = [];

  constructor(ranges: Iterable<ByteRange> = []) {
    for (const range of ranges) this.add(range);
  }

  /** In order, without overlap. */
  list(): readonly ByteRange[] {
    return this.#ranges;
  }

  add({ from, to }: ByteRange): void {
    if (to <= from) return;
    const before = this.#ranges.filter((range) => range.to < from);
    const after = this.#ranges.filter((range) => range.from > to);
    const met = this.#ranges.slice(before.length, this.#ranges.length - after.length);
    const joined = { from: Math.min(from, met[0]?.from ?? from), to: Math.max(to, met.at(-1)?.to ?? to) };
    this.#ranges = [...before, joined, ...after];
  }

  /** Bytes in all ranges. */
  get bytes(): number {
    return this.#ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** The first part of a range that is missing; `null`: all of it is there. */
  firstGap({ from, to }: ByteRange): ByteRange | null {
    let start = from;
    for (const range of this.#ranges) {
      if (range.to <= start) continue;
      if (range.from > start) return start < to ? { from: start, to: Math.min(range.from, to) } : null;
      start = range.to;
    }
    return start < to ? { from: start, to } : null;
  }
}

/**
 * The next piece to fetch; `null`: every missing byte is being fetched. A piece ends at a multiple of {@link PIECE_BYTES}.
 *
 * @param size Of the file, in bytes.
 * @param taken Pieces that other connections fetch now.
 */
export function nextPiece(size: number, done: ByteRanges, taken: Iterable<ByteRange>): ByteRange | null {
  const known = new ByteRanges([...done.list(), ...taken]);
  const gap = known.firstGap({ from: 0, to: size });
  if (gap === null) return null;
  const end = (Math.floor(gap.from / PIECE_BYTES) + 1) * PIECE_BYTES;
  return { from: gap.from, to: Math.min(gap.to, end) };
}
