import type { Stats } from '@llamactl/contract/stats';

/** Starts, ends and watches runs on one machine. */
export interface Runs {
  /** Changes with every boot of the machine. */
  readonly bootId: string;
  /**
   * Launches an engine in its own session and group, writes its output to the run's log, and watches it from then on.
   * Resolves when its pid is known. If it rejects, the Error's message is a reason to show, nothing runs, and `onGone` is
   * never called.
   */
  spawn(
    run: RunReference,
    plan: LaunchPlan,
    secrets: Record<string, string>,
    listener: RunListener,
  ): Promise<ProcessIdentity>;
  /** Finds out whether a stored run is alive. `identity` is null when llamactl died before it stored the pid. */
  inspect(run: RunReference, identity: ProcessIdentity | null): Promise<Inspection>;
  /** Watches a run that `inspect` found alive. */
  adopt(run: RunReference, identity: ProcessIdentity, listener: RunListener): void;
  /**
   * Ends a run: SIGTERM to the group, again after 3 s, SIGKILL after 2 s more, then to every process left with the tag.
   * Reports through the listener.
   */
  terminate(run: RunReference): void;
  /** SIGKILL now; escalates a `terminate` under way. */
  kill(run: RunReference): void;
  /** `null`: the engine is dead. */
  stats(run: RunReference): RunStats | null;
  progress(run: RunReference): Progress | null;
  /** The run's processes, as last seen; empty when the engine is dead. */
  pids(run: RunReference): number[];
  /**
   * Suspends every process of the run that may write to its log, runs `step`, and resumes them, even if this process dies
   * in between. Resolves to false without calling `step` when they cannot be suspended.
   *
   * @throws {Error} what `step` throws
   */
  whileFrozen(run: RunReference, step: () => Promise<void>): Promise<boolean>;
  /** Strays: tags of living processes of this data directory that are not in `known`, each with its pids. */
  strays(known: ReadonlySet<string>): Promise<{ tag: string; pids: number[] }[]>;
  /** Ends every process that carries `tag`, SIGTERM first. Resolves when none is left. */
  endStray(tag: string): Promise<void>;
}

/** Names one run for the supervisor. */
export interface RunReference {
  /** `<data_dir id>.<instance id>.<nonce>`: the value of `LLAMACTL_RUN` in the engine's environment. */
  tag: string;
  /** The run's own folder, absolute. */
  folder: string;
  /** The container in which the engine runs, if the launched process is only a client. */
  container?: RunContainer;
}

/** Callbacks of a supervised run, each called at most once per `spawn` or `adopt`. */
export interface RunListener {
  /** The engine is dead *and* its tree is gone: neither a process of its group or tag nor a container is left. */
  onGone(exit: Exit): void;
  /**
   * The run has survived SIGKILL for several seconds (uninterruptible I/O). `onGone` may still follow.
   *
   * @param container Name of its container, unless it is confirmed gone: the runtime may not answer.
   */
  onSurvives(pids: readonly number[], container?: string): void;
}

/** The result of inspecting a stored run at boot. */
export type Inspection =
  | { found: 'alive'; identity: ProcessIdentity }
  /** `spawned`: traces show that the engine was launched. */
  | { found: 'dead'; exit: Exit; spawned: boolean; rebooted: boolean };

/** Measurements that distinguish a slow run from a stuck one: at least one of them changes while an engine loads. */
export interface Progress {
  logBytes: number;
  memoryBytes: number;
  cpuTicks: number;
  readBytes: number;
  /**
   * Set if the engine's processes cannot be measured, as in a remote container: then all but `logBytes` is measured on
   * their client.
   */
  isBlind?: true;
}

/** Resources that a process group uses. */
export type RunStats = Omit<Stats, 'gpu_memory_usage' | 'gpus'>;

/** Everything that decides how an engine is launched. Equal plans launch the same engine. Holds no secret of llamactl. */
export interface LaunchPlan {
  /** Absolute path, or a name to look up on PATH. */
  command: string;
  argv: string[];
  /** Added to the few variables that engines inherit. */
  environment: Record<string, string>;
  /** Variables by which the engine gets the GPU that a start chose for it. Two plans may differ only in them; absent: none. */
  gpuVariables?: Readonly<Record<string, string>>;
  /** Environment variable for the run's random key; `null`: none. */
  keyVariable: string | null;
  /** Positions in `argv` where the spawn replaces `${API_KEY}` by the key of the run; absent: none. */
  keyArguments?: number[];
  port: number;
  /** Path that answers 200 when the engine is ready. */
  healthPath: string;
  /** Whether the arguments keep the engine from reusing the prompt of one request for another. Absent: false. */
  isolated?: true;
  /** Set when the engine can save and restore its context. */
  context?: ContextPlan;
  /** Set when the command makes a container runtime run the engine. */
  container?: ContainerCommand;
}

/** How a launch can keep its context over a stop. */
export interface ContextPlan {
  /** The engine reads and writes contexts in this folder, which must exist. */
  folder: string;
  /** The files that decide the context: the model with all its parts, adapters, projectors. */
  files: string[];
  /** Index in argv of the flag that gives the engine this folder. The folder follows it. */
  at: number;
}

/** Words of argv that give an engine its folder for contexts: the flag, and the folder. */
export const FOLDER_WORDS = 2;

/** A command such as `docker run …`. Its process is only a client; the engine runs in the container. */
export interface ContainerCommand {
  /** Words before `run`, such as `--context other`. */
  leading: string[];
  /** Index in argv at which the options of `run` begin. */
  at: number;
  /** The container name that the command gives; `null`: llamactl chooses the name. */
  name: string | null;
  /** Whether the command itself decides if the container is removed when it has ended. */
  saysWhatRemains: boolean;
}

/** The container of a run, with what is needed to query its runtime. */
export interface RunContainer {
  /** The runtime's program. */
  command: string;
  leading: readonly string[];
  name: string;
  /** Added to the few variables that engines inherit. It may hold the address of the runtime. */
  environment: Record<string, string>;
}

/** Identifies one process unambiguously: pids are reused, but not together with start time and boot. */
export interface ProcessIdentity {
  pid: number;
  /** Field 22 of `/proc/PID/stat`, clock ticks since boot. */
  startTicks: number;
  bootId: string;
  /** The process group, which is the wrapper's pid. */
  group: number;
}

/** Living processes with the identifier of a data directory, and where their run folders are. */
export interface Whereabouts {
  /** `both`: some in that directory, some elsewhere. `unclear`: nothing shows where. `none`: no such processes. */
  location: 'here' | 'elsewhere' | 'both' | 'unclear' | 'none';
  pids: readonly number[];
  /**
   * Identifier of the processes whose run folders are in that directory, preferably the requested one; `null`: no such
   * processes.
   */
  idHere: string | null;
}

/** How an engine ended. */
export interface Exit {
  /** 128 + n for signal n; `null`: unknown. */
  code: number | null;
  signal: string | null;
  /** Milliseconds since the epoch. */
  at: number;
}
