import { hasCode } from '@llamactl/contract/reason';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** The size in bytes of a regular file, or null if there is no such file. */
export async function fileSize(file: string): Promise<number | null> {
  try {
    const found = await stat(file);
    return found.isFile() ? found.size : null;
  } catch (error) {
    if (hasCode(error, ['ENOENT', 'ENOTDIR'])) return null;
    throw error;
  }
}

/**
 * Verifies a file by its size, then by its hash.
 *
 * @param sha256 in lower-case hexadecimal
 * @throws {Error} that names the difference
 */
export async function checkFile(file: string, expected: { size: number; sha256: string }): Promise<void> {
  const size = await fileSize(file);
  if (size !== expected.size) throw new Error(`the file has ${size ?? 'no'} bytes instead of ${expected.size}`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  const sha256 = hash.digest('hex');
  if (sha256 !== expected.sha256) throw new Error(`the file's sha256 is ${sha256} instead of ${expected.sha256}`);
}
