import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backoff,
  failed,
  goingDown,
  IDENTITY,
  LAUNCH,
  loading,
  preparing,
  queued,
  running,
  spawning,
  stopped,
  stopping,
} from '../../testing/instance-states.ts';
import type { Effect, Ended, Ending, Goal, InstanceEvent, InstanceState, RestartTerms } from './lifecycle.ts';
import { transition } from './state-machine.ts';

/** The current time, of the monotonic clock and of the wall clock. */
const AT = 10_000;
const NOON = 1_700_000_000_000;
const TERMS: RestartTerms = { autoRestart: true, maxRestarts: 5, jitter: 0 };
const NO_RESTART: RestartTerms = { ...TERMS, autoRestart: false };
const ENDED: Ended = { exit: { code: 1, signal: null, at: NOON }, reason: 'out of memory', lines: ['last words'] };

type Bare<Event> = Event extends unknown ? Omit<Event, 'at' | 'elapsed'> : never;
const send = (state: InstanceState, event: Bare<InstanceEvent>) =>
  transition(state, { ...event, at: NOON, elapsed: AT });

const START = { type: 'start', cause: 'command' } as const;
const STOP = { type: 'stop', force: false, timeoutMs: 30_000 } as const;
const FORCE = { type: 'stop', force: true, timeoutMs: 30_000 } as const;
const RESTART = { type: 'restart', force: false, timeoutMs: 30_000 } as const;
const APPLY = { type: 'apply', timeoutMs: 30_000 } as const;
const DELETE = { type: 'delete' } as const;
const EXITED = { type: 'exited', run: 1, ended: ENDED, terms: TERMS } as const;
const SPAWN_ERROR = { type: 'spawn-error', run: 1, reason: 'no engine', terms: TERMS } as const;
const SPAWNED = { type: 'spawned', run: 1, identity: IDENTITY } as const;
const HUNG = { type: 'health-failed', run: 1, leases: 0, still: false, seen: 'did not answer' } as const;
const STALLED = { type: 'stalled', run: 1, seconds: 600 } as const;
const PORT_TAKEN = { type: 'port-taken', run: 1, reason: 'port 8100 is in use' } as const;
const SURVIVED = { type: 'survived', run: 1, pids: [4_242] } as const;
const EVICT = { type: 'evict', leases: 0, pinned: false, cause: 'idle' } as const;
const ALIVE = { type: 'found-alive', run: 1, identity: IDENTITY, leases: 0, stopTimeoutMs: 30_000 } as const;
const DEAD = {
  type: 'found-dead',
  run: 1,
  ended: ENDED,
  spawned: true,
  rebooted: false,
  autoStart: true,
  terms: TERMS,
} as const;
const REBOOTED = { ...DEAD, rebooted: true } as const;
const RESTORED = { type: 'context-restored', run: 1 } as const;
const SAVED = { type: 'context-saved', run: 1 } as const;
const STRAY = { type: 'found-stray', tag: 'd.i.n', pids: [99] } as const;

/** A state in a few words, as in the cells of the table. */
function word(state: InstanceState): string {
  switch (state.status) {
    case 'starting':
      return `starting ${state.phase}`;
    case 'stopping':
      return `stopping ${state.ending.phase} for ${state.goal.kind}${causeOf(state.goal)}`;
    case 'restarting':
      return state.phase === 'backoff' ? 'backoff' : `going down ${state.ending.phase} then ${state.follows}`;
    default:
      return state.status;
  }
}

function causeOf(goal: Goal): string {
  return goal.kind === 'stopped' && goal.cause !== undefined ? ` by ${goal.cause}` : '';
}

/** The run must restart for new settings. */
const DUE = { restartDue: true };

/** A stop by eviction. */
const evicted = (ending: Partial<Ending> = {}): InstanceState =>
  ({ ...stopping(ending), goal: { kind: 'stopped', cause: 'eviction' } }) as InstanceState;

/** A start that timed out. */
const givenUp = (): InstanceState =>
  ({ ...stopping({ phase: 'killing' }), goal: { kind: 'failed', reason: 'no progress' } }) as InstanceState;

const names = (effects: readonly Effect[]): string => effects.map(({ type }) => type).join(', ');

