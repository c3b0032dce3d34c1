import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { ServerProcess } from '@llamactl/e2e/server-process';
import { Connection } from './connection.ts';
import { MEASURED_CORE, OTHER_CORE, pinned, pinnedTo } from './cores.ts';
import { GatewayLoad } from './gateway-load.ts';
import { otherProxies } from './other-proxies.ts';
import type { Bench } from './scenario.ts';

/** One way to the engine. */
export interface Contender {
  /** Of the process in between; `null`: there is none. */
  pid: number | null;
  /** Where requests go, and what they say beside what all say. */
  place: { port: number; path: string; fields: string };
}

/** All ways to one engine, which answers at once, and those who take them. */
export interface Contenders {
  direct: Contender;
  haproxy: Contender;
  nginx: Contender;
  /** With accounts on and a key, so that every request is checked and counted. */
  llamactl: Contender;
  load: GatewayLoad;
}

const ENGINE = path.join(import.meta.dirname, '..', 'programs', 'canned-engine.ts');
const PATH = '/v1/chat/completions';

/** What is measured has one core, engine and callers have another. @throws {Error} when nginx or haproxy cannot be had */
export async function gatewayContenders(bench: Bench): Promise<Contenders> {
  const [command, ...args] = pinned(OTHER_CORE, [process.execPath, ENGINE, '${PORT}']);
  const engines = { canned: { kind: 'custom', command, args } };
  const configuration = `auth: { enabled: true }\nengines: ${JSON.stringify(engines)}\n`;
  const server = await ServerProcess.create(configuration, () => pinnedTo(MEASURED_CORE));
  bench.belongings.add(() => server.dispose());
  await server.start();
  const token = await logIn(server);
  const admin = await Connection.open(server.port, `Authorization: Bearer ${token}\r\n`);
  bench.belongings.add(() => admin.close());
  const { port } = await ask<{ instance: { port: number } }>(admin, '/api/instances', {
    name: 'canned',
    engine: 'canned',
    health_path: '/',
  }).then(({ instance }) => instance);
  await ask(admin, '/api/instances/canned/start?wait=true', {});
  const { key } = await ask<{ key: string }>(admin, '/api/keys', { name: 'bench', scopes: ['inference'] });
  const ports = { haproxy: await freePort(), nginx: await freePort() };
  const { haproxy, nginx } = await otherProxies(bench, port, ports);
  const plain = (of: { port: number; pid: number | null }): Contender => ({
    pid: of.pid,
    place: { port: of.port, path: PATH, fields: '' },
  });
  return {
    direct: plain({ port, pid: null }),
    haproxy: plain(haproxy),
    nginx: plain(nginx),
    llamactl: {
      pid: server.pid,
      place: { port: server.port, path: PATH, fields: `Authorization: Bearer ${key}\r\n` },
    },
    load: GatewayLoad.start(bench, OTHER_CORE),
  };
}

async function logIn(server: ServerProcess): Promise<string> {
  const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
  const { status, body } = await server.call('POST', '/api/auth/login', { username: 'admin', password });
  if (status !== 200) throw new Error(`the login answered ${status}`);
  return String(body['token']);
}

async function ask<T>(connection: Connection, url: string, content: object): Promise<T> {
  const { status, body } = await connection.request('POST', url, content);
  if (status >= 300) throw new Error(`POST ${url} answered ${status}: ${body.toString()}`);
  return JSON.parse(body.toString()) as T;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
