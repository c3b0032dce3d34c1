import { once } from 'node:events';

/** Options of the server that make the inspector of its Node reachable on this machine. */
export const INSPECTOR = 'NODE_OPTIONS=--inspect=127.0.0.1:0';

/**
 * Has the server collect all its garbage, so that what is left is what lives. Without that its memory says little: it
 * swings by 100 MB between two collections.
 *
 * @param output What the server wrote to standard error: the address is in it.
 */
export async function collectGarbage(output: string): Promise<void> {
  const address = /Debugger listening on (ws:\S+)/.exec(output)?.[1];
  if (address === undefined) throw new Error('the server has no inspector');
  const socket = new WebSocket(address);
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
  const [{ data }] = (await once(socket, 'message')) as [{ data: unknown }];
  if (!String(data).includes('"result"')) throw new Error(`the inspector says ${String(data)}`);
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}
