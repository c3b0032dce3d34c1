import { MOST_PROBLEMS } from '@llamactl/contract/errors';
import { ENGINE_PATHS } from '@llamactl/contract/operations';
import { reasonOf } from '@llamactl/contract/reason';
import type { EngineAdapter, SettingsProblem, StartProblem } from '../instances/ports/engine-adapter.ts';
import type { InstanceRecord, Settings } from '../instances/ports/instance-record.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import type { Clock } from '../instances/ports/time.ts';
import { LLAMA_CPP_VARIABLES } from './allowed-environment.ts';
import { containerCommand, DETACHED, isDetached } from './container-command.ts';
import { engineOptions } from './engine-option-list.ts';
import { CudaPrograms } from './cuda-programs.ts';
import type { FlagCatalogue } from './flags.ts';
import { flagNames } from './launch-words.ts';
import type { FlagCatalogues, Launcher } from './flag-catalogue.ts';
import { guardOfFlag } from './guarded-flags.ts';
import { ModelFileCheck, modelFiles, modelParts } from './model-file.ts';
import { companionArguments } from './llama-cpp-companions.ts';
import { contextArguments, type ContextLaunch, contextObstacle, contextProblems } from './llama-cpp-context.ts';
import { LLAMA_CROSSING } from './llama-cpp-crossing.ts';
import { isolationArguments, isolationProblems } from './llama-cpp-isolation.ts';
import { llamaCppMemory, REPORTING_VERBOSITY } from './llama-cpp-memory.ts';
import { llamaCppFit } from './llama-cpp-projection.ts';
import { llamaCppServed, llamaCppServing } from './llama-cpp-serving.ts';
import { llamaCppOffload } from './llama-cpp-offload.ts';
import { llamaCppReason } from './llama-cpp-reason.ts';
import { extraArgumentWarnings, optionFaults } from './option-check.ts';
import { optionArguments, withoutTwins } from './option-arguments.ts';
import type { ReadText } from './endpoint.ts';
import type { EngineDevices } from './engine-devices.ts';
import type { FindProgram } from './engine-ports.ts';
import {
  environmentProblems,
  firstProblems,
  guardProblems,
  type VariableGuardTerms,
  variableObstacle,
} from './settings-guard.ts';

/** The launch settings of llama-server in the configuration file. */
export interface LlamaCppConfig {
  command: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
}

export interface LlamaCppOptions {
  config: LlamaCppConfig;
  catalogues: FlagCatalogues;
  findProgram: FindProgram;
  /** PATH of the environment that engines inherit. */
  searchPath: string;
  /** `security.allow_privileged`. */
  allowPrivileged: boolean;
  /** The folder for the context of an instance, by its id; `null`: no context is kept. */
  contextFolder: ((instance: string) => string) | null;
  /** Reads the properties of a running engine. */
  readText: ReadText;
  devices: EngineDevices;
  clock: Pick<Clock, 'after'>;
}

/** All flags for the verbosity of the engine. */
const VERBOSITY_FLAGS = ['lv', 'verbosity', 'log-verbosity', 'v', 'verbose', 'log-verbose'];
const VERBOSITY_VARIABLES = ['LLAMA_ARG_LOG_VERBOSITY', 'LLAMA_LOG_VERBOSITY'];
/** The engine's POST routes that compute, of those that callers reach. Without `/v1/chat/completions/control` and `/v1/streams/lookup`, which act on sessions. */
const INFERENCE_PATHS: ReadonlySet<string> = new Set([
  ...ENGINE_PATHS,
  '/v1/chat/completions',
  '/v1/chat/completions/input_tokens',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/responses',
  '/v1/responses/input_tokens',
  '/v1/rerank',
  '/v1/reranking',
  '/v1/audio/transcriptions',
]);

