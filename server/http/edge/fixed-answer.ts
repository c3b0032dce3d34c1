import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { Answer } from '../answer.ts';

const gzipped = promisify(gzip);

/** One encoding of the text: its bytes and entity tag. */
interface Representation {
  bytes: Buffer;
  entityTag: string;
}

/** The part of a call that decides on the form of the answer. */
export interface Wanted {
  headers: Readonly<IncomingHttpHeaders>;
  isHead: boolean;
}

/**
 * An answer that stays the same while the process runs. The text is made, hashed and compressed once, at the first
 * request. Further requests cost only sending a buffer, or a 304.
 */
export class FixedAnswer {
  readonly #make: () => string;
  readonly #headers: Readonly<Record<string, string>>;
  #forms: Promise<{ plain: Representation; gzip: Representation }> | undefined;

  /** @param headers Headers of every answer, including 304; they contain `content-type`. */
  constructor(headers: Readonly<Record<string, string>>, make: () => string) {
    this.#headers = headers;
    this.#make = make;
  }

  /** Answers a GET or HEAD: 200 in an encoding that the caller accepts, or 304 when the caller has the current text. */
  async answer({ headers, isHead }: Wanted): Promise<Answer<never>> {
    const forms = await (this.#forms ??= this.#formsOf());
    const isGzip = acceptsGzip(headers['accept-encoding']);
    const { bytes, entityTag } = isGzip ? forms.gzip : forms.plain;
    const { 'content-type': contentType = '', ...others } = this.#headers;
    const common = {
      ...others,
      // A copy may be cached, but has to be revalidated before each use.
      'cache-control': 'no-cache',
      etag: entityTag,
      // CORS headers depend on the Origin.
      vary: 'Accept-Encoding, Origin',
    };
    if (namesTag(headers['if-none-match'], entityTag)) {
      // Fastify computes the length of a HEAD answer from its bytes; without them it would send 0.
      return new Answer<never>(isHead ? { kind: 'text', text: bytes } : { kind: 'nothing' }, common, 304);
    }
    const encoding = isGzip ? { 'content-encoding': 'gzip' } : {};
    return new Answer<never>({ kind: 'text', text: bytes }, { ...common, 'content-type': contentType, ...encoding });
  }

  async #formsOf(): Promise<{ plain: Representation; gzip: Representation }> {
    const plain = Buffer.from(this.#make());
    const hash = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
    return {
      plain: { bytes: plain, entityTag: `"${hash}"` },
      // Different bytes need a different tag (RFC 9110, 8.8.3).
      gzip: {
        bytes: await gzipped(plain, { level: constants.Z_BEST_COMPRESSION }),
        entityTag: `"${hash}-gzip"`,
      },
    };
  }
}

/** Whether an `Accept-Encoding` accepts gzip. A missing header does not. */
export function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  const qualities = new Map(
    [acceptEncoding ?? []]
      .flat()
      .join(',')
      .toLowerCase()
      .split(',')
      .map((part): [string, number] => {
        const [coding = '', ...parameters] = part.split(';').map((each) => each.trim());
        const quality = parameters.map((each) => /^q\s*=\s*(\d(?:\.\d*)?)$/.exec(each)?.[1]).find(Boolean);
        return [coding, quality === undefined ? 1 : Number(quality)];
      }),
  );
  return (qualities.get('gzip') ?? qualities.get('x-gzip') ?? qualities.get('*') ?? 0) > 0;
}

/** Whether an `If-None-Match` names the tag. The comparison is the weak one (RFC 9110, 13.1.2). */
export function namesTag(ifNoneMatch: string | undefined, entityTag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return (ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).some((each) => each.replace(/^W\//, '') === entityTag);
}
