/** Maps Ollama's names of options that llama-server takes only when it starts to llama-server's names. */
export const OLLAMA_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['num_ctx', 'ctx_size'],
  ['num_gpu', 'n_gpu_layers'],
  ['num_thread', 'threads'],
]);