/** The run keeps its context over a stop. */
const KEPT = { launch: { ...LAUNCH, contextKey: 'k' } };
const KEPT_READY = { ...KEPT, readyAt: 2_000 };
const restoring = (): InstanceState => ({ ...loading(KEPT), phase: 'restoring' }) as InstanceState;
const saving = (): InstanceState => stopping({ phase: 'saving', deadline: AT + 2_000 }, KEPT_READY);

/** Rows of the contract's table, cell by cell: [state, the state entered, the effects]. */
const TABLE: Record<string, { event: Bare<InstanceEvent>; cells: [InstanceState, string, string][] }> = {
  start: {
    event: START,
    cells: [
      [stopped(), 'starting queued', 'request-slot'],
      [loading(), 'starting loading', ''],
      [running(), 'running', ''],
      [stopping(), 'going down draining then start', ''],
      [evicted(), 'going down draining then start', ''],
      [goingDown('backoff'), 'going down draining then start', ''],
      [backoff(), 'starting queued', 'request-slot'],
      [failed(), 'starting queued', 'request-slot'],
    ],
  },
  stop: {
    event: STOP,
    cells: [
      [stopped(), 'stopped', ''],
      [queued(), 'stopping withdrawing for stopped', 'withdraw'],
      [preparing(), 'stopping withdrawing for stopped', 'withdraw'],
      [spawning(), 'stopping spawning for stopped', ''],
      [loading(), 'stopping terminating for stopped', 'terminate'],
      [running(), 'stopping draining for stopped', 'drain'],
      [stopping(), 'stopping draining for stopped', ''],
      [stopping({ deadline: 90_000 }), 'stopping draining for stopped', 'drain'],
      [stopping({ phase: 'terminating' }), 'stopping terminating for stopped', ''],
      [evicted({ phase: 'terminating' }), 'stopping terminating for stopped', ''],
      [givenUp(), 'stopping killing for stopped', ''],
      [goingDown('start'), 'stopping draining for stopped', ''],
      [backoff(), 'stopped', ''],
      [failed(), 'stopped', ''],
    ],
  },
  'stop of a run that keeps its context': {
    event: STOP,
    cells: [
      [restoring(), 'stopping terminating for stopped', 'terminate'],
      [running(KEPT), 'stopping draining for stopped', 'drain'],
      [saving(), 'stopping saving for stopped', ''],
    ],
  },
  'force-stop of a run that keeps its context': {
    event: FORCE,
    cells: [
      [restoring(), 'stopping killing for stopped', 'close-leases, kill'],
      [running(KEPT), 'stopping killing for stopped', 'close-leases, kill'],
      [saving(), 'stopping killing for stopped', 'close-leases, kill'],
    ],
  },
  'start of a run that keeps its context': {
    event: START,
    cells: [
      [restoring(), 'starting restoring', ''],
      [saving(), 'going down saving then start', ''],
    ],
  },
  'ready, of a run that keeps its context': {
    event: { type: 'ready', run: 1 },
    cells: [[loading(KEPT), 'starting restoring', 'restore-context']],
  },
  'context restored': {
    event: RESTORED,
    cells: [
      [restoring(), 'running', 'watch-health, look-at-offload'],
      [loading(KEPT), 'starting loading', ''],
      [running(KEPT), 'running', ''],
    ],
  },
  'drained, of a run that keeps its context': {
    event: { type: 'drained', run: 1 },
    cells: [
      [stopping({}, KEPT_READY), 'stopping saving for stopped', 'close-leases, save-context'],
      [goingDown('start', {}, KEPT_READY), 'going down saving then start', 'close-leases, save-context'],
    ],
  },
  'drained with requests in flight, of a run that keeps its context': {
    event: { type: 'drained', run: 1, isCutShort: true },
    cells: [[stopping({}, KEPT_READY), 'stopping terminating for stopped', 'close-leases, terminate']],
  },
  'context saved': {
    event: SAVED,
    cells: [
      [saving(), 'stopping terminating for stopped', 'terminate'],
      [stopping({ phase: 'terminating' }, KEPT_READY), 'stopping terminating for stopped', ''],
      [running(KEPT), 'running', ''],
    ],
  },
  'exited, of a run that keeps its context': {
    event: EXITED,
    cells: [
      [restoring(), 'failed', 'release-slot'],
      [saving(), 'stopped', 'close-leases, release-slot'],
    ],
  },
  'evict, of a run that keeps its context': {
    event: EVICT,
    cells: [
      [running(KEPT), 'stopping saving for stopped by idle', 'save-context'],
      [saving(), 'stopping saving for stopped', ''],
    ],
  },
  'boot: alive, of a run that keeps its context': {
    event: ALIVE,
    cells: [
      [restoring(), 'starting loading', 'take-slot, adopt, await-ready'],
      [saving(), 'stopping saving for stopped', 'take-slot, adopt, save-context'],
      [stopping({}, KEPT_READY), 'stopping saving for stopped', 'take-slot, adopt, save-context'],
    ],
  },
  'force-stop': {
    event: FORCE,
    cells: [
      [stopped(), 'stopped', ''],
      [queued(), 'stopping withdrawing for stopped', 'withdraw'],
      [spawning(), 'stopping killing for stopped', 'close-leases, kill'],
      [loading(), 'stopping killing for stopped', 'close-leases, kill'],
      [running(), 'stopping killing for stopped', 'close-leases, kill'],
      [stopping(), 'stopping killing for stopped', 'close-leases, kill'],
      [stopping({ phase: 'terminating' }), 'stopping killing for stopped', 'close-leases, kill'],
      [stopping({ phase: 'killing' }), 'stopping killing for stopped', ''],
      [goingDown('start'), 'stopping killing for stopped', 'close-leases, kill'],
      [backoff(), 'stopped', ''],
      [failed(), 'stopped', ''],
    ],
  },
  restart: {
    event: RESTART,
    cells: [
      [stopped(), 'starting queued', 'request-slot'],
      [queued(), 'going down withdrawing then start', 'withdraw'],
      [loading(), 'going down terminating then start', 'terminate'],
      [running(), 'going down draining then start', 'drain'],
      [stopping(), 'going down draining then start', ''],
      [goingDown('backoff'), 'going down draining then start', ''],
      [backoff(), 'starting queued', 'request-slot'],
      [failed(), 'starting queued', 'request-slot'],
    ],
  },
  'update, apply=restart': {
    event: APPLY,
    cells: [
      [stopped(), 'stopped', ''],
      [loading(), 'going down terminating then start', 'terminate'],
      [running(), 'going down draining then start', 'drain'],
      [stopping(), 'stopping draining for stopped', ''],
      [goingDown('backoff'), 'going down draining then start', ''],
      [backoff(), 'starting queued', 'request-slot'],
      [failed(), 'starting queued', 'request-slot'],
    ],
  },
  spawned: {
    event: SPAWNED,
    cells: [
      [spawning(), 'starting loading', 'await-ready'],
      [stopping({ phase: 'spawning' }, { identity: null }), 'stopping terminating for stopped', 'terminate'],
      [stopping({ phase: 'killing' }, { identity: null }), 'stopping killing for stopped', 'kill'],
      [goingDown('start', { phase: 'spawning' }, { identity: null }), 'going down terminating then start', 'terminate'],
    ],
  },
  'spawn error': {
    event: SPAWN_ERROR,
    cells: [
      [spawning(), 'failed', 'release-slot'],
      [preparing(), 'failed', 'release-slot'],
      [spawning({ cause: 'demand' }), 'failed', 'release-slot'],
      [spawning({ cause: 'boot' }), 'backoff', 'release-slot, wait-backoff'],
      [spawning({ cause: 'policy' }), 'backoff', 'release-slot, wait-backoff'],
      [stopping({ phase: 'spawning' }, {}), 'stopped', 'release-slot'],
      [goingDown('start', { phase: 'spawning' }, {}), 'starting queued', 'request-slot'],
    ],
  },
  ready: {
    event: { type: 'ready', run: 1 },
    cells: [
      [loading(), 'running', 'watch-health, look-at-offload'],
      [running(), 'running', ''],
      [stopping(), 'stopping draining for stopped', ''],
      [goingDown('start'), 'going down draining then start', ''],
    ],
  },
  'exited, tree gone': {
    event: EXITED,
    cells: [
      [loading(), 'failed', 'release-slot'],
      [loading({ cause: 'boot' }), 'backoff', 'release-slot, wait-backoff'],
      [loading({ cause: 'policy' }), 'backoff', 'release-slot, wait-backoff'],
      [running(), 'backoff', 'close-leases, release-slot, wait-backoff'],
      [stopping(), 'stopped', 'close-leases, release-slot'],
      [goingDown('start'), 'starting queued', 'close-leases, request-slot'],
      [goingDown('backoff'), 'backoff', 'close-leases, release-slot, wait-backoff'],
    ],
  },
  'exited, tree gone, without auto_restart': {
    event: { ...EXITED, terms: NO_RESTART },
    cells: [
      [running(), 'failed', 'close-leases, release-slot'],
      [loading({ cause: 'boot' }), 'failed', 'release-slot'],
      [goingDown('backoff'), 'failed', 'close-leases, release-slot'],
    ],
  },
  'health failed N times, no lease': {
    event: HUNG,
    cells: [
      [loading(), 'starting loading', ''],
      [running(), 'going down killing then backoff', 'close-leases, kill'],
      [stopping(), 'stopping draining for stopped', ''],
      [goingDown('start'), 'going down draining then start', ''],
    ],
  },
  'health failed N times, leases and still': {
    event: { ...HUNG, leases: 2, still: true },
    cells: [[running(), 'going down killing then backoff', 'close-leases, kill']],
  },
  'health failed N times, leases and busy': { event: { ...HUNG, leases: 2 }, cells: [[running(), 'running', '']] },
  'GPUs used less than requested': {
    event: { type: 'offload-short', run: 1, shortfall: 'offloaded 12/33 layers to GPU' },
    cells: [
      [running(), 'running', 'alert'],
      [stopping(), 'stopping draining for stopped', 'alert'],
      [stopped(), 'stopped', ''],
    ],
  },
  'no progress for start_timeout': {
    event: STALLED,
    cells: [
      [loading(), 'stopping killing for failed', 'close-leases, kill'],
      [running(), 'running', ''],
      [goingDown('start'), 'going down draining then start', ''],
    ],
  },
  'port taken by another process': {
    event: PORT_TAKEN,
    cells: [
      [loading(), 'stopping terminating for failed', 'terminate'],
      [loading({ cause: 'boot' }), 'going down terminating then backoff', 'terminate'],
      [loading({ cause: 'policy' }), 'going down terminating then backoff', 'terminate'],
      [running(), 'running', ''],
      [goingDown('start'), 'going down draining then start', ''],
    ],
  },
  'needs more memory than it may have': {
    event: { type: 'does-not-fit', run: 1, reason: 'it needs 2 GB' },
    cells: [
      [loading(), 'going down killing then start', 'close-leases, kill'],
      [loading({ cause: 'boot' }), 'going down killing then start', 'close-leases, kill'],
      [running(), 'running', ''],
      [goingDown('start'), 'going down draining then start', ''],
    ],
  },
  'backoff over': {
    event: { type: 'backoff-over' },
    cells: [
      [stopped(), 'stopped', ''],
      [running(), 'running', ''],
      [backoff(), 'starting queued', 'request-slot'],
      [failed(), 'failed', ''],
    ],
  },
  'survives SIGKILL': {
    event: SURVIVED,
    cells: [
      [stopping({ phase: 'killing' }), 'stopping killing for stopped', 'alert'],
      [goingDown('start', { phase: 'killing' }), 'going down killing then start', 'alert'],
    ],
  },
  'evict or idle': {
    event: EVICT,
    cells: [
      [stopped(), 'stopped', ''],
      [loading(), 'starting loading', ''],
      [running(), 'stopping terminating for stopped by idle', 'terminate'],
      [stopping(), 'stopping draining for stopped', ''],
      [evicted(), 'stopping draining for stopped by eviction', ''],
      [goingDown('start'), 'going down draining then start', ''],
      [backoff(), 'backoff', ''],
    ],
  },
  'evict or idle, leased': { event: { ...EVICT, leases: 1 }, cells: [[running(), 'running', '']] },
  'evict or idle, pinned': { event: { ...EVICT, pinned: true }, cells: [[running(), 'running', '']] },
  'boot: found alive': {
    event: ALIVE,
    cells: [
      [spawning(), 'starting loading', 'take-slot, adopt, await-ready'],
      [loading(), 'starting loading', 'take-slot, adopt, await-ready'],
      [running(), 'running', 'take-slot, adopt, watch-health'],
      [stopping(), 'stopping terminating for stopped', 'take-slot, adopt, terminate'],
      [stopping({ phase: 'killing' }), 'stopping killing for stopped', 'take-slot, adopt, kill'],
      [goingDown('start'), 'going down terminating then start', 'take-slot, adopt, terminate'],
    ],
  },
  'boot: found alive, with requests that a replaced server still finishes': {
    event: { ...ALIVE, leases: 2 },
    cells: [
      [running(), 'running', 'take-slot, adopt, watch-health'],
      [stopping(), 'stopping draining for stopped', 'take-slot, adopt, drain'],
      [stopping({ phase: 'terminating' }), 'stopping terminating for stopped', 'take-slot, adopt, terminate'],
      [goingDown('start'), 'going down draining then start', 'take-slot, adopt, drain'],
    ],
  },
  'boot: found alive, a restart for new settings is due': {
    event: ALIVE,
    cells: [
      [spawning(DUE), 'going down terminating then start', 'take-slot, adopt, terminate'],
      [loading(DUE), 'going down terminating then start', 'take-slot, adopt, terminate'],
      [running(DUE), 'going down terminating then start', 'take-slot, adopt, terminate'],
      [stopping({}, DUE), 'stopping terminating for stopped', 'take-slot, adopt, terminate'],
      [goingDown('backoff', { phase: 'killing' }, DUE), 'going down killing then start', 'take-slot, adopt, kill'],
    ],
  },
  'boot: found alive, a restart for new settings is due, with requests that a replaced server still finishes': {
    event: { ...ALIVE, leases: 2 },
    cells: [[running(DUE), 'going down draining then start', 'take-slot, adopt, drain']],
  },
  'boot: found dead, a restart for new settings is due': {
    event: DEAD,
    cells: [
      [loading(DUE), 'starting queued', 'request-slot'],
      [running(DUE), 'starting queued', 'close-leases, request-slot'],
      [stopping({}, DUE), 'stopped', 'release-slot'],
      [goingDown('backoff', {}, DUE), 'starting queued', 'request-slot'],
    ],
  },
  'boot: found dead, machine rebooted, a restart for new settings was due': {
    event: REBOOTED,
    cells: [
      [running(DUE), 'starting queued', 'request-slot'],
      [running({ ...DUE, wantedByUser: false }), 'stopped', ''],
    ],
  },
  'boot: found alive, no such run': {
    event: STRAY,
    cells: [
      [stopped(), 'stopping terminating for stopped', 'alert, take-slot, end-stray'],
      [backoff(), 'backoff', 'alert, end-stray'],
      [failed(), 'failed', 'alert, end-stray'],
    ],
  },
  'boot: found dead, same boot id': {
    event: DEAD,
    cells: [
      [loading(), 'failed', 'release-slot'],
      [loading({ cause: 'boot' }), 'backoff', 'release-slot, wait-backoff'],
      [running(), 'backoff', 'close-leases, release-slot, wait-backoff'],
      [stopping(), 'stopped', 'close-leases, release-slot'],
      [goingDown('start'), 'starting queued', 'close-leases, request-slot'],
      [goingDown('backoff'), 'backoff', 'close-leases, release-slot, wait-backoff'],
    ],
  },
  'boot: found dead, never spawned': {
    event: { ...DEAD, spawned: false },
    cells: [
      [queued(), 'starting queued', 'request-slot'],
      [spawning(), 'starting queued', 'request-slot'],
    ],
  },
  'boot: found dead, machine rebooted': {
    event: REBOOTED,
    cells: [
      [loading(), 'starting queued', 'request-slot'],
      [running(), 'starting queued', 'request-slot'],
      [running({ wantedByUser: false }), 'stopped', ''],
      [stopping(), 'stopped', 'close-leases, release-slot'],
      [goingDown('start'), 'starting queued', 'request-slot'],
    ],
  },
  'boot: found dead, machine rebooted, without auto_start': {
    event: { ...REBOOTED, autoStart: false },
    cells: [
      [loading(), 'stopped', ''],
      [running(), 'stopped', ''],
      [goingDown('start'), 'stopped', ''],
    ],
  },
  'boot: no run, same boot id': {
    event: { type: 'booted', bootId: 'boot-a', autoStart: true },
    cells: [
      [stopped(), 'stopped', ''],
      [backoff(), 'backoff', 'wait-backoff'],
      [failed(), 'failed', ''],
    ],
  },
  'boot: no run, machine rebooted': {
    event: { type: 'booted', bootId: 'boot-b', autoStart: true },
    cells: [
      [stopped(), 'stopped', ''],
      [backoff(), 'starting queued', 'request-slot'],
      [failed(), 'failed', ''],
    ],
  },
};

