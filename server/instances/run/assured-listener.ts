import type { Socket } from 'node:net';
import type { PortWitness } from '../ports/listening-ports.ts';

/** The engine no longer provably owns its port. Nothing was sent. */
export class ForeignListener extends Error {
  override readonly name = 'ForeignListener';
  override readonly message = 'the engine does not listen on its port any more';
}

/**
 * Destroys a socket if a process other than the engine could have accepted its connection. Call it right after
 * `connect`: its listener must run before Node's own, which send the buffered data.
 *
 * If the engine listens on the same socket before and after the connect, it has listened without a break. So the kernel
 * cannot have given the connection to a process of another user.
 *
 * @param witness `undefined`: no proof is possible, and the socket is left alone.
 */
export function assureListener(socket: Pick<Socket, 'destroy' | 'once'>, witness: PortWitness | undefined): void {
  if (witness === undefined) return;
  const listener = witness.listener();
  if (listener === null) {
    socket.destroy(new ForeignListener());
    return;
  }
  socket.once('connect', () => {
    if (witness.listener() !== listener) socket.destroy(new ForeignListener());
  });
}
