import { SURVIVES_KILL } from '../ports/alert-sink.ts';
import type {
  Effect,
  Ended,
  Ending,
  Goal,
  InstanceEvent,
  InstanceState,
  StatusDetails,
  RestartTerms,
  RestartVerdict,
  Run,
  Transition,
} from './lifecycle.ts';
import type { Moment } from '../ports/time.ts';
import { decideRestart, restartsInARow } from './restart-policy.ts';
import { begin, killNow, lastExit, keptFields, prepend, to, unchanged } from './transitions.ts';

/** States whose run may be ended. */
export type WithRun = Extract<InstanceState, { status: 'starting' | 'running' }>;
/** States whose run is being ended. */
export type WithEnding = Extract<InstanceState, { ending: Ending }>;

/** Longest time that a save of the context adds to a stop, milliseconds. */
export const SAVE_MS = 2_000;

/** How to end a run: give its requests `timeoutMs` from `elapsed` on or, with `force`, kill it now. */
export interface EndTerms {
  elapsed: number;
  timeoutMs: number;
  force: boolean;
}

/** Begins to end a run. Depending on its phase, the run is drained, terminated or withdrawn. */
export function end(
  state: WithRun,
  { elapsed, timeoutMs, force }: EndTerms,
  enter: (run: Run, ending: Ending) => StatusDetails,
): Transition {
  const { run } = state;
  const ending = (phase: Ending['phase']): InstanceState => ({
    ...keptFields(state),
    ...enter(run, { phase, deadline: elapsed }),
  });
  if (state.status === 'starting' && (state.phase === 'queued' || state.phase === 'preparing')) {
    return to(ending('withdrawing'), [{ type: 'withdraw', run: run.number }]);
  }
  if (force) return to(ending('killing'), killNow(run));
  if (state.status === 'starting') {
    if (state.phase === 'spawning') return to(ending('spawning'), []);
    return to(ending('terminating'), [{ type: 'terminate', run: run.number }]);
  }
  const until = elapsed + timeoutMs;
  const draining = enter(run, { phase: 'draining', deadline: until, timeoutMs });
  return to({ ...keptFields(state), ...draining }, [{ type: 'drain', run: run.number, until }]);
}

/** A second request to end a run that is already ending: the earlier deadline wins, and `force` kills now. */
export function hasten(state: WithEnding, { elapsed, timeoutMs, force }: EndTerms): Transition {
  const { run, ending } = state;
  const deadline = elapsed + timeoutMs;
  if (ending.phase === 'withdrawing' || ending.phase === 'killing') return to(state, []);
  if (force) return to({ ...state, ending: { phase: 'killing', deadline: elapsed } }, killNow(run));
  // A save is short, and its deadline also bounds the effect under way.
  if (ending.phase === 'saving' || deadline >= ending.deadline) return to(state, []);
  const sooner: InstanceState = { ...state, ending: { ...ending, deadline, timeoutMs } };
  return to(sooner, ending.phase === 'draining' ? [{ type: 'drain', run: run.number, until: deadline }] : []);
}

/**
 * Draining is over, with or without requests left in flight: saves the context of an engine without requests, and
 * terminates any other.
 */
export function drained(
  state: InstanceState,
  { elapsed, isCutShort = false }: Extract<InstanceEvent, { type: 'drained' }>,
): Transition {
  if (!('ending' in state) || state.ending.phase !== 'draining') return unchanged(state);
  const { ending, effect } = endingOfDrained(state.run, elapsed, isCutShort);
  return to({ ...state, ending }, [{ type: 'close-leases', run: state.run.number }, effect]);
}

/** The next step of an ending without requests in flight. @param isCutShort Whether requests were in flight at its end */
export function endingOfDrained(run: Run, elapsed: number, isCutShort = false): { ending: Ending; effect: Effect } {
  const { number } = run;
  // The engine would save only after it has noticed that the requests are gone.
  if (isCutShort || run.launch?.contextKey === undefined)
    return { ending: { phase: 'terminating', deadline: elapsed }, effect: { type: 'terminate', run: number } };
  const until = elapsed + SAVE_MS;
  return { ending: { phase: 'saving', deadline: until }, effect: { type: 'save-context', run: number, until } };
}

