/** A reference that no path or name of an instance looks like. */
const PREFIXED = /^(?:https?:\/\/|(?:hf\.co|huggingface\.co)\/|(?:ms|ollama|docker):)/;
const OF_A_HUB = /^\w[\w.-]*\/\w[\w.-]*(?::[\w.-]+)?$/;

/**
 * Whether a word is a reference to a model of another machine, such as `org/repo:Q4_K_M` or `ollama:qwen3:8b`. A path that
 * ends with `.gguf` is a file.
 */
export function isReference(word: string): boolean {
  return PREFIXED.test(word) || (OF_A_HUB.test(word) && !/\.gguf$/i.test(word));
}
