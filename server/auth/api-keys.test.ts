import type { CreateKey, Role, Scope } from '@llamactl/contract/auth';
import { PERMISSIONS, type Permission } from '@llamactl/contract/permissions';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness, codeOf } from '../testing/auth-harness.ts';
import { anonymousAdmin, type Caller } from './caller.ts';
import { mayCall, maySee } from './permissions.ts';

const HOUR_MS = 3_600_000;

describe('keys', () => {
  let harness: AuthHarness;
  let admin: Caller;

  beforeEach(async () => {
    harness = await AuthHarness.open();
    harness.instances.set('llama', 'i1').set('gemma', 'i2');
    admin = await harness.loggedIn('root', 'admin');
  });

  const create = (caller: Caller, body: Partial<CreateKey>) => harness.auth.keys.create(caller, { name: 'k', ...body });
  const refusalOf = (caller: Caller, body: Partial<CreateKey>) => codeOf(() => create(caller, body));
  const keyCaller = async (owner: Caller, body: Partial<CreateKey>): Promise<Caller> =>
    harness.caller(await harness.keyOf(owner, body));
  const inAnHour = (): string => new Date(harness.clock.now() + HOUR_MS).toISOString();

  describe('a new key', () => {
    it('is shown once, has 256 random bits, and only its SHA-256 is stored', async () => {
      const { key, info } = await create(admin, { name: 'laptop' });
      expect(key).toMatch(/^llk_[A-Za-z0-9_-]{43}$/);
      expect(info).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
        name: 'laptop',
        owner: 'root',
        prefix: key.slice(0, 10),
        scopes: ['inference'],
        instances: null,
        may_start: true,
        max_in_flight: 0,
        requests_per_minute: 0,
        tokens_per_minute: 0,
        created_at: new Date(harness.clock.now()).toISOString(),
        expires_at: null,
        last_used_at: null,
      });
      const stored = JSON.stringify(await harness.store.load());
      expect(stored).not.toContain(key.slice(12));
      expect(JSON.stringify(harness.auth.keys.list(admin))).not.toContain(key.slice(12));
    });

    it('works, also after a restart', async () => {
      const key = await harness.keyOf(admin);
      expect(await harness.fate(key)).toBe('key');
      await harness.restart();
      expect(await harness.fate(key)).toBe('key');
    });

    it('has the form of a key for any random bytes', async () => {
      const keys = await Promise.all(Array.from({ length: 50 }, () => harness.keyOf(admin)));
      expect(new Set(keys).size).toBe(50);
      for (const key of keys) expect(await harness.fate(key)).toBe('key');
    });

    it('does not exist when it cannot be stored', async () => {
      harness.store.failure = new Error('The disk is full.');
      await expect(create(admin, {})).rejects.toThrow('The disk is full.');
      expect(harness.auth.keys.list(admin)).toEqual([]);
    });

    it('is refused with every problem of the request', async () => {
      const request = create(admin, {
        name: 'line\nbreak',
        owner: 'unknown',
        scopes: ['admin'],
        instances: ['llama', 'none', 'neither'],
        expires_at: new Date(harness.clock.now()).toISOString(),
      });
      const refusal: unknown = await request.catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'VALIDATION_ERROR' });
      expect(refusal).toMatchObject({
        extras: {
          problems: ['name', 'owner', 'scopes', 'instances.1', 'instances.2', 'expires_at'].map((path) => ({ path })),
        },
      });
    });

    it('lists an instance once, however often it was given', async () => {
      await create(admin, { instances: ['llama', 'gemma', 'llama'] });
      expect((await harness.store.load()).keys[0]?.instances).toEqual(['i1', 'i2']);
    });

    it('is refused beyond a thousand keys of an account', async () => {
      await Promise.all(Array.from({ length: 1_000 }, () => create(admin, {})));
      expect(await refusalOf(admin, {})).toBe('FORBIDDEN');
      await harness.user('ada', 'operator');
      await create(admin, { owner: 'ada' });
    });

    it('is refused when the credentials of its maker are revoked while the request waits', async () => {
      const ada = await harness.loggedIn('ada', 'operator');
      const change = harness.auth.accounts.update('ada', { disabled: true });
      expect(await refusalOf(ada, {})).toBe('UNAUTHORIZED');
      await change;
      await harness.auth.accounts.update('ada', { disabled: false });
      expect(await refusalOf(ada, {})).toBe('UNAUTHORIZED');
      expect((await harness.store.load()).keys).toEqual([]);
    });
  });

  describe('the owner of a key', () => {
    it('is the caller, or any account when the caller is an admin', async () => {
      const ada = await harness.loggedIn('ada', 'operator');
      await harness.user('bob', 'viewer');
      expect((await create(ada, {})).info.owner).toBe('ada');
      expect((await create(ada, { owner: 'ADA' })).info.owner).toBe('ada');
      expect(await refusalOf(ada, { owner: 'root' })).toBe('FORBIDDEN');
      expect(await refusalOf(ada, { owner: 'unknown' })).toBe('FORBIDDEN');
      expect((await create(admin, { owner: 'bob', scopes: ['viewer'] })).info.owner).toBe('bob');
    });

    it('must be given while no account is logged in, and must not be disabled', async () => {
      expect(await refusalOf(anonymousAdmin(), {})).toBe('VALIDATION_ERROR');
      expect((await create(anonymousAdmin(), { owner: 'root' })).info.owner).toBe('root');
      await harness.user('ada', 'operator');
      await harness.auth.accounts.update('ada', { disabled: true });
      expect(await refusalOf(admin, { owner: 'ada' })).toBe('VALIDATION_ERROR');
    });

    it('does not extend what a key can reach: a key lists and deletes itself and keys within its rights', async () => {
      const others: Record<string, Partial<CreateKey>> = {
        same: { scopes: ['viewer'], instances: ['llama'], may_start: false },
        inference: { scopes: ['inference'], instances: ['llama'], may_start: false },
        operator: { scopes: ['operator'], instances: ['llama'], may_start: false },
        starting: { scopes: ['viewer'], instances: ['llama'] },
        elsewhere: { scopes: ['viewer'], instances: ['llama', 'gemma'], may_start: false },
        everywhere: { scopes: ['viewer'], may_start: false },
      };
      const ids = new Map<string, string>();
      const ada = await harness.loggedIn('ada', 'operator');
      for (const [name, body] of Object.entries(others)) ids.set(name, (await create(ada, { ...body, name })).info.id);
      const limited = { name: 'self', scopes: ['viewer' as const], instances: ['llama'], may_start: false };
      const caller = await keyCaller(ada, limited);
      const { keys } = harness.auth;
      expect(keys.list(caller).map(({ name }) => name)).toEqual(['same', 'self']);
      const fates: unknown[] = [];
      for (const id of ids.values()) fates.push(await codeOf(() => keys.remove(caller, id)));
      expect(fates).toEqual([undefined, ...Array.from({ length: 5 }, () => 'NOT_FOUND')]);
      expect(keys.list(ada).map(({ name }) => name)).toEqual([
        'inference',
        'operator',
        'starting',
        'elsewhere',
        'everywhere',
        'self',
      ]);
    });

    it('lists and deletes the key, as admins do', async () => {
      const ada = await harness.loggedIn('ada', 'operator');
      const bob = await harness.loggedIn('bob', 'viewer');
      const key = await create(ada, { name: 'of ada' });
      await create(bob, { name: 'of bob', scopes: ['metrics'] });
      const seen = (caller: Caller): string[] => harness.auth.keys.list(caller).map(({ name }) => name);
      expect([seen(ada), seen(bob), seen(admin)]).toEqual([['of ada'], ['of bob'], ['of ada', 'of bob']]);
      expect(await codeOf(() => harness.auth.keys.remove(bob, key.info.id))).toBe('NOT_FOUND');
      expect(await harness.fate(key.key)).toBe('key');
      await harness.auth.keys.remove(ada, key.info.id);
      expect(await harness.fate(key.key)).toBe('UNAUTHORIZED');
      expect(seen(admin)).toEqual(['of bob']);
      expect(await codeOf(() => harness.auth.keys.remove(admin, key.info.id))).toBe('NOT_FOUND');
    });
  });

  it('end at once when deleted, for good, and what they opened closes', async () => {
    const { key, info } = await create(admin, {});
    const { revoked } = await harness.caller(key);
    await harness.auth.keys.remove(admin, info.id);
    expect([await harness.fate(key), revoked.aborted]).toEqual(['UNAUTHORIZED', true]);
    await harness.restart();
    expect(await harness.fate(key)).toBe('UNAUTHORIZED');
  });

  it('are named by their public beginning when they are refused, so that an admin finds the program', async () => {
    const key = await harness.keyOf(admin, { name: 'nightly', expires_at: inAnHour() });
    const unknown = `llk_${'x'.repeat(43)}`;
    await expect(harness.caller(unknown)).rejects.toThrow('This key (llk_xxxxxx…) is not known, or was revoked');
    await harness.clock.advance(HOUR_MS);
    const refusal = await harness.caller(key).catch(String);
    expect(refusal).toMatch(/The key nightly \([0-9a-f]+, llk_.{6}…\) has expired/);
    expect(refusal).not.toContain(key.slice(0, 11));
  });

  it('expire at the exact millisecond', async () => {
    const key = await harness.keyOf(admin, { expires_at: inAnHour() });
    expect((await harness.caller(key)).expiresAt).toBe(harness.clock.now() + HOUR_MS);
    await harness.clock.advance(HOUR_MS - 1);
    expect(await harness.fate(key)).toBe('key');
    await harness.clock.advance(1);
    expect(await harness.fate(key)).toBe('UNAUTHORIZED');
  });

  describe('the rights of a key', () => {
    const ROLES: Role[] = ['viewer', 'operator', 'admin'];
    const ALL: Scope[] = ['inference', 'metrics', ...ROLES];
    const permissions = Object.keys(PERMISSIONS) as Permission[];

    it.each(ROLES)(
      "are limited to its owner's current rights, and to those of its maker when it is made: %s",
      async (role) => {
        const owner = await harness.loggedIn('ada', role);
        for (const scope of ALL) {
          const isRefused = !mayCall(owner, scope);
          expect([scope, (await refusalOf(owner, { scopes: [scope] })) === 'FORBIDDEN']).toEqual([scope, isRefused]);
          expect([scope, (await refusalOf(admin, { owner: 'ada', scopes: [scope] })) === 'FORBIDDEN']).toEqual([
            scope,
            isRefused,
          ]);
        }
      },
    );

    it("follow its owner's role down, and up again to its own scopes", async () => {
      const ada = await harness.loggedIn('ada', 'admin');
      const keys = await Promise.all(ALL.map((scope) => harness.keyOf(ada, { scopes: [scope] })));
      const rights = async (): Promise<string[]> =>
        Promise.all(
          keys.map(async (key) => {
            const { role, scopes } = await harness.caller(key);
            return [role ?? 'none', ...scopes].join(' ');
          }),
        );
      const before = ['none inference', 'none metrics', 'viewer', 'operator', 'admin'];
      expect(await rights()).toEqual(before);
      await harness.auth.accounts.update('ada', { role: 'operator' });
      expect(await rights()).toEqual(['none inference', 'none metrics', 'viewer', 'operator', 'operator']);
      await harness.auth.accounts.update('ada', { role: 'viewer' });
      expect(await rights()).toEqual(['none', 'none metrics', 'viewer', 'viewer', 'viewer']);
      await harness.auth.accounts.update('ada', { role: 'admin' });
      expect(await rights()).toEqual(before);
    });

    it('are those of the highest of several roles', async () => {
      const caller = await keyCaller(admin, { scopes: ['viewer', 'inference', 'operator', 'viewer'] });
      expect([caller.role, [...caller.scopes]]).toEqual(['operator', ['inference']]);
      expect(harness.auth.keys.list(admin)[0]?.scopes).toEqual(['viewer', 'inference', 'operator']);
    });

    it('cannot be widened by keys that are made with it, however many', async () => {
      const request = fc.record<Partial<CreateKey>>(
        {
          scopes: fc.uniqueArray(fc.constantFrom(...ALL), { minLength: 1 }),
          instances: fc.uniqueArray(fc.constantFrom('llama', 'gemma'), { minLength: 1 }),
          may_start: fc.boolean(),
          expires_at: fc
            .constantFrom(HOUR_MS, 2 * HOUR_MS)
            .map((ms) => new Date(harness.clock.now() + ms).toISOString()),
          owner: fc.constantFrom('root', 'ada'),
        },
        { requiredKeys: [] },
      );
      const ada = await harness.loggedIn('ada', 'admin');
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 5 }), async (bodies) => {
          let maker = ada;
          for (const body of bodies) {
            if (!mayCall(maker, 'account')) return;
            const made = await codeOf(() => create(maker, body));
            if (typeof made === 'string') continue;
            const caller = await harness.caller(made.key);
            for (const permission of permissions) {
              if (mayCall(caller, permission)) expect(mayCall(maker, permission)).toBe(true);
            }
            for (const id of ['i1', 'i2']) if (maySee(caller, id)) expect(maySee(maker, id)).toBe(true);
            if (caller.mayStart) expect(maker.mayStart).toBe(true);
            if (maker.kind === 'key')
              expect(caller.expiresAt ?? Infinity).toBeLessThanOrEqual(maker.expiresAt ?? Infinity);
            maker = caller;
          }
        }),
        { numRuns: 200 },
      );
    });

    it('are the bounds of a key that is made with it, by default', async () => {
      const maker = await keyCaller(admin, {
        scopes: ['operator'],
        instances: ['llama'],
        may_start: false,
        expires_at: inAnHour(),
      });
      const { info } = await create(maker, {});
      expect(info).toMatchObject({ instances: ['llama'], may_start: false, expires_at: inAnHour() });
      expect(await refusalOf(maker, { may_start: true })).toBe('FORBIDDEN');
      expect(await refusalOf(maker, { instances: ['gemma'] })).toBe('VALIDATION_ERROR');
      const later = new Date(harness.clock.now() + HOUR_MS + 1).toISOString();
      expect(await refusalOf(maker, { expires_at: later })).toBe('FORBIDDEN');
    });
  });

  describe('a key for some instances', () => {
    it('identifies them by id, so that a new instance with an old name is not included', async () => {
      const key = await harness.keyOf(admin, { instances: ['llama', 'gemma'] });
      expect([...((await harness.caller(key)).instances ?? [])]).toEqual(['i1', 'i2']);
      harness.instances.set('llama', 'i3');
      const caller = await harness.caller(key);
      expect(['i1', 'i2', 'i3'].map((id) => maySee(caller, id))).toEqual([true, true, false]);
      expect(harness.auth.keys.list(admin)[0]?.instances).toEqual(['gemma']);
    });

    it('allows none when all of them are deleted, rather than all', async () => {
      const key = await harness.keyOf(admin, { instances: ['llama'] });
      harness.instances.clear();
      await harness.restart();
      expect(harness.auth.keys.list(admin)[0]?.instances).toEqual([]);
      expect(maySee(await harness.caller(key), 'i2')).toBe(false);
    });

    it('never has the role admin, even when it was stored with it', async () => {
      expect(await refusalOf(admin, { instances: ['llama'], scopes: ['admin'] })).toBe('VALIDATION_ERROR');
      const key = await harness.keyOf(admin, { instances: ['llama'], scopes: ['operator'] });
      const [stored] = (await harness.store.load()).keys;
      if (stored === undefined) throw new Error('There is no key.');
      await harness.store.saveKey({ ...stored, scopes: ['admin'] });
      await harness.restart();
      expect((await harness.caller(key)).role).toBe('operator');
    });
  });

  describe('the last use of a key', () => {
    const writes = (): number => harness.store.calls.get('noteKeysUsed') ?? 0;
    const stored = async (): Promise<(string | null)[]> =>
      (await harness.store.load()).keys.map(({ lastUsedAt }) => lastUsedAt);
    const minute = (ms: number): string => new Date(Math.floor(ms / 60_000) * 60_000).toISOString();

    it('is known at once, to the minute, and written once a minute for all keys together', async () => {
      const keys = await Promise.all([1, 2, 3].map(() => harness.keyOf(admin)));
      // The minute of a creation may have begun before it.
      await harness.clock.advance(60_000);
      const first = harness.clock.now();
      for (let n = 0; n < 100; n += 1) for (const key of keys) await harness.fate(key);
      expect(harness.auth.keys.list(admin).map((key) => key.last_used_at)).toEqual([1, 2, 3].map(() => minute(first)));
      expect(writes()).toBe(0);
      await harness.clock.advance(60_000);
      expect(writes()).toBe(1);
      expect(await stored()).toEqual([1, 2, 3].map(() => minute(first)));
      await harness.clock.advance(HOUR_MS);
      expect(writes()).toBe(1);
      await harness.fate(keys[0] ?? '');
      await harness.clock.advance(60_000);
      expect(writes()).toBe(2);
      expect(await stored()).toEqual([minute(first + HOUR_MS + 60_000), minute(first), minute(first)]);
    });

    it('is written at the end, and known after the next start', async () => {
      const key = await harness.keyOf(admin);
      await harness.clock.advance(60_000);
      await harness.fate(key);
      await harness.auth.close();
      expect(await stored()).toEqual([minute(harness.clock.now())]);
      await harness.restart();
      expect(harness.auth.keys.list(admin)[0]?.last_used_at).toBe(minute(harness.clock.now()));
    });

    it('is never before the creation of the key, whose minute may have begun earlier', async () => {
      await harness.clock.advance(60_000 - (harness.clock.now() % 60_000) + 40_000);
      await harness.fate(await harness.keyOf(admin));
      const [key] = harness.auth.keys.list(admin);
      expect(key?.last_used_at).toBe(key?.created_at);
    });

    it('is not written again for another use in the same minute', async () => {
      const key = await harness.keyOf(admin);
      // The writes happen in the middle of a minute.
      await harness.clock.advance(60_000 - (harness.clock.now() % 60_000) + 30_000);
      await harness.fate(key);
      await harness.clock.advance(50_000);
      await harness.fate(key);
      await harness.clock.advance(10_000);
      expect(writes()).toBe(1);
      await harness.fate(key);
      await harness.clock.advance(HOUR_MS);
      expect(writes()).toBe(1);
    });

    it('is written with the next batch when a write failed, and fails no request', async () => {
      const [key, other] = [await harness.keyOf(admin), await harness.keyOf(admin)];
      const first = harness.clock.now();
      harness.store.failure = new Error('The disk is full.');
      expect(await harness.fate(key)).toBe('key');
      await harness.clock.advance(60_000);
      expect(harness.faults).toEqual([new Error('The disk is full.')]);
      harness.store.failure = null;
      await harness.fate(other);
      await harness.clock.advance(60_000);
      expect(await stored()).toEqual([minute(first), minute(first + 60_000)]);
    });

    it('does not count a refused key', async () => {
      const key = await harness.keyOf(admin, { expires_at: inAnHour() });
      await harness.clock.advance(HOUR_MS);
      await harness.fate(key);
      expect(harness.auth.keys.list(admin)[0]?.last_used_at).toBe(null);
    });

    it("survives a change of the owner's role", async () => {
      const ada = await harness.loggedIn('ada', 'admin');
      const key = await harness.keyOf(ada);
      await harness.clock.advance(60_000);
      await harness.fate(key);
      await harness.auth.accounts.update('ada', { role: 'operator' });
      expect(harness.auth.keys.list(ada)[0]?.last_used_at).toBe(minute(harness.clock.now()));
    });
  });
});

