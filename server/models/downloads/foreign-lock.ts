import { readFile, stat } from 'node:fs/promises';
import { codeOf } from '@llamactl/contract/reason';

/** A file by the numbers of its device and itself. */
interface FileNumbers {
  dev: bigint;
  ino: bigint;
}

/**
 * Whether another program holds the lock of a file, as Hugging Face's programs do while they download a blob (`flock`). Node
 * cannot take such locks; Linux lists them. Elsewhere the answer is no: then both programs fetch the same bytes.
 */
export async function isLocked(file: string): Promise<boolean> {
  try {
    const numbers = await stat(file, { bigint: true });
    return holdsLock(await readFile('/proc/locks', 'utf8'), numbers);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return false;
  }
}

/** @param locks The content of `/proc/locks`. */
export function holdsLock(locks: string, { dev, ino }: FileNumbers): boolean {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  return locks.split('\n').some((line) => {
    // A line with an arrow waits for a lock.
    const [, high = '', low = '', number = ''] =
      /^\d+: FLOCK +\S+ +WRITE +-?\d+ ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line) ?? [];
    if (number === '') return false;
    return BigInt(`0x${high}`) === major && BigInt(`0x${low}`) === minor && BigInt(number) === ino;
  });
}
