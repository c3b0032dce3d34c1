import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '@llamactl/contract/errors';
import { FakeClock } from '../testing/fake-clock.ts';
import {
  failuresAt,
  FORGET_ONE_AFTER_MS,
  waitAt,
  withFailure,
  withoutOne,
  type FailureCount,
} from './failure-count.ts';
import { LoginThrottle } from './throttle.ts';

const HOME = '198.51.100.7';
const STRANGER = '203.0.113.9';
const HOUR_MS = 3_600_000;

/** Makes a try with this result, and returns the seconds to wait; 0: the try was let through. */
function waitOf(throttle: LoginThrottle, username: string, address: string, end: 'failed' | 'succeeded'): number {
  try {
    throttle.admit(username, address)[end]();
    return 0;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'RATE_LIMITED') throw error;
    return Number(error.extras.headers?.['retry-after']);
  }
}

const fail = (throttle: LoginThrottle, username: string, address: string): number =>
  waitOf(throttle, username, address, 'failed');

/** Fails `times` times as soon as a try is allowed, and returns the wait before each. */
async function failures(
  times: number,
  clock: FakeClock,
  throttle: LoginThrottle,
  next: (n: number) => [string, string],
) {
  const waits: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const [username, address] = next(n);
    const wait = fail(throttle, username, address);
    waits.push(wait);
    if (wait === 0) continue;
    await clock.advance(wait * 1_000);
    if (fail(throttle, username, address) !== 0) throw new Error('Retry-After was too short.');
  }
  return waits;
}

const stranger = (n: number): string => `203.0.${n >> 8}.${n & 255}`;

