import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exchange, get, testServer, type TestServer } from '../testing/http-harness.ts';

let test: TestServer;
let port: number;

beforeEach(async () => {
  test = testServer();
  ({ port } = await test.server.listen({ host: '127.0.0.1', port: 0 }));
});
afterEach(async () => test.server.close());

const until = async (check: () => void): Promise<void> => vi.waitFor(check, { interval: 2, timeout: 10_000 });
const lines = (): Record<string, unknown>[] => test.log.filter(({ msg }) => msg === 'request');

describe('the request log', () => {
  it('has one line per request: successful reads at debug, all others at info', async () => {
    await exchange(port, get('/api/instances?status=running'));
    await exchange(port, 'DELETE /api/instances/x HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: mine\r\n\r\n');
    await until(() => expect(lines()).toHaveLength(2));
    const [read, deleted] = lines();
    expect(read).toMatchObject({
      level: 20,
      method: 'GET',
      url: '/api/instances?status=running',
      route: '/api/instances',
      status: 200,
      ms: 0,
    });
    expect(deleted).toMatchObject({
      level: 30,
      method: 'DELETE',
      route: '/api/instances/:name',
      status: 404,
      request_id: 'mine',
    });
    expect(read?.['request_id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has the caller, the instance and the bytes sent', async () => {
    await test.manager.create({ name: 'Mine' });
    const [first] = await exchange(port, get('/api/instances/mine'));
    await exchange(port, get('/api/instances/not%20a%20name'));
    await until(() => expect(lines()).toHaveLength(2));
    const body = first?.body.length ?? 0;
    expect(lines()).toMatchObject([
      { subject: 'anonymous', instance: 'mine' },
      { subject: 'anonymous', instance: null },
    ]);
    expect(lines()[0]?.['bytes']).toBeGreaterThan(body);
    expect(lines()[0]?.['bytes']).toBeLessThan(body + 1_000);
  });

  it('has no caller for public requests', async () => {
    await exchange(port, get('/livez'));
    await until(() => expect(lines()).toMatchObject([{ subject: null, instance: null }]));
  });

  it('contains no secrets and no bodies', async () => {
    await test.inject({ url: '/api/nothing?ticket=xyz&API_KEY=uvw&x=1&access_token=ghi&lines=5' });
    await test.inject({
      method: 'POST',
      url: '/api/instances',
      payload: { name: 'x', environment: { SECRET: 'jkl' } },
      headers: { authorization: 'mno' },
    });
    await until(() => expect(lines()).toHaveLength(2));
    const text = JSON.stringify(test.log);
    expect(text).toContain('/api/nothing?ticket=***&API_KEY=***&x=1&access_token=***&lines=5');
    expect(text).not.toMatch(/xyz|uvw|ghi|jkl|mno/);
  });

  it('has URLs that the router could not read', async () => {
    await exchange(port, get('/api/%zz'));
    await until(() => expect(lines()).toHaveLength(1));
    expect(lines()[0]).toMatchObject({ level: 30, url: '/api/%zz', route: null, status: 400 });
  });

  it('has unreadable requests', async () => {
    const [answer] = await exchange(port, 'BREW / HTTP/1.1\r\n\r\n');
    const id = answer?.headers.get('x-request-id');
    const line = test.log.find(({ msg }) => msg === 'unreadable request refused');
    expect(line).toMatchObject({ level: 30, request_id: id, status: 400, reason: 'Invalid method encountered' });
  });
});
