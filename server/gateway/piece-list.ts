/** How the bytes are cut for those who work through them. */
const PIECE_LENGTH = 65_536;
/** Of a body of unknown length: the first block, and those behind it. */
const FIRST_BLOCK = 65_536;
const NEXT_BLOCK = 1_048_576;

/**
 * Collects the bytes of a body in blocks of its own. Bytes that are kept as they come cost much more than themselves: some
 * 200 bytes for each piece, and a body may come byte by byte; and large bodies leave holes in the heap.
 */
export class PieceList {
  readonly #blocks: Buffer[] = [];
  #filled = 0;
  #nextLength: number;
  #byteLength = 0;

  /** @param length Of the whole body; `null`: not known. */
  constructor(length: number | null) {
    this.#nextLength = length ?? FIRST_BLOCK;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Takes the bytes over: what is copied is freed at once, because a collector would let 64 MB of it lie. */
  add(piece: Buffer): void {
    this.#byteLength += piece.byteLength;
    const isOwn = piece.buffer.byteLength === piece.byteLength;
    if (isOwn && this.#blocks.length === 0 && piece.byteLength === this.#nextLength) {
      // A short body comes in one piece.
      this.#blocks.push(piece);
      this.#filled = piece.byteLength;
      this.#nextLength = NEXT_BLOCK;
      return;
    }
    for (let at = 0; at < piece.byteLength;) {
      let block = this.#blocks.at(-1);
      if (block === undefined || this.#filled === block.byteLength) {
        block = Buffer.allocUnsafeSlow(this.#nextLength);
        this.#nextLength = NEXT_BLOCK;
        this.#filled = 0;
        this.#blocks.push(block);
      }
      const copied = piece.copy(block, this.#filled, at);
      at += copied;
      this.#filled += copied;
    }
    if (isOwn && piece.buffer instanceof ArrayBuffer) piece.buffer.transfer(0);
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
