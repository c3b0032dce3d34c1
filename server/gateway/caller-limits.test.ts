import { ApiError } from '@llamactl/contract/errors';
import { beforeEach, describe, expect, it } from 'vitest';
import { NO_TRACE } from '../instances/ports/trace.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { RecordingTrace } from '../testing/recording-trace.ts';
import { type Admission, CallerLimits, type LimitHolder } from './caller-limits.ts';

let clock: FakeClock;
let limits: CallerLimits;

beforeEach(() => {
  clock = new FakeClock();
  limits = new CallerLimits(clock);
});

function holder(id: string, given: Partial<LimitHolder['limits']>): LimitHolder {
  return { id, name: `account ${id}`, limits: { maxInFlight: 0, requestsPerMinute: 0, tokensPerMinute: 0, ...given } };
}

function refusal(holders: readonly LimitHolder[]): { message: string; retryAfter: string | undefined } | null {
  try {
    limits.admit(holders).end(0);
    return null;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'RATE_LIMITED') throw error;
    return { message: error.message, retryAfter: error.extras.headers?.['retry-after'] };
  }
}

const admitted = (count: number, holders: readonly LimitHolder[]): Admission[] =>
  Array.from({ length: count }, () => limits.admit(holders));

describe('max_in_flight', () => {
  it('refuses one request more until one ends', () => {
    const ada = [holder('ada', { maxInFlight: 2 })];
    const [first] = admitted(2, ada);
    expect(refusal(ada)).toEqual({
      message:
        'The account ada has 2 requests in flight, and its max_in_flight is 2; the next one is admitted when one ends.',
      retryAfter: '1',
    });
    first?.end(0);
    expect(refusal(ada)).toBe(null);
  });

  it('is not used up by refused requests', () => {
    const ada = [holder('ada', { maxInFlight: 1 })];
    const [first] = admitted(1, ada);
    for (let n = 0; n < 5; n += 1) expect(refusal(ada)).not.toBe(null);
    first?.end(0);
    expect(refusal(ada)).toBe(null);
  });

  it('counts requests in flight after it was lowered', () => {
    const running = admitted(3, [holder('ada', { maxInFlight: 3 })]);
    expect(refusal([holder('ada', { maxInFlight: 1 })])?.message).toContain('3 requests in flight');
    for (const each of running) each.end(0);
    expect(refusal([holder('ada', { maxInFlight: 1 })])).toBe(null);
  });
});

describe('requests_per_minute', () => {
  it('admits that many requests in any 60 seconds, and reports the rest in headers', async () => {
    const ada = [holder('ada', { requestsPerMinute: 2 })];
    const first = limits.admit(ada);
    expect(first.headers).toEqual({
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': '61s',
    });
    await clock.advance(30_000);
    expect(limits.admit(ada).headers['x-ratelimit-remaining-requests']).toBe('0');
    expect(refusal(ada)).toEqual({
      message:
        'The account ada has sent 2 requests within a minute, and its requests_per_minute is 2; the next request is admitted in 31 s.',
      retryAfter: '31',
    });
    await clock.advance(30_999);
    expect(refusal(ada)?.retryAfter).toBe('1');
    await clock.advance(1);
    expect(refusal(ada)).toBe(null);
    expect(refusal(ada)?.retryAfter).toBe('30');
  });

  it('is not used up by refused requests', async () => {
    const ada = [holder('ada', { requestsPerMinute: 1 })];
    expect(refusal(ada)).toBe(null);
    for (let n = 0; n < 60; n += 1) {
      await clock.advance(1_000);
      expect(refusal(ada)).not.toBe(null);
    }
    await clock.advance(1_000);
    expect(refusal(ada)).toBe(null);
  });

  it('does not depend on the wall clock', () => {
    const ada = [holder('ada', { requestsPerMinute: 1 })];
    expect(refusal(ada)).toBe(null);
    clock.jump(3_600_000);
    expect(refusal(ada)).not.toBe(null);
  });
});

