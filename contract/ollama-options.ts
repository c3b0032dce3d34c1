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
 * Whether Ollama would use the value of an option. There, 0 means the default, but no layers on GPUs for `num_gpu`, where
 * -1 means the default.
 */
export function isOllamaOptionSet(name: string, value: number): boolean {
  return Number.isSafeInteger(value) && (name === 'num_gpu' ? value >= 0 : value > 0);
}