describe.each(Object.entries(TABLE))('%s', (_name, { event, cells }) => {
  it.each(cells.map(([state, entered, effects]) => ({ state, from: word(state), entered, effects })))(
    'in $from: $entered ($effects)',
    ({ state, entered, effects }) => {
      const next = send(state, event);
      expect(word(next.state)).toBe(entered);
      expect(names(next.effects)).toBe(effects);
      expect(next.reply).toEqual({ kind: 'accepted', status: next.state.status });
    },
  );
});

describe('a clock that was set back while llamactl was away', () => {
  it('extends no backoff beyond the longest delay for its restarts in a row', () => {
    const waits = send(backoff(AT + 3_600_000), { type: 'booted', bootId: 'boot-a', autoStart: true });
    expect(waits.effects).toEqual([{ type: 'wait-backoff', until: AT + 2_500 }]);
    const soon = send(backoff(AT + 10), { type: 'booted', bootId: 'boot-a', autoStart: true });
    expect(soon.effects).toEqual([{ type: 'wait-backoff', until: AT + 10 }]);
  });

  it('leaves no run ready in the future, which would delay its idle stop for hours', () => {
    const state = running({ startedAt: NOON + 3_500_000, readyAt: AT + 3_600_000 });
    expect(send(state, ALIVE).state).toMatchObject({ run: { startedAt: NOON, readyAt: AT } });
  });
});

