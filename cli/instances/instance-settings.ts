import type { CreateInstance, JsonValue, UpdateInstance } from '@llamactl/client';
import { OLLAMA_FIELDS, OLLAMA_OPTIONS } from '@llamactl/contract/ollama-options';
import path from 'node:path';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { SettingFlags } from './setting-flags.ts';
import { shellWords } from '../shell-words.ts';

/** Where the command line was typed. */
export interface Surroundings {
  /** The server runs on this machine and sees the same files. */
  isLocal: boolean;
  /** Absolute. */
  folder: string;
  home: string;
  environment: Readonly<Record<string, string | undefined>>;
  exists: (file: string) => boolean;
}

type Scalar = string | number | boolean;
type OptionValue = Scalar | (string | number)[];

/**
 * Turns flags into API settings; leaves out settings without a flag. An option or a request default without a value,
 * `threads=`, is `null`: it is unset.
 *
 * @param rest Arguments to pass to the engine unchanged.
 * @throws {Problem} for invalid values
 */
export function settingsOf(flags: SettingFlags, rest: readonly string[], surroundings: Surroundings): UpdateInstance {
  const { model, engine, port, option, env, alias, unlisted, autoStart, autoRestart } = flags;
  const { maxRestarts, engineCommand, healthPath, onDemand, idleTimeout, pinned, group } = flags;
  const said: UpdateInstance = {
    engine,
    model_path: model === undefined ? undefined : modelPath(model, engine, surroundings),
    port,
    options: option === undefined ? undefined : optionsOf(option),
    extra_args: rest.length === 0 ? undefined : [...rest],
    environment: env === undefined ? undefined : environmentOf(env, surroundings.environment),
    command: engineCommand === undefined ? undefined : shellWords(engineCommand),
    health_path: healthPath,
    aliases: alias,
    unlisted,
    auto_start: autoStart,
    auto_restart: autoRestart,
    max_restarts: maxRestarts,
    on_demand: onDemand,
    idle_timeout: idleTimeout,
    pinned,
    group,
    concurrency: flags.concurrency,
    queue_limit: flags.queueLimit,
    upstream_model: flags.upstreamModel,
    request_defaults: flags.requestDefault === undefined ? undefined : defaultsOf(flags.requestDefault),
    system_prompt: flags.systemPrompt,
    preset: flags.preset,
    isolated: flags.isolated,
    keep_context: flags.keepContext === undefined ? undefined : flags.keepContext ? 'auto' : 'off',
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** Merges two sets of settings as a JSON merge patch does; `above` wins. A named model and a model file exclude each other. */
export function merged<Body extends UpdateInstance>(given: Body, above: UpdateInstance): Body & UpdateInstance {
  const below = { ...given };
  if (above.model !== undefined) delete below.model_path;
  if (above.model_path !== undefined) delete below.model;
  const both = (key: 'options' | 'environment' | 'request_defaults'): object =>
    below[key] && above[key] ? { [key]: { ...below[key], ...above[key] } } : {};
  return { ...below, ...above, ...both('options'), ...both('environment'), ...both('request_defaults') };
}

/** Options and request defaults for a new instance: without those that a merge patch would remove. */
export function withoutNulls({
  options,
  request_defaults: defaults,
}: Pick<UpdateInstance, 'options' | 'request_defaults'>): Pick<CreateInstance, 'options' | 'request_defaults'> {
  const set = withoutNull(options ?? {});
  const fields = withoutNull(defaults ?? {});
  return {
    ...(Object.keys(fields).length === 0 ? {} : { request_defaults: fields }),
    ...(Object.keys(set).length === 0 ? {} : { options: set }),
  };
}

function withoutNull<Value>(values: Readonly<Record<string, Value | null>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

/** The merge patch that removes settings: `port`, `options.threads`, `environment.HF_HOME`. Also accepts flag names. */
export function unset(keys: readonly string[]): UpdateInstance {
  return keys.map(removal).reduce<UpdateInstance>(merged, {});
}

/** Settings whose flag has another name. */
const KEYS: Readonly<Record<string, string>> = {
  model: 'model_path',
  option: 'options',
  env: 'environment',
  alias: 'aliases',
  request_default: 'request_defaults',
  engine_command: 'command',
};

function removal(key: string): UpdateInstance {
  const [first = '', ...within] = key.split('.');
  const folded = first.replaceAll('-', '_');
  const setting = KEYS[folded] ?? folded;
  if (within.length === 0) return { [setting]: null };
  const inner = within.join('.');
  return { [setting]: { [setting === 'options' ? optionKey(inner) : inner]: null } };
}

/**
 * The absolute path of a model file on this machine. Returns the text unchanged for a server elsewhere, or a model that
 * is no file.
 */
export function modelPath(
  model: string,
  engine: string | undefined,
  { isLocal, folder, home, exists }: Surroundings,
): string {
  // Probably an unset variable of the shell. The path would be the folder itself.
  if (model === '') throw new Problem('--model is empty: give a model file', EXIT.usage);
  if (!isLocal) return model;
  const file = path.resolve(folder, model.replace(/^~(?=\/)/, home));
  // Other engines may accept model names, such as `org/model`.
  return engine === undefined || engine === 'llama_cpp' || exists(file) ? file : model;
}

/** Options of an engine from `key=value`; a key without a value is true, and one with an empty value `null`. */
export function optionsOf(given: readonly string[]): Record<string, OptionValue | null> {
  const all = Map.groupBy(given.map(optionOf), ([key]) => key);
  const entries = [...all].map(([key, pairs]): [string, OptionValue | null] => {
    const [first = null, ...more] = pairs.map(([, value]) => value);
    return [key, more.length === 0 ? first : [first, ...more].map((value) => listed(key, value))];
  });
  return Object.fromEntries(entries);
}

/** An item of a list. Lists have no booleans, so those become text. @throws {Problem} for a missing value */
function listed(key: string, value: Scalar | null): string | number {
  if (value === null) throw new Problem(`-o ${key}=: a list needs a value for each item`, EXIT.usage);
  return typeof value === 'boolean' ? String(value) : value;
}

function optionOf(text: string): [key: string, value: Scalar | null] {
  const at = text.indexOf('=');
  const key = at === -1 ? text : text.slice(0, at);
  if (key === '') throw new Problem(`-o ${text}: write an option as key=value, such as ctx_size=8192`, EXIT.usage);
  const value = text.slice(at + 1);
  return [optionKey(key), at === -1 ? true : value === '' ? null : scalarOf(value)];
}

function defaultsOf(given: readonly string[]): NonNullable<UpdateInstance['request_defaults']> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new Problem(`--request-default ${text}: write it as key=value, such as seed=1`, EXIT.usage);
      const [key, value] = [text.slice(0, at), text.slice(at + 1)];
      if (value !== '') refuseFieldOfOllama(key, value);
      return [key, jsonOf(value)];
    }),
  );
}

