import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeldDirectory } from '../testing/held-directory.ts';
import { assertAnswers } from './silent-server.ts';

const PATIENCE_MS = 50;
const { signal } = new AbortController();

let directory: string;
let held: HeldDirectory;
let server: Server;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'llamactl-silent-'));
  held = new HeldDirectory(directory);
});

afterEach(() => {
  server.close();
  held.release();
  rmSync(directory, { recursive: true });
});

async function addressOf(listening: Server): Promise<string> {
  server = listening.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  held.describe(url);
  return url;
}

/** Takes connections, and never answers. */
const silent = (): Server => createServer((socket) => socket.on('error', () => undefined).unref());

describe('a server that takes connections and does not answer', () => {
  it('is refused, with the way to end it', async () => {
    const url = await addressOf(silent());
    await expect(assertAnswers({ directory, pid: process.pid, url }, signal, PATIENCE_MS)).rejects.toMatchObject({
      message: `process ${process.pid} holds the data directory ${directory}, but did not answer within 0.05 s`,
      status: 5,
      remedies: [expect.stringContaining(`kill -9 ${process.pid}, then llamactl up; engines keep running`)],
    });
  });

  it('is not to be killed if another process holds the lock', async () => {
    const url = await addressOf(silent());
    const server = { directory, pid: process.ppid, url };
    await expect(assertAnswers(server, signal, PATIENCE_MS)).rejects.toMatchObject({ status: 5, remedies: [] });
  });

  it('does not outlast an interruption', async () => {
    const url = await addressOf(silent());
    const interrupted = AbortSignal.abort(new Error('interrupted'));
    await expect(assertAnswers({ directory, pid: process.pid, url }, interrupted)).rejects.toThrow('interrupted');
  });
});

describe('a server that answers, refuses connections, or does not listen yet', () => {
  it('passes', async () => {
    const url = await addressOf(createHttpServer((_request, response) => response.writeHead(401).end('no')));
    await assertAnswers({ directory, pid: process.pid, url }, signal);
    server.close();
    await once(server, 'close');
    await assertAnswers({ directory, pid: process.pid, url }, signal);
    await assertAnswers({ directory, pid: process.pid, url: null }, signal);
  });
});
