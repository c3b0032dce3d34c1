import type { CreateInstance, OptionValue } from '@llamactl/contract/instance';
import type { LogItem, LogLevel, Logs } from '@llamactl/contract/logs';
import type { Stats } from '@llamactl/contract/stats';
import type { Alert } from '@llamactl/contract/system';
import type { DomainEvent } from '@llamactl/contract/events';
import type { ErrorCode, Problem } from '@llamactl/contract/errors';
import type { InstanceState } from './life/lifecycle.ts';
import type { EngineOptions } from './ports/engine-options.ts';
import type { ContainerCommand, Exit, LaunchPlan, ProcessIdentity, RunContainer, Whereabouts } from './life/process.ts';

export type { ContainerCommand, Exit, LaunchPlan, ProcessIdentity, RunContainer, Whereabouts };

/** Interfaces through which the domain uses the outside. Adapters implement them; `app.ts` passes them in. */

// ── Time ────────────────────────────────────────────────────────────────────────────────────────

/** The only source of time. */
export interface Clock {
  /** Milliseconds since the epoch, for timestamps that are shown or stored. This clock may be set at any time. */
  now(): number;
  /**
   * Whole milliseconds from an arbitrary origin, for durations and deadlines. This clock cannot be set, and all processes
   * of one boot of the machine share it. It may stand still while the machine sleeps.
   */
  elapsed(): number;
  /** Calls `callback` after `milliseconds`; the returned function cancels. A pending timer does not keep the process alive. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Calls `callback` in a later turn of the event loop, after pending I/O. */
  nextTurn(callback: () => void): void;
}

/** The only source of random values. */
export interface Randomness {
  /** Unguessable, lower-case hexadecimal, `bytes` × 2 characters. */
  token(bytes: number): string;
  /** 0 ≤ fraction < 1. */
  fraction(): number;
}

// ── What is stored ──────────────────────────────────────────────────────────────────────────────

/** The settings of an instance in the contract's shape. Defaults of optional settings are filled in when they are read. */
export interface Settings {
  engine: string;
  model_path?: string;
  options: Record<string, OptionValue>;
  extra_args: string[];
  environment: Record<string, string>;
  command?: string[];
  health_path?: string;
  aliases: string[];
  unlisted: boolean;
  auto_start: boolean;
  auto_restart?: boolean;
  max_restarts?: number;
  on_demand?: boolean;
  idle_timeout?: number;
  pinned?: boolean;
  group?: string;
  concurrency?: number;
  queue_limit?: number;
  upstream_model?: string;
  request_defaults?: JsonObject;
  request_strip?: string[];
  isolated?: boolean;
}

/** A JSON object. */
export type JsonObject = NonNullable<CreateInstance['request_defaults']>;

/** The identity and settings of an instance. */
export interface InstanceRecord {
  /** Names files and folders on disk. Unlike the name, it is never reused. */
  id: string;
  name: string;
  port: number;
  /** True when llamactl chose the port and may choose another. */
  portAssigned: boolean;
  settings: Settings;
  /** RFC 3339. */
  createdAt: string;
  updatedAt: string;
  /** Grows with each update; the `ETag`. */
  version: number;
}

/** One row of the store: an instance's record and state. */
export interface StoredInstance {
  record: InstanceRecord;
  state: InstanceState;
}

/** Durable storage. A write whose promise has resolved survives `kill -9` and power loss. */
export interface InstanceStore {
  /** Random and created with the data directory; distinguishes its processes from those of other data directories. */
  readonly dataDirId: string;
  /** All instances, oldest first. */
  load(): Promise<StoredInstance[]>;
  /**
   * Inserts or replaces an instance. Saves of one event-loop turn share one transaction; the last save of an id wins. The
   * events are stored in the same transaction: with the instance or not at all.
   */
  save(instance: StoredInstance, events?: readonly KeptEvent[]): Promise<void>;
  remove(id: string, events?: readonly KeptEvent[]): Promise<void>;
}

/** A write came after the store was closed, and stored nothing. Another process may own the store by now. */
export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';
  override readonly message = 'The store is closed; nothing was stored.';
}

/** Another program has locked the store for too long, and nothing was stored. */
export class StoreBusy extends Error {
  override readonly name = 'StoreBusy';

  /** @param file The store's file. */
  constructor(file: string) {
    super(`${file} could not be written (another program holds its lock); nothing was stored.`);
  }
}

/** An event with its number in the replay. */
export interface KeptEvent {
  /** Grows with every kept event, also across restarts; no two events share a number. */
  seq: number;
  /** RFC 3339. */
  timestamp: string;
  event: DomainEvent;
  /** Id of the event's instance; unlike a name it is never reused, and survives a delete. Never sent to clients. */
  instance?: string;
}

