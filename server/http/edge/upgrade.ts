import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Handles a request, like a `request` listener of Node's server. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Routes WebSocket handshakes like all other requests (id, Host and Origin, routes, errors), with a response on their
 * bare socket. A handler that takes over the connection hijacks the reply and uses socket and head. Otherwise the
 * caller gets an ordinary answer, and the connection closes.
 */
export class Upgrades {
  readonly #heads = new WeakMap<IncomingMessage, Buffer>();
  /** Open sockets. Node counts them, but `closeAllConnections` does not close them. */
  readonly #sockets = new Set<Duplex>();

  constructor(server: Server, listener: RequestListener) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#heads.set(request, head);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // Node has removed its error listener; without one, a reset connection would end the process.
      socket.on('error', () => socket.destroy());
      listener(request, responseOn(socket, request));
    });
  }

  /** The bytes after a request's header; `null`: not a WebSocket handshake. */
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
