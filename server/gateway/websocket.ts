import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Lease } from '../instances/slots/leases.ts';
import { resetConnection } from '../reset-connection.ts';
import { type EngineSocket, openEngineSocket, type SocketCall, type SocketReceiver } from './engine-socket.ts';
import { type RawHeaders, responseHeaders, upgradeRequestHeaders, upgradeResponseHeaders } from './headers.ts';
import { NoAnswer } from './relay.ts';

/** Interval of TCP keep-alive probes. Without them a vanished caller would keep its lease. */
const KEEP_ALIVE_MS = 30_000;
/** Headers to drop from a WebSocket's request: none, because only administrators may open one. */
const NOTHING: ReadonlySet<string> = new Set();

/** A caller's request for a WebSocket to an engine. */
export interface Handshake {
  request: IncomingMessage;
  socket: Socket;
  /** Bytes that the caller sent right after its request. */
  head: Buffer;
  /** Path and query as the engine gets them, byte for byte. */
  path: string;
  requestId: string;
  /** Headers that llamactl sends with every answer. */
  headers: RawHeaders;
  /** Aborted when the caller has left. */
  callerSignal: AbortSignal;
  /** Aborted when this server stops. */
  closing: AbortSignal;
}

/**
 * Joins a caller's WebSocket to the leased engine's. Resolves when both sides are closed, or when an engine that
 * refuses the WebSocket has sent its answer. The engine gets no byte of the caller before it accepts the WebSocket,
 * because it could read the bytes as another request.
 *
 * @throws {NoAnswer} if the engine fails while the caller can still get an error
 */
export async function relayWebSocket(handshake: Handshake, lease: Lease): Promise<void> {
  const { target, signal } = lease;
  const { request, callerSignal, closing, path } = handshake;
  const headers = upgradeRequestHeaders(request.rawHeaders, {
    requestId: handshake.requestId,
    port: target.port,
    key: target.key,
    peer: request.socket.remoteAddress,
    crossing: NOTHING,
  });
  const { promise: answered, resolve, reject } = Promise.withResolvers<EngineSocket | null>();
  const pause = (): void => call.pause();
  const receiver = refusalReceiver(handshake, pause, { resolve, reject });
  const call: SocketCall = openEngineSocket({ target, method: 'GET', path, headers }, receiver);
  handshake.socket.on('drain', () => call.resume());
  const signals = [callerSignal, signal, closing];
  let end = (): void => {
    call.destroy();
    reject(new NoAnswer('the lease or the caller ended'));
  };
  const cut = (): void => end();
  for (const one of signals) one.addEventListener('abort', cut, { once: true });
  if (signals.some((one) => one.aborted)) cut();
  try {
    const engine = await answered;
    end = () => {
      call.destroy();
      handshake.socket.destroy();
      engine?.socket.destroy();
    };
    if (signals.some((one) => one.aborted)) end();
    engine?.socket.on('data', (bytes: Buffer) => lease.passed(bytes));
    await (engine === null ? gone(handshake.socket) : join(engine, handshake));
  } finally {
    for (const one of signals) one.removeEventListener('abort', cut);
    call.destroy();
  }
}

/**
 * Passes an engine's ordinary answer to the caller. Then closes the caller's connection, which marks the end of the
 * body.
 */
function refusalReceiver(
  { socket, headers }: Handshake,
  pause: () => void,
  { resolve, reject }: { resolve: (engine: EngineSocket | null) => void; reject: (error: NoAnswer) => void },
): SocketReceiver {
  let hasBegun = false;
  return {
    accepted: resolve,
    information: () => undefined,
    head: ({ status, phrase, rawHeaders }) => {
      hasBegun = true;
      socket.on('error', () => socket.destroy());
      const passed = responseHeaders(rawHeaders, headers, { status, method: 'GET', length: null });
      socket.write(responseHead(`${status} ${phrase}`, [...passed, 'Connection', 'close']), 'latin1');
      resolve(null);
    },
    data: (bytes) => {
      if (!socket.write(bytes)) pause();
    },
    end: (bytes) => {
      socket.write(bytes);
      socket.destroySoon();
    },
    failed: (cause) => {
      if (hasBegun) resetConnection(socket);
      else reject(new NoAnswer('no answer from the engine', { cause }));
    },
  };
}

async function join(engine: EngineSocket, { socket, head, headers }: Handshake): Promise<void> {
  const bothClosed = Promise.all([closed(socket, engine.socket), closed(engine.socket, socket)]);
  for (const one of [socket, engine.socket]) {
    one.setNoDelay(true);
    one.setKeepAlive(true, KEEP_ALIVE_MS);
  }
  socket.write(
    responseHead('101 Switching Protocols', upgradeResponseHeaders(engine.head.rawHeaders, headers)),
    'latin1',
  );
  if (engine.rest.byteLength > 0) socket.write(engine.rest);
  if (head.byteLength > 0) engine.socket.write(head);
  engine.socket.pipe(socket, { end: false });
  socket.pipe(engine.socket, { end: false });
  await bothClosed;
}

/**
 * Resolves when `source` is closed. When `source` ends, `sink` sends its pending bytes and closes, because WebSocket has no
 * half-open connections.
 */
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

async function gone(socket: Socket): Promise<void> {
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
