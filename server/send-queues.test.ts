import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { measureSendQueues } from './send-queues.ts';

const sockets: Socket[] = [];
const server = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  sockets.push(socket);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, 'close');
});

function measured(connection: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    measureSendQueues(new Set([connection]), (bytes) => resolve(bytes.get(connection)));
  });
}

test.runIf(process.platform === 'linux').each(['127.0.0.1', '::1'])(
  'bytes that a reader on %s has not read are in the queue, and leave it when it reads',
  async (host) => {
    server.listen(0, host);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('listens on no port');
    const reader = connect(address.port, host);
    sockets.push(reader);
    await once(reader, 'connect');
    await vi.waitFor(() => expect(sockets).toHaveLength(2));
    const connection = `${address.port}:${reader.localPort}`;
    reader.pause();
    expect(await measured(connection)).toBe(0);
    sockets[1]?.write(Buffer.alloc(64 * 1024 * 1024));
    await vi.waitFor(async () => expect(await measured(connection)).toBeGreaterThan(0));
    reader.resume();
    await vi.waitFor(async () => expect(await measured(connection)).toBe(0), 10_000);
    expect(await measured('1:1')).toBeUndefined();
  },
);
