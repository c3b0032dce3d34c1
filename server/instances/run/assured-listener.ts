import type { Socket } from 'node:net';
import type { PortWitness } from '../ports.ts';

/** The port of an engine is not known to be the engine's: nothing was sent. */
export class ForeignListener extends Error {
  override readonly name = 'ForeignListener';
  override readonly message = 'the engine does not listen on its port any more';
}

/**
 * Destroys a socket that another process than the engine could have accepted. To be called right after `connect`: this listener
 * has to run before those by which Node sends what was written meanwhile.
 *
 * The engine that listens by the same socket before and after has listened without a break. So the kernel cannot have given the
 * connection to a process of another user.
 *
 * @param witness `undefined`: nothing can be proven, and the socket is left alone.
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
