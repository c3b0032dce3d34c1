import { stat } from 'node:fs/promises';
import type { EngineAdapter, Exit, InstanceRecord, LaunchPlan, Settings, SettingsProblem } from '../instances/ports.ts';
import { containerCommand, DETACHED, isDetached } from './container-command.ts';
import { errorCode, errorText } from './error-text.ts';
import { exitText, launchFailure } from './exit-text.ts';
import { guardOfCustomFlag } from './guarded-flags.ts';
import { unknownArguments } from './option-arguments.ts';
import type { FindProgram } from './ports.ts';
import { guardProblems } from './settings-guard.ts';

/** How the configuration file says a custom engine is called; the caller of the API cannot change it. */
export interface CustomConfig {
  command: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  health_path: string;
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
const NOT_ISOLATED =
  'needs the engine llama_cpp: how another engine is kept from caching prompts is not known; use an option of that engine, such as --no-enable-prefix-caching of vLLM';
/** Python, and much else, ends a report of a failure with a line such as `ValueError: no such model`. */
const EXCEPTION = /^[\w.]*(?:Error|Exception)\b.*/;
const COMPLAINT = /\b(error|fatal|panic|failed|cannot|could not)\b/i;
// oxlint-disable-next-line no-control-regex -- the escape sequences of colours begin with a control character
const COLOUR = /\u001B\[[0-9;]*m/g;

/** Drives any program that speaks HTTP: nothing is known of it but how it is called and where it says that it is well. */
export function customEngine({ name, config, findProgram, searchPath, allowPrivileged }: CustomOptions): EngineAdapter {
  const commandOf = (settings: Settings): readonly string[] =>
    settings.command ?? (config === null ? [] : [config.command, ...config.args]);

  const check = (settings: Settings): { problems: SettingsProblem[]; warnings: string[] } => {
    const invalid = (path: string, message: string): SettingsProblem => ({ code: 'VALIDATION_ERROR', path, message });
    const command = commandOf(settings);
    const isModelUsed = [...command, ...settings.extra_args].some((argument) => argument.includes('${MODEL_PATH}'));
    return {
      problems: [
        ...guardProblems(settings, {
          allowPrivileged,
          catalogue: null,
          guardOf: guardOfCustomFlag,
          ownVariables: ['HOST', 'PORT'],
        }),
        ...(settings.isolated === true ? [invalid('isolated', NOT_ISOLATED)] : []),
        ...(command.length === 0 ? [invalid('command', `is required by the engine ${name}`)] : []),
        ...(isDetached(command[0] ?? '', command.slice(1)) ? [invalid('command', DETACHED)] : []),
        ...(isModelUsed && settings.model_path === undefined
          ? [invalid('model_path', 'is required: the command holds ${MODEL_PATH}')]
          : []),
      ],
      warnings: [],
    };
  };

  const plan = (record: InstanceRecord): LaunchPlan => {
    const { settings, port } = record;
    const fill = placeholders(record);
    const [command = '', ...args] = commandOf(settings).map(fill);
    const options = Object.entries(settings.options).flatMap(([key, value]) => unknownArguments(key, value));
    const container = containerCommand(command, args);
    return {
      command,
      argv: [...args, ...options, ...settings.extra_args.map(fill)],
      ...(container === null ? {} : { container }),
      environment: { ...config?.environment, ...settings.environment, HOST, PORT: String(port) },
      keyVariable: null,
      port,
      healthPath: settings.health_path ?? config?.health_path ?? '/health',
    };
  };

  const preflight: EngineAdapter['preflight'] = async ({ settings }, launch) => {
    try {
      await findProgram(launch.command, launch.environment['PATH'] ?? searchPath);
    } catch (error) {
      const where =
        settings.command === undefined ? `\`engines.${name}.command\` in the configuration` : 'its `command`';
      return { code: 'ENGINE_NOT_FOUND', message: `${errorText(error)}; correct ${where}` };
    }
    // What is no path may be a name that the engine itself resolves.
    const model = settings.model_path;
    const problem = model?.startsWith('/') ? await missing(model) : null;
    return problem === null ? null : { code: 'MODEL_NOT_FOUND', message: problem };
  };

  return {
    needsModel: false,
    check: (settings) => Promise.resolve(check(settings)),
    // Which spellings of an unknown program mean the same is not known.
    withoutTwins: ({ options }) => options,
    learn: async () => {},
    isLearnt: () => true,
    plan,
    preflight,
    reason: customReason,
    signs: { workPath: null },
    offload: () => ({ kind: 'not asked' }),
  };
}

/** Fills in `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}`, once: what is filled in is not looked at again. */
function placeholders({ name, port, settings }: InstanceRecord): (text: string) => string {
  const values = new Map([
    ['${HOST}', HOST],
    ['${PORT}', String(port)],
    ['${MODEL_PATH}', settings.model_path ?? ''],
    ['${NAME}', name],
  ]);
  return (text) => text.replace(/\$\{[A-Z_]+\}/g, (placeholder) => values.get(placeholder) ?? placeholder);
}

async function missing(file: string): Promise<string | null> {
  try {
    await stat(file);
    return null;
  } catch (error) {
    return errorCode(error) === 'ENOENT'
      ? `the model ${file} does not exist`
      : `the model ${file} cannot be opened: ${errorText(error)}`;
  }
}

/** The exit, and the line of the output that most likely tells why. */
function customReason(exit: Exit, output: readonly string[], wasReady: boolean): string {
  const failure = wasReady ? null : launchFailure(output);
  if (failure !== null) return failure;
  const ending = `the engine ${exitText(exit)}`;
  const lines = output.map((line) => line.replace(COLOUR, '').trim()).filter((line) => line !== '');
  // Of a running engine only the very end tells of its death.
  const told = wasReady ? lines.slice(-20) : lines;
  const cause =
    told.findLast((line) => EXCEPTION.test(line)) ?? told.findLast((line) => COMPLAINT.test(line)) ?? lines.at(-1);
  return cause === undefined ? `${ending} and wrote nothing` : `${ending}: ${cause}`;
}
