/** Cost of a hash. Defaults may grow, because every stored hash contains its own cost. */
export interface HashCost {
  /** KiB. */
  memory: number;
  passes: number;
  lanes: number;
}

/** The parts of a password hash. */
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

/** @throws {Error} when the text is not an argon2id hash, or exceeds our highest cost; the message omits the text */
export function parsePasswordHash(text: string): PasswordHash {
  const [, memory = '', passes = '', lanes = '', salt = '', hash = ''] = PATTERN.exec(text) ?? [];
  if (hash === '') throw new Error('A stored password hash cannot be read.');
  return {
    cost: { memory: Number(memory), passes: Number(passes), lanes: Number(lanes) },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

/** PHC strings have no padding. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
