import type { Ending, IdleCause, InstanceState, Transition } from './lifecycle.ts';
import { goingDown, killNow, memory, to, unchanged } from './transitions.ts';

/** The engine misses its health checks; busy is not hung. */
export function healthFailed(state: InstanceState, isHung: boolean, at: number): Transition {
  if (state.status !== 'running' || !isHung) return unchanged(state);
  const ending: Ending = { phase: 'killing', deadline: at };
  const life = goingDown(
    state.run,
    ending,
    'backoff',
    'the engine no longer answered its health check and showed no progress',
  );
  return to({ ...memory(state), ...life }, killNow(state.run));
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