/** The newest events on disk, for listeners that reconnect. {@link InstanceStore} stores the events of a change. */
export interface ReplayStore {
  /** The kept events, oldest first, at most 1 000. */
  load(): Promise<KeptEvent[]>;
  /** Stores events that belong to no change of an instance: all of them or none. */
  append(events: readonly KeptEvent[]): Promise<void>;
  /**
   * Reserves event numbers that were never used, not even by a server that crashed before it stored its events. Needs no
   * space on the disk. Never throws: if the reservation cannot be stored, it returns one number at a time.
   *
   * @param least The lowest acceptable number.
   */
  takeNumbers(least: number): EventNumbers;
}

/** A range of numbers for new events. */
export interface EventNumbers {
  first: number;
  /** One more than the last. */
  end: number;
}

/**
 * Takes the events of the domain. Listeners get them strictly in the order of `seq`: an event published early waits for
 * those before it. So every kept event must be published or discarded. Methods must not throw and must not wait.
 */
export interface EventSink {
  /**
   * Gives an event its number at once. Store it together with its change, then publish it.
   *
   * @param instance Id of the event's instance.
   */
  keep(event: DomainEvent, instance?: string): KeptEvent;
  /** Sends the event to listeners. Call it when the event is stored, or when a change took effect without being stored. */
  publish(kept: KeptEvent): void;
  /** Drops the event, because its change did not take effect. */
  discard(kept: KeptEvent): void;
  /**
   * Keeps, stores and publishes an event that belongs to no change of an instance.
   *
   * @param at Time of the event, milliseconds since the epoch. Default: now.
   */
  emit(event: DomainEvent, instance?: string, at?: number): void;
}

/** Takes alerts, from the domain and from other parts of the server. Methods must not throw and must not wait. */
export interface AlertSink {
  /** Raises an alert, replacing one of the same code and instance. An identical alert changes nothing and sends no event. */
  raise(alert: Omit<Alert, 'raised_at'>): void;
  /** Clears an alert; one that is not raised is ignored. @param instance Name; left out: the alert is about the system. */
  clear(code: string, instance?: string): void;
}

// ── Engines ─────────────────────────────────────────────────────────────────────────────────────

/** Why a start cannot succeed, known before anything is spawned. */
export interface StartProblem {
  code: Extract<
    ErrorCode,
    'MODEL_NOT_FOUND' | 'ENGINE_NOT_FOUND' | 'PORT_IN_USE' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION'
  >;
  /** One sentence that names the file, or the variables that may not be set. */
  message: string;
  /** Set when {@link EngineAdapter.check} or its caller already warns of this problem when the settings are stored. */
  isWarnedOf?: true;
}

/** A problem in settings; its `code` decides the code of the response. */
export interface SettingsProblem extends Problem {
  code: Extract<ErrorCode, 'VALIDATION_ERROR' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION'>;
}

/** Drives one kind of engine. */
export interface EngineAdapter {
  /** Whether `model_path` must be given. */
  readonly needsModel: boolean;
  /**
   * Checks settings before they are stored. Returns every problem, up to `MOST_PROBLEMS`. Warnings refuse nothing.
   *
   * @param mostWarnings Most warnings about single words of the settings; then the check stops, and the last warning says so.
   */
  check(settings: Settings, mostWarnings?: number): Promise<{ problems: SettingsProblem[]; warnings: string[] }>;
  /** The options of the configured program. Never rejects. Takes as long as {@link learn}. */
  options(): Promise<EngineOptions>;
  /**
   * The stored options without the twins of `given`, so that the new spelling replaces them. Call it after `learn`: only
   * the engine's flags show which options are twins.
   */
  withoutTwins(stored: Settings, given: readonly string[]): Record<string, OptionValue>;
  /**
   * Reads what `plan` needs to know about the installed program, such as its flags. Await it before planning a launch.
   * Never rejects. Takes microseconds while the program is unchanged, else the time of its `--help`, which may be seconds.
   */
  learn(settings: Settings): Promise<void>;
  /** Whether `learn` has finished, even without success. Until then `plan` guesses; do not compare its plans. */
  isLearnt(settings: Settings): boolean;
  /** Makes the launch plan. Depends only on the record and on what was learnt; no side effects. */
  plan(record: InstanceRecord): LaunchPlan;
  /** Checks on the disk that everything the plan needs exists; `null`: no problem. */
  preflight(record: InstanceRecord, plan: LaunchPlan): Promise<StartProblem | null>;
  /** The cause of an exit in one sentence that names the file concerned, from the run's last lines of output. */
  reason(exit: Exit, lines: readonly string[], wasReady: boolean): string;
  /**
   * Paths under `/v1` where a POST computes an answer and changes nothing else. Such a request may be sent a second time
   * when the engine dies before it answers. Empty: the engine's paths are unknown.
   */
  readonly inferencePaths: ReadonlySet<string>;
  /** Signs that its runs work, besides those of every process and of the health check. */
  readonly signs: VitalSigns;
  /** Headers and paths by which callers of one engine reach each other. The gateway blocks them; `/proxy` (admins) does not. */
  readonly crossing: Crossing;
  /**
   * Compares the GPU use of a run, from the output of its start, with the request in its plan. `unclear`: the output does
   * not show it. A plan that requests no GPU is never short of one.
   */
  offload(plan: LaunchPlan, lines: readonly string[]): Offload;
}

