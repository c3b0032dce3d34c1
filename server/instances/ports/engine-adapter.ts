import type { EngineOptionList, InstalledEngine, Parsed } from '@llamactl/contract/engine';
import type { ErrorCode, Problem } from '@llamactl/contract/errors';
import type { InstanceCapability, OptionValue } from '@llamactl/contract/instance';
import type { EngineTarget } from './engine-endpoint.ts';
import type { InstanceRecord, Settings } from './instance-record.ts';
import type { FittedProjection } from './memory-projection.ts';
import type { MemoryOptions } from './memory-options.ts';
import type { Exit, LaunchPlan } from './runs.ts';

/** The engines of this configuration. */
export interface Engines {
  /** `null`: no engine of this name is configured. */
  find(name: string): EngineAdapter | null;
  /** The names of all engines, for messages that list the choices. */
  names(): readonly string[];
  /**
   * Reads settings from a command line, a `docker run` or llama-swap models that a person pastes. Runs at most the help of the
   * configured program. @throws {ApiError} `VALIDATION_ERROR`: the text is none of these
   */
  parse(text: string): Promise<Parsed>;
}

/** Drives one kind of engine. */
export interface EngineAdapter {
  /** Whether `model_path` must be given. */
  readonly needsModel: boolean;
  /**
   * Checks settings before they are stored. Returns every problem, up to `MOST_PROBLEMS`. Warnings do not refuse the
   * settings.
   *
   * @param mostWarnings Most warnings about single words of the settings; then the check stops, and the last warning
   *   says so.
   */
  check(settings: Settings, mostWarnings?: number): Promise<{ problems: SettingsProblem[]; warnings: string[] }>;
  /** The options of the configured program. Never rejects. Takes as long as {@link learn}. */
  options(): Promise<EngineOptionList>;
  /** The configured program on this machine. Never rejects. Takes as long as {@link learn}. */
  installed(): Promise<InstalledEngine>;
  /**
   * The stored options without those that are other spellings of `given`, so that the new spelling replaces the old
   * one. Call it after `learn`: only the engine's flags show which options are the same.
   */
  withoutTwins(stored: Settings, given: readonly string[]): Record<string, OptionValue>;
  /**
   * Reads what `plan` needs to know about the installed program, such as its flags. Await it before planning a launch.
   * Never rejects. Takes microseconds while the program is unchanged; otherwise as long as its `--help`, which may take
   * seconds.
   */
  learn(settings: Settings): Promise<void>;
  /** Whether `learn` has finished, even without success. Until then `plan` guesses; do not compare its plans. */
  isLearnt(settings: Settings): boolean;
  /** Grows whenever something was learnt. While it stays the same, `plan` returns equal plans for a record. */
  learnings(): number;
  /** Makes the launch plan. Depends only on the record and on what was learnt; no side effects. */
  plan(record: InstanceRecord): LaunchPlan;
  /** Checks on the disk that everything the plan needs exists; `null`: no problem. */
  preflight(record: InstanceRecord, plan: LaunchPlan): Promise<StartProblem | null>;
  /**
   * Finds the cause of an exit in the run's last lines of output. Returns one sentence, which names the file concerned.
   */
  reason(exit: Exit, lines: readonly string[], wasReady: boolean): string;
  /**
   * Paths under `/v1` where a POST computes an answer and changes nothing else. Such a request may be sent a second time
   * when the engine dies before it answers. Empty: the engine's paths are unknown.
   */
  readonly inferencePaths: ReadonlySet<string>;
  /** Further signs that a run of this engine works, besides the activity of its processes and the health check. */
  readonly signs: VitalSigns;
  /** Headers and paths by which callers of one engine reach each other. The gateway blocks them; `/proxy` (admins) does not. */
  readonly crossing: Crossing;
  /**
   * Compares the GPU use that a run's output shows at its start with the request in its plan. `unclear`: the output
   * does not show the use. A plan that requests no GPU never falls short.
   */
  offload(plan: LaunchPlan, lines: readonly string[]): Offload;
  /** The options of a launch that decide how much memory it needs; `null`: llamactl does not know this engine's need. */
  memory(plan: LaunchPlan): MemoryOptions | null;
  /**
   * How many GPUs the program sees, if it computes by CUDA alone, so that `CUDA_VISIBLE_DEVICES` chooses among them; 0: it does not, or
   * the number is unknown. May run the program once. Never rejects. Absent: unknown.
   */
  readonly cudaGpus?: (plan: LaunchPlan) => Promise<number>;
  /** Reads from the lines of a start how much memory it will take; `null`: not reported yet. Absent: never reported. */
  readonly fitted?: (lines: readonly string[]) => FittedProjection | null;
  /** Which requests a launch answers, as far as its options decide it; `null`: llamactl does not know this engine. */
  serving(plan: LaunchPlan): Serving | null;
  /** Kinds of requests that the configuration names, for an engine that llamactl does not know. Absent: unknown. */
  readonly declared?: readonly InstanceCapability[];
  /** Asks a running engine which requests it answers. Never rejects; `null`: the engine does not say. */
  served(target: EngineTarget): Promise<Served | null>;
}

/** Which requests a launch answers. */
export interface Serving {
  embeddings: boolean;
  rerank: boolean;
  /** It loads a projector for images or sound. */
  projector: boolean;
  /** It has a chat template beside that of the model. */
  hasTemplate: boolean;
  /** It reads the chat template itself, so that it knows tools. */
  readsTemplates: boolean;
  /** Tokens of the whole context; `null`: not given, so the trained context, or less if that does not fit. */
  context: number | null;
  /** Among how many requests the context is divided. */
  contextShares: number;
  /** Most tokens of one request; `null`: no limit of its own. */
  mostContext: number | null;
  /** Requests that are computed at once. */
  slots: number;
}

/** Facts that a running engine reported. */
export interface Served {
  /** Tokens that one request may have. */
  context: number;
  slots: number;
  vision: boolean;
  audio: boolean;
}

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

/** A problem in settings. Its `code` is the error code of the response. */
export interface SettingsProblem extends Problem {
  code: Extract<ErrorCode, 'VALIDATION_ERROR' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION'>;
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
   * A path that the engine's working part answers as soon as it is free, with any status; `null`: the engine has none.
   * The health check does not replace it: another part may answer that without knowing whether the working part hangs.
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
