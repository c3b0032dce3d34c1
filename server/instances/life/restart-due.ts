import type { Ending, InstanceState } from './lifecycle.ts';
import { BY_UPDATE, currentRun, goingDown, memory } from './transitions.ts';

/**
 * A restart that is decided together with new settings is stored with them, as a mark on the run, and begun when that is
 * on the disk: a crash in between leaves both or neither, and no engine ends for settings that were refused. A new run has
 * no mark. Without a run none is needed: the next one takes the newest settings anyway.
 */

/** Whether the run of the state is to end for new settings, and nothing of that has begun. */
export function isRestartDue(state: InstanceState): boolean {
  return currentRun(state)?.restartDue ?? false;
}

/** The same state, with or without the mark. */
export function withRestartDue(state: InstanceState, restartDue: boolean): InstanceState {
  return 'run' in state ? { ...state, run: { ...state.run, restartDue } } : state;
}

/** Boot: what the state would be had the restart that is due begun before. @param begun How it would be ending. */
export function withRestartBegun(state: InstanceState, begun: Ending): InstanceState {
  if (!('run' in state) || !isRestartDue(state) || state.status === 'stopping') return state;
  const ending = 'ending' in state ? state.ending : begun;
  return { ...memory(state), ...goingDown(state.run, ending, 'start', BY_UPDATE) };
}
