import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness, codeOf } from '../testing/auth-harness.ts';
import { anonymousAdmin } from './caller.ts';

describe('a ticket', () => {
  let harness: AuthHarness;

  beforeEach(async () => {
    harness = await AuthHarness.open();
  });

  const redeem = (ticket: string): Promise<string> => codeOf(() => harness.auth.tickets.redeem(ticket).subject);

  it('is valid once, for the caller who requested it', async () => {
    const caller = await harness.loggedIn('ada');
    const { ticket, expires_at } = harness.auth.tickets.issue(caller);
    expect(ticket).toMatch(/^[0-9a-f]{64}$/);
    expect(expires_at).toBe(new Date(harness.clock.now() + 30_000).toISOString());
    expect(harness.auth.tickets.redeem(ticket)).toBe(caller);
    expect(await redeem(ticket)).toBe('UNAUTHORIZED');
  });

  it('is also issued while authentication is off', async () => {
    expect(await redeem(harness.auth.tickets.issue(anonymousAdmin()).ticket)).toBe('anonymous');
  });

  it('is valid for half a minute', async () => {
    const caller = await harness.loggedIn('ada');
    const tickets = [1, 2].map(() => harness.auth.tickets.issue(caller).ticket);
    await harness.clock.advance(29_999);
    expect(await redeem(tickets[0] ?? '')).toBe('user:ada');
    await harness.clock.advance(1);
    expect(await redeem(tickets[1] ?? '')).toBe('UNAUTHORIZED');
  });

  it('is invalid when the credentials of its caller were revoked or have expired', async () => {
    const caller = await harness.loggedIn('ada');
    const { ticket } = harness.auth.tickets.issue(caller);
    await harness.auth.accounts.update('ada', { password: 'another password' });
    expect(await redeem(ticket)).toBe('UNAUTHORIZED');
    await harness.restart({ tokenTtl: 1 });
    const short = harness.auth.tickets.issue(await harness.loggedIn('bob'));
    await harness.clock.advance(1_000);
    expect(await redeem(short.ticket)).toBe('UNAUTHORIZED');
  });

  it('is refused when it was never issued', async () => {
    expect(await redeem('')).toBe('UNAUTHORIZED');
  });

  it('counts to its account, whichever of its keys requested it', async () => {
    const { tickets } = harness.auth;
    const ada = await harness.loggedIn('ada');
    const callers = [ada, await harness.caller(await harness.keyOf(ada, { scopes: ['viewer'] }))];
    const own = Array.from({ length: 40 }, (_, n) => tickets.issue(callers[n % 2] ?? ada).ticket);
    const fates = await Promise.all(own.map(redeem));
    expect(fates.filter((fate) => fate !== 'UNAUTHORIZED')).toHaveLength(32);
  });

  it('replaces the oldest of the same account beyond the limit, and none of another account', async () => {
    const { tickets } = harness.auth;
    const bob = tickets.issue(await harness.loggedIn('bob')).ticket;
    const ada = await harness.loggedIn('ada');
    const own = Array.from({ length: 33 }, () => tickets.issue(ada).ticket);
    expect(await redeem(own[0] ?? '')).toBe('UNAUTHORIZED');
    expect(await Promise.all(own.slice(1).map(redeem))).toEqual(own.slice(1).map(() => 'user:ada'));
    expect(await redeem(bob)).toBe('user:bob');
  });
});
