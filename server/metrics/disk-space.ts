import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '@llamactl/contract/reason';

/** Space of a filesystem, in bytes. */
export interface DiskSpace {
  used: number;
  /** Available to llamactl: without the part reserved for the superuser. */
  available: number;
}

/** @throws {Error} Node's, when the folder does not exist */
export async function readDiskSpace(folder: string): Promise<DiskSpace> {
  const { bsize, blocks, bfree, bavail } = await statfs(folder);
  return { used: (blocks - bfree) * bsize, available: bavail * bsize };
}

/** The space for a folder that may not exist yet: its nearest parent that exists counts. @throws {Error} Node's */
export async function readSpaceFor(folder: string): Promise<DiskSpace> {
  try {
    return await readDiskSpace(folder);
  } catch (error) {
    const parent = path.dirname(folder);
    if (codeOf(error) !== 'ENOENT' || parent === folder) throw error;
    return readSpaceFor(parent);
  }
}

/**
 * The used part in percent, 0–100, as df counts it: without the part reserved for the superuser. df rounds up; this
 * function rounds to one decimal.
 */
export function usagePercent({ used, available }: DiskSpace): number {
  const whole = used + available;
  return whole === 0 ? 100 : Math.round((used / whole) * 1_000) / 10;
}
