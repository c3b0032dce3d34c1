import { GPU_OFFLOAD_SHORT } from './alert-codes.ts';
import type { Effect, Ending, IdleCause, InstanceEvent, InstanceState, Transition } from './lifecycle.ts';
import { goingDown, killNow, memory, to, unchanged } from './transitions.ts';

/** The engine misses its health checks: hung when nobody used it meanwhile, or it did not work. Busy is not hung. */
export function healthFailed(
  state: InstanceState,
  { leases, still, seen, at }: Extract<InstanceEvent, { type: 'health-failed' }>,
): Transition {
  if (state.status !== 'running' || (leases > 0 && !still)) return unchanged(state);
  const ending: Ending = { phase: 'killing', deadline: at };
  const life = goingDown(state.run, ending, 'backoff', `the engine ${seen}`);
  return to({ ...memory(state), ...life }, killNow(state.run));
}

/** A run got less of the GPUs than was asked for. */
export function offloadShort(state: InstanceState, told: string): Transition {
  if (!('run' in state)) return unchanged(state);
  return to({ ...state, run: { ...state.run, offload: told } }, [offloadAlert(told)]);
}

/** Slow, but well: nothing is done about it. */
export function offloadAlert(told: string): Effect {
  const message = `the engine ${told}; the processor computes the rest, which is slower`;
  return { type: 'alert', level: 'warning', code: GPU_OFFLOAD_SHORT, message };
}

/** The start shows no progress any more. */
export function stalled(state: InstanceState, seconds: number, at: number): Transition {
  if (state.status !== 'starting' || state.phase !== 'loading') return unchanged(state);
  const reason = `the engine showed no progress for ${seconds} s while loading (no output, memory, CPU time or reads); instances.start_timeout sets this limit`;
  const ending: Ending = { phase: 'killing', deadline: at };
  return to(
    { ...memory(state), status: 'stopping', run: state.run, ending, goal: { kind: 'failed', reason } },
    killNow(state.run),
  );
}

/**
 * The slot is wanted by another, or nobody used the instance for long. A lease or a pin keeps it; so there is nothing to
 * drain, and the step of waiting for it, with a commit of its own, is left out: somebody may be waiting for the slot.
 */
export function evict(state: InstanceState, isIdle: boolean, cause: IdleCause, at: number): Transition {
  if (state.status !== 'running' || !isIdle) return unchanged(state);
  const ending: Ending = { phase: 'terminating', deadline: at };
  return to({ ...memory(state), status: 'stopping', run: state.run, ending, goal: { kind: 'stopped', cause } }, [
    { type: 'terminate', run: state.run.number },
  ]);
}
