import type { Instance, JsonValue } from '@llamactl/client';
import { isOllamaBlob, OLLAMA_FIELDS, OLLAMA_OPTIONS, OLLAMA_SAME_FIELDS } from '@llamactl/contract/ollama-options';
import { quotedValue } from './modelfile-text.ts';

type Settings = Pick<Instance, 'name' | 'model' | 'model_path' | 'options' | 'request_defaults' | 'system_prompt'>;

const PARAMETER_OF_OPTION = swapped(OLLAMA_OPTIONS);
const PARAMETER_OF_FIELD = swapped(OLLAMA_FIELDS);
/** Options that are instructions of their own. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['lora', 'ADAPTER'],
  ['mmproj', 'FROM'],
]);

function swapped(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...names].map(([ollama, here]) => [here, ollama]));
}

/**
 * An instance as a Modelfile of Ollama, line by line. Settings that a Modelfile cannot have are comments. `null`: the
 * instance has no model file.
 */
export function modelfileOf(instance: Settings): string[] | null {
  const model = modelOf(instance);
  if (model === null) return null;
  const { name, options, system_prompt: system } = instance;
  const files = Object.entries(options).flatMap(([key, value]) => {
    const word = FILES.get(key);
    return word === undefined ? [] : listOf(value).map((file) => lineOf(word, textOf(file)));
  });
  return [
    `# The instance ${name} of llamactl. In Ollama: ollama create ${name} -f FILE`,
    lineOf('FROM', model),
    ...files,
    ...parametersOf(instance),
    ...(system === undefined ? [] : [lineOf('SYSTEM', system)]),
    ...Object.entries(options)
      .filter(([key]) => !FILES.has(key) && !PARAMETER_OF_OPTION.has(key))
      .map(([key, value]) => `# no counterpart: option ${key}=${oneLine(value)}`),
    ...Object.entries(instance.request_defaults)
      .filter(([key, value]) => !isParameter(key, value))
      .map(([key, value]) => `# no counterpart: request default ${key}=${oneLine(value)}`),
  ];
}

/** The parameters of an instance, as lines of a Modelfile. */
export function parametersOf({
  options,
  request_defaults: defaults,
}: Pick<Settings, 'options' | 'request_defaults'>): string[] {
  const ofOptions = Object.entries(options).flatMap(([key, value]): [string, JsonValue][] => {
    const parameter = PARAMETER_OF_OPTION.get(key);
    return parameter === undefined ? [] : [[parameter, value]];
  });
  const ofDefaults = Object.entries(defaults)
    .filter(([key, value]) => isParameter(key, value))
    .map(([key, value]): [string, JsonValue] => [PARAMETER_OF_FIELD.get(key) ?? key, value]);
  return [...ofOptions, ...ofDefaults].flatMap(([parameter, value]) =>
    listOf(value).map((each) => lineOf(`PARAMETER ${parameter}`, textOf(each))),
  );
}

function isParameter(key: string, value: JsonValue): boolean {
  const isKnown = OLLAMA_SAME_FIELDS.has(key) || PARAMETER_OF_FIELD.has(key);
  return isKnown && listOf(value).every((each) => each !== null && typeof each !== 'object');
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
