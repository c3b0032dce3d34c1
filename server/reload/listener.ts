import type { Server } from 'node:net';

/** What listens already: a descriptor that was inherited, or another server of this process. */
export type Listener = { fd: number } | Server;

/** The descriptor by which a server listens, to be given to another process: they then share one queue of connections. */
export function descriptorOf(server: Listener): number {
  if ('fd' in server) return server.fd;
  // There is no documented way to it.
  const handle: unknown = '_handle' in server ? server._handle : null;
  if (
    typeof handle === 'object' &&
    handle !== null &&
    'fd' in handle &&
    typeof handle.fd === 'number' &&
    handle.fd >= 0
  )
    return handle.fd;
  throw new Error('this Node does not tell by which descriptor it listens');
}
