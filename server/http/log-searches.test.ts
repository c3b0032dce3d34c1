import { ApiError } from '@llamactl/contract/errors';
import { describe, expect, it } from 'vitest';
import { LogSearches } from './log-searches.ts';

/** The code and the headers of a refusal; `null`: it was not refused. */
const refusal = (begin: () => unknown): unknown => {
  try {
    begin();
    return null;
  } catch (error) {
    if (error instanceof ApiError) return [error.code, error.extras.headers];
    throw error;
  }
};

describe('LogSearches', () => {
  it('lets a caller search twice at once, and again when one is over', () => {
    const searches = new LogSearches();
    const end = searches.begin('user:1');
    searches.begin('user:1');
    expect(refusal(() => searches.begin('user:1'))).toEqual(['RATE_LIMITED', { 'retry-after': '1' }]);
    end();
    expect(refusal(() => searches.begin('user:1'))).toBeNull();
  });

  it('lets all callers together search four times at once', () => {
    const searches = new LogSearches();
    const ends = ['a', 'b', 'c', 'd'].map((caller) => searches.begin(caller));
    expect(refusal(() => searches.begin('e'))).toEqual(['RATE_LIMITED', { 'retry-after': '1' }]);
    ends[0]?.();
    expect(refusal(() => searches.begin('e'))).toBeNull();
  });
});
