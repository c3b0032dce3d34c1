import { hash } from 'node:crypto';
import type { Randomness } from './auth-ports.ts';

const MARK = 'llk_';
const SECRET_BYTES = 32;
/** `llk_` and 43 characters of base64url. */
const PATTERN = /^llk_[A-Za-z0-9_-]{43}$/;
const SHOWN_CHARACTERS = 10;

/** A new key in clear text. Only the answer that creates the key shows it. */
export function newKeySecret(randomness: Pick<Randomness, 'token'>): string {
  return MARK + Buffer.from(randomness.token(SECRET_BYTES), 'hex').toString('base64url');
}

/** Whether a text has the form of a key, valid or not. */
export function isKeySecret(text: string): boolean {
  return PATTERN.test(text);
}

/**
 * The hash under which a key is stored and found. A slow hash is not needed for 256 random bits, and the lookup
 * compares no secrets.
 */
export function keyHash(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** The part of a key that people see: enough to recognise it, too little to guess the rest (36 of its 256 bits). */
export function keyPrefix(secret: string): string {
  return secret.slice(0, SHOWN_CHARACTERS);
}
