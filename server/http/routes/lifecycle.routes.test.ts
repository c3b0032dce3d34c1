import { describe, expect, it } from 'vitest';
import { example, expectShape, serverWithInstance } from '../../testing/http-harness.ts';

describe('the lifecycle routes', () => {
  it.each([
    ['start', 'Instance start initiated', 'starting'],
    ['stop', 'Instance stop initiated', 'stopping'],
    ['restart', 'Instance restart initiated', 'restarting'],
  ])('%s', async (command, message, status) => {
    const test = await serverWithInstance();
    const answer = await test.inject({ method: 'POST', url: `/api/instances/my-instance/${command}` });
    expect([answer.statusCode, answer.json()]).toEqual([200, { message, status }]);
    expect(test.manager.calls.map(({ method }) => method)).toEqual([command]);
  });

  it.each(['stop', 'restart'])('pass force and timeout to %s', async (command) => {
    const test = await serverWithInstance();
    const payload = await example('stop-instance.request');
    await test.inject({ method: 'POST', url: `/api/instances/my-instance/${command}`, payload });
    expect(test.manager.calls[0]?.arguments[1]).toMatchObject(payload);
  });

  it('probe the health', async () => {
    const test = await serverWithInstance();
    const answer = await test.inject({ url: '/api/instances/my-instance/health' });
    expectShape(answer.json(), await example('get-instance-health.response'));
  });

  it('start and stop all or named instances, and count the successes', async () => {
    const test = await serverWithInstance();
    const all = await test.inject({ method: 'POST', url: '/api/instances/start-all' });
    expect(all.json()).toEqual({
      message: 'Start initiated for 1 instance',
      results: [{ name: 'my-instance', status: 'starting' }],
    });
    const payload = { names: ['my-instance', 'unknown'] };
    const some = await test.inject({ method: 'POST', url: '/api/instances/stop-all', payload });
    expect(some.json()).toMatchObject({
      message: 'Stop initiated for 1 of 2 instances',
      results: [
        { name: 'my-instance', status: 'stopping' },
        { name: 'unknown', status: null },
      ],
    });
  });
});
