import { hash } from 'node:crypto';
import { ApiError } from '@llamactl/contract/errors';
import type { UrlReference } from './model-reference.ts';
import { ggufStem } from './remote-path.ts';
import { assertSuccess } from './remote-refusal.ts';
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
    assertSuccess(answer, host, `${host} has no file ${target.pathname}.`, [404, 410]);
    if (/^\s*text\/html\b/i.test(answer.headers['content-type'] ?? '')) {
      throw new ApiError('HUB_ERROR', `${host} sends a web page instead of the file ${file}.`);
    }
    const size = Number(answer.headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(size)) throw new ApiError('HUB_ERROR', `${host} does not send the size of the file.`);
    const { etag = '', 'last-modified': modified = '' } = answer.headers;
    const version = hash('sha1', [url, etag, modified, size].join('\0'));
    return {
      source: 'url',
      repo: `${nameFor(host, 96)}/${nameFor(ggufStem(file) ?? file, 87)}-${hash('sha256', url).slice(0, 8)}`,
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

/** A text as a part of `org/repo`, without a dash or dot at its ends and without `--`. */
function nameFor(text: string, longest: number): string {
  return (
    text
      .replace(/[^\w.]+|\.{2,}/g, '-')
      .replace(/-{2,}/g, '-')
      .slice(0, longest)
      .replace(/^[-.]+|[-.]+$/g, '') || 'model'
  );
}
