import type { Status } from '@llamactl/contract/instance';
import type { LaunchPlan } from '../ports/runs.ts';
import type {
  Effect,
  Ended,
  Ending,
  InstanceState,
  StatusDetails,
  Reply,
  Run,
  Transition,
  StartCause,
} from './lifecycle.ts';

/** Pure building blocks of transitions. */

/** Reasons of restarts by a command or an update. */
export const BY_COMMAND = 'going down to start again, as asked';
export const BY_UPDATE = 'going down to start again with its new settings';

/** Enters a state and accepts the event. */
export function to(state: InstanceState, effects: Effect[]): Transition {
  return { state, effects, reply: accepted(state.status) };
}

/** Accepts the event without any effect. */
export function unchanged(state: InstanceState): Transition {
  return { state, effects: [], reply: accepted(state.status) };
}

function accepted(status: Status): Reply {
  return { kind: 'accepted', status };
}

/** Puts effects before those of a transition. */
export function prepend(effects: Effect[], next: Transition): Transition {
  return { ...next, effects: [...effects, ...next.effects] };
}

/** The fields that a state keeps when its status changes. */
export function keptFields({
  runs,
  restarts,
  lastExit,
}: InstanceState): Pick<InstanceState, 'runs' | 'restarts' | 'lastExit'> {
  return { runs, restarts, lastExit };
}

/** The status of an instance that ends its run in order to start again. */
export function goingDown(run: Run, ending: Ending, follows: 'start' | 'backoff', reason: string): StatusDetails {
  return { status: 'restarting', phase: 'going-down', run, ending, follows, reason };
}

/** The run, marked as requested by the user. */
export function wanted(run: Run): Run {
  return { ...run, wantedByUser: true };
}

/** The effects of an ending by force. */
export function killNow(run: Run): Effect[] {
  return [
    { type: 'close-leases', run: run.number },
    { type: 'kill', run: run.number },
  ];
}

/** Whether the state is a backoff. */
export function isBackoff(state: InstanceState): state is Extract<InstanceState, { phase: 'backoff' }> {
  return state.status === 'restarting' && state.phase === 'backoff';
}

/** The run of the state; `null`: the state has none. */
export function currentRun(state: InstanceState): Run | null {
  return 'run' in state ? state.run : null;
}

/** The plan with which the run of the state was launched; `null`: no run was launched. */
export function launchedPlan(state: InstanceState): LaunchPlan | null {
  return currentRun(state)?.launch?.plan ?? null;
}

/** The port of the launched run; `null`: no run was launched. */
export function livePort(state: InstanceState): number | null {
  return launchedPlan(state)?.port ?? null;
}

/** Whether the instance has a run that is not being ended. */
export function isUp({ status }: InstanceState): boolean {
  return status === 'starting' || status === 'running';
}

/** Whether the instance is up, or will start again without a command. */
export function hasRunAhead({ status }: InstanceState): boolean {
  return status === 'starting' || status === 'running' || status === 'restarting';
}

/** Whether an update with `apply=restart` leads to a start. Stopped and stopping instances stay stopped. */
export function isRestartedByUpdate(state: InstanceState): boolean {
  return hasRunAhead(state) || state.status === 'failed';
}

/** The end of a run that never had a process. */
export function neverRan(reason: string, at: number): Ended {
  return { exit: { code: null, signal: null, at }, reason, lines: [] };
}

/** The stored form of an end. */
export function lastExit({ exit, reason, lines }: Ended): InstanceState['lastExit'] {
  return { code: exit.code, signal: exit.signal, at: new Date(exit.at).toISOString(), reason, lines };
}

/** The state of an instance that has never run. */
export const NEW_STATE: InstanceState = { status: 'stopped', runs: 0, restarts: 0, lastExit: null };

/** Enters `starting`. Every start, of any cause, begins here by requesting a slot. */
export function begin(state: InstanceState, cause: StartCause, wantedByUser: boolean): Transition {
  const number = state.runs + 1;
  const run: Run = { number, cause, wantedByUser, launch: null, identity: null, startedAt: null, readyAt: null };
  return to({ ...keptFields(state), runs: number, status: 'starting', phase: 'queued', run }, [
    { type: 'request-slot', run: number },
  ]);
}

/*
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
