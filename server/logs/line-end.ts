import type { FileHandle } from 'node:fs/promises';

const PIECE_BYTES = 65_536;
const LINE_FEED = 0x0a;

/** The offset after the last line feed between two offsets of a file; `null`: no line feed. */
export async function lastLineEnd(file: FileHandle, from: number, to: number): Promise<number | null> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(0, to - from)));
  for (let end = to; end > from;) {
    const start = Math.max(from, end - PIECE_BYTES);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return null;
}