/** Headers and paths by which callers of one engine reach each other's requests and answers. */
export interface Crossing {
  /** Names of request headers, in lower case. The gateway drops them. */
  headers: readonly string[];
  /**
   * Paths, in lower case. The gateway answers 404 to them and to everything below them. `/v1/x/*` closes only what is
   * below `/v1/x`.
   */
  paths: readonly string[];
  /** Single paths below the blocked ones that stay open. */
  except: readonly string[];
}

/** Signs that an engine works. */
export interface VitalSigns {
  /**
   * A path that the working part of the engine answers, with any status, as soon as it is free; `null`: the engine has no
   * such path. Another part may answer the health check without knowing whether the working part hangs.
   */
  workPath: string | null;
}

/** Outcome of a request to compute on GPUs. */
export type Offload =
  | { kind: 'as requested' }
  /** GPUs were not requested, or the engine could choose and chose none. */
  | { kind: 'not requested' }
  /** `shortfall`: the end of a sentence that begins with `the engine …`. */
  | { kind: 'less'; shortfall: string }
  /** GPUs were requested, and the output does not show their use; measure the run's GPU memory instead. */
  | { kind: 'unclear' };

/** The engines of this configuration. */
export interface Engines {
  /** `null`: no engine of this name is configured. */
  find(name: string): EngineAdapter | null;
  /** The names of all engines, for messages that list the choices. */
  names(): readonly string[];
}

/** The result of one HTTP probe of an engine's port. */
export type ProbeResult = 'ok' | 'loading' | 'error' | 'timeout' | 'closed';

/** HTTP to an engine on loopback. */
export interface EngineEndpoint {
  /**
   * Sends one health request over a new connection. `closed`: no process listens on the port. `loading`: 503. `error`: any
   * other status, or no HTTP. `timeout`: no answer within `timeoutMs`.
   */
  probe(target: EngineTarget, timeoutMs: number, signal?: AbortSignal): Promise<ProbeResult>;
}

/** Where an engine answers. */
export interface EngineTarget {
  port: number;
  healthPath: string;
  /** The run's random key, sent as a Bearer token; `null`: none. */
  key: string | null;
  /** The launch arguments keep the engine from reusing the prompt of one request for another. Absent: they do not. */
  isolated?: boolean | undefined;
  /** Proves that the run owns the port; left out: no proof is possible. */
  witness?: PortWitness;
}

/** Proves that a run owns its port. */
export interface PortWitness {
  /**
   * Names the socket on which the run listens; `null`: the run does not listen on its port. The same name before and after
   * a connection is opened proves that the run has accepted it. Takes microseconds. `unknown`: the system does not show it.
   */
  listener(): string | null;
  /** The same for another server of this machine and user. When it is out of date, the run counts as not listening. */
  held(): HeldListener | 'unknown' | null;
}

/** A listening socket in a process. */
export interface HeldListener {
  /** The link of its descriptor under `/proc`. */
  link: string;
  /** Target of the link while the process has the socket open: `socket:[INODE]`. */
  socket: string;
}

// ── Processes ───────────────────────────────────────────────────────────────────────────────────

/** Name of the file with a run's output, in the run's folder. */
export const RUN_LOG = 'log';

/** Name of the file with the log's size when a frozen run was woken because this process died. */
export const RUN_WOKEN = 'log.woken';

/** Names one run for the supervisor. */
export interface RunReference {
  /** `<data_dir id>.<instance id>.<nonce>`: the value of `LLAMACTL_RUN` in the engine's environment. */
  tag: string;
  /** The run's own folder, absolute. */
  folder: string;
  /** The container in which the engine runs, if the launched process is only a client. */
  container?: RunContainer;
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
  /** The engine's processes cannot be measured, as in a remote container; all but `logBytes` measures their client. */
  isBlind?: true;
}

