import { hash } from 'node:crypto';
import type { Randomness } from './ports.ts';

const MARK = 'llk_';
const SECRET_BYTES = 32;
/** `llk_` and 43 characters of base64url. */
const PATTERN = /^llk_[A-Za-z0-9_-]{43}$/;
const SHOWN_CHARACTERS = 10;

/** A key in clear text: seen once, when it is made. */
export function newKeySecret(randomness: Pick<Randomness, 'token'>): string {
  return MARK + Buffer.from(randomness.token(SECRET_BYTES), 'hex').toString('base64url');
}

/** Whether a text has the form of a key, right or wrong. */
export function isKeySecret(text: string): boolean {
  return PATTERN.test(text);
}

/** What a key is stored and found by: with 256 random bits nothing slower is needed, and no two are compared. */
export function keyHash(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** Enough to tell a key from others, too little to guess the rest: 36 of its 256 bits. */
export function keyPrefix(secret: string): string {
  return secret.slice(0, SHOWN_CHARACTERS);
}
