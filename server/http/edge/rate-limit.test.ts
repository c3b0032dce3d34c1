import type { Operation } from '@llamactl/contract/operation';
import { OPERATIONS } from '@llamactl/contract/operations';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { RecordingTrace } from '../../testing/recording-trace.ts';
import { limitedSubject, RateLimits } from './rate-limit.ts';

const START = 1_700_000_000_000;
const { listInstances, startInstance, stopInstance, stopAllInstances, getLiveness, createInstance } = OPERATIONS;

function limits(changes: { enabled?: boolean; regular?: number; intensive?: number } = {}): {
  limits: RateLimits;
  clock: FakeClock;
} {
  const clock = new FakeClock({ now: START });
  return {
    clock,
    limits: new RateLimits({ clock, config: { enabled: true, regular: 100, intensive: 10, ...changes } }),
  };
}

/** Counts a request several times and returns the last verdict; all earlier ones must pass. */
function countTimes(times: number, { count }: { count: () => ReturnType<RateLimits['count']> }) {
  const verdicts = Array.from({ length: times }, count);
  expect(verdicts.slice(0, -1).filter(({ refusal }) => refusal !== null)).toEqual([]);
  return verdicts.at(-1);
}

describe('the window of a minute', () => {
  it('allows 100 regular requests; the next is refused until the window ends', async () => {
    const { limits: limited, clock } = limits();
    const count = () => limited.count('user:ada', listInstances);
    expect(count().headers).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '99',
      'x-ratelimit-reset': String(START / 1_000 + 60),
    });
    await clock.advance(20_500);
    expect(countTimes(99, { count })).toMatchObject({ headers: { 'x-ratelimit-remaining': '0' }, refusal: null });

    const { headers, refusal, waitMs } = count();
    expect(waitMs).toBe(39_500);
    expect(headers).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(START / 1_000 + 60),
    });
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED', status: 429, extras: { headers: { 'retry-after': '40' } } });
    expect(refusal?.message).toBe('More than 100 requests in a minute; try again in 40 s.');

    await clock.advance(39_499);
    expect(count().refusal).toMatchObject({ extras: { headers: { 'retry-after': '1' } } });
    await clock.advance(1);
    expect(count()).toMatchObject({ headers: { 'x-ratelimit-remaining': '99' }, refusal: null });
  });

  it.each([3_600_000, -3_600_000])('lasts a minute when the wall clock jumps by %d ms', async (jump) => {
    const { limits: limited, clock } = limits({ regular: 1 });
    limited.count('ada', null);
    clock.jump(jump);
    await clock.advance(59_999);
    const { headers, refusal } = limited.count('ada', null);
    expect(refusal?.code).toBe('RATE_LIMITED');
    expect(headers['x-ratelimit-reset']).toBe(String(Math.ceil((clock.now() + 1) / 1_000)));
    await clock.advance(1);
    expect(limited.count('ada', null).refusal).toBe(null);
  });

  it('allows 10 intensive requests, whatever other requests there were, and headers describe the class', () => {
    const { limits: limited } = limits();
    countTimes(100, { count: () => limited.count('user:ada', listInstances) });
    countTimes(10, { count: () => limited.count('user:ada', startInstance) });
    const { headers, refusal } = limited.count('user:ada', startInstance);
    expect([headers['x-ratelimit-limit'], refusal?.message, refusal?.extras.details]).toEqual([
      '10',
      'More than 10 starts or changes in a minute; try again in 60 s.',
      'rate_limit.intensive in the configuration sets the limit.',
    ]);
    expect(limited.count('user:ada', listInstances).headers['x-ratelimit-limit']).toBe('100');
  });

  it('belongs to one caller', () => {
    const { limits: limited } = limits({ regular: 1 });
    countTimes(1, { count: () => limited.count('user:ada', listInstances) });
    expect(limited.count('user:ada', listInstances).refusal?.message).toMatch(/^More than 1 request in a minute/);
    expect(limited.count('user:bob', listInstances).refusal).toBe(null);
  });

  it('counts requests without an operation as regular', () => {
    const { limits: limited } = limits({ regular: 3 });
    countTimes(2, { count: () => limited.count('192.0.2.1', null) });
    expect(limited.count('192.0.2.1', listInstances).headers['x-ratelimit-remaining']).toBe('0');
    expect(limited.count('192.0.2.1', null).refusal?.code).toBe('RATE_LIMITED');
  });
});

