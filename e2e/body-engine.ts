import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * An engine for large bodies, and for what a request looks like when it arrives. Run it with a port.
 *
 *   GET  /gate        `{waiting, poured}`: how many bodies wait at the gate, and bytes of the last large answer that went out so far
 *   POST /gate        lets those that wait be read
 *   POST …/swallow    reads no byte of the body before the gate is opened, then all with rests; answers `{bytes, sha256}`
 *   GET  …/pour/N     N bytes as fast as they are taken, see {@link block}; `?chunked` without `Content-Length`
 *   *    …/mirror     answers with what came: method, headers, body, trailers; in chunks, with the trailer `X-Sum` behind them
 *   HEAD …            `Content-Length: 5`
 */

const MEGABYTE = 2 ** 20;
/** Between two of its rests a slow reader takes so much. */
const REST_EVERY = 8 * MEGABYTE;
const REST_MS = 5;

/** The configuration's `engines` that know it as `body`. */
export function bodyEngine(): string {
  const engine = { kind: 'custom', command: process.execPath, args: [import.meta.filename, '${PORT}'] };
  return `engines: ${JSON.stringify({ body: { ...engine, health_path: '/gate' } })}\n`;
}

/** A megabyte of a large body; no two are equal. */
export function block(index: number): Buffer {
  const bytes = Buffer.alloc(MEGABYTE, `${index} of many `);
  bytes.writeUInt32BE(index);
  return bytes;
}

class Engine {
  #waiting = 0;
  #poured = 0;
  #opened = Promise.withResolvers<void>();

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://engine');
    const pour = /\/pour\/(\d+)$/.exec(pathname)?.[1];
    if (request.method === 'HEAD') response.writeHead(200, { 'content-length': 5 }).end();
    else if (pathname === '/gate') this.#gate(request, response);
    else if (pathname.endsWith('/swallow')) await this.#swallow(request, response);
    else if (pour !== undefined) await this.#pour(Number(pour), searchParams.has('chunked'), response);
    else await mirror(request, response);
  }

  #gate(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'POST') {
      this.#opened.resolve();
      this.#opened = Promise.withResolvers();
      this.#waiting = 0;
    }
    response.end(JSON.stringify({ waiting: this.#waiting, poured: this.#poured }));
  }

  async #swallow(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#waiting += 1;
    await this.#opened.promise;
    const hash = createHash('sha256');
    let bytes = 0;
    let rested = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes - rested < REST_EVERY) continue;
      rested = bytes;
      await pause(REST_MS);
    }
    response.end(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
  }

  async #pour(bytes: number, isChunked: boolean, response: ServerResponse): Promise<void> {
    this.#poured = 0;
    response.writeHead(200, isChunked ? {} : { 'content-length': bytes });
    for (let at = 0; at < bytes; at += MEGABYTE) {
      const piece = block(at / MEGABYTE).subarray(0, bytes - at);
      if (!response.write(piece)) await once(response, 'drain');
      this.#poured = at + piece.length;
    }
    response.end();
  }
}

async function mirror(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { method, headers, trailers } = request;
  response.writeHead(200, { trailer: 'X-Sum' });
  response.write(JSON.stringify({ method, headers, trailers, body: body.toString('latin1') }));
  response.addTrailers({ 'X-Sum': String(body.length) });
  response.end();
}

/** Takes a large body in, so that only its hash is kept. */
export class BodyHash {
  readonly #hash: Hash = createHash('sha256');
  bytes = 0;

  add(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.bytes += bytes.length;
  }

  /** What the engine answers of such a body. */
  result(): { bytes: number; sha256: string } {
    return { bytes: this.bytes, sha256: this.#hash.digest('hex') };
  }
}

if (import.meta.main) {
  const engine = new Engine();
  createServer((request, response) => {
    engine.serve(request, response).catch(() => response.destroy());
  }).listen(Number(process.argv[2]), '127.0.0.1');
}
