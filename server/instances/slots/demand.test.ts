import { describe, expect, it } from 'vitest';
import {
  backoff,
  failed,
  goingDown,
  loading,
  queued,
  running,
  stopped,
  stopping,
} from '../../testing/instance-states.ts';
import { BACKOFF_PATIENCE_MS, COOL_DOWN_MS, decideDemand, type DemandTerms } from './demand.ts';
import type { InstanceState } from '../life/lifecycle.ts';

/** Now, by the clock that nobody sets and by the one of people. */
const NOW = 1_000_000;
const NOON = 1_700_000_000_000;
const TERMS: DemandTerms = {
  onDemand: true,
  mayStart: true,
  isClosed: false,
  at: NOON,
  elapsed: NOW,
  since: NOW,
  lostRun: null,
};
const decide = (state: InstanceState, terms: Partial<DemandTerms> = {}) => decideDemand(state, { ...TERMS, ...terms });

const WAIT = { kind: 'wait', until: null };
const failedAt = (at: number): InstanceState => ({
  ...failed(),
  lastExit: { code: 1, signal: null, at: new Date(at).toISOString(), reason: 'no such model', lines: [] },
});
const inBackoffUntil = (until: number, runs = 1): InstanceState => ({ ...backoff(), runs, until }) as InstanceState;
const ending = (goal: Extract<InstanceState, { status: 'stopping' }>['goal']): InstanceState =>
  ({ ...stopping(), goal }) as InstanceState;

describe('a request for an instance that', () => {
  it('runs gets a lease, unless another has waited for its slot too long', () => {
    expect(decide(running())).toEqual({ kind: 'lease' });
    expect(decide(running(), { isClosed: true })).toEqual(WAIT);
  });

  it.each([queued(), loading()])('starts waits', (state) => {
    expect(decide(state)).toEqual(WAIT);
    expect(decide(state, { mayStart: false, onDemand: false })).toEqual(WAIT);
  });

  it('is stopped starts it, if instance and caller have that', () => {
    expect(decide(stopped())).toEqual({ kind: 'start' });
    for (const terms of [{ onDemand: false }, { mayStart: false }]) {
      expect(decide(stopped(), terms)).toEqual({ kind: 'refuse', reason: null, retryAfter: null });
    }
  });

  it('has failed is told the reason, until it has cooled down', () => {
    const reason = 'no such model';
    expect(decide(failedAt(NOON - 1_000))).toEqual({ kind: 'refuse', reason, retryAfter: 29 });
    expect(decide(failedAt(NOON - COOL_DOWN_MS + 1))).toEqual({ kind: 'refuse', reason, retryAfter: 1 });
    expect(decide(failedAt(NOON - COOL_DOWN_MS))).toEqual({ kind: 'start' });
    expect(decide(failedAt(NOON - COOL_DOWN_MS), { mayStart: false })).toEqual({
      kind: 'refuse',
      reason,
      retryAfter: null,
    });
  });

  it('has failed in the future, before the clock was set back, is tried', () => {
    expect(decide(failedAt(NOON + 3_600_000))).toEqual({ kind: 'start' });
  });

  it('restarts by a command waits for as long as it takes', () => {
    expect(decide(goingDown('start'), { since: NOW - 1_000_000 })).toEqual(WAIT);
  });

  it.each([goingDown('backoff'), inBackoffUntil(NOW + 60_000)])(
    'restarts after a death waits for a short while',
    (state) => {
      const until = NOW + BACKOFF_PATIENCE_MS;
      expect(decide(state)).toEqual({ kind: 'wait', until });
      expect(decide(state, { elapsed: until })).toMatchObject({
        kind: 'refuse',
        reason: 'reason' in state ? state.reason : '',
      });
    },
  );

  it('restarts after a death waits for a restart that is due soon, however late it comes', () => {
    const state = inBackoffUntil(NOW + BACKOFF_PATIENCE_MS);
    expect(decide(state)).toEqual(WAIT);
    expect(decide(state, { elapsed: NOW + 60_000 })).toEqual(WAIT);
    expect(decide(inBackoffUntil(NOW + BACKOFF_PATIENCE_MS + 1))).not.toEqual(WAIT);
  });

  it('died under the request waits out one backoff, and no second one', () => {
    const once = inBackoffUntil(NOW + 60_000, 4);
    for (const state of [once, { ...goingDown('backoff'), runs: 4 }]) {
      expect(decide(state, { lostRun: 4, elapsed: NOW + 50_000 })).toEqual(WAIT);
    }
    expect(decide(inBackoffUntil(NOW + 60_000, 5), { lostRun: 4, elapsed: NOW + 50_000 })).toMatchObject({
      kind: 'refuse',
      retryAfter: 10,
    });
  });

  it('died under the request and has given up is not started for it, also when the clock was set', () => {
    for (const at of [NOON - COOL_DOWN_MS, NOON + 3_600_000]) {
      expect(decide(failedAt(at), { lostRun: 1 })).toMatchObject({ kind: 'refuse', reason: 'no such model' });
    }
  });

  it('is in a backoff is told when that is over', () => {
    expect(decide(backoff(), { elapsed: 48_500, since: 0 })).toMatchObject({ retryAfter: 2 });
    expect(decide(backoff(), { elapsed: 60_000, since: 0 })).toMatchObject({ retryAfter: 1 });
  });

  it('is being stopped by somebody is refused', () => {
    expect(decide(ending({ kind: 'stopped' }))).toEqual({ kind: 'refuse', reason: null, retryAfter: 1 });
  });

  it.each(['eviction', 'idle'] as const)('is being stopped by %s waits until it can come back', (cause) => {
    expect(decide(ending({ kind: 'stopped', cause }))).toEqual(WAIT);
  });

  it('is about to fail waits for the reason', () => {
    expect(decide(ending({ kind: 'failed', reason: 'stalled' }))).toEqual(WAIT);
  });
});
