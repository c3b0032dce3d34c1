import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingMinute } from './caller-limits.ts';

const MINUTE_MS = 60_000;

describe('the sum of the last minute', () => {
  it('forgets amounts after a minute, second by second', () => {
    const minute = new SlidingMinute();
    minute.add(5, 10_000);
    minute.add(2, 12_500);
    expect([minute.sum(12_500), minute.sum(70_999), minute.sum(71_000), minute.sum(73_000)]).toEqual([7, 7, 2, 0]);
  });

  it('returns when the sum is below a limit, and when it is 0', () => {
    const minute = new SlidingMinute();
    minute.add(5, 10_000);
    minute.add(2, 12_500);
    expect(minute.untilBelow(8, 13_000)).toBe(0);
    expect(minute.untilBelow(7, 13_000)).toBe(71_000 - 13_000);
    expect(minute.untilBelow(2, 13_000)).toBe(73_000 - 13_000);
    expect(minute.untilEmpty(13_000)).toBe(73_000 - 13_000);
    expect(minute.untilEmpty(80_000)).toBe(0);
  });

  it('ignores an amount of 0', () => {
    const minute = new SlidingMinute();
    minute.add(0, 1_000);
    expect([minute.sum(1_000), minute.untilEmpty(1_000)]).toEqual([0, 0]);
  });

  it('is at least the exact sum of 60 seconds, and at most the sum of 61', () => {
    const steps = fc.array(
      fc.record({ amount: fc.integer({ min: 0, max: 9 }), passed: fc.integer({ min: 0, max: 20_000 }) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const minute = new SlidingMinute();
        const added: { at: number; amount: number }[] = [];
        let now = 0;
        for (const { amount, passed } of all) {
          now += passed;
          minute.add(amount, now);
          added.push({ at: now, amount });
          const within = (window: number): number =>
            added.filter(({ at }) => at > now - window).reduce((sum, each) => sum + each.amount, 0);
          expect(minute.sum(now)).toBeGreaterThanOrEqual(within(MINUTE_MS));
          expect(minute.sum(now)).toBeLessThanOrEqual(within(MINUTE_MS + 1_001));
          const wait = minute.untilBelow(3, now);
          if (wait > 0) expect(minute.sum(now)).toBeGreaterThanOrEqual(3);
          else expect(minute.sum(now)).toBeLessThan(3);
        }
        const limit = 3;
        const wait = minute.untilBelow(limit, now);
        expect(minute.sum(now + wait)).toBeLessThan(limit);
      }),
    );
  });
});
