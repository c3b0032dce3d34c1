import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { StoredSession } from '../auth/auth-ports.ts';
import type { CommitQueue } from './commit-queue.ts';
import { readRow } from './row.ts';

const SessionRow = z.object({
  id: z.string(),
  userId: z.string(),
  generation: z.number(),
  signingKey: z.string(),
  createdAt: z.string(),
  refreshedAt: z.string().nullable(),
  expiresAt: z.string(),
  address: z.string(),
  userAgent: z.string().nullable(),
}) satisfies z.ZodType<StoredSession>;

/** Log-ins as they are stored. */
export interface SessionsTable {
  /** Oldest first. */
  load(): StoredSession[];
  save(session: StoredSession): Promise<void>;
  /** Removes log-ins. Ignores ids that do not exist. */
  remove(ids: readonly string[]): Promise<void>;
}

/** @param file For messages. */
export function createSessionsTable(database: DatabaseSync, file: string, queue: CommitQueue): SessionsTable {
  const all = database.prepare(
    `select id, user_id as userId, generation, signing_key as signingKey, created_at as createdAt,
       refreshed_at as refreshedAt, expires_at as expiresAt, address, user_agent as userAgent
     from sessions order by position`,
  );
  const upsert = database.prepare(
    `insert into sessions (id, user_id, generation, signing_key, created_at, refreshed_at, expires_at, address, user_agent)
     values (:id, :userId, :generation, :signingKey, :createdAt, :refreshedAt, :expiresAt, :address, :userAgent)
     on conflict (id) do update set user_id = excluded.user_id, generation = excluded.generation,
       signing_key = excluded.signing_key, created_at = excluded.created_at, refreshed_at = excluded.refreshed_at,
       expires_at = excluded.expires_at, address = excluded.address, user_agent = excluded.user_agent`,
  );
  const remove = database.prepare('delete from sessions where id = ?');

  return {
    load: () => all.all().map((row) => readRow(SessionRow, row, `Session ${String(row['id'])} in ${file}`)),

    save(session) {
      const values = { ...session };
      return queue.add([{ run: () => upsert.run(values) }]);
    },

    async remove(ids) {
      // One change each, so that the queue may divide a long list into several commits.
      await Promise.all(ids.map((id) => queue.add([{ run: () => remove.run(id) }])));
    },
  };
}
