import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../clock.ts';
import { systemRandomness } from '../../randomness.ts';
import type { TransferDependencies } from './blob-transfer.ts';

/** The parts of this machine that every transfer of a process needs. */
export function transferParts(): Pick<TransferDependencies, 'clock' | 'fraction' | 'freeSpace' | 'umask'> {
  const randomness = systemRandomness();
  return { clock: systemClock(), fraction: () => randomness.fraction(), freeSpace, umask: process.umask() };
}

async function freeSpace(file: string): Promise<number> {
  const { bavail, bsize } = await statfs(path.dirname(file));
  return bavail * bsize;
}