/** Callbacks of a supervised run, each called at most once per `spawn` or `adopt`. */
export interface RunListener {
  /** The engine is dead *and* its tree is gone: no process of its group or tag, and no container, is left. */
  onGone(exit: Exit): void;
  /**
   * The run has survived SIGKILL for several seconds (uninterruptible I/O). `onGone` may still follow.
   *
   * @param container Name of its container, unless it is confirmed gone: the runtime may not answer.
   */
  onSurvives(pids: readonly number[], container?: string): void;
}

/** Starts, ends and watches processes on one machine. */
export interface Supervisor {
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
  /**
   * Whether the run owns the listening socket on `port`. `unknown`: the system does not show the owner. `no-answer`: the
   * runtime of the run's container does not answer, so the container or another process may own the socket.
   */
  ownsPort(run: RunReference, port: number): Promise<'ours' | 'foreign' | 'closed' | 'unknown' | 'no-answer'>;
  /**
   * A witness of the port of a ready run. `null`: no witness is possible, because the run is not watched or a process
   * outside of its tree holds the port, as with a container.
   */
  witness(run: RunReference, port: number): PortWitness | null;
  /** The listener on a port of this machine; `null`: the port is free. `description` names the process if it is known. */
  portHolder(port: number): Promise<{ pid: number | null; description: string } | null>;
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
  /**
   * Removes a folder of finished runs with its contents; a missing folder is ignored. A new folder created in its place
   * meanwhile stays.
   */
  discard(folder: string): Promise<void>;
  /** Removes the folders of old runs (named `<number>-…`) in `parent`, except the `newest` ones. */
  prune(parent: string, newest: number): Promise<void>;
  /** Removes every folder in `parent` whose name is not in `keep`. Resolves when their names are free again. */
  sweep(parent: string, keep: ReadonlySet<string>): Promise<Erasure>;
  /** Stops watching; engines live on. */
  close(): void;
}

/** Folders that are moved away and being erased. Their names can be used again already. */
export interface Erasure {
  /** Rejects when something cannot be removed; the next sweep retries it. */
  erased: Promise<void>;
}

/** Resources that a process group uses. */
export type RunStats = Omit<Stats, 'gpu_memory_usage'>;

/** Measures runs: the supervisor's figures and the output of GPU tools. */
export interface RunMeter {
  /** `null`: the engine is dead. */
  stats(run: RunReference): Stats | null;
}

// ── Output ──────────────────────────────────────────────────────────────────────────────────────

/** The log of one instance: the output of all its kept runs. */
export interface LogReference {
  /** Absolute: the folder that holds the folders of the instance's runs. */
  folder: string;
  /** The instance's name, for messages. */
  instance: string;
}

/** Selects lines of a log. */
export interface LogQuery {
  /** Number of lines: the first ones after `afterSeq`, or without it the last ones. `null` (only for `follow`): all. */
  lines: number | null;
  /** Lines of this level and above; `null`: all. */
  level: LogLevel | null;
  /** Only lines with a greater `seq`; `null`: no limit. */
  afterSeq: number | null;
}

/** Reads the output of runs. An engine appends to a file of its run, and every method here reads that file. */
export interface RunLogs {
  /** The last lines of a run's output, without control characters; empty when it wrote nothing. */
  tail(run: RunReference, lines: number): Promise<string[]>;
  /**
   * Bytes in the run's file; 0 without a file. Grows with output and shrinks with a rotation. Takes microseconds, because it
   * is called every few milliseconds while an engine loads.
   */
  size(run: RunReference): number;
  /**
   * Places a run at the end of the log. Await it before the spawn; the run's folder need not exist yet. Never rejects: if
   * the position cannot be written, it is derived from the files later.
   */
  begin(log: LogReference, run: RunReference): Promise<void>;
  /** Starts watching a run that writes: rotates its log and feeds followers. A second call has no effect. */
  attach(log: LogReference, run: RunReference): void;
  /** The run writes no more. Must also work for a run that was never attached. */
  detach(log: LogReference, run: RunReference): void;
  /** Reads the selected lines once. */
  read(log: LogReference, query: LogQuery): Promise<Logs>;
  /**
   * Yields the lines of {@link read}, then new lines in batches as they arrive. Ends when `signal` aborts or the log is
   * forgotten. It reads at the follower's pace and buffers nothing: if lines are dropped from the disk before a slow
   * follower reads them, it yields a gap.
   */
  follow(log: LogReference, query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogItem[]>;
  /** Ends the followers of a deleted instance. Does not remove its files. */
  forget(log: LogReference): void;
  /** Ends every follower and stops watching. */
  close(): void;
}
