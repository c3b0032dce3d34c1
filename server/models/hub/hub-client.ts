import { ApiError } from '@llamactl/contract/errors';
import { z } from 'zod';
import type { RemoteFile } from '../downloads/model-source.ts';
import { hubRefusal } from './hub-refusal.ts';
import { assertRevision, type HubReference } from './model-reference.ts';
import type { RemoteListing, SourceClient } from './remote-listing.ts';
import { jsonOf } from './remote-json.ts';
import { isPlainPath } from './remote-path.ts';
import type { RemoteAnswer, RequestSender } from './remote-requests.ts';

export interface HubClientOptions {
  /** Base address, without a slash at its end. */
  endpoint: string;
  token: () => string | null;
  requests: RequestSender;
  /** Longest time for all pages of a list, in milliseconds. */
  listMs?: number;
}

/** A repository in the answer to a search. */
export interface FoundRepo {
  repo: string;
  downloads: number | null;
  likes: number | null;
  /** RFC 3339. */
  updatedAt: string | null;
  /** The hub's word for its purpose: `text-generation`. */
  purpose: string | null;
  license: string | null;
  isGated: boolean;
}

const MEBIBYTE = 1024 * 1024;
const MOST_BYTES = 8 * MEBIBYTE;
/** Bounds of a list with all of its pages. */
const LIST_MS = 60_000;
const MOST_LIST_BYTES = 16 * MEBIBYTE;
const MOST_PAGES = 50;
const MOST_FILES = 20_000;

const TextSchema = z.string().max(500);
const GatedSchema = z.union([z.boolean(), z.string()]).optional();
const TagsSchema = z.array(z.string()).optional();
const CommitSchema = z.string().regex(/^[0-9a-f]{40}$/);

const RevisionSchema = z.object({ sha: CommitSchema, gated: GatedSchema, tags: TagsSchema });

const TreeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.int().min(0).default(0),
    oid: z.string().default(''),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().min(0) }).optional(),
  }),
);

const SearchSchema = z.array(
  z.object({
    id: TextSchema,
    downloads: z.int().min(0).optional(),
    likes: z.int().min(0).optional(),
    lastModified: z.iso.datetime().optional().catch(undefined),
    pipeline_tag: TextSchema.nullish(),
    gated: GatedSchema,
    tags: TagsSchema,
  }),
);

type Named = Pick<RemoteListing, 'repo' | 'revision'>;

/** The time and the bytes that are left for an operation. */
interface Budget {
  signal: AbortSignal;
  bytes: number;
}

/** Reads a Hugging Face hub, or another server with its API. */
export class HubClient implements SourceClient<Pick<HubReference, 'repo'>> {
  readonly #options: HubClientOptions;
  readonly #host: string;

  constructor(options: HubClientOptions) {
    this.#options = options;
    this.#host = new URL(options.endpoint).host;
  }

  /** Repositories with GGUF files, the most downloaded first. */
  async search(words: string, limit: number, signal: AbortSignal): Promise<FoundRepo[]> {
    const query = new URLSearchParams({ search: words, filter: 'gguf', sort: 'downloads', limit: String(limit) });
    // `lastModified`, `gated` and `tags` are only in the long form.
    query.set('full', 'true');
    const answer = await this.#get(
      `/api/models?${query.toString()}`,
      { repo: null, revision: null },
      { signal, bytes: MOST_BYTES },
    );
    return jsonOf(answer, SearchSchema, this.#host)
      .slice(0, limit)
      .map((found) => ({
        repo: found.id,
        downloads: found.downloads ?? null,
        likes: found.likes ?? null,
        updatedAt: found.lastModified ?? null,
        purpose: found.pipeline_tag ?? null,
        license: licenseIn(found.tags),
        isGated: isGated(found.gated),
      }));
  }

