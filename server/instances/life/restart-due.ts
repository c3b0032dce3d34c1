import type { Ending, InstanceState } from './lifecycle.ts';
import { BY_UPDATE, currentRun, goingDown, keptFields } from './transitions.ts';

/**
 * A restart for new settings is stored together with them, as a mark on the run, and begins when both are on the disk. So a
 * crash keeps both or neither, and no engine ends for refused settings. A new run has no mark. Without a run no mark is
 * needed, because the next run uses the newest settings anyway.
 */

/** Whether the state's run must restart for new settings, and the restart has not begun. */
export function isRestartDue(state: InstanceState): boolean {
  return currentRun(state)?.restartDue ?? false;
}

/** Sets or removes the mark. */
export function withRestartDue(state: InstanceState, restartDue: boolean): InstanceState {
  return 'run' in state ? { ...state, run: { ...state.run, restartDue } } : state;
}

/** For boot: the state as if a due restart had already begun. @param begun The ending to use. */
export function withRestartBegun(state: InstanceState, begun: Ending): InstanceState {
  if (!('run' in state) || !isRestartDue(state) || state.status === 'stopping') return state;
  const ending = 'ending' in state ? state.ending : begun;
  return { ...keptFields(state), ...goingDown(state.run, ending, 'start', BY_UPDATE) };
}
