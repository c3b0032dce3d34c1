import { describe, expect, it } from 'vitest';
import type { Clock } from '../../instances/ports.ts';

/** A {@link Clock} under test, with what a test cannot do through the port. */
export interface ClockSubject {
  clock: Clock;
  /** Lets so much time pass. */
  pass: (milliseconds: number) => Promise<void>;
  /** Somebody sets the wall clock, forward or (less than 0) back; no time passes. */
  jump: (milliseconds: number) => void;
}

/** What every {@link Clock} keeps. */
export function clockContract(title: string, make: () => ClockSubject): void {
  describe(title, () => {
    it('tells how much time has passed, in whole milliseconds', async () => {
      const { clock, pass } = make();
      const begun = [clock.now(), clock.elapsed()];
      await pass(1_500);
      expect([clock.now(), clock.elapsed()].map((now, index) => now - (begun[index] ?? 0))).toEqual([1_500, 1_500]);
      expect(Number.isInteger(clock.elapsed())).toBe(true);
    });

    it.each([3_600_000, -3_600_000])('tells the same when the wall clock jumps by %d ms', async (milliseconds) => {
      const { clock, pass, jump } = make();
      const begun = clock.elapsed();
      await pass(10);
      jump(milliseconds);
      expect(clock.elapsed()).toBe(begun + 10);
      await pass(10);
      expect(clock.elapsed()).toBe(begun + 20);
    });

    it('follows a wall clock that is set forward with the time of day', () => {
      const { clock, jump } = make();
      const begun = clock.now();
      jump(3_600_000);
      expect(clock.now()).toBe(begun + 3_600_000);
    });
  });
}
