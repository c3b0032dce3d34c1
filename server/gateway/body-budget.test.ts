import { ApiError } from '@llamactl/contract/errors';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { BodyBudget, type Reservation } from './body-budget.ts';

const MB = 1_048_576;
const never = new AbortController().signal;
let clock: FakeClock;
let budget: BodyBudget;

beforeEach(() => {
  clock = new FakeClock();
  budget = new BodyBudget({ clock, bytes: 256 * MB });
});

/** Returns a reservation that must be granted at once. */
function reserved(caller: string, bytes: number): Reservation {
  const reservation = budget.reserve(caller, bytes, never);
  if (reservation instanceof Promise) throw new Error(`${caller} has to wait for ${bytes} bytes`);
  return reservation;
}

/** Returns the outcome of a reservation that must wait. */
function waiting(caller: string, bytes: number, signal = never): { state: string; reservation: Reservation | null } {
  const outcome = { state: 'waits', reservation: null as Reservation | null };
  const reservation = budget.reserve(caller, bytes, signal);
  if (!(reservation instanceof Promise)) throw new Error(`${caller} does not have to wait`);
  reservation.then(
    (granted) => Object.assign(outcome, { state: 'granted', reservation: granted }),
    (error: unknown) => (outcome.state = error instanceof ApiError ? String(error.status) : 'left'),
  );
  return outcome;
}

/** Returns the error of a rejected promise. */
async function errorOf(promise: unknown): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was granted');
}

describe('a body', () => {
  test('gets memory while the budget has room, and releases it', () => {
    const all = ['a', 'b', 'c', 'd'].map((caller) => reserved(caller, 63 * MB));
    expect(budget.used).toBe(252 * MB);
    for (const each of all) each.release();
    expect([budget.used, budget.callers]).toEqual([0, 0]);
  });

  test('is released once, also when `release` is called twice', () => {
    const other = reserved('a', 1_000);
    const reservation = reserved('a', 70_000);
    reservation.release();
    reservation.release();
    expect(budget.used).toBe(1_000);
    other.release();
  });

  test('that does not fit waits until there is room', async () => {
    const first = reserved('a', 64 * MB);
    for (const caller of ['b', 'c', 'd']) reserved(caller, 64 * MB);
    const late = waiting('e', 64 * MB);
    await clock.flush();
    expect([late.state, budget.waiting]).toEqual(['waits', 1]);
    first.release();
    await clock.flush();
    expect([late.state, budget.waiting, budget.used]).toEqual(['granted', 0, 256 * MB]);
  });

  test('waits for ten seconds at most, and is then refused with 503 and Retry-After', async () => {
    for (const caller of ['a', 'b', 'c', 'd']) reserved(caller, 64 * MB);
    const refused = errorOf(budget.reserve('e', 64 * MB, never));
    await clock.advance(9_999);
    expect(budget.waiting).toBe(1);
    await clock.advance(1);
    expect(await refused).toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      status: 503,
      extras: { headers: { 'retry-after': '5' } },
    });
    expect([budget.waiting, budget.used]).toEqual([0, 256 * MB]);
  });

  test('of a caller whose half is full is refused with 429, while others get memory', async () => {
    reserved('a', 64 * MB);
    reserved('a', 64 * MB);
    const refused = errorOf(budget.reserve('a', 70_000, never));
    reserved('b', 64 * MB);
    await clock.advance(10_000);
    expect(await refused).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
  });

  test('stops waiting when its caller leaves', async () => {
    for (const caller of ['a', 'b', 'c', 'd']) reserved(caller, 64 * MB);
    const caller = new AbortController();
    const late = waiting('e', MB, caller.signal);
    caller.abort();
    await clock.flush();
    expect([late.state, budget.waiting, clock.pending]).toEqual(['left', 0, []]);
  });

  test('that is larger than the budget gets memory when no other large body is held', async () => {
    budget = new BodyBudget({ clock, bytes: MB });
    reserved('b', 1_000);
    const first = reserved('a', 63 * MB);
    const second = waiting('b', 63 * MB);
    first.release();
    await clock.flush();
    expect(second.state).toBe('granted');
  });

  test('that is larger than half of the budget gets memory when its caller holds no other large body', () => {
    budget = new BodyBudget({ clock, bytes: 64 * MB });
    reserved('a', 40 * MB);
    waiting('a', 10 * MB);
    reserved('b', 20 * MB);
  });
});

describe('the queue', () => {
  test('keeps the order of arrival, so that smaller bodies do not overtake a large one', async () => {
    const held = ['a', 'b', 'c', 'd'].map((caller) => reserved(caller, 60 * MB));
    const large = waiting('e', 60 * MB);
    const later = waiting('f', 10 * MB);
    await clock.flush();
    expect(later.state).toBe('waits');
    held[0]?.release();
    await clock.flush();
    expect([large.state, later.state]).toEqual(['granted', 'granted']);
  });

  test('lets small bodies pass', () => {
    for (const caller of ['a', 'b', 'c', 'd']) reserved(caller, 60 * MB);
    waiting('e', 60 * MB);
    reserved('f', 65_536);
  });

  test("lets others pass a body that waits for its caller's share", () => {
    reserved('a', 64 * MB);
    reserved('a', 64 * MB);
    waiting('a', 10 * MB);
    reserved('b', 64 * MB);
  });

  test('continues when the first body stops waiting', async () => {
    for (const caller of ['a', 'b', 'c', 'd']) reserved(caller, 60 * MB);
    const caller = new AbortController();
    waiting('e', 60 * MB, caller.signal);
    const later = waiting('f', 10 * MB);
    caller.abort();
    await clock.flush();
    expect(later.state).toBe('granted');
  });
});

