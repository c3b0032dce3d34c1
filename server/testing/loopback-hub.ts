import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RemoteModels } from '../models/hub/remote-models.ts';
import { RemoteRequests } from '../models/hub/remote-requests.ts';
import { LoopbackServer, sendJson } from './loopback-server.ts';

interface Repo {
  files: Map<string, Buffer>;
  commit: string;
  gated: false | 'auto' | 'manual';
  isPrivate: boolean;
  license: string | null;
}

/** A request that arrived. */
export interface HubRequest {
  host: 'api' | 'storage';
  method: string;
  url: string;
  authorization: string | null;
  encoding: string | null;
}

/** The token that opens private and gated repositories. */
export const HUB_TOKEN = 'hf_loopback';

const SIGNED = 'signature=secret';

/**
 * A Hugging Face hub on loopback, with the answers of the real one: the API on one port, and the storage, to which
 * `resolve` redirects, on another port and host name.
 */
export class LoopbackHub {
  readonly requests: HubRequest[] = [];
  /** Files on each page of a tree. */
  pageSize = 1_000;
  /** Answers of the API that go before all others, used up in turn. */
  readonly failures: { status: number; headers?: Record<string, string>; body?: string }[] = [];
  /** The tree continues on this server. `null`: on this one. */
  nextPageOrigin: string | null = null;
  readonly #repos = new Map<string, Repo>();
  #api: LoopbackServer | null = null;
  #storage: LoopbackServer | null = null;

  private constructor() {}

  static async open(): Promise<LoopbackHub> {
    const hub = new LoopbackHub();
    hub.#api = await LoopbackServer.open((request, response) => hub.#answer(request, response));
    hub.#storage = await LoopbackServer.open((request, response) => hub.#store(request, response), 'localhost');
    return hub;
  }

  get url(): string {
    return this.#api?.url ?? '';
  }

  get storageUrl(): string {
    return this.#storage?.url ?? '';
  }

