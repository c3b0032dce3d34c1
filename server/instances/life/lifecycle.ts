import type { LastExit, Status } from '@llamactl/contract/instance';
import type { Moment } from '../moment.ts';
import type { Exit, LaunchPlan, ProcessIdentity } from './process.ts';

/**
 * The words of an instance's life: its states, what can happen to it, and what has to be done about it.
 * What leads where is decided in `state-machine.ts` alone.
 */

/** Who wanted a start. It decides what an early death means: `failed` for the first two, another try for the others. */
export type StartCause = 'command' | 'demand' | 'boot' | 'policy';

/** What was decided for one launch. Stored before anything is spawned, so that a crash in between leaves a trace. */
export interface Launch {
  /** Name of the engine; the settings may name another by the time it ends. */
  engine: string;
  /** Random; part of the tag by which the run's processes are recognised. */
  nonce: string;
  /** The engine's API key for this run; `null`: it takes none. */
  key: string | null;
  plan: LaunchPlan;
}

/** One process life of an engine. */
export interface Run {
  /** Counts the instance's runs from 1. An event of another run is dropped. */
  number: number;
  cause: StartCause;
  /** A user's wish, directly or through the restart of a run that was one: revived after a reboot. */
  wantedByUser: boolean;
  launch: Launch | null;
  identity: ProcessIdentity | null;
  /** Milliseconds since the epoch. */
  startedAt: number | null;
  /** Of `Clock.elapsed`, in the boot of its identity. */
  readyAt: number | null;
  /**
   * What it got less of the GPUs than was asked for, as the end of `the engine …`; absent: nothing that is known of. Kept,
   * because the lines that tell may be gone from the log when another server takes the run up.
   */
  offload?: string;
  /** Stored with new settings that it is to be restarted for them; absent: false. A boot begins what was not begun. */
  restartDue?: boolean;
}

/** How far a start has come. `spawning`: the intent is stored, a process may exist. `loading`: its pid is known. */
export type StartPhase = 'queued' | 'preparing' | 'spawning' | 'loading';

/** How far an ending has come. `withdrawing`: nothing was spawned. `spawning`: it is ended as soon as its pid is known. */
export type EndPhase = 'withdrawing' | 'spawning' | 'draining' | 'terminating' | 'killing';

/** An ending under way. */
export interface Ending {
  phase: EndPhase;
  /** When draining is over, of `Clock.elapsed`. */
  deadline: number;
  /** How long it was given, milliseconds; absent: no time, or nobody knows. */
  timeoutMs?: number;
}

/** What a stop is for. `cause`: nobody asked for it, and `reason` says so in words; absent: somebody did. */
export type Goal = { kind: 'stopped'; cause?: IdleCause; reason?: string } | { kind: 'failed'; reason: string };

/** Why a run that nobody uses is ended: another needs its slot, or it was not used for long. */
export type IdleCause = 'eviction' | 'idle';

/** The part of a state that differs between statuses. */
export type StatusDetails =
  | { status: 'stopped' }
  | { status: 'failed'; reason: string }
  | { status: 'starting'; phase: StartPhase; run: Run }
  | { status: 'running'; run: Run }
  | { status: 'stopping'; run: Run; ending: Ending; goal: Goal }
  | {
      status: 'restarting';
      phase: 'going-down';
      run: Run;
      ending: Ending;
      follows: 'start' | 'backoff';
      reason: string;
    }
  | {
      status: 'restarting';
      phase: 'backoff';
      reason: string;
      /** When the next try is due, of `Clock.elapsed`. */
      until: number;
      wantedByUser: boolean;
      /** Boot in which the last run lived; `null`: unknown. */
      bootId: string | null;
    };

/** Where an instance's life stands. Stored whole. */
export type InstanceState = StatusDetails & {
  /** Runs begun so far: the number of the newest one. */
  runs: number;
  /** Automatic restarts in a row. */
  restarts: number;
  lastExit: LastExit | null;
};

/** The restart policy of the moment, for events that may lead to a restart. */
export interface RestartTerms {
  autoRestart: boolean;
  /** -1: for ever. */
  maxRestarts: number;
  /** 0 ≤ jitter < 1, from outside: the decision itself is pure. */
  jitter: number;
}

/** The end of a run with its cause in words. */
export interface Ended {
  exit: Exit;
  reason: string;
  lines: string[];
}

