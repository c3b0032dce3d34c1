const OLLAMA =
  /^\/api\/(?:blobs\/[^/]+|chat|copy|create|delete|embed|embeddings|generate|ps|pull|push|show|tags|version)\/?$/;
const LLAMA_SWAP = /^\/(?:running|unload|logs|logs\/stream|upstream(?:\/.*)?|api\/models\/unload(?:\/[^/]+)?)\/?$/;

/** The program that answers at a path that we do not have; `null`: none that is known. */
export function neighbourAt(path: string): string | null {
  if (OLLAMA.test(path)) return 'Ollama';
  return LLAMA_SWAP.test(path) ? 'llama-swap' : null;
}
