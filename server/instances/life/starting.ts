import type { InstanceEvent, InstanceState, Run, StartCause, Transition } from './lifecycle.ts';
import { keptFields, to, unchanged } from './transitions.ts';

/** Takes the next step of a start, from the granted slot to the ready engine. */
export function advance(
  state: InstanceState,
  event: Extract<InstanceEvent, { type: 'granted' | 'prepared' | 'spawned' | 'ready' }>,
): Transition {
  if (event.type === 'spawned') return spawned(state, { identity: event.identity, startedAt: event.at });
  if (state.status !== 'starting') return unchanged(state);
  const { run } = state;
  if (event.type === 'granted' && state.phase === 'queued') {
    return to({ ...state, phase: 'preparing' }, [{ type: 'prepare', run: run.number }]);
  }
  if (event.type === 'prepared' && state.phase === 'preparing') {
    const { launch } = event;
    return to({ ...state, phase: 'spawning', run: { ...run, launch } }, [{ type: 'spawn', run: run.number, launch }]);
  }
  if (event.type === 'ready' && state.phase === 'loading') {
    return to({ ...keptFields(state), status: 'running', run: { ...run, readyAt: event.elapsed } }, [
      { type: 'watch-health', run: run.number },
      { type: 'look-at-offload', run: run.number },
    ]);
  }
  return unchanged(state);
}

function spawned(state: InstanceState, process: Pick<Run, 'identity' | 'startedAt'>): Transition {
  if (state.status === 'starting' && state.phase === 'spawning') {
    const run = { ...state.run, ...process };
    return to({ ...state, phase: 'loading', run }, [{ type: 'await-ready', run: run.number }]);
  }
  if ('ending' in state && (state.ending.phase === 'spawning' || state.run.identity === null)) {
    const run = { ...state.run, ...process };
    const force = state.ending.phase === 'killing';
    return to({ ...state, run, ending: { ...state.ending, phase: force ? 'killing' : 'terminating' } }, [
      { type: force ? 'kill' : 'terminate', run: run.number },
    ]);
  }
  return unchanged(state);
}

/** Enters `starting`. Every start, of any cause, begins here by requesting a slot. */
export function begin(state: InstanceState, cause: StartCause, wantedByUser: boolean): Transition {
  const number = state.runs + 1;
  const run: Run = { number, cause, wantedByUser, launch: null, identity: null, startedAt: null, readyAt: null };
  return to({ ...keptFields(state), runs: number, status: 'starting', phase: 'queued', run }, [
    { type: 'request-slot', run: number },
  ]);
}
