import type { DatabaseSync } from 'node:sqlite';
import { RoleSchema } from '@llamactl/contract/auth';
import { z } from 'zod';
import type { StoredUser } from '../auth/auth-ports.ts';
import type { CommitQueue } from './commit-queue.ts';
import { Flag, readRow, StoredLimits } from './row.ts';

const UserRow = z.object({
  id: z.string(),
  username: z.string(),
  role: RoleSchema,
  passwordHash: z.string(),
  disabled: Flag,
  createdAt: z.string(),
  updatedAt: z.string(),
  lastLoginAt: z.string().nullable(),
  tokenGeneration: z.number(),
  limits: StoredLimits,
}) satisfies z.ZodType<StoredUser>;

/** Accounts as they are stored. */
export interface UsersTable {
  /** Oldest first. */
  load(): StoredUser[];
  save(user: StoredUser): Promise<void>;
  remove(id: string): Promise<void>;
}

/** @param file For messages. */
export function createUsersTable(database: DatabaseSync, file: string, queue: CommitQueue): UsersTable {
  const all = database.prepare(
    `select id, username, role, password_hash as passwordHash, disabled, created_at as createdAt,
       updated_at as updatedAt, last_login_at as lastLoginAt, token_generation as tokenGeneration, limits
     from users order by position`,
  );
  // Not `insert or replace`: that first deletes the old row, and with it all keys of the account.
  const upsert = database.prepare(
    `insert into users (id, username, role, password_hash, disabled, created_at, updated_at, last_login_at, token_generation, limits)
     values (:id, :username, :role, :passwordHash, :disabled, :createdAt, :updatedAt, :lastLoginAt, :tokenGeneration, :limits)
     on conflict (id) do update set username = excluded.username, role = excluded.role,
       password_hash = excluded.password_hash, disabled = excluded.disabled, created_at = excluded.created_at,
       updated_at = excluded.updated_at, last_login_at = excluded.last_login_at,
       token_generation = excluded.token_generation, limits = excluded.limits`,
  );
  upsert.setAllowUnknownNamedParameters(true);
  const remove = database.prepare('delete from users where id = ?');

  return {
    load: () => all.all().map((row) => readRow(UserRow, row, `Account ${String(row['id'])} in ${file}`)),

    save(user) {
      const values = { ...user, disabled: Number(user.disabled), limits: JSON.stringify(user.limits) };
      const refusal = 'Another account has this name';
      return queue.add([{ run: () => upsert.run(values), refusal }]);
    },

    remove: (id) => queue.add([{ run: () => remove.run(id) }]),
  };
}
