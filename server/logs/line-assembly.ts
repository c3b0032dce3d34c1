import { eachLine, joinParts, LINE_FEED, textOf, type OnLine, type Part } from './line-split.ts';

const NOTHING: Part = { bytes: Buffer.alloc(0), isCut: false };

/** Assembles lines from consecutive pieces. Keeps a bounded part of an unfinished line. */
export class LineAssembly {
  #unended = NOTHING;
  #place: number;
  #lineStart: number;

  /** @param place position of the first byte, at which a line begins */
  constructor(place: number) {
    this.#place = place;
    this.#lineStart = place;
  }

  /** Position at which the unfinished line begins. */
  get lineStart(): number {
    return this.#lineStart;
  }

  /** Takes the next bytes, and calls back for each line that ends in them. */
  push(bytes: Buffer, onLine: OnLine): void {
    const from = this.#place;
    this.#place += bytes.length;
    let done = 0;
    if (this.#lineStart < from) {
      const end = bytes.indexOf(LINE_FEED);
      this.#keep(bytes.subarray(0, end === -1 ? bytes.length : end));
      if (end === -1) return;
      done = end + 1;
      this.#end(from + done, onLine);
    }
    const rest = bytes.subarray(done);
    const taken = eachLine(rest, from + done, onLine);
    this.#lineStart = from + done + taken;
    if (taken < rest.length) this.#keep(rest.subarray(taken));
  }

  /** Ends the output: an unfinished line counts as a line. */
  finish(onLine: OnLine): void {
    if (this.#lineStart < this.#place) this.#end(this.#place, onLine);
  }

  /** Drops the unfinished line; the next bytes begin a line at this position. */
  skipTo(place: number): void {
    this.#unended = NOTHING;
    this.#place = place;
    this.#lineStart = place;
  }

  #keep(bytes: Buffer): void {
    const { bytes: kept, isCut } = joinParts(this.#unended, { bytes, isCut: false });
    // copy the bytes, so that the piece that they are part of does not stay in memory
    this.#unended = { bytes: kept === bytes ? Buffer.from(bytes) : kept, isCut };
  }

  #end(seq: number, onLine: OnLine): void {
    const { bytes, isCut } = this.#unended;
    this.#unended = NOTHING;
    this.#lineStart = seq;
    onLine(textOf(bytes), seq, isCut);
  }
}
