import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { Bandwidth } from './bandwidth.ts';

const { signal } = new AbortController();

describe('a bandwidth limit', () => {
  it('spreads the bytes of all readers over time', async () => {
    const clock = new FakeClock();
    const bandwidth = new Bandwidth(clock, 1_000_000);
    const begun = clock.elapsed();
    const ends: number[] = [];
    const read = async (): Promise<void> => {
      for (let count = 0; count < 10; count += 1) await bandwidth.took(100_000, signal);
      ends.push(clock.elapsed() - begun);
    };
    const readers = Promise.all([read(), read()]);
    await clock.advance(10_000);
    await readers;
    expect(Math.max(...ends)).toBe(1_750);
  });

  it.each([
    [0, 4],
    [10_000, 1],
    [600_000, 2],
    [100_000_000, 4],
  ])('of %i bytes per second has enough for %i connections', (limit, connections) => {
    expect(new Bandwidth(new FakeClock(), limit).connections(4)).toBe(connections);
  });

  it('ends a wait when the reader leaves', async () => {
    const over = new AbortController();
    const wait = new Bandwidth(new FakeClock(), 10).took(1_000_000, over.signal);
    over.abort();
    await wait;
  });

  it('of 0 is no limit', async () => {
    await new Bandwidth(new FakeClock(), 0).took(Number.MAX_SAFE_INTEGER, signal);
  });
});
