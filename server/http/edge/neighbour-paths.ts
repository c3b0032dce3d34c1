import { ENGINE_PATHS } from '@llamactl/contract/operations';

/** A path of another program, or a mistake in one of ours. */
export interface NeighbourPath {
  pattern: RegExp;
  /** The method of the requests; left out: any. */
  method?: string;
  /** The end of "Nothing answers at /path, ". */
  what: string;
  /**
   * Our counterpart, as method and path, with `$1` of the pattern, and `$<name>` for a name of llama-swap; `null`: the base URL
   * for OpenAI clients, which is also named for a path under `/v1`; empty: none.
   */
  instead: string | null;
  /** Further words about it. */
  note?: string;
}

/** llama-swap loads the model for any path below `/upstream`. */
const STARTS_NONE = `requests there start no model, but those to /v1/… and ${ENGINE_PATHS.join(', ')} do`;

/** A path of Ollama below `/api`. @param path A regular expression */
function ofOllama(path: string, instead: string | null): NeighbourPath {
  return { pattern: new RegExp(`^/api/(?:${path})/?$`), what: 'a path of Ollama', instead };
}

const GO = 'a path of the Go llamactl';

/** A path of the Go llamactl below `/api/v1`. @param path A regular expression */
function ofGo(path: string, instead: string): NeighbourPath {
  return { pattern: new RegExp(`^/api/v1/(?:${path})/?$`), what: GO, instead };
}

/** A path with the name of a model before a path that we serve by the model in the body. Names of llama-swap may have a slash. */
function byModel(prefix: string, what: string): NeighbourPath {
  const pattern = new RegExp(`^/${prefix}/(.+?)(/v1/(?!models/?$).+?|${ENGINE_PATHS.join('|')})/?$`);
  return { pattern, what, instead: 'POST $2 with "model": "$1" in its body' };
}

/** Paths of `/v1` under a base URL that lacks it. */
const WITHOUT_VERSION = /^\/(?:models|completions|chat\/completions|embeddings|responses|messages)\/?$/;

/** Paths of llama-server: a name of llama-swap in front of one may have slashes. */
const OF_ENGINE = /(?:v1\/models|health|props|slots|metrics|models|completions|embeddings?|lora-adapters)\/?/;

