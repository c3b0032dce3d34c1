import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_LIMITS } from '../../auth/limits.ts';
import type { AccountStore, StoredKey, StoredSession, StoredSigningKey, StoredUser } from '../../auth/auth-ports.ts';

/** A store of accounts under test, with operations that the port does not have. */
export interface AccountsSubject {
  accounts: AccountStore;
  /** Opens the same data again, as the next process does. */
  reopen(): Promise<AccountStore>;
  dispose(): Promise<void>;
}

/** A stored account. */
export function storedUser(id: string, changes: Partial<StoredUser> = {}): StoredUser {
  return {
    id,
    username: `name-of-${id}`,
    role: 'operator',
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
    disabled: false,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-02T00:00:00.000Z',
    lastLoginAt: null,
    tokenGeneration: 1,
    limits: NO_LIMITS,
    ...changes,
  };
}

/** A stored key. */
export function storedKey(id: string, ownerId: string, changes: Partial<StoredKey> = {}): StoredKey {
  return {
    id,
    hash: `hash-of-${id}`,
    prefix: 'llk_abcd',
    name: 'ünï "quoted" \n',
    ownerId,
    generation: 1,
    scopes: ['inference', 'metrics'],
    instances: null,
    mayStart: true,
    limits: NO_LIMITS,
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: null,
    lastUsedAt: null,
    ...changes,
  };
}

/** A stored signing key. */
export function storedSigningKey(id: string, createdAt = '2026-01-01T00:00:00.000Z'): StoredSigningKey {
  return { id, secret: `secret-of-${id}`, createdAt };
}

/** A stored log-in. */
export function storedSession(id: string, userId: string, changes: Partial<StoredSession> = {}): StoredSession {
  return {
    id,
    userId,
    generation: 1,
    signingKey: 's1',
    createdAt: '2026-01-01T00:00:00.000Z',
    refreshedAt: null,
    expiresAt: '2036-01-01T00:00:00.000Z',
    address: '192.0.2.1',
    userAgent: 'Mozilla/5.0 "x"',
    ...changes,
  };
}

const SOME_LIMITS = { maxInFlight: 1, requestsPerMinute: 60, tokensPerMinute: 1_000_000_000_000 };

const ids = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);
const outcomes = async (changes: readonly Promise<void>[]): Promise<string[]> =>
  (await Promise.allSettled(changes)).map(({ status }) => status);

