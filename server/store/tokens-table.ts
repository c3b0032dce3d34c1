import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { RevokedToken, StoredSigningKey } from '../auth/auth-ports.ts';
import type { CommitQueue } from './commit-queue.ts';
import { readRow } from './row.ts';

const SigningKeyRow = z.object({
  id: z.string(),
  secret: z.string(),
  createdAt: z.string(),
}) satisfies z.ZodType<StoredSigningKey>;

const RevokedTokenRow = z.object({ id: z.string(), expiresAt: z.number() }) satisfies z.ZodType<RevokedToken>;

/** Stores the keys that sign tokens, and revoked tokens. */
export interface TokensTable {
  /** Newest first. */
  signingKeys(): StoredSigningKey[];
  revoked(): RevokedToken[];
  /** Keeps the two newest. */
  saveSigningKey(key: StoredSigningKey): Promise<void>;
  revoke(token: RevokedToken): Promise<void>;
  /** @param now Seconds since the epoch. */
  forgetRevoked(now: number): Promise<void>;
}

/** @param file For messages. */
export function createTokensTable(database: DatabaseSync, file: string, queue: CommitQueue): TokensTable {
  const signingKeys = database.prepare(
    'select id, secret, created_at as createdAt from signing_keys order by position desc',
  );
  const revoked = database.prepare('select id, expires_at as expiresAt from revoked_tokens order by expires_at, id');
  const addSigningKey = database.prepare('insert into signing_keys (id, secret, created_at) values (?, ?, ?)');
  const removeOldSigningKeys = database.prepare(
    `delete from signing_keys where position not in
       (select position from signing_keys order by position desc limit 2)`,
  );
  const revoke = database.prepare(
    `insert into revoked_tokens (id, expires_at) values (?, ?)
     on conflict (id) do update set expires_at = max(expires_at, excluded.expires_at)`,
  );
  const forget = database.prepare('delete from revoked_tokens where expires_at <= ?');

  return {
    signingKeys: () =>
      signingKeys.all().map((row) => readRow(SigningKeyRow, row, `Signing key ${String(row['id'])} in ${file}`)),

    revoked: () =>
      revoked.all().map((row) => readRow(RevokedTokenRow, row, `Revoked token ${String(row['id'])} in ${file}`)),

    saveSigningKey({ id, secret, createdAt }) {
      const refusal = 'Another signing key has this id';
      return queue.add([
        { run: () => addSigningKey.run(id, secret, createdAt), refusal },
        { run: () => removeOldSigningKeys.run() },
      ]);
    },

    revoke: ({ id, expiresAt }) => queue.add([{ run: () => revoke.run(id, expiresAt) }]),

    forgetRevoked: (now) => queue.add([{ run: () => forget.run(now) }]),
  };
}