  /** Adds a repository. Files that end with `.gguf` or `.safetensors` have a sha256, others only a git object id. */
  add(
    repo: string,
    files: Readonly<Record<string, string | Buffer>>,
    { gated = false, isPrivate = false, license = null }: Partial<Omit<Repo, 'files' | 'commit'>> = {},
  ): { commit: string } {
    const contents = new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)]));
    const commit = createHash('sha1')
      .update(JSON.stringify([repo, files]))
      .digest('hex');
    this.#repos.set(repo, { files: contents, commit, gated, isPrivate, license });
    return { commit };
  }

  async close(): Promise<void> {
    await Promise.all([this.#api?.close(), this.#storage?.close()]);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#note('api', request);
    const failure = this.failures.shift();
    if (failure !== undefined) return end(response, failure.status, failure.body ?? '', failure.headers);
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    if (pathname === '/api/models') return this.#search(searchParams, response);
    const [, name = '', kind, rest = ''] =
      /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree|refs)\/?(.*)$/.exec(pathname) ??
      /^\/([^/]+\/[^/]+)\/(resolve)\/(.*)$/.exec(pathname) ??
      [];
    const repo = this.#repos.get(name);
    const isKnown = request.headers.authorization === `Bearer ${HUB_TOKEN}`;
    if (repo === undefined || (repo.isPrivate && !isKnown))
      return refuse(response, 401, 'RepoNotFound', 'Repository not found');
    const [given = '', ...path] = decodeURIComponent(rest).split('/');
    const isHere = given === 'main' || given === 'v1' || given === repo.commit;
    if (kind !== 'refs' && !isHere) return refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${given}`);
    if (kind === 'revision') {
      const tags = ['gguf', ...(repo.license === null ? [] : [`license:${repo.license}`])];
      return sendJson(response, 200, { id: name, sha: repo.commit, gated: repo.gated, private: repo.isPrivate, tags });
    }
    if (kind === 'tree') return this.#tree(name, repo, searchParams, response);
    if (repo.gated !== false && !isKnown) return refuse(response, 401, 'GatedRepo', `Access to ${name} is restricted`);
    const content = repo.files.get(path.join('/'));
    if (content === undefined) return refuse(response, 404, 'EntryNotFound', 'Entry not found');
    end(response, 302, '', {
      'x-repo-commit': repo.commit,
      'x-linked-size': String(content.length),
      'x-linked-etag': `"${hash('sha256', content)}"`,
      location: `${this.storageUrl}/${name}/${path.join('/')}?${SIGNED}`,
    });
  }

  #search(query: URLSearchParams, response: ServerResponse): void {
    const words = (query.get('search') ?? '').toLowerCase();
    const found = [...this.#repos]
      .filter(([name, { isPrivate }]) => !isPrivate && name.toLowerCase().includes(words))
      .map(([name, { gated, license }], index) => ({
        id: name,
        downloads: 1_000 - index,
        likes: 10,
        lastModified: '2026-01-02T03:04:05.000Z',
        gated,
        pipeline_tag: 'text-generation',
        tags: license === null ? [] : [`license:${license}`],
      }));
    sendJson(response, 200, found.slice(0, Number(query.get('limit') ?? 10)));
  }

  #tree(name: string, { files, commit }: Repo, query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('cursor') ?? 0);
    const entries = [...files].map(([path, content]) => ({
      type: 'file',
      path,
      size: content.length,
      oid: hash('sha1', content),
      ...(/\.(?:gguf|safetensors)$/.test(path)
        ? { lfs: { oid: hash('sha256', content), size: content.length, pointerSize: 134 } }
        : {}),
    }));
    const folders = [{ type: 'directory', path: 'folder', size: 0, oid: hash('sha1', Buffer.from(name)) }];
    const all = [...folders, ...entries];
    const to = from + this.pageSize;
    const next = `${this.nextPageOrigin ?? this.url}/api/models/${name}/tree/${commit}?recursive=true&cursor=${to}`;
    sendJson(response, 200, all.slice(from, to), to < all.length ? { link: `<${next}>; rel="next"` } : {});
  }

  #store(request: IncomingMessage, response: ServerResponse): void {
    this.#note('storage', request);
    const { pathname, search } = new URL(request.url ?? '/', this.storageUrl);
    const [, name = '', path = ''] = /^\/([^/]+\/[^/]+)\/(.*)$/.exec(decodeURIComponent(pathname)) ?? [];
    const content = this.#repos.get(name)?.files.get(path);
    if (content === undefined || search !== `?${SIGNED}`) return end(response, 403, 'no such object');
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const etag = `"${hash('sha256', content)}"`;
    if (first === undefined) return end(response, 200, content, { etag });
    const part = content.subarray(Number(first), Number(last) + 1);
    const range = `bytes ${first}-${Number(first) + part.length - 1}/${content.length}`;
    end(response, 206, part, { etag, 'content-range': range });
  }

  #note(host: HubRequest['host'], { method = '', url = '', headers }: IncomingMessage): void {
    const encoding = headers['accept-encoding'];
    this.requests.push({
      host,
      method,
      url,
      authorization: headers.authorization ?? null,
      encoding: typeof encoding === 'string' ? encoding : null,
    });
  }
}

/**
 * The models of a hub on loopback.
 *
 * @param registry Stands for the registries of Ollama and Docker. Default: none.
 */
export function loopbackModels(
  hub: LoopbackHub,
  { registry = hub, token = () => null }: { registry?: { url: string }; token?: () => string | null } = {},
): RemoteModels {
  return new RemoteModels({
    endpoints: { hub: hub.url, modelscope: hub.url, ollama: registry.url, docker: registry.url },
    token,
    requests: new RemoteRequests({ environment: {}, version: '1' }),
  });
}

function hash(kind: 'sha1' | 'sha256', content: Buffer): string {
  return createHash(kind).update(content).digest('hex');
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  end(response, status, JSON.stringify({ error: message }), { 'x-error-code': code, 'x-error-message': message });
}

function end(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, headers).end(body);
}
