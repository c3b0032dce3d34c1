import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resetConnection } from './reset-connection.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-reset-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Resets a connection. @returns why it ended, as its peer sees it; `null`: no error */
async function peerAfterReset(listen: { port: number; host: string } | { path: string }): Promise<string | null> {
  const server = createServer();
  server.listen(listen);
  await once(server, 'listening');
  const address = server.address();
  const accepted = once(server, 'connection');
  const peer = typeof address === 'string' ? connect(address) : connect(address?.port ?? 0, '127.0.0.1');
  const closed = new Promise((resolve) => peer.once('close', resolve));
  let code: string | null = null;
  peer.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? null));
  const [socket] = (await accepted) as [Socket];
  resetConnection(socket);
  peer.resume();
  await closed;
  server.close();
  return code;
}

test('a TCP connection is reset', async () => {
  expect(await peerAfterReset({ port: 0, host: '127.0.0.1' })).toBe('ECONNRESET');
});

test('a Unix socket, which cannot be reset, is closed', async () => {
  expect(await peerAfterReset({ path: path.join(folder, 'door') })).toBe(null);
});
