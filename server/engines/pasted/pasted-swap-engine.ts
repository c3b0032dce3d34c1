import type { DroppedText, ParsedSettings } from '@llamactl/contract/engine';
import type { JsonValue } from '@llamactl/contract/request-additions';
import { shellQuoted } from '../../../format/shell-words.ts';
import { isContainerRun } from './pasted-container.ts';
import type { PastedTerms } from './pasted-settings.ts';

/** A custom engine that runs a model of llama-swap whose program is no llama-server. */
export interface SwapEngine {
  /** Its section in `engines` of the configuration. */
  section: Record<string, JsonValue>;
  /** The model file that its command names; `null`: none, or one inside a container. */
  modelPath: string | null;
  /** Its variables, as the text has them. */
  variables: readonly string[];
}

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s;
const OWN_PLACEHOLDERS: ReadonlyMap<string, string> = new Map([
  ['--port', '${PORT}'],
  ['--host', '${HOST}'],
  ['--api-key', '${API_KEY}'],
]);
const MODEL_FLAGS = new Set(['-m', '--model']);
/** Programs that listen on all addresses without `--host`, each with the variable in which it takes a key. */
const LISTENING: readonly { program: RegExp; keyVariable?: string }[] = [
  { program: /(?:^|\/)vllm$|^vllm\.entrypoints\./, keyVariable: 'VLLM_API_KEY' },
  { program: /(?:^|\/)mlx_lm\.server$|^sglang\.launch_server$/ },
];
/** llama-swap waits for no endpoint then, which llamactl always does. */
const NO_ENDPOINT = 'none';

/**
 * Makes a custom engine of the command of a model.
 *
 * @param words The command, with `${PORT}` and without other macros.
 * @param terms `checkEndpoint` and `env` of the model.
 */
