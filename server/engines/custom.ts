import type { InstanceCapability } from '@llamactl/contract/instance';
import { codeOf, reasonOf } from '@llamactl/contract/reason';
import { stat } from 'node:fs/promises';
import type { Crossing, EngineAdapter, SettingsProblem, StartProblem } from '../instances/ports/engine-adapter.ts';
import type { InstanceRecord, Settings } from '../instances/ports/instance-record.ts';
import type { Exit, LaunchPlan } from '../instances/ports/runs.ts';
import { containerCommand, DETACHED, isDetached } from './container-command.ts';
import { ANY_ENGINE_VARIABLES } from './allowed-environment.ts';
import { filler, keyPlaces, placeholderProblem } from './custom-placeholders.ts';
import { deviceMemoryFailure } from './device-memory-failure.ts';
import { exitText, launchFailure } from './exit-text.ts';
import { guardOfCustomFlag, guardOfKeyFlag } from './guarded-flags.ts';
import { LLAMA_CROSSING } from './llama-cpp-crossing.ts';
import { unknownArguments } from './option-arguments.ts';
import type { FindProgram } from './engine-ports.ts';
import {
  environmentProblems,
  firstProblems,
  guardOfArgument,
  guardProblems,
  type GuardTerms,
  type VariableGuardTerms,
  variableObstacle,
} from './settings-guard.ts';

/** The launch settings of a custom engine in the configuration file; callers of the API cannot change them. */
export interface CustomConfig {
  command: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  health_path: string;
  /** Environment variable that passes the run's key to the engine; left out: no variable does. */
  api_key_env?: string | undefined;
  /** Kinds of requests that it answers; left out: unknown. */
  capabilities?: readonly InstanceCapability[] | undefined;
}

export interface CustomOptions {
  /** The engine's name in the configuration. */
  name: string;
  /** `null` for the engine `custom`, whose instances bring their own `command`. */
  config: CustomConfig | null;
  findProgram: FindProgram;
  /** PATH of the environment that engines inherit. */
  searchPath: string;
  /** `security.allow_privileged`. */
  allowPrivileged: boolean;
}

const HOST = '127.0.0.1';
/** The only values that an instance may give to a flag for the listening address. */
const PLACEHOLDERS_OF_ADDRESS: ReadonlySet<string> = new Set(['${HOST}', '${PORT}']);
/** Longer arguments are cut in messages. */
const LONGEST_WORD = 60;
/**
 * An engine gets one key, so it cannot tell the callers of `/v1` apart. All callers therefore share the objects that it
 * stores: OpenAI's stored objects, and adapters that vLLM loads on request. A custom engine may be a llama-server.
 */
const CUSTOM_CROSSING: Crossing = {
  headers: LLAMA_CROSSING.headers,
  paths: [
    ...LLAMA_CROSSING.paths,
    '/v1/assistants',
    '/v1/batches',
    '/v1/containers',
    '/v1/conversations',
    '/v1/files',
    '/v1/fine_tuning',
    '/v1/load_lora_adapter',
    '/v1/messages/batches',
    '/v1/threads',
    '/v1/unload_lora_adapter',
    '/v1/uploads',
    '/v1/vector_stores',
  ],
  except: LLAMA_CROSSING.except,
};
const NOT_ISOLATED =
  'needs the engine llama_cpp: llamactl cannot turn off the prompt cache of another engine; use an option of that engine, such as --no-enable-prefix-caching of vLLM';
