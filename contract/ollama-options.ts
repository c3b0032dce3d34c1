/** Maps Ollama's names of options that llama-server takes only when it starts to llama-server's names. */
export const OLLAMA_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['num_ctx', 'ctx_size'],
  ['num_gpu', 'n_gpu_layers'],
  ['num_thread', 'threads'],
]);

/** Maps Ollama's names of request fields to those of OpenAI's API. */
export const OLLAMA_FIELDS: ReadonlyMap<string, string> = new Map([['num_predict', 'max_tokens']]);