describe('the alert about processes that survive SIGKILL', () => {
  it.each([
    [{ pids: [7] }, 'process 7 did not end on SIGKILL; port and slot stay taken until that is over'],
    [{ pids: [7, 8] }, 'processes 7, 8 did not end on SIGKILL; port and slot stay taken until that is over'],
    [
      { pids: [], container: 'c' },
      'container c is not confirmed gone by its runtime; port and slot stay taken until that is over',
    ],
    [
      { pids: [7], container: 'c' },
      'container c is not confirmed gone by its runtime, and process 7 did not end on SIGKILL; port and slot stay taken until that is over',
    ],
  ])('names them: %j', (what, message) => {
    const { effects } = send(stopping({ phase: 'killing' }), { type: 'survived', run: 1, ...what });
    expect(effects).toEqual([{ type: 'alert', code: 'process_survives_kill', message }]);
  });
});

describe('delete', () => {
  it.each([stopped(), failed(), backoff()])('succeeds without a process ($status)', (state) => {
    expect(send(state, DELETE).reply).toEqual({ kind: 'gone' });
  });

  it('waits for a stop under way, at most until its deadline', () => {
    expect(send(stopping(), DELETE)).toEqual({
      state: stopping(),
      effects: [],
      reply: { kind: 'wait' },
    });
  });

  it.each([loading(), running(), goingDown('start')])('is refused while a process runs ($status)', (state) => {
    expect(send(state, DELETE)).toEqual({ state, effects: [], reply: { kind: 'refused', status: state.status } });
  });
});

