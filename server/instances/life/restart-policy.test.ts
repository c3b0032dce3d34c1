import { describe, expect, it } from 'vitest';
import { decideRestart, restartsInARow } from './restart-policy.ts';

const TERMS = { autoRestart: true, maxRestarts: 5, jitter: 0 };

describe('the restart policy', () => {
  it('waits 1, 2, 4 … at most 60 seconds', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 7, 400].map((restarts) =>
      decideRestart(restarts, { ...TERMS, maxRestarts: -1 }),
    );
    expect(delays.map((decision) => decision.restart && decision.delayMs / 1_000)).toEqual([
      1, 2, 4, 8, 16, 32, 60, 60, 60,
    ]);
  });

  it('spreads restarts by up to a quarter, so that engines that died together do not restart together', () => {
    expect(decideRestart(2, { ...TERMS, jitter: 0.5 })).toEqual({ restart: true, delayMs: 4_500 });
  });

  it('gives up after max_restarts in a row', () => {
    expect(decideRestart(5, TERMS)).toEqual({ restart: false, because: 'gave up after 5 restarts in a row' });
    expect(decideRestart(1, { ...TERMS, maxRestarts: 1 })).toEqual({
      restart: false,
      because: 'gave up after 1 restart in a row',
    });
  });

  it('never restarts without auto_restart, or with max_restarts 0', () => {
    expect(decideRestart(0, { ...TERMS, autoRestart: false })).toEqual({ restart: false, because: null });
    expect(decideRestart(0, { ...TERMS, maxRestarts: 0 }).restart).toBe(false);
  });

  it('resets the count after a run of five minutes, but not after a shorter run or one that was never ready', () => {
    expect(restartsInARow(3, 0, 300_000)).toBe(0);
    expect(restartsInARow(3, 0, 299_999)).toBe(3);
    expect(restartsInARow(3, null, 9_000_000)).toBe(3);
  });
});
