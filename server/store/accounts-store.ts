import type { DatabaseSync } from 'node:sqlite';
import type { AccountStore } from '../auth/auth-ports.ts';
import type { CommitQueue } from './commit-queue.ts';
import { createKeysTable } from './keys-table.ts';
import { createSessionsTable } from './sessions-table.ts';
import { createTokensTable } from './tokens-table.ts';
import { createUsersTable } from './users-table.ts';

/** Stores accounts, their keys, log-ins, signing keys and revoked tokens. @param file For messages. */
export function createAccountStore(database: DatabaseSync, file: string, queue: CommitQueue): AccountStore {
  const users = createUsersTable(database, file, queue);
  const keys = createKeysTable(database, file, queue);
  const tokens = createTokensTable(database, file, queue);
  const sessions = createSessionsTable(database, file, queue);
  return {
    async load() {
      return {
        users: users.load(),
        keys: keys.load(),
        signingKeys: tokens.signingKeys(),
        revoked: tokens.revoked(),
        sessions: sessions.load(),
      };
    },
    saveUser: (user) => users.save(user),
    removeUser: (id) => users.remove(id),
    saveKey: (key) => keys.save(key),
    removeKey: (id) => keys.remove(id),
    noteKeysUsed: (uses) => keys.noteUses(uses),
    saveSession: (session) => sessions.save(session),
    removeSessions: (ids) => sessions.remove(ids),
    saveSigningKey: (key) => tokens.saveSigningKey(key),
    revoke: (token) => tokens.revoke(token),
    forgetRevoked: (now) => tokens.forgetRevoked(now),
  };
}