/** What can happen. `run` is the number of the run it is about. */
export type InstanceEvent = Moment &
  (
    | { type: 'start'; cause: 'command' | 'demand' }
    | { type: 'stop'; force: boolean; timeoutMs: number }
    | { type: 'restart'; force: boolean; timeoutMs: number }
    /** An update that restarts the engine now if one runs. */
    | { type: 'apply'; timeoutMs: number }
    | { type: 'delete' }
    | { type: 'granted'; run: number }
    | { type: 'prepared'; run: number; launch: Launch }
    | { type: 'spawned'; run: number; identity: ProcessIdentity }
    /** Nothing runs: the launch was refused or failed. */
    | { type: 'spawn-error'; run: number; reason: string; terms: RestartTerms }
    | { type: 'ready'; run: number }
    | { type: 'drained'; run: number }
    /** The engine ended and nothing of its tree is left. */
    | { type: 'exited'; run: number; ended: Ended; terms: RestartTerms }
    | { type: 'survived'; run: number; pids: readonly number[]; container?: string }
    /** `leases`: at any moment since the first missed check. `still`: it does not work. `seen`: both, as the end of `the engine …`. */
    | { type: 'health-failed'; run: number; leases: number; still: boolean; seen: string }
    /** It got less of the GPUs than was asked for. `told`: see {@link Run.offload}. */
    | { type: 'offload-short'; run: number; shortfall: string }
    | { type: 'stalled'; run: number; seconds: number }
    /** It cannot come up: another process has its port. `reason`: the same in words. */
    | { type: 'port-taken'; run: number; reason: string }
    /** `idleSeconds`: for how long nobody used it, where that is why. */
    | { type: 'evict'; leases: number; pinned: boolean; cause: IdleCause; idleSeconds?: number }
    | { type: 'backoff-over' }
    /** `leases`: held by whoever served before, and lives on. `stopTimeoutMs`: for a restart that is due and not begun. */
    | { type: 'found-alive'; run: number; identity: ProcessIdentity; leases: number; stopTimeoutMs: number }
    | {
        type: 'found-dead';
        run: number;
        ended: Ended;
        spawned: boolean;
        rebooted: boolean;
        autoStart: boolean;
        terms: RestartTerms;
      }
    /** Boot, for a state without a run. */
    | { type: 'booted'; bootId: string; autoStart: boolean }
    /** Boot found a process that carries this instance's mark and belongs to no run that should live. */
    | { type: 'found-stray'; tag: string; pids: readonly number[] }
  );

/** What has to be done. Each ends in an event, or in none. */
export type Effect =
  | { type: 'request-slot'; run: number }
  /** The instance already occupies a slot: it was found alive. */
  | { type: 'take-slot' }
  /** Also withdraws a request. */
  | { type: 'release-slot' }
  /** Nothing was spawned: reports `exited` at once. */
  | { type: 'withdraw'; run: number }
  | { type: 'prepare'; run: number }
  | { type: 'spawn'; run: number; launch: Launch }
  | { type: 'adopt'; run: number; launch: Launch; identity: ProcessIdentity }
  | { type: 'await-ready'; run: number }
  | { type: 'watch-health'; run: number }
  | { type: 'look-at-offload'; run: number }
  /** `until`: of `Clock.elapsed`, here and below. */
  | { type: 'drain'; run: number; until: number }
  /** Breaks the requests that are still in flight. `died`: the engine exited by itself, and the instance comes back. */
  | { type: 'close-leases'; run: number; died?: true }
  | { type: 'terminate'; run: number }
  | { type: 'kill'; run: number }
  /** `run`: whose end to report; `null`: nobody's. */
  | { type: 'end-stray'; tag: string; run: number | null }
  | { type: 'wait-backoff'; until: number }
  /** `level`: absent: error. */
  | { type: 'alert'; code: string; message: string; level?: 'warning' };

/** What a command is told. */
export type Reply =
  | { kind: 'accepted'; status: Status }
  /** A delete that took effect. */
  | { kind: 'gone' }
  /** A delete that has to wait for the stop under way. */
  | { kind: 'wait' }
  /** A delete of an instance that runs. */
  | { kind: 'refused'; status: Status };

/** What came of an event. */
export interface Transition {
  state: InstanceState;
  effects: Effect[];
  reply: Reply;
}