describe('an operation that stops instances', () => {
  it.each([stopInstance, stopAllInstances])('is counted and never refused: $id', (operation) => {
    const { limits: limited } = limits({ regular: 5, intensive: 5 });
    expect(countTimes(50, { count: () => limited.count('user:ada', operation) })).toMatchObject({
      headers: { 'x-ratelimit-remaining': '0' },
      refusal: null,
    });
    expect(limited.count('user:ada', createInstance).refusal).not.toBe(null);
  });
});

describe('an unlimited request', () => {
  it('has no headers and uses up nothing when its operation is free', () => {
    const { limits: limited } = limits({ regular: 1 });
    expect(countTimes(200, { count: () => limited.count('192.0.2.1', getLiveness) })).toEqual({
      headers: {},
      refusal: null,
      waitMs: 0,
    });
    expect(limited.count('192.0.2.1', listInstances).refusal).toBe(null);
  });

  it('is any request while limits are off', () => {
    const { limits: limited } = limits({ enabled: false, regular: 1 });
    expect(countTimes(5, { count: () => limited.count('192.0.2.1', listInstances) })).toEqual({
      headers: {},
      refusal: null,
      waitMs: 0,
    });
  });
});

describe('the subject of a request', () => {
  it.each([
    [null, '192.0.2.1', '192.0.2.1'],
    [null, '2001:db8::1:2:3:4', '2001:db8:0:0::/64'],
    [{ userId: null }, '192.0.2.1', '192.0.2.1'],
    [{ userId: 'u1' }, '192.0.2.1', 'user:u1'],
  ] as const)('%o from %s: %s', (caller, address, subject) => {
    expect(limitedSubject(caller, address)).toBe(subject);
  });
});

describe('pages of other sites', () => {
  it('use up nothing of the browser owner’s limit', () => {
    const { limits: limited } = limits({ regular: 2 });
    for (let times = 0; times < 5; times += 1) limited.count(limitedSubject(null, '127.0.0.1', true), null);
    expect(limited.count(limitedSubject(null, '127.0.0.1', true), listInstances).refusal).not.toBe(null);
    expect(limited.count(limitedSubject(null, '127.0.0.1'), listInstances).refusal).toBe(null);
  });

  it('with credentials count to their account', () => {
    expect(limitedSubject({ userId: 'u1' }, '127.0.0.1', true)).toBe('user:u1');
  });
});

describe('for any calls', () => {
  it('each is judged only by those of its caller and class in its minute', async () => {
    const operations: (Operation | null)[] = [listInstances, startInstance, stopInstance, getLiveness, null];
    const anyCalls = fc.array(
      fc.record({
        subject: fc.constantFrom('user:ada', 'user:bob'),
        operation: fc.constantFrom(...operations),
        passed: fc.integer({ min: 0, max: 30_000 }),
      }),
      { maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(anyCalls, async (calls) => {
        const { limits: limited, clock } = limits({ regular: 4, intensive: 2 });
        const naive: Record<string, { endsAt: number; used: number }> = {};
        for (const { subject, operation, passed } of calls) {
          await clock.advance(passed);
          const cost = operation?.cost ?? 'regular';
          const verdict = limited.count(subject, operation);
          if (cost === 'free') {
            expect(verdict).toEqual({ headers: {}, refusal: null, waitMs: 0 });
            continue;
          }
          const key = `${subject} ${cost}`;
          const known = naive[key];
          const window =
            known !== undefined && clock.now() < known.endsAt ? known : { endsAt: clock.now() + 60_000, used: 0 };
          window.used += 1;
          naive[key] = window;
          const limit = cost === 'regular' ? 4 : 2;
          expect(verdict.refusal !== null).toBe(window.used > limit && operation !== stopInstance);
          expect(verdict.headers).toEqual({
            'x-ratelimit-limit': String(limit),
            'x-ratelimit-remaining': String(Math.max(0, limit - window.used)),
            'x-ratelimit-reset': String(Math.ceil(window.endsAt / 1_000)),
          });
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('the trace', () => {
  it('has a refused request with what was counted, and no admitted one', async () => {
    const clock = new FakeClock({ now: START });
    const trace = new RecordingTrace();
    trace.isOn = true;
    const limited = new RateLimits({ clock, config: { enabled: true, regular: 1, intensive: 1 }, trace });
    limited.count('user:ada', startInstance);
    limited.count('user:ada', listInstances);
    await clock.advance(15_000);
    limited.count('user:ada', startInstance);
    expect(trace.decisions).toEqual([
      {
        kind: 'admission',
        instance: null,
        inputs: {
          outcome: 'refused',
          caller: 'user:ada',
          limit: 'intensive',
          most: 1,
          counted: 2,
          retry_after_ms: 45_000,
        },
      },
    ]);
  });
});
