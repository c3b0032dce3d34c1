import { stat, statfs } from 'node:fs/promises';
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

/** Space of the filesystem that has a folder. */
export interface FolderSpace extends DiskSpace {
  /** Number of the device: all folders of one filesystem share it. */
  device: number;
}

/** The space for a folder that may not exist yet: its nearest parent that exists counts. @throws {Error} Node's */
export async function readSpaceFor(folder: string): Promise<FolderSpace> {
  try {
    const [space, { dev: device }] = await Promise.all([readDiskSpace(folder), stat(folder)]);
    return { ...space, device };
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
