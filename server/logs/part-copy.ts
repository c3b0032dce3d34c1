import type { FileHandle } from 'node:fs/promises';

/** Large enough to cost little a byte, small enough to be nothing to a machine that has a model to load. */
const PIECE_BYTES = 1_048_576;

/** Work on files that was given up because the keeper closes. What it made so far is thrown away. */
export class Abandoned extends Error {
  constructor() {
    super('The log is not watched any more');
  }
}

/**
 * Appends bytes `from` … `to` of one file to another, piece by piece.
 *
 * @param isAbandoned asked before each piece
 * @throws {Abandoned}
 * @throws {Error} of the system, such as `ENOSPC`; or when the source is shorter than that
 */
export async function copyPart(
  source: FileHandle,
  target: FileHandle,
  from: number,
  to: number,
  isAbandoned: () => boolean,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(0, to - from)));
  for (let at = from; at < to;) {
    if (isAbandoned()) throw new Abandoned();
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) throw new Error('The log is shorter than it was');
    await writeAll(target, buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** At the file's own position. A disk that fills up takes a part first, and refuses then. */
async function writeAll(target: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await target.write(bytes, written);
    written += bytesWritten;
  }
}