describe('a start under way', () => {
  it('takes a slot, stores the launch, and then spawns', () => {
    const granted = send(queued(), { type: 'granted', run: 1 });
    expect(word(granted.state)).toBe('starting preparing');
    expect(granted.effects).toEqual([{ type: 'prepare', run: 1 }]);

    const prepared = send(granted.state, { type: 'prepared', run: 1, launch: LAUNCH });
    expect(word(prepared.state)).toBe('starting spawning');
    expect(prepared.state).toMatchObject({ run: { launch: LAUNCH, identity: null } });
    expect(prepared.effects).toEqual([{ type: 'spawn', run: 1, launch: LAUNCH }]);

    const loaded = send(prepared.state, SPAWNED);
    expect(loaded.state).toMatchObject({ run: { identity: IDENTITY, startedAt: NOON } });
  });

  it('is not spawned when a stop arrives during its preparation', () => {
    const withdrawn = send(preparing(), STOP).state;
    expect(send(withdrawn, { type: 'prepared', run: 1, launch: LAUNCH }).effects).toEqual([]);
  });
});

describe('counting restarts', () => {
  const crash = (state: InstanceState, terms = TERMS): InstanceState => send(state, { ...EXITED, terms }).state;

  it('doubles the delay with each restart in a row', () => {
    expect(crash({ ...running(), restarts: 0 })).toMatchObject({ restarts: 1, until: AT + 1_000 });
    expect(crash({ ...running(), restarts: 3 })).toMatchObject({ restarts: 4, until: AT + 8_000 });
  });

  it('gives up after max_restarts, with the cause in the reason', () => {
    expect(crash({ ...running(), restarts: 5 })).toMatchObject({
      status: 'failed',
      reason: 'gave up after 5 restarts in a row: out of memory',
    });
  });

  it('starts from 0 after five minutes of running', () => {
    const sound = running({ readyAt: AT - 5 * 60_000 });
    expect(crash({ ...sound, restarts: 5 })).toMatchObject({ restarts: 1 });
  });

  it('starts from 0 after a start by command', () => {
    expect(send(backoff(), START).state).toMatchObject({ restarts: 0, run: { cause: 'command' } });
  });

  it('continues across a restart by the policy', () => {
    expect(send(backoff(), { type: 'backoff-over' }).state).toMatchObject({
      restarts: 2,
      run: { cause: 'policy', wantedByUser: true },
    });
  });

  it('keeps the cause as the reason of the backoff', () => {
    expect(crash(running())).toMatchObject({
      reason: 'backoff after: out of memory',
      wantedByUser: true,
      bootId: 'boot-a',
    });
  });
});