test('small bodies get some megabytes of memory while large ones fill the budget', () => {
  for (const caller of ['a', 'b', 'c', 'd']) reserved(caller, 64 * MB);
  for (let count = 0; count < 32; count += 1) reserved('e', 65_536);
  waiting('e', 65_536);
  for (let count = 0; count < 32; count += 1) reserved('f', 65_536);
  waiting('g', 65_536);
});

describe('a body of unknown length', () => {
  test('reserves more as it grows, and gives back unused memory', async () => {
    const growing = reserved('a', 65_536);
    expect(growing.grow(64 * MB, never)).toBe(null);
    growing.shrink(33 * MB);
    expect([growing.bytes, budget.used]).toEqual([33 * MB, 33 * MB]);
    growing.shrink(1_000);
    expect(budget.used).toBe(1_000);
  });

  test('goes before bodies that hold no memory yet', async () => {
    const held = ['a', 'b', 'c'].map((caller) => reserved(caller, 64 * MB));
    const growing = reserved('d', 60 * MB);
    waiting('e', 64 * MB);
    let isGrown = false;
    void growing.grow(70 * MB, never)?.then(() => (isGrown = true));
    held[0]?.release();
    await clock.flush();
    expect(isGrown).toBe(true);
  });

  test('does not deadlock with another growing body', async () => {
    budget = new BodyBudget({ clock, bytes: 100 * MB });
    const both = [reserved('a', 45 * MB), reserved('b', 45 * MB)];
    const outcomes = both.map((each) => errorOf(each.grow(64 * MB, never)));
    await clock.advance(10_000);
    expect(await Promise.all(outcomes)).toMatchObject([{ status: 503 }, { status: 503 }]);
  });
});

describe('memory that is only kept for a second attempt', () => {
  test('is reclaimed when another body needs it, the oldest first', async () => {
    const reclaimed: string[] = [];
    for (const caller of ['a', 'b', 'c', 'd']) {
      const reservation = reserved(caller, 64 * MB);
      reservation.reclaim = () => {
        reclaimed.push(caller);
        reservation.release();
      };
    }
    reserved('e', 64 * MB);
    expect([reclaimed, budget.used]).toEqual([['a'], 256 * MB]);
  });

  test("is reclaimed from the same caller for the caller's share", () => {
    const first = reserved('a', 64 * MB);
    const other = reserved('b', 64 * MB);
    reserved('a', 64 * MB);
    const reclaimed: string[] = [];
    other.reclaim = () => reclaimed.push('b');
    first.reclaim = () => {
      reclaimed.push('a');
      first.release();
    };
    reserved('a', 64 * MB);
    expect(reclaimed).toEqual(['a']);
  });

  test('is reclaimed for a body that already waits', async () => {
    const [first] = ['a', 'b', 'c', 'd'].map((caller) => reserved(caller, 64 * MB));
    const late = waiting('e', 64 * MB);
    if (first !== undefined) first.reclaim = () => first.release();
    await clock.flush();
    expect(late.state).toBe('granted');
  });
});

test('counts are correct after any sequence of requests, and no body that fits keeps waiting', async () => {
  const size = fc.constantFrom(1_000, 65_536, 65_537, MB, 30 * MB, 64 * MB);
  const step = fc.record({
    caller: fc.constantFrom('a', 'b', 'c'),
    size,
    what: fc.constantFrom('reserve', 'release', 'grow', 'leave', 'shrink', 'time'),
    at: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      clock = new FakeClock();
      budget = new BodyBudget({ clock, bytes: 128 * MB });
      const held: Reservation[] = [];
      const signals: AbortController[] = [];
      for (const { caller, size: bytes, what, at } of steps) {
        const signal = new AbortController();
        const some = held[at % Math.max(1, held.length)];
        if (what === 'reserve') {
          signals.push(signal);
          void Promise.resolve(budget.reserve(caller, bytes, signal.signal)).then(
            (reservation) => held.push(reservation),
            () => undefined,
          );
        } else if (what === 'grow') void some?.grow(bytes, signal.signal)?.catch(() => undefined);
        else if (what === 'shrink') some?.shrink(bytes);
        else if (what === 'leave') signals[at % Math.max(1, signals.length)]?.abort();
        else if (what === 'time') await clock.advance(4_000);
        else if (some !== undefined) {
          some.release();
          held.splice(held.indexOf(some), 1);
        }
        await clock.flush();
        expect(budget.used).toBe(held.reduce((sum, { bytes: each }) => sum + each, 0));
        expect(budget.used).toBeLessThanOrEqual(132 * MB);
      }
      await clock.advance(10_000);
      expect(budget.waiting).toBe(0);
      for (const each of held) each.release();
      await clock.flush();
      expect([budget.used, budget.callers, clock.pending]).toEqual([0, 0, []]);
    }),
  );
});
