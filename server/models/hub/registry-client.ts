import { createHash } from 'node:crypto';
import { ApiError } from '@llamactl/contract/errors';
import { z } from 'zod';
import type { RemoteFile } from '../downloads/model-source.ts';
import { isTag, type RegistryReference, referenceText } from './model-reference.ts';
import { isPlainPath } from './remote-path.ts';
import { assertSuccess, rateLimited } from './remote-refusal.ts';
import type { RemoteListing, SourceClient } from './remote-listing.ts';
import { jsonOf } from './remote-json.ts';
import type { RemoteAnswer, RequestSender } from './remote-requests.ts';

export interface RegistryOptions {
  /** Base address, without a slash at its end. */
  endpoint: string;
  /** The one other origin that gives tokens for this registry; `null`: only the registry itself. */
  tokenOrigin: string | null;
  requests: RequestSender;
  /** Milliseconds of a clock that never jumps. Default: that of the process. */
  elapsed?: () => number;
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

/** Registries name the token in one of two ways, or in both. */
const BearerSchema = z.string().regex(/^[\x21-\x7e]{1,16384}$/);
const TokenSchema = z
  .object({
    token: BearerSchema.optional(),
    access_token: BearerSchema.optional(),
    expires_in: z.number().min(1).max(86_400).default(60).catch(60),
  })
  .transform(({ token, access_token, expires_in: seconds }, context) => {
    const bearer = token ?? access_token;
    if (bearer !== undefined) return { bearer, seconds };
    context.addIssue({ code: 'custom', message: 'It has no token.' });
    return z.NEVER;
  });

/** A token for reading one repository, and when it ends, in milliseconds of the clock. */
interface Token {
  bearer: string;
  ends: number;
}

/** Most tokens that are kept. The oldest one goes first. */
const MOST_TOKENS = 100;

/** Reads a registry of the Docker distribution: Ollama's, Docker Hub. A layer with weights is a GGUF file. */
export class RegistryClient implements SourceClient<RegistryReference> {
  readonly #options: RegistryOptions;
  readonly #elapsed: () => number;
  /** The last token for each repository. It ends after minutes; a later `list` renews it. */
  readonly #tokens = new Map<string, Token>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#elapsed = options.elapsed ?? (() => performance.now());
  }

  async list(reference: RegistryReference, revision: string | null, signal: AbortSignal): Promise<RemoteListing> {
    const { endpoint } = this.#options;
    const { source, repo } = reference;
    const tag = revision ?? reference.tag;
    if (!isTag(tag)) throw new ApiError('VALIDATION_ERROR', `${JSON.stringify(tag.slice(0, 200))} is not a tag.`);
    const { host } = new URL(endpoint);
    const answer = await this.#manifest(repo, tag, signal);
    const name = referenceText({ ...reference, tag }, null);
    assertSuccess(answer, host, `${host} has no ${name} that anyone may read.`, [404, 401]);
    const { layers } = jsonOf(answer, ManifestSchema, host);
    // Manifests have no commit. Their digest says the same: it changes with the files.
    const commit = createHash('sha256').update(answer.body).digest('hex').slice(0, 40);
    const files = filesOf(
      layers,
      `${repo.split('/').at(-1)}-${tag}`,
      (digest) => `${endpoint}/v2/${repo}/blobs/${digest}`,
    );
    if (!files.every(({ path }) => isPlainPath(path))) {
      throw new ApiError('VALIDATION_ERROR', `${name} is too long for the name of a file.`);
    }
    return { source, repo, revision: tag, commit, isGated: false, license: null, files };
  }

  headersFor(url: URL): Record<string, string> {
    const base = new URL(this.#options.endpoint);
    const [, repo = ''] = /\/v2\/([^/]+\/[^/]+)\/(?:blobs|manifests)\/[^/]+$/.exec(url.pathname) ?? [];
    const token = this.#tokens.get(repo);
    const isValid = url.origin === base.origin && token !== undefined && this.#elapsed() < token.ends;
    return isValid ? { authorization: `Bearer ${token.bearer}` } : {};
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
    const { bearer, seconds } = jsonOf(answer, TokenSchema, url.host);
    this.#keep(repo, { bearer, ends: this.#elapsed() + seconds * 1_000 });
  }

  #keep(repo: string, token: Token): void {
    this.#tokens.delete(repo);
    this.#tokens.set(repo, token);
    const now = this.#elapsed();
    for (const [each, { ends }] of this.#tokens) {
      if (ends <= now || this.#tokens.size > MOST_TOKENS) this.#tokens.delete(each);
    }
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
