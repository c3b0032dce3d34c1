import { createHash } from 'node:crypto';
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';

/** A request as the host got it. */
export interface FileRequest {
  path: string;
  headers: IncomingHttpHeaders;
  /** `null`: the whole file. */
  range: { from: number; to: number } | null;
  /** How many requests came before. */
  count: number;
}

/** How the host treats a request. Left out: as a good host does. */
export interface Treatment {
  /** Answers with this status and no body. */
  status?: number;
  headers?: Record<string, string>;
  redirect?: string;
  /** Destroys the connection after this many bytes of the body. */
  cutAfter?: number;
  /** Sends no more after this many bytes of the body. */
  stallAfter?: number;
  /** Ends the body, well-formed, after this many bytes. */
  endAfter?: number;
  ignoreRange?: boolean;
  /** Size of the whole file as the host claims it. */
  claimedSize?: number;
  /** Position of a byte that is sent wrong. */
  flipped?: number;
  /** `null`: none. */
  etag?: string | null;
  /** Sent in place of the host's content. */
  content?: Buffer;
}

/** A server of one file on loopback that misbehaves on request. */
export class FileHost {
  readonly requests: FileRequest[] = [];
  /** Bytes of bodies that were sent. */
  sent = 0;
  treat: (request: FileRequest) => Treatment = () => ({});
  readonly #content: Buffer;
  readonly #server: http.Server;

  private constructor(content: Buffer) {
    this.#content = content;
    this.#server = http.createServer((request, response) => void this.#answer(request, response));
  }

  static async open(content: Buffer): Promise<FileHost> {
    const host = new FileHost(content);
    host.#server.listen(0, '127.0.0.1');
    await once(host.#server, 'listening');
    return host;
  }

  /** @param host A name or address of loopback. */
  url(path = '/file', host = '127.0.0.1'): string {
    const address = this.#server.address();
    return `http://${host}:${typeof address === 'object' ? address?.port : 0}${path}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    const range = first === undefined ? null : { from: Number(first), to: Number(last) + 1 };
    const request = { path: url, headers, range, count: this.requests.length };
    this.requests.push(request);
    const treatment = this.treat(request);
    const { status, redirect, etag = '"tag"', content = this.#content } = treatment;
    if (status !== undefined) return void response.writeHead(status, treatment.headers).end();
    if (redirect !== undefined) return void response.writeHead(302, { location: redirect }).end();
    const isSame = headers['if-range'] === undefined || headers['if-range'] === etag;
    const part = range !== null && isSame && treatment.ignoreRange !== true ? range : null;
    const { from, to } = part ?? { from: 0, to: content.length };
    const total = treatment.claimedSize ?? content.length;
    const body = Buffer.from(content.subarray(from, Math.min(to, from + (treatment.endAfter ?? Infinity))));
    const flipped = (treatment.flipped ?? -1) - from;
    if (flipped >= 0 && flipped < body.length) body.writeUInt8(body.readUInt8(flipped) ^ 1, flipped);
    response.writeHead(part === null ? 200 : 206, {
      'content-length': part === null ? total : body.length,
      ...(etag === null ? {} : { etag }),
      ...(part === null ? {} : { 'content-range': `bytes ${from}-${to - 1}/${total}` }),
      ...treatment.headers,
    });
    await this.#send(response, body, treatment);
  }

  async #send(response: ServerResponse, body: Buffer, { cutAfter, stallAfter }: Treatment): Promise<void> {
    const length = Math.min(body.length, cutAfter ?? stallAfter ?? Infinity);
    for (let position = 0; position < length; position += CHUNK_BYTES) {
      const chunk = body.subarray(position, Math.min(position + CHUNK_BYTES, length));
      if (response.destroyed) return;
      this.sent += chunk.length;
      if (!response.write(chunk)) await drained(response);
    }
    if (stallAfter !== undefined) return;
    if (cutAfter === undefined) response.end();
    else response.write('', () => response.destroy());
  }
}

const CHUNK_BYTES = 64 * 1024;

/** Resolves when more can be written, or never can. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle).off('close', settle);
      resolve();
    };
    response.on('drain', settle).on('close', settle);
  });
}

/** Bytes that look random and are the same for the same seed. */
export function contentOf(size: number, seed = 1): Buffer {
  const content = Buffer.alloc(size);
  let state = seed;
  for (let position = 0; position + 4 <= size; position += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    content.writeUInt32LE(state, position);
  }
  return content;
}

export function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