/** @throws {Problem} for a name that only Ollama's API has: engines ignore it in requests */
function refuseFieldOfOllama(key: string, value: string): void {
  const option = OLLAMA_OPTIONS.get(key);
  const field = OLLAMA_FIELDS.get(key);
  if (option === undefined && field === undefined) return;
  const remedy =
    option === undefined
      ? `its name in OpenAI's API is ${field}: --request-default ${field}=${value}`
      : `it is an option of the engine: -o ${option}=${value}`;
  throw new Problem(`--request-default ${key}: Ollama's name, which engines ignore in requests`, EXIT.usage, [remedy]);
}

/** Reads a value as JSON, else as text. Keeps the text of a number that has too many digits for JSON. */
function jsonOf(text: string): JsonValue {
  if (text === '') return null;
  try {
    const value = JSON.parse(text) as JsonValue;
    return typeof value === 'number' && !isExact(value) ? text : value;
  } catch {
    return text;
  }
}

/** Key of an option by its flag: `--ctx-size` is `ctx_size`. */
function optionKey(text: string): string {
  return text.replace(/^--?/, '').replaceAll('-', '_');
}

/** Converts a value to a boolean or a number. Keeps the text if the number would not reproduce it exactly. */
function scalarOf(text: string): Scalar {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return String(number) === text && Number.isFinite(number) && isExact(number) ? number : text;
}

function isExact(number: number): boolean {
  return !Number.isInteger(number) || Number.isSafeInteger(number);
}

function environmentOf(
  given: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    given.map((text): [string, string] => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      const value = environment[text];
      if (at === 0 || value === undefined) {
        throw new Problem(`-e ${text}: this variable is not set here; give it as NAME=value`, EXIT.usage);
      }
      return [text, value];
    }),
  );
}
