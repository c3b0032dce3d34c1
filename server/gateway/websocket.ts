import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Lease } from '../instances/leases.ts';
import { type RawHeaders, responseHeaders, upgradeRequestHeaders, upgradeResponseHeaders } from './headers.ts';
import { NoAnswer } from './relay.ts';
import { type EngineSocket, openEngineSocket } from './upstream.ts';

/** A caller notices that it vanished without a word, and its lease with it, only by probing. */
const KEEP_ALIVE_MS = 30_000;

/** A request to switch to WebSocket on its way to an engine. */
export interface Handshake {
  request: IncomingMessage;
  socket: Socket;
  /** What the caller sent right behind its request. */
  head: Buffer;
  /** Path and query as the engine gets them, byte for byte. */
  path: string;
  requestId: string;
  /** What we say with every answer. */
  headers: RawHeaders;
  /** Aborted when the caller has left. */
  callerSignal: AbortSignal;
  /** Aborted when this server stops. */
  closing: AbortSignal;
}

/**
 * Joins a caller's WebSocket to the leased engine's. Resolves when both ends are closed, or when an engine that wants no
 * WebSocket has given its answer. Throws {@link NoAnswer} while the caller can still be told. Not a byte of the caller
 * goes to the engine before the engine has agreed: it could be read as another request.
 */
export async function relayWebSocket(handshake: Handshake, lease: Lease): Promise<void> {
  const { request, callerSignal, closing, path } = handshake;
  const headers = upgradeRequestHeaders(request.rawHeaders, {
    requestId: handshake.requestId,
    port: lease.target.port,
    key: lease.target.key,
    peer: request.socket.remoteAddress,
  });
  const { opened, destroy } = openEngineSocket({ port: lease.target.port, method: 'GET', path, headers });
  const signals = [callerSignal, lease.signal, closing];
  let end = destroy;
  const cut = (): void => end();
  for (const signal of signals) signal.addEventListener('abort', cut, { once: true });
  if (signals.some((signal) => signal.aborted)) cut();
  try {
    const answer = await opened.catch((error: unknown) => {
      throw new NoAnswer('no answer from the engine', { cause: error });
    });
    end = () => {
      destroy();
      handshake.socket.destroy();
      if (!(answer instanceof IncomingMessage)) answer.socket.destroy();
    };
    if (signals.some((signal) => signal.aborted)) end();
    if (answer instanceof IncomingMessage) await passRefusal(answer, handshake);
    else await join(answer, handshake);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', cut);
    destroy();
  }
}

async function join(engine: EngineSocket, { socket, head, headers }: Handshake): Promise<void> {
  const bothClosed = Promise.all([closed(socket, engine.socket), closed(engine.socket, socket)]);
  for (const one of [socket, engine.socket]) {
    one.setNoDelay(true);
    one.setKeepAlive(true, KEEP_ALIVE_MS);
  }
  socket.write(
    responseHead('101 Switching Protocols', upgradeResponseHeaders(engine.answer.rawHeaders, headers)),
    'latin1',
  );
  if (engine.head.byteLength > 0) socket.write(engine.head);
  if (head.byteLength > 0) engine.socket.write(head);
  engine.socket.pipe(socket, { end: false });
  socket.pipe(engine.socket, { end: false });
  await bothClosed;
}

/** When one side has ended, the other gets what is still on its way and is closed: WebSocket knows no half-open connection. */
function closed(source: Socket, sink: Socket): Promise<void> {
  return new Promise((resolve) => {
    let isEnded = false;
    source.once('end', () => {
      isEnded = true;
      sink.destroySoon();
    });
    source.on('error', () => source.destroy());
    source.once('close', () => {
      if (!isEnded) sink.destroy();
      resolve();
    });
    if (source.destroyed) {
      sink.destroy();
      resolve();
    }
  });
}

/** An engine's answer to somebody whose connection we do not keep: its end is the end of the body. */
async function passRefusal(answer: IncomingMessage, { socket, headers }: Handshake): Promise<void> {
  const head = responseHeaders(answer.rawHeaders, headers, null);
  socket.on('error', () => socket.destroy());
  socket.write(
    responseHead(`${answer.statusCode} ${answer.statusMessage}`, [...head, 'Connection', 'close']),
    'latin1',
  );
  answer.once('close', () => {
    if (!answer.complete) socket.resetAndDestroy();
  });
  answer.pipe(socket, { end: false });
  answer.once('end', () => socket.destroySoon());
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    if (socket.destroyed) resolve();
  });
}

function responseHead(status: string, headers: RawHeaders): string {
  let head = `HTTP/1.1 ${status}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${head}\r\n`;
}
