import { GPU_OFFLOAD_SHORT } from '../ports/alert-sink.ts';
import type { Effect, Ending, Goal, InstanceEvent, InstanceState, StatusDetails, Transition } from './lifecycle.ts';
import { endingOfDrained } from './ending.ts';
import { goingDown, killNow, keptFields, to, unchanged } from './transitions.ts';

/** Kills an engine that missed its health checks, if it was unused or showed no work. A busy engine is not hung. */
export function healthFailed(
  state: InstanceState,
  { leases, still, seen, elapsed }: Extract<InstanceEvent, { type: 'health-failed' }>,
): Transition {
  if (state.status !== 'running' || (leases > 0 && !still)) return unchanged(state);
  const ending: Ending = { phase: 'killing', deadline: elapsed };
  const details = goingDown(state.run, ending, 'backoff', `the engine ${seen}`);
  return to({ ...keptFields(state), ...details }, killNow(state.run));
}

/** Records that a run uses the GPUs less than requested, and raises an alert. */
export function offloadShort(state: InstanceState, shortfall: string): Transition {
  if (!('run' in state)) return unchanged(state);
  return to({ ...state, run: { ...state.run, offload: shortfall } }, [offloadAlert(shortfall)]);
}

/** The alert about a GPU shortfall. The run is slow but works, so it continues. */
export function offloadAlert(shortfall: string): Effect {
  const rest = shortfall.includes('none of its layers') ? 'all of it' : 'the rest';
  const message = `the engine ${shortfall}; the processor computes ${rest}, which is slower`;
  return { type: 'alert', level: 'warning', code: GPU_OFFLOAD_SHORT, message };
}

/** Kills a start that no longer shows progress. */
export function stalled(state: InstanceState, seconds: number, elapsed: number): Transition {
  if (state.status !== 'starting' || state.phase !== 'loading') return unchanged(state);
  const reason = `the engine showed no progress for ${seconds} s while loading (no output, memory, CPU time or reads); instances.start_timeout sets this limit`;
  const ending: Ending = { phase: 'killing', deadline: elapsed };
  return to(
    { ...keptFields(state), status: 'stopping', run: state.run, ending, goal: { kind: 'failed', reason } },
    killNow(state.run),
  );
}

/**
 * Another process has the port on which this start should listen. Terminates the engine rather than killing it: only
 * the engine may be able to end some of its processes. The outcome is the same as for an engine that dies during its
 * start.
 */
export function portTaken(
  state: InstanceState,
  { reason, elapsed }: Extract<InstanceEvent, { type: 'port-taken' }>,
): Transition {
  if (state.status !== 'starting' || state.phase !== 'loading') return unchanged(state);
  const { run } = state;
  const ending: Ending = { phase: 'terminating', deadline: elapsed };
  const details: StatusDetails =
    run.cause === 'boot' || run.cause === 'policy'
      ? goingDown(run, ending, 'backoff', reason)
      : { status: 'stopping', run, ending, goal: { kind: 'failed', reason } };
  return to({ ...keptFields(state), ...details }, [{ type: 'terminate', run: run.number }]);
}

/**
 * Kills a start that needs more memory than was granted; it has loaded nothing yet. The next start waits for as much as the
 * engine reported, or fails if that can never be free.
 */
export function doesNotFit(
  state: InstanceState,
  { reason, elapsed }: Extract<InstanceEvent, { type: 'does-not-fit' }>,
): Transition {
  if (state.status !== 'starting' || state.phase !== 'loading') return unchanged(state);
  const details = goingDown(state.run, { phase: 'killing', deadline: elapsed }, 'start', reason);
  return to({ ...keptFields(state), ...details }, killNow(state.run));
}

/**
 * Stops an unused instance, because another needs its slot or because it was idle too long. A lease or a pin prevents
 * that. Skips the phase `draining` and its commit: no lease is open, and a request may be waiting for the slot. Saves the
 * context if the run keeps it.
 */
export function evict(state: InstanceState, event: Extract<InstanceEvent, { type: 'evict' }>): Transition {
  const { leases, pinned, cause, elapsed } = event;
  if (state.status !== 'running' || leases > 0 || pinned) return unchanged(state);
  const { ending, effect } = endingOfDrained(state.run, elapsed);
  const goal: Goal = { kind: 'stopped', cause, reason: reasonOf(event) };
  return to({ ...keptFields(state), status: 'stopping', run: state.run, ending, goal }, [effect]);
}

/** The reason of the stop. It does not name the other instance, because readers of this one may not be allowed to see it. */
function reasonOf({ cause, idleSeconds }: Extract<InstanceEvent, { type: 'evict' }>): string {
  if (cause === 'eviction') return 'it was evicted: another instance needed its slot or memory';
  return `idle for ${idleSeconds === undefined ? 'too long' : `${idleSeconds} s`} (idle_timeout)`;
}
