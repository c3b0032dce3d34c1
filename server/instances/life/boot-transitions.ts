import { STRAY_PROCESS } from '../ports/alert-sink.ts';
import { ended, endingOfDrained } from './ending.ts';
import type { Effect, Ending, InstanceEvent, InstanceState, Run, Transition } from './lifecycle.ts';
import { withRestartBegun, begin, isBackoff, lastExit, keptFields, to, unchanged } from './transitions.ts';
import { longestDelay } from './restart-policy.ts';
import { offloadAlert } from './observed-transitions.ts';

/** The stored run is alive: adopts the run, and continues its start or end. */
export function foundAlive(
  stored: InstanceState,
  { identity, leases, stopTimeoutMs, at, elapsed }: Extract<InstanceEvent, { type: 'found-alive' }>,
): Transition {
  const state = withRestartBegun(stored, {
    phase: 'draining',
    deadline: elapsed + stopTimeoutMs,
    timeoutMs: stopTimeoutMs,
  });
  if (!('run' in state) || state.run.launch === null) return unchanged(stored);
  // A stored time can be in the future, if the clock was set back or is that of another machine.
  const upTo = (moment: number | null, now: number): number | null => (moment === null ? null : Math.min(moment, now));
  const { startedAt, readyAt } = state.run;
  const run: Run = { ...state.run, identity, startedAt: upTo(startedAt, at) ?? at, readyAt: upTo(readyAt, elapsed) };
  const adopt: Effect[] = [
    { type: 'take-slot' },
    { type: 'adopt', run: run.number, launch: state.run.launch, identity },
  ];
  switch (state.status) {
    case 'starting':
      return to({ ...state, phase: 'loading', run }, [...adopt, { type: 'await-ready', run: run.number }]);
    case 'running':
      return to({ ...state, run }, [
        ...adopt,
        { type: 'watch-health', run: run.number },
        ...(run.offload === undefined ? [] : [offloadAlert(run.offload)]),
      ]);
    case 'stopping':
    case 'restarting': {
      // The stored deadline may come from another boot or from a wall clock. Limit it, because others wait until then.
      const until = Math.min(state.ending.deadline, elapsed + (state.ending.timeoutMs ?? stopTimeoutMs));
      const ending: Ending = { ...state.ending, deadline: until };
      if (ending.phase === 'draining' && leases > 0) {
        return to({ ...state, run, ending }, [...adopt, { type: 'drain', run: run.number, until }]);
      }
      // Leases survive only a reload. Otherwise no lease is left to drain.
      if (ending.phase === 'draining' || ending.phase === 'saving') {
        const next = endingOfDrained(run, elapsed);
        return to({ ...state, run, ending: next.ending }, [...adopt, next.effect]);
      }
      const phase = ending.phase === 'killing' ? 'killing' : 'terminating';
      const finish: Effect = { type: phase === 'killing' ? 'kill' : 'terminate', run: run.number };
      return to({ ...state, run, ending: { ...ending, phase } }, [...adopt, finish]);
    }
  }
}

/** The stored run is dead: ends it, or starts again after a reboot. */
export function foundDead(state: InstanceState, event: Extract<InstanceEvent, { type: 'found-dead' }>): Transition {
  if (!('run' in state)) return unchanged(state);
  const { run } = state;
  const isStopping = state.status === 'stopping';
  if (!isStopping && event.rebooted) {
    return revive({ ...state, lastExit: lastExit(event.ended) }, run.wantedByUser && event.autoStart);
  }
  // An acknowledged start that never spawned is not a death: carry it out now.
  if (state.status === 'starting' && !event.spawned) return begin(state, 'boot', run.wantedByUser);
  const begun = withRestartBegun(state, { phase: 'draining', deadline: event.elapsed });
  return ended(begun, event.ended, event.terms, event);
}

/** Boot of an instance without a run: resumes a backoff. */
export function booted(
  state: InstanceState,
  { bootId, autoStart, elapsed }: Extract<InstanceEvent, { type: 'booted' }>,
): Transition {
  if (!isBackoff(state)) return unchanged(state);
  if (state.bootId !== null && state.bootId !== bootId) return revive(state, state.wantedByUser && autoStart);
  // `until` may have been stored during an earlier boot that was not recorded, so limit it.
  const until = Math.min(state.until, elapsed + longestDelay(Math.max(0, state.restarts - 1)));
  return to({ ...state, until }, [{ type: 'wait-backoff', until }]);
}

function revive(state: InstanceState, isWanted: boolean): Transition {
  return isWanted
    ? begin({ ...state, restarts: 0 }, 'boot', true)
    : to({ ...keptFields(state), status: 'stopped' }, []);
}

/** A stray: a living process with this instance's tag that belongs to no current run. */
export function foundStray(state: InstanceState, tag: string, pids: readonly number[]): Transition {
  const message = `a process of this instance was alive although it should not be (pid ${pids.join(', ')}); it is being ended`;
  const alert: Effect = { type: 'alert', code: STRAY_PROCESS, message };
  if (state.status !== 'stopped') return to(state, [alert, { type: 'end-stray', tag, run: null }]);
  const number = state.runs + 1;
  const run: Run = {
    number,
    cause: 'boot',
    wantedByUser: false,
    launch: null,
    identity: null,
    startedAt: null,
    readyAt: null,
  };
  return to(
    {
      ...keptFields(state),
      runs: number,
      status: 'stopping',
      run,
      ending: { phase: 'terminating', deadline: 0 },
      goal: { kind: 'stopped' },
    },
    [alert, { type: 'take-slot' }, { type: 'end-stray', tag, run: number }],
  );
}
