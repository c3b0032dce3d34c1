import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Answer } from '../answer.ts';
import { acceptsGzip, namesTag, type Wanted } from '../edge/fixed-answer.ts';
import { mediaTypeOf, type PageFile } from './page-file.ts';

const gunzipped = promisify(gunzip);

/**
 * Answers a GET or HEAD with a file of the web page: compressed unless the caller does not accept that, or 304.
 *
 * @param headers further headers of the answer, also of a 304
 */
export async function pageAnswer(
  name: string,
  { gzipped, tag }: PageFile,
  wanted: Wanted,
  headers: Readonly<Record<string, string>>,
): Promise<Answer<never>> {
  const isGzip = acceptsGzip(wanted.headers['accept-encoding']);
  // Different bytes need a different tag (RFC 9110, 8.8.3).
  const etag = isGzip ? `"${tag}-gzip"` : `"${tag}"`;
  // CORS headers depend on the Origin.
  const common = { ...headers, etag, vary: 'Accept-Encoding, Origin' };
  const bytes = isGzip ? gzipped : await gunzipped(gzipped);
  if (namesTag(wanted.headers['if-none-match'], etag)) {
    // Fastify computes the length of a HEAD answer from its bytes; without them it would send 0.
    return new Answer<never>(wanted.isHead ? { kind: 'text', text: bytes } : { kind: 'nothing' }, common, 304);
  }
  const encoding = isGzip ? { 'content-encoding': 'gzip' } : {};
  const type = { 'content-type': mediaTypeOf(name) ?? 'application/octet-stream' };
  return new Answer<never>({ kind: 'text', text: bytes }, { ...common, ...type, ...encoding });
}
