/** Maps Ollama's names of options that llama-server takes only when it starts to llama-server's names. */
export const OLLAMA_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['num_ctx', 'ctx_size'],
  ['num_gpu', 'n_gpu_layers'],
  ['num_thread', 'threads'],
  ['num_batch', 'batch_size'],
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

/**
 * The setting of an instance that a parameter of Ollama becomes: a field of requests or an option of the engine, with the
 * same value. `default`: Ollama uses its default for that value, so no setting is needed. `null`: no counterpart.
 */
export type OllamaParameter = { field: string } | { option: string } | 'default' | null;

/** Translates a parameter of Ollama. @param value As in Ollama's JSON. */
export function ollamaParameter(name: string, value: unknown): OllamaParameter {
  if (OLLAMA_SAME_FIELDS.has(name)) return { field: name };
  if (typeof value !== 'number') return null;
  const field = OLLAMA_FIELDS.get(name);
  // num_predict -1: without a limit, which is the default here; -2: until the context is full.
  if (field !== undefined) return value > 0 ? { field } : 'default';
  const option = OLLAMA_OPTIONS.get(name);
  if (option === undefined) return null;
  return isOllamaOptionSet(name, value) ? { option } : 'default';
}

/**
 * Whether Ollama would use the value of an option. There, 0 means the default, but no layers on GPUs for `num_gpu`, where
 * -1 means the default.
 */
function isOllamaOptionSet(name: string, value: number): boolean {
  return Number.isSafeInteger(value) && (name === 'num_gpu' ? value >= 0 : value > 0);
}

/** Whether a path is a model file of Ollama, which names its files by their digests. */
export function isOllamaBlob(file: string): boolean {
  return /[/\\]blobs[/\\]sha256-[0-9a-f]{64}$/.test(file);
}
