/** How the bytes are cut for those who work through them. */
const PIECE_LENGTH = 65_536;
/** The first block of a body of unknown length. Each further block is as long as all before it: more is not reserved for it. */
const FIRST_BLOCK = 65_536;
/** The longest block of a body of unknown, and of known length. Freeing 64 MiB at once takes 5 ms. */
const LONGEST_GROWN = 1_048_576;
const LONGEST_BLOCK = 8_388_608;

/**
 * Collects the bytes of a body in blocks of its own. Bytes that are kept as they come cost much more than themselves: some
 * 200 bytes for each piece, and a body may come byte by byte; and large bodies leave holes in the heap.
 */
export class PieceList {
  readonly #blocks: Buffer[] = [];
  #filled = 0;
  readonly #length: number | null;
  /** Length of all blocks. */
  #capacity = 0;
  #byteLength = 0;

  /** @param length Of the whole body; `null`: not known. */
  constructor(length: number | null) {
    this.#length = length;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Takes the bytes over: what is copied is freed at once, because a collector would let 64 MB of it lie. */
  add(piece: Buffer): void {
    this.#byteLength += piece.byteLength;
    const isOwn = piece.buffer.byteLength === piece.byteLength;
    if (isOwn && this.#blocks.length === 0 && piece.byteLength === this.#nextLength()) {
      // A short body comes in one piece.
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
    // A request that announced a length brings no more.
    const left = (this.#length ?? 0) - this.#capacity;
    if (left > 0) return Math.min(left, LONGEST_BLOCK);
    return Math.min(Math.max(this.#capacity, FIRST_BLOCK), LONGEST_GROWN);
  }

  #push(block: Buffer): void {
    this.#blocks.push(block);
    this.#capacity += block.byteLength;
  }

  /** The bytes in short pieces. Nothing else uses their memory. The list is empty afterwards. */
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
