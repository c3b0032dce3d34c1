import type { CreateInstance, OptionValue } from '@llamactl/contract/instance';
import type { LogItem, LogLevel, Logs } from '@llamactl/contract/logs';
import type { Stats } from '@llamactl/contract/stats';
import type { Alert } from '@llamactl/contract/system';
import type { InstanceEvent } from '@llamactl/contract/events';
import type { ErrorCode, Problem } from '@llamactl/contract/errors';
import type { InstanceState } from './life/lifecycle.ts';
import type { ContainerCommand, Exit, LaunchPlan, ProcessIdentity, RunContainer, Whereabouts } from './life/process.ts';

export type { ContainerCommand, Exit, LaunchPlan, ProcessIdentity, RunContainer, Whereabouts };

/** What the domain needs of the outside. Adapters implement these; `app.ts` introduces them. */

// ── Time ────────────────────────────────────────────────────────────────────────────────────────

/** The only source of time. */
export interface Clock {
  /** Milliseconds since the epoch: for moments that people are told or that are stored. Somebody may set it. */
  now(): number;
  /**
   * Whole milliseconds from anywhere: for how long something takes, and what is due when. Nobody can set it, and in all
   * processes of one boot of the machine it is the same. It may stand still while the machine sleeps.
   */
  elapsed(): number;
  /** Calls `callback` after `milliseconds`; the returned function cancels. A pending timer does not keep the process alive. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Calls `callback` in a later turn of the event loop, when pending I/O has been looked at. */
  nextTurn(callback: () => void): void;
}

/** The only source of chance. */
export interface Randomness {
  /** Unguessable, lower-case hexadecimal, `bytes` × 2 characters. */
  token(bytes: number): string;
  /** 0 ≤ fraction < 1. */
  fraction(): number;
}

// ── What is stored ──────────────────────────────────────────────────────────────────────────────

/** The settings of an instance in the contract's own shape. What is optional here has its default when it is read. */
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

/** What a JSON body may hold. */
export type JsonObject = NonNullable<CreateInstance['request_defaults']>;

/** What a user made: identity and settings. */
export interface InstanceRecord {
  /** Names everything on disk; never reused, unlike the name. */
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

/** One row of the store: the record and where its life stands. */
export interface StoredInstance {
  record: InstanceRecord;
  state: InstanceState;
}

/** Durable memory. A resolved promise means: survives `kill -9` and power loss. */
export interface InstanceStore {
  /** Random, made with the data directory; marks our processes among those of other data directories. */
  readonly dataDirId: string;
  /** Oldest first. */
  load(): Promise<StoredInstance[]>;
  /**
   * Inserts or replaces. Saves of one event-loop turn share one transaction. A later save of an id wins over an earlier
   * one. The events are stored in the same transaction: with the instance or not at all.
   */
  save(instance: StoredInstance, events?: readonly KeptEvent[]): Promise<void>;
  remove(id: string, events?: readonly KeptEvent[]): Promise<void>;
}

/** It was asked for too late, and nothing was stored: another process may have the store by now. */
export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';
  override readonly message = 'The store is closed; nothing was stored.';
}

/** Another program has kept everybody from writing to the store for too long, and nothing was stored. */
export class StoreBusy extends Error {
  override readonly name = 'StoreBusy';

  /** @param file Of the store. */
  constructor(file: string) {
    super(`${file} could not be written (another program holds its lock); nothing was stored.`);
  }
}

/** An event with its place in the replay. */
export interface KeptEvent {
  /** Grows with every kept event, over restarts too; no two events share one. */
  seq: number;
  /** RFC 3339. */
  timestamp: string;
  event: InstanceEvent;
  /** Id of the instance that it is about: names are used again, and a deleted one leads nowhere. Never sent to anybody. */
  instance?: string;
}

