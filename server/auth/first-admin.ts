import { CreateUserSchema } from '@llamactl/contract/auth';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Accounts } from './accounts.ts';
import type { Randomness } from './ports.ts';

/** The account that was made, and where its password is. */
export interface FirstAdmin {
  username: string;
  /** Absolute; `null`: the password was given. */
  passwordFile: string | null;
}

interface FirstAdminParts {
  accounts: Accounts;
  randomness: Pick<Randomness, 'token'>;
  /** From `LLAMACTL_ADMIN_PASSWORD`; `null`: make one. */
  password: string | null;
  /** Absolute; exists. */
  dataDir: string;
}

const USERNAME = 'admin';
const PASSWORD_FILE = 'admin-password';
/** 128 bits. */
const PASSWORD_BYTES = 16;

/**
 * Makes the account `admin` where there is none at all; `null`: there are accounts. A password that nobody gave is in a
 * file of the data directory that only its owner can read, before the account is there: whatever dies between the two
 * is made anew by the next start.
 *
 * @throws {Error} one sentence, when the given password cannot be one or the file cannot be written
 */
export async function ensureFirstAdmin(parts: FirstAdminParts): Promise<FirstAdmin | null> {
  const { accounts, randomness, password, dataDir } = parts;
  if (accounts.count > 0) return null;
  if (password !== null) {
    const [problem] = CreateUserSchema.shape.password.safeParse(password).error?.issues ?? [];
    if (problem !== undefined) throw new Error(`LLAMACTL_ADMIN_PASSWORD ${problem.message}.`);
    await accounts.create({ username: USERNAME, password, role: 'admin' });
    return { username: USERNAME, passwordFile: null };
  }
  const made = Buffer.from(randomness.token(PASSWORD_BYTES), 'hex').toString('base64url');
  const passwordFile = passwordFileOf(dataDir);
  await writeSecret(passwordFile, `${made}\n`);
  await accounts.create({ username: USERNAME, password: made, role: 'admin' });
  return { username: USERNAME, passwordFile };
}

/** Where a password is that nobody gave. @param dataDir Absolute. */
export function passwordFileOf(dataDir: string): string {
  return path.join(dataDir, PASSWORD_FILE);
}

/** A new file, so that neither the mode nor the owner of one that lies there is kept; on the disk when it resolves. */
async function writeSecret(file: string, text: string): Promise<void> {
  await rm(file, { force: true });
  await flushed(await open(file, 'wx', 0o600), text);
  await flushed(await open(path.dirname(file), 'r'), null);
}

async function flushed(handle: Awaited<ReturnType<typeof open>>, text: string | null): Promise<void> {
  try {
    if (text !== null) await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
