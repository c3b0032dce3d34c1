import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { pause } from './time.ts';

describe('pause', () => {
  it('resolves after its time, and not before', async () => {
    const clock = new FakeClock();
    const isOver = ended(pause(clock, 1_000));
    await clock.advance(999);
    expect(isOver()).toBe(false);
    await clock.advance(1);
    expect(isOver()).toBe(true);
  });

  it('resolves at once when its signal aborts, and leaves no timer', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const isOver = ended(pause(clock, 1_000, abort.signal));
    await clock.flush();
    expect(isOver()).toBe(false);
    abort.abort();
    await clock.flush();
    expect(isOver()).toBe(true);
    expect(clock.pending).toEqual([]);
  });

  it('resolves at once when its signal has aborted before', async () => {
    const clock = new FakeClock();
    const isOver = ended(pause(clock, 1_000, AbortSignal.abort()));
    await clock.flush();
    expect(isOver()).toBe(true);
  });
});

function ended(work: Promise<void>): () => boolean {
  let isOver = false;
  void work.then(() => {
    isOver = true;
  });
  return () => isOver;
}