/** The newest events on disk, for listeners that were away. Those of a change are stored with it, by the {@link InstanceStore}. */
export interface ReplayStore {
  /** Oldest first, at most 1 000. */
  load(): Promise<KeptEvent[]>;
  /** Keeps events that belong to no change of an instance. All of them are stored, or none. */
  append(events: readonly KeptEvent[]): Promise<void>;
  /**
   * Takes numbers for events, of which none was ever given, also not by a server that died before it could store what it told.
   * Needs no room on the disk. Never throws: where they cannot be taken for good it is one number, and the next is
   * asked for anew.
   *
   * @param least The lowest that will do.
   */
  takeNumbers(least: number): EventNumbers;
}

/** Numbers that events can be given. */
export interface EventNumbers {
  first: number;
  /** One more than the last. */
  end: number;
}

/**
 * Where the domain says what happened. Listeners hear of it strictly in the order of `seq`: one that is published early
 * waits for those before it. So what is kept has to be published or discarded, whatever happens. Must not throw and must
 * not wait.
 */
export interface EventSink {
  /**
   * Gives an event its place at once. To be stored with what it tells of, and published then.
   *
   * @param instance Id of the one that it is about.
   */
  keep(event: InstanceEvent, instance?: string): KeptEvent;
  /** Lets listeners hear of it: when it is stored, or could not be although it happened. */
  publish(kept: KeptEvent): void;
  /** It did not happen after all: nobody hears of it. */
  discard(kept: KeptEvent): void;
  /**
   * For what belongs to no change of an instance: it is kept, stored and published by this call.
   *
   * @param at Its moment, in milliseconds since the epoch. Default: now.
   */
  emit(event: InstanceEvent, instance?: string, at?: number): void;
}

/** Where the domain, and whoever finds something wrong, says what needs attention. Must not throw and must not wait. */
export interface AlertSink {
  /** Raises it, or replaces the one of the same code and instance; the same again changes nothing and tells nobody. */
  raise(alert: Omit<Alert, 'raised_at'>): void;
  /** It is over. One that is not raised is fine. @param instance Name; left out: the one of the whole system. */
  clear(code: string, instance?: string): void;
}

// ── Engines ─────────────────────────────────────────────────────────────────────────────────────

/** A start that cannot succeed, known before anything is spawned. */
export interface StartProblem {
  code: Extract<
    ErrorCode,
    'MODEL_NOT_FOUND' | 'ENGINE_NOT_FOUND' | 'PORT_IN_USE' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION'
  >;
  /** One sentence that names the file, or the variables that may not be set. */
  message: string;
  /** Whether {@link EngineAdapter.check} and its caller warn of the same problem when the settings are stored. */
  isWarnedOf?: true;
}

/** What is wrong with settings; `code` decides the answer's. */
export interface SettingsProblem extends Problem {
  code: Extract<ErrorCode, 'VALIDATION_ERROR' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION'>;
}

/** How one kind of engine is driven. */
export interface EngineAdapter {
  /** Whether `model_path` must be given. */
  readonly needsModel: boolean;
  /**
   * Judges settings before they are stored. Every problem, not only the first, up to `MOST_PROBLEMS`. Warnings do not refuse.
   *
   * @param mostWarnings Of what is looked up word by word; then checking stops, and the last warning says so.
   */
  check(settings: Settings, mostWarnings?: number): Promise<{ problems: SettingsProblem[]; warnings: string[] }>;
  /**
   * The stored options without those that `given` spells in another way (twins), so that the new spelling replaces them. To
   * be asked when the engine is learnt: only its flags say which are one.
   */
  withoutTwins(stored: Settings, given: readonly string[]): Record<string, OptionValue>;
  /**
   * Learns what `plan` has to know of the installed program, such as its flags. To be awaited before the plan of a launch.
   * Never rejects; takes microseconds while the program is the same, else as long as its `--help`, which may be seconds.
   */
  learn(settings: Settings): Promise<void>;
  /** Whether it was learnt, or found that it cannot be. Until then `plan` guesses, and nothing follows from how it differs. */
  isLearnt(settings: Settings): boolean;
  /** From settings to argv. Same input and same knowledge, same plan; touches nothing outside. */
  plan(record: InstanceRecord): LaunchPlan;
  /** Looks at the disk: is everything there that the plan needs? */
  preflight(record: InstanceRecord, plan: LaunchPlan): Promise<StartProblem | null>;
  /** The cause of an exit, from the run's last lines of output: one sentence with the file it was about. */
  reason(exit: Exit, lines: readonly string[], wasReady: boolean): string;
  /**
   * Paths under `/v1` where a POST computes an answer and changes nothing else. Such a request may be sent a second time
   * when the engine dies before it answers. Empty: nothing is known of the engine's paths.
   */
  readonly inferencePaths: ReadonlySet<string>;
  /** How its runs show that they work, beside what every process and its health check show. */
  readonly signs: VitalSigns;
  /** By what the callers of one engine reach each other. The gateway keeps it back; `/proxy`, for admins, passes it. */
  readonly crossing: Crossing;
  /**
   * What a run got less of the GPUs than its plan asks for, from the lines of its start; `unclear`: they do not tell. Only
   * for plans that ask: who wants no GPU hears nothing.
   */
  offload(plan: LaunchPlan, lines: readonly string[]): Offload;
}

