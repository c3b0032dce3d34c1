import type { DecisionInputs } from '@llamactl/contract/decisions';
import type { LastExit, Status } from '@llamactl/contract/instance';
import type { Trigger } from '@llamactl/contract/trigger';
import type { RunNeed } from '../ports/machine-memory.ts';
import type { Moment } from '../ports/time.ts';
import type { Exit, LaunchPlan, ProcessIdentity } from '../ports/runs.ts';

/**
 * The data of an instance's lifecycle: its states, events and effects. Only `state-machine.ts` decides transitions.
 */

/** The cause of a start. After an early death, `command` and `demand` lead to `failed`, `boot` and `policy` to a retry. */
export type StartCause = 'command' | 'demand' | 'boot' | 'policy';

/** The data of one launch. Stored before the spawn, so that a crash in between leaves a trace. */
export interface Launch {
  /** Name of the engine. The settings may name another engine by the time this one ends. */
  engine: string;
  /** Random; part of the tag that identifies the run's processes. */
  nonce: string;
  /** The engine's API key for this run; `null`: the engine takes no key. */
  key: string | null;
  plan: LaunchPlan;
  /** Saved contexts with this key fit the engine; absent: the run keeps no context over its stop. */
  contextKey?: string;
  /** The memory that counts as held by the run; absent: unknown. Stored, because the model file may change or go. */
  memory?: RunNeed;
}

/** One launch of an engine, until none of its processes is left. */
export interface Run {
  /** Counts the instance's runs from 1. An event of another run is dropped. */
  number: number;
  cause: StartCause;
  /**
   * Whether a user requested this run, or an earlier run that it replaces. Such a run is started again after a reboot.
   */
  wantedByUser: boolean;
  launch: Launch | null;
  identity: ProcessIdentity | null;
  /** Milliseconds since the epoch. */
  startedAt: number | null;
  /** By `Clock.elapsed`, in the boot of `identity`. */
  readyAt: number | null;
  /**
   * How the run falls short of the requested GPU use, as words that continue `the engine …`; absent: no shortfall is
   * known. Stored, because the log lines that show it may be gone when another server adopts the run.
   */
  offload?: string;
  /**
   * Whether the run must restart for new settings. Stored together with those settings; absent: false. A boot begins a
   * due restart.
   */
  restartDue?: boolean;
}

/**
 * Phase of a start. `spawning`: the launch is stored, and a process may exist. `loading`: its pid is known. `restoring`: the
 * engine is ready, and its saved context is being restored.
 */
export type StartPhase = 'queued' | 'preparing' | 'spawning' | 'loading' | 'restoring';

/**
 * Phase of an ending. `withdrawing`: nothing was spawned. `spawning`: the process is ended as soon as its pid is known.
 * `saving`: the engine, which has no requests, saves its context.
 */
export type EndPhase = 'withdrawing' | 'spawning' | 'draining' | 'saving' | 'terminating' | 'killing';

/** How far the ending of a run has come. */
export interface Ending {
  phase: EndPhase;
  /** When draining or saving ends, by `Clock.elapsed`. */
  deadline: number;
  /** Time given to drain, milliseconds; absent: none, or unknown. */
  timeoutMs?: number;
}

/** The outcome of a stop. `cause` and `reason`: why llamactl stopped an unused run; absent: a user stopped it. */
export type Goal = { kind: 'stopped'; cause?: IdleCause; reason?: string } | { kind: 'failed'; reason: string };

/** Why llamactl ends an unused run: another instance needs its slot, or it was idle too long. */
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
      /** When the next start is due, by `Clock.elapsed`. */
      until: number;
      wantedByUser: boolean;
      /** Boot of the last run; `null`: unknown. */
      bootId: string | null;
    };

/** The state of an instance. Stored as a whole. */
export type InstanceState = StatusDetails & {
  /** Number of runs so far, which is the number of the newest run. */
  runs: number;
  /** Automatic restarts in a row. */
  restarts: number;
  lastExit: Omit<LastExit, 'cause'> | null;
};

/** The current restart policy, for events that may lead to a restart. */
export interface RestartTerms {
  autoRestart: boolean;
  /** -1: no limit. */
  maxRestarts: number;
  /** 0 ≤ jitter < 1. Passed in, so that the decision is pure. */
  jitter: number;
}

/** The end of a run with its cause in a sentence. */
export interface Ended {
  exit: Exit;
  reason: string;
  lines: string[];
}

/** Who caused an event: the fields of a trigger. Absent: unknown. They decide nothing. */
export type Author = Pick<Trigger, 'caller' | 'request_id'>;

