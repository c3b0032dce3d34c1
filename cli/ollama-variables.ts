/** Variables of Ollama, and the settings that do the same here. `OLLAMA_MODELS` is missing: llamactl reads it too. */
export const OLLAMA_VARIABLES: Readonly<Record<string, string>> = {
  OLLAMA_HOST: 'server.host, server.port; LLAMACTL_URL for commands',
  OLLAMA_ORIGINS: 'server.allowed_origins',
  OLLAMA_KEEP_ALIVE: 'instances.idle_timeout',
  OLLAMA_MAX_LOADED_MODELS: 'instances.max_running',
  OLLAMA_NUM_PARALLEL: 'option parallel of an instance',
  OLLAMA_MAX_QUEUE: 'queue_limit of an instance',
  OLLAMA_CONTEXT_LENGTH: 'option ctx_size of an instance',
  OLLAMA_FLASH_ATTENTION: 'option flash_attn of an instance',
  OLLAMA_KV_CACHE_TYPE: 'options cache_type_k, cache_type_v of an instance',
  OLLAMA_LOAD_TIMEOUT: 'instances.start_timeout',
  OLLAMA_SCHED_SPREAD: 'options split_mode, tensor_split of an instance',
};

/** Names the variables of Ollama that are set, in one line, with the place of the settings that do the same. `null`: none is set. */
export function ollamaVariables(environment: Readonly<Record<string, string | undefined>>): string | null {
  const names = Object.keys(OLLAMA_VARIABLES).filter((name) => (environment[name] ?? '') !== '');
  const [first] = names;
  if (first === undefined) return null;
  return names.length === 1
    ? `${first}; here: ${OLLAMA_VARIABLES[first] ?? ''}`
    : `${names.join(', ')}; docs/how-to/from-ollama.md lists the settings that do the same`;
}
