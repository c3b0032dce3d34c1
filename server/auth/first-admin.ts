import { CreateUserSchema } from '@llamactl/contract/auth';
import { access, open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Accounts } from './accounts.ts';
import type { Randomness } from './auth-ports.ts';

/** The account that was created, and where its password is. */
export interface FirstAdmin {
  username: string;
  /** Absolute path; `null`: the password was given. */
  passwordFile: string | null;
}

interface FirstAdminParts {
  accounts: Accounts;
  randomness: Pick<Randomness, 'token'>;
  /** From `LLAMACTL_ADMIN_PASSWORD`; `null`: generate one. */
  password: string | null;
  /** Absolute path; the directory exists. */
  dataDir: string;
}

const USERNAME = 'admin';
const PASSWORD_FILE = 'admin-password';
/** 128 bits. */
const PASSWORD_BYTES = 16;

/**
 * Creates the account `admin` if no account exists; otherwise returns `null`. A generated password is written to a file
 * in the data directory that only its owner can read. The file is written before the account: if the process dies
 * between the two steps, the next start repeats both.
 *
 * @throws {Error} one sentence, when the given password is invalid or the file cannot be written
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

/**
 * Removes the file with the generated password when the first account gets another password, or is removed.
 *
 * @param onFault Gets the error if the file cannot be removed; must not throw.
 */
export function forgetFirstPassword(accounts: Accounts, dataDir: string, onFault: (error: unknown) => void): void {
  // If the account with this password is gone, the next one is the oldest, and the file is of no use anyway.
  const first = accounts.oldest;
  accounts.watch({
    onChanged: (userId, _isRevoked, isPasswordPast) => {
      if (userId === first && isPasswordPast) rm(passwordFileOf(dataDir), { force: true }).catch(onFault);
    },
  });
}

/** Whether the generated password of the first account is still valid, and in its file. @param dataDir Absolute. */
export function isFirstPasswordInFile(dataDir: string): Promise<boolean> {
  return access(passwordFileOf(dataDir)).then(
    () => true,
    () => false,
  );
}

/** Path of the file with a generated password. @param dataDir Absolute. */
export function passwordFileOf(dataDir: string): string {
  return path.join(dataDir, PASSWORD_FILE);
}

/**
 * Writes a new file, so that it does not inherit mode or owner from an old one. Resolves when the text is on the disk.
 */
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
