import type { Reservation } from './body-budget.ts';
import type { SlicedWork } from './sliced-work.ts';

/** What stands from `start` to `end` is replaced. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Blocks that are given back in one turn of the event loop: one of 8 MiB takes 0.6 ms. */
const MOST_FREED_AT_ONCE = 1;

/** Says that a connection does not read the bytes any more. @param isSent All of them have left this process. */
export type GiveBack = (isSent: boolean) => void;

/**
 * The body of a request that is held in memory: pieces that never change, so it can be sent more than once. Its memory is
 * given back at the moment it is released, not when garbage is collected: a budget that only counts would be passed by far.
 */
export class HeldBody {
  readonly byteLength: number;
  #pieces: readonly Buffer[];
  /** Where each piece ends. Made when something between two places is first read. */
  #ends: number[] | null = null;
  readonly #memory: BodyMemory;

  private constructor(pieces: readonly Buffer[], byteLength: number, memory: BodyMemory) {
    this.#pieces = pieces;
    this.byteLength = byteLength;
    this.#memory = memory;
  }

  /**
   * @param pieces The body takes them over: nobody else may use their memory.
   * @param reservation Released with the body; `null`: the body is not counted.
   * @param work Where the memory of a large body is given back block by block; `null`: all of it at once.
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

  /** Whether the bytes are still there. */
  get isHeld(): boolean {
    return this.#memory.isHeld;
  }

  /** In their order. Empty once the memory is given back. */
  get pieces(): readonly Buffer[] {
    if (!this.#memory.isHeld) this.#pieces = [];
    return this.#pieces;
  }

  /** The bytes from `start` to `end` as text. */
  text(start: number, end: number, encoding: 'latin1' | 'utf8' = 'utf8'): string {
    const { pieces } = this;
    const [only] = pieces;
    // Nearly every body is one piece.
    if (pieces.length === 1 && only !== undefined) return only.toString(encoding, start, end);
    return Buffer.concat(this.#between(start, end)).toString(encoding);
  }

  /** The body with other bytes in some places. It shares memory with this one. @param edits In their order, not overlapping. */
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
   * Keeps the memory while a connection reads it: the system gets addresses, and does not look whether they are still ours.
   *
   * @returns to be called once the bytes have left, or the connection is closed; more calls do nothing
   */
  lend(): GiveBack {
    return this.#memory.lend();
  }

  /**
   * Keeps the memory of a body that was sent, so that nobody takes it before the body is sent again.
   *
   * @returns whether the bytes are still there
   */
  keep(): boolean {
    return this.#memory.keep();
  }

  /** Gives the memory back, at once or as soon as no connection reads it. More calls do nothing. */
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

/** Memory of a body, and of all that were made from it by editing. */
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
      // What was sent is kept for a second try, as long as nobody else needs the memory.
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

  /** The reservation outlives the bytes, so that the budget never counts less than is used. */
  #free(): void {
    const blocks = blocksOf(this.#pieces);
    this.#pieces = [];
    const reservation = this.#reservation;
    const freeOne = (): boolean => {
      blocks.pop()?.transfer(0);
      const isOver = blocks.length === 0;
      if (isOver) reservation?.release();
      return isOver;
    };
    if (blocks.length > MOST_FREED_AT_ONCE && this.#work !== null) this.#work.runToEnd(freeOne);
    else while (!freeOne());
  }
}

/** What the pieces lie in. Empty for a single piece: a few bytes are quicker left to the collector. */
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

/** The first place whose number is above `limit`. @param numbers Ascending. */
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
