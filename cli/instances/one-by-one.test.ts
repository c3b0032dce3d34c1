import { LlamactlError, type Status } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { oneByOne } from './one-by-one.ts';

describe('one request per name', () => {
  it('waits as long as the server demands, with one note', async () => {
    const notes: string[] = [];
    const pauses: number[] = [];
    const refused = new Set(['a', 'b']);
    const act = async (name: string): Promise<{ status: Status }> => {
      if (refused.delete(name)) throw tooMany(7);
      return { status: 'restarting' };
    };
    const session = { terminal: { note: (text: string) => void notes.push(text) }, signal: AbortSignal.any([]) };
    const begin = oneByOne(session, act, async (seconds) => void pauses.push(seconds));
    expect(await begin(['a', 'b', 'c'])).toMatchObject([{ value: 'restarting' }, { value: 'restarting' }, {}]);
    expect(notes).toEqual(['llamactl: Too many. rate_limit.intensive sets it. Waiting …']);
    expect(pauses).toEqual([7, 7]);
  });

  it('does not wait too long', async () => {
    const act = (): Promise<never> => Promise.reject(tooMany(600));
    const session = { terminal: { note: () => undefined }, signal: AbortSignal.any([]) };
    expect(await oneByOne(session, act)(['a'])).toMatchObject([{ name: 'a', error: { status: 429 } }]);
  });
});

function tooMany(retryAfter: number): LlamactlError {
  const rest = { details: 'rate_limit.intensive sets it.', requestId: null, problems: [], reason: undefined };
  return new LlamactlError('Too many.', { status: 429, code: 'RATE_LIMITED', retryAfter, ...rest });
}
