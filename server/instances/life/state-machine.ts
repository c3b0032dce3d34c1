import {
  drained,
  end,
  ended,
  saved,
  hasten,
  survived,
  type EndTerms,
  type WithEnding,
  type WithRun,
} from './ending.ts';
import { booted, foundAlive, foundDead, foundStray } from './boot-transitions.ts';
import type { InstanceEvent, InstanceState, Run, Transition } from './lifecycle.ts';
import {
  begin,
  BY_COMMAND,
  BY_UPDATE,
  currentRun,
  goingDown,
  isBackoff,
  keptFields,
  neverRan,
  to,
  unchanged,
  wanted,
} from './transitions.ts';
import { doesNotFit, evict, healthFailed, offloadShort, portTaken, stalled } from './observed-transitions.ts';

/** Longest time that a restore of the context adds to a start, milliseconds. An engine reads some gigabytes in this time. */
export const RESTORE_MS = 5_000;

/**
 * The state machine of an instance. Pure: no clock, no I/O, no randomness.
 *
 * Two rules hold in every case. First, a state without a run (`stopped`, `failed`, a backoff) or with a new run is entered
 * only after the old run's whole process tree is gone. Only the event `exited` reports that. Second, events of another run than
 * the state's are dropped: effects are slow and may report about a past run.
 */
export function transition(state: InstanceState, event: InstanceEvent): Transition {
  if ('run' in event && event.run !== currentRun(state)?.number) return unchanged(state);
  switch (event.type) {
    case 'start':
      return start(state, event.cause);
    case 'stop':
      return stop(state, event);
    case 'restart':
      return restart(state, event);
    case 'apply':
      return apply(state, { elapsed: event.elapsed, timeoutMs: event.timeoutMs, force: false });
    case 'delete':
      return remove(state);
    case 'granted':
    case 'prepared':
    case 'spawned':
    case 'ready':
    case 'context-restored':
      return advance(state, event);
    case 'spawn-error':
      return ended(state, neverRan(event.reason, event.at), event.terms, event);
    case 'exited':
      return ended(state, event.ended, event.terms, event);
    case 'drained':
      return drained(state, event);
    case 'context-saved':
      return saved(state, event.elapsed);
    case 'survived':
      return survived(state, event);
    case 'health-failed':
      return healthFailed(state, event);
    case 'offload-short':
      return offloadShort(state, event.shortfall);
    case 'stalled':
      return stalled(state, event.seconds, event.elapsed);
    case 'port-taken':
      return portTaken(state, event);
    case 'does-not-fit':
      return doesNotFit(state, event);
    case 'evict':
      return evict(state, event);
    case 'backoff-over':
      return isBackoff(state) ? begin(state, 'policy', state.wantedByUser) : unchanged(state);
    case 'found-alive':
      return foundAlive(state, event);
    case 'found-dead':
      return foundDead(state, event);
    case 'booted':
      return booted(state, event);
    case 'found-stray':
      return foundStray(state, event.tag, event.pids);
  }
}

/** Takes the next step of a start, from the granted slot to the ready engine. */
function advance(
  state: InstanceState,
  event: Extract<InstanceEvent, { type: 'granted' | 'prepared' | 'spawned' | 'ready' | 'context-restored' }>,
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
  if (event.type === 'ready' && state.phase === 'loading' && run.launch?.contextKey !== undefined) {
    const until = event.elapsed + RESTORE_MS;
    return to({ ...state, phase: 'restoring' }, [{ type: 'restore-context', run: run.number, until }]);
  }
  const isRestored = event.type === 'context-restored' && state.phase === 'restoring';
  if ((event.type === 'ready' && state.phase === 'loading') || isRestored) {
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

function start(state: InstanceState, cause: 'command' | 'demand'): Transition {
  switch (state.status) {
    case 'starting':
    case 'running':
      // A run started on demand counts as requested by the user from now on.
      return cause === 'demand' || state.run.wantedByUser ? unchanged(state) : to(wantedState(state), []);
    case 'stopping':
      return to({ ...keptFields(state), ...goingDown(wanted(state.run), state.ending, 'start', BY_COMMAND) }, []);
    case 'restarting':
      if (state.phase === 'going-down')
        return to({ ...state, run: wanted(state.run), follows: 'start', reason: BY_COMMAND }, []);
      return begin({ ...state, restarts: 0 }, cause, cause === 'command');
    case 'stopped':
    case 'failed':
      return begin({ ...state, restarts: 0 }, cause, cause === 'command');
  }
}

function stop(state: InstanceState, terms: EndTerms): Transition {
  switch (state.status) {
    case 'stopped':
      return unchanged(state);
    case 'failed':
      return to({ ...keptFields(state), status: 'stopped' }, []);
    case 'starting':
    case 'running':
      return end(state, terms, (run, ending) => ({
        status: 'stopping',
        run,
        ending,
        goal: { kind: 'stopped' },
      }));
    case 'stopping':
      return hasten(state.goal.kind === 'failed' ? { ...state, goal: { kind: 'stopped' } } : byCommand(state), terms);
    case 'restarting': {
      if (state.phase === 'backoff') return to({ ...keptFields(state), status: 'stopped' }, []);
      const stopping: WithEnding = {
        ...keptFields(state),
        status: 'stopping',
        run: state.run,
        ending: state.ending,
        goal: { kind: 'stopped' },
      };
      return hasten(stopping, terms);
    }
  }
}

function restart(state: InstanceState, terms: EndTerms): Transition {
  switch (state.status) {
    case 'stopped':
    case 'failed':
      return start(state, 'command');
    case 'starting':
    case 'running':
      return end(wantedState(state), terms, (run, ending) => goingDown(run, ending, 'start', BY_COMMAND));
    case 'stopping':
    case 'restarting': {
      const next = start(state, 'command');
      return 'ending' in next.state ? hasten(next.state, terms) : next;
    }
  }
}

function apply(state: InstanceState, terms: EndTerms): Transition {
  switch (state.status) {
    case 'stopped':
    case 'stopping':
      return unchanged(state);
    case 'failed':
      return start(state, 'command');
    case 'starting':
    case 'running':
      return end(state, terms, (run, ending) => goingDown(run, ending, 'start', BY_UPDATE));
    case 'restarting':
      if (state.phase === 'backoff') return begin({ ...state, restarts: 0 }, 'command', state.wantedByUser);
      return to({ ...state, follows: 'start', reason: BY_UPDATE }, []);
  }
}

function remove(state: InstanceState): Transition {
  if (state.status === 'stopping') {
    return { state: byCommand(state), effects: [], reply: { kind: 'wait' } };
  }
  if ('run' in state) return { state, effects: [], reply: { kind: 'refused', status: state.status } };
  return {
    state: { ...keptFields(state), status: 'stopped' },
    effects: [{ type: 'release-slot' }],
    reply: { kind: 'gone' },
  };
}

/**
 * Turns an idle stop or eviction into a stop by command, so that no request starts the instance before the stop is
 * over.
 */
function byCommand(state: Stopping): Stopping {
  const { goal } = state;
  return goal.kind === 'failed' || goal.cause === undefined ? state : { ...state, goal: { kind: 'stopped' } };
}

type Stopping = Extract<InstanceState, { status: 'stopping' }>;

function wantedState(state: WithRun): WithRun {
  return { ...state, run: wanted(state.run) };
}
