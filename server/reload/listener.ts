import type { Server } from 'node:net';

/** A socket that listens already: an inherited descriptor, or another server of this process. */
export type Listener = { fd: number } | Server;

/**
 * Returns the listening descriptor of a server. Another process that gets the descriptor shares the queue of
 * connections.
 */
export function descriptorOf(server: Listener): number {
  if ('fd' in server) return server.fd;
  // Node has no documented way to get the descriptor.
  const handle: unknown = '_handle' in server ? server._handle : null;
  if (
    typeof handle === 'object' &&
    handle !== null &&
    'fd' in handle &&
    typeof handle.fd === 'number' &&
    handle.fd >= 0
  )
    return handle.fd;
  throw new Error('this version of Node does not show its listening descriptor');
}
