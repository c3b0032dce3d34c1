import { createReadStream } from 'node:fs';
import { errorWords } from '@llamactl/contract/reason';
import { type AnnouncedHash, hashOf } from './announced-hash.ts';
import type { TransferProgress } from './blob-transfer.ts';

/** A finished file of another program, to be compared with what the source announces. Can be sent to another thread. */
export interface CheckTask {
  /** Absolute. */
  file: string;
  /** Bytes. */
  size: number;
  announced: AnnouncedHash;
}

export type CheckOutcome =
  | { kind: 'good' }
  | { kind: 'stopped' }
  /** It has this hash instead. */
  | { kind: 'wrong'; found: string }
  /** It cannot be read. */
  | { kind: 'fault'; why: string };

const READ_BYTES = 1_048_576;
/** Between two reports of progress: some tenths of a second. */
const REPORT_BYTES = 64 * 1_048_576;

/** Hashes a file. Never rejects. @param signal Its abort stops the check. */
export async function checkBlob(
  { file, size, announced }: CheckTask,
  signal: AbortSignal,
  onProgress: (progress: TransferProgress) => void,
): Promise<CheckOutcome> {
  const hash = hashOf(announced.kind, size);
  let done = 0;
  onProgress({ done, phase: 'verifying' });
  try {
    for await (const bytes of createReadStream(file, { highWaterMark: READ_BYTES, signal }) as AsyncIterable<Buffer>) {
      hash.update(bytes);
      const before = done;
      done += bytes.length;
      if (Math.floor(done / REPORT_BYTES) !== Math.floor(before / REPORT_BYTES))
        onProgress({ done, phase: 'verifying' });
    }
  } catch (error) {
    return signal.aborted ? { kind: 'stopped' } : { kind: 'fault', why: errorWords(error) };
  }
  const found = hash.digest('hex');
  return found === announced.hex ? { kind: 'good' } : { kind: 'wrong', found };
}
