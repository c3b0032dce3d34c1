import { randomBytes } from 'node:crypto';
import type { Randomness } from './instances/ports/random-values.ts';

/** Creates random values from the system's cryptographic source. */
export function systemRandomness(): Randomness {
  return {
    token: (bytes) => randomBytes(bytes).toString('hex'),
    fraction: () => randomBytes(4).readUInt32BE() / 2 ** 32,
  };
}
