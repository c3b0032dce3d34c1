import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

/** Another process takes the port of an engine that died, before the server can know of the death. */

const PATIENCE = { timeout: 30_000, interval: 10 };
const ROUNDS = 3;

let server: ServerProcess;
let thief: Server | null = null;
/** What the thief was sent. */
let stolen: string;
let sockets: Set<Socket>;

beforeEach(async () => {
  server = await ServerProcess.create();
  await server.start();
  const instance = { name: 'a', model_path: await testModel(), options: { threads: 1, ctx_size: 512 } };
  expect((await server.call('POST', '/api/instances', instance)).status).toBe(201);
  expect((await server.call('POST', '/api/instances/a/start?wait=true')).status).toBe(200);
  stolen = '';
  sockets = new Set();
});

afterEach(async () => {
  await closeThief();
  await server.dispose();
});

async function closeThief(): Promise<void> {
  if (thief?.listening !== true) return;
  thief.close();
  for (const socket of sockets) socket.destroy();
  await once(thief, 'close');
}

/** Listens as soon as the port can be had. */
async function steal(port: number): Promise<void> {
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => (stolen += bytes.toString('latin1')));
  });
  thief = listener;
  for (;;) {
    listener.listen(port, '127.0.0.1');
    const isListening = await Promise.race([
      once(listener, 'listening').then(() => true),
      once(listener, 'error').then(() => false),
    ]).catch(() => false);
    if (isListening) return;
  }
}

const running = (): Promise<void> =>
  vi.waitFor(async () => expect((await server.instance('a')).status).toBe('running'), PATIENCE);

it('a process that takes the port of a dead engine gets not a byte, and the prompts are answered', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { pid, port } = await server.instance('a');
    if (pid === null) throw new Error('the engine is not there');
    // The server stands still, so it finds the requests and the death in the same moment.
    process.kill(server.pid, 'SIGSTOP');
    const ask = (content: string) =>
      server.call('POST', '/v1/chat/completions', { model: 'a', messages: [{ role: 'user', content }] });
    const answers = Promise.all(['a secret', 'another secret', 'a third one'].map((content) => ask(content)));
    process.kill(pid, 'SIGKILL');
    await steal(port);
    process.kill(server.pid, 'SIGCONT');
    const answered = await answers;
    expect(answered.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(JSON.stringify(answered[0]?.body)).toContain(DEMO_SENTENCE);
    expect(stolen).toBe('');
    await closeThief();
    await running();
  }
});

it.each([
  ['a child of it', '& wait'],
  ['a child in a session of its own', '& wait', 'setsid'],
])('an engine whose port is held by %s is reached', async (_what, rest, before = '') => {
  const program = path.join(import.meta.dirname, 'blocking-engine.ts');
  const script = `${before} ${process.execPath} ${program} "$PORT" ${rest}`;
  const wrapped = { kind: 'custom', command: 'sh', args: ['-c', script] };
  await server.end('SIGTERM');
  await server.configure(`engines: ${JSON.stringify({ wrapped })}`);
  await server.start();
  expect((await server.call('POST', '/api/instances', { name: 'w', engine: 'wrapped' })).status).toBe(201);
  const started = await server.call('POST', '/api/instances/w/start?wait=true');
  expect(started.status, JSON.stringify(started.body)).toBe(200);
  const answer = await fetch(`${server.url}/api/instances/w/proxy/work?seconds=0`);
  expect([answer.status, await answer.text()]).toEqual([200, 'done']);
});