/** By what the callers of one engine reach each other's requests and answers. */
export interface Crossing {
  /** Names of request headers, in lower case. The gateway drops them. */
  headers: readonly string[];
  /**
   * Paths, in lower case. The gateway answers 404 to them and to everything below them. `/v1/x/*` closes only what is
   * below `/v1/x`.
   */
  paths: readonly string[];
  /** Single paths below those that stay open. */
  except: readonly string[];
}

/** How an engine shows that it works. */
export interface VitalSigns {
  /**
   * A path that is answered, with any status, by the part of the engine that does the work, and not before that part is
   * free; `null`: there is none. The health check may be answered by another, which knows nothing of it.
   */
  workPath: string | null;
}

/** What became of a wish to compute on GPUs. */
export type Offload =
  | { kind: 'as asked' }
  /** Nobody asked, or the engine was left to decide and decided for none. */
  | { kind: 'not asked' }
  /** One sentence. */
  | { kind: 'less'; shortfall: string }
  /** It was asked for, and the output does not tell: then the memory that the run has on GPUs does. */
  | { kind: 'unclear' };

/** The engines of this configuration. */
export interface Engines {
  /** `null` when no engine of this name has life. */
  find(name: string): EngineAdapter | null;
  /** For the sentence that says what would work. */
  names(): readonly string[];
}

/** What an engine's HTTP port says to one probe. */
export type ProbeResult = 'ok' | 'loading' | 'error' | 'timeout' | 'closed';

/** HTTP to an engine on loopback. */
export interface EngineEndpoint {
  /**
   * One health request over a fresh connection. `closed`: nobody listens. `loading`: 503. `error`: any other status, or
   * no HTTP. `timeout`: no answer within `timeoutMs`.
   */
  probe(target: EngineTarget, timeoutMs: number, signal?: AbortSignal): Promise<ProbeResult>;
}

/** Where an engine answers. */
export interface EngineTarget {
  port: number;
  healthPath: string;
  /** The run's random key, sent as a Bearer token; `null`: none. */
  key: string | null;
  /** It was launched so that it does not use the prompt of one request for another. Absent: it was not. */
  isolated?: boolean | undefined;
  /** Proves whose the port is; left out: that cannot be proven. */
  witness?: PortWitness;
}

/** Proves whose a port is. */
export interface PortWitness {
  /**
   * Names the socket by which the run listens on its port; `null`: it does not. The same name before a connection is opened
   * and when it is open proves that the run has accepted it. Takes microseconds. `unknown`: the system does not tell.
   */
  listener(): string | null;
  /** The same for another server of this machine and user. It may go stale: then the run is taken for one that does not listen. */
  held(): HeldListener | 'unknown' | null;
}

/** A listening socket in a process. */
export interface HeldListener {
  /** The link of its descriptor under `/proc`. */
  link: string;
  /** What the link says as long as the process has it open: `socket:[INODE]`. */
  socket: string;
}

