import { type IncomingMessage, request as openRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { PassedRequest } from '../http/edge/turnstile.ts';
import type { Introduction } from './door.ts';
import { resetConnection } from '../reset-connection.ts';

/** Headers that concern one connection only, or that this server sets itself. */
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect', 'proxy-connection']);
const BODILESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);
const BODY = new Set(['content-length', 'content-type', 'content-encoding']);

/**
 * Passes on a request and its answer as they arrive. Closes the caller's connection afterwards, so that the next request goes to
 * the new server directly. Resolves when the request is over, however it ended.
 */
export function forward(passed: PassedRequest, door: string): Promise<void> {
  const { request, response, head, url, body, isBegun } = passed;
  return new Promise((resolve) => {
    const { remoteAddress: address = '', remotePort: port = 0 } = request.socket;
    const isUpgrade = head !== null;
    const outgoing = openRequest({
      method: request.method ?? 'GET',
      path: url,
      headers: headersOf(passed),
      setHost: false,
      createConnection: () => introduced(door, { address, port, isBegun }),
    });
    const breakOff = (): void => {
      outgoing.destroy();
      if (request.httpVersionMinor === 0) resetConnection(request.socket);
      else request.socket.destroy();
    };
    response.once('close', () => {
      if (!response.writableFinished) outgoing.destroy();
      if (!isUpgrade || !request.socket.writable) resolve();
    });
    outgoing.on('error', () => {
      breakOff();
      resolve();
    });
    outgoing.on('information', ({ statusCode }) => {
      if (statusCode === 102 && request.httpVersionMinor > 0 && !response.headersSent) response.writeProcessing();
    });
    outgoing.on('response', (answer) => {
      response.shouldKeepAlive = false;
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', passedHeaders(answer.rawHeaders));
      response.flushHeaders();
      answer.on('error', breakOff);
      answer.on('end', () => {
        if (answer.rawTrailers.length > 0) response.addTrailers(pairsOf(answer.rawTrailers));
      });
      answer.pipe(response);
    });
    outgoing.on('upgrade', (answer, socket, rest) => {
      join(request.socket, socket, [statusLineOf(answer), rest], head ?? Buffer.alloc(0));
      request.socket.once('close', () => resolve());
    });
    if (body !== undefined) outgoing.end(body ?? undefined);
    else if (isUpgrade) outgoing.end();
    else request.pipe(outgoing);
  });
}

function introduced(door: string, introduction: Introduction): Socket {
  const socket = connect({ path: door, allowHalfOpen: true });
  socket.write(`${JSON.stringify(introduction)}\n`);
  return socket;
}

function headersOf({ request, head, body }: PassedRequest): string[] {
  const isRead = body !== undefined;
  const headers: string[] = [];
  for (const [name, value] of pairsOf(request.rawHeaders)) {
    const key = name.toLowerCase();
    if (HOP.has(key) || (isRead && BODY.has(key))) continue;
    headers.push(name, value);
  }
  headers.push('Connection', head === null ? 'close' : 'Upgrade');
  if (isRead && body !== null) {
    headers.push('Content-Type', 'application/json', 'Content-Length', String(body.byteLength));
  }
  const { 'transfer-encoding': coding, 'content-length': length } = request.headers;
  if (!isRead && coding !== undefined) headers.push('Transfer-Encoding', 'chunked');
  // Without this Node would announce a body that does not exist.
  const hasNone = isRead ? body === null : coding === undefined && length === undefined;
  if (hasNone && !BODILESS.has(request.method ?? 'GET')) headers.push('Content-Length', '0');
  return headers;
}

function passedHeaders(raw: readonly string[]): string[] {
  return pairsOf(raw)
    .filter(([name]) => !HOP.has(name.toLowerCase()))
    .flat();
}

function pairsOf(raw: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? '', raw[index + 1] ?? '']);
  return pairs;
}

function statusLineOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): Buffer {
  const lines = pairsOf(rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** Connects both ends of a WebSocket. When one side ends, the other gets the remaining bytes and is closed. */
function join(caller: Socket, server: Socket, first: readonly Buffer[], head: Buffer): void {
  for (const bytes of first) caller.write(bytes);
  server.write(head);
  for (const [source, sink] of [
    [caller, server],
    [server, caller],
  ] as const) {
    source.on('error', () => source.destroy());
    source.once('end', () => sink.destroySoon());
    source.once('close', () => sink.destroySoon());
    source.pipe(sink, { end: false });
  }
}
