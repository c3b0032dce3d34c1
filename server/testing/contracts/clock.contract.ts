import { describe, expect, it } from 'vitest';
import type { Clock } from '../../instances/ports/time.ts';

/** A {@link Clock} under test, with operations that the port does not have. */
export interface ClockSubject {
  clock: Clock;
  /** Lets time pass. */
  pass: (milliseconds: number) => Promise<void>;
  /** Moves the wall clock forward, or back if `milliseconds` is negative. No time passes. */
  jump: (milliseconds: number) => void;
}

/** The contract tests of {@link Clock}. */
export function clockContract(title: string, make: () => ClockSubject): void {
  describe(title, () => {
    it('counts the passed time in whole milliseconds', async () => {
      const { clock, pass } = make();
      const begun = [clock.now(), clock.elapsed()];
      await pass(1_500);
      expect([clock.now(), clock.elapsed()].map((now, index) => now - (begun[index] ?? 0))).toEqual([1_500, 1_500]);
      expect(Number.isInteger(clock.elapsed())).toBe(true);
    });

    it.each([3_600_000, -3_600_000])('counts the same when the wall clock jumps by %d ms', async (milliseconds) => {
      const { clock, pass, jump } = make();
      const begun = clock.elapsed();
      await pass(10);
      jump(milliseconds);
      expect(clock.elapsed()).toBe(begun + 10);
      await pass(10);
      expect(clock.elapsed()).toBe(begun + 20);
    });

    it('`now` follows a wall clock that is set forward', () => {
      const { clock, jump } = make();
      const begun = clock.now();
      jump(3_600_000);
      expect(clock.now()).toBe(begun + 3_600_000);
    });
  });
}