describe('guessing passwords', () => {
  it('from one address is free five times, then the wait doubles up to a quarter of an hour', async () => {
    const clock = new FakeClock();
    const waits = await failures(18, clock, new LoginThrottle(clock), (n) => [`user${n}`, STRANGER]);
    expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  });

  it('for one account from everywhere is free five times, then limited to one try a minute', async () => {
    const clock = new FakeClock();
    const waits = await failures(14, clock, new LoginThrottle(clock), (n) => ['admin', stranger(n)]);
    expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('counts the same for an unknown name, in any case; texts that cannot be a name count together', async () => {
    const clock = new FakeClock();
    const throttle = new LoginThrottle(clock);
    for (let n = 0; n < 5; n += 1) fail(throttle, n % 2 === 0 ? 'Unknown' : 'uNKNOWN', stranger(n));
    expect(fail(throttle, 'unknown', stranger(6))).toBe(1);
    for (let n = 0; n < 5; n += 1) fail(throttle, `no name ${n}`, stranger(10 + n));
    expect(fail(throttle, 'x'.repeat(1_000), stranger(20))).toBe(1);
  });

  it('with many tries at once has no advantage: each counts from the moment it is let through', () => {
    const throttle = new LoginThrottle(new FakeClock());
    const isLet = Array.from({ length: 50 }, () => {
      try {
        return throttle.admit('admin', STRANGER);
      } catch {
        return null;
      }
    });
    expect(isLet.filter((attempt) => attempt !== null).length).toBe(5);
  });

  it('during a wait does not count', async () => {
    const clock = new FakeClock();
    const throttle = new LoginThrottle(clock);
    for (let n = 0; n < 5; n += 1) fail(throttle, 'admin', STRANGER);
    for (let n = 0; n < 1_000; n += 1) expect(fail(throttle, 'admin', STRANGER)).toBe(1);
    await clock.advance(1_000);
    expect(fail(throttle, 'admin', STRANGER)).toBe(0);
  });

  it('from all addresses of an IPv6 network counts as one address', () => {
    const throttle = new LoginThrottle(new FakeClock());
    for (let n = 0; n < 5; n += 1) fail(throttle, `user${n}`, `2001:db8:1:2::${n}`);
    expect(fail(throttle, 'other', '2001:db8:1:2:ffff::1')).toBe(1);
    expect(fail(throttle, 'other', '2001:db8:1:3::1')).toBe(0);
  });

  it('with a login to an own account in between has no advantage for the address', () => {
    const throttle = new LoginThrottle(new FakeClock());
    for (let n = 0; n < 5; n += 1) {
      fail(throttle, `victim${n}`, STRANGER);
      waitOf(throttle, 'mallory', STRANGER, 'succeeded');
    }
    expect(fail(throttle, 'victim', STRANGER)).toBe(1);
  });

  it('at ten thousand other names or from ten thousand other addresses does not evict a count', () => {
    const throttle = new LoginThrottle(new FakeClock());
    for (let n = 0; n < 5; n += 1) fail(throttle, 'admin', STRANGER);
    for (let n = 0; n < 9_000; n += 1) fail(throttle, `name${n}`, stranger(n));
    expect(fail(throttle, 'other', STRANGER)).toBe(1);
  });
});

describe('the owner of the password', () => {
  it('logs in after failures, and starts with a clean count', () => {
    const throttle = new LoginThrottle(new FakeClock());
    for (let round = 0; round < 2; round += 1) {
      for (let n = 0; n < 4; n += 1) expect(fail(throttle, 'ada', stranger(round))).toBe(0);
      expect(waitOf(throttle, 'ada', stranger(round), 'succeeded')).toBe(0);
    }
  });

  it('logs in from a known address, whatever others do to the account', async () => {
    const clock = new FakeClock();
    const throttle = new LoginThrottle(clock);
    expect(waitOf(throttle, 'admin', HOME, 'succeeded')).toBe(0);
    await failures(20, clock, throttle, (n) => ['admin', stranger(n)]);
    expect(waitOf(throttle, 'admin', stranger(999), 'succeeded')).toBe(60);
    expect(waitOf(throttle, 'ADMIN', HOME, 'succeeded')).toBe(0);
    // … which does not give the others new tries.
    expect(fail(throttle, 'admin', stranger(998))).toBe(60);
  });

  it('logs in from the machine itself, where a wait is never longer than a minute', async () => {
    const clock = new FakeClock();
    const throttle = new LoginThrottle(clock);
    await failures(20, clock, throttle, (n) => ['admin', stranger(n)]);
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect(waitOf(throttle, 'admin', address, 'succeeded')).toBe(0);
    }
    const waits = await failures(20, clock, throttle, () => ['admin', '127.0.0.1']);
    expect(Math.max(...waits)).toBe(60);
  });

  it('waits at a known address only for failures from there', () => {
    const throttle = new LoginThrottle(new FakeClock());
    expect(waitOf(throttle, 'ada', HOME, 'succeeded')).toBe(0);
    for (let n = 0; n < 5; n += 1) fail(throttle, 'ada', HOME);
    expect(fail(throttle, 'ada', HOME)).toBe(1);
    expect(fail(throttle, 'ada', STRANGER)).toBe(0);
  });

  it('has a known address for one account, not for others', async () => {
    const clock = new FakeClock();
    const throttle = new LoginThrottle(clock);
    expect(waitOf(throttle, 'mallory', STRANGER, 'succeeded')).toBe(0);
    await failures(12, clock, throttle, (n) => ['admin', stranger(n)]);
    expect(fail(throttle, 'admin', STRANGER)).toBe(60);
  });

  it('waits a minute at most from a new address', async () => {
    const clock = new FakeClock();
    const throttle = new LoginThrottle(clock);
    await failures(40, clock, throttle, (n) => ['admin', stranger(n)]);
    expect(waitOf(throttle, 'admin', HOME, 'succeeded')).toBe(60);
    await clock.advance(60_000);
    expect(waitOf(throttle, 'admin', HOME, 'succeeded')).toBe(0);
  });

  it('is not delayed by a try that could not be checked', () => {
    const throttle = new LoginThrottle(new FakeClock());
    for (let n = 0; n < 50; n += 1) throttle.admit('ada', HOME).withdrawn();
    expect(fail(throttle, 'ada', HOME)).toBe(0);
  });
});

describe('a lock-out', () => {
  it.each([3_600_000, -3_600_000])('lasts equally long when the wall clock jumps by %d ms', async (jump) => {
    const clock = new FakeClock();
    const throttle = new LoginThrottle(clock);
    for (let n = 0; n < 6; n += 1) {
      throttle.admit('ada', STRANGER).failed();
      if (n < 5) await clock.advance(1_000 * 2 ** n);
    }
    clock.jump(jump);
    expect(() => throttle.admit('ada', STRANGER)).toThrow('try again in 2 s');
    await clock.advance(2_000);
    throttle.admit('ada', STRANGER);
  });

  it('is a wait of a minute or more', async () => {
    const clock = new FakeClock();
    const throttle = new LoginThrottle(clock);
    const untils: (number | null)[] = [];
    for (let n = 0; n < 11; n += 1) {
      untils.push(throttle.admit(`user${n}`, STRANGER).failed());
      await clock.advance(64_000);
    }
    expect(untils.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => null));
    expect(untils[10]).toBe(clock.elapsed());
  });
});

describe('a count of failures', () => {
  const policy = { free: 5, ceiling: 900_000 };

  it('loses one for every ten quiet minutes, and is zero after a few hours, however many there were', () => {
    let count: FailureCount | undefined;
    for (let n = 0; n < 1_000; n += 1) count = withFailure(count, 0, policy);
    expect(failuresAt(count, 0)).toBe(20);
    expect(failuresAt(count, FORGET_ONE_AFTER_MS)).toBe(19);
    expect(failuresAt(count, 4 * HOUR_MS)).toBe(0);
  });

  it('causes no wait beyond the ceiling, whatever the clock shows', () => {
    const times = fc.array(fc.integer({ min: 0, max: 10 * HOUR_MS }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 10 * HOUR_MS }), (times, now) => {
        let count: FailureCount | undefined;
        for (const time of times) count = withFailure(count, time, policy);
        expect(waitAt(count, now, policy)).toBeLessThanOrEqual(policy.ceiling);
        expect(failuresAt(count, now)).toBeLessThanOrEqual(Math.min(20, times.length));
      }),
    );
  });

  it('is restored when a try is taken back', () => {
    const count = withFailure(withFailure(undefined, 0, policy), 0, policy);
    expect(failuresAt(withoutOne(count, 0) ?? undefined, 0)).toBe(1);
    expect(withoutOne(withFailure(undefined, 0, policy), 0)).toBe(null);
  });
});