export function swapEngine(
  words: readonly string[],
  { checkEndpoint = NO_ENDPOINT, env }: { checkEndpoint: string | undefined; env: readonly string[] },
): SwapEngine {
  const first = words.findIndex((word) => !ASSIGNMENT.test(word));
  const [command = '', ...given] = words.slice(first);
  const isContainer = isContainerRun([command, ...given]);
  const { args, modelPath } = isContainer ? { args: containerArguments(given), modelPath: null } : ownArguments(given);
  const listening = isContainer
    ? undefined
    : LISTENING.find(({ program }) => [command, ...given].some((word) => program.test(word)));
  const hasFlag = (flag: string): boolean => args.some((word) => word === flag || word.startsWith(`${flag}=`));
  if (listening !== undefined && !hasFlag('--host')) args.push('--host', '${HOST}');
  const key = hasFlag('--api-key') ? undefined : listening?.keyVariable;
  const texts = [...words.slice(0, first), ...env];
  const variables = texts.flatMap((word) => {
    const [, name, value] = ASSIGNMENT.exec(word) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  const section = {
    kind: 'custom',
    command,
    args,
    ...(key !== undefined && { api_key_env: key }),
    ...(variables.length > 0 && { environment: Object.fromEntries(variables) }),
    ...(checkEndpoint.startsWith('/') && checkEndpoint !== '/health' && { health_path: checkEndpoint }),
  };
  return { section, modelPath, variables: texts };
}

/** Replaces address, key and model file by the placeholders of llamactl. */
function ownArguments(words: readonly string[]): Pick<SwapEngine, 'modelPath'> & { args: string[] } {
  const args: string[] = [];
  let modelPath: string | null = null;
  for (const word of words) {
    const [, flag = '', attached] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
    const before = attached === undefined ? args.at(-1) : flag;
    const value = attached ?? word;
    const isModel = MODEL_FLAGS.has(before ?? '') && value.startsWith('/');
    if (isModel) modelPath = value;
    const filled = isModel ? '${MODEL_PATH}' : (OWN_PLACEHOLDERS.get(before ?? '') ?? value);
    args.push(attached === undefined ? filled : `${flag}=${filled}`);
  }
  return { args, modelPath };
}

/** A container is published on loopback alone, and gets its name from llamactl. */
function containerArguments(words: readonly string[]): string[] {
  const named = words.indexOf('--name');
  return words
    .filter((word, at) => !word.startsWith('--name=') && (named === -1 || (at !== named && at !== named + 1)))
    .map((word) => word.replace(/^\$\{PORT\}:/, '127.0.0.1:${PORT}:'));
}

/** Engines that llamactl knows, whose names the configuration cannot give to others. */
const KNOWN_ENGINES = new Set(['llama_cpp', 'vllm', 'mlx', 'custom']);

/** The name of an engine for one instance. */
export function engineName(instance: string): string {
  return KNOWN_ENGINES.has(instance) ? `${instance}-engine` : instance;
}

/** The command that creates an instance of a custom engine. */
export function createCommand(
  { name = 'NAME', aliases = [], ...settings }: ParsedSettings,
  { modelPath }: Pick<SwapEngine, 'modelPath'>,
): string {
  const { idle_timeout: idle, group, pinned, unlisted, concurrency, upstream_model: upstream } = settings;
  const defaults = Object.entries(settings.request_defaults ?? {});
  const words = [
    'llamactl',
    'create',
    name,
    '--engine',
    engineName(name),
    ...(modelPath === null ? [] : ['-m', modelPath]),
    ...aliases.flatMap((alias) => ['--alias', alias]),
    ...(idle === undefined ? [] : ['--idle-timeout', String(idle)]),
    ...(group === undefined ? [] : ['--group', group]),
    ...(pinned === true ? ['--pinned'] : []),
    ...(unlisted === true ? ['--unlisted'] : []),
    ...(concurrency === undefined ? [] : ['--concurrency', String(concurrency)]),
    ...(upstream === undefined ? [] : ['--upstream-model', upstream]),
    ...defaults.flatMap(([key, value]) => [
      '--request-default',
      `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ]),
  ];
  return words.map(shellQuoted).join(' ');
}

/**
 * Says which llama-server the models of a configuration run. That of llamactl is the first one without a custom engine, or
 * the configured one if the models have it. Each other one needs a custom engine.
 *
 * @param programs The program of each model, by the name of the model.
 */
export function sharedPrograms(
  programs: ReadonlyMap<string, string>,
  { command: configured, engines = new Map(), catalogue }: Pick<PastedTerms, 'command' | 'engines' | 'catalogue'>,
): { configuration: Record<string, JsonValue>; dropped: DroppedText[] } {
  const models = Map.groupBy(programs.keys(), (model) => programs.get(model) ?? '');
  const present = new Map([...engines].map(([name, command]) => [command, name]));
  const all = [...models.keys()].filter((program) => !present.has(program));
  const main = all.find((program) => program === configured) ?? all[0] ?? '';
  const others = all.filter((program) => program !== main);
  const sections: Record<string, JsonValue> = {};
  const dropped: DroppedText[] = [];
  if (main.startsWith('/') && main !== configured) {
    sections[LLAMA_CPP] = { command: main };
    const isUnknown = catalogue === null;
    dropped.push({
      text: main,
      why: `\`engines.llama_cpp.command\` of the configuration: all instances of llama.cpp run it. ${isUnknown ? SET_FIRST : 'Set it before the import, which then knows its options'}`,
    });
  } else if (catalogue === null && main !== '') {
    dropped.push({
      text: main,
      why: `\`engines.llama_cpp.command\` of the configuration names no llama-server that runs. ${SET_FIRST}`,
    });
  }
  for (const program of others) {
    const name = freeName((each) => each in sections || engines.has(each));
    sections[name] = buildEngine(program);
    dropped.push({
      text: `${program} (${(models.get(program) ?? []).join(', ')})`,
      why: `is another build than that of \`engines.llama_cpp\`; \`engines.${name}\` of the configuration runs it. Set it before the import, which then uses it`,
    });
  }
  return { configuration: Object.keys(sections).length === 0 ? {} : { engines: sections }, dropped };
}

function freeName(isTaken: (name: string) => boolean): string {
  for (let count = 2; ; count += 1) if (!isTaken(`${LLAMA_CPP}_${count}`)) return `${LLAMA_CPP}_${count}`;
}

const LLAMA_CPP = 'llama_cpp';
const SET_FIRST = 'Set this first: the options of the models are checked after it';

/** The engine for another build of llama-server. */
function buildEngine(command: string): JsonValue {
  const args = ['--host', '${HOST}', '--port', '${PORT}', '-m', '${MODEL_PATH}'];
  return { kind: 'custom', command, args, api_key_env: 'LLAMA_API_KEY' };
}