/** Events of an instance. `run`: number of the run concerned. */
export type InstanceEvent = Moment &
  (
    | { type: 'start'; cause: 'command' | 'demand'; author?: Author }
    | { type: 'stop'; force: boolean; timeoutMs: number; author?: Author }
    | { type: 'restart'; force: boolean; timeoutMs: number; author?: Author }
    /** An update with `restart`: restarts a running engine now. */
    | { type: 'apply'; timeoutMs: number; author?: Author }
    | { type: 'delete' }
    | { type: 'granted'; run: number }
    | { type: 'prepared'; run: number; launch: Launch }
    | { type: 'spawned'; run: number; identity: ProcessIdentity }
    /** The launch was refused or failed; no process runs. */
    | { type: 'spawn-error'; run: number; reason: string; terms: RestartTerms }
    | { type: 'ready'; run: number }
    /** The saved context was restored, or it never will be. */
    | { type: 'context-restored'; run: number }
    /** `isCutShort`: the time ran out with requests in flight; absent: all have finished. */
    | { type: 'drained'; run: number; isCutShort?: boolean }
    /** The context was saved, or it never will be. */
    | { type: 'context-saved'; run: number }
    /** The engine ended, and no process of its tree is left. */
    | { type: 'exited'; run: number; ended: Ended; terms: RestartTerms }
    | { type: 'survived'; run: number; pids: readonly number[]; container?: string }
    /**
     * `leases`: those open at any moment since the first missed check. `still`: the engine shows no work. `seen`: both
     * observations, as the end of a sentence `the engine …`.
     */
    | { type: 'health-failed'; run: number; leases: number; still: boolean; seen: string }
    /** The run uses the GPUs less than requested. `shortfall`: see {@link Run.offload}. */
    | { type: 'offload-short'; run: number; shortfall: string }
    | { type: 'stalled'; run: number; seconds: number }
    /** The start cannot succeed, because another process has the port. `reason`: says so in a sentence. */
    | { type: 'port-taken'; run: number; reason: string }
    /** `idleSeconds`: how long the run was unused, `neededBy`: name of the instance that needs the slot or memory, if that is the cause. */
    | { type: 'evict'; leases: number; pinned: boolean; cause: IdleCause; idleSeconds?: number; neededBy?: string }
    /** The engine reported, before it read weights, that it needs more memory than it may have. */
    | { type: 'does-not-fit'; run: number; reason: string }
    | { type: 'backoff-over' }
    /**
     * `leases`: those that the previous server, which is still alive, holds. `stopTimeoutMs`: for a due restart that
     * has not begun.
     */
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
    /** Boot found a stray: a process with this instance's tag that belongs to no current run. */
    | { type: 'found-stray'; tag: string; pids: readonly number[] }
  );

/** Work that the state machine requests. Each effect results in at most one event. */
export type Effect =
  | { type: 'request-slot'; run: number }
  /** The instance was found alive and already occupies a slot. */
  | { type: 'take-slot' }
  /** Also withdraws a queued slot request. */
  | { type: 'release-slot' }
  /** Nothing was spawned: reports `exited` at once. */
  | { type: 'withdraw'; run: number }
  | { type: 'prepare'; run: number }
  | { type: 'spawn'; run: number; launch: Launch }
  | { type: 'adopt'; run: number; launch: Launch; identity: ProcessIdentity }
  | { type: 'await-ready'; run: number }
  /** Results in `context-restored` at `until` at the latest, by `Clock.elapsed`; also below. */
  | { type: 'restore-context'; run: number; until: number }
  | { type: 'watch-health'; run: number }
  | { type: 'look-at-offload'; run: number }
  | { type: 'drain'; run: number; until: number }
  /** Results in `context-saved` at `until` at the latest. */
  | { type: 'save-context'; run: number; until: number }
  /** Breaks the requests still in flight. `died`: the engine exited by itself, and the instance restarts. */
  | { type: 'close-leases'; run: number; died?: true }
  | { type: 'terminate'; run: number }
  | { type: 'kill'; run: number }
  /** `run`: the run whose end to report; `null`: none. */
  | { type: 'end-stray'; tag: string; run: number | null }
  | { type: 'wait-backoff'; until: number }
  /** `level`: absent: error. */
  | { type: 'alert'; code: string; message: string; level?: 'warning' };

/** The answer to a posted event. */
export type Reply =
  | { kind: 'accepted'; status: Status }
  /** A delete that took effect. */
  | { kind: 'gone' }
  /** A delete that must wait for the stop under way. */
  | { kind: 'wait' }
  /** A delete is refused, because the instance has a run. */
  | { kind: 'refused'; status: Status };

/** A decision of the restart policy, with its inputs. */
export type RestartVerdict = DecisionInputs<'restart'>;

/** The result of an event. */
export interface Transition {
  state: InstanceState;
  effects: Effect[];
  reply: Reply;
  /** Absent: the restart policy was not asked. */
  verdict?: RestartVerdict;
}
