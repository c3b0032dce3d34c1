import type { Reservation } from './body-budget.ts';
import { atOnce, type Sliced, type SlicedWork } from '../sliced-work.ts';

/** Replaces the bytes from `start` to `end` by `text`. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Bodies with more blocks than this are freed block by block: one block of 8 MiB takes 0.6 ms. */
const MOST_FREED_AT_ONCE = 1;

/**
 * Ends a loan, because the connection no longer reads the bytes.
 *
 * @param isSent Whether all bytes have left this process.
 */
export type GiveBack = (isSent: boolean) => void;

/**
 * The body of a request, held in memory as pieces that never change, so that it can be sent more than once. `release`
 * frees its memory without waiting for the garbage collector: otherwise the process would use far more than the budget.
 */
export class HeldBody {
  readonly byteLength: number;
  #pieces: readonly Buffer[];
  /** Offset of the end of each piece. Computed at the first read of a range. */
  #ends: number[] | null = null;
  readonly #memory: BodyMemory;

  private constructor(pieces: readonly Buffer[], byteLength: number, memory: BodyMemory) {
    this.#pieces = pieces;
    this.byteLength = byteLength;
    this.#memory = memory;
  }

  /**
   * Creates a body.
   *
   * @param pieces The body owns them: no other code may use their memory.
   * @param reservation Released with the body; `null`: the body is not counted.
   * @param work Frees the memory of a large body block by block; `null`: all memory is freed at once.
   */
  static of(
    pieces: readonly Buffer[],
    reservation: Reservation | null = null,
    work: SlicedWork | null = null,
  ): HeldBody {
    let byteLength = 0;
    for (const { length } of pieces) byteLength += length;
    return new HeldBody(pieces, byteLength, new BodyMemory(pieces, reservation, work));
  }

  /** Whether the bytes are still in memory. */
  get isHeld(): boolean {
    return this.#memory.isHeld;
  }

  /** The pieces in order. Empty after the memory is freed. */
  get pieces(): readonly Buffer[] {
    if (!this.#memory.isHeld) this.#pieces = [];
    return this.#pieces;
  }

  /** Returns the bytes from `start` to `end` as text. */
  text(start: number, end: number, encoding: 'latin1' | 'utf8' = 'utf8'): string {
    const { pieces } = this;
    const [only] = pieces;
    // Nearly all bodies are a single piece.
    if (pieces.length === 1 && only !== undefined) return only.toString(encoding, start, end);
    return Buffer.concat(this.#between(start, end)).toString(encoding);
  }

  /** Returns the bytes from `start` to `end` as a body, which shares memory with this one. */
  part(start: number, end: number): HeldBody {
    return new HeldBody(this.#between(start, end), end - start, this.#memory);
  }

  /** Returns the edited body, which shares memory with this one. @param edits In order, not overlapping. */
  edited(edits: readonly Edit[]): HeldBody {
    const pieces: Buffer[] = [];
    let at = 0;
    let byteLength = this.byteLength;
    for (const { start, end, text } of edits) {
      for (const piece of this.#between(at, start)) pieces.push(piece);
      const inserted = Buffer.from(text);
      if (inserted.length > 0) pieces.push(inserted);
      byteLength += inserted.length - (end - start);
      at = end;
    }
    for (const piece of this.#between(at, this.byteLength)) pieces.push(piece);
    return new HeldBody(pieces, byteLength, this.#memory);
  }

  /**
   * Keeps the memory while a connection reads it. The system reads by address, so it would send memory that was freed
   * and used again.
   *
   * @returns a function to call when the bytes have left or the connection is closed; further calls do nothing
   */
  lend(): GiveBack {
    return this.#memory.lend();
  }

  /**
   * Keeps the memory of a sent body, so that the budget does not reclaim it before the body is sent again.
   *
   * @returns whether the bytes are still in memory
   */
  keep(): boolean {
    return this.#memory.keep();
  }

  /** Frees the memory, at once or as soon as no connection reads it. Further calls do nothing. */
  release(): void {
    this.#memory.release();
  }

  #between(start: number, end: number): Buffer[] {
    const { pieces } = this;
    if (start >= end) return [];
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) return [only.subarray(start, end)];
    this.#ends ??= endsOf(pieces);
    const found: Buffer[] = [];
    for (let index = firstAbove(this.#ends, start); index < pieces.length; index += 1) {
      const piece = pieces[index] ?? Buffer.alloc(0);
      const pieceEnd = this.#ends[index] ?? 0;
      const pieceStart = pieceEnd - piece.length;
      if (pieceStart >= end) break;
      found.push(piece.subarray(Math.max(0, start - pieceStart), end - pieceStart));
    }
    return found;
  }
}

/** Memory that a body shares with all bodies made from it by `edited` and `part`. */
class BodyMemory {
  #pieces: readonly Buffer[];
  readonly #reservation: Reservation | null;
  readonly #work: SlicedWork | null;
  #lent = 0;
  #isReleased = false;

  constructor(pieces: readonly Buffer[], reservation: Reservation | null, work: SlicedWork | null) {
    this.#pieces = pieces;
    this.#reservation = reservation;
    this.#work = work;
  }

  get isHeld(): boolean {
    return !this.#isReleased || this.#lent > 0;
  }

  lend(): GiveBack {
    this.#lent += 1;
    if (this.#reservation !== null) this.#reservation.reclaim = null;
    let isLent = true;
    return (isSent) => {
      if (!isLent) return;
      isLent = false;
      this.#lent -= 1;
      if (this.#lent > 0) return;
      if (this.#isReleased) this.#free();
      // Keep a sent body for a second attempt until another body needs the memory.
      else if (isSent && this.#reservation !== null) this.#reservation.reclaim = () => this.release();
    };
  }

  keep(): boolean {
    if (this.#isReleased) return false;
    if (this.#reservation !== null) this.#reservation.reclaim = null;
    return true;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.#lent === 0) this.#free();
  }

  /** Frees the bytes, then releases the reservation, so that the budget never counts less than is in use. */
  #free(): void {
    const blocks = blocksOf(this.#pieces);
    this.#pieces = [];
    const freeing = freed(blocks, this.#reservation);
    if (blocks.length > MOST_FREED_AT_ONCE && this.#work !== null) this.#work.runLater(freeing);
    else atOnce(freeing);
  }
}

function* freed(blocks: ArrayBuffer[], reservation: Reservation | null): Sliced<void> {
  while (blocks.length > 0) {
    blocks.pop()?.transfer(0);
    if (blocks.length > 0) yield;
  }
  reservation?.release();
}

/** Returns the blocks of memory that hold the pieces. Empty for a single piece, which the garbage collector frees faster. */
function blocksOf(pieces: readonly Buffer[]): ArrayBuffer[] {
  if (pieces.length <= 1) return [];
  const blocks = new Set<ArrayBuffer>();
  for (const { buffer } of pieces) if (buffer instanceof ArrayBuffer) blocks.add(buffer);
  return [...blocks];
}

function endsOf(pieces: readonly Buffer[]): number[] {
  let end = 0;
  return pieces.map(({ length }) => (end += length));
}

/** Returns the index of the first number above `limit`. @param numbers Ascending. */
function firstAbove(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
