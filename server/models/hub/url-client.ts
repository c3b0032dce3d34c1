import { createHash } from 'node:crypto';
import { ApiError } from '@llamactl/contract/errors';
import { rateLimited } from './hub-refusal.ts';
import { ggufStem, type UrlReference } from './model-reference.ts';
import type { RemoteListing, SourceClient } from './remote-listing.ts';
import type { RequestSender } from './remote-requests.ts';

/** Reads the facts of one file on a web server. Refuses servers of private networks. */
export class UrlClient implements SourceClient<UrlReference> {
  readonly #requests: RequestSender;

  constructor(requests: RequestSender) {
    this.#requests = requests;
  }

  async list(
    { url, file, sha256 }: UrlReference,
    revision: string | null,
    signal: AbortSignal,
  ): Promise<RemoteListing> {
    if (revision !== null) throw new ApiError('VALIDATION_ERROR', 'An https:// address has no revision.');
    const target = new URL(url);
    const answer = await this.#requests.send(target, { method: 'HEAD', mostBytes: 0, redirects: 'public', signal });
    const { host } = target;
    if (answer.status === 429) throw rateLimited(answer, host);
    if (answer.status === 404 || answer.status === 410) {
      throw new ApiError('NOT_FOUND', `${host} has no file ${target.pathname}.`);
    }
    if (answer.status !== 200) throw new ApiError('HUB_ERROR', `${host} answered with status ${answer.status}.`);
    const size = Number(answer.headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(size)) throw new ApiError('HUB_ERROR', `${host} does not send the size of the file.`);
    const { etag = '', 'last-modified': modified = '' } = answer.headers;
    const version = createHash('sha1').update([url, etag, modified, size].join('\0')).digest('hex');
    return {
      source: 'url',
      repo: `${nameFor(host)}/${nameFor(ggufStem(file) ?? file)}`,
      revision: 'main',
      commit: version,
      isGated: false,
      license: null,
      files: [{ path: file, size, sha256, blob: sha256 ?? version, url }],
    };
  }

  headersFor(): Record<string, string> {
    return {};
  }
}

/** A text as half of `org/repo`. */
function nameFor(text: string): string {
  return (
    text
      .replace(/[^\w.]+|\.{2,}/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 96) || 'model'
  );
}
