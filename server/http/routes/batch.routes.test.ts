import { describe, expect, it } from 'vitest';
import { errorOf, testServer } from '../../testing/http-harness.ts';

describe.each(['start-all', 'stop-all', 'restart-all', 'delete-all'])('POST /api/instances/%s', (command) => {
  it('takes at most a thousand names, because each gets a result', async () => {
    const { inject, manager } = testServer();
    const url = `/api/instances/${command}`;
    const names = Array.from({ length: 1_000 }, (_each, index) => `n${index}`);
    const full = await inject({ method: 'POST', url, payload: { names } });
    expect([full.statusCode, full.json<{ results: unknown[] }>().results.length]).toEqual([200, 1_000]);
    manager.calls.length = 0;
    const more = await inject({ method: 'POST', url, payload: { names: [...names, 'more'] } });
    expect([more.statusCode, errorOf(more.body).errors?.map(({ path }) => path)]).toEqual([400, ['names']]);
    expect(manager.calls).toEqual([]);
  });
});

describe.each(['restart-all', 'delete-all'])('POST /api/instances/%s', (command) => {
  it('needs names: a missing list must not mean all instances', async () => {
    const { inject, manager } = testServer();
    const url = `/api/instances/${command}`;
    for (const payload of [{}, { names: [] }]) {
      const refused = await inject({ method: 'POST', url, payload });
      expect([refused.statusCode, errorOf(refused.body).errors?.map(({ path }) => path)]).toEqual([400, ['names']]);
    }
    expect(manager.calls).toEqual([]);
  });
});

describe('POST /api/instances/delete-all', () => {
  it('says how many were deleted, with a result for each name', async () => {
    const { inject, manager } = testServer();
    await manager.create({ name: 'a' });
    const url = '/api/instances/delete-all';
    const answer = await inject({ method: 'POST', url, payload: { names: ['a', 'b'] } });
    expect(answer.json()).toEqual({
      message: 'Deleted 1 of 2 instances',
      results: [
        { name: 'a', status: null },
        { name: 'b', status: null, error: 'There is no instance b.' },
      ],
    });
    expect(manager.calls.at(-1)?.arguments).toMatchObject([['a', 'b'], { by: 'anonymous' }]);
  });
});
