import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import {
  call,
  type GatewayServer,
  listen,
  type Listening,
  rawConnection,
  readAnswer,
  startEngine,
  startGateway,
} from '../testing/gateway-harness.ts';

/** After an engine's death another process may listen on its port. */

const open: Listening[] = [];
let looks = 0;

afterEach(async () => {
  looks = 0;
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** @param said Results that the port's witness returns, in order; the last one is repeated. */
async function before(port: number, ...said: (string | null)[]): Promise<GatewayServer> {
  const witness = {
    listener: () => {
      looks += 1;
      return said[Math.min(looks, said.length) - 1] ?? null;
    },
    held: () => null,
  };
  const gateway = await startGateway([{ name: 'a', port, witness }]);
  open.push(gateway);
  return gateway;
}

const ask = (gateway: GatewayServer): ReturnType<typeof call> =>
  call(gateway.port, '/v1/completions', { body: '{"model":"a","prompt":"secret"}' });

test.each([
  ['before the connection', [null]],
  ['with the connection', ['socket:[1]', null]],
])('a process that took the port %s gets no byte', async (_when, said) => {
  let stolen = '';
  const thief = await listen(
    createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (bytes) => (stolen += bytes.toString()));
    }),
  );
  open.push(thief);
  const gateway = await before(thief.port, ...said);
  expect(await ask(gateway)).toMatchObject({ status: 502 });
  looks = 0;
  const upgrade = rawConnection(
    gateway.port,
    'GET /api/instances/a/proxy/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await upgrade.gone;
  expect(upgrade.received()).toMatch(/^HTTP\/1\.1 502 /);
  expect(stolen).toBe('');
});

test('an engine that listens before and after connecting gets its requests', async () => {
  const engine = await startEngine(async (request, response) => {
    const { body } = await readAnswer(request);
    response.writeHead(200, { 'content-length': body.byteLength }).end(body);
  });
  open.push(engine);
  const gateway = await before(engine.port, 'socket:[1]');
  for (let count = 0; count < 3; count += 1) expect(await ask(gateway)).toMatchObject({ status: 200 });
});