  async list({ repo }: Pick<HubReference, 'repo'>, given: string | null, signal: AbortSignal): Promise<RemoteListing> {
    const revision = given ?? 'main';
    assertRevision(revision);
    const call = { repo, revision };
    const { listMs = LIST_MS } = this.#options;
    const timeout = AbortSignal.timeout(listMs);
    const budget = { signal: AbortSignal.any([signal, timeout]), bytes: MOST_LIST_BYTES };
    try {
      const found = await this.#get(`/api/models/${repo}/revision/${encodeURIComponent(revision)}`, call, budget);
      const { sha, gated, tags } = jsonOf(found, RevisionSchema, this.#host);
      const files = await this.#tree(call, sha, budget);
      return { source: 'hub', ...call, commit: sha, isGated: isGated(gated), license: licenseIn(tags), files };
    } catch (error) {
      if (signal.aborted || !timeout.aborted) throw error;
      const sentence = `${this.#host} did not send the list of ${repo} within ${listMs / 1_000} s.`;
      throw new ApiError('HUB_ERROR', sentence, { cause: error });
    }
  }

  /** Rejects if the hub will not give us a file of a gated repository: its list is public, its files are not. */
  async checkAccess({ repo, revision }: Named, file: RemoteFile, signal: AbortSignal): Promise<void> {
    const url = new URL(file.url);
    const headers = this.headersFor(url);
    const head = { method: 'HEAD', headers, mostBytes: 0, redirects: 'to the edge', signal } as const;
    const answer = await this.#options.requests.send(url, head);
    if (answer.status >= 400) throw this.#refusal(answer, { repo, revision });
  }

  headersFor(url: URL): Record<string, string> {
    const token = this.#options.token();
    const isOurs = url.origin === new URL(this.#options.endpoint).origin;
    return isOurs && token !== null ? { authorization: `Bearer ${token}` } : {};
  }

  async #tree(call: Named, commit: string, budget: Budget): Promise<RemoteFile[]> {
    const files: RemoteFile[] = [];
    let query: string | null = '?recursive=true';
    for (let page = 0; query !== null; page += 1) {
      const path = `/api/models/${call.repo}/tree/${commit}${query}`;
      const answer: RemoteAnswer = await this.#get(path, call, budget);
      for (const { type, path: name, size, oid, lfs } of jsonOf(answer, TreeSchema, this.#host)) {
        if (type !== 'file' || !isPlainPath(name)) continue;
        const sha256 = lfs?.oid ?? null;
        const blob = sha256 ?? oid;
        if (!/^[0-9a-f]{40,64}$/.test(blob)) continue;
        files.push({ path: name, size: lfs?.size ?? size, sha256, blob, url: this.#fileUrl(call.repo, commit, name) });
      }
      query = nextPage(answer.headers['link'], new URL(this.#options.endpoint + path));
      if (files.length > MOST_FILES || (query !== null && page + 1 >= MOST_PAGES)) {
        throw new ApiError('HUB_ERROR', `${call.repo} has more files than llamactl reads.`);
      }
    }
    return files;
  }

  #fileUrl(repo: string, commit: string, path: string): string {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    return `${this.#options.endpoint}/${repo}/resolve/${commit}/${encoded}`;
  }

  /** @param path After the endpoint. @param budget Its bytes become less by those of the answer. */
  async #get(
    path: string,
    call: { repo: string | null; revision: string | null },
    budget: Budget,
  ): Promise<RemoteAnswer> {
    const { endpoint, requests } = this.#options;
    const url = new URL(endpoint + path);
    const headers = this.headersFor(url);
    const { signal } = budget;
    const mostBytes = Math.min(MOST_BYTES, budget.bytes);
    const answer = await requests.send(url, { headers, mostBytes, redirects: 'same origin', signal });
    budget.bytes -= answer.body.length;
    if (answer.status !== 200) throw this.#refusal(answer, call);
    return answer;
  }

  #refusal(answer: RemoteAnswer, call: { repo: string | null; revision: string | null }): ApiError {
    const { endpoint, token } = this.#options;
    return hubRefusal(answer, { endpoint, ...call, hasToken: token() !== null });
  }
}

/**
 * The query of the next page, from a `Link` header with `rel="next"`; `null`: the list is complete. Its host is ignored, because
 * mirrors pass on links to the original.
 *
 * @throws {ApiError} `HUB_ERROR` when it cannot be read: the list would seem complete
 */
function nextPage(link: string | string[] | undefined, page: URL): string | null {
  const text = Array.isArray(link) ? link.join(',') : (link ?? '');
  if (!/\brel="?next\b/i.test(text)) return null;
  const [, address] = /<([^>]*)>\s*;[^,]*\brel="?next\b/i.exec(text) ?? [];
  const query = address === undefined ? '' : (URL.parse(address, page.href)?.search ?? '');
  // A link to the same page would never end.
  if (query !== '' && query !== page.search) return query;
  throw new ApiError('HUB_ERROR', `${page.host} sent a link to the next page that llamactl does not understand.`);
}

/** `false`, or the kind of the gate: `auto`, `manual`. */
function isGated(gated: boolean | string | undefined): boolean {
  return gated !== undefined && gated !== false && gated !== 'false';
}

function licenseIn(tags: readonly string[] | undefined): string | null {
  const tag = tags?.find((each) => each.startsWith('license:'));
  return tag === undefined ? null : tag.slice('license:'.length, 100);
}
