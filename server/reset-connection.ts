import type { Socket } from 'node:net';

/**
 * Ends a connection so that its peer sees it broken, not closed: a TCP connection is reset. The Unix socket by which a
 * request comes through the door of a reload cannot be reset; Node throws there (`ERR_INVALID_HANDLE_TYPE`).
 */
export function resetConnection(socket: Socket): void {
  if (socket.localPort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
