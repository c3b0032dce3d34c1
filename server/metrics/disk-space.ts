import { statfs } from 'node:fs/promises';

/** A filesystem; bytes. */
export interface DiskSpace {
  used: number;
  /** What we may have: some is kept for the superuser. */
  available: number;
}

/** @throws {Error} Node's, when the folder is not there */
export async function readDiskSpace(folder: string): Promise<DiskSpace> {
  const { bsize, blocks, bfree, bavail } = await statfs(folder);
  return { used: (blocks - bfree) * bsize, available: bavail * bsize };
}

/** Percent, 0–100, as df counts: what is kept for the superuser belongs to neither side. df rounds up. */
export function usagePercent({ used, available }: DiskSpace): number {
  const whole = used + available;
  return whole === 0 ? 100 : Math.round((used / whole) * 1_000) / 10;
}
