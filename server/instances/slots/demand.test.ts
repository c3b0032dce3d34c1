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

/** The present, in `Clock.elapsed` time and in wall-clock time. */
const NOW = 1_000_000;
const NOON = 1_700_000_000_000;
const TERMS: DemandTerms = {
  onDemand: true,
  mayStart: true,
  editedAt: 0,
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

describe('decideDemand', () => {
  it('grants a lease of a running instance, unless another instance has waited too long for its slot', () => {
    expect(decide(running())).toEqual({ kind: 'lease' });
    expect(decide(running(), { isClosed: true })).toEqual(WAIT);
  });

  it.each([queued(), loading()])('waits for a starting instance', (state) => {
    expect(decide(state)).toEqual(WAIT);
    expect(decide(state, { mayStart: false, onDemand: false })).toEqual(WAIT);
  });

  it('starts a stopped instance, if the instance and the caller allow it', () => {
    expect(decide(stopped())).toEqual({ kind: 'start' });
    for (const terms of [{ onDemand: false }, { mayStart: false }]) {
      expect(decide(stopped(), terms)).toEqual({ kind: 'refuse', reason: null, retryAfter: null });
    }
  });

  it('starts a failed instance at once if its settings were changed after the failure', () => {
    const state = failedAt(NOON - 1_000);
    expect(decide(state, { editedAt: NOON - 500 })).toEqual({ kind: 'start' });
    expect(decide(state, { editedAt: NOON - 1_500 })).toMatchObject({ kind: 'refuse' });
    expect(decide(state, { editedAt: NOON - 500, mayStart: false })).toMatchObject({ kind: 'refuse' });
  });

  it('does not start it for a change in the future, which would come after each failure', () => {
    expect(decide(failedAt(NOON), { editedAt: NOON + 3_600_000 })).toMatchObject({ kind: 'refuse' });
  });

  it('refuses with the reason of a failed start until the cool-down ends', () => {
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

  it('starts an instance whose failure lies in the future because the clock was set back', () => {
    expect(decide(failedAt(NOON + 3_600_000))).toEqual({ kind: 'start' });
  });

  it('waits without limit for a restart by command', () => {
    expect(decide(goingDown('start'), { since: NOW - 1_000_000 })).toEqual(WAIT);
  });

  it.each([goingDown('backoff'), inBackoffUntil(NOW + 60_000)])(
    'waits a short time for a restart after a death',
    (state) => {
      const until = NOW + BACKOFF_PATIENCE_MS;
      expect(decide(state)).toEqual({ kind: 'wait', until });
      expect(decide(state, { elapsed: until })).toMatchObject({
        kind: 'refuse',
        reason: 'reason' in state ? state.reason : '',
      });
    },
  );

  it('waits for a restart that is due soon, even if it is late', () => {
    const state = inBackoffUntil(NOW + BACKOFF_PATIENCE_MS);
    expect(decide(state)).toEqual(WAIT);
    expect(decide(state, { elapsed: NOW + 60_000 })).toEqual(WAIT);
    expect(decide(inBackoffUntil(NOW + BACKOFF_PATIENCE_MS + 1))).not.toEqual(WAIT);
  });

  it('lets a retried request wait for one backoff, but not for a second', () => {
    const once = inBackoffUntil(NOW + 60_000, 4);
    for (const state of [once, { ...goingDown('backoff'), runs: 4 }]) {
      expect(decide(state, { lostRun: 4, elapsed: NOW + 50_000 })).toEqual(WAIT);
    }
    expect(decide(inBackoffUntil(NOW + 60_000, 5), { lostRun: 4, elapsed: NOW + 50_000 })).toMatchObject({
      kind: 'refuse',
      retryAfter: 10,
    });
  });

  it('does not start a failed instance for a retried request, even after the clock was set', () => {
    for (const at of [NOON - COOL_DOWN_MS, NOON + 3_600_000]) {
      expect(decide(failedAt(at), { lostRun: 1 })).toMatchObject({ kind: 'refuse', reason: 'no such model' });
    }
  });

  it('returns the end of the backoff as the time of a retry', () => {
    expect(decide(backoff(), { elapsed: 48_500, since: 0 })).toMatchObject({ retryAfter: 2 });
    expect(decide(backoff(), { elapsed: 60_000, since: 0 })).toMatchObject({ retryAfter: 1 });
  });

  it('refuses a request for an instance that is stopped by command', () => {
    expect(decide(ending({ kind: 'stopped' }))).toEqual({ kind: 'refuse', reason: null, retryAfter: 1 });
  });

  it.each(['eviction', 'idle'] as const)('waits for an instance that is stopped by %s, to start it again', (cause) => {
    expect(decide(ending({ kind: 'stopped', cause }))).toEqual(WAIT);
  });

  it('waits for the reason of an instance that is about to fail', () => {
    expect(decide(ending({ kind: 'failed', reason: 'stalled' }))).toEqual(WAIT);
  });
});
