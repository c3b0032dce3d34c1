import type { EngineAdapter, InstanceRecord, LaunchPlan, Settings, StartProblem } from '../instances/ports.ts';
import { containerCommand, DETACHED, isDetached } from './container-command.ts';
import { errorText } from './error-text.ts';
import type { FlagCatalogue } from './flags.ts';
import { bareName } from './flags.ts';
import type { FlagCatalogues, Launcher } from './flag-catalogue.ts';
import { guardOfFlag } from './guarded-flags.ts';
import { isolationArguments, isolationProblems } from './llama-cpp-isolation.ts';
import { llamaCppOffload } from './llama-cpp-offload.ts';
import { llamaCppReason } from './llama-cpp-reason.ts';
import { modelFileProblem } from './model-file.ts';
import { extraArgumentWarnings, optionProblems, twinProblems } from './option-check.ts';
import { optionArguments, withoutTwins } from './option-arguments.ts';
import type { FindProgram } from './ports.ts';
import { guardProblems } from './settings-guard.ts';

/** How the configuration file says llama-server is called. */
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
}

/** Every setting of how much the engine says. */
const VERBOSITY_FLAGS = new Set(['lv', 'verbosity', 'log-verbosity', 'v', 'verbose', 'log-verbose']);
const VERBOSITY_VARIABLES = ['LLAMA_ARG_LOG_VERBOSITY', 'LLAMA_LOG_VERBOSITY'];
/** Flags whose value names GGUF files: one, several, or several with `:SCALE`. They are looked at as `model_path` is. */
const MODEL_FLAGS: ReadonlyMap<string, 'one' | 'list' | 'scaled'> = new Map([
  ['mmproj', 'one'],
  ['mm', 'one'],
  ['spec-draft-model', 'one'],
  ['model-draft', 'one'],
  ['md', 'one'],
  ['lora', 'list'],
  ['control-vector', 'list'],
  ['lora-scaled', 'scaled'],
  ['control-vector-scaled', 'scaled'],
]);

/** Drives llama-server, https://github.com/ggml-org/llama.cpp, measured on builds b10573 and b11669. */
export function llamaCpp({
  config,
  catalogues,
  findProgram,
  searchPath,
  allowPrivileged,
}: LlamaCppOptions): EngineAdapter {
  const launcherOf = ({ command }: Settings): Launcher => {
    const [program, ...args] = command ?? [];
    return program === undefined ? { command: config.command, args: config.args } : { command: program, args };
  };

  const check: EngineAdapter['check'] = async (settings) => {
    // A command that may not be run is not run to ask for its flags either.
    const launcher = launcherOf(allowPrivileged ? settings : { ...settings, command: [] });
    const { catalogue, warning } = await catalogues.load(launcher);
    const guards = guardProblems(settings, {
      allowPrivileged,
      catalogue,
      guardOf: (spelling) => guardOfFlag(spelling, catalogue),
    });
    const [program = '', ...argv] = settings.command ?? [];
    const detached: typeof guards = isDetached(program, argv)
      ? [{ code: 'VALIDATION_ERROR', path: 'command', message: DETACHED }]
      : [];
    const problems = [
      ...guards,
      ...detached,
      ...twinProblems(settings.options, catalogue),
      ...isolationProblems(settings, catalogue),
    ];
    const isGiven = Object.keys(settings.options).length + settings.extra_args.length > 0;
    if (catalogue === null) return { problems, warnings: isGiven ? [`options are not checked: ${warning}`] : [] };
    // Of a refused option nothing more needs to be said.
    const refused = new Set(problems.map(({ path }) => path));
    return {
      problems: [...problems, ...optionProblems(settings.options, catalogue).filter(({ path }) => !refused.has(path))],
      warnings: extraArgumentWarnings(settings.extra_args, catalogue),
    };
  };

  const plan = ({ name, port, settings }: InstanceRecord): LaunchPlan => {
    const launcher = launcherOf(settings);
    const catalogue = catalogues.known(launcher);
    const environment = { ...config.environment, ...settings.environment };
    const container = containerCommand(launcher.command, launcher.args);
    const { model_path: model, options, extra_args: extra, health_path: healthPath } = settings;
    const isolation = isolationArguments(settings, catalogue);
    return {
      command: launcher.command,
      argv: [
        ...launcher.args,
        ...(model === undefined ? [] : ['--model', model]),
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--alias',
        name,
        ...(saysHowMuch([...launcher.args, ...extra], options, environment) ? [] : ['--log-verbosity', '4']),
        ...optionArguments(options, catalogue),
        ...extra,
        // Behind all others: it must not be switched off by them.
        ...isolation,
      ],
      ...(isolation.length === 0 ? {} : { isolated: true }),
      ...(container === null ? {} : { container }),
      environment,
      keyVariable: 'LLAMA_API_KEY',
      port,
      healthPath: healthPath ?? '/health',
    };
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
        message: `${errorText(error)}; set ${where} to the path of llama-server${got}`,
      };
    }
    if (settings.model_path === undefined)
      return { code: 'MODEL_NOT_FOUND', message: 'the instance has no `model_path`' };
    for (const file of [settings.model_path, ...modelFiles(launch.argv, catalogues.known(launcherOf(settings)))]) {
      const problem = await modelFileProblem(file);
      if (problem !== null) return { code: 'MODEL_NOT_FOUND', message: problem };
    }
    return null;
  };

  return {
    needsModel: true,
    check,
    learn: (settings) => catalogues.learn(launcherOf(settings)),
    // What only options are translated by says nothing where there are none.
    isLearnt: (settings) =>
      (Object.keys(settings.options).length === 0 && settings.isolated !== true) ||
      catalogues.isLearnt(launcherOf(settings)),
    withoutTwins: (stored, given) => withoutTwins(stored.options, given, catalogues.known(launcherOf(stored))),
    plan,
    preflight,
    reason: llamaCppReason,
    // Answered by the thread that computes, between two batches; /health by another, also when that one stands still.
    signs: { workPath: '/slots' },
    offload: llamaCppOffload,
  };
}

function saysHowMuch(
  argumentList: readonly string[],
  options: Settings['options'],
  environment: Record<string, string>,
): boolean {
  const flags = [...argumentList.filter((argument) => argument.startsWith('-')), ...Object.keys(options)];
  return (
    flags.some((flag) => VERBOSITY_FLAGS.has(bareName(flag))) ||
    VERBOSITY_VARIABLES.some((variable) => environment[variable] !== undefined)
  );
}

/** The GGUF files beside the model that arguments name. */
function modelFiles(argv: readonly string[], catalogue: FlagCatalogue | null): string[] {
  return argv.flatMap((argument, index) => {
    const value = argv[index + 1];
    const kind = argument.startsWith('-') ? MODEL_FLAGS.get(bareName(argument)) : undefined;
    if (kind === undefined || value === undefined) return [];
    const entry = catalogue?.findArgument(argument)?.entry;
    const isList = entry === undefined ? kind !== 'one' : entry.separator === ',';
    return (isList ? value.split(',') : [value]).map((file) =>
      kind === 'scaled' ? file.replace(/:[^:/]*$/, '') : file,
    );
  });
}