/** The adapter for llama-server, https://github.com/ggml-org/llama.cpp, measured on builds b10573 and b11669. */
export function llamaCpp({
  config,
  catalogues,
  findProgram,
  searchPath,
  allowPrivileged,
  contextFolder,
  readText,
  devices,
  clock,
}: LlamaCppOptions): EngineAdapter {
  const files = new ModelFileCheck();
  const cuda = new CudaPrograms({ clock, devices, learnings: () => catalogues.loads(), findProgram, searchPath });

  const launcherOf = ({ command }: Settings): Launcher => {
    const [program, ...args] = command ?? [];
    return program === undefined ? { command: config.command, args: config.args } : { command: program, args };
  };

  const variableTerms = (catalogue: FlagCatalogue | null): VariableGuardTerms => ({
    allowPrivileged,
    catalogue,
    variables: LLAMA_CPP_VARIABLES,
    readsFlagVariables: true,
  });

  const check: EngineAdapter['check'] = async (settings, mostWarnings = MOST_PROBLEMS) => {
    // Do not run a forbidden command, not even to read its flags.
    const launcher = launcherOf(allowPrivileged ? settings : { ...settings, command: [] });
    const { catalogue, warning } = await catalogues.load(launcher);
    const problems = firstProblems(settingsProblems(settings, variableTerms(catalogue)));
    const isGiven = Object.keys(settings.options).length + settings.extra_args.length > 0;
    const ofContext = contextWarnings(settings, contextLaunch(settings, catalogue));
    if (catalogue === null)
      return { problems, warnings: [...(isGiven ? [`options are not checked: ${warning}`] : []), ...ofContext] };
    return {
      problems,
      warnings: [...extraArgumentWarnings(settings.extra_args, catalogue, mostWarnings), ...ofContext],
    };
  };

  const contextLaunch = (settings: Settings, catalogue: FlagCatalogue | null): ContextLaunch => {
    const { command, args } = launcherOf(settings);
    return {
      launcherArguments: args,
      environment: { ...config.environment, ...settings.environment },
      catalogue,
      isContainer: containerCommand(command, args) !== null,
    };
  };

  const contextWarnings = (settings: Settings, launch: ContextLaunch): string[] => {
    if (settings.keep_context !== 'auto') return [];
    const obstacle = contextFolder === null ? '`contexts.max_total_mb` is 0' : contextObstacle(settings, launch);
    return obstacle === null ? [] : [`keep_context keeps nothing: ${obstacle}`];
  };

  const plan = ({ id, name, port, settings }: InstanceRecord): LaunchPlan => {
    const launcher = launcherOf(settings);
    const catalogue = catalogues.known(launcher);
    const environment = { ...config.environment, ...settings.environment };
    const container = containerCommand(launcher.command, launcher.args);
    const { model_path: model, options, extra_args: extra, health_path: healthPath } = settings;
    const isolation = isolationArguments(settings, catalogue);
    const folder = contextFolder?.(id) ?? null;
    const ofContext = folder === null ? [] : contextArguments(settings, contextLaunch(settings, catalogue), folder);
    const given = [...optionArguments(options, catalogue), ...extra];
    const beforeContext = [
      ...launcher.args,
      ...(model === undefined ? [] : ['--model', model]),
      ...companionArguments(settings, { argv: [...launcher.args, ...given], environment }, catalogue),
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--alias',
      name,
    ];
    const launch: LaunchPlan = {
      command: launcher.command,
      argv: [
        ...beforeContext,
        ...ofContext,
        ...(saysHowMuch([...launcher.args, ...extra], options, environment)
          ? []
          : ['--log-verbosity', String(REPORTING_VERBOSITY)]),
        ...given,
        // Isolation comes last, so that no other argument can turn it off.
        ...isolation,
      ],
      ...(isolation.length === 0 ? {} : { isolated: true }),
      ...(container === null ? {} : { container }),
      environment,
      keyVariable: 'LLAMA_API_KEY',
      port,
      healthPath: healthPath ?? '/health',
    };
    if (folder === null || ofContext.length === 0) return launch;
    const companions = modelFiles(launch, catalogue).map(({ file }) => file);
    const files = [...(model === undefined ? [] : modelParts(model)), ...companions];
    return { ...launch, context: { folder, files, at: beforeContext.length } };
  };

  const preflight = async ({ settings }: InstanceRecord, launch: LaunchPlan): Promise<StartProblem | null> => {
    try {
      await findProgram(launch.command, launch.environment['PATH'] ?? searchPath);
    } catch (error) {
      const where =
        settings.command === undefined ? '`engines.llama_cpp.command` in the configuration' : 'its `command`';
      const got =
        settings.command !== undefined || launch.command.includes('/') ? '' : ', or get one with `llamactl quickstart`';
      return {
        code: 'ENGINE_NOT_FOUND',
        message: `${reasonOf(error)}; set ${where} to the path of llama-server${got}`,
      };
    }
    const catalogue = catalogues.known(launcherOf(settings));
    const obstacle = variableObstacle(
      firstProblems(environmentProblems(settings.environment, variableTerms(catalogue))),
    );
    if (obstacle !== null) return obstacle;
    if (settings.model_path === undefined)
      return { code: 'MODEL_NOT_FOUND', message: 'the instance has no `model_path`' };
    const ofModel = await files.problem(settings.model_path);
    if (ofModel !== null) return { code: 'MODEL_NOT_FOUND', message: ofModel };
    for (const { file, subject } of modelFiles(launch, catalogue)) {
      const problem = await files.problem(file, subject);
      if (problem !== null) return { code: 'MODEL_NOT_FOUND', message: problem };
    }
    return null;
  };

  const options: EngineAdapter['options'] = async () => {
    const { catalogue, warning } = await catalogues.load(config);
    return catalogue === null
      ? { options: [], problem: warning }
      : { options: engineOptions(catalogue), problem: null };
  };

  const installed: EngineAdapter['installed'] = async () => {
    try {
      const program = await findProgram(config.command, searchPath);
      const [{ warning }, found] = await Promise.all([
        catalogues.load(config),
        devices.of({ command: program, args: config.args }),
      ]);
      return { program, version: catalogues.version(config), problem: warning, devices: found };
    } catch (error) {
      return { program: null, version: null, problem: reasonOf(error), devices: null };
    }
  };

  return {
    needsModel: true,
    check,
    options,
    installed,
    learn: (settings) => catalogues.learn(launcherOf(settings)),
    // The flags are needed only for translating options, for companions, for isolation and for contexts.
    isLearnt: (settings) =>
      (Object.keys(settings.options).length === 0 &&
        settings.companions === undefined &&
        settings.isolated !== true &&
        settings.keep_context !== 'auto') ||
      catalogues.isLearnt(launcherOf(settings)),
    learnings: () => catalogues.loads(),
    withoutTwins: (stored, given) => withoutTwins(stored.options, given, catalogues.known(launcherOf(stored))),
    plan,
    preflight,
    reason: llamaCppReason,
    inferencePaths: INFERENCE_PATHS,
    // The computing thread answers /slots between two batches; another thread answers /health, even when the first one hangs.
    signs: { workPath: '/slots' },
    crossing: LLAMA_CROSSING,
    offload: llamaCppOffload,
    memory: llamaCppMemory,
    // The launcher's arguments are before all others.
    cudaGpus: ({ command, argv }) => cuda.gpus({ command, args: argv.slice(0, Math.max(0, argv.indexOf('--model'))) }),
    fitted: llamaCppFit,
    serving: llamaCppServing,
    served: (target) => llamaCppServed(readText, target),
  };
}

/** All problems of settings, in order. A refused option has no second problem. */
function* settingsProblems(settings: Settings, terms: VariableGuardTerms): Generator<SettingsProblem> {
  const { catalogue } = terms;
  yield* guardProblems(settings, {
    ...terms,
    guardOf: (spelling) => guardOfFlag(spelling, catalogue),
    faultOf: optionFaults(catalogue),
  });
  const [program = '', ...argv] = settings.command ?? [];
  if (isDetached(program, argv)) yield { code: 'VALIDATION_ERROR', path: 'command', message: DETACHED };
  yield* isolationProblems(settings, catalogue);
  yield* contextProblems(settings);
}

function saysHowMuch(
  argumentList: readonly string[],
  options: Settings['options'],
  environment: Record<string, string>,
): boolean {
  const flags = flagNames(options, argumentList);
  return (
    VERBOSITY_FLAGS.some((flag) => flags.has(flag)) ||
    VERBOSITY_VARIABLES.some((variable) => environment[variable] !== undefined)
  );
}
