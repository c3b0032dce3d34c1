/** Data about an engine's process: its launch plan, identity and exit. */

/** Everything that decides how an engine is launched. Equal plans launch the same engine. Holds no secret of llamactl. */
export interface LaunchPlan {
  /** Absolute path, or a name to look up on PATH. */
  command: string;
  argv: string[];
  /** Added to the few variables that engines inherit. */
  environment: Record<string, string>;
  /** Environment variable for the run's random key; `null`: none. */
  keyVariable: string | null;
  /** Positions in `argv` where the spawn replaces `${API_KEY}` by the key of the run; absent: none. */
  keyArguments?: number[];
  port: number;
  /** Path that answers 200 when the engine is ready. */
  healthPath: string;
  /** The arguments keep the engine from reusing the prompt of one request for another. Absent: they do not. */
  isolated?: true;
  /** Set when the command makes a container runtime run the engine. */
  container?: ContainerCommand;
}

/** A command such as `docker run …`. Its process is only a client; the engine runs in the container. */
export interface ContainerCommand {
  /** Words before `run`, such as `--context other`. */
  leading: string[];
  /** Index in argv at which the options of `run` begin. */
  at: number;
  /** The container name that the command gives; `null`: llamactl chooses the name. */
  name: string | null;
  /** Whether the command itself sets the removal of the ended container. */
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
  /** `both`: some in that directory, some elsewhere. `unclear`: nothing shows it. `none`: no such processes. */
  location: 'here' | 'elsewhere' | 'both' | 'unclear' | 'none';
  pids: readonly number[];
  /** Identifier of processes whose run folders are in that directory, preferably the requested one; `null`: no such processes. */
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