const NEIGHBOURS: readonly NeighbourPath[] = [
  ofOllama('chat', 'POST /v1/chat/completions'),
  ofOllama('generate', 'POST /v1/completions'),
  ofOllama('embed|embeddings', 'POST /v1/embeddings'),
  ofOllama('tags', 'GET /v1/models'),
  ofOllama('show', 'GET /api/models/ID'),
  ofOllama('ps', 'GET /api/instances?status=running'),
  ofOllama('pull', 'POST /api/models/downloads'),
  ofOllama('create|copy', 'POST /api/instances'),
  ofOllama('delete', 'DELETE /api/models/ID'),
  ofOllama('version', 'GET /api/system/info'),
  ofOllama('blobs/[^/]+|push', null),
  { pattern: /^\/running\/?$/, what: 'a path of llama-swap', instead: 'GET /api/instances?status=running' },
  {
    pattern: /^\/(?:unload|api\/models\/unload)\/?$/,
    what: 'a path of llama-swap',
    instead: 'POST /api/instances/stop-all',
  },
  {
    pattern: /^\/api\/models\/unload\/(?<name>.+?)\/?$/,
    what: 'a path of llama-swap',
    instead: 'POST /api/instances/$<name>/stop',
  },
  byModel('upstream', 'a path of llama-swap'),
  {
    pattern: new RegExp(`^/upstream/(?<name>.+?)(?<rest>/${OF_ENGINE.source})$`),
    what: 'a path of llama-swap',
    instead: '/api/instances/$<name>/proxy$<rest>',
    note: STARTS_NONE,
  },
  {
    pattern: /^\/upstream\/(?<name>[^/]+)(?<rest>.*)$/,
    what: 'a path of llama-swap',
    instead: '/api/instances/$<name>/proxy$<rest>',
    note: STARTS_NONE,
  },
  {
    pattern: /^\/upstream\/?$/,
    what: 'a path of llama-swap',
    instead: '/api/instances/NAME/proxy/',
    note: STARTS_NONE,
  },
  {
    pattern: /^\/logs\/stream(?:\/(?:proxy|upstream)?)?\/?$/,
    what: 'a path of llama-swap',
    instead: 'GET /api/instances/NAME/logs?follow=true',
  },
  {
    pattern: /^\/logs\/stream\/(?<name>.+?)\/?$/,
    what: 'a path of llama-swap',
    instead: 'GET /api/instances/$<name>/logs?follow=true',
  },
  { pattern: /^\/logs\/?$/, what: 'a path of llama-swap', instead: 'GET /api/instances/NAME/logs' },
  { pattern: /^\/ui(?:\/.*)?$/, what: 'a path of llama-swap', instead: 'the web page at /' },
  { ...ofGo('instances/[^/]+', 'POST /api/instances, with name in the body'), method: 'POST' },
  ofGo('(instances.*)', '/api/$1'),
  ofGo('version', 'GET /api/system/info'),
  ofGo('config', 'GET /api/config'),
  ofGo('auth/keys/[^/]+/permissions', 'GET /api/keys'),
  ofGo('auth/(keys(?:/[^/]+)?)', '/api/$1'),
  ofGo('backends/[^/]+/parse-command', 'POST /api/engines/parse'),
  ofGo('backends/llama-cpp/help', 'GET /api/engines/llama_cpp/options'),
  ofGo('backends/llama-cpp/models', 'GET /api/models'),
  ofGo('backends/llama-cpp/models/download', 'POST /api/models/downloads'),
  ofGo('backends/llama-cpp/models/jobs((?:/[^/]+)?)', '/api/models/downloads$1'),
  ofGo('backends/.+', 'GET /api/engines'),
  ofGo('.*', ''),
  { pattern: /^\/swagger(?:\/.*)?$/, what: GO, instead: 'GET /docs' },
  byModel('llama-cpp', GO),
  { pattern: /^\/llama-cpp\/([^/]+)(.*)$/, what: GO, instead: '/api/instances/$1/proxy$2' },
  {
    pattern: /^\/(props|slots|lora-adapters)\/?$/,
    what: 'a path of llama-server',
    instead: '/api/instances/NAME/proxy/$1',
  },
  { pattern: /^\/proxy\/([^/]+)(.*)$/, what: 'a path to an engine', instead: '/api/instances/$1/proxy$2' },
  { pattern: /^\/proxy\/?$/, what: 'a path to an engine', instead: '/api/instances/NAME/proxy/' },
  { pattern: WITHOUT_VERSION, what: 'a path without /v1', instead: null },
];

/** The path under `/v1` that a client with a wrong base URL means; other paths unchanged. */
export function withVersion(path: string): string {
  return WITHOUT_VERSION.test(path) ? `/v1${path}` : path;
}

/** Recognises a path that we do not have; `null`: an unknown path. */
export function neighbourAt(method: string, path: string): NeighbourPath | null {
  return NEIGHBOURS.find((each) => (each.method ?? method) === method && each.pattern.test(path)) ?? null;
}

/** Our counterpart of a path, with the name that an import gives to the instance of a model of llama-swap; `null` and empty as in `instead`. */
export function counterpartOf(path: string, { pattern, instead }: NeighbourPath): string | null {
  const name = pattern.exec(path)?.groups?.['name'];
  if (instead === null) return null;
  // The server leaves names encoded: `:` may be `%3A`.
  const ours = name?.replaceAll(/%[0-9A-F]{2}|[^A-Za-z0-9._-]/gi, '-').replaceAll(/-{2,}/g, '-');
  return path.replace(pattern, ours === undefined ? instead : instead.replace('$<name>', () => ours));
}
