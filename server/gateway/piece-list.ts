/** Length of the pieces that `take` returns. */
const PIECE_LENGTH = 65_536;
/**
 * First block of a body of unknown length. Each further block is as long as all blocks before it, up to
 * {@link LONGEST_GROWN}, because the reservation doubles too.
 */
const FIRST_BLOCK = 65_536;
/** Most bytes of a block, for a body of unknown length. */
const LONGEST_GROWN = 1_048_576;
/** Most bytes of a block, for a body of known length. Freeing 64 MiB at once takes 5 ms. */
const LONGEST_BLOCK = 8_388_608;

/**
 * Copies the bytes of a body into blocks. Keeping the received pieces instead would cost 200 bytes more for each piece,
 * and a body may arrive byte by byte. Also, the pieces of large bodies would fragment the heap.
 */
export class PieceList {
  readonly #blocks: Buffer[] = [];
  #filled = 0;
  readonly #length: number | null;
  /** Length of all blocks. */
  #capacity = 0;
  #byteLength = 0;

  /** @param length Length of the whole body; `null`: unknown. */
  constructor(length: number | null) {
    this.#length = length;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Adds bytes, and frees their memory after copying. The garbage collector alone would leave up to 64 MB of it. */
  add(piece: Buffer): void {
    this.#byteLength += piece.byteLength;
    const isOwn = piece.buffer.byteLength === piece.byteLength;
    if (isOwn && this.#blocks.length === 0 && piece.byteLength === this.#nextLength()) {
      // A short body arrives in one piece, which becomes the block.
      this.#push(piece);
      this.#filled = piece.byteLength;
      return;
    }
    for (let at = 0; at < piece.byteLength;) {
      let block = this.#blocks.at(-1);
      if (block === undefined || this.#filled === block.byteLength) {
        block = Buffer.allocUnsafeSlow(this.#nextLength());
        this.#filled = 0;
        this.#push(block);
      }
      const copied = piece.copy(block, this.#filled, at);
      at += copied;
      this.#filled += copied;
    }
    if (isOwn && piece.buffer instanceof ArrayBuffer) piece.buffer.transfer(0);
  }

  #nextLength(): number {
    // Never allocate more than a known length needs.
    const left = (this.#length ?? 0) - this.#capacity;
    if (left > 0) return Math.min(left, LONGEST_BLOCK);
    return Math.min(Math.max(this.#capacity, FIRST_BLOCK), LONGEST_GROWN);
  }

  #push(block: Buffer): void {
    this.#blocks.push(block);
    this.#capacity += block.byteLength;
  }

  /** Returns the bytes in short pieces, and empties the list. No other code uses their memory. */
  take(): Buffer[] {
    const last = this.#blocks.length - 1;
    return this.#blocks.splice(0).flatMap((block, index) => {
      const end = index === last ? this.#filled : block.byteLength;
      const pieces: Buffer[] = [];
      for (let at = 0; at < end; at += PIECE_LENGTH) pieces.push(block.subarray(at, Math.min(at + PIECE_LENGTH, end)));
      return pieces;
    });
  }
}