describe('leases that an exit breaks', () => {
  const breaks = (state: InstanceState): Effect[] =>
    send(state, EXITED).effects.filter(({ type }) => type === 'close-leases');

  it.each([running(), goingDown('start')])(
    'have the error that the engine died if another run follows ($status)',
    (state) => {
      expect(breaks(state)).toEqual([{ type: 'close-leases', run: 1, died: true }]);
    },
  );

  it.each([stopping(), goingDown('backoff')])(
    'do not have that error if the engine was being ended ($status)',
    (state) => {
      expect(breaks(state)).toEqual([{ type: 'close-leases', run: 1 }]);
    },
  );
});

describe('the last exit', () => {
  it('is kept when a failed instance is stopped', () => {
    const dead = send(loading(), EXITED).state;
    expect(send(dead, STOP).state.lastExit).toEqual({
      code: 1,
      signal: null,
      at: new Date(NOON).toISOString(),
      reason: 'out of memory',
      lines: ['last words'],
    });
  });
});

describe('an event of another run', () => {
  it.each([EXITED, SPAWN_ERROR, SPAWNED, HUNG, STALLED, PORT_TAKEN, SURVIVED, ALIVE, DEAD])(
    'is dropped ($type)',
    (event) => {
      const state: InstanceState = { ...running({ number: 2 }), runs: 2 };
      expect(send(state, event)).toMatchObject({ state, effects: [] });
    },
  );
});