/** The contract tests of {@link AccountStore}. */
export function accountsContract(title: string, make: () => Promise<AccountsSubject>): void {
  describe(title, () => {
    let subject: AccountsSubject;
    let accounts: AccountStore;

    beforeEach(async () => {
      subject = await make();
      accounts = subject.accounts;
    });
    afterEach(async () => {
      await subject.dispose();
    });

    it('is empty at first', async () => {
      expect(await accounts.load()).toEqual({ users: [], keys: [], signingKeys: [], revoked: [], sessions: [] });
    });

    it('returns saved rows, also after a reopen', async () => {
      const users = [
        storedUser('u1', {
          role: 'admin',
          lastLoginAt: '2026-01-03T00:00:00.000Z',
          tokenGeneration: 7,
          limits: SOME_LIMITS,
        }),
        storedUser('u2', { role: 'viewer', disabled: true }),
      ];
      const keys = [
        storedKey('k1', 'u1'),
        storedKey('k2', 'u2', {
          generation: 3,
          scopes: ['viewer'],
          instances: ['b', 'a'],
          mayStart: false,
          limits: SOME_LIMITS,
          expiresAt: '2027-01-01T00:00:00.000Z',
          lastUsedAt: '2026-01-04T00:00:00.000Z',
        }),
        storedKey('k3', 'u2', { instances: [] }),
      ];
      for (const user of users) await accounts.saveUser(user);
      for (const key of keys) await accounts.saveKey(key);
      await accounts.saveSigningKey(storedSigningKey('s1'));
      await accounts.revoke({ id: 't1', expiresAt: 4_102_444_800 });
      await accounts.saveSession(storedSession('l1', 'u1'));
      const expected = {
        users,
        keys,
        signingKeys: [storedSigningKey('s1')],
        revoked: [{ id: 't1', expiresAt: 4_102_444_800 }],
        sessions: [storedSession('l1', 'u1')],
      };
      expect(await accounts.load()).toEqual(expected);
      expect(await (await subject.reopen()).load()).toEqual(expected);
    });

    it('lists the oldest first, even after changes', async () => {
      for (const id of ['c', 'a', 'b']) {
        await accounts.saveUser(storedUser(id));
        await accounts.saveKey(storedKey(`key-${id}`, id));
      }
      await accounts.saveUser(storedUser('c', { role: 'admin' }));
      await accounts.saveKey(storedKey('key-c', 'c', { name: 'changed' }));
      const { users, keys } = await accounts.load();
      expect(ids(users)).toEqual(['c', 'a', 'b']);
      expect(users[0]?.role).toBe('admin');
      expect(ids(keys)).toEqual(['key-c', 'key-a', 'key-b']);
      expect(keys[0]?.name).toBe('changed');
    });

    it('stores the objects at the time of the call, not later changes of them', async () => {
      const user = storedUser('u');
      const key = storedKey('k', 'u', { instances: ['a'] });
      const saved = [accounts.saveUser(user), accounts.saveKey(key)];
      user.role = 'admin';
      key.scopes.push('admin');
      key.instances?.push('late');
      await Promise.all(saved);
      const loaded = await accounts.load();
      expect(loaded.users).toEqual([storedUser('u')]);
      expect(loaded.keys).toEqual([storedKey('k', 'u', { instances: ['a'] })]);
      loaded.keys[0]?.scopes.push('admin');
      expect((await accounts.load()).keys[0]?.scopes).toEqual(['inference', 'metrics']);
    });

    it('acknowledges only after the commit, which follows the turn', async () => {
      const order: string[] = [];
      const saved = accounts.saveUser(storedUser('u')).then(() => order.push('acknowledged'));
      await Promise.resolve();
      await new Promise<void>((resolve) => process.nextTick(resolve));
      order.push('rest of the turn');
      await saved;
      expect(order).toEqual(['rest of the turn', 'acknowledged']);
    });

    describe('an account', () => {
      it('keeps its keys when it changes', async () => {
        await accounts.saveUser(storedUser('u'));
        await accounts.saveKey(storedKey('k', 'u'));
        await accounts.saveUser(storedUser('u', { tokenGeneration: 2, updatedAt: '2026-02-01T00:00:00.000Z' }));
        expect(ids((await accounts.load()).keys)).toEqual(['k']);
      });

      it('loses only its own keys when it is removed', async () => {
        await Promise.all([
          accounts.saveUser(storedUser('u')),
          accounts.saveUser(storedUser('v')),
          accounts.saveKey(storedKey('k1', 'u')),
          accounts.saveKey(storedKey('k2', 'v')),
          accounts.saveKey(storedKey('k3', 'u')),
        ]);
        await accounts.removeUser('u');
        await accounts.removeUser('never-there');
        const left = { users: [storedUser('v')], keys: [storedKey('k2', 'v')] };
        expect(await accounts.load()).toMatchObject(left);
        expect(await (await subject.reopen()).load()).toMatchObject(left);
      });

      it('is refused with the name of another, in any case, and the others of the turn are stored', async () => {
        await accounts.saveUser(storedUser('a', { username: 'Ada' }));
        const results = await outcomes([
          accounts.saveUser(storedUser('b')),
          accounts.saveUser(storedUser('c', { username: 'aDA' })),
          accounts.saveUser(storedUser('d')),
        ]);
        expect(results).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect(ids((await accounts.load()).users)).toEqual(['a', 'b', 'd']);
        await expect(accounts.saveUser(storedUser('c', { username: 'ADA' }))).rejects.toThrow(
          'Another account has this name; nothing was stored.',
        );
      });

      it('frees its name in the same turn when it is removed', async () => {
        await accounts.saveUser(storedUser('a', { username: 'ada' }));
        await Promise.all([accounts.removeUser('a'), accounts.saveUser(storedUser('b', { username: 'ada' }))]);
        expect(ids((await accounts.load()).users)).toEqual(['b']);
      });
    });

    describe('a key', () => {
      beforeEach(() => accounts.saveUser(storedUser('u')));

      it('is refused without its account, and the others of the turn are stored', async () => {
        const results = await outcomes([
          accounts.saveKey(storedKey('k1', 'u')),
          accounts.saveKey(storedKey('k2', 'unknown')),
          accounts.saveKey(storedKey('k3', 'u')),
        ]);
        expect(results).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect(ids((await accounts.load()).keys)).toEqual(['k1', 'k3']);
        await expect(accounts.saveKey(storedKey('k2', 'unknown'))).rejects.toThrow(
          'The account of the key is gone, or another key has its hash; nothing was stored.',
        );
      });

      it('is refused if its account was removed in the same turn', async () => {
        const results = await outcomes([accounts.removeUser('u'), accounts.saveKey(storedKey('k', 'u'))]);
        expect(results).toEqual(['fulfilled', 'rejected']);
        expect((await accounts.load()).keys).toEqual([]);
      });

      it('is refused with the hash of another', async () => {
        await accounts.saveKey(storedKey('k1', 'u', { hash: 'same' }));
        expect(await outcomes([accounts.saveKey(storedKey('k2', 'u', { hash: 'same' }))])).toEqual(['rejected']);
        expect(ids((await accounts.load()).keys)).toEqual(['k1']);
      });

      it('can be removed, even twice', async () => {
        await accounts.saveKey(storedKey('k1', 'u'));
        await accounts.saveKey(storedKey('k2', 'u'));
        await accounts.removeKey('k1');
        await accounts.removeKey('k1');
        expect(ids((await (await subject.reopen()).load()).keys)).toEqual(['k2']);
      });

      it('records its last use, together with many others, and ignores removed keys', async () => {
        const many = Array.from({ length: 150 }, (_, index) => storedKey(`k${index}`, 'u'));
        await Promise.all(many.map((key) => accounts.saveKey(key)));
        const used = many.slice(1);
        const at = '2026-01-05T10:11:00.000Z';
        await accounts.noteKeysUsed([...used.map(({ id }) => ({ id, at })), { id: 'gone', at }]);
        await accounts.noteKeysUsed([]);
        const expected = [...many.slice(0, 1), ...used.map((key) => ({ ...key, lastUsedAt: at }))];
        expect((await accounts.load()).keys).toEqual(expected);
        expect((await (await subject.reopen()).load()).keys).toEqual(expected);
      });
    });

    describe('signing keys', () => {
      it('are the two saved last, the newest first, whatever their times', async () => {
        await accounts.saveSigningKey(storedSigningKey('s1', '2026-01-03T00:00:00.000Z'));
        await accounts.saveSigningKey(storedSigningKey('s2', '2026-01-01T00:00:00.000Z'));
        expect(ids((await accounts.load()).signingKeys)).toEqual(['s2', 's1']);
        await accounts.saveSigningKey(storedSigningKey('s3', '2026-01-02T00:00:00.000Z'));
        expect(ids((await accounts.load()).signingKeys)).toEqual(['s3', 's2']);
        expect(ids((await (await subject.reopen()).load()).signingKeys)).toEqual(['s3', 's2']);
      });
    });

    describe('log-ins', () => {
      it('keep their order when one is refreshed', async () => {
        for (const id of ['a', 'b', 'c']) await accounts.saveSession(storedSession(id, 'u'));
        const refreshed = storedSession('b', 'u', { refreshedAt: '2026-01-02T00:00:00.000Z', userAgent: null });
        await accounts.saveSession(refreshed);
        const expected = [storedSession('a', 'u'), refreshed, storedSession('c', 'u')];
        expect((await accounts.load()).sessions).toEqual(expected);
        expect((await (await subject.reopen()).load()).sessions).toEqual(expected);
      });

      it('are removed, many at once, and unknown ones are ignored', async () => {
        const many = Array.from({ length: 150 }, (_, index) => storedSession(`l${index}`, 'u'));
        await Promise.all(many.map((session) => accounts.saveSession(session)));
        await accounts.removeSessions(['gone', ...ids(many.slice(1))]);
        await accounts.removeSessions([]);
        expect(ids((await (await subject.reopen()).load()).sessions)).toEqual(['l0']);
      });
    });

    describe('revoked tokens', () => {
      it('can be revoked twice', async () => {
        await accounts.revoke({ id: 't', expiresAt: 100 });
        await accounts.revoke({ id: 't', expiresAt: 100 });
        expect((await accounts.load()).revoked).toEqual([{ id: 't', expiresAt: 100 }]);
      });

      it('are removed only when they have expired', async () => {
        for (const expiresAt of [99, 100, 101]) await accounts.revoke({ id: `t${expiresAt}`, expiresAt });
        await accounts.forgetRevoked(100);
        expect(ids((await accounts.load()).revoked)).toEqual(['t101']);
        expect(ids((await (await subject.reopen()).load()).revoked)).toEqual(['t101']);
      });
    });
  });
}
