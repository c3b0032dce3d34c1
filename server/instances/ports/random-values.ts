/** The only source of random values. */
export interface Randomness {
  /** Unguessable, lower-case hexadecimal, `bytes` × 2 characters. */
  token(bytes: number): string;
  /** 0 ≤ fraction < 1. */
  fraction(): number;
}
