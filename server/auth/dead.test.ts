import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness } from '../testing/auth-harness.ts';
import type { Authentication } from './authentication.ts';
import type { Caller } from './caller.ts';
import type { Dead } from './dead.ts';

/** Two servers of one data directory: the old one still serves requests, and ends what the new one revokes. */
describe('credentials that the successor revokes', () => {
  let harness: AuthHarness;
  let old: Authentication;
  let reported: Dead[];
  let secrets: { token: string; key: string; other: string };
  /** The credentials in the old server. */
  let callers: { token: Caller; key: Caller; other: Caller };

  beforeEach(async () => {
    harness = await AuthHarness.open();
    const admin = await harness.loggedIn('root', 'admin');
    const token = await harness.tokenOf('eve', 'operator');
    const eve = await harness.caller(token);
    secrets = { token, key: await harness.keyOf(eve), other: await harness.keyOf(admin) };
    callers = {
      token: eve,
      key: await harness.caller(secrets.key),
      other: await harness.caller(secrets.other),
    };
    old = harness.auth;
    reported = [];
    old.watchDead((dead) => reported.push(dead));
    await harness.restart();
    harness.auth.watchDead((dead) => old.end(dead));
  });

  const dead = (): string[] =>
    Object.entries(callers)
      .filter(([, { revoked }]) => revoked.aborted)
      .map(([name]) => name);

  it('include a deleted key, and no other key', async () => {
    const { keys } = harness.auth;
    const eve = await harness.caller(secrets.token);
    const [key] = keys.list(eve);
    await keys.remove(eve, key?.id ?? '');
    expect(dead()).toEqual(['key']);
    expect(reported).toEqual([{ kind: 'key', whose: key?.id }]);
  });

  it('include all of a disabled account', async () => {
    await harness.auth.accounts.update('eve', { disabled: true });
    expect(dead()).toEqual(['token', 'key']);
  });

  it('include all of an account whose role changes, because it may have fewer rights now', async () => {
    await harness.auth.accounts.update('eve', { role: 'viewer' });
    expect(dead()).toEqual(['token', 'key']);
  });

  it('include the tokens of an ended login', async () => {
    await harness.auth.sessions.logout(await harness.caller(secrets.token));
    expect(dead()).toEqual(['token']);
  });

  it('exclude unknown kinds, which only a later version sends', () => {
    old.end({ kind: 'passkey', whose: callers.token.userId ?? '' });
    expect([dead(), reported]).toEqual([[], []]);
  });
});
