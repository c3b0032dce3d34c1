import type { JsonValue } from './request-additions.ts';

/** Maps Ollama's names of options that llama-server takes only when it starts to llama-server's names. */
export const OLLAMA_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['num_ctx', 'ctx_size'],
  ['num_gpu', 'n_gpu_layers'],
  ['num_thread', 'threads'],
  ['num_batch', 'batch_size'],
  ['main_gpu', 'main_gpu'],
  ['draft_num_predict', 'spec_draft_n_max'],
]);

/** The option of llama-server for Ollama's `use_mmap` and `use_mlock`, with the value for each pair of them. */
export const LOAD_MODE = 'load_mode';
export const LOAD_MODES: ReadonlyMap<string, { use_mmap?: boolean; use_mlock?: boolean }> = new Map([
  ['mmap', { use_mmap: true }],
  ['none', { use_mmap: false }],
  // Ollama maps the file of a model unless it is asked not to.
  ['mmap+mlock', { use_mmap: true, use_mlock: true }],
  ['mlock', { use_mmap: false, use_mlock: true }],
]);

/** Maps Ollama's names of request fields to those of OpenAI's API. */
export const OLLAMA_FIELDS: ReadonlyMap<string, string> = new Map([['num_predict', 'max_tokens']]);

/** Parameters of Ollama that llama-server takes in requests under the same name. */
export const OLLAMA_SAME_FIELDS: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'typical_p',
  'seed',
  'stop',
  'repeat_penalty',
  'repeat_last_n',
  'presence_penalty',
  'frequency_penalty',
  'mirostat',
  'mirostat_tau',
  'mirostat_eta',
]);

/** Parameters of Ollama that are true or false, and together one option of the engine: {@link LOAD_MODE}. */
export const OLLAMA_SWITCHES: readonly string[] = ['use_mmap', 'use_mlock'];

/** All parameters of Ollama that have a counterpart. */
export const OLLAMA_PARAMETERS: readonly string[] = [
  ...OLLAMA_SAME_FIELDS,
  ...OLLAMA_FIELDS.keys(),
  ...OLLAMA_OPTIONS.keys(),
  ...OLLAMA_SWITCHES,
];

/** Parameters of Ollama without a counterpart. They resemble no other, although their names may. */
export const OLLAMA_ALONE: ReadonlySet<string> = new Set([
  'num_keep',
  'num_gqa',
  'tfs_z',
  'penalize_newline',
  'numa',
  'low_vram',
  'f16_kv',
]);

/** Request defaults and options of an instance that parameters of Ollama become. */
export const FIELDS_OF_OLLAMA: ReadonlySet<string> = new Set([...OLLAMA_SAME_FIELDS, ...OLLAMA_FIELDS.values()]);
export const OPTIONS_OF_OLLAMA: ReadonlySet<string> = new Set([...OLLAMA_OPTIONS.values(), LOAD_MODE]);

/**
 * The setting of an instance that a parameter of Ollama becomes: a field of requests or an option of the engine. The value
 * `null`: Ollama uses its default, so the instance needs no setting.
 */
export type OllamaParameter = { field: string; value: JsonValue } | { option: string; value: number | null };

/**
 * Translates a parameter of Ollama, except `use_mmap` and `use_mlock`, which {@link parametersOfOllama} reads together.
 * `null`: it has no counterpart. @param value As in Ollama's JSON.
 */
export function ollamaParameter(name: string, value: JsonValue): OllamaParameter | null {
  if (OLLAMA_SAME_FIELDS.has(name)) return { field: name, value };
  if (typeof value !== 'number') return null;
  const field = OLLAMA_FIELDS.get(name);
  // num_predict -1: without a limit, which is the default here; -2: until the context is full.
  if (field !== undefined) return { field, value: value > 0 ? value : null };
  const option = OLLAMA_OPTIONS.get(name);
  if (option === undefined) return null;
  return { option, value: isOllamaOptionSet(name, value) ? value : null };
}

/** The settings of an instance for all parameters of a model. */
export interface ParametersOfOllama {
  /** For `request_defaults` and `options`. `null`: Ollama uses its default, whatever its base model has. */
  fields: Record<string, JsonValue>;
  options: Record<string, number | string | null>;
  /** Names of those without a counterpart. */
  unused: string[];
}

/** Translates all parameters of a model of Ollama. @param parameters As in Ollama's JSON. */
export function parametersOfOllama(parameters: Readonly<Record<string, JsonValue>>): ParametersOfOllama {
  const { use_mmap: isMapped, use_mlock: isLocked, ...others } = parameters;
  const all: ParametersOfOllama = { fields: {}, options: {}, unused: [] };
  for (const [name, value] of Object.entries(others)) {
    const parameter = ollamaParameter(name, value);
    if (parameter === null) all.unused.push(name);
    else if ('field' in parameter) all.fields[parameter.field] = parameter.value;
    else all.options[parameter.option] = parameter.value;
  }
  if (isMapped !== undefined || isLocked !== undefined) all.options[LOAD_MODE] = loadModeOf(isMapped, isLocked);
  return all;
}

/** `null`: as the engine does it. */
function loadModeOf(isMapped: JsonValue | undefined, isLocked: JsonValue | undefined): string | null {
  if (isLocked === true) return isMapped === false ? 'mlock' : 'mmap+mlock';
  return typeof isMapped !== 'boolean' ? null : isMapped ? 'mmap' : 'none';
}

/**
 * Whether Ollama would use the value of an option. There, 0 means the default, but no layers on GPUs for `num_gpu`, where
 * -1 means the default, and the first GPU for `main_gpu`.
 */
function isOllamaOptionSet(name: string, value: number): boolean {
  return Number.isSafeInteger(value) && (FROM_ZERO.has(name) ? value >= 0 : value > 0);
}

const FROM_ZERO: ReadonlySet<string> = new Set(['num_gpu', 'main_gpu']);

/** The name by which Ollama knows a model: `qwen3:8b` for the reference `ollama:qwen3:8b`. */
export function nameInOllama(reference: string): string {
  return reference.replace(/^ollama:/, '');
}

/** Whether a path is a model file of Ollama, which names its files by their digests. */
export function isOllamaBlob(file: string): boolean {
  return /[/\\]blobs[/\\]sha256-[0-9a-f]{64}$/.test(file);
}
