import type { InstanceState } from '../life/lifecycle.ts';
import type { Moment } from '../ports/time.ts';

/** The decision on a request for an instance. */
export type DemandOutcome =
  | { kind: 'lease' }
  /** Start the instance; the request waits for it. */
  | { kind: 'start' }
  /** Wait for a change of state, at most until this `Clock.elapsed` time. `null`: until the caller leaves. */
  | { kind: 'wait'; until: number | null }
  | Refusal;

export interface Refusal {
  kind: 'refuse';
  reason: string | null;
  /** Seconds after which the same request may succeed; `null`: unknown. */
  retryAfter: number | null;
}

/** The inputs of the decision, except the instance's state. */
export interface DemandTerms extends Moment {
  /** The instance's `on_demand`. */
  onDemand: boolean;
  /** Whether the caller's key may start stopped instances. */
  mayStart: boolean;
  /** When the settings were last changed, in wall-clock time. */
  editedAt: number;
  /** Whether the instance grants no new leases, because another instance has waited too long for its slot. */
  isClosed: boolean;
  /** When this request began to wait, in `Clock.elapsed` time. */
  since: number;
  /**
   * The newest run that died before it could answer this request. The request waits for the restart after that run, without
   * a time limit. `null`: a first request.
   */
  lostRun: number | null;
}

/**
 * Requests within this time of a failed start do not start the instance again; they get the reason of the failure. A
 * change of the settings ends this time, since it may fix the failure.
 */
export const COOL_DOWN_MS = 30_000;
/**
 * How long a request waits for an engine that died. If a restart was due within this time but is late, the request
 * waits longer.
 */
export const BACKOFF_PATIENCE_MS = 5_000;
const SOON_SECONDS = 1;

/** Decides on a request by the instance's current state. Waiting requests are decided again at each change of state. */
export function decideDemand(state: InstanceState, terms: DemandTerms): DemandOutcome {
  const { at, elapsed, since, lostRun } = terms;
  switch (state.status) {
    case 'running':
      return terms.isClosed ? { kind: 'wait', until: null } : { kind: 'lease' };
    case 'starting':
      return { kind: 'wait', until: null };
    case 'stopped':
      return startable(terms) ? { kind: 'start' } : { kind: 'refuse', reason: null, retryAfter: null };
    case 'failed': {
      const failedAt = state.lastExit === null ? 0 : Date.parse(state.lastExit.at);
      const coolAt = failedAt + COOL_DOWN_MS;
      // If the clock was set back, `failedAt` may be in the future; do not wait for that. An edit in the future would start
      // the instance again after each failure, without end.
      const wasEdited = terms.editedAt > failedAt && terms.editedAt <= at;
      const isCool = at >= coolAt || at < failedAt || wasEdited;
      // A retry never starts a failed instance.
      if (lostRun === null && startable(terms) && isCool) return { kind: 'start' };
      const retryAfter = startable(terms) ? Math.max(SOON_SECONDS, Math.ceil((coolAt - at) / 1_000)) : null;
      return { kind: 'refuse', reason: state.reason, retryAfter };
    }
    case 'restarting': {
      if (state.phase === 'going-down' && state.follows === 'start') return { kind: 'wait', until: null };
      // A retried request waits for one backoff and one load: a restart that fails increments `runs`.
      if (lostRun !== null && state.runs <= lostRun) return { kind: 'wait', until: null };
      const until = since + BACKOFF_PATIENCE_MS;
      // On a busy machine the restart itself can be late. Do not refuse for that.
      if (state.phase === 'backoff' && state.until <= until) return { kind: 'wait', until: null };
      if (elapsed < until) return { kind: 'wait', until };
      const due = state.phase === 'backoff' ? state.until : elapsed;
      return {
        kind: 'refuse',
        reason: state.reason,
        retryAfter: Math.max(SOON_SECONDS, Math.ceil((due - elapsed) / 1_000)),
      };
    }
    case 'stopping':
      if (state.goal.kind === 'failed') return { kind: 'wait', until: null };
      // With a cause, llamactl itself stopped the instance (idle or evicted), so a request may start it again.
      return state.goal.cause === undefined
        ? { kind: 'refuse', reason: null, retryAfter: SOON_SECONDS }
        : { kind: 'wait', until: null };
  }
}

function startable({ onDemand, mayStart }: DemandTerms): boolean {
  return onDemand && mayStart;
}
