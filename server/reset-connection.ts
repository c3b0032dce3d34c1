import type { Socket } from 'node:net';

/**
 * Ends a connection so that its peer sees it broken, not closed: a TCP connection is reset. A Unix socket, by which a request
 * comes through a reload's door, is only closed: Node cannot reset it (`ERR_INVALID_HANDLE_TYPE`).
 */
export function resetConnection(socket: Socket): void {
  if (socket.localPort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
