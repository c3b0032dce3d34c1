import { createHash } from 'node:crypto';
import { ApiError } from '@llamactl/contract/errors';
import { z } from 'zod';
import type { RemoteFile } from '../downloads/model-source.ts';
import { rateLimited } from './hub-refusal.ts';
import { isTag, type RegistryReference, referenceText } from './model-reference.ts';
import type { RemoteListing, SourceClient } from './remote-listing.ts';
import { jsonOf } from './remote-json.ts';
import type { RemoteAnswer, RequestSender } from './remote-requests.ts';

export interface RegistryOptions {
  /** Base address, without a slash at its end. */
  endpoint: string;
  /** The one other origin that gives tokens for this registry; `null`: only the registry itself. */
  tokenOrigin: string | null;
  requests: RequestSender;
}

const MOST_BYTES = 4 * 1024 * 1024;
const MANIFESTS = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
const WEIGHTS = /^application\/vnd\.(?:ollama\.image\.model|docker\.ai\.gguf\.v\d+)$/;
const PROJECTOR = /^application\/vnd\.(?:ollama\.image\.projector|docker\.ai\.mmproj)$/;

const ManifestSchema = z.object({
  layers: z.array(
    z.object({
      mediaType: z.string(),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      size: z.int().min(0),
    }),
  ),
});
type Layer = z.infer<typeof ManifestSchema>['layers'][number];

const TokenSchema = z.object({ token: z.string().regex(/^[\x21-\x7e]{1,16384}$/) });

/** Reads a registry of the Docker distribution: Ollama's, Docker Hub. A layer with weights is a GGUF file. */
export class RegistryClient implements SourceClient<RegistryReference> {
  readonly #options: RegistryOptions;
  /** The last token for each repository. It ends after minutes; a later `list` renews it. */
  readonly #tokens = new Map<string, string>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  async list(reference: RegistryReference, revision: string | null, signal: AbortSignal): Promise<RemoteListing> {
    const { endpoint } = this.#options;
    const { source, repo } = reference;
    const tag = revision ?? reference.tag;
    if (!isTag(tag)) throw new ApiError('VALIDATION_ERROR', `${JSON.stringify(tag.slice(0, 200))} is not a tag.`);
    const { host } = new URL(endpoint);
    const answer = await this.#manifest(repo, tag, signal);
    if (answer.status === 429) throw rateLimited(answer, host);
    if (answer.status === 404 || answer.status === 401) {
      throw new ApiError(
        'NOT_FOUND',
        `${host} has no ${referenceText({ ...reference, tag }, null)} that anyone may read.`,
      );
    }
    if (answer.status !== 200) throw new ApiError('HUB_ERROR', `${host} answered with status ${answer.status}.`);
    const { layers } = jsonOf(answer, ManifestSchema, host);
    // Manifests have no commit. Their digest says the same: it changes with the files.
    const commit = createHash('sha256').update(answer.body).digest('hex').slice(0, 40);
    const files = filesOf(
      layers,
      `${repo.split('/').at(-1)}-${tag}`,
      (digest) => `${endpoint}/v2/${repo}/blobs/${digest}`,
    );
    return { source, repo, revision: tag, commit, isGated: false, license: null, files };
  }

  headersFor(url: URL): Record<string, string> {
    const base = new URL(this.#options.endpoint);
    const [, repo = ''] = /\/v2\/([^/]+\/[^/]+)\/(?:blobs|manifests)\/[^/]+$/.exec(url.pathname) ?? [];
    const token = this.#tokens.get(repo);
    return url.origin === base.origin && token !== undefined ? { authorization: `Bearer ${token}` } : {};
  }

  /** The answer for a manifest, with a new token if the registry asks for one. */
  async #manifest(repo: string, tag: string, signal: AbortSignal): Promise<RemoteAnswer> {
    const url = new URL(`${this.#options.endpoint}/v2/${repo}/manifests/${tag}`);
    const send = async (): Promise<RemoteAnswer> =>
      this.#options.requests.send(url, {
        headers: { accept: MANIFESTS, ...this.headersFor(url) },
        mostBytes: MOST_BYTES,
        redirects: 'same origin',
        signal,
      });
    const answer = await send();
    const challenge = answer.headers['www-authenticate'];
    if (answer.status !== 401 || challenge === undefined) return answer;
    await this.#fetchToken(repo, challenge, signal);
    return send();
  }

  /** Gets a token for reading one repository, without an account. The registry does not choose freely who gives it. */
  async #fetchToken(repo: string, challenge: string, signal: AbortSignal): Promise<void> {
    const { endpoint, tokenOrigin, requests } = this.#options;
    const { host, origin } = new URL(endpoint);
    const realm = parameterOf(challenge, 'realm');
    const url = URL.canParse(realm) ? new URL(realm) : null;
    if (url === null || (url.origin !== origin && url.origin !== tokenOrigin)) {
      throw new ApiError('HUB_ERROR', `${host} sends us for a token to a server that is not its own.`);
    }
    url.search = new URLSearchParams({
      service: parameterOf(challenge, 'service'),
      scope: `repository:${repo}:pull`,
    }).toString();
    const answer = await requests.send(url, { mostBytes: MOST_BYTES, redirects: 'same origin', signal });
    if (answer.status === 429) throw rateLimited(answer, url.host);
    if (answer.status !== 200) throw new ApiError('HUB_ERROR', `${url.host} gave no token: status ${answer.status}.`);
    this.#tokens.set(repo, jsonOf(answer, TokenSchema, url.host).token);
  }
}

/** Gives layers the names that GGUF files usually have. */
function filesOf(layers: readonly Layer[], stem: string, urlOf: (digest: string) => string): RemoteFile[] {
  const weights = layers.filter(({ mediaType }) => WEIGHTS.test(mediaType));
  const projectors = layers.filter(({ mediaType }) => PROJECTOR.test(mediaType));
  const fileOf = (path: string, { digest, size }: Layer): RemoteFile => {
    const sha256 = digest.slice('sha256:'.length);
    return { path, size, sha256, blob: sha256, url: urlOf(digest) };
  };
  const number = (index: number): string => String(index).padStart(5, '0');
  const part = (index: number): string =>
    weights.length === 1 ? '' : `-${number(index + 1)}-of-${number(weights.length)}`;
  return [
    ...weights.map((layer, index) => fileOf(`${stem}${part(index)}.gguf`, layer)),
    ...projectors.slice(0, 1).map((layer) => fileOf(`mmproj-${stem}.gguf`, layer)),
  ];
}

/** A parameter of a challenge: `Bearer realm="…",service="…"`. Empty: it has none. */
function parameterOf(challenge: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]{0,500})"`, 'i').exec(challenge)?.[1] ?? '';
}
