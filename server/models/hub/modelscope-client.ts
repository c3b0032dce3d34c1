import { createHash } from 'node:crypto';
import { z } from 'zod';
import { assertRevision, type HubReference } from './model-reference.ts';
import { isPlainPath } from './remote-path.ts';
import { assertSuccess } from './remote-refusal.ts';
import type { RemoteListing, SourceClient } from './remote-listing.ts';
import { jsonOf } from './remote-json.ts';
import type { RequestSender } from './remote-requests.ts';

export interface ModelScopeOptions {
  /** Base address, without a slash at its end. */
  endpoint: string;
  requests: RequestSender;
}

const MOST_BYTES = 16 * 1024 * 1024;

const FilesSchema = z.object({
  Data: z.object({
    Files: z.array(
      z.object({
        Path: z.string(),
        Type: z.string(),
        Size: z.int().min(0).default(0),
        Sha256: z.string().nullish(),
      }),
    ),
  }),
});

/** Reads ModelScope. Without a token: only public repositories. */
export class ModelScopeClient implements SourceClient<Pick<HubReference, 'repo'>> {
  readonly #options: ModelScopeOptions;

  constructor(options: ModelScopeOptions) {
    this.#options = options;
  }

  async list({ repo }: Pick<HubReference, 'repo'>, given: string | null, signal: AbortSignal): Promise<RemoteListing> {
    const { endpoint, requests } = this.#options;
    const revision = given ?? 'master';
    assertRevision(revision);
    const { host } = new URL(endpoint);
    const base = `${endpoint}/api/v1/models/${repo}/repo`;
    const query = new URLSearchParams({ Revision: revision, Recursive: 'True' });
    const url = new URL(`${base}/files?${query.toString()}`);
    const answer = await requests.send(url, { mostBytes: MOST_BYTES, redirects: 'same origin', signal });
    assertSuccess(answer, host, `${host} has no public repository ${repo}, or no revision ${revision} of it.`, [404]);
    const listed = jsonOf(answer, FilesSchema, host).Data.Files.flatMap(({ Path: path, Type, Size: size, Sha256 }) => {
      const isFile = Type === 'blob' && isPlainPath(path) && /^[0-9a-f]{64}$/.test(Sha256 ?? '');
      return isFile && typeof Sha256 === 'string' ? [{ path, size, sha256: Sha256, blob: Sha256 }] : [];
    });
    const commit = commitOf(listed);
    const files = listed.map((file) => {
      const place = new URLSearchParams({ Revision: revision, FilePath: file.path });
      return { ...file, url: `${base}?${place.toString()}` };
    });
    return { source: 'modelscope', repo, revision, commit, isGated: false, license: null, files };
  }

  headersFor(): Record<string, string> {
    return {};
  }
}

/** Stands for the commit, which the list of files does not have: the same for the same files. */
function commitOf(files: readonly { path: string; sha256: string }[]): string {
  const lines = files.map(({ path, sha256 }) => `${sha256} ${path}\n`);
  return createHash('sha1').update(lines.toSorted().join('')).digest('hex');
}
