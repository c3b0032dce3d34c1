import type { CreateInstance, Instance, JsonValue } from '@llamactl/client';
import {
  FIELDS_OF_OLLAMA,
  isOllamaBlob,
  LOAD_MODE,
  LOAD_MODES,
  OLLAMA_FIELDS,
  OLLAMA_OPTIONS,
} from '@llamactl/contract/ollama-options';
import { quotedValue } from './modelfile-text.ts';

type Settings = Pick<Instance, 'name' | 'model' | 'model_path' | 'options' | 'request_defaults' | 'system_prompt'>;

const PARAMETER_OF_OPTION = swapped(OLLAMA_OPTIONS);
const PARAMETER_OF_FIELD = swapped(OLLAMA_FIELDS);
/** Options that are instructions of their own. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['lora', 'ADAPTER'],
  ['mmproj', 'FROM'],
]);

/**
 * The instruction for an option that names files; `undefined`: it names none. `mmproj: false` leaves a projector out, which a
 * Modelfile cannot say.
 */
export function fileWord(key: string, value: JsonValue): string | undefined {
  return typeof value === 'boolean' ? undefined : FILES.get(key);
}

function swapped(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...names].map(([ollama, here]) => [here, ollama]));
}

/** Parameters for which Ollama has a value that means its default. */
const DEFAULTS: ReadonlyMap<string, number> = new Map([
  ['max_tokens', -1],
  ['n_gpu_layers', -1],
  ['threads', 0],
]);

/** The settings that Ollama has for the model of an instance. */
export type OfModel = Pick<CreateInstance, 'system_prompt' | 'options' | 'request_defaults'>;

/**
 * An instance as a Modelfile of Ollama, line by line. Settings that a Modelfile cannot have are comments. `null`: the
 * instance has no model file.
 *
 * @param ofModel What an instance of the Modelfile begins with, if FROM names the model. `null`: nothing.
 */
export function modelfileOf(instance: Settings, ofModel: OfModel | null): string[] | null {
  const missing = ofModel === null ? [] : missingIn(instance, ofModel);
  const isAsNamed = missing.every((key) => DEFAULTS.has(key));
  const model = isAsNamed ? modelOf(instance) : (instance.model_path ?? null);
  if (model === null) return null;
  const { name, options, system_prompt: system } = instance;
  const files = Object.entries(options).flatMap(([key, value]) => {
    const word = fileWord(key, value);
    return word === undefined ? [] : listOf(value).map((file) => lineOf(word, textOf(file)));
  });
  return [
    `# The instance ${name} of llamactl. In Ollama: ollama create ${name} -f FILE`,
    ...(isAsNamed
      ? []
      : [`# ${modelOf(instance) ?? ''} has more settings in Ollama: ${missing.map(inOllama).join(', ')}`]),
    lineOf('FROM', model),
    ...files,
    ...parametersOf(instance),
    ...(isAsNamed ? missing.map((key) => `PARAMETER ${inOllama(key)} ${String(DEFAULTS.get(key))}`) : []),
    ...(system === undefined ? [] : [lineOf('SYSTEM', system)]),
    ...Object.entries(options)
      .filter(([key, value]) => fileWord(key, value) === undefined && parametersOfOption(key, value).length === 0)
      .map(([key, value]) => `# no counterpart: option ${key}=${oneLine(value)}`),
    ...Object.entries(instance.request_defaults)
      .filter(([key, value]) => !isParameter(key, value))
      .map(([key, value]) => `# no counterpart: request default ${key}=${oneLine(value)}`),
  ];
}

/** Settings of the model that the instance lacks, under our names. */
function missingIn(
  instance: Settings,
  { system_prompt: prompt, options = {}, request_defaults: defaults = {} }: OfModel,
): string[] {
  return [
    ...(prompt === undefined || instance.system_prompt !== undefined ? [] : ['system_prompt']),
    ...Object.keys(defaults).filter((key) => !(key in instance.request_defaults)),
    ...Object.keys(options).filter((key) => !(key in instance.options)),
  ];
}

/** The name of a setting in Ollama. */
export function inOllama(key: string): string {
  if (key === 'system_prompt') return 'SYSTEM';
  return PARAMETER_OF_OPTION.get(key) ?? PARAMETER_OF_FIELD.get(key) ?? (key === LOAD_MODE ? 'use_mmap' : key);
}

/** The parameters of an instance, as lines of a Modelfile. */
export function parametersOf({
  options,
  request_defaults: defaults,
}: Pick<Settings, 'options' | 'request_defaults'>): string[] {
  const ofOptions = Object.entries(options).flatMap(([key, value]) => parametersOfOption(key, value));
  const ofDefaults = Object.entries(defaults)
    .filter(([key, value]) => isParameter(key, value))
    .map(([key, value]): [string, JsonValue] => [PARAMETER_OF_FIELD.get(key) ?? key, value]);
  return [...ofOptions, ...ofDefaults].flatMap(([parameter, value]) =>
    listOf(value).map((each) => lineOf(`PARAMETER ${parameter}`, textOf(each))),
  );
}

/** The parameters of Ollama for an option; empty: Ollama has none. */
function parametersOfOption(key: string, value: JsonValue): [name: string, value: JsonValue][] {
  if (key === LOAD_MODE) return Object.entries(LOAD_MODES.get(textOf(value)) ?? {});
  const parameter = PARAMETER_OF_OPTION.get(key);
  return parameter === undefined ? [] : [[parameter, value]];
}

function isParameter(key: string, value: JsonValue): boolean {
  return FIELDS_OF_OLLAMA.has(key) && listOf(value).every((each) => each !== null && typeof each !== 'object');
}

function listOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? value : [value];
}

/** Ollama knows its own models by name, and other files by path. */
function modelOf({ model, model_path: file }: Settings): string | null {
  const [, name] = /^ollama:(.+)$/s.exec(model ?? '') ?? [];
  if (name !== undefined) return name;
  return model !== undefined && isOllamaBlob(file ?? '') ? model : (file ?? null);
}

function lineOf(word: string, value: string): string {
  const quoted = quotedValue(value);
  return quoted === null ? `# ${word} has quotes that a Modelfile cannot have: ${oneLine(value)}` : `${word} ${quoted}`;
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function oneLine(value: JsonValue): string {
  return JSON.stringify(value);
}
