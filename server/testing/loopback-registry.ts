import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LoopbackServer, sendJson } from './loopback-server.ts';

/** The token that {@link LoopbackRegistry} gives and wants. */
const TOKEN = 'registry-token';

interface Layer {
  mediaType: string;
  content: string;
}

/** A registry of the Docker distribution on loopback, with or without tokens. */
export class LoopbackRegistry {
  /** Paths, each with the token that came along. */
  readonly requests: { url: string; authorization: string | null }[] = [];
  /** Status of the next answers, used up in turn. */
  readonly failures: number[] = [];
  /** Where callers are sent for a token; `null`: none is needed. */
  realm: string | null = null;
  readonly #manifests = new Map<string, readonly Layer[]>();
  #server: LoopbackServer | null = null;

  private constructor() {}

  static async open(): Promise<LoopbackRegistry> {
    const registry = new LoopbackRegistry();
    registry.#server = await LoopbackServer.open((request, response) => registry.#answer(request, response));
    return registry;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  /** @param name `library/qwen3:8b` */
  add(name: string, layers: readonly Layer[]): void {
    this.#manifests.set(name, layers);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '/' } = request;
    const authorization = request.headers.authorization ?? null;
    this.requests.push({ url, authorization });
    const failure = this.failures.shift();
    if (failure !== undefined) return sendJson(response, failure, { errors: [] }, { 'retry-after': '9' });
    if (url.startsWith('/token?')) return sendJson(response, 200, { token: TOKEN, expires_in: 300 });
    if (this.realm !== null && authorization !== `Bearer ${TOKEN}`) {
      const challenge = `Bearer realm="${this.realm}",service="registry.example",scope="repository:any:push"`;
      return sendJson(response, 401, { errors: [] }, { 'www-authenticate': challenge });
    }
    const [, repo, tag] = /^\/v2\/([^/]+\/[^/]+)\/manifests\/(.+)$/.exec(url) ?? [];
    const layers = this.#manifests.get(`${repo}:${tag}`);
    if (layers === undefined) return sendJson(response, 404, { errors: [{ code: 'MANIFEST_UNKNOWN' }] });
    sendJson(response, 200, {
      schemaVersion: 2,
      layers: layers.map(({ mediaType, content }) => ({ mediaType, digest: digestOf(content), size: content.length })),
    });
  }
}

/** `sha256:…` of a text. */
export function digestOf(content: string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