const NOT_KEPT = 'needs the engine llama_cpp: llamactl cannot save the context of another engine';
/** Python and others end the report of a failure with a line such as `ValueError: no such model`. */
const EXCEPTION = /^[\w.]*(?:Error|Exception)\b.*/;
const COMPLAINT = /\b(error|fatal|panic|failed|cannot|could not)\b/i;
// oxlint-disable-next-line no-control-regex -- the escape sequences of colours begin with a control character
const COLOUR = /\u001B\[[0-9;]*m/g;

/** The adapter for any HTTP program, of which only the command and the health path are known. */
export function customEngine({ name, config, findProgram, searchPath, allowPrivileged }: CustomOptions): EngineAdapter {
  const keyVariable = config?.api_key_env ?? null;
  const commandOf = (settings: Settings): readonly string[] =>
    settings.command ?? (config === null ? [] : [config.command, ...config.args]);

  const hasKey = (settings: Settings): boolean =>
    keyVariable !== null || keyPlaces(commandOf(settings).slice(1)).length > 0;

  const variableTerms: VariableGuardTerms = {
    allowPrivileged,
    catalogue: null,
    variables: ANY_ENGINE_VARIABLES,
    readsFlagVariables: false,
    ownVariables: ['HOST', 'PORT', ...(keyVariable === null ? [] : [keyVariable.toUpperCase()])],
  };

  function* problemsOf(settings: Settings): Generator<SettingsProblem> {
    const invalid = (path: string, message: string): SettingsProblem => ({ code: 'VALIDATION_ERROR', path, message });
    const command = commandOf(settings);
    yield* guardProblems(settings, {
      ...variableTerms,
      guardOf: guardBeside(PLACEHOLDERS_OF_ADDRESS, hasKey(settings)),
      guardsResponseFiles: true,
    });
    for (const [index, argument] of settings.extra_args.entries()) {
      const problem = placeholderProblem(argument);
      if (problem !== null) yield invalid(`extra_args.${index}`, problem);
    }
    if (command.length === 0) yield invalid('command', `is required by the engine ${name}`);
    if (isDetached(command[0] ?? '', command.slice(1))) yield invalid('command', DETACHED);
    const isModelUsed = [...command, ...settings.extra_args].some((argument) => argument.includes('${MODEL_PATH}'));
    if (settings.isolated === true) yield invalid('isolated', NOT_ISOLATED);
    if (settings.keep_context === 'auto') yield invalid('keep_context', NOT_KEPT);
    if (isModelUsed && settings.model_path === undefined)
      yield invalid('model_path', 'is required: the command contains ${MODEL_PATH}');
  }

  const plan = (record: InstanceRecord): LaunchPlan => {
    const { settings, port } = record;
    const [command = '', ...args] = commandOf(settings).map(filler(record));
    const container = containerCommand(command, args);
    const keyArguments = keyPlaces(commandOf(settings).slice(1));
    return {
      command,
      argv: [...args, ...callersArguments(record)],
      ...(container === null ? {} : { container }),
      environment: { ...config?.environment, ...settings.environment, HOST, PORT: String(port) },
      keyVariable,
      ...(keyArguments.length === 0 ? {} : { keyArguments }),
      port,
      healthPath: settings.health_path ?? config?.health_path ?? '/health',
    };
  };

  const preflight: EngineAdapter['preflight'] = async (record, launch) => {
    const { settings } = record;
    const obstacle =
      variableObstacle(firstProblems(environmentProblems(settings.environment, variableTerms))) ??
      argumentObstacle(record, hasKey(settings), allowPrivileged);
    if (obstacle !== null) return obstacle;
    try {
      await findProgram(launch.command, launch.environment['PATH'] ?? searchPath);
    } catch (error) {
      const where =
        settings.command === undefined ? `\`engines.${name}.command\` in the configuration` : 'its `command`';
      return { code: 'ENGINE_NOT_FOUND', message: `${reasonOf(error)}; correct ${where}` };
    }
    // A value that is not a path may be a name that the engine resolves.
    const model = settings.model_path;
    const problem = model?.startsWith('/') ? await missing(model) : null;
    return problem === null ? null : { code: 'MODEL_NOT_FOUND', message: problem };
  };

  return {
    needsModel: false,
    check: (settings) => Promise.resolve({ problems: firstProblems(problemsOf(settings)), warnings: [] }),
    options: async () => ({ options: [], problem: `llamactl does not know the options of the engine ${name}` }),
    installed: async () => {
      if (config === null) return { program: null, version: null, problem: null, devices: null };
      try {
        return { program: await findProgram(config.command, searchPath), version: null, problem: null, devices: null };
      } catch (error) {
        return { program: null, version: null, problem: reasonOf(error), devices: null };
      }
    },
    // The options of the program are unknown, and so are their twins.
    withoutTwins: ({ options }) => options,
    learn: async () => {},
    isLearnt: () => true,
    learnings: () => 0,
    plan,
    preflight,
    reason: customReason,
    inferencePaths: new Set(),
    signs: { workPath: null },
    crossing: CUSTOM_CROSSING,
    offload: () => ({ kind: 'not requested' }),
    memory: () => null,
    serving: () => null,
    declared: config?.capabilities ?? [],
    served: async () => null,
  };
}

/** The guard of an engine's flags. The key's flag is guarded when the engine gets the run's key. */
function guardBeside(address: ReadonlySet<string>, hasKey: boolean): GuardTerms['guardOf'] {
  return (spelling, value) => (hasKey ? guardOfKeyFlag(spelling) : null) ?? guardOfCustomFlag(spelling, value, address);
}

/** The instance's own arguments, with placeholders filled in. */
function callersArguments(record: InstanceRecord): string[] {
  const { options, extra_args: extra } = record.settings;
  const written = Object.entries(options).flatMap(([key, value]) => unknownArguments(key, value));
  return [...written, ...extra.map(filler(record))];
}

/**
 * Why the arguments of a stored instance may not be used; `null`: they may. Checks the arguments as the engine would get
 * them, because a name or path in a placeholder can turn an argument into another flag.
 */
function argumentObstacle(record: InstanceRecord, hasKey: boolean, allowPrivileged: boolean): StartProblem | null {
  const words = callersArguments(record);
  const guardOf = guardBeside(new Set([HOST, String(record.port)]), hasKey);
  for (const [index, word] of words.entries()) {
    const guard = guardOfArgument(word, words[index + 1], guardOf);
    if (guard === null || (guard.guard === 'privileged' && allowPrivileged)) continue;
    const code = guard.guard === 'reserved' ? 'RESERVED_OPTION' : 'PRIVILEGED_OPTION';
    return { code, message: `the argument \`${word.slice(0, LONGEST_WORD)}\` ${guard.why}` };
  }
  return null;
}

async function missing(file: string): Promise<string | null> {
  try {
    await stat(file);
    return null;
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? `the model ${file} does not exist`
      : `the model ${file} cannot be opened: ${reasonOf(error)}`;
  }
}

/** Describes the exit, and quotes the output line that most likely has the cause. */
function customReason(exit: Exit, output: readonly string[], wasReady: boolean): string {
  const failure = wasReady ? null : launchFailure(output);
  if (failure !== null) return failure;
  const ending = `the engine ${exitText(exit)}`;
  const lines = output.map((line) => line.replace(COLOUR, '').trim()).filter((line) => line !== '');
  // If the engine was running, only the last lines are about its end.
  const candidates = wasReady ? lines.slice(-20) : lines;
  const cause =
    deviceMemoryFailure(lines) ??
    candidates.findLast((line) => EXCEPTION.test(line)) ??
    candidates.findLast((line) => COMPLAINT.test(line)) ??
    lines.at(-1);
  return cause === undefined ? `${ending} and wrote nothing` : `${ending}: ${cause}`;
}
