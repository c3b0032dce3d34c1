import type { DatabaseSync } from 'node:sqlite';
import { ScopeSchema } from '@llamactl/contract/auth';
import { z } from 'zod';
import type { StoredKey } from '../auth/auth-ports.ts';
import type { CommitQueue } from './commit-queue.ts';
import { Flag, Json, readRow, StoredLimits } from './row.ts';

const KeyRow = z.object({
  id: z.string(),
  hash: z.string(),
  prefix: z.string(),
  name: z.string(),
  ownerId: z.string(),
  generation: z.number(),
  scopes: Json.pipe(z.array(ScopeSchema)),
  instances: Json.pipe(z.array(z.string())).nullable(),
  mayStart: Flag,
  limits: StoredLimits,
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
}) satisfies z.ZodType<StoredKey>;

/** Keys for programs as they are stored. */
export interface KeysTable {
  /** Oldest first. */
  load(): StoredKey[];
  save(key: StoredKey): Promise<void>;
  remove(id: string): Promise<void>;
  /** Records when keys were last used. Ignores keys that no longer exist. */
  noteUses(uses: readonly { id: string; at: string }[]): Promise<void>;
}

/** @param file For messages. */
export function createKeysTable(database: DatabaseSync, file: string, queue: CommitQueue): KeysTable {
  const all = database.prepare(
    `select id, hash, prefix, name, owner_id as ownerId, generation, scopes, instances,
       may_start as mayStart, limits, created_at as createdAt, expires_at as expiresAt, last_used_at as lastUsedAt
     from keys order by position`,
  );
  const upsert = database.prepare(
    `insert into keys (id, hash, prefix, name, owner_id, generation, scopes, instances, may_start, limits,
       created_at, expires_at, last_used_at)
     values (:id, :hash, :prefix, :name, :ownerId, :generation, :scopes, :instances, :mayStart, :limits,
       :createdAt, :expiresAt, :lastUsedAt)
     on conflict (id) do update set hash = excluded.hash, prefix = excluded.prefix, name = excluded.name,
       owner_id = excluded.owner_id, generation = excluded.generation, scopes = excluded.scopes, instances = excluded.instances,
       may_start = excluded.may_start, limits = excluded.limits, created_at = excluded.created_at, expires_at = excluded.expires_at,
       last_used_at = excluded.last_used_at`,
  );
  upsert.setAllowUnknownNamedParameters(true);
  const remove = database.prepare('delete from keys where id = ?');
  const noteUse = database.prepare('update keys set last_used_at = ? where id = ?');

  return {
    load: () => all.all().map((row) => readRow(KeyRow, row, `Key ${String(row['id'])} in ${file}`)),

    save(key) {
      const values = {
        ...key,
        scopes: JSON.stringify(key.scopes),
        instances: key.instances === null ? null : JSON.stringify(key.instances),
        mayStart: Number(key.mayStart),
        limits: JSON.stringify(key.limits),
      };
      const refusal = 'The account of the key is gone, or another key has its hash';
      return queue.add([{ run: () => upsert.run(values), refusal }]);
    },

    remove: (id) => queue.add([{ run: () => remove.run(id) }]),

    async noteUses(uses) {
      // One change each, so that the queue may divide a long list into several commits.
      await Promise.all(uses.map(({ id, at }) => queue.add([{ run: () => noteUse.run(at, id) }])));
    },
  };
}
