import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

const SIZE = 50;
const names = Array.from({ length: SIZE }, (_unused, index) => `fleet-${index}`);

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.create();
  await server.start();
});

afterAll(() => server.dispose());

async function listed(): Promise<{ name: string; status: string; port: number }[]> {
  const { body } = await server.call('GET', '/api/instances');
  return body['instances'] as { name: string; status: string; port: number }[];
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isConnected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isConnected;
}

describe('fifty real engines', () => {
  it('all run after start-all, each with one process and a port of its own', async () => {
    const model = await testModel();
    for (const name of names) {
      const { status } = await server.call('POST', '/api/instances', {
        name,
        model_path: model,
        options: { threads: 1 },
      });
      expect(status).toBe(201);
    }
    const { status, body } = await server.call('POST', '/api/instances/start-all');
    expect(status).toBe(200);
    expect(body['results']).toEqual(names.map((name) => ({ name, status: 'starting' })));
    await vi.waitFor(
      async () => expect(new Set((await listed()).map((each) => each.status))).toEqual(new Set(['running'])),
      {
        timeout: 90_000,
        interval: 100,
      },
    );
    const instances = await listed();
    expect(new Set(instances.map(({ port }) => port)).size).toBe(SIZE);
    const engines = (await server.processes()).filter(({ isWrapper }) => !isWrapper);
    expect(engines).toHaveLength(SIZE);
    expect(new Set(engines.map(({ tag }) => tag)).size).toBe(SIZE);
  });

  it('leave no process and no open port after stop-all', async () => {
    const ports = (await listed()).map(({ port }) => port);
    const { body } = await server.call('POST', '/api/instances/stop-all');
    expect(body['results']).toEqual(names.map((name) => ({ name, status: 'stopping' })));
    await vi.waitFor(
      async () => expect(new Set((await listed()).map((each) => each.status))).toEqual(new Set(['stopped'])),
      {
        timeout: 30_000,
        interval: 100,
      },
    );
    expect(await server.processes()).toEqual([]);
    expect(await Promise.all(ports.map(isOpen))).toEqual(ports.map(() => false));
  });
});

describe('a batch', () => {
  it('names what it does not know and goes on with the rest', async () => {
    const { status, body } = await server.call('POST', '/api/instances/stop-all', { names: ['fleet-0', 'nobody'] });
    expect(status).toBe(200);
    expect(body['results']).toEqual([
      { name: 'fleet-0', status: 'stopped' },
      { name: 'nobody', status: null, code: 'INSTANCE_NOT_FOUND', error: expect.stringContaining('nobody') as unknown },
    ]);
  });
});
