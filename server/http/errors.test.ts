import { describe, expect, it } from 'vitest';
import { FakeManager } from '../testing/fake-manager.ts';
import { errorOf, testServer } from '../testing/http-harness.ts';

describe('an internal error', () => {
  it('is described in the log only', async () => {
    class Broken extends FakeManager {
      override get(): never {
        throw new Error('SELECT * FROM /secret/path');
      }
    }
    const test = testServer({ manager: new Broken() });
    const answer = await test.inject({ url: '/api/instances/x', headers: { 'x-request-id': 'the-one' } });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([500, 'INTERNAL_ERROR']);
    expect(answer.body).not.toMatch(/SELECT|secret|\.ts/);
    const line = test.log.find(({ level }) => level === 50);
    const err = { message: 'SELECT * FROM /secret/path', stack: expect.stringContaining('.ts') as string };
    expect(line).toMatchObject({ request_id: 'the-one', err });
  });

  it.each([undefined, null, 'text', 7])('may be any thrown value, such as %j', async (thrown) => {
    const manager = new FakeManager();
    manager.health = async () => Promise.reject(thrown);
    const answer = await testServer({ manager }).inject({ url: '/api/instances/x/health' });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([500, 'INTERNAL_ERROR']);
  });
});
