import { describe, expect, it } from 'vitest';
import { errorOf, testServer } from '../../testing/http-harness.ts';

describe.each(['start-all', 'stop-all'])('POST /api/instances/%s', (command) => {
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
