import type { InstanceState } from '../life/lifecycle.ts';
import type { Moment } from '../moment.ts';

/** What becomes of a request for an instance. */
export type DemandOutcome =
  | { kind: 'lease' }
  /** It is started for the request, which then waits. */
  | { kind: 'start' }
  /** Its state changes by itself; at most until then, of `Clock.elapsed`. `null`: as long as the caller likes. */
  | { kind: 'wait'; until: number | null }
  | Refusal;

export interface Refusal {
  kind: 'refuse';
  reason: string | null;
  /** Seconds after which the same request may succeed; `null`: nothing can be said. */
  retryAfter: number | null;
}

/** What decides it beside the state. */
export interface DemandTerms extends Moment {
  /** The instance's `on_demand`. */
  onDemand: boolean;
  /** The caller's key may start what is stopped. */
  mayStart: boolean;
  /** It gives no new leases: another has waited long for its slot. */
  isClosed: boolean;
  /** When this request began to wait, of `Clock.elapsed`. */
  since: number;
  /**
   * The newest run that died before it could answer this request: the request waits out the restart after that run, however
   * long it takes. `null`: a first request.
   */
  lostRun: number | null;
}

/** A start that failed is not tried again for each request: its reason is told until then. */
export const COOL_DOWN_MS = 30_000;
/** How long a request waits for an engine that died. A restart that is due within this time is waited for, even if it is late. */
export const BACKOFF_PATIENCE_MS = 5_000;
const SOON_SECONDS = 1;

/** Decides on the state of one moment; a request that waits is decided anew with every change of it. */
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
      // In the future: the clock was set back since, which no request has to wait for. A retry revives no failed instance.
      if (lostRun === null && startable(terms) && (at >= coolAt || at < failedAt)) return { kind: 'start' };
      const retryAfter = startable(terms) ? Math.max(SOON_SECONDS, Math.ceil((coolAt - at) / 1_000)) : null;
      return { kind: 'refuse', reason: state.reason, retryAfter };
    }
    case 'restarting': {
      if (state.phase === 'going-down' && state.follows === 'start') return { kind: 'wait', until: null };
      // One backoff and one load: a restart that fails makes `runs` greater.
      if (lostRun !== null && state.runs <= lostRun) return { kind: 'wait', until: null };
      const until = since + BACKOFF_PATIENCE_MS;
      // On a busy machine the restart itself can be late. That is no reason to refuse.
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
      // Nobody wanted it gone but we: it comes back for whoever asks.
      return state.goal.cause === undefined
        ? { kind: 'refuse', reason: null, retryAfter: SOON_SECONDS }
        : { kind: 'wait', until: null };
  }
}

function startable({ onDemand, mayStart }: DemandTerms): boolean {
  return onDemand && mayStart;
}
