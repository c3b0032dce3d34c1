/** How dear a hash is: it may grow, since every stored hash says what it was made with. */
export interface HashCost {
  /** KiB. */
  memory: number;
  passes: number;
  lanes: number;
}

/** A hashed password, taken apart. */
export interface PasswordHash {
  cost: HashCost;
  salt: Buffer;
  hash: Buffer;
}

const PATTERN =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** As a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. */
export function formatPasswordHash({ cost, salt, hash }: PasswordHash): string {
  const { memory, passes, lanes } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$${base64(salt)}$${base64(hash)}`;
}

/** @throws {Error} when it is not one of argon2id, or would cost more than any of ours; it does not show the text */
export function parsePasswordHash(text: string): PasswordHash {
  const [, memory = '', passes = '', lanes = '', salt = '', hash = ''] = PATTERN.exec(text) ?? [];
  if (hash === '') throw new Error('A stored password hash cannot be read.');
  return {
    cost: { memory: Number(memory), passes: Number(passes), lanes: Number(lanes) },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

/** PHC strings go without padding. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