describe('limits of a key', () => {
  let harness: AuthHarness;
  let ann: Caller;

  beforeEach(async () => {
    harness = await AuthHarness.open();
    ann = await harness.loggedIn('ann', 'operator');
  });

  it('are unset by default, and reach the caller beside those of the account', async () => {
    expect(await harness.caller(await harness.keyOf(ann))).toMatchObject({ accountLimits: null, keyLimits: null });
    await harness.auth.accounts.update('ann', { max_in_flight: 5 });
    const key = await harness.keyOf(ann, { max_in_flight: 2, tokens_per_minute: 9 });
    const caller = {
      accountLimits: { maxInFlight: 5, requestsPerMinute: 0, tokensPerMinute: 0 },
      keyLimits: { maxInFlight: 2, requestsPerMinute: 0, tokensPerMinute: 9 },
    };
    expect(await harness.caller(key)).toMatchObject(caller);
    await harness.auth.close();
    await harness.restart();
    expect(await harness.caller(key)).toMatchObject(caller);
    expect(harness.auth.keys.list(ann).at(-1)).toMatchObject({ max_in_flight: 2, tokens_per_minute: 9 });
  });

  it('change for keys and tokens of an account at once, without ending them', async () => {
    const key = await harness.keyOf(ann);
    await harness.auth.accounts.update('ann', { requests_per_minute: 3 });
    await harness.auth.accounts.update('ann', { max_in_flight: 1 });
    const limits = { maxInFlight: 1, requestsPerMinute: 3, tokensPerMinute: 0 };
    expect(await harness.caller(key)).toMatchObject({ accountLimits: limits, keyLimits: null });
    expect(ann.revoked.aborted).toBe(false);
    await harness.auth.accounts.update('ann', { requests_per_minute: 0, max_in_flight: 0 });
    expect(await harness.caller(key)).toMatchObject({ accountLimits: null });
  });

  it.each(['ann', 'root'])('do not exceed those of its account, for any maker (%s)', async (maker) => {
    await harness.auth.accounts.update('ann', { max_in_flight: 2, requests_per_minute: 10 });
    const caller = maker === 'ann' ? ann : await harness.loggedIn('root');
    const body = { name: 'k', owner: 'ann', max_in_flight: 3, requests_per_minute: 10, tokens_per_minute: 99 };
    await expect(harness.auth.keys.create(caller, body)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      extras: { problems: [{ path: 'max_in_flight', message: 'must be at most 2, the limit of the account ann' }] },
    });
    await harness.auth.keys.create(caller, { ...body, max_in_flight: 0 });
  });

  it('are not multiplied: a key with limits makes no keys', async () => {
    const limited = await harness.caller(await harness.keyOf(ann, { scopes: ['operator'], tokens_per_minute: 9 }));
    expect(await codeOf(() => harness.keyOf(limited, { tokens_per_minute: 9 }))).toBe('FORBIDDEN');
    const free = await harness.caller(await harness.keyOf(ann, { scopes: ['operator'] }));
    await harness.keyOf(free);
  });
});
