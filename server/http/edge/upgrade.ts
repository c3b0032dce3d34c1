import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Takes a request as Node's server hands it over. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Lets requests that ask for WebSocket go the way of all others (id, Host and Origin, routes, errors) with a response
 * on their bare socket. A handler that wants the connection hijacks the reply and takes socket and head; where none
 * does, the caller gets an ordinary answer and the connection ends.
 */
export class Upgrades {
  readonly #heads = new WeakMap<IncomingMessage, Buffer>();
  /** Node counts them as open but forgets that they are connections. */
  readonly #sockets = new Set<Duplex>();

  constructor(server: Server, listener: RequestListener) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#heads.set(request, head);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // Node has taken its own listener away; without one, a reset connection would end the process.
      socket.on('error', () => socket.destroy());
      listener(request, responseOn(socket, request));
    });
  }

  /** The bytes that came behind a request's header; `null` for a request that asked for no other protocol. */
  headOf(request: IncomingMessage): Buffer | null {
    return this.#heads.get(request) ?? null;
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function responseOn(socket: Duplex, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  if (!(socket instanceof Socket)) throw new TypeError('a connection of the server is not a socket');
  response.assignSocket(socket);
  response.once('finish', () => {
    response.detachSocket(socket);
    socket.end();
  });
  return response;
}
