import type { UpdateKey } from '@llamactl/contract/auth';
import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness, codeOf } from '../testing/auth-harness.ts';
import type { Caller } from './caller.ts';

const HOUR_MS = 3_600_000;

describe('a change of a key', () => {
  let harness: AuthHarness;
  let ada: Caller;
  let secret: string;
  let id: string;

  beforeEach(async () => {
    harness = await AuthHarness.open();
    harness.instances.set('chat', 'i1').set('embed', 'i2');
    await harness.user('root', 'admin');
    ada = await harness.loggedIn('ada', 'operator');
    const made = await harness.auth.keys.create(ada, { name: 'editor', instances: ['chat', 'embed'] });
    secret = made.key;
    id = made.info.id;
  });

  const update = (body: UpdateKey, caller = ada) => harness.auth.keys.update(caller, id, body);
  const hoursFromNow = (hours: number): string => new Date(harness.clock.now() + hours * HOUR_MS).toISOString();

  it('gives it another name and end; its secret stays, also after a restart', async () => {
    await harness.caller(secret);
    const end = hoursFromNow(2);
    expect(await update({ name: 'laptop', expires_at: end })).toMatchObject({ id, name: 'laptop', expires_at: end });
    await harness.restart();
    expect((await harness.caller(secret)).subject).toBe(`key:${id} (laptop)`);
    const [key] = harness.auth.keys.list(await harness.loggedIn('ada'));
    expect(key).toMatchObject({ name: 'laptop', expires_at: end });
    expect(key?.last_used_at).not.toBeNull();
    await harness.clock.advance(2 * HOUR_MS);
    expect(await harness.fate(secret)).toBe('UNAUTHORIZED');
  });

  it('changes only what is given', async () => {
    await update({ expires_at: hoursFromNow(1) });
    expect(await update({ name: 'laptop' })).toMatchObject({ name: 'laptop', expires_at: hoursFromNow(1) });
    expect(await update({ expires_at: null })).toMatchObject({ name: 'laptop', expires_at: null });
  });

  it('revives a key that has expired', async () => {
    await update({ expires_at: hoursFromNow(1) });
    await harness.clock.advance(HOUR_MS);
    expect(await harness.fate(secret)).toBe('UNAUTHORIZED');
    await update({ expires_at: hoursFromNow(1) }, await harness.loggedIn('ada'));
    expect(await harness.fate(secret)).toBe('key');
  });

  it('follows the rules for a new key, with every problem', async () => {
    const refusal: unknown = await update({
      name: 'line\nbreak',
      expires_at: hoursFromNow(0),
    }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'VALIDATION_ERROR',
      extras: { problems: [{ path: 'name' }, { path: 'expires_at', message: 'must be in the future' }] },
    });
  });

  it('cannot change its rights, and says why; the present ones may be given', async () => {
    const same = { owner: 'ada', scopes: ['inference' as const], instances: ['embed', 'chat'], may_start: true };
    expect(await update({ ...same, max_in_flight: 0, name: 'laptop' })).toMatchObject({ name: 'laptop' });
    const refusal: unknown = await update({
      owner: 'root',
      scopes: ['inference', 'metrics'],
      instances: null,
      may_start: false,
      tokens_per_minute: 7,
    }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      extras: {
        problems: [
          { path: 'owner', message: expect.stringContaining('make a key for the other one') as string },
          { path: 'scopes', message: expect.stringContaining('rely on it') as string },
          { path: 'instances' },
          { path: 'may_start' },
          { path: 'tokens_per_minute', message: expect.stringContaining('limits of its account') as string },
        ],
      },
    });
  });

  it('is for the owner and admins', async () => {
    const bob = await harness.loggedIn('bob', 'operator');
    expect(await codeOf(() => update({ name: 'mine' }, bob))).toBe('NOT_FOUND');
    expect(await update({ name: 'theirs' }, await harness.loggedIn('root'))).toMatchObject({ name: 'theirs' });
  });

  it('does not let a key last longer than the key that changes it', async () => {
    const ci = await harness.caller(
      await harness.keyOf(ada, { scopes: ['operator', 'inference'], expires_at: hoursFromNow(1) }),
    );
    expect(await codeOf(() => update({ expires_at: hoursFromNow(2) }, ci))).toBe('FORBIDDEN');
    expect(await codeOf(() => update({ expires_at: null }, ci))).toBe('FORBIDDEN');
    expect(await update({ expires_at: hoursFromNow(0.5), name: 'short' }, ci)).toMatchObject({ name: 'short' });
  });

  it('closes at the new end what the key opened before', async () => {
    const before = await harness.caller(secret);
    await update({ expires_at: hoursFromNow(1) });
    const after = await harness.caller(secret);
    expect([before.openUntil, after.openUntil]).toEqual([null, Date.parse(hoursFromNow(1))]);
    await harness.clock.advance(HOUR_MS - 1);
    expect(before.revoked.aborted).toBe(false);
    await harness.clock.advance(1);
    expect(before.revoked.aborted).toBe(true);
  });

  it('closes nothing at an end that was changed again', async () => {
    const before = await harness.caller(secret);
    await update({ expires_at: hoursFromNow(1) });
    await update({ expires_at: null });
    await harness.clock.advance(2 * HOUR_MS);
    expect(before.revoked.aborted).toBe(false);
  });

  it('is refused when the credentials of the caller are revoked meanwhile', async () => {
    await harness.auth.sessions.logout(ada);
    expect(await codeOf(() => update({ name: 'late' }))).toBe('UNAUTHORIZED');
  });
});
