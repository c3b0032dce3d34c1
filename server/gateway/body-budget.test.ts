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

/** A reservation that must be granted at once. */
function reserved(caller: string, bytes: number): Reservation {
  const reservation = budget.reserve(caller, bytes, never);
  if (reservation instanceof Promise) throw new Error(`${caller} has to wait for ${bytes} bytes`);
  return reservation;
}

/** A reservation that has to wait, and what becomes of it. */
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

/** What a promise is rejected with. */
async function errorOf(promise: unknown): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was granted');
}

describe('a body', () => {
  test('is let in while the budget has room, and gives it back', () => {
    const all = ['a', 'b', 'c', 'd'].map((caller) => reserved(caller, 63 * MB));
    expect(budget.used).toBe(252 * MB);
    for (const each of all) each.release();
    expect([budget.used, budget.callers]).toEqual([0, 0]);
  });

  test('is released once, however often that is called', () => {
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

  test('waits for ten seconds at most, then it is refused with 503 and told when to come again', async () => {
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

  test('of a caller whose half is full is refused with 429, and others are let in meanwhile', async () => {
    reserved('a', 64 * MB);
    reserved('a', 64 * MB);
    const refused = errorOf(budget.reserve('a', 70_000, never));
    reserved('b', 64 * MB);
    await clock.advance(10_000);
    expect(await refused).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
  });

  test('of a caller who leaves waits no more', async () => {
    for (const caller of ['a', 'b', 'c', 'd']) reserved(caller, 64 * MB);
    const caller = new AbortController();
    const late = waiting('e', MB, caller.signal);
    caller.abort();
    await clock.flush();
    expect([late.state, budget.waiting, clock.pending]).toEqual(['left', 0, []]);
  });

  test('that is larger than the budget is let in when no other large one is held', async () => {
    budget = new BodyBudget({ clock, bytes: MB });
    reserved('b', 1_000);
    const first = reserved('a', 63 * MB);
    const second = waiting('b', 63 * MB);
    first.release();
    await clock.flush();
    expect(second.state).toBe('granted');
  });

  test('that is larger than half of the budget is let in when its caller holds no other large one', () => {
    budget = new BodyBudget({ clock, bytes: 64 * MB });
    reserved('a', 40 * MB);
    waiting('a', 10 * MB);
    reserved('b', 20 * MB);
  });
});

describe('the order', () => {
  test('is that of arrival: a large body is not overtaken for ever by others that fit', async () => {
    const held = ['a', 'b', 'c', 'd'].map((caller) => reserved(caller, 60 * MB));
    const large = waiting('e', 60 * MB);
    const later = waiting('f', 10 * MB);
    await clock.flush();
    expect(later.state).toBe('waits');
    held[0]?.release();
    await clock.flush();
    expect([large.state, later.state]).toEqual(['granted', 'granted']);
  });

  test('lets small bodies pass those that wait', () => {
    for (const caller of ['a', 'b', 'c', 'd']) reserved(caller, 60 * MB);
    waiting('e', 60 * MB);
    reserved('f', 65_536);
  });

  test('lets others pass a body that waits for its own caller', () => {
    reserved('a', 64 * MB);
    reserved('a', 64 * MB);
    waiting('a', 10 * MB);
    reserved('b', 64 * MB);
  });

  test('goes on when the first one gives up', async () => {
    for (const caller of ['a', 'b', 'c', 'd']) reserved(caller, 60 * MB);
    const caller = new AbortController();
    waiting('e', 60 * MB, caller.signal);
    const later = waiting('f', 10 * MB);
    caller.abort();
    await clock.flush();
    expect(later.state).toBe('granted');
  });
});

test('small bodies are let in when large ones fill the budget, some megabytes of them', () => {
  for (const caller of ['a', 'b', 'c', 'd']) reserved(caller, 64 * MB);
  for (let count = 0; count < 32; count += 1) reserved('e', 65_536);
  waiting('e', 65_536);
  for (let count = 0; count < 32; count += 1) reserved('f', 65_536);
  waiting('g', 65_536);
});

describe('a body of unknown length', () => {
  test('takes more as it grows, and gives back what it did not need', async () => {
    const growing = reserved('a', 65_536);
    expect(growing.grow(64 * MB, never)).toBe(null);
    growing.shrink(33 * MB);
    expect([growing.bytes, budget.used]).toEqual([33 * MB, 33 * MB]);
    growing.shrink(1_000);
    expect(budget.used).toBe(1_000);
  });

  test('goes before bodies that hold nothing yet', async () => {
    const held = ['a', 'b', 'c'].map((caller) => reserved(caller, 64 * MB));
    const growing = reserved('d', 60 * MB);
    waiting('e', 64 * MB);
    let isGrown = false;
    void growing.grow(70 * MB, never)?.then(() => (isGrown = true));
    held[0]?.release();
    await clock.flush();
    expect(isGrown).toBe(true);
  });

  test('does not wait for another one for ever that waits for it', async () => {
    budget = new BodyBudget({ clock, bytes: 100 * MB });
    const both = [reserved('a', 45 * MB), reserved('b', 45 * MB)];
    const outcomes = both.map((each) => errorOf(each.grow(64 * MB, never)));
    await clock.advance(10_000);
    expect(await Promise.all(outcomes)).toMatchObject([{ status: 503 }, { status: 503 }]);
  });
});

describe('memory that is only kept for a second try', () => {
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

  test('of the same caller is reclaimed for its own share', () => {
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

  test('is reclaimed for a body that waits already', async () => {
    const [first] = ['a', 'b', 'c', 'd'].map((caller) => reserved(caller, 64 * MB));
    const late = waiting('e', 64 * MB);
    if (first !== undefined) first.reclaim = () => first.release();
    await clock.flush();
    expect(late.state).toBe('granted');
  });
});

test('the books are right after any sequence of requests, and nothing that fits is left waiting', async () => {
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
