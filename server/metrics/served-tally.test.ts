import type { RequestFigures } from '@llamactl/contract/requests';
import { describe, expect, it } from 'vitest';
import { count, noTimes, percentile, sumOfTimes } from './first-token-times.ts';
import { NOTHING_SERVED, ServedTally, sumOfServed } from './served-tally.ts';

const ended = (changes: Partial<RequestFigures> = {}): RequestFigures => ({
  instance: 'chat',
  door: 'v1',
  outcome: 'ok',
  duration: 1,
  waited: 0,
  time_to_first_token: null,
  tokens_in: null,
  tokens_out: null,
  tokens_per_second: null,
  bytes_out: 1,
  ...changes,
});

describe('the tally of requests', () => {
  it('has the requests of an instance since it was last taken', () => {
    const tally = new ServedTally();
    tally.finished(ended({ tokens_in: 5, tokens_out: 7, time_to_first_token: 0.2 }));
    tally.finished(ended({ tokens_out: 3 }));
    tally.finished(ended({ instance: null, tokens_out: 100 }));
    const { firstTokens, ...served } = tally.take('chat');
    expect(served).toEqual({ requests: 2, tokensIn: 5, tokensOut: 10, waitingMax: 0 });
    expect(percentile(firstTokens, 0.5)).toBeCloseTo(0.2, 1);
    expect(tally.take('chat')).toBe(NOTHING_SERVED);
    expect(tally.take('other')).toBe(NOTHING_SERVED);
  });

  it('has tokens in the step in which they are generated, and the right sum', () => {
    const tally = new ServedTally();
    tally.generated('chat', 20);
    expect(tally.take('chat')).toMatchObject({ requests: 0, tokensOut: 20 });
    tally.generated('chat', 30);
    tally.finished(ended({ tokens_out: 60 }), 50);
    expect(tally.take('chat')).toMatchObject({ requests: 1, tokensOut: 40 });
    // A refused request has no figures.
    tally.finished(ended({ outcome: 'refused' }));
    expect(tally.take('chat')).toMatchObject({ requests: 1, tokensOut: 0 });
  });

  it('takes back tokens that were counted too much', () => {
    const tally = new ServedTally();
    tally.generated('chat', 20);
    tally.take('chat');
    tally.finished(ended({ tokens_out: 15 }), 20);
    expect(tally.take('chat').tokensOut).toBe(0);
    tally.finished(ended({ tokens_out: 7 }));
    expect(tally.take('chat').tokensOut).toBe(2);
    expect(tally.take('chat')).toBe(NOTHING_SERVED);
  });

  it('keeps the highest number of waiting requests, also while it does not change', () => {
    const tally = new ServedTally();
    for (const waiting of [1, 4, 2]) tally.waits('chat', waiting);
    expect(tally.take('chat').waitingMax).toBe(4);
    expect(tally.take('chat').waitingMax).toBe(2);
    expect(tally.take('chat').waitingMax).toBe(2);
    tally.waits('chat', 0);
    expect(tally.take('chat').waitingMax).toBe(2);
    expect(tally.take('chat')).toBe(NOTHING_SERVED);
  });

  it('follows a rename, and forgets a deleted instance', () => {
    const tally = new ServedTally();
    tally.finished(ended());
    tally.rename('chat', 'talk');
    expect([tally.take('chat').requests, tally.take('talk').requests]).toEqual([0, 1]);
    tally.finished(ended());
    tally.forget('chat');
    expect(tally.take('chat').requests).toBe(0);
  });

  it('does not change figures that were taken', () => {
    const tally = new ServedTally();
    tally.finished(ended({ time_to_first_token: 1 }));
    const taken = tally.take('chat');
    tally.finished(ended({ time_to_first_token: 1 }));
    expect([taken.requests, taken.firstTokens?.reduce((sum, each) => sum + each, 0)]).toEqual([1, 1]);
  });
});

describe('times to the first token', () => {
  const of = (...seconds: number[]) => {
    const times = noTimes();
    for (const each of seconds) count(times, each);
    return times;
  };

  it.each([0.006, 0.02, 0.15, 1, 7, 42, 120])('are found again within an eighth: %f s', (seconds) => {
    const found = percentile(of(seconds), 0.5) ?? 0;
    expect(Math.abs(found / seconds - 1)).toBeLessThan(0.125);
  });

  it('have the percentiles of all requests', () => {
    const times = of(...Array.from({ length: 94 }, () => 0.1), ...Array.from({ length: 6 }, () => 10));
    expect(percentile(times, 0.5)).toBeCloseTo(0.1, 1);
    expect(percentile(times, 0.95) ?? 0).toBeGreaterThan(8);
    expect(percentile(noTimes(), 0.5)).toBe(null);
    expect(percentile(null, 0.5)).toBe(null);
  });

  it('count times out of range at the ends', () => {
    expect(percentile(of(0, 0.000_1), 0.5)).toBe(0.005);
    expect(percentile(of(100_000), 0.5) ?? 0).toBeGreaterThan(140);
  });

  it('are added, without a change of either', () => {
    const [one, other] = [of(1), of(1, 2)];
    expect(sumOfTimes(one, other)).toEqual(of(1, 1, 2));
    expect([one, other]).toEqual([of(1), of(1, 2)]);
    expect([sumOfTimes(null, one), sumOfTimes(one, null), sumOfTimes(null, null)]).toEqual([one, one, null]);
    expect(
      sumOfServed({ ...NOTHING_SERVED, requests: 1, waitingMax: 3 }, { ...NOTHING_SERVED, waitingMax: 2 }),
    ).toEqual({ ...NOTHING_SERVED, requests: 1, waitingMax: 3 });
  });
});
