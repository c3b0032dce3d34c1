import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { assureListener, ForeignListener } from './assured-listener.ts';

let server: Server;
/** Bytes received by the server. */
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

/** Connects, and writes before the connection is open. @param listeners The witness's answers, in order. */
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

it('sends everything without a witness', async () => {
  expect([await send(), received]).toEqual([null, 'a prompt']);
});

it('sends everything to the socket that listens before and after the connect', async () => {
  expect([await send('socket:[1]', 'socket:[1]'), received]).toEqual([null, 'a prompt']);
});

it.each([
  ['before the connect', [null]],
  ['during the connect', ['socket:[1]', null]],
  ['during the connect, and listens on another socket', ['socket:[1]', 'socket:[2]']],
])('sends no byte when the engine stops listening %s', async (_when, listeners) => {
  expect(await send(...listeners)).toBeInstanceOf(ForeignListener);
  expect(received).toBe('');
});
