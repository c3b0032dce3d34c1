import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { FakeTiming } from './testing/fake-timing.ts';
import { pause, PLATFORM_TIMING, reasonOf, unlessAborted } from './timing.ts';

const slow = (): FakeTiming => new FakeTiming({ isHasty: () => false });

describe('pause', () => {
  it('resolves after its time', async () => {
    const timing = slow();
    const { signal } = new AbortController();
    const waiting = pause(timing, 7, signal);
    expect(timing.waits).toEqual([7]);
    timing.passAll();
    await waiting;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects if the signal is aborted before or during the pause', async () => {
    const reason = new Error('enough');
    const timing = slow();
    await expect(pause(timing, 7, AbortSignal.abort(reason))).rejects.toBe(reason);
    const abort = new AbortController();
    const waiting = pause(timing, 7, abort.signal);
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(timing.pending).toBe(0);
  });
});

describe('unlessAborted', () => {
  it('settles like the promise and removes its listener from the signal', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects if the signal is aborted before or after the call', async () => {
    const never = new Promise(() => undefined);
    await expect(unlessAborted(never, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    const abort = new AbortController();
    const waiting = unlessAborted(never, abort.signal);
    abort.abort(new Error('after'));
    await expect(waiting).rejects.toThrow('after');
  });
});

describe('platform timing', () => {
  it('fires timers, and cancels them', async () => {
    const called: string[] = [];
    PLATFORM_TIMING.after(0, () => called.push('cancelled'))();
    await new Promise<void>((resolve) => PLATFORM_TIMING.after(0, resolve));
    expect(called).toEqual([]);
  });
});

describe('reason of an aborted signal', () => {
  it('is always an error', () => {
    expect(reasonOf(AbortSignal.abort())).toMatchObject({ name: 'AbortError' });
    expect(reasonOf(AbortSignal.abort('tea'))).toMatchObject({ message: 'aborted', cause: 'tea' });
  });
});
