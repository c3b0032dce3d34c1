import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { assureListener, ForeignListener } from './assured-listener.ts';

let server: Server;
/** What came to the server. */
let received: string;

beforeEach(async () => {
  received = '';
  server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      received += bytes.toString();
      socket.end('answer');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => new Promise((resolve) => void server.close(resolve)));

/** Connects, and writes before the connection is there. @param listeners What the witness says, look by look. */
async function send(...listeners: (string | null)[]): Promise<Error | null> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket: Socket = connect({ host: '127.0.0.1', port: address.port });
  const witness = listeners.length === 0 ? undefined : { listener: () => listeners.shift() ?? null, held: () => null };
  assureListener(socket, witness);
  let error: Error | null = null;
  socket.on('error', (fault) => (error = fault));
  socket.write('a prompt');
  socket.resume();
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return error;
}

it('lets everything pass where nothing can be proven', async () => {
  expect([await send(), received]).toEqual([null, 'a prompt']);
});

it('lets everything pass to the socket that listened before and after', async () => {
  expect([await send('socket:[1]', 'socket:[1]'), received]).toEqual([null, 'a prompt']);
});

it.each([
  ['before it is connected', [null]],
  ['when it is connected', ['socket:[1]', null]],
  ['between, and listens by another socket', ['socket:[1]', 'socket:[2]']],
])('lets not a byte pass when the engine was gone %s', async (_when, listeners) => {
  expect(await send(...listeners)).toBeInstanceOf(ForeignListener);
  expect(received).toBe('');
});