// ── Properties ──────────────────────────────────────────────────────────────────────────────────

/** A model of the machine. It tracks which runs have processes, and posts only events that can occur. */
class World {
  state: InstanceState = { status: 'stopped', runs: 0, restarts: 0, lastExit: null };
  alive = new Set<number>();
  pendingSpawns = new Set<number>();
  slots = 0;

  post(event: Bare<InstanceEvent>): void {
    const previous = this.state;
    const { state, effects } = send(previous, event);
    this.state = state;
    for (const effect of effects) this.carryOut(effect);
    this.check(previous);
  }

  carryOut(effect: Effect): void {
    if (effect.type === 'spawn') this.pendingSpawns.add(effect.run);
    if (effect.type === 'take-slot') this.slots = 1;
    if (effect.type === 'release-slot') this.slots = 0;
  }

  /** Checks the invariants after an event. */
  check(previous: InstanceState): void {
    const { state } = this;
    const holdsRun = 'run' in state;
    if (!holdsRun) {
      expect(this.alive.size, 'no process is alive in a state without a run').toBe(0);
      expect(this.pendingSpawns.size).toBe(0);
      expect(this.slots, 'a state without a run holds no slot').toBe(0);
    }
    expect(this.alive.size, 'never two processes').toBeLessThanOrEqual(1);
    expect(state.runs).toBeGreaterThanOrEqual(previous.runs);
    if (state.status === 'running') expect(this.alive.has(state.run.number), 'running means alive').toBe(true);
    if (holdsRun) for (const run of this.alive) expect(run, 'only the current run is alive').toBe(state.run.number);
  }

