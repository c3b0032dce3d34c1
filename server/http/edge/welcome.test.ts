import type { ApiError } from '@llamactl/contract/errors';
import { describe, expect, it } from 'vitest';
import { anonymousAdmin, type Caller } from '../../auth/caller.ts';
import { endOfKey } from '../../auth/dead.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { watchWelcome } from './gate.ts';

const DAY_MS = 86_400_000;

function watched(changes: (clock: FakeClock) => Partial<Caller>) {
  const clock = new FakeClock();
  const codes: string[] = [];
  const caller = { ...anonymousAdmin(), ...changes(clock) };
  const stop = watchWelcome(caller, clock, ({ code }: ApiError) => void codes.push(code));
  return { clock, codes, stop };
}

describe('watching a caller’s credentials', () => {
  it('reports their revocation once', async () => {
    const controller = new AbortController();
    const { codes, clock } = watched((from) => ({
      revoked: controller.signal,
      openUntil: from.now() + 1_000,
    }));
    expect(codes).toEqual([]);
    controller.abort();
    await clock.advance(1_000);
    expect(codes).toEqual(['UNAUTHORIZED']);
    expect(clock.pending).toEqual([]);
  });

  it('reports the reason of their revocation', () => {
    const controller = new AbortController();
    const messages: string[] = [];
    const caller = { ...anonymousAdmin(), revoked: controller.signal };
    watchWelcome(caller, new FakeClock(), ({ message }) => void messages.push(message));
    controller.abort(endOfKey());
    expect(messages).toEqual(['The key was revoked.']);
  });

  it('reports at once when they were revoked before', () => {
    expect(watched(() => ({ revoked: AbortSignal.abort() })).codes).toEqual(['UNAUTHORIZED']);
  });

  it('reports their expiry at the exact millisecond', async () => {
    const { codes, clock } = watched((from) => ({ openUntil: from.now() + 60 * DAY_MS }));
    await clock.advance(60 * DAY_MS - 1);
    expect(codes).toEqual([]);
    await clock.advance(1);
    expect(codes).toEqual(['TOKEN_EXPIRED']);
  });

  it('works with a clock whose timers are limited', async () => {
    const clock = new FakeClock();
    const codes: string[] = [];
    const impatient = {
      now: () => clock.now(),
      after: (ms: number, callback: () => void) => clock.after(Math.min(ms, 20 * DAY_MS), callback),
    };
    const caller = { ...anonymousAdmin(), openUntil: clock.now() + 50 * DAY_MS };
    watchWelcome(caller, impatient, ({ code }) => void codes.push(code));
    for (let day = 0; day < 49; day += 1) await clock.advance(DAY_MS);
    expect(codes).toEqual([]);
    await clock.advance(DAY_MS);
    expect(codes).toEqual(['TOKEN_EXPIRED']);
  });

  it('never reports for public requests', () => {
    const { codes, clock } = watched(() => ({}));
    expect([codes, clock.pending]).toEqual([[], []]);
    expect(watchWelcome(null, clock, () => undefined)()).toBeUndefined();
  });

  it('reports nothing after it was stopped', async () => {
    const controller = new AbortController();
    const { codes, clock, stop } = watched((from) => ({ revoked: controller.signal, openUntil: from.now() + 5 }));
    stop();
    controller.abort();
    await clock.advance(10);
    expect([codes, clock.pending]).toEqual([[], []]);
  });
});
