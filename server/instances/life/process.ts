/** What the domain knows of an engine's process: how it is launched, which one it is, how it ended. */

/** Everything that decides how an engine is launched; two equal plans launch the same engine. Holds no secret of ours. */
export interface LaunchPlan {
  /** Absolute path, or a name to be found on PATH. */
  command: string;
  argv: string[];
  /** Set on top of the few variables that engines inherit. */
  environment: Record<string, string>;
  /** Variable in which the engine takes the random key of the run; `null`: it takes none there. */
  keyVariable: string | null;
  /** Positions in `argv` where `${API_KEY}` stands for the key of the run; absent: none. It is filled at the spawn. */
  keyArguments?: number[];
  port: number;
  /** Answers 200 when the engine is ready. */
  healthPath: string;
  /** The arguments keep the engine from using the prompt of one request for another. Absent: they do not. */
  isolated?: true;
  /** Where the command only asks a container runtime to run the engine. */
  container?: ContainerCommand;
}

/** What is known of a command such as `docker run …`: its process is a client, and the engine's is elsewhere. */
export interface ContainerCommand {
  /** What stands before `run`: `--context other`. */
  leading: string[];
  /** Where in argv the options of `run` begin. */
  at: number;
  /** The name that the command gives the container; `null`: it is ours to give. */
  name: string | null;
  /** The command says itself whether the container is removed when it ends. */
  saysWhatRemains: boolean;
}

/** The container of a run: how its runtime is asked about it. */
export interface RunContainer {
  /** The runtime's program. */
  command: string;
  leading: readonly string[];
  name: string;
  /** On top of the few variables that engines inherit: the runtime may be told there where it listens. */
  environment: Record<string, string>;
}

/** A process that cannot be taken for another: pids are reused, these three together are not. */
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
  /** 128 + n for signal n; `null`: could not be learnt. */
  code: number | null;
  signal: string | null;
  /** Milliseconds since the epoch. */
  at: number;
}
