import type { Usage } from '@llamactl/contract/usage';
import { beforeEach, describe, expect, it } from 'vitest';
import { UsageLedger } from '../../metrics/usage-ledger.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';

const CHAT = { id: 'id-chat', name: 'chat' };

describe('GET /api/usage', () => {
  let harness: AuthHarness;
  let ledger: UsageLedger;
  let test: TestServer;
  const ids = new Map<string, string>();
  const keys = new Map<string, { id: string; secret: string }>();

  /** A request of an account, or with a key of it. */
  const used = async (username: string, key: string | null = null): Promise<void> => {
    const id = harness.auth.accounts.named(username)?.id ?? '';
    const found = key === null ? undefined : keys.get(key);
    const party = key === null || found === undefined ? null : { id: found.id, name: key };
    const figures = { instance: CHAT, outcome: 'other' as const, tokensIn: 100, tokensOut: 10 };
    ledger.add({ account: { id, name: username }, key: party, ...figures });
  };
  const ask = async (token: string, query = ''): Promise<Usage> => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await test.inject({ url: `/api/usage${query}`, headers });
    expect(answer.statusCode).toBe(200);
    return answer.json();
  };
  const tokenOf = (username: string): Promise<string> => harness.tokenOf(username);

  beforeEach(async () => {
    harness = await AuthHarness.open();
    ledger = new UsageLedger(harness.clock);
    for (const [username, role] of [
      ['root', 'admin'],
      ['ada', 'operator'],
      ['bob', 'viewer'],
    ] as const) {
      await harness.user(username, role);
    }
    for (const [owner, name] of [
      ['ada', 'editor'],
      ['ada', 'ci'],
    ] as const) {
      const made = await harness.auth.keys.create(await harness.loggedIn(owner), { name, scopes: ['viewer'] });
      keys.set(name, { id: made.info.id, secret: made.key });
      ids.set(name, made.info.id);
    }
    test = testServer({
      auth: harness.auth,
      clock: harness.clock,
      usage: ledger,
      config: testConfig({ auth: { enabled: true } }),
    });
  });

  it('shows an admin the requests of all', async () => {
    await used('ada', 'editor');
    await used('ada');
    await used('bob');
    const { by, window, usage } = await ask(await tokenOf('root'));
    expect({ by, window }).toEqual({ by: 'key', window: 2_592_000 });
    expect(usage).toEqual([
      {
        id: ids.get('editor'),
        name: 'editor',
        owner: 'ada',
        deleted: false,
        requests: 1,
        refused: 0,
        failed: 0,
        tokens_in: 100,
        tokens_out: 10,
        last_used_at: new Date(harness.clock.now()).toISOString(),
      },
    ]);
    const users = await ask(await tokenOf('root'), '?by=user&window=15m');
    expect(users.usage.map(({ id, name, requests }) => [id, name, requests])).toEqual([
      [null, 'ada', 2],
      [null, 'bob', 1],
    ]);
  });

  it('shows an account its own requests, by key, account and instance', async () => {
    await used('ada', 'editor');
    await used('ada');
    await used('bob');
    for (const [by, requests] of [
      ['key', 1],
      ['user', 2],
      ['instance', 2],
    ] as const) {
      expect((await ask(await tokenOf('ada'), `?by=${by}`)).usage.map((row) => row.requests)).toEqual([requests]);
    }
  });

  it('shows a key only what was done with it', async () => {
    await used('ada', 'editor');
    await used('ada', 'ci');
    await used('ada');
    const { usage } = await ask(keys.get('ci')?.secret ?? '', '?by=instance');
    expect(usage.map((row) => row.requests)).toEqual([1]);
  });

  it('keeps the newest name of a deleted key, and says that it and its instance are gone', async () => {
    await used('ada', 'editor');
    const id = ids.get('editor') ?? '';
    const headers = { authorization: `Bearer ${await tokenOf('ada')}` };
    await test.inject({ method: 'PUT', url: `/api/keys/${id}`, headers, payload: { name: 'laptop' } });
    expect((await test.inject({ method: 'DELETE', url: `/api/keys/${id}`, headers })).statusCode).toBe(200);
    expect((await ask(await tokenOf('ada'))).usage).toMatchObject([{ id, name: 'laptop', deleted: true }]);
    expect((await ask(await tokenOf('ada'), '?by=instance')).usage).toMatchObject([
      { id: null, name: 'chat', deleted: true },
    ]);
  });

  it('refuses a window beyond 30 days', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('root')}` };
    for (const [window, status] of [
      ['30d', 200],
      ['31d', 400],
      ['0', 400],
    ] as const) {
      expect((await test.inject({ url: `/api/usage?window=${window}`, headers })).statusCode).toBe(status);
    }
  });
});