// ── Processes ───────────────────────────────────────────────────────────────────────────────────

/** Name of the file with a run's output, in the run's folder. */
export const RUN_LOG = 'log';

/** Name of the file with the log's size at the moment when a run was woken because this process died while it was frozen. */
export const RUN_WOKEN = 'log.woken';

/** Names one run for the supervisor. */
export interface RunReference {
  /** `<data_dir id>.<instance id>.<nonce>`: the value of `LLAMACTL_RUN` in the engine's environment. */
  tag: string;
  /** Absolute; the run's own. */
  folder: string;
  /** The engine is not the process that is launched, but in this container. */
  container?: RunContainer;
}

/** What boot finds of a stored run. */
export type Inspection =
  | { found: 'alive'; identity: ProcessIdentity }
  /** `spawned`: there are traces that the engine was once launched. */
  | { found: 'dead'; exit: Exit; spawned: boolean; rebooted: boolean };

/** Signs of life of a run, for telling slow from stuck: any of them moves while an engine loads. */
export interface Progress {
  logBytes: number;
  memoryBytes: number;
  cpuTicks: number;
  readBytes: number;
  /** The engine's own processes cannot be seen, as in a container elsewhere: all but `logBytes` is about its client. */
  isBlind?: true;
}

/** What a supervised run reports; each at most once per call of `spawn` or `adopt`. */
export interface RunListener {
  /** The engine is dead *and* nothing of its tree is left: neither in its group nor by its tag, nor its container. */
  onGone(exit: Exit): void;
  /**
   * SIGKILL was sent and did not end it for several seconds (uninterruptible I/O). `onGone` may still come.
   *
   * @param container Its name, if it is not seen to be gone: the runtime may not answer.
   */
  onSurvives(pids: readonly number[], container?: string): void;
}

/** Starts, ends and watches processes on one machine. */
export interface Supervisor {
  /** Changes with every boot of the machine. */
  readonly bootId: string;
  /**
   * Launches an engine in its own session and group, output into the run's log, and watches it from then on.
   * Resolves when its pid is known. Rejects with an Error whose message is a reason for people; then nothing runs and
   * `onGone` never comes.
   */
  spawn(
    run: RunReference,
    plan: LaunchPlan,
    secrets: Record<string, string>,
    listener: RunListener,
  ): Promise<ProcessIdentity>;
  /** Finds out what became of a stored run. `identity` is null when the pid was not stored before we died. */
  inspect(run: RunReference, identity: ProcessIdentity | null): Promise<Inspection>;
  /** Watches a run that `inspect` found alive. */
  adopt(run: RunReference, identity: ProcessIdentity, listener: RunListener): void;
  /** SIGTERM to the group, again after 3 s, SIGKILL after 2 s more, then whatever still carries the tag. Reports through the listener. */
  terminate(run: RunReference): void;
  /** SIGKILL now; escalates a `terminate` under way. */
  kill(run: RunReference): void;
  /**
   * Whether the listening socket on `port` is one of the run's. `unknown`: the system does not tell. `untold`: nor does the
   * runtime of its container, which may hold it; it may be another's as well.
   */
  ownsPort(run: RunReference, port: number): Promise<'ours' | 'foreign' | 'closed' | 'unknown' | 'no-answer'>;
  /**
   * A witness of the port of a run that is ready. `null`: the run has none, because it is not watched or its port is
   * held from outside of its tree, as that of a container.
   */
  witness(run: RunReference, port: number): PortWitness | null;
  /** Who listens on a port of this machine: `null`: it is free. `description` names the process where the system tells. */
  portHolder(port: number): Promise<{ pid: number | null; description: string } | null>;
  /** `null`: the engine is dead. */
  stats(run: RunReference): RunStats | null;
  progress(run: RunReference): Progress | null;
  /** The run's processes, as last seen; empty when the engine is dead. */
  pids(run: RunReference): number[];
  /**
   * Stops every process of the run that may write to its log, runs `step`, and lets them go on, also when this process
   * dies in between. Resolves to false, without a call of `step`, when they cannot be stopped.
   *
   * @throws {Error} what `step` throws
   */
  whileFrozen(run: RunReference, step: () => Promise<void>): Promise<boolean>;
  /** Tags of living processes of this data directory that are not in `known`, each with its pids. */
  strays(known: ReadonlySet<string>): Promise<{ tag: string; pids: number[] }[]>;
  /** Ends every process that carries `tag`, SIGTERM first. Resolves when none is left. */
  endStray(tag: string): Promise<void>;
  /**
   * Removes a folder of finished runs, with everything in it; one that is not there is fine. What is made in its place
   * meanwhile stays.
   */
  discard(folder: string): Promise<void>;
  /** Removes folders of old runs (named `<number>-…`) in `parent`, all but the `newest` ones. */
  prune(parent: string, newest: number): Promise<void>;
  /** Removes every folder in `parent` whose name is not in `keep`. Resolves when none of them is in the way any more. */
  sweep(parent: string, keep: ReadonlySet<string>): Promise<Erasure>;
  /** Stops watching; engines live on. */
  close(): void;
}