describe('tokens_per_minute', () => {
  it('counts tokens when an answer ends, and refuses until there is room', async () => {
    const ada = [holder('ada', { tokensPerMinute: 100 })];
    const first = limits.admit(ada);
    expect(first.headers).toEqual({
      'x-ratelimit-limit-tokens': '100',
      'x-ratelimit-remaining-tokens': '100',
      'x-ratelimit-reset-tokens': '0s',
    });
    await clock.advance(90_000);
    expect(refusal(ada)).toBe(null);
    first.end(150);
    expect(refusal(ada)).toEqual({
      message:
        'The account ada has used 150 tokens within a minute, and its tokens_per_minute is 100; the next request is admitted in 61 s.',
      retryAfter: '61',
    });
    await clock.advance(61_000);
    expect(limits.admit(ada).headers['x-ratelimit-remaining-tokens']).toBe('100');
  });
});

describe('a request of a key and its account', () => {
  const account = holder('ann', { maxInFlight: 3, requestsPerMinute: 5 });
  const editor = { ...holder('editor', { maxInFlight: 2, tokensPerMinute: 10 }), name: 'key editor' };
  const script = { ...holder('script', {}), name: 'key script' };

  it('counts for both; the account has the sum of its keys', () => {
    admitted(2, [editor, account]);
    expect(refusal([editor, account])?.message).toMatch(/^The key editor has 2 requests in flight/);
    admitted(1, [script, account]);
    expect(refusal([script, account])?.message).toMatch(/^The account ann has 3 requests in flight/);
  });

  it('counts for neither when one of them refuses it', () => {
    const [first] = admitted(1, [{ ...editor, limits: { ...editor.limits, maxInFlight: 1 } }, account]);
    for (let n = 0; n < 9; n += 1) {
      expect(refusal([{ ...editor, limits: { ...editor.limits, maxInFlight: 1 } }, account])).not.toBe(null);
    }
    first?.end(0);
    expect(limits.admit([account]).headers['x-ratelimit-remaining-requests']).toBe('3');
  });

  it('has the headers of the holder with less left', () => {
    const own = holder('tight', { requestsPerMinute: 4 });
    expect(limits.admit([own, account]).headers).toMatchObject({
      'x-ratelimit-limit-requests': '4',
      'x-ratelimit-remaining-requests': '3',
    });
    for (const each of admitted(2, [account])) each.end(0);
    admitted(1, [account])[0]?.end(0);
    expect(limits.admit([own, account]).headers).toMatchObject({
      'x-ratelimit-limit-requests': '5',
      'x-ratelimit-remaining-requests': '0',
    });
  });
});

describe('the trace', () => {
  it('has every limit that a request counts to, and the one that refuses it', async () => {
    const trace = new RecordingTrace();
    trace.isOn = true;
    limits = new CallerLimits(clock, trace);
    const ada = [holder('ada', { requestsPerMinute: 1, maxInFlight: 2 }), holder('free', {})];
    limits.admit(ada, 'r1').end(0);
    await clock.advance(20_000);
    expect(() => limits.admit(ada, 'r2')).toThrow('has sent 1 request');
    const inputs = { outcome: 'admitted', caller: 'account ada', counted: 1, retry_after_ms: null };
    const refused = { outcome: 'refused', counted: 1, retry_after_ms: 41_000 };
    expect(trace.of('admission').map(({ requestId, inputs: each }) => [requestId, each])).toEqual([
      ['r1', { ...inputs, limit: 'requests_per_minute', most: 1 }],
      ['r1', { ...inputs, limit: 'max_in_flight', most: 2 }],
      ['r2', { ...inputs, ...refused, limit: 'requests_per_minute', most: 1 }],
    ]);
  });
});

describe('memory', () => {
  it('is bounded, and keeps requests in flight', () => {
    limits = new CallerLimits(clock, NO_TRACE, 10);
    const busy = [holder('busy', { maxInFlight: 1 })];
    const [running] = admitted(1, busy);
    for (let n = 0; n < 100; n += 1) limits.admit([holder(`a${n}`, { requestsPerMinute: 1 })]).end(0);
    expect(limits.size).toBe(10);
    expect(refusal(busy)).not.toBe(null);
    expect(refusal([holder('a99', { requestsPerMinute: 1 })])).not.toBe(null);
    running?.end(0);
    expect(refusal(busy)).toBe(null);
  });
});
