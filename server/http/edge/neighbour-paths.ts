/** A path of another program, or a mistake in one of ours. */
export interface NeighbourPath {
  /** The end of "Nothing answers at /path, ". */
  what: string;
  /** Our counterpart, as method and path; `null`: the base URL for OpenAI clients. */
  instead: string | null;
}

const NEIGHBOURS: readonly [pattern: RegExp, what: string, instead: string | null][] = [
  [
    /^\/api\/(?:blobs\/[^/]+|chat|copy|create|delete|embed|embeddings|generate|ps|pull|push|show|tags|version)\/?$/,
    'a path of Ollama',
    null,
  ],
  [/^\/running\/?$/, 'a path of llama-swap', 'GET /api/instances?status=running'],
  [/^\/(?:unload|api\/models\/unload)\/?$/, 'a path of llama-swap', 'POST /api/instances/stop-all'],
  [/^\/api\/models\/unload\/[^/]+\/?$/, 'a path of llama-swap', 'POST /api/instances/NAME/stop'],
  [/^\/upstream(?:\/.*)?$/, 'a path of llama-swap', '/api/instances/NAME/proxy/'],
  [/^\/logs(?:\/stream.*)?\/?$/, 'a path of llama-swap', 'GET /api/instances/NAME/logs'],
  [/^\/(?:api\/v1\/.*|llama-cpp\/.*|swagger\/.*)$/, 'a path of the Go llamactl', '/api/instances'],
  [/^\/(?:models|completions|chat\/completions|embeddings|responses|rerank|messages)\/?$/, 'a path without /v1', null],
];

/** Recognises a path that we do not have; `null`: it is none that is known. */
export function neighbourAt(path: string): NeighbourPath | null {
  const found = NEIGHBOURS.find(([pattern]) => pattern.test(path));
  return found === undefined ? null : { what: found[1], instead: found[2] };
}
