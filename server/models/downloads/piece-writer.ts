import type { PartialFile } from './partial-file.ts';

/** Bytes that are written together: one call for 1 MiB costs a third of the processor time of a call for each chunk. */
const WRITTEN_TOGETHER = 1024 * 1024;

/** Writes the bytes of one answer in order, many chunks at once. */
export class PieceWriter {
  readonly #file: Pick<PartialFile, 'write'>;
  #position: number;
  #chunks: Buffer[] = [];
  #waiting = 0;
  #writing: Promise<void> = Promise.resolve();

  /** @param position Of the first byte in the file. */
  constructor(file: Pick<PartialFile, 'write'>, position: number) {
    this.#file = file;
    this.#position = position;
  }

  /** Takes the next bytes. Resolves when the writer can take more. */
  async add(chunk: Buffer): Promise<void> {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    if (this.#waiting >= WRITTEN_TOGETHER) await this.flush();
  }

  /** Writes all bytes that were taken. */
  flush(): Promise<void> {
    const [chunks, position] = [this.#chunks, this.#position];
    this.#position += this.#waiting;
    this.#chunks = [];
    this.#waiting = 0;
    // A failed write fails all later ones: the position after it is unknown.
    this.#writing = this.#writing.then(() => (chunks.length === 0 ? undefined : this.#file.write(chunks, position)));
    return this.#writing;
  }
}
