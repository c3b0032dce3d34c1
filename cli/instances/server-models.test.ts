import { LlamactlError } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { serverModels } from './server-models.ts';

describe('the models of the server, for a command that also works without them', () => {
  it.each([403, 404])('are none if the server answers %s', async (status) => {
    expect(await serverModels(refusing(status), AbortSignal.any([]))).toEqual([]);
  });

  it('are not known without a log-in', async () => {
    await expect(serverModels(refusing(401), AbortSignal.any([]))).rejects.toMatchObject({ status: 401 });
  });
});

function refusing(status: number): Parameters<typeof serverModels>[0] {
  const facts = { code: '', details: '', requestId: null, problems: [], reason: undefined, retryAfter: null };
  return { listModels: () => Promise.reject(new LlamactlError('Refused.', { status, ...facts })) };
}
