import { createHash, type Hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { Answer } from '../answer.ts';

/** Compresses in a thread. */
export const gzipped = promisify(gzip);

/** The part of a call that decides on the form of the answer. */
export interface Wanted {
  headers: Readonly<IncomingHttpHeaders>;
  isHead: boolean;
}

/** A finished text of an answer. It is compressed once, for the first caller that accepts that. */
export class FinishedText {
  readonly #bytes: Buffer;
  readonly #hash: string;
  readonly #level: number;
  #gzip: Promise<Buffer> | undefined;

  /**
   * @param hash Differs for other bytes.
   * @param level Of gzip; less takes less time.
   */
  constructor(bytes: Buffer, hash: string, level: number = constants.Z_BEST_COMPRESSION) {
    this.#bytes = bytes;
    this.#hash = hash;
    this.#level = level;
  }

  /**
   * Answers a GET or HEAD: 200 in an encoding that the caller accepts, or 304 when the caller has this text.
   *
   * @param headers Headers of every answer, including 304; they contain `content-type`.
   */
  async answer(headers: Readonly<Record<string, string>>, wanted: Wanted): Promise<Answer<never>> {
    const isGzip = acceptsGzip(wanted.headers['accept-encoding']);
    // Different bytes need a different tag (RFC 9110, 8.8.3).
    const entityTag = isGzip ? `"${this.#hash}-gzip"` : `"${this.#hash}"`;
    const { 'content-type': contentType = '', ...others } = headers;
    const common = {
      ...others,
      // A copy may be cached, but has to be revalidated before each use.
      'cache-control': 'no-cache',
      etag: entityTag,
      // CORS headers depend on the Origin.
      vary: 'Accept-Encoding, Origin',
    };
    const isKnown = namesTag(wanted.headers['if-none-match'], entityTag);
    if (isKnown && !wanted.isHead) return new Answer<never>({ kind: 'nothing' }, common, 304);
    const bytes = isGzip ? await (this.#gzip ??= gzipped(this.#bytes, { level: this.#level })) : this.#bytes;
    // Fastify computes the length of a HEAD answer from its bytes; without them it would send 0.
    if (isKnown) return new Answer<never>({ kind: 'text', text: bytes }, common, 304);
    const encoding = isGzip ? { 'content-encoding': 'gzip' } : {};
    return new Answer<never>({ kind: 'text', text: bytes }, { ...common, 'content-type': contentType, ...encoding });
  }
}

/**
 * An answer that stays the same while the process runs. The text is made, hashed and compressed once, at the first
 * request. Further requests cost only sending a buffer, or a 304.
 */
export class FixedAnswer {
  readonly #make: () => string;
  readonly #headers: Readonly<Record<string, string>>;
  #text: FinishedText | undefined;

  /** @param headers Headers of every answer, including 304; they contain `content-type`. */
  constructor(headers: Readonly<Record<string, string>>, make: () => string) {
    this.#headers = headers;
    this.#make = make;
  }

  /** Answers a GET or HEAD: 200 in an encoding that the caller accepts, or 304 when the caller has the current text. */
  async answer(wanted: Wanted): Promise<Answer<never>> {
    this.#text ??= this.#textOf();
    return this.#text.answer(this.#headers, wanted);
  }

  #textOf(): FinishedText {
    const bytes = Buffer.from(this.#make());
    return new FinishedText(bytes, hashText(createHash('sha256').update(bytes)));
  }
}

/** The part of a sha256 that an entity tag has. */
export function hashText(hash: Hash): string {
  return hash.digest('base64url').slice(0, 22);
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