  /** Posts one of the events that are possible now, selected by `choice`. */
  step(choice: number, force: boolean): void {
    const run = 'run' in this.state ? this.state.run.number : 0;
    const happenings: (() => void)[] = [
      () => this.post(START),
      () => this.post(force ? FORCE : STOP),
      () => this.post({ ...RESTART, force }),
      () => this.post(APPLY),
      () => this.post(EVICT),
      () => this.post({ type: 'backoff-over' }),
      () => this.grant(run),
      () => this.post({ type: 'prepared', run, launch: LAUNCH }),
      () => this.post({ type: 'drained', run }),
      () => this.spawn(run, force),
      () => this.ready(run),
      () => this.exit(run),
      () => this.withdrawn(run),
      () => this.post({ ...HUNG, run }),
      () => this.post({ ...STALLED, run }),
      () => this.post({ ...PORT_TAKEN, run }),
      // A late event of an old run.
      () => this.post({ ...EXITED, run: run - 1 }),
      () => this.post({ ...SPAWNED, run: run - 1 }),
    ];
    happenings[choice % happenings.length]?.();
  }

  grant(run: number): void {
    if (this.state.status === 'starting' && this.state.phase === 'queued') this.slots = 1;
    this.post({ type: 'granted', run });
  }

  spawn(run: number, fails: boolean): void {
    if (!this.pendingSpawns.delete(run)) return;
    if (fails) {
      this.post({ ...SPAWN_ERROR, run });
      return;
    }
    this.alive.add(run);
    this.post({ ...SPAWNED, run });
  }

  ready(run: number): void {
    if (this.alive.has(run)) this.post({ type: 'ready', run });
  }

  exit(run: number): void {
    if (this.alive.delete(run)) this.post({ ...EXITED, run });
  }

  withdrawn(run: number): void {
    if ('ending' in this.state && this.state.ending.phase === 'withdrawing') this.post({ ...EXITED, run });
  }
}

describe('a run started on demand', () => {
  it.each([loading({ wantedByUser: false }), running({ wantedByUser: false })])(
    'counts as requested by the user after a start command ($status)',
    (state) => {
      expect(send(state, START)).toMatchObject({ state: { run: { wantedByUser: true } }, effects: [] });
      expect(send(state, { ...START, cause: 'demand' }).state).toBe(state);
    },
  );
});

describe('an eviction under way', () => {
  it('becomes a stop by command after a stop or a delete, so that no request restarts it', () => {
    for (const event of [STOP, FORCE, { type: 'delete' } as const]) {
      const { state } = send(evicted(), event);
      expect(state).toMatchObject({ status: 'stopping', goal: { kind: 'stopped' } });
      expect('goal' in state && 'cause' in state.goal).toBe(false);
    }
  });
});

describe('random events in random order', () => {
  it('never lead to two processes, to one without a run, or to one of an older run', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(17), fc.boolean()), { maxLength: 120 }), (steps) => {
        const world = new World();
        for (const [choice, force] of steps) world.step(choice, force);
      }),
      { numRuns: 500 },
    );
  });

  it('always allow a stop: stop and the end of the process lead to stopped', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(17), fc.boolean()), { maxLength: 60 }), (steps) => {
        const world = new World();
        for (const [choice, force] of steps) world.step(choice, force);
        world.post(STOP);
        const { state } = world;
        if ('run' in state) {
          world.spawn(state.run.number, false);
          world.exit(state.run.number);
          world.withdrawn(state.run.number);
        }
        expect(world.state.status).toBe('stopped');
      }),
      { numRuns: 500 },
    );
  });

  it('lead to replies that name the status entered', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(17), fc.boolean()), { maxLength: 40 }),
        fc.constantFrom(START, STOP, FORCE, RESTART),
        (steps, command) => {
          const world = new World();
          for (const [choice, force] of steps) world.step(choice, force);
          const { reply, state } = send(world.state, command);
          expect(reply).toEqual({ kind: 'accepted', status: state.status });
        },
      ),
    );
  });
});

describe('a save of the context', () => {
  it('takes two seconds at most, and a restore five', () => {
    const drained = send(stopping({}, KEPT_READY), { type: 'drained', run: 1 });
    expect(drained.effects).toContainEqual({ type: 'save-context', run: 1, until: AT + 2_000 });
    const ready = send(loading(KEPT), { type: 'ready', run: 1 });
    expect(ready.effects).toEqual([{ type: 'restore-context', run: 1, until: AT + 5_000 }]);
  });
});