/** What is out of the way and takes its time to be gone: whoever makes something in its place may do so already. */
export interface Erasure {
  /** Rejects when something cannot be removed: it then goes with the next sweep. */
  erased: Promise<void>;
}

/** What a process group uses. */
export type RunStats = Omit<Stats, 'gpu_memory_usage'>;

/** Measures runs: the supervisor's figures, and what the GPUs' tools tell. */
export interface RunMeter {
  /** `null`: the engine is dead. */
  stats(run: RunReference): Stats | null;
}

// ── Output ──────────────────────────────────────────────────────────────────────────────────────

/** The log of one instance: the output of all its runs that are kept. */
export interface LogReference {
  /** Absolute: the folder that holds the folders of the instance's runs. */
  folder: string;
  /** For messages. */
  instance: string;
}

/** Which lines of a log. */
export interface LogQuery {
  /** How many; with `afterSeq` the first ones after it, else the last ones. `null` (only for `follow`): all. */
  lines: number | null;
  /** This level and above; `null`: all. */
  level: LogLevel | null;
  /** Only lines whose `seq` is greater; `null`: no matter. */
  afterSeq: number | null;
}

/** What runs wrote: the engine appends to a file of the run, and everything here reads that file. */
export interface RunLogs {
  /** The last lines of a run's output, cleaned of control characters; empty when there is none. */
  tail(run: RunReference, lines: number): Promise<string[]>;
  /**
   * Bytes in the run's file; 0 when there is none. It changes with output, and shrinks with a rotation. Costs microseconds:
   * it is asked every few milliseconds while an engine loads.
   */
  size(run: RunReference): number;
  /**
   * Gives a run its place in the log, behind everything that was written before. To be awaited before it is spawned; its
   * folder may not be there yet. Never rejects: where nothing can be written, the place is found again from the files.
   */
  begin(log: LogReference, run: RunReference): Promise<void>;
  /** A process writes from now on: the log is kept within its bounds, and whoever follows hears of it. Twice is fine. */
  attach(log: LogReference, run: RunReference): void;
  /** Nothing of the run writes any more. Must be heard also for a run that was never attached. */
  detach(log: LogReference, run: RunReference): void;
  /** Lines as they are now. */
  read(log: LogReference, query: LogQuery): Promise<Logs>;
  /**
   * The lines that {@link read} would give, then all that come, in bunches as they come. Ends when `signal` aborts or the
   * log is forgotten. It reads as fast as it is asked and keeps nothing: a follower that is so slow that lines are
   * dropped from the disk before it comes to them is told the gap.
   */
  follow(log: LogReference, query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogItem[]>;
  /** The instance is deleted: followers end. Its files are somebody else's business. */
  forget(log: LogReference): void;
  /** Ends every follower and watches nothing any more. */
  close(): void;
}