/** The context is saved, or it never will be: terminates the engine. */
export function saved(state: InstanceState, elapsed: number): Transition {
  if (!('ending' in state) || state.ending.phase !== 'saving') return unchanged(state);
  const ending: Ending = { phase: 'terminating', deadline: elapsed };
  return to({ ...state, ending }, [{ type: 'terminate', run: state.run.number }]);
}

/** The run survived SIGKILL: keeps the state and raises an alert. */
export function survived(
  state: InstanceState,
  { pids, container }: Extract<InstanceEvent, { type: 'survived' }>,
): Transition {
  const processes = `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')} did not end on SIGKILL`;
  const unseen = `container ${container} is not confirmed gone by its runtime`;
  const survivors = [...(container === undefined ? [] : [unseen]), ...(pids.length === 0 ? [] : [processes])];
  const message = `${survivors.join(', and ')}; port and slot stay taken until that is over`;
  return to(state, [{ type: 'alert', code: SURVIVES_KILL, message }]);
}

/** The run and its process tree are gone. No other event takes an instance out of its run. */
export function ended(state: InstanceState, end: Ended, terms: RestartTerms, now: Moment): Transition {
  if (!('run' in state)) return unchanged(state);
  const { run } = state;
  const over: InstanceState = { ...state, lastExit: lastExit(end) };
  const closing: Effect[] = run.readyAt === null ? [] : [{ type: 'close-leases', run: run.number }];
  const closingDead: Effect[] = closing.map((effect) => ({ ...effect, died: true }));
  switch (state.status) {
    case 'starting':
      if (run.cause === 'command' || run.cause === 'demand')
        return {
          ...settle(over, { kind: 'failed', reason: end.reason }, closing),
          verdict: { outcome: 'failed', because: 'first_start', ...inputsOf(state.restarts, end.reason, terms) },
        };
      return retry(over, run, end, terms, now, closing);
    case 'running':
      return retry(over, run, end, terms, now, closingDead);
    case 'stopping':
      return settle(over, state.goal, closing);
    case 'restarting':
      if (state.follows === 'backoff') return retry(over, run, { ...end, reason: state.reason }, terms, now, closing);
      return prepend(closingDead, begin({ ...over, restarts: 0 }, 'command', run.wantedByUser));
  }
}

function settle(state: InstanceState, goal: Goal, effects: Effect[]): Transition {
  const details: StatusDetails =
    goal.kind === 'stopped' ? { status: 'stopped' } : { status: 'failed', reason: goal.reason };
  return to({ ...keptFields(state), ...details }, [...effects, { type: 'release-slot' }]);
}

function retry(
  state: InstanceState,
  run: Run,
  { exit, reason: cause }: Ended,
  terms: RestartTerms,
  { at, elapsed }: Moment,
  effects: Effect[],
): Transition {
  // The run may have ended while no server was running.
  const diedAt = elapsed - Math.max(0, at - exit.at);
  const restarts = restartsInARow(state.restarts, run.readyAt, diedAt);
  const decision = decideRestart(restarts, terms);
  if (!decision.restart) {
    const reason = decision.because === null ? cause : `${decision.because}: ${cause}`;
    const because = decision.because === null ? 'auto_restart_off' : 'max_restarts';
    return {
      ...settle({ ...state, restarts }, { kind: 'failed', reason }, effects),
      verdict: { outcome: 'failed', because, ...inputsOf(restarts, cause, terms) },
    };
  }
  const until = elapsed + decision.delayMs;
  const backoff: InstanceState = {
    ...keptFields(state),
    restarts: restarts + 1,
    status: 'restarting',
    phase: 'backoff',
    reason: `backoff after: ${cause}`,
    until,
    wantedByUser: run.wantedByUser,
    bootId: run.identity?.bootId ?? null,
  };
  return {
    ...to(backoff, [...effects, { type: 'release-slot' }, { type: 'wait-backoff', until }]),
    verdict: {
      outcome: 'restart',
      because: 'died',
      ...inputsOf(restarts, cause, terms),
      delay_ms: decision.delayMs,
    },
  };
}

/** The inputs of a decision of the restart policy. */
function inputsOf(restarts: number, cause: string, terms: RestartTerms): Omit<RestartVerdict, 'outcome' | 'because'> {
  return { cause, restarts, max_restarts: terms.maxRestarts, delay_ms: null };
}
