import { once } from 'node:events';
import type { CreateKey } from '@llamactl/contract/auth';
import type { Instance, InstanceSummary } from '@llamactl/contract/instance';
import type { LogItem } from '@llamactl/contract/logs';
import type { Alert } from '@llamactl/contract/system';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuthHarness, CLIENT, PASSWORD } from '../testing/auth-harness.ts';
import { FAKE_METRICS } from '../testing/fake-services.ts';
import { openSocket, testConfig, testServer, textOf, type TestServer } from '../testing/http-harness.ts';

/** Tests what a caller sees of the instances, and for how long. */

let harness: AuthHarness;
let test: TestServer;
let counted: number[];

const alertOf = (code: string, instance?: string): Alert => ({
  level: 'error',
  code,
  message: 'It is.',
  raised_at: '2026-01-01T00:00:00.000Z',
  ...(instance === undefined ? {} : { instance }),
});

beforeEach(async () => {
  harness = await AuthHarness.open();
  harness.instances.set('mine', 'id-of-mine').set('other', 'id-of-other');
  counted = [];
  const system = {
    ...FAKE_METRICS.system,
    status: async (instances: readonly unknown[]) => {
      counted.push(instances.length);
      return FAKE_METRICS.system.status([]);
    },
  };
  test = testServer({
    auth: harness.auth,
    clock: harness.clock,
    config: testConfig({ auth: { enabled: true } }),
    metrics: { ...FAKE_METRICS, system },
    alerts: () => [alertOf('disk'), alertOf('a', 'mine'), alertOf('b', 'other'), alertOf('c', 'gone')],
  });
  await test.manager.create({ name: 'mine', environment: { TOKEN: 'secret' } });
  await test.manager.create({ name: 'other' });
});
afterEach(async () => test.server.close());

const keyFor = async (body: Partial<CreateKey>): Promise<string> =>
  harness.keyOf(await harness.loggedIn('root'), { scopes: ['operator'], ...body });

async function get<Body>(path: string, secret: string): Promise<Body> {
  return (await test.inject({ url: `/api${path}`, headers: { authorization: `Bearer ${secret}` } })).json<Body>();
}

describe('a key that is limited to an instance', () => {
  it('sees only that instance: in the list, in the counts, and in the alerts', async () => {
    const key = await keyFor({ instances: ['mine'] });
    const { instances } = await get<{ instances: InstanceSummary[] }>('/instances', key);
    expect(instances.map(({ name }) => name)).toEqual(['mine']);
    await get('/system/status', key);
    expect(counted).toEqual([1]);
    const { alerts } = await get<{ alerts: Alert[] }>('/system/alerts', key);
    expect(alerts.map(({ code }) => code)).toEqual(['disk', 'a']);
  });

  it('does not see a new instance with an old name', async () => {
    const key = await keyFor({ instances: ['mine'] });
    const found = vi.spyOn(test.manager, 'idOf').mockImplementation((name) => (name === 'mine' ? 'another id' : null));
    expect(await get('/instances/mine', key)).toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    found.mockRestore();
    expect(await get('/instances/mine', key)).toMatchObject({ name: 'mine' });
  });
});

it('a caller without limits sees everything, also alerts about a deleted instance', async () => {
  const token = await harness.tokenOf('eve', 'viewer');
  await get('/system/status', token);
  expect(counted).toEqual([2]);
  const { alerts } = await get<{ alerts: Alert[] }>('/system/alerts', token);
  expect(alerts).toHaveLength(4);
});

describe('the environment of an instance', () => {
  it.each([
    ['viewer', '***'],
    ['operator', '***'],
    ['admin', 'secret'],
  ] as const)('is for %s: %s', async (role, value) => {
    const token = await harness.tokenOf('eve', role);
    expect(await get('/instances/mine', token)).toMatchObject({ environment: { TOKEN: value } });
  });

  it('hides known secrets among options and arguments too', async () => {
    const options = { threads: 4, hf_token: 'secret' };
    const extra_args = ['--hf_token', 'secret', '-c', '1'];
    const command = ['env', 'TOKEN=secret', 'serve'];
    await test.manager.create({ name: 'args', options, extra_args, command });
    const shown = await get<Instance>('/instances/args', await harness.tokenOf('eve', 'operator'));
    expect([shown.options, shown.extra_args, shown.command]).toEqual([
      { threads: 4, hf_token: '***' },
      ['--hf_token', '***', '-c', '1'],
      ['env', 'TOKEN=***', 'serve'],
    ]);
    const whole = await get<Instance>('/instances/args', await harness.tokenOf('root', 'admin'));
    expect(whole).toMatchObject({ options, extra_args, command });
  });

  it('is unchanged after masking', async () => {
    await get('/instances/mine', await harness.tokenOf('eve', 'viewer'));
    expect(test.manager.get('mine').environment).toEqual({ TOKEN: 'secret' });
  });
});

describe('a followed log', () => {
  async function* endless(signal: AbortSignal): AsyncGenerator<LogItem[]> {
    yield [];
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  /** Follows a log. Resolves when the header has arrived; `text` has everything until the connection ends. */
  async function follow(secret: string): Promise<{ text: Promise<string> }> {
    vi.spyOn(test.manager, 'followLogs').mockImplementation((_name, _query, signal) => endless(signal));
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 });
    const head = `GET /api/instances/mine/logs?follow=true HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${secret}\r\n\r\n`;
    const socket = openSocket(port, head);
    const begun = once(socket, 'data');
    const text = textOf(socket);
    await begun;
    return { text };
  }

  it('ends when the account is disabled', async () => {
    await harness.user('bob', 'operator');
    const key = await keyFor({ owner: 'bob' });
    const { text } = await follow(key);
    await harness.auth.accounts.update('bob', { disabled: true });
    expect(await text).toMatch(/^HTTP\/1.1 200 /);
  });

  it('ends when the password is changed', async () => {
    const token = await harness.tokenOf('bob', 'viewer');
    const { text } = await follow(await harness.keyOf(await harness.caller(token), { scopes: ['viewer'] }));
    await harness.auth.accounts.update('bob', { password: `${PASSWORD}!` });
    expect(await text).toMatch(/^HTTP\/1.1 200 /);
  });

  it('continues when its token is refreshed, and ends with the logout of the new one', async () => {
    const token = await harness.tokenOf('bob', 'viewer');
    const { text } = await follow(token);
    const ended = vi.fn();
    void text.then(ended);
    const { sessions } = harness.auth;
    const refreshed = await sessions.refresh(await harness.caller(token), CLIENT);
    await harness.clock.advance(60_000);
    expect(await harness.fate(token)).toBe('UNAUTHORIZED');
    // Make a request on another connection: a pending end would have arrived by then.
    expect(await get('/instances/mine', refreshed.token)).toMatchObject({ name: 'mine' });
    expect(ended).not.toHaveBeenCalled();
    await sessions.logout(await harness.caller(refreshed.token));
    expect(await text).toMatch(/^HTTP\/1.1 200 /);
  });

  it('ends when its key is deleted', async () => {
    const until = new Date(harness.clock.now() + 60_000).toISOString();
    const { text } = await follow(await keyFor({ expires_at: until }));
    await harness.clock.advance(60_000);
    expect(await text).toMatch(/^HTTP\/1.1 200 /);
  });
});
