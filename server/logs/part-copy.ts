import type { FileHandle } from 'node:fs/promises';

/** Large enough to be efficient, small enough not to disturb a machine that loads a model. */
const PIECE_BYTES = 1_048_576;

/** Thrown when work on files is abandoned because the keeper closes. Its partial result is discarded. */
export class Abandoned extends Error {
  constructor() {
    super('The log is not watched any more');
  }
}

/**
 * Appends bytes `from` … `to` of one file to another, piece by piece.
 *
 * @param isAbandoned checked before each piece
 * @throws {Abandoned}
 * @throws {Error} of the system, such as `ENOSPC`; or when the source has fewer bytes
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

/** Writes at the file's current position. A disk that fills up accepts a part before it fails. */
async function writeAll(target: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await target.write(bytes, written);
    written += bytesWritten;
  }
}
