import { describe, expect, it } from 'vitest';
import { atOnce, inSlices, type Sliced } from './slices.ts';

/** Work with one millisecond per step. */
function* work(steps: number, done: () => void): Sliced<string> {
  for (let step = 0; step < steps; step += 1) {
    done();
    yield;
  }
  return 'result';
}

describe('work in slices', () => {
  it('lets other work run every 5 ms', async () => {
    let now = 0;
    const turns: number[] = [];
    const nextTurn = (callback: () => void): void => {
      turns.push(now);
      setImmediate(callback);
    };
    const found = await inSlices(
      work(12, () => (now += 1)),
      { elapsed: () => now, nextTurn },
    );
    expect([found, turns]).toEqual(['result', [5, 10]]);
  });

  it('does not pause when the work is short', async () => {
    const clock = { elapsed: () => 0, nextTurn: () => expect.unreachable() };
    expect(
      await inSlices(
        work(100, () => undefined),
        clock,
      ),
    ).toBe('result');
  });

  it('can run without pauses', () => expect(atOnce(work(3, () => undefined))).toBe('result'));
});
