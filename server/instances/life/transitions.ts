import type { Status } from '@llamactl/contract/instance';
import type { Effect, Ended, Ending, InstanceState, StatusDetails, Reply, Run, Transition } from './lifecycle.ts';

/** The pieces of which transitions are made. Pure. */

/** Reasons of a restart that somebody asked for. */
export const BY_COMMAND = 'going down to start again, as asked';
export const BY_UPDATE = 'going down to start again with its new settings';

/** Enters a state. */
export function to(state: InstanceState, effects: Effect[]): Transition {
  return { state, effects, reply: accepted(state.status) };
}

/** Nothing comes of the event here. */
export function unchanged(state: InstanceState): Transition {
  return { state, effects: [], reply: accepted(state.status) };
}

function accepted(status: Status): Reply {
  return { kind: 'accepted', status };
}

/** Effects that come before those of what follows. */
export function prepend(effects: Effect[], next: Transition): Transition {
  return { ...next, effects: [...effects, ...next.effects] };
}

/** What a state keeps when its life changes. */
export function memory({
  runs,
  restarts,
  lastExit,
}: InstanceState): Pick<InstanceState, 'runs' | 'restarts' | 'lastExit'> {
  return { runs, restarts, lastExit };
}

/** The life of an instance whose run ends in order to come up again. */
export function goingDown(run: Run, ending: Ending, follows: 'start' | 'backoff', reason: string): StatusDetails {
  return { status: 'restarting', phase: 'going-down', run, ending, follows, reason };
}

/** The run, from now on a wish of the user. */
export function wanted(run: Run): Run {
  return { ...run, wantedByUser: true };
}

/** The effects of an ending without patience. */
export function killNow(run: Run): Effect[] {
  return [
    { type: 'close-leases', run: run.number },
    { type: 'kill', run: run.number },
  ];
}

/** Whether the state waits out a backoff. */
export function isBackoff(state: InstanceState): state is Extract<InstanceState, { phase: 'backoff' }> {
  return state.status === 'restarting' && state.phase === 'backoff';
}

/** The run that the state is about, if it is about one. */
export function currentRun(state: InstanceState): Run | null {
  return 'run' in state ? state.run : null;
}

/** Whether a run is there, or begins without another word: what is changed with a restart leads to a start. */
export function hasRunAhead({ status }: InstanceState): boolean {
  return status === 'starting' || status === 'running' || status === 'restarting';
}

/** Whether an update with `apply=restart` leads to a start: what is stopped, or on its way there, stays so. */
export function isRestartedByUpdate(state: InstanceState): boolean {
  return hasRunAhead(state) || state.status === 'failed';
}

/** The end of a run that never came to a process. */
export function neverRan(reason: string, at: number): Ended {
  return { exit: { code: null, signal: null, at }, reason, lines: [] };
}

/** What is remembered of an end. */
export function lastExit({ exit, reason, lines }: Ended): InstanceState['lastExit'] {
  return { code: exit.code, signal: exit.signal, at: new Date(exit.at).toISOString(), reason, lines };
}

/** The state of an instance that has never run. */
export const NEW_STATE: InstanceState = { status: 'stopped', runs: 0, restarts: 0, lastExit: null };
